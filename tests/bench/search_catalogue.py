"""What the search bench asks, and of which lectures."""

import time
from collections.abc import Iterator

from search_index import Document, Passage
from tests.factories.catalogue_texts import LectureText, lecture_texts, spoken_cues

FACETS = ("city", "county", "institution", "institution_type", "audience", "topic", "category", "type")
FACETS += ("length", "language", "captions", "green_channel")
"""What the catalogue's own page counts."""
_SHARES = {"institution_type": 7, "category": 5, "length": 4}
CAPTIONED_MINUTES = 45
QUERIES: dict[str, tuple[str, ...]] = {
    "two-character word": ("养生", "手机", "书法", "朗诵", "反诈", "剪纸", "急救", "直播", "栽培", "太极"),
    "very common word": ("社区", "老师", "学习", "课程", "大家", "基础"),
    "phrase": (
        "老年人智能手机入门",
        "春季养生",
        "沈阳故宫史话",
        "家庭常用急救方法",
        "二十四式太极拳",
        "怎么设置手机字体",
    ),
    "several words": ("手机 摄影", "沈阳市 太极", "老年人 用药", "大棚 草莓 管理", "张老师 书法"),
    "pinyin": ("yangsheng", "shouji", "taijiquan", "shufa", "zhanglaoshi"),
    "initials": ("ys", "bdj", "sjsy", "zls"),
    "typo, homophone": ("八段景", "养声", "太级拳", "书发", "剪只"),
    "traditional": ("太極拳", "養生", "書法", "故宮史話"),
    "browse": ("",),
}
COMMON = ("社区 老师", "学习 课程", "基础 课程 老师", "社区居民 学习")
"""Several very common words at once: rare, the dearest there is, and given apart."""


class MadeDocuments:
    """Documents made while they are asked for, since captions of all fill the memory; `took_s` is our own work."""

    def __init__(self, count: int, captioned: int) -> None:
        self._count, self._captioned = count, captioned
        self.took_s = 0.0

    def __iter__(self) -> Iterator[Document]:
        texts = lecture_texts(self._count)
        for _ in range(self._count):
            started_s = time.thread_time()
            document = _document(next(texts), self._captioned)
            self.took_s += time.thread_time() - started_s
            yield document


def _document(text: LectureText, captioned: int) -> Document:
    """Return a lecture as the catalogue hands it over; every so many of them have captions, none with 0."""
    cues = spoken_cues(text, CAPTIONED_MINUTES) if captioned and text.number % captioned == 0 else ()
    return Document(
        id=f"lecture-{text.number}",
        kind="lecture",
        title=text.title,
        description=text.description,
        teacher=text.teacher,
        institution=text.institution,
        tags=text.tags,
        passages=tuple(Passage(start_s, said) for start_s, said in cues),
        keywords={"topic": (text.topic,), "audience": text.audiences, "place": (text.city,)},
        facets={**text.facets, **_more_facets(text.number)},
        published_at=text.published_at,
    )


def _more_facets(number: int) -> dict[str, tuple[str, ...]]:
    """The catalogue's other facets, spread over the lectures by arithmetic."""
    facets = {name: (f"{name}-{number * 7919 // 13 % values}",) for name, values in _SHARES.items()}
    facets["county"] = (f"2101{number * 31 % 100:02}",) if number % 3 else ()
    facets["language"] = ("zh" if number % 40 else "en",)
    facets["captions"] = ("yes",) if number % 4 == 0 else ()
    facets["green_channel"] = ("yes",) if number % 9 == 0 else ()
    return facets
