"""Every route, for every role, on own, sibling's and foreign things: generated from the URL map, expected by hand.

One app, one database, in process. Nothing is kept (commits roll back) and no page is drawn: who may is the question.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.kernel.db import unit_of_work
from app.media.files_beside import attachment_key, cover_key
from app.media.models import MediaSet
from app.media.queries import media_prefix
from app.review.models import NegativeTerm
from config.settings import load
from tests.fixtures.app import PASSWORD, build_app, make_environ
from tests.integration.access.expectations import BY_FORM, PEOPLE, SHELVED, read_gates
from tests.integration.access.joining_parts import WITHOUT_SECRET
from tests.integration.access.routes import ROUTES
from tests.integration.access.things import Things, curator_of, make_things, maker_abroad
from tests.integration.review.school import FIVES, VTT, found_school
from tests.integration.studio.college import b64

WORLDS = ("own", "sibling", "foreign")
LOGINS = {"maker": "teacher", "colleague": "colleague", "admin": "admin", "reviewer": "reviewer", "curator": "curator",
          "officer": "officer", "operator": "operator"}  # fmt: skip
#: What makes a call get past the shape of its input, so that the question of right is asked.
FORM = {
    "words": "看过了", "to": "up", "verdict": "return", "reason": "理由", "level": "1", "language": "zh-CN",
    "version": "1", "sha256": "0" * 64,
    "title": "标题", "teacher": "老师", "resource_type": "micro_course", "licence": "cc_by",
    **{f"score-{key}": value for key, value in FIVES.items()},
}  # fmt: skip
TUS = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}


@pytest.fixture(scope="module")
def house(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Flask, dict[str, Things]]:
    folder = tmp_path_factory.mktemp("matrix")
    shutil.copy(migrated_database, folder / "app.db")
    app = build_app(load(make_environ(folder)))
    app.config["WTF_CSRF_ENABLED"] = False
    storage = app.extensions["platform"].storage
    with app.app_context(), unit_of_work() as db:
        school = found_school(db)
        makers = {"own": school["teacher"], "sibling": school["sibling-teacher"]}
        makers["foreign"] = maker_abroad(db, school)
        places = dict(zip(WORLDS, (school.here, school.sibling, school.abroad), strict=True))
        curators = {world: curator_of(db, school, world) for world in WORLDS}
        things = {
            world: make_things(db, school, makers[world], places[world], curators[world]) for world in WORLDS
        }
        for digest in db.scalars(select(MediaSet.digest)):
            for name in ("master.m3u8", "lecture.mp4"):
                storage.put_bytes(f"{media_prefix(digest)}/{name}", b"x", "video/mp4")
        for key in (cover_key("0" * 64), attachment_key("0" * 64)):
            storage.put_bytes(key, b"x", "application/octet-stream")
    return app, things


@pytest.fixture(scope="module")
def clients(house: tuple[Flask, dict[str, Things]]) -> dict[str, FlaskClient]:
    app, _ = house
    made = {"nobody": app.test_client()}
    for person, login in LOGINS.items():
        made[person] = app.test_client()
        assert made[person].post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 303
    return made


@pytest.fixture
def nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Session, "commit", Session.rollback)
    monkeypatch.setattr("flask.templating._render", lambda *_: "")
    yield
    monkeypatch.undo()


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
        "lecture": things.shelved["public_id"], "comment_id": 1, "term_id": term_id, "job_id": 1,
        "code": things.certificate if endpoint.startswith("watching.") else "000000",
        "place_id": things.institution, **things.joining,
        "wish_id": "nosuchwish", "word_id": 1,
        "handout_id": things.handout, "name": "master.m3u8", "sha256": "0" * 64, "notice_id": 1,
        "token": "unsigned", "provider": "oidc", "batch_id": things.batch, "lecture_id": lecture["public_id"],
        "course_id": things.course,
        "kind": {"watching": "csv", "asking": "csv", "catalogue": "audience"}.get(endpoint.split(".")[0], "srt"),
        "slug": "elder", "who": "elder", "about": "digital-life",
    }  # fmt: skip
    if endpoint == "review.media":
        known["digest"] = things.review
    return {name: known[name] for name in rule.arguments}


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
    return {403: "-", 404: "0"}.get(answer.status_code, "+")


def test_every_route_has_a_gate(house: tuple[Flask, dict[str, Things]]) -> None:
    app, _ = house
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(ROUTES)


#: Answers 404 to whoever asks: nothing of the kind is there, so only the rule before it is seen.
ABSENT = {"admin.cancel_encode", "admin.confirm_cancel", "admin.confirm_retry", "admin.retry_encode", "admin.retry_job",
          "curation.short_link", "notices.confirm_stop", "notices.mark", "notices.open", "notices.stop",
          "accounts.cas", "accounts.cas_back", "accounts.oidc", "accounts.oidc_back", "accounts.link_house",
          "accounts.unlink_house",
          "asking.answer", "asking.delete_word", "asking.restore_word", "asking.save_answer", "asking.save_word",
          "asking.word",
          "api.lecture", "web.styleguide", "review.media",
          "studio.use_known_file", "studio.version_file", "player.cover", *WITHOUT_SECRET}  # fmt: skip


#: The address says which course, the form which of its lectures.
NAMES_A_LECTURE = {"studio.move_in_course", "studio.take_out_of_course"}


@pytest.mark.usefixtures("nothing_is_kept")
def test_every_route_for_every_role_on_own_and_othermake_things(
    house: tuple[Flask, dict[str, Things]], clients: dict[str, FlaskClient]
) -> None:
    app, things = house
    gates, wrong = read_gates(), []
    with app.app_context(), unit_of_work() as db:
        term_id = db.scalars(select(NegativeTerm.id).limit(1)).one()
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "accounts.sign_out":
            continue  # the browsers are needed again; its rule is checked in tests/architecture
        worlds = WORLDS if rule.arguments else WORLDS[:1]
        for number, world in enumerate(worlds):
            values = values_of(rule, things[world], things[world].draft, term_id)
            path = rule.build(values, append_unknown=False)[1]
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                named = {"lecture": things[world].draft["public_id"]} if rule.endpoint in NAMES_A_LECTURE else {}
                for person in PEOPLE:
                    expected = gates[ROUTES[rule.endpoint]][person][number]
                    found = call(clients[person], method, path, **named)
                    if found != expected and not (expected == "+" and found == "0" and rule.endpoint in ABSENT):
                        wrong.append((method, rule.endpoint, person, world, expected, found))
    assert wrong == [], "\n".join(map(str, wrong))


@pytest.mark.usefixtures("nothing_is_kept")
def test_things_named_in_a_form_have_the_same_gates(
    house: tuple[Flask, dict[str, Things]], clients: dict[str, FlaskClient]
) -> None:
    _, things = house
    gates, wrong = read_gates(), []
    for endpoint, gate in BY_FORM.items():
        for number, world in enumerate(WORLDS):
            lecture = str(things[world].draft["public_id"])
            for person in PEOPLE:
                client = clients[person]
                if endpoint == "review.submission":
                    found = call(client, "GET", f"/review/submission?lecture={lecture}")
                elif endpoint == "review.submit":
                    found = call(client, "POST", "/review/submission", lecture=lecture, signature="y")
                elif endpoint == "studio.deletion":
                    found = call(client, "GET", f"/studio/deletion?lecture={lecture}")
                elif endpoint == "studio.delete_drafts":
                    found = call(client, "POST", "/studio/deletion", lecture=lecture)
                elif endpoint == "review.pass_many":
                    found = call(client, "POST", "/review/pass", review=things[world].review, score="5")
                else:
                    metadata = f"filename {b64('a.mp4')},lecture {b64(lecture)}"
                    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "9", "Upload-Metadata": metadata}
                    headers["Accept"] = "application/json"
                    status = client.post("/studio/uploads", headers=headers).status_code
                    found = {401: "L", 403: "-", 404: "0"}.get(status, "+")
                expected = gates[gate][person][number]
                # The batch asks for openings before it asks for the seat: whoever may see the case is told so.
                is_told = endpoint == "review.pass_many" and expected == "-" and found == "+"
                if found != expected and not is_told:
                    wrong.append((endpoint, person, world, expected, found))
    assert wrong == [], "\n".join(map(str, wrong))


@pytest.mark.usefixtures("nothing_is_kept")
def test_what_is_on_the_shelf(house: tuple[Flask, dict[str, Things]], clients: dict[str, FlaskClient]) -> None:
    app, things = house
    gates, wrong = read_gates(), []
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint in SHELVED]
    for rule in rules:
        for number, world in enumerate(WORLDS):
            path = rule.build(values_of(rule, things[world], things[world].shelved, 1), append_unknown=False)[1]
            for person in PEOPLE:
                method = "POST" if "POST" in rule.methods else "GET"
                expected = gates[SHELVED[rule.endpoint]][person][number]
                found = call(clients[person], method, path)
                if found != expected:
                    wrong.append((method, rule.endpoint, person, world, expected, found))
    assert wrong == [], "\n".join(map(str, wrong))
