"""What goes in and out of `/api/connections`, as models. Their examples are in `api/examples.py`."""

from typing import Any, Literal

from pydantic import BaseModel, Field, JsonValue, field_validator

from orchestrator.connections import NAME, Connection, kinds


class ConnectionSettings(BaseModel):
    """A connection's kind and settings. Of a stored one, `***` keeps a secret."""

    kind: Literal["postgresql"] = Field(description="What it leads to.")
    config: dict[str, JsonValue] = Field(description="The settings of that kind.")

    @field_validator("config")
    @classmethod
    def _fits(cls, config: dict[str, Any], info: Any) -> dict[str, Any]:
        if "kind" in info.data:
            kinds()[info.data["kind"]].model_validate(config)
        return config

    def connection(self) -> Connection:
        """The connection that they describe."""
        return kinds()[self.kind].model_validate(self.config)


class NewConnection(ConnectionSettings):
    """A connection to be stored under a name, which nodes then use."""

    name: str = Field(pattern=f"^{NAME.pattern}$", description="Letters, digits, `-` and `_`; not `kinds`.")

    @field_validator("name")
    @classmethod
    def _free(cls, name: str) -> str:
        if name == "kinds":
            raise ValueError("'kinds' is the address of the kinds of connections: take another name.")
        return name


class ConnectionKind(BaseModel):
    """A kind of connection; `config_schema` is JSON Schema 2020-12, a secret has `writeOnly`."""

    kind: str
    title: str
    description: str
    config_schema: dict[str, Any]


class ConnectionTest(BaseModel):
    """Whether the connection can be made, and what answers or what is wrong."""

    ok: bool
    message: str
