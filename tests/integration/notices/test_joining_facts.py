"""Facts of joining reach the officers of the region, those who look after a place, and whoever gets the work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from app.accounts.models import Membership, User
from app.joining import applications, handover, invitations, verification
from app.joining.events import ApplicationArrived, MemberJoined, WorkHandedOver
from app.kernel import outbox
from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.kernel.ids import new_token
from app.library.quotas import InstitutionQuota
from app.media.models import Source
from app.notices import jobs
from app.notices.kinds import NoticeKind
from app.notices.models import Notice
from app.notices.reminders import tell_reminders
from tests.integration.joining.acting import Acting
from tests.integration.notices.test_telling import words
from tests.integration.review.school import School, draft

Told = Callable[[str], list[Notice]]
GB = 1024**3


@pytest.fixture
def acting(app: Flask, school: School) -> Acting:
    return Acting(app, school)


@pytest.fixture
def remind(app: Flask) -> Callable[..., None]:
    """Return a function that does the morning's reminders, twice: a repeated job must tell nothing twice."""

    def at(**later: int) -> None:
        head = jobs.make_letterhead(app.extensions["platform"].settings)
        for _ in range(2):
            with app.app_context(), unit_of_work() as db:
                tell_reminders(db, head, utc_now() + timedelta(**later))

    return at


def said(notices: list[Notice], kind: NoticeKind) -> list[str]:
    return [words(each) for each in notices if each.kind is kind]


def again(app: Flask, fact: object) -> None:
    """Deliver a fact a second time, as an outbox may."""
    with app.app_context(), unit_of_work() as db:
        outbox.emit(db, fact)


def test_an_application_is_told_to_the_nearest_officers_and_settled_for_all(
    app: Flask, acting: Acting, told: Told, sign_in
):
    application = acting.send_in()
    again(app, ApplicationArrived(application.id))
    assert said(told("officer"), NoticeKind.APPLICATION) == ["沈阳新民示范老年大学（新民市）申请加入，等您核实。"]
    # Officers of the province have the desk; the city's are asked first. Other cities and operators are not told.
    assert told("provincial") == told("foreign-officer") == told("operator") == told("admin") == []
    [notice] = told("officer")
    target = sign_in("officer").get(f"/notices/{notice.id}")
    assert target.headers["Location"] == f"/joining/applications/{application.public_id}"

    version = acting.application().version
    acting.do(verification.ask, "provincial", application.public_id, "请补交证书", expected_version=version)
    assert all(each.read_at is not None for each in told("officer")), "somebody has dealt with it"
    acting.apply(applications.submit, words="已补交", expected_version=acting.application().version)
    answered = "沈阳新民示范老年大学（新民市）回答了您的问题，等您核实。"
    assert said(told("officer"), NoticeKind.APPLICATION)[-1] == answered


def enter(app: Flask, token: str, login: str, name: str) -> User:
    """Open an invitation with a new account."""
    with app.app_context(), unit_of_work() as db:
        return invitations.accept_as_new(db, token, login=login, display_name=name, password="a long enough one")


def test_who_invited_and_who_looks_after_the_place_hear_of_the_new_member(app: Flask, acting: Acting, told: Told):
    acting.send_in()
    token = new_token()
    acting.accept(token=token)
    user = enter(app, token, "fresh", "新管理员")
    assert said(told("officer"), NoticeKind.MEMBER) == ["新管理员接受邀请，加入了沈阳新民示范老年大学。"]
    assert told("fresh") == told("admin") == [], "not to the one who joined, nor to other places"

    place, second = acting.school.public_ids[acting.school.here], new_token()
    invitation = acting.do(
        invitations.invite, "admin", place, key="contributor", person_name="新老师", email="", token=second
    )
    enter(app, second, "maker", "新老师")
    again(app, MemberJoined(user.id, invitation.id))
    assert said(told("admin"), NoticeKind.MEMBER) == ["新老师接受邀请，加入了沈阳审课学院。"]
    assert told("admin")[-1].facts["members"] == place


def test_an_invitation_nobody_used_is_told_once_to_whoever_made_it(acting: Acting, told: Told, remind):
    place = acting.school.public_ids[acting.school.here]
    whom = {"key": "contributor", "person_name": "没来的人", "email": ""}
    acting.do(invitations.invite, "admin", place, **whom, token=new_token())
    remind(days=13)
    assert told("admin") == []
    remind(days=15)
    assert said(told("admin"), NoticeKind.MEMBER) == ["给没来的人的邀请过期了，没有人用；还要请的话，请重新邀请。"]


def test_work_handed_over_is_told_to_both_with_what_it_is(app: Flask, acting: Acting, told: Told):
    with app.app_context(), unit_of_work() as db:
        draft(db, acting.school["teacher"], acting.school.here)
    place = acting.school.public_ids[acting.school.here]
    people = {login: acting.user(login).public_id for login in ("teacher", "colleague")}
    made = acting.do(
        handover.hand_over, "admin", place, people["teacher"], to_person_id=people["colleague"], gives_roles=False
    )
    again(app, WorkHandedOver(made.id))
    assert [words(each) for each in told("colleague")] == [
        "teacher在沈阳审课学院的工作交给了您：讲座 1 讲、在审 0 件。"
    ]
    assert [words(each) for each in told("teacher")] == ["您在沈阳审课学院的工作已经交给colleague。"]
    assert told("admin") == [], "whoever did it knows it"


def test_quotas_are_told_at_eighty_and_a_hundred_percent_once_a_month(
    app: Flask, acting: Acting, told: Told, remind, sign_in
):
    with app.app_context(), unit_of_work() as db:
        lecture = draft(db, acting.school["teacher"], acting.school.here)
        db.add(InstitutionQuota(institution_id=acting.school.here, storage_bytes=100 * GB, monthly_hours=None,
                                set_by_name="officer", valid_from=utc_now()))  # fmt: skip

    def fill(size_bytes: int) -> None:
        with app.app_context(), unit_of_work() as db:
            db.execute(update(Source).where(Source.lecture_id == lecture.id).values(size_bytes=size_bytes))

    fill(79 * GB)
    remind()
    assert told("admin") == []
    fill(85 * GB)
    remind()
    assert said(told("admin"), NoticeKind.QUOTA) == ["沈阳审课学院的存储额度用了 85%：共 100 GB。"]
    assert told("officer") == []
    fill(101 * GB)
    remind()
    full = "沈阳审课学院的存储额度 100 GB 用完了，新文件传不上来。"
    assert said(told("admin"), NoticeKind.QUOTA)[1:] == said(told("officer"), NoticeKind.QUOTA) == [full]
    assert told("provincial") == told("sibling-admin") == told("teacher") == []
    for login, page in (("admin", "/studio/"), ("officer", "/joining/institutions")):
        answer = sign_in(login).get(f"/notices/{told(login)[-1].id}")
        assert answer.headers["Location"] == page


def test_an_officer_whose_role_rests_is_not_asked(app: Flask, acting: Acting, told: Told):
    with app.app_context(), unit_of_work() as db:
        resting = update(Membership).where(Membership.user_id == acting.school["officer"].user_id)
        db.execute(resting.values(suspended_at=utc_now()))
    acting.send_in()
    assert told("officer") == []
    assert len(told("provincial")) == 1, "the next ones up"
