"""How the picture of a source behaves, as raw numbers: loaded by path into the probing child process.

Self-contained like `probe_child.py` (standard library and PyAV's own frames only). It seeks to points spread over the
whole length, looks at two frames a quarter of a second apart at each, and counts blocks. What the numbers mean is
decided in `scenes.py`. Nothing here depends on the clock, so the same file always gives the same numbers.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

POINTS = 8
# Two frames this far apart: long enough for a hand or a mouth, short enough to fall rarely on a change of slides.
APART_S = 0.25
# A frame shown this long is a still picture, whatever comes after it.
STILL_S = 1.0
RUN_FRAMES = 8
# A damaged stretch may hold nothing that can be shown.
RUN_PACKETS = 300
# Larger pictures cost more for each frame, so fewer points are looked at: about the work of 1080p in every case.
PIXELS_AT_ALL_POINTS = 1920 * 1088
MIN_POINTS = 4
# Far above any recorded screen; sources that spend so much would also cost most to decode.
BUSY_BITS_PER_PIXEL = 0.2

MOTION_SIZE = (160, 90)
MOTION_BLOCK = 5
MOTION_LEVELS = 6
TEXT_SIZE = (640, 360)
TEXT_BLOCK = 8
TEXT_STEP = 16
FLAT_LEVELS = 3
EDGE_LEVELS = 64
# Of the 64 sorted pixels of a block this many beside each other are "the ground" if they differ by no more than this.
GROUND_PIXELS = 24
GROUND_LEVELS = 8

_Av: TypeAlias = Any


def sample_scene(
    av: _Av, reopen: Callable[[], _Av], stream: _Av, duration_s: float, size_bytes: int
) -> list[dict[str, float]]:
    """Return for every point that could be looked at the shares of moving, flat and lettered blocks, 0 to 1.

    Two threads share the points: decoding leaves the interpreter to the other one.
    """
    context = stream.codec_context
    pixels = context.width * context.height
    rate = float(stream.average_rate or 25)
    if not pixels or duration_s <= 0 or 8 * size_bytes / (duration_s * max(1.0, rate) * pixels) > BUSY_BITS_PER_PIXEL:
        return []
    points = max(MIN_POINTS, min(POINTS, POINTS * PIXELS_AT_ALL_POINTS // pixels))
    offsets = [int((number + 0.5) / points * duration_s * av.time_base) for number in range(points)]
    # Larger ones would take their memory twice.
    shares = [offsets] if pixels > PIXELS_AT_ALL_POINTS else [offsets[: points // 2], offsets[points // 2 :]]
    with ThreadPoolExecutor(len(shares)) as pool:
        looked = list(pool.map(partial(look_at_all, av, reopen, stream.index), shares))
    # Where the second share begins the first may have been already: one key frame can serve many points.
    found = {first: sample for share in reversed(looked) for first, sample in share}
    return [found[first] for first in sorted(found)]


def look_at_all(
    av: _Av, reopen: Callable[[], _Av], index: int, offsets: Sequence[int]
) -> list[tuple[int, dict[str, float]]]:
    """Return the time of the first frame and the shares of every point that could be looked at."""
    found: list[tuple[int, dict[str, float]]] = []
    seen: set[int] = set()
    with reopen() as container:
        stream = container.streams[index]
        stream.codec_context.thread_count = 1
        # Frames nothing else refers to are not worth decoding for a look at motion.
        stream.codec_context.skip_frame = "NONREF"
        for offset in offsets:
            try:
                container.seek(offset)
                sample = look(container, stream, seen)
            except (av.FFmpegError, EOFError, ValueError):
                continue
            if sample is not None:
                found.append(sample)
    return found


def look(container: _Av, stream: _Av, seen: set[int]) -> tuple[int, dict[str, float]] | None:
    """Compare the next two frames that lie far enough apart; None where an earlier point led to the same place."""
    first = second = None
    frames = 0
    for packet in islice(container.demux(stream), RUN_PACKETS):
        for frame in packet.decode():
            if frame.pts is None:
                continue
            frames += 1
            if first is None:
                if frame.pts in seen:
                    return None
                seen.add(frame.pts)
                first = frame
            second = frame
            if frame.time - first.time >= APART_S or frames >= RUN_FRAMES:
                return first.pts, compare(first, second)
    if first is None or second is first:
        return None
    return first.pts, compare(first, second)


def compare(first: _Av, second: _Av) -> dict[str, float]:
    """Return the shares of two frames."""
    is_still = second.time - first.time >= STILL_S
    flat, text = drawn_shares(gray(first, TEXT_SIZE))
    moving = 0.0 if is_still else moving_share(gray(first, MOTION_SIZE), gray(second, MOTION_SIZE))
    return {"moving": moving, "flat": flat, "text": text}


def gray(frame: _Av, size: tuple[int, int]) -> list[bytes]:
    """Return the brightness of a frame at a small size, row by row."""
    small = frame.reformat(width=size[0], height=size[1], format="gray", interpolation="AREA")
    plane = small.planes[0]
    data, stride = bytes(plane), plane.line_size
    return [data[row * stride : row * stride + size[0]] for row in range(size[1])]


def moving_share(one: list[bytes], other: list[bytes]) -> float:
    """Return the share of blocks in which any spot changed visibly."""
    moving: set[tuple[int, int]] = set()
    for row, (before, after) in enumerate(zip(one, other, strict=True)):
        if before != after:
            block_row = row // MOTION_BLOCK
            moving.update(
                (block_row, column // MOTION_BLOCK)
                for column, (was, now) in enumerate(zip(before, after, strict=True))
                if abs(was - now) >= MOTION_LEVELS
            )
    return len(moving) * MOTION_BLOCK**2 / (MOTION_SIZE[0] * MOTION_SIZE[1])


def drawn_shares(rows: list[bytes]) -> tuple[float, float]:
    """Return the shares of blocks without any detail, and of blocks with sharp edges on flat ground."""
    flat = text = blocks = 0
    for top in range(0, TEXT_SIZE[1] - TEXT_BLOCK + 1, TEXT_BLOCK):
        # Every second block, in the pattern of a chessboard.
        for left in range(top % TEXT_STEP, TEXT_SIZE[0] - TEXT_BLOCK + 1, TEXT_STEP):
            pixels = b"".join([row[left : left + TEXT_BLOCK] for row in rows[top : top + TEXT_BLOCK]])
            blocks += 1
            # Most blocks of slides are empty, and to sort them is most of the work.
            if max(pixels) - min(pixels) <= FLAT_LEVELS:
                flat += 1
                continue
            block = sorted(pixels)
            # Two spots at either end may be an artefact of the source's compression.
            spread = block[-3] - block[2]
            if spread <= FLAT_LEVELS:
                flat += 1
            elif spread >= EDGE_LEVELS:
                dark = block[GROUND_PIXELS + 2] - block[2]
                bright = block[-3] - block[-3 - GROUND_PIXELS]
                text += min(dark, bright) <= GROUND_LEVELS
    return flat / blocks, text / blocks
