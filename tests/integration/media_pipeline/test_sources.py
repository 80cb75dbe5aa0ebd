"""Unusual but honest sources: each becomes a lecture, with the picture and sound it should have."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import m3u8
import pytest
from PIL import Image, ImageStat

from tests.integration.media_pipeline import measuring


def sizes(encoded_source):
    return {
        rendition.name: (rendition.width_px, rendition.height_px)
        for rendition in encoded_source.published.renditions
        if rendition.kind == "video"
    }


def assert_sound(encoded_source, tolerance_s=None):
    """What holds for every result: lengths agree, key frames on one grid, nothing larger than the source."""
    info, published = encoded_source.info, encoded_source.published
    grids = set()
    for rendition in published.renditions:
        found = measuring.packets(measuring.joined(encoded_source.folder / rendition.name), rendition.kind)
        frame_s = 1 / float(rendition.frame_rate or 25)
        # One frame of picture; of sound the two frames of 1024 samples that coding may add.
        within_s = tolerance_s or (frame_s if rendition.kind == "video" else 0.043)
        assert found.end_s == pytest.approx(info.duration_s, abs=within_s + 1e-6)
        if rendition.kind == "video":
            grids.add(tuple(found.keyframes_s))
            assert found.start_s == 0
            assert rendition.width_px <= info.video.display_width_px
            assert rendition.height_px <= info.video.display_height_px
            assert rendition.width_px % 2 == rendition.height_px % 2 == 0
            with measuring.av.open(str(measuring.joined(encoded_source.folder / rendition.name))) as container:
                context = container.streams.video[0].codec_context
                assert (context.width, context.height) == (rendition.width_px, rendition.height_px)
                assert container.streams.video[0].sample_aspect_ratio in (None, 0, 1)
                assert context.pix_fmt == "yuv420p"
    assert len(grids) <= 1


def test_small_source_gets_a_rung_of_its_own_size_and_is_never_enlarged(encoded, shelf):
    result = encoded(shelf.moving())
    assert sizes(result) == {"240p": (426, 240), "360p": (640, 360)}
    assert_sound(result)
    (audio,) = [rendition for rendition in result.published.renditions if rendition.kind == "audio"]
    assert m3u8.load(str(result.folder / "master.m3u8")).media[0].channels == "2"
    assert audio.codecs == "mp4a.40.2"


def test_source_below_the_lowest_rung_keeps_its_size(encoded, shelf):
    result = encoded(shelf.moving(5, 160, 120))
    assert sizes(result) == {"120p": (160, 120)}
    assert result.published.mp4_name == "120p.mp4"
    assert_sound(result)


def test_picture_without_sound(encoded, shelf):
    result = encoded(shelf.silent_picture())
    published = result.published
    assert (published.audio_name, published.m4a_name, published.mp4_name) == (None, None, "360p.mp4")
    assert {rendition.kind for rendition in published.renditions} == {"video"}
    master = m3u8.load(str(result.folder / "master.m3u8"))
    assert not master.media
    assert all("mp4a" not in variant.stream_info.codecs for variant in master.playlists)
    assert_sound(result)


def test_digital_silence_stays_silent(encoded, shelf, tools):
    result = encoded(shelf.digital_silence())
    lufs, _ = measuring.loudness(tools.ffmpeg, result.folder / "audio.m4a")
    assert lufs <= -69
    assert_sound(result)


@pytest.mark.parametrize("name", ["audio_with_cover", "plain_audio"])
def test_sound_alone_becomes_a_lecture_to_listen_to(encoded, shelf, name):
    result = encoded(getattr(shelf, name)())
    published = result.published
    assert [rendition.kind for rendition in published.renditions] == ["audio"]
    assert (published.mp4_name, published.poster_name, published.storyboard_name) == (None, None, None)
    assert (published.audio_name, published.m4a_name) == ("audio/index.m3u8", "audio.m4a")
    for manifest in (published.master_name, published.saver_name):
        (variant,) = m3u8.load(str(result.folder / manifest)).playlists
        assert (variant.uri, variant.stream_info.codecs) == ("audio/index.m3u8", "mp4a.40.2")
    assert_sound(result)


@pytest.mark.parametrize("level_db", [-25, 0, 20])
def test_speech_of_any_level_comes_out_equally_loud(encoded, shelf, tools, level_db):
    result = encoded(shelf.spoken(level_db))
    lufs, peak_dbtp = measuring.loudness(tools.ffmpeg, result.folder / "audio.m4a")
    assert lufs == pytest.approx(-16, abs=1)
    assert peak_dbtp <= -1


def test_upright_phone_video_stands_upright(encoded, shelf):
    result = encoded(shelf.upright())
    assert result.info.video.rotation_deg in (90, 270)
    assert sizes(result) == {"240p": (240, 426), "480p": (480, 854), "720p": (720, 1280)}
    assert_sound(result)


def test_odd_size_is_cut_to_even(encoded, shelf):
    result = encoded(shelf.odd_size())
    assert (result.info.video.width_px, result.info.video.height_px) == (853, 481)
    assert sizes(result) == {"240p": (426, 240), "480p": (852, 480)}
    assert_sound(result)


def test_oblong_pixels_become_square(encoded, shelf):
    result = encoded(shelf.anamorphic())
    assert sizes(result) == {"240p": (426, 240), "480p": (854, 480)}
    assert_sound(result)


def test_ten_bits_become_eight(encoded, shelf):
    result = encoded(shelf.ten_bit())
    assert result.info.video.bit_depth == 10
    assert sizes(result)["480p"] == (640, 480)
    assert_sound(result)


def test_variable_frame_rate_becomes_constant(encoded, shelf):
    result = encoded(shelf.variable_rate())
    assert result.plan.ladder.frame_rate == 30
    with measuring.av.open(str(measuring.joined(result.folder / "360p"))) as container:
        times = sorted(packet.pts for packet in container.demux(video=0) if packet.pts is not None)
    assert len({after - before for before, after in pairwise(times)}) == 1
    # The source's last frame stands for a tenth of a second.
    assert_sound(result, tolerance_s=0.1)


def test_fields_become_frames(encoded, shelf):
    result = encoded(shelf.interlaced())
    assert result.info.video.is_interlaced
    assert result.plan.ladder.frame_rate == 25
    assert sizes(result)["480p"] == (854, 480)
    # Transport streams round their length to packets of sound.
    assert result.published.duration_s == pytest.approx(5, abs=0.1)


def test_fast_source_is_thinned_evenly(encoded, shelf):
    result = encoded(shelf.moving(5, 320, 240, "60000/1001"))
    assert result.published.renditions[0].frame_rate == Fraction(30000, 1001)
    assert_sound(result)


def test_recording_of_a_browser_without_duration(encoded, shelf):
    result = encoded(shelf.recorder_webm())
    assert result.info.duration_s == pytest.approx(5, abs=0.05)
    assert_sound(result, tolerance_s=0.05)


def test_late_picture_stays_in_step_with_its_sound(encoded, shelf):
    result = encoded(shelf.late_picture())
    found = measuring.packets(measuring.joined(result.folder / "240p"))
    # The first picture is held from the start, so that picture second n still belongs to sound second n.
    assert (found.start_s, found.end_s) == (0, pytest.approx(6, abs=0.05))
    first, at_half, at_two = (measuring.frames(result.folder / "240p.mp4")[index] for index in (0, 12, 50))
    assert difference(first, at_half) < 3
    assert difference(first, at_two) > 3


def difference(one, other):
    pair = [frame.to_ndarray(format="gray").astype(int) for frame in (one, other)]
    return abs(pair[0] - pair[1]).mean()


def test_poster_is_not_the_black_beginning(encoded, shelf):
    result = encoded(shelf.black_start())
    with Image.open(result.folder / "poster.jpg") as poster:
        assert ImageStat.Stat(poster.convert("L")).mean[0] > 40


def test_black_lecture_has_no_poster_rather_than_a_black_one(encoded, shelf):
    result = encoded(shelf.all_black())
    assert result.published.poster_name is None
    assert not (result.folder / "poster.jpg").exists()
