"""Everything a finished run puts into the store, checked from outside."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise

import m3u8
import pytest
import webvtt
from PIL import Image, ImageStat

from media_pipeline import run
from tests.factories.clips import AIGC, COPYRIGHT
from tests.integration.media_pipeline import measuring

# A slide lecture of 25 frames a second: half of them, on a grid of six seconds.
RUNGS = ("360p", "480p", "720p")
FRAME_S = 1 / 12.5
FRAMES = 113
SEGMENT_S = 6


def test_has_every_promised_file(lecture):
    published = lecture.published
    names = (published.master_name, published.saver_name, published.audio_name, published.mp4_name, published.m4a_name,
             published.poster_name, published.storyboard_name)  # fmt: skip
    assert all((lecture.folder / name).is_file() for name in names)
    assert [rendition.name for rendition in published.renditions] == [*RUNGS, "audio"]
    assert published.recipe == "phones-4/6"
    stored = [path for path in lecture.folder.rglob("*") if path.is_file() and path.name != "published.json"]
    assert not [path for path in stored if "chunks" in path.parts]
    assert published.size_bytes == sum(path.stat().st_size for path in stored)


def test_keyframes_are_the_same_in_all_rungs_and_on_the_grid(lecture):
    keyframes = [measuring.packets(measuring.joined(lecture.folder / rung)).keyframes_s for rung in RUNGS]
    assert keyframes[0] == keyframes[1] == keyframes[2] == [0.0, 6.0]


@pytest.mark.parametrize("rung", [*RUNGS, "audio"])
def test_durations_are_the_sources_within_one_frame(lecture, rung):
    kind = "audio" if rung == "audio" else "video"
    found = measuring.packets(measuring.joined(lecture.folder / rung), kind)
    assert found.end_s == pytest.approx(lecture.info.duration_s, abs=FRAME_S)
    assert lecture.published.duration_s == pytest.approx(lecture.info.duration_s, abs=FRAME_S)
    if kind == "video":
        assert (found.start_s, found.count) == (0.0, FRAMES)


@pytest.mark.parametrize("rung", [*RUNGS, "audio"])
def test_media_manifest_tells_the_truth(lecture, rung):
    text = (lecture.folder / rung / "index.m3u8").read_text()
    manifest = m3u8.loads(text)
    assert manifest.version == 7
    assert manifest.is_endlist
    assert manifest.playlist_type == "vod"
    assert "#EXT-X-INDEPENDENT-SEGMENTS" in text
    durations = [segment.duration for segment in manifest.segments]
    # RFC 8216, 4.3.3.1: rounded to the nearest integer, none is longer; and it is not longer than it must be.
    assert manifest.target_duration == max(int(duration + 0.5) for duration in durations) == SEGMENT_S
    assert all(duration == pytest.approx(SEGMENT_S, abs=0.03) for duration in durations[:-1])
    found = measuring.packets(measuring.joined(lecture.folder / rung), "audio" if rung == "audio" else "video")
    assert sum(durations) == pytest.approx(found.end_s - found.start_s, abs=1e-3)
    assert all((lecture.folder / rung / segment.uri).is_file() for segment in manifest.segments)
    assert manifest.segments[0].init_section.uri == "init.mp4"


def test_master_manifest_offers_what_was_written(lecture):
    master = m3u8.load(str(lecture.folder / "master.m3u8"))
    offered = {variant.uri.split("/")[0]: variant.stream_info for variant in master.playlists}
    assert set(offered) == set(RUNGS)
    sizes = {name: info.resolution for name, info in offered.items()}
    assert sizes == {"360p": (640, 360), "480p": (854, 480), "720p": (1280, 720)}
    (audio,) = [media for media in master.media if media.type == "AUDIO"]
    assert (audio.group_id, audio.uri, audio.channels, audio.default) == ("audio", "audio/index.m3u8", "1", "YES")
    for name, info in offered.items():
        assert info.codecs.startswith("avc1.64")
        assert info.codecs.endswith(",mp4a.40.2")
        assert info.frame_rate == 12.5
        assert info.audio == "audio"
        for track, rate in ((name, info.bandwidth), ("audio", info.bandwidth)):
            sizes_bits = [8 * path.stat().st_size for path in (lecture.folder / track).glob("*.m4s")]
            assert rate >= max(sizes_bits) / (SEGMENT_S + 0.05)
        assert info.average_bandwidth <= info.bandwidth


def test_codecs_come_from_the_init_segments(lecture):
    for rendition in lecture.published.renditions:
        data = (lecture.folder / rendition.name / "init.mp4").read_bytes()
        if rendition.kind == "video":
            at = data.index(b"avcC") + 4
            assert rendition.codecs == f"avc1.{data[at + 1]:02X}{data[at + 2]:02X}{data[at + 3]:02X}"
        else:
            assert rendition.codecs == "mp4a.40.2"


def test_saver_manifest_has_only_sound_and_the_lowest_rung(lecture):
    saver = m3u8.load(str(lecture.folder / "saver.m3u8"))
    assert [variant.uri for variant in saver.playlists] == ["360p/index.m3u8"]
    assert [media.uri for media in saver.media] == ["audio/index.m3u8"]


def test_first_variant_is_the_best_a_weak_network_carries(lecture):
    first = m3u8.load(str(lecture.folder / "master.m3u8")).playlists[0]
    others = m3u8.load(str(lecture.folder / "master.m3u8")).playlists[1:]
    assert first.stream_info.bandwidth <= 500_000
    better = [one for one in others if one.stream_info.resolution[1] > first.stream_info.resolution[1]]
    assert all(one.stream_info.bandwidth > 500_000 for one in better)


def test_speech_is_levelled_and_does_not_clip(lecture, tools):
    for name in ("audio.m4a", "480p.mp4"):
        lufs, peak_dbtp = measuring.loudness(tools.ffmpeg, lecture.folder / name)
        assert lufs == pytest.approx(-16, abs=1)
        assert peak_dbtp <= -1


@pytest.mark.parametrize("name", ["480p.mp4", "audio.m4a"])
def test_plain_files_start_at_once_and_start_together(lecture, name):
    kinds = measuring.box_order(lecture.folder / name)
    assert kinds.index("moov") < kinds.index("mdat")
    assert "moof" not in kinds
    sound = measuring.packets(lecture.folder / name, "audio")
    assert sound.end_s == pytest.approx(9, abs=0.04)
    if name.endswith(".mp4"):
        picture = measuring.packets(lecture.folder / name)
        assert (picture.start_s, picture.count) == (0.0, FRAMES)


def test_labels_survive_in_every_file_a_viewer_can_keep(lecture):
    assert (lecture.info.aigc, dict(lecture.info.rights)) == (AIGC, {"copyright": COPYRIGHT})
    for name in ("480p.mp4", "audio.m4a", "360p/init.mp4", "720p/init.mp4", "audio/init.mp4"):
        found = measuring.tags(lecture.folder / name) if "init" not in name else None
        if found is not None:
            assert (found["AIGC"], found["copyright"]) == (AIGC, COPYRIGHT)
        else:
            assert AIGC.encode() in (lecture.folder / name).read_bytes()


def test_poster_shows_something(lecture):
    with Image.open(lecture.folder / "poster.jpg") as poster:
        assert (poster.format, poster.size) == ("JPEG", (854, 480))
        assert ImageStat.Stat(poster.convert("L")).stddev[0] > 10
    assert (lecture.folder / "poster.jpg").stat().st_size < 80_000


def test_storyboard_covers_the_whole_lecture(lecture):
    cues = list(webvtt.read(str(lecture.folder / "storyboard.vtt")))
    assert cues[0].start == "00:00:00.000"
    # The last of the frames stands for its whole length.
    assert cues[-1].end == "00:00:09.040"
    assert all(before.end == after.start for before, after in pairwise(cues))
    sheet, _, place = cues[-1].text.partition("#xywh=")
    x, y, width, height = map(int, place.split(","))
    with Image.open(lecture.folder / sheet) as image:
        assert x + width <= image.width
        assert y + height <= image.height
        assert ImageStat.Stat(image.crop((x, y, x + width, y + height)).convert("L")).stddev[0] > 5


def test_progress_goes_through_all_steps_without_going_back(lecture):
    steps = list(dict.fromkeys(step for step, _ in lecture.recorder.reports))
    assert steps == ["encode", "package", "publish"]
    for step in steps:
        fractions = [fraction for name, fraction in lecture.recorder.reports if name == step]
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1.0


def test_same_plan_again_changes_nothing(lecture, tools, tmp_path):
    def state():
        return {path: path.stat().st_mtime_ns for path in lecture.folder.rglob("*")}

    before = state()
    again = run(
        lecture.plan, lecture.folder / "no-such-source", work_dir=tmp_path / "unused", storage=lecture.storage,
        prefix=lecture.prefix, tools=tools, progress=lecture.recorder, cancel=lecture.recorder,
    )  # fmt: skip
    assert again == lecture.published
    assert state() == before
    assert not (tmp_path / "unused").exists()


def test_note_is_readable_json(lecture):
    note = json.loads((lecture.folder / "published.json").read_text(encoding="utf-8"))
    assert note["duration_s"] == lecture.published.duration_s
    assert Fraction(note["renditions"][0]["frame_rate"]) == Fraction(25, 2)
