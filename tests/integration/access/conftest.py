"""One house with three worlds in it, and a browser for every kind of person; nothing they do is kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Role, User
from app.joining.models import Application, Paper
from app.joining.papers import paper_key
from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.media.files_beside import attachment_key, cover_key
from app.media.models import MediaSet, Source
from app.media.queries import media_prefix
from app.notices.kinds import NoticeKind
from app.notices.models import Notice
from config.settings import load
from tests.fixtures.app import PASSWORD, build_app, make_environ, make_institution, make_user
from tests.integration.access.things import (
    COVERS,
    LOGINS,
    WORLDS,
    House,
    Things,
    curator_of,
    make_things,
    maker_abroad,
    share,
)
from tests.integration.review.school import School, found_school


@pytest.fixture(scope="package")
def house(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("matrix")
    shutil.copy(migrated_database, folder / "app.db")
    app = build_app(load(make_environ(folder)))
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context(), unit_of_work() as db:
        things = _make_worlds(db, found_school(db))
        # The admin of a school in another city, with which the lectures of "own" were made.
        partner = make_institution(db, name="大连共建学院", region_code="210202", review_levels=3)
        make_user(db, Role.INSTITUTION_ADMIN, login=LOGINS["partner"], institution_id=partner.id)
        share(db, things["own"], partner.id)
        notices = {person: _notice_for(db, login) for person, login in LOGINS.items()}
        _store_files(app, db)
    return House(app, things, notices)


def _make_worlds(db: Session, school: School) -> dict[str, Things]:
    makers = {"own": school["teacher"], "sibling": school["sibling-teacher"], "foreign": maker_abroad(db, school)}
    places = dict(zip(WORLDS, (school.here, school.sibling, school.abroad), strict=True))
    return {
        world: make_things(db, school, makers[world], places[world], curator_of(db, school, world)) for world in WORLDS
    }


def _notice_for(db: Session, login: str) -> int:
    user_id = db.scalars(select(User.id).where(User.login == login)).one()
    notice = Notice(user_id=user_id, kind=NoticeKind.ACCOUNT, key="matrix", facts={}, happened_at=utc_now())
    db.add(notice)
    db.flush()
    return notice.id


def _store_files(app: Flask, db: Session) -> None:
    keys = [f"{media_prefix(digest)}/{name}" for digest in db.scalars(select(MediaSet.digest))
            for name in ("master.m3u8", "lecture.mp4")]  # fmt: skip
    keys += {*db.scalars(select(Source.storage_key)), attachment_key("0" * 64), *map(cover_key, COVERS)}
    papers = select(Application.public_id, Paper.public_id, Paper.kind)
    papers = papers.join(Paper, Paper.application_id == Application.id)
    keys += [paper_key(*row) for row in db.execute(papers)]
    for key in keys:
        app.extensions["platform"].storage.put_bytes(key, b"x", "video/mp4")


@pytest.fixture(scope="package")
def clients(house: House) -> dict[str, FlaskClient]:
    made = {"nobody": house.app.test_client()}
    for person, login in LOGINS.items():
        made[person] = house.app.test_client()
        assert made[person].post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 303
    return made


@pytest.fixture
def nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Session, "commit", Session.rollback)
    monkeypatch.setattr("flask.templating._render", lambda *_: "")
    yield
    monkeypatch.undo()
