"""Signing in: one answer for every wrong try, a limit on guessing, sessions that really end."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts import services
from app.accounts.models import LoginSession, Role, User
from app.kernel.db import reading, unit_of_work
from app.kernel.errors import InvalidInput
from tests.fixtures.app import PASSWORD, csrf_token, make_institution, make_user


@pytest.fixture
def teacher(app: Flask) -> str:
    with app.app_context(), unit_of_work() as db:
        make_user(db, Role.CONTRIBUTOR, login="laoshi", institution_id=make_institution(db).id)
    return "laoshi"


def post(client, login: str, password: str, **extra: str):
    data = {"login": login, "password": password, "csrf_token": csrf_token(client), **extra}
    return client.post("/sign-in", data=data)


def test_signs_in_and_out_for_good(app: Flask, client, teacher: str):
    answer = post(client, " LaoShi ", PASSWORD)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/studio/"
    cookie = client.get_cookie("session").value
    assert client.get("/studio/").status_code == 200

    client.post("/sign-out", data={"csrf_token": csrf_token(client, "/studio/")})
    client.set_cookie("session", cookie)  # somebody kept a copy of the cookie

    assert client.get("/studio/").status_code == 303


def test_wrong_password_and_unknown_name_get_the_same_answer(client, teacher: str):
    wrong, unknown = post(client, teacher, "not the password"), post(client, "nobody", "not the password")

    assert wrong.status_code == unknown.status_code == 401
    assert "账号或密码不对" in wrong.get_data(as_text=True)
    assert "账号或密码不对" in unknown.get_data(as_text=True)


def test_ten_wrong_tries_are_enough(client, teacher: str):
    answers = [post(client, teacher, "guess") for _ in range(11)]

    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert "点得太快了" in answers[-1].get_data(as_text=True)
    assert post(client, teacher, PASSWORD).status_code == 429, "even the right one has to wait now"


def test_right_password_never_locks_out(client, teacher: str):
    for _ in range(12):
        assert post(client, teacher, PASSWORD).status_code == 303
        client.post("/sign-out", data={"csrf_token": csrf_token(client, "/preferences")})


def test_next_leads_only_inside_the_site(client, teacher: str):
    assert post(client, teacher, PASSWORD, next="https://evil.example/x").headers["Location"] == "/studio/"
    client.post("/sign-out", data={"csrf_token": csrf_token(client, "/preferences")})
    assert post(client, teacher, PASSWORD, next="/studio/lectures/new").headers["Location"] == "/studio/lectures/new"


def test_form_without_token_is_refused(app: Flask, teacher: str):
    answer = app.test_client().post("/sign-in", data={"login": teacher, "password": PASSWORD})

    assert answer.status_code == 400
    assert "过期" in answer.get_data(as_text=True)


def test_only_what_changes_a_session_sends_its_cookie(sign_in, teacher: str):
    """An answer that comes late, to a picture or a question of a script, must not bring back the cookie of before."""
    client = sign_in(teacher)
    with client.session_transaction() as before:
        kept = dict(before)
    for path in ("/studio/", "/livez", "/preferences", "/"):
        assert "Set-Cookie" not in client.get(path).headers, path
    with client.session_transaction() as after:
        assert dict(after) == kept
    assert kept["csrf_token"]


def test_switched_off_user_is_out_at_once(app: Flask, sign_in, teacher: str):
    client = sign_in(teacher)
    with app.app_context(), unit_of_work() as db:
        db.scalars(select(User)).one().is_active = False

    assert client.get("/studio/").status_code == 303


def test_new_password_closes_other_sessions(app: Flask, sign_in, teacher: str):
    first, second = sign_in(teacher), sign_in(teacher)
    with app.app_context(), unit_of_work() as db:
        user = db.scalars(select(User)).one()
        services.change_password(db, user.id, old=PASSWORD, new="another horse 43")

    assert first.get("/studio/").status_code == second.get("/studio/").status_code == 303


def test_database_keeps_no_usable_token(app: Flask, sign_in, teacher: str):
    client = sign_in(teacher)
    with app.app_context(), reading() as db:
        stored = db.scalars(select(LoginSession.token_hash)).one()

    assert stored not in client.get_cookie("session").value


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa", "x" * 300])
def test_weak_passwords_are_refused(password: str):
    from app.accounts.passwords import hash_password  # noqa: PLC0415

    with pytest.raises(InvalidInput):
        hash_password(password)
