"""Lines in which an operator writes search words, read and written; pure.

`云课堂 = 空中学堂` are words for each other. `手机没声音、听不见 → 音量、铃声 设置` is what people say and what it is
called here; a blank parts words that need not stand together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from app.kernel.sentences import Sentence
from search_index import Thesaurus, make_thesaurus, own_text
from search_index.folding import fold_text

MAX_LINES: Final = 100
MAX_WORDS, MAX_LETTERS = 12, 20
_ARROW: Final = re.compile(r"→|->|=>|＝＞")
_SAME: Final = re.compile(r"[=＝]")
_BETWEEN: Final = re.compile(r"[、，,；;]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line; without `means` the words of `said` stand for each other."""

    said: tuple[str, ...]
    means: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.means:
            return " = ".join(self.said)
        return f"{'、'.join(self.said)} → {'、'.join(self.means)}"


def read_lines(text: str) -> tuple[list[Line], list[str]]:
    """Return the lines of a text that can be used, and a sentence for each that cannot."""
    lines: list[Line] = []
    problems: list[str] = []
    rows = [row.strip() for row in text.splitlines()]
    for number, row in enumerate(rows, 1):
        if not row:
            continue
        line = _read(row)
        problem = "一次最多写 100 行。" if number > MAX_LINES else _problem(line)
        if problem:
            problems.append(Sentence("第 %(number)d 行：%(problem)s", number=number, problem=problem))
        else:
            lines.append(line)
    if not lines and not problems:
        problems.append("请至少写一行。")
    return lines, problems


def _read(row: str) -> Line:
    said, *rest = _ARROW.split(row, maxsplit=1)
    if rest:
        return Line(_words(_BETWEEN.split(said)), _words(_BETWEEN.split(rest[0])))
    return Line(_words(_SAME.split(row)))


def _words(parts: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for part in parts:
        word = " ".join("".join(letter if letter.isprintable() else " " for letter in part).split())
        if word:
            found.setdefault(fold_text(word), word)
    return tuple(found.values())


def _problem(line: Line) -> str:
    """Say what is wrong with a line; "" for a good one."""
    if not line.means and len(line.said) < 2:
        return "请用“=”连起至少两个不同的词，或者用“→”写明是什么意思。"
    if not line.said:
        return "请在“→”前面写下大家怎么说。"
    if len(line.said) > MAX_WORDS or len(line.means) > MAX_WORDS:
        return "一行最多 12 个词，请分成几行。"
    return _problem_of_words(line)


def _problem_of_words(line: Line) -> str:
    for word in (*line.said, *line.means):
        if len(word) > MAX_LETTERS:
            return Sentence("“%(word)s”太长，一个词最多 20 个字。", word=word)
    for word in line.said:
        if len(fold_text(word).replace(" ", "")) < 2:
            return Sentence("“%(word)s”只有一个字，会把太多搜索带偏。", word=word)
    is_both = {fold_text(word) for word in line.said} & {fold_text(word) for word in line.means}
    return "箭头两边不能有同一个词。" if is_both else ""


def thesaurus_text(lines: Iterable[Line]) -> str:
    """Return lines in the form the search reads; strings of JSON are strings of TOML."""
    same = [list(line.said) for line in lines if not line.means]
    text = f"same = {_listed(same)}\n"
    for line in lines:
        if line.means:
            text += f"[[saying]]\nsaid = {_listed(line.said)}\nmeans = {_listed(line.means)}\n"
    return text


def thesaurus_of(lines: Sequence[Line]) -> Thesaurus:
    """Return the program's own thesaurus with these lines added.

    Raises:
        ValueError: when the search cannot read them.
    """
    return make_thesaurus([own_text(), thesaurus_text(lines)])


def _listed(value: Sequence[object]) -> str:
    return json.dumps(value, ensure_ascii=False)
