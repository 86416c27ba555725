import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
from jsonschema import Draft202012Validator

from orchestrator.errors import NodeError
from orchestrator.formats import Writer, readers, writers
from orchestrator.formats.atomic import replacing
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader
from orchestrator.ops.data_writer import DataWriter
from orchestrator.tables import Session


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    root, scratch = tmp_path / "data", tmp_path / "run"
    root.mkdir()
    scratch.mkdir()
    with Session([scratch, root]) as session:
        yield Context(session, root, scratch)


def write(context: Context, query: str, **config: Any) -> list[Any]:
    table = context.session.connection.sql(query)
    node = DataWriter.configure({"target_type": "csv", "path": "a.csv", **config})
    return node.call({"table": table}, context)["result"].fetchall()


def test_modes(context: Context) -> None:
    file = context.root / "a.csv"
    assert write(context, "SELECT 1 AS a", mode="error") == [(1,)]
    with pytest.raises(NodeError, match="is there already") as error:
        write(context, "SELECT 2 AS a", mode="error")
    assert (error.value.code, error.value.path) == ("file_exists", "/config/path")
    assert file.read_text() == "a\n1\n"
    assert write(context, "SELECT 2 AS b, 3 AS a", mode="append") == [(2, 3)]
    assert file.read_text() == "a,b\n1,\n3,2\n"
    assert context.notes["rows_written"] == 1
    assert write(context, "SELECT 4 AS c", mode="overwrite") == [(4,)]
    assert file.read_text() == "c\n4\n"


@pytest.mark.parametrize(
    ("path", "code", "text"),
    [
        ("../a.csv", "path_not_allowed", "no '..'"),
        ("/tmp/a.csv", "path_not_allowed", "relative to the data root"),
        ("folder", "path_not_allowed", "'folder' is a folder: name a file."),
        ("file.csv/a.csv", "path_not_allowed", "'file.csv/a.csv' is below a file: name a folder."),
        ("out/a.xlsx", "wrong_extension", "'out/a.xlsx' ends like excel, and csv is written (.csv)."),
        ("a.osm.pbf", "wrong_extension", "'a.osm.pbf' ends like osm_pbf, and csv is written (.csv)."),
        ("a.ZIP", "wrong_extension", "'a.ZIP' ends like an archive, and csv is written (.csv)."),
    ],
)
@pytest.mark.parametrize("design", [True, False])
def test_refuses(context: Context, path: str, code: str, text: str, design: bool) -> None:
    (context.root / "folder").mkdir()
    (context.root / "file.csv").write_text("a\n1\n")
    with pytest.raises(NodeError) as error:
        write(Context(context.session, context.root, context.scratch, design=design), "SELECT 1 AS a", path=path)
    assert (error.value.code, error.value.path) == (code, "/config/path")
    assert text in error.value.message
    assert len(list(context.root.rglob("*"))) == 2


@pytest.mark.parametrize(
    ("kind", "path"), [("excel", "a.ods"), ("excel", "a.xls"), ("text", "a.txt.gz"), ("xml", "a.xml.gz")]
)
def test_names_that_are_only_read(context: Context, kind: str, path: str) -> None:
    with pytest.raises(NodeError, match="which is only read") as error:
        write(context, "SELECT 'x' AS a", target_type=kind, path=path)
    assert error.value.code == "wrong_extension"


def test_names_that_say_nothing(context: Context) -> None:
    write(context, "SELECT 1 AS a", path="export.data")
    assert (context.root / "export.data").read_text() == "a\n1\n"


def point(context: Context, crs: str) -> Relation:
    return context.session.from_frame(geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(1, 2)], crs=crs))


@pytest.mark.parametrize(
    ("made", "config", "code", "text", "fails"),
    [
        (1, {"mode": "error"}, "file_exists", "'a.csv' is there already", True),
        (1, {"mode": "append", "path": "b.xlsx", "target_type": "excel"}, "unreadable_file", "'b.xlsx'", True),
        (
            "'x'",
            {"mode": "append", "path": "d.parquet", "target_type": "parquet"},
            "format_changes",
            "'a' (DATE) becomes VARCHAR, in all its rows",
            False,
        ),
        (None, {"mode": "append", "path": "c.gpkg", "target_type": "geopackage"}, "crs_mismatch", "is in WGS 84", True),
    ],
)
def test_what_would_fail_is_told_before(
    context: Context, made: Any, config: dict[str, Any], code: str, text: str, fails: bool
) -> None:
    """As a warning: until the run, the file may be another."""
    write(context, "SELECT 1 AS a")
    write(context, "SELECT DATE '2024-01-01' AS a", path="d.parquet", target_type="parquet")
    (context.root / "b.xlsx").write_text("no workbook")
    to_c = DataWriter.configure({"path": "c.gpkg", "target_type": "geopackage"})
    to_c.call({"table": point(context, "EPSG:4326")}, context)
    node = DataWriter.configure({"target_type": "csv", "path": "a.csv", **config})
    with Session([context.root]) as session:
        design = Context(session, context.root, design=True)
        table = point(design, "EPSG:3857") if made is None else session.connection.sql(f"SELECT {made} AS a")
        node.call({"table": table}, design)
        (warning,) = [each for each in design.warnings if each.code == code]
        assert text in warning.message
        assert warning.hint
    table = point(context, "EPSG:3857") if made is None else context.session.connection.sql(f"SELECT {made} AS a")
    with pytest.raises(NodeError) if fails else nullcontext() as error:
        node.call({"table": table}, context)
    assert error is None or error.value.code == code


def test_what_can_be_added_is_not_warned_of(context: Context) -> None:
    write(context, "SELECT 1 AS a")
    with Session([context.root]) as session:
        design = Context(session, context.root, design=True)
        write(design, "SELECT 2 AS b, 'x' AS a", mode="append")
        assert design.warnings == []


def test_a_file_written_over_itself(context: Context) -> None:
    (context.root / "a.csv").write_text("a\n1\n2\n3\n")
    table = DataLoader.configure({"source_type": "csv", "path": "a.csv"}).call({}, context)["result"].filter("a > 1")
    node = DataWriter.configure({"target_type": "csv", "path": "a.csv"})
    assert node.call({"table": table}, context)["result"].fetchall() == [(2,), (3,)]
    assert (context.root / "a.csv").read_text() == "a\n2\n3\n"


def test_a_failed_run_leaves_no_folder_behind(context: Context) -> None:
    with pytest.raises(Exception, match="Could not convert"):
        write(context, "SELECT 'x'::VARCHAR::INTEGER AS a", path="new/folder/a.csv")
    assert list(context.root.iterdir()) == []


def test_two_writers_of_one_file(context: Context) -> None:
    def run(number: int) -> None:
        with Session([context.root]) as session:
            write(Context(session, context.root), f"SELECT {number} AS a FROM range(100000)")

    threads = [threading.Thread(target=run, args=(number,)) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = (context.root / "a.csv").read_text().split()
    assert len(lines) == 100_001
    assert len(set(lines[1:])) == 1
    assert os.listdir(context.root) == ["a.csv"]


KILLED = """
import os, sys
from pathlib import Path
from orchestrator.formats.atomic import replacing
with replacing(Path(sys.argv[1]), lambda path: [path]) as place:
    place.write_text("half")
    os.kill(os.getpid(), 9)
"""


def test_what_a_killed_process_has_left_is_removed_by_the_next(context: Context) -> None:
    target = context.root / "a [1].csv"
    subprocess.run([sys.executable, "-c", KILLED, str(target)], check=False, cwd=Path(__file__).parents[2])
    (left,) = context.root.iterdir()
    with replacing(target, lambda path: [path]) as living:
        assert left.exists()  # it may have been made this moment
        for each in (left, living.parent):
            os.utime(each, (0, 0))
        write(context, "SELECT 1 AS a", path=target.name)
        assert {target, living.parent} == set(context.root.iterdir())
        living.write_text("whole")
    assert list(context.root.iterdir()) == [target]
    assert target.read_text() == "whole"


FULL = """
import json, resource, sys
from pathlib import Path
from orchestrator.errors import NodeError
from orchestrator.ops.base import Context
from orchestrator.ops.data_writer import DataWriter
from orchestrator.tables import Session

def left_by(config, more, root):
    root.mkdir()
    node, context = DataWriter.configure(config), Context(session := Session([root]), root)
    node.call({"table": session.connection.sql("SELECT 1 AS a" + more)}, context)
    old = {file: file.read_bytes() for file in root.iterdir()}
    rows = f"SELECT md5(range::VARCHAR) || md5((range + 7)::VARCHAR) AS a{more} FROM range(60000)"
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, NONE))
    try:
        node.call({"table": session.connection.sql(rows)}, context)
    except NodeError as error:
        assert {file: file.read_bytes() for file in root.iterdir()} == old
        assert session.connection.sql("SELECT 1").fetchall() == [(1,)]  # free for other nodes of the run
        return error.code
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (NONE, NONE))

NONE = resource.RLIM_INFINITY
for kind, config, more in json.loads(sys.argv[1]):
    print(json.dumps([kind, left_by(config, more, Path(sys.argv[2]) / kind)]), flush=True)
"""
GEOMETRY = ", 'POINT (1 2)'::GEOMETRY('OGC:CRS84') AS geometry"


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """The system refuses any file over 500,000 bytes; the node says so and the old files are whole."""
    cases = []
    for kind in sorted(name for name, kind in writers().items() if issubclass(kind, Writer)):
        shape = kind in ("geoparquet", "geopackage") or getattr(readers()[kind], "driver", "")
        config = {"target_type": kind, "path": f"a{writers()[kind].extensions[0]}"}
        config |= {"fields": [{"name": "a", "width": 64}]} if kind == "fixed_width" else {}
        cases.append([kind, config, GEOMETRY if shape else ""])
    command = [sys.executable, "-c", FULL, json.dumps(cases), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    said = dict(json.loads(line) for line in done.stdout.splitlines())
    assert said == {kind: "disk_full" for kind, _, _ in cases}, done.stderr


def test_the_schema_has_a_form_for_each_format() -> None:
    schema = DataWriter.config_schema()
    Draft202012Validator.check_schema(schema)
    assert set(schema["discriminator"]["mapping"]) == set(writers())
    forms = [schema["$defs"][ref.rpartition("/")[2]] for ref in schema["discriminator"]["mapping"].values()]
    assert {next(iter(form["properties"])) for form in forms} == {"target_type"}
    assert Draft202012Validator(schema).is_valid({"target_type": "csv", "path": "a.csv", "mode": "append"})
    assert not Draft202012Validator(schema).is_valid({"target_type": "csv", "path": "a.csv", "mode": "upsert"})
