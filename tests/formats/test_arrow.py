import datetime as dt
import struct
from collections.abc import Callable
from typing import Any

import geopandas
import pyarrow
import pyarrow.feather
import pytest
import shapely

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader
from orchestrator.schema import columns

Load = Callable[..., Relation]
Save = Callable[..., int]
ALL = """SELECT 1::TINYINT AS a, 1.50::DECIMAL(5,2) AS b, {'x': [1, 2]} AS c, MAP {'k': 1} AS d, 'x'::BLOB AS e,
    TIME '01:02:03' AS f, uuid() AS g, 12345678901234567890::HUGEINT AS h, NULL AS i, INTERVAL 1 DAY AS j,
    'a'::ENUM ('a', 'b') AS k, TIMESTAMP_NS '2013-01-01 00:00:00.123456789' AS l, 3::UBIGINT AS m"""


@pytest.mark.parametrize("layout", ["file", "stream"])
@pytest.mark.parametrize("compression", ["zstd", "lz4", "uncompressed"])
def test_types_stay(load: Load, save: Save, layout: str, compression: str) -> None:
    save(ALL, target_type="arrow", path="a.arrow", layout=layout, compression=compression)
    found = load(source_type="arrow", path="a.arrow")
    assert list(map(str, found.types)) == [
        "TINYINT", "DECIMAL(5,2)", "STRUCT(x INTEGER[])", "MAP(VARCHAR, INTEGER)", "BLOB", "TIME", "VARCHAR",
        "DECIMAL(38,0)", "VARCHAR", "INTERVAL", "VARCHAR", "TIMESTAMP_NS", "UBIGINT",
    ]  # fmt: skip
    assert found.fetchall()[0][10] == "a"
    assert found.fetchall() == found.fetchall()


@pytest.mark.parametrize(
    ("array", "kind", "value"),
    [
        (pyarrow.array(["a", "a"]).dictionary_encode(), "VARCHAR", "a"),
        (pyarrow.array(["a", "a"], pyarrow.large_string()), "VARCHAR", "a"),
        (pyarrow.array([[1, 2], [3, 4]], pyarrow.list_(pyarrow.int64(), 2)), "BIGINT[]", [1, 2]),
        (pyarrow.array([0, 1], pyarrow.timestamp("s")), "TIMESTAMP", dt.datetime(1970, 1, 1)),
        (pyarrow.array([0, 1], pyarrow.date64()), "DATE", dt.date(1970, 1, 1)),
        (pyarrow.array([None, None], pyarrow.null()), "VARCHAR", None),
    ],
)
@pytest.mark.parametrize("layout", ["file", "stream"])
def test_files_of_others(context: Context, load: Load, layout: str, array: Any, kind: str, value: Any) -> None:
    table = pyarrow.table({"a": array})
    made = pyarrow.ipc.new_stream if layout == "stream" else pyarrow.ipc.new_file
    with made(str(context.root / "a.arrow"), table.schema) as writer:
        writer.write_table(table)
    found = load(source_type="arrow", path="a.arrow")
    assert list(map(str, found.types)) == [kind]
    assert found.fetchall()[0][0] == value


def test_many_batches_keep_their_order(context: Context, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.formats.streams.IN_MEMORY", 10_000)
    table = pyarrow.table({"a": range(50_000)})
    pyarrow.feather.write_feather(table, context.root / "a.feather", chunksize=1000)
    with pyarrow.ipc.new_stream(str(context.root / "a.arrows"), table.schema) as writer:
        writer.write_table(table, max_chunksize=1000)
    for path in ("a.feather", "a.arrows"):
        found = load(source_type="arrow", path=path)
        assert [row[0] for row in found.fetchall()] == list(range(50_000))
        assert found.filter("a = 17").fetchall() == [(17,)]


@pytest.mark.parametrize("layout", ["file", "stream"])
def test_geometry_comes_back(context: Context, load: Load, save: Save, layout: str) -> None:
    frame = geopandas.GeoDataFrame({"n": [1, 2]}, geometry=[shapely.Point(1, 2), None], crs="EPSG:25832")
    save(context.session.from_frame(frame), target_type="arrow", path="a.arrow", layout=layout)
    found = load(source_type="arrow", path="a.arrow")
    assert columns(found)[1].crs == "EPSG:25832"
    assert context.session.frame(found).geometry[0] == shapely.Point(1, 2)


@pytest.mark.parametrize("cut", [5, 100, 300])
@pytest.mark.parametrize("layout", ["file", "stream"])
def test_a_file_that_is_cut_off(context: Context, save: Save, layout: str, cut: int) -> None:
    save("SELECT range AS a FROM range(1000)", target_type="arrow", path="a.arrow", layout=layout)
    data = (context.root / "a.arrow").read_bytes()
    (context.root / "a.arrow").write_bytes(data[:cut])
    with pytest.raises(NodeError, match=r"'a.arrow' is not Arrow") as error:
        DataLoader.configure({"source_type": "arrow", "path": "a.arrow"}).call({}, context)["result"].fetchall()
    assert error.value.code == "unreadable_file"


@pytest.mark.parametrize("layout", ["file", "stream"])
def test_a_list_that_leads_out_of_its_values(context: Context, save: Save, layout: str) -> None:
    """Who reads it as it is reads the memory of others, and ends with the process."""
    query = "SELECT unnest([['a', 'b', 'c'], ['d', 'e'], ['f']]) AS l"
    save(query, target_type="arrow", path="a.arrow", layout=layout, compression="uncompressed")
    path, offsets = context.root / "a.arrow", struct.pack("<4i", 0, 3, 5, 6)
    assert path.read_bytes().count(offsets) == 1
    path.write_bytes(path.read_bytes().replace(offsets, struct.pack("<4i", 0, 3, 5, 2**31 - 1)))
    with pytest.raises(NodeError, match=r"^'a.arrow' is not Arrow, or damaged: .*\.$") as error:
        DataLoader.configure({"source_type": "arrow", "path": "a.arrow"}).call({}, context)
    assert (error.value.code, error.value.path) == ("unreadable_file", "/config/path")


def test_a_type_that_duckdb_does_not_have(context: Context) -> None:
    table = pyarrow.table({"a": [1], "b": pyarrow.array([1.5], pyarrow.float16())})
    pyarrow.feather.write_feather(table, context.root / "a.feather")
    with pytest.raises(NodeError, match=r"Column 'b' of 'a.feather' has a type that cannot be read: halffloat"):
        DataLoader.configure({"source_type": "arrow", "path": "a.feather"}).call({}, context)


def written(context: Context, table: pyarrow.Table, layout: str) -> None:
    made = pyarrow.ipc.new_stream if layout == "stream" else pyarrow.ipc.new_file
    with made(str(context.root / "a.arrow"), table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a", "a"], ["a", "a_1"]),
        (["a", "A"], ["a", "A_1"]),
        (["", ""], ["v0", "v1"]),
        (["", "b"], ["v0", "b"]),
    ],
)
@pytest.mark.parametrize("layout", ["file", "stream"])
def test_columns_of_one_name(context: Context, load: Load, layout: str, names: list[str], expected: list[str]) -> None:
    columns = [pyarrow.array([1, 2, 3]), pyarrow.array([4, 5, 6])]
    written(context, pyarrow.Table.from_arrays(columns, names=names), layout)
    found = load(source_type="arrow", path="a.arrow")
    assert (found.columns, found.fetchall()) == (expected, [(1, 4), (2, 5), (3, 6)])


EMPTY = pyarrow.struct([])
TWICE = pyarrow.StructArray.from_arrays([pyarrow.array([1]), pyarrow.array([2])], names=["x", "X"])


@pytest.mark.parametrize(
    ("table", "code", "text"),
    [
        ({}, "no_table", "'a.arrow' is no table: it has no columns."),
        (
            {"b": pyarrow.array([{}], EMPTY)},
            "unreadable_file",
            "Column 'b' of 'a.arrow' holds a structure without fields",
        ),
        ({"b": pyarrow.array([[{}]], pyarrow.list_(EMPTY))}, "unreadable_file", "holds a structure without fields"),
        ({"b": TWICE}, "unreadable_file", "holds a structure with two fields called 'x'"),
        (
            {"b": pyarrow.UnionArray.from_sparse(pyarrow.array([0], pyarrow.int8()), [pyarrow.array([1])])},
            "unreadable_file",
            "Column 'b' of 'a.arrow' has a type that cannot be read: sparse_union",
        ),
    ],
)
@pytest.mark.parametrize("layout", ["file", "stream"])
def test_what_no_table_can_hold(
    context: Context, design: Context, layout: str, table: Any, code: str, text: str
) -> None:
    written(context, pyarrow.table(table), layout)
    for each in (design, context):
        with pytest.raises(NodeError) as error:
            DataLoader.configure({"source_type": "arrow", "path": "a.arrow"}).call({}, each)
        assert error.value.code == code
        assert text in error.value.message
