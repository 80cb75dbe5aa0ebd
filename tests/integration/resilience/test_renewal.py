"""After a change of the encoding policy residents keep the old set until the new one is whole; then that one goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.jobs import queue
from app.kernel.jobs.model import Job, JobState, Priority
from app.library.models import Lecture, LectureState
from app.media import renewal
from app.media.models import MediaSet, Source
from app.media.queries import CHUNK_KIND, ENCODE_KIND, media_prefix
from app.media.sweeping import REPLACED_AGE
from config import policies
from config.settings import load
from tests.fixtures.app import build_app, make_environ, make_institution, run_jobs
from tests.fixtures.stack import TEACHER
from tests.integration.resilience.inventory import check_books, jobs, media_sets, platform_of, stored, sweep_at_once
from tests.integration.resilience.teacher import Teacher, in_process

Change = Callable[[], Flask]


@pytest.fixture
def change_policy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Change:
    """Return a function that starts the installation again with the next version of the encoding policy."""

    def change() -> Flask:
        ladder = policies.read_ladder() | {"version": 99}
        for place in ("app.factory.read_ladder", "app.media.renewal.read_ladder"):
            monkeypatch.setattr(place, lambda: ladder)
        renewal.recipe_in_force.cache_clear()
        return build_app(load(make_environ(tmp_path)))

    yield change
    renewal.recipe_in_force.cache_clear()


@pytest.fixture
def published(app: Flask, teacher: Teacher, short_clip: bytes) -> str:
    """A lecture residents can hear."""
    lecture = teacher.new_lecture()
    teacher.upload(lecture, short_clip)
    run_jobs(app)
    with app.app_context(), unit_of_work() as db:
        db.execute(update(Lecture).values(state=LectureState.PUBLISHED, published_at=utc_now()))
    return lecture


def command(app: Flask, *arguments: str) -> str:
    result = app.test_cli_runner().invoke(args=["media", "reencode", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_nothing_is_outdated_while_nothing_changed(app: Flask, published: str) -> None:
    assert "outdated: 0 lectures" in command(app)
    assert [job.state for job in jobs(app, ENCODE_KIND)] == [JobState.SUCCEEDED]


def test_residents_keep_the_old_set_until_the_new_one_is_whole(
    app: Flask, published: str, change_policy: Change
) -> None:
    [old] = media_sets(app)
    new_app = change_policy()
    visitor = new_app.test_client()
    teacher = Teacher(in_process(new_app.test_client()), TEACHER)

    assert "outdated: 1 lectures, 0.0 hours" in command(new_app, "--dry-run")
    assert len(jobs(new_app, ENCODE_KIND)) == 1
    assert "queued: 1 lectures" in command(new_app)
    assert "queued: 0 lectures" in command(new_app), "what is queued already is not queued again"
    assert [job.priority for job in jobs(new_app, ENCODE_KIND)] == [Priority.MICRO_COURSE, Priority.RENEWAL]

    runner = platform_of(new_app).runner
    while [job.state for job in jobs(new_app, CHUNK_KIND)].count(JobState.QUEUED) != 1:
        assert runner.work_once(queue.LANE_MEDIA)
        [current] = [each for each in media_sets(new_app) if each.is_current]
        assert current.digest == old.digest
    assert old.digest in visitor.get(f"/lectures/{published}").get_data(as_text=True)
    assert teacher.phase(published) == "ready", "nothing the teacher has to wait for"
    sweep_at_once(new_app)

    run_jobs(new_app)
    replaced, current = media_sets(new_app)
    assert (replaced.digest, replaced.is_current, replaced.replaced_at is None) == (old.digest, False, False)
    assert (current.is_current, current.recipe, current.replaced_at) == (True, renewal.recipe_in_force(), None)
    assert current.digest in visitor.get(f"/lectures/{published}").get_data(as_text=True)
    assert "outdated: 0 lectures" in command(new_app)


def test_a_replaced_set_is_kept_for_those_who_watch_it_and_then_goes(
    app: Flask, published: str, change_policy: Change
) -> None:
    new_app = change_policy()
    command(new_app)
    run_jobs(new_app)
    old, _ = media_sets(new_app)
    address = f"/{media_prefix(old.digest)}/{old.master_name}"
    sweep_at_once(new_app)
    assert new_app.test_client().get(address, buffered=True).status_code == 200
    with new_app.app_context(), unit_of_work() as db:
        long_ago = utc_now() - REPLACED_AGE - timedelta(minutes=1)
        db.execute(update(MediaSet).where(MediaSet.id == old.id).values(replaced_at=long_ago))
    sweep_at_once(new_app)
    assert [each.is_current for each in media_sets(new_app)] == [True]
    assert new_app.test_client().get(address).status_code == 404
    check_books(new_app)


def test_only_what_is_asked_for_is_queued(app: Flask, teacher: Teacher, published: str, change_policy: Change) -> None:
    new_app = change_policy()
    with new_app.app_context(), unit_of_work() as db:
        make_institution(db, name="另一所老年大学")
    assert "queued: 0 lectures" in command(new_app, "--institution", "另一所老年大学")
    result = new_app.test_cli_runner().invoke(args=["media", "reencode", "--institution", "没有的学校"])
    assert (result.exit_code, "no such institution" in result.output) == (1, True)
    with new_app.app_context(), unit_of_work() as db:
        db.execute(update(Lecture).values(state=LectureState.WITHDRAWN))
    assert "queued: 0 lectures" in command(new_app), "withdrawn lectures wait until they come back"
    with new_app.app_context(), unit_of_work() as db:
        db.execute(update(Lecture).values(state=LectureState.PUBLISHED))
        [source] = db.scalars(select(Source))
        db.add(
            Source(
                lecture_id=source.lecture_id, filename="newer.mp4", sha256="newer", size_bytes=1,
                storage_key="sources/newer", created_at=utc_now(),
            )
        )  # fmt: skip
    assert "queued: 0 lectures" in command(new_app), "a newer file is what counts"


def test_what_fails_leaves_the_old_set_and_is_tried_when_asked_again(
    app: Flask, published: str, change_policy: Change
) -> None:
    [old] = media_sets(app)
    [key] = [key for key in stored(app) if key.startswith("sources/")]
    new_app = change_policy()
    platform_of(new_app).storage.delete(key)
    command(new_app)
    run_jobs(new_app)
    assert [job.state for job in jobs(new_app, ENCODE_KIND)] == [JobState.SUCCEEDED, JobState.FAILED]
    assert [(each.digest, each.is_current) for each in media_sets(new_app)] == [(old.digest, True)]
    assert Teacher(in_process(new_app.test_client()), TEACHER).phase(published) == "ready"
    assert "queued: 1 lectures" in command(new_app)


def test_a_new_upload_of_the_same_file_moves_its_renewal_up(
    app: Flask, published: str, short_clip: bytes, change_policy: Change
) -> None:
    new_app = change_policy()
    command(new_app)
    teacher = Teacher(in_process(new_app.test_client()), TEACHER)
    teacher.upload(published, short_clip)
    assert platform_of(new_app).runner.work_once(queue.LANE_DEFAULT)
    with new_app.app_context(), reading() as db:
        waiting = db.scalars(select(Job).where(Job.kind == ENCODE_KIND, Job.state == JobState.QUEUED)).all()
    assert [job.priority for job in waiting] == [Priority.MICRO_COURSE]
