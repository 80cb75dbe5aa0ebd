"""The demo's door: applications in every state, invitations on their way, members in several roles.

Safe to repeat: what is there already stays as people left it. Nobody of these exists.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from PIL import Image, ImageDraw
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts import services as accounts
from app.accounts.models import Membership, Role, User
from app.demo.acting import actor_of
from app.demo.people import NOBODYS_PHONE
from app.joining import applications, invitations, members, quotas, verification
from app.joining.fields import ApplicationFields
from app.joining.models import Application, ApplicationState
from app.joining.papers import CheckedPaper, paper_key, read_paper
from app.joining.quotas import QuotaFields
from app.kernel.ids import new_public_id, new_token
from app.kernel.storage import ManagedStorage
from app.library.places import Institution

OFFICER = "province"
_FIELDS: Final = ApplicationFields(
    kind="institution", type_key="elder_university", region_code="210181", person_name="演示申请人",
    person_post="教务主任", public_phone=NOBODYS_PHONE, person_phone=NOBODYS_PHONE,
    statement="开设书画、养生、手机课程，愿意开放给社区。", has_consented=True,
)  # fmt: skip
#: Name, what is different, where it stands.
_APPLICANTS: Final[Sequence[tuple[str, dict[str, Any], ApplicationState]]] = (
    ("新民柳河老年大学（演示）", {}, ApplicationState.SUBMITTED),
    ("鞍山钢城社区学院（演示）", {"type_key": "community_college", "region_code": "210302"},
     ApplicationState.SUBMITTED),
    ("抚顺浑河老年大学（演示）", {"region_code": "210402"}, ApplicationState.QUESTIONED),
    ("本溪枫叶学习点（演示）", {"kind": "centre", "type_key": "learning_point", "region_code": "210502"},
     ApplicationState.ACCEPTED),
    ("丹东江边培训部（演示）", {"region_code": "210602"}, ApplicationState.REFUSED),
)  # fmt: skip
#: Login, name, role, whether it rests; their passwords are nobody's.
_MEMBERS: Final = (
    ("demo-lecturer", "演示任课老师", Role.CONTRIBUTOR, False),
    ("demo-checker", "演示审核员", Role.REVIEWER, False),
    ("demo-former", "演示离岗老师", Role.CONTRIBUTOR, True),
)


def add_applications(db: Session, storage: ManagedStorage) -> None:
    """Let five applicants come, and the officer deal with most of them."""
    paper = _paper()
    for name, changes, state in _APPLICANTS:
        if db.scalar(select(Application.id).where(Application.name == name).limit(1)) is not None:
            continue
        receipt, paper_id = applications.new_receipt(), new_public_id()
        application = applications.begin(db, receipt, replace(_FIELDS, name=name, **changes))
        key = paper_key(application.public_id, paper_id, paper.kind)
        storage.put_bytes(key, paper.data, "application/octet-stream")
        applications.add_paper(db, receipt, paper, paper_id=paper_id)
        db.expire_all()
        application = applications.submit(db, receipt, expected_version=_version(db, application.id))
        _deal_with(db, application, state)


def _deal_with(db: Session, application: Application, state: ApplicationState) -> None:
    officer, public_id, version = actor_of(db, OFFICER), application.public_id, application.version
    match state:
        case ApplicationState.QUESTIONED:
            words = "证书的有效期到去年为止，请补交今年的。"
            verification.ask(db, officer, public_id, words, expected_version=version)
        case ApplicationState.ACCEPTED:
            quota = QuotaFields("200", "60")
            verification.accept(db, officer, public_id, quota=quota, token=new_token(), expected_version=version)
        case ApplicationState.REFUSED:
            reason = "是营利的培训机构，不在这次入驻的范围。"
            verification.refuse(db, officer, public_id, reason, expected_version=version)


def _version(db: Session, application_id: int) -> int:
    return db.get_one(Application, application_id).version


def _paper() -> CheckedPaper:
    picture = Image.new("RGB", (420, 300), "#fffdf8")
    ImageDraw.Draw(picture).rectangle((16, 16, 404, 284), outline="#b4481a", width=4)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return read_paper(out.getvalue(), "证书（演示）.png", max_bytes=1_000_000)


def add_members(db: Session, institution_id: int, admin_login: str, centre_login: str) -> None:
    """Give an institution members in several roles and invitations, and the centre somebody who looks after it."""
    if db.scalar(select(User.id).where(User.login == _MEMBERS[0][0])) is not None:
        return
    place, admin = db.get_one(Institution, institution_id), actor_of(db, admin_login)
    for login, name, role, is_resting in _MEMBERS:
        user = accounts.create_user(db, login=login, display_name=name, password=new_token())
        accounts.grant(db, user, role, institution_id=institution_id)
        db.flush()
        if is_resting:
            members.suspend(db, admin, place.public_id, user.public_id)
    for name, key in (("演示新老师", "contributor"), ("演示新审核员", "reviewer")):
        invitations.invite(db, admin, place.public_id, key=key, person_name=name, email="", token=new_token())
    quota = QuotaFields("200", "60", "演示额度")
    quotas.put_quota(db, actor_of(db, OFFICER), institution_id, quota)
    curator = select(User.id).where(User.login == centre_login).scalar_subquery()
    db.execute(update(Membership).where(Membership.user_id == curator).values(is_responsible=True))
