"""Tables for node types from SQL or lists of rows, and running a node on them."""

import decimal

import pyarrow as pa

from orchestrator.errors import NodeError
from orchestrator.faults import translate
from orchestrator.ops.base import Context
from orchestrator.registry import node_type


def table(session, rows):
    """A relation from SQL, a list of dicts, or `{"column": [values]}`; a relation stays one."""
    if isinstance(rows, str):
        return session.connection.sql(f"SELECT * FROM ({rows})")
    if isinstance(rows, list):
        keys = list(dict.fromkeys(key for row in rows for key in row))
        rows = {key: [row.get(key) for row in rows] for key in keys}
    return session.arrow(pa.table(rows)) if isinstance(rows, dict) else rows


def shape(relation):
    """Column names and types."""
    return list(zip(relation.columns, map(str, relation.types), strict=True))


def rows(relation):
    """The rows as tuples, decimals as text so that 1 and 1.0 differ."""
    return [tuple(str(v) if isinstance(v, decimal.Decimal) else v for v in row) for row in relation.fetchall()]


class Runner:
    """Runs a node on tables, as a design with empty ones first: columns must be the same. Gives rows by port."""

    def __init__(self, session, root, find=None):
        self.session, self.context = session, Context(session, root)
        self.find = find
        self.design = Context(session, root, design=True)

    def relations(self, type_, config, context=None, **tables):
        op = node_type(type_).configure(config, find=self.find)
        given = {
            port: [table(self.session, each) for each in value]
            if op.ports.inputs[port].many
            else table(self.session, value)
            for port, value in tables.items()
        }
        empty = {
            port: [self.session.empty(each) for each in value] if isinstance(value, list) else self.session.empty(value)
            for port, value in given.items()
        }
        designed = op.call(empty, self.design)
        made = op.call(given, context or self.context)
        assert {port: shape(self.session.empty(each)) for port, each in designed.items()} == {
            port: shape(self.session.empty(each)) for port, each in made.items()
        }
        return made

    def __call__(self, type_, config, context=None, **tables):
        made = self.relations(type_, config, context, **tables)
        found = {port: rows(each) for port, each in made.items()}
        return found["result"] if list(found) == ["result"] else found

    def columns(self, type_, config, port="result", **tables):
        """Names and types at a port."""
        return shape(self.relations(type_, config, **tables)[port])

    def refuses(self, type_, config, **tables):
        """The code, path and message of the refusal, which comes at design time: on empty tables."""
        try:
            op = node_type(type_).configure(config, find=self.find)
            given = {
                port: [self.session.empty(table(self.session, each)) for each in value]
                if op.ports.inputs[port].many
                else self.session.empty(table(self.session, value))
                for port, value in tables.items()
            }
            op.call(given, self.design)
        except Exception as error:
            problem = as_node_error(error)
            return problem.code, problem.path, problem.message
        raise AssertionError("it was not refused")


def as_node_error(error):
    """Any refusal as a NodeError: those of settings carry their place."""
    if hasattr(error, "errors"):
        wrong = error.errors()[0]
        cause = wrong.get("ctx", {}).get("error")
        path = "/config" + "".join(f"/{part}" for part in wrong["loc"])
        if isinstance(cause, NodeError):
            return NodeError(cause.message, code=cause.code, path=path)
        return NodeError(wrong["msg"], code="invalid_config", path=path)
    return translate(error)
