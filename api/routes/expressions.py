"""Expressions, as a person writes them: judged, and the functions there are."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from api.bodies import Page
from api.expression_bodies import ExpressionToCheck, ExpressionVerdict, Function
from api.openapi import body, problems
from api.requests import Limit, Offset, body_of
from api.system import Shared
from orchestrator import expression_help, workflows

router = APIRouter(prefix="/api/expressions", tags=["expressions"])

Posted = Annotated[ExpressionToCheck, Depends(body_of(ExpressionToCheck))]


@router.post(
    "/check",
    response_model=ExpressionVerdict,
    openapi_extra=body(ExpressionToCheck),
    responses=problems(400, 404, 413),
)
def check_expression(system: Shared, asked: Posted) -> expression_help.Verdict:
    """Whether an expression is right, where it is wrong, its type, and its values on the first rows of a table."""
    stored = system.runs.table(**asked.stored.model_dump()) if asked.stored else None
    find = workflows.finder(system.catalog)
    place = expression_help.Place(asked.node_id, asked.port)
    origin = expression_help.origin(asked.columns, asked.workflow, place, asked.parameters, find)
    return expression_help.judge_expression(asked.expression, *origin, stored)


@router.get("/functions", response_model=Page[Function])
def list_functions(
    search: Annotated[str, Query(description="A part of the name or the description, in any case.")] = "",
    category: Annotated[str, Query(description="Such as `string`, `date`, `list`, `operator`.")] = "",
    limit: Limit = 1000,
    offset: Offset = 0,
) -> dict[str, Any]:
    """The functions that expressions may use: those with this name first, else by name."""
    found = expression_help.functions(search, category)
    return {"items": found[offset : offset + limit], "total": len(found)}
