"""A line between a browser and the server that breaks when so many bytes have gone up it, as lines of telephones do."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator


class CuttingLine:
    """Listens on `port` and passes everything on, both ways."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._sent_bytes = 0
        #: When so many bytes have gone up in all, the connection they went up is reset.
        self.breaks_at: list[int] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Take no more calls."""
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._server_port))
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(*ends, ends[0] is near), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_up: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
                if is_up and self._breaks(len(data)):
                    # Reset, not closed: the sender learns of it in the middle of what it sends.
                    source.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    break
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR) if end is target else end.close()

    def _breaks(self, size: int) -> bool:
        with self._lock:
            self._sent_bytes += size
            if self.breaks_at and self._sent_bytes >= self.breaks_at[0]:
                self.breaks_at.pop(0)
                return True
        return False


@contextlib.contextmanager
def cutting_line(server_port: int, breaks_at: list[int]) -> Iterator[CuttingLine]:
    """Run such a line for a while."""
    line = CuttingLine(server_port)
    line.breaks_at = sorted(breaks_at)
    try:
        yield line
    finally:
        line.close()
