"""A document becomes a record: weights, card, stored texts."""

from datetime import UTC, datetime

import pytest

from search_index.documents import Document, Passage, SearchRequest
from search_index.passages import unpack_passages
from search_index.schema import MAX_SPOKEN_CHARS, SPOKEN_MOST, Card, to_record

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def test_the_title_weighs_more_than_the_description():
    record = to_record(Document("1", "lecture", "剪纸", NOW, description="刺绣"))
    assert record.terms["剪纸"] > record.terms["刺绣"]


def test_weights_add_up_over_fields():
    record = to_record(Document("1", "lecture", "剪纸", NOW, description="剪纸", tags=("剪纸", "纸")))
    assert (record.terms["剪纸"], record.terms["纸"]) == (2 * (3 + 1 + 2), 3 + 1 + 2 + 2)
    assert record.card.length == 2 * (3 + 1 + 2) + 2


def test_spoken_words_weigh_little_however_often_and_do_not_lengthen_the_document():
    record = to_record(Document("1", "lecture", "剪纸", NOW, transcript="刺绣。" * 500))
    assert record.spoken["刺绣"] == SPOKEN_MOST < record.terms["剪纸"]
    assert "绣" not in record.spoken
    assert record.card.length == to_record(Document("1", "lecture", "剪纸", NOW)).card.length
    assert record.stored == {"title": "剪纸"}


def test_passages_are_spoken_words_and_are_kept_with_their_seconds():
    said = (Passage(0.0, "大家好"), Passage(7.5, "今天讲刺绣"))
    record = to_record(Document("1", "lecture", "剪纸", NOW, passages=said))
    assert "刺绣" in record.spoken
    assert unpack_passages(record.speech) == said
    assert record.stored == {"title": "剪纸"}
    assert to_record(Document("1", "lecture", "剪纸", NOW)).speech == b""


def test_what_it_is_filed_under_is_searched_like_a_description_and_lengthens_nothing():
    plain = to_record(Document("1", "lecture", "剪纸", NOW, description="窗花"))
    keywords = {"topic": ("网络生活",), "place": ("大连市", "中山区")}
    record = to_record(Document("1", "lecture", "剪纸", NOW, description="窗花", keywords=keywords))
    assert record.terms["网络"] == record.terms["窗花"]
    assert record.card.length == plain.card.length
    assert record.card.body == "窗花\n网络生活\n大连市\n中山区"
    assert record.stored["keywords"] == ("网络生活", "大连市", "中山区")


def test_what_is_spoken_beyond_the_bound_is_not_searched():
    filling = "好。" * (MAX_SPOKEN_CHARS // 2)
    assert "刺绣" not in to_record(Document("1", "lecture", "剪纸", NOW, transcript=f"{filling}刺绣")).spoken
    assert "刺绣" in to_record(Document("1", "lecture", "剪纸", NOW, transcript=f"{filling[:-2]}刺绣")).spoken


def test_of_documents_published_at_one_moment_each_engine_makes_the_same_order():
    keys = {to_record(Document(str(n), "lecture", "剪纸", NOW)).card.newest_key for n in range(9)}
    assert len(keys) > 1
    assert {Card.published_of_key(key) for key in keys} == {int(NOW.timestamp() * 1_000_000)}


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
