"""A running library of thirty lectures of two cities; one of them can really be played and speaks of wolfberries."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.curation import items
from app.curation.services import PlaylistFields, create_playlist, publish_playlist
from app.kernel.actor import Actor, Grant
from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.kernel.ids import new_public_id
from app.kernel.platform import Platform
from app.library.models import Course, Lecture
from app.library.places import Institution
from app.library.services import LectureFields, create_lecture, set_caption
from app.media.models import MediaSet
from app.media.services import StoredSource, attach_source, source_key
from app.studio.services import publish_lecture
from app.watching.counting import local_day
from app.watching.models import WatchDay
from app.watching.use import settle_use
from app.web import assets
from tests.browser.journey.visitor import PHONE, Visitor, visitors
from tests.factories.clips import ClipShelf, shared_folder
from tests.factories.lectures import make_lecture
from tests.fixtures.app import make_institution, make_unit, run_jobs
from tests.fixtures.stack import TEACHER, Stack, make_stack

CLIP_S = 8
SPOKEN = "秋天怎样泡茶"
SAID_AT_S = 5
CAPTION = (
    "WEBVTT\n\n00:00.000 --> 00:04.000\n大家好，坐下慢慢听。\n\n"
    "00:05.000 --> 00:07.000\n抓一把枸杞放进杯子里。\n"
)
ELDER, RESIDENT, WORKER = ("audience", "elder"), ("audience", "resident"), ("audience", "enterprise_employee")
HEALTH, DIGITAL, LEISURE = ("topic", "public_health"), ("topic", "digital_life"), ("topic", "leisure")
COMMUNITY = ("education_category", "community")
ZERO, NORTHEASTERN, MANDARIN = ("difficulty", "zero"), ("speech", "northeastern"), ("speech", "mandarin")
SERIES = "八段锦一招一式"
PLAYLIST = "跟着志愿者学手机"
#: What was watched most.
WATCHED = "手机第3课：把字调大"
PHONE_NUMBER = "024-0000-0000"


@dataclass(frozen=True)
class Shelves:
    """Where the product runs; public ids by title."""

    url: str
    lectures: dict[str, str]


@pytest.fixture(scope="session")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelves]:
    """Everything is made before the web process starts."""
    if not (assets.DIST_FOLDER / "manifest.json").exists():
        pytest.skip("the front end is not built: npm run build")
    clip = ClipShelf(shared_folder(tmp_path_factory)).moving(CLIP_S)
    stack = make_stack(tmp_path_factory.mktemp("shelves"), SITE_CONTACT_PHONE=PHONE_NUMBER)
    try:
        lectures = _add_played(stack, clip)
        with stack.app.app_context(), unit_of_work() as db:
            lectures |= _add_rows(db)
        run_jobs(stack.app)
        with stack.app.app_context(), unit_of_work() as db:
            _add_playlist(db, [lectures[WATCHED], lectures["手机第4课：把字调大"]])
            _watch(db, lectures[WATCHED])
        run_jobs(stack.app)
        stack.start_web()
        yield Shelves(stack.url, lectures)
    finally:
        stack.stop()


def _add_played(stack: Stack, clip: Path) -> dict[str, str]:
    platform: Platform = stack.app.extensions["platform"]
    sha256 = hashlib.sha256(clip.read_bytes()).hexdigest()
    stored = StoredSource("lecture.mp4", sha256, clip.stat().st_size, source_key(sha256))
    platform.storage.put_file(stored.storage_key, clip, "video/mp4")
    with stack.app.app_context(), unit_of_work() as db:
        college = db.scalars(select(Institution).where(Institution.name == "沈阳示范开放大学")).one()
        user = db.scalars(select(User).where(User.login == TEACHER)).one()
        teacher = Actor(user.id, user.public_id, user.display_name, (Grant("institution_admin", college.id, None),))
        fields = LectureFields(SPOKEN, "慢慢讲，跟着做。", "周老师", ("茶",), terms=(ELDER, HEALTH))
        lecture = create_lecture(db, teacher, college.id, fields)
        attach_source(db, teacher, lecture, stored)
        set_caption(db, lecture, language="zh-CN", label="中文", webvtt=CAPTION)
        public_id = lecture.public_id
    run_jobs(stack.app)
    with stack.app.app_context(), unit_of_work() as db:
        publish_lecture(db, teacher, public_id, expected_version=2)
    return {SPOKEN: public_id}


def _add_rows(db: Session) -> dict[str, str]:
    """沈阳 teaches elders their phones, 大连 everybody songs; minutes 4, 12 or 50; three lectures are a course."""
    here = db.scalars(select(Institution).where(Institution.name == "沈阳示范开放大学")).one()
    there = make_institution(db, name="大连示范社区学校", region_code="210204", type_key="community_school")
    course = Course(public_id=new_public_id(), institution_id=here.id, title=SERIES, created_at=utc_now())
    db.add(course)
    db.flush()
    made = {}
    for number in range(1, 15):
        title = f"手机第{number}课：把字调大"
        speech = NORTHEASTERN if number <= 5 else MANDARIN
        terms = (ELDER, DIGITAL, COMMUNITY, *((ZERO, speech) if number <= 9 else ()))
        made[title] = make_lecture(db, here, title, terms=terms, tags=("手机",))
    for number in range(1, 13):
        title = f"合唱第{number}课"
        made[title] = make_lecture(db, there, title, terms=(RESIDENT, WORKER, LEISURE), tags=("唱歌",))
    for number in range(1, 4):
        title = f"八段锦第{number}式"
        made[title] = make_lecture(db, here, title, terms=(ELDER, RESIDENT, HEALTH), tags=("八段锦",))
        made[title].course_id, made[title].position = course.id, number
    for place, lecture in enumerate(made.values()):
        found = db.scalars(select(MediaSet).where(MediaSet.lecture_id == lecture.id)).one()
        found.duration_s = (240.0, 720.0, 3000.0)[place % 3]
        # Nothing lies behind the stand-in sets: a drawn poster is better than a broken picture.
        found.poster_name = None
    return {title: lecture.public_id for title, lecture in made.items()}


def _add_playlist(db: Session, lectures: list[str]) -> None:
    unit = make_unit(db, name="沈阳示范社区教育指导中心")
    curator = Actor(None, "curator", "馆员", (Grant("curator", None, unit.id),))
    playlist = create_playlist(db, curator, unit.id, PlaylistFields(PLAYLIST, ""))
    for public_id in lectures:
        items.add_item(db, curator, playlist.public_id, public_id, expected_version=playlist.version)
    publish_playlist(db, curator, playlist.public_id, expected_version=playlist.version)


def _watch(db: Session, public_id: str) -> None:
    lecture, today = db.scalars(select(Lecture).where(Lecture.public_id == public_id)).one(), local_day(utc_now())
    sums = {"plays": 40, "listens": 0, "completions": 5, "watched_s": 4000, "playlist_id": 0, "region_code": ""}
    db.add(WatchDay(lecture_id=lecture.id, day=today - timedelta(days=3), **sums))
    db.flush()
    settle_use(db, today)


@pytest.fixture
def visit(chromium: Any, shelves: Shelves) -> Iterator[Callable[..., Visitor]]:
    """Return a function that gives a resident a phone; `ui` sets the preferences, as the preferences page would."""
    with visitors(chromium, shelves.url) as begin:
        yield partial(begin, **PHONE)
