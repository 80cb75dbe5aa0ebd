"""My unfinished uploads, as a page and as JSON for the script, and files that need not be sent at all."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.kernel.errors import InvalidInput
from app.studio import known_files
from app.studio.uploads import request_upload_sweep
from app.web import access, edge
from app.web.formats import local_date
from app.web.http_errors import wants_json

_SHA256 = re.compile(r"[0-9a-f]{64}")


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    # OPTIONS of this address belongs to the upload protocol.
    @blueprint.get("/studio/uploads", endpoint="unfinished", provide_automatic_options=False)
    @access.contributors
    def unfinished() -> ResponseReturnValue:
        expires_after = timedelta(hours=edge.platform().settings.media.upload_expires_h)
        found = known_files.list_unfinished(edge.session(), edge.current_actor(), expires_after=expires_after)
        if wants_json():
            return jsonify(uploads=[_told(each) for each in found]), 200, {"Cache-Control": "no-store"}
        return render_template("studio/unfinished.html", uploads=found)

    @blueprint.get("/studio/lectures/<public_id>/known-file", endpoint="known_file")
    @access.contributors
    def ask(public_id: str) -> ResponseReturnValue:
        db, actor = edge.session(), edge.current_actor()
        size_bytes = request.args.get("size", 0, type=int)
        sha256 = request.args.get("sha256", "")
        if not sha256:
            return jsonify(is_possible=known_files.may_be_known(db, actor, public_id, size_bytes))
        found = known_files.find_known(db, actor, public_id, _checked(sha256))
        if found is None:
            return jsonify(found=None)
        return jsonify(
            found={
                "filename": found.filename, "lecture": found.lecture_title, "date": local_date(found.uploaded_at)
            }
        )

    @blueprint.post("/studio/lectures/<public_id>/known-file", endpoint="use_known_file")
    @access.contributors
    def use(public_id: str) -> ResponseReturnValue:
        sha256, filename = _checked(request.form.get("sha256", "")), request.form.get("filename", "")[:255]
        db = edge.session()
        if known_files.use_known(db, edge.current_actor(), public_id, sha256, filename=filename):
            request_upload_sweep(db)  # the bytes of what was given up for it
        return jsonify(page_url=url_for("studio.lecture", public_id=public_id))


def _checked(sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise InvalidInput("请求的参数有误。", code="invalid_parameters")
    return sha256


def _told(each: known_files.Unfinished) -> dict[str, Any]:
    return {
        "url": url_for("studio.upload", public_id=each.public_id),
        "page_url": url_for("studio.lecture", public_id=each.lecture_id),
        "lecture": each.lecture_id,
        "title": each.lecture_title,
        "filename": each.filename,
        "fingerprint": each.fingerprint,
        "size_bytes": each.size_bytes,
        "offset_bytes": each.offset_bytes,
        "is_in_pieces": each.is_in_pieces,
        "kept_until": each.kept_until.isoformat(),
    }
