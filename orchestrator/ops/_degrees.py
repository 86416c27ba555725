"""Warnings of lengths in degrees: a hundred of them are more than a quarter of the Earth, not a hundred metres."""

from orchestrator.crs import parse, title
from orchestrator.ops.base import Context

FAR = 10  # degrees, some 1,100 km: nobody means to move a boundary so far


def far_in_degrees(context: Context, crs: str | None, setting: str, length: float, remedy: str) -> None:
    """Warn in design of a length (in the unit of the system `crs`) that can hardly be meant in degrees."""
    if abs(length) >= FAR and (system := _system(context, crs)):
        message = f"'{setting}' is {length:g} degrees here: the geometry is in {system}."
        context.warn(message, code="in_degrees", hint=remedy, path=f"/config/{setting}")


def counted_in_degrees(context: Context, crs: str | None, what: str, path: str, remedy: str) -> None:
    """Warn in design of a measure (`what`, such as "The area") that comes out in degrees."""
    if system := _system(context, crs):
        squared = "square " if "area" in what else ""
        message = f"{what} comes out in {squared}degrees: the geometry is in {system}."
        context.warn(message, code="in_degrees", hint=remedy, path=path)


def _system(context: Context, crs: str | None) -> str | None:
    """The name of the system in design, if it counts in degrees."""
    if not context.design or crs is None:
        return None
    found = parse(crs)
    return title(crs) if found.is_geographic and found.axis_info[0].unit_name == "degree" else None
