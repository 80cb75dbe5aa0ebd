"""Words of the list are found however they are written, told with their place, and nothing else is."""

from __future__ import annotations

import time

import pytest

from app.review.screening import Hit, Passage, Word, find_words, passages_of, squeeze

WORDS = [
    Word(word, squeeze(word), "类", severity, "为什么")
    for word, severity in (("包治百病", "hard"), ("加微信", "soft"), ("VIP", "soft"), ("国家级", "soft"))
]


def found(text: str) -> list[str]:
    return [hit.word for hit in find_words([Passage("title", text)], WORDS)]


#: The same word as people hide it: blanks, marks, line breaks, nothing visible, traditional characters.
HIDDEN = (
    "包治百病", "包 治 百 病", "包　治百病", "包*治*百*病", "包-治·百_病", "包\n治百\n病", "包\u200b治百病",
    "這個方子包治百病", "【包治百病】",
)  # fmt: skip


@pytest.mark.parametrize("text", HIDDEN)
def test_hidden_words_are_found(text: str) -> None:
    assert found(text) == ["包治百病"]


@pytest.mark.parametrize("text", ["面包，治百病", "包治。百病不生", "包办治理", "国家。级别", "", "百病包治"])
def test_sentences_are_not_joined(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(("text", "words"), [("ｖｉｐ 课", ["VIP"]), ("V I P", ["VIP"]), ("vipers", []), ("avip", [])])
def test_latin_words_are_whole_words(text: str, words: list[str]) -> None:
    assert found(text) == words


def test_hard_words_come_first_and_each_is_told_once_a_place() -> None:
    hits = find_words([Passage("description", "加微信，再加微信，包治百病")], WORDS)
    assert [(hit.word, hit.severity) for hit in hits] == [("包治百病", "hard"), ("加微信", "soft")]
    assert hits[1].key == "description:加微信"


def test_spoken_words_are_told_with_their_time_even_across_two_captions() -> None:
    text = {"title": "讲座", "description": "", "teacher": "周老师", "tags": ["养生"]}
    cues = [(0.0, "大家好"), (3.0, "这个方子包治"), (6.5, "百病你们信吗"), (9.0, "请加"), (12.0, "微 信")]
    hits = find_words(passages_of(text, {"zh-CN": cues}), WORDS)
    assert [(hit.word, hit.place, hit.at_s) for hit in hits] == [
        ("包治百病", "caption:zh-CN", 3.0), ("加微信", "caption:zh-CN", 9.0),
    ]  # fmt: skip
    assert "包治 百病" in hits[0].excerpt


def test_a_long_transcript_against_a_long_list_is_quick() -> None:
    words = [Word(f"词条{n}号", squeeze(f"词条{n}号"), "类", "soft", "") for n in range(1000)]
    cues = [(float(n), "今天我们继续学习八段锦的第二式，左右开弓似射雕。") for n in range(1200)]
    passages = passages_of({"title": "", "description": "", "teacher": "", "tags": []}, {"zh-CN": cues})
    began = time.perf_counter()
    hits: list[Hit] = find_words(passages, words)
    assert hits == []
    assert time.perf_counter() - began < 2
