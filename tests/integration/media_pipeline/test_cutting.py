"""A stretch of a finished set as a set of its own: nothing is encoded, nothing is missing, lips and voice agree."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import m3u8
import pytest
import webvtt
from PIL import Image

from media_pipeline.boxes import read_init
from media_pipeline.cut_tracks import read_set_track, sound_pieces
from media_pipeline.cutting import BEGUN_NAME
from media_pipeline.fragments import read_samples
from tests.factories.clips import AIGC, COPYRIGHT
from tests.integration.media_pipeline import measuring
from tests.integration.media_pipeline.clapping import (
    AAC_S,
    END_S,
    LENGTH_S,
    START_S,
    cut_of,
    cutting,
    drift_s,
    flashes_s,
    frame_s,
    second_shown,
    tones_s,
)


@pytest.fixture(scope="session", params=["25", "30000/1001"])
def clapped(request, encoded, shelf):
    return encoded(shelf.clapper(rate=request.param))


@pytest.fixture(scope="session")
def cut(clapped, fast_policy, tools, tmp_path_factory):
    return cut_of(clapped, fast_policy, tools, tmp_path_factory.mktemp("cut"))


def test_covers_the_segments_the_stretch_lies_in(cut):
    slack_s = 8 * 0.004 + 1e-3  # at 29.97 frames a segment is 4.004 s long
    assert cut.result.start_s == pytest.approx(START_S, abs=slack_s)
    assert cut.result.end_s == pytest.approx(END_S, abs=slack_s)
    assert cut.result.published.duration_s == pytest.approx(LENGTH_S, abs=slack_s)
    assert cut.result.published.recipe == cut.original.published.recipe


def test_manifests_tell_the_truth(cut):
    master = m3u8.load(str(cut.folder / "master.m3u8"))
    names = [rendition.name for rendition in cut.result.published.renditions]
    assert sorted(variant.uri.split("/")[0] for variant in master.playlists) == sorted(names[:-1])
    assert [media.uri for media in master.media] == ["audio/index.m3u8"]
    saver = m3u8.load(str(cut.folder / "saver.m3u8"))
    assert [variant.uri for variant in saver.playlists] == [f"{names[0]}/index.m3u8"]
    for rendition in cut.result.published.renditions:
        manifest = m3u8.load(str(cut.folder / rendition.manifest_name))
        assert manifest.is_endlist
        durations = [segment.duration for segment in manifest.segments]
        assert manifest.target_duration == max(int(each + 0.5) for each in durations) == 4
        assert [segment.uri for segment in manifest.segments] == [f"{number:05}.m4s" for number in range(5)]
        found = measuring.packets(measuring.joined(cut.folder / rendition.name), rendition.kind)
        assert sum(durations) == pytest.approx(found.end_s - found.start_s, abs=1e-3)
        stored = [path.stat().st_size for path in (cut.folder / rendition.name).glob("*.m*") if path.suffix != ".m3u8"]
        assert sum(stored) == rendition.size_bytes


def test_packets_follow_each_other_and_the_picture_is_the_originals(cut):
    for rendition in cut.result.published.renditions:
        path = measuring.joined(cut.folder / rendition.name)
        with av.open(str(path)) as container:
            packets = [packet for packet in container.demux(0) if packet.pts is not None]
            times = sorted((packet.pts, packet.duration) for packet in packets)
            step = times[0][1]
            assert all(after[0] - before[0] == step for before, after in pairwise(times))
        if rendition.kind == "video":
            assert rendition.size_bytes < next(
                each.size_bytes for each in cut.original.published.renditions if each.name == rendition.name
            )
            for number in range(5):
                original = cut.original.folder / rendition.name / f"{number + 3:05}.m4s"
                assert (cut.folder / rendition.name / f"{number:05}.m4s").read_bytes() == original.read_bytes()


def test_no_sound_is_missing_and_hardly_any_is_too_much(cut):
    picture = measuring.packets(measuring.joined(cut.folder / cut.result.published.renditions[0].name))
    sound = measuring.packets(measuring.joined(cut.folder / "audio"), "audio")
    # The frame that holds the first instant, and the one the decoder needs before it.
    assert picture.start_s - 2 * AAC_S - 1e-3 <= sound.start_s <= picture.start_s - AAC_S + 1e-3
    assert picture.end_s - 1e-3 <= sound.end_s <= picture.end_s + AAC_S + 1e-3


def test_the_first_frame_is_the_one_at_the_start_and_lips_and_voice_agree(cut):
    name = cut.result.published.renditions[0].name
    joined, sound = measuring.joined(cut.folder / name), measuring.joined(cut.folder / "audio")
    plain = cut.folder / cut.result.published.mp4_name
    for path in (joined, plain):
        assert second_shown(measuring.frames(path, 1)[0].to_image()) == 12
    originals = measuring.joined(cut.original.folder / name), measuring.joined(cut.original.folder / "audio")
    usual_s = drift_s(flashes_s(originals[0]), tones_s(originals[1]))
    assert usual_s < frame_s(cut)
    for flashes, tones in ((flashes_s(joined), tones_s(sound)), (flashes_s(plain), tones_s(plain))):
        assert len(flashes) >= LENGTH_S - 1
        assert drift_s(flashes, tones) < frame_s(cut)
        assert drift_s(flashes, tones) == pytest.approx(usual_s, abs=0.003), "as in the original"


def test_plain_files_begin_at_zero_and_all_carry_the_labels(cut):
    published = cut.result.published
    picture = measuring.packets(cut.folder / published.mp4_name)
    assert picture.start_s == pytest.approx(0, abs=1e-3)
    assert picture.end_s == pytest.approx(published.duration_s, abs=2e-3)
    for name in (published.mp4_name, published.m4a_name):
        sound = measuring.packets(cut.folder / name, "audio")
        assert -2 * AAC_S - 2e-3 <= sound.start_s <= 2e-3
        assert sound.end_s == pytest.approx(published.duration_s, abs=2 * AAC_S)
        kinds = measuring.box_order(cut.folder / name)
        assert kinds.index("moov") < kinds.index("mdat")
        found = measuring.tags(cut.folder / name)
        assert (found["AIGC"], found["copyright"]) == (AIGC, COPYRIGHT)
    for rendition in published.renditions:
        head = (cut.folder / rendition.name / "init.mp4").read_bytes()
        assert AIGC.encode() in head, rendition.name
        assert COPYRIGHT.encode() in head, rendition.name


def test_stills_are_of_the_stretch(cut):
    with Image.open(cut.folder / "poster.jpg") as poster:
        assert START_S <= second_shown(poster) < END_S
    cues = list(webvtt.read(str(cut.folder / "storyboard.vtt")))
    assert cues[0].start == "00:00:00.000"
    assert cues[-1].end_in_seconds == pytest.approx(cut.result.published.duration_s, abs=1)
    assert all(before.end == after.start for before, after in pairwise(cues))
    for cue in cues:
        sheet, _, place = cue.text.partition("#xywh=")
        x, y, width, height = map(int, place.split(","))
        with Image.open(cut.folder / sheet) as image:
            shown = second_shown(image.crop((x, y, x + width, y + height)))
        assert START_S <= shown < END_S
        assert shown == pytest.approx(12 + cue.start_in_seconds, abs=2)


def test_the_store_holds_what_was_promised_and_nothing_else(cut):
    stored = [path for path in cut.folder.rglob("*") if path.is_file() and path.name != "published.json"]
    assert cut.result.published.size_bytes == sum(path.stat().st_size for path in stored)
    assert not (cut.folder / BEGUN_NAME).exists()
    for step in ("encode", "package", "publish"):
        fractions = [fraction for name, fraction in cut.recorder.reports if name == step]
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1.0


def test_the_same_again_changes_nothing(cut, fast_policy, tools, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in cut.folder.rglob("*")}
    again = cutting(cut.original, fast_policy, tools, tmp_path, (15.9, 31.99)).run()
    assert again == cut.result
    assert {path: path.stat().st_mtime_ns for path in cut.folder.rglob("*")} == before


def test_a_cut_can_be_cut_again(cut, fast_policy, tools, tmp_path):
    @dataclass(frozen=True)
    class Parent:
        storage: object
        prefix: str
        folder: Path
        published: object

    prefix = cut.folder.relative_to(cut.original.storage.root).as_posix()
    parent = Parent(cut.original.storage, prefix, cut.folder, cut.result.published)
    child = cut_of(parent, fast_policy, tools, tmp_path, (4.1, 11))
    assert second_shown(measuring.frames(child.folder / child.result.published.mp4_name, 1)[0].to_image()) == 16
    plain = child.folder / child.result.published.mp4_name
    assert drift_s(flashes_s(plain), tones_s(plain)) < frame_s(cut)


def test_a_cut_from_the_beginning_is_the_beginning(encoded, shelf, fast_policy, tools, tmp_path):
    original = encoded(shelf.clapper())
    child = cut_of(original, fast_policy, tools, tmp_path, (0, 8))
    assert child.result.start_s == 0
    first = [(folder / "audio" / "00000.m4s").read_bytes() for folder in (child.folder, original.folder)]
    assert first[0] == first[1]


def test_sound_alone_is_cut_on_its_own_grid(encoded, shelf, fast_policy, tools, tmp_path):
    original = encoded(shelf.spoken(0))
    child = cut_of(original, fast_policy, tools, tmp_path, (5, 7))
    published = child.result.published
    assert (published.mp4_name, published.poster_name, published.storyboard_name) == (None, None, None)
    assert published.duration_s == pytest.approx(4, abs=0.03)
    sound = measuring.packets(child.folder / published.m4a_name, "audio")
    assert sound.end_s - sound.start_s == pytest.approx(4, abs=0.05)


@pytest.mark.parametrize("span_s", [(14.7, 25.3), (17.2, 18.1), (11.99, 12.02), (0.5, 40.0)])
def test_sound_on_any_other_grid_is_cut_at_its_frames(encoded, shelf, span_s):
    """Where picture and sound have drifted apart, segments of sound are cut in the middle."""
    original = encoded(shelf.clapper())
    store, prefix = original.storage, original.prefix
    sizes = {info.key.removeprefix(f"{prefix}/"): info.size_bytes for info in store.list_keys(f"{prefix}/")}
    track = read_set_track(store, prefix, original.published.renditions[-1], sizes)

    def read(name):
        return b"".join(store.open_range(f"{prefix}/audio/{name}"))

    start_s, end_s = map(Fraction, span_s)
    pieces = sound_pieces(track, start_s, end_s, read)
    init = read_init((original.folder / "audio" / "init.mp4").read_bytes())
    samples = [each for piece in pieces for each in read_samples(piece.data or read(piece.copied_from), init)]
    assert all(before.decode_ticks + before.ticks == after.decode_ticks for before, after in pairwise(samples))
    frame_s = Fraction(1024, 48000)
    assert start_s - 2 * frame_s < samples[0].start_s <= start_s - frame_s
    assert end_s - frame_s <= samples[-1].start_s < end_s or samples[-1].end_s > 39.9
    whole = [each for segment in track.track.segments for each in read_samples(read(segment.name), init)]
    first = whole.index(samples[0])
    assert samples == whole[first : first + len(samples)]
    lengths = [piece.segment.duration_s for piece in pieces]
    assert max(lengths) < Fraction("4.5") + 1
    assert [piece.segment.name for piece in pieces] == [f"{number:05}.m4s" for number in range(len(pieces))]
    assert all(piece.segment.size_bytes == len(piece.data) for piece in pieces if piece.data)
