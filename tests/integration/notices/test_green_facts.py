"""The green channel's facts: a badge lost with its cause, regained, openings that run out, end, or stand empty."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from app.green_channel.events import GreenBadgeLost, GreenGrantEnded
from app.green_channel.services import end_channel
from app.kernel import outbox
from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.library.events import LectureChanged
from app.library.green_grants import GreenGrant
from app.library.models import Caption, Lecture
from app.notices.kinds import NoticeKind, reason_of
from app.notices.models import Notice
from tests.integration.green_channel.openings import open_for, reviewed, today
from tests.integration.notices.test_joining_facts import remind, said
from tests.integration.notices.test_telling import words
from tests.integration.review.school import VTT, Desk

__all__ = ["remind"]
Told = Callable[[str], list[Notice]]
SILENT = "WEBVTT\n"
GREEN = {NoticeKind.GREEN_LOST, NoticeKind.GREEN_BACK, NoticeKind.GREEN_GRANT}


def green(notices: list[Notice]) -> list[str]:
    return [words(each) for each in notices if each.kind in GREEN]


def set_captions(app: Flask, webvtt: str, *public_ids: str) -> None:
    with app.app_context(), unit_of_work() as db:
        lectures = list(db.scalars(select(Lecture.id).where(Lecture.public_id.in_(public_ids))))
        db.execute(update(Caption).where(Caption.lecture_id.in_(lectures)).values(webvtt=webvtt))
        for each in lectures:
            outbox.emit(db, LectureChanged(each))


def test_a_lost_badge_is_told_with_its_cause_and_its_return_too(app: Flask, desk: Desk, told: Told, mails):
    public_id = reviewed(desk)
    open_for(desk)
    assert green(told("teacher")) == ["《八段锦第一讲》做到了全部承诺，带上了绿色通道标识。"]
    set_captions(app, SILENT, public_id)
    lost = told("teacher")[-1]
    assert words(lost) == "《八段锦第一讲》的绿色通道标识取消了。"
    assert reason_of(lost.kind, lost.facts) == "居民看到的这一讲没有字幕。"
    assert said(told("admin"), NoticeKind.GREEN_LOST) == [words(lost)]
    assert not green(told("reviewer") + told("officer") + told("sibling-admin"))
    mail = next(each for each in mails("teacher") if "绿色通道标识取消" in each["Subject"])
    assert "原因：居民看到的这一讲没有字幕。" in mail.get_body(("plain",)).get_content()

    with app.app_context(), unit_of_work() as db:  # the same fact once more
        lecture = db.scalars(select(Lecture).where(Lecture.public_id == public_id)).one()
        outbox.emit(db, GreenBadgeLost(lecture.id, None, ["captions"]))
    assert len(said(told("teacher"), NoticeKind.GREEN_LOST)) == 1
    with app.app_context(), unit_of_work() as db:
        db.execute(update(Notice).values(read_at=utc_now()))
    set_captions(app, VTT, public_id)
    assert green(told("teacher"))[2:] == ["《八段锦第一讲》做到了全部承诺，带上了绿色通道标识。"]
    for webvtt in (SILENT, VTT, SILENT):
        set_captions(app, webvtt, public_id)
        told("teacher")
    assert [each.count for each in told("teacher") if each.kind in GREEN] == [1, 1, 1, 1], "one lecture, not three"


def test_an_opening_without_a_single_badge_is_told_to_those_who_opened_it(app: Flask, desk: Desk, told: Told):
    first, other = reviewed(desk), Desk(app, desk.school)
    second = reviewed(other)
    open_for(desk, lectures=[first, second])
    told("admin")
    set_captions(app, SILENT, first)
    assert said(told("admin"), NoticeKind.GREEN_GRANT) == []
    set_captions(app, SILENT, second)
    paused = "开放“春季社区课堂”里现在没有一讲带绿色通道标识，等于暂停；请看每一讲缺什么。"
    assert said(told("admin"), NoticeKind.GREEN_GRANT) == [paused]
    assert said(told("teacher"), NoticeKind.GREEN_GRANT) == []


def test_an_opening_about_to_end_is_told_thirty_and_seven_days_before_and_when_it_is_over(
    app: Flask, desk: Desk, told: Told, remind, sign_in
):
    last = today() + timedelta(days=100)
    grant = open_for(desk, ends_on=last.isoformat())

    def grants(login: str) -> list[str]:
        return said(told(login), NoticeKind.GREEN_GRANT)

    remind(days=69)
    assert grants("admin") == []
    for days in (70, 71, 92):
        remind(days=days)
    assert grants("admin") == [f"开放“春季社区课堂”还有 30 天到期，最后一天是 {last}；要继续，请改结束日期。"]
    for days in (93, 94, 99):
        remind(days=days)
    assert grants("admin")[1:] == [f"开放“春季社区课堂”还有 7 天到期，最后一天是 {last}；要继续，请改结束日期。"]
    assert grants("teacher") == []
    remind(days=102)
    over = f"开放“春季社区课堂”到期了，最后一天是 {last}；讲座照常能看，不再带绿色通道标识。"
    assert grants("admin")[2:] == grants("teacher") == [over]
    assert sign_in("admin").get(f"/notices/{told('admin')[-1].id}").headers["Location"].endswith(f"/openings/{grant}")


def test_a_short_opening_is_not_reminded_of_a_month_before(desk: Desk, told: Told, remind):
    open_for(desk, ends_on=(today() + timedelta(days=10)).isoformat())
    remind(days=1)
    assert said(told("admin"), NoticeKind.GREEN_GRANT) == []
    remind(days=4)
    assert len(said(told("admin"), NoticeKind.GREEN_GRANT)) == 1


def test_an_opening_ended_early_is_told_with_the_reason_to_all_but_who_ended_it(app: Flask, desk: Desk, told: Told):
    reviewed(desk)
    grant = open_for(desk)
    told("teacher")
    desk.do(end_channel, "admin", grant, reason="版权合同到期")
    with app.app_context(), unit_of_work() as db:
        outbox.emit(db, GreenGrantEnded(db.scalars(select(GreenGrant.id)).one(), "版权合同到期"))
    [ended] = [each for each in told("teacher") if each.kind is NoticeKind.GREEN_GRANT]
    assert words(ended) == "开放“春季社区课堂”提前结束了；讲座照常能看，不再带绿色通道标识。"
    assert (ended.facts["why"], ended.facts["who"]) == ("版权合同到期", "admin")
    assert said(told("teacher"), NoticeKind.GREEN_LOST) == [], "the end says it for every lecture"
    assert said(told("admin"), NoticeKind.GREEN_GRANT) == []
