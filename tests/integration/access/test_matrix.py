"""Every route, for every role, on own, sibling's and foreign things: generated from the URL map, expected by hand.

One app, one database, in process. Nothing is kept (commits roll back) and no page is drawn: who may is the question.
"""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.accounts.models import User
from app.kernel.db import unit_of_work
from app.notices.jobs import make_letterhead
from app.notices.letters import DIGEST
from app.review.models import NegativeTerm
from tests.integration.access.expectations import PEOPLE, SHELVED, read_gates
from tests.integration.access.routes import ROUTES
from tests.integration.access.things import COVERS, WORLDS, House, Things
from tests.integration.review.school import FIVES, VTT

#: What makes a call get past the shape of its input, so that the question of right is asked.
FORM = {
    "words": "看过了", "to": "up", "verdict": "return", "reason": "理由", "level": "1", "language": "zh-CN",
    "version": "1", "sha256": "a" * 64,
    "title": "标题", "teacher": "老师", "resource_type": "micro_course", "licence": "cc_by",
    **{f"score-{key}": value for key, value in FIVES.items()},
}  # fmt: skip
TUS = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}


def values_of(rule: Rule, things: Things, lecture: dict[str, object], term_id: int) -> dict[str, object]:
    """Fill the parts of an address with things of one world."""
    prefix, endpoint = rule.rule.split("/")[1], rule.endpoint
    public_id = lecture["public_id"]
    if prefix in {"playlists", "desk"}:
        public_id = things.playlist
    elif rule.rule.startswith("/review/cases/"):
        public_id = things.review
    elif endpoint == "studio.upload":
        public_id = things.upload
    elif rule.rule.startswith(("/studio/institutions/", "/watching/institutions/")):
        public_id = things.institution
    elif "/openings/" in rule.rule:
        public_id = things.grant
    known = {
        **lecture, "public_id": public_id, "institution_id": things.institution, "language": "zh-CN",
        "position": 1, "number": 1,
        "lecture": things.shelved["public_id"], "comment_id": 1, "term_id": term_id, "job_id": things.job,
        "code": things.certificate if endpoint.startswith("watching.") else things.poster_code,
        "place_id": things.institution, **things.joining,
        "wish_id": things.wish, "word_id": things.word,
        "handout_id": things.handout, "name": "master.m3u8", "sha256": COVERS[1],
        "token": "unsigned", "provider": "oidc", "batch_id": things.batch, "lecture_id": lecture["public_id"],
        "course_id": things.course,
        "kind": {"watching": "csv", "asking": "csv", "catalogue": "audience", "player": "png"}.get(
            endpoint.split(".")[0], "srt"
        ),
        "slug": "elder", "who": "elder", "about": "digital-life",
    }  # fmt: skip
    if endpoint == "review.media":
        known["digest"] = things.sent["digest"]
    return {name: known[name] for name in rule.arguments if name in known}


def secrets_of(rule: Rule, things: Things) -> dict[str, object]:
    """Return what opens an application or an invitation to whoever has it."""
    if not rule.endpoint.startswith("join."):
        return {}
    parts = things.joining
    return {"code": parts["receipt"], "token": parts["invitation_token"], "paper": parts["paper_id"]}


def call(client: FlaskClient, method: str, path: str, **form: object) -> str:
    """Return what happened, in the letters of the expectations."""
    headers = dict(TUS) if path.startswith("/studio/uploads/") else {}
    if headers and method == "POST":
        headers["X-HTTP-Method-Override"] = "PATCH"  # else it is nothing the protocol knows
    data: object = b"" if headers else {**FORM, **form}
    if path.endswith("/captions") and method == "POST":
        data = {**FORM, "caption": (io.BytesIO(VTT.encode()), "a.vtt")}
    sent = data if method == "POST" or headers else None
    answer: TestResponse = client.open(path, method=method, data=sent, headers=headers)
    answer.close()
    if answer.status_code == 401 or answer.headers.get("Location", "").startswith("/sign-in"):
        return "L"
    # There is no index here: pages that search say so (503) to whoever was let in.
    assert answer.status_code in {*range(200, 500), 503}, (method, path, answer.status_code)
    if method == "GET" and 404 < answer.status_code < 500:
        return str(answer.status_code)  # whoever is let in sees a page
    return {403: "-", 404: "0"}.get(answer.status_code, "+")


def test_every_route_has_a_gate(house: House) -> None:
    assert {rule.endpoint for rule in house.app.url_map.iter_rules()} == set(ROUTES)


#: Answers 404 to whoever asks: no other house to sign in at is configured, drafts are not in the interface (the shelf
#: is below), the page of styles is for developers.
ABSENT = {"accounts.cas", "accounts.cas_back", "accounts.oidc", "accounts.oidc_back", "accounts.link_house",
          "accounts.unlink_house", "api.lecture", "web.styleguide"}  # fmt: skip


#: The address says which course, the form which of its lectures.
NAMES_A_LECTURE = {"studio.move_in_course", "studio.take_out_of_course"}
#: Say that what opens them is missing (409, 410): a link of a mail, a sign-in that waits for its code.
EXPIRED = {"accounts.code", "accounts.enrol_first", "accounts.mail_link", "accounts.new_password"}


@pytest.mark.usefixtures("nothing_is_kept")
def test_every_route_for_every_role_on_own_and_othermake_things(house: House, clients: dict[str, FlaskClient]) -> None:
    gates, wrong = read_gates(), []
    head = make_letterhead(house.app.extensions["platform"].settings)
    with house.app.app_context(), unit_of_work() as db:
        term_id = db.scalars(select(NegativeTerm.id).limit(1)).one()
        stop_token = head.stop_token(db.scalars(select(User).where(User.login == "teacher")).one(), DIGEST)
    for rule in house.app.url_map.iter_rules():
        if rule.endpoint == "accounts.sign_out":
            continue  # the browsers are needed again; its rule is checked in tests/architecture
        worlds = WORLDS if rule.arguments else WORLDS[:1]
        for number, world in enumerate(worlds):
            things = house.worlds[world]
            values, secrets = values_of(rule, things, things.draft, term_id), secrets_of(rule, things)
            if rule.endpoint in {"notices.stop", "notices.confirm_stop"}:
                values["token"] = stop_token
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                named = {"lecture": things.draft["public_id"]} if rule.endpoint in NAMES_A_LECTURE else {}
                for person in PEOPLE:
                    own = {"notice_id": house.notices.get(person, 1)} if "notice_id" in rule.arguments else {}
                    path = rule.build({**values, **own, **secrets})[1]
                    expected = gates[ROUTES[rule.endpoint]][person][number]
                    found = call(clients[person], method, path, **secrets, **named)
                    is_let_in = found == "0" if rule.endpoint in ABSENT else rule.endpoint in EXPIRED
                    if found != expected and not (expected == "+" and is_let_in):
                        wrong.append((method, rule.endpoint, person, world, expected, found))
    assert wrong == [], "\n".join(map(str, wrong))


@pytest.mark.usefixtures("nothing_is_kept")
def test_what_is_on_the_shelf(house: House, clients: dict[str, FlaskClient]) -> None:
    gates, wrong = read_gates(), []
    rules = [rule for rule in house.app.url_map.iter_rules() if rule.endpoint in SHELVED]
    for rule in rules:
        for number, world in enumerate(WORLDS):
            things = house.worlds[world]
            path = rule.build(values_of(rule, things, things.shelved, 1), append_unknown=False)[1]
            for person in PEOPLE:
                method = "POST" if "POST" in rule.methods else "GET"
                expected = gates[SHELVED[rule.endpoint]][person][number]
                found = call(clients[person], method, path)
                if found != expected:
                    wrong.append((method, rule.endpoint, person, world, expected, found))
    assert wrong == [], "\n".join(map(str, wrong))
