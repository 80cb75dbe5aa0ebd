"""Sentences with values: Chinese for logs and rows, the reader's language on the page."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import force_locale

from app.kernel.errors import InvalidInput
from app.kernel.sentences import Sentence, too_long
from app.web.speech import speak, speak_all


def test_a_sentence_is_its_chinese_text() -> None:
    sentence = too_long("标题", 120, "长" * 500)
    assert sentence == "标题最多 120 个字，现在有 500 个字。"
    assert str(InvalidInput(sentence)) == sentence


def test_a_missing_value_is_told_where_the_sentence_is_made() -> None:
    with pytest.raises(KeyError):
        Sentence("最多 %(limit)d 个")


def test_the_template_is_translated_and_then_filled(app: Flask) -> None:
    with app.test_request_context(), force_locale("en"):
        assert speak(too_long("标题", 120, "长" * 500)) == "Title: at most 120 characters, now there are 500."
        assert speak_all({"title": "请从列表中选择。"})["title"].isascii()
        assert speak("") == ""
    with app.test_request_context(), force_locale("zh_Hans_CN"):
        assert speak(too_long("标题", 120, "长" * 500)) == "标题最多 120 个字，现在有 500 个字。"


def test_words_of_people_pass_through_untouched(app: Flask) -> None:
    with app.test_request_context(), force_locale("en"):
        assert speak(Sentence("没有找到“%(name)s”，请写单位的全名。", name="100%(x)s 学校")).count("100%(x)s 学校") == 1
