"""Every argument ffmpeg gets, against golden files.

Run with UPDATE_GOLDEN=1 to write them anew, then read the difference.
"""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from media_pipeline import Tools, make_plan
from media_pipeline.command.copied import copy_argv
from media_pipeline.command.picture import video_argv, video_folders
from media_pipeline.command.plain import keyframes_argv, package_argv
from media_pipeline.command.shared import SourceFile
from media_pipeline.command.sound import Gain, Treatment, audio_argv, listen_argv, measure_argv
from tests.unit.media_pipeline.conftest import ROOT, SLIDES, media, ready, sound, video

GOLDEN = ROOT / "tests" / "golden" / "media_pipeline"
TOOLS = Tools(Path("/usr/bin/ffmpeg"), "5.1")
SHA = "a" * 64
GAIN = Gain(gain_db=3.25)
NOISY = Gain(21, 9.5, Treatment("left", (50, 150), -48.2))


def source_of(info, tags=()):
    return SourceFile(Path("/data/a source.mp4"), info.container, tags)


def encode(info, policy, number=0):
    plan = make_plan(info, policy, SHA)
    return video_argv(TOOLS, source_of(info, plan.tags), plan.videos[number])


def sound_of(info, policy, number=0, gain=GAIN):
    plan = make_plan(info, policy, SHA)
    return audio_argv(TOOLS, source_of(info, plan.tags), plan.audios[number], gain)


def given_options(policy, **options):
    rungs = tuple(replace(rung, **options) for rung in policy.fallback.rungs)
    return replace(policy, profiles=(replace(policy.fallback, rungs=rungs),))


def measuring_cases(plan, stereo):
    yield "listen", listen_argv(TOOLS, source_of(media()), plan.loudness)
    yield "listen-stereo", listen_argv(TOOLS, source_of(media()), stereo.loudness)
    yield "measure-treated", measure_argv(TOOLS, source_of(media()), stereo.loudness, NOISY)
    yield (
        "measure-limited",
        measure_argv(TOOLS, source_of(media()), plan.loudness, Gain(21, 9.5), is_limited=True),
    )
    yield "listen-early", listen_argv(TOOLS, source_of(media()), plan.early_loudness)
    yield "sound-treated", audio_argv(TOOLS, source_of(media()), stereo.audios[1], NOISY)
    joined = Gain(0, 3, Treatment("mono"))
    yield "sound-two-equal-channels", audio_argv(TOOLS, source_of(media()), stereo.audios[0], joined)


def copying_cases(policy):
    info = media(picture=video(640, 360, ready=ready(bitrate_bps=200_000)))
    kept = make_plan(info, policy, SHA)
    early = make_plan(replace(info, video=replace(info.video, ready=ready(every=51, bitrate_bps=200_000))), policy, SHA)
    yield "copy-kept", copy_argv(TOOLS, source_of(info), kept.copies[-1])
    yield "copy-early", copy_argv(TOOLS, source_of(info), early.copies[-1])
    yield "copy-first", copy_argv(TOOLS, source_of(info), early.copies[0])
    yield "video-beside-copy", video_argv(TOOLS, source_of(info), kept.videos[0])


def cases(policy):
    short = media(duration_s=9.0)
    plan = make_plan(media(), policy, SHA)
    labelled = replace(short, aigc='{"AIGC":{"Label":"1"}}', rights={"copyright": "示范学院"})
    stored = SourceFile("https://store.example/sources/x?signature=1", media().container)
    yield from copying_cases(policy)
    yield from measuring_cases(plan, make_plan(media(audio=sound(2)), policy, SHA))
    yield "video-1080p", encode(short, policy)
    yield "video-slides", encode(media(picture=video(scene=SLIDES)), policy, -2)
    given = given_options(policy, bframes=16, b_strategy=1, tune="stillimage", aq_mode=2)
    yield "video-given-options", encode(media(picture=video(640, 360), audio=None, duration_s=9.0), given)
    yield "video-labelled", encode(labelled, policy)
    yield "video-interlaced-25", encode(replace(short, video=video(720, 576, is_interlaced=True)), policy)
    yield "video-29.97-upright", encode(replace(short, video=video(720, 1280, Fraction(30000, 1001))), policy)
    yield "video-silent-small", encode(media(picture=video(160, 120), audio=None, duration_s=9.0), policy)
    yield "video-first-lowest", encode(media(), policy, 0)
    yield "video-first-others", encode(media(), policy, 1)
    yield "video-chunk", encode(media(), policy, 2)
    yield "video-last-chunk", encode(media(picture=video(rate=Fraction(30000, 1001))), policy, -1)
    yield "video-from-store", video_argv(TOOLS, stored, plan.videos[2])
    yield "sound-stereo-labelled", sound_of(replace(labelled, audio=sound(2)), policy)
    yield "sound-quiet", sound_of(media(picture=None, duration_s=9.0), policy, gain=Gain(12.5, 7))
    yield "sound-first", sound_of(media(), policy, 0)
    yield "sound-middle", sound_of(media(duration_s=900.0), policy, 1)
    long = make_plan(media(duration_s=900.0), policy, SHA).early_audios[-1]
    yield "sound-fade", audio_argv(TOOLS, source_of(media()), long, Gain(0, 7), before=Gain(6, 2))
    yield "sound-last", sound_of(media(), policy, -1)
    yield (
        "package",
        package_argv(TOOLS, make_plan(labelled, policy, SHA).package, [("AIGC", "{}"), ("copyright", "x")]),
    )
    yield "package-sound", package_argv(TOOLS, make_plan(media(picture=None), policy, SHA).package, [])
    step = make_plan(media(), policy, SHA).package
    yield "package-cut", package_argv(TOOLS, step, [], start_s=Fraction("312.312"))
    yield "keyframes", keyframes_argv(TOOLS, "480p", 18, "stills")
    yield "package-silent", package_argv(TOOLS, make_plan(media(audio=None), policy, SHA).package, [])


NAMES = (
    "listen", "listen-stereo", "listen-early", "measure-treated", "measure-limited",
    "copy-kept", "copy-early", "copy-first", "video-beside-copy",
    "video-1080p", "video-slides", "video-given-options",
    "video-labelled", "video-interlaced-25",
    "video-29.97-upright", "video-silent-small", "video-first-lowest", "video-first-others", "video-chunk",
    "video-last-chunk", "video-from-store", "sound-stereo-labelled", "sound-quiet", "sound-treated",
    "sound-two-equal-channels", "sound-first", "sound-middle",
    "sound-fade", "sound-last", "package", "package-sound", "package-silent", "package-cut", "keyframes",
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
        allowed = "http,https,tcp,tls" if name == "video-from-store" else "file,pipe"
        for at in (index for index, word in enumerate(argv) if word == "-i"):
            options = argv[:at]
            assert options[options.index("-protocol_whitelist") + 1] == allowed, name
            assert "-format_whitelist" in options, name
        assert "-nostdin" in argv


def test_every_tag_is_an_option_of_its_own(policy):
    info = media(aigc="{}", rights={"copyright": "a b", "license": "CC BY"}, duration_s=9.0)
    for argv, outputs in ((encode(info, policy), 3), (sound_of(info, policy), 1)):
        tags = [argv[index + 1] for index, word in enumerate(argv) if word == "-metadata"]
        assert sorted(set(tags)) == ["AIGC={}", "copyright=a b", "license=CC BY"]
        assert len(tags) == 3 * outputs


def test_folders_are_all_ffmpeg_writes_into(policy):
    step = make_plan(media(duration_s=9.0), policy, SHA).videos[0]
    outputs = {word.split("/")[0] for word in encode(media(duration_s=9.0), policy)
               if word.endswith((".m3u8", ".jpg", ".m4s")) and not word.startswith("/")}  # fmt: skip
    assert outputs == set(video_folders(step)) == {"240p", "480p", "720p", "poster", "storyboard"}
