"""Which segments, stills, cues and chapters a stretch of a lecture takes."""

from __future__ import annotations

from fractions import Fraction

import pytest

from media_pipeline import Chapter, MediaRefused
from media_pipeline.captions import MACHINE_NOTE, cut_webvtt
from media_pipeline.chapters import chapters_inside
from media_pipeline.cut_stills import stills_inside
from media_pipeline.cut_tracks import cut_digest, snap
from media_pipeline.types import Segment


def grid(*lengths_s, zero_s=Fraction(0)):
    segments, start_s = [], zero_s
    for number, length_s in enumerate(lengths_s):
        segments.append(Segment(f"{number:05d}.m4s", Fraction(length_s), 1, start_s, starts_with_keyframe=True))
        start_s += Fraction(length_s)
    return segments


FOURS = grid(4, 4, 4, 4, "2.52")


@pytest.mark.parametrize(
    ("start_s", "end_s", "taken"),
    [
        (0, 18.52, (0, 4)),
        (0, 4, (0, 0)),
        (4, 8, (1, 1)),
        (4.0004, 8.0004, (1, 1)),  # rounded by whoever typed it
        (3.9, 8.1, (0, 2)),
        (7.9, 8, (1, 1)),
        (5, 6, (1, 1)),
        (9, 1000, (2, 4)),
        (18, 18.52, (4, 4)),
    ],
)
def test_a_stretch_takes_every_segment_it_touches(start_s, end_s, taken):
    assert snap(FOURS, start_s, end_s) == taken
    moved = grid(4, 4, 4, 4, "2.52", zero_s=Fraction(300))
    assert snap(moved, start_s, end_s) == taken


@pytest.mark.parametrize(("start_s", "end_s"), [(18.52, 30), (19, 30), (5, 5), (6, 5), (-1, 5)])
def test_a_stretch_that_is_not_there_is_refused(start_s, end_s):
    with pytest.raises(MediaRefused) as refused:
        snap(FOURS, start_s, end_s)
    assert refused.value.code == "cut_beyond_end"


def test_a_cut_is_named_by_what_it_takes():
    assert cut_digest("a" * 40, 3, 7) == cut_digest("a" * 40, 3, 7)
    names = {cut_digest("a" * 40, 3, 7), cut_digest("b" * 40, 3, 7), cut_digest("a" * 40, 2, 7), cut_digest("a", 3, 8)}
    assert len(names) == 4
    assert {len(name) for name in names} == {40}


BOARD = "WEBVTT\n\n" + "\n".join(
    f"00:00:{at:02}.000 --> 00:00:{at + 4:02}.000\nstoryboard/00000.jpg#xywh={at * 40},0,160,90\n"
    for at in range(0, 24, 4)
)


def test_stills_of_others_are_left_out_and_the_first_stands_from_the_start():
    found = stills_inside(BOARD, 6.0, 18.0)
    assert [(still.start_s, still.end_s, still.box[0]) for still in found] == [(0, 6, 320), (6, 10, 480), (10, 12, 640)]
    assert [still.box[0] for still in stills_inside(BOARD, 8.008, 16.016)] == [320, 480]
    assert [still.box[0] for still in stills_inside(BOARD, 12.0, 18.0)] == [480, 640]
    assert stills_inside(BOARD, 10.0, 12.0) == []


CAPTIONS = """WEBVTT

00:00:02.000 --> 00:00:05.000
前一段

00:00:05.500 --> 00:00:10.150 align:start
跨过开头 &amp; 之后

00:00:12.000 --> 00:00:14.000
中间

00:00:19.900 --> 00:00:25.000
下一段
"""


def test_captions_are_cut_and_moved():
    assert cut_webvtt(CAPTIONS, 8.0, 20.0) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:02.150 align:start\n跨过开头 &amp; 之后\n\n"
        "00:00:04.000 --> 00:00:06.000\n中间\n"
    )
    assert cut_webvtt(CAPTIONS, 15.0, 19.0) is None


def test_a_machines_captions_say_so_in_every_part():
    marked = CAPTIONS.replace("WEBVTT\n", f"WEBVTT\n\nNOTE {MACHINE_NOTE}\n", 1)
    assert cut_webvtt(marked, 11.0, 15.0, is_machine=True) == (
        f"WEBVTT\n\nNOTE {MACHINE_NOTE}\n\n00:00:01.000 --> 00:00:03.000\n中间\n"
    )


def test_chapters_inside_begin_at_zero_and_one_alone_is_none():
    chapters = [Chapter(0, "甲"), Chapter(62, "乙"), Chapter(90.5, "丙"), Chapter(130, "丁")]
    assert chapters_inside(chapters, 62, 130, zero_s=60) == (Chapter(0, "乙"), Chapter(30.5, "丙"))
    assert chapters_inside(chapters, 0, 130, zero_s=0) == tuple(chapters[:3])
    assert chapters_inside(chapters, 62, 90.5, zero_s=60) == ()
