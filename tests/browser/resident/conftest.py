"""A running library of four lectures and a playlist, encoded by the real pipeline, and phones to visit it with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.accounts.models import User
from app.curation import items
from app.curation.services import PlaylistFields, create_playlist, publish_playlist
from app.kernel.actor import Actor, Grant
from app.kernel.db import unit_of_work
from app.kernel.platform import Platform
from app.library.places import Institution, Unit
from app.library.services import LectureFields, create_lecture, set_caption
from app.media.services import StoredSource, attach_source, source_key
from app.studio.services import publish_lecture
from app.web import assets
from tests.browser.journey.visitor import PHONE, Visitor, visitors
from tests.factories.clips import ClipShelf, shared_folder
from tests.fixtures.app import run_jobs
from tests.fixtures.stack import CURATOR, TEACHER, Stack, make_stack

CLIP_S = 8
TITLES = ("春季养生与经络调理入门", "老年人智能手机入门：字体放大", "跟着做：健康养生操", "怎样用手机和家人视频")
CAPTION = "WEBVTT\n\n00:00.000 --> 00:04.000\n同学们好，今天我们一起学习。\n"


@dataclass(frozen=True)
class Library:
    """Where the product runs and what is in it; lectures by title."""

    url: str
    lectures: dict[str, str]
    playlist: str

    @property
    def lecture(self) -> str:
        """Address of the lecture most tests watch."""
        return f"/lectures/{self.lectures[TITLES[0]]}"


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Encode before the web process starts, so that nothing competes with the browser afterwards."""
    if not (assets.DIST_FOLDER / "manifest.json").exists():
        pytest.skip("the front end is not built: npm run build")
    clip = ClipShelf(shared_folder(tmp_path_factory)).lecture(CLIP_S)
    stack = make_stack(tmp_path_factory.mktemp("library"))
    try:
        lectures = _add_lectures(stack, clip)
        playlist = _add_playlist(stack, lectures)
        stack.start_web()
        yield Library(stack.url, lectures, playlist)
    finally:
        stack.stop()


def _add_lectures(stack: Stack, clip: Path) -> dict[str, str]:
    """Take one clip through the pipeline as four lectures: the same source is encoded once."""
    platform: Platform = stack.app.extensions["platform"]
    sha256 = hashlib.sha256(clip.read_bytes()).hexdigest()
    stored = StoredSource("lecture.mp4", sha256, clip.stat().st_size, source_key(sha256))
    platform.storage.put_file(stored.storage_key, clip, "video/mp4")
    lectures: dict[str, str] = {}
    with stack.app.app_context(), unit_of_work() as db:
        college = db.scalars(select(Institution).where(Institution.name == "沈阳示范开放大学")).one()
        teacher = _actor(db.scalars(select(User).where(User.login == TEACHER)).one(), institution_id=college.id)
        terms = (("audience", "elder"), ("topic", "public_health"), ("topic", "digital_life"))
        for title in TITLES:
            fields = LectureFields(title, f"{title}。慢慢讲，跟着做。", "周老师", ("示范",), terms=terms)
            lecture = create_lecture(db, teacher, college.id, fields)
            attach_source(db, teacher, lecture, stored)
            set_caption(db, lecture, language="zh-CN", label="中文", webvtt=CAPTION)
            lectures[title] = lecture.public_id
    run_jobs(stack.app)
    with stack.app.app_context(), unit_of_work() as db:
        for public_id in lectures.values():
            publish_lecture(db, teacher, public_id, expected_version=2)
    run_jobs(stack.app)
    return lectures


def _add_playlist(stack: Stack, lectures: dict[str, str]) -> str:
    with stack.app.app_context(), unit_of_work() as db:
        centre = db.scalars(select(Unit).where(Unit.name == "沈河示范社区中心")).one()
        curator = _actor(db.scalars(select(User).where(User.login == CURATOR)).one(), unit_id=centre.id)
        made = create_playlist(db, curator, centre.id, PlaylistFields("手机第一课", "两讲，跟着做一遍。"))
        for title in (TITLES[1], TITLES[3]):
            items.add_item(db, curator, made.public_id, lectures[title], expected_version=made.version)
        publish_playlist(db, curator, made.public_id, expected_version=made.version)
        return made.public_id


def _actor(user: User, *, institution_id: int | None = None, unit_id: int | None = None) -> Actor:
    role = "curator" if institution_id is None else "institution_admin"
    return Actor(user.id, user.public_id, user.display_name, (Grant(role, institution_id, unit_id),))


@pytest.fixture
def visit(chromium: Any, library: Library) -> Iterator[Callable[..., Visitor]]:
    """Return a function that gives a resident a phone; `ui` sets the preferences, as the preferences page would."""
    with visitors(chromium, library.url) as begin:
        yield partial(begin, **PHONE)
