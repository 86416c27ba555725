"""The catalogue of node types."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from api import bodies
from api.openapi import body, problems
from api.requests import Offset, body_of
from api.system import Shared
from orchestrator import nodes, workflows

router = APIRouter(prefix="/api/nodes", tags=["nodes"])

Posted = Annotated[bodies.NodeToCheck, Depends(body_of(bodies.NodeToCheck))]
All = Annotated[int, Query(ge=0, le=1000, description="How many at most.")]


@router.get("/types", response_model=bodies.Page[bodies.NodeType])
def list_node_types(limit: All = 1000, offset: Offset = 0) -> dict[str, Any]:
    """Every node type, by category and title."""
    found = nodes.catalogue()
    return {"items": found[offset : offset + limit], "total": len(found)}


@router.get("/types/{type:name}", response_model=bodies.NodeType, responses=problems(404))
def get_node_type(type: str) -> dict[str, Any]:
    """One node type."""
    return nodes.describe(type)


@router.post(
    "/validate", response_model=bodies.Verdict, openapi_extra=body(bodies.NodeToCheck), responses=problems(400)
)
def validate_node(system: Shared, node: Posted) -> dict[str, Any]:
    """What is wrong with a node's settings, whatever it is wired to."""
    valid, found = nodes.judge_node(node.type, node.config, node.parameters, workflows.finder(system.catalog))
    return {"valid": valid, "problems": found}
