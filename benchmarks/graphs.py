"""The workflows that are measured."""

from typing import Any

Graph = dict[str, Any]


def node(name: str, kind: str, **config: Any) -> Graph:
    return {"id": name, "type": kind, "position": {"x": 0, "y": 0}, "config": config}


def edge(source: str, target: str, source_handle: str | None = None, target_handle: str | None = None) -> Graph:
    name = f"{source}-{target}-{target_handle}"
    return {
        "id": name,
        "source": source,
        "target": target,
        "sourceHandle": source_handle,
        "targetHandle": target_handle,
    }


def chain(length: int, rows: int = 1) -> Graph:
    """A table, then filters in a row."""
    data = [{"a": number, "b": f"text {number}"} for number in range(rows)]
    nodes = [node("n0", "inline_data", rows=data)]
    nodes += [node(f"n{i}", "filter", condition=f"a >= 0 AND a < {10_000_000 + i}") for i in range(1, length)]
    edges = [edge(f"n{i - 1}", f"n{i}", "passed" if i > 1 else None) for i in range(1, length)]
    return {"name": f"chain of {length}", "nodes": nodes, "edges": edges}


def five() -> Graph:
    """Five nodes over 1,000 rows: a table, filter, compute, aggregate, sort."""
    data = [{"a": number, "b": f"group {number % 7}"} for number in range(1000)]
    nodes = [
        node("data", "inline_data", rows=data),
        node("some", "filter", condition="a > 10"),
        node("more", "compute", columns=[{"name": "c", "expression": "a * 2"}]),
        node("sums", "aggregate", group_by=["b"], aggregations=[{"column": "c", "function": "sum", "name": "total"}]),
        node("order", "sort", by=[{"column": "total", "descending": True}]),
    ]
    edges = [edge("data", "some"), edge("some", "more", "passed"), edge("more", "sums"), edge("sums", "order")]
    return {"name": "five nodes", "nodes": nodes, "edges": edges}


def pipeline() -> Graph:
    """CSV -> filter -> compute -> join -> aggregate -> sort -> CSV, over `big.csv` and `kinds.csv`.

    A quarter of the rows pass the filter, as of flights do that are more than a quarter of an hour late.
    """
    sums = [
        {"column": "net", "function": "sum", "name": "total"},
        {"column": "net", "function": "mean", "name": "average"},
        {"column": "*", "function": "count", "name": "rows"},
    ]
    nodes = [
        node("big", "data_loader", source_type="csv", path="big.csv"),
        node("kinds", "data_loader", source_type="csv", path="kinds.csv"),
        node("some", "filter", condition="amount > 750"),
        node("net", "compute", columns=[{"name": "net", "expression": "amount * (1 - rebate)"}]),
        node("named", "join", how="inner", keys=[{"left": "kind", "right": "kind"}]),
        node("sums", "aggregate", group_by=["region", "title"], aggregations=sums),
        node("order", "sort", by=[{"column": "total", "descending": True}]),
        node("out", "data_writer", target_type="csv", path="out.csv", mode="overwrite"),
    ]
    edges = [
        edge("big", "some"), edge("some", "net", "passed"), edge("net", "named", None, "left"),
        edge("kinds", "named", None, "right"), edge("named", "sums", "joined"),
        edge("sums", "order"), edge("order", "out"),
    ]  # fmt: skip
    return {"name": "pipeline", "nodes": nodes, "edges": edges}


SQL = """
COPY (
    SELECT region, title, sum(amount * (1 - rebate)) AS total, avg(amount * (1 - rebate)) AS average, count(*) AS rows
    FROM read_csv('{root}/big.csv') JOIN read_csv('{root}/kinds.csv') USING (kind)
    WHERE amount > 750 GROUP BY region, title ORDER BY total DESC
) TO '{root}/plain.csv' (HEADER)
"""


def write_data(root: Any, rows: int) -> None:
    """`big.csv` of so many rows, and `kinds.csv`."""
    import duckdb

    duckdb.execute(f"""
        COPY (
            SELECT i AS id, (i * 7919) % 1000 AS kind, ((i * 104729) % 100000) / 100.0 AS amount,
                   ((i * 31) % 30) / 100.0 AS rebate, 'region ' || (i % 50) AS region,
                   DATE '2020-01-01' + CAST(i % 1500 AS INTEGER) AS day
            FROM range({rows}) t(i)
        ) TO '{root}/big.csv' (HEADER)""")
    duckdb.execute(
        f"COPY (SELECT i AS kind, 'kind ' || i % 20 AS title FROM range(1000) t(i)) TO '{root}/kinds.csv' (HEADER)"
    )
