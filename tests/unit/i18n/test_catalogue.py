"""The committed English catalogue is complete, and what collects its texts finds them all."""

from __future__ import annotations

import ast
import io
import re

import pytest
from babel.messages.catalog import Catalog, Message

from dev import i18n

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|\{\w+\}")

@pytest.fixture(scope="module")
def collected() -> Catalog:
    return i18n.collect()


@pytest.fixture(scope="module", params=i18n.LOCALES)
def committed(request: pytest.FixtureRequest) -> Catalog:
    return i18n.read_catalogue(i18n.catalogue_path(request.param), request.param)


def texts(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def test_every_text_is_translated(collected: Catalog, committed: Catalog):
    assert len(texts(collected)) > 500
    assert i18n.untranslated(i18n.merge(collected, committed)) == []


def test_the_catalogue_is_as_make_i18n_writes_it(collected: Catalog, committed: Catalog):
    path = i18n.catalogue_path(str(committed.locale))
    assert path.read_bytes() == i18n.render(i18n.merge(collected, committed)), "run `make i18n`"


def test_nothing_is_fuzzy_or_left_over(committed: Catalog):
    assert [message.id for message in texts(committed) if message.fuzzy] == []
    assert list(committed.obsolete) == []


def test_every_placeholder_survives(committed: Catalog):
    wrong = [
        (source, translation)
        for message in texts(committed)
        for source in forms(message.id)[:1]
        for translation in forms(message.string)
        if sorted(PLACEHOLDER.findall(source)) != sorted(PLACEHOLDER.findall(translation))
    ]
    assert wrong == []


def test_babel_finds_no_mistake(committed: Catalog):
    assert [(message.id, errors) for message, errors in committed.check()] == []


def test_plural_forms_differ(committed: Catalog):
    plural = [message for message in texts(committed) if message.pluralizable]
    assert plural
    assert all(len(forms(message.string)) == committed.num_plurals for message in plural)
    assert [message.id for message in plural if len(set(forms(message.string))) == 1] == []


def test_translations_are_in_the_other_language(committed: Catalog):
    wide = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
    assert [text for message in texts(committed) for text in forms(message.string) if wide.search(text)] == []


def test_the_file_says_nothing_about_people_or_machines(committed: Catalog):
    text = i18n.catalogue_path(str(committed.locale)).read_text(encoding="utf-8")
    assert not re.search(r"@|Last-Translator|POT-Creation-Date|^#:", text, re.MULTILINE)


def test_no_new_sentence_is_hidden_from_the_catalogue():
    assert i18n.find_strays() == [], "a sentence with values is a Sentence, or gives its values to `_()`"


def test_full_width_marks_outside_of_texts_are_strays():
    template = "<p>{{ a }}：{{ mark('，') }}{{ _('首页') }}</p>"
    assert [text for _, text in i18n._strays_of_template(template) if text] == ["："]
    assert i18n.is_for_chinese_readers("：")
    assert not i18n.is_for_chinese_readers(": “home” · …")


def extract(source: str, data: str = "") -> list[str | tuple[str, ...]]:
    return [text for _, _, text, _ in i18n.extract_chinese(io.BytesIO(source.encode()), {}, (), {"data": data})]


@pytest.mark.parametrize(
    "source",
    [
        "_('首页')",
        "raise NotFound('首页')",
        "JobFailed('code', '首页', is_transient=True)",
        "class Gone(AppError):\n    default_message = '首页'",
        "raise InvalidInput(fields={'title': '首页'})",
        "SENTENCES = {'code': '首页'}",
    ],
)
def test_a_sentence_is_found_wherever_it_stands(source: str):
    ast.parse(source)
    assert extract(source) == ["首页"]


@pytest.mark.parametrize(
    "source",
    ["'''首页'''", "def page():\n    '''首页'''", "_('home')", "f'第{number}页'", "WORDS = ('首页',)", "x: T = '首页'"],
)
def test_what_is_not_a_text_is_left_out(source: str):
    assert extract(source, data="WORDS x") == []


def test_plural_forms_are_found_once():
    assert extract("ngettext('%(num)s 讲', '%(num)s 讲', count)") == [("%(num)s 讲", "%(num)s 讲")]


def catalogue(*pairs: tuple[str | tuple[str, str], str | tuple[str, str] | None]) -> Catalog:
    result = Catalog(locale="en", charset="utf-8")
    for source, translation in pairs:
        result.add(source, translation)
    return result


def test_merging_keeps_what_is_known_and_guesses_nothing():
    found = catalogue(("首页", None), ("首页里", None))
    merged = i18n.merge(found, catalogue(("首页", "Home"), ("没有了", "Gone")))
    assert {message.id: message.string or "" for message in texts(merged)} == {"首页": "Home", "首页里": ""}
    assert i18n.untranslated(merged) == ["首页里"]


def test_a_text_that_becomes_plural_is_translated_anew():
    found = catalogue((("%(num)s 讲", "%(num)s 讲"), None))
    merged = i18n.merge(found, catalogue(("%(num)s 讲", "%(num)s lectures")))
    assert i18n.untranslated(merged) == ["%(num)s 讲"]


def test_one_empty_plural_form_is_untranslated():
    assert i18n.untranslated(catalogue((("%(num)s 讲", "%(num)s 讲"), ("%(num)s lecture", "")))) == ["%(num)s 讲"]


def test_rendering_depends_on_the_texts_alone():
    one, other = catalogue(("首页", "Home"), ("搜索", "Search")), catalogue(("搜索", "Search"), ("首页", "Home"))
    assert i18n.render(one) == i18n.render(other)
