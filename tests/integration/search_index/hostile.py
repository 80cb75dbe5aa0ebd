"""Queries nobody should type: operators, markup, code, control characters, lone surrogates, ten thousand letters."""

import random
from collections.abc import Iterator

_PIECES = (
    "养生", "手机", "太極拳", "八段景", "yangsheng", "ys", "ba段锦", "24", "二十四", "１２３", "AND",
    "OR NOT", "title:", "*", "?", "(", ")", "\"", "\\", "^5", "~2", "[a TO b]", "{", "}", "+", "-", "&&",
    "||", "!", ":", "/", "' OR 1=1 --", "; DROP TABLE lecture", "<script>alert(1)</script>", "<b>",
    "&lt;", "%00", "%s%n", "${7*7}", "{{7*7}}", "../../etc", "\x00", "\x1f", "\t", "\n", "\x7f", "\u200b",
    "\u202e", "\ufeff", "\ufdd0", "\uffff", "\ud800", "\udc00", "😀",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "e\u0301", "ﷺ", "㍿", "々", "〇", "กำ", "한국어", "ﬁ", "ß",
    "İ", "ａ", " ", "\u3000", "的", "了", "字太小", "不给工钱", "ganan", "xianxian", "zhangzhang",
)  # fmt: skip
_SIZES = (1, 1, 2, 3, 4, 8, 20, 80)


def hostile_queries(count: int, *, seed: int = 2026) -> Iterator[str]:
    """Yield as many queries, the same for the same seed; one of a hundred is some ten thousand letters long."""
    chance = random.Random(seed)
    for number in range(count):
        if number % 100 == 0:
            yield chance.choice(_PIECES) * (10_000 // 3)
        elif number % 5 == 0:
            yield "".join(chr(chance.randrange(0x11_0000)) for _ in range(chance.choice(_SIZES)))
        else:
            joint = chance.choice(("", "", " "))
            yield joint.join(chance.choices(_PIECES, k=chance.choice(_SIZES)))
