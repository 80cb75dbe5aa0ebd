"""Files of a Whoosh index, made durable: Whoosh itself never calls fsync."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import StructFile

from search_index.folder import sync_file, sync_folder


class DurableStorage(FileStorage):  # type: ignore[misc]
    """A folder where a rename, which is how Whoosh commits, first makes everything written so far durable.

    So after a power cut the table of contents never names segments whose bytes were lost.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self._unsynced: set[str] = set()
        self._opened: list[StructFile] = []

    def create_file(self, name: str, **options: object) -> StructFile:
        """Create a file and remember that it is not durable yet."""
        self._unsynced.add(name)
        return super().create_file(name, **options)

    def open_file(self, name: str, **options: object) -> StructFile:
        """Open a file and remember it until ``closing_on_failure`` ends."""
        self._opened.append(super().open_file(name, **options))
        return self._opened[-1]

    @contextmanager
    def closing_on_failure(self) -> Iterator[None]:
        """Close what Whoosh leaves open when it stumbles over a torn file."""
        try:
            yield
        except BaseException:
            for file in self._opened:
                if not file.is_closed:
                    file.close()
            raise
        finally:
            self._opened.clear()

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:  # noqa: FBT001, FBT002 Whoosh's signature
        """Sync all created files that still exist, rename, sync the folder."""
        for name in self._unsynced:
            path = Path(self.folder) / name
            if path.exists():
                sync_file(path)
        self._unsynced.clear()
        super().rename_file(oldname, newname, safe=safe)
        sync_folder(Path(self.folder))
