"""Links by mail: a new password and an address of one's own; good once, for a while, for the right person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.accounts.credentials import AccountLink
from app.accounts.models import LoginSession, User
from app.accounts.services import issue_upload_token
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.jobs.model import Job
from tests.fixtures.app import PASSWORD, csrf_token, run_jobs
from tests.integration.sign_in.conftest import link_in

NEW = "a new sentence to remember"


def ask(client: FlaskClient, name: str):
    return client.post("/password/forgotten", data={"name": name, "csrf_token": csrf_token(client)})


def set_password(client: FlaskClient, path: str, password: str = NEW, again: str = ""):
    data = {"password": password, "again": again or password, "csrf_token": csrf_token(client)}
    return client.post(path, data=data)


def sign_in_status(app: Flask, login: str, password: str) -> int:
    client = app.test_client()
    data = {"login": login, "password": password, "csrf_token": csrf_token(client)}
    return client.post("/sign-in", data=data).status_code


def test_a_link_sets_a_password_once_and_ends_all_sessions(app: Flask, client, sign_in, mails):
    old = sign_in("zhou")
    with app.app_context(), unit_of_work() as db:
        issue_upload_token(db, "zhou", name="program", lasts=timedelta(days=1))
    ask(client, " ZHOU ")
    [mail] = mails("zhou@example.com")
    path = link_in(mail)
    assert client.get(path).status_code == client.get(path).status_code == 200, "scanners look too"
    assert set_password(client, path, "short").status_code == 422
    assert set_password(client, path, NEW, "something else").status_code == 422
    answer = set_password(client, path)

    assert answer.status_code == 200
    assert set_password(client, path, "yet another sentence").status_code == 410
    assert client.get(path).status_code == 410
    assert old.get("/studio/").status_code == 303, "signed out"
    assert client.get("/studio/").status_code == 303, "nobody is signed in by a link"
    with app.app_context(), reading() as db:
        assert None not in db.scalars(select(LoginSession.revoked_at)).all()
    assert (sign_in_status(app, "zhou", PASSWORD), sign_in_status(app, "zhou", NEW)) == (401, 303)
    assert "密码改过了" in mails("zhou@example.com")[-1]["Subject"]


def test_known_and_unknown_names_get_the_same_answer(app: Flask, client, mails):
    names = ("zhou", "zhou@example.com", "ZHOU@Example.com", "nobody", "nobody@example.com", "reviewer")
    pages = []
    for name in names:
        answer = ask(client, name)
        assert answer.status_code == 200
        pages.append(answer.get_data(as_text=True).replace(name, "…"))
    with app.app_context(), reading() as db:
        assert len(db.scalars(select(Job.id)).all()) == len(names) - 1, "one row each, found or not"
        assert db.scalars(select(AccountLink)).all() == [], "nothing is looked up before the answer"

    assert len(set(pages)) == 1
    assert len(mails("zhou@example.com")) == 2
    with app.app_context(), reading() as db:
        assert [payload for payload in db.scalars(select(Job.payload)) if "typed" in payload] == []


def test_nobody_is_flooded(app: Flask, mails):
    for _ in range(5):
        ask(app.test_client(), "zhou")
        run_jobs(app)
    assert len(mails("zhou@example.com")) == 3
    assert ask(app.test_client(), "zhou").status_code == 429
    assert ask(app.test_client(), "somebody else").status_code == 200


def test_a_link_is_good_for_half_an_hour_and_voids_the_others(app: Flask, client, mails):
    for _ in range(3):
        ask(client, "zhou")
        run_jobs(app)
    first, second, third = (link_in(mail) for mail in mails("zhou@example.com"))
    with app.app_context(), unit_of_work() as db:
        oldest = db.scalars(select(AccountLink).order_by(AccountLink.id)).first()
        assert oldest is not None
        assert timedelta(minutes=29) < oldest.expires_at - utc_now() <= timedelta(minutes=30)
        oldest.expires_at = utc_now() - timedelta(seconds=1)
    assert client.get(first).status_code == 410
    assert set_password(client, second).status_code == 200
    assert client.get(third).status_code == 410


def test_the_table_holds_no_link(app: Flask, client, mails):
    ask(client, "zhou")
    token = link_in(mails("zhou@example.com")[0]).rpartition("/")[2]
    with app.app_context(), reading() as db:
        [kept] = db.scalars(select(AccountLink.token_hash)).all()
        texts = [repr(each) for each in db.execute(select(Job.payload))]
    assert token not in kept
    assert not any(token in text for text in texts)
    assert client.get(f"/password/new/{kept}").status_code == 410


def test_an_address_counts_when_its_link_was_opened(app: Flask, client, sign_in, mails):
    reviewer = sign_in("reviewer")

    def change(**form: str):
        data = {"csrf_token": csrf_token(reviewer, "/account/"), "mail_address": "r@example.com", **form}
        return reviewer.post("/account/mail", data=data)

    assert change(password="wrong").status_code == 422
    page = change(password=PASSWORD, mail_address="no address").get_data(as_text=True)
    assert "no address" in page, "what was typed stays"
    assert change(password=PASSWORD).status_code == 303
    ask(client, "r@example.com")
    [mail] = mails("r@example.com")
    assert mail["Subject"].startswith("确认邮箱"), "no password link to an address nobody confirmed"
    path = link_in(mail)
    client.get(path)
    with app.app_context(), reading() as db:
        assert db.scalar(select(User.mail_address).where(User.login == "reviewer")) is None
    assert client.post(path, data={"csrf_token": csrf_token(client)}).status_code == 200
    assert client.post(path, data={"csrf_token": csrf_token(client)}).status_code == 410
    with app.app_context(), reading() as db:
        assert db.scalar(select(User.mail_address).where(User.login == "reviewer")) == "r@example.com"


def test_the_address_before_is_told(sign_in, mails):
    zhou = sign_in("zhou")
    form = {"mail_address": "new@example.com", "password": PASSWORD, "csrf_token": csrf_token(zhou, "/account/")}
    zhou.post("/account/mail", data=form)
    zhou.post(link_in(mails("new@example.com")[0]), data={"csrf_token": form["csrf_token"]})
    assert [mail["Subject"].partition(" ")[0] for mail in mails("zhou@example.com")] == ["邮箱已更换"]


@pytest.mark.parametrize(
    ("giver", "receiver", "status"),
    [("admin", "reviewer", 200), ("admin", "abroad", 422), ("admin", "operator", 422), ("admin", "nobody", 422),
     ("operator", "abroad", 200), ("zhou", "reviewer", 403)],
)  # fmt: skip
def test_administrators_hand_links_to_people_of_theirs(
    app: Flask, client, sign_in: Callable[[str], FlaskClient], *, giver: str, receiver: str, status: int
):
    helper = sign_in(giver)
    token = csrf_token(helper, "/preferences")
    answer = helper.post("/password/give", data={"login": receiver, "csrf_token": token})
    assert answer.status_code == status
    if status == 200:
        page = answer.get_data(as_text=True)
        path = page.partition('value="https://library.example')[2].partition('"')[0]
        assert set_password(client, path).status_code == 200
        assert sign_in_status(app, receiver, NEW) == 303


def test_people_of_two_places_are_the_operators_to_help(app: Flask, sign_in):
    from app.accounts.models import Role  # noqa: PLC0415 - beside their one use
    from app.accounts.services import grant  # noqa: PLC0415

    with app.app_context(), unit_of_work() as db:
        user = db.scalars(select(User).where(User.login == "reviewer")).one()
        grant(db, user, Role.OPERATOR)
    admin = sign_in("admin")
    token = csrf_token(admin, "/preferences")
    assert admin.post("/password/give", data={"login": "reviewer", "csrf_token": token}).status_code == 422


class TestWithoutMail:
    @pytest.fixture
    def changes(self) -> dict[str, str]:
        return {"MAIL_KIND": "none"}

    def test_pages_say_whom_to_ask(self, client, sign_in):
        assert "/password/forgotten" not in client.get("/sign-in").get_data(as_text=True)
        assert "平台管理员" in client.get("/password/forgotten").get_data(as_text=True)
        assert ask(client, "zhou").status_code == 409
        assert 'name="mail_address"' not in sign_in("zhou").get("/account/").get_data(as_text=True)


def test_changing_the_password_keeps_this_browser_alone(app: Flask, sign_in):
    here, elsewhere = sign_in("zhou"), sign_in("zhou")
    token = csrf_token(here, "/account/")
    form = {"old_password": PASSWORD, "password": NEW, "again": NEW, "csrf_token": token}
    assert here.post("/account/password", data={**form, "old_password": "wrong"}).status_code == 422
    assert here.post("/account/password", data={**form, "again": "x"}).status_code == 422
    assert here.post("/account/password", data=form).status_code == 303
    assert (here.get("/studio/").status_code, elsewhere.get("/studio/").status_code) == (200, 303)
    with app.app_context(), unit_of_work() as db:
        db.execute(update(User).values(is_active=False))
    assert here.get("/studio/").status_code == 303
