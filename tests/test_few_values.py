"""Text with few values is written as an ENUM, and the file is what it would be without."""

import duckdb
import pyarrow.parquet as pq
import pytest

from orchestrator import few_values
from orchestrator.few_values import FewValues
from orchestrator.ops.base import Context
from orchestrator.registry import node_type
from orchestrator.schema import columns
from orchestrator.sql import quote
from orchestrator.tables import Session

ROWS = 3_000
# Names and values that SQL might take for something else.
ODD = "CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'it''s' WHEN 3 THEN 'Größe ''); DROP' ELSE '日本' END"
NAME = 'a "b'
BIG = (
    f"SELECT n, {ODD} AS {quote(NAME)}, 'kind ' || n % 7 AS kind, 'row ' || n AS own, n % 3 = 0 AS b "
    f"FROM range({ROWS}) t(n)"
)


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setattr(few_values, "LARGE", ROWS)
    with Session([tmp_path]) as made:
        yield made


@pytest.fixture
def written(session, monkeypatch):
    """The names of the columns that were written as an ENUM, for each time that a table was written."""
    found = []
    copy = Session._copy

    def watched(self, table, path, fields):
        found.append(sorted(fields))
        return copy(self, table, path, fields)

    monkeypatch.setattr(Session, "_copy", watched)
    return found


def store(session, tmp_path, query, name):
    """The stored table, of the same types and rows as the query."""
    table = session.connection.sql(query)
    session.given[table] = columns(table)
    path = tmp_path / f"{name}.parquet"
    assert session.store(table, path) == len(table.fetchall())
    made = session.parquet(path)
    assert (made.columns, list(map(str, made.types))) == (table.columns, list(map(str, table.types)))
    assert made.fetchall() == table.fetchall()
    assert all(str(field.type) == "string" for field in pq.read_schema(path) if field.name in ("kind", NAME))
    return f"read_parquet('{path}')"


def test_what_comes_from_a_large_table(session, tmp_path, written):
    big = store(session, tmp_path, BIG, "big")
    some = store(session, tmp_path, f"SELECT *, upper(own) AS made FROM {big} WHERE n % 2 = 0", "some")
    store(session, tmp_path, f"SELECT kind, max(n) AS n FROM {some} GROUP BY kind ORDER BY kind", "sums")
    store(session, tmp_path, f"FROM {big} WHERE false", "none")
    assert written == [[], [NAME, "kind"], ["kind"], [NAME, "kind"]]


def test_before_a_large_table_nothing_is_looked_at(session, tmp_path, written):
    store(session, tmp_path, "SELECT 'x' AS kind", "small")
    store(session, tmp_path, "SELECT 'x' AS kind", "other")
    big = store(session, tmp_path, BIG.replace("kind,", "kind2,"), "big")
    store(session, tmp_path, f"SELECT 'x' AS kind, kind2 FROM {big}", "both")
    assert written == [[], [], [], ["kind", "kind2"]]


@pytest.mark.parametrize("other", ["'other'", "upper(kind)", "kind || n % 9", "kind || ' '", "nullif('0', kind)"])
def test_another_value_is_written_all_the_same(session, tmp_path, written, other):
    big = store(session, tmp_path, BIG, "big")
    late = f"CASE WHEN n > {ROWS - 5} THEN {other} ELSE kind END"
    changed = store(session, tmp_path, f"SELECT * REPLACE ({late} AS kind) FROM {big}", "changed")
    store(session, tmp_path, f"FROM {changed}", "again")
    assert written == [[], [NAME, "kind"], [], [NAME]]


def test_a_small_table_does_not_say_what_a_large_one_means(session, tmp_path, written):
    big = store(session, tmp_path, BIG, "big")
    store(session, tmp_path, "SELECT 'kind 3' AS kind", "small")
    store(session, tmp_path, f"FROM {big}", "again")
    assert written == [[], ["kind"], [NAME, "kind"]]


def test_another_large_table_of_the_same_names(session, tmp_path, written):
    store(session, tmp_path, BIG, "big")
    other = store(session, tmp_path, BIG.replace("'kind '", "'sort '"), "other")
    store(session, tmp_path, f"FROM {other}", "again")
    assert written == [[], [NAME, "kind"], [], [NAME]]


def test_many_values_are_left_alone(session, tmp_path, written, monkeypatch):
    monkeypatch.setattr(few_values, "MOST", 6)
    big = store(session, tmp_path, BIG, "big")
    store(session, tmp_path, f"FROM {big}", "again")
    assert written == [[], [NAME]]


def test_another_error_stays(session, tmp_path):
    big = store(session, tmp_path, BIG, "big")
    table = session.connection.sql(f"SELECT kind, error('no') AS e FROM {big}")
    session.given[table] = (*columns(table),)
    with pytest.raises(duckdb.InvalidInputException, match="no"):
        session.store(table, tmp_path / "e.parquet")
    assert not (tmp_path / "e.parquet").exists()


def test_a_column_without_a_value_has_no_type(session, tmp_path, written):
    big = store(session, tmp_path, f"SELECT n, NULL::VARCHAR AS kind FROM range({ROWS}) t(n)", "big")
    store(session, tmp_path, f"FROM {big}", "again")
    assert written == [[], []]


def test_values_are_looked_at_once(session, tmp_path, monkeypatch):
    looked = []
    make = FewValues._make
    monkeypatch.setattr(FewValues, "_make", lambda self, name, path: (looked.append(name), make(self, name, path)))
    big = store(session, tmp_path, BIG, "big")
    for number in range(3):
        store(session, tmp_path, f"FROM {big}", f"again {number}")
    assert sorted(looked) == [NAME, "kind"]


def test_rows_that_are_put_in_order(session, tmp_path, written):
    """The text is changed below the sort; the keys of the sort are not written."""
    big = store(session, tmp_path, BIG, "big")
    last = quote('k "1"')
    query = f"SELECT n, kind, -n AS {last}, n % 2 AS _l FROM {big} WHERE n % 3 > 0"
    table = session.in_order(query, ["_l", last])
    session.given[table] = columns(table)
    path = tmp_path / "ordered.parquet"
    session.store(table, path)
    wanted = session.connection.sql(f"SELECT n, kind FROM ({query}) ORDER BY n % 2, n DESC").fetchall()
    assert written[-1] == ["kind"]
    assert (table.columns, table.fetchall(), session.parquet(path).fetchall()) == (["n", "kind"], wanted, wanted)


def test_rows_that_a_node_sorts_by_such_text(session, tmp_path, written):
    """Text goes by its code points, not by the place of its value in an ENUM."""
    big = store(session, tmp_path, BIG, "big")
    op = node_type("sort").configure({"by": [{"column": "kind", "descending": True}, {"column": NAME}]})
    context = Context(session, tmp_path)
    made = op.call({"table": session.connection.sql(f"FROM {big}")}, context)["result"]
    session.store(made, tmp_path / "sorted.parquet")
    found = session.parquet(tmp_path / "sorted.parquet").fetchall()
    order = f"kind DESC, {quote(NAME)}, n"
    assert found == session.connection.sql(f"FROM {big} ORDER BY {order}").fetchall()
    assert written[-1] == [NAME, "kind"]


SAMPLE = "SELECT 'kind ' || n % 7 AS kind, 'row ' || n AS own, if(n % 900 = 0, 'rare', 'often') AS odd, NULL AS z"


def test_a_sample_says_which_values_there_are(session, tmp_path, written):
    """Where each comes about as often: a rare one says that there may be others."""
    session.few.foresee(["kind", "own", "odd", "z"], f"FROM ({SAMPLE} FROM range(1000) t(n))")
    store(session, tmp_path, f"{SAMPLE}, n FROM range(2000) t(n)", "big")
    assert written == [["kind"]]


@pytest.mark.parametrize("more", ["range(999)", "range(0)"])
def test_a_small_sample_says_nothing(session, tmp_path, written, more):
    session.few.foresee(["kind"], f"FROM ({SAMPLE} FROM {more} t(n))")
    store(session, tmp_path, f"{SAMPLE}, n FROM range(2000) t(n)", "big")
    assert written == [[]]


def test_a_value_that_the_sample_has_not(session, tmp_path, written):
    session.few.foresee(["kind"], f"FROM ({SAMPLE} FROM range(1000) t(n))")
    store(session, tmp_path, f"SELECT if(n = 1999, 'late', 'kind ' || n % 7) AS kind FROM range({ROWS}) t(n)", "big")
    assert written == [["kind"], []]


@pytest.mark.parametrize(("more", "known"), [([7, 7], ["kind"]), ([8, 8], []), ([8, 7], [])])
def test_samples_of_a_column(session, tmp_path, written, more, known):
    """Of several files; where they differ, nobody knows of the next one."""
    for modulus in (7, *more):
        rows = f"FROM (SELECT 'kind ' || n % {modulus} AS kind FROM range(1000) t(n))"
        session.few.foresee(["kind"], rows)
    store(session, tmp_path, f"{SAMPLE}, n FROM range(2000) t(n)", "big")
    assert written == [known]
