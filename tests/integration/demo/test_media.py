"""A demo lecture as a file: picture and sound of the same length, captions inside it, made only once."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import av
import pysubs2
import pytest

import media_pipeline
from app.demo import media, speech
from app.demo.fonts import FontMissing
from app.demo.spec import load


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[media.DemoMedia, media.Tools]:
    """The shortest possible lecture: a title and one slide."""
    try:
        tools = media.find_tools(media_pipeline.find_tools().ffmpeg)
    except FontMissing as error:
        pytest.skip(str(error))
    lecture = load().lectures[0]
    short = replace(lecture, slides=lecture.slides[:1])
    return media.make_lecture(short, tmp_path_factory.mktemp("demo"), tools), tools


def test_picture_and_sound_have_one_length(made) -> None:
    with av.open(str(made[0].master)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.width, video.height) == ("h264", 1280, 720)
        assert audio.codec_context.name == "aac"
        video_s = float(video.duration * video.time_base)
        audio_s = float(audio.duration * audio.time_base)
    assert video_s == pytest.approx(audio_s, abs=0.25)
    assert 8 < video_s < 60


def test_captions_lie_within_the_film_and_say_the_sentences(made) -> None:
    item = made[0]
    cues = pysubs2.load(str(item.srt))
    sentences = [item.lecture.greeting, *(point.say for slide in item.lecture.slides for point in slide.points)]
    assert [cue.plaintext.replace("\n", "") for cue in cues] == [sentence.rstrip("。") for sentence in sentences]
    with av.open(str(item.master)) as container:
        assert cues[-1].end / 1000 < container.duration / av.time_base


def test_every_slide_is_a_chapter_of_the_file(made) -> None:
    item = made[0]
    info = media_pipeline.probe(item.master)
    assert [chapter.title for chapter in info.chapters] == ["开头", *(slide.heading for slide in item.lecture.slides)]
    assert 2 < info.chapters[1].start_s < info.duration_s


def test_second_time_does_nothing_and_leaves_nothing(made) -> None:
    item, tools = made
    before = {path.name: path.stat().st_mtime_ns for path in item.master.parent.iterdir()}
    assert media.make_lecture(item.lecture, item.master.parent, tools) == item
    assert {path.name: path.stat().st_mtime_ns for path in item.master.parent.iterdir()} == before
    assert len(before) == 3


def test_broken_encode_leaves_nothing_behind(made, tmp_path: Path) -> None:
    item, tools = made
    with pytest.raises(media.DemoMediaFailed):
        media.make_lecture(item.lecture, tmp_path, replace(tools, ffmpeg=Path(shutil.which("false") or "/bin/false")))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed: lectures hum instead")
def test_espeak_speaks_chinese_at_a_walking_pace() -> None:
    name, voice = speech.find_voice()
    assert name == "espeak-ng"
    long_s = speech.duration_s(voice("先打开手机里的设置，再点显示。"))
    assert 2 < long_s < 10
    assert speech.duration_s(voice("好。")) < long_s / 2


def test_make_all_by_hand_explains_its_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert media.main([]) == 2
    assert "usage" in capsys.readouterr().err
