"""A document becomes a record: weights, card, stored texts."""

from datetime import UTC, datetime

import pytest

from search_index.documents import Document, SearchRequest
from search_index.schema import INITIALS, MAX_TRANSCRIPT_CHARS, PINYIN, TEXT, TRANSCRIPT_MOST, to_record

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def test_the_title_weighs_more_than_the_description():
    record = to_record(Document("1", "lecture", "剪纸", NOW, description="刺绣"))
    assert record.terms[TEXT]["剪纸"] > record.terms[TEXT]["刺绣"]


def test_titles_sound_and_descriptions_do_not():
    record = to_record(Document("1", "lecture", "剪纸", NOW, description="刺绣", teacher="李老师"))
    assert "jian zhi" in record.terms[PINYIN]
    assert "lls" in record.terms[INITIALS]
    assert "ci xiu" not in record.terms[PINYIN]


def test_spoken_words_weigh_little_however_often_and_do_not_lengthen_the_document():
    record = to_record(Document("1", "lecture", "剪纸", NOW, transcript="刺绣。" * 500))
    assert record.terms[TEXT]["刺绣"] == TRANSCRIPT_MOST < record.terms[TEXT]["剪纸"]
    assert "绣" not in record.terms[TEXT]
    assert record.card.length == to_record(Document("1", "lecture", "剪纸", NOW)).card.length
    assert "ci xiu" not in record.terms[PINYIN]
    assert record.stored == {"title": "剪纸"}


def test_what_is_spoken_beyond_the_bound_is_not_searched():
    filling = "好。" * (MAX_TRANSCRIPT_CHARS // 2)
    assert "刺绣" not in to_record(Document("1", "lecture", "剪纸", NOW, transcript=f"{filling}刺绣")).terms[TEXT]
    assert "刺绣" in to_record(Document("1", "lecture", "剪纸", NOW, transcript=f"{filling[:-2]}刺绣")).terms[TEXT]


def test_the_kind_is_a_facet():
    record = to_record(Document("1", "course", "剪纸", NOW, facets={"city": ("沈阳市",), "none": ()}))
    assert record.card.facets == {"kind": ("course",), "city": ("沈阳市",)}


def test_lone_surrogates_are_replaced_everywhere():
    record = to_record(Document("a\ud800", "lecture", "剪\udc00纸", NOW, tags=("\ud83d",), facets={"x": ("\ud800",)}))
    assert record.stored == {"title": "剪\ufffd纸", "tags": ("\ufffd",)}
    assert record.id == record.card.id == "a\ufffd"
    str(record).encode()


def test_what_cannot_be_a_document_or_request_is_refused():
    with pytest.raises(ValueError, match="id"):
        Document("", "lecture", "剪纸", NOW)
    with pytest.raises(ValueError, match="aware"):
        Document("1", "lecture", "剪纸", datetime(2026, 5, 1))  # noqa: DTZ001 the point of the test
    with pytest.raises(ValueError, match="negative"):
        SearchRequest("剪纸", offset=-1)
