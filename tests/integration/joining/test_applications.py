"""An application from its first line to its end, and everything on the way that is refused or repeated."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.joining import applications, invitations, verification
from app.joining.jobs import request_forgetting
from app.joining.models import Application, ApplicationState, Invitation, MemberEvent, MessageKind, Paper
from app.joining.papers import paper_key
from app.joining.queries import Tray, list_applications, list_look_alikes
from app.joining.quotas import QuotaFields
from app.joining.rulebook import rulebook
from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.kernel.errors import Conflict, InvalidInput, NotFound, StaleVersion, TooMany
from app.kernel.ids import new_public_id, new_token
from app.kernel.outbox import OutboxEvent
from app.library.places import Institution, Unit, UnitKind, UnitRegion
from app.library.quotas import find_quota
from tests.fixtures.app import run_jobs
from tests.integration.joining.acting import CENTRE, CODE, FIELDS, PAPER, Acting


def kinds_of(application: Application) -> list[MessageKind]:
    return [line.kind for line in application.messages]


def test_question_answer_acceptance_and_the_first_administrator(acting: Acting):
    sent = acting.send_in()
    asked = acting.do(verification.ask, "officer", sent.public_id, "公章看不清", expected_version=sent.version)
    assert asked.state is ApplicationState.QUESTIONED
    fields = replace(FIELDS, statement="已经换了清楚的照片")
    changed = acting.apply(applications.change, fields, expected_version=asked.version)
    acting.apply(applications.submit, words="已经重拍", expected_version=changed.version)
    token = new_token()
    accepted = acting.accept(token=token)
    application = acting.application()
    assert kinds_of(application) == [
        MessageKind.SUBMITTED, MessageKind.QUESTION, MessageKind.ANSWER, MessageKind.ACCEPTED,
    ]  # fmt: skip
    made = acting.read(lambda db: db.get_one(Institution, application.institution_id))
    assert (made.name, made.type_key, made.contact_phone) == (FIELDS.name, FIELDS.type_key, FIELDS.public_phone)
    quota = acting.read(find_quota, made.id)
    assert (quota.storage_bytes, quota.monthly_hours, quota.set_by_name) == (10 * 1024**3, 5, "officer")

    arguments = {"login": "First", "display_name": "示范负责人", "password": "a long pass 99"}
    acting.apply(lambda db, _receipt: invitations.accept_as_new(db, token, **arguments))
    actor = acting.read(lambda db: acting.actor("first", db))
    assert actor.institution_ids("institution_admin") == {made.id}
    assert actor.grants[0].is_responsible
    assert accepted.invitation.token_hash != token, "only a hash is kept"
    facts = acting.read(lambda db: list(db.scalars(select(OutboxEvent.name).order_by(OutboxEvent.id))))
    assert facts == ["ApplicationArrived", "ApplicationMoved", "ApplicationArrived", "ApplicationMoved", "MemberJoined"]


def test_a_centre_becomes_a_unit_that_serves_its_region(acting: Acting):
    acting.send_in(CENTRE)
    acting.accept("provincial")
    application = acting.application()
    unit = acting.read(lambda db: db.get_one(Unit, application.unit_id))
    assert (unit.kind, unit.name) == (UnitKind.COMMUNITY, CENTRE.name)
    duties = acting.read(lambda db: db.scalars(select(UnitRegion.region_code).filter_by(unit_id=unit.id)).all())
    assert duties == [CENTRE.region_code]
    token = new_token()
    acting.apply(invitations.claim, token=token)
    account = {"login": "lead", "display_name": "中心负责人", "password": "a long pass 99"}
    acting.apply(lambda db, _receipt: invitations.accept_as_new(db, token, **account))
    actor = acting.read(lambda db: acting.actor("lead", db))
    assert (actor.can_curate, actor.manages_members) == (True, True)
    with pytest.raises(Conflict, match="已经建好"):
        acting.apply(invitations.claim, token=new_token())


def test_officers_see_what_lies_in_their_regions_only(acting: Acting):
    acting.send_in()
    application = acting.application()
    for login, may_see in (("officer", True), ("provincial", True), ("operator", True), ("foreign-officer", False)):
        desk = acting.do(list_applications, login, tray=Tray.WAITING)
        assert (len(desk.rows) == 1, desk.counts[Tray.WAITING] == 1) == (may_see, may_see), login
    for act in (verification.ask, verification.refuse):
        with pytest.raises(NotFound):
            acting.do(act, "foreign-officer", application.public_id, "?", expected_version=application.version)
    for login in ("foreign-officer", "admin", "curator"):
        with pytest.raises(NotFound):
            acting.accept(login)


def test_a_draft_is_nobodys_business_yet(acting: Acting):
    draft = acting.apply(applications.begin, FIELDS)
    assert acting.do(list_applications, "operator", tray=Tray.WAITING).rows == []
    with pytest.raises(NotFound):
        acting.do(verification.load_application, "operator", draft.public_id)


@pytest.mark.parametrize(
    ("changes", "field", "part"),
    [
        ({"name": " "}, "name", "请填写单位全称"), ({"name": "长" * 121}, "name", "最多 120 个字"),
        ({"name": "沈阳审课学院"}, "name", "已经入驻"), ({"kind": "x"}, "kind", "请选择"),
        ({"type_key": "bureau"}, "type_key", "请选择单位类型"),
        ({"region_code": "999999"}, "region_code", "请选择所在地区"),
        ({"credit_code": "123"}, "credit_code", "18 位"), ({"credit_code": CODE[:-1] + "0"}, "credit_code", "校验位"),
        ({"type_key": "enterprise"}, "credit_code", "企业要填"), ({"type_key": "enterprise"}, "promise", "承诺"),
        ({"person_phone": "打我手机"}, "person_phone", "只写数字"),
        ({"person_email": "a@b"}, "person_email", "邮箱写得不对"),
        ({"person_email": "a@example.com\nBcc: b@example.com"}, "person_email", "邮箱写得不对"),
        ({"has_consented": False}, "consent", "同意"), ({"person_name": "\x00"}, "person_name", "请填写"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_said_beside_its_field(acting: Acting, changes: dict[str, str], field: str, part: str):
    with pytest.raises(InvalidInput) as caught:
        acting.apply(applications.begin, replace(FIELDS, **changes))
    assert part in caught.value.fields[field]
    assert acting.read(lambda db: db.scalar(select(func.count()).select_from(Application))) == 0


def test_every_step_may_be_sent_twice(acting: Acting):
    first = acting.apply(applications.begin, FIELDS)
    assert acting.apply(applications.begin, replace(FIELDS, name="改过的名字")).id == first.id
    for _ in range(2):
        acting.apply(applications.add_paper, PAPER, paper_id=new_public_id())
    version = acting.application().version
    for _ in range(2):
        sent = acting.apply(applications.submit, expected_version=version)
    for _ in range(2):
        acting.do(verification.ask, "officer", sent.public_id, "请补材料", expected_version=sent.version)
    version = acting.application().version
    acting.apply(applications.submit, words="补好了", expected_version=version)
    token = new_token()
    assert acting.accept(token=token).invitation.id == acting.accept(token=token).invitation.id
    with pytest.raises(Conflict, match="已经通过"):
        acting.accept()
    application = acting.application()
    assert len(application.papers) == 1
    assert kinds_of(application).count(MessageKind.QUESTION) == 1
    assert acting.read(lambda db: db.scalar(select(func.count()).select_from(Invitation))) == 1


def test_neither_side_decides_on_what_it_has_not_seen(acting: Acting):
    sent = acting.send_in()
    seen = sent.version
    acting.do(verification.ask, "officer", sent.public_id, "请补材料", expected_version=seen)
    with pytest.raises(StaleVersion):
        acting.do(verification.refuse, "provincial", sent.public_id, "不符合", expected_version=seen)
    with pytest.raises(StaleVersion):
        acting.apply(applications.change, FIELDS, expected_version=seen)
    with pytest.raises(InvalidInput, match="请填写回答"):
        acting.apply(applications.submit, expected_version=acting.application().version)


def test_nothing_changes_while_it_is_verified(acting: Acting):
    sent = acting.send_in()
    for act in (
        lambda: acting.apply(applications.change, FIELDS, expected_version=sent.version),
        lambda: acting.apply(applications.remove_paper, sent.papers[0].public_id),
        lambda: acting.apply(applications.add_paper, PAPER, paper_id="p"),
        lambda: acting.apply(invitations.claim, token=new_token()),
    ):
        with pytest.raises(Conflict):
            act()


def test_a_refusal_has_a_reason_and_may_be_taken_back_for_a_while(acting: Acting, monkeypatch: pytest.MonkeyPatch):
    sent = acting.send_in()
    with pytest.raises(InvalidInput, match="请填写理由"):
        acting.do(verification.refuse, "officer", sent.public_id, " ", expected_version=sent.version)
    for _ in range(2):
        acting.do(verification.refuse, "officer", sent.public_id, "不是办学机构", expected_version=sent.version)
    assert acting.application().reason == "不是办学机构"
    acting.do(verification.reopen, "officer", sent.public_id)
    again = acting.application()
    assert (again.state, again.reason, again.closed_at) == (ApplicationState.SUBMITTED, "", None)
    acting.do(verification.refuse, "officer", sent.public_id, "不是办学机构", expected_version=again.version)
    later = utc_now() + timedelta(hours=2)
    monkeypatch.setattr(verification, "utc_now", lambda: later)
    with pytest.raises(Conflict, match="不能再撤销"):
        acting.do(verification.reopen, "officer", sent.public_id)


def test_a_name_taken_meanwhile_stops_the_acceptance_and_changes_nothing(acting: Acting):
    acting.send_in()
    other = applications.new_receipt()
    acting.send_in(replace(FIELDS, credit_code=CODE), receipt=other)
    assert acting.read(list_look_alikes, acting.application()) == [FIELDS.name]
    acting.accept()
    twin = acting.application(other)
    with pytest.raises(InvalidInput, match="同名"):
        acting.do(
            verification.accept, "officer", twin.public_id, quota=QuotaFields(), token=new_token(),
            expected_version=twin.version,
        )  # fmt: skip
    assert acting.application(other).state is ApplicationState.SUBMITTED


def test_a_flood_of_forms_is_stopped(acting: Acting, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(applications, "rulebook", lambda: replace(rulebook(), drafts_max=2))
    for number in range(2):
        acting.apply(applications.begin, replace(FIELDS, name=f"单位{number}"), receipt=applications.new_receipt())
    with pytest.raises(TooMany, match="明天再来"):
        acting.apply(applications.begin, FIELDS)


@pytest.mark.parametrize("receipt", ["", "short", "0" * 20, "k7mp3xw9k7mp3xw9k7mp", "%" * 20])
def test_a_guessed_receipt_opens_nothing(acting: Acting, receipt: str):
    acting.send_in()
    with pytest.raises(NotFound, match="受理码"):
        acting.read(applications.load_by_receipt, receipt)


def test_a_receipt_is_read_as_people_copy_it(acting: Acting):
    acting.send_in()
    written = "-".join(acting.receipt[place : place + 5] for place in range(0, 20, 5)).upper()
    assert acting.application(f" {written} ").name == FIELDS.name
    stored = acting.read(lambda db: db.scalars(select(Application.receipt_hash)).one())
    assert acting.receipt not in stored


def test_what_is_over_is_forgotten_with_its_papers(acting: Acting, app: Flask, monkeypatch: pytest.MonkeyPatch):
    storage = app.extensions["platform"].storage
    receipts = {name: applications.new_receipt() for name in ("refused", "withdrawn", "draft", "accepted", "waiting")}
    for name, receipt in receipts.items():
        fields = replace(FIELDS, name=f"单位{name}")
        if name == "draft":
            acting.apply(applications.begin, fields, receipt=receipt)
        else:
            acting.send_in(fields, receipt=receipt)
        for paper in acting.application(receipt).papers:
            key = paper_key(acting.application(receipt).public_id, paper.public_id, paper.kind)
            storage.put_bytes(key, PAPER.data, "image/png")
    refused = acting.application(receipts["refused"])
    acting.do(verification.refuse, "officer", refused.public_id, "不符合", expected_version=refused.version)
    acting.apply(applications.withdraw, receipt=receipts["withdrawn"])
    acting.receipt = receipts["accepted"]
    acting.accept()
    storage.put_bytes("applications/nobody/orphan.png", PAPER.data, "image/png")

    later = utc_now() + timedelta(days=91)
    monkeypatch.setattr("app.joining.jobs.utc_now", lambda: later)
    with app.app_context(), unit_of_work() as db:
        request_forgetting(db)
    run_jobs(app)
    for name in ("refused", "withdrawn", "draft"):
        with pytest.raises(NotFound):
            acting.application(receipts[name])
    assert acting.application(receipts["waiting"]).state is ApplicationState.SUBMITTED
    kept = {item.key.split("/")[1] for item in storage.list_keys("applications/")}
    assert kept == {acting.application(receipts[name]).public_id for name in ("accepted", "waiting")}
    monkeypatch.setattr("app.joining.jobs.utc_now", lambda: later + timedelta(days=365))
    with app.app_context(), unit_of_work() as db:
        request_forgetting(db)
    run_jobs(app)
    papers = acting.read(lambda db: [each.application_id for each in db.scalars(select(Paper))])
    assert papers == [acting.application(receipts["waiting"]).id]
    assert acting.application().state is ApplicationState.ACCEPTED


def test_members_history_begins_with_joining(acting: Acting):
    acting.send_in()
    token = new_token()
    acting.accept(token=token)
    acting.do(invitations.accept_as_myself, "curator", token)
    line = acting.read(lambda db: db.scalars(select(MemberEvent)).one())
    assert (line.user_id, line.by_name) == (acting.user("curator").id, "curator")
