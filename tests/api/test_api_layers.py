"""The layers, sheets and tables of files of the data root."""

import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import geopandas
import openpyxl
import pytest
from api_shape import problems_of
from starlette.testclient import TestClient


def test_the_layers_of_a_file(api: TestClient, data: Path) -> None:
    (data / "ü n").mkdir()
    frame = geopandas.GeoDataFrame({"n": [1, 2]}, geometry=geopandas.points_from_xy([1, 2], [3, 4]), crs="EPSG:4326")
    frame.to_file(data / "ü n" / "a.gpkg", layer="many", driver="GPKG")
    frame.head(0).to_crs("EPSG:3857").to_file(data / "ü n" / "a.gpkg", layer="none", driver="GPKG")
    said = api.get("/api/files/ü n/a.gpkg/layers").json()
    assert said["total"] == 2
    assert [
        (each["name"], each["geometry_type"], each["crs"], each["rows"], [column["name"] for column in each["columns"]])
        for each in said["items"]
    ] == [("many", "Point", "EPSG:4326", 2, ["n", "geom"]), ("none", "Unknown", "EPSG:3857", 0, ["n", "geom"])]
    (data / "a.csv").write_text("a,b\n1,x\n")
    columns = [{"name": "a", "type": "BIGINT", "nullable": True}, {"name": "b", "type": "VARCHAR", "nullable": True}]
    one = {"name": None, "geometry_type": None, "crs": None, "rows": None, "columns": columns}
    assert api.get("/api/files/a.csv/layers").json() == {"items": [one], "total": 1}
    assert api.get("/api/files/a.csv/layers?format=csv").json()["total"] == 1


def test_the_sheets_of_a_workbook(api: TestClient, data: Path) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("Zweites")
    book.save(data / "a.xlsx")
    assert [each["name"] for each in api.get("/api/files/a.xlsx/layers").json()["items"]] == ["Sheet", "Zweites"]


def test_the_tables_of_a_database_and_the_files_of_an_archive(api: TestClient, data: Path) -> None:
    with closing(sqlite3.connect(data / "a.db")) as connection:
        connection.execute("CREATE TABLE one (a)")
        connection.execute("CREATE VIEW two AS SELECT * FROM one")
    with zipfile.ZipFile(data / "a.zip", "w") as file:
        for name in ("in/é.csv", ".hidden", "__MACOSX/in/é.csv"):
            file.writestr(name, "a\n1\n")
    for path, names in (("a.db", ["one", "two"]), ("a.zip", ["in/é.csv"])):
        found = api.get(f"/api/files/{path}/layers").json()
        assert ([each["name"] for each in found["items"]], found["total"]) == (names, len(names))
    (data / "b.zip").write_bytes(b"no archive")
    problems_of(api.get("/api/files/b.zip/layers"), 400, "unreadable_file")


def test_a_file_called_layers(api: TestClient, data: Path) -> None:
    (data / "a").mkdir()
    (data / "a" / "layers").write_text("x")
    assert api.get("/api/files/a%2Flayers").content == b"x"
    problems_of(api.get("/api/files/a/layers"), 400, "unreadable_file")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("none.gpkg", 404, "file_not_found"), ("..%2Fa.gpkg", 400, "path_not_allowed"),
        ("a.unknown", 400, "unreadable_file"), ("a.gpkg", 400, "unreadable_file"), ("f.csv", 400, "unreadable_file"),
    ],
)  # fmt: skip
def test_layers_that_cannot_be_listed(api: TestClient, data: Path, path: str, status: int, code: str) -> None:
    (data / "a.unknown").write_text("x")
    (data / "a.gpkg").write_text("<OGRVRTDataSource/>")
    (data / "f.csv").mkdir()
    problems_of(api.get(f"/api/files/{path}/layers"), status, code)
    (wrong,) = problems_of(api.get("/api/files/a.unknown/layers?format=cvs"), 400, "invalid_request")
    assert wrong["path"] == "/query/format"
    problems_of(api.get("/api/files/a.unknown/layers?format=api"), 400, "invalid_request")
