"""Media clips for tests, generated with ffmpeg on first use and kept for the whole test run.

Use: a session fixture makes one `ClipShelf(shared_folder(tmp_path_factory))`; then `shelf.lecture()` and its sisters
return paths. Callers must not write to them. Not here: what the pipeline makes of clips.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tests.factories.voices import SPEECH_VARIANTS

if TYPE_CHECKING:
    import pytest

AIGC = '{"AIGC":{"Label":"2","ContentProducer":"示范学院","ProduceID":"0001"}}'
COPYRIGHT = "示范学院 2026"
SPEECH_TEXT = "同学们好，今天我们一起学习怎样使用手机。第一步，打开设置，把字体调大。第二步，学会用微信和家人视频。"
TAGS = "+use_metadata_tags"
FLASH = "lt(mod(t+0.0001,1),0.2)"
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder all xdist workers of one run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "clips"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def ffmpeg_program() -> str:
    """Return an ffmpeg for generating: the system's, else the wheel's."""
    found = os.environ.get("FFMPEG_BIN") or shutil.which("ffmpeg")
    if found is not None:
        return found
    import imageio_ffmpeg  # noqa: PLC0415 - only where PATH has none

    return imageio_ffmpeg.get_ffmpeg_exe()


def slides_filter(width_px: int, height_px: int, rate: int, duration_s: float) -> str:
    """Return a lavfi source like slides: lines appearing, another page every 3 s, one small moving part."""
    unit = height_px // 18
    lines = "".join(
        f",drawbox=x={2 * unit}:y={(3 + 2 * row) * unit}:w={(18 - 3 * (row % 3)) * unit}:h={unit}:color=0x3a4a5a:t=fill"
        f":enable='gte(mod(t,3),{row * 0.4:.1f})'"
        for row in range(6)
    )
    page = f"color=c=0xf7f2e8:s={width_px}x{height_px}:r={rate}:d={duration_s}"
    head = f"drawbox=x=0:y=0:w=iw:h={2 * unit}:color=0x8c2f2b:t=fill"
    second = "drawbox=x=iw/2:y=ih/4:w=iw/3:h=ih/2:color=0x2f6f8c:t=fill:enable='gte(mod(t,6),3)'"
    mover = f"drawbox=x='iw-{3 * unit}+{unit}*sin(6*t)':y=ih-{3 * unit}:w={unit}:h={unit}:color=0xd08a2e:t=fill"
    return f"{page},{head}{lines},{second},{mover}"


class ClipShelf:
    """Clips by name; each is made once, even with several test processes beside each other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # ---- ordinary sources

    def lecture(self, duration_s: int = 9, width_px: int = 1280, height_px: int = 720, rate: int = 25) -> Path:
        """Slides with speech, H.264 and mono AAC in MP4, labelled as made with AI and with a copyright note."""

        def make(target: Path) -> None:
            self._ffmpeg(
                *("-f", "lavfi", "-i", slides_filter(width_px, height_px, rate, duration_s)),
                *("-stream_loop", "-1", "-i", self.speech, "-t", duration_s),
                *(*X264, "-g", 2 * rate, "-c:a", "aac", "-b:a", "96k", "-ac", 1, "-ar", 44100),
                *("-metadata", f"AIGC={AIGC}", "-metadata", f"copyright={COPYRIGHT}"),
                *("-movflags", "+use_metadata_tags", target),
            )

        return self._once(f"lecture-{duration_s}-{width_px}x{height_px}-{rate}.mp4", make)

    def moving(self, duration_s: int = 6, width_px: int = 640, height_px: int = 360, rate: str = "25") -> Path:
        """Restless picture with stereo tones."""
        source = f"testsrc2=s={width_px}x{height_px}:r={rate}:d={duration_s}"
        sound = f"aevalsrc=0.3*sin(440*2*PI*t)|0.3*sin(660*2*PI*t):s=48000:d={duration_s}"
        name = f"moving-{duration_s}-{width_px}x{height_px}-{rate.replace('/', '_')}.mp4"
        return self._lavfi(name, source, sound, *X264, "-g", 48, "-c:a", "aac")

    def clapper(self, duration_s: int = 40, rate: str = "25") -> Path:
        """Restless picture that shows its second in six bits; on every second a white field and a tone of 0.2 s."""
        source = f"testsrc2=s=640x360:r={rate}:d={duration_s},drawbox=w=iw:h=80:color=black:t=fill"
        shown = {f"{10 + 80 * bit}:w=60": f"mod(floor(t/{2**bit}),2)" for bit in range(6)} | {"520:w=100": FLASH}
        for place, when in shown.items():
            source += f",drawbox=x={place}:y=10:h=60:color=white:t=fill:enable='{when}'"
        sound = f"aevalsrc='0.4*sin(2*PI*1000*t)*{FLASH}':s=48000:d={duration_s}"
        name = f"clapper-{duration_s}-{rate.replace('/', '_')}.mp4"
        labels = ("-metadata", f"AIGC={AIGC}", "-metadata", f"copyright={COPYRIGHT}")
        return self._lavfi(name, source, sound, *X264, "-g", 50, "-c:a", "aac", *labels, "-movflags", TAGS)

    def silent_picture(self) -> Path:
        """A picture without any sound track."""
        return self._lavfi("silent-picture.mp4", "testsrc2=s=640x360:r=25:d=5", None, *X264)

    def digital_silence(self) -> Path:
        """A picture with a sound track of zeros."""
        return self._lavfi("silence.mp4", "testsrc2=s=320x240:r=25:d=5", "anullsrc=cl=mono:r=48000:d=5", *X264)

    def audio_with_cover(self) -> Path:
        """An M4A with a cover picture, as podcasts have."""

        def make(target: Path) -> None:
            self._ffmpeg(
                *("-stream_loop", "-1", "-i", self.speech, "-i", self.picture(), "-t", 8, "-map", 0, "-map", 1),
                *("-c:a", "aac", "-c:v", "mjpeg", "-disposition:v", "attached_pic", target),
            )

        return self._once("cover.m4a", make)

    def plain_audio(self) -> Path:
        """An MP3."""
        return self._lavfi("plain.mp3", None, "sine=f=300:d=6:r=44100", "-c:a", "libmp3lame")

    def spoken(self, volume_db: float) -> Path:
        """Speech at another level, 10 s, no picture; positive values clip as careless recordings do."""

        def make(target: Path) -> None:
            loop = ("-stream_loop", "-1", "-i", self.speech, "-t", 10)
            self._ffmpeg(*loop, "-af", f"volume={volume_db}dB", "-c:a", "pcm_s16le", target)

        return self._once(f"spoken{volume_db:+.0f}.wav", make)

    def speech_variant(self, name: str, duration_s: int = 30) -> Path:
        """One of SPEECH_VARIANTS, no picture."""

        def make(target: Path) -> None:
            graph = SPEECH_VARIANTS[name].replace("[0:a]", "[voice0]")
            given = ("-stream_loop", "-1", "-t", duration_s, "-i", self.speech)
            graph = f"[0:a]aresample=48000[voice0];{graph}"
            self._ffmpeg(*given, "-filter_complex", graph, "-t", duration_s, "-c:a", "pcm_s16le", target)

        return self._once(f"variant-{name}-{duration_s}.mov", make)

    # ---- unusual pictures

    def upright(self) -> Path:
        """Recorded lying, to be shown upright: 1280x720 with a rotation of 90 degrees in the metadata."""

        def make(target: Path) -> None:
            # The order of versions: 6.1 and newer know -display_rotation, older ones the rotate tag.
            given = ("-i", self.moving(5, 1280, 720))
            try:
                self._ffmpeg("-display_rotation:v", 270, *given, "-c", "copy", target)
            except subprocess.CalledProcessError:
                self._ffmpeg(*given, "-c", "copy", "-metadata:s:v", "rotate=90", target)

        return self._once("upright.mp4", make)

    def odd_size(self) -> Path:
        """853x481, as cropped screen recordings are."""
        source = "testsrc2=s=854x482:r=25:d=5,format=yuv444p,crop=853:481"
        return self._lavfi("odd.mkv", source, None, "-c:v", "ffv1")

    def anamorphic(self) -> Path:
        """720x576 stored, 16:9 shown."""
        return self._lavfi("anamorphic.mp4", "testsrc2=s=720x576:r=25:d=5,setsar=64/45", None, *X264)

    def ten_bit(self) -> Path:
        """Ten bits for each colour."""
        source = "testsrc2=s=640x480:r=25:d=5,format=yuv420p10le"
        return self._lavfi("ten-bit.mkv", source, None, "-c:v", "ffv1", "-pix_fmt", "yuv420p10le")

    def variable_rate(self) -> Path:
        """Frames at changing distances, as screen recorders write: all of 30 a second, then every third."""
        source = "testsrc2=s=640x360:r=30:d=6,select='lt(t,3)+not(mod(n,3))'"
        return self._lavfi("variable.mp4", source, "sine=d=6", *X264, "-fps_mode", "vfr", "-c:a", "aac")

    def interlaced(self) -> Path:
        """Fields instead of frames: MPEG-2 in a transport stream, as broadcasters hand over."""
        source = "testsrc2=s=720x576:r=50:d=5,tinterlace=interleave_top,fieldorder=tff,setsar=64/45"
        coding = ("-c:v", "mpeg2video", "-b:v", "4M", "-flags", "+ildct+ilme", "-top", 1, "-f", "mpegts")
        return self._lavfi("interlaced.ts", source, "sine=d=5", *coding, "-c:a", "mp2")

    def recorder_webm(self) -> Path:
        """WebM as browsers record it: no duration in the header."""

        def make(target: Path) -> None:
            given = ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=5", "-f", "lavfi", "-i", "sine=d=5")
            coding = (
                "-c:v",
                "libvpx",
                "-deadline",
                "realtime",
                "-cpu-used",
                8,
                "-b:v",
                "500k",
                "-c:a",
                "libopus",
                "-f",
                "webm",
                "pipe:1",
            )
            target.write_bytes(self._ffmpeg(*given, *coding))

        return self._once("recorder.webm", make)

    def late_picture(self) -> Path:
        """The picture starts a second after the sound."""

        def make(target: Path) -> None:
            given = (
                "-f",
                "lavfi",
                "-i",
                "sine=d=6",
                "-itsoffset",
                1,
                "-f",
                "lavfi",
                "-i",
                "testsrc2=s=320x240:r=25:d=5",
            )
            self._ffmpeg(*given, "-map", "1:v", "-map", "0:a", *X264, "-c:a", "aac", target)

        return self._once("late.mp4", make)

    def black_start(self) -> Path:
        """Two thirds black, then a picture."""
        source = "testsrc2=s=640x360:r=25:d=6,drawbox=w=iw:h=ih:color=black:t=fill:enable='lt(t,4)'"
        return self._lavfi("black-start.mp4", source, None, *X264)

    def all_black(self) -> Path:
        """Nothing but black."""
        return self._lavfi("all-black.mp4", "color=c=black:s=320x240:r=25:d=5", None, *X264)

    # ---- what must be refused

    def picture(self) -> Path:
        """A JPEG."""
        return self._lavfi("picture.jpg", "testsrc2=s=640x480:d=1:r=1", None, "-frames:v", 1, "-update", 1)

    # ---- workings

    @cached_property
    def speech(self) -> Path:
        """Mandarin by espeak-ng where it is installed, else bursts of noise with the rhythm of speech."""

        def make(target: Path) -> None:
            speaker = shutil.which("espeak-ng")
            if speaker is not None:
                subprocess.run([speaker, "-v", "cmn", "-s", "150", "-w", str(target), SPEECH_TEXT], check=True)
                return
            bursts = (
                "anoisesrc=c=pink:a=0.5:d=10:r=22050,bandpass=f=700:w=900,volume='0.05+0.9*pow(sin(5*t),2)':eval=frame"
            )
            self._ffmpeg("-f", "lavfi", "-i", bursts, "-c:a", "pcm_s16le", target)

        return self._once("speech.wav", make)

    def _lavfi(self, name: str, picture: str | None, sound: str | None, *coding: object) -> Path:
        given = [word for source in (picture, sound) if source is not None for word in ("-f", "lavfi", "-i", source)]
        return self._once(name, lambda target: self._ffmpeg(*given, *coding, target))

    def _once(self, name: str, make: Callable[[Path], object]) -> Path:
        target = self.folder / name
        if not target.exists():
            waiting = self.folder / f"{os.getpid()}-{name}"
            make(waiting)
            waiting.replace(target)
        return target

    def _ffmpeg(self, *words: object) -> bytes:
        argv = [ffmpeg_program(), "-hide_banner", "-nostdin", "-v", "error", "-y", *(str(word) for word in words)]
        return subprocess.run(argv, check=True, capture_output=True).stdout
