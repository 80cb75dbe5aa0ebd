"""Headers of tus: what is understood, what is refused."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.errors import InvalidInput, TooLarge
from app.studio import tus


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), st.text(max_size=40), max_size=5))
def test_metadata_survives_the_way(values: dict[str, str]) -> None:
    header = ",".join(f"{key} {b64(value)}" for key, value in values.items())
    assert tus.metadata({"Upload-Metadata": header}) == values


def test_metadata_keys_may_stand_alone_and_spaces_are_forgiven() -> None:
    assert tus.metadata({"Upload-Metadata": f"is_confidential, filename {b64('a')} ,"}) == {
        "is_confidential": "",
        "filename": "a",
    }
    assert tus.metadata({}) == {}


@pytest.mark.parametrize("header", ["filename !", "filename YQ", "filename /w==", "filename 5oi"])
def test_broken_metadata(header: str) -> None:
    with pytest.raises(InvalidInput):
        tus.metadata({"Upload-Metadata": header})


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", " 1", "1_0", "٣", "9" * 19, "0x10"])
def test_numbers_are_digits_only(text: str) -> None:
    with pytest.raises(InvalidInput):
        tus.upload_offset({"Upload-Offset": text})
    with pytest.raises(InvalidInput):
        tus.upload_length({"Upload-Length": text}, max_bytes=100)


def test_sizes() -> None:
    assert tus.upload_length({"Upload-Length": "100"}, max_bytes=100) == 100
    with pytest.raises(TooLarge, match=r"最大 1\.5 GB"):
        tus.upload_length({"Upload-Length": "1610612737"}, max_bytes=1610612736)
    with pytest.raises(InvalidInput) as caught:
        tus.upload_length({"Upload-Length": "0"}, max_bytes=100)
    assert caught.value.fields == {"file": "文件是空的，请重新选择。"}


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("第一讲.mp4", "第一讲.mp4"),
        ("C:\\Users\\x\\课.mp4", "课.mp4"),
        ("../../etc/passwd", "passwd"),
        ("a\x00b\n.mp4", "ab.mp4"),
        ("   ", "video"),
        ("", "video"),
    ],
)
def test_file_names(given_name: str, shown: str) -> None:
    assert tus.file_name({"filename": given_name}) == shown


def test_long_file_names_keep_their_ending() -> None:
    name = tus.file_name({"filename": "长" * 400 + ".mp4"})
    assert len(name) == 255
    assert name.endswith(".mp4")


def test_versions() -> None:
    tus.check_version({"Tus-Resumable": "1.0.0"})
    for headers in ({}, {"Tus-Resumable": "0.2.2"}):
        with pytest.raises(tus.VersionMismatch):
            tus.check_version(headers)


def test_expiry_is_an_http_date() -> None:
    assert tus.expires(datetime(2026, 11, 23, 6, 5, 4, tzinfo=UTC)) == "Mon, 23 Nov 2026 06:05:04 GMT"
