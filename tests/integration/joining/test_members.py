"""Invitations, roles, resting, leaving: what each changes, who may, what is refused, what comes back."""

from __future__ import annotations

import email
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Membership
from app.accounts.services import issue_upload_token
from app.catalogue.playlists import Playlist
from app.curation.services import PlaylistFields, create_playlist
from app.joining import handover, invitations, members
from app.joining.belongings import count_belongings
from app.joining.members import get_member, list_members
from app.joining.models import Invitation, MemberAct
from app.joining.places import Place, load_place
from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.kernel.errors import Conflict, InvalidInput, NotFound, NotPermitted, StaleVersion
from app.kernel.ids import new_public_id, new_token
from app.library import policies
from app.library.models import Lecture
from app.library.places import Unit
from app.library.services import find_or_create_course
from app.review.models import Review, ReviewOpening
from app.review.queries import get_case
from app.studio.desk.models import Batch
from app.studio.known_files import list_unfinished
from app.studio.models import Upload
from tests.fixtures.app import csrf_token, run_jobs
from tests.integration.joining.acting import Acting
from tests.integration.review.school import draft, send_in


@pytest.fixture
def place(acting: Acting) -> Place:
    return acting.read(load_place, acting.school.public_ids[acting.school.here])


def person(acting: Acting, login: str) -> str:
    return acting.user(login).public_id


def invite(acting: Acting, place: Place, login: str = "admin", **changes: str) -> str:
    token = new_token()
    wanted = {"key": "contributor", "person_name": "新老师", "email": "", "token": token, **changes}
    acting.do(invitations.invite, login, place.public_id, **wanted)
    return wanted["token"]


def accept(acting: Acting, token: str, login: str = "newcomer") -> None:
    arguments = {"login": login, "display_name": "新老师", "password": "a long pass 99"}
    acting.apply(lambda db, _receipt: invitations.accept_as_new(db, token, **arguments))


def test_an_invitation_opens_once(acting: Acting, place: Place):
    token = invite(acting, place)
    with pytest.raises(InvalidInput):
        acting.apply(lambda db, _r: invitations.accept_as_new(db, token, login="x", display_name="x", password="short"))
    accept(acting, token)
    assert acting.read(lambda db: acting.actor("newcomer", db)).institution_ids("contributor") == {place.institution_id}
    with pytest.raises(Conflict, match="已经用过"):
        accept(acting, token, "second")
    with pytest.raises(NotFound):
        accept(acting, new_token())
    stored = acting.read(lambda db: db.scalars(select(Invitation.token_hash)).one())
    assert token not in stored


def test_revoked_and_expired_links_say_so(acting: Acting, place: Place, monkeypatch: pytest.MonkeyPatch):
    token = invite(acting, place)
    invitation = acting.read(invitations.list_open, place)[0]
    for _ in range(2):
        acting.do(invitations.revoke, "admin", place.public_id, invitation.public_id)
    with pytest.raises(Conflict, match="已经撤销"):
        accept(acting, token)
    later = utc_now() + timedelta(days=15)
    old = invite(acting, place)
    monkeypatch.setattr(invitations, "utc_now", lambda: later)
    with pytest.raises(Conflict, match="过期"):
        accept(acting, old)


def test_who_may_invite_whom(acting: Acting, place: Place):
    for login in ("teacher", "reviewer", "foreign-admin", "foreign-officer"):
        with pytest.raises(NotFound):
            invite(acting, place, login)
    with pytest.raises(NotPermitted, match="只能邀请管理员"):
        invite(acting, place, "officer")
    invite(acting, place, "officer", key="institution_admin")
    for changes, field in (
        ({"key": "officer"}, "key"), ({"key": "lead"}, "key"), ({"person_name": ""}, "person_name"),
        ({"email": "x"}, "email"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as caught:
            invite(acting, place, **changes)
        assert field in caught.value.fields
    for weak in ("", "short", "a" * 42 + "\n"):
        with pytest.raises(InvalidInput, match="过期"):
            invite(acting, place, token=weak)


def test_one_token_is_one_invitation_to_one_place(acting: Acting, place: Place):
    token = invite(acting, place)
    invite(acting, place, token=token)
    assert len(acting.read(invitations.list_open, place)) == 1
    sibling = acting.read(load_place, acting.school.public_ids[acting.school.sibling])
    with pytest.raises(InvalidInput, match="过期"):
        invite(acting, sibling, "sibling-admin", token=token)


def test_roles_change_at_once_and_never_behind_a_colleagues_back(acting: Acting, place: Place):
    teacher = person(acting, "teacher")
    acting.do(members.set_keys, "admin", place.public_id, teacher, {"contributor", "reviewer"}, seen={"contributor"})
    assert acting.read(lambda db: acting.actor("teacher", db)).can_review
    with pytest.raises(StaleVersion):
        acting.do(members.set_keys, "admin", place.public_id, teacher, {"institution_admin"}, seen={"contributor"})
    for keys, part in ((set(), "至少留一个"), ({"officer"}, "请从列表"), ({"lead"}, "请从列表")):
        with pytest.raises(InvalidInput) as caught:
            acting.do(
                members.set_keys, "admin", place.public_id, teacher, keys, seen={"contributor", "reviewer"}
            )
        assert part in caught.value.fields["keys"]
    line = acting.read(members.list_history, place)[0]
    assert (line.act, line.roles_before, line.roles_after) == (
        MemberAct.ROLES_CHANGED, ["contributor"], ["contributor", "reviewer"],
    )  # fmt: skip


def test_the_last_administrator_stays(acting: Acting, place: Place):
    admin = person(acting, "admin")
    with pytest.raises(Conflict, match="最后一位"):
        acting.do(members.set_keys, "admin", place.public_id, admin, {"reviewer"}, seen={"institution_admin"})
    with pytest.raises(Conflict, match="停用自己"):
        acting.do(members.suspend, "admin", place.public_id, admin)
    with pytest.raises(Conflict, match="最后一位"):
        acting.do(members.suspend, "operator", place.public_id, admin)
    with pytest.raises(Conflict, match="最后一位"):
        acting.do(handover.hand_over, "admin", place.public_id, admin, to_person_id="", gives_roles=True)
    token = invite(acting, place, key="institution_admin")
    accept(acting, token)
    acting.do(members.suspend, "operator", place.public_id, admin)
    with pytest.raises(NotFound):
        acting.do(members.manage, "admin", place.public_id)


def test_a_resting_member_may_nothing_and_keeps_what_is_theirs(acting: Acting, place: Place):
    lecture = acting.do(draft, "teacher", place.institution_id)
    teacher = person(acting, "teacher")
    for _ in range(2):
        acting.do(members.suspend, "admin", place.public_id, teacher)
    actor = acting.read(lambda db: acting.actor("teacher", db))
    assert not actor.can_contribute
    assert not policies.can_edit_lecture(actor, acting.read(lambda db: db.get_one(Lecture, lecture.id)))
    assert acting.read(list_members, place)[-1].public_id == teacher
    acting.do(members.resume, "admin", place.public_id, teacher)
    actor = acting.read(lambda db: acting.actor("teacher", db))
    assert policies.can_edit_lecture(actor, acting.read(lambda db: db.get_one(Lecture, lecture.id)))


def give_work(acting: Acting, place: Place) -> str:
    """Let "teacher" have two drafts (one in a course), a file on its way, a batch, and a review of a colleague's."""
    with acting.app.app_context(), unit_of_work() as db:
        teacher, colleague = (acting.actor(login, db) for login in ("teacher", "colleague"))
        mine = draft(db, teacher, acting.school.here, "我的草稿")
        mine.course_id = find_or_create_course(db, teacher, acting.school.here, "八段锦").id
        sent = draft(db, teacher, acting.school.here, "送审中")
        theirs = draft(db, colleague, acting.school.here, "同事的")
        send_in(db, teacher, sent.public_id)
        review = send_in(db, colleague, theirs.public_id)[0]
        now = utc_now()
        db.add(ReviewOpening(review_id=review.id, level=1, user_id=teacher.user_id or 0, opened_at=now))
        db.add(Upload(
            public_id=new_public_id(), lecture_id=mine.id, user_id=teacher.user_id or 0, filename="a.mp4", size_bytes=9,
            created_at=now, updated_at=now,
        ))  # fmt: skip
        db.add(Batch(
            public_id=new_public_id(), key=new_public_id(), user_id=teacher.user_id or 0,
            institution_id=acting.school.here, title="一批", created_at=now,
        ))  # fmt: skip
        issue_upload_token(db, "teacher", name="script", lasts=timedelta(days=9))
        return sent.public_id


def test_one_step_hands_everything_over_and_one_brings_it_back(acting: Acting, place: Place):
    sent = give_work(acting, place)
    teacher, colleague = acting.user("teacher"), acting.user("colleague")
    acting.do(
        members.set_keys, "admin", place.public_id, teacher.public_id, {"contributor", "reviewer"}, seen={"contributor"}
    )
    had = acting.read(count_belongings, place, teacher.id)
    assert (had.drafts, had.courses, had.uploads, had.batches, had.reviews) == (2, 1, 1, 1, 1)
    with pytest.raises(InvalidInput) as caught:
        acting.do(handover.hand_over, "admin", place.public_id, teacher.public_id, to_person_id="", gives_roles=True)
    assert "由谁接手" in caught.value.fields["to"]
    step = {"to_person_id": colleague.public_id, "gives_roles": True}
    made = acting.do(handover.hand_over, "admin", place.public_id, teacher.public_id, **step)
    assert acting.do(handover.hand_over, "admin", place.public_id, teacher.public_id, **step).id == made.id
    # What somebody has opened stays opened by them; the colleague finds it in the queue of the role.
    assert replace(acting.read(count_belongings, place, teacher.id), reviews=0).is_empty
    now = acting.read(lambda db: acting.actor("colleague", db))
    assert now.institution_ids("reviewer") == {place.institution_id}
    assert len(acting.read(list_unfinished, now, expires_after=timedelta(days=14))) == 1
    assert not acting.read(lambda db: acting.actor("teacher", db)).grants
    lectures = acting.read(lambda db: db.scalars(select(Lecture).where(Lecture.created_by_id == colleague.id)).all())
    assert len(lectures) == 3
    assert all(policies.can_edit_lecture(now, each) for each in lectures)
    assert acting.do(get_case, "colleague", open_review_of(acting, sent)).is_own_work, "who took it over is no reviewer"

    acting.do(handover.undo, "admin", place.public_id, made.public_id)
    assert acting.read(count_belongings, place, teacher.id) == had
    assert acting.read(get_member, place, teacher.public_id).keys == {"contributor", "reviewer"}
    assert acting.read(get_member, place, colleague.public_id).keys == {"contributor"}
    acts = [line.act for line in acting.read(members.list_history, place)]
    assert acts[:3] == [MemberAct.RETURNED, MemberAct.LEFT, MemberAct.ROLES_CHANGED]


def open_review_of(acting: Acting, lecture_id: str) -> str:
    statement = select(Review.public_id).join(Review.lecture).where(Lecture.public_id == lecture_id)
    return acting.read(lambda db: db.scalars(statement).one())


def test_what_the_colleague_gave_on_stays_given_and_late_is_too_late(
    acting: Acting, place: Place, monkeypatch: pytest.MonkeyPatch
):
    lecture = acting.do(draft, "teacher", place.institution_id)
    teacher, colleague = acting.user("teacher"), acting.user("colleague")
    step = {"to_person_id": colleague.public_id, "gives_roles": False}
    made = acting.do(handover.hand_over, "admin", place.public_id, teacher.public_id, **step)
    with acting.app.app_context(), unit_of_work() as db:
        db.get_one(Lecture, lecture.id).created_by_id = acting.user("admin").id
    with pytest.raises(NotFound):
        acting.do(handover.undo, "sibling-admin", place.public_id, made.public_id)
    acting.do(handover.undo, "admin", place.public_id, made.public_id)
    owner = acting.read(lambda db: db.get_one(Lecture, lecture.id)).created_by_id
    assert owner == acting.user("admin").id
    again = acting.do(handover.hand_over, "admin", place.public_id, teacher.public_id, **step)
    later = utc_now() + timedelta(days=8)
    monkeypatch.setattr(handover, "utc_now", lambda: later)
    with pytest.raises(Conflict, match="超过"):
        acting.do(handover.undo, "admin", place.public_id, again.public_id)


def test_a_centres_head_hands_playlists_over(acting: Acting):
    unit_id = next(iter(acting.school["curator"].unit_ids()))
    with acting.app.app_context(), unit_of_work() as db:
        unit = db.get_one(Unit, unit_id)
        create_playlist(db, acting.school["curator"], unit_id, PlaylistFields("本周课堂"))
        held = db.scalars(select(Membership).where(Membership.unit_id == unit_id)).one()
        held.is_responsible = True
    place = acting.read(load_place, unit.public_id)
    token = invite(acting, place, "curator", key="curator")
    accept(acting, token)
    head, newcomer = acting.user("curator"), acting.user("newcomer")
    step = {"to_person_id": newcomer.public_id, "gives_roles": True}
    acting.do(handover.hand_over, "curator", place.public_id, head.public_id, **step)
    assert acting.read(lambda db: db.scalars(select(Playlist.created_by_id)).one()) == newcomer.id
    assert acting.read(lambda db: acting.actor("newcomer", db)).manages_members
    assert not acting.read(lambda db: acting.actor("curator", db)).can_curate


def test_the_link_is_mailed_where_mail_is_configured(app: Flask, acting: Acting, place: Place, sign_in):
    client, address = sign_in("admin"), f"/members/{place.public_id}"
    form = {
        "person_name": "新老师", "key": "contributor", "email": "new@example.com", "token": new_token(),
        "csrf_token": csrf_token(client, address),
    }  # fmt: skip
    page = client.post(f"{address}/invitations", data=form).get_data(as_text=True)
    link = re.search(r'data-testid="invitation-link"[^>]*>([^<]+)<', page)
    assert link
    run_jobs(app)
    mails = list((app.extensions["platform"].settings.mail.path).glob("*.eml"))
    assert len(mails) == 1
    message = email.message_from_bytes(mails[0].read_bytes())
    assert message["To"] == "new@example.com"
    assert link[1] in message.get_payload(decode=True).decode()
    assert client.get(address).get_data(as_text=True).count(form["token"]) == 0, "shown once"
