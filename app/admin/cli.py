"""Commands of the operator: vocabularies, search index, users, tidying up."""

from __future__ import annotations

from datetime import timedelta

import click
import structlog
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.accounts import links, second_factor
from app.accounts import services as accounts
from app.accounts.models import INSTITUTION_ROLES, UNIT_ROLES, Role
from app.admin import media_cli
from app.catalogue.following import rebuild_index
from app.kernel.actor import Actor, Grant
from app.kernel.db import unit_of_work
from app.kernel.errors import AppError, InvalidInput
from app.kernel.jobs.queue import LANE_DEFAULT
from app.kernel.platform import Platform
from app.kernel.sentences import Sentence
from app.library.places import Institution, Unit
from app.library.vocabularies import load_regions, load_terms
from app.media.sweeping import request_sweep
from app.review.rules import load_negative_list
from app.studio.jobs import request_upload_sweep
from config.policies import read_negative_list, read_regions, read_terms
from search_index import IndexBusy

log = structlog.get_logger(__name__)

#: What broken writes left is removed when older than this; younger ones may still be written.
PARTIAL_AGE = timedelta(hours=6)
#: A worker's commit is over long before.
REBUILD_PATIENCE_S = 30.0


def groups() -> list[AppGroup]:
    """Return the command groups of this counter."""
    return [_vocabularies(), _search(), _users(), _store(), media_cli.group()]


def _vocabularies() -> AppGroup:
    group = AppGroup("vocabularies", help="Regions and vocabularies of the policy data.")

    @group.command("load")
    def load() -> None:
        """Load regions and terms; safe to repeat at every release."""
        with unit_of_work() as db:
            regions, terms = load_regions(db, read_regions()), load_terms(db, read_terms())
            words = load_negative_list(db, read_negative_list())
        click.echo(f"regions: {regions}, terms: {terms}, negative list: {words}")

    return group


def _search() -> AppGroup:
    group = AppGroup("search", help="The search index.")

    @group.command("rebuild")
    def rebuild() -> None:
        """Build this machine's index anew from the database and swap it in, while pages are served from the old one."""
        search = current_app.extensions["platform"].settings.search
        try:
            count = rebuild_index(search.index_path, search.engine, patience_s=REBUILD_PATIENCE_S)
        except IndexBusy as error:
            raise click.ClickException(f"{error} Is it being rebuilt already?") from error
        click.echo(f"documents: {count}")

    return group


def _users() -> AppGroup:
    group = AppGroup("users", help="People who may sign in.")

    @group.command("create")
    @click.argument("login")
    @click.option("--name", required=True, help="Shown on pages.")
    @click.option("--role", "role_name", required=True, type=click.Choice([role.value for role in Role]))
    @click.option("--institution", default="", help="Name or public id, for contributors, admins and reviewers.")
    @click.option("--unit", default="", help="Name or public id, for curators and officers.")
    @click.password_option(help="Asked for when left out, so that it stays out of the shell's history.")
    def create(login: str, *, name: str, role_name: str, institution: str, unit: str, password: str) -> None:
        """Add a user with one role."""
        role = Role(role_name)
        try:
            with unit_of_work() as db:
                user = accounts.create_user(db, login=login, display_name=name, password=password)
                accounts.grant(db, user, role, **_place(db, role, institution=institution, unit=unit))
                log.info("user_created", user_id=user.id, role=role.value)
        except AppError as error:
            raise click.ClickException(error.message) from error
        click.echo(f"created: {accounts.normalise_login(login)} ({role.value})")

    _tokens(group)
    _help(group)
    return group


def _tokens(group: AppGroup) -> None:
    @group.command("token")
    @click.argument("login")
    @click.option("--name", default="", help="What the program is called, to tell several apart.")
    @click.option("--days", default=30, show_default=True, type=click.IntRange(1, 366))
    @click.option("--revoke", is_flag=True, help="End all tokens of this user instead of making one.")
    def token(login: str, *, name: str, days: int, revoke: bool) -> None:
        """Make a token with which a program may send files as this user; it is shown once and opens nothing else."""
        try:
            with unit_of_work() as db:
                if revoke:
                    click.echo(f"ended: {accounts.revoke_upload_tokens(db, login)}")
                    return
                secret = accounts.issue_upload_token(db, login, name=name, lasts=timedelta(days=days))
        except AppError as error:
            raise click.ClickException(error.message) from error
        click.echo(secret)


def _help(group: AppGroup) -> None:
    @group.command("reset-link")
    @click.argument("login")
    def reset_link(login: str) -> None:
        """Make a link by which a person sets a new password; good once, for half an hour."""
        operator = Actor(display_name="command", grants=(Grant(Role.OPERATOR.value),))
        try:
            with unit_of_work() as db:
                _user, secret = links.give_reset_link(db, operator, login)
        except AppError as error:
            raise click.ClickException(error.message) from error
        click.echo(f"{current_app.extensions['platform'].settings.app.base_url}/password/new/{secret}")

    @group.command("forget-phone")
    @click.argument("login")
    def forget_phone(login: str) -> None:
        """Take a lost phone's codes away; where a role needs them, the person sets a new one up at the next sign-in."""
        try:
            with unit_of_work() as db:
                second_factor.forget(db, accounts.get_user(db, login).id)
        except AppError as error:
            raise click.ClickException(error.message) from error
        click.echo("forgotten")


def _place(db: Session, role: Role, *, institution: str, unit: str) -> dict[str, int]:
    """Find the place a role is held at.

    Raises:
        InvalidInput: when there is no such institution or unit.
    """
    if role in INSTITUTION_ROLES:
        found = db.scalar(
            select(Institution.id).where(or_(Institution.public_id == institution, Institution.name == institution))
        )
        field = "institution_id"
    elif role in UNIT_ROLES:
        found = db.scalar(select(Unit.id).where(or_(Unit.public_id == unit, Unit.name == unit)))
        field = "unit_id"
    else:
        return {}
    if found is None:
        sentence = Sentence("没有找到“%(name)s”，请写单位的全名。", name=str(institution or unit))
        raise InvalidInput(sentence, code="no_such_place", role=role.value)
    return {field: found}


def _store() -> AppGroup:
    group = AppGroup("store", help="The media store and the scratch folders.")

    @group.command("sweep")
    @click.option("--now", is_flag=True, help="Do it in this process instead of leaving it to the worker.")
    def sweep(*, now: bool) -> None:
        """Take up dead workers' jobs, and remove partial writes, abandoned uploads and objects no row knows."""
        platform: Platform = current_app.extensions["platform"]
        platform.runner.sweep()
        partials = platform.storage.sweep_partial(PARTIAL_AGE)
        with unit_of_work() as db:
            request_sweep(db)
            request_upload_sweep(db)
        done = 0
        while now and platform.runner.work_once(LANE_DEFAULT):
            done += 1
        log.info("store_swept", partials=partials, jobs_done=done)
        click.echo(f"partial writes removed: {partials}")
        click.echo(f"jobs done: {done}" if now else "the worker does the rest")

    return group
