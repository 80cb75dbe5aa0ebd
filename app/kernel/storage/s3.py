"""Objects under keys in one bucket of an S3-compatible service; with `s3_bucket` all that knows the `minio` SDK.

Not here: bucket policies, lifecycle rules and CORS, which belong to whoever runs the service.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Generator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final, cast

from minio.commonconfig import CopySource
from minio.datatypes import Object
from minio.deleteobjects import DeleteObject
from minio.error import S3Error

from app.kernel.storage.content_types import DEFAULT_CONTENT_TYPE
from app.kernel.storage.keys import InvalidKey, check_key, check_prefix, is_key
from app.kernel.storage.s3_bucket import Bucket, Credentials, translated
from app.kernel.storage.transfer import CHUNK_BYTES, MeasuredSource, grouped, save
from media_pipeline.ports import ObjectInfo, ObjectMissing, ObjectStat, StorageUnavailable

#: One part is held in memory while it is signed and sent.
PART_BYTES: Final = 16 * 1024 * 1024
#: S3 takes no smaller part, except as the last one.
PART_BYTES_MIN: Final = 5 * 1024 * 1024
PARTS_MAX: Final = 10_000
_READ_TIMEOUT_S: Final = 60.0
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
        self._region = region
        credentials = Credentials(endpoint, access_key, secret_key, secure, region, read_timeout_s)
        self._bucket = Bucket(bucket, credentials)

    def ensure(self) -> None:
        """Make the bucket when it is not there; called once at start-up.

        Raises:
            StorageUnavailable: when the service does not answer or refuses our keys.
        """
        with translated(self._bucket.name):
            if self._bucket.client.bucket_exists(self._bucket.name):
                return
            try:
                self._bucket.client.make_bucket(self._bucket.name, location=self._region)
            except S3Error as error:
                if error.code != "BucketAlreadyOwnedByYou":  # another process was faster
                    raise

    def put_file(self, key: str, path: Path, content_type: str) -> None:
        with path.open("rb") as source:
            self._put(key, source, os.fstat(source.fileno()).st_size, content_type)

    def put_bytes(self, key: str, data: bytes, content_type: str) -> None:
        self._put(key, io.BytesIO(data), len(data), content_type)

    def put_buffer(self, key: str, data: memoryview, content_type: str) -> None:
        check_key(key)
        self._bucket.put(key, data, content_type)

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
        with translated(source):
            self._bucket.client.copy_object(self._bucket.name, key, CopySource(self._bucket.name, source))

    def stat(self, key: str) -> ObjectStat | None:
        if not is_key(key):
            return None
        try:
            with translated(key):
                found = self._bucket.client.stat_object(self._bucket.name, key)
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
        with contextlib.suppress(ObjectMissing), translated(key):
            self._bucket.client.remove_object(self._bucket.name, key)

    def delete_prefix(self, prefix: str) -> int:
        if not prefix:
            raise InvalidKey("the empty prefix would delete the whole store")
        asked = 0

        def doomed() -> Iterator[DeleteObject]:
            nonlocal asked
            for found in self._list(check_prefix(prefix)):
                asked += 1
                yield DeleteObject(found.key)

        with translated(prefix):
            faults = list(self._bucket.client.remove_objects(self._bucket.name, doomed()))
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
        with translated(key):
            expires = timedelta(seconds=expires_s)
            return self._bucket.client.presigned_get_object(self._bucket.name, key, expires=expires)

    def sweep_partial(self, older_than: timedelta) -> int:
        """Abort multipart uploads begun more than `older_than` ago, which hold space unseen; return how many."""
        newest_swept_at = datetime.now(UTC) - older_than
        old = [upload for upload in self._bucket.unfinished() if upload.begun_at and upload.begun_at <= newest_swept_at]
        return sum(self._bucket.abort_listed(upload) for upload in old)

    def compose(self, sources: Sequence[str], key: str) -> None:
        check_key(key)
        sizes = [self._size(source) for source in sources]
        upload_id = self._bucket.begin(key, DEFAULT_CONTENT_TYPE)
        try:
            parts = []
            for number, group in enumerate(grouped(sources, sizes, PART_BYTES_MIN), 1):
                if len(group) == 1:
                    etag = self._bucket.copy_part(key, upload_id, number, group[0])
                else:
                    data = b"".join(chunk for source in group for chunk in self.open_range(source))
                    etag = self._bucket.send(key, upload_id, number, data)
                parts.append((number, etag))
            self._bucket.complete(key, upload_id, parts)
        except BaseException:
            with contextlib.suppress(StorageUnavailable):
                self._bucket.abort(key, upload_id)
            raise

    def _size(self, key: str) -> int:
        found = self.stat(key)
        if found is None:
            raise ObjectMissing(key)
        return found.size_bytes

    def _put(self, key: str, source: BinaryIO, size_bytes: int, content_type: str) -> None:
        check_key(key)
        measured = cast("BinaryIO", MeasuredSource(source, size_bytes))  # the SDK only reads
        with translated(key):
            self._bucket.client.put_object(
                self._bucket.name,
                key,
                measured,
                size_bytes,
                content_type=content_type,
                part_size=max(PART_BYTES, -(-size_bytes // PARTS_MAX)),
                num_parallel_uploads=1,  # one part in memory at a time
            )

    def _read(self, key: str, start: int, length: int | None) -> Generator[bytes, None, None]:
        if length == 0 or not is_key(key):
            if self.stat(key) is None:
                raise ObjectMissing(key)
            yield b""
            return
        with translated(key):
            try:
                response = self._bucket.client.get_object(self._bucket.name, key, offset=start, length=length or 0)
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
        with translated(prefix or self._bucket.name):
            for found in self._bucket.client.list_objects(self._bucket.name, prefix=prefix, recursive=True):
                yield ObjectInfo(
                    key=found.object_name or "", size_bytes=found.size or 0, modified_at=_modified_at(found)
                )


def _modified_at(found: Object) -> datetime:
    if found.last_modified is None:
        raise StorageUnavailable(f"{found.object_name}: the service told no time of modification")
    return found.last_modified.astimezone(UTC)
