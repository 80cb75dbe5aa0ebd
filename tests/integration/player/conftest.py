"""A college with a lecture whose objects lie in the store, over a folder and over S3."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from app.accounts.models import Role
from app.kernel.actor import Actor, Grant
from app.kernel.db import unit_of_work
from app.kernel.platform import Platform
from app.library.models import Lecture, LectureState
from app.library.places import Institution
from app.library.services import set_caption
from app.studio.services import publish_lecture, withdraw_lecture
from config.settings import Settings, load
from tests.factories.lectures import digest_of, make_lecture, put_objects
from tests.fixtures.app import make_environ, make_institution, make_user
from tests.fixtures.pages import ReadingClient, count_queries, stand_in_assets
from tests.fixtures.services import s3_section

__all__ = ["count_queries", "stand_in_assets"]

TITLE = "血压计怎么选、怎么用"
TERMS = (("audience", "elder"), ("topic", "public_health"))


@pytest.fixture(params=["folder", "s3"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, migrated_database: Path) -> Settings:
    shutil.copy(migrated_database, tmp_path / "app.db")
    changes = {}
    if request.param == "s3":
        section = s3_section(request.getfixturevalue("s3_double"))
        changes = {
            "STORE_KIND": "s3",
            "STORE_ENDPOINT": section.endpoint,
            "STORE_ACCESS_KEY": section.access_key,
            "STORE_SECRET_KEY": section.secret_key.get_secret_value(),
            "STORE_BUCKET": section.bucket,
            "STORE_SECURE": "false",
        }
    return load(make_environ(tmp_path, **changes))


@dataclass
class Shelf:
    """One lecture of one college, and the people around it."""

    app: Flask
    lecture: str
    digest: str
    admin: Actor
    admin_login: str
    stranger_login: str

    def address(self, name: str) -> str:
        return f"/media/{self.digest}/{name}"

    def change(self, service: Callable[..., object], **arguments: object) -> None:
        """Run a service as the college's admin, on the lecture as it stands."""
        with self.app.app_context(), unit_of_work() as db:
            version = db.query(Lecture.version).filter_by(public_id=self.lecture).scalar()
            service(db, self.admin, self.lecture, expected_version=version, **arguments)

    def publish(self) -> None:
        self.change(publish_lecture)

    def withdraw(self, reason: str = "画面有误，正在重录。") -> None:
        self.change(withdraw_lecture, reason=reason)

    def add_twin(self, state: LectureState) -> None:
        """Let another lecture use the same media."""
        with self.app.app_context(), unit_of_work() as db:
            college = db.query(Institution).filter_by(id=self.admin.grants[0].institution_id).one()
            make_lecture(db, college, "同一段视频的另一讲", state=state, digest=self.digest)


@pytest.fixture
def shelf(app: Flask, platform: Platform) -> Shelf:
    """The lecture is a draft, its media ready."""
    app.test_client_class = ReadingClient
    with app.app_context(), unit_of_work() as db:
        college, other = make_institution(db), make_institution(db)
        admin = make_user(db, Role.INSTITUTION_ADMIN, institution_id=college.id)
        stranger = make_user(db, Role.CONTRIBUTOR, institution_id=other.id)
        lecture = make_lecture(db, college, TITLE, state=LectureState.DRAFT, tags=["血压"], terms=TERMS)
        set_caption(db, lecture, language="zh-CN", label="中文", webvtt="WEBVTT\n\n00:00.000 --> 00:02.000\n大家好\n")
        digest = digest_of(lecture)
        put_objects(platform.storage, digest)
        actor = Actor(admin.id, admin.public_id, admin.display_name, (Grant("institution_admin", college.id),))
        return Shelf(app, lecture.public_id, digest, actor, admin.login, stranger.login)
