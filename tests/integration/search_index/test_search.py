"""What residents type, and what they find."""

import pytest

from search_index import FacetCount, SearchRequest
from search_index.documents import Fragment

TITLES = (
    "春季养生与经络调理",
    "老年人智能手机入门",
    "太極拳二十四式",
    "八段锦跟练",
    "ＷｉＦｉ与路由器设置",
    "沈阳故宫史话",
    "手机字体放大设置",
    "家庭常用急救方法",
    "Excel表格制作",
    "茶文化漫谈",
)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("养生", "春季养生与经络调理"),
        ("经络", "春季养生与经络调理"),
        ("手机入门", "老年人智能手机入门"),
        ("太极拳", "太極拳二十四式"),
        ("太極", "太極拳二十四式"),
        ("wifi", "ＷｉＦｉ与路由器设置"),
        ("ＷＩＦＩ", "ＷｉＦｉ与路由器设置"),
        ("EXCEL", "Excel表格制作"),
        ("茶", "茶文化漫谈"),
        ("yangsheng", "春季养生与经络调理"),
        ("taijiquan", "太極拳二十四式"),
        ("gugong", "沈阳故宫史话"),
        ("zdj", "八段锦跟练"),
        ("bdj", "八段锦跟练"),
        ("八段景", "八段锦跟练"),
        ("太级拳", "太極拳二十四式"),
        ("养声", "春季养生与经络调理"),
        ("怎么把手机的字体放大", "手机字体放大设置"),
        ("急救", "家庭常用急救方法"),
    ],
)
def test_the_right_lecture_comes_first(indexed, titles_found, text, title):
    found = titles_found(indexed(*TITLES), text)
    if text == "zdj":
        assert found == []  # nothing has these initials
    else:
        assert found[0] == title


def test_two_character_words_are_found_in_mid_phrase_and_nothing_else_is(indexed, titles_found):
    index = indexed(*TITLES)
    assert titles_found(index, "养生") == ["春季养生与经络调理"]
    assert sorted(titles_found(index, "手机")) == ["手机字体放大设置", "老年人智能手机入门"]


def test_all_fields_are_searched_and_the_title_weighs_most(indexed, make_document, titles_found):
    index = indexed(
        make_document("甲课", number=1, description="讲剪纸"),
        make_document("乙课", number=2, tags=("剪纸",)),
        make_document("丙课", number=3, teacher="剪纸老师"),
        make_document("丁课", number=4, institution="剪纸学院"),
        make_document("剪纸课", number=5),
        make_document("无关", number=6),
    )
    found = titles_found(index, "剪纸")
    assert sorted(found) == sorted(["甲课", "乙课", "丙课", "丁课", "剪纸课"])
    assert found[0] in {"剪纸课", "乙课"}
    assert found[-1] == "甲课"


def test_a_word_only_spoken_is_found_below_a_title_that_has_it(indexed, make_document, titles_found):
    spoken = "今天讲剪纸，剪纸要用红纸，剪纸不难。" * 200
    index = indexed(
        make_document("乡村手艺", number=1, transcript=spoken),
        make_document("剪纸入门", number=2),
        make_document("剪纸课", number=3, transcript=spoken),
        make_document("老手艺", number=4, description="讲剪纸"),
        make_document("无关", number=5, transcript="今天讲刺绣。"),
    )
    assert titles_found(index, "刺绣") == ["无关"]
    found = titles_found(index, "剪纸")
    assert set(found[:2]) == {"剪纸入门", "剪纸课"}
    assert set(found[2:]) == {"乡村手艺", "老手艺"}
    assert set(titles_found(index, "红纸")) == {"剪纸课", "乡村手艺"}


def test_highlights_are_fragments_of_what_was_written(indexed):
    (hit,) = indexed(*TITLES).search(SearchRequest("太极拳")).hits
    assert hit.highlights["title"] == (Fragment("太極拳", is_match=True), Fragment("二十四式", is_match=False))
    assert (hit.id, hit.kind) == ("lecture-2", "lecture")
    assert hit.score > 0


def test_near_hits_follow_exact_ones_and_are_counted_apart(indexed):
    result = indexed("手机摄影", "手机摄影课堂", "手机维修", "摄影构图").search(SearchRequest("手机摄影"))
    assert result.exact_total == 2
    assert result.total == 4
    assert {hit.id for hit in result.hits[:2]} == {"lecture-0", "lecture-1"}


def test_a_common_part_of_a_name_does_not_drag_everything_in(indexed, make_document):
    documents = [
        make_document("书法", number=n, teacher=("张老师" if n == 3 else f"{'王李赵'[n % 3]}老师")) for n in range(40)
    ]
    result = indexed(*documents).search(SearchRequest("张老师"))
    assert [hit.id for hit in result.hits] == ["lecture-3"]


@pytest.mark.parametrize(
    "text",
    [
        "！！！",
        "😀",
        "*",
        "? *",
        "AND",
        "OR NOT",
        "title:",
        '"',
        "(",
        "\\",
        "\x00",
        "\ud800",
        "[a TO b]",
        "a~2",
        "^5",
        "-",
        "+",
    ],
)
def test_odd_text_never_fails(indexed, text):
    result = indexed(*TITLES).search(SearchRequest(text, facets=("kind",)))
    assert result.total == len(result.hits) == 0


def test_operators_are_text(indexed, titles_found):
    index = indexed("Rock AND Roll 音乐", "音乐欣赏", "手机")
    assert titles_found(index, "音乐 AND 手机*")[:1] != []
    assert titles_found(index, "rock*") == ["Rock AND Roll 音乐"]


def test_no_text_browses_everything_the_newest_first(indexed):
    result = indexed(*TITLES).search(SearchRequest("  ", limit=3))
    assert [hit.id for hit in result.hits] == ["lecture-9", "lecture-8", "lecture-7"]
    assert result.total == result.exact_total == len(TITLES)


def test_sorting_by_newest_keeps_only_the_matches(indexed):
    result = indexed(*TITLES).search(SearchRequest("手机", sort="newest"))
    assert [hit.id for hit in result.hits] == ["lecture-6", "lecture-1"]


def test_the_most_popular_come_first_and_equal_ones_by_age(indexed, make_document):
    used = (5, 0, 70, 5, 2_000_000, 0, 0, 0, 0, 0, 0)
    index = indexed(*(make_document(f"书法第{n}课", number=n, popularity=each) for n, each in enumerate(used)))
    order = ["lecture-4", "lecture-2", "lecture-3", "lecture-0", "lecture-10", "lecture-9"]
    for text in ("", "书法", "书法第"):
        assert [hit.id for hit in index.search(SearchRequest(text, sort="popular", limit=6)).hits] == order, text
    few = indexed(*(make_document(f"面点第{n}课", number=n, popularity=each) for n, each in enumerate(used[:5])))
    found = few.search(SearchRequest("面点", sort="popular"))
    assert [hit.id for hit in found.hits][:3] == order[:3]


def test_browsing_one_kind_counts_and_lists_that_kind(indexed, make_document):
    documents = [make_document(f"书法第{n}课", number=n, facets={"city": ("沈阳市",)}) for n in range(5)]
    lists = [make_document("书法播单", number=9, id_="playlist-1", kind="playlist", facets={"city": ("沈阳市",)})]
    index = indexed(*documents, *lists)
    for _again in range(2):
        for kinds, count in (({"lecture"}, 5), ({"playlist"}, 1), ({"lecture", "playlist"}, 6), ({"moon"}, 0), ((), 6)):
            request = SearchRequest(filters={"kind": frozenset(kinds)}, facets=("city", "kind"), limit=50)
            found = index.search(request)
            assert found.total == len(found.hits) == count, kinds
            assert sum(each.count for each in found.facets["city"]) == count
            counted = {each.value: each.count for each in found.facets["kind"]}
            assert (counted["lecture"], counted["playlist"]) == (5, 1), "a facet in use is counted without itself"


def test_pages_cover_all_hits_once(indexed, make_document):
    index = indexed(*(make_document(f"书法第{n}课", number=n) for n in range(450)))
    for text, sort in (("书法", "relevance"), ("书法", "newest"), ("", "relevance")):
        pages = [index.search(SearchRequest(text, offset=at, limit=50, sort=sort)) for at in range(0, 500, 50)]
        seen = [hit.id for page in pages for hit in page.hits]
        assert len(seen) == len(set(seen)) == 450
        assert {page.total for page in pages} == {450}
    assert index.search(SearchRequest("书法", limit=0)).total == 450


def test_the_same_search_gives_the_same_order(indexed):
    index = indexed(*TITLES)
    assert [index.search(SearchRequest("手机设置")).hits for _ in range(3)] == [
        index.search(SearchRequest("手机设置")).hits
    ] * 3


def test_an_empty_index_answers(indexed):
    result = indexed().search(SearchRequest("养生", facets=("city",)))
    assert (result.total, result.hits, result.facets) == (0, (), {"city": ()})
    assert indexed().search(SearchRequest("")).total == 0


def test_a_deadline_ends_the_search_and_is_told(indexed):
    result = indexed(*TITLES).search(SearchRequest("手机"), deadline_s=-1)
    assert result.is_partial
    assert not indexed(*TITLES).search(SearchRequest("手机")).is_partial


class TestFacets:
    @pytest.fixture
    def index(self, indexed, make_document):
        rows = [
            ("书法", "沈阳市", ("老年人群", "社区居民")),
            ("书法", "沈阳市", ("老年人群",)),
            ("书法", "大连市", ("社区居民",)),
            ("国画", "大连市", ("老年人群",)),
            ("书法", "鞍山市", ()),
        ]
        return indexed(
            *(
                make_document(title, number=n, facets={"city": (city,), "audience": audience})
                for n, (title, city, audience) in enumerate(rows)
            )
        )

    def facets(self, index, text="书法", **filters):
        request = SearchRequest(
            text, facets=("city", "audience"), filters={name: frozenset(values) for name, values in filters.items()}
        )
        result = index.search(request)
        counts = {name: {one.value: one.count for one in counted} for name, counted in result.facets.items()}
        return result.total, counts

    def test_counts_are_of_the_hits_the_most_frequent_first(self, index):
        result = index.search(SearchRequest("书法", facets=("city",)))
        assert result.facets["city"] == (FacetCount("沈阳市", 2), FacetCount("大连市", 1), FacetCount("鞍山市", 1))

    def test_a_filter_narrows_hits_and_other_facets_but_not_its_own_counts(self, index):
        total, counts = self.facets(index, city={"沈阳市"})
        assert total == 2
        assert counts["city"] == {"沈阳市": 2, "大连市": 1, "鞍山市": 1}
        assert counts["audience"] == {"老年人群": 2, "社区居民": 1}

    def test_values_of_one_facet_add_up_and_facets_narrow_each_other(self, index):
        total, counts = self.facets(index, city={"沈阳市", "大连市"}, audience={"社区居民"})
        assert total == 2
        assert counts["city"] == {"沈阳市": 1, "大连市": 1}
        assert counts["audience"] == {"老年人群": 2, "社区居民": 2}

    def test_a_chosen_value_stays_listed_when_nothing_has_it(self, index):
        total, counts = self.facets(index, city={"丹东市"})
        assert total == 0
        assert counts["city"]["丹东市"] == 0

    def test_browsing_counts_everything_and_unknown_facets_are_empty(self, index):
        total, counts = self.facets(index, text="")
        assert total == 5
        assert counts["city"] == {"沈阳市": 2, "大连市": 2, "鞍山市": 1}
        assert index.search(SearchRequest("", facets=("moon",))).facets == {"moon": ()}
        assert index.search(SearchRequest("", filters={"moon": frozenset({"full"})})).total == 0

    def test_an_empty_filter_is_no_filter(self, index):
        assert self.facets(index, city=set()) == self.facets(index)

    def test_long_facets_are_cut_but_for_the_chosen_values(self, indexed, make_document):
        index = indexed(*(make_document("书法", number=n, facets={"n": (str(n), "all")}) for n in range(9)))
        request = SearchRequest("书法", facets=("n",), facet_values=2, filters={"n": frozenset({"7", "all"})})
        assert index.search(request).facets["n"] == (FacetCount("all", 9), FacetCount("0", 1), FacetCount("7", 1))

    def test_kind_is_a_facet(self, index):
        assert index.search(SearchRequest("", facets=("kind",))).facets == {"kind": (FacetCount("lecture", 5),)}

    def test_many_documents_count_like_few(self, indexed, make_document):
        index = indexed(
            *(make_document("书法", number=n, facets={"n": (str(n % 7),), "id": (f"v{n}",)}) for n in range(1400))
        )
        facets = index.search(SearchRequest("书法", facets=("n", "id"), facet_values=2000)).facets
        assert facets["n"] == tuple(FacetCount(str(value), 200) for value in range(7))
        assert {one.count for one in facets["id"]} == {1}
        assert len(facets["id"]) == 1400
