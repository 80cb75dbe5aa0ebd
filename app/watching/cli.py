"""Commands of who is watching: `flask watching count` queues the counting at once."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.kernel.db import unit_of_work
from app.watching.jobs import request_count

group = AppGroup("watching", help="Plays of lectures.")


@group.command("count")
def count() -> None:
    """Queue the counting of plays; the worker does it every hour by itself."""
    with unit_of_work() as db:
        request_count(db)
    click.echo("queued")


def groups() -> tuple[AppGroup, ...]:
    """Return the groups of this capability."""
    return (group,)
