"""Commands of the operator about encodes: what waits, and encoding anew after a change of the policy."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.admin import words
from app.admin.encode_queue import QueueView, list_queue
from app.kernel.db import reading
from app.library.places import Institution
from app.media.renewal import Extent, measure_outdated, queue_all, recipe_in_force


def group() -> AppGroup:
    """Return the command group."""
    group = AppGroup("media", help="Encodes: what waits, what is to be made anew.")
    _add_queue(group)
    _add_reencode(group)
    return group


def _add_queue(group: AppGroup) -> None:
    @group.command("queue")
    @click.option("--stopped", is_flag=True, help="Those that failed or were cancelled.")
    @click.option("--page", default=1, show_default=True, help="Page to print.")
    @click.option("--size", default=50, show_default=True, help="Lines of a page.")
    def queue(*, stopped: bool, page: int, size: int) -> None:
        """Print the lectures that wait for the encoders, one a line: job, state, progress, time left, lecture."""
        with reading() as db:
            found = list_queue(db, QueueView.STOPPED if stopped else QueueView.OPEN, page=page, size=size)
        for line in map(words.shown, found.lines):
            percent = "" if line.percent is None else f"{line.percent}%"
            state = " ".join(filter(None, (line.state[0], line.kind)))
            progress = (str(line.job_id), state, percent, line.chunks, line.remaining)
            click.echo("\t".join((*progress, line.institution, line.title, line.reason)))
        totals = ", ".join(f"{label}: {found.counts[view]}" for view, label in words.view_words().items())
        click.echo(f"{totals} ({found.page}/{found.page_count})")
        click.echo(words.speed_words(found))


def _add_reencode(group: AppGroup) -> None:
    @group.command("reencode")
    @click.option("--institution", default="", help="Only this one: name or public id.")
    @click.option("--limit", type=click.IntRange(min=1), help="At most so many lectures, the oldest sets first.")
    @click.option("--dry-run", is_flag=True, help="Print how much there is and queue nothing.")
    def reencode(*, institution: str, limit: int | None, dry_run: bool) -> None:
        """Queue what was encoded by an older recipe, behind all new uploads; residents keep the old set meanwhile."""
        with reading() as db:
            institution_id = _find(db, institution) if institution else None
            outdated = measure_outdated(db, institution_id=institution_id)
        click.echo(f"recipe in force: {recipe_in_force()}")
        click.echo(f"outdated: {_text(outdated)}")
        if not dry_run:
            click.echo(f"queued: {_text(queue_all(institution_id=institution_id, limit=limit))}")


def _text(extent: Extent) -> str:
    return f"{extent.lectures} lectures, {extent.duration_s / 3600:.1f} hours"


def _find(db: Session, institution: str) -> int:
    named = or_(Institution.public_id == institution, Institution.name == institution)
    found = db.scalar(select(Institution.id).where(named))
    if found is None:
        message = f"no such institution: {institution}"
        raise click.ClickException(message)
    return found
