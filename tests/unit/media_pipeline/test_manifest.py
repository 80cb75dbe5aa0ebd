"""HLS text from measured tracks, read back with the m3u8 package."""

from __future__ import annotations

from fractions import Fraction

import m3u8
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.manifest import (
    average_bitrate_bps,
    media_manifest,
    multivariant_manifest,
    peak_bitrate_bps,
    target_duration_s,
)
from tests.unit.media_pipeline.conftest import track


def test_media_manifest_word_for_word():
    assert media_manifest(track(), 4) == (
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n"
        '#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:4.000000,\n00000.m4s\n#EXTINF:4.000000,\n00001.m4s\n'
        "#EXTINF:2.000000,\n00002.m4s\n#EXT-X-ENDLIST\n"
    )


@given(st.lists(st.fractions(min_value=Fraction(1, 100), max_value=20), min_size=1, max_size=20))
def test_target_duration_is_true_and_no_larger_than_needed(durations):
    segments = track(sizes=[1000] * len(durations), durations=durations).segments
    target = target_duration_s(segments)
    rounded = [int(duration + Fraction(1, 2)) for duration in durations]
    assert target == max(1, *rounded)


def test_peak_is_over_windows_not_over_a_short_last_segment():
    segments = track(sizes=(200_000, 100_000, 40_000), durations=(4, 4, Fraction(1, 10))).segments
    assert peak_bitrate_bps(segments) == 400_000
    # A second of half a target duration counts alone.
    assert peak_bitrate_bps(track(sizes=(100_000, 100_000), durations=(4, 2)).segments) == 400_000


def test_a_single_short_segment_still_has_a_rate():
    segments = track(sizes=(1000,), durations=(Fraction(1, 4),)).segments
    assert peak_bitrate_bps(segments) == average_bitrate_bps(segments) == 32_000


@given(
    st.lists(
        st.tuples(st.integers(1, 10**6), st.fractions(min_value=Fraction(1, 2), max_value=6)), min_size=1, max_size=12
    )
)
def test_peak_is_never_below_a_full_segments_own_rate(parts):
    sizes, durations = zip(*parts, strict=True)
    segments = track(sizes=sizes, durations=durations).segments
    target = target_duration_s(segments)
    full = [8 * one.size_bytes / one.duration_s for one in segments if target <= 2 * one.duration_s <= 3 * target]
    assert all(peak_bitrate_bps(segments) >= rate for rate in full)


def test_rates_of_a_variant_include_the_sound():
    audio = track("audio", "audio", (32_000, 32_000, 16_000))
    text = multivariant_manifest([track()], audio, 500_000)
    (variant,) = m3u8.loads(text).playlists
    assert variant.stream_info.bandwidth == 400_000 + 64_000
    assert variant.stream_info.average_bandwidth == 280_000 + 64_000
    assert variant.stream_info.codecs == "avc1.64001E,mp4a.40.2"
    assert variant.stream_info.resolution == (854, 480)
    assert variant.stream_info.frame_rate == 25
    assert "FRAME-RATE=25.000" in text


@pytest.mark.parametrize(("start_bps", "first"), [(10, "240p"), (250_000, "240p"), (500_000, "480p"), (10**9, "720p")])
def test_the_first_variant_is_what_the_network_carries(start_bps, first):
    videos = [
        track("240p", sizes=(100_000, 1, 1)),
        track("480p", sizes=(200_000, 1, 1)),
        track("720p", sizes=(400_000, 1, 1)),
    ]
    names = [
        variant.uri.split("/")[0] for variant in m3u8.loads(multivariant_manifest(videos, None, start_bps)).playlists
    ]
    assert names[0] == first
    assert sorted(names) == ["240p", "480p", "720p"]
    assert names[1:] == sorted(names[1:])


def test_what_is_still_to_come_counts_by_its_bound():
    audio = track("audio", "audio", (32_000, 32_000, 16_000))
    (variant,) = m3u8.loads(multivariant_manifest([track()], audio, 500_000, None, {"480p": 900_000})).playlists
    assert variant.stream_info.bandwidth == 900_000 + 64_000
    assert variant.stream_info.average_bandwidth == 280_000 + 64_000
    (variant,) = m3u8.loads(multivariant_manifest([track()], audio, 500_000, None, {"480p": 1})).playlists
    assert variant.stream_info.bandwidth == 400_000 + 64_000


def test_silent_picture_has_no_sound_group():
    text = multivariant_manifest([track()], None, 500_000)
    assert "AUDIO" not in text
    assert "mp4a" not in text


def test_sound_alone_is_a_variant_itself():
    text = multivariant_manifest([], track("audio", "audio"), 500_000)
    (variant,) = m3u8.loads(text).playlists
    assert (variant.uri, variant.stream_info.codecs) == ("audio/index.m3u8", "mp4a.40.2")
    assert "EXT-X-MEDIA:" not in text
    assert "RESOLUTION" not in text
