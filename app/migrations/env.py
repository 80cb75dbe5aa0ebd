"""Alembic's environment: the app's engine and metadata, batch mode for SQLite, lock and statement timeouts."""

from alembic import context
from flask import current_app
from sqlalchemy import text

from app.kernel.db import UtcDateTime

database = current_app.extensions["migrate"].db
SETTINGS = {
    "target_metadata": database.metadata,
    "render_as_batch": True,
    "compare_type": True,
    "render_item": lambda kind, item, _context: "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, UtcDateTime)
    else False,
}


def run_online() -> None:
    """Migrate over a live connection; a revision that cannot get its lock gives up instead of queueing all traffic."""
    with database.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET lock_timeout = '10s'"))
            connection.execute(text("SET statement_timeout = '10min'"))
            connection.commit()
        context.configure(connection=connection, **SETTINGS)
        with context.begin_transaction():
            context.run_migrations()


def run_offline() -> None:
    """Print the SQL instead of running it."""
    context.configure(url=str(database.engine.url), literal_binds=True, **SETTINGS)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
