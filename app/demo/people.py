"""The demo's places and people: institutions, units in both reporting lines, accounts. Safe to repeat.

Accounts get a random password once, kept in a file only its owner can read, so no installation ever shares one.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import services as accounts
from app.accounts.models import Role, User
from app.demo.spec import DemoSpec
from app.kernel.clock import utc_now
from app.kernel.ids import new_public_id
from app.library.places import Institution, Line, RegionDuty, Unit, UnitKind, UnitRegion, UnitSuperior

PROVINCE, CITY, COUNTY = "210000", "210100", "210103"
#: The institution whose lectures are reviewed, and who sends them in.
REVIEWED, AUTHOR = "hepan", "author"
#: The first institution's, and the community centre's.
TEACHER, CENTRE = "teacher", "centre"
PROVINCE_BUREAU = "省教育厅职成处（演示）"
#: Shown where a phone number belongs; nobody has it.
NOBODYS_PHONE = "024-0000 0000"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A demo account as it is printed."""

    login: str
    password: str
    who: str


def add_institutions(db: Session, demo: DemoSpec) -> dict[str, int]:
    """Add the demo's institutions; return their ids by key."""
    ids = {}
    for item in demo.institutions:
        institution = db.scalars(select(Institution).where(Institution.name == item.name)).first()
        if institution is None:
            institution = Institution(
                public_id=new_public_id(),
                name=item.name,
                type_key=item.type,
                region_code=item.region,
                contact_phone=NOBODYS_PHONE,
                created_at=utc_now(),
            )
            db.add(institution)
            db.flush()
        ids[item.key] = institution.id
    return ids


def add_units(db: Session) -> int:
    """Add a province's and a city's bureau and centre and one community centre; return the last one's id."""
    rows = [
        ("province_bureau", UnitKind.BUREAU, PROVINCE_BUREAU, PROVINCE, RegionDuty.ADMINISTERS),
        ("province_centre", UnitKind.CENTRE, "省社区教育指导服务中心（演示）", PROVINCE, RegionDuty.GUIDES),
        ("city_bureau", UnitKind.BUREAU, "沈阳市教育局（演示）", CITY, RegionDuty.ADMINISTERS),
        ("city_centre", UnitKind.CENTRE, "沈阳市社区教育指导服务中心（演示）", CITY, RegionDuty.GUIDES),
        ("community", UnitKind.COMMUNITY, "沈河区万柳社区中心（演示）", COUNTY, RegionDuty.SERVES),
    ]
    units: dict[str, Unit] = {}
    for key, kind, name, region, duty in rows:
        unit = db.scalars(select(Unit).where(Unit.name == name)).first()
        if unit is None:
            unit = Unit(
                public_id=new_public_id(),
                kind=kind,
                name=name,
                region_code=region,
                aliases=[],
                contact_phone=NOBODYS_PHONE,
            )
            db.add(unit)
            db.flush()
            db.add(UnitRegion(unit_id=unit.id, region_code=region, duty=duty))
        units[key] = unit
    lines = [
        ("city_bureau", "province_bureau", Line.ADMINISTRATIVE),
        ("city_centre", "province_centre", Line.PROFESSIONAL),
        # The community centre answers to the city in both lines: this is why units are no tree.
        ("community", "city_bureau", Line.ADMINISTRATIVE),
        ("community", "city_centre", Line.PROFESSIONAL),
    ]
    for below, above, line in lines:
        pair = {"unit_id": units[below].id, "superior_id": units[above].id, "line": line}
        if db.scalars(select(UnitSuperior).filter_by(**pair)).first() is None:
            db.add(UnitSuperior(**pair))
    return units["community"].id


def add_accounts(db: Session, folder: Path, institutions: dict[str, int], centre_id: int) -> list[DemoAccount]:
    """Add one account for each desk; return them as they are printed."""
    reviewed = {"institution_id": institutions[REVIEWED]}
    bureau = db.scalars(select(Unit.id).where(Unit.name == PROVINCE_BUREAU)).one()
    wanted: list[tuple[str, str, Role, dict[str, int]]] = [
        (
            TEACHER,
            "学校老师：上传、发布讲座",
            Role.INSTITUTION_ADMIN,
            {"institution_id": next(iter(institutions.values()))},
        ),
        (CENTRE, "社区中心：编排播单、打印二维码", Role.CURATOR, {"unit_id": centre_id}),
        (AUTHOR, "河畔学院老师：改课、送审", Role.INSTITUTION_ADMIN, reviewed),
        ("reviewer", "河畔学院审核员：一审", Role.REVIEWER, reviewed),
        ("dean", "河畔学院负责人：二审", Role.INSTITUTION_ADMIN, reviewed),
        ("province", "省级管理人员：三审", Role.OFFICER, {"unit_id": bureau}),
        ("operator", "平台管理员：看运行情况", Role.OPERATOR, {}),
    ]
    path = folder / "demo-accounts.json"
    known: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    result = []
    for login, who, role, place in wanted:
        user = db.scalars(select(User).where(User.login == login)).first()
        if user is None:
            known[login] = new_public_id(12)
            user = accounts.create_user(
                db, login=login, display_name=f"演示{who.partition('：')[0]}", password=known[login]
            )
        accounts.grant(db, user, role, **place)
        result.append(DemoAccount(login, known.get(login, "（首次启动时已显示）"), who))
    folder.mkdir(parents=True, exist_ok=True)
    # Written inside the transaction: if it fails nobody gets an account whose password is lost.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(known, file)
    return result
