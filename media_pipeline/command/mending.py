"""Filters that make one ordinary picture of whatever the source has: constant rate, whole frames, SDR colours.

Pure, on streams of ffmpeg-python. Not here: rungs and encoders (`picture.py`), sound (`sound.py`).
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from .shared import Stream, fraction

if TYPE_CHECKING:
    from media_pipeline.steps import VideoStep

# BT.2408: what a grading room calls white lies at 203 nits; it becomes the white of an ordinary screen.
_WHITE_NITS = 203
_TRANSFERS = {"pq": "smpte2084", "hlg": "arib-std-b67"}
# Old decoders guess colours from the size where these are missing, and guess differently.
SDR_TAGS = {"color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709", "color_range": "tv"}

# Without zscale: the same curves on luma alone, as tables. Registers: 0 coded light, 1 light in units of white.
_CODED = "st(0,clip((val-minval)/(maxval-minval),0,1))"
_PQ_LIGHT = (
    f"st(2,pow(ld(0),1/78.84375));st(1,pow(max(ld(2)-0.8359375,0)/(18.8515625-18.6875*ld(2)),1/0.1593017578)"
    f"*10000/{_WHITE_NITS})"
)
_HLG_LIGHT = (
    "st(2,if(lte(ld(0),0.5),ld(0)*ld(0)/3,(exp((ld(0)-0.55991073)/0.17883277)+0.28466892)/12));"
    f"st(1,pow(ld(2),1.2)*1000/{_WHITE_NITS})"
)
# Mobius with its knee at 0.3 and a peak of 1000 nits: below the knee nothing changes, above it highlights bend over.
_PEAK, _KNEE = 1000 / _WHITE_NITS, 0.3
_A = -_KNEE * _KNEE * (_PEAK - 1) / (_KNEE * _KNEE - 2 * _KNEE + _PEAK)
_B = (_KNEE * _KNEE - 2 * _KNEE * _PEAK + _PEAK) / (_PEAK - 1)
_FACTOR = (_B * _B + 2 * _B * _KNEE + _KNEE * _KNEE) / (_B - _A)
_MAPPED = f"st(1,if(lte(ld(1),{_KNEE}),ld(1),{_FACTOR:.6f}*(ld(1)+{_A:.6f})/(ld(1)+{_B:.6f})))"
_RECODED = "minval+(maxval-minval)*clip(pow(ld(1),1/2.4),0,1)"  # BT.1886: how screens show BT.709
# Clockwise, in the filters ffmpeg itself would use.
_TURNS: dict[int, tuple[tuple[str, dict[str, str]], ...]] = {
    0: (),
    90: (("transpose", {"dir": "clock"}),),
    180: (("hflip", {}), ("vflip", {})),
    270: (("transpose", {"dir": "cclock"}),),
}
# The wide colours of BT.2020 look pale when read as BT.709; this is what they lose on average.
_SATURATION = 1.5


def steady(stream: Stream, step: VideoStep) -> Stream:
    """Give all frames the size of the first ones, and turn them as they are to be shown.

    A shared screen changes its size in the middle of a stream, and so do joined recordings. The graph is told not to
    begin anew then (`-reinit_filter`), which would lose its clock; these two filters follow the change.
    """
    width_px, height_px = step.stored_px
    fit = f"min({width_px}/iw,{height_px}/ih)"
    width, height = (
        f"if(eq(iw,{width_px})*eq(ih,{height_px}),{side},max(2,2*trunc({name}*{fit}/2)))"
        for name, side in (("iw", width_px), ("ih", height_px))
    )
    stream = stream.filter("scale", w=width, h=height, eval="frame", flags="bicubic")
    stream = stream.filter("pad", w=width_px, h=height_px, x="(ow-iw)/2", y="(oh-ih)/2", eval="frame")
    for name, options in _TURNS[step.turned_deg or 0]:
        stream = stream.filter(name, **options)
    return stream


def on_grid(stream: Stream, step: VideoStep) -> Stream:
    """Make whole frames of fields and put them on the ladder's clock, from the step's first frame to its last.

    A frame from before the start is kept until the next one comes (sources of variable rate), and the last one where
    the sound goes on longer than the picture.
    """
    rate = step.ladder.frame_rate
    if step.is_interlaced:
        stream = stream.filter("bwdif", mode="send_frame", deint="interlaced")
    length_s = step.range.length_s
    if step.held_until_s is not None:
        stream = stream.filter("tpad", stop=-1, stop_mode="clone")
        length_s = length_s or step.held_until_s - step.range.start_s
    stream = stream.filter("fps", fps=fraction(rate), start_time=0)
    if length_s is not None:
        stream = stream.filter("trim", end_frame=ceil(length_s * rate))
    return stream


def to_sdr(stream: Stream, transfer: str, *, has_zscale: bool) -> Stream:
    """Bring HDR (`pq` or `hlg`) to BT.709; to be called after the picture was made small, since it is slow."""
    if transfer == "sdr":
        return stream
    if not has_zscale:
        return _to_sdr_by_table(stream, transfer)
    # What the frames leave open is said here: an unknown matrix would end the encode.
    known = {"tin": _TRANSFERS[transfer], "min": "bt2020nc", "pin": "bt2020"}
    stream = stream.filter("zscale", t="linear", npl=_WHITE_NITS, **known).filter("format", "gbrpf32le")
    stream = stream.filter("zscale", p="bt709").filter("tonemap", "mobius", desat=0)
    return stream.filter("zscale", t="bt709", m="bt709", r="tv").filter("format", "yuv420p")


def marked(stream: Stream, step: VideoStep) -> Stream:
    """Mark frames with the colours of the source's first ones: every chunk then gets the same header."""
    if step.color_codes is None or step.transfer != "sdr":
        return stream
    names = ("color_primaries", "color_trc", "colorspace")
    return stream.filter("setparams", **dict(zip(names, step.color_codes, strict=True)))


def _to_sdr_by_table(stream: Stream, transfer: str) -> Stream:
    luma = ";".join((_CODED, _PQ_LIGHT if transfer == "pq" else _HLG_LIGHT, _MAPPED, _RECODED))
    chroma = f"clip((val-(minval+maxval)/2)*{_SATURATION}+(minval+maxval)/2,minval,maxval)"
    stream = stream.filter("format", "yuv420p10le").filter("lutyuv", y=luma, u=chroma, v=chroma)
    stream = stream.filter("scale", in_color_matrix="bt2020", out_color_matrix="bt709").filter("format", "yuv420p")
    tags = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709"}
    return stream.filter("setparams", **tags)
