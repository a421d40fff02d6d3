"""Lists of files and their labels, as other people write them.

A line holds a path and a label, in either order, parted by a comma, a semicolon, a tab or a blank; with a
first line that names the columns (`path`, `label`, `split`, `subject` and their common other names) there may
be more. The column of paths is the one whose every cell ends like an image or a video. Splits go by any name
that `manifests.spelling` knows; another name is refused, for without splits they would be drawn anew.
"""

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from autofas.data.folder_names import ATTACK, pai_name, said_by_folder
from autofas.data.manifests.manifest import BONA_FIDE, SPLITS
from autofas.data.manifests.spelling import split_words
from autofas.data.readers.reading import read_text
from autofas.errors import DataError
from autofas.storage.media import is_media
from autofas.storage.table_text import stated_mark

_NAMES = {
    "path": ("path", "file", "filename", "file_name", "filepath", "image", "img", "image_path", "video"),
    "label": ("label", "labels", "class", "target", "y", "pai", "type", "category", "is_real", "is_live"),
    "split": ("split", "subset", "partition", "set", "usage"),
    "subject": ("subject", "person", "identity", "subject_id"),
}
_NUMBER = re.compile(r"[+-]?\d+(\.0*)?")
_Rows = list[tuple[int, list[str]]]
_IsPath = Callable[[str], bool]


class Listed(NamedTuple):
    """One line: the path relative to the list, the label as it stands there, split and person if named."""

    path: str
    label: str
    split: str = ""
    subject: str = ""


def read_label_list(source: Path, *, folders: bool = False) -> list[Listed]:
    """The lines of a list; raises `DataError` naming the line of the first that is no path and label.

    With `folders` a path may also name a folder, by a slash in it.
    """
    is_path = _is_place if folders else is_media
    lines = [
        (number, line)
        for number, line in enumerate(read_text(source).removeprefix("\ufeff").splitlines(), start=1)
        if line.strip() and not line.startswith("#") and not stated_mark(line)
    ]
    if not lines:
        raise DataError(f"{source}: holds no path and label lines")
    rows = list(_cells(lines, is_path))
    header = [name.lower() for name in rows.pop(0)[1]] if _is_header(rows) else []
    columns = _columns(source, header, rows, is_path)
    listed = []
    for number, cells in rows:
        if len(cells) <= max(columns.values()) or not cells[columns["path"]]:
            raise DataError(f"{source} line {number}: is not a path and a label")
        found = {name: cells[place] for name, place in columns.items()}
        if not is_path(found["path"]):
            raise DataError(
                f"{source} line {number}: {found['path']} is neither an image nor a video that is read"
            )
        found["path"] = _relative(found["path"], source.parent)
        listed.append(Listed(**found))
    return _with_splits(listed, source)


def label_of(label: str, bona_fide_is: str) -> str:
    """The manifest's word for a label: a number or a word that is `bona_fide_is`, or what the word says."""
    if label.lower() == bona_fide_is.lower():
        return BONA_FIDE
    if _NUMBER.fullmatch(label):
        same = _NUMBER.fullmatch(bona_fide_is) and float(label) == float(bona_fide_is)
        return BONA_FIDE if same else ATTACK
    said = said_by_folder(label)
    if said == BONA_FIDE and not _NUMBER.fullmatch(bona_fide_is):
        raise DataError(f"label {label} reads as bona fide, but --bona-fide-is says {bona_fide_is}")
    return said or pai_name(label)


def _cells(lines: list[tuple[int, str]], is_path: _IsPath) -> Iterator[tuple[int, list[str]]]:
    """Each line's cells; parted by blanks, a path may hold some itself, so only one end is taken off."""
    first, last = lines[0][1], lines[-1][1]  # the last is no header
    mark = next((mark for mark in "\t;," if mark in first + last), "")
    label_first = not mark and is_path(last.strip()) and not is_path(last.split()[0])
    for number, line in lines:
        if mark:
            cells = next(csv.reader([line], delimiter=mark), [])
        else:
            cells = line.strip().split(None, 1) if label_first else line.strip().rsplit(None, 1)
        yield number, [cell.strip() for cell in cells]


def _is_header(rows: _Rows) -> bool:
    known = {name for names in _NAMES.values() for name in names}
    return len(rows) > 1 and any(cell.lower() in known for cell in rows[0][1])


def _columns(source: Path, header: list[str], rows: _Rows, is_path: _IsPath) -> dict[str, int]:
    """The place of the column of paths, of labels, and of splits and people where a header names them."""
    number, cells = rows[0]
    paths = [place for place, cell in enumerate(cells) if is_path(cell)]
    if not paths:
        raise DataError(
            f"{source} line {number}: {' '.join(cells)[:80]!r} is not a path and a label: nothing in it"
            " ends like an image or a video that is read"
        )
    columns = {
        column: next(header.index(name) for name in names if name in header)
        for column, names in _NAMES.items()
        if not set(header).isdisjoint(names)
    }
    columns["path"] = paths[0]
    others = [place for place in range(len(cells)) if place not in paths]
    if "label" not in columns and len(others) == 1:
        columns["label"] = others[0]
    if "label" not in columns:
        raise DataError(
            f"{source} line {number}: which of {len(cells)} cells is the label is not said; begin the list"
            " with a line such as path,label,split"
        )
    return columns


def _with_splits(listed: list[Listed], source: Path) -> list[Listed]:
    splits = split_words(sorted({one.split for one in listed}), f"{source}, column split")
    unknown = [word for word, split in splits.items() if word and split not in SPLITS]
    if unknown:
        raise DataError(
            f"{source}, column split: {unknown[0]!r} is not one of {', '.join(SPLITS)}; write which it is, or"
            " leave the column out to have splits drawn"
        )
    return [one._replace(split=splits[one.split]) for one in listed]


def _is_place(cell: str) -> bool:
    return is_media(cell) or "/" in cell


def _relative(path: str, folder: Path) -> str:
    """A path with / between folders, relative to the list's folder where it lies in it."""
    slashed = path.replace("\\", "/")
    try:
        return Path(slashed).relative_to(folder.resolve()).as_posix()
    except ValueError:
        return Path(slashed).as_posix()
