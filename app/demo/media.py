"""Turns a demo lecture into the files a teacher would upload: an MP4 master with chapters, and its captions.

The masters then go through the real pipeline like anybody's. `python -m app.demo.media OUT` makes them all by hand.
Files are named by a digest of everything that goes into them, so a second call does nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import media_pipeline
from app.demo import captions, fonts, slides, spec, speech
from app.demo.captions import Cue
from app.demo.fonts import FontMissing, Fonts
from app.demo.spec import LectureSpec
from media_pipeline.chapters import OPENING

FRAME_RATE = "5"  # a fifth of 25; pictures that stand still need no more, and every frame costs encoding time
LEAD_IN_S, BETWEEN_SENTENCES_S, BEFORE_SLIDE_S, LEAD_OUT_S = 0.6, 0.35, 0.7, 1.2
ENCODE_TIMEOUT_S = 180
_CODE = ("captions", "drawings", "fonts", "media", "pen", "slides", "speech", "spec")


class DemoMediaFailed(Exception):
    """ffmpeg did not make the master."""


@dataclass(frozen=True)
class Tools:
    """What the machine brings: ffmpeg's path, fonts, the voice."""

    ffmpeg: Path
    fonts: Fonts
    voice_name: str
    voice: speech.Voice


@dataclass(frozen=True)
class DemoMedia:
    """The finished files of one lecture."""

    lecture: LectureSpec
    master: Path
    srt: Path
    webvtt: Path


@dataclass(frozen=True)
class _Still:
    path: Path
    duration_s: float


@dataclass(frozen=True)
class _Show:
    """Everything drawn and spoken: pictures, sentences, when each slide begins, the voice's file."""

    stills: Sequence[_Still]
    cues: Sequence[Cue]
    slides_s: Sequence[float]
    sound: Path


def find_tools(ffmpeg: Path) -> Tools:
    """Look for fonts and a voice.

    Raises:
        FontMissing: without a Chinese font there is nothing to draw with.
    """
    voice_name, voice = speech.find_voice()
    return Tools(ffmpeg, fonts.find_fonts(), voice_name, voice)


def make_all(lectures: Iterable[LectureSpec], out_dir: Path, tools: Tools) -> list[DemoMedia]:
    """Make all lectures, a few at a time (ffmpeg does most of the work outside of this process)."""
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        return list(pool.map(lambda lecture: make_lecture(lecture, out_dir, tools), lectures))


def make_lecture(lecture: LectureSpec, out_dir: Path, tools: Tools) -> DemoMedia:
    """Make one lecture's master and captions, unless they are there already.

    Raises:
        DemoMediaFailed: with the end of what ffmpeg said.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    stem = out_dir / f"{lecture.key}-{_digest(lecture, tools)[:12]}"
    made = DemoMedia(lecture, stem.with_suffix(".mp4"), stem.with_suffix(".srt"), stem.with_suffix(".vtt"))
    if all(path.is_file() for path in (made.master, made.srt, made.webvtt)):
        return made
    with tempfile.TemporaryDirectory(dir=out_dir, prefix=f".{lecture.key}-") as work:
        show = _perform(lecture, tools, Path(work))
        unfinished = Path(work) / "master.mp4"
        chapters = _chapter_list(lecture, show, Path(work))
        _encode(tools.ffmpeg, _still_list(show.stills, Path(work)), show.sound, chapters, unfinished)
        made.srt.write_text(captions.to_srt(show.cues), encoding="utf-8")
        made.webvtt.write_text(captions.to_webvtt(show.cues), encoding="utf-8")
        unfinished.replace(made.master)
    return made


def _digest(lecture: LectureSpec, tools: Tools) -> str:
    """Name the result by its inputs: words, code, fonts and voice."""
    total = hashlib.sha256(repr((lecture, tools.fonts, tools.voice_name, FRAME_RATE)).encode())
    for name in _CODE:
        total.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    return total.hexdigest()


def _perform(lecture: LectureSpec, tools: Tools, work: Path) -> _Show:
    """Draw every picture, speak every sentence, and let each picture stand as long as its sentence takes."""
    stills: list[_Still] = []
    cues: list[Cue] = []
    slides_s: list[float] = []
    sound: list[bytes] = []
    now_s = 0.0
    for number, frame in enumerate(slides.frames(lecture, tools.fonts)):
        path = work / f"{number:03}.png"
        frame.picture.save(path, compress_level=1)
        before_s = LEAD_IN_S if number == 0 else BEFORE_SLIDE_S if frame.begins_slide else BETWEEN_SENTENCES_S
        pieces = [speech.silence(before_s), tools.voice(frame.say)]
        if frame.begins_slide:
            slides_s.append(now_s)
        start_s, length_s = now_s + speech.duration_s(pieces[0]), sum(map(speech.duration_s, pieces))
        cues.append(Cue(start_s, now_s + length_s, frame.say))
        stills.append(_Still(path, length_s))
        sound += pieces
        now_s += length_s
    sound.append(speech.silence(LEAD_OUT_S))
    stills[-1] = _Still(stills[-1].path, stills[-1].duration_s + LEAD_OUT_S)
    return _Show(stills, cues, slides_s, _write_wav(work / "voice.wav", sound))


def _write_wav(path: Path, pieces: Sequence[bytes]) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(speech.BYTES_PER_SAMPLE)
        file.setframerate(speech.SAMPLE_RATE_HZ)
        file.writeframes(b"".join(pieces))
    return path


def _still_list(stills: Sequence[_Still], work: Path) -> Path:
    """Write ffmpeg's concat list; the last picture is named twice, or its duration would be ignored."""
    path = work / "stills.txt"
    lines = ["ffconcat version 1.0"]
    for still in stills:
        lines += [f"file {still.path.name}", f"duration {still.duration_s:.4f}"]
    path.write_text("\n".join([*lines, f"file {stills[-1].path.name}"]) + "\n")
    return path


def _chapter_list(lecture: LectureSpec, show: _Show, work: Path) -> Path:
    """Write ffmpeg's metadata file of one chapter for the title and one for each slide."""
    path = work / "chapters.txt"
    end_s = sum(still.duration_s for still in show.stills)
    titles = [OPENING, *(slide.heading for slide in lecture.slides)]
    lines = [";FFMETADATA1"]
    for start_s, until_s, title in zip(show.slides_s, [*show.slides_s[1:], end_s], titles, strict=True):
        escaped = re.sub(r"([=;#\\\n])", r"\\\1", title)
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={start_s * 1000:.0f}", f"END={until_s * 1000:.0f}"]
        lines += [f"title={escaped}"]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


def _encode(ffmpeg: Path, still_list: Path, sound: Path, chapters: Path, target: Path) -> None:
    command = [
        str(ffmpeg), "-hide_banner", "-nostdin", "-loglevel", "error", "-y",
        "-protocol_whitelist", "file,pipe", "-f", "concat", "-i", str(still_list), "-i", str(sound),
        "-f", "ffmetadata", "-i", str(chapters), "-map", "0:v", "-map", "1:a", "-map_chapters", "2",
        "-vf", f"format=yuv420p,fps={FRAME_RATE}",
        "-c:v", "libx264", "-preset", "ultrafast", "-tune", "stillimage", "-crf", "20", "-g", "50", "-threads", "1",
        "-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709",
        "-c:a", "aac", "-aac_coder", "fast", "-b:a", "96k", "-ar", "48000", "-shortest", "-movflags", "+faststart",
        "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", str(target),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=ENCODE_TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise DemoMediaFailed(f"ffmpeg ended with {done.returncode} on {target.name}: {done.stderr[-600:]}")


def main(arguments: Sequence[str]) -> int:
    """Make every demo lecture in one folder and say how long it took."""
    if len(arguments) != 1:
        print("usage: python -m app.demo.media OUT", file=sys.stderr)
        return 2
    started = time.monotonic()
    try:
        tools = find_tools(media_pipeline.find_tools(None).ffmpeg)
        made = make_all(spec.load().lectures, Path(arguments[0]), tools)
    except (FontMissing, DemoMediaFailed, speech.SpeechFailed, media_pipeline.PipelineError) as error:
        print(error, file=sys.stderr)
        return 1
    for item in made:
        print(f"{item.master}  {item.master.stat().st_size / 1e6:.1f} MB")
    print(f"{len(made)} lectures in {time.monotonic() - started:.1f} s, voice: {tools.voice_name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
