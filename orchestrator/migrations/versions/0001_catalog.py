"""Workflows, their versions, and the keys of requests that may be repeated."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SCHEMA = "graphmill"

# `valid` may change: the same graph is valid again once the file it reads is there.
REFUSE_CHANGES = """
CREATE FUNCTION graphmill.refuse_version_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Version % of workflow % cannot be changed.', OLD.number, OLD.workflow_id
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER versions_never_change
    BEFORE UPDATE OF workflow_id, number, document, digest, created_at ON graphmill.versions
    FOR EACH ROW EXECUTE FUNCTION graphmill.refuse_version_change();
"""


def moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    default = None if nullable else sa.text("clock_timestamp()")
    return sa.Column(name, sa.TIMESTAMP(timezone=True), nullable=nullable, server_default=default)


def upgrade() -> None:
    op.create_table(
        "workflows",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("folded_name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("latest_version", sa.Integer, nullable=False),
        moment("created_at"),
        moment("updated_at"),
        moment("last_run_at", nullable=True),
        moment("deleted_at", nullable=True),
        schema=SCHEMA,
    )
    not_deleted = sa.text("deleted_at IS NULL")
    op.create_index(
        "ix_workflows_updated_at", "workflows", ["updated_at", "id"], schema=SCHEMA, postgresql_where=not_deleted
    )
    op.create_table(
        "versions",
        sa.Column("workflow_id", sa.Text, sa.ForeignKey("graphmill.workflows.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("valid", sa.Boolean, nullable=False),
        moment("created_at"),
        schema=SCHEMA,
    )
    op.execute(REFUSE_CHANGES)
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("execution_id", sa.Text, nullable=False),
        sa.Column("workflow_id", sa.Text, nullable=False),
        sa.Column("request_digest", sa.Text, nullable=False),
        moment("created_at"),
        schema=SCHEMA,
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], schema=SCHEMA)


def downgrade() -> None:
    op.drop_table("idempotency_keys", schema=SCHEMA)
    op.drop_table("versions", schema=SCHEMA)
    op.execute("DROP FUNCTION graphmill.refuse_version_change()")
    op.drop_table("workflows", schema=SCHEMA)
