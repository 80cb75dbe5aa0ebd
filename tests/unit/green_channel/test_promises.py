"""Every promise by itself: what keeps it, what breaks it, and that one cause never hides another promise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.green_channel.promises import Broken, Cause, Facts, Promise, channel_policy, find_broken
from app.library.models import LectureState

KEPT = Facts(
    state=LectureState.PUBLISHED, withdrawn_reason="", licence="cc_by_nc", granted_licence="platform_public_good",
    is_open=True, has_media=True, phone_rate_bps=200_000, has_sound=True, has_words=True, has_file=True,
    missing_files=(), adverts=(), links=(), is_signed=True, review_levels=1, is_as_reviewed=True,
)  # fmt: skip


def broken(**changes: Any) -> list[tuple[str, str]]:
    found = find_broken(replace(KEPT, **changes), channel_policy())
    return [(each.promise.value, each.cause.value) for each in found]


def test_a_lecture_may_keep_all_of_them() -> None:
    assert broken() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"licence": "limited_term"}, ("free", "licence_narrower")),
        ({"licence": "all_rights_reserved"}, ("free", "licence_narrower")),
        ({"licence": "cc_by_nc", "granted_licence": "cc_by"}, ("free", "licence_narrower")),
        ({"state": LectureState.DRAFT}, ("no_sign_in", "draft")),
        ({"state": LectureState.WITHDRAWN}, ("no_sign_in", "withdrawn")),
        ({"is_open": False}, ("no_sign_in", "closed")),
        ({"phone_rate_bps": None}, ("phone", "no_media")),
        ({"phone_rate_bps": 200_001}, ("phone", "too_fast")),
        ({"has_sound": False}, ("listen", "no_sound")),
        ({"has_words": False}, ("captions", "no_captions")),
        ({"has_file": False}, ("download", "no_file")),
        ({"missing_files": ("480p.mp4",)}, ("download", "file_missing")),
        ({"adverts": ("加微信",)}, ("own_content", "advert")),
        ({"links": ("www.example.com",)}, ("own_content", "foreign_link")),
        ({"is_signed": False}, ("own_content", "not_signed")),
        ({"review_levels": 0}, ("reviewed", "not_reviewed")),
        ({"is_as_reviewed": False}, ("reviewed", "changed_since")),
    ],
)
def test_one_thing_breaks_one_promise(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert broken(**changes) == [expected]


def test_a_lecture_without_media_breaks_each_promise_about_media_and_no_other() -> None:
    found = broken(has_media=False, phone_rate_bps=None, has_sound=False, has_file=False)
    assert found == [("phone", "no_media"), ("listen", "no_media"), ("download", "no_media")]


def test_a_rate_just_above_the_bound_never_reads_as_the_bound() -> None:
    (found,) = find_broken(replace(KEPT, phone_rate_bps=200_001), channel_policy())
    assert found.values == {"rate": 201, "limit": 200}


def test_what_is_kept_in_rows_reads_back() -> None:
    one = Broken(Promise.FREE, Cause.LICENCE_NARROWER, {"licence": "a", "granted": "b"})
    assert Broken.from_json(one.to_json()) == one


def test_an_unknown_licence_of_the_grant_asks_for_any_that_is_free() -> None:
    assert broken(granted_licence="of_former_years") == []
