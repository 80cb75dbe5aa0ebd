"""Engine, session and the declarative base; the one module that imports Flask-SQLAlchemy.

Models subclass `Base` (plain SQLAlchemy 2, so mypy understands them); services and queries get a `Session`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import ClassVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, DateTime, Dialect, Engine, Enum, MetaData, TypeDecorator, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.orm import registry as Registry  # noqa: N812 - it is a class

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python on every database; SQLite keeps no zone, so naive values coming back are UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - signature is SQLAlchemy's
        if value is None:
            return None
        if value.tzinfo is None:
            message = "naive datetime: use app.kernel.clock.utc_now()"
            raise ValueError(message)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - signature is SQLAlchemy's
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Every table of ours."""

    # Flask-SQLAlchemy gives its base a registry of its own, so the map of types sits there, not on the class.
    registry: ClassVar[Registry] = Registry(
        metadata=MetaData(naming_convention=NAMING), type_annotation_map={datetime: UtcDateTime()}
    )
    metadata = registry.metadata


def text_enum(enum: type, length: int = 32) -> Enum:
    """Enum column kept as its value in text with a CHECK, alike on SQLite and PostgreSQL."""
    return Enum(
        enum,
        native_enum=False,
        length=length,
        validate_strings=True,
        create_constraint=True,
        name=enum.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False, "autoflush": True})


@event.listens_for(Engine, "connect")
def _tune_sqlite(connection: object, _record: object) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    # pysqlite must not open transactions by itself: `_begin_sqlite` does, with BEGIN IMMEDIATE for writers.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=15000", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    # A deferred transaction that reads, then writes gets SQLITE_BUSY at once when another wrote meanwhile, whatever
    # the timeout. Units of work that write say so up front with the execution option.
    immediate = connection.get_execution_options().get("sqlite_immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """One write transaction on the session of this app context: commits on success, rolls back on any error.

    Only edges (a request, a job, a command) open one; opening a second inside the first raises, because its early
    commit would break the first one's promise.
    """
    session = db.session()
    if session.in_transaction():
        message = "a transaction is already open on this session"
        raise RuntimeError(message)
    session.connection(execution_options={"sqlite_immediate": True})
    try:
        yield session
        session.commit()
    finally:
        db.session.remove()


@contextmanager
def reading() -> Iterator[Session]:
    """Open a session that only reads: it never takes SQLite's write lock and is rolled back at the end."""
    try:
        yield db.session()
    finally:
        db.session.remove()


def insert_for(db: Session, model: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that can be told what to do with rows already there, which each database words its own way."""
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    return insert(model)
