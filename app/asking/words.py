"""The operator's words for the search: kept as rows, put to work in every process, tried out before they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.asking.marks import WORDS, count_up, number_of
from app.asking.models import SearchWord
from app.asking.rules import rules
from app.asking.word_lines import Line, read_lines, thesaurus_of
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import InvalidInput, NotFound, NotPermitted, StaleVersion
from app.kernel.sentences import Sentence
from app.library.models import Lecture, LectureState
from search_index import IndexUnusable, SearchIndex, SearchRequest, Thesaurus, open_index

log = structlog.get_logger(__name__)

_TRIED = 5


def list_words(db: Session, *, deleted: bool = False) -> Sequence[SearchWord]:
    """Return the lines in force, or those that can be brought back, the newest first."""
    is_wanted = SearchWord.deleted_at.is_not(None) if deleted else SearchWord.deleted_at.is_(None)
    return db.scalars(select(SearchWord).where(is_wanted).order_by(SearchWord.changed_at.desc(), SearchWord.id)).all()


def line_of(row: SearchWord) -> Line:
    """Return a row as it is written."""
    return Line(tuple(row.said), tuple(row.means))


def get_word(db: Session, actor: Actor, word_id: int) -> SearchWord:
    """Return a line.

    Raises:
        NotPermitted: to anybody but the operator.
        NotFound.
    """
    _check_operator(actor)
    row = db.get(SearchWord, word_id)
    if row is None:
        raise NotFound(word_id=word_id)
    return row


def add_words(db: Session, actor: Actor, text: str, *, key: str) -> int:
    """Add the lines of a text; the same form again adds nothing. Return how many lines it has.

    Raises:
        InvalidInput: with a sentence for each line that cannot be used; then none is added.
    """
    _check_operator(actor)
    lines = checked_lines(text)
    if not 1 <= len(key) <= 30:
        raise InvalidInput("页面已经过期，请重新打开再填。", code="bad_key")
    if db.scalar(select(SearchWord.id).where(SearchWord.key == f"{key}-0")) is not None:
        return len(lines)
    _check_together(db, lines)
    for number, line in enumerate(lines):
        db.add(_put(SearchWord(key=f"{key}-{number}"), line, actor))
    count_up(db, WORDS)
    log.info("search_words_added", lines=[str(line) for line in lines], actor_id=actor.user_id)
    return len(lines)


def change_word(db: Session, actor: Actor, word_id: int, text: str, *, expected_version: int) -> SearchWord:
    """Write a line anew.

    Raises:
        InvalidInput, NotFound, StaleVersion.
    """
    row = get_word(db, actor, word_id)
    if row.version != expected_version or row.deleted_at is not None:
        raise StaleVersion(word_id=word_id, version=row.version, expected=expected_version)
    lines = checked_lines(text)
    if len(lines) != 1:
        sentence = "这里只改这一行，要加新的请回到列表。"
        raise InvalidInput(sentence, fields={"lines": sentence})
    _check_together(db, lines, without=word_id)
    before = str(line_of(row))
    _put(row, lines[0], actor).version += 1
    count_up(db, WORDS)
    log.info("search_word_changed", word_id=word_id, before=before, after=str(lines[0]), actor_id=actor.user_id)
    return row


def set_deleted(db: Session, actor: Actor, word_id: int, *, is_deleted: bool) -> SearchWord:
    """Take a line out of force, or bring it back; twice is fine."""
    row = get_word(db, actor, word_id)
    if (row.deleted_at is not None) is is_deleted:
        return row
    row.deleted_at = utc_now() if is_deleted else None
    row.version, row.changed_at, row.changed_by_id = row.version + 1, utc_now(), actor.user_id
    count_up(db, WORDS)
    event = "search_word_deleted" if is_deleted else "search_word_restored"
    log.info(event, word_id=word_id, line=str(line_of(row)), actor_id=actor.user_id)
    return row


def checked_lines(text: str) -> list[Line]:
    """Return the lines of a text.

    Raises:
        InvalidInput: with all problems in the field "lines", one a line.
    """
    lines, problems = read_lines(text)
    if problems:
        fields = {f"lines-{at}": each for at, each in enumerate(problems)}
        raise InvalidInput(problems[0], code="bad_words", fields=fields)
    return lines


def forget_deleted(db: Session, now: datetime) -> None:
    """Remove lines that nobody brought back."""
    db.execute(delete(SearchWord).where(SearchWord.deleted_at < now - rules().undo_words))


def _put(row: SearchWord, line: Line, actor: Actor) -> SearchWord:
    row.said, row.means = list(line.said), list(line.means)
    row.changed_at, row.changed_by_id = utc_now(), actor.user_id
    return row


def _lines_in_force(db: Session, *, without: int | None = None) -> list[Line]:
    return [line_of(row) for row in list_words(db) if row.id != without]


def _check_together(db: Session, lines: Sequence[Line], *, without: int | None = None) -> None:
    in_force = _lines_in_force(db, without=without)
    for at, line in enumerate(lines):
        if line in [*in_force, *lines[:at]]:
            problem = Sentence("“%(line)s”已经有了。", line=str(line))
            raise InvalidInput(problem, code="bad_words", fields={"lines-0": problem})
    try:
        thesaurus_of([*in_force, *lines])
    except ValueError as error:
        log.warning("search_words_refused", reason=str(error))
        sentence = "搜索读不懂这些词，请检查有没有特别的符号。"
        raise InvalidInput(sentence, code="bad_words", fields={"lines-0": sentence}) from error


def _check_operator(actor: Actor) -> None:
    if not actor.is_operator:
        raise NotPermitted


#: The mark each open index of this process has followed.
_followed: WeakKeyDictionary[SearchIndex, int] = WeakKeyDictionary()


def put_to_work(db: Session, index: SearchIndex) -> None:
    """See that an index widens queries by the words in force; called before every search, one row by its key.

    So every process works with a change from its next search on, without anybody telling it.
    """
    number = number_of(db, WORDS)
    if number == _followed.get(index, 0):
        return
    try:
        index.use_thesaurus(thesaurus_of(_lines_in_force(db)))
    except ValueError:
        log.exception("search_words_unusable", number=number)  # the words before go on working
    else:
        log.info("search_words_in_force", number=number)
    _followed[index] = number


@dataclass(frozen=True, slots=True)
class Trial:
    """What a query finds now, and would find with the words that are tried."""

    query: str
    before: Sequence[str]
    after: Sequence[str]


def try_out(db: Session, index_path: Path, query: str, lines: Sequence[Line], *, without: int | None = None) -> Trial:
    """Search with the words in force and with these besides; nothing is kept.

    Args:
        db: session.
        index_path: of the index.
        query: what somebody would type.
        lines: to be tried.
        without: the row that is being changed.
    """
    now = thesaurus_of(_lines_in_force(db))
    then = thesaurus_of([*_lines_in_force(db, without=without), *lines])
    return Trial(query, _titles(db, index_path, query, now), _titles(db, index_path, query, then))


def _titles(db: Session, index_path: Path, query: str, thesaurus: Thesaurus) -> list[str]:
    try:
        found = open_index(index_path).search(SearchRequest(query, limit=_TRIED), thesaurus=thesaurus)
    except IndexUnusable:
        return []
    ids = [int(hit.id.partition(":")[2]) for hit in found.hits if hit.id.startswith("lecture:")]
    rows = db.execute(
        select(Lecture.id, Lecture.title).where(Lecture.id.in_(ids), Lecture.state == LectureState.PUBLISHED)
    )
    titles: dict[int, str] = {row[0]: row[1] for row in rows}
    return [titles[each] for each in ids if each in titles]
