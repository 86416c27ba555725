"""Whether the system answers."""

from fastapi import APIRouter
from starlette.responses import Response

from api import bodies
from api.answers import Json
from api.system import Shared
from orchestrator.service.health import ready

router = APIRouter(tags=["health"])


@router.get("/healthz", response_model=bodies.Alive)
async def get_health() -> bodies.Alive:
    """This process is alive."""
    return bodies.Alive()


@router.get("/readyz", response_model=bodies.Ready, responses={503: {"model": bodies.Ready, "description": "Not all."}})
def get_readiness(system: Shared) -> Response:
    """Whether the database, Dagster's daemon and its code server answer, and which does not."""
    parts = ready(system.settings)
    return Json({"ready": all(parts.values()), "parts": parts}, 200 if all(parts.values()) else 503)
