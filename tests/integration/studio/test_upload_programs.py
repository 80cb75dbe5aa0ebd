"""Programs at the upload door: their token opens it, and nothing else."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import update

from app.accounts.models import LoginSession
from app.kernel.clock import utc_now
from tests.integration.studio.college import College, b64, in_work

TUS = {"Tus-Resumable": "1.0.0", "Accept": "application/json"}


@pytest.fixture
def token(app: Flask, college: College) -> str:
    return app.test_cli_runner().invoke(args=["users", "token", "teacher", "--name", "script"]).output.strip()


def begin(app: Flask, lecture: str, **headers: str) -> int:
    told = {"Upload-Length": "5", "Upload-Metadata": f"filename {b64('a.mp4')},lecture {b64(lecture)}"}
    return app.test_client().post("/studio/uploads", headers={**TUS, **told, **headers}).status_code


def test_a_program_sends_a_file_without_forms(app: Flask, token: str, lecture_id: str) -> None:
    client, bearer = app.test_client(), {**TUS, "Authorization": f"Bearer {token}"}
    told = {"Upload-Length": "5", "Upload-Metadata": f"filename {b64('a.mp4')},lecture {b64(lecture_id)}"}
    begun = client.post("/studio/uploads", headers={**bearer, **told})
    assert begun.status_code == 201
    piece = {**bearer, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert client.patch(begun.headers["Location"], data=b"12345", headers=piece).status_code == 204
    assert client.options("/studio/uploads", headers=bearer).status_code == 204


def test_a_token_opens_no_other_door(app: Flask, token: str, lecture_id: str) -> None:
    bearer = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    for path in ("/studio/", f"/studio/lectures/{lecture_id}", "/studio/lectures/new"):
        answer = app.test_client().get(path, headers=bearer)
        assert answer.status_code in {303, 401}, path
    answer = app.test_client().post(f"/studio/lectures/{lecture_id}/publish", headers=bearer)
    assert answer.status_code == 400, "the form's own token is asked for first"


def test_wrong_expired_and_revoked_tokens(app: Flask, token: str, lecture_id: str) -> None:
    assert begin(app, lecture_id, Authorization=f"Bearer {token}x") == 401
    assert begin(app, lecture_id, Authorization=f"Basic {token}") == 400
    assert begin(app, lecture_id, Authorization=f"Bearer {token}") == 201
    in_work(app, lambda db: db.execute(update(LoginSession).values(expires_at=utc_now())))
    assert begin(app, lecture_id, Authorization=f"Bearer {token}") == 401
    runner = app.test_cli_runner()
    second = runner.invoke(args=["users", "token", "teacher"]).output.strip()
    assert begin(app, lecture_id, Authorization=f"Bearer {second}") == 201
    assert runner.invoke(args=["users", "token", "teacher", "--revoke"]).output == "ended: 2\n"
    assert begin(app, lecture_id, Authorization=f"Bearer {second}") == 401
    assert runner.invoke(args=["users", "token", "nobody"]).exit_code == 1


def test_a_browsers_session_is_no_token_and_a_token_no_session(app: Flask, token: str, lecture_id: str) -> None:
    with app.test_client() as client:
        with client.session_transaction() as session:
            session["_user_id"] = token
        assert client.get("/studio/").status_code == 303
