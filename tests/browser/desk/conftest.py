"""The running product with a teacher in it, and a folder of thirty files with the names teachers give them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.web import assets
from tests.browser.desk.folders import fill_folder
from tests.fixtures.stack import Stack, make_stack

#: Name, and what the table makes of it: title and teacher.
NAMES = {
    "第01讲_认识八段锦_张老师.mp4": ("认识八段锦", "张老师"),
    "第02讲_预备式_张老师.MP4": ("预备式", "张老师"),
    "03-两手托天(上)-张老师.mp4": ("两手托天(上)", "张老师"),
    "04-两手托天（下）-李老师.mov": ("两手托天（下）", "李老师"),
    "第五讲 左右开弓.mp4": ("左右开弓", ""),
    "第６讲＿调理脾胃＿王教授.mkv": ("调理脾胃", "王教授"),
    "7、五劳七伤往后瞧.mp4": ("五劳七伤往后瞧", ""),
    "【第8课】摇头摆尾去心火（终版2）.mp4": ("摇头摆尾去心火", ""),
    "第9讲 - 两手攀足固肾腰 - 副本.mp4": ("两手攀足固肾腰", ""),
    "第十讲_攒拳怒目增气力_主讲人赵建国.mp4": ("攒拳怒目增气力", "赵建国"),
    "11.背后七颠百病消.mp4": ("背后七颠百病消", ""),
    "第十二讲 收势 1080p.mp4": ("收势", ""),
    "VID_20261123_101500.mp4": ("VID_20261123_101500", ""),
    "MVI_0012.MOV": ("MVI_0012", ""),
    "24式太极拳预习.mp4": ("24式太极拳预习", ""),
    **{f"第{number}讲 答疑（{number}）.mp4": (f"答疑（{number}）", "") for number in range(16, 31)},
}


@pytest.fixture(scope="module")
def desk_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Web process only: the test itself does the few jobs it wants to see."""
    if not (assets.DIST_FOLDER / "manifest.json").exists():
        pytest.skip("the front end is not built: npm run build")
    stack = make_stack(tmp_path_factory.mktemp("desk"))
    try:
        stack.start_web()
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty tiny files that only have a name."""
    return fill_folder(tmp_path_factory.mktemp("files") / "八段锦全集", list(NAMES))
