"""A running product with one lecture on the shelf, its captions made by a machine, in a centre's playlist."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from app.accounts.models import User
from app.curation import items
from app.curation.services import PlaylistFields, create_playlist, publish_playlist
from app.kernel.actor import Actor, Grant
from app.kernel.db import unit_of_work
from app.library.models import Lecture
from app.library.places import Institution, Unit
from app.library.services import LectureFields, create_lecture, set_caption
from app.media.services import StoredSource, attach_source, source_key
from app.studio.services import publish_lecture
from app.web import assets
from media_pipeline.caption_cues import Cue
from media_pipeline.captions import machine_webvtt
from tests.browser.journey.visitor import Visitor, visitors
from tests.factories.clips import ClipShelf, shared_folder
from tests.fixtures.app import run_jobs
from tests.fixtures.stack import CURATOR, TEACHER, Stack, make_stack

CLIP_S = 12
TITLE = "八段锦第一讲：两手托天理三焦"
MACHINE = (
    Cue(500, 3000, "同学们好今天我们學八断锦"), Cue(3000, 6500, "两脚分开和肩膀一样宽"),
    Cue(6500, 9000, "两手慢慢往上托"), Cue(9000, 11500, "好，收势"),
)  # fmt: skip
TERMS = (("audience", "elder"), ("topic", "public_health"))


@dataclass(frozen=True)
class Shelf:
    """Where the product runs, its one lecture, and the playlist it is in."""

    stack: Stack
    lecture: str
    playlist: str


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    if not (assets.DIST_FOLDER / "manifest.json").exists():
        pytest.skip("the front end is not built: npm run build")
    stack = make_stack(tmp_path_factory.mktemp("shelf"))
    try:
        lecture = _add_lecture(stack, ClipShelf(shared_folder(tmp_path_factory)))
        playlist = _add_playlist(stack, lecture)
        stack.start_web()
        yield Shelf(stack, lecture, playlist)
    finally:
        stack.stop()


def _add_lecture(stack: Stack, clips: ClipShelf) -> str:
    clip = clips.lecture(CLIP_S, 426, 240, 12)  # one rung only: what is watched and read is no matter of size
    sha256 = hashlib.sha256(clip.read_bytes()).hexdigest()
    stored = StoredSource("lecture.mp4", sha256, clip.stat().st_size, source_key(sha256))
    stack.app.extensions["platform"].storage.put_file(stored.storage_key, clip, "video/mp4")
    with stack.app.app_context(), unit_of_work() as db:
        college = db.scalars(select(Institution).where(Institution.name == "沈阳示范开放大学")).one()
        user = db.scalars(select(User).where(User.login == TEACHER)).one()
        teacher = Actor(user.id, user.public_id, user.display_name, (Grant("institution_admin", college.id),))
        lecture = create_lecture(db, teacher, college.id, LectureFields(TITLE, "跟着做。", "周老师", terms=TERMS))
        attach_source(db, teacher, lecture, stored)
        set_caption(db, lecture, language="zh-CN", label="中文", webvtt=machine_webvtt(MACHINE), is_machine=True)
        public_id = lecture.public_id
    run_jobs(stack.app)
    with stack.app.app_context(), unit_of_work() as db:
        version = db.scalars(select(Lecture.version).where(Lecture.public_id == public_id)).one()
        publish_lecture(db, teacher, public_id, expected_version=version)
    run_jobs(stack.app)
    return public_id


def _add_playlist(stack: Stack, lecture: str) -> str:
    with stack.app.app_context(), unit_of_work() as db:
        centre = db.scalars(select(Unit).where(Unit.name == "沈河示范社区中心")).one()
        user = db.scalars(select(User).where(User.login == CURATOR)).one()
        curator = Actor(user.id, user.public_id, user.display_name, (Grant("curator", None, centre.id),))
        made = create_playlist(db, curator, centre.id, PlaylistFields("早晨练一练", ""))
        items.add_item(db, curator, made.public_id, lecture, expected_version=made.version)
        publish_playlist(db, curator, made.public_id, expected_version=made.version)
        return made.public_id


@pytest.fixture
def visit(chromium: Any, shelf: Shelf) -> Iterator[Callable[..., Visitor]]:
    with visitors(chromium, shelf.stack.url) as begin:
        yield begin
