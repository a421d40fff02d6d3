"""scores.csv, the file between a model and its figures: path, video, subject, pai, score.

Every model that can write these five columns can be judged. Scores are written as the shortest decimal that
reads back as the same float64. `pai` and `score` stand in every row; `path`, `video` and `subject` may be
empty, but only in every row at once, and figures that need them say so. Further columns (session, device) are
ignored by `read_scores` and fetched by `read_columns`. The same reader takes the CSV of bob.pad.base (columns
as its pipeline writes them: claimed_id, test_label, is_bonafide, attack_type, score, an empty attack_type
meaning bona fide; bob.bio.base's subject columns are known too) and plain `score label` text.
"""

import csv
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

import numpy as np

from autofas.errors import MetricError
from autofas.metrics.pai_labels import BONA_FIDE, label_fault
from autofas.metrics.samples import check_length
from autofas.metrics.score_table import NAME_COLUMNS, ScoreTable, first_gap, parse_score
from autofas.metrics.text_scores import parse_score_lines
from autofas.storage.files import bounded_lines, file_size, require_commas, whole_file

MAX_BYTES = 128 * 2**20
MAX_COLUMNS = 64
COLUMNS = ("path", "video", "subject", "pai", "score")

# our column -> bob's, the first one present wins; filename is one database's metadata
_BOB_COLUMNS = {
    "path": ("filename", "test_label", "probe_template_id", "probe_reference_id"),
    "video": ("test_label", "probe_template_id", "probe_reference_id"),
    "subject": ("claimed_id", "probe_subject_id", "bio_ref_subject_id"),
}


def read_scores(path: str | os.PathLike[str]) -> ScoreTable:
    """Read a score file; the first row tells whether it is scores.csv, bob's CSV or plain `score label` text.

    Rows are counted from 1, the header included. Raises MetricError naming row and column of the first fault.
    """
    source = Path(path)
    try:
        file_size(source, MAX_BYTES, MetricError)
        with source.open(encoding="utf-8-sig", newline="") as handle:
            return _read(handle, str(source))
    except FileNotFoundError:
        raise MetricError(f"score file {source} does not exist; check the path") from None
    except UnicodeDecodeError as error:
        raise MetricError(
            f"{source} is not UTF-8 text (byte {error.start} of a block); save it as UTF-8"
        ) from None
    except OSError as error:
        raise MetricError(f"score file {source} cannot be read: {error.strerror}") from None


def read_columns(path: str | os.PathLike[str], names: Sequence[str]) -> dict[str, list[str]]:
    """The further columns of scores.csv among `names` that the file has and fills in every row, as text (n,).

    Plain `score label` text has none. Raises MetricError as read_scores does.
    """
    source = Path(path)
    rows = len(read_scores(source))
    with source.open(encoding="utf-8-sig", newline="") as handle:
        header = [cell.strip() for cell in next(csv.reader(handle), [])]
        found = [name for name in names if name in header and "score" in header]
        handle.seek(0)
        cells = [row for _, row in _rows(handle, str(source), len(header))] if found else []
    columns = {name: [row[header.index(name)] for row in cells] for name in found}
    return {name: column for name, column in columns.items() if len(column) == rows and all(column)}


def write_scores(
    path: str | os.PathLike[str], table: ScoreTable, further: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Write scores.csv whole or not at all: a temporary file beside it replaces it once it is complete.

    `further` columns (n,) follow the five. Raises MetricError for a line break in a name, text that UTF-8
    cannot hold, a further column of another length, or a folder that cannot be written.
    """
    target = Path(path)
    further = further or {}
    names = (*NAME_COLUMNS, *further)
    columns = (table.paths, table.videos, table.subjects, *further.values())
    for name, column in zip(names, columns, strict=True):
        check_length(f"{name} column", len(column), len(table))
        for row, text in enumerate(column, start=2):
            if "\n" in text or "\r" in text or "\0" in text:
                raise MetricError(
                    f"{target}, row {row}, column {name}: {text!r} holds a line break or NUL; rename it"
                )
    try:
        with whole_file(target) as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow((*COLUMNS, *further))
            # csv writes a Python float by repr, which float64 survives exactly
            scores = table.scores.tolist()
            writer.writerows(zip(*columns[:3], table.pais, scores, *further.values(), strict=True))
    except UnicodeEncodeError as error:
        raise MetricError(f"{target}: {error.object[:80]!r} cannot be written as UTF-8; rename it") from None
    except OSError as error:
        raise MetricError(f"score file {target} cannot be written: {error.strerror}") from None


def _read(handle: TextIO, source: str) -> ScoreTable:
    first = next(iter(bounded_lines(handle, source, MetricError)), "")
    require_commas(first, COLUMNS, source, MetricError)
    handle.seek(0)
    header = [cell.strip() for cell in next(csv.reader(io.StringIO(first)), [])]
    if "score" not in header:
        if "pai" in header:
            raise MetricError(f"{source}, row 1: column score is missing; expected {', '.join(COLUMNS)}")
        return parse_score_lines(bounded_lines(handle, source, MetricError), source)
    if len(header) > MAX_COLUMNS:
        raise MetricError(f"{source}, row 1: {len(header)} columns; at most {MAX_COLUMNS} are read")
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice is not None:
        raise MetricError(f"{source}, row 1: column {twice} appears twice; remove one")
    if "attack_type" in header and "pai" not in header:
        return _read_bob(handle, source, header)
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise MetricError(
            f"{source}, row 1: column {', '.join(missing)} is missing; expected {', '.join(COLUMNS)} "
            "(cells of path, video and subject may be empty)"
        )
    return _read_columns(handle, source, header, {name: name for name in COLUMNS})


def _read_bob(handle: TextIO, source: str, header: list[str]) -> ScoreTable:
    places = {"pai": "attack_type", "score": "score"}
    for ours, candidates in _BOB_COLUMNS.items():
        found = next((name for name in candidates if name in header), None)
        if found is not None:
            places[ours] = found
    return _read_columns(handle, source, header, places)


def _read_columns(handle: TextIO, source: str, header: list[str], places: Mapping[str, str]) -> ScoreTable:
    """Read the columns at `places` (ours -> the file's); a column without a place is empty throughout."""
    at = {ours: header.index(theirs) for ours, theirs in places.items()}
    names: dict[str, list[str]] = {name: [] for name in NAME_COLUMNS if name in at}
    bob = places["pai"] == "attack_type"
    flag = header.index("is_bonafide") if bob and "is_bonafide" in header else None
    pais: list[str] = []
    scores: list[float] = []
    sound: set[str] = set()
    for row_number, row in _rows(handle, source, len(header)):
        pai = row[at["pai"]]
        if bob and not pai:
            pai = BONA_FIDE
        if pai not in sound:
            fault = label_fault(pai)
            if fault:
                raise MetricError(f"{source}, row {row_number}, column {places['pai']}: {fault}")
            sound.add(pai)
        if flag is not None:
            _check_flag(row[flag], pai, f"{source}, row {row_number}, column is_bonafide")
        try:
            scores.append(parse_score(row[at["score"]]))
        except ValueError as reason:
            raise MetricError(f"{source}, row {row_number}, column score: {reason}") from None
        pais.append(pai)
        for name, column in names.items():
            column.append(row[at[name]])
    if not scores:
        raise MetricError(f"{source} holds a header and no score; nothing can be computed")
    for name, column in names.items():
        gap = first_gap(column)
        if gap is not None:
            raise MetricError(
                f"{source}, row {gap + 2}, column {places[name]}: empty, but not in every row; fill it"
            )
    paths, videos, subjects = (names.get(name, [""] * len(scores)) for name in NAME_COLUMNS)
    return ScoreTable(paths, videos, subjects, pais, np.array(scores))


def _rows(handle: TextIO, source: str, width: int) -> Iterator[tuple[int, list[str]]]:
    """Rows after the header with their numbers; blank lines may stand at the end alone."""
    reader = csv.reader(bounded_lines(handle, source, MetricError), strict=True)
    number, blank = 1, 0
    try:
        next(reader)
        for number, row in enumerate(reader, start=2):
            if not row:
                blank = blank or number
                continue
            if blank:
                raise MetricError(f"{source}, row {blank}: blank, with rows after it; remove it")
            if len(row) != width:
                raise MetricError(
                    f"{source}, row {number}: {len(row)} cells where the header has {width}; mend it"
                )
            yield number, row
    except csv.Error as error:
        raise MetricError(f"{source}, row {number + 1}: not valid CSV ({error}); mend it") from None


def _check_flag(flag: str, pai: str, place: str) -> None:
    """bob marks bona fide twice; the two marks must agree."""
    if flag.lower() not in ("true", "false"):
        raise MetricError(f"{place}: {flag!r}; expected True or False")
    if (flag.lower() == "true") != (pai == BONA_FIDE):
        told = "empty" if pai == BONA_FIDE else repr(pai)
        raise MetricError(f"{place}: {flag}, but attack_type is {told}; make them agree")
