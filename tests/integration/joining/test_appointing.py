"""Who answers for a unit is appointed from above: authorities by the one above, others by officers around them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.joining import appointing, invitations
from app.kernel.db import reading, unit_of_work
from app.kernel.errors import InvalidInput, NotFound
from app.kernel.ids import new_token
from app.library.places import RegionDuty, UnitKind, UnitRegion
from app.review.reach import get_reach
from tests.fixtures.app import PASSWORD, csrf_token, make_unit
from tests.integration.joining.acting import Acting

#: Name, kind, region, duty.
UNITS = (
    ("沈河区教育局", UnitKind.BUREAU, "210103", RegionDuty.ADMINISTERS),
    ("沈阳市另一教育局", UnitKind.BUREAU, "210100", RegionDuty.ADMINISTERS),
    ("中山区教育局", UnitKind.BUREAU, "210202", RegionDuty.ADMINISTERS),
    ("沈河区社区教育中心", UnitKind.CENTRE, "210103", RegionDuty.GUIDES),
)
#: Person -> the units of UNITS they may appoint for. The province's officer here guides and administers nothing.
MAY = {
    "officer": {"沈河区教育局", "沈河区社区教育中心"},
    "provincial": {"沈河区社区教育中心"},
    "foreign-officer": {"中山区教育局"},
    "operator": {name for name, *_ in UNITS},
    "admin": set(),
}


@pytest.fixture
def ids(app: Flask) -> dict[str, str]:
    with app.app_context(), unit_of_work() as db:
        made = {}
        for name, kind, code, duty in UNITS:
            unit = make_unit(db, name=name, region_code=code, kind=kind)
            db.add(UnitRegion(unit_id=unit.id, region_code=code, duty=duty))
            made[name] = unit.public_id
        return made


def appoint(acting: Acting, login: str, unit_id: str, token: str = "", name: str = "新负责人"):
    return acting.do(appointing.appoint, login, unit_id, person_name=name, email="", token=token or new_token())


@pytest.mark.parametrize("login", MAY)
def test_who_appoints_for_what(acting: Acting, ids: dict[str, str], login: str):
    listed = acting.do(appointing.list_units, login)
    assert {row.name for row in listed.rows} & set(ids) == MAY[login]
    for name, unit_id in ids.items():
        if name in MAY[login]:
            assert appoint(acting, login, unit_id).person_name == "新负责人"
        else:
            with pytest.raises(NotFound):
                appoint(acting, login, unit_id)


def test_an_appointed_officer_oversees_the_county_and_a_head_its_members(
    app: Flask, acting: Acting, ids: dict[str, str]
):
    tokens = {name: new_token() for name in ("沈河区教育局", "沈河区社区教育中心")}
    for name, token in tokens.items():
        first, again = (appoint(acting, "officer", ids[name], token) for _ in range(2))
        assert first.id == again.id, "the same form twice is one invitation"
        with app.app_context(), unit_of_work() as db:
            invitations.accept_as_new(db, token, login=f"new-{first.role}", display_name=name, password=PASSWORD)
    with app.app_context(), reading() as db:
        county = acting.actor(f"new-{Role.OFFICER}", db)
        assert get_reach(db, county).region_codes == {"210103"}
        head = acting.actor(f"new-{Role.CURATOR}", db)
        assert head.manages_members
        assert not head.is_officer
    assert {row.name: list(row.names) for row in acting.do(appointing.list_units, "officer").rows}.items() >= {
        "沈河区教育局": ["沈河区教育局"], "沈河区社区教育中心": ["沈河区社区教育中心"],
    }.items()  # fmt: skip


def test_a_name_is_needed(acting: Acting, ids: dict[str, str]):
    with pytest.raises(InvalidInput) as caught:
        appoint(acting, "officer", ids["沈河区教育局"], name=" ")
    assert caught.value.fields == {"person_name": "请填写姓名。"}


def test_the_page_keeps_what_was_typed_and_shows_the_link_once(
    app: Flask, ids: dict[str, str], sign_in: Callable[[str], FlaskClient], count_queries
):
    officer = sign_in("officer")
    with count_queries() as asked:
        page = officer.get("/joining/units").get_data(as_text=True)
    assert len(asked) <= 14, "units are not asked for one by one"
    assert "沈河区教育局" in page
    assert "中山区教育局" not in page
    token, path = csrf_token(officer, "/joining/units"), f"/joining/units/{ids['沈河区教育局']}/invitations"
    form = {"csrf_token": token, "token": new_token(), "person_name": "", "email": "somebody@example.com"}
    wrong = officer.post(path, data=form)
    assert wrong.status_code == 422
    assert "请填写姓名。" in wrong.get_data(as_text=True)
    assert "somebody@example.com" in wrong.get_data(as_text=True)
    made = officer.post(path, data=form | {"person_name": "新负责人"}).get_data(as_text=True)
    assert f"/invitation?token={form['token']}" in made
    opened = app.test_client().get(f"/invitation?token={form['token']}").get_data(as_text=True)
    assert "主管部门人员" in opened
    assert sign_in("admin").get("/joining/units").status_code == 403
