"""Settings as JSON Schema that a form can be built from."""

from collections.abc import Sequence
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue

SPELLED = {"crs": "CRS", "url": "URL", "s": "(s)", "mb": "(MB)", "id": "ID"}
WIDGETS = {"boolean": "checkbox", "integer": "number", "number": "number", "string": "text", "object": "map"}


class FormSchema(GenerateJsonSchema):
    """Every setting has a title of words, as `Timeout (s)` of `timeout_s`, an example, and a hint how it is edited."""

    def get_title_from_name(self, name: str) -> str:
        """The name as a person would write it."""
        words = " ".join(SPELLED.get(word, word) for word in name.split("_"))
        return words[:1].upper() + words[1:]

    def field_title_should_be_set(self, schema: object) -> bool:
        """Also one that is an object of its own, or one of several kinds."""
        return True

    def generate(self, schema: Any, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        """The schema of one model."""
        made = super().generate(schema, mode)
        _complete((made, *made.get("$defs", {}).values()))
        return made

    def generate_definitions(self, inputs: Sequence[Any]) -> Any:
        """The schemas of several models."""
        refs, made = super().generate_definitions(inputs)
        _complete(tuple(made.values()))
        return refs, made


def _complete(models: Sequence[JsonSchemaValue]) -> None:
    """Where a setting says neither, its default is the example, and its type the hint."""
    for model in models:
        for field in model.get("properties", {}).values():
            field.setdefault("x-ui", _hint(field))
            if (usual := _usual(field)) is not None:
                field.setdefault("examples", [usual])


def _hint(field: JsonSchemaValue) -> dict[str, Any]:
    if "x-ui" in field:
        said: dict[str, Any] = field["x-ui"]
        return said
    kinds: Sequence[JsonSchemaValue] = field.get("anyOf") or field.get("oneOf") or ()
    if options := [each for each in kinds if each.get("type") != "null"]:
        return _hint(options[0])
    if field.get("type") == "array":
        inner = _hint(field.get("items", {}))
        return {**inner, "widget": "columns"} if inner["widget"] == "column" else {"widget": "list"}
    if "$ref" in field or "properties" in field:
        return {"widget": "object"}
    if "enum" in field or "const" in field:
        return {"widget": "select"}
    return {"widget": WIDGETS.get(field.get("type", ""), "json")}


def _usual(field: JsonSchemaValue) -> Any:
    choices: Sequence[Any] = field.get("enum", ())
    chosen = field.get("const", choices[0] if choices else None)
    return chosen if field.get("default") is None else field["default"]
