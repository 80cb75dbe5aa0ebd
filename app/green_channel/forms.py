"""Shape of the form that opens courses and lectures; every rule is the service's."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField

from app.green_channel.fields import GrantFields
from app.web.speech import speak


class GrantForm(FlaskForm):
    """What an admin says of an opening; `key` makes sending it twice harmless, `version` guards a change."""

    title = StringField(_l("名称"))
    courses = SelectMultipleField(_l("整门课程"), validate_choice=False)
    lectures = SelectMultipleField(_l("单独的讲座"), validate_choice=False)
    starts_on = StringField(_l("第一天"))
    ends_on = StringField(_l("最后一天"))
    regions = SelectMultipleField(_l("面向地区"), validate_choice=False)
    audiences = SelectMultipleField(_l("面向人群"), validate_choice=False)
    licence = SelectField(_l("使用许可"), validate_choice=False)
    contact_name = StringField(_l("联系人"))
    contact_phone = StringField(_l("联系电话"))
    note = TextAreaField(_l("说明"))
    find = StringField(_l("按标题找讲座"))
    key = HiddenField()
    version = HiddenField()

    def fields(self) -> GrantFields:
        """Return what was typed, for the service."""
        return GrantFields(
            title=self.title.data or "", courses=self.courses.data or [], lectures=self.lectures.data or [],
            regions=self.regions.data or [], audiences=self.audiences.data or [], licence=self.licence.data or "",
            starts_on=self.starts_on.data or "", ends_on=self.ends_on.data or "",
            contact_name=self.contact_name.data or "", contact_phone=self.contact_phone.data or "",
            note=self.note.data or "",
        )  # fmt: skip

    def expected_version(self) -> int:
        """Return the version the page was made from; 0, which never is one, when it was tampered with."""
        text = self.version.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    def blame(self, problems: Mapping[str, str]) -> None:
        """Show the service's sentences beside their fields."""
        for name, sentence in problems.items():
            if name in self:
                self[name].errors = [speak(sentence)]
