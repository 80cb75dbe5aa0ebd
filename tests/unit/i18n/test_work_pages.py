"""The pages people work on speak one language too: desks of batches, captions, reviews, openings, members, notices."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.accounts.models import Role
from app.joining.applications import new_receipt, normalise_receipt, receipt_hash
from app.joining.invitations import NewInvitation, put
from app.joining.models import ApplicantKind, Application, ApplicationState, Paper
from app.joining.places import place_of_institution
from app.kernel.actor import Actor, Grant
from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.kernel.ids import new_public_id, new_token
from app.library.models import Lecture, LectureState
from app.library.places import RegionDuty, UnitKind, UnitRegion
from app.library.services import LectureFields, create_lecture, set_caption, set_chapters
from app.media.models import CaptionDraft
from app.studio.desk.models import Batch, BatchRow
from app.studio.models import Upload
from app.watching.contributions import year_figures
from app.watching.models import Certificate, WatchDay
from tests.fixtures.app import make_institution, make_unit, make_user, run_jobs
from tests.fixtures.pages import stand_in_assets
from tests.integration.green_channel.openings import open_something
from tests.integration.review.school import give_file, send_in
from tests.unit.i18n.test_pages import chinese_in, compiled, in_english, latin_in, term_key

__all__ = ["compiled", "stand_in_assets"]

WEBVTT = "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\nWORDS\n\n00:00:04.000 --> 00:00:04.100\nAND MORE\n"

#: role -> endpoints of its pages; names of things are those of `Made`.
PAGES: dict[Role, tuple[str, ...]] = {
    Role.CONTRIBUTOR: (
        "studio.desk", "studio.batch", "studio.unfinished", "studio.lecture", "studio.edit_lecture", "studio.extras",
        "studio.versions", "studio.split", "studio.caption_desk", "studio.caption_transcript",
        "studio.confirm_discard_captions", "review.submission", "green_channel.desk", "watching.mine",
        "watching.lecture", "watching.certificates", "watching.certificate", "notices.inbox", "notices.settings",
        "members.places", "accounts.security",
    ),
    Role.INSTITUTION_ADMIN: (
        "studio.defaults", "watching.institution", "watching.confirm_revoke", "green_channel.grant",
        "green_channel.new_grant", "green_channel.edit_grant", "green_channel.confirm_end", "members.people",
        "members.leaving", "accounts.give", "review.queue",
    ),
    Role.REVIEWER: ("review.queue", "review.board", "review.case", "notices.inbox"),
    Role.OFFICER: (
        "joining.desk", "joining.case", "joining.institutions", "joining.units", "green_channel.overview",
        "review.board", "notices.inbox",
    ),
    Role.OPERATOR: ("review.rules",),
}
#: Why an institution of the tests has its levels.
WRITTEN_IN_CHINESE = frozenset({"测试"})
#: Programs, formats and keys are called so in Chinese too.
KNOWN_IN_LATIN = frozenset({"Alt", "Ctrl", "Delete", "Enter", "Esc", "Excel", "Shift", "Tab", "WebP", "WebVTT", "xlsx"})
PUBLIC = ("join.apply", "join.application", "join.confirm_withdraw", "join.invitation", "green_channel.about",
          "green_channel.register", "green_channel.opening", "watching.verify", "watching.verify_form",
          "curation.code_form")  # fmt: skip


@pytest.fixture
def made(app: Flask) -> dict[str, object]:
    """One thing of every kind, all named in capitals, by the names of address parts."""
    with app.app_context(), unit_of_work() as db:
        values = _made(db)
    run_jobs(app)
    return values


def _made(db: Session) -> dict[str, object]:
    place = make_institution(db, name="SCHOOL", review_levels=3)
    unit = make_unit(db, name="BUREAU", kind=UnitKind.BUREAU)
    db.add(UnitRegion(unit_id=unit.id, region_code="210103", duty=RegionDuty.ADMINISTERS))
    people = {}
    for role in PAGES:
        where = {} if role is Role.OPERATOR else {"institution_id": place.id}
        user = make_user(db, role, login=role.value, **({"unit_id": unit.id} if role is Role.OFFICER else where))
        user.display_name = "PERSON"
        people[role] = Actor(user.id, user.public_id, "PERSON", (Grant(role.value, where.get("institution_id")),))
    maker, operator = people[Role.CONTRIBUTOR], people[Role.OPERATOR]
    draft, sent, shown = (_lecture(db, maker, place.id, title) for title in ("DRAFT", "SENT", "SHOWN"))
    shown.state, shown.published_at, shown.is_held = LectureState.PUBLISHED, utc_now(), True
    db.add(WatchDay(lecture_id=shown.id, day=utc_now().date(), plays=9, listens=1, completions=3, watched_s=900))
    review = send_in(db, maker, sent.public_id)[0]
    return {
        "public_id": draft.public_id, "shown": shown.public_id, "review": review.public_id,
        "batch_id": _batch(db, maker, place.id, draft), "institution": place.public_id, "place_id": place.public_id,
        "person_id": maker.public_id, "code": _certificate(db, maker, place.id), "language": "zh-CN",
        "grant": open_something(db, operator, place.public_id, lectures=[shown.public_id], title="SPRING",
                                contact_name="PERSON").public_id,
        "lecture": draft.public_id, **_joining(db, operator, place.id),
    }  # fmt: skip


def _lecture(db: Session, maker: Actor, place: int, title: str) -> Lecture:
    fields = LectureFields(title, "WORDS", "TEACHER", ("TAG",), terms=(("audience", "elder"), ("topic", term_key(db))))
    lecture = create_lecture(db, maker, place, fields)
    set_caption(db, lecture, language="zh-CN", label="中文", webvtt=WEBVTT)
    set_chapters(db, lecture, [(0.0, "FIRST"), (5.0, "SECOND")])
    source, _ = give_file(db, lecture, "A" * 64, uploaded_by_id=maker.user_id, is_current=True)
    source.filename = "A.MP4"
    db.add(CaptionDraft(source_id=source.id, stream_index=0, language="en", title="", webvtt=WEBVTT,
                        created_at=utc_now()))  # fmt: skip
    return lecture


def _batch(db: Session, maker: Actor, place: int, lecture: Lecture) -> str:
    now, user_id = utc_now(), maker.user_id or 0
    batch = Batch(public_id=new_public_id(), key=new_public_id(), user_id=user_id, institution_id=place,
                  title="BATCH", created_at=now)  # fmt: skip
    upload = Upload(public_id=new_public_id(), lecture_id=lecture.id, user_id=user_id, filename="B.MP4", size_bytes=9,
                    created_at=now, updated_at=now - timedelta(days=1))  # fmt: skip
    db.add_all([batch, upload])
    db.flush()
    db.add(BatchRow(batch_id=batch.id, lecture_id=lecture.id, path="A.MP4", size_bytes=9, position=0))
    return batch.public_id


def _certificate(db: Session, maker: Actor, place: int) -> str:
    code = new_public_id()
    db.flush()
    db.add(Certificate(
        code=code, key=new_public_id(), user_id=maker.user_id or 0, institution_id=place, year=2026,
        holder_name="PERSON", institution_name="SCHOOL", issued_at=utc_now(),
        figures=year_figures(db, maker.user_id or 0, place, utc_now().year),
    ))  # fmt: skip
    return code


def _joining(db: Session, operator: Actor, place_id: int) -> dict[str, object]:
    from app.library.places import Institution  # noqa: PLC0415 - beside its one use

    receipt, token, now = normalise_receipt(new_receipt()), new_token(), utc_now()
    application = Application(
        public_id=new_public_id(), receipt_hash=receipt_hash(receipt), kind=ApplicantKind.INSTITUTION, name="APPLICANT",
        type_key="elder_university", region_code="210103", person_name="PERSON", person_post="HEAD",
        person_phone="024-0000-0000", consent_version="1", consented_at=now, state=ApplicationState.SUBMITTED,
        created_at=now, updated_at=now, submitted_at=now,
    )  # fmt: skip
    db.add(application)
    db.flush()
    db.add(Paper(public_id=new_public_id(), application_id=application.id, filename="A.PNG", kind="png", size_bytes=1,
                 sha256="0" * 64, created_at=now))  # fmt: skip
    place = place_of_institution(db.get_one(Institution, place_id))
    put(db, place, NewInvitation(Role.CONTRIBUTOR, "PERSON"), token=token, by=operator)
    return {"application_id": application.public_id, "receipt": receipt, "token": token}


def address_of(app: Flask, endpoint: str, made: dict[str, object]) -> str:
    """Fill an address with what was made."""
    room = endpoint.partition(".")[0]
    public_id = made["public_id"]
    if endpoint in {"studio.defaults", "watching.institution", "green_channel.new_grant"}:
        public_id = made["institution"]
    elif room == "green_channel":
        public_id = made["grant"]
    elif endpoint == "review.case":
        public_id = made["review"]
    elif room == "watching":
        public_id = made["shown"]
    values = {**made, "public_id": public_id, "institution_id": made["institution"]}
    query: dict[str, object] = {
        "join.application": {"code": made["receipt"]}, "join.confirm_withdraw": {"code": made["receipt"]},
        "join.invitation": {"token": made["token"]}, "review.submission": {"lecture": made["lecture"]},
    }.get(endpoint, {})  # fmt: skip
    arguments = next(rule.arguments for rule in app.url_map.iter_rules(endpoint) if "GET" in (rule.methods or ()))
    with app.test_request_context("/"):
        return url_for(endpoint, **{name: values[name] for name in arguments}, **query)


@pytest.fixture
def pages(
    app: Flask, sign_in: Callable[[str], FlaskClient], made: dict[str, object]
) -> Callable[[Callable[[FlaskClient], FlaskClient]], dict[tuple[str, str], str]]:
    """Return a function that opens all pages in browsers prepared by another one."""

    def open_all(prepare: Callable[[FlaskClient], FlaskClient]) -> dict[tuple[str, str], str]:
        browsers = {role.value: prepare(sign_in(role.value)) for role in PAGES} | {"": prepare(app.test_client())}
        wanted = [(role.value, endpoint) for role, endpoints in PAGES.items() for endpoint in endpoints]
        wanted += [("", endpoint) for endpoint in PUBLIC]
        answers = {each: browsers[each[0]].get(address_of(app, each[1], made)) for each in wanted}
        assert {each: answer.status_code for each, answer in answers.items() if answer.status_code != 200} == {}
        return {each: answer.text for each, answer in answers.items()}

    return open_all


def test_work_pages_are_in_english(pages: Callable[..., dict[tuple[str, str], str]]):
    signed = re.compile(r'(?s)<(ul|p)[^>]* lang="zh-Hans".*?</\1>')  # a commitment stays in the words it was signed in
    shown = {each: signed.sub("", text) for each, text in pages(in_english).items()}
    found = {each: chinese_in(text) - WRITTEN_IN_CHINESE for each, text in shown.items()}
    assert {each: words for each, words in found.items() if words} == {}


def test_work_pages_have_no_english_left_in_chinese(pages: Callable[..., dict[tuple[str, str], str]]):
    # What was typed, and secrets and addresses that are copied, are no words.
    no_words = re.compile(r'(?s)<textarea.*?</textarea>|<(p|a) class="(?:joining|certificate)-code".*?</\1>')
    shown = {each: no_words.sub("", text) for each, text in pages(lambda it: it).items()}
    logins = {part for role in PAGES for part in role.value.split("_")}
    found = {each: latin_in(text) - KNOWN_IN_LATIN - logins for each, text in shown.items()}
    assert {each: words for each, words in found.items() if words} == {}
