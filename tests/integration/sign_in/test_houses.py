"""Sign-in at other houses, against small real servers: linked by the person, never by address; forgeries refused."""

from __future__ import annotations

import http.client
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from sqlalchemy import select, update

from app.accounts.credentials import ExternalIdentity
from app.accounts.models import Role, User
from app.kernel.db import reading, unit_of_work
from config import sections
from config.settings import SettingsError, load
from tests.fixtures.app import PASSWORD, build_app, csrf_token, make_environ
from tests.fixtures.sign_in_servers import CLIENT_ID, CLIENT_SECRET, CasServer, OidcServer, cas_server, oidc_server
from tests.integration.sign_in.conftest import BASE_URL


@pytest.fixture(scope="module")
def oidc() -> Iterator[OidcServer]:
    with oidc_server() as server:
        yield server


@pytest.fixture(scope="module")
def cas() -> Iterator[CasServer]:
    with cas_server() as server:
        yield server


@pytest.fixture(scope="module")
def built(peopled: Path, tmp_path_factory: pytest.TempPathFactory, oidc: OidcServer, cas: CasServer) -> Flask:
    folder = tmp_path_factory.mktemp("houses")
    shutil.copy(peopled, folder / "app.db")
    return build_app(load(make_environ(
        folder, APP_BASE_URL=BASE_URL, SIGNIN_OIDC_ISSUER=oidc.url, SIGNIN_OIDC_CLIENT_ID=CLIENT_ID,
        SIGNIN_OIDC_CLIENT_SECRET=CLIENT_SECRET, SIGNIN_OIDC_NAME="辽宁统一认证", SIGNIN_CAS_URL=cas.url,
        SIGNIN_TIMEOUT_S="3",
    )))  # fmt: skip


@pytest.fixture
def app(built: Flask, oidc: OidcServer, cas: CasServer) -> Flask:
    oidc.forge, oidc.subject, oidc.is_away = {}, "person-1", False
    cas.user, cas.is_away, cas.babble = "20260001", False, ""
    with built.app_context(), unit_of_work() as db:
        for each in db.scalars(select(ExternalIdentity)):
            db.delete(each)
        db.execute(update(User).values(is_active=True))
    return built


def fetch_location(address: str) -> str:
    """Go to the other house as a browser does; return where it sends us back to, as a path of ours."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=5)
    connection.request("GET", f"{parts.path}?{parts.query}")
    location = connection.getresponse().headers["Location"]
    connection.close()
    assert location.startswith(BASE_URL), location
    return location.removeprefix(BASE_URL)


def visit(client: FlaskClient, house: str, query: str = "") -> str:
    """Return the path by which the browser comes back."""
    answer = client.get(f"/sign-in/{house}{query}")
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return fetch_location(answer.headers["Location"])


def link(client: FlaskClient, house: str):
    token = csrf_token(client, "/account/")
    page = client.post(f"/account/houses/{house}", data={"csrf_token": token}).get_data(as_text=True)
    assert f'href="/sign-in/{house}?for=link"' in page
    return client.get(visit(client, house, "?for=link"))


def linked(app: Flask) -> list[tuple[str, str, str]]:
    with app.app_context(), reading() as db:
        rows = select(User.login, ExternalIdentity.provider, ExternalIdentity.subject).join(
            ExternalIdentity, ExternalIdentity.user_id == User.id
        )
        return [tuple(row) for row in db.execute(rows)]


@pytest.mark.parametrize("house", ["oidc", "cas"])
def test_whoever_linked_signs_in_and_nobody_else(app: Flask, oidc: OidcServer, cas: CasServer, sign_in, house: str):
    stranger = app.test_client()
    # The house says this address is zhou's, and it is verified there: that links nothing.
    answer = stranger.get(visit(stranger, house))
    assert answer.status_code == 403
    assert "还没有关联" in answer.get_data(as_text=True)
    assert stranger.get("/studio/").status_code == 303

    link(sign_in("zhou"), house)
    subject = {"oidc": "person-1", "cas": "20260001"}[house]
    assert linked(app) == [("zhou", house, subject)]
    browser = app.test_client()
    answer = browser.get(visit(browser, house, "?next=/studio/new"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/studio/new")
    assert browser.get("/studio/").status_code == 200

    oidc.subject = cas.user = "somebody-else"
    other = app.test_client()
    assert other.get(visit(other, house)).status_code == 403


@pytest.mark.parametrize("house", ["oidc", "cas"])
def test_an_identity_is_one_persons_and_can_be_taken_away(app: Flask, sign_in, house: str):
    zhou = sign_in("zhou")
    link(zhou, house)
    link(zhou, house)
    link(sign_in("reviewer"), house)
    assert [login for login, *_ in linked(app)] == ["zhou"]
    zhou.post(f"/account/houses/{house}/off", data={"csrf_token": csrf_token(zhou, "/account/")})
    assert linked(app) == []


@pytest.mark.parametrize("house", ["oidc", "cas"])
def test_people_switched_off_stay_out(app: Flask, sign_in, house: str):
    link(sign_in("zhou"), house)
    with app.app_context(), unit_of_work() as db:
        db.execute(update(User).where(User.login == "zhou").values(is_active=False))
    browser = app.test_client()
    assert browser.get(visit(browser, house)).status_code == 403


@pytest.mark.parametrize("house", ["oidc", "cas"])
def test_what_another_browser_began_signs_nobody_in(app: Flask, sign_in, house: str):
    link(sign_in("zhou"), house)
    path = visit(app.test_client(), house)
    victim = app.test_client()
    assert victim.get(path).headers["Location"] == "/sign-in"
    assert victim.get("/studio/").status_code == 303


@pytest.mark.parametrize("house", ["oidc", "cas"])
def test_a_link_without_the_form_links_nothing(app: Flask, sign_in, house: str):
    zhou = sign_in("zhou")
    zhou.get(visit(zhou, house, "?for=link"))
    assert linked(app) == []
    assert zhou.post(f"/account/houses/{house}").status_code == 400


@pytest.mark.parametrize("house", ["oidc", "cas"])
def test_an_answer_is_good_once(app: Flask, sign_in, house: str):
    link(sign_in("zhou"), house)
    browser = app.test_client()
    path = visit(browser, house)
    assert browser.get(path).status_code == 303
    browser.post("/sign-out", data={"csrf_token": csrf_token(browser, "/preferences")})
    assert browser.get(path).headers["Location"] == "/sign-in"
    assert browser.get("/studio/").status_code == 303


@pytest.mark.parametrize(
    "forge",
    [
        {"key": RSAKey.generate_key(2048, {"kid": "one"})},
        {"alg": "none"},
        {"aud": "another-client"},
        {"iss": "https://evil.example"},
        {"nonce": "another"},
        {"exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200},
        {"sub": ""},
    ],
    ids=lambda forge: next(iter(forge)),
)
def test_forged_tokens_are_refused(app: Flask, oidc: OidcServer, sign_in, forge: dict[str, object]):
    link(sign_in("zhou"), "oidc")
    oidc.forge = forge
    browser = app.test_client()
    answer = browser.get(visit(browser, "oidc"))
    assert answer.headers.get("Location") == "/sign-in"
    assert "统一登录没有成功" in browser.get("/sign-in").get_data(as_text=True)
    assert browser.get("/studio/").status_code == 303


@pytest.mark.parametrize("babble", ["no xml", "<a/>", "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>"])
def test_a_cas_server_that_babbles_signs_nobody_in(app: Flask, cas: CasServer, sign_in, babble: str):
    link(sign_in("zhou"), "cas")
    cas.babble = babble
    browser = app.test_client()
    assert browser.get(visit(browser, "cas")).headers["Location"] == "/sign-in"


def test_a_cas_ticket_is_for_our_address_alone(app: Flask, cas: CasServer, sign_in):
    link(sign_in("zhou"), "cas")
    browser = app.test_client()
    path = visit(browser, "cas")
    for ticket in cas.tickets:
        cas.tickets[ticket] = "https://another.example/"  # got by another site, and replayed here
    assert browser.get(path).headers["Location"] == "/sign-in"


def test_a_house_that_is_away_says_so_and_the_password_works(app: Flask, cas: CasServer, sign_in):
    link(sign_in("zhou"), "cas")
    browser = app.test_client()
    path = visit(browser, "cas")
    cas.is_away = True
    assert browser.get(path).status_code == 303
    assert "没有回应" in browser.get("/sign-in").get_data(as_text=True)
    data = {"login": "zhou", "password": PASSWORD, "csrf_token": csrf_token(browser)}
    assert browser.post("/sign-in", data=data).status_code == 303


def test_buttons_are_there_only_for_what_is_set(app: Flask, settings):
    page = app.test_client().get("/sign-in?next=/studio/new").get_data(as_text=True)
    assert 'href="/sign-in/oidc?next=/studio/new"' in page
    assert "辽宁统一认证" in page
    bare = build_app(settings).test_client()
    assert "/sign-in/oidc" not in bare.get("/sign-in").get_data(as_text=True)
    paths = [f"/sign-in/{house}{end}" for house in ("oidc", "cas") for end in ("", "/back")]
    assert {bare.get(path).status_code for path in paths} == {404}


@pytest.mark.parametrize(
    "wrong",
    [{"SIGNIN_OIDC_ISSUER": "https://id.example.org"}, {"SIGNIN_CAS_URL": "http://cas.example.org/cas"},
     {"SIGNIN_TOTP_ROLES": "reviewers"}],
)  # fmt: skip
def test_half_settings_are_refused(tmp_path: Path, wrong: dict[str, str]):
    with pytest.raises(SettingsError, match="SIGNIN"):
        load(make_environ(tmp_path, **wrong))


def test_settings_and_accounts_name_the_same_roles():
    assert {role.value for role in Role} == sections._ROLES
