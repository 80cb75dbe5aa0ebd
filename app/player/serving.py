"""Bytes of media over HTTP: ranges, right types, caching by what may be kept.

Folder stores go through werkzeug's conditional file response; other stores are streamed range by range. One range per
request is served (RFC 9110 lets a server ignore the others); an impossible one answers 416.
"""

from __future__ import annotations

from flask import Response, request, send_file
from werkzeug.datastructures import ContentRange
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from app.kernel.errors import NotFound, Unavailable
from media_pipeline.ports import ObjectMissing, Storage, StorageUnavailable

#: The address names the content (plan digest), so it never changes.
IMMUTABLE = "public, max-age=31536000, immutable"
PRIVATE = "private, no-store"


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
                conditional=True,
                etag=f"{stat.size_bytes}-{stat.etag}",
                last_modified=stat.modified_at,
                as_attachment=download_name is not None,
                download_name=download_name,
            )
        else:
            response = _stream(storage, key, stat.size_bytes, stat.content_type)
            response.set_etag(f"{stat.size_bytes}-{stat.etag}")
            response.last_modified = stat.modified_at
            response.make_conditional(request.environ)
            if download_name is not None:
                response.headers.set("Content-Disposition", "attachment", filename=download_name)
    except ObjectMissing as error:
        raise NotFound(key=key) from error
    except StorageUnavailable as error:
        raise Unavailable("视频暂时取不到，请稍后再试。", code="store_unavailable") from error
    response.headers["Cache-Control"] = IMMUTABLE if is_public else PRIVATE
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _stream(storage: Storage, key: str, size_bytes: int, content_type: str) -> Response:
    start, length, status = 0, size_bytes, 200
    wanted = request.range
    if wanted is not None and wanted.units == "bytes" and len(wanted.ranges) == 1:
        bounds = wanted.range_for_length(size_bytes)
        if bounds is None:
            raise RequestedRangeNotSatisfiable(size_bytes)
        start, length, status = bounds[0], bounds[1] - bounds[0], 206
    body = storage.open_range(key, start, length) if request.method != "HEAD" else ()
    response = Response(body, status=status, mimetype=content_type, direct_passthrough=True)
    response.headers["Accept-Ranges"] = "bytes"
    response.content_length = length
    if status == 206:
        response.content_range = ContentRange("bytes", start, start + length, size_bytes)
    return response
