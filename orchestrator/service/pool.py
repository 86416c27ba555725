"""Connections to Dagster's database that stay open."""

import sqlalchemy as sa


def pooled(url: str) -> sa.Engine:
    """An engine that keeps up to two connections, and makes cut ones anew."""
    return sa.create_engine(
        url, isolation_level="AUTOCOMMIT", pool_size=2, max_overflow=20, pool_pre_ping=True, pool_recycle=600
    )
