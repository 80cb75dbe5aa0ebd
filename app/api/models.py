"""Shapes of the JSON interface: what may be asked, what is answered.

Adding a field is fine; changing or dropping one is a new version of the interface.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _as_list(value: object) -> object:
    """Take one value of a repeatable parameter as a list of one."""
    return [value] if isinstance(value, str) else value


Keys = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=60)]], BeforeValidator(_as_list), Field(max_length=20)
]


class LectureQuery(BaseModel):
    """Parameters of a search; repeat a facet's name to ask for either of several values."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field("", max_length=100, description="Words in Chinese, pinyin or initials; empty lists the newest")
    city: Keys = Field([], description="GB/T 2260 codes of cities")
    audience: Keys = Field([], description="Keys of the audience vocabulary")
    topic: Keys = Field([], description="Keys of the topic vocabulary")
    level: Keys = Field([], description="Keys of the difficulty vocabulary; lectures that say none are left out")
    language: Keys = Field([], description="Keys of the speech vocabulary, or codes of languages other than Chinese")
    type: Keys = Field([], description="Keys of the resource type vocabulary")
    page: int = Field(1, ge=1, le=400)


class LectureSummary(BaseModel):
    """A lecture in a list."""

    id: str = Field(description="Never changes")
    url: str = Field(description="The page for people")
    title: str
    teacher: str
    institution: str
    region_code: str
    type: str
    published_at: datetime
    duration_s: float | None
    poster_url: str | None
    is_audio_only: bool
    is_green_channel: bool = Field(description="Opened to communities, and every promise of the green channel is kept")


class LecturePage(BaseModel):
    """One page of a search."""

    total: int
    page: int
    pages: int
    items: list[LectureSummary]


class Media(BaseModel):
    """Where the lecture plays from; manifests are HLS."""

    duration_s: float
    manifest_url: str
    saver_manifest_url: str = Field(description="Audio and the smallest picture only")
    mp4_url: str | None
    m4a_url: str | None


class CaptionInfo(BaseModel):
    """A caption track there is."""

    language: str
    label: str
    is_machine: bool = Field(description="Made by a machine, not checked by a person")


class ChapterInfo(BaseModel):
    """A part of the lecture."""

    start_s: float = Field(description="Seconds from the beginning; the first one is 0")
    title: str


class OriginInfo(BaseModel):
    """The public lecture that another one is a stretch of."""

    id: str
    url: str
    title: str
    start_s: float = Field(description="Where the stretch begins, in seconds of the original")
    end_s: float


class LectureDetail(LectureSummary):
    """A lecture with everything public about it."""

    description: str
    language: str
    licence: str
    tags: list[str]
    audience: list[str]
    topic: list[str]
    level: str | None = Field(description="Key of the difficulty vocabulary; null when nobody said")
    speech: list[str] = Field(description="What Chinese is spoken: keys of the speech vocabulary")
    captions: list[CaptionInfo]
    chapters: list[ChapterInfo] = Field(description="In order; empty when the lecture is in one piece")
    origin: OriginInfo | None = Field(description="What it was taken out of; null for a lecture of its own")
    media: Media | None


class Problem(BaseModel):
    """RFC 9457 problem details; `fields` maps parameters to sentences."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    fields: dict[str, str] = {}
