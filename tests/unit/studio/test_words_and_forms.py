"""Tags as people type them; what a lecture lacks; what is in a file, in a teacher's words."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from flask import Flask
from flask_babel import Babel

from app.library.models import Lecture, Term
from app.studio.forms import split_tags
from app.studio.listing import StudioState
from app.studio.progress import Phase, Progress
from app.studio.services import missing_for_publication
from app.studio.views.words import media_facts, progress_words, remaining_words, state_words, step_words


@pytest.fixture
def context():
    app = Flask("words")
    Babel(app, default_locale="zh_CN")
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("typed", "tags"),
    [
        ("养生、八段锦", ["养生", "八段锦"]),
        (" 养生 ,八段锦，; 手机\n字体 ", ["养生", "八段锦", "手机", "字体"]),
        ("", []),
        ("、、", []),
    ],
)
def test_tags(typed: str, tags: list[str]) -> None:
    assert split_tags(typed) == tags


def test_a_bare_draft_lacks_everything() -> None:
    bare = Lecture(title=" ", teacher="", description="", terms=[])
    assert list(missing_for_publication(bare, has_media=False)) == [
        "media",
        "title",
        "teacher",
        "description",
        "audience",
        "topic",
    ]


def test_a_complete_lecture_lacks_nothing() -> None:
    terms = [Term(scheme="audience", key="elder"), Term(scheme="topic", key="public_health")]
    full = Lecture(title="题", teacher="周", description="简介", terms=terms)
    assert missing_for_publication(full, has_media=True) == {}


def test_every_state_phase_and_step_has_words(context: None) -> None:
    assert {state_words(state).label for state in StudioState} == {
        "草稿",
        "处理中",
        "待发布",
        "已发布",
        "失败",
        "已下架",
    }
    assert all(progress_words(Progress(phase)).endswith("。") for phase in Phase)
    assert list(step_words().values()) == ["上传", "检查", "转码", "打包", "发布文件"]
    assert progress_words(Progress(Phase.WAITING, ahead=3)) == "排队中，前面还有 3 个任务。"


def test_time_left(context: None) -> None:
    assert remaining_words(Progress(Phase.FINISHING, remaining_s=5)) == ""
    assert "不到 1 分钟" in remaining_words(Progress(Phase.WAITING, remaining_s=5))
    assert remaining_words(Progress(Phase.WORKING)) == ""
    assert "不到 1 分钟" in remaining_words(Progress(Phase.WORKING, remaining_s=20))
    assert "4分钟" in remaining_words(Progress(Phase.WORKING, remaining_s=240))


def test_technical_facts_in_plain_words(context: None) -> None:
    info = {
        "duration_s": 742.4,
        "video": {
            "display_width_px": 720,
            "display_height_px": 1280,
            "frame_rate": "30000/1001",
            "codec": "h264",
            "is_interlaced": False,
        },
        "audio": {"channels": 2, "codec": "aac", "sample_rate_hz": 44100},
    }
    assert dict(media_facts(info)) == {
        "时长": "12分钟",
        "画面": "720 × 1280，竖屏",
        "每秒帧数": "29.97",
        "画面编码": "H264",
        "声音": "双声道，AAC，44.1 kHz",
    }
    silent = dict(media_facts(info | {"audio": None, "video": None, "aigc": "label"}))
    assert silent["声音"] == "没有声音"
    assert silent["画面"].startswith("没有画面")
    assert "人工智能" in silent["AI 标识"]


def test_policy_of_uploads() -> None:
    from app.kernel.actor import Actor, Grant  # noqa: PLC0415
    from app.studio.policies import can_send_upload  # noqa: PLC0415

    upload = SimpleNamespace(user_id=1)
    assert can_send_upload(Actor(1, grants=(Grant("contributor", 5),)), upload, 5)
    assert not can_send_upload(Actor(1, grants=(Grant("contributor", 6),)), upload, 5)  # left the institution
    assert not can_send_upload(Actor(2, grants=(Grant("contributor", 5),)), upload, 5)
    assert can_send_upload(Actor(2, grants=(Grant("institution_admin", 5),)), upload, 5)
    assert not can_send_upload(Actor(2, grants=(Grant("institution_admin", 6),)), upload, 5)
    assert can_send_upload(Actor(2, grants=(Grant("operator"),)), upload, 5)
