"""Clips that differ by what they show: slides with a speaker's inset, a slow slideshow, a speaker filling the picture.

Made once each on a `ClipShelf`, as its own clips are. Not here: clips that differ as files (`clips.py`).
"""

from __future__ import annotations

from pathlib import Path

from tests.factories.clips import ClipShelf, slides_filter

_X264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p")
# Grain that stands still, softened: texture everywhere, like a room behind a speaker.
_ROOM = "color=c=0x707070:s={size}:r=25:d={duration_s},noise=alls=70:all_seed=7,gblur=sigma=2"


def slides_with_speaker(shelf: ClipShelf, duration_s: int = 12) -> Path:
    """1280x720 slides with a restless inset of a twentieth of the picture; a key frame every 2 s."""
    slides = slides_filter(1280, 720, 25, duration_s)
    inset = f"mandelbrot=s=288x160:r=25:maxiter=400,trim=duration={duration_s}"
    graph = f"{slides}[page];{inset}[head];[page][head]overlay=W-w-16:H-h-16:shortest=1"
    return shelf._lavfi(f"speaker-inset-{duration_s}.mp4", graph, f"sine=d={duration_s}", *_X264, "-g", 50)


def slideshow(shelf: ClipShelf) -> Path:
    """Slides at two frames a second, as some recorders write them."""
    return shelf._lavfi("slideshow.mp4", slides_filter(1280, 720, 2, 30), "sine=d=30", *_X264, "-g", 20)


def speaker(shelf: ClipShelf) -> Path:
    """A standing camera before a speaker: texture everywhere, a third of the picture moves a little."""
    room = _ROOM.format(size="1280x720", duration_s=8)
    person = _ROOM.format(size="480x520", duration_s=8).replace("0x707070", "0xa07050")
    graph = (
        f"{room}[room];{person}[person];[room][person]overlay=x='400+40*sin(2*t)':y='200+15*sin(3*t)':shortest=1"
        ",noise=alls=3:allf=t"
    )
    return shelf._lavfi("speaker.mp4", graph, "sine=d=8", *_X264, "-crf", 26, "-g", 50)
