"""Node types whose settings are those of a dataset format, flat beside their own."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar, Literal, Self, cast

from pydantic import Field, ValidationError, create_model
from pydantic.json_schema import models_json_schema
from pydantic_core import InitErrorDetails, PydanticCustomError

from orchestrator.errors import NodeError
from orchestrator.forms import FormSchema
from orchestrator.ops.base import Op
from orchestrator.suggest import listing, near


class ByFormat(Op):
    """Base of `data_loader` and `data_writer`: the field `chooser` says which format's fields are added.

    Each format makes a variant: a subclass of the node type and of the format's model at once. So every problem with an
    option lies directly below the config, and the editor gets one form per format. Where both have a field of one name,
    the format's counts.
    """

    chooser: ClassVar[str] = ""

    @classmethod
    def formats(cls) -> "dict[str, type[Any]]":
        """The formats to choose from, by name. Raises TypeError in a class without them."""
        raise TypeError(f"{cls.__name__} has no formats")

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """The variant that `chooser` names, from its settings.

        Raises:
            pydantic.ValidationError: each problem at its setting.
        """
        root = _root(cls)
        found = obj.get(cls.chooser) if isinstance(obj, Mapping) else None
        if not isinstance(found, str) or found not in root.formats():
            raise _refused(root, _unknown(root, obj, found))
        kind = variant(root, str(found))
        try:
            return cast("Self", super(ByFormat, kind).model_validate(obj, **options))
        except ValidationError as error:
            raise _explained(kind, str(found), error) from None

    @classmethod
    def config_schema(cls) -> dict[str, Any]:
        """One form per format, told apart by `chooser`, which comes first."""
        kinds = {name: variant(cls, name) for name in cls.formats()}
        refs, shared = models_json_schema(
            [(kind, "validation") for kind in kinds.values()], schema_generator=FormSchema
        )
        mapping = {name: refs[(kind, "validation")]["$ref"] for name, kind in kinds.items()}
        for ref in mapping.values():
            form = shared["$defs"][ref.rpartition("/")[2]]
            form["properties"] = {cls.chooser: None} | form["properties"]
        return {
            "title": cls.title,
            "description": cls.__doc__,
            "type": "object",
            "required": [cls.chooser],
            "discriminator": {"propertyName": cls.chooser, "mapping": mapping},
            "oneOf": [{"$ref": ref} for ref in mapping.values()],
            **shared,
        }


@lru_cache(maxsize=64)
def variant(root: type[ByFormat], name: str) -> type[ByFormat]:
    """The node type with one format's fields."""
    kind = root.formats()[name]
    own = root.model_fields[root.chooser]
    chooser = Field(
        description=own.description, examples=[name], title=kind.label, json_schema_extra={"x-ui": {"widget": "select"}}
    )
    made = create_model(  # type: ignore[call-overload]
        f"{root.__name__}_{name}",
        __base__=(root, kind),
        __doc__=kind.__doc__,
        __module__=root.__module__,
        **{key: (info.annotation, info) for key, info in kind.model_fields.items() if key in root.model_fields},
        **{root.chooser: (Literal[name], chooser)},
    )
    made.model_config["title"] = kind.label
    return cast("type[ByFormat]", made)


def _root(cls: type[ByFormat]) -> type[ByFormat]:
    return next(
        each
        for each in reversed(cls.__mro__)
        if issubclass(each, ByFormat) and "chooser" in vars(each) and each.chooser
    )


def _unknown(root: type[ByFormat], obj: Any, found: Any) -> InitErrorDetails:
    known = root.formats()
    if found is None:
        text = f"'{root.chooser}' is needed: {listing(known)}."
    else:
        text = f"'{found}' is not a format that can be used here.{near(str(found), known)}"
    kind = PydanticCustomError("unknown_format", "{text}", {"text": text})
    return InitErrorDetails(type=kind, loc=(root.chooser,), input=obj)


def _refused(root: type[ByFormat], *errors: InitErrorDetails) -> ValidationError:
    return ValidationError.from_exception_data(root.type, list(errors))


def _explained(kind: type[ByFormat], name: str, error: ValidationError) -> ValidationError:
    """The same problems; an option that the format does not have, with its near-miss."""
    made: list[InitErrorDetails] = []
    for each in error.errors(include_url=False):
        details = InitErrorDetails(type=each["type"], loc=each["loc"], input=each["input"], ctx=each.get("ctx", {}))
        if isinstance(details["ctx"].get("error"), NodeError):  # one of `settings.refuse`
            details["type"] = PydanticCustomError(each["type"], "{message}", details["ctx"])
        if each["type"] == "extra_forbidden":
            option = str(each["loc"][-1])
            text = f"'{option}' is not an option of {name}.{near(option, kind.model_fields)}"
            details["type"] = PydanticCustomError("unknown_option", "{text}", {"text": text})
        made.append(details)
    return _refused(kind, *made)
