"""A published lecture whose 40 seconds are in the store, and what its teacher does to split it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select, update

import media_pipeline
from app.kernel.db import reading
from app.kernel.jobs import queue
from app.kernel.jobs.model import Job, JobState
from app.kernel.platform import Platform
from app.library import services as library
from app.library.models import Excerpt, Lecture
from app.media import services as media
from app.media.models import MediaSet
from app.media.queries import media_prefix
from app.studio import services as studio
from config.policies import read_ladder
from media_pipeline.captions import MACHINE_NOTE
from media_pipeline.folder import FolderStorage
from tests.factories.clips import ClipShelf, shared_folder
from tests.integration.studio.college import Browser, College, in_work

CUES = "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\n热身\n\n00:00:14.000 --> 00:00:16.000\n起势\n"


@pytest.fixture(scope="session")
def clapper_set(tmp_path_factory):
    """The clapper's set as a workshop wrote it: the plan's digest, what it is, what was probed, where it lies."""
    path = ClipShelf(shared_folder(tmp_path_factory)).clapper()
    rules = media_pipeline.parse_policy(read_ladder())
    profiles = tuple(
        replace(each, rungs=tuple(replace(rung, preset="ultrafast") for rung in each.rungs)) for each in rules.profiles
    )
    info = media_pipeline.probe(path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    plan = media_pipeline.make_plan(info, replace(rules, profiles=profiles), sha256)
    folder = tmp_path_factory.mktemp("clapper")

    class Quiet:
        def report(self, step, fraction):
            pass

        def is_cancelled(self):
            return False

    published = media_pipeline.run(
        plan, path, work_dir=folder / "attempt", storage=FolderStorage(folder / "store"),
        prefix=media_prefix(plan.digest), tools=media_pipeline.find_tools(), progress=Quiet(), cancel=Quiet(),
    )  # fmt: skip
    return plan.digest, published, info, folder / "store"


@pytest.fixture
def whole(app: Flask, platform: Platform, college: College, lecture_id: str, clapper_set) -> str:
    """Public id of a published lecture whose 40 seconds are in the store, with captions and chapters."""
    digest, published, info, store = clapper_set
    shutil.copytree(store, platform.settings.store.path, dirs_exist_ok=True)
    old_s = time.time() - 30 * 24 * 3600
    for path in platform.settings.store.path.rglob("*.*"):
        os.utime(path, (old_s, old_s))

    def do(db):
        lecture = library.get_lecture_for_edit(db, college.teacher, lecture_id)
        stored = media.StoredSource("太极拳.mp4", "5" * 64, 1000, media.source_key("5" * 64))
        source = media.attach_source(db, college.teacher, lecture, stored)
        media.note_media_info(db, source.id, info)
        media.record_media_set(db, source.id, digest, published)
        db.execute(update(Job).values(state=JobState.SUCCEEDED))
        library.set_caption(db, lecture, language="zh-CN", label="中文", webvtt=CUES)
        marked = CUES.replace("WEBVTT\n", f"WEBVTT\n\nNOTE {MACHINE_NOTE}\n", 1)
        library.set_caption(db, lecture, language="en", label="English", webvtt=marked, is_machine=True)
        times = [(0.0, "热身"), (13.5, "起势"), (20.0, "收势"), (30.2, "小结")]
        library.set_chapters(db, lecture, times)
        lecture.language = "zh-CN"
        studio.publish_lecture(db, college.teacher, lecture_id, expected_version=lecture.version)

    in_work(app, do)
    return lecture_id


def shape(page: str) -> str:
    found = re.search(r'name="shape" value="([^"]+)"', page)
    assert found, page[-3000:]
    return found[1]


def split(teacher: Browser, public_id: str, *, take, join=(), titles=(), confirmed=True):
    path = f"/studio/lectures/{public_id}/split"
    names = {f"title-{number}": title for number, title in enumerate(titles)}
    fields = {"shape": shape(teacher.get(path)), "take": list(take), "join": list(join), **names}
    return teacher.post(path, **fields, **({"confirmed": "1"} if confirmed else {}))


def drafts_of(app: Flask, public_id: str) -> list[str]:
    statement = (
        select(Lecture.public_id)
        .join(Excerpt, Excerpt.lecture_id == Lecture.id)
        .where(Excerpt.original_id == select(Lecture.id).where(Lecture.public_id == public_id).scalar_subquery())
        .order_by(Excerpt.start_s, Lecture.id)
    )
    return in_work(app, lambda db: list(db.scalars(statement)))


def work(platform: Platform) -> None:
    while platform.runner.work_once(queue.LANE_MEDIA):
        pass


def rows(app: Flask, statement):
    with app.app_context(), reading() as db:
        return list(db.scalars(statement))


def stretch_media(app: Flask, public_id: str, duration_s: float) -> None:
    statement = select(Lecture.id).where(Lecture.public_id == public_id).scalar_subquery()
    in_work(app, lambda db: db.execute(
        update(MediaSet).where(MediaSet.lecture_id == statement).values(duration_s=duration_s)
    ))  # fmt: skip


TITLES = ("热身", "起势", "收势", "小结")
