"""Files over HTTP: whole or not at all, and never outside the data root."""

import os
from pathlib import Path

import pytest
from api_shape import problems_of
from starlette.testclient import TestClient

BOUNDARY = "xxBOUNDARYxx"


def left(data: Path) -> set[str]:
    return {each.relative_to(data).as_posix() for each in data.rglob("*") if not each.is_dir()}


def parts(*given: tuple[str, bytes]) -> bytes:
    made = b"".join(f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + text + b"\r\n" for head, text in given)
    return made + f"--{BOUNDARY}--\r\n".encode()


def disposition(name: str, more: str = "") -> str:
    return f'Content-Disposition: form-data; name="{name}"{more}'


def send(api: TestClient, body: bytes, **more: str):  # type: ignore[no-untyped-def]
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"} | more
    return api.post("/api/files", content=body, headers=headers)


def test_a_file_goes_in_and_comes_out(api: TestClient, data: Path) -> None:
    text = b"a,b\n1,2\n"
    answer = api.post("/api/files", files={"file": ("flights.csv", text)})
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == "/api/files/flights.csv"
    assert made | {"modified_at": ""} == {
        "name": "flights.csv", "path": "flights.csv", "size": 8, "modified_at": "", "type": "text/csv", "format": "csv",
    }  # fmt: skip
    assert made["modified_at"].endswith("Z")
    assert api.get("/api/files").json() == {"items": [made], "total": 1}
    got = api.get("/api/files/flights.csv")
    assert got.content == text
    assert got.headers["content-type"].startswith("text/csv")
    assert got.headers["content-disposition"] == 'attachment; filename="flights.csv"'
    assert api.delete("/api/files/flights.csv").status_code == 204
    problems_of(api.get("/api/files/flights.csv"), 404, "file_not_found")
    problems_of(api.delete("/api/files/flights.csv"), 404, "file_not_found")


@pytest.mark.parametrize(
    ("path", "stored"),
    [
        ("raw/2026/flights.csv", "raw/2026/flights.csv"), ("raw/", "raw/own.csv"), ("ü ñ/#?%2F.csv", "ü ñ/#?%2F.csv"),
        ("./a.csv", "a.csv"), ("a\\b.csv", "a/b.csv"), ("a\nb.csv", "a\nb.csv"),
    ],
)  # fmt: skip
def test_the_path_that_is_wanted(api: TestClient, data: Path, path: str, stored: str) -> None:
    answer = api.post("/api/files", files={"file": ("own.csv", b"x")}, data={"path": path})
    assert answer.json()["path"] == stored
    assert left(data) == {stored}
    assert api.get(answer.headers["location"]).content == b"x"
    assert api.delete(answer.headers["location"]).status_code == 204


@pytest.mark.parametrize(
    ("name", "stored"), [("C:\\me\\flights.csv", "flights.csv"), ("/etc/passwd", "passwd"), ("../x.csv", "x.csv")]
)
def test_a_browsers_whole_path_is_cut_to_the_name(api: TestClient, data: Path, name: str, stored: str) -> None:
    body = parts((disposition("file", f'; filename="{name}"'), b"x"))
    assert send(api, body).json()["path"] == stored


@pytest.mark.parametrize(
    "path",
    ["../x.csv", "/etc/x.csv", "a/../../x.csv", "C:/x.csv", "out/x.csv", ".hidden", "a/.b/c", ".x.part", "...",
     "n" * 300, "a/" * 3000 + "b"],
)  # fmt: skip
def test_paths_that_are_not_allowed(api: TestClient, data: Path, tmp_path: Path, path: str) -> None:
    (data / "out").symlink_to(tmp_path)
    answer = api.post("/api/files", files={"file": ("own.csv", b"x")}, data={"path": path})
    problems_of(answer, 400, "path_not_allowed")
    assert left(data) <= {"out"}
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", ["..%2Fsecret", "%2E%2E/secret", "out/secret", "%2Fetc%2Fpasswd", ".part", "inner"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_what_cannot_be_reached(api: TestClient, data: Path, tmp_path: Path, path: str, method: str) -> None:
    (tmp_path / "secret").write_text("secret")
    (data / "out").symlink_to(tmp_path)
    (data / "inner").symlink_to(tmp_path / "secret")
    (data / ".part").write_text("half")
    problems_of(api.request(method, f"/api/files/{path}"), 400, "path_not_allowed")
    assert (tmp_path / "secret").exists()
    assert (data / ".part").exists()
    assert api.get("/api/files").json() == {"items": [], "total": 0}


def test_a_link_inside_loses_only_itself(api: TestClient, data: Path) -> None:
    (data / "real.csv").write_text("x")
    (data / "link.csv").symlink_to(data / "real.csv")
    assert {each["path"] for each in api.get("/api/files").json()["items"]} == {"real.csv", "link.csv"}
    assert api.delete("/api/files/link.csv").status_code == 204
    assert left(data) == {"real.csv"}


def test_a_file_that_is_there_stays(api: TestClient, data: Path) -> None:
    (data / "a.csv").write_text("old")
    (data / "folder").mkdir()
    problems_of(api.post("/api/files", files={"file": ("a.csv", b"new")}), 409, "file_exists")
    problems_of(api.post("/api/files", files={"file": ("folder", b"new")}), 409, "file_exists")
    problems_of(api.post("/api/files?overwrite=true", files={"file": ("folder", b"new")}), 409, "file_exists")
    problems_of(
        api.post("/api/files", files={"file": ("b", b"new")}, data={"path": "a.csv/b"}), 400, "path_not_allowed"
    )
    assert (data / "a.csv").read_text() == "old"
    assert api.post("/api/files?overwrite=true", files={"file": ("a.csv", b"new")}).status_code == 201
    assert (data / "a.csv").read_text() == "new"
    assert left(data) == {"a.csv"}


def test_a_folder_is_no_file(api: TestClient, data: Path) -> None:
    (data / "folder").mkdir()
    problems_of(api.get("/api/files/folder"), 400, "not_a_file")
    problems_of(api.delete("/api/files/folder"), 400, "not_a_file")


def test_the_list(api: TestClient, data: Path) -> None:
    for name in ("b.csv", "a/c.geojson", "a/d.parquet", "a/e.unknown"):
        (data / name).parent.mkdir(exist_ok=True)
        (data / name).write_text("x")
    (data / "a" / os.fsdecode(b"\xff.csv")).write_text("x")
    said = api.get("/api/files").json()
    assert [each["path"] for each in said["items"]] == ["a/c.geojson", "a/d.parquet", "a/e.unknown", "b.csv"]
    page = api.get("/api/files", params={"folder": "a", "limit": 1, "offset": 1}).json()
    assert page == {"items": [said["items"][1]], "total": 3}
    problems_of(api.get("/api/files?folder=.."), 400, "path_not_allowed")
    problems_of(api.get("/api/files?folder=none"), 404, "file_not_found")
    for file in ("b.csv", "./a/c.geojson", "b.csv/"):
        (found,) = problems_of(api.get("/api/files", params={"folder": file}), 400, "path_not_allowed")
        assert (found["message"], found["path"]) == (f"'{file}' is a file, not a folder.", "/query/folder")


def test_a_folder_that_is_a_dataset_is_one_entry(api: TestClient, data: Path) -> None:
    (data / "in" / "Roads.gdb").mkdir(parents=True)
    for name in ("gdb", "a00000001.gdbtable"):
        (data / "in" / "Roads.gdb" / name).write_bytes(b"1234")
    (data / "in" / "linked.gdb").symlink_to("/etc")
    (data / "in" / "Roads.gdb" / ".lock").symlink_to("nowhere")
    (found,) = api.get("/api/files").json()["items"]
    assert (found["path"], found["size"], found["format"]) == ("in/Roads.gdb", 15, "file_geodatabase")
    inside = api.get("/api/files", params={"folder": "in/Roads.gdb"}).json()["items"]
    assert [each["path"] for each in inside] == ["in/Roads.gdb/a00000001.gdbtable", "in/Roads.gdb/gdb"]
    assert api.get("/api/files/in/Roads.gdb").status_code == 400
    assert api.delete("/api/files/in/linked.gdb").status_code == 400
    assert api.delete("/api/files/in/Roads.gdb").status_code == 204
    assert left(data) == set()
    assert Path("/etc").is_dir()


def test_part_of_a_file(api: TestClient, data: Path) -> None:
    (data / "a.txt").write_bytes(b"0123456789")
    assert api.get("/api/files/a.txt").headers["cache-control"] == "no-cache"
    got = api.get("/api/files/a.txt", headers={"Range": "bytes=2-4"})
    assert (got.status_code, got.content, got.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    assert api.get("/api/files/a.txt", headers={"Range": "bytes=-3"}).content == b"789"
    problems_of(api.get("/api/files/a.txt", headers={"Range": "bytes=99-"}), 416)
    problems_of(api.get("/api/files/a.txt", headers={"Range": "bytes=x"}), 400)
    for unknown in ("lines=1-2", "rows=0-", "Bytesx=2-4"):
        got = api.get("/api/files/a.txt", headers={"Range": unknown})
        assert (got.status_code, got.content) == (200, b"0123456789")
    head = api.head("/api/files/a.txt", headers={"Range": "bytes=2-4"})
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "10", b"")


def test_a_client_that_has_a_file_as_it_is_gets_no_other(api: TestClient, data: Path) -> None:
    (data / "kept.txt").write_bytes(b"old")
    tag = api.get("/api/files/kept.txt").headers["etag"]
    for said in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        same = api.get("/api/files/kept.txt", headers={"If-None-Match": said, "Range": "bytes=0-1"})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    (data / "kept.txt").write_bytes(b"newer")
    assert api.get("/api/files/kept.txt", headers={"If-None-Match": tag}).content == b"newer"


def test_a_file_larger_than_what_is_read_at_once(api: TestClient, data: Path) -> None:
    content = os.urandom(2_900_000)
    assert api.post("/api/files", files={"file": ("big.bin", content)}).json()["size"] == len(content)
    assert (data / "big.bin").read_bytes() == content


@pytest.mark.parametrize("size", [3_000_001, 5_000_000])
@pytest.mark.parametrize("stated", [True, False])
def test_a_file_over_the_limit_leaves_nothing(api: TestClient, data: Path, size: int, stated: bool) -> None:
    body = parts((disposition("file", '; filename="a.bin"'), b"x" * size))
    chunks = body if stated else (body[at : at + 100_000] for at in range(0, len(body), 100_000))
    problems_of(send(api, chunks), 413, "too_large")  # type: ignore[arg-type]
    assert left(data) == set()


FILE = disposition("file", '; filename="a.csv"')


@pytest.mark.parametrize(
    "body",
    [
        b"", b"not multipart", parts(), parts((FILE, b"x"))[:-20], parts((disposition("file"), b"x")),
        parts((disposition("path"), b"a.csv")), parts((FILE, b"x"), (FILE, b"y")),
        parts((FILE, b"x"), (disposition("path"), b"p" * 9000)), parts((disposition("file", '; filename=""'), b"x")),
        parts(("No-Disposition: 1", b"x")),
    ],
)  # fmt: skip
def test_what_is_no_upload(api: TestClient, data: Path, body: bytes) -> None:
    problems_of(send(api, body), 400, "invalid_request")
    assert left(data) == set()


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "multipart/form-data",
        "text/plain",
        "",
        "multipart/form-data; boundary=",
        f"multipart/form-data; boundary={'b' * 300}",
    ],
)
def test_a_body_that_is_no_form(api: TestClient, data: Path, kind: str) -> None:
    problems_of(send(api, b"{}", **{"Content-Type": kind}), 400, "invalid_request")
    assert left(data) == set()
