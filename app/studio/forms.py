"""Shapes of the studio's forms; rules that need the database are the services'."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, ValidationError

from app.library.models import DESCRIPTION_MAX, TEACHER_MAX, TITLE_MAX, Term
from app.library.services import LECTURE_SCHEMES, LectureFields
from app.web.speech import speak

_TAG_SEPARATORS = re.compile(r"[,，、;；\n]")
#: Vocabularies of which a lecture has exactly one term.
SINGLE_SCHEMES = ("resource_type", "licence")


def at_most(limit: int) -> Callable[[FlaskForm, Field], None]:
    """Return a validator that counts for the person what is too long; the service has the last word."""

    def check(_form: FlaskForm, field: Field) -> None:
        count = len((field.data or "").strip())
        if count > limit:
            name = field.label.text
            raise ValidationError(
                _("%(label)s最多 %(limit)s 个字，现在有 %(count)s 个字。", label=name, limit=limit, count=count)
            )

    return check


def chosen_terms(form: FlaskForm) -> list[tuple[str, str]]:
    """Return the terms that were ticked; 不说明 is none."""
    return [(scheme, key) for scheme in LECTURE_SCHEMES for key in form[scheme].data or () if key]


class LectureForm(FlaskForm):
    """What a teacher says about a lecture; also used to send it again after a clash (`version`)."""

    title = StringField(_l("标题"), validators=[DataRequired(_l("请填写标题。")), at_most(TITLE_MAX)])
    teacher = StringField(_l("主讲人"), validators=[DataRequired(_l("请填写主讲人。")), at_most(TEACHER_MAX)])
    description = TextAreaField(_l("内容简介"), validators=[at_most(DESCRIPTION_MAX)])
    tags = StringField(_l("标签"))
    audience = SelectMultipleField(_l("适合人群"), validate_choice=False)
    topic = SelectMultipleField(_l("话题"), validate_choice=False)
    education_category = SelectMultipleField(_l("教育类别"), validate_choice=False)
    difficulty = SelectMultipleField(_l("难度"), validate_choice=False)
    speech = SelectMultipleField(_l("讲课用语"), validate_choice=False)
    resource_type = RadioField(_l("类型"), validate_choice=False, validators=[InputRequired(_l("请从列表中选择。"))])
    licence = SelectField(_l("使用许可"), validate_choice=False, validators=[InputRequired(_l("请从列表中选择。"))])
    version = HiddenField()

    def offer(self, terms: Sequence[Term], *, is_english: bool) -> None:
        """Fill the lists with the vocabulary terms of this year."""
        for scheme in (*LECTURE_SCHEMES, *SINGLE_SCHEMES):
            self[scheme].choices = [
                (term.key, term.label_en if is_english else term.label_zh) for term in terms if term.scheme == scheme
            ]

    def fields(self) -> LectureFields:
        """Return what was typed, for the service."""
        return LectureFields(
            title=self.title.data or "",
            description=(self.description.data or "").replace("\r\n", "\n"),
            teacher=self.teacher.data or "",
            tags=split_tags(self.tags.data or ""),
            resource_type=self.resource_type.data or "",
            licence=self.licence.data or "",
            terms=chosen_terms(self),
        )

    def expected_version(self) -> int:
        """Return the version the page was made from; 0, which never is one, when it was tampered with."""
        text = self.version.data or ""
        return int(text) if text.isdigit() and len(text) < 10 else 0

    def blame(self, problems: Mapping[str, str]) -> None:
        """Show the service's sentences beside their fields."""
        for name, sentence in problems.items():
            if name in self:
                self[name].errors = [speak(sentence)]


class DefaultsForm(FlaskForm):
    """What new drafts of an institution begin with."""

    teacher = StringField(_l("主讲人"), validators=[at_most(TEACHER_MAX)])
    tags = StringField(_l("标签"))
    audience = SelectMultipleField(_l("适合人群"), validate_choice=False)
    topic = SelectMultipleField(_l("话题"), validate_choice=False)
    education_category = SelectMultipleField(_l("教育类别"), validate_choice=False)
    difficulty = SelectMultipleField(_l("难度"), validate_choice=False)
    speech = SelectMultipleField(_l("讲课用语"), validate_choice=False)
    resource_type = RadioField(_l("类型"), validate_choice=False, validators=[InputRequired(_l("请从列表中选择。"))])
    language = SelectField(_l("语言"), validate_choice=False, validators=[InputRequired(_l("请从列表中选择。"))])
    licence = SelectField(_l("使用许可"), validate_choice=False, validators=[InputRequired(_l("请从列表中选择。"))])
    version = HiddenField()

    offer = LectureForm.offer
    blame = LectureForm.blame

    def fields(self) -> LectureFields:
        """Return what was chosen, for the service."""
        return LectureFields(
            title="", teacher=self.teacher.data or "", tags=split_tags(self.tags.data or ""),
            resource_type=self.resource_type.data or "", licence=self.licence.data or "",
            language=self.language.data or "",
            terms=chosen_terms(self),
        )

    def version_read(self) -> int:
        """Return the version the page was made from; 0 before anybody set defaults."""
        text = self.version.data or ""
        return int(text) if text.isdigit() and len(text) < 10 else -1


class NewLectureForm(LectureForm):
    """A new lecture: also whose it is, and a caption file."""

    institution = SelectField(_l("所属机构"), validate_choice=False, validators=[InputRequired(_l("请选择机构。"))])
    caption = FileField(_l("字幕文件"))


class CaptionForm(FlaskForm):
    """One caption file."""

    language = StringField(_l("字幕语言"))
    caption = FileField(_l("字幕文件"))


class DraftForm(FlaskForm):
    """The language subtitles of the file are kept in."""

    language = StringField(_l("字幕语言"))


class ChapterForm(FlaskForm):
    """Lines of times and titles, or a file with them."""

    chapters = TextAreaField(_l("章节"))
    chapters_file = FileField(_l("章节文件"))


class VersionForm(FlaskForm):
    """A button that acts on what the actor saw."""

    version = IntegerField(validators=[InputRequired()])


class WithdrawForm(VersionForm):
    """Why a lecture is taken away."""

    reason = StringField(_l("下架原因"), validators=[DataRequired(_l("请写明下架的原因，居民会看到。"))])


def split_tags(text: str) -> list[str]:
    """Split what people type between tags: Chinese or Western commas, enumeration commas, semicolons."""
    return [tag.strip() for tag in _TAG_SEPARATORS.split(text) if tag.strip()]


def lecture_values(said: LectureFields, version: int) -> dict[str, Any]:
    """Return the form values that say what a lecture says to its people, changes that wait included."""
    chosen = {scheme: [key for each, key in said.terms if each == scheme] for scheme in LECTURE_SCHEMES}
    return {
        "title": said.title, "teacher": said.teacher, "description": said.description,
        "tags": "、".join(said.tags), "resource_type": said.resource_type, "licence": said.licence,
        "version": str(version), **chosen,
    }
