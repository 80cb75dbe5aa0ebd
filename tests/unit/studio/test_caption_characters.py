"""Characters that are not standard and words that are often typed wrong, with what to write instead."""

from __future__ import annotations

import pytest

from app.studio.caption_desk.characters import Finding, find_characters


@pytest.mark.parametrize(
    ("text", "found", "suggestion", "kind"),
    [
        ("今天學習太極拳", "學習", "学习", "variant"),
        ("乾隆年間，糧食晒乾", "間", "间", "variant"),
        ("妳好", "妳", "你", "variant"),
        ("地図", "図", "图", "variant"),
        ("⼈民", "⼈", "人", "variant"),
        ("按装手机软件", "按装", "安装", "confused"),
        ("跟着老师学太级拳", "太级拳", "太极拳", "confused"),
    ],
)
def test_what_is_found_first(text: str, found: str, suggestion: str, kind: str) -> None:
    first = find_characters(text)[0]
    assert (first.found, first.suggestion, first.kind) == (found, suggestion, kind)
    assert text[first.at : first.at + first.length] == found


@pytest.mark.parametrize(
    "text", ["大家好，今天学八段锦。", "乾坤、瞭望、慰藉、著名", "帐篷和账号", "“手机”用 Wi-Fi，音量１０％", "OK", ""]
)
def test_standard_text_is_left_alone(text: str) -> None:
    assert find_characters(text) == []


def test_places_count_as_browsers_do() -> None:
    assert find_characters("𠮷祥學") == [Finding(3, 1, "學", "学", "variant")]


def test_findings_do_not_overlap_and_stand_in_order() -> None:
    found = find_characters("登陸帐号，按装軟件")
    assert [each.found for each in found] == ["陸", "帐号", "按装", "軟"]
