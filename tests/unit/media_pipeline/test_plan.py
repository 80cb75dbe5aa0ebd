"""Plans: the same source and policy give the same digest everywhere, any difference that changes bytes another one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import pytest

from media_pipeline import MediaRefused, make_plan
from media_pipeline.plan import AudioStep, LoudnessStep, PackageStep, VideoStep
from tests.unit.media_pipeline.conftest import ROOT, media, sound, video

SHA = "a" * 64


def test_steps_come_in_the_order_of_their_dependence(policy):
    plan = make_plan(media(), policy, SHA)
    assert [type(step) for step in plan.steps] == [LoudnessStep, AudioStep, VideoStep, PackageStep]
    assert len({step.digest for step in plan.steps} | {plan.digest}) == 5


def test_digest_is_pinned(policy):
    """A changed digest means that every lecture would be encoded again: change it only on purpose."""
    assert make_plan(media(), policy, SHA).digest == "45df6155cc202d44bcd88b5c67c275ba8e7ce19c"


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
    assert base.audio.digest == changed.audio.digest
    assert base.videos[0].digest != changed.videos[0].digest


def test_where_a_file_lies_does_not_matter(policy):
    assert make_plan(media(size_bytes=5), policy, SHA).digest == make_plan(media(), policy, SHA).digest


def test_sound_alone_has_no_picture_step(policy):
    plan = make_plan(media(picture=None), policy, SHA)
    assert plan.videos == ()
    assert plan.ladder is None
    assert plan.package.video_name is None
    assert plan.audio.segment_s == 4


def test_silent_picture_has_no_sound_step(policy):
    plan = make_plan(media(audio=None), policy, SHA)
    assert (plan.loudness, plan.audio, plan.package.has_audio) == (None, None, False)


def test_many_channels_become_two(policy):
    assert make_plan(media(audio=sound(6)), policy, SHA).audio.channels == 2


@pytest.mark.parametrize(("height_px", "name"), [(1080, "480p"), (480, "480p"), (360, "360p"), (120, "120p")])
def test_plain_file_is_the_best_rung_a_slow_network_carries(policy, height_px, name):
    picture = video(height_px * 16 // 9, height_px)
    assert make_plan(media(picture=picture), policy, SHA).package.video_name == name


def test_nothing_to_play_is_refused(policy):
    with pytest.raises(MediaRefused) as caught:
        make_plan(media(picture=None, audio=None), policy, SHA)
    assert caught.value.code == "no_playable_stream"
