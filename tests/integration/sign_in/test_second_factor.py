"""Codes of a phone and of paper: needed where a role asks, taken once, few tries, unreadable in the database."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts import second_factor
from app.accounts.credentials import RecoveryCode, SecondFactor
from app.factory import create_app
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from config.settings import load
from tests.fixtures.app import PASSWORD, csrf_token, make_environ


class Clock:
    """The time as this module's tests tell it."""

    def __init__(self) -> None:
        self.now = utc_now().replace(second=10, microsecond=0)

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(second_factor, "utc_now", clock)
    return clock


@pytest.fixture
def changes() -> dict[str, str]:
    return {"SIGNIN_TOTP_ROLES": "operator, reviewer"}


def give_password(app: Flask, login: str) -> FlaskClient:
    client = app.test_client()
    data = {"login": login, "password": PASSWORD, "csrf_token": csrf_token(client)}
    assert client.post("/sign-in", data=data).status_code == 303
    return client


def post(client: FlaskClient, path: str, **form: str):
    return client.post(path, data={**form, "csrf_token": csrf_token(client, "/preferences")})


def key_on(page: str) -> str:
    found = re.search(r'data-testid="key"><code>([^<]+)<', page)
    assert found
    return found[1].replace(" ", "")


def enrol(app: Flask, clock: Clock, login: str = "reviewer") -> tuple[FlaskClient, pyotp.TOTP, list[str]]:
    client = give_password(app, login)
    totp = pyotp.TOTP(key_on(client.get("/sign-in/phone").get_data(as_text=True)))
    page = post(client, "/sign-in/phone", code=totp.at(clock.now)).get_data(as_text=True)
    codes = re.findall(r"<li><code>([\w-]+)</code>", page)
    assert len(codes) == 10
    return client, totp, codes


def test_a_role_that_asks_for_it_gets_in_with_a_phone_only(app: Flask, clock: Clock, sign_in):
    client = give_password(app, "reviewer")
    assert client.get("/review/").status_code == 303, "the password alone opens nothing"
    page = client.get("/sign-in/phone").get_data(as_text=True)
    assert key_on(page) == key_on(client.get("/sign-in/phone").get_data(as_text=True)), "a reload keeps the key"
    assert "data:image/svg+xml" in page
    wrong = post(client, "/sign-in/phone", code="000000")
    assert wrong.status_code == 422
    assert key_on(wrong.get_data(as_text=True)) == key_on(page)
    post(client, "/sign-in/phone", code=pyotp.TOTP(key_on(page)).at(clock.now))
    assert client.get("/review/").status_code == 200
    assert sign_in("zhou").get("/studio/").status_code == 200, "roles that do not ask are let in as ever"


def test_an_installation_that_asks_for_no_codes_is_told_so_at_every_start(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    told = []
    for changes in ({}, {"SIGNIN_TOTP_ROLES": ""}, {"SIGNIN_TOTP_ROLES": "", "APP_ENV": "development"}):
        create_app(load(make_environ(tmp_path, **{"APP_ENV": "production", **changes})))
        told.append("second_factor_off" in "".join(capfd.readouterr()))
    assert told == [False, True, False]


def test_a_code_is_taken_once_also_by_another_browser(app: Flask, clock: Clock):
    _, totp, _ = enrol(app, clock)
    browser = give_password(app, "reviewer")
    assert post(browser, "/sign-in/code", code=totp.at(clock.now)).status_code == 401, "it served to enrol"
    clock.pass_s(30)
    code = totp.at(clock.now)
    assert post(browser, "/sign-in/code", code=f"{code[:3]} {code[3:]}").status_code == 303
    assert browser.get("/review/").status_code == 200
    again = give_password(app, "reviewer")
    assert post(again, "/sign-in/code", code=code).status_code == 401
    assert post(again, "/sign-in/code", code=totp.at(clock.now - timedelta(seconds=30))).status_code == 401
    assert again.get("/review/").status_code == 303
    clock.pass_s(30)
    fast = totp.at(clock.now + timedelta(seconds=30))
    assert post(again, "/sign-in/code", code=fast).status_code == 303, "a phone whose clock is fast"
    late = give_password(app, "reviewer")
    clock.pass_s(120)
    assert post(late, "/sign-in/code", code=totp.at(clock.now - timedelta(seconds=60))).status_code == 401


def test_guessing_ends_after_ten_wrong_codes_however_sign_in_is_begun(app: Flask, clock: Clock):
    _, totp, _ = enrol(app, clock)
    clock.pass_s(30)
    answers = [post(give_password(app, "reviewer"), "/sign-in/code", code=f"{number:06}").status_code
               for number in range(11)]  # fmt: skip
    assert answers == [401] * 10 + [429]
    assert post(give_password(app, "reviewer"), "/sign-in/code", code=totp.at(clock.now)).status_code == 429


def test_a_recovery_code_opens_once_and_is_told(app: Flask, clock: Clock, client):
    _, _, codes = enrol(app, clock)
    browser = give_password(app, "reviewer")
    assert post(browser, "/sign-in/code", code=codes[3].upper()).status_code == 303
    assert "还有 9 个备用码" in browser.get("/account/").get_data(as_text=True)
    assert post(give_password(app, "reviewer"), "/sign-in/code", code=codes[3]).status_code == 401
    assert post(give_password(app, "reviewer"), "/sign-in/code", code=codes[4]).status_code == 303


def test_nothing_in_the_database_makes_a_code(app: Flask, clock: Clock):
    _, totp, codes = enrol(app, clock)
    with app.app_context(), reading() as db:
        sealed = db.scalars(select(SecondFactor.sealed_secret)).one()
        hashes = db.scalars(select(RecoveryCode.code_hash)).all()
    assert totp.secret.encode() not in sealed
    assert not {code.replace("-", "") for code in codes} & set(hashes)


def test_a_code_without_a_password_is_nothing(app: Flask, clock: Clock):
    _, totp, _ = enrol(app, clock)
    clock.pass_s(30)
    stranger = app.test_client()
    assert stranger.get("/sign-in/code").status_code == 409
    assert post(stranger, "/sign-in/code", code=totp.at(clock.now)).status_code == 409
    assert stranger.get("/review/").status_code == 303


def test_a_session_ends_when_its_person_gets_a_role_that_asks(app: Flask, clock: Clock, sign_in):
    from app.accounts.models import Role, User  # noqa: PLC0415 - beside their one use
    from app.accounts.services import grant  # noqa: PLC0415

    zhou = sign_in("zhou")
    with app.app_context(), unit_of_work() as db:
        grant(db, db.scalars(select(User).where(User.login == "zhou")).one(), Role.OPERATOR)
    assert zhou.get("/studio/").status_code == 303
    assert give_password(app, "zhou").get("/sign-in/phone").status_code == 200


def test_people_may_switch_it_on_and_off_where_no_role_asks(app: Flask, clock: Clock, sign_in):
    zhou, elsewhere = sign_in("zhou"), sign_in("zhou")
    totp = pyotp.TOTP(key_on(zhou.get("/account/phone").get_data(as_text=True)))
    assert give_password(app, "zhou").get("/studio/").status_code == 200, "begun is not on"
    assert post(zhou, "/account/phone", code=totp.at(clock.now)).status_code == 200
    assert (zhou.get("/studio/").status_code, elsewhere.get("/studio/").status_code) == (200, 303)
    clock.pass_s(30)
    assert post(zhou, "/account/phone/off", code="123456").status_code == 422
    assert post(zhou, "/account/phone/codes", code=totp.at(clock.now)).status_code == 200
    clock.pass_s(30)
    assert post(zhou, "/account/phone/off", code=totp.at(clock.now)).status_code == 303
    assert give_password(app, "zhou").get("/studio/").status_code == 200


def test_roles_that_ask_cannot_switch_it_off(app: Flask, clock: Clock):
    browser, totp, _ = enrol(app, clock)
    clock.pass_s(30)
    assert post(browser, "/account/phone/off", code=totp.at(clock.now)).status_code == 409
    assert post(give_password(app, "reviewer"), "/sign-in/code", code=totp.at(clock.now)).status_code == 303
