"""Files written in one piece: a reader sees the old file or the new one, never half of it."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from autofas.errors import RunError


@contextmanager
def whole_file(path: str | os.PathLike[str], binary: bool = False) -> Iterator[IO[Any]]:
    """A stream whose content becomes `path` at the end of the block, synced to the disk, and not before.

    Text is UTF-8 with line ends as written. If the block raises, or the disk is full, `path` is as it was
    and nothing is left beside it. Raises OSError where the folder cannot be written.
    """
    target = Path(path)
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with part.open("xb") if binary else part.open("x", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, target)
        sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Have the names in a folder on the disk too: a rename that is not is lost with the power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def require_space(folder: Path, size: int, what: str) -> None:
    """Raise RunError if fewer than `size` bytes (and a megabyte to spare) are free where `folder` is."""
    free = shutil.disk_usage(folder).free
    if free < size + 2**20:
        raise RunError(
            f"{folder}: {what} needs {size / 2**20:.1f} MB and {free / 2**20:.1f} MB are free; make room or "
            "choose another --runs-dir"
        )
