"""The demo catalogue: people, lectures through the real pipeline, a playlist.

Safe to repeat and to kill: every step looks for what is already there.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.catalogue.following import IndexCopy
from app.catalogue.playlists import Playlist
from app.curation.items import add_item, set_note
from app.curation.services import PlaylistFields, create_playlist, publish_playlist
from app.demo import spec
from app.demo.audience import add_plays, name_makers
from app.demo.door import add_applications, add_members
from app.demo.media import DemoMedia, Tools, find_tools, make_lecture
from app.demo.openings import REVIEWERS, add_opening, add_other_openings
from app.demo.people import (
    AUTHOR,
    CENTRE,
    NOBODYS_PHONE,
    REVIEWED,
    TEACHER,
    DemoAccount,
    add_accounts,
    add_institutions,
    add_units,
)
from app.demo.reviews import add_more_reviews, add_review, skip_levels
from app.demo.spec import DemoSpec, LectureSpec
from app.kernel import outbox
from app.kernel.actor import Actor, Grant
from app.kernel.db import reading, unit_of_work
from app.kernel.jobs import queue
from app.kernel.platform import Platform
from app.library.models import Lecture, LectureState
from app.library.services import LectureFields, create_lecture, set_caption
from app.media.queries import MediaState, lecture_subject, media_statuses
from app.media.services import StoredSource, attach_source, source_key
from app.studio.services import publish_lecture

#: Between two looks at the queue.
_WAIT_S = 0.2
log = structlog.get_logger(__name__)

#: Seeding acts as the operator; no such user exists.
SEEDER = Actor(public_id="demo", display_name="演示", grants=(Grant("operator"),))

PLAYLIST_TITLE = "万柳社区本周课堂（演示）"
PLAYLIST_INTRO = "每天上午九点半，在社区活动室一起看；在家用手机扫海报上的码也能看。"
PLAYLIST_NOTES = ("看完跟着做一遍，量力而行。", "带上手机和老花镜，现场有志愿者帮忙。", "把要点讲给家里人听。")

Say = Callable[[str], None]


def seed_demo(platform: Platform, ffmpeg: Path, say: Say) -> list[DemoAccount]:
    """Make the whole demo; returns its accounts."""
    demo = spec.load()
    tools = find_tools(ffmpeg)
    with unit_of_work() as db:
        institutions = add_institutions(db, demo)
        centre = add_units(db)
        passwords = add_accounts(db, platform.settings.media.work_path.parent, institutions, centre)
        skip_levels(db, SEEDER, list(institutions.values()))
    with reading() as db:
        missing = [item for item in demo.lectures if _find(db, item, institutions) is None]
    if missing:
        say("正在制作演示讲座的画面和声音 …")
        with ThreadPoolExecutor(max_workers=2) as pool:
            for item, made in zip(missing, pool.map(lambda item: _make(platform, tools, item), missing), strict=True):
                _add_lecture(platform, item, institutions, made)
    finish_encodes(platform, say)
    _publish(platform)
    _add_playlist(demo, institutions, centre)
    _add_life(platform, institutions)
    _index(platform)
    return passwords


def _make(platform: Platform, tools: Tools, item: LectureSpec) -> DemoMedia:
    return make_lecture(item, platform.settings.media.work_path / "demo", tools)


def _add_lecture(platform: Platform, item: LectureSpec, institutions: dict[str, int], made: DemoMedia) -> None:
    """Put one lecture on the shelf with source and captions; its encode is queued."""
    with made.master.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    key = source_key(sha256)
    platform.storage.put_file(key, made.master, "video/mp4")
    stored = StoredSource(f"{item.key}.mp4", sha256, made.master.stat().st_size, key)
    with unit_of_work() as db:
        lecture = create_lecture(
            db,
            SEEDER,
            institutions[item.institution.key],
            LectureFields(
                title=item.title,
                description=item.description,
                teacher=item.teacher,
                tags=item.tags,
                terms=[
                    *(("audience", value) for value in item.audiences),
                    *(("topic", value) for value in item.topics),
                    ("education_category", item.category),
                    ("difficulty", item.difficulty),
                    ("speech", "mandarin"),  # as the voice does
                ],
            ),
        )
        set_caption(db, lecture, language="zh-CN", label="中文", webvtt=made.webvtt.read_text(encoding="utf-8"))
        attach_source(db, SEEDER, lecture, stored)


def _find(db: Session, item: LectureSpec, institutions: dict[str, int]) -> Lecture | None:
    return db.scalars(
        select(Lecture).where(Lecture.title == item.title, Lecture.institution_id == institutions[item.institution.key])
    ).first()


def _drafts() -> Select[Lecture]:
    """Select the demo's lectures that are not published yet; people's own have somebody who made them."""
    return select(Lecture).where(Lecture.state == LectureState.DRAFT, Lecture.created_by_id.is_(None))


def finish_encodes(platform: Platform, say: Say) -> None:
    """Do the demo's waiting encodes here and now, with the worker's own code; all others are the worker's."""
    app_context = platform.runner.app_context

    def still_open() -> int:
        with app_context(), reading() as db:
            ours = {lecture_subject(lecture.id) for lecture in db.scalars(_drafts())}
            return len(ours & queue.open_subjects(db, queue.LANE_MEDIA))

    def work() -> None:
        while still_open():
            if not platform.runner.work_once(queue.LANE_MEDIA):
                time.sleep(_WAIT_S)

    total = told = still_open()
    threads = [threading.Thread(target=work) for _ in range(platform.settings.jobs.media_slots)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        # Nobody else does while we are at it: an earlier start may have been killed in the middle of a chunk.
        platform.runner.sweep()
        left = still_open()
        if left < told:
            told = left
            say(f"正在转码演示讲座 {total - left}/{total} …")
        time.sleep(_WAIT_S)


def _publish(platform: Platform) -> None:
    with reading() as db:
        drafts = db.scalars(_drafts()).all()
        statuses = media_statuses(db, [lecture.id for lecture in drafts])
    for lecture in drafts:
        if statuses[lecture.id].state is MediaState.READY:
            with unit_of_work() as db:
                publish_lecture(db, SEEDER, lecture.public_id, expected_version=lecture.version)
        else:
            log.warning("demo_lecture_not_ready", lecture_id=lecture.id, error=statuses[lecture.id].error_message)
    shutil.rmtree(platform.settings.media.work_path / "demo", ignore_errors=True)


def _add_playlist(demo: DemoSpec, institutions: dict[str, int], centre_id: int) -> None:
    """Let the community centre choose three lectures for a week."""
    with unit_of_work() as db:
        if db.scalars(select(Playlist.id).where(Playlist.title == PLAYLIST_TITLE)).first() is not None:
            return
        playlist = create_playlist(db, SEEDER, centre_id, PlaylistFields(PLAYLIST_TITLE, PLAYLIST_INTRO))
        db.flush()
        for item, note in zip(demo.lectures, PLAYLIST_NOTES, strict=False):
            lecture = _find(db, item, institutions)
            if lecture is not None and lecture.state is LectureState.PUBLISHED:
                version = playlist.version
                add_item(db, SEEDER, playlist.public_id, lecture.public_id, expected_version=version)
                version = playlist.version
                set_note(db, SEEDER, playlist.public_id, lecture.public_id, note, expected_version=version)
        publish_playlist(db, SEEDER, playlist.public_id, expected_version=playlist.version)


def _add_life(platform: Platform, institutions: dict[str, int]) -> None:
    """Let people review, open, apply, join and watch, so that every page has something to show."""
    reviewed, own = institutions[REVIEWED], next(iter(institutions.values()))
    with unit_of_work() as db:
        name_makers(db, {reviewed: AUTHOR, own: TEACHER})
        add_review(db, SEEDER, reviewed, AUTHOR)
        if add_opening(db, reviewed, AUTHOR, NOBODYS_PHONE):
            add_more_reviews(db, reviewed, AUTHOR, REVIEWERS)
        add_other_openings(db, SEEDER, own, TEACHER, NOBODYS_PHONE)
        add_members(db, own, TEACHER, CENTRE)
        add_applications(db, platform.storage)
        add_plays(db, PLAYLIST_TITLE)


def _index(platform: Platform) -> None:
    with unit_of_work() as db:
        while outbox.relay(db, platform.subscriptions):
            pass
    search = platform.settings.search
    IndexCopy(search.index_path, search.engine).catch_up()
