"""One file by hand.

`python -m media_pipeline SOURCE OUT_DIR` probes, encodes and publishes into a folder, and says what it did. The same
again goes on from the chunks that are there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import signal
import sys
import threading
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from . import make_plan, parse_policy, probe, run
from .attempts import attempt_folder
from .errors import Cancelled, PipelineError
from .folder import FolderStorage
from .tools import find_tools
from .types import RunLimits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .types import MediaInfo, Published

_POLICY = Path(__file__).resolve().parent.parent / "config" / "ladder.toml"
_MIB = 1024**2
_USUAL = RunLimits()
_STEP_NAMES = {
    "probe": "检查 probe",
    "encode": "转换 encode",
    "package": "打包 package",
    "publish": "发布 publish",
}


class _Terminal:
    """Progress on one line that redraws itself; whole lines where the output is no terminal."""

    def __init__(self) -> None:
        self._shown = ("", -1)

    def report(self, step: str, fraction: float) -> None:
        percent = int(100 * fraction)
        if sys.stderr.isatty():
            end = "\n" if percent == 100 else ""
            sys.stderr.write(f"\r\033[K{_STEP_NAMES[step]} {percent:3d} %{end}")
            sys.stderr.flush()
        elif (step, percent // 100) != self._shown:
            self._shown = (step, percent // 100)
            if percent == 100:
                sys.stderr.write(f"{_STEP_NAMES[step]} ✓\n")


class _CtrlC:
    """Cancelled by Ctrl-C or SIGTERM, so that ffmpeg is gone before we are."""

    def __init__(self) -> None:
        self._event = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._event.set())

    def is_cancelled(self) -> bool:
        return self._event.is_set()


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m media_pipeline",
        description="把一个视频或音频转换成可在线播放的文件。 Turn one file into a streaming set.",
    )
    parser.add_argument("source", type=Path, metavar="SOURCE", help="视频或音频文件 a video or audio file")
    parser.add_argument("out_dir", type=Path, metavar="OUT_DIR", help="结果文件夹 where the result goes")
    parser.add_argument("--ffmpeg", help="ffmpeg 的路径 path of ffmpeg (FFMPEG_BIN, PATH, imageio-ffmpeg)")
    parser.add_argument("--policy", type=Path, default=_POLICY, help="转换策略 encoding policy (config/ladder.toml)")
    parser.add_argument(
        "--slots", type=_positive, default=_USUAL.slots, metavar="N",
        help="同时处理几段 how many chunks are made at once (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--memory", type=_positive, default=_USUAL.memory_bytes // _MIB, metavar="MIB",
        help="每个进程最多用多少内存 most memory of each ffmpeg, in MiB (%(default)s)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="以 JSON 输出结果 print the result as JSON")
    options = parser.parse_args(arguments)
    if not options.source.is_file():
        parser.error(f"没有这个文件 no such file: {options.source}")
    try:
        return _work(options)
    except PipelineError as error:
        sys.stderr.write(f"\n✗ {error.sentence}\n  {error}\n")
        return 130 if isinstance(error, Cancelled) else 1


def _work(options: argparse.Namespace) -> int:
    progress, cancel, started = _Terminal(), _CtrlC(), time.monotonic()
    policy = parse_policy(tomllib.loads(options.policy.read_text(encoding="utf-8")))
    tools = find_tools(options.ffmpeg)
    info = probe(options.source, cancel=cancel)
    progress.report("probe", 1.0)
    with options.source.open("rb") as file:
        plan = make_plan(info, policy, hashlib.file_digest(file, "sha256").hexdigest())
    with attempt_folder(options.out_dir) as work_dir:
        published = run(
            plan,
            options.source,
            work_dir=work_dir,
            storage=FolderStorage(options.out_dir, waiting_in=work_dir),
            prefix=plan.digest,
            tools=tools,
            progress=progress,
            cancel=cancel,
            limits=RunLimits(slots=options.slots, memory_bytes=options.memory * _MIB),
        )
    for line in _losses(info, published):
        sys.stderr.write(f"! {line}\n")
    if options.json:
        print((options.out_dir / plan.digest / "published.json").read_text(encoding="utf-8"), end="")
    else:
        _tell(info, published, options.out_dir / plan.digest, time.monotonic() - started)
    return 0


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} 不是正整数 is no whole number above 0")
    return int(text)


def _losses(info: MediaInfo, published: Published) -> Iterator[str]:
    """Yield what of the lecture is missing because its source is damaged."""
    if info.is_cut and info.lost_s:
        yield f"原文件不完整，末尾缺约 {info.lost_s:.1f} 秒 the source is cut: about {info.lost_s:.1f} s are missing"
    elif info.is_cut:
        yield "原文件不完整，缺多少不清楚 the source is cut: nobody knows how much is missing"
    if published.lost_s:
        yield f"末尾 {published.lost_s:.1f} 秒读不出来 the last {published.lost_s:.1f} s could not be read"


def _tell(info: MediaInfo, published: Published, folder: Path, took_s: float) -> None:
    video = info.video
    picture = f"{video.display_width_px}×{video.display_height_px} {video.codec}" if video is not None else "—"
    sound = f"{info.audio.channels} ch {info.audio.codec}" if info.audio is not None else "—"
    print(f"来源 source     {info.duration_s:.1f} s · {picture} · {sound} · {info.size_bytes / 1e6:.1f} MB")
    if info.aigc is not None:
        print(f"AI 标识 AIGC    {json.dumps(info.aigc, ensure_ascii=False)}")
    for rendition in published.renditions:
        size = f"{rendition.width_px}×{rendition.height_px}" if rendition.kind == "video" else "audio"
        rate = f"{rendition.average_bandwidth_bps / 1000:.0f} kb/s (峰值 peak {rendition.bandwidth_bps / 1000:.0f})"
        print(f"{rendition.name:<15} {size} · {rate} · {rendition.codecs} · {rendition.size_bytes / 1e6:.2f} MB")
    names = (published.master_name, published.saver_name, published.audio_name, published.mp4_name, published.m4a_name)
    stills = (published.poster_name, published.storyboard_name)
    print(f"文件 files      {' '.join(name for name in (*names, *stills) if name is not None)}")
    size_mb = published.size_bytes / 1e6
    print(f"结果 result     {folder} · {size_mb:.2f} MB · 用时 took {took_s:.1f} s · {published.recipe}")


if __name__ == "__main__":
    sys.exit(main())
