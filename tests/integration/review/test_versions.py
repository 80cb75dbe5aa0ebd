"""Replaced files are kept and come back through the same door as new ones; what is kept is counted and swept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.errors import NotPermitted
from app.kernel.jobs.model import Job, JobState
from app.library.models import Lecture
from app.media.models import MediaSet, Source
from app.media.queries import may_fetch_media
from app.media.retention import Retention
from app.media.services import StoredSource, attach_source, record_media_set, source_key
from app.media.sweeping import Interests, sweep_handler
from app.review.models import Review
from app.review.snapshots import sources_under_review
from app.studio.allowance import usage_of
from media_pipeline.types import Published
from tests.integration.review.person import Person
from tests.integration.review.school import PASS, Desk

Browse = Callable[[str], Person]
_PUBLISHED = Published(
    duration_s=12.0, master_name="master.m3u8", saver_name="saver.m3u8", audio_name="audio.m3u8",
    mp4_name="lecture.mp4", m4a_name="lecture.m4a", poster_name=None, storyboard_name=None, renditions=(),
    size_bytes=10, recipe="test",
)  # fmt: skip


#: A job that nobody cancels.
CONTEXT = SimpleNamespace(report=lambda *_: None, is_cancelled=lambda: False)


def bring(desk: Desk, letter: str, *, login: str = "teacher", is_made: bool = True) -> None:
    """A file as an upload leaves it: its bytes in the store, its row, and what the worker made of it."""
    sha256, data = letter * 64, letter.encode() * 100
    desk.app.extensions["platform"].storage.put_bytes(source_key(sha256), data, "application/octet-stream")
    with desk.app.app_context(), unit_of_work() as db:
        lecture = db.scalars(select(Lecture).where(Lecture.public_id == desk.public_id)).one()
        stored = StoredSource(f"第{letter}版.mp4", sha256, len(data), source_key(sha256))
        attach_source(db, desk.school[login], lecture, stored)
    if is_made:
        make(desk)


def make(desk: Desk) -> None:
    """Finish the encode of the newest file."""
    with desk.app.app_context(), unit_of_work() as db:
        source = db.scalars(select(Source).order_by(Source.id.desc()).limit(1)).one()
        source.media_info = {"duration_s": 12.0, "labels": [], "video": None, "audio": None}
        db.execute(update(Job).values(state=JobState.SUCCEEDED))
        record_media_set(db, source.id, digest_of(desk, source.sha256), _PUBLISHED)


def digest_of(desk: Desk, sha256: str) -> str:
    return f"{desk.lecture().id:032}{sha256[:32]}"


def files(desk: Desk) -> list[str]:
    """The file behind each version, the oldest first."""
    with desk.app.app_context(), reading() as db:
        return [sha256[0] for sha256 in db.scalars(select(Source.sha256).order_by(Source.id))]


def shown(desk: Desk) -> str:
    with desk.app.app_context(), reading() as db:
        current = select(Source.sha256).join(MediaSet, MediaSet.source_id == Source.id).where(MediaSet.is_current)
        return db.scalars(current).one()[0]


def states(page: str) -> list[str]:
    return [part.split('"')[0] for part in page.split('data-state="')[1:]]


@pytest.fixture
def address(desk: Desk) -> str:
    return f"/studio/lectures/{desk.public_id}/versions"


@pytest.fixture
def shelved(desk: Desk) -> Desk:
    """A lecture on the shelf whose first file is "b"; the draft's own "a" came before."""
    bring(desk, "b")
    desk.submit()
    desk.pass_all()
    return desk


def test_an_old_version_comes_back_through_the_review(shelved: Desk, person: Browse, address: str) -> None:
    bring(shelved, "c")
    shelved.submit()
    shelved.pass_all()
    teacher = person("teacher")
    page = teacher.get(address)
    assert states(page) == ["current", "old", "old"]
    assert "居民看的是这一版" in page
    assert [name in page for name in ("第c版.mp4", "第b版.mp4", "teacher", "12秒")] == [True] * 4
    assert "恢复第 2 版？" in teacher.get(f"{address}/2/restore")
    teacher.post(f"{address}/2/restore")
    teacher.post(f"{address}/2/restore")
    assert files(shelved) == ["a", "b", "c", "b"], "asked twice, done once"
    assert states(teacher.get(address))[0] == "in_the_making"
    make(shelved)
    assert shown(shelved) == "c", "residents wait for the review"
    page = teacher.get(address)
    assert states(page) == ["waiting", "current", "old", "old"]
    assert "和第 2 版是同一个文件" in page
    with shelved.app.app_context(), reading() as db:
        digest = digest_of(shelved, "b" * 64)
        assert may_fetch_media(db, shelved.school["sibling-teacher"], digest) == (False, False)
        assert may_fetch_media(db, shelved.school["teacher"], digest) == (True, False)
    shelved.submit()
    assert shelved.review().changed == ["media"]
    shelved.pass_all()
    assert shown(shelved) == "b"
    teacher.post(f"{address}/4/restore")
    assert len(files(shelved)) == 4, "it is the newest already"


def test_whoever_made_it_first_does_not_review_it(shelved: Desk, person: Browse, address: str) -> None:
    """Bringing a file, having another replace it and go back to it must not make its maker a stranger to it."""
    bring(shelved, "c", login="reviewer")
    bring(shelved, "d", login="admin")
    person("teacher").post(f"{address}/3/restore")
    make(shelved)
    shelved.submit()
    with pytest.raises(NotPermitted):
        shelved.decide("reviewer", PASS, at_level=1)
    assert shelved.decide("reviewer2", PASS, at_level=1) == "level_2"


def test_going_back_to_what_residents_see_gives_up_what_waits(shelved: Desk, person: Browse, address: str) -> None:
    bring(shelved, "c")
    teacher = person("teacher")
    assert states(teacher.get(address)) == ["waiting", "current", "old"]
    shelved.submit()
    assert "新的文件正在审核" in teacher.post(f"{address}/2/restore", status=409)
    with shelved.app.app_context(), unit_of_work() as db:
        db.execute(update(Review).where(Review.closed_at.is_(None)).values(state="returned", closed_at=utc_now()))
    teacher.post(f"{address}/2/restore")
    make(shelved)
    assert states(teacher.get(address)) == ["current", "old", "old", "old"], "nothing new is shown, nothing waits"
    assert shown(shelved) == "b"
    with shelved.app.app_context(), reading() as db:
        digest = digest_of(shelved, "b" * 64)
        assert may_fetch_media(db, shelved.school["sibling-teacher"], digest) == (True, True)


def test_what_was_given_up_can_be_taken_up_again(shelved: Desk, person: Browse, address: str) -> None:
    bring(shelved, "c")
    teacher = person("teacher")
    teacher.post(f"/review/lectures/{shelved.public_id}/discard", version=shelved.lecture().version)
    assert states(teacher.get(address)) == ["old", "current", "old"]
    teacher.post(f"{address}/3/restore")
    make(shelved)
    assert states(teacher.get(address)) == ["waiting", "old", "current", "old"]


def test_a_newest_file_that_was_not_made_is_no_old_one(shelved: Desk, person: Browse, address: str) -> None:
    bring(shelved, "c", is_made=False)
    with shelved.app.app_context(), unit_of_work() as db:
        db.execute(update(Job).where(Job.kind == "encode_lecture").values(state=JobState.FAILED))
    page = person("teacher").get(address)
    assert states(page) == ["not_made", "current", "old"]
    assert page.count('data-testid="restore"') == 1
    person("teacher").post(f"{address}/3/drop", status=409)


def test_a_file_sent_again_is_kept_again(shelved: Desk, person: Browse, address: str) -> None:
    """The newest file was given up, then its master; sent once more it must not be swept as one that was dropped."""
    bring(shelved, "c")
    teacher = person("teacher")
    teacher.post(f"/review/lectures/{shelved.public_id}/discard", version=shelved.lecture().version)
    teacher.post(f"{address}/3/drop")
    bring(shelved, "c")
    sweep(shelved.app, Retention(0, timedelta(0)))
    assert shelved.app.extensions["platform"].storage.stat(source_key("c" * 64)) is not None
    assert states(teacher.get(address))[0] == "waiting"


def test_a_file_under_review_outlives_the_sweep(shelved: Desk) -> None:
    bring(shelved, "c")
    shelved.submit()
    bring(shelved, "d")
    with shelved.app.app_context(), unit_of_work() as db:
        db.execute(update(MediaSet).where(~MediaSet.is_current).values(replaced_at=utc_now() - timedelta(days=9)))
        assert len(sources_under_review(db)) == 1
    sweep(shelved.app, Retention(0, timedelta(0)))
    shelved.pass_all()
    assert shown(shelved) == "c"


def sweep(app: Flask, retention: Retention) -> None:
    storage = app.extensions["platform"].storage
    interests = Interests(holders=[sources_under_review], retention=retention)
    with app.app_context():
        sweep_handler(storage, older_than=timedelta(seconds=-5), interests=interests)(CONTEXT)


def test_masters_beyond_the_policy_go_and_their_lines_stay(shelved: Desk, person: Browse, address: str) -> None:
    for letter in "cdef":
        bring(shelved, letter)
    storage = shelved.app.extensions["platform"].storage
    with shelved.app.app_context(), unit_of_work() as db:
        db.execute(update(MediaSet).where(~MediaSet.is_current).values(replaced_at=utc_now() - timedelta(days=9)))
        newest = db.scalars(select(MediaSet).order_by(MediaSet.id.desc()).limit(1)).one()
        newest.replaced_at = None

    def kept() -> list[str]:
        return [letter for letter in "bcdef" if storage.stat(source_key(letter * 64)) is not None]

    sweep(shelved.app, Retention(2, timedelta(days=30)))
    assert kept() == list("bcdef"), "every one stays for a while"
    sweep(shelved.app, Retention(2, timedelta(0)))
    assert kept() == list("bdef"), "the two last, the one residents see and the one that waits"
    teacher = person("teacher")
    page = teacher.get(address)
    assert "只留下这一行记录" in page
    assert "原文件已经清除" in teacher.post(f"{address}/3/restore", status=409)
    teacher.get(f"{address}/3/file", status=404)
    assert teacher.client.get(f"{address}/3/restore").status_code == 303
    bring(shelved, "c")
    assert kept() == list("bcdef"), "the same file may be sent again"
    sweep(shelved.app, Retention(0, timedelta(0)))
    assert "c" in kept()


def test_masters_are_for_those_who_may_change_the_lecture(shelved: Desk, person: Browse, address: str) -> None:
    bring(shelved, "c")
    with person("teacher").client.get(f"{address}/2/file") as answer:
        assert answer.get_data() == b"b" * 100
        assert "filename*=UTF-8''%E7%AC%ACb%E7%89%88.mp4" in answer.headers["Content-Disposition"]
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    person("teacher").get(f"{address}/99/file", status=404)
    person("teacher").get(f"{address}/0/restore", status=404)
    person("teacher").get(f"{address}/{10**30}/restore", status=404)
    colleague = person("colleague")
    assert "第b版.mp4" in colleague.get(address)
    assert 'data-testid="restore"' not in colleague.get(address)
    colleague.get(f"{address}/2/file", status=403)
    colleague.post(f"{address}/2/restore", status=403)
    for path in ("", "/2/file", "/2/restore", "/2/drop"):
        person("sibling-teacher").get(f"{address}{path}", status=404)


def test_room_is_counted_and_can_be_made(shelved: Desk, person: Browse, address: str) -> None:
    bring(shelved, "c")
    teacher, place = person("teacher"), shelved.school.here

    def used() -> tuple[int, float]:
        with shelved.app.app_context(), reading() as db:
            usage = usage_of(db, [place])[place]
            return usage.stored_bytes, usage.month_s

    before = used()
    assert "旧版本的原文件共占 1 B" in teacher.get(address), "of the draft's first file alone: the others are in use"
    teacher.post(f"{address}/3/drop", status=409)
    teacher.post(f"{address}/2/restore")
    make(shelved)
    assert used() == before, "the same file and the same set count once, and no hours of the month"
    assert "旧版本的原文件共占 101 B" in teacher.get(address)
    assert "清除第 3 版的原文件？" in teacher.get(f"{address}/3/drop")
    teacher.post(f"{address}/3/drop")
    teacher.post(f"{address}/3/drop")
    assert used() == (before[0] - 100, before[1])
    assert 'data-number="3"' in teacher.get(address)


def test_going_back_next_month_takes_no_hours(shelved: Desk, person: Browse, address: str) -> None:
    with shelved.app.app_context(), unit_of_work() as db:
        db.execute(update(Source).values(created_at=utc_now() - timedelta(days=40)))
    bring(shelved, "c")
    person("teacher").post(f"{address}/2/restore")
    make(shelved)
    with shelved.app.app_context(), reading() as db:
        assert usage_of(db, [shelved.school.here])[shelved.school.here].month_s == 12.0, "of the new file alone"


def test_the_page_asks_as_much_of_many_versions(shelved: Desk, person: Browse, address: str, count_queries) -> None:
    teacher = person("teacher")
    teacher.get(address)
    with count_queries() as few:
        teacher.get(address)
    for number in range(24):
        bring(shelved, "cd"[number % 2], is_made=number < 2)
    with count_queries() as many:
        page = teacher.get(address)
    assert len(many) <= len(few) + 1, "the first page of two, with whoever brought them"
    assert page.count('data-testid="version"') == 20
    assert 'data-number="26"' in page
    assert 'data-number="1"' in teacher.get(f"{address}?page=2")
