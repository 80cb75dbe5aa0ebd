"""Reading what ffmpeg says of its progress, line by line."""

from __future__ import annotations

from media_pipeline.progress import ProgressReader


def report(reader, frame, time_us, end=False):
    lines = [f"frame={frame}", "fps=25.0", f"out_time_us={time_us}", f"out_time_ms={time_us}", "speed=2x"]
    moved = [reader.feed(line) for line in lines]
    assert not any(moved)
    return reader.feed("progress=end" if end else "progress=continue")


def test_fraction_follows_time():
    reader = ProgressReader(10)
    assert report(reader, 10, 2_500_000)
    assert reader.fraction == 0.25
    assert report(reader, 20, 5_000_000)
    assert reader.fraction == 0.5


def test_standing_still_is_seen():
    reader = ProgressReader(10)
    assert report(reader, 10, 1_000_000)
    assert not report(reader, 10, 1_000_000)
    assert report(reader, 11, 1_000_000)


def test_odd_values_neither_break_nor_go_back():
    reader = ProgressReader(10)
    report(reader, 5, 3_000_000)
    for value in ("N/A", "-9223372036854775808", "", "1e5", "2000000"):
        report(reader, 6, value)
        assert reader.fraction == 0.3


def test_end_is_one_even_when_the_header_lied():
    reader = ProgressReader(100)
    report(reader, 5, 3_000_000, end=True)
    assert reader.fraction == 1.0
    longer = ProgressReader(1)
    report(longer, 5, 3_000_000)
    assert longer.fraction == 1.0


def test_first_report_without_frames_is_no_movement():
    assert not ProgressReader(10).feed("progress=continue")
