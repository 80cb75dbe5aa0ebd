"""What cannot be taken back is asked first, on a plain page that says what goes."""

from __future__ import annotations

import io
import re

from flask import Flask
from sqlalchemy import select

from app.studio.models import Upload, UploadState
from tests.integration.studio.college import SRT, Browser, College, find_lecture, in_work

PAGE = "/studio/lectures/{}"


def states(app: Flask) -> list[UploadState]:
    return in_work(app, lambda db: list(db.scalars(select(Upload.state))))


def test_an_upload_is_given_up_after_a_question(app: Flask, teacher: Browser, lecture_id: str):
    page = PAGE.format(lecture_id)
    assert teacher.client.get(f"{page}/cancel").status_code == 303, "there is nothing to give up"
    url = teacher.begin(lecture_id, 3 << 20).headers["Location"]
    assert teacher.patch(url, 0, b"x" * (1 << 20)).status_code == 204
    assert f'href="{page}/cancel"' in teacher.get(page)
    assert f'action="{page}/cancel"' not in teacher.get(page)
    question = teacher.get(f"{page}/cancel")
    assert "放弃这次上传？" in question
    assert "“第一讲.mp4”已经传了 1 MB" in question.replace("1.0 MB", "1 MB")
    assert states(app) == [UploadState.RECEIVING]
    assert teacher.post(f"{page}/cancel").status_code == 303
    assert states(app) == [UploadState.ABORTED]


def test_the_page_tells_its_script_what_would_be_lost(teacher: Browser, lecture_id: str):
    url = teacher.begin(lecture_id, 1 << 20).headers["Location"]
    teacher.patch(url, 0, b"x" * (1 << 19))
    page = teacher.get(PAGE.format(lecture_id)).split('id="uploader-data">')[1].split("</script>")[0]
    assert '"percent": 50' in page
    assert '"filename": "\\u7b2c\\u4e00\\u8bb2.mp4"' in page


def test_captions_go_after_a_question(app: Flask, college: College, teacher: Browser, lecture_id: str):
    page = PAGE.format(lecture_id)
    teacher.post(f"{page}/captions", language="zh-CN", caption=(io.BytesIO(SRT), "a.srt"))
    address = f"{page}/captions/zh-CN/remove"
    asked = re.search(rf'href="({address}\?base=\w+)"', teacher.get(page))[1]
    assert f'action="{address}"' not in teacher.get(page)
    assert re.search(r'name="base" value="\w{64}"', teacher.get(asked)), "what was there when it was asked"
    assert "删除中文字幕？" in teacher.get(address)
    assert len(find_lecture(app, lecture_id).captions) == 1
    assert teacher.post(address).status_code == 303
    assert find_lecture(app, lecture_id).captions == []
    assert teacher.client.get(f"{page}/captions/xx/remove").status_code == 404
