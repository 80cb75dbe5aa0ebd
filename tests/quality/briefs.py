"""A second collection of another nature: short news and verse, with queries made by rule.

Every story is told in four pieces, of which some do not name it. Of a query for a story its pieces are worth 3 and
other pieces of its theme 1.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from search_index import Document
from tests.quality.catalogue import DATA
from tests.quality.judgements import CLOSE, MEANT

KINDS = ("word", "part", "phrase", "missing", "typo", "swapped")
_STARTED_AT = datetime(2025, 1, 1, tzinfo=UTC)
_HEADLINES = ("{story}：{first}", "{theme}｜{second}", "{story}追踪", "图说{theme}：{third}")
_AROUND = (
    "记者从现场发回报道。",
    "来源：晚报，编辑整理。",
    "更多内容请看明天的版面。",
    "读者来信谈到身边的变化。",
    "本版图片由通讯员提供。",
)
_STRANGE = "饕餮龘犇垚焱淼"


@dataclass(frozen=True, slots=True)
class Brief:
    """One piece."""

    id: str
    theme: str
    story: str
    title: str
    text: str

    def document(self) -> Document:
        """The piece as the index gets it."""
        at = _STARTED_AT + timedelta(hours=int(self.id[1:]))
        return Document(self.id, "brief", self.title, at, self.text)


@dataclass(frozen=True, slots=True)
class BriefQuery:
    """A query for a story."""

    kind: str
    text: str
    story: str
    theme: str

    def grades(self) -> dict[str, int]:
        """Worth of every piece that has any."""
        own = {one.id: MEANT for one in briefs() if one.story == self.story}
        return {one.id: CLOSE for one in briefs() if one.theme == self.theme} | own


@lru_cache(maxsize=1)
def briefs() -> tuple[Brief, ...]:
    """Make the pieces."""
    return tuple(_briefs(random.Random(7)))


def _briefs(chance: random.Random) -> Iterator[Brief]:
    number = 0
    for theme, story, *told in _stories():
        for headline in _HEADLINES:
            number += 1
            words = dict(zip(("first", "second", "third"), (each.split("，")[0] for each in told), strict=True))
            title = headline.format(theme=theme, story=story, **words)
            chosen = chance.sample(told, 2)
            named = "此事" if "{story}" in headline else story
            text = f"{chance.choice(_AROUND)}{named}引人关注。{'。'.join(chosen)}。"
            yield Brief(f"b{number}", theme, story, title, text)


def _stories() -> list[list[str]]:
    lines = (DATA / "briefs.txt").read_text("utf-8").splitlines()
    return [line.split("|") for line in lines if line and not line.startswith("#")]


def brief_queries() -> tuple[BriefQuery, ...]:
    """Make the queries: every story in every kind."""
    chance = random.Random(11)
    return tuple(
        BriefQuery(kind, _asked(kind, story, told, chance), story, theme)
        for kind in KINDS
        for theme, story, *told in _stories()
    )


def _asked(kind: str, story: str, told: list[str], chance: random.Random) -> str:
    phrase = told[0].split("，")[0]
    at = chance.randrange(1, len(phrase) - 2)
    if kind == "word":
        return story
    if kind == "part":
        return story[-2:] if chance.random() < 0.5 else story[:2]
    if kind == "missing":
        return phrase[:at] + phrase[at + 1 :]
    if kind == "typo":
        return phrase[:at] + chance.choice(_STRANGE) + phrase[at + 1 :]
    if kind == "swapped":
        return phrase[:at] + phrase[at + 1] + phrase[at] + phrase[at + 2 :]
    return phrase
