"""A curator at work: presses the buttons that are on the page, so hidden fields and addresses are tested too."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_FORM = re.compile(r"<form\b(?P<attributes>[^>]*)>(?P<body>.*?)</form>", re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
_ITEM = re.compile(r'<li id="item-([^"]+)"')


@dataclass
class Desk:
    """One playlist on the desk."""

    client: FlaskClient
    public_id: str
    query: str = ""
    last: TestResponse | None = field(default=None)

    @property
    def address(self) -> str:
        return f"/desk/playlists/{self.public_id}"

    def page(self) -> str:
        """The desk as it is now."""
        response = self.client.get(self.address + self.query)
        assert response.status_code == 200, response.get_data(as_text=True)
        return response.get_data(as_text=True)

    def order(self) -> list[str]:
        """Public ids of the lectures, as the page lists them."""
        return _ITEM.findall(self.page())

    def press(self, action: str, page: str | None = None, **values: str) -> TestResponse:
        """Send the form whose action ends so (before any query), as a browser would; fill in `values`."""
        for form in _FORM.finditer(page or self.page()):
            address = html.unescape(re.search(r'action="([^"]+)"', form["attributes"])[1])
            hidden = {name: html.unescape(value) for name, value in _HIDDEN.findall(form["body"])}
            if not address.split("?")[0].endswith(action) or 'method="post"' not in form["attributes"]:
                continue
            if action == "/items" and hidden["lecture"] != values.get("lecture"):
                continue
            return self.client.post(address, data={**hidden, **values})
        raise AssertionError(f"no form leads to {action}")
