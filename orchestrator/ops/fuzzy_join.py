"""`fuzzy_join`: FME's FuzzyStringComparer, over two tables."""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from orchestrator.errors import NodeError
from orchestrator.faults import unknown_column
from orchestrator.ops._comparable import check_keys
from orchestrator.ops._new_columns import beside, check_new
from orchestrator.ops._similar import Scorer, pairs
from orchestrator.ops._taken import Source, held
from orchestrator.ops._types import NULL, family, plain
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.join import Key
from orchestrator.ops.settings import NewColumn, column_of
from orchestrator.sql import names, quote


class Joined(NamedTuple):
    """Pairs, and the rows without one."""

    joined: Annotated[Relation, "A row for each pair: the left row, the right row, and how alike they are."]
    left_only: Annotated[Relation, "Left rows that are like none, also those without a text."]


class FuzzyJoin(Op):
    """Bring the rows of two tables together whose texts are alike.

    `ratio` counts equal letters in order; `token_sort` and `token_set` compare words, whatever their order; `partial`
    looks for the shorter text in the longer; `jaro_winkler` values a common beginning. These give a score from 0 to
    100. `levenshtein` gives the number of letters to insert, delete or replace. Null and empty texts are like nothing.
    Rows come in the order of the left table, those of one row the best first, then in the order of the right table; of
    several that are as good, `best` takes the first. Every text is compared with every other: `blocks`, columns that
    must be equal, make that less; null is equal to nothing.
    """

    category: ClassVar[str] = "Join"
    example: ClassVar[dict[str, Any]] = {"left_column": "region", "right_column": "region", "threshold": 60}

    left_column: column_of("left") = Field(description="The text of the left table.", examples=["customer"])  # type: ignore[valid-type]
    right_column: column_of("right") = Field(description="The text of the right table.", examples=["company"])  # type: ignore[valid-type]
    scorer: Scorer = Field("ratio", description="How texts are compared.")
    threshold: float = Field(80, ge=0, le=100, description="The least score of a pair; not for `levenshtein`.")
    max_distance: int = Field(2, ge=0, le=1000, description="The most edits of a pair, for `levenshtein`.")
    multiple: Literal["best", "all"] = Field("best", description="A row for the best match, or for every one.")
    blocks: list[Key] = Field(
        [],
        description="Only rows that are equal in these are compared.",
        examples=[[{"left": "country", "right": "country"}]],
    )
    ignore_case: bool = Field(True, description="Whether `North` is `north`.")
    ignore_accents: bool = Field(False, description="Whether `é` is `e`.")
    ignore_blanks: bool = Field(True, description="Whether blanks at the ends, or several in a row, do not count.")
    score: NewColumn = Field("score", description="New column with the score, or with the number of edits.")
    suffix: str = Field("_right", min_length=1, max_length=100, description="For names that both tables have.")

    def run(
        self,
        left: Annotated[Relation, "Rows to find a partner for."],
        right: Annotated[Relation, "Rows to look for."],
        context: Context,
    ) -> Joined:
        """Each text is compared once, however many rows have it; rows are taken by number."""
        self._check(left, right)
        named = beside(left.columns, right.columns, self.suffix)
        check_new([*left.columns, *named.values()], [(self.score, "/score")])
        ours, theirs = Source(left, context), Source(right, context)
        found = self._pairs(ours, theirs, context)
        columns = [f"l.{quote(name)}" for name in left.columns]
        columns += [f"r.{quote(name)} AS {quote(output)}" for name, output in named.items()]
        source = f"{found} w JOIN {ours.sql} l ON l.{ours.number} = w.l JOIN {theirs.sql} r ON r.{theirs.number} = w.r"
        best = "w.score" if self.scorer == "levenshtein" else "w.score DESC"
        order = f" ORDER BY w.l, {best}, w.r" if context.keep_order else ""
        connection = context.session.connection
        kind = "BIGINT" if self.scorer == "levenshtein" else "DOUBLE"
        rest = f"SELECT {ours.number} AS n FROM {ours.sql} WHERE {ours.number} NOT IN (SELECT l FROM {found})"
        return Joined(
            connection.sql(f"SELECT {', '.join(columns)}, w.score::{kind} AS {quote(self.score)} FROM {source}{order}"),
            ours.taken(connection.sql(rest), "n"),
        )

    def _check(self, left: Relation, right: Relation) -> None:
        """See that there are texts, and keys that can be equal.

        Raises:
            NodeError: `unknown_column`, `type_mismatch`.
        """
        tables = {"left": names(left), "right": names(right)}
        for port, name in (("left", self.left_column), ("right", self.right_column)):
            if name not in tables[port]:
                error = unknown_column(name, tables[port], port)
                error.path = f"/config/{port}_column"
                raise error
            kind = tables[port][name]
            if family(kind) != "text" and kind != NULL:
                message = f"Column '{name}' is {plain(kind)}; only texts can be alike. Cast it first."
                raise NodeError(message, code="type_mismatch", path=f"/config/{port}_column", port=port)
        check_keys([(key.left, key.right) for key in self.blocks], tables, "blocks")

    def _pairs(self, ours: Source, theirs: Source, context: Context) -> str:
        """The row numbers `l` and `r` of each pair with its `score`, in a FROM."""
        session = context.session
        texts = (
            self._texts(ours, self.left_column, [key.left for key in self.blocks]),
            self._texts(theirs, self.right_column, [key.right for key in self.blocks]),
        )
        rows = [held(session.connection.sql(self._in_blocks(each, texts[1])), context) for each in texts]
        limit = self.max_distance if self.scorer == "levenshtein" else self.threshold
        distinct = [each.filter("n = first").project("n AS id, text, block").order("block, id") for each in rows]
        given, others = (each.limit(0 if context.design else 2**62).to_arrow_table() for each in distinct)
        best = self.multiple == "best"
        alike = session.name(session.arrow(pairs(given, others, self.scorer, limit, best=best)))
        mine, its = map(session.name, rows)
        if best:
            return f"(SELECT m.n AS l, p.r, p.score FROM {alike} p JOIN {mine} m ON m.first = p.l)"
        return (
            f"(SELECT m.n AS l, i.n AS r, p.score FROM {alike} p JOIN {mine} m ON m.first = p.l "
            f"JOIN {its} i ON i.first = p.r)"
        )

    def _texts(self, rows: Source, column: str, keys: list[str]) -> str:
        """Of each row that has a text and keys: its number, the text, and the first row of the same."""
        text = f"{quote(column)}::VARCHAR"
        if self.ignore_case:
            text = f"lower({text})"
        if self.ignore_accents:
            text = f"strip_accents({text})"
        if self.ignore_blanks:
            text = rf"trim(regexp_replace({text}, '\s+', ' ', 'g'))"
        made = "".join(f", {quote(name)} AS k{place}" for place, name in enumerate(keys))
        there = "".join(f" AND k{place} IS NOT NULL" for place in range(len(keys)))
        inner = f"SELECT {rows.number} AS n, {text} AS text{made} FROM {rows.sql}"
        window = f"PARTITION BY {', '.join(['text', *(f'k{place}' for place in range(len(keys)))])}"
        return f"SELECT *, min(n) OVER ({window}) AS first FROM ({inner}) WHERE text <> ''{there}"

    def _in_blocks(self, texts: str, known: str) -> str:
        """The texts with the number of their block, which the right table has."""
        if not self.blocks:
            return f"SELECT n, first, text, 0 AS block FROM ({texts})"
        keys = ", ".join(f"k{place}" for place in range(len(self.blocks)))
        distinct = f"SELECT DISTINCT {keys} FROM ({known})"
        blocks = f"SELECT {keys}, row_number() OVER (ORDER BY {keys}) AS block FROM ({distinct})"
        on = " AND ".join(f"t.k{place} = b.k{place}" for place in range(len(self.blocks)))
        return f"SELECT t.n, t.first, t.text, b.block FROM ({texts}) t JOIN ({blocks}) b ON {on}"
