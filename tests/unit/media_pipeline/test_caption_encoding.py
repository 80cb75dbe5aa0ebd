"""Which encoding a caption file is in, told by its bytes alone, however short it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.caption_encoding import decode

SIMPLIFIED = [
    "你好",
    "大家好",
    "第一讲",
    "高血压",
    "谢谢大家",
    "血压计怎么选",
    "今天学八段锦",
    "打开微信，点右上角",
    "锄禾日当午，汗滴禾下土",
]
TRADITIONAL = [
    "你好",
    "大家好",
    "第一講",
    "高血壓",
    "謝謝大家",
    "血壓計怎麼選",
    "今天學八段錦",
    "打開微信，點右上角",
    "請打開設定",
]
KOREAN = ["안녕하세요", "오늘은 휴대전화 사용법을 배웁니다", "감사합니다"]


def srt(text, count):
    return "".join(f"{i}\n00:00:{i:02d},000 --> 00:00:{i:02d},900\n{text}\n\n" for i in range(count))


@pytest.mark.parametrize("count", [1, 20])
@pytest.mark.parametrize(
    ("encoding", "texts"),
    [("gb18030", SIMPLIFIED), ("gb18030", TRADITIONAL), ("big5", TRADITIONAL), ("cp949", KOREAN)],
    ids=["mainland", "traditional in GB", "Taiwan", "Korean"],
)
def test_even_one_short_cue_is_read(encoding, texts, count):
    files = {text: srt(text, count) for text in texts}
    assert {text: decode(file.encode(encoding)) for text, file in files.items()} == files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_read_with_and_without_mark(encoding):
    assert decode(srt("你好，世界", 3).encode(encoding)) == srt("你好，世界", 3)


def test_a_few_broken_bytes_do_not_change_the_guess():
    data = srt("今天学八段锦", 5).encode("gb18030")
    assert decode(data[:60] + b"\xff" + data[60:]).count("今天学八段锦") >= 4


@given(st.binary(max_size=300))
def test_decoding_never_fails(data):
    assert isinstance(decode(data), str)
