"""Rows are numbered in input order, however the table is stored; a stored table has its own columns alone."""

import duckdb
import pytest
from running import rows, table

from orchestrator.ops._numbered import numbered, steady


def stored(session, tmp_path, *queries):
    paths = [tmp_path / f"it's {number}.parquet" for number in range(len(queries))]
    for query, path in zip(queries, paths, strict=True):
        session.store(table(session, query), path)
    return session.parquet(*paths)


THREE = "SELECT i FROM range(3) t(i)"


@pytest.mark.parametrize("queries", [(THREE,), (THREE, THREE), ("SELECT 7 AS i, 8 AS file_row_number",)])
@pytest.mark.parametrize("change", ["as it is", "filtered"])
def test_numbers_are_those_of_the_rows(session, tmp_path, queries, change):
    made = stored(session, tmp_path, *queries)
    made = made if change == "as it is" else made.filter("i <> 1")
    found = session.connection.sql(f"SELECT n FROM {numbered(session, made, 'n')}")
    assert rows(found) == [(number + 1,) for number in range(len(made))]
    assert steady(made) is (change == "as it is")


@pytest.mark.parametrize("name", ["filename", "file_row_number", "file_index", "rowid"])
@pytest.mark.parametrize("queries", [(THREE,), (THREE, THREE), ()])
def test_a_table_has_no_columns_but_its_own(session, tmp_path, queries, name):
    made = stored(session, tmp_path, *queries) if queries else session.empty(table(session, THREE))
    for ask in (made.project, made.filter, made.order):
        with pytest.raises(duckdb.BinderException, match=name):
            ask(name)
