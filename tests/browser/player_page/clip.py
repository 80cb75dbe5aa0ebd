"""A 16 second lecture as the media pipeline publishes it: three video rungs, one shared audio rendition, fMP4 HLS."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

DURATION_S = 16
SEGMENT_S = 2
RUNGS = ((720, "清晰", 900), (480, "标准", 450), (240, "省流", 160))
FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
SLIDES = (
    ("八段锦 第三讲", ("调理脾胃须单举", "社区学堂 · 每天十分钟")),
    ("准备姿势", ("两脚分开，与肩同宽", "膝盖微微弯曲")),
    ("动作要领", ("左手上举，掌心向天", "右手下按，掌心向地")),
    ("小结", ("呼气要慢，不要憋气", "累了就坐下歇一歇")),
)


@dataclass(frozen=True)
class Clip:
    """Where the clip lies and what it weighs."""

    folder: Path
    renditions: tuple[dict[str, object], ...]


def make_clip(folder: Path, ffmpeg: str) -> Clip:
    """Encode the whole set into `folder`."""
    folder.mkdir(parents=True)
    slides = _draw_slides(folder)
    _encode(folder, slides, ffmpeg)
    _write_saver(folder)
    _remux(folder, ffmpeg)
    _write_storyboard(folder, slides)
    _write_captions(folder / "zh.vtt", "大家好，今天我们来学八段锦。", "先站稳，两脚与肩同宽。")
    _write_captions(folder / "en.vtt", "Good morning, everybody.", "Stand with your feet apart.")
    return Clip(folder, _measure(folder))


def _draw_slides(folder: Path) -> list[Path]:
    paths = []
    for number, (title, lines) in enumerate(SLIDES):
        image = Image.new("RGB", (1280, 720), "#f5efdf")
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 0, 1280, 26), fill="#1d5a46")
        draw.rectangle((90, 130, 104, 236), fill="#b4481a")
        draw.text((140, 124), title, font=_font(96), fill="#23261f")
        for row, line in enumerate(lines):
            draw.text((140, 310 + 110 * row), line, font=_font(60), fill="#3c4438")
        draw.text((1120, 630), f"{number + 1} / {len(SLIDES)}", font=_font(40), fill="#5a5c4f")
        path = folder / f"slide{number}.png"
        image.save(path)
        paths.append(path)
    Image.open(paths[0]).save(folder / "poster.webp", quality=70)
    return paths


def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.truetype(str(FONT), size_px) if FONT.exists() else ImageFont.load_default(size_px)


def _encode(folder: Path, slides: list[Path], ffmpeg: str) -> None:
    step_s = DURATION_S // len(slides)
    argv = [ffmpeg, "-hide_banner", "-v", "error", "-nostdin", "-y"]
    for slide in slides:
        argv += ["-loop", "1", "-framerate", "12", "-t", str(step_s), "-i", str(slide)]
    argv += ["-f", "lavfi", "-t", str(DURATION_S), "-i", "aevalsrc=0.2*sin(2*PI*(220+60*sin(2*PI*t/3))*t):s=48000"]
    joined = "".join(f"[{number}:v]" for number in range(len(slides)))
    graph = f"{joined}concat=n={len(slides)}:v=1:a=0,format=yuv420p,split=3[a][b][c];"
    graph += "[a]null[v0];[b]scale=854:480[v1];[c]scale=426:240[v2]"
    argv += ["-filter_complex", graph]
    for index, (_, _, kbps) in enumerate(RUNGS):
        argv += ["-map", f"[v{index}]", f"-crf:v:{index}", "26", f"-maxrate:v:{index}", f"{kbps}k"]
        argv += [f"-bufsize:v:{index}", f"{2 * kbps}k"]
    argv += ["-map", f"{len(slides)}:a", "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main"]
    argv += ["-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT_S})", "-c:a", "aac", "-b:a", "64k", "-ac", "1"]
    streams = " ".join(f"v:{index},agroup:sound,name:{height}p" for index, (height, _, _) in enumerate(RUNGS))
    argv += ["-f", "hls", "-hls_time", str(SEGMENT_S), "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"]
    argv += ["-hls_flags", "independent_segments", "-hls_fmp4_init_filename", "init.mp4"]
    argv += ["-master_pl_name", "master.m3u8", "-var_stream_map", f"{streams} a:0,agroup:sound,default:yes,name:audio"]
    argv += ["-hls_segment_filename", str(folder / "%v/%05d.m4s"), str(folder / "%v/index.m3u8")]
    subprocess.run(argv, check=True)


def _write_saver(folder: Path) -> None:
    """Keep audio and the lowest rung of the multivariant manifest."""
    kept: list[str] = []
    lines = (folder / "master.m3u8").read_text().splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        is_other_rung = line.startswith("#EXT-X-STREAM-INF") and "240p" not in following
        is_other_address = line.endswith("index.m3u8") and not line.startswith("#") and "240p" not in line
        if not (is_other_rung or is_other_address):
            kept.append(line)
    (folder / "saver.m3u8").write_text("\n".join(kept) + "\n")


def _remux(folder: Path, ffmpeg: str) -> None:
    quiet = [ffmpeg, "-hide_banner", "-v", "error", "-nostdin", "-y"]
    video, audio = folder / "480p/index.m3u8", folder / "audio/index.m3u8"
    copy = ["-c", "copy", "-movflags", "+faststart"]
    subprocess.run([*quiet, "-i", str(video), "-i", str(audio), *copy, str(folder / "lecture.mp4")], check=True)
    subprocess.run([*quiet, "-i", str(audio), *copy, str(folder / "lecture.m4a")], check=True)


def _write_storyboard(folder: Path, slides: list[Path]) -> None:
    sprite = Image.new("RGB", (160 * len(slides), 90))
    cues = ["WEBVTT"]
    step_s = DURATION_S // len(slides)
    for number, slide in enumerate(slides):
        sprite.paste(Image.open(slide).resize((160, 90)), (160 * number, 0))
        begin, end = step_s * number, step_s * (number + 1)
        cues.append(f"00:00:{begin:02}.000 --> 00:00:{end:02}.000\nsprite.jpg#xywh={160 * number},0,160,90")
    sprite.save(folder / "sprite.jpg", quality=70)
    (folder / "storyboard.vtt").write_text("\n\n".join(cues) + "\n")


def _write_captions(path: Path, first: str, second: str) -> None:
    text = f"WEBVTT\n\n00:00:00.000 --> 00:00:08.000\n{first}\n\n00:00:08.000 --> 00:00:16.000\n{second}\n"
    path.write_text(text, encoding="utf-8")


def _measure(folder: Path) -> tuple[dict[str, object], ...]:
    found = [{"name": "audio", "label": "听课", "height_px": 0, "size_bytes": _weigh(folder / "audio")}]
    found += [
        {"name": f"{height}p", "label": label, "height_px": height, "size_bytes": _weigh(folder / f"{height}p")}
        for height, label, _ in RUNGS
    ]
    return tuple({**one, "bandwidth_bps": one["size_bytes"] * 8 // DURATION_S} for one in found)


def _weigh(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.suffix in {".mp4", ".m4s"})
