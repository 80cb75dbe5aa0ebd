"""Papers on their way out of the store, and what a store may say on their way in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from flask import Response

from app.joining.models import Application
from app.joining.papers import CONTENT_TYPES, paper_key
from app.kernel.errors import NotFound, Unavailable
from app.web import edge
from media_pipeline.ports import ObjectMissing, StorageFull, StorageUnavailable


@contextmanager
def storing() -> Iterator[None]:
    """Turn what a store may raise into what a person can be told."""
    try:
        yield
    except StorageFull as error:
        raise Unavailable("存储空间不足，请过一会儿再传。", code="store_full") from error
    except StorageUnavailable as error:
        raise Unavailable("存储服务暂时没有响应，请稍后再试。", code="store_unavailable") from error


def send_paper(application: Application, paper_id: str) -> Response:
    """Return a paper of an application the caller has been allowed to read: pictures to look at, PDF to save.

    Raises:
        NotFound: when it has none of this id.
    """
    paper = next((each for each in application.papers if each.public_id == paper_id), None)
    if paper is None:
        raise NotFound(paper=paper_id)
    key = paper_key(application.public_id, paper.public_id, paper.kind)
    try:
        with storing():
            body = edge.platform().storage.open_range(key)
    except ObjectMissing as error:
        raise NotFound(paper=paper_id) from error
    response = Response(body, content_type=CONTENT_TYPES[paper.kind])
    how = "attachment" if paper.kind == "pdf" else "inline"
    response.headers["Content-Disposition"] = f"{how}; filename*=UTF-8''{quote(paper.filename)}"
    response.headers["Content-Length"] = str(paper.size_bytes)
    # Other people's files: shown to nobody else, kept by no cache, and run by nothing.
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
