"""Values the unit tests start from; no ffmpeg, no network, no database."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from pathlib import Path

import pytest

from media_pipeline import MediaInfo, parse_policy
from media_pipeline.types import AudioInfo, ReadyPicture, SceneInfo, Segment, Track, VideoInfo

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def policy_mapping():
    return tomllib.loads((ROOT / "config" / "ladder.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def policy(policy_mapping):
    return parse_policy(policy_mapping)


SLIDES = SceneInfo(static_share=1, moving_area=0.05, text_share=0.1, flat_share=0.7)
SCREEN = SceneInfo(static_share=1, moving_area=0.005, text_share=0.1, flat_share=0.8)
TALKING = SceneInfo(static_share=0.5, moving_area=0.14, text_share=0.03, flat_share=0.1)


def video(width_px=1920, height_px=1080, rate=Fraction(25), **changes):
    fields = {
        "stream_index": 0, "codec": "h264", "width_px": width_px, "height_px": height_px,
        "display_width_px": width_px, "display_height_px": height_px, "rotation_deg": 0, "sample_aspect": Fraction(1),
        "frame_rate": rate, "is_interlaced": False, "is_hdr": False, "bit_depth": 8, "pixel_format": "yuv420p",
    }  # fmt: skip
    return VideoInfo(**{**fields, **changes})


def ready(frames=15_000, rate=Fraction(25), every=50, bitrate_bps=800_000, **changes):
    """A picture of ten minutes that phones play as it is, with a key frame in every `every` frames."""
    key_frames = tuple(range(0, frames, every))
    sizes = tuple(int(bitrate_bps / 8 * min(every, frames - start) / rate) for start in key_frames)
    fields = {"level": 31, "frame_rate": rate, "frames": frames, "key_frames": key_frames, "group_bytes": sizes}
    return ReadyPicture(**{**fields, **changes})


def sound(channels=1, end_s=None):
    return AudioInfo(stream_index=1, codec="aac", sample_rate_hz=48000, channels=channels, end_s=end_s)


def media(picture="default", audio="default", **changes):
    fields = {
        "container": "mov,mp4,m4a,3gp,3g2,mj2", "duration_s": 600.0, "size_bytes": 1_000_000, "is_seekable": True,
        "video": video() if picture == "default" else picture, "audio": sound() if audio == "default" else audio,
    }  # fmt: skip
    return MediaInfo(**{**fields, **changes})


def track(name="480p", kind="video", sizes=(200_000, 100_000, 50_000), durations=(4, 4, 2), **changes):
    starts = [Fraction(sum(durations[:number])) for number in range(len(durations))]
    segments = tuple(
        Segment(f"{number:05d}.m4s", Fraction(duration), size, start, True)
        for number, (duration, size, start) in enumerate(zip(durations, sizes, starts, strict=True))
    )
    fields = {
        "kind": kind, "name": name, "init_name": "init.mp4", "init_bytes": 900,
        "init_sha256": "0" * 64, "segments": segments,
        "codecs": "avc1.64001E" if kind == "video" else "mp4a.40.2",
    }  # fmt: skip
    if kind == "video":
        fields |= {"width_px": 854, "height_px": int(name.rstrip("p")), "frame_rate": Fraction(25)}
    else:
        fields |= {"channels": 1}
    return Track(**{**fields, **changes})
