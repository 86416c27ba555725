"""The web application: the only place that wires."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi import Depends, FastAPI
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware

from api import errors, openapi
from api.middleware import LOCAL_ORIGIN, Cors, Guard, Heads, Patient, Tracked, bind_ids
from api.paths import KeepSlashes
from api.routes import connections, executions, expressions, files, health, nodes, outputs, workflows
from api.system import System
from orchestrator import logs, memory
from orchestrator import nodes as nodes_of
from orchestrator.errors import GraphmillError
from orchestrator.settings import Settings
from orchestrator.settings import settings as of_environment
from orchestrator.workflows import judge

ROUTERS = (
    workflows.router, executions.router, outputs.router, nodes.router, expressions.router, files.router,
    connections.router, health.router,
)  # fmt: skip
EXPOSED = ["ETag", "Location", "X-Request-ID", "Content-Disposition", "Content-Range", "Retry-After"]

log = structlog.get_logger(__name__)


def served() -> FastAPI:
    """The API in a process of its own, which has an end to its memory."""
    logs.configure()  # before uvicorn's own first line
    memory.limit(of_environment().api_memory_limit)
    return create_app()


def create_app(settings: Settings | None = None) -> FastAPI:
    """The API. Nothing is opened before it starts to serve, and it starts without a database too: `/readyz` says so."""
    settings = settings or of_environment()
    app = FastAPIOffline(
        **openapi.ABOUT,
        lifespan=_lifespan,
        dependencies=[Depends(bind_ids)],
        responses=openapi.ANY_PROBLEM,
        middleware=_middleware(settings),
        redirect_slashes=False,
    )
    app.state.system = System(settings)
    for router in ROUTERS:
        app.include_router(router)
    errors.install(app, ROUTERS)
    openapi.install(app)
    return app


def _middleware(settings: Settings) -> list[Middleware]:
    said = settings.cors_origins
    pages: dict[str, Any] = {"allow_origins": said} if said else {"allow_origin_regex": LOCAL_ORIGIN}
    pages |= {"allow_methods": ["*"], "allow_headers": ["*"], "allow_private_network": True}
    return [
        Middleware(Tracked),
        Middleware(Cors, **pages, expose_headers=EXPOSED),
        Middleware(Patient),
        Middleware(Guard, settings=settings),
        Middleware(Heads),
        Middleware(KeepSlashes),
    ]


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    system: System = app.state.system
    logs.configure()
    warming = asyncio.create_task(run_in_threadpool(_warm, system))
    yield
    await warming
    await run_in_threadpool(system.close)


def _warm(system: System) -> None:
    """Load what the first calls would wait for. Calls that come meanwhile wait for the same."""
    try:
        nodes_of.catalogue()
        judge({"nodes": []})
        system.runs.list(limit=1)
    except (GraphmillError, *errors.UNANSWERED) as error:
        log.warning("started without all parts", error=str(error))
    except Exception:
        log.exception("started without all parts")
