"""What came out of a run's ports: pages, downloads, profiles."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api import bodies
from api.answers import Json
from api.downloads import Pieces, attachment
from api.negotiation import best
from api.openapi import problems
from api.system import Shared
from orchestrator.preview import MEDIA_TYPES, Profile, download, page, profile

router = APIRouter(prefix="/api/executions/{execution_id:name}", tags=["outputs"])

ONE = "/nodes/{node_id:name}/outputs/{port:name}"
NAMED = "/outputs/{name:name}"
PAGE = "application/json"
OFFERED = (PAGE, *MEDIA_TYPES)
EXTENSIONS = {"arrow": "arrows"}
BINARY = {"schema": {"type": "string", "format": "binary"}}
DOWNLOADS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A page of rows, or the table as a file.",
        "content": dict.fromkeys(MEDIA_TYPES, BINARY),
    }
}
Format = Annotated[str | None, Query(description="Instead of `Accept`: `json`, `geojson`, `csv`, …")]
Count = Annotated[
    int | None, Query(ge=0, le=2**53, description="Rows at most; a page has 100, or up to 10,000; a download all.")
]


class Rows:
    """Which rows of a table are wanted, in which order."""

    def __init__(
        self,
        *,
        limit: Count = None,
        offset: Annotated[int, Query(ge=0, le=2**53, description="Rows to leave out at the start.")] = 0,
        sort: Annotated[str | None, Query(description="Columns with commas, `-` before one that descends.")] = None,
        where: Annotated[str | None, Query(description="An expression that is true for the rows to take.")] = None,
    ) -> None:
        self.limit = limit
        self.wanted: dict[str, Any] = {"offset": offset, "sort": sort, "where": where}


@router.get(ONE, response_model=bodies.TablePage, responses=DOWNLOADS | problems(400, 404, 406))
def get_output(
    request: Request,
    system: Shared,
    rows: Annotated[Rows, Depends()],
    *,
    execution_id: str,
    node_id: str,
    port: str,
    format: Format = None,
) -> Response:
    """A page of what came out of a port; or all of it as GeoJSON, CSV, Parquet or an Arrow stream."""
    path = system.runs.table(execution_id, node_id, port)
    return _answer(request, path, f"{node_id}-{port}", rows, format)


@router.get(NAMED, response_model=bodies.TablePage, responses=DOWNLOADS | problems(400, 404, 406))
def get_named_output(
    request: Request,
    system: Shared,
    rows: Annotated[Rows, Depends()],
    *,
    execution_id: str,
    name: str,
    format: Format = None,
) -> Response:
    """A page of what an `output` node gives under a name; or all of it as GeoJSON, CSV, Parquet or an Arrow stream."""
    return _answer(request, system.runs.output(execution_id, name), name, rows, format)


def _answer(request: Request, path: Path, called: str, rows: Rows, format: str | None) -> Response:
    chosen = format or MEDIA_TYPES.get(best(request.headers.get("accept"), OFFERED), "json")
    if chosen == "json":
        found = page(path, limit=100 if rows.limit is None else rows.limit, **rows.wanted)
        return Json(found, headers={"Vary": "Accept"})
    pieces = download(path, chosen, limit=rows.limit, **rows.wanted)
    media = next(each for each, name in MEDIA_TYPES.items() if name == chosen)
    file = attachment(f"{called}.{EXTENSIONS.get(chosen, chosen)}")
    return Pieces(pieces, 200, {"Vary": "Accept", "Content-Disposition": file}, media)


@router.get(ONE + "/profile", response_model=Profile, responses=problems(404))
def get_profile(system: Shared, execution_id: str, node_id: str, port: str) -> Response:
    """What is in each column: nulls, distinct and most frequent values, extremes, mean; of geometry its kinds."""
    return Json(profile(system.runs.table(execution_id, node_id, port)))
