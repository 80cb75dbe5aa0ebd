"""Who acts in the tests of joining: one service call after another, each in a transaction of its own."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Flask
from PIL import Image
from sqlalchemy import select

from app.accounts.models import User
from app.accounts.queries import find_actor_by_login
from app.joining import applications, verification
from app.joining.fields import ApplicationFields
from app.joining.models import Application
from app.joining.papers import CheckedPaper, read_paper
from app.joining.quotas import QuotaFields
from app.kernel.actor import Actor
from app.kernel.db import reading, unit_of_work
from app.kernel.ids import new_public_id, new_token
from tests.integration.review.school import School

CODE = "12210000MB0000001J"
FIELDS = ApplicationFields(
    kind="institution", name="沈阳新民示范老年大学", type_key="elder_university", region_code="210181",
    credit_code="", public_phone="024-0000-0000", person_name="示范负责人", person_post="校长",
    person_phone="024-0000-0001", person_email="person@example.com", statement="开设书画、养生课程。",
    has_consented=True,
)  # fmt: skip
CENTRE = replace(FIELDS, kind="centre", name="新民市示范学习点", type_key="learning_point")
QUOTA = QuotaFields("10", "5")


def png(side_px: int = 300) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side_px, side_px), "white").save(out, "PNG")
    return out.getvalue()


PAPER: CheckedPaper = read_paper(png(), "证书.png", max_bytes=1_000_000)


class Acting:
    """The people of the school, and an applicant with a receipt."""

    def __init__(self, app: Flask, school: School) -> None:
        self.app, self.school = app, school
        self.receipt = applications.new_receipt()

    def apply(self, function: Callable[..., Any], *arguments: Any, receipt: str = "", **named: Any) -> Any:
        """Call what applicants do: (db, receipt, ...)."""
        with self.app.app_context(), unit_of_work() as db:
            return function(db, receipt or self.receipt, *arguments, **named)

    def do(self, function: Callable[..., Any], login: str, *arguments: Any, **named: Any) -> Any:
        """Call what somebody with an account does: (db, actor, ...)."""
        with self.app.app_context(), unit_of_work() as db:
            return function(db, self.actor(login, db), *arguments, **named)

    def read(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        with self.app.app_context(), reading() as db:
            return function(db, *arguments, **named)

    def actor(self, login: str, db: Any) -> Actor:
        found = find_actor_by_login(db, login)
        assert found is not None, login
        return found

    def user(self, login: str) -> User:
        return self.read(lambda db: db.scalars(select(User).where(User.login == login)).one())

    def application(self, receipt: str = "") -> Application:
        return self.read(applications.load_by_receipt, receipt or self.receipt)

    def send_in(self, fields: ApplicationFields = FIELDS, *, receipt: str = "") -> Application:
        """Begin, attach a paper, send in."""
        self.apply(applications.begin, fields, receipt=receipt)
        self.apply(applications.add_paper, PAPER, paper_id=new_public_id(), receipt=receipt)
        version = self.application(receipt).version
        return self.apply(applications.submit, expected_version=version, receipt=receipt)

    def accept(self, login: str = "officer", *, token: str = "", quota: QuotaFields = QUOTA) -> verification.Accepted:
        application = self.application()
        return self.do(
            verification.accept, login, application.public_id, quota=quota, token=token or new_token(),
            expected_version=application.version,
        )  # fmt: skip
