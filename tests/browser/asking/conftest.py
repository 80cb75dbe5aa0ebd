"""A small indexed catalogue behind one web process; its lectures are rows, since nobody plays them here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.accounts.models import Role
from app.asking.models import PopularQuery
from app.kernel.db import unit_of_work
from app.web import assets
from tests.browser.journey.visitor import PHONE, Visitor, visitors
from tests.factories.lectures import make_lecture
from tests.fixtures.app import make_institution, make_unit, make_user, run_jobs
from tests.fixtures.stack import Stack, make_stack

OFFICER = "wish-officer"


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    if not (assets.DIST_FOLDER / "manifest.json").exists():
        pytest.skip("the front end is not built: npm run build")
    stack = make_stack(tmp_path_factory.mktemp("asking"), SITE_CONTACT_PHONE="024-0000-0000")
    try:
        with stack.app.app_context(), unit_of_work() as db:
            school = make_institution(db, name="沈阳示范老年大学", type_key="elder_university")
            health, digital = ("topic", "public_health"), ("topic", "digital_life")
            make_lecture(db, school, "春季养生与经络调理", terms=(health,), tags=("养生",))
            make_lecture(db, school, "冬季养生粥", terms=(health,), tags=("养生",))
            make_lecture(db, school, "老年人智能手机入门", terms=(digital,), tags=("手机",))
            db.add(PopularQuery(text="养生", askers=9))
            make_user(db, Role.OFFICER, login=OFFICER, unit_id=make_unit(db).id)
        run_jobs(stack.app)
        stack.start_web()
        yield stack
    finally:
        stack.stop()


def draw_posters(visitor: Visitor) -> None:
    """Answer for the posters, which rows alone have not."""
    picture = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"/>'
    visitor.context.route("**/poster.webp", lambda route: route.fulfill(body=picture, content_type="image/svg+xml"))


@pytest.fixture
def visit(chromium: Any, library: Stack) -> Iterator[Callable[..., Visitor]]:
    """Return a function that opens a phone of 360 px on the library."""
    with visitors(chromium, library.url, prepare=draw_posters) as open_visitor:

        def begin(**options: Any) -> Visitor:
            return open_visitor(**(options or PHONE))

        yield begin
