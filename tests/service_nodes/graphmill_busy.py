"""Node types for the tests of the processes, found through the entry point group as a third party's are."""

import sys
import time
from typing import ClassVar

from pydantic import Field

from orchestrator.ops.base import Context, Op, Relation


class Numbers(Op):
    """The whole numbers below `rows`."""

    rows: int = Field(3, description="How many.")

    def run(self, context: Context) -> Relation:
        return context.session.sql(f"SELECT range AS n FROM range({self.rows})")


class Step(Op):
    """The table as it is."""

    def run(self, table: Relation) -> Relation:
        return table


class Busy(Op):
    """Works for a very long time: in DuckDB, in Python, or in native code that holds Python's lock."""

    type: ClassVar[str] = "busy"
    where: str = Field("duckdb", description="Where.")

    def run(self, table: Relation, context: Context) -> Relation:
        if context.design:
            return table
        if self.where == "python":
            while True:
                time.sleep(0.01)
        if self.where == "native":
            sum(range(10**12))
        pairs = "range(100000000) a, range(100000) b WHERE (a.range + b.range) % 7 = 3"
        context.session.sql(f"SELECT sum(a.range * b.range) AS n FROM {pairs}").fetchall()
        return table


class Sleep(Op):
    """The table, some seconds later."""

    seconds: float = Field(1, description="How long.")

    def run(self, table: Relation, context: Context) -> Relation:
        if not context.design:
            print("sleeping", file=sys.stderr)
            time.sleep(self.seconds)
        return table
