"""Which language of captions the subtitles of a file are in."""

from __future__ import annotations

import pytest

from app.media.carried import caption_language


def webvtt(words: str) -> str:
    return f"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n{words}\n"


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("chi", "zh-CN"), ("zho", "zh-CN"), ("zh", "zh-CN"), ("zh-Hant", "zh-CN"), ("zh_TW", "zh-CN"), ("cmn", "zh-CN"),
        ("eng", "en"), ("EN-us", "en"), ("kor", "ko"), ("mon", "mn"), ("mnc", "mnc"), ("jpn", ""), ("fre", ""),
    ],
)  # fmt: skip
def test_a_tag_says_it(tag: str, language: str) -> None:
    assert caption_language(tag, webvtt("whatever it says")) == language


@pytest.mark.parametrize("tag", ["", "und", "mul"])
@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("同学们好，今天学八段锦。", "zh-CN"),
        ("打开 WiFi 设置，再点“显示”。", "zh-CN"),
        ("Hello all, open the settings.", ""),
        ("今日は設定を開きましょう", ""),
        ("안녕하세요 여러분", ""),
        ("♪♪", ""),
    ],
)
def test_without_a_tag_only_chinese_is_known(tag: str, words: str, language: str) -> None:
    assert caption_language(tag, webvtt(words)) == language
