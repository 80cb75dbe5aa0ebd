"""One bucket of an S3-compatible service and the calls of the `minio` SDK that it keeps private: multipart uploads.

Every request has a connect and a read timeout and a bounded number of retries; a process keeps its own connections.
Not here: objects under keys (`s3`), who begins multipart uploads and why.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast
from urllib.parse import unquote

import urllib3
from minio import Minio
from minio.commonconfig import CopySource
from minio.datatypes import Part, Upload
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError

from media_pipeline.ports import ObjectMissing, StorageFull, StorageUnavailable

UPLOADS_PER_PAGE: Final = 1000
_CONNECT_TIMEOUT_S: Final = 5.0
_RETRIES: Final = 3
_RETRY_WAIT_MAX_S: Final = 10

_FULL_CODES: Final = frozenset({"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"})
_INSUFFICIENT_STORAGE: Final = 507


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where the service listens and how it knows us."""

    endpoint: str
    access_key: str
    secret_key: str
    secure: bool
    region: str
    read_timeout_s: float


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A multipart upload that was begun and neither completed nor aborted."""

    key: str
    upload_id: str
    begun_at: datetime | None
    #: The name as the listing wrote it.
    listed_key: str


class Bucket:
    """The bucket's name, the SDK's client of this process, and multipart uploads."""

    def __init__(self, name: str, credentials: Credentials) -> None:
        self.name = name
        self._credentials = credentials
        self._client_of_process: tuple[int, Minio] | None = None

    @property
    def client(self) -> Minio:
        """The SDK's client of this process: its connections must not be shared across a fork."""
        if self._client_of_process is None or self._client_of_process[0] != os.getpid():
            self._client_of_process = (os.getpid(), _new_client(self._credentials))
        return self._client_of_process[1]

    def put(self, key: str, data: memoryview, content_type: str) -> None:
        """Store an object of one part, straight from memory: the SDK's public call would copy it."""
        with translated(key):
            whole = cast("bytes", data)  # what the SDK does with it, hash, measure and send, any bytes can do
            self.client._put_object(self.name, key, whole, {"Content-Type": content_type})  # noqa: SLF001  # as below

    def begin(self, key: str, content_type: str) -> str:
        """Begin a multipart upload; return the service's id of it."""
        with translated(key):
            return self.client._create_multipart_upload(  # noqa: SLF001  # the SDK has no public call
                self.name, key, {"Content-Type": content_type}
            )

    def send(self, key: str, upload_id: str, number: int, data: bytes) -> str:
        """Store one part (5 MiB or more, unless it is the last); return its tag."""
        with translated(key):
            return self.client._upload_part(self.name, key, data, None, upload_id, number)  # noqa: SLF001  # as above

    def copy_part(self, key: str, upload_id: str, number: int, source: str) -> str:
        """Store an object of the bucket as one part, inside the service; return its tag."""
        headers: dict[str, str | list[str] | tuple[str]] = {}
        headers.update(CopySource(self.name, source).gen_copy_headers())
        with translated(source):
            etag, _ = self.client._upload_part_copy(  # noqa: SLF001  # as above
                self.name, key, upload_id, number, headers
            )
            return etag

    def complete(self, key: str, upload_id: str, parts: Sequence[tuple[int, str]]) -> None:
        """Make the object out of these parts, numbers and tags: all that were sent.

        Unlike others, Ceph refuses to leave one out, so a part nobody knows of would spoil the whole.
        """
        with translated(key):
            self.client._complete_multipart_upload(  # noqa: SLF001  # as above
                self.name, key, upload_id, [Part(number, etag) for number, etag in parts]
            )

    def abort(self, key: str, upload_id: str) -> bool:
        """Throw a multipart upload away; False when it is gone already."""
        with translated(key):
            return self._abort(key, upload_id)

    def abort_listed(self, upload: Unfinished) -> bool:
        """Throw away an upload found by `unfinished`; False when its owner, or another sweep, was faster."""
        # Ceph 16 encodes the names of this listing without saying so; an upload's id makes trying both safe.
        names = dict.fromkeys((upload.listed_key, upload.key))
        with translated(upload.key):
            return any(self._abort(name, upload.upload_id) for name in names)

    def unfinished(self) -> Iterator[Unfinished]:
        """Yield every multipart upload on its way."""
        with translated(self.name):
            for found in self._pages():
                name = found.object_name
                yield Unfinished(unquote(name), found.upload_id or "", found.initiated_time, name)

    def _abort(self, key: str, upload_id: str) -> bool:
        try:
            self.client._abort_multipart_upload(self.name, key, upload_id)  # noqa: SLF001  # as above
        except S3Error as error:
            if error.code != "NoSuchUpload":
                raise
            return False
        return True

    def _pages(self) -> Iterator[Upload]:
        # Pages are turned by key alone, since the SDK loses the other marker; uploads of one key that lie across two
        # pages wait for the next sweep.
        marker: str | None = None
        while True:
            page = self.client._list_multipart_uploads(  # noqa: SLF001  # as above
                self.name, key_marker=marker, max_uploads=UPLOADS_PER_PAGE
            )
            yield from page.uploads
            if not page.is_truncated or page.next_key_marker in {None, marker}:
                return
            marker = page.next_key_marker


def _new_client(credentials: Credentials) -> Minio:
    retries = urllib3.Retry(
        total=_RETRIES,
        redirect=False,  # the service is asked where it was configured, with keys signed for it
        status_forcelist=(500, 502, 503, 504),
        backoff_factor=0.3,
        backoff_max=_RETRY_WAIT_MAX_S,
        retry_after_max=_RETRY_WAIT_MAX_S,
        raise_on_status=False,  # the service's last answer says more than "too many retries"
    )
    http = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=_CONNECT_TIMEOUT_S, read=credentials.read_timeout_s),
        maxsize=10,
        cert_reqs="CERT_REQUIRED",  # against the system's certificates, which SSL_CERT_FILE replaces
        retries=retries,
    )
    return Minio(
        credentials.endpoint,
        access_key=credentials.access_key,
        secret_key=credentials.secret_key,
        secure=credentials.secure,
        region=credentials.region,
        http_client=http,
    )


@contextlib.contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn the SDK's and the connection's errors concerning `what` into the port's."""
    try:
        yield
    except S3Error as error:
        if error.code == "NoSuchKey":
            raise ObjectMissing(what) from error
        if error.code in _FULL_CODES or error.response.status == _INSUFFICIENT_STORAGE:
            raise StorageFull(f"{what}: {error.code}") from error
        raise StorageUnavailable(f"{what}: {error.code}: {error.message}") from error
    except (ServerError, InvalidResponseError, MinioException, HTTPError) as error:
        raise StorageUnavailable(f"{what}: {error}") from error
