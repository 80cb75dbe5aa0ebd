"""Commands of the studio."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import or_, select

from app.accounts.queries import find_actor_by_login
from app.kernel.db import reading
from app.kernel.errors import AppError
from app.kernel.platform import Platform
from app.kernel.sheet_cells import csv_text
from app.library.places import Institution
from app.studio.ingest import Delivery, Outcome, ingest
from app.studio.manifest import read_manifest


def groups() -> list[AppGroup]:
    """Return the command groups of the studio."""
    group = AppGroup("studio", help="Lectures and their files.")

    @group.command("ingest")
    @click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
    @click.option("--manifest", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--institution", required=True, help="Name or public id of whose lectures they become.")
    @click.option("--as", "login", required=True, help="Sign-in name of the teacher they are brought in for.")
    def ingest_folder(folder: Path, *, manifest: Path, institution: str, login: str) -> None:
        """Make drafts of the files in FOLDER that a table names; prints a line for each row, safe to repeat."""
        with reading() as db:
            actor = find_actor_by_login(db, login)
            same = or_(Institution.public_id == institution, Institution.name == institution)
            institution_id = db.scalar(select(Institution.id).where(same))
        if actor is None or institution_id is None:
            raise click.ClickException(f"no such {'user' if actor is None else 'institution'}")
        platform: Platform = current_app.extensions["platform"]
        report, refused = csv.writer(sys.stdout), 0

        def tell(outcome: Outcome) -> None:
            nonlocal refused
            refused += outcome.state == "refused"
            texts = (outcome.file, outcome.state, outcome.lecture_id, outcome.sentence)
            report.writerow([outcome.row, *map(csv_text, texts)])

        try:
            delivery = Delivery(folder, platform.storage, actor, institution_id)
            ingest(delivery, read_manifest(manifest), tell)
        except AppError as error:
            raise click.ClickException(error.message) from error
        platform.wake()
        if refused:
            sys.exit(1)

    return [group]
