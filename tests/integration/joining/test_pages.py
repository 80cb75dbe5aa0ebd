"""The pages of joining over HTTP: what is typed stays, papers are private, limits hold, links are shown once."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import asdict

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from app.joining import applications, invitations
from app.joining.places import load_place
from app.kernel.ids import new_token
from tests.fixtures.app import csrf_token
from tests.integration.joining.acting import FIELDS, Acting, png

FORM = {name: value for name, value in asdict(FIELDS).items() if isinstance(value, str)} | {"consent": "y"}


@pytest.fixture
def applicant(app: Flask) -> FlaskClient:
    return app.test_client()


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, name
    return found[1]


def begin(client: FlaskClient, **changes: str) -> TestResponse:
    page = client.get("/join").get_data(as_text=True)
    secrets = {"csrf_token": hidden(page, "csrf_token"), "receipt": hidden(page, "receipt")}
    return client.post("/join", data={**FORM, **secrets, **changes})


def attach(client: FlaskClient, code: str, data: bytes, filename: str = "证书.png") -> TestResponse:
    token = csrf_token(client, f"/join/application?code={code}")
    form = {"csrf_token": token, "code": code, "paper": FileStorage(io.BytesIO(data), filename)}
    # Encoded here: for a large body the test client opens a scratch file and leaves it to the collector.
    boundary, body = encode_multipart(form)
    return client.post(
        "/join/application/papers", data=body, content_type=f'multipart/form-data; boundary="{boundary}"'
    )


def test_what_was_typed_stays_when_something_is_wrong(applicant: FlaskClient):
    answer = begin(applicant, person_phone="打我手机", statement="“书画”班 <b>")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "只写数字" in page
    assert 'value="打我手机"' in page
    assert "“书画”班 &lt;b&gt;" in page
    assert '<option value="210181" selected>' in page


def test_from_the_form_to_the_account_by_the_receipt_alone(applicant: FlaskClient, acting: Acting):
    answer = begin(applicant)
    assert answer.status_code == 303
    code = acting.receipt = answer.headers["Location"].partition("code=")[2]
    page = applicant.get(answer.headers["Location"]).get_data(as_text=True)
    assert code[:5] in page
    assert 'aria-disabled="true"' in page, "nothing to send in without papers"
    assert attach(applicant, code, png()).status_code == 303
    wrong = attach(applicant, code, b"MZ", "virus.exe")
    assert wrong.status_code == 422
    assert "只能是 PDF、JPG 或 PNG" in wrong.get_data(as_text=True)
    large = attach(applicant, code, b"%PDF-" + b"0" * (5 * 1024**2 + 1))
    assert large.status_code == 413
    page = applicant.get(f"/join/application?code={code}").get_data(as_text=True)
    form = {"csrf_token": hidden(page, "csrf_token"), "code": code, "version": hidden(page, "version")}
    stale = applicant.post("/join/application/submit", data={**form, "version": "1"})
    assert stale.status_code == 412
    assert applicant.post("/join/application/submit", data=form).status_code == 303
    acting.accept()
    page = applicant.get(f"/join/application?code={code}").get_data(as_text=True)
    token = hidden(page, "token")
    claim = {"csrf_token": form["csrf_token"], "code": code, "token": token}
    answer = applicant.post("/join/application/claim", data=claim)
    assert answer.headers["Location"] == f"/invitation?token={token}"
    account = {"csrf_token": form["csrf_token"], "token": token, "login": "head", "display_name": "示范负责人"}
    differs = applicant.post("/invitation", data={**account, "password": "a long pass 99", "again": "another"})
    assert differs.status_code == 422
    assert 'value="head"' in differs.get_data(as_text=True)
    done = applicant.post("/invitation", data={**account, "password": "a long pass 99", "again": "a long pass 99"})
    assert (done.status_code, done.headers["Location"]) == (303, "/sign-in")
    assert applicant.get(f"/invitation?token={token}").status_code == 409


def test_papers_are_for_the_applicant_and_the_officers(app: Flask, applicant: FlaskClient, acting: Acting, sign_in):
    code = acting.receipt = begin(applicant).headers["Location"].partition("code=")[2]
    attach(applicant, code, png())
    application = acting.application()
    paper = application.papers[0].public_id
    own = applicant.get(f"/join/application/paper?code={code}&paper={paper}")
    assert (own.status_code, own.content_type) == (200, "image/png")
    assert own.headers["Cache-Control"] == "no-store"
    other = applications.new_receipt()
    assert applicant.get(f"/join/application/paper?code={other}&paper={paper}").status_code == 404
    acting.apply(applications.submit, expected_version=application.version)
    address = f"/joining/applications/{application.public_id}/papers/{paper}"
    seen = sign_in("officer").get(address)
    assert (seen.status_code, seen.headers["X-Content-Type-Options"]) == (200, "nosniff")
    assert "private" in seen.headers["Cache-Control"]
    for login, status in (("foreign-officer", 404), ("admin", 403)):
        assert sign_in(login).get(address).status_code == status
    key = f"applications/{application.public_id}/{paper}.png"
    assert applicant.get(f"/media/{key}").status_code == 404


def test_one_address_begins_so_many_and_guesses_so_many(applicant: FlaskClient):
    answers = [begin(applicant, name=f"单位{number}").status_code for number in range(11)]
    assert (answers[0], answers[-1]) == (303, 429)
    guesses = [applicant.get("/join/application?code=" + "2" * 20).status_code for _ in range(11)]
    assert (guesses[0], guesses[-1]) == (404, 429)


def test_the_officer_works_through_the_case(acting: Acting, sign_in: Callable[[str], FlaskClient]):
    sent = acting.send_in()
    client, address = sign_in("officer"), f"/joining/applications/{sent.public_id}"
    page = client.get(address).get_data(as_text=True)
    form = {name: hidden(page, name) for name in ("csrf_token", "version", "token")}
    empty = client.post(f"{address}/ask", data={**form, "words": " "})
    assert (empty.status_code, "请填写问题" in empty.get_data(as_text=True)) == (422, True)
    bad = client.post(f"{address}/accept", data={**form, "storage_gb": "很多", "monthly_hours": "1"})
    assert (bad.status_code, 'value="很多"' in bad.get_data(as_text=True)) == (422, True)
    assert client.post(f"{address}/ask", data={**form, "words": "请补公章"}).status_code == 303
    late = client.post(f"{address}/refuse", data={**form, "reason": "没有补"})
    assert (late.status_code, "没有补" in late.get_data(as_text=True)) == (412, True)
    form["version"] = hidden(client.get(address).get_data(as_text=True), "version")
    decision = {**form, "storage_gb": "1", "monthly_hours": "1"}
    accepted = [client.post(f"{address}/accept", data=decision) for _ in range(2)]
    assert all(f"/invitation?token={form['token']}" in each.get_data(as_text=True) for each in accepted)
    assert form["token"] not in client.get(address).get_data(as_text=True)


def test_the_administrator_works_through_the_members(acting: Acting, sign_in: Callable[[str], FlaskClient]):
    client = sign_in("admin")
    address = client.get("/members/").headers["Location"]
    page = client.get(address).get_data(as_text=True)
    assert page.count('data-testid="member"') == 5
    token = hidden(page, "csrf_token")
    person = f"{address}/people/{acting.user('teacher').public_id}"
    stale = client.post(person, data={"csrf_token": token, "keys": ["reviewer"], "seen": "institution_admin"})
    assert stale.status_code == 412
    nothing = client.post(person, data={"csrf_token": token, "seen": "contributor"})
    assert (nothing.status_code, "至少留一个角色" in nothing.get_data(as_text=True)) == (422, True)
    unsure = client.post(f"{person}/leave", data={"csrf_token": token})
    assert (unsure.status_code, "请先勾选确认" in unsure.get_data(as_text=True)) == (422, True)
    colleague = acting.user("colleague").public_id
    form = {"csrf_token": token, "confirmed": "y", "to": colleague}
    assert client.post(f"{person}/leave", data=form).status_code == 303
    assert "撤销交接" in client.get(address).get_data(as_text=True)
    invited = client.post(f"{address}/invitations", data={"csrf_token": token, "token": new_token(), "key": "reviewer"})
    assert (invited.status_code, "请填写姓名" in invited.get_data(as_text=True)) == (422, True)


def test_an_invitation_is_revoked_after_a_question(acting: Acting, sign_in: Callable[[str], FlaskClient]):
    client = sign_in("admin")
    address = client.get("/members/").headers["Location"]
    token = hidden(client.get(address).get_data(as_text=True), "csrf_token")
    form = {"csrf_token": token, "token": new_token(), "key": "reviewer", "person_name": "新审核"}
    assert client.post(f"{address}/invitations", data=form).status_code == 200
    place = acting.read(load_place, address.rpartition("/")[2])
    question = f"{address}/invitations/{acting.read(invitations.list_open, place)[0].public_id}/revoke"
    assert f'href="{question}"' in client.get(address).get_data(as_text=True)
    assert "撤销给新审核的邀请？" in client.get(question).get_data(as_text=True)
    assert len(acting.read(invitations.list_open, place)) == 1
    assert client.post(question, data={"csrf_token": token}).status_code == 303
    assert acting.read(invitations.list_open, place) == []
