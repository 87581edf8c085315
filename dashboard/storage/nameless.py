"""A file that has no name until it is whole: it vanishes by itself when its process is killed."""

import io
import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

OPEN_FILES = "/proc/self/fd"


class Nameless(io.FileIO):
    """In `folder`, read and written. Raises OSError where its file system cannot do that."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666), "r+b")

    def keep(self, path: Path) -> None:
        """Give it a name on the same file system, in place of a file that has it."""
        try:
            self._link(path)
        except FileExistsError:
            beside = path.with_name(f"{uuid4().hex}.part")
            self._link(beside)
            beside.replace(path)

    def _link(self, path: Path) -> None:
        open_files = os.open(OPEN_FILES, os.O_RDONLY)
        try:
            os.link(str(self.fileno()), path, src_dir_fd=open_files, follow_symlinks=True)
        finally:
            os.close(open_files)


class Partial(io.FileIO):
    """The same with a name ending in `.part`, for file systems that know no other way."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"{uuid4().hex}.part"
        super().__init__(self.path, "x+b")

    def keep(self, path: Path) -> None:
        self.path.replace(path)

    def close(self) -> None:
        super().close()
        with suppress(FileNotFoundError):
            self.path.unlink()


def unnamed(folder: Path) -> Nameless | Partial:
    """A new file in that folder, which is made when it is missing."""
    if hasattr(os, "O_TMPFILE"):
        # Again: an emptied folder may be removed at any moment.
        for _ in range(3):
            try:
                return Nameless(folder)
            except FileNotFoundError:
                continue
            except OSError:
                break
    folder.mkdir(parents=True, exist_ok=True)
    return Partial(folder)
