"""Reading pages of the catalogue as a person does: which lectures are listed, which filters, which sentence."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

from flask.testing import FlaskClient


def fetch(client: FlaskClient, address: str, status: int = 200) -> str:
    """Return the page's HTML, main part."""
    got = client.get(address)
    assert got.status_code == status, f"{address[:120]}: {got.status_code}"
    page = got.get_data(as_text=True)
    return page[page.index("<main") : page.index("</main>")]


def titles(page: str) -> list[str]:
    """Return the titles of the lectures listed, in order."""
    links = re.findall(r'<h\d class="card-title"><a [^>]*href="/lectures/[^"]*" title="([^"]*)"', page)
    return [unescape(title) for title in links]


def facet(page: str, label: str) -> dict[str, int]:
    """Return the values of one facet with their counts."""
    groups = re.findall(r'<details class="facet".*?</details>', page, re.DOTALL)
    group = next((group for group in groups if f"<span>{label}" in group), "")
    chips = re.findall(r'<a class="chip.*?</a>', group, re.DOTALL)
    read = (words_of(chip).replace("共 ", "").removesuffix(" 讲").rsplit(maxsplit=1) for chip in chips)
    return {name: int(count) for name, count in read}


def links(page: str, words: str) -> list[str]:
    """Return the addresses of the links that say `words` (and maybe a count)."""
    found = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL)
    return [unescape(address) for address, inner in found if words_of(inner).startswith(words)]


def words_of(html: str) -> str:
    """Return what can be read of some HTML."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def path_of(address: str) -> str:
    """Return path and query of an address."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")
