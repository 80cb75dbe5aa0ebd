"""The tones that stand in for a voice: right length, always the same, no clipping."""

from __future__ import annotations

import array

import pytest

from app.demo import speech


@pytest.mark.parametrize("sentence", ["好。", "大家好，今天学蒸发面馒头。"])
def test_tones_last_as_long_as_reading_would(sentence: str) -> None:
    expected_s = max(1.0, len(sentence) / speech.CHARACTERS_PER_S)
    assert speech.duration_s(speech.hum(sentence)) == pytest.approx(expected_s, abs=0.01)


def test_tones_are_soft_repeatable_and_not_silent() -> None:
    pcm = speech.hum("先打开手机里的设置。")
    samples = array.array("h", pcm)
    assert pcm == speech.hum("先打开手机里的设置。")
    assert 3_000 < max(map(abs, samples)) < 16_000


def test_different_sentences_sound_different() -> None:
    assert speech.hum("先打开手机里的设置。") != speech.hum("再点显示，拖动滑块吧。")


def test_silence_has_the_length_asked_for() -> None:
    assert speech.duration_s(speech.silence(0.35)) == pytest.approx(0.35, abs=0.0001)
    assert not any(speech.silence(0.1))


def test_without_a_program_the_voice_hums(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert speech.find_voice() == ("tones", speech.hum)
