"""A signed-in browser that says what it got when it was something else."""

from __future__ import annotations

import re

from flask.testing import FlaskClient


class Person:
    """A signed-in browser."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        page = client.get("/preferences").get_data(as_text=True)
        self.token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]

    def get(self, path: str, *, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.get_data(as_text=True)[-800:])
        return answer.get_data(as_text=True)

    def post(self, path: str, *, status: int = 303, **fields: object) -> str:
        answer = self.client.post(path, data={"csrf_token": self.token, **fields})
        assert answer.status_code == status, (path, answer.status_code, answer.get_data(as_text=True)[-1500:])
        return answer.get_data(as_text=True)
