"""Plans: the same source and policy give the same digest everywhere, any difference that changes bytes another one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import pytest

from media_pipeline import MediaRefused, make_plan
from media_pipeline.steps import AudioStep, LoudnessStep, VideoStep, plan_from_json, plan_to_json
from tests.unit.media_pipeline.conftest import ROOT, media, sound, video

SHA = "a" * 64


def kinds(plan):
    return [(type(step), float(step.range.start_s)) for step in plan.chunk_steps]


def test_a_short_lecture_begins_with_its_lowest_rung_and_its_sound(policy):
    plan = make_plan(media(duration_s=29.0), policy, SHA)
    assert kinds(plan) == [
        (VideoStep, 0), (LoudnessStep, 0), (AudioStep, 0), (VideoStep, 0), (VideoStep, 8),
    ]  # fmt: skip
    assert (plan.early_loudness, plan.early_audios) == (None, ())


def test_a_long_lecture_starts_with_what_the_first_minute_needs(policy):
    plan = make_plan(media(duration_s=3600.0), policy, SHA)
    assert kinds(plan)[:4] == [(LoudnessStep, 0), (AudioStep, 0), (VideoStep, 0), (AudioStep, 8)]
    assert set(plan.first_steps) == {plan.early_loudness, plan.early_audios[0], plan.videos[0]}
    lowest, others = plan.videos[:2]
    assert [rung.name for rung in lowest.rungs] == ["240p"]
    assert [rung.name for rung in others.rungs] == ["480p", "720p"]
    assert (lowest.poster, lowest.storyboard) == (None, None)
    assert [(step.range.start_s, step.range.length_s) for step in plan.early_audios] == [(0, 8), (8, 88), (96, 24)]
    assert [step.measurements for step in plan.early_audios] == [
        (plan.early_loudness.digest,),
        (plan.early_loudness.digest,),
        (plan.loudness.digest, plan.early_loudness.digest),
    ]
    assert kinds(plan)[3:7] == [(AudioStep, 8), (LoudnessStep, 0), (AudioStep, 96), (AudioStep, 0)]
    assert {step.folder for step in plan.early_audios} == {"live/audio"}


def test_sound_that_ends_early_gets_no_provisional_one(policy):
    """A provisional stretch that is not full would leave a hole before the final sound."""
    short = media(duration_s=600.0, audio=sound(end_s=47.0))
    assert make_plan(short, policy, SHA).early_audios == ()
    assert len(make_plan(media(duration_s=600.0, audio=sound(end_s=48.0)), policy, SHA).early_audios) == 3


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30000, 1001), Fraction(5)])
@pytest.mark.parametrize("duration_s", [1.0, 23.9, 24.5, 25.99, 26.0, 600.0, 601.5, 21600.0])
def test_chunks_cover_the_source_on_the_segment_grid(policy, rate, duration_s):
    plan = make_plan(media(picture=video(rate=rate), duration_s=duration_s), policy, SHA)
    for steps in (plan.videos[1:] if len(plan.videos) > 1 else plan.videos, plan.audios):
        assert steps[-1].range.length_s is None
        end_s = Fraction(0)
        for step in steps:
            segment_s = step.ladder.segment_s if isinstance(step, VideoStep) else step.segment_s
            assert step.range.start_s == end_s == step.range.first_segment * segment_s
            end_s += step.range.length_s or 0
        assert duration_s - end_s >= 2 or len(steps) == 1
    for step in plan.audios:
        assert step.range.start_s * 48_000 % 1024 == 0


def test_storyboard_stills_keep_their_rhythm_across_chunks(policy):
    plan = make_plan(media(duration_s=300.0), policy, SHA)
    boards = [(step.storyboard.first * policy.storyboard.interval_s, step.range.start_s) for step in plan.videos[1:]]
    assert all(first_s == start_s for first_s, start_s in boards)


@pytest.mark.parametrize(("duration_s", "most"), [(9.0, 1), (200.0, 9), (21600.0, 9)])
def test_poster_candidates_are_spread_over_the_lecture(policy, duration_s, most):
    plan = make_plan(media(duration_s=duration_s), policy, SHA)
    asked = [step for step in plan.videos if step.poster is not None]
    assert 0 < len(asked) <= most
    assert asked[-1].range.start_s >= Fraction(duration_s) * 3 / 4 or most == 1


def test_what_cannot_be_sought_is_made_in_one_piece(policy):
    plan = make_plan(media(is_seekable=False), policy, SHA)
    assert [step.range.is_whole for step in (*plan.videos, *plan.audios)] == [True, True]
    assert plan.videos[0].encoder_threads == policy.encoder_threads


@pytest.mark.parametrize("info", [media(), media(audio=None), media(picture=None), media(duration_s=9.0)])
def test_a_plan_travels_as_json(policy, info):
    plan = make_plan(info, policy, SHA)
    assert plan_from_json(plan_to_json(plan)) == plan


def test_all_digests_differ(policy):
    plan = make_plan(media(duration_s=3600.0), policy, SHA)
    assert len({step.digest for step in plan.chunk_steps}) == len(plan.chunk_steps)


def test_digest_is_pinned(policy):
    """A changed digest means that every lecture would be encoded again: change it only on purpose."""
    assert make_plan(media(), policy, SHA).digest == "6ff767778871c7efe1de2222627115354c4a8a4e"


def test_digest_is_the_same_in_another_process(policy):
    script = (
        "import tomllib, pathlib\n"
        "from media_pipeline import make_plan, parse_policy\n"
        "from tests.unit.media_pipeline.conftest import media\n"
        "policy = parse_policy(tomllib.loads(pathlib.Path('config/ladder.toml').read_text(encoding='utf-8')))\n"
        f"print(make_plan(media(), policy, {SHA!r}).digest)"
    )
    environment = {"PYTHONHASHSEED": "12345", "PATH": ""}
    argv = [sys.executable, "-c", script]
    done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == make_plan(media(), policy, SHA).digest


@pytest.mark.parametrize(
    "info",
    [
        media(picture=video(640, 360)),
        media(picture=video(rate=Fraction(30))),
        media(picture=video(is_interlaced=True)),
        media(audio=sound(2)),
        media(audio=None),
        media(aigc='{"AIGC":{}}'),
        media(rights={"copyright": "somebody"}),
    ],
)
def test_what_changes_the_result_changes_the_digest(policy, info):
    assert make_plan(info, policy, SHA).digest != make_plan(media(), policy, SHA).digest


def test_another_source_or_recipe_is_another_digest(policy):
    base = make_plan(media(), policy, SHA)
    assert make_plan(media(), policy, "b" * 64).digest != base.digest
    assert make_plan(media(), replace(policy, version=policy.version + 1), SHA).digest != base.digest


def test_sound_of_another_picture_policy_is_the_same_step(policy):
    """A piece of work whose own parameters did not change keeps its digest, so that it can be found again."""
    other = replace(policy, poster=replace(policy.poster, quality=60))
    base, changed = make_plan(media(), policy, SHA), make_plan(media(), other, SHA)
    assert base.audios == changed.audios
    assert base.videos[1].digest != changed.videos[1].digest


def test_where_a_file_lies_does_not_matter(policy):
    assert make_plan(media(size_bytes=5), policy, SHA).digest == make_plan(media(), policy, SHA).digest


def test_sound_alone_has_no_picture_step(policy):
    plan = make_plan(media(picture=None), policy, SHA)
    assert plan.videos == ()
    assert plan.ladder is None
    assert plan.package.video_name is None
    assert plan.audios[0].segment_s == 4


def test_silent_picture_has_no_sound_step(policy):
    plan = make_plan(media(audio=None), policy, SHA)
    assert (plan.loudness, plan.audios, plan.package.has_audio) == (None, (), False)


def test_many_channels_become_two(policy):
    assert make_plan(media(audio=sound(6)), policy, SHA).audios[0].channels == 2


@pytest.mark.parametrize(("height_px", "name"), [(1080, "480p"), (480, "480p"), (360, "360p"), (120, "120p")])
def test_plain_file_is_the_best_rung_a_slow_network_carries(policy, height_px, name):
    picture = video(height_px * 16 // 9, height_px)
    assert make_plan(media(picture=picture), policy, SHA).package.video_name == name


def test_nothing_to_play_is_refused(policy):
    with pytest.raises(MediaRefused) as caught:
        make_plan(media(picture=None, audio=None), policy, SHA)
    assert caught.value.code == "no_playable_stream"
