"""Writes of the desk: a batch of drafts out of names, one row's cells, many rows' cells."""

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
from app.kernel.errors import InvalidInput, NotAuthenticated, NotFound
from app.kernel.ids import new_public_id
from app.kernel.sentences import Sentence
from app.library import services as library
from app.library.models import POSITION_MAX, TEACHER_MAX, TITLE_MAX, Course, Lecture
from app.library.sharing import read_defaults
from app.studio.desk.cells import COLUMN_NAMES, Vocabulary, read_cells, write_cells
from app.studio.desk.models import KEY_MAX, PATH_MAX, Batch, BatchRow
from app.studio.desk.names import ParsedName, parse_paths
from app.studio.desk.numerals import natural_key

log = structlog.get_logger(__name__)

FILES_MAX: Final = 300
_KEY: Final = re.compile(rf"[A-Za-z0-9-]{{8,{KEY_MAX}}}")
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
    parsed = dict(zip((each.path for each in files), parse_paths([each.path for each in files]), strict=True))
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


def _places(names: Sequence[ParsedName]) -> dict[str, int]:
    """Return each file's place: the numbers of the names where they differ, else the order of the names."""
    by_series: dict[str, list[ParsedName]] = {}
    for name in names:
        by_series.setdefault(name.series, []).append(name)
    places = {}
    for group in by_series.values():
        numbers = [name.number for name in group if name.number is not None]
        is_told = len(numbers) == len(group) == len(set(numbers)) and max(numbers) <= POSITION_MAX
        for order, name in enumerate(group, start=1):
            places[name.path] = name.number if is_told and name.number is not None else order
    return places


def _title_of(name: ParsedName) -> str:
    """Return the title a name tells, else the file's own name, which the table marks as one."""
    return (name.title or _stem(name.path))[:TITLE_MAX].strip() or _UNNAMED


def _stem(path: str) -> str:
    return re.sub(r"\.[A-Za-z0-9]{2,5}$", "", path.rpartition("/")[2]).strip()


def is_file_name(title: str, path: str) -> bool:
    """Tell whether a title still is what the file is called because its name told nothing better."""
    return title == _stem(path)[:TITLE_MAX].strip() and not parse_paths([path])[0].title


def save_row(
    db: Session, actor: Actor, public_id: str, cells: Mapping[str, str], words: Vocabulary, *, expected_version: int
) -> Lecture:
    """Change what cells say of a lecture; cells that are not given keep what is there.

    Raises:
        StaleVersion: when somebody saved since the actor read it.
        InvalidInput: with a sentence for each cell.
    """
    lecture = library.get_lecture_for_edit(db, actor, public_id)
    merged = write_cells(lecture, words) | {name: text for name, text in cells.items() if name in COLUMN_NAMES}
    fields = read_cells(merged, words)
    return library.edit_lecture(db, actor, public_id, fields, expected_version=expected_version)


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row of a sheet: the lecture, the version it was written from, its cells."""

    #: As the person counts rows in the sheet.
    line: int
    lecture_id: str
    version: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CellProblem:
    """What is wrong where; an empty column is the whole row."""

    line: int
    column: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What taking rows did, or would have done."""

    changed: Sequence[RowChange]
    unchanged: int
    problems: Sequence[CellProblem]


class RowsRefused(InvalidInput):
    """Some rows of a sheet are wrong, so none was taken; carries what each of them would have done."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("表格里有几处要改，现在什么都没有动。", code="rows_refused")
        self.outcome = outcome


def take_rows(
    db: Session, actor: Actor, batch: Batch, rows: Sequence[RowChange], words: Vocabulary, *,
    before: Sequence[CellProblem] = (), good_only: bool = False,
) -> Outcome:
    """Take the rows of a sheet: all of them, or none while one is wrong, or the good ones where that was asked for.

    Raises:
        RowsRefused: when something is wrong and not only the good rows were asked for.
    """
    versions = _versions(db, batch)
    problems = list(before)
    wrong_lines = {problem.line for problem in before}
    changed, unchanged = [], 0
    for row in rows:
        found = _check_row(row, versions) if row.line not in wrong_lines else []
        if row.line in wrong_lines or found:
            problems += found
            continue
        try:
            with db.begin_nested():
                is_changed = _take(db, actor, row, words)
        except InvalidInput as error:
            problems += [CellProblem(row.line, name, sentence) for name, sentence in error.fields.items()]
            continue
        if is_changed:
            changed.append(row)
        else:
            unchanged += 1
    outcome = Outcome(changed, unchanged, sorted(problems, key=lambda problem: problem.line))
    if problems and not good_only:
        raise RowsRefused(outcome)
    log.info("sheet_taken", batch=batch.public_id, changed=len(changed), refused=len(problems))
    return outcome


def _versions(db: Session, batch: Batch) -> Mapping[str, int]:
    statement = select(Lecture.public_id, Lecture.version).join(BatchRow, BatchRow.lecture_id == Lecture.id)
    return dict(db.execute(statement.where(BatchRow.batch_id == batch.id)).tuples().all())


def _check_row(row: RowChange, versions: Mapping[str, int]) -> list[CellProblem]:
    if row.lecture_id not in versions:
        return [CellProblem(row.line, "", "这一行的编号不属于这一批。请用从这一页下载的表格，不要自己加行。")]
    if versions[row.lecture_id] != row.version:
        return [CellProblem(row.line, "", "下载表格以后有人改过这一讲。请重新下载表格，把这一行再改一次。")]
    return []


def _take(db: Session, actor: Actor, row: RowChange, words: Vocabulary) -> bool:
    lecture = library.get_lecture_for_edit(db, actor, row.lecture_id)
    kept = write_cells(lecture, words)
    typed = {name: text.replace("\r\n", "\n").strip() for name, text in row.cells.items() if name in COLUMN_NAMES}
    if all(kept[name].strip() == text for name, text in typed.items()):
        return False
    save_row(db, actor, row.lecture_id, typed, words, expected_version=row.version)
    return write_cells(lecture, words) != kept


def row_of(db: Session, batch: Batch, lecture_id: str) -> BatchRow:
    """Return the row of a lecture in a batch.

    Raises:
        NotFound: when it has none.
    """
    statement = select(BatchRow).join(Lecture, Lecture.id == BatchRow.lecture_id)
    row = db.scalars(statement.where(BatchRow.batch_id == batch.id, Lecture.public_id == lecture_id)).first()
    if row is None:
        raise NotFound(batch=batch.public_id, lecture=lecture_id)
    return row
