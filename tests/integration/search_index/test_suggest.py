"""Suggestions while typing: Chinese, pinyin, initials, names, popular queries; new words at once."""

import time

import pytest

from search_index import IndexWriter, rebuild


@pytest.fixture
def index(indexed, make_document):
    return indexed(
        make_document("八段锦跟练", number=1, tags=("健身运动",), teacher="秦望舒"),
        make_document("八段锦：两手托天", number=2, tags=("健身运动",), teacher="秦望舒"),
        make_document("智能手机入门", number=3, tags=("网络生活",), teacher="贺兰亭"),
        make_document("太极拳", number=4, description="讲琵琶"),
    )


def texts(index, typed, **options):
    return [one.text for one in index.suggest(typed, **options)]


@pytest.mark.parametrize("engine", ["whoosh"])  # the lexicon is the same for every engine
class TestSuggest:
    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("八段", "八段锦跟练"),
            ("八段錦", "八段锦跟练"),
            ("bad", "八段锦跟练"),
            ("bdj", "八段锦跟练"),
            ("八duan", "八段锦跟练"),
            ("zhineng", "智能手机入门"),
            ("znsj", "智能手机入门"),
            ("手机", "手机"),
            ("秦", "秦望舒"),
            ("qws", "秦望舒"),
            ("健身", "健身运动"),
            ("BADUANJIN", "八段锦跟练"),
        ],
    )
    def test_what_is_begun_is_finished(self, index, typed, expected):
        assert expected in texts(index, typed)

    def test_kinds_are_told_and_each_text_comes_once(self, index):
        found = index.suggest("秦望舒")
        assert [(one.text, one.kind) for one in found] == [("秦望舒", "teacher")]
        many = texts(index, "b", limit=50)
        assert len(many) == len(set(many)) > 2

    def test_popular_queries_come_first_also_by_sound(self, index):
        popular = ("八卦掌", "手机支付")
        assert texts(index, "八", popular=popular)[0] == "八卦掌"
        assert texts(index, "ba", popular=popular)[0] == "八卦掌"
        assert texts(index, "sjzf", popular=popular)[0] == "手机支付"
        assert index.suggest("八", popular=popular)[0].kind == "popular"

    @pytest.mark.parametrize("typed", ["", "  ", "！", "\x00", "\ud800", "不存在的", "q" * 500, "😀"])
    def test_what_cannot_be_finished_gives_nothing(self, index, typed):
        assert texts(index, typed) == []

    def test_a_limit_holds(self, index):
        assert len(texts(index, "b", limit=1)) == 1
        assert texts(index, "b", limit=0) == []

    def test_new_titles_are_suggested_after_the_commit_that_brings_them(self, index, index_folder, make_document):
        assert texts(index, "皮影") == []
        IndexWriter(index_folder).apply([make_document("皮影戏入门", number=9)], [], 2)
        assert "皮影戏入门" in texts(index, "皮影")
        assert "皮影戏入门" in texts(index, "pyx")
        rebuild(index_folder, [make_document("皮影戏入门", number=9)], 3)
        assert "皮影戏入门" in texts(index, "pyx")
        assert texts(index, "八段") == []

    def test_it_takes_no_time_even_for_one_letter(self, index):
        started_s = time.thread_time()
        for typed in "abcdefghijklmnopqrstuvwxyz" * 4:
            index.suggest(typed)
        assert (time.thread_time() - started_s) / 104 < 0.01
