"""manifest.csv: the one data format, a row a frame, read, checked as a whole and written.

Columns: `path, pai, subject, session, video, frame, split`; optionally `device`, `depth` and `ir`
(paths of the other modalities) and a face box `bbox_x, bbox_y, bbox_w, bbox_h` in pixels of the colour
image, where fractions go to the nearest whole pixel. `pai` is `bona_fide` or the name of the
attack instrument, never a bare 0 or 1. Paths are relative to the manifest and stay inside its folder. A path
names an image, or a video (by its suffix: `VIDEO_SUFFIXES`) of which `frame` is the 0-based index.

What a spreadsheet or another system writes in its own way (`storage.table_text`, `spelling`) is read where it
can mean one thing only, and said in the manifest's `notes`. Every fault of a file is found before the first
one is reported. What is not done here: opening the images
(see `frames.check_files`), and comparing splits (see `partition.check_disjoint`).
"""

import csv
import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from autofas.data.manifests.faults import Faults, one_line, shown
from autofas.data.manifests.rules import (
    BONA_FIDE,
    BOX,
    KNOWN,
    MODALITY_COLUMNS,
    PATHS,
    REQUIRED,
    SPLITS,
    check_table,
)
from autofas.data.manifests.spelling import plainly_spelt
from autofas.errors import DataError
from autofas.storage.files import bounded_lines, file_size, whole_file
from autofas.storage.table_text import TableText, encoding_of, told_of_encoding

__all__ = [
    "BONA_FIDE",
    "BOX",
    "KNOWN",
    "MODALITY_COLUMNS",
    "PATHS",
    "REQUIRED",
    "SPLITS",
    "Manifest",
    "check_table",
    "read_manifest",
    "write_manifest",
]

MAX_BYTES = 128 * 2**20  # every frame of OULU-NPU (about 740,000 rows) takes half of it
MAX_COLUMNS = 64


@dataclass(frozen=True)
class Manifest:
    """A checked table of frames and the folder its paths start from.

    `table` has the manifest's columns as strings (`frame` and the box as integers; a box of width 0
    means none) and an index named `line`: the line of each row in the file, which faults found later can
    name. `notes` say what was read otherwise than it is written.
    """

    table: pd.DataFrame
    root: Path
    source: str = "manifest"
    notes: tuple[str, ...] = ()

    def resolve(self, path: str) -> Path:
        """The place of a manifest path on this machine; raises `DataError` where links lead out of the
        root."""
        place = self.root / path
        try:
            stays = _inside(self.root, place.parent) and (not place.is_symlink() or _inside(self.root, place))
        except (OSError, RuntimeError, ValueError) as error:  # too long a name, links in a circle
            raise DataError(
                f"cannot be reached ({getattr(error, 'strerror', None) or one_line(error)})"
            ) from error
        if not stays:
            raise DataError("is a link out of the data's folder; put the file there, or move the manifest up")
        return place

    def __len__(self) -> int:
        return len(self.table)


@lru_cache(maxsize=2**16)
def _inside(root: Path, place: Path) -> bool:
    return place.resolve().is_relative_to(root.resolve())


def read_manifest(path: str | os.PathLike[str]) -> Manifest:
    """Read and check a manifest; every fault is named by line and column in one `DataError`."""
    place = Path(path)
    faults = Faults(str(place))
    header, rows, lines, told = _read_rows(place, faults)
    columns = _columns(header, place, told)
    faults_before = len(faults)
    if not rows and not faults_before:
        raise DataError(f"{place}: has a header but no rows; write one row a frame")
    table = pd.DataFrame(
        {name: [row[position] for row in rows] for position, name in enumerate(columns)},
        index=pd.Index(lines, name="line", dtype="int64"),
    )
    table, spelt = plainly_spelt(table, place)
    table = check_table(table, faults)
    faults.raise_if_any()
    notes = (f"{place}: read with {', '.join(told)}",) if told else ()
    return Manifest(table, place.parent, str(place), (*notes, *spelt))


def write_manifest(manifest: Manifest, path: str | os.PathLike[str]) -> None:
    """Check and write a manifest whole: a reader sees the old file or the new one, never a part.

    Paths are rewritten relative to the new place. Raises `DataError` where one would leave its folder.
    """
    place = Path(path)
    table = manifest.table.copy()
    if os.path.abspath(place.parent) != os.path.abspath(manifest.root):
        for column in (name for name in PATHS if name in table):
            table[column] = [_moved(manifest.root, value, place.parent) for value in table[column]]
    faults = Faults(str(place))
    table = check_table(_numbered(table), faults)
    faults.raise_if_any()
    columns = [name for name in KNOWN if name in table]
    columns += [str(name) for name in table.columns if name not in KNOWN]
    if "bbox_w" in table:
        boxes = table[list(BOX)].astype(object)
        boxes[table["bbox_w"] == 0] = ""
        table[list(BOX)] = boxes
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _write_rows(place, columns, table[columns].itertuples(index=False, name=None))
    except OSError as error:
        raise DataError(f"{place}: could not be written ({one_line(error)}); the old file stays") from error


def _numbered(table: pd.DataFrame) -> pd.DataFrame:
    table.index = pd.RangeIndex(2, len(table) + 2, name="line")  # the header is line 1
    return table


def _moved(root: Path, value: str, parent: Path) -> str:
    return Path(os.path.relpath(root / value, parent)).as_posix() if value else ""


def _read_rows(place: Path, faults: Faults) -> tuple[list[str], list[list[str]], list[int], list[str]]:
    """Header, rows, their lines, and how the file is written where that is not the plain way."""
    try:
        file_size(place, MAX_BYTES, DataError)
        encoding = encoding_of(place)
        with place.open(encoding=encoding, newline="") as stream:
            reader = TableText(bounded_lines(stream, str(place), DataError), REQUIRED)
            header = [name.strip() for name in next(iter(reader), [])]
            if len(header) > MAX_COLUMNS:
                raise DataError(
                    f"{place}: line 1 names {len(header)} columns, over the limit of {MAX_COLUMNS}"
                )
            rows: list[list[str]] = []
            lines: list[int] = []
            for row in reader:
                if not any(row):  # blank, or the marks alone that spreadsheets leave below a table
                    continue
                if len(row) != len(header):
                    faults.add(reader.line, "", f"has {len(row)} fields where the header names {len(header)}")
                    continue
                rows.append(row)
                lines.append(reader.line)
    except FileNotFoundError as error:
        raise DataError(f"{place}: no such manifest; give the path of a manifest.csv") from error
    except UnicodeDecodeError as error:
        name = encoding.removesuffix("-sig").upper()
        raise DataError(
            f"{place}: is not {name} text (byte {error.start}); save the manifest as UTF-8 CSV"
        ) from error
    except csv.Error as error:
        raise DataError(
            f"{place}: line {reader.line} is not CSV ({one_line(error)}); mend its quotes"
        ) from error
    except OSError as error:
        raise DataError(f"{place}: cannot be read ({one_line(error)})") from error
    return header, rows, lines, [*reader.told, *told_of_encoding(encoding)]


def _columns(header: list[str], place: Path, told: list[str]) -> list[str]:
    if not any(header):
        raise DataError(f"{place}: is empty; the first line must name the columns {','.join(REQUIRED)}")
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise DataError(f"{place}: line 1 names column {', '.join(map(shown, repeated))} twice; keep one")
    missing = [name for name in REQUIRED if name not in header]
    some_box = [name for name in BOX if name in header]
    if some_box:
        missing += [name for name in BOX if name not in header]
    problems = []
    unknown = [name for name in header if name not in KNOWN]
    if missing:
        problems.append(f"has no column {', '.join(missing)}")
    for name in unknown:
        near = difflib.get_close_matches(
            name.lower(), [k for k in KNOWN if k not in header], n=1, cutoff=0.75
        )
        if near:
            problems.append(f"column {shown(name)} is not known; did you mean {near[0]}?")
        elif not name:
            problems.append("a column has no name; name it or leave it out (pandas: index=False)")
    if problems:
        read = f"read with {', '.join(told)}: " if told else ""
        raise DataError(f"{place}: line 1: {read}{'; '.join(problems)}")
    return header


def _write_rows(place: Path, columns: list[str], rows: Iterable[tuple[object, ...]]) -> None:
    with whole_file(place) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
