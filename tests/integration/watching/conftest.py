"""Pages without a built front end; a college whose teacher has lectures on the shelf, a centre with a playlist."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.accounts.models import Role, User
from app.curation import items
from app.curation.services import PlaylistFields, create_playlist, publish_playlist
from app.kernel.actor import Actor, Grant
from app.kernel.db import unit_of_work
from app.library.models import Lecture
from config.settings import Settings, load
from tests.factories.lectures import make_lecture
from tests.fixtures.app import build_app, make_environ, make_institution, make_unit, make_user, whole_file
from tests.fixtures.pages import app, compiled_templates, count_queries, stand_in_assets

__all__ = ["app", "compiled_templates", "count_queries", "stand_in_assets"]

PHONE = "Mozilla/5.0 (Linux; Android 9; MI 8) AppleWebKit/537.36 Chrome/75.0 Mobile Safari/537.36"
NOON = datetime(2026, 11, 28, 4, 0, tzinfo=UTC)


@dataclass(frozen=True)
class School:
    """Ids of what there is; lectures by title."""

    institution: str
    lectures: dict[str, str]
    playlist: str


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: datetime = NOON

    def read(self) -> datetime:
        return self.now

    def shift(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Resident:
    """A player that tells of its plays."""

    def __init__(self, app: Flask, client: FlaskClient | None = None) -> None:
        self.client, self.is_nobody = client or app.test_client(), client is None

    def tell(
        self, lecture: str, key: str, number: int, played_s: int, covered_s: int | None = None, **more: object
    ) -> int:
        told = {"p": key.rjust(16, "A"), "n": number, "l": lecture, "s": played_s, **more}
        told["c"] = played_s if covered_s is None else covered_s
        answer = self.client.post("/plays", json=[told], headers={"User-Agent": PHONE})
        if self.is_nobody:
            assert "Set-Cookie" not in answer.headers
        return answer.status_code


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """It is noon in 沈阳, and for the counting time goes on only when a test says so."""
    made = Clock()
    for name in ("services", "jobs", "queries", "contributions", "certificates"):
        monkeypatch.setattr(f"app.watching.{name}.utc_now", made.read)
    return made


@pytest.fixture(scope="session")
def school_database(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, School]:
    """A database with the school in it; hashing passwords for every test would take longer than the tests."""
    folder = tmp_path_factory.mktemp("watched")
    shutil.copy(migrated_database, folder / "app.db")
    app = build_app(load(make_environ(folder)))
    with app.app_context(), unit_of_work() as db:
        found = _found_school(db)
    return whole_file(folder), found


def _found_school(db: Session) -> School:
    place = make_institution(db, name="沈阳示范开放大学")
    teacher = make_user(db, Role.CONTRIBUTOR, login="teacher", institution_id=place.id)
    make_user(db, Role.INSTITUTION_ADMIN, login="admin", institution_id=place.id)
    other = make_institution(db, name="大连示范老年大学", region_code="210202")
    make_user(db, Role.CONTRIBUTOR, login="stranger", institution_id=other.id)
    lectures = {
        title: make_lecture(db, place, title, created_by_id=teacher.id).public_id for title in ("八段锦", "=手机课")
    }
    db.execute(update(Lecture).values(published_at=NOON))
    centre = make_unit(db, name="沈河示范社区中心")
    curator = actor_of(make_user(db, Role.CURATOR, login="curator", unit_id=centre.id), unit=centre.id)
    made = create_playlist(db, curator, centre.id, PlaylistFields("早晨练一练", ""))
    items.add_item(db, curator, made.public_id, lectures["八段锦"], expected_version=made.version)
    publish_playlist(db, curator, made.public_id, expected_version=made.version)
    return School(place.public_id, lectures, made.public_id)


@pytest.fixture
def settings(tmp_path: Path, school_database: tuple[Path, School]) -> Settings:
    shutil.copy(school_database[0], tmp_path / "app.db")
    return load(make_environ(tmp_path))


@pytest.fixture
def school(school_database: tuple[Path, School], clock: Clock) -> School:
    return school_database[1]


def actor_of(user: User, *, unit: int | None = None, place: int | None = None) -> Actor:
    role = "curator" if unit is not None else "contributor"
    return Actor(user.id, user.public_id, user.display_name, (Grant(role, place, unit),))


@pytest.fixture
def resident(app: Flask, school: School) -> Resident:
    return Resident(app)


@pytest.fixture
def watch(resident: Resident, school: School, clock: Clock) -> Callable[..., None]:
    """Return a function that plays a lecture for some seconds, told of every minute."""

    def do(title: str, key: str, seconds: int, **more: object) -> None:
        lecture = school.lectures[title]
        for number, played_s in enumerate([*range(0, seconds, 60), seconds]):
            if number:
                clock.shift(min(60, seconds - 60 * (number - 1)))
            assert resident.tell(lecture, key, number, played_s, **more) == 204

    return do
