"""The operator's bounds become those of processes."""

from __future__ import annotations

from app.media.workshop import probe_limits, run_limits
from config.settings import load
from media_pipeline.types import ProbeLimits, RunLimits

GOOD = {"APP_SECRET_KEY": "k" * 40, "DATABASE_URL": "sqlite:////tmp/x.db"}


def test_without_settings_the_workshops_own_bounds_hold() -> None:
    media = load(GOOD).media
    assert run_limits(media) == RunLimits()
    assert probe_limits(media) == ProbeLimits()


def test_no_file_may_be_larger_than_all_together() -> None:
    limits = run_limits(load({**GOOD, "MEDIA_ENCODE_SCRATCH_BYTES": "1GiB"}).media)
    assert (limits.max_file_bytes, limits.max_total_bytes) == (1024**3, 1024**3)
    roomy = run_limits(load({**GOOD, "MEDIA_ENCODE_SCRATCH_BYTES": "99GiB"}).media)
    assert (roomy.max_file_bytes, roomy.max_total_bytes) == (16 * 1024**3, 99 * 1024**3)
