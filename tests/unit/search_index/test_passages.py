"""Speech is kept folded, for looking, and as it is shown; what is found is the best place of it."""

import zlib

import pytest

from search_index.documents import Passage
from search_index.passages import (
    MAX_PASSAGES,
    SEPARATOR,
    Speech,
    best_passage,
    folded_speech,
    pack_passages,
    pack_speech,
    packed_passages,
    unpack_passages,
)

SAID = (
    Passage(0.0, "大家好，欢迎來到課堂。"),
    Passage(7.5, "今天我們學ＷＩＦＩ，"),
    Passage(12.25, "还有\n蓝牙\u200b怎么连。"),
    Passage(20.0, "蓝牙说完了。"),
)


def packed(*passages):
    return pack_speech(passages, folded_speech(passages))


def heard(*passages):
    return Speech.of(packed(*passages))


def test_what_is_packed_comes_back_as_it_was_shown():
    assert unpack_passages(packed(*SAID)) == SAID
    assert packed_passages(packed(*SAID)) == pack_passages(SAID)
    assert packed() == b""
    assert unpack_passages(b"") == ()


def test_the_best_place_is_found_in_folded_words():
    found = best_passage(heard(*SAID), {"wifi": 1.0, "课堂": 1.0})
    assert found.passages == SAID[:2], "a sentence over the end of a caption"
    assert found.share == 1.0
    found = best_passage(heard(*SAID), {"蓝牙": 3.0, "怎么连": 2.0, "路由器": 5.0})
    assert found.passages == SAID[2:3], "an invisible character moves no place"
    assert found.share == 0.5
    assert best_passage(heard(*SAID), {"路由器": 1.0}) is None
    assert best_passage(heard(*SAID), {}) is None


def test_a_word_over_two_captions_is_no_word():
    assert best_passage(heard(Passage(0.0, "讲蓝"), Passage(1.0, "牙科")), {"蓝牙": 1.0}) is None


def test_separators_and_surrogates_in_captions_do_no_harm():
    odd = (Passage(0.0, f"前{SEPARATOR}后"), Passage(1.0, "\ud800蓝牙"), Passage(2.0, "完"))
    assert best_passage(heard(*odd), {"蓝牙": 1.0}).passages[0].start_s == 1.0


def test_only_so_many_are_kept():
    many = [Passage(float(number), f"第{number}句") for number in range(MAX_PASSAGES + 5)]
    assert len(unpack_passages(packed(*many))) == MAX_PASSAGES
    assert folded_speech(many).count(SEPARATOR) == MAX_PASSAGES - 1


def test_torn_speech_is_told():
    with pytest.raises((ValueError, zlib.error)):
        best_passage(Speech.of(packed(*SAID)[:-20]), {"蓝牙": 1.0})
