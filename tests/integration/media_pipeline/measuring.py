"""Looking at published files with other eyes than the pipeline's: PyAV, the m3u8 package, ffmpeg's own meters."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av

if TYPE_CHECKING:
    from fractions import Fraction

    from media_pipeline.types import Rung

_LOOKING = tempfile.TemporaryDirectory(prefix="looking-")


@dataclass(frozen=True)
class Packets:
    """What a container holds: seconds of every key frame, number of packets, and the stretch they cover."""

    keyframes_s: list[float]
    count: int
    start_s: float
    end_s: float


def joined(folder: Path) -> Path:
    """Return init and segments of a rendition as one file, kept outside the store."""
    target = Path(_LOOKING.name) / f"{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}.mp4"
    parts = [folder / "init.mp4", *sorted(folder.glob("*.m4s"))]
    target.write_bytes(b"".join(part.read_bytes() for part in parts))
    return target


def packets(path: Path, kind: str = "video") -> Packets:
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        shown = [packet for packet in container.demux(stream) if packet.pts is not None]
        times = [float(packet.pts * packet.time_base) for packet in shown]
        ends = [float((packet.pts + packet.duration) * packet.time_base) for packet in shown]
        keys = sorted(time for time, packet in zip(times, shown, strict=True) if packet.is_keyframe)
    return Packets(keys, len(shown), min(times), max(ends))


def frames(path: Path, limit: int = 10_000) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        found = []
        for frame in container.decode(video=0):
            found.append(frame)
            if len(found) >= limit:
                break
    return found


def loudness(ffmpeg: Path, path: Path) -> tuple[float, float]:
    """Return integrated loudness in LUFS and true peak in dBTP of what a listener hears."""
    argv = [
        ffmpeg,
        "-hide_banner",
        "-nostdin",
        "-i",
        path,
        "-vn",
        "-af",
        "ebur128=peak=true:framelog=verbose",
        "-f",
        "null",
        "-",
    ]
    text = subprocess.run(argv, capture_output=True, text=True, check=True).stderr
    return float(re.findall(r"I:\s+(\S+) LUFS", text)[-1]), float(re.findall(r"Peak:\s+(\S+) dBFS", text)[-1])


def ssim(ffmpeg: Path, made: Path, source: Path, rung: Rung, rate: Fraction) -> float:
    """Return how alike a rung and its source are, frame by frame at the rung's size and rate; 1 is equal."""
    graph = (
        f"[1:v]fps={rate}:start_time=0,scale={rung.width_px}:{rung.height_px}:flags=bicubic,format=yuv420p,"
        f"settb=AVTB,setpts=N/({rate})/TB[from];[0:v]settb=AVTB,setpts=N/({rate})/TB[made];[made][from]ssim"
    )
    argv = [ffmpeg, "-hide_banner", "-nostdin", "-i", made, "-i", source, "-filter_complex", graph, "-f", "null", "-"]
    text = subprocess.run(argv, capture_output=True, text=True, check=True).stderr
    return float(re.findall(r"SSIM .*All:(\S+)", text)[-1])


def box_order(path: Path) -> list[str]:
    """Return the kinds of the outermost boxes, in order."""
    data, at, kinds = path.read_bytes(), 0, []
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kinds.append(data[at + 4 : at + 8].decode("latin-1"))
        if length == 1:
            length = int.from_bytes(data[at + 8 : at + 16], "big")
        at += length
    return kinds


def tags(path: Path) -> dict[str, str]:
    with av.open(str(path)) as container:
        return dict(container.metadata)
