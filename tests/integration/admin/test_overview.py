"""The operator's page and its one button."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from app.catalogue.models import IndexChange
from app.kernel.clock import utc_now
from app.kernel.jobs.model import Job, JobState
from app.library.models import Lecture
from config.settings import Settings
from tests.fixtures.app import csrf_token
from tests.integration.curation.shelf import Shelf

Work = Callable[[], AbstractContextManager[Session]]


def add_job(
    db: Session, state: JobState, *, subject: str = "", message: str | None = None, progress: float = 0.0
) -> int:
    now = utc_now()
    job = Job(
        kind="encode_lecture",
        lane="media",
        key=f"{state}-{subject}-{now.timestamp()}",
        subject=subject,
        payload={},
        state=state,
        run_after=now,
        created_at=now,
        started_at=now,
        progress=progress,
        step="encode",
        attempts=3,
        finished_at=now if state is JobState.FAILED else None,
        error_message=message,
    )
    db.add(job)
    db.flush()
    return job.id


def test_the_page_tells_how_things_are(operator: FlaskClient, work: Work, shelf: Shelf):
    with work() as db:
        lecture = db.scalars(select(Lecture).where(Lecture.public_id == shelf.lectures[0])).one()
        add_job(db, JobState.FAILED, subject=f"lecture:{lecture.id}", message="文件里没有画面也没有声音。")
        add_job(db, JobState.RUNNING, progress=0.43)
    text = operator.get("/admin/").get_data(as_text=True)
    for words in (lecture.title, "文件里没有画面也没有声音。", "43%", "重试", "本机文件夹", "能用", "0 个改动"):
        assert words in text, words


def test_an_index_that_lags_is_told(operator: FlaskClient, work: Work):
    with work() as db:
        db.add_all([IndexChange(subject_id=1, created_at=utc_now()) for _ in range(3)])
    assert "3 个改动" in operator.get("/admin/").get_data(as_text=True)


def test_an_unusable_index_is_told(operator: FlaskClient, settings: Settings):
    settings.search.index_path.rename(settings.search.index_path.with_name("gone"))
    text = operator.get("/admin/").get_data(as_text=True)
    assert "搜索目录读不出来" in text
    assert "一切正常" not in text


def test_a_failed_job_is_retried_once(operator: FlaskClient, work: Work):
    with work() as db:
        job_id = add_job(db, JobState.FAILED, message="处理程序多次意外中断。")
    token = csrf_token(operator, "/admin/")
    for sentence in ("已经重新排队", "不需要重试"):
        answer = operator.post(f"/admin/jobs/{job_id}/retry", data={"csrf_token": token}, follow_redirects=True)
        assert sentence in answer.get_data(as_text=True)
    with work() as db:
        job = db.get_one(Job, job_id)
        assert (job.state, job.attempts) == (JobState.QUEUED, 0)


def test_an_unknown_job_is_not_found(operator: FlaskClient):
    token = csrf_token(operator, "/admin/")
    assert operator.post("/admin/jobs/99999/retry", data={"csrf_token": token}).status_code == 404


def test_retrying_leaves_a_line_in_the_log(operator: FlaskClient, work: Work):
    with work() as db:
        job_id = add_job(db, JobState.FAILED)
    token = csrf_token(operator, "/admin/")
    with capture_logs() as events:
        operator.post(f"/admin/jobs/{job_id}/retry", data={"csrf_token": token})
    retried = [event for event in events if event["event"] == "job_retried"]
    assert len(retried) == 1
    assert retried[0]["job_id"] == job_id
    assert retried[0]["actor_id"] is not None


def test_only_operators_enter(client: FlaskClient, sign_in: Callable[[str], FlaskClient], shelf: Shelf, work: Work):
    with work() as db:
        job_id = add_job(db, JobState.FAILED)
    assert client.get("/admin/").status_code == 303
    curator = sign_in(shelf.curator_login)
    assert curator.get("/admin/").status_code == 403
    token = csrf_token(curator, "/desk/playlists/new")
    assert curator.post(f"/admin/jobs/{job_id}/retry", data={"csrf_token": token}).status_code == 403
    with work() as db:
        assert db.get_one(Job, job_id).state is JobState.FAILED


def test_the_number_of_queries_does_not_grow_with_the_queue(
    operator: FlaskClient, work: Work, count_queries: Callable[[], AbstractContextManager[list[str]]]
):
    operator.get("/admin/")
    with count_queries() as before:
        operator.get("/admin/")
    with work() as db:
        for _ in range(30):
            add_job(db, JobState.FAILED, subject="lecture:1")
    with count_queries() as after:
        operator.get("/admin/")
    assert len(before) == len(after) <= 15
