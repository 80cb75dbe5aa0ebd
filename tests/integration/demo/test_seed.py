"""Starting the demo again after it was killed: what was under way goes on, what is not the demo's is left alone."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Role
from app.demo.seed import SEEDER, finish_encodes
from app.kernel.actor import Actor, Grant
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.jobs import queue
from app.kernel.jobs.engine import JobContext
from app.kernel.jobs.model import Job, JobState
from app.kernel.platform import Platform
from app.library.models import Lecture
from app.library.services import LectureFields, create_lecture
from app.media.queries import ENCODE_KIND, lecture_subject
from tests.fixtures.app import make_institution, make_user

PERSON = "person"


@pytest.fixture
def killed(app: Flask, platform: Platform) -> list[int]:
    """Return the lectures whose encodes a killed process left under lease: the demo's, then a teacher's."""
    with app.app_context(), unit_of_work() as db:
        college = make_institution(db, name="沈阳示范开放大学")
        user = make_user(db, Role.CONTRIBUTOR, login=PERSON, institution_id=college.id)
        grants = (Grant(Role.CONTRIBUTOR, institution_id=college.id),)
        makers = (SEEDER, Actor(user_id=user.id, grants=grants))
        fields = LectureFields(title="一讲", teacher="周老师", description="说一说。")
        lectures = [create_lecture(db, maker, college.id, fields) for maker in makers]
        db.flush()
        for lecture in lectures:
            job = queue.NewJob(
                ENCODE_KIND, lane=queue.LANE_MEDIA, key=f"{ENCODE_KIND}:{lecture.id}",
                subject=lecture_subject(lecture.id), payload={"source_id": 0},
            )  # fmt: skip
            queue.enqueue(db, job)
        for _ in lectures:
            assert queue.claim(db, queue.LANE_MEDIA, worker="killed", lease_s=60) is not None
        return [lecture.id for lecture in lectures]


def let_leases_end(app: Flask, lecture_id: int) -> None:
    with app.app_context(), unit_of_work() as db:
        job = db.scalars(select(Job).where(Job.subject == lecture_subject(lecture_id))).one()
        job.lease_until = utc_now() - timedelta(seconds=1)


def test_what_an_earlier_start_left_under_way_is_taken_up(app: Flask, platform: Platform, killed: list[int]) -> None:
    done: list[str] = []

    def encode(context: JobContext) -> None:
        done.append(context.claim.subject)

    platform.runner.kinds[ENCODE_KIND] = replace(platform.runner.kinds[ENCODE_KIND], handler=encode)
    ours, theirs = killed
    let_leases_end(app, ours)
    seeding = threading.Thread(target=finish_encodes, args=(platform, lambda _words: None), daemon=True)
    seeding.start()
    seeding.join(20)
    assert not seeding.is_alive(), "it waits for somebody else's lecture, or for a dead process"
    assert done == [lecture_subject(ours)]
    with app.app_context(), reading() as db:
        states = {job.subject: job.state for job in db.scalars(select(Job).where(Job.kind == ENCODE_KIND))}
        assert states == {lecture_subject(ours): JobState.SUCCEEDED, lecture_subject(theirs): JobState.RUNNING}
        assert db.get(Lecture, theirs) is not None
