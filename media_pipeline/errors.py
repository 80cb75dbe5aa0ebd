"""Everything that can go wrong in the workshop, each with a stable code and a sentence for a teacher.

Not here: storage errors (`ports.py`), and the English or page-specific wording (the callers translate by `code`).
"""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    # the source is refused
    "empty_file": "这个文件是空的，没有任何内容。请重新导出或重新上传。",
    "not_media": "这个文件不是视频或音频，打不开。请确认选对了文件，或重新导出为 MP4 再上传。",
    "is_image": "这是一张图片，不是视频。请上传视频或音频文件。",
    "points_elsewhere": "这是一个播放列表，里面没有视频本身。请上传视频文件。",
    "parts_elsewhere": "这个文件的内容有一部分存放在别的文件里，单独打不开。请导出为一个完整的 MP4 再上传。",
    "clock_runs_back": (
        "这个文件像是几段录像直接接在一起的，时间在中途倒退，画面和声音会对不上。请用剪辑软件导出为一个 MP4 再上传。"
    ),
    "incomplete": "这个视频文件不完整，可能没有传完或录制时中断。请检查原文件后重新上传。",
    "no_playable_stream": "文件里没有找到能播放的画面或声音。请重新导出后再上传。",
    "undecodable": "这个文件里的画面或声音无法解码，可能已损坏或加了密。请重新导出为 MP4（H.264）再上传。",
    "too_short": "这个视频太短了，不足一秒。请检查是否选错了文件。",
    "too_long": "这个视频太长了，超过了允许的时长。请分成几讲再上传。",
    "too_large_picture": "这个视频的画面尺寸太大，超过了允许的范围。请导出为 1080p 或 4K 以内再上传。",
    "too_small_picture": "这个视频的画面尺寸太小，无法播放。请检查导出设置。",
    "too_many_frames": "这个视频的帧率太高，超过了允许的范围。请导出为每秒 60 帧以内再上传。",
    "too_many_streams": "这个文件里的音视频轨太多。请只保留一条画面和一条声音再上传。",
    "probe_timeout": "检查这个文件用时过长，已停止。文件可能已损坏，请重新导出后再上传。",
    "probe_failed": "检查这个文件时出错，文件可能已损坏。请重新导出后再上传。",
    "bad_caption": "这个字幕文件读不懂，里面没有找到带时间的字幕。请上传 SRT、VTT 或 ASS 字幕。",
    "caption_too_large": "这个字幕文件太大，不像一讲的字幕。请检查是否选错了文件。",
    "chapters_too_large": "这个章节文件太大，不像一讲的章节。请检查是否选错了文件。",
    # captions from speech
    "speech_not_installed": "本站没有安装语音识别模型，请上传字幕文件，或联系管理员。",
    "speech_failed": "自动生成字幕没有成功。请稍后重试，或上传字幕文件。",
    "no_speech": "这一讲里没有听到有人说话，没有生成字幕。",
    # encoding fails
    "encode_failed": "视频转换没有成功。请稍后重试；若仍失败，请重新导出视频后再上传。",
    "source_damaged": "视频转换到一半就读不下去了，原文件可能已损坏。请重新导出后再上传。",
    "too_much_memory": "这个视频的画面太大，服务器的内存处理不了。请导出为 1080p 或 4K 以内再上传。",
    "encode_timeout": "视频转换用时过长，已停止。请稍后重试。",
    "encode_stalled": "视频转换长时间没有进展，已停止。请稍后重试。",
    "encode_killed": "视频转换被系统中断。会自动重试，请稍候。",
    "output_too_large": "转换结果超过了允许的大小。请检查原视频，或分成几讲再上传。",
    "tool_missing": "服务器上没有找到视频转换程序，请联系管理员。",
    "out_of_space": "服务器存储空间不足，请联系管理员；空间恢复后可以重试。",
    # a part cut out of a finished lecture
    "cut_original_missing": "原来那一讲的视频已经不在了，拆不出这一讲。请直接上传这一段视频。",
    "cut_beyond_end": "这一段超出了原来那一讲的长度，拆不出来。请回到原来那一讲重新拆。",
    "cancelled": "转换已取消。",
    # the look through a source before it is shown; the encode goes on without it
    "analysis_failed": "画面和声音的检查没有做成。视频照常处理，不受影响。",
    # what a source carries beside picture and sound
    "subtitles_failed": "文件里的字幕没有取出来。视频照常处理，不受影响。",
}


class PipelineError(Exception):
    """Base of all expected failures; `code` is stable, `sentence` is Chinese for a teacher."""

    is_transient: bool = False

    def __init__(self, code: str, sentence: str | None = None, *, detail: str = "") -> None:
        self.code = code
        self.sentence = sentence if sentence is not None else SENTENCES[code]
        self.detail = detail
        super().__init__(f"{code}: {detail}" if detail else code)


class MediaRefused(PipelineError):
    """The source itself is the problem: trying again with the same file is pointless."""


class EncodingFailed(PipelineError):
    """ffmpeg did not finish; `stderr_tail` is for the log, never for the page."""

    def __init__(
        self, code: str = "encode_failed", *, stderr_tail: str = "", is_transient: bool = False, detail: str = ""
    ) -> None:
        super().__init__(code, detail=detail or stderr_tail.strip()[-300:])
        self.stderr_tail = stderr_tail
        self.is_transient = is_transient


class OutOfSpace(PipelineError):
    """The working disk or the store is full; worth trying again later."""

    is_transient = True

    def __init__(self, detail: str = "") -> None:
        super().__init__("out_of_space", detail=detail)


class Cancelled(PipelineError):
    """The caller asked us to stop; nothing is running any more."""

    def __init__(self) -> None:
        super().__init__("cancelled")
