"""What a connection is: settings, some of them secret, and a way to ask."""

from collections.abc import Mapping, Sequence
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, PrivateAttr, SecretStr

from orchestrator.forms import FormSchema
from orchestrator.secrets import MASK

if TYPE_CHECKING:
    from orchestrator.ops.base import Context, Relation


class Connection(BaseModel):
    """Base of all kinds. Fields of type `SecretStr` are stored encrypted and never shown.

    `place` names the fields that say where secrets are sent: where one of them changes, secrets must be given anew.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    kind: ClassVar[str] = ""
    label: ClassVar[str] = ""
    schemes: ClassVar[tuple[str, ...]] = ()
    place: ClassVar[tuple[str, ...]] = ()

    _trusted: bool = PrivateAttr(False)

    @classmethod
    def described(cls) -> dict[str, Any]:
        """The kind for an editor's form: `kind`, `title`, `description`, and its settings as JSON Schema 2020-12."""
        said = {"kind": cls.kind, "title": cls.label, "description": cleandoc(cls.__doc__ or "")}
        return {**said, "config_schema": cls.model_json_schema(schema_generator=FormSchema)}

    @classmethod
    def from_url(cls, url: str) -> Self:
        """A connection from a URL of the environment, which may lead anywhere.

        Raises:
            NodeError: `invalid_setting`.
        """
        raise TypeError(f"{cls.__name__} has no from_url")

    def public(self) -> dict[str, Any]:
        """The settings as they may be shown: `***` for a secret."""
        return {key: MASK if isinstance(value, SecretStr) else value for key, value in self}

    def secrets(self) -> dict[str, str]:
        """The secrets in clear, by field."""
        return {key: value.get_secret_value() for key, value in self if isinstance(value, SecretStr)}

    def with_secrets(self, secrets: Mapping[str, str]) -> Self:
        """The same with these secrets."""
        return self.model_copy(update={key: SecretStr(value) for key, value in secrets.items()})

    def leads_to(self, other: "Connection") -> bool:
        """Whether secrets go to the same place."""
        return type(self) is type(other) and all(getattr(self, each) == getattr(other, each) for each in self.place)

    def check(self) -> str:
        """Connect, and say in a sentence what answers.

        Raises:
            NodeError: `connection_failed`, `address_not_allowed`.
        """
        raise TypeError(f"{type(self).__name__} has no check")

    def rows(
        self, query: str, values: Sequence[Any], context: "Context", *, crs: str | None = None, timeout_s: float = 0
    ) -> "Relation":
        """The answer to one SELECT in a transaction that can only read; in design its columns, without a row.

        `$1`, `$2`, … stand for the values. `crs` is for geometry whose type does not say its system.

        Raises:
            NodeError: `connection_failed`, or what is wrong with the query.
        """
        raise TypeError(f"{type(self).__name__} cannot be asked")
