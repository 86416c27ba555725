# ruff: noqa: E501 (tables of cases)
import gzip
import time
import zipfile
from collections.abc import Callable
from typing import Any

import geopandas
import pytest
import shapely

from orchestrator.errors import NodeError
from orchestrator.formats import encodings, packed, writers
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
Save = Callable[..., int]
CSV = b"a,b\n1,x\n"


def pack(context: Context, *members: tuple[str, bytes], name: str = "a.zip") -> None:
    with zipfile.ZipFile(context.root / name, "w", zipfile.ZIP_DEFLATED) as file:
        for member, data in members:
            file.writestr(member, data)


@pytest.mark.parametrize(
    ("members", "options"),
    [
        ([("a.csv", CSV)], {}),
        ([("in/é a.CSV", CSV)], {}),
        ([("a.csv", CSV), ("readme.md", b"x"), ("__MACOSX/a.csv", b"x"), (".a.csv", b"x")], {}),
        ([("data", CSV)], {}),
        ([("a.csv", CSV), ("b.csv", b"x\n1\n")], {"inside": "a.csv"}),
        ([("in/a.csv", CSV), ("b.csv", b"x\n1\n")], {"path": "a.zip/in/a.csv"}),
        ([("a.csv", CSV.decode().encode("utf-16"))], {}),
        ([("a.csv", CSV.decode().encode("utf-32"))], {}),
        ([("a.csv", CSV)], {"sample_size": -1}),
    ],
)
def test_the_file_inside(context: Context, load: Load, members: list[Any], options: dict[str, Any]) -> None:
    pack(context, *members)
    table = load(**{"source_type": "csv", "path": "a.zip", **options})
    assert table.columns == ["a", "b"]
    assert table.fetchall() == [(1, "x")]


@pytest.mark.parametrize("kind", sorted(set(writers()) - {"text", "fixed_width", "postgresql"}))
@pytest.mark.parametrize("form", ["zip", "gz"])
def test_every_format(context: Context, load: Load, save: Save, kind: str, form: str) -> None:
    frame = geopandas.GeoDataFrame({"n": [1, 2]}, geometry=[shapely.Point(1, 2), shapely.Point(3, 4)], crs="EPSG:4326")
    end = writers()[kind].extensions[0]
    save(context.session.from_frame(frame), target_type=kind, path=f"a{end}")
    found = load(source_type=kind, path=f"a{end}").fetchall()
    if form == "gz":
        if kind in ("shapefile", "mapinfo", "gml"):  # are several files
            return
        (context.root / f"b{end}.gz").write_bytes(gzip.compress((context.root / f"a{end}").read_bytes()))
    else:
        with zipfile.ZipFile(context.root / f"b{end}.zip", "w") as file:
            for each in context.root.glob("a.*"):
                file.write(each, f"in/{each.name}")
    assert load(source_type=kind, path=f"b{end}.{form}").fetchall() == found


def test_in_design_a_part_is_enough(context: Context, design: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    pack(context, ("a.csv", b"a,b\n" + b"1,x\n" * 1_000_000))
    sizes = []
    read = packed._chunks
    monkeypatch.setattr(packed, "_chunks", lambda *a: (sizes.append(len(each)) or each for each in read(*a)))
    loader = DataLoader.configure({"source_type": "csv", "path": "a.zip"})
    assert loader.call({}, design)["result"].columns == ["a", "b"]
    assert sum(sizes) < 200_000
    assert loader.call({}, context)["result"].aggregate("count(*)").fetchall() == [(1_000_000,)]


def encrypted(data: bytes) -> bytes:
    """The archive with the flag that says that its members need a password."""
    local, central = data.index(b"PK\3\4"), data.index(b"PK\1\2")
    changed = bytearray(data)
    changed[local + 6] |= 1
    changed[central + 8] |= 1
    return bytes(changed)


@pytest.mark.parametrize(
    ("members", "options", "code", "path", "text"),
    [
        ([("a.csv", CSV), ("b.csv", CSV)], {}, "file_not_found", "/config/inside", "'a.zip' holds 2 files that could be meant"),
        ([("a.md", CSV), ("b.md", CSV)], {}, "file_not_found", "/config/inside", "'a.zip' holds no file that could be meant"),
        ([], {}, "file_not_found", "/config/inside", "'a.zip' holds no file"),
        ([("alpha.csv", CSV)], {"inside": "alpa.csv"}, "file_not_found", "/config/path", "'alpa.csv' is not in 'a.zip'. Did you mean 'alpha.csv'?"),
        ([("a.csv", CSV)], {"path": "a.zip/b.csv"}, "file_not_found", "/config/path", "'b.csv' is not in 'a.zip'"),
        ([("../../evil.csv", CSV)], {}, "path_not_allowed", "/config/path", "a file whose name leads out of its folder"),
        ([("/tmp/evil.csv", CSV)], {}, "path_not_allowed", "/config/path", "leads out of its folder"),
        ([("x\\..\\evil.csv", CSV)], {}, "path_not_allowed", "/config/path", "leads out of its folder"),
        ([("a.csv", b"")], {}, "file_empty", "/config/path", "'a.zip/a.csv' is empty"),
        ([("a.csv", b"a\n" + b"1\n" * 10_000)], {"sample_size": -1}, "too_large", "/config/path", "'a.zip' is more than 10,000 bytes when it is unpacked"),
    ],
)  # fmt: skip
def test_refuses(
    context: Context, design: Context, monkeypatch: pytest.MonkeyPatch, members: list[Any], options: dict[str, Any],
    code: str, path: str, text: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(packed, "LARGEST", 10_000)
    pack(context, *members)
    for each in (context, design):
        with pytest.raises(NodeError) as error:
            DataLoader.configure({"source_type": "csv", "path": "a.zip", **options}).call({}, each)
        assert (error.value.code, error.value.path) == (code, path), error.value
        assert text in error.value.message
    assert not list(context.root.parent.rglob("evil.csv"))


@pytest.mark.parametrize("size", [200_000, 100])
def test_a_bomb_is_refused_by_its_ratio(context: Context, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Also where the archive says that it is small."""
    monkeypatch.setattr(packed, "SMALL", 50_000)
    pack(context, ("a.csv", b"a\n" + b"1" * 200_000))
    data = (context.root / "a.zip").read_bytes()
    (context.root / "a.zip").write_bytes(data.replace((200_002).to_bytes(4, "little"), size.to_bytes(4, "little")))
    with pytest.raises(NodeError) as error:
        DataLoader.configure({"source_type": "csv", "path": "a.zip"}).call({}, context)
    assert error.value.code in ("too_large", "unreadable_file")


@pytest.mark.parametrize("kind", ["csv", "xml", "yaml", "text", "geojson"])
def test_a_bomb_of_one_file(context: Context, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(packed, "SMALL", 50_000)
    monkeypatch.setattr(encodings, "SMALL", 50_000)
    (context.root / "a.gz").write_bytes(gzip.compress(b"<!--" + b" " * 10_000_000))
    options = {"encoding": "utf-16-le"} if kind == "csv" else {}
    start = time.monotonic()
    with pytest.raises(NodeError, match=r"'a.gz' is more than [\d,]+ bytes when it is unpacked") as error:
        DataLoader.configure({"source_type": kind, "path": "a.gz", **options}).call({}, context)
    assert error.value.code == "too_large"
    assert time.monotonic() - start < 5


def broken(data: bytes) -> list[bytes]:
    return [encrypted(data), data[:40], b"PK\3\4 no", bytes([*data[:34], 99, *data[35:]])]


@pytest.mark.parametrize("number", range(4))
def test_what_cannot_be_unpacked(context: Context, design: Context, number: int) -> None:
    pack(context, ("a.csv", CSV * 100))
    made = broken((context.root / "a.zip").read_bytes())[number]
    (context.root / "a.zip").write_bytes(made)
    for each in (context, design):
        with pytest.raises(NodeError) as error:
            DataLoader.configure({"source_type": "csv", "path": "a.zip"}).call({}, each)["result"].fetchall()
        assert error.value.code == "unreadable_file"
        assert ("password" in error.value.message) == (number == 0)
        assert "'a.zip'" in error.value.message


def test_a_session_without_a_folder(context: Context) -> None:
    pack(context, ("a.csv", CSV))
    bare = Context(context.session, context.root)
    assert DataLoader.configure({"source_type": "csv", "path": "a.zip"}).call({}, bare)["result"].fetchall() == [
        (1, "x")
    ]


def test_a_folder_that_is_called_like_an_archive(context: Context, load: Load) -> None:
    (context.root / "a.zip").mkdir()
    (context.root / "a.zip/b.csv").write_bytes(CSV)
    assert load(source_type="csv", path="a.zip/b.csv").fetchall() == [(1, "x")]


def test_what_is_no_archive(context: Context) -> None:
    (context.root / "a.csv").write_bytes(CSV)
    with pytest.raises(NodeError, match=r"'a.csv' cannot be unpacked") as error:
        DataLoader.configure({"source_type": "csv", "path": "a.csv", "inside": "x"}).call({}, context)
    assert error.value.code == "unreadable_file"


def test_two_members_have_their_own_columns(context: Context, design: Context, load: Load) -> None:
    pack(context, ("a.csv", CSV), ("b.csv", b"x\n1.5\n"))
    assert load(source_type="csv", path="a.zip/a.csv").columns == ["a", "b"]
    assert load(source_type="csv", path="a.zip/b.csv").fetchall() == [(1.5,)]
    assert load(source_type="csv", path="a.zip", inside="a.csv").columns == ["a", "b"]
