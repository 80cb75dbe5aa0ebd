"""Speech that was listened to last is kept, up to a size."""

import struct
import zlib

import pytest

from search_index import Passage
from search_index.listening import LastHeard
from search_index.passages import folded_speech, pack_speech


def packed(text):
    passages = (Passage(0.0, text),)
    return pack_speech(passages, folded_speech(passages))


def test_it_is_read_once_and_the_longest_unheard_is_forgotten_first():
    read = []

    def speech(key):
        read.append(key)
        return packed(f"第{key}课" + "养生" * 1000)

    last = LastHeard(most_bytes=9_000)
    assert last.of(1, speech).heard.startswith("第1课养生")
    last.of(2, speech)
    last.of(1, speech)
    assert read == [1, 2]
    last.of(3, speech)  # three do not fit; 2 was not heard for longest
    last.of(1, speech)
    assert read == [1, 2, 3]
    last.of(2, speech)
    assert read == [1, 2, 3, 2]


def test_what_is_larger_than_all_room_is_heard_and_not_kept():
    last = LastHeard(most_bytes=100)
    for _ in range(2):
        assert last.of(1, lambda _key: packed("养生")).heard == "养生"
    assert last.of(2, lambda _key: b"") is None


def test_torn_speech_is_told():
    with pytest.raises((ValueError, zlib.error, struct.error)):
        LastHeard().of(1, lambda _key: packed("养生" * 50)[:12])
