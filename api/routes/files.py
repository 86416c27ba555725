"""Uploaded data below the data root."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api import bodies
from api.answers import Json
from api.downloads import Download
from api.openapi import problems
from api.requests import Limit, Offset, stated_length
from api.system import Shared
from api.uploads import receive
from orchestrator import files, layers
from orchestrator.errors import NodeError, TooLarge

router = APIRouter(prefix="/api/files", tags=["files"])

ONE = "/{path:below}"
FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "path": {"type": "string", "description": "Where it goes, below the data root; ends with `/` for a folder."},
    },
    "examples": [{"file": "carrier,delay\nAA,12\n", "path": "raw/flights.csv"}],
}
UPLOAD: dict[str, Any] = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": FORM}}}}
DOWNLOAD: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    206: {"description": "The range of it that was asked for."},
    304: {"description": "The client has it as it is."},
}


@router.post(
    "", status_code=201, response_model=files.FileInfo, openapi_extra=UPLOAD, responses=problems(400, 409, 413, 507)
)
async def upload_file(
    request: Request, system: Shared, overwrite: Annotated[bool, Query(description="Replace what is there.")] = False
) -> Response:
    """Store a file, as it comes in; others see it once it is whole."""
    limit = int(system.settings.max_upload)
    if stated_length(request) > limit + 2**20:
        raise TooLarge(f"A file is at most {limit:,} bytes (GRAPHMILL_MAX_UPLOAD).")
    with files.Upload(system.settings.data, limit) as upload:
        path = await receive(request, upload)
        stored = await run_in_threadpool(upload.finish, path, overwrite=overwrite)
    return Json(vars(stored), 201, {"Location": f"{router.prefix}/{quote(stored.path)}"})


@router.get("", response_model=bodies.Page[files.FileInfo], responses=problems(400, 404))
def list_files(
    system: Shared,
    folder: Annotated[str, Query(description="Only what is below this folder.")] = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> dict[str, Any]:
    """A page of the files below the data root, by path; a folder that is a dataset, such as `roads.gdb`, is one."""
    try:
        found = files.list_files(system.settings.data, folder)
    except NodeError as error:
        error.path = "/query/folder"
        raise
    return {"items": found[offset : offset + limit], "total": len(found)}


@router.get(ONE + "/layers", response_model=bodies.Page[bodies.LayerInfo], responses=problems(400, 404))
def list_layers(
    system: Shared,
    path: str,
    format: Annotated[
        str | None, Query(description="The `source_type` that reads it; what its name says by default.")
    ] = None,
) -> dict[str, Any]:
    """The tables of a file that `layer` or `sheet` may name, with their columns.

    To get a file that is called `layers`, write `%2F` before its name.
    """
    found = layers.layers(system.settings.data, path, format)
    return {"items": [vars(each) for each in found], "total": len(found)}


@router.get(ONE, response_class=Download, responses=DOWNLOAD | problems(400, 404, 416))
def download_file(system: Shared, path: str) -> Download:
    """The file, or the `Range` of it that is asked for."""
    found = files.find(system.settings.data, path)
    fresh = {"Cache-Control": "no-cache"}  # without it, a browser guesses how long an old file will do
    return Download(found, headers=fresh, media_type=files.media_type(found), filename=found.name)


@router.delete(ONE, status_code=204, responses=problems(400, 404))
def delete_file(system: Shared, path: str) -> None:
    """Delete a file, or a folder that is a dataset."""
    files.delete(system.settings.data, path)
