"""Commands of the operator: vocabularies, search index, users."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from app.catalogue.jobs import rebuild_index
from app.kernel.db import unit_of_work
from app.library.vocabularies import load_regions, load_terms
from config.policies import read_regions, read_terms


def groups() -> list[AppGroup]:
    """Return the command groups of this counter."""
    return [_vocabularies(), _search()]


def _vocabularies() -> AppGroup:
    group = AppGroup("vocabularies", help="Regions and vocabularies of the policy data.")

    @group.command("load")
    def load() -> None:
        """Load regions and terms; safe to repeat at every release."""
        with unit_of_work() as db:
            regions, terms = load_regions(db, read_regions()), load_terms(db, read_terms())
        click.echo(f"regions: {regions}, terms: {terms}")

    return group


def _search() -> AppGroup:
    group = AppGroup("search", help="The search index.")

    @group.command("rebuild")
    def rebuild() -> None:
        """Build the index anew from the database and swap it in, while pages are served from the old one."""
        count = rebuild_index(current_app.extensions["platform"].settings.search.index_path)
        click.echo(f"documents: {count}")

    return group
