"""The catalog's tables; `migrations/` makes them, and a test holds both equal."""

from sqlalchemy import JSON, TIMESTAMP, Boolean, Column, ForeignKey, Index, Integer, MetaData, Table, Text, func, text

metadata = MetaData(schema="graphmill")


def _moment(name: str, *, nullable: bool = False) -> Column[object]:
    default = None if nullable else func.clock_timestamp()
    return Column(name, TIMESTAMP(timezone=True), nullable=nullable, server_default=default)


workflows = Table(
    "workflows",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    # Folded in Python: a database's own idea of upper and lower case depends on its locale.
    Column("folded_name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("latest_version", Integer, nullable=False),
    _moment("created_at"),
    _moment("updated_at"),
    _moment("last_run_at", nullable=True),
    _moment("deleted_at", nullable=True),
)
Index("ix_workflows_updated_at", workflows.c.updated_at, workflows.c.id, postgresql_where=text("deleted_at IS NULL"))

# `json`, not `jsonb`: the order of keys and the way numbers are written come back as they were posted.
versions = Table(
    "versions",
    metadata,
    Column("workflow_id", Text, ForeignKey(workflows.c.id), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("document", JSON, nullable=False),
    Column("digest", Text, nullable=False),
    Column("valid", Boolean, nullable=False),
    _moment("created_at"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("execution_id", Text, nullable=False),
    Column("workflow_id", Text, nullable=False),
    Column("request_digest", Text, nullable=False),
    _moment("created_at"),
)
Index("ix_idempotency_keys_created_at", idempotency_keys.c.created_at)

# `config` shows `***` for a secret; `sealed` has them all, encrypted.
connections = Table(
    "connections",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("config", JSON, nullable=False),
    Column("sealed", Text),
    _moment("created_at"),
    _moment("updated_at"),
)
