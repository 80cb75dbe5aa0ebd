"""Every kind of odd source in several chunks against the same source in one piece: no seam shows what it is."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from tests.factories import odd_clips
from tests.factories.clips import X264
from tests.integration.media_pipeline import measuring
from tests.integration.media_pipeline.conftest import run_once
from tests.integration.media_pipeline.seeing import assert_lengths, grey, samples

SECONDS = 14
# Chunks of four seconds of the picture, of eight of the sound.
SEAMS_S = (4, 8, 12)


def lavfi(name, picture, *coding):
    def make(shelf):
        return shelf._lavfi(name, picture, f"sine=d={SECONDS}:f=500", *coding, "-c:a", "aac")

    return make


def made(name, picture, *coding):
    return name, lavfi(f"seams-{name}", f"{picture}", *(coding or (*X264, "-g", 50)))


def with_cover(shelf):
    """A picture, sound, a cover and subtitles."""

    def make(target):
        subtitles = shelf.folder / "seams.srt"
        subtitles.write_text("1\n00:00:01,000 --> 00:00:12,000\n同学们好\n", encoding="utf-8")
        given = ("-i", shelf.moving(SECONDS, 320, 240), "-i", shelf.picture(), "-i", subtitles)
        maps = ("-map", 1, "-map", 0, "-map", 2, "-c", "copy", "-c:s", "mov_text", "-disposition:v:0", "attached_pic")
        shelf._ffmpeg(*given, *maps, target)

    return shelf._once("seams-cover.mp4", make)


def two_sounds(shelf):
    def make(target):
        given = ("-i", shelf.moving(SECONDS, 320, 240), "-f", "lavfi", "-i", f"sine=f=1000:d={SECONDS}")
        marks = ("-disposition:a:0", 0, "-disposition:a:1", "default")
        shelf._ffmpeg(*given, "-map", 0, "-map", 1, "-c:v", "copy", "-c:a", "aac", *marks, target)

    return shelf._once("seams-two-sounds.mkv", make)


_TEST = f"testsrc2=s=640x360:r=25:d={SECONDS}"
_HLG = ("-color_primaries", "bt2020", "-color_trc", "arib-std-b67", "-colorspace", "bt2020nc")
_VFR = ("-fps_mode", "vfr")
CASES = dict([
    made("turned.mp4", _TEST, *X264, "-g", 50, "-metadata:s:v", "rotate=90"),
    made("variable.mp4", f"testsrc2=s=640x360:r=30:d={SECONDS},select='lt(mod(t,5),2)+not(mod(n,7))'", *X264, *_VFR),
    made("fields.mp4", f"testsrc2=s=720x576:r=50:d={SECONDS},tinterlace=interleave_top,fieldorder=tff,setsar=16/15",
         *X264, "-flags", "+ildct+ilme", "-x264opts", "tff=1", "-g", 50),
    made("oblong.mp4", f"testsrc2=s=720x576:r=25:d={SECONDS},setsar=64/45"),
    made("odd.mkv", f"testsrc2=s=322x242:r=25:d={SECONDS},format=yuv444p,crop=321:241", "-c:v", "ffv1", "-g", 50),
    made("ten-bits.mkv", f"{_TEST},format=yuv420p10le", "-c:v", "libx264", "-preset", "ultrafast", "-g", 50),
    made("hlg.mp4", f"{_TEST},format=yuv420p10le", "-c:v", "libx264", "-preset", "ultrafast", "-g", 50, *_HLG),
    made("two-a-second.mp4", f"testsrc2=s=640x360:r=2:d={SECONDS}", *X264, "-g", 10),
    made("fast-60.mp4", f"testsrc2=s=320x240:r=60:d={SECONDS}", *X264, "-g", 120),
    made("fast-120.mp4", f"testsrc2=s=320x240:r=120:d={SECONDS}", *X264, "-g", 240),
    ("two-sounds.mkv", two_sounds),
    ("cover-and-subtitles.mp4", with_cover),
    ("silent.mp4", lambda shelf: shelf._lavfi("seams-silent.mp4", _TEST, None, *X264, "-g", 50)),
    ("late-picture.mp4", lambda shelf: shelf._once("seams-late.mp4", lambda target: shelf._ffmpeg(
        "-itsoffset", 1, "-i", shelf.moving(SECONDS - 1, 320, 240), "-f", "lavfi", "-i", f"sine=d={SECONDS}",
        "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", target))),
])  # fmt: skip


#: What differs from another case only before the filters, or after: `test_odd_sources` makes them in one piece.
LONG = {"oblong.mp4", "odd.mkv", "ten-bits.mkv", "fast-120.mp4", "two-sounds.mkv", "silent.mp4"}


@pytest.fixture(scope="session")
def fine_policy(fast_policy):
    """So many bits that frames can be told from each other wherever they are coded."""
    profiles = tuple(
        replace(profile, rungs=tuple(replace(rung, crf=16, max_bitrate_bps=50_000_000) for rung in profile.rungs[:1]))
        for profile in fast_policy.profiles
    )
    return replace(fast_policy, profiles=profiles)


# Each is made once in chunks and once in one piece.
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] if name in LONG else []) for name in CASES]
)
def test_no_seam_shows(shelf, fine_policy, tools, tmp_path, name):
    source = CASES[name](shelf)
    result, whole = (
        run_once(
            source, replace(fine_policy, chunk_s=chunk_s, audio_chunk_s=2 * chunk_s), tools, tmp_path / str(chunk_s)
        )
        for chunk_s in (4, 120)
    )
    starts = [{step.range.start_s for step in each.plan.videos} for each in (result, whole)]
    assert [len(found) for found in starts] == [4, 1]
    assert_lengths(result, SECONDS, tolerance_s=0.25)
    rate = result.plan.ladder.frame_rate
    for rung in result.plan.ladder.rungs:
        pieces, piece = (measuring.frames(measuring.joined(each.folder / rung.name)) for each in (result, whole))
        assert [frame.pts * frame.time_base for frame in pieces] == [
            Fraction(number) / rate for number in range(len(pieces))
        ]
        assert len(pieces) == len(piece)
        for seam_s in SEAMS_S:
            for number in range(int(seam_s * rate) - 2, int(seam_s * rate) + 3):
                before, same, after = (
                    np.abs(grey(pieces[number]) - grey(piece[number + shift])).mean() for shift in (-1, 0, 1)
                )
                assert same < min(before, after) + 0.5, (rung.name, number, before, same, after)
                assert same < 4, (rung.name, number, same)
    if result.info.audio is not None:
        (one, rate_hz), (other, _) = samples(result), samples(whole)
        assert abs(len(one) - len(other)) < 1100
        first, last = int(8.05 * rate_hz), int(8.2 * rate_hz)
        apart = [np.abs(one[first + shift : last + shift] - other[first:last]).max() for shift in range(-48, 49)]
        # Some containers keep times in whole milliseconds: by so much a stretch may begin beside the one before.
        assert min(apart) < 0.05, (min(apart), int(np.argmin(apart)) - 48)


def test_the_chosen_tracks_are_those_of_the_whole(shelf, chunked):
    assert chunked(two_sounds(shelf)).info.audio.stream_index == 2
    covered = chunked(with_cover(shelf)).info
    assert (covered.has_cover, covered.video.stream_index, len(covered.subtitles)) == (True, 0, 1)
    assert chunked(odd_clips.unequal(shelf, 5, 14)).info.video.end_s == 5
