"""One institution's thirty files never block another's one: chunks take turns, short lectures and new ones go first."""

from __future__ import annotations

from collections import Counter

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.kernel.db import unit_of_work
from app.kernel.jobs import queue
from app.kernel.jobs.engine import Delegation, JobContext, JobKind, JobRunner
from app.kernel.jobs.model import Job, Priority

LANE = queue.LANE_MEDIA
BIG, SMALL, THIRD = "institution:1", "institution:2", "institution:3"


class Encodes:
    """Lectures that hand out chunks as encodes do, and whose chunk was taken when."""

    def __init__(self) -> None:
        self.chunks: dict[str, int] = {}
        self.taken: list[str] = []

    def ask(self, db: Session, name: str, chunks: int, fair_key: str, priority: int = Priority.NORMAL) -> None:
        self.chunks[name] = chunks
        job = queue.NewJob(
            "whole", lane=LANE, key=name, payload={"name": name}, fair_key=fair_key, priority=priority
        )  # fmt: skip
        queue.enqueue(db, job)

    def hand_out(self, context: JobContext) -> Delegation | None:
        claim, name = context.claim, context.payload["name"]
        self.taken.append(name)
        chunks = self.chunks.pop(name, 0)

        def enqueue(db: Session) -> None:
            for number in range(chunks):
                job = queue.NewJob(
                    "chunk", lane=LANE, key=f"{name}:{number}", payload={"name": name}, fair_key=claim.fair_key,
                    priority=Priority.of_steps(claim.priority), parent_id=claim.job_id, weight=1 / chunks,
                )  # fmt: skip
                queue.enqueue(db, job)

        return Delegation(enqueue, "encode", 0.0) if chunks else None

    def make(self, context: JobContext) -> None:
        self.taken.append(f"chunk of {context.payload['name']}")


@pytest.fixture
def encodes() -> Encodes:
    return Encodes()


@pytest.fixture
def runner(app: Flask, tmp_path, encodes: Encodes) -> JobRunner:
    runner = JobRunner(app.app_context, tmp_path / "work", lease_s=5)
    runner.register(JobKind("whole", LANE, encodes.hand_out))
    runner.register(JobKind("chunk", LANE, encodes.make))
    return runner


@pytest.fixture
def thirty(app: Flask, runner: JobRunner, encodes: Encodes) -> None:
    """Thirty long lectures of one institution, well under way."""
    with app.app_context(), unit_of_work() as db:
        for number in range(30):
            encodes.ask(db, f"long {number}", 20, BIG)
    for _ in range(40):
        assert runner.work_once(LANE)
    encodes.taken.clear()


def work(runner: JobRunner, times: int) -> None:
    for _ in range(times):
        runner.work_once(LANE)


@pytest.mark.usefixtures("thirty")
def test_a_micro_course_of_another_institution_goes_first(app: Flask, runner: JobRunner, encodes: Encodes) -> None:
    with app.app_context(), unit_of_work() as db:
        encodes.ask(db, "short", 12, SMALL, Priority.MICRO_COURSE)
    work(runner, 14)
    assert encodes.taken == ["short", *["chunk of short"] * 12, "short"], "planned, made and joined without a break"


@pytest.mark.usefixtures("thirty")
def test_a_long_lecture_of_another_institution_gets_every_second_turn(
    app: Flask, runner: JobRunner, encodes: Encodes
) -> None:
    with app.app_context(), unit_of_work() as db:
        encodes.ask(db, "other", 12, SMALL)
    work(runner, 2 * 14)
    assert Counter(encodes.taken)["chunk of other"] == 12
    assert Counter(encodes.taken)["other"] == 2
    assert len(encodes.taken) == 28, "the large institution goes on meanwhile"


@pytest.mark.usefixtures("thirty")
def test_three_institutions_share_evenly(app: Flask, runner: JobRunner, encodes: Encodes) -> None:
    with app.app_context(), unit_of_work() as db:
        encodes.ask(db, "other", 40, SMALL)
        encodes.ask(db, "third", 40, THIRD)
    work(runner, 63)
    counts = Counter("other" if "other" in name else "third" if "third" in name else "big" for name in encodes.taken)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_renewals_wait_for_uploads_and_are_finished_one_by_one(app: Flask, runner: JobRunner, encodes: Encodes) -> None:
    with app.app_context(), unit_of_work() as db:
        for number in range(3):
            encodes.ask(db, f"old {number}", 2, BIG, Priority.RENEWAL)
    work(runner, 2)
    with app.app_context(), unit_of_work() as db:
        encodes.ask(db, "new", 2, BIG)
    work(runner, 14)
    assert encodes.taken[:2] == ["old 0", "chunk of old 0"]
    assert encodes.taken[2:6] == ["new", "chunk of new", "chunk of new", "new"], "at the next chunk already"
    assert encodes.taken[6] == "chunk of old 0"
    assert [name for name in encodes.taken if name.startswith("old")] == [
        f"old {number}" for number in range(3) for _ in ("planned", "joined")
    ], "the next is begun when the one before is whole"
    with app.app_context(), unit_of_work() as db:
        assert {job.state for job in db.query(Job)} == {"succeeded"}
