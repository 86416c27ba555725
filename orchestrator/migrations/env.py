"""Alembic's environment: works on the connection that `orchestrator.database` hands over."""

from alembic import context

from orchestrator.catalog.tables import metadata


def ours(name: str | None, kind: str, parents: object) -> bool:
    return kind != "schema" or name == metadata.schema


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table_schema=metadata.schema,
    include_schemas=True,
    include_name=ours,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
