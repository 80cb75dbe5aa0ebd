"""The sources the bench makes itself: slides with and without a speaker, talking head, screen recording, camera.

All are 1080p; one more is ready for phones as it is.

Each is encoded as its kind of recorder does, once, and kept in a cache folder. Not here: what is drawn.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tests.bench.pipeline import drawn
from tests.bench.pipeline.speaker import speaker_frames
from tests.factories.clips import ClipShelf, ffmpeg_program

CACHE = Path(__file__).resolve().parents[3] / "build" / "bench-sources"
# Raised when what is drawn or how it is encoded changes: figures of other sources must not be compared.
VERSION = 1
NAMES = ("slides", "still", "head", "screen", "camera")


def source(name: str, seconds: int) -> Path:
    """Return a generated source, making it on first use."""
    CACHE.mkdir(parents=True, exist_ok=True)
    target = CACHE / f"{name}-{seconds}s-v{VERSION}.mp4"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=CACHE, prefix=f".{name}-") as folder:
            made = Path(folder) / "made.mp4"
            _MAKERS[name](Path(folder), seconds, made)
            made.replace(target)
    return target


def _sound(folder: Path) -> list[object]:
    return ["-stream_loop", "-1", "-i", ClipShelf(folder).speech]


_POINTER = (
    "overlay=x='500+420*sin(floor(t/5)*1.7+min(mod(t,5),2))':y='500+260*cos(floor(t/5)+min(mod(t,5),2))'[v]"
)
_OBS = ("-c:v", "libx264", "-preset", "veryfast", "-crf", 20, "-g", 250)


def _slides(folder: Path, seconds: int, target: Path) -> None:
    """Slides as OBS records them: CRF, long groups of pictures, a small camera picture in the corner."""
    graph = (
        "[0:v]fps=25,format=yuv420p[page];"
        "[1:v]format=yuv420p,noise=alls=5:allf=t:all_seed=7[head];"
        f"[page][head]overlay=1400:720[both];[both][2:v]{_POINTER}"
    )
    pointer = drawn.save(drawn.cursor(), folder / "cursor.png")
    given = [*_shown_slides(folder, seconds), *_raw(480, 270), "-i", pointer, *_sound(folder)]
    frames = speaker_frames(480, 270, 25 * seconds)
    _encode([*given, "-filter_complex", graph], 3, _OBS, seconds=seconds, target=target, frames=frames)


def _still(folder: Path, seconds: int, target: Path) -> None:
    """The same slides without a speaker: nothing moves but the pointer now and then."""
    graph = f"[0:v]fps=25,format=yuv420p[page];[page][1:v]{_POINTER}"
    pointer = drawn.save(drawn.cursor(), folder / "cursor.png")
    given = [*_shown_slides(folder, seconds), "-i", pointer, *_sound(folder), "-filter_complex", graph]
    _encode(given, 2, _OBS, seconds=seconds, target=target)


def _shown_slides(folder: Path, seconds: int) -> list[object]:
    """Draw slides into a folder and return the input that shows each as long as it should be."""
    lines = ["ffconcat version 1.0"]
    for number, (picture, shown_s) in enumerate(drawn.slide_states(seconds)):
        name = drawn.save(picture, folder / f"{number:04d}.png").name
        lines += [f"file {name}", f"duration {shown_s:.3f}"]
    lines.append(lines[-2])
    (folder / "slides.ffconcat").write_text("\n".join(lines), encoding="utf-8")
    return ["-safe", 0, "-i", folder / "slides.ffconcat"]


def _head(folder: Path, seconds: int, target: Path) -> None:
    """A speaker filling the picture, with a small sensor's grain, as a meeting program records."""
    graph = "[0:v]scale=1920:1080:flags=bicubic,format=yuv420p,noise=alls=4:allf=t:all_seed=7[v]"
    coding = ["-c:v", "libx264", "-preset", "veryfast", "-b:v", "4M", "-maxrate", "6M", "-bufsize", "8M", "-g", 100]
    given = [*_raw(960, 540), *_sound(folder), "-filter_complex", graph]
    _encode(given, 1, coding, seconds=seconds, target=target, frames=speaker_frames(960, 540, 25 * seconds))


def _screen(folder: Path, seconds: int, target: Path) -> None:
    """A desk with windows: one scrolls, another comes and goes, the pointer travels."""
    desk = drawn.save(drawn.landscape(1920, 1080, seed=2).reduce(4).resize((1920, 1080)), folder / "desk.png")
    pages = [drawn.save(drawn.text_page(1500, 9000, seed), folder / f"page-{seed}.png") for seed in (1, 4)]
    pointer = drawn.save(drawn.cursor(), folder / "cursor.png")
    still = "format=yuv420p,loop=-1:1:0,setpts=N/30/TB,fps=30"
    graph = (
        f"[0:v]{still}[desk];"
        f"[1:v]{still},crop=1500:860:0:'mod(132*floor(t/1.4)+132*min(mod(t,1.4)/0.3,1),8000)'[one];"
        f"[2:v]{still},crop=1100:640:60:'mod(84*floor(t/2)+84*min(mod(t,2)/0.4,1),8000)'[two];"
        "[desk][one]overlay=80:90[a];[a][two]overlay=700:330:enable='gte(mod(t,20),12)'[b];"
        "[b][3:v]overlay=x='800+500*sin(floor(t/3)*2+min(mod(t,3),1.2))':y='500+300*cos(floor(t/3)+min(mod(t,3),1.2))'[v]"
    )
    given = [word for path in (desk, *pages, pointer) for word in ("-i", path)]
    coding = ["-c:v", "libx264", "-preset", "veryfast", "-crf", 21, "-g", 300]
    _encode([*given, *_sound(folder), "-filter_complex", graph], 4, coding, seconds=seconds, target=target)


def _camera(folder: Path, seconds: int, target: Path) -> None:
    """A phone held by hand outdoors: detail everywhere, shake, grain, no B-frames, a key frame each second."""
    scene = drawn.save(drawn.landscape(3600, 2000, seed=11), folder / "scene.png")
    thing = drawn.save(drawn.landscape(420, 300, seed=12), folder / "thing.png")
    shake_x = "(iw-ow)/2+600*sin(0.11*t)+9*sin(9.3*t)+14*sin(4.1*t+1)+5*sin(17*t)"
    shake_y = "(ih-oh)/2+330*sin(0.17*t)+8*sin(8.1*t+2)+12*sin(3.3*t)+5*sin(19*t+1)"
    still = "format=yuv420p,loop=-1:1:0,setpts=N/30/TB,fps=30"
    graph = (
        f"[0:v]{still}[scene];[1:v]{still}[thing];"
        "[scene][thing]overlay=x='1500+1100*sin(0.5*t)':y='900+500*cos(0.7*t)'[moved];"
        f"[moved]crop=2112:1188:x='{shake_x}':y='{shake_y}',scale=1920:1080:flags=bicubic,noise=alls=8:allf=t:all_seed=7[v]"
    )
    coding = ["-c:v", "libx264", "-preset", "superfast", "-b:v", "17M", "-maxrate", "19M", "-bufsize", "17M"]
    coding += ["-bf", "0", "-g", "30"]
    given = ["-i", scene, "-i", thing, *_sound(folder), "-filter_complex", graph]
    _encode(given, 2, coding, seconds=seconds, target=target)


def _ready(folder: Path, seconds: int, target: Path) -> None:
    """Slides with a speaker's inset as phones play them already: 720p, a key frame every two seconds.

    A minute is encoded and comes again: without its sound, whose frames are not a minute long, it joins without a hole.
    """
    slides, minute = folder / "slides.mp4", folder / "minute.mp4"
    _slides(folder, min(seconds, 60), slides)
    coding = ["-c:v", "libx264", "-preset", "medium", "-crf", 26, "-g", 50, "-keyint_min", 50, "-sc_threshold", 0]
    program = [ffmpeg_program(), "-hide_banner", "-v", "error", "-y", "-i", slides, "-an", "-vf", "scale=1280:720"]
    subprocess.run([str(word) for word in [*program, *coding, minute]], check=True, stdin=subprocess.DEVNULL)
    given = ["-stream_loop", -1, "-i", minute, *_sound(folder), "-map", "0:v", "-map", "1:a", "-t", seconds]
    words = [*program[:5], *given, "-c:v", "copy", "-c:a", "aac", "-b:a", "128k", "-ar", 48000, "-ac", 2, target]
    subprocess.run([str(word) for word in words], check=True, stdin=subprocess.DEVNULL)


_MAKERS: dict[str, Callable[[Path, int, Path], None]] = {
    "slides": _slides,
    "still": _still,
    "head": _head,
    "screen": _screen,
    "camera": _camera,
    "ready": _ready,
}


def _raw(width_px: int, height_px: int) -> list[object]:
    return ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width_px}x{height_px}", "-r", 25, "-i", "pipe:0"]


def _encode(
    given: list[object],
    sound_input: int,
    coding: Sequence[object],
    *,
    seconds: int,
    target: Path,
    frames: Iterable[bytes] = (),
) -> None:
    argv = [ffmpeg_program(), "-hide_banner", "-v", "error", "-y", *given, "-map", "[v]", "-map", f"{sound_input}:a"]
    argv += [
        *coding,
        "-pix_fmt",
        "yuv420p",
        "-c:a",
        "aac",
        "-b:a",
        "128k",
        "-ar",
        48000,
        "-ac",
        2,
        "-t",
        seconds,
        target,
    ]
    with subprocess.Popen([str(word) for word in argv], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for frame in frames:
            process.stdin.write(frame)
        process.stdin.close()
    if process.returncode:
        raise SystemExit(f"bench: a source could not be made, ffmpeg ended with {process.returncode}")
