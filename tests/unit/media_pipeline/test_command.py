"""Every argument ffmpeg gets, against golden files.

Run with UPDATE_GOLDEN=1 to write them anew, then read the difference.
"""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from media_pipeline import Tools, command, make_plan
from media_pipeline.plan import MediaRange
from tests.unit.media_pipeline.conftest import ROOT, SLIDES, media, sound, video

GOLDEN = ROOT / "tests" / "golden" / "media_pipeline"
TOOLS = Tools(Path("/usr/bin/ffmpeg"), "5.1")
SHA = "a" * 64
GAIN = command.Gain(gain_db=3.25)


def source_of(info, tags=()):
    return command.SourceFile(Path("/data/a source.mp4"), info.container, tags)


def encode(info, policy, gain=GAIN):
    plan = make_plan(info, policy, SHA)
    video_step = plan.videos[0] if plan.videos else None
    return command.encode_argv(TOOLS, source_of(info, plan.tags), video=video_step, audio=plan.audio, gain=gain)


def given_options(policy, **options):
    rungs = tuple(replace(rung, **options) for rung in policy.fallback.rungs)
    return replace(policy, profiles=(replace(policy.fallback, rungs=rungs),))


def cases(policy):
    plan = make_plan(media(), policy, SHA)
    labelled = media(aigc='{"AIGC":{"Label":"1"}}', rights={"copyright": "示范学院"})
    yield "measure", command.measure_argv(TOOLS, source_of(media()), plan.loudness, command.Gain())
    yield (
        "measure-limited",
        command.measure_argv(TOOLS, source_of(media()), plan.loudness, command.Gain(21, 9.5), is_limited=True),
    )
    yield "encode-1080p", encode(media(), policy)
    yield "encode-slides", encode(media(picture=video(scene=SLIDES)), policy)
    given = given_options(policy, bframes=16, b_strategy=1, tune="stillimage", aq_mode=2)
    yield "encode-given-options", encode(media(picture=video(640, 360), audio=None), given)
    yield "encode-labelled-stereo", encode(replace(labelled, audio=sound(2)), policy)
    yield "encode-interlaced-25", encode(media(picture=video(720, 576, is_interlaced=True)), policy)
    yield "encode-29.97-upright", encode(media(picture=video(720, 1280, Fraction(30000, 1001))), policy)
    yield "encode-silent-small", encode(media(picture=video(160, 120), audio=None), policy)
    yield "encode-sound-quiet", encode(media(picture=None), policy, command.Gain(lift_db=12.5, gain_db=7))
    step = replace(plan.videos[0], range=MediaRange(Fraction(24), Fraction(24), 6), poster=None, storyboard=None)
    yield (
        "encode-stretch",
        command.encode_argv(TOOLS, source_of(media()), video=step, audio=None, gain=command.Gain()),
    )
    yield (
        "package",
        command.package_argv(TOOLS, make_plan(labelled, policy, SHA).package, [("AIGC", "{}"), ("copyright", "x")]),
    )
    yield "package-sound", command.package_argv(TOOLS, make_plan(media(picture=None), policy, SHA).package, [])
    yield "package-silent", command.package_argv(TOOLS, make_plan(media(audio=None), policy, SHA).package, [])


NAMES = (
    "measure", "measure-limited", "encode-1080p", "encode-slides", "encode-given-options", "encode-labelled-stereo",
    "encode-interlaced-25", "encode-29.97-upright", "encode-silent-small", "encode-sound-quiet", "encode-stretch",
    "package", "package-sound", "package-silent",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_the_golden_ones(policy, name):
    argv = dict(cases(policy))[name]
    assert all(isinstance(word, str) for word in argv)
    path = GOLDEN / f"{name}.txt"
    text = "\n".join(argv) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_golden_file_has_its_case():
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(NAMES)


def test_no_command_reaches_outside(policy):
    for name, argv in cases(policy):
        for at in (index for index, word in enumerate(argv) if word == "-i"):
            options = argv[:at]
            assert options[options.index("-protocol_whitelist") + 1] == "file,pipe", name
            assert "-format_whitelist" in options, name
        assert "-nostdin" in argv


def test_every_tag_is_an_option_of_its_own(policy):
    argv = encode(media(aigc="{}", rights={"copyright": "a b", "license": "CC BY"}), policy)
    tags = [argv[index + 1] for index, word in enumerate(argv) if word == "-metadata"]
    assert sorted(set(tags)) == ["AIGC={}", "copyright=a b", "license=CC BY"]
    assert len(tags) == 3 * 4


def test_folders_are_all_ffmpeg_writes_into(policy):
    plan = make_plan(media(), policy, SHA)
    argv = encode(media(), policy)
    folders = set(command.output_folders(plan.videos[0], plan.audio))
    outputs = {
        word.split("/")[0] for word in argv if word.endswith((".m3u8", ".jpg", ".m4s")) and not word.startswith("/")
    }
    assert outputs == folders == {"240p", "480p", "720p", "audio", "poster", "storyboard"}
