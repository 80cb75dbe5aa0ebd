"""The operator's view of the encode queue: how far, how long, why not; cancelling, trying again, encoding anew."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin.encode_queue import LineState, QueueLine, QueueView, list_queue
from app.kernel.clock import utc_now
from app.kernel.jobs import queue, steps
from app.kernel.jobs.engine import NO_ROOM
from app.kernel.jobs.model import Job, JobState, Priority
from app.library.models import Lecture
from app.media.models import Source
from app.media.queries import CHUNK_KIND, ENCODE_KIND
from app.media.services import request_encode
from tests.fixtures.app import csrf_token
from tests.integration.curation.shelf import Shelf, make_institution, make_lecture

Work = Callable[[], AbstractContextManager[Session]]
Count = Callable[[], AbstractContextManager[list[str]]]
LENGTH_S = 600.0
CHUNKS = 10


@pytest.fixture
def ask(work: Work) -> Callable[..., int]:
    """Return a function that makes a lecture and asks for its encode; returns the job's id."""

    def do(title: str, *, is_known: bool = True, priority: int | None = None, institution: str = "") -> int:
        with work() as db:
            lecture = make_lecture(db, make_institution(db, name=institution), title)
            lecture.resource_type = "course"
            source = db.scalars(select(Source).where(Source.lecture_id == lecture.id)).one()
            source.media_info = {"duration_s": LENGTH_S} if is_known else None
            request_encode(db, lecture, source)
            db.flush()
            job = db.scalars(select(Job).where(Job.kind == ENCODE_KIND).order_by(Job.id.desc()).limit(1)).one()
            job.priority = job.priority if priority is None else priority
            return job.id

    return do


@pytest.fixture
def begin(work: Work) -> Callable[..., None]:
    """Return a function that hands an encode's chunks out and makes the first of them, one a minute."""

    def do(job_id: int, made: int = 0) -> None:
        with work() as db:
            job = db.get_one(Job, job_id)
            began_at = utc_now() - timedelta(minutes=made)
            job.state, job.lease, job.started_at, job.attempts = JobState.RUNNING, "x", began_at, 1
            db.flush()
            assert steps.delegate(db, job_id, "x", step="encode", done=0.0)
            for number in range(CHUNKS):
                queue.enqueue(
                    db, queue.NewJob(CHUNK_KIND, lane=queue.LANE_MEDIA, key=f"{job_id}:{number}", subject=job.subject,
                    payload=job.payload, fair_key=job.fair_key, priority=job.priority, parent_id=job_id,
                    weight=1 / CHUNKS,
                ))  # fmt: skip
            chunks = db.scalars(select(Job).where(Job.parent_id == job_id).order_by(Job.id)).all()
            for number, chunk in enumerate(chunks[:made]):
                chunk.state, chunk.progress = JobState.SUCCEEDED, 1.0
                chunk.started_at = began_at + timedelta(minutes=number)
                chunk.finished_at = chunk.started_at + timedelta(minutes=1)

    return do


def lines(work: Work, view: QueueView = QueueView.OPEN) -> dict[str, QueueLine]:
    with work() as db:
        return {line.title: line for line in list_queue(db, view).lines}


def text_of(operator: FlaskClient, path: str = "/admin/queue") -> str:
    answer = operator.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_an_empty_queue_says_so(operator: FlaskClient):
    text = text_of(operator)
    assert "没有课在排队" in text
    assert "没有工作进程" not in text
    assert "没有失败或取消的课" in text_of(operator, "/admin/queue?show=stopped")


def test_each_lecture_tells_how_far_and_how_long(operator: FlaskClient, work: Work, ask, begin):
    first, second = ask("正在做的课", institution="甲大学"), ask("等着的课", institution="乙大学")
    ask("没人看过的课", is_known=False, institution="丙大学")
    begin(first, made=5)
    told = lines(work)
    assert list(told) == ["正在做的课", "等着的课", "没人看过的课"]
    line = told["正在做的课"]
    assert (line.state, line.chunks_done, line.chunks_total, line.percent) == (LineState.WORKING, 5, CHUNKS, 50)
    # Five minutes of lecture were made in five: one a minute; two others take turns with the five that are left.
    assert line.remaining_s == pytest.approx(3 * 300, rel=0.02)
    assert told["等着的课"].job_id == second
    assert told["等着的课"].percent is None
    assert told["等着的课"].remaining_s == pytest.approx(300 + 600 + 450, rel=0.02), "the unknown one counts as usual"
    assert told["没人看过的课"].remaining_s is None
    text = text_of(operator)
    for words in ("5 / 10 段", "50%", "约 15分钟", "—", "甲大学", "每分钟做好 1分钟的课"):
        assert words in text, words


def test_nothing_is_promised_while_nothing_was_made(operator: FlaskClient, work: Work, ask, begin):
    begin(ask("刚开始的课"))
    assert lines(work)["刚开始的课"].remaining_s is None
    assert "还估不出时间" in text_of(operator)


def test_work_of_long_ago_tells_nothing(work: Work, ask, begin):
    job_id = ask("停住的课")
    begin(job_id, made=5)
    with work() as db:
        for chunk in db.scalars(select(Job).where(Job.parent_id == job_id, Job.state == JobState.SUCCEEDED)):
            chunk.started_at -= timedelta(hours=1)
            chunk.finished_at -= timedelta(hours=1)
    assert lines(work)["停住的课"].remaining_s is None


def test_what_keeps_work_waiting_is_told(operator: FlaskClient, work: Work, ask, begin):
    job_id = ask("卡住的课")
    begin(job_id)
    with work() as db:
        queue.note_obstacle(db, queue.LANE_MEDIA, code=NO_ROOM, message="工作节点磁盘空间不足，请稍等。")
    text = text_of(operator)
    assert text.count("工作节点磁盘空间不足，请稍等。") == 1
    assert "工作节点磁盘不足" in text
    assert "没有工作进程" not in text, "one is there, it only has no room"


def test_work_nobody_takes_is_told(operator: FlaskClient, work: Work, ask, begin):
    job_id = ask("没人做的课")
    assert "没有工作进程" not in text_of(operator), "it has only just been queued"
    with work() as db:
        db.get_one(Job, job_id).run_after = utc_now() - timedelta(minutes=5)
    assert "没有工作进程" in text_of(operator)
    with work() as db:
        assert queue.claim(db, queue.LANE_MEDIA, worker="w", lease_s=60) is not None
    assert "没有工作进程" not in text_of(operator)


def test_cancelling_asks_first_and_stops_all_steps(operator: FlaskClient, work: Work, ask, begin):
    job_id = ask("不要了的课")
    begin(job_id, made=2)
    assert f'data-opens="question-{job_id}"' in text_of(operator)
    question = text_of(operator, f"/admin/queue/{job_id}/cancel")
    assert "取消“不要了的课”的转码？" in question
    token = csrf_token(operator, f"/admin/queue/{job_id}/cancel")
    answer = operator.post(f"/admin/queue/{job_id}/cancel", data={"csrf_token": token}, follow_redirects=True)
    assert "已经取消" in answer.get_data(as_text=True)
    with work() as db:
        states = [job.state for job in db.scalars(select(Job).where(Job.parent_id == job_id))]
    assert states.count(JobState.CANCELLED) == CHUNKS - 2
    assert lines(work) == {}
    assert lines(work, QueueView.STOPPED)["不要了的课"].state is LineState.CANCELLED


def test_what_failed_is_listed_with_its_reason_until_it_is_tried_again(operator: FlaskClient, work: Work, ask):
    job_id = ask("失败的课")
    with work() as db:
        job = db.get_one(Job, job_id)
        job.state, job.finished_at, job.error_message = JobState.FAILED, utc_now(), "找不到上传的原文件，请重新上传。"
    text = text_of(operator, "/admin/queue?show=stopped")
    assert "找不到上传的原文件" in text
    token = csrf_token(operator, f"/admin/queue/{job_id}/retry")
    for sentence in ("已经重新排队", "不需要重试"):
        answer = operator.post(f"/admin/queue/{job_id}/retry", data={"csrf_token": token}, follow_redirects=True)
        assert sentence in answer.get_data(as_text=True)
    assert lines(work)["失败的课"].state is LineState.WAITING
    assert lines(work, QueueView.STOPPED) == {}


def test_what_was_uploaded_anew_is_no_failure_any_more(work: Work, ask):
    job_id = ask("重传的课")
    with work() as db:
        job = db.get_one(Job, job_id)
        job.state, job.finished_at = JobState.FAILED, utc_now()
        queue.enqueue(
            db, queue.NewJob(ENCODE_KIND, lane=queue.LANE_MEDIA, key="again", payload=job.payload, subject=job.subject)
        )
    assert lines(work, QueueView.STOPPED) == {}


def test_renewals_come_last_and_are_called_so(operator: FlaskClient, work: Work, ask):
    ask("重新转码的课", priority=Priority.RENEWAL)
    ask("新传的课")
    assert list(lines(work)) == ["新传的课", "重新转码的课"]
    assert "重新转码</span>" in text_of(operator)


def test_the_queue_is_paged_and_asks_the_database_no_more_for_it(
    operator: FlaskClient, work: Work, ask, begin, count_queries: Count
):
    begin(ask("第一课", institution="甲大学"), made=1)
    text_of(operator)
    with count_queries() as before:
        text_of(operator)
    for number in range(30):
        begin(ask(f"课{number}"), made=number % 3)
    with count_queries() as after:
        text = text_of(operator)
    assert len(after) == len(before) <= 14
    assert text.count("data-opens") == 20
    assert 'href="/admin/queue?page=2"' in text
    assert text_of(operator, "/admin/queue?page=2").count("data-opens") == 11
    assert text_of(operator, "/admin/queue?page=99").count("data-opens") == 11


def test_the_command_prints_the_same(app: Flask, operator: FlaskClient, work: Work, ask, begin):
    first = ask("正在做的课", institution="甲大学")
    begin(first, made=5)
    ask("等着的课", institution="乙大学", priority=Priority.RENEWAL)
    result = app.test_cli_runner().invoke(args=["media", "queue"])
    assert result.exit_code == 0, result.output
    one, two, totals, speed = result.output.splitlines()
    assert one.split("\t") == [
        str(first), "进行中", "50%", "5 / 10 段", "约 5分钟", "甲大学", "正在做的课", "",
    ]  # fmt: skip
    assert two.split("\t")[1:] == ["排队 重新转码", "", "", "约 15分钟", "乙大学", "等着的课", "前面还有 1 讲"]
    assert totals == "进行和排队: 2, 没有做成: 0 (1/1)"
    assert "每分钟做好 1分钟的课" in speed
    stopped = app.test_cli_runner().invoke(args=["media", "queue", "--stopped"])
    assert stopped.output.splitlines()[0] == "进行和排队: 2, 没有做成: 0 (1/1)"


def test_encoding_anew_is_asked_for_with_one_button(app: Flask, operator: FlaskClient, work: Work, shelf: Shelf):
    text = text_of(operator, "/admin/")
    assert "6 讲，共 0.8 小时" in text
    question = text_of(operator, "/admin/renewal")
    assert "6 讲，共 0.8 小时" in question
    token = csrf_token(operator, "/admin/renewal")
    for _ in range(2):
        assert operator.post("/admin/renewal", data={"csrf_token": token}).status_code == 303
        assert app.extensions["platform"].runner.work_once(queue.LANE_DEFAULT)
    with work() as db:
        encodes = db.scalars(select(Job).where(Job.kind == ENCODE_KIND)).all()
        assert [job.priority for job in encodes] == [Priority.RENEWAL] * len(shelf.lectures)
        assert len({job.subject for job in encodes}) == len(shelf.lectures)
    assert "全部重新转码" not in text_of(operator, "/admin/")


@pytest.mark.parametrize("path", ["/admin/queue", "/admin/queue/1/cancel", "/admin/queue/1/retry", "/admin/renewal"])
def test_only_operators_enter(client: FlaskClient, sign_in, shelf: Shelf, work: Work, path: str):
    with work() as db:
        queue.enqueue(
            db, queue.NewJob(ENCODE_KIND, lane=queue.LANE_MEDIA, key="k", payload={"source_id": 1}, subject="lecture:1")
        )
    assert client.get(path).status_code == 303
    curator = sign_in(shelf.curator_login)
    assert curator.get(path).status_code == 403
    token = csrf_token(curator, "/desk/playlists/new")
    if path != "/admin/queue":
        assert curator.post(path, data={"csrf_token": token}).status_code == 403
    with work() as db:
        assert [job.state for job in db.scalars(select(Job).where(Job.kind == ENCODE_KIND))] == [JobState.QUEUED]


def test_other_jobs_are_not_cancelled_here(operator: FlaskClient, work: Work):
    with work() as db:
        queue.enqueue(db, queue.NewJob("sweep_store", lane=queue.LANE_DEFAULT, key="sweep_store"))
    with work() as db:
        job_id = db.scalars(select(Job.id).where(Job.kind == "sweep_store")).one()
    token = csrf_token(operator, "/admin/")
    assert operator.get(f"/admin/queue/{job_id}/cancel").status_code == 404
    assert operator.post(f"/admin/queue/{job_id}/cancel", data={"csrf_token": token}).status_code == 404


def test_a_lecture_that_is_gone_keeps_its_line(work: Work, ask):
    job_id = ask("会删掉的课")
    with work() as db:
        job = db.get_one(Job, job_id)
        job.subject = "lecture:999999"
    assert [line.institution for line in lines(work).values()] == [""]
    with work() as db:
        assert db.scalar(select(Lecture.id).where(Lecture.id == 999999)) is None
