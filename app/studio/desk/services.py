"""Making a batch: one draft for each file, out of what the names say. What is said later is `rows`."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import InvalidInput, NotAuthenticated
from app.kernel.ids import new_public_id
from app.kernel.sentences import Sentence
from app.library import services as library
from app.library.models import POSITION_MAX, TEACHER_MAX, TITLE_MAX, Course
from app.library.sharing import read_defaults
from app.studio.desk.models import KEY_MAX, PATH_MAX, Batch, BatchRow
from app.studio.desk.names import ParsedName, parse_paths
from app.studio.desk.numerals import natural_key

log = structlog.get_logger(__name__)

FILES_MAX: Final = 300
_KEY: Final = re.compile(rf"[A-Za-z0-9_-]{{8,{KEY_MAX}}}")
_UNNAMED: Final = "未命名"


class CourseChoice(StrEnum):
    """Which course the drafts belong to."""

    NONE = "none"
    EXISTING = "existing"
    NEW = "new"
    #: One course for each series the names tell.
    BY_SERIES = "by_series"


@dataclass(frozen=True, slots=True)
class ChosenFile:
    """A file as the browser tells it; the path is relative to what was chosen and only ever text to us."""

    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class NewBatch:
    """What is asked for: whose, which files, which course."""

    key: str
    institution_id: int
    files: Sequence[ChosenFile]
    choice: CourseChoice = CourseChoice.NONE
    #: The public id of a course, or the title of a new one.
    course: str = ""


def create_batch(db: Session, actor: Actor, new: NewBatch) -> Batch:
    """Make one draft per file; the same key again adds only the files that are not there yet.

    Raises:
        NotPermitted: when the actor does not contribute to the institution.
        InvalidInput: when there is no file, too many, or the course is wrong.
    """
    if actor.user_id is None:
        raise NotAuthenticated
    files = _checked(new)
    batch = _find_or_open(db, actor.user_id, new, files)
    known = set(db.scalars(select(BatchRow.path).where(BatchRow.batch_id == batch.id)))
    missing = [each for each in files if each.path not in known]
    if not missing:
        return batch
    parsed = {name.path: name for name in parse_paths([each.path for each in files])}
    files = sorted(files, key=lambda each: _order(parsed[each.path]))
    courses = _courses(db, actor, new, parsed.values())
    places = _places([parsed[each.path] for each in files])
    defaults = read_defaults(db, new.institution_id).fields
    for position, each in enumerate(files):
        if each.path in known:
            continue
        name = parsed[each.path]
        fields = dataclasses.replace(
            defaults, title=_title_of(name), teacher=name.teacher[:TEACHER_MAX] or defaults.teacher,
            position=places[each.path],
        )
        lecture = library.create_lecture(db, actor, new.institution_id, fields)
        course = courses.get(name.series) or courses.get("")
        lecture.course_id = course.id if course is not None else None
        db.add(
            BatchRow(
                batch_id=batch.id, lecture_id=lecture.id, path=each.path, size_bytes=each.size_bytes, position=position
            )
        )
    db.flush()
    log.info("batch_created", batch=batch.public_id, institution_id=new.institution_id, count=len(missing))
    return batch


def _checked(new: NewBatch) -> list[ChosenFile]:
    """Return the files in the order of their names, each path once."""
    if not _KEY.fullmatch(new.key):
        raise InvalidInput("页面停留太久，请刷新后重新选择文件。", code="bad_batch_key")
    cleaned = {}
    for each in new.files:
        parts = _printable(each.path).replace("\\", "/").split("/")
        path = "/".join(part for part in parts if part not in {"", ".", ".."})
        if path and each.size_bytes >= 0:
            cleaned[path[-PATH_MAX:]] = each.size_bytes
    if not cleaned:
        raise InvalidInput("没有可以上传的视频或音频文件。", code="no_files")
    if len(cleaned) > FILES_MAX:
        template = "一次最多 %(limit)d 个文件，现在有 %(count)d 个。请分几次选。"
        raise InvalidInput(Sentence(template, limit=FILES_MAX, count=len(cleaned)), code="too_many_files")
    return [ChosenFile(path, cleaned[path]) for path in sorted(cleaned, key=natural_key)]


def _printable(text: str) -> str:
    """Compose letters as macOS takes them apart, and leave out what cannot be seen."""
    return "".join(letter for letter in unicodedata.normalize("NFC", text) if letter.isprintable())


def _find_or_open(db: Session, user_id: int, new: NewBatch, files: Sequence[ChosenFile]) -> Batch:
    statement = select(Batch).where(Batch.user_id == user_id, Batch.key == new.key)
    batch = db.scalars(statement.with_for_update()).first()
    if batch is None:
        top = files[0].path.split("/")[0] if "/" in files[0].path else ""
        title = (new.course if new.choice is CourseChoice.NEW else "") or top or _stem(files[0].path)
        batch = Batch(
            public_id=new_public_id(), key=new.key, user_id=user_id, institution_id=new.institution_id,
            title=title.strip()[:TITLE_MAX] or _UNNAMED, created_at=utc_now(),
        )
        try:
            with db.begin_nested():
                db.add(batch)
        except IntegrityError:
            batch = db.scalars(statement).one()  # the same request, sent twice at once
    if batch.institution_id != new.institution_id:
        raise InvalidInput("这一批已经属于另一个机构，请刷新后重新选择文件。", code="other_institution")
    return batch


def _courses(
    db: Session, actor: Actor, new: NewBatch, names: Iterable[ParsedName]
) -> Mapping[str, Course]:
    """Return courses by series; the one under the empty series is for all."""
    if new.choice is CourseChoice.NEW:
        return {"": library.find_or_create_course(db, actor, new.institution_id, new.course)}
    if new.choice is CourseChoice.EXISTING:
        found = db.scalars(
            select(Course).where(Course.public_id == new.course, Course.institution_id == new.institution_id)
        ).first()
        if found is None:
            raise InvalidInput(fields={"course": "请从列表中选择。"})
        return {"": found}
    if new.choice is CourseChoice.NONE:
        return {}
    series = dict.fromkeys(name.series for name in names if name.series)
    return {each: library.find_or_create_course(db, actor, new.institution_id, each[:TITLE_MAX]) for each in series}


def _order(name: ParsedName) -> tuple[object, ...]:
    """Sort by folder, then by the number told, files without one behind; equal ones as people count."""
    folder = natural_key(name.path.rpartition("/")[0])
    return folder, name.number is None, name.number or 0, natural_key(name.path)


def _places(names: Sequence[ParsedName]) -> dict[str, int]:
    """Return each file's place in its series: the number told where numbers differ, or their order; 0 is not known."""
    by_series: dict[str, list[ParsedName]] = {}
    for name in names:
        by_series.setdefault(name.series, []).append(name)
    places = {}
    for group in by_series.values():
        numbers = [name.number for name in group if name.number is not None]
        is_told = len(numbers) == len(set(numbers)) and max(numbers, default=POSITION_MAX + 1) <= POSITION_MAX
        for order, name in enumerate(group, start=1):
            places[name.path] = (name.number or 0) if is_told else order
    return places


def _title_of(name: ParsedName) -> str:
    """Return the title a name tells, else the file's own name, which the table marks as one."""
    return (name.title or _stem(name.path))[:TITLE_MAX].strip() or _UNNAMED


def _stem(path: str) -> str:
    return re.sub(r"\.[A-Za-z0-9]{2,5}$", "", path.rpartition("/")[2]).strip()


def is_file_name(title: str, path: str) -> bool:
    """Tell whether a title still is what the file is called because its name told nothing better."""
    return title == _stem(path)[:TITLE_MAX].strip() and not parse_paths([path])[0].title
