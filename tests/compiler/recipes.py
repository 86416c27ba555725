"""Settings made at random that fit the columns a node is given, for the node types named in RECIPES."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from orchestrator.ops._types import NUMERIC
from orchestrator.schema import is_geometry

Draw = Callable[[Any], Any]
Columns = dict[str, str]
NAMES = ["id", "amount", "region", "cust id", "at", "é", 'a"b', "group", "x", "y", "{x}", "Order", "'"]
VALUES = {
    "int": st.one_of(st.none(), st.integers(-80, 80)),
    "float": st.one_of(st.none(), st.floats(-80, 80, allow_nan=False).map(lambda value: round(value, 3))),
    "text": st.one_of(st.none(), st.sampled_from(["", "x", "north", "it's", "1", "2024-01-31", "日本", "a,b\n;"])),
    "bool": st.one_of(st.none(), st.booleans()),
}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def numbers(columns: Columns) -> list[str]:
    return [name for name, kind in columns.items() if NUMERIC.fullmatch(kind)]


def plain(columns: Columns) -> list[str]:
    return [name for name, kind in columns.items() if not is_geometry(kind)]


def pick(draw: Draw, names: list[str]) -> str:
    return draw(st.sampled_from(names)) if names else "id"


def some(draw: Draw, names: list[str], least: int = 1) -> list[str]:
    return draw(st.lists(st.sampled_from(names), min_size=least, max_size=3, unique=True)) if names else ["id"] * least


def _rows(draw: Draw) -> list[dict]:
    kinds = draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(list(VALUES)), min_size=1, max_size=5))
    row = st.fixed_dictionaries({name: VALUES[kind] for name, kind in kinds.items()})
    return draw(st.lists(row, min_size=1, max_size=6))


def condition(draw: Draw, columns: Columns) -> str:
    tests = [f"{quoted(each)} IS NOT NULL" for each in columns]
    tests += [f"{quoted(each)} > ${{p}}" for each in numbers(columns)]
    tests += [f"{quoted(each)}::VARCHAR = ${{t}} OR true" for each in plain(columns)]
    return pick(draw, tests)


def expression(draw: Draw, columns: Columns) -> str:
    made = [
        "1", "'${t}'", "${p}", "NULL", "DATE '2024-01-31'", "[1, 2]", "{'k': 1.5}", "true", "'a'::ENUM('a', 'b')",
        "factorial(5)", "[NULL]", "INTERVAL 1 DAY", "'POINT (1 2)'::GEOMETRY",
    ]  # fmt: skip
    made += [f"{quoted(each)} / 2 + ${{p}}" for each in numbers(columns)]
    made += [f"TRY_CAST({quoted(each)} AS VARCHAR) || ${{t}}" for each in plain(columns)]
    made += [f"coalesce({quoted(each)}, NULL)" for each in columns]
    return pick(draw, made)


def _compute(draw: Draw, columns: Columns) -> dict:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique_by=str.lower))
    return {"columns": [{"name": name, "expression": expression(draw, columns)} for name in names]}


def _aggregate(draw: Draw, columns: Columns) -> dict:
    functions = ["count", "count_distinct", "min", "max", "first", "last", "concat"]
    made = [{"function": "count", "name": "n"}]
    if numbers(columns):
        function = draw(st.sampled_from(["sum", "mean", "median", "stddev"]))
        made.append({"function": function, "column": pick(draw, numbers(columns)), "name": "of numbers"})
    if plain(columns):
        made.append(
            {"function": draw(st.sampled_from(functions)), "column": pick(draw, plain(columns)), "name": "of any"}
        )
    return {"group_by": some(draw, plain(columns), 0), "aggregations": made}


def _join(draw: Draw, left: Columns, right: Columns) -> dict:
    pairs = [(a, b) for a in plain(left) for b in plain(right) if left[a] == right[b]]
    a, b = draw(st.sampled_from(pairs)) if pairs else ("id", "id")
    how = draw(st.sampled_from(["inner", "left", "right", "full", "semi", "anti"]))
    return {"how": how, "keys": [{"left": a, "right": b}], "suffix": "_r"}


def _route(draw: Draw, columns: Columns) -> dict:
    names = draw(st.lists(st.sampled_from(["a", "b/c", "class", "größer"]), min_size=1, unique=True))
    return {"branches": [{"port": name, "condition": condition(draw, columns)} for name in names]}


def _by_value(draw: Draw, columns: Columns) -> dict:
    return {"column": pick(draw, [c for c in plain(columns) if columns[c] == "VARCHAR"]), "values": ["x", "it's", "1"]}


def _by_range(draw: Draw, columns: Columns) -> dict:
    return {"column": pick(draw, numbers(columns)), "ranges": [{"to": 0}, {"from": 0, "to": 9.5}]}


def _sample(draw: Draw, columns: Columns) -> dict:
    config: dict = {"method": draw(st.sampled_from(["first", "last", "every", "random"])), "n": draw(st.integers(1, 3))}
    return {**config, "group_by": some(draw, plain(columns), 0)}


def _cast(draw: Draw, columns: Columns) -> dict:
    kinds = st.sampled_from(["VARCHAR", "BIGINT", "DOUBLE", "DATE", "BOOLEAN", "DECIMAL(18,2)"])
    return {"columns": [{"name": name, "type": draw(kinds)} for name in some(draw, plain(columns))]}


def _select(draw: Draw, columns: Columns) -> dict:
    names = some(draw, list(columns))
    return {"columns": [{"name": names[0], "rename": draw(st.sampled_from(NAMES))}, *({"name": n} for n in names[1:])],
            "others": draw(st.sampled_from(["keep", "drop"]))}  # fmt: skip


def _sort(draw: Draw, columns: Columns) -> dict:
    return {"by": [{"column": each, "descending": draw(st.booleans())} for each in some(draw, plain(columns))]}


def _sql(draw: Draw, *tables: Columns) -> dict:
    names = [f"t {number}" for number in range(len(tables))]
    return {"query": f'SELECT *, ${{p}} AS "from sql" FROM {quoted(names[0])} LIMIT 5', "names": names}


def _transformer(draw: Draw, columns: Columns) -> dict:
    operation = draw(st.sampled_from(["map", "filter", "aggregate"]))
    params = {"map": _compute, "aggregate": _aggregate, "filter": lambda d, c: {"condition": condition(d, c)}}
    return {"operation": operation, "params": params[operation](draw, columns)}


def _loader(draw: Draw) -> dict:
    path = draw(st.sampled_from(["rows.csv", "rows.ndjson", "rows.parquet"]))
    return {"source_type": path.split(".")[1], "path": path}


def _writer(draw: Draw, columns: Columns) -> dict:
    kind = draw(st.sampled_from(["csv", "ndjson", "parquet"]))
    return {"target_type": kind, "path": f"out/{draw(st.integers(0, 10**9))}.{kind}"}


def _spatial_join(draw: Draw, left: Columns, right: Columns) -> dict:
    return {
        "predicate": draw(st.sampled_from(["intersects", "within"])),
        "multiple": draw(st.sampled_from(["all", "first"])),
    }


RECIPES: dict[str, Callable[..., dict]] = {
    "aggregate": _aggregate,
    "buffer": lambda draw, columns: {"distance": 1.5, "dissolve": draw(st.booleans()), "segments": 2},
    "cast": _cast,
    "compute": _compute,
    "data_loader": _loader,
    "data_writer": _writer,
    "distinct": lambda draw, columns: {"columns": some(draw, plain(columns), 0)},
    "filter": lambda draw, columns: {"condition": condition(draw, columns)},
    "inline_data": lambda draw: {"rows": _rows(draw)},
    "input": lambda draw: {"name": "orders", "sample": _rows(draw)},
    "join": _join,
    "points_from_xy": lambda draw, columns: {
        "x": pick(draw, numbers(columns)),
        "y": pick(draw, numbers(columns)[::-1]),
    },
    "reproject": lambda draw, columns: {"to": draw(st.sampled_from(["EPSG:3857", "EPSG:4326"]))},
    "route": _route,
    "route_by_range": _by_range,
    "route_by_value": _by_value,
    "sample": _sample,
    "select_columns": _select,
    "sort": _sort,
    "spatial_join": _spatial_join,
    "sql": _sql,
    "transformer": _transformer,
    "union": lambda draw, *tables: {"columns": draw(st.sampled_from(["all", "common"]))},
}
