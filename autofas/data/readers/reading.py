"""What every reader returns, what it says when a data set is not there, and helpers that all of them need.

A reader never hides a difference from the published set: it is a line in `Reading.differences`. Files are
found by listing folders, so no name from a list file is opened unseen, and what a link leads to outside the
data set's folder is not read.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pandas as pd

from autofas.data.manifests.faults import Faults, one_line, shown
from autofas.data.manifests.manifest import BOX, Manifest, check_table
from autofas.data.videos import count_whole_frames
from autofas.errors import DataError
from autofas.storage.files import file_size
from autofas.storage.table_text import encoding_of

FRAMES_PER_VIDEO = 8
LISTED = 3
MAX_LIST_BYTES = 64 * 2**20
_NO_BOX = (0, 0, 0, 0)
_PROGRESS: ContextVar[Callable[[int, int], None] | None] = ContextVar("progress", default=None)

T = TypeVar("T")


@dataclass(frozen=True)
class About:
    """A data set in words: its name, what it is, how it is given out, and the layout a reader expects."""

    title: str
    what: str
    access: str
    layout: str

    def missing(self, root: Path | None) -> str:
        """The line for a data set that is not there: what it is, where to apply, its layout, what was
        seen."""
        remedy = "Until then --dataset synthetic works now"
        if root is None:
            found = f"{self.title} was not found: no --data-root given"
        elif root.is_dir() and any(root.iterdir()):
            found = f"{root} does not hold {self.title} in a layout that is read: {seen_in(root)}"
            remedy = "Any other layout is read through a manifest.csv; --dataset synthetic works now"
        else:
            found = f"{self.title} was not found in {root}: {seen_in(root)}"
        return f"{found}. It is {self.what}, {self.access}. Expected {self.layout}. {remedy}"


@dataclass(frozen=True)
class Reading:
    """The sampled frames of a data set's folder and, a line each, how it differs from the published set."""

    manifest: Manifest
    differences: tuple[str, ...]


def seen_in(root: Path) -> str:
    """What stands at a place where a data set was expected."""
    if not root.exists():
        return "that folder does not exist"
    if not root.is_dir():
        return "that is a file"
    try:
        names = sorted(entry.name for entry in root.iterdir())
    except OSError as error:
        return f"it cannot be read ({one_line(error)})"
    return f"it holds {listed(names, 6)}" if names else "it is empty"


def listed(names: Sequence[str], count: int = LISTED) -> str:
    """The first few names, quoted where they hold control characters, and how many more there are."""
    some = [name if name.isprintable() else shown(name) for name in names[:count]]
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return ", ".join(some) + more


def inner_folder(root: Path, *names: str) -> Path | None:
    """The first of `names` that is a folder of `root`; one doubled by unpacking is entered."""
    for name in names:
        folder = root / name
        if folder.is_dir() and inside(folder, root):
            return folder / name if (folder / name).is_dir() else folder
    return None


def inside(path: Path, root: Path) -> bool:
    """Whether a path, with its links followed, stays in the folder `root`, with its links followed."""
    return path.resolve().is_relative_to(root.resolve())


def entries(folder: Path, root: Path, notes: list[str]) -> list[os.DirEntry[str]]:
    """The visible entries of a folder by name; a link that leaves `root` is noted and left out."""
    try:
        found = sorted(
            (entry for entry in os.scandir(folder) if not entry.name.startswith(".")),
            key=lambda entry: entry.name,
        )
    except OSError as error:
        notes.append(f"{relative(folder, root)}: cannot be read ({one_line(error)})")
        return []
    kept = []
    for entry in found:
        if entry.is_symlink() and not inside(Path(entry.path), root):
            notes.append(f"{relative(Path(entry.path), root)}: is a link out of the data set; it is not used")
        elif not entry.name.isprintable() or "\\" in entry.name:
            notes.append(f"{relative(folder, root)}: {shown(entry.name)} is no file name of the set")
        else:
            kept.append(entry)
    return kept


def grouped(lines: Iterable[str]) -> tuple[str, ...]:
    """Lines `NAME: text` that say the same of more than three names as one, with the first names."""
    names: dict[str, list[str]] = {}
    for line in lines:
        name, _, text = line.partition(": ")
        names.setdefault(text or line, []).append(name)
    kept = []
    for text, found in names.items():
        if len(found) > LISTED:
            kept.append(f"{len(found)} files or folders ({listed(found)}): {text}")
        else:
            kept += [text if name == text else f"{name}: {text}" for name in found]
    return tuple(kept)


def condensed(lines: Sequence[str], rest: str = "autofas inspect has them all") -> tuple[str, ...]:
    """The first few lines of how a copy differs, and how many more there are; `rest` says where."""
    if len(lines) <= LISTED + 1:
        return tuple(lines)
    return (*lines[:LISTED], f"{len(lines) - LISTED} more such lines; {rest}")


def relative(path: Path, root: Path) -> str:
    """A path under `root` as a manifest writes it."""
    return path.relative_to(root).as_posix()


def read_text(path: Path, limit: int = MAX_LIST_BYTES) -> str:
    """A small text file of a data set, byte order mark removed; raises `DataError`, one line."""
    try:
        file_size(path, limit, DataError)
        return path.read_text(encoding=encoding_of(path), errors="replace")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({one_line(error)})") from error


@contextmanager
def reporting(progress: Callable[[int, int], None] | None) -> Iterator[None]:
    """Within it `progress(done, in all)` hears of the long work of readers."""
    token = _PROGRESS.set(progress)
    try:
        yield
    finally:
        _PROGRESS.reset(token)


def reported(results: Iterable[T], total: int) -> Iterator[T]:
    """Each result as it comes, told to the `progress` that `reporting` has set."""
    tell = _PROGRESS.get()
    for done, result in enumerate(results, start=1):
        if tell is not None:
            tell(done, total)
        yield result


def frame_counts(videos: Sequence[Path], notes: list[str], root: Path) -> dict[Path, int]:
    """Frames of each video that can be decoded; a damaged one is noted, one without frames is left out."""
    counts = {}
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        found = reported(pool.map(count_whole_frames, videos), len(videos))
        for path, (frames, fault) in zip(videos, found, strict=True):
            if frames:
                counts[path] = frames
                if fault:
                    notes.append(f"{relative(path, root)}: {fault}; its first {frames} frames are used")
            else:
                notes.append(f"{relative(path, root)}: {fault or 'has no frames'}; it is not used")
    return counts


def checked(rows: Iterable[Mapping[str, object]], root: Path, differences: Iterable[str]) -> Reading:
    """A reading from rows without line numbers, held to the manifest's rules."""
    table = pd.DataFrame(list(rows))
    table.index = pd.RangeIndex(2, len(table) + 2, name="line")
    faults = Faults(str(root))
    table = check_table(table, faults)
    faults.raise_if_any()
    return Reading(Manifest(table, root, str(root)), grouped(differences))


def box_fields(box: tuple[int, int, int, int] | None) -> dict[str, int]:
    """A face box, or none, as the manifest's four columns."""
    return dict(zip(BOX, box or _NO_BOX, strict=True))


def count_lines(
    found: Mapping[tuple[str, str], int], official: Mapping[tuple[str, str], int], unit: str = "videos"
) -> list[str]:
    """A line for each (split, PAI) whose count is not the official one."""
    lines = []
    for key in sorted(set(found) | set(official)):
        there, expected = found.get(key, 0), official.get(key, 0)
        if there != expected:
            split, pai = key
            word = f"{expected - there} missing" if there < expected else f"{there - expected} extra"
            lines.append(f"{split}: {there} of {expected} {pai} {unit}; {word}")
    return lines
