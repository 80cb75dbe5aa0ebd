"""One teacher, two computers: an upload is paused, continued elsewhere, and the same file is not sent twice."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.stack import PASSWORD, TEACHER, Stack, make_stack, wait_for
from tests.integration.resilience.inventory import platform_of, sources
from tests.integration.resilience.teacher import Teacher, Wire

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
SHOTS = os.environ.get("UPLOAD_SHOTS", "")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    made = make_stack(tmp_path)
    platform_of(made.app).storage.ensure()
    try:
        made.start_web()
        yield made
    finally:
        made.stop()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "第03讲_八段锦_张老师.mp4"
    path.write_bytes(random.Random(5).randbytes(24 * 1024 * 1024))
    return path


def computer(chromium: Any, stack: Stack) -> Any:
    page = chromium.new_context(base_url=stack.url, locale="zh-CN").new_page()
    page.goto("/sign-in")
    page.fill('[name="login"]', TEACHER)
    page.fill('[name="password"]', PASSWORD)
    page.press('[name="password"]', "Enter")
    page.wait_for_url("**/studio/**")
    return page


def shoot(page: Any, name: str) -> None:
    if SHOTS:
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)


def until(page: Any, condition: str) -> None:
    # Playwright's own way evaluates a string inside the page, which our Content-Security-Policy forbids.
    wait_for(lambda: page.evaluate(condition), timeout_s=60, what=lambda: page.inner_text("main"))


def choose(page: Any, lecture: str, clip: Path) -> None:
    page.goto(f"/studio/lectures/{lecture}")
    page.set_input_files('[data-testid="file"]', str(clip))
    page.click("form[data-uploads] button[type=submit]")


def another_file_asks_first(page: Any, lecture: str, clip: Path) -> None:
    """Another file would take the place of the one that is half sent: it is asked, and kept."""
    another = clip.with_name("别的.mp4")
    another.write_bytes(b"0" * 1024)
    choose(page, lecture, another)
    page.wait_for_selector('[data-testid="upload-abandon"]:not([hidden])')
    assert clip.name in page.inner_text('[data-testid="upload-abandon"]')
    shoot(page, "abandon")
    page.click('[data-testid="upload-keep"]')
    page.wait_for_selector('[data-testid="upload-panel"]', state="hidden")


def test_an_upload_goes_on_at_another_computer(chromium: Any, stack: Stack, clip: Path) -> None:
    teacher = Teacher(Wire(stack.port), TEACHER)
    lecture, second = teacher.new_lecture(), teacher.new_lecture(title="八段锦第二遍")
    first = computer(chromium, stack)
    first.evaluate("localStorage.setItem('upload-habits', JSON.stringify({isNightOnly: false, capBytes: 4194304}))")
    choose(first, lecture, clip)
    until(first, "document.querySelector('[data-part=bar]').value >= 20")
    first.click('[data-testid="upload-pause"]')
    first.click(".upload-habits summary")
    assert first.input_value('[data-testid="upload-cap"]') == "4194304"
    shoot(first, "paused")
    first.context.close()

    there = computer(chromium, stack)
    there.goto("/studio/uploads")
    assert there.locator('[data-testid="unfinished"] li').count() == 1
    shoot(there, "unfinished")
    another_file_asks_first(there, lecture, clip)
    asked: list[str] = []
    there.on("request", lambda request: asked.append(request.method) if "/studio/uploads/" in request.url else None)
    choose(there, lecture, clip)
    there.wait_for_url(f"**/studio/lectures/{lecture}")
    there.wait_for_selector("[data-phase=finishing]", timeout=60_000)
    assert asked[0] == "HEAD"
    while platform_of(stack.app).runner.work_once("default"):
        pass
    assert [source.size_bytes for source in sources(stack.app)] == [clip.stat().st_size]

    choose(there, second, clip)
    there.wait_for_selector('[data-testid="upload-known"]:not([hidden])')
    assert "八段锦第一讲" in there.inner_text('[data-testid="upload-known"]')
    shoot(there, "known")
    there.click('[data-testid="upload-use-known"]')
    there.wait_for_selector("[data-phase=waiting], [data-phase=working]")
    assert len({source.sha256 for source in sources(stack.app)}) == 1
    assert len(sources(stack.app)) == 2
    there.context.close()
