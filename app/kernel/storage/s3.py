"""Objects in one bucket of an S3-compatible service: the only module that knows the `minio` SDK, private calls too.

Every request has a connect and a read timeout and a bounded number of retries; a process keeps its own connections.
Not here: bucket policies, lifecycle rules and CORS, which belong to whoever runs the service.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final, cast
from urllib.parse import unquote

import urllib3
from minio import Minio
from minio.commonconfig import CopySource
from minio.datatypes import Object, Upload
from minio.deleteobjects import DeleteObject
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError

from app.kernel.storage.keys import InvalidKey, check_key, check_prefix, is_key
from app.kernel.storage.transfer import CHUNK_BYTES, MeasuredSource, save
from media_pipeline.ports import ObjectInfo, ObjectMissing, ObjectStat, StorageFull, StorageUnavailable

#: One part is held in memory while it is signed and sent.
PART_BYTES: Final = 16 * 1024 * 1024
_PARTS_MAX: Final = 10_000
UPLOADS_PER_PAGE: Final = 1000
_CONNECT_TIMEOUT_S: Final = 5.0
_READ_TIMEOUT_S: Final = 60.0
_RETRIES: Final = 3
_RETRY_WAIT_MAX_S: Final = 10

_FULL_CODES: Final = frozenset({"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"})
_INSUFFICIENT_STORAGE: Final = 507
_URL_EXPIRES_MAX_S: Final = 7 * 24 * 3600


class S3Storage:
    """The `Storage` port on one bucket, which belongs to this store alone."""

    def __init__(
        self,
        *,
        endpoint: str,
        access_key: str,
        secret_key: str,
        bucket: str,
        secure: bool = True,
        region: str = "us-east-1",
        read_timeout_s: float = _READ_TIMEOUT_S,
    ) -> None:
        self._endpoint = endpoint
        self._access_key = access_key
        self._secret_key = secret_key
        self._bucket = bucket
        self._secure = secure
        self._region = region
        self._read_timeout_s = read_timeout_s
        self._client_of_process: tuple[int, Minio] | None = None

    def ensure(self) -> None:
        """Make the bucket when it is not there; called once at start-up.

        Raises:
            StorageUnavailable: when the service does not answer or refuses our keys.
        """
        with _translated(self._bucket):
            if self._client.bucket_exists(self._bucket):
                return
            try:
                self._client.make_bucket(self._bucket, location=self._region)
            except S3Error as error:
                if error.code != "BucketAlreadyOwnedByYou":  # another process was faster
                    raise

    def put_file(self, key: str, path: Path, content_type: str) -> None:
        with path.open("rb") as source:
            self._put(key, source, os.fstat(source.fileno()).st_size, content_type)

    def put_bytes(self, key: str, data: bytes, content_type: str) -> None:
        self._put(key, io.BytesIO(data), len(data), content_type)

    def adopt_file(self, key: str, path: Path, content_type: str) -> None:
        """Send the file, as `put_file` does: nothing of this machine's disk is the store's."""
        self.put_file(key, path, content_type)

    def can_adopt(self, path: Path) -> bool:  # noqa: ARG002  # the port's signature
        return False

    def copy(self, source: str, key: str) -> None:
        check_key(key)
        if source == key or not is_key(source):
            if self.stat(source) is None:
                raise ObjectMissing(source)
            return
        with _translated(source):
            self._client.copy_object(self._bucket, key, CopySource(self._bucket, source))

    def stat(self, key: str) -> ObjectStat | None:
        if not is_key(key):
            return None
        try:
            with _translated(key):
                found = self._client.stat_object(self._bucket, key)
        except ObjectMissing:
            return None
        return ObjectStat(
            size_bytes=found.size or 0,
            content_type=found.content_type or "",
            etag=found.etag or "",  # Ceph tells none after some multipart uploads
            modified_at=_modified_at(found),
        )

    def open_range(self, key: str, start: int = 0, length: int | None = None) -> Generator[bytes, None, None]:
        if start < 0 or (length is not None and length < 0):
            raise ValueError(f"no such range: start {start}, length {length}")
        chunks = self._read(key, start, length)
        next(chunks)  # runs up to the answer: a missing object is told now, and close() always frees the connection
        return chunks

    def fetch(self, key: str, path: Path) -> None:
        with contextlib.closing(self.open_range(key)) as chunks:
            save(chunks, path)

    def list_keys(self, prefix: str) -> Iterator[ObjectInfo]:
        return self._list(check_prefix(prefix))

    def delete(self, key: str) -> None:
        check_key(key)
        with contextlib.suppress(ObjectMissing), _translated(key):
            self._client.remove_object(self._bucket, key)

    def delete_prefix(self, prefix: str) -> int:
        if not prefix:
            raise InvalidKey("the empty prefix would delete the whole store")
        asked = 0

        def doomed() -> Iterator[DeleteObject]:
            nonlocal asked
            for found in self._list(check_prefix(prefix)):
                asked += 1
                yield DeleteObject(found.key)

        with _translated(prefix):
            faults = list(self._client.remove_objects(self._bucket, doomed()))
        if faults:
            raise StorageUnavailable(f"{prefix}: {len(faults)} of {asked} objects not deleted: {faults[0].message}")
        return asked

    def local_path(self, key: str) -> Path | None:  # noqa: ARG002  # the port's signature
        return None

    def presigned_url(self, key: str, expires_s: int) -> str | None:
        """Return a link anybody may read the object by for `expires_s` seconds (1 second to 7 days)."""
        if not 1 <= expires_s <= _URL_EXPIRES_MAX_S:
            raise ValueError(f"a link cannot expire after {expires_s} s")
        if not is_key(key):
            return None
        with _translated(key):
            return self._client.presigned_get_object(self._bucket, key, expires=timedelta(seconds=expires_s))

    def sweep_partial(self, older_than: timedelta) -> int:
        """Abort multipart uploads begun more than `older_than` ago, which hold space unseen; return how many."""
        newest_swept_at = datetime.now(UTC) - older_than
        with _translated(self._bucket):
            old = [
                upload
                for upload in self._unfinished_uploads()
                if upload.initiated_time and upload.initiated_time <= newest_swept_at
            ]
            return sum(self._abort_upload(upload) for upload in old)

    def _unfinished_uploads(self) -> Iterator[Upload]:
        # Pages are turned by key alone, since the SDK loses the other marker; uploads of one key that lie across two
        # pages wait for the next sweep.
        marker: str | None = None
        while True:
            page = self._client._list_multipart_uploads(  # noqa: SLF001  # the SDK has no public call
                self._bucket, key_marker=marker, max_uploads=UPLOADS_PER_PAGE
            )
            yield from page.uploads
            if not page.is_truncated or page.next_key_marker in {None, marker}:
                return
            marker = page.next_key_marker

    def _abort_upload(self, upload: Upload) -> bool:
        """Abort one upload; False when its owner, or another sweep, was faster."""
        # Ceph 16 encodes the names of this listing without saying so; an upload's id makes trying both safe.
        for key in dict.fromkeys((upload.object_name, unquote(upload.object_name))):
            try:
                self._client._abort_multipart_upload(self._bucket, key, upload.upload_id or "")  # noqa: SLF001  # as above
            except S3Error as error:
                if error.code != "NoSuchUpload":
                    raise
            else:
                return True
        return False

    @property
    def _client(self) -> Minio:
        """The SDK's client of this process: its connections must not be shared across a fork."""
        if self._client_of_process is None or self._client_of_process[0] != os.getpid():
            self._client_of_process = (os.getpid(), self._new_client())
        return self._client_of_process[1]

    def _new_client(self) -> Minio:
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
            timeout=urllib3.Timeout(connect=_CONNECT_TIMEOUT_S, read=self._read_timeout_s),
            maxsize=10,
            cert_reqs="CERT_REQUIRED",  # against the system's certificates, which SSL_CERT_FILE replaces
            retries=retries,
        )
        return Minio(
            self._endpoint,
            access_key=self._access_key,
            secret_key=self._secret_key,
            secure=self._secure,
            region=self._region,
            http_client=http,
        )

    def _put(self, key: str, source: BinaryIO, size_bytes: int, content_type: str) -> None:
        check_key(key)
        measured = cast("BinaryIO", MeasuredSource(source, size_bytes))  # the SDK only reads
        with _translated(key):
            self._client.put_object(
                self._bucket,
                key,
                measured,
                size_bytes,
                content_type=content_type,
                part_size=max(PART_BYTES, -(-size_bytes // _PARTS_MAX)),
                num_parallel_uploads=1,  # one part in memory at a time
            )

    def _read(self, key: str, start: int, length: int | None) -> Generator[bytes, None, None]:
        if length == 0 or not is_key(key):
            if self.stat(key) is None:
                raise ObjectMissing(key)
            yield b""
            return
        with _translated(key):
            try:
                response = self._client.get_object(self._bucket, key, offset=start, length=length or 0)
            except S3Error as error:
                if error.code != "InvalidRange":
                    raise
                yield b""  # the range begins behind the end: like a file, nothing is read there
                return
            try:
                yield b""
                yield from response.stream(CHUNK_BYTES, decode_content=False)
            finally:
                response.close()
                response.release_conn()

    def _list(self, prefix: str) -> Iterator[ObjectInfo]:
        with _translated(prefix or self._bucket):
            for found in self._client.list_objects(self._bucket, prefix=prefix, recursive=True):
                yield ObjectInfo(
                    key=found.object_name or "", size_bytes=found.size or 0, modified_at=_modified_at(found)
                )


def _modified_at(found: Object) -> datetime:
    if found.last_modified is None:
        raise StorageUnavailable(f"{found.object_name}: the service told no time of modification")
    return found.last_modified.astimezone(UTC)


@contextlib.contextmanager
def _translated(what: str) -> Iterator[None]:
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
