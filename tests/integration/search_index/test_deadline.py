"""The time allowed covers what is done for the page, too: what is not looked at in time is shown as it is."""

import dataclasses
import time

import pytest

from search_index import Passage, SearchRequest

LECTURES, CUES, PAUSE_S, DEADLINE_S = 24, 600, 0.25, 1.0


class Slow:
    """A snapshot by whose clock reading speech takes long and nothing else any time; it counts, too."""

    def __init__(self, snapshot):
        self._snapshot = snapshot
        self.listened = 0

    def now(self):
        return self.listened * PAUSE_S

    def __getattr__(self, name):
        return getattr(self._snapshot, name)

    def heard(self, key):
        self.listened += 1
        return self._snapshot.heard(key)


@pytest.fixture
def talks(indexed, make_document):
    """Long talks about one thing, which all say it."""

    def talk(number):
        cues = [Passage(4.5 * at, f"第{at}句，慢慢听不着急，") for at in range(CUES)]
        cues[500] = Passage(2250.0, "养生贵在坚持，")
        return make_document(f"养生第{number}讲", number=number, passages=tuple(cues), description="养生常识")

    return indexed(*map(talk, range(LECTURES)))


def is_marked(hit):
    return any(part.is_match for part in hit.highlights["title"])


def test_in_time_every_hit_is_marked_and_says_where(talks):
    result = talks.search(SearchRequest("养生", limit=LECTURES), deadline_s=60)
    assert not result.is_partial
    assert all(map(is_marked, result.hits))
    assert {hit.passage.start_s for hit in result.hits} == {2250.0}


@pytest.mark.parametrize("text", ["养生", "养生贵在坚持"])  # found by titles; listened to while it is ordered
def test_late_hits_are_shown_without_marks_and_it_is_said(talks, text, monkeypatch):
    slow = Slow(talks._opened.snapshot)
    monkeypatch.setattr(time, "monotonic", slow.now)
    talks._opened = dataclasses.replace(talks._opened, snapshot=slow)
    result = talks.search(SearchRequest(text, limit=LECTURES), deadline_s=DEADLINE_S)
    assert result.is_partial
    assert slow.listened == DEADLINE_S / PAUSE_S + 1
    assert len(result.hits) == LECTURES == result.total
    assert not is_marked(result.hits[-1])
    assert result.hits[-1].passage is None
    for hit in result.hits:
        assert "".join(part.text for part in hit.highlights["title"]).startswith("养生第")


def test_a_list_without_a_question_is_never_late(talks):
    assert not talks.search(SearchRequest("", limit=LECTURES), deadline_s=60).is_partial
