"""Mornings: one digest a person and period, whatever is repeated or killed; deadlines; stopping mail by its link."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.library.quotas import InstitutionQuota
from app.notices import jobs, morning
from app.notices.kinds import MailMode, NoticeKind
from app.notices.letters import Letterhead
from app.notices.models import DigestStop, Notice, NoticeChoice
from app.notices.services import Wanted, choose
from app.review.models import Review
from tests.fixtures.app import csrf_token
from tests.integration.review.school import RETURN, Desk

Mails = Callable[[str], list[EmailMessage]]
MORNING = datetime.fromisoformat("2027-03-03T08:05+08:00")  # a Wednesday


@pytest.fixture
def head(app: Flask) -> Letterhead:
    return jobs.make_letterhead(app.extensions["platform"].settings)


@pytest.fixture
def wake(app: Flask, head: Letterhead) -> Callable[..., None]:
    """Return a function that does a morning's work."""

    def at(moment: datetime = MORNING) -> None:
        with app.app_context():
            jobs.tell_morning(None, head, moment, hour=8)

    return at


def happen(app: Flask, moment: datetime) -> None:
    """Date everything told so far."""
    with app.app_context(), unit_of_work() as db:
        db.execute(update(Notice).values(happened_at=moment))
        # No deadline is near: what is tested is not about them.
        db.execute(update(Review).values(due_at=moment + timedelta(days=90)))


def body(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return part.get_content()


def test_a_day_is_one_mail_however_often_the_morning_comes(app: Flask, desk: Desk, mails: Mails, wake):
    desk.submit()
    assert mails("reviewer") == []
    happen(app, MORNING - timedelta(hours=10))
    wake()
    wake()
    wake(MORNING + timedelta(hours=5))

    [mail] = mails("reviewer")
    assert mail["Subject"].startswith("2027年3月3日的汇总：1 条通知")
    assert "《八段锦第一讲》送到一审，等您审核。" in body(mail)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    wake(MORNING + timedelta(days=1))
    assert len(mails("reviewer")) == 1, "nothing happened since"


def test_what_comes_after_the_morning_waits_for_the_next(app: Flask, desk: Desk, mails: Mails, wake):
    desk.submit()
    mails("reviewer")
    happen(app, MORNING + timedelta(minutes=1))
    wake(MORNING + timedelta(hours=2))
    assert mails("reviewer") == []
    wake(MORNING + timedelta(days=1))
    assert len(mails("reviewer")) == 1


def test_a_killed_morning_is_finished_by_the_next_attempt(
    app: Flask, desk: Desk, mails: Mails, wake, monkeypatch: pytest.MonkeyPatch
):
    desk.submit()
    mails("reviewer")
    happen(app, MORNING - timedelta(hours=10))
    send, sent = morning.send_digest, []

    def die_at_the_second(*arguments: object) -> bool:
        if sent:
            raise KeyboardInterrupt
        sent.append(arguments)
        return send(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(morning, "send_digest", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        wake()
    monkeypatch.undo()
    wake()

    assert [len(mails(login)) for login in ("reviewer", "reviewer2")] == [1, 1]


def test_a_week_is_one_mail_on_monday_or_when_it_was_missed(app: Flask, desk: Desk, mails: Mails, wake):
    with app.app_context(), unit_of_work() as db:
        choose(db, desk.school["reviewer"], {NoticeKind.CASE: Wanted(True, MailMode.WEEKLY)}, is_digest_on=True)
    desk.submit()
    mails("reviewer")
    monday = MORNING - timedelta(days=2)
    happen(app, monday - timedelta(days=1))
    wake()  # Monday and Tuesday the worker was away
    wake(MORNING + timedelta(days=1))

    [mail] = mails("reviewer")
    assert mail["Subject"].startswith("这一周的汇总")


def test_what_was_read_meanwhile_is_not_mailed(app: Flask, desk: Desk, mails: Mails, wake):
    desk.submit()
    mails("reviewer")
    happen(app, MORNING - timedelta(hours=10))
    with app.app_context(), unit_of_work() as db:
        db.execute(update(Notice).values(read_at=MORNING))
    wake()
    assert mails("reviewer") == []


def test_deadlines_are_counted_for_those_whose_turn_it_is(app: Flask, desk: Desk, mails: Mails, wake):
    desk.submit()
    late = Desk(app, desk.school)
    late.submit()
    with app.app_context(), unit_of_work() as db:
        db.execute(update(Review).values(due_at=MORNING + timedelta(hours=3)))
        newest = db.scalars(select(Review).order_by(Review.id.desc())).first()
        assert newest is not None
        newest.due_at = MORNING - timedelta(days=1)
    wake()
    wake()

    [mail] = [each for each in mails("reviewer") if "到期" in each["Subject"]]
    assert "1 讲一天内到期，1 讲已经过期" in mail["Subject"]
    assert mails("admin") == []


def test_nobody_is_reminded_of_deadlines_at_a_weekend(app: Flask, desk: Desk, mails: Mails, wake):
    desk.submit()
    saturday, monday = (MORNING + timedelta(days=days) for days in (3, 5))
    with app.app_context(), unit_of_work() as db:
        db.execute(update(Review).values(due_at=saturday - timedelta(hours=1)))
    wake(saturday)
    assert not [each for each in mails("reviewer") if "过期" in each["Subject"]]
    wake(monday)
    assert len([each for each in mails("reviewer") if "过期" in each["Subject"]]) == 1


def stop_path(mail: EmailMessage) -> str:
    url = mail["List-Unsubscribe"].strip("<>")
    assert url in body(mail)
    return url.removeprefix("https://library.example")


def test_a_mail_program_stops_a_kind_with_one_post(app: Flask, desk: Desk, mails: Mails):
    desk.submit()
    desk.decide("reviewer", RETURN, at_level=1)
    path = stop_path(mails("teacher")[0])
    stranger = app.test_client()  # no cookie, no form token, as RFC 8058 says
    assert stranger.get(path).status_code == 200
    with app.app_context(), reading() as db:
        assert db.scalars(select(NoticeChoice)).all() == [], "a link that is only looked at changes nothing"
    for _ in range(2):
        assert stranger.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    again = Desk(app, desk.school)
    again.submit()
    again.decide("reviewer2", RETURN, at_level=1)

    assert len(mails("teacher")) == 1
    with app.app_context(), reading() as db:
        notices = db.scalars(select(Notice).where(Notice.kind == NoticeKind.RETURNED)).all()
    assert len(notices) == 2, "the bell goes on"
    assert "照常发" in stranger.post(path, data={"again": "y"}).get_data(as_text=True)
    with app.app_context(), reading() as db:
        assert db.scalars(select(NoticeChoice.mail)).one() is MailMode.NOW


def test_digests_are_stopped_whole_and_come_back(app: Flask, desk: Desk, mails: Mails, wake, sign_in):
    desk.submit()
    mails("reviewer")
    happen(app, MORNING - timedelta(hours=10))
    wake()
    path = stop_path(mails("reviewer")[0])
    assert app.test_client().post(path).status_code == 200
    Desk(app, desk.school).submit()
    mails("reviewer")
    happen(app, MORNING + timedelta(hours=10))
    wake(MORNING + timedelta(days=1))
    assert len(mails("reviewer")) == 1

    browser = sign_in("reviewer")
    token = csrf_token(browser, "/notices/settings")
    browser.post("/notices/settings", data={"csrf_token": token, "digest": "y"})
    with app.app_context(), reading() as db:
        assert db.scalars(select(DigestStop)).all() == []


@pytest.mark.parametrize("token", ["x", "eyJ.forged", "WyJ4IiwiZGlnZXN0Il0.AAAAAAAAAAAAAAAAAAAAAAAAAAA"])
def test_links_we_did_not_sign_stop_nothing(app: Flask, token: str):
    client = app.test_client()
    assert client.get(f"/notices/stop/{token}").status_code == 404
    assert client.post(f"/notices/stop/{token}").status_code == 404


def test_a_signature_of_another_installation_is_none_here(app: Flask, desk: Desk, head: Letterhead):
    other = Letterhead(head.base_url, head.site_name, "x" * 40, is_on=True)
    with app.app_context(), reading() as db:
        from app.accounts.models import User  # noqa: PLC0415 - beside its one use

        token = other.stop_token(db.scalars(select(User)).first(), "digest")  # type: ignore[arg-type]
    assert app.test_client().post(f"/notices/stop/{token}").status_code == 404
    assert re.fullmatch(r"[\w.-]+", token)


def fill_quota(app: Flask, desk: Desk, mail: MailMode) -> None:
    """Let the institution use more than it may, and its administrator want to hear of it in digests."""
    with app.app_context(), unit_of_work() as db:
        admin = desk.school["admin"]
        choose(db, admin, {NoticeKind.QUOTA: Wanted(is_shown=True, mail=mail)}, is_digest_on=True)
        here = desk.school.here
        db.add(InstitutionQuota(institution_id=here, storage_bytes=1, set_by_name="x", valid_from=utc_now()))


def test_a_reminder_of_the_morning_is_in_its_own_digest(app: Flask, desk: Desk, mails: Mails, wake):
    fill_quota(app, desk, MailMode.DAILY)
    wake()
    wake()
    [mail] = mails("admin")
    assert "用完了，新文件传不上来" in body(mail)


def test_what_a_later_run_finds_waits_for_tomorrow_and_weekly_for_monday(app: Flask, desk: Desk, mails: Mails, wake):
    wake()
    fill_quota(app, desk, MailMode.DAILY)
    wake(MORNING + timedelta(hours=5))
    assert mails("admin") == []
    wake(MORNING + timedelta(days=1))
    assert len(mails("admin")) == 1
    friday = MORNING + timedelta(days=30)  # of April: a month's reminders are told anew
    with app.app_context(), unit_of_work() as db:
        weekly = {NoticeKind.QUOTA: Wanted(is_shown=True, mail=MailMode.WEEKLY)}
        choose(db, desk.school["admin"], weekly, is_digest_on=True)
    wake(friday)
    assert len(mails("admin")) == 1
    wake(friday + timedelta(days=3))
    assert len(mails("admin")) == 2
