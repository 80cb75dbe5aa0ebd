"""Bytes of unfinished uploads in the store, each piece an object of its own: any web host goes on with them.

The ledger (`pieces`) is the truth about what is durable; objects not entered there are nobody's and go with the rest.
In the end the store joins the objects itself. It wants pieces of 5 MiB or more for that: smaller ones, which short
requests leave, are taken into the next piece. While one piece is stored the next one is received: two pieces of memory
a request. No transaction is open while bytes move.
(docs/decisions/0009)
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

import structlog

from app.kernel.db import reading, unit_of_work
from app.kernel.errors import Unavailable
from app.kernel.storage import INCOMING_PREFIX, ManagedStorage, PartwiseStorage
from app.studio import intake, pieces
from app.studio.intake import CutOff, Digest, DiskFull, Partial
from app.studio.piece_buffer import Helper, PieceBuffer
from app.studio.pieces import Hold, Piece
from media_pipeline.ports import ObjectMissing, StorageError, StorageFull

log = structlog.get_logger(__name__)

PIECE_BYTES: Final = 6 * 1024 * 1024
#: Less the store joins only at the end.
PIECE_BYTES_MIN: Final = 5 * 1024 * 1024
#: Stores join ten thousand.
PIECES_MAX: Final = 9000
SIGN_OF_LIFE_S: Final = 3.0
_CONTENT_TYPE: Final = "application/octet-stream"
_NO_LIMIT: Final = 2**62


def _folder(public_id: str) -> str:
    return f"{INCOMING_PREFIX}/{public_id}"


def _key(piece: Piece) -> str:
    return f"{_folder(piece.public_id)}/{piece.number:06}"


class PiecesInStore:
    """The unfinished uploads of one store."""

    def __init__(self, storage: PartwiseStorage) -> None:
        self._storage = storage

    def create(self, public_id: str) -> None:
        """Nothing is needed before the first byte."""

    def length(self, public_id: str) -> int | None:
        with reading() as db:
            return pieces.find_length(db, public_id)

    def settle(self, public_id: str) -> int | None:
        """Only what is durable is entered at all."""
        return self.length(public_id)

    def delete(self, public_id: str) -> None:
        with unit_of_work() as db:
            pieces.forget(db, public_id)
        self._storage.delete_prefix(_folder(public_id))

    def leftovers(self, *, older_than_s: float) -> Iterator[str]:
        limit_s = time.time() - older_than_s
        touched: dict[str, float] = {}
        for item in self._storage.list_keys(INCOMING_PREFIX):
            name = item.key.split("/")[1]
            touched[name] = max(touched.get(name, 0.0), item.modified_at.timestamp())
        with reading() as db:
            held = pieces.list_held(db) if older_than_s <= 0 else []
        yield from dict.fromkeys((*(name for name, at_s in touched.items() if at_s <= limit_s), *held))

    def free_bytes(self) -> int:
        """No store tells; one that is full refuses."""
        return _NO_LIMIT

    @contextlib.contextmanager
    def writing(self, public_id: str, *, is_checked: bool = False) -> Iterator[PieceWriter]:
        with unit_of_work() as db:
            held = pieces.hold(db, public_id, pieces.new_writer())
        writer = PieceWriter(self._storage, public_id, held, is_checked=is_checked)
        try:
            yield writer
        finally:
            writer.close()
            with unit_of_work() as db:
                pieces.release(db, held)

    def gather(self, public_id: str, size_bytes: int, partials: Sequence[Partial]) -> bool:
        """Nothing is moved yet; `hand_over` joins."""
        found = self._pieces(public_id)
        if partials:
            kept = {partial.public_id: 0 for partial in partials}
            for piece in found:
                kept[piece.public_id] += piece.size_bytes
            if any(kept[partial.public_id] != partial.size_bytes for partial in partials):
                return False
        return sum(piece.size_bytes for piece in found) == size_bytes

    def sha256(self, public_id: str) -> str:
        digest = hashlib.sha256()
        for piece in self._pieces(public_id):
            for chunk in self._storage.open_range(_key(piece)):
                digest.update(chunk)
        return digest.hexdigest()

    def hand_over(self, public_id: str, storage: ManagedStorage, key: str) -> None:  # noqa: ARG002  # the port's
        self._storage.compose([_key(piece) for piece in self._pieces(public_id)], key)

    def can_hand_over_uncopied(self, public_id: str, storage: ManagedStorage) -> bool:  # noqa: ARG002  # the port's
        return True

    def _pieces(self, public_id: str) -> Sequence[Piece]:
        with reading() as db:
            return pieces.list_pieces(db, public_id)


@dataclass(frozen=True, slots=True)
class _Stored:
    """A piece that is durable, with the small ones it took in, to be entered."""

    piece: Piece
    absorbed: Sequence[Piece]
    #: How many bytes of it are new.
    new_bytes: int


class PieceWriter:
    """Appends to one upload that is held."""

    def __init__(self, storage: PartwiseStorage, public_id: str, held: Hold, *, is_checked: bool) -> None:
        self._storage, self._public_id, self._held = storage, public_id, held
        self._is_checked = is_checked
        #: Pieces at the end that are too small to be joined, together still are, and stand first in what comes in.
        self._loose = [piece for piece in held.pieces if piece.size_bytes < PIECE_BYTES_MIN]
        self._loose_bytes = 0
        #: What comes in, and what is on its way to the store: received, not durable yet.
        self._buffers: list[PieceBuffer] = []
        self._helper = Helper()
        self._on_its_way: Future[_Stored] | None = None
        self._way_bytes = 0
        #: Durable, to be entered once they are known to be right; and those they take in.
        self._unentered: list[Piece] = []
        self._absorbed: list[Piece] = []
        self._alive_s = time.monotonic()
        self._number = held.number
        self.offset_bytes = held.offset_bytes

    def append(self, read: Callable[[int], bytes], *, up_to_bytes: int, digests: Sequence[Digest] = ()) -> None:
        piece_bytes = max(PIECE_BYTES, -(-up_to_bytes // PIECES_MAX))
        self._begin(piece_bytes)
        try:
            while (received_bytes := self.offset_bytes + self._way_bytes + self._new_bytes) < up_to_bytes:
                room_bytes = piece_bytes - self._incoming.size_bytes
                block = read(min(intake.BLOCK_BYTES, up_to_bytes - received_bytes, room_bytes))
                if not block:
                    break
                self._incoming.add(block)
                for digest in digests:
                    digest.update(block)
                self._tell_alive()
                if self._on_its_way is not None and self._on_its_way.done():
                    self._arrive()
                if self._incoming.size_bytes >= piece_bytes:
                    self._send()
        except CutOff:
            self._flush()
            raise
        self._flush()

    def keep(self) -> None:
        self._enter()

    def close(self) -> None:
        """Wait for a piece on its way, which counts no more, and give the memory back."""
        self._helper.close()
        for buffer in self._buffers:
            buffer.close()

    @property
    def _incoming(self) -> PieceBuffer:
        return self._buffers[0]

    @property
    def _new_bytes(self) -> int:
        """How much of what comes in is not in the store already."""
        return self._incoming.size_bytes - self._loose_bytes

    def _begin(self, piece_bytes: int) -> None:
        """Get the memory, and into it what is too small to be joined: the first piece takes it in."""
        if not self._buffers:
            self._buffers = [PieceBuffer(piece_bytes), PieceBuffer(piece_bytes)]
        self._incoming.clear()
        with self._told():
            for each in self._loose:
                self._take_up(each)
        self._loose_bytes = self._incoming.size_bytes

    def _take_up(self, piece: Piece) -> None:
        end_bytes = self._incoming.size_bytes + piece.size_bytes
        for chunk in self._storage.open_range(_key(piece), 0, piece.size_bytes):
            self._incoming.add(chunk)
        if self._incoming.size_bytes != end_bytes:
            raise ObjectMissing(_key(piece))

    def _tell_alive(self) -> None:
        if time.monotonic() - self._alive_s > SIGN_OF_LIFE_S:
            self._alive_s = time.monotonic()
            with unit_of_work() as db:
                pieces.stay(db, self._held)

    def _flush(self) -> None:
        """Make everything that was received durable, then enter it; only then does it count."""
        self._arrive()
        if self._new_bytes:
            self._send()
            self._arrive()

    def _send(self) -> None:
        """Send a piece on its way, after the one before it has arrived, and go on with the other buffer."""
        self._arrive()
        buffer, absorbed, loose_bytes = self._incoming, self._loose, self._loose_bytes
        self._way_bytes = self._new_bytes
        if buffer.size_bytes < PIECE_BYTES_MIN:
            absorbed, begin_bytes, skipped_bytes = [], self.offset_bytes, loose_bytes
        else:
            begin_bytes, skipped_bytes = self.offset_bytes - loose_bytes, 0
        piece = Piece(self._public_id, self._number, begin_bytes, buffer.size_bytes - skipped_bytes)
        self._on_its_way = self._helper.begin(lambda: self._store(piece, absorbed, buffer, skipped_bytes))
        self._buffers.reverse()
        self._incoming.clear()
        self._loose_bytes = 0

    def _store(self, piece: Piece, absorbed: Sequence[Piece], buffer: PieceBuffer, skipped_bytes: int) -> _Stored:
        """Beside the request: put a piece into the store. No database."""
        with buffer.view() as view, view[skipped_bytes:] as data:
            self._storage.put_buffer(_key(piece), data, _CONTENT_TYPE)
        return _Stored(piece, absorbed, piece.size_bytes - sum(each.size_bytes for each in absorbed))

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Say of a store's failures what the sender may do: make room, or try again."""
        try:
            yield
        except StorageFull as error:
            raise DiskFull(offset_bytes=self.offset_bytes) from error
        except StorageError as error:
            with unit_of_work() as db:
                pieces.stay(db, self._held)  # whoever has the upload now may have taken in what this piece wanted
            raise Unavailable(upload=self._public_id) from error

    def _arrive(self) -> None:
        """Wait for the piece that is on its way, and enter it."""
        if self._on_its_way is None:
            return
        waiting, self._on_its_way, self._way_bytes = self._on_its_way, None, 0
        with self._told():
            stored = waiting.result()
        self._unentered.append(stored.piece)
        self._absorbed.extend(stored.absorbed)
        if self._is_checked:
            with unit_of_work() as db:
                self._number = pieces.take_number(db, self._held)
        else:
            self._enter()
        is_joinable = stored.piece.size_bytes >= PIECE_BYTES_MIN
        self._loose = [] if is_joinable else [*self._loose, stored.piece]
        self.offset_bytes += stored.new_bytes

    def _enter(self) -> None:
        with unit_of_work() as db:
            self._number = pieces.enter(db, self._held, self._unentered, self._absorbed)
        for piece in self._absorbed:
            with contextlib.suppress(StorageError):  # what stays goes with the whole upload
                self._storage.delete(_key(piece))
        self._unentered, self._absorbed = [], []
