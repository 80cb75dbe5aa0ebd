"""What is meant, not what is typed: sounds, other names, spoken passages; the same on every engine."""

import itertools

import pytest

from search_index import ENGINE_NAMES, Passage, SearchIndex, SearchRequest, make_thesaurus, own_text, rebuild
from tests.factories.catalogue_texts import lecture_texts

ASKED = (
    *("", "养生", "yangsheng", "ys", "八段景", "手机字太小", "太極拳", "特别说明第7号"),
    *("张老师书法", "24式", "蓝牙", "''", "沈阳市老年大学"),
)


def marked(fragments):
    return "".join(f"[{one.text}]" if one.is_match else one.text for one in fragments)


@pytest.fixture
def spoken(make_document):
    said = [
        Passage(0.0, "大家好，欢迎来到课堂。"),
        Passage(7.5, "今天我们学八段锦。"),
        Passage(1390.0, "量血压之前要安静坐五分钟，"),
        Passage(1396.0, "袖带和心脏一样高。"),
    ]
    return make_document("健康讲座", number=1, passages=tuple(said))


def test_a_spoken_sentence_leads_to_its_second(indexed, make_document, spoken):
    index = indexed(spoken, *(make_document(f"血压与健康第{n}课", number=n) for n in range(2, 9)))
    hit = index.search(SearchRequest("量血压之前要安静坐五分钟袖带和心脏一样高")).hits[0]
    assert hit.id == "lecture-1"
    assert hit.passage.start_s == 1390.0
    assert "[血压之前]" in marked(hit.passage.fragments)
    (hit,) = index.search(SearchRequest("八段锦")).hits
    assert (hit.passage.start_s, marked(hit.passage.fragments)) == (7.5, "今天我们学[八段锦]。")


def test_a_hit_of_which_nothing_is_said_has_no_passage(indexed, spoken):
    (hit,) = indexed(spoken).search(SearchRequest("健康讲座")).hits
    assert hit.passage is None
    assert indexed(spoken).search(SearchRequest("")).hits[0].passage is None


def test_a_misheard_word_is_found_and_the_right_one_is_told(indexed):
    result = indexed("八段锦跟练", "八卦掌", "景色摄影").search(SearchRequest("八段景"))
    assert result.corrected == "八段锦"
    assert result.hits[0].id == "lecture-0"
    assert marked(result.hits[0].highlights["title"]) == "[八段锦]跟练"
    assert indexed("八段锦跟练").search(SearchRequest("八段锦")).corrected is None


def test_an_operators_words_work_at_once(indexed, titles_found):
    index = indexed("空中学堂使用说明", "书法")
    assert titles_found(index, "云课堂") == []
    index.use_thesaurus(make_thesaurus([own_text(), 'same = [["云课堂", "空中学堂"]]']))
    assert titles_found(index, "云课堂") == ["空中学堂使用说明"]


def test_nonsense_finds_nothing(indexed, titles_found):
    index = indexed(*(f"{word}入门" for word in ("书法", "剪纸", "太极拳", "二胡", "区域地理", "链条保养")))
    for text in ("区块链", "zxqwv", "饕餮"):
        assert titles_found(index, text) == []


def test_engines_give_the_same_hits_facets_and_highlights(tmp_path, make_document):
    """The promise of the port, over a few hundred lectures and every kind of query, page after page."""
    texts = list(lecture_texts(400))
    documents = [
        make_document(
            one.title,
            number=one.number,
            description=one.description,
            teacher=one.teacher,
            institution=one.institution,
            tags=one.tags,
            facets=one.facets,
            popularity=one.number * 37 % 11,
            passages=(Passage(3.0, f"今天讲{one.tags[1]}"), Passage(9.0, f"特别说明第{one.number}号")),
        )
        for one in texts
    ]
    engines = {}
    for name in ENGINE_NAMES:
        rebuild(tmp_path / name, documents, 1, name)
        engines[name] = SearchIndex(tmp_path / name)
    city = {"city": frozenset({"沈阳市", "大连市"})}
    both = {"city": frozenset({"鞍山市"}), "kind": frozenset({"lecture"})}
    for text, chosen, sort in itertools.product(ASKED, ({}, city, both), ("relevance", "newest", "popular")):
        request = SearchRequest(text, filters=chosen, facets=("city", "topic", "moon"), limit=40, sort=sort)
        answers = [engine.search(request) for engine in engines.values()]
        first = answers[0]
        for other in answers[1:]:
            assert [hit.id for hit in other.hits] == [hit.id for hit in first.hits], (text, chosen, sort)
            assert [hit.highlights for hit in other.hits] == [hit.highlights for hit in first.hits]
            assert [hit.passage for hit in other.hits] == [hit.passage for hit in first.hits]
            assert (other.total, other.exact_total) == (first.total, first.exact_total)
            assert other.facets == first.facets


def test_engines_give_the_same_first_hits_where_hundreds_and_thousands_match(tmp_path, make_document):
    """Of so many tantivy picks candidates by fewer words (more than 500) and by those asked for alone (3,000)."""
    documents = list(_many(make_document))
    engines = {}
    for name in ENGINE_NAMES:
        rebuild(tmp_path / name, documents, 1, name)
        engines[name] = SearchIndex(tmp_path / name)
    asked = {"养生": 3800, "yangsheng": 3800, "书法": 800, "养生 书法": 600, "胡琴": 800}
    for (text, least), chosen in itertools.product(asked.items(), ({}, {"city": frozenset({"甲市"})})):
        request = SearchRequest(text, filters=chosen, facets=("city",), limit=10)
        first, other = (engine.search(request) for engine in engines.values())
        assert first.total >= (least if not chosen else least * 0.6)
        assert [hit.id for hit in other.hits] == [hit.id for hit in first.hits], (text, chosen)
        assert [hit.highlights for hit in other.hits] == [hit.highlights for hit in first.hits], (text, chosen)
        assert [hit.passage for hit in other.hits] == [hit.passage for hit in first.hits], (text, chosen)
        assert (other.total, other.exact_total, other.facets) == (first.total, first.exact_total, first.facets)


def _many(make_document):
    """Thousands mention a thing, hundreds say or are tagged with another; those about them fit the first fifty.

    Of the others, which are alike, each engine picks its own.
    """
    for number in range(4000):
        title = f"{'养生' if number % 133 == 0 else '书法' if number % 89 == 0 else '杂谈'}{number}"
        yield make_document(
            title,
            number=number,
            description="也谈养生" if number % 20 else "也谈别的",
            tags=("书法",) if number % 5 == 0 else (),
            passages=(Passage(3.0, "拉一段胡琴"),) if number % 5 == 1 else (),
            teacher="胡琴" if number % 97 == 0 else "周老师",
            facets={"city": ("甲市",) if number % 3 else ("乙市",)},
        )
