"""One look through real files: what each fault of a recording becomes on the teacher's page."""

from __future__ import annotations

import resource
from datetime import date

import pytest

from config.policies import read_preflight
from media_pipeline import EncodingFailed, analyse, judge, parse_preflight, probe
from media_pipeline.analysis import analysis_from_json, analysis_to_json
from media_pipeline.errors import Cancelled
from tests.factories.clips import shared_folder
from tests.factories.flawed_clips import FlawedClips
from tests.integration.media_pipeline.conftest import Recorder


@pytest.fixture(scope="session")
def flawed(tmp_path_factory):
    return FlawedClips(shared_folder(tmp_path_factory))


@pytest.fixture(scope="session")
def preflight_policy():
    return parse_preflight(read_preflight())


@pytest.fixture
def look(tools, preflight_policy, tmp_path):
    """Return a function: file -> (what probing found, what looking through it found)."""

    def look_through(path):
        info = probe(path)
        recorder = Recorder()
        found = analyse(
            path, info, preflight_policy.measure, work_dir=tmp_path, tools=tools, progress=recorder, cancel=recorder
        )
        assert recorder.reports[-1] == ("analyse", 1.0)
        return info, found

    return look_through


@pytest.fixture
def report_of(look, preflight_policy):
    """Return a function: file -> its findings by code; without a profile any length is right."""

    def report(path, resource_type="other", *, has_captions=True):
        info, found = look(path)
        rules = preflight_policy.rules_for(resource_type, date(2026, 11, 24))
        report = judge(info, found, rules, has_captions=has_captions)
        return {finding.code: finding for finding in report.findings}

    return report


def test_black_and_silence_are_told_with_their_times(report_of, flawed):
    found = report_of(flawed.gaps())
    assert set(found) == {"black", "silence"}
    (black,), (silence,) = found["black"].spans, found["silence"].spans
    assert (found["black"].kind, found["silence"].kind) == ("advice", "advice")
    assert (black.at_s, black.until_s) == pytest.approx((8, 16), abs=1)
    assert (silence.at_s, silence.until_s) == pytest.approx((20, 30), abs=1)


def test_clipping_is_a_problem_and_loud_sound_is_not(report_of, flawed):
    clipped = report_of(flawed.clipped())
    assert clipped["clipped"].kind == "problem"
    assert "clipped" not in report_of(flawed.limited())


@pytest.mark.parametrize(("by_db", "code", "kind"), [(18, "quiet", "fixed"), (36, "very_quiet", "advice")])
def test_quiet_sound_is_lifted_and_very_quiet_sound_is_told(report_of, flawed, by_db, code, kind):
    found = report_of(flawed.quiet(by_db))
    assert set(found) == {code}, "a quiet voice is no silence"
    assert found[code].kind == kind


def test_sound_on_one_side(report_of, flawed):
    found = report_of(flawed.one_sided())
    assert set(found) == {"one_channel"}
    assert found["one_channel"].values == {"louder": 0}


def test_a_picture_out_of_focus(report_of, flawed):
    found = report_of(flawed.blurred())
    assert (set(found), found["blurred"].spans) == ({"blurred"}, ())


def test_black_borders_and_no_borders_around_dark_slides(report_of, flawed):
    found = report_of(flawed.letterboxed())
    assert set(found) == {"borders"}
    assert found["borders"].values["above"] == pytest.approx(0.125, abs=0.02)
    assert found["borders"].values["beside"] == 0
    assert report_of(flawed.dark_slides()) == {}


def test_a_micro_course_of_two_minutes_without_captions(report_of, flawed):
    found = report_of(flawed.short_course(), "micro_course", has_captions=False)
    assert {code: finding.kind for code, finding in found.items()} == {
        "too_short": "problem",
        "captions_missing": "advice",
        "low_frame_rate": "advice",
    }
    assert report_of(flawed.short_course()).keys() == {"low_frame_rate"}


def test_a_file_that_ends_early(report_of, flawed):
    found = report_of(flawed.cut_off())
    (missing,) = found["cut_off"].spans
    assert found["cut_off"].kind == "problem"
    assert missing.until_s == pytest.approx(40, abs=0.5)
    assert 18 < missing.at_s < 30
    assert "silence" not in found, "what is missing is told once"


def test_ordinary_sources(report_of, shelf):
    assert report_of(shelf.lecture()) == {}
    assert report_of(shelf.silent_picture()).keys() == {"no_sound", "low_resolution"}
    assert report_of(shelf.digital_silence()).keys() == {"all_silent", "low_resolution"}
    assert report_of(shelf.all_black()).keys() == {"all_black", "no_sound", "low_resolution"}
    assert report_of(shelf.plain_audio()).keys() == set()
    assert report_of(shelf.audio_with_cover()).keys() == set()
    upright = report_of(shelf.upright())
    assert {code: finding.kind for code, finding in upright.items()} == {"upright": "advice", "turned": "fixed"}
    interlaced = report_of(shelf.interlaced())
    assert interlaced["interlaced"].kind == "fixed"


def test_what_was_found_can_be_kept(look, flawed):
    _, found = look(flawed.letterboxed())
    assert analysis_from_json(analysis_to_json(found)) == found


def test_it_costs_little_processor_time(look, shelf):
    clip = shelf.lecture(30, 1920, 1080)
    info = probe(clip)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    look(clip)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # A fifth of a second on an idle machine, and a probe is counted too; the encode of this clip takes fifteen seconds.
    assert info.duration_s == pytest.approx(30, abs=0.5)
    assert cpu_s < 2


def test_a_file_that_is_gone_fails_with_a_code_of_its_own(tools, preflight_policy, shelf, tmp_path):
    info = probe(shelf.plain_audio())
    recorder = Recorder()
    with pytest.raises(EncodingFailed) as failure:
        analyse(
            tmp_path / "gone.mp3", info, preflight_policy.measure,
            work_dir=tmp_path, tools=tools, progress=recorder, cancel=recorder,
        )  # fmt: skip
    assert (failure.value.code, failure.value.is_transient) == ("analysis_failed", False)


def test_it_stops_when_asked(tools, preflight_policy, shelf, tmp_path):
    recorder = Recorder()
    recorder.cancelled.set()
    info = probe(shelf.plain_audio())
    with pytest.raises(Cancelled):
        analyse(
            shelf.plain_audio(), info, preflight_policy.measure,
            work_dir=tmp_path, tools=tools, progress=recorder, cancel=recorder,
        )  # fmt: skip
