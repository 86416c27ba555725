"""The same question to a node type and to pandas, on generated tables with nulls, duplicates and ties."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.ops.base import Context
from orchestrator.registry import node_type
from orchestrator.tables import Session

quick = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TYPES = {"k": "Int64", "t": "string", "x": "Float64", "id": "Int64"}
WORDS = ["", "a", "A", "b", "é", "it's"]


def column(values):
    return st.one_of(st.none(), values)


ROW = st.fixed_dictionaries(
    {
        "k": column(st.integers(-2, 3)),
        "t": column(st.sampled_from(WORDS)),
        # Quarters add up without rounding, in any order.
        "x": column(st.integers(-8, 8).map(lambda n: n / 4)),
    }
)
TABLES = st.lists(ROW, max_size=12).map(
    lambda rows: pd.DataFrame([{**r, "id": i} for i, r in enumerate(rows)], columns=list(TYPES)).astype(TYPES)
)


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    with Session([root]) as session:
        yield Context(session, root)


def run(context, type_, config, **frames):
    given = {port: context.session.from_frame(frame) for port, frame in frames.items()}
    made = node_type(type_).configure(config).call(given, context)
    return {port: [plain(row) for row in each.fetchall()] for port, each in made.items()}


def plain(row):
    return tuple(None if pd.isna(v) else float(v) if isinstance(v, float) else v for v in row)


def rows(frame):
    return [plain(row) for row in frame.astype(object).itertuples(index=False)]


COMPARISONS = {"=": "eq", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
TESTS = st.one_of(
    st.tuples(st.just("k"), st.sampled_from(list(COMPARISONS)), st.integers(-2, 3)),
    st.tuples(st.just("t"), st.sampled_from(list(COMPARISONS)), st.sampled_from(WORDS)),
    st.tuples(st.sampled_from("ktx"), st.just("IS"), st.none()),
)
CONDITIONS = st.recursive(
    TESTS, lambda inner: st.tuples(st.sampled_from(["AND", "OR"]), inner, inner) | st.tuples(st.just("NOT"), inner)
)


def sql(test):
    if test[0] in ("AND", "OR"):
        return f"({sql(test[1])} {test[0]} {sql(test[2])})"
    if test[0] == "NOT":
        return f"(NOT {sql(test[1])})"
    value = "NULL" if test[2] is None else str(test[2]) if test[0] == "k" else "'" + test[2].replace("'", "''") + "'"
    return f"{test[0]} {test[1]} {value}"


def mask(test, frame):
    if test[0] == "AND":
        return mask(test[1], frame) & mask(test[2], frame)
    if test[0] == "OR":
        return mask(test[1], frame) | mask(test[2], frame)
    if test[0] == "NOT":
        return ~mask(test[1], frame)
    if test[1] == "IS":
        return frame[test[0]].isna().astype("boolean")
    return getattr(frame[test[0]], COMPARISONS[test[1]])(test[2]).astype("boolean")


@quick
@given(TABLES, CONDITIONS)
def test_filter(context, frame, condition):
    made = run(context, "filter", {"condition": sql(condition)}, table=frame)
    passes = mask(condition, frame).fillna(False)
    assert made == {"passed": rows(frame[passes]), "failed": rows(frame[~passes])}


@quick
@given(
    TABLES, TABLES, st.sampled_from([["k"], ["t"], ["k", "t"]]), st.sampled_from(["inner", "left", "right", "outer"])
)
def test_join(context, left, right, keys, how):
    config = {"how": "full" if how == "outer" else how, "keys": [{"left": k, "right": k} for k in keys]}
    made = run(context, "join", config, left=left, right=right)
    # pandas lets null meet null; a null that is numbered meets nobody.
    ours, theirs = numbered(left, keys, 1), numbered(right, keys, 2)
    merged = ours.merge(theirs, on=[f"{k}_key" for k in keys], how=how, suffixes=("", "_right"))
    for key in keys:
        merged[key] = merged[key].fillna(merged.pop(f"{key}_right"))
    columns = [*left.columns, *(f"{name}_right" for name in right.columns if name not in keys)]
    merged = merged[columns]
    if how in ("inner", "left"):
        assert made["joined"] == rows(merged)
    assert sorted(made["joined"], key=repr) == sorted(rows(merged), key=repr)
    for port, mine, other in (("left_only", ours, theirs), ("right_only", theirs, ours)):
        known = set(map(tuple, other[[f"{k}_key" for k in keys]].to_numpy()))
        alone = [tuple(key) not in known for key in mine[[f"{k}_key" for k in keys]].to_numpy()]
        assert made[port] == rows((left if port == "left_only" else right)[alone])


def numbered(frame, keys, side):
    made = frame.copy()
    for key in keys:
        made[f"{key}_key"] = [f"null {side} {i}" if pd.isna(v) else repr(v) for i, v in enumerate(frame[key])]
    return made


FUNCTIONS = {
    "count": "count", "sum": "sum", "mean": "mean", "min": "min", "max": "max", "median": "median", "first": "first",
    "last": "last", "count_distinct": "nunique",
}  # fmt: skip


@quick
@given(TABLES, st.sampled_from([["t"], ["k"], ["t", "k"]]), st.sampled_from(["k", "x", "id"]))
def test_aggregate(context, frame, group_by, of):
    frame = frame.assign(v=frame[of])
    wanted = [{"column": "v", "function": name, "name": f"r_{name}"} for name in FUNCTIONS]
    made = run(context, "aggregate", {"group_by": group_by, "aggregations": wanted}, table=frame)["result"]
    groups = frame.groupby(group_by, dropna=False, sort=False)["v"]
    expected = [plain((*key, *(aggregated(part, each) for each in FUNCTIONS.values()))) for key, part in groups]
    places = range(len(group_by))
    assert made == sorted(expected, key=lambda row: [(row[i] is None, 0 if row[i] is None else row[i]) for i in places])


def aggregated(values, function):
    values = values.dropna()
    if function in ("count", "nunique"):
        return getattr(values, function)()
    if values.empty:
        return None
    return (
        values.iloc[0 if function == "first" else -1] if function in ("first", "last") else getattr(values, function)()
    )


KEYS = st.lists(
    st.tuples(st.sampled_from(["k", "t", "x"]), st.booleans(), st.sampled_from(["first", "last"])),
    min_size=1, max_size=3, unique_by=lambda key: key[0],
)  # fmt: skip


@quick
@given(TABLES, KEYS)
def test_sort(context, frame, keys):
    config = {"by": [{"column": name, "descending": down, "nulls": nulls} for name, down, nulls in keys]}
    expected = frame
    for name, down, nulls in reversed(keys):
        expected = expected.sort_values(name, ascending=not down, na_position=nulls, kind="stable")
    assert run(context, "sort", config, table=frame)["result"] == rows(expected)


@quick
@given(TABLES, st.sampled_from([["k"], ["t"], ["k", "t", "x"]]))
def test_distinct(context, frame, columns):
    again = frame.duplicated(columns)
    made = run(context, "distinct", {"columns": columns}, table=frame)
    assert made == {"unique": rows(frame[~again]), "duplicates": rows(frame[again])}
