"""How near a rung is to its source: SSIM at the rung's size, VMAF v0.6.1 at 720p, every 5th frame.

Both sides are brought to the source's frame rate first, by repeating frames, so that motion lost to a lower rate
counts. Not here: making rungs.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from tests.bench.pipeline.recipes import Facts

_EVERY = 5
_VMAF_SIDE_PX = 720
_MODEL = "vmaf_v0.6.1"


@dataclass(frozen=True)
class Judge:
    """An ffmpeg to measure with, and whether it knows VMAF."""

    ffmpeg: str
    has_vmaf: bool


@dataclass(frozen=True)
class Rendered:
    """One encoded rung: a file and its size in pixels."""

    short_side_px: int
    path: Path
    width_px: int
    height_px: int


@dataclass(frozen=True)
class Quality:
    """SSIM of all planes; VMAF's mean and its 5th percentile, or None where it could not be measured."""

    ssim: float
    vmaf: float | None = None
    vmaf_low: float | None = None


def find_judge() -> Judge:
    """Return the first ffmpeg with libvmaf: FFMPEG_VMAF, PATH, the imageio-ffmpeg wheel; else PATH's without it."""
    found = [os.environ.get("FFMPEG_VMAF"), shutil.which("ffmpeg"), _wheel_ffmpeg()]
    candidates = [candidate for candidate in found if candidate]
    for candidate in candidates:
        listed = subprocess.run([candidate, "-hide_banner", "-filters"], check=True, capture_output=True, text=True)
        if " libvmaf " in listed.stdout:
            return Judge(candidate, has_vmaf=True)
    if not candidates:
        raise SystemExit("bench: no ffmpeg to measure quality with")
    return Judge(candidates[0], has_vmaf=False)


def _wheel_ffmpeg() -> str | None:
    try:
        import imageio_ffmpeg  # noqa: PLC0415 - only asked for where it is needed
    except ImportError:
        return None
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least `percent` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


def judge_rungs(judge: Judge, source: Facts, rungs: Sequence[Rendered], folder: Path) -> dict[int, Quality]:
    """Compare rungs with their source in one pass over it; returns quality by short side."""
    folder.mkdir(parents=True, exist_ok=True)
    argv = [judge.ffmpeg, "-hide_banner", "-nostdin", "-v", "error", "-i", str(source.path)]
    for rung in rungs:
        argv += ["-i", str(rung.path.resolve())]
    outputs = [f"{kind}{number}" for number in range(len(rungs)) for kind in ("ssim", "vmaf")[: 1 + judge.has_vmaf]]
    argv += ["-filter_complex", _graph(source, rungs, has_vmaf=judge.has_vmaf)]
    for output in outputs:
        argv += ["-map", f"[{output}]", "-f", "null", "-"]
    subprocess.run(argv, cwd=folder, check=True)
    return {rung.short_side_px: _read(folder, rung, has_vmaf=judge.has_vmaf) for rung in rungs}


def _graph(source: Facts, rungs: Sequence[Rendered], *, has_vmaf: bool) -> str:
    picked = f"setpts=PTS-STARTPTS,fps={source.rate}:start_time=0,select='not(mod(n,{_EVERY}))',setpts=N/TB/25"
    large = _vmaf_size(source)
    kinds = ("small", "large")[: 1 + has_vmaf]
    parts = [_fork(f"[0:v]{picked}", [f"from-{kind}{number}" for number in range(len(rungs)) for kind in kinds])]
    for number, rung in enumerate(rungs):
        given = f"[{number + 1}:v]{picked},format=yuv420p"
        parts.append(_fork(given, [f"made-{kind}{number}" for kind in kinds]))
        name = str(rung.short_side_px)
        compare = f"ssim=stats_file={name}.ssim:shortest=1[ssim{number}]"
        parts += _compared(f"small{number}", f"{rung.width_px}:{rung.height_px}", compare)
        if has_vmaf:
            options = f"model=version={_MODEL}:n_threads=2:log_fmt=json:log_path={name}.vmaf.json:shortest=1"
            parts += _compared(f"large{number}", large, f"libvmaf={options}[vmaf{number}]")
    return ";".join(parts)


def _fork(stream: str, names: Sequence[str]) -> str:
    return f"{stream},split={len(names)}" + "".join(f"[{name}]" for name in names)


def _compared(name: str, size: str, compare: str) -> list[str]:
    """Bring what was made and what it was made from to one size; a platform's own rounding of widths goes with it."""
    scale = f"scale={size}:flags=bicubic,setsar=1,format=yuv420p"
    return [
        f"[made-{name}]{scale}[made-at-{name}]",
        f"[from-{name}]{scale}[from-at-{name}]",
        f"[made-at-{name}][from-at-{name}]{compare}",
    ]


def _vmaf_size(source: Facts) -> str:
    long_px = 2 * round(_VMAF_SIDE_PX * max(source.ratio, 1 / source.ratio) / 2)
    return f"{long_px}:{_VMAF_SIDE_PX}" if source.ratio >= 1 else f"{_VMAF_SIDE_PX}:{long_px}"


def _read(folder: Path, rung: Rendered, *, has_vmaf: bool) -> Quality:
    lines = (folder / f"{rung.short_side_px}.ssim").read_text(encoding="utf-8").splitlines()
    ssim = statistics.mean(float(line.split("All:")[1].split()[0]) for line in lines)
    if not has_vmaf:
        return Quality(ssim)
    frames = json.loads((folder / f"{rung.short_side_px}.vmaf.json").read_text(encoding="utf-8"))["frames"]
    scores = [frame["metrics"]["vmaf"] for frame in frames]
    return Quality(ssim, statistics.mean(scores), percentile(scores, 5))
