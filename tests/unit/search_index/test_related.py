"""What the best hits are about, and documents like them."""

from datetime import UTC, datetime

from search_index.documents import Document
from search_index.related import likeness, subject_of
from search_index.schema import to_record

NOW = datetime(2026, 5, 1, tzinfo=UTC)
TITLES = ("口腔护理：假牙清洗", "假牙清洗（口腔护理第2讲）", "口腔护理：牙龈出血", "剪纸入门", "剪纸：窗花")


def card(title):
    return to_record(Document(title, "lecture", title, NOW, "讲义可以打印。")).card


def subject(*titles, asked=("假牙", "清洗", "牙清", "假牙清", "假", "牙", "清", "洗")):
    everything = [*TITLES, *(f"课{number}" for number in range(45))]

    def frequencies(terms):
        return [sum(term in title or term in "讲义可以打印" for title in everything) for term in terms]

    cards = [card(title) for title in titles]
    return subject_of(cards, asked, len(everything), lambda count: 5 / (1 + count), frequencies)


def test_what_the_best_hits_share_and_others_lack_is_their_subject():
    found = dict(subject(*TITLES[:2]))
    assert {"口腔", "护理"} <= found.keys()
    assert not {"假牙", "清洗", "讲义", "打印"} & found.keys()
    assert likeness(card(TITLES[2]), subject(*TITLES[:2])) == 1
    assert likeness(card(TITLES[3]), subject(*TITLES[:2])) == 0


def test_one_hit_and_hits_that_share_nothing_are_not_followed():
    assert subject(TITLES[0]) == ()
    assert list(subject(TITLES[0], TITLES[3])) == []
    assert likeness(card(TITLES[0]), ()) == 0
