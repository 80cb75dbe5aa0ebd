"""Bytes of media over HTTP: ranges, right types, caching by what may be kept.

Folder stores go through werkzeug's conditional file response; other stores are streamed range by range. One range per
request is served (RFC 9110 lets a server ignore the others); an impossible one answers 416.
"""

from __future__ import annotations

from urllib.parse import quote

from flask import Response, request, send_file
from werkzeug.datastructures import ContentRange
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from app.kernel.errors import NotFound, Unavailable
from app.library.beside import Handout
from app.media.files_beside import CONTENT_TYPES, attachment_key
from media_pipeline.ports import ObjectMissing, ObjectStat, Storage, StorageUnavailable

#: The address names the content (plan digest), so it never changes.
IMMUTABLE = "public, max-age=31536000, immutable"
PRIVATE = "private, no-store"
#: A manifest that grows is asked for again and again; caches may not answer for us.
GROWING = "no-cache"


def serve_handout(storage: Storage, handout: Handout) -> Response:
    """Offer a handout for saving; browsers never open one as a page of ours."""
    key = attachment_key(handout.sha256)
    response = serve_object(storage, key, is_public=False, download_name=handout.filename)
    response.content_type = CONTENT_TYPES[handout.kind]
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def serve_object(storage: Storage, key: str, *, is_public: bool, download_name: str | None = None) -> Response:
    """Answer with an object of the store.

    Raises:
        NotFound: no such object.
        Unavailable: the store does not answer.
    """
    try:
        stat = storage.stat(key)
        if stat is None:
            raise NotFound(key=key)
        path = storage.local_path(key)
        if path is not None:
            response = send_file(
                path,
                mimetype=stat.content_type,
                conditional=not _asks_for_many_ranges(),
                etag=f"{stat.size_bytes}-{stat.etag}",
                last_modified=stat.modified_at,
            )
        else:
            response = _stream(storage, key, stat)
    except ObjectMissing as error:
        raise NotFound(key=key) from error
    except StorageUnavailable as error:
        raise Unavailable("视频暂时取不到，请稍后再试。", code="store_unavailable") from error
    if download_name is not None:
        # Header values are ASCII on the wire; RFC 6266 writes a Chinese name this way, and every browser reads it.
        extension = download_name.rpartition(".")[2]
        named = f"attachment; filename=\"lecture.{extension}\"; filename*=UTF-8''{quote(download_name, safe='')}"
        response.headers["Content-Disposition"] = named
    response.headers["Cache-Control"] = IMMUTABLE if is_public else PRIVATE
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _asks_for_many_ranges() -> bool:
    return request.range is not None and len(request.range.ranges) > 1


def _stream(storage: Storage, key: str, stat: ObjectStat) -> Response:
    start, length, status = 0, stat.size_bytes, 200
    wanted = request.range
    if wanted is not None and wanted.units == "bytes" and not _asks_for_many_ranges():
        bounds = wanted.range_for_length(stat.size_bytes)
        if bounds is None:
            raise RequestedRangeNotSatisfiable(stat.size_bytes)
        start, length, status = bounds[0], bounds[1] - bounds[0], 206
    response = Response(status=status, mimetype=stat.content_type, direct_passthrough=True)
    response.headers["Accept-Ranges"] = "bytes"
    if status == 206:
        response.content_range = ContentRange("bytes", start, start + length, stat.size_bytes)
    if stat.etag:
        response.set_etag(f"{stat.size_bytes}-{stat.etag}")
    response.last_modified = stat.modified_at
    response.make_conditional(request.environ)
    if request.method != "HEAD" and response.status_code != 304:
        response.response = storage.open_range(key, start, length)
    response.content_length = length
    return response
