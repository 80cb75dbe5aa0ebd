"""Every route has the access rule written for it here by hand: a new route has to be thought about."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.kernel.db import unit_of_work
from app.web.access import AccessRule
from tests.fixtures.app import make_institution, make_unit, make_user

#: Endpoint prefixes and the rule of everything below them, longest prefix first; exceptions are named one by one.
EXPECTED = {
    "accounts.change_mail": "signed_in",
    "accounts.change_password": "signed_in",
    "accounts.end_others": "signed_in",
    "accounts.enrol": "signed_in",
    "accounts.enrol_submit": "signed_in",
    "accounts.give": "keepers",
    "accounts.give_link": "keepers",
    "accounts.link_house": "signed_in",
    "accounts.renew_codes": "signed_in",
    "accounts.security": "signed_in",
    "accounts.switch_off": "signed_in",
    "accounts.unlink_house": "signed_in",
    "accounts.sign_out": "signed_in",
    "accounts.": "public",
    "admin.healthz": "public",
    "admin.": "operators",
    "api.": "public",
    "asking.": "operators",
    "asking.answer": "providers",
    "asking.export_wishes": "providers",
    "asking.make_wish": "public",
    "asking.save_answer": "providers",
    "asking.suggest": "public",
    "asking.wish": "public",
    "asking.wishes": "providers",
    "catalogue.": "public",
    "curation.playlist": "public",
    "curation.play": "public",
    "curation.short_link": "public",
    "curation.playlists": "public",
    "curation.qr_code": "public",
    "curation.code_form": "public",
    "curation.": "curators",
    "green_channel.": "contributors",
    "green_channel.about": "public",
    "green_channel.opening": "public",
    "green_channel.overview": "officers",
    "green_channel.register": "public",
    "green_channel.register_csv": "public",
    "green_channel.register_xlsx": "public",
    "join.": "public",
    "join.accept_mine": "signed_in",
    "joining.": "officers",
    "members.": "signed_in",
    "notices.": "signed_in",
    "notices.confirm_stop": "public",
    "notices.stop": "public",
    "player.": "public",
    "review.": "reviewers",
    "review.submission": "contributors",
    "review.submit": "contributors",
    "review.recall": "contributors",
    "review.confirm_discard": "contributors",
    "review.discard": "contributors",
    "review.rules": "operators",
    "review.save_rule": "operators",
    "review.words": "operators",
    "review.add_word": "operators",
    "review.end_word": "operators",
    "studio.": "contributors",
    "watching.": "contributors",
    "watching.take_beacons": "public",
    "watching.verify": "public",
    "watching.verify_form": "public",
    "web.": "public",
}
#: What each kind of person may call.
ALLOWED = {
    None: {"public"},
    Role.CONTRIBUTOR: {"public", "signed_in", "contributors", "providers"},
    Role.INSTITUTION_ADMIN: {"public", "signed_in", "contributors", "providers", "reviewers", "keepers"},
    Role.REVIEWER: {"public", "signed_in", "reviewers"},
    Role.CURATOR: {"public", "signed_in", "curators"},
    Role.OFFICER: {"public", "signed_in", "reviewers", "officers", "providers"},
    Role.OPERATOR: {
        "public", "signed_in", "contributors", "curators", "reviewers", "keepers", "officers", "operators",
        "providers",
    },
}


def expected_rule(endpoint: str) -> str | None:
    matches = [
        prefix for prefix in EXPECTED if endpoint == prefix or (prefix.endswith(".") and endpoint.startswith(prefix))
    ]
    return EXPECTED[max(matches, key=len)] if matches else None


def test_every_route_carries_the_rule_written_here(app: Flask):
    found = {name: view.access_rule for name, view in app.view_functions.items()}

    assert all(isinstance(rule, AccessRule) for rule in found.values())
    wrong = {name: rule.name for name, rule in found.items() if rule.name != expected_rule(name)}
    assert wrong == {}


def test_no_public_route_writes_without_being_named(app: Flask):
    writing = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.methods & {"POST", "PUT", "PATCH", "DELETE"}
        and app.view_functions[rule.endpoint].access_rule.name == "public"
    }

    # Whoever applies to join acts by a receipt, whoever is invited by a link: neither has an account yet.
    by_secret = {"begin", "add_paper", "remove_paper", "change", "submit", "withdraw", "claim", "accept_new"}
    assert writing <= {
        *(f"join.{name}" for name in by_secret),
        "asking.make_wish",  # nobody needs an account to say what is missing
        "accounts.ask_for_reset", "accounts.confirm_mail", "accounts.enrol_first_submit", "accounts.give_code",
        "accounts.set_password", "accounts.sign_in_submit", "notices.stop", "watching.take_beacons",
        "web.save_preferences",
    }  # fmt: skip


@pytest.fixture
def browsers(app: Flask, sign_in: Callable[[str], FlaskClient]) -> dict[Role | None, FlaskClient]:
    with app.app_context(), unit_of_work() as db:
        institution, unit = make_institution(db).id, make_unit(db).id
        for role in Role:
            place = {}
            if role in {Role.CONTRIBUTOR, Role.INSTITUTION_ADMIN, Role.REVIEWER}:
                place = {"institution_id": institution}
            elif role is not Role.OPERATOR:
                place = {"unit_id": unit}
            make_user(db, role, login=role.value, **place)
    return {None: app.test_client(), **{role: sign_in(role.value) for role in Role}}


def test_each_role_is_let_in_and_kept_out_as_written(app: Flask, browsers: dict[Role | None, FlaskClient]):
    """Call every readable route as every role, with ids that do not exist: the rule answers before any look-up."""
    wrong = []
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods:
            continue
        values = dict.fromkeys(rule.arguments, "nothing-here")
        values.update(
            {name: 1 for name, converter in rule._converters.items() if type(converter).__name__ == "IntegerConverter"}
        )
        path = rule.build(values, append_unknown=False)[1]
        needs = app.view_functions[rule.endpoint].access_rule.name
        for role, client in browsers.items():
            answer = client.get(path)
            is_kept_out = answer.status_code == 403 or (
                answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in")
            )
            if is_kept_out == (needs in ALLOWED[role]):
                wrong.append((rule.endpoint, role, answer.status_code))

    assert wrong == []
