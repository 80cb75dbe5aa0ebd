"""Captions from speech: not configured, not installed, asked for, made, labelled; only the engine is a fake."""

from __future__ import annotations

import importlib.machinery
import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import ClassVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.kernel.jobs.model import Job, JobState
from app.library.models import Caption
from app.media.models import MediaSet
from app.media.queries import media_prefix
from config.settings import Settings, load
from tests.factories.clips import ClipShelf, shared_folder
from tests.fixtures.app import build_app, make_environ, run_jobs
from tests.integration.studio.college import SRT, Browser, College, give_media, in_work, signed_in

NOT_INSTALLED = "本站没有安装语音识别模型，请上传字幕文件，或联系管理员。"
OFFERED, RUNNING = 'data-testid="machine-form"', 'data-testid="machine-running"'


class FakeWhisper:
    """What faster-whisper gives back; notes what it was asked."""

    heard: ClassVar[list[tuple[float, float, str]]] = []
    calls: ClassVar[list[dict[str, object]]] = []

    def __init__(self, path: str, **options: object) -> None:
        assert options["local_files_only"], "a model is never downloaded"
        self.path = path

    def transcribe(self, path: str, **options: object) -> tuple[object, object]:
        if not Path(path).exists():
            raise RuntimeError("no sound")
        FakeWhisper.calls.append(options)
        segments = (SimpleNamespace(start=start, end=end, text=text) for start, end, text in self.heard)
        return segments, SimpleNamespace(duration=12.0)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (folder / name).write_bytes(b"x")
    return folder


@pytest.fixture
def whisper(monkeypatch: pytest.MonkeyPatch) -> type[FakeWhisper]:
    module = ModuleType("faster_whisper")
    module.__spec__ = importlib.machinery.ModuleSpec("faster_whisper", None)
    module.WhisperModel = FakeWhisper
    monkeypatch.setitem(sys.modules, "faster_whisper", module)
    FakeWhisper.heard = [(0.5, 3.0, " 大家好，今天学<八段锦>。"), (3.2, 6.0, "先站稳。")]
    FakeWhisper.calls = []
    return FakeWhisper


@pytest.fixture
def settings(tmp_path: Path, college_database: tuple[Path, College], model: Path) -> Settings:
    (tmp_path / "app.db").write_bytes(college_database[0].read_bytes())
    return load(make_environ(tmp_path, SPEECH_ENGINE="faster_whisper", SPEECH_MODEL_PATH=str(model)))


@pytest.fixture
def with_sound(app: Flask, lecture_id: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give the lecture a media set whose sound is in the store."""
    give_media(app, lecture_id)
    clip = ClipShelf(shared_folder(tmp_path_factory)).speech
    digest = in_work(app, lambda db: db.scalar(select(MediaSet.digest)))
    storage = app.extensions["platform"].storage
    storage.put_file(f"{media_prefix(digest)}/lecture.m4a", clip, "audio/mp4")


def captions(app: Flask) -> list[tuple[str, bool, str]]:
    statement = select(Caption.language, Caption.is_machine, Caption.webvtt)
    return in_work(app, lambda db: [tuple(row) for row in db.execute(statement)])


def jobs(app: Flask) -> list[tuple[JobState, str | None]]:
    statement = select(Job.state, Job.error_code).where(Job.kind == "caption_lecture")
    return in_work(app, lambda db: [tuple(row) for row in db.execute(statement)])


def ask(teacher: Browser, lecture_id: str) -> int:
    return teacher.post(f"/studio/lectures/{lecture_id}/captions/machine").status_code


@pytest.mark.usefixtures("with_sound")
def test_captions_are_made_and_say_so(
    app: Flask, teacher: Browser, lecture_id: str, whisper: type[FakeWhisper]
) -> None:
    path = f"/studio/lectures/{lecture_id}"
    assert OFFERED in teacher.get(path)
    assert ask(teacher, lecture_id) == 303
    assert RUNNING in teacher.get(path)
    run_jobs(app)
    ((language, is_machine, webvtt),) = captions(app)
    assert (language, is_machine) == ("zh-CN", True)
    assert webvtt.startswith("WEBVTT\n\nNOTE AIGC: 字幕由机器生成")
    assert "00:00:00.500 --> 00:00:03.000\n大家好，今天学&lt;八段锦&gt;。\n" in webvtt
    assert whisper.calls[0]["language"] == "zh"
    page = teacher.get(path)
    assert "字幕由机器生成" in page
    assert OFFERED in page, "made again when the machine was wrong"
    assert "字幕由机器生成，可能有错。" in teacher.get(f"/lectures/{lecture_id}")


@pytest.mark.usefixtures("with_sound", "whisper")
def test_the_page_is_told_how_far_it_is_without_being_opened_again(
    app: Flask, teacher: Browser, lecture_id: str, browser_of: Callable[[str], Browser]
) -> None:
    path = f"/studio/lectures/{lecture_id}/captions/status"
    assert f'data-live-url="{path}"' in teacher.get(f"/studio/lectures/{lecture_id}")
    assert 'data-live="no"' in teacher.get(path)
    ask(teacher, lecture_id)
    waiting = teacher.get(path)
    assert 'data-live="yes" data-spoken="正在自动生成字幕。"' in waiting
    assert RUNNING in waiting
    assert "<html" not in waiting
    run_jobs(app)
    done = teacher.get(path)
    assert 'data-live="no" data-spoken="字幕已经更新。"' in done
    assert "字幕由机器生成" in done
    assert teacher.client.get(path).headers["Cache-Control"] == "no-store"
    assert browser_of("stranger").client.get(path).status_code == 404


@pytest.mark.usefixtures("with_sound", "whisper")
def test_what_a_person_wrote_is_never_replaced(app: Flask, teacher: Browser, lecture_id: str) -> None:
    assert ask(teacher, lecture_id) == 303
    teacher.post(f"/studio/lectures/{lecture_id}/captions", language="zh-CN", caption=(io.BytesIO(SRT), "a.srt"))
    run_jobs(app)
    ((_, is_machine, webvtt),) = captions(app)
    assert not is_machine
    assert "今天学八段锦" in webvtt
    assert OFFERED not in teacher.get(f"/studio/lectures/{lecture_id}")
    assert ask(teacher, lecture_id) == 409
    assert "字幕由机器生成" not in teacher.get(f"/lectures/{lecture_id}")


@pytest.mark.usefixtures("with_sound", "whisper")
def test_a_person_replaces_what_the_machine_wrote(app: Flask, teacher: Browser, lecture_id: str) -> None:
    ask(teacher, lecture_id)
    run_jobs(app)
    teacher.post(f"/studio/lectures/{lecture_id}/captions", language="zh-CN", caption=(io.BytesIO(SRT), "a.srt"))
    assert [is_machine for _, is_machine, _ in captions(app)] == [False]


@pytest.mark.usefixtures("with_sound")
def test_silence_is_told(app: Flask, teacher: Browser, lecture_id: str, whisper: type[FakeWhisper]) -> None:
    whisper.heard = []
    ask(teacher, lecture_id)
    run_jobs(app)
    assert jobs(app) == [(JobState.FAILED, "no_speech")]
    page = teacher.get(f"/studio/lectures/{lecture_id}")
    assert "没有听到有人说话" in page
    assert OFFERED in page
    assert captions(app) == []


@pytest.mark.usefixtures("whisper")
def test_without_media_there_is_nothing_to_hear(teacher: Browser, lecture_id: str) -> None:
    assert OFFERED not in teacher.get(f"/studio/lectures/{lecture_id}")
    assert ask(teacher, lecture_id) == 409


@pytest.mark.usefixtures("with_sound")
def test_an_engine_that_is_not_installed_is_said(app: Flask, teacher: Browser, lecture_id: str) -> None:
    page = teacher.get(f"/studio/lectures/{lecture_id}")
    assert NOT_INSTALLED in page
    assert OFFERED not in page
    assert ask(teacher, lecture_id) == 503
    assert jobs(app) == []


@pytest.mark.usefixtures("with_sound", "whisper")
def test_a_model_that_goes_away_fails_the_job_plainly(
    app: Flask, teacher: Browser, lecture_id: str, model: Path
) -> None:
    ask(teacher, lecture_id)
    (model / "model.bin").unlink()
    run_jobs(app)
    assert jobs(app) == [(JobState.FAILED, "speech_not_installed")]
    assert NOT_INSTALLED in teacher.get(f"/studio/lectures/{lecture_id}")


def test_where_no_engine_is_chosen_nothing_is_offered(
    tmp_path: Path, college_database: tuple[Path, College], stand_in_assets: object, lecture_id: str
) -> None:
    app = build_app(load(make_environ(tmp_path)))
    give_media(app, lecture_id)
    client: FlaskClient = signed_in(app, "teacher")
    teacher = Browser(client)
    page = teacher.get(f"/studio/lectures/{lecture_id}")
    assert OFFERED not in page
    assert NOT_INSTALLED not in page
    answer = client.post(
        f"/studio/lectures/{lecture_id}/captions/machine",
        headers={"Accept": "application/json", "X-CSRFToken": teacher.token},
    )
    assert (answer.status_code, answer.json["code"], answer.json["detail"]) == (
        503,
        "speech_not_installed",
        NOT_INSTALLED,
    )


def test_only_the_college_may_ask(browser_of: Callable[[str], Browser], lecture_id: str) -> None:
    assert ask(browser_of("stranger"), lecture_id) == 404
    assert ask(browser_of("colleague"), lecture_id) == 403


def test_language_names_are_english_on_english_pages(teacher: Browser, lecture_id: str) -> None:
    teacher.client.set_cookie("ui", "normal.auto.standard.en")
    srt = io.BytesIO(SRT)
    teacher.post(f"/studio/lectures/{lecture_id}/captions", language="mnc", caption=(srt, "a.srt"))
    page = teacher.get(f"/studio/lectures/{lecture_id}")
    assert "满文" not in page
    assert page.count("Manchu") == 4  # in the list, spoken on its two buttons, among the choices
