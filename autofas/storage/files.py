"""Files written in one piece: a reader sees the old file or the new one, never half of it. And what may be
read: regular files of bounded size, never a pipe that waits or a device without an end."""

import csv
import errno
import json
import os
import shutil
import stat
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from autofas.errors import AutofasError, RunError


@contextmanager
def whole_file(path: str | os.PathLike[str], binary: bool = False) -> Iterator[IO[Any]]:
    """A stream whose content becomes `path` at the end of the block, synced to the disk, and not before.

    Text is UTF-8 with line ends as written. If the block raises, or the disk is full, `path` is as it was
    and nothing is left beside it. Raises OSError that names `path` where it is a folder or its folder is not
    there, and where the folder cannot be written.
    """
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder; name a file in it", str(target))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, f"there is no folder {target.parent}; make it", str(target))
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


def write_text(path: Path, text: str) -> None:
    """Write a text file in one piece."""
    with whole_file(path) as stream:
        stream.write(text)


def write_json(path: Path, values: Any) -> None:
    """Write JSON in one piece, floats as Python prints them, NaN refused."""
    write_text(path, json.dumps(values, indent=2, allow_nan=False) + "\n")


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows of equal keys as CSV, floats so that they read back exactly."""
    if not rows:
        return
    with whole_file(path) as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


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


MAX_LINE = 2**20


def bounded_lines(stream: IO[str], source: str, error: type[AutofasError]) -> Iterable[str]:
    """The lines of a text stream; raises `error` at one of more than a million characters."""
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise error(f"{source}: line {number} has more than {MAX_LINE} characters, not a table's row")
        yield line


def require_commas(first: str, names: Iterable[str], source: str, error: type[AutofasError]) -> None:
    """Raise `error` where a table's first line parts its columns, of which some are `names`, by another mark.

    Spreadsheets write semicolons where the comma is the decimal mark, and may put `sep=;` above the header.
    """
    known = set(names)
    for mark, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        cells = [cell.strip().strip('"').strip().lower() for cell in first.split(mark)]
        if (len(cells) > 1 and not known.isdisjoint(cells)) or first.strip().lower() == f"sep={mark}":
            raise error(
                f"{source}: line 1: its columns are parted by {word}; save the table with commas between "
                "them (CSV UTF-8), and with points in its numbers"
            )


def file_size(path: str | os.PathLike[str], most: int, error: type[AutofasError]) -> int:
    """Bytes of a regular file; raises `error` for a folder, pipe or device, or one of more than `most` bytes.

    Raises OSError where there is no file or it cannot be reached.
    """
    try:
        found = os.stat(path)
    except ValueError:  # a NUL in the name
        raise error(f"{str(path)!r} is not a file name") from None
    if not stat.S_ISREG(found.st_mode):
        kind = "folder" if stat.S_ISDIR(found.st_mode) else "pipe, socket or device"
        raise error(f"{path} cannot be read: it is a {kind}, not a file")
    if found.st_size > most:
        raise error(f"{path} has {found.st_size} bytes, which is over the limit of {most} for such a file")
    return found.st_size
