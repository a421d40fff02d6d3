"""scores.csv, the file between a model and its figures: path, video, subject, pai, score.

Every model that can write these five columns can be judged. Scores are written as the shortest decimal that
reads back as the same float64. `pai` and `score` stand in every row; `path`, `video` and `subject` may be
empty, but only in every row at once, and figures that need them say so. Further columns (session, device) are
read where they are asked for. The same reader takes the CSV of bob.pad.base (columns
as its pipeline writes them: claimed_id, test_label, is_bonafide, attack_type, score, an empty attack_type
meaning bona fide; bob.bio.base's subject columns are known too), and the formats without a header that
`text_scores` lists. Of the CSV of `autofas predict`, given a column `pai`, the largest face of each picture
is taken. What a spreadsheet makes of any of them (`storage.table_text`) is read too and told.
"""

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from autofas.errors import MetricError
from autofas.metrics.pai_labels import BONA_FIDE
from autofas.metrics.path_labels import PathLabels
from autofas.metrics.samples import check_length
from autofas.metrics.score_headers import score_columns
from autofas.metrics.score_rows import Conventions, Rows, ScoreFile
from autofas.metrics.score_table import NAME_COLUMNS, ScoreTable
from autofas.metrics.text_scores import parse_score_lines
from autofas.storage.files import bounded_lines, file_size, whole_file
from autofas.storage.table_text import TableText, encoding_of, told_of_encoding

MAX_BYTES = 128 * 2**20
MAX_COLUMNS = 64
COLUMNS = ("path", "video", "subject", "pai", "score")

_PREDICTED = {"source", "frame", "face", "verdict", "score"}
"""Columns of what `autofas predict --csv` writes."""
# our column -> bob's, the first one present wins; filename is one database's metadata
_BOB_COLUMNS = {
    "path": ("filename", "test_label", "probe_template_id", "probe_reference_id"),
    "video": ("test_label", "probe_template_id", "probe_reference_id"),
    "subject": ("claimed_id", "probe_subject_id", "bio_ref_subject_id"),
}


def read_score_file(
    path: str | os.PathLike[str],
    conventions: Conventions | None = None,
    further: Sequence[str] = (),
    labels: PathLabels | None = None,
) -> ScoreFile:
    """Read a score file of any known format, with the `further` columns that it fills in every row.

    `labels` are those of a file of paths and scores that has none.

    The first row tells whether it is scores.csv, bob's CSV, JSON lines or plain text (`text_scores`). Rows
    are counted from 1, the header included. Raises MetricError naming row and column of the first fault.
    """
    source = Path(path)
    try:
        file_size(source, MAX_BYTES, MetricError)
        encoding = encoding_of(source)
        with source.open(encoding=encoding, newline="") as handle:
            return _read(handle, str(source), conventions or Conventions(), further, encoding, labels)
    except FileNotFoundError:
        raise MetricError(f"score file {source} does not exist; check the path") from None
    except UnicodeDecodeError as error:
        raise MetricError(
            f"{source} is not {encoding.removesuffix('-sig').upper()} text (byte {error.start} of a block); "
            "save it as UTF-8"
        ) from None
    except OSError as error:
        raise MetricError(f"score file {source} cannot be read: {error.strerror}") from None


def read_scores(path: str | os.PathLike[str]) -> ScoreTable:
    """The table of a score file where 1 and higher mean bona fide and every row has a score.

    Raises MetricError as read_score_file does.
    """
    return read_score_file(path).table


def read_columns(path: str | os.PathLike[str], names: Sequence[str]) -> Mapping[str, list[str]]:
    """The further columns of scores.csv among `names` that the file has and fills in every row, as text (n,).

    Other formats have none. Raises MetricError as read_score_file does.
    """
    return read_score_file(path, further=names).columns


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


def _read(
    handle: TextIO,
    source: str,
    conventions: Conventions,
    further: Sequence[str],
    encoding: str,
    labels: PathLabels | None,
) -> ScoreFile:
    form = told_of_encoding(encoding)
    table = TableText(bounded_lines(handle, source, MetricError), (*COLUMNS, "attack_type"))
    header = _header(table)
    own = "pai" in header or "attack_type" in header or set(header) >= _PREDICTED
    if labels is not None or "score" not in header or len(header) == 1 or not own:
        if labels is None and "pai" in header and not score_columns(header):
            raise MetricError(f"{source}, row 1: column score is missing; expected {', '.join(COLUMNS)}")
        handle.seek(0)
        lines = bounded_lines(handle, source, MetricError)
        return parse_score_lines(lines, source, conventions, form, labels)
    if conventions.bona_fide_is in ("0", "1"):
        raise MetricError(f"{source}: its labels are names; leave --bona-fide-is out, or name one")
    if len(header) > MAX_COLUMNS:
        raise MetricError(f"{source}, row 1: {len(header)} columns; at most {MAX_COLUMNS} are read")
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice is not None:
        raise MetricError(f"{source}, row 1: column {twice} appears twice; remove one")
    places = _columns(header, source)
    known = tuple(name for name in further if name in header and name not in places)
    rows = Rows(source, conventions, known)
    rows.form = [*table.told, *form]
    _add_rows(rows, table, header, places | {name: name for name in known})
    return rows.file(titles=places)


def _columns(header: list[str], source: str) -> dict[str, str]:
    """The file's names of our columns; raises MetricError for one that is missing."""
    if set(header) >= _PREDICTED:
        if "pai" not in header:
            raise MetricError(
                f"{source}: rows of autofas predict say nothing of what was shown; add a column pai with "
                "bona_fide or the attack's name, or give --labels LIST"
            )
        return {"pai": "pai", "score": "score", "path": "source", "video": "source"}
    if "attack_type" in header and "pai" not in header:
        places = {"pai": "attack_type", "score": "score"}
        for ours, candidates in _BOB_COLUMNS.items():
            found = next((name for name in candidates if name in header), None)
            if found is not None:
                places[ours] = found
        return places
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise MetricError(
            f"{source}, row 1: column {', '.join(missing)} is missing; expected {', '.join(COLUMNS)} "
            "(cells of path, video and subject may be empty)"
        )
    return {name: name for name in COLUMNS}


def _header(table: TableText) -> list[str]:
    """The cells of a first row in small letters; none where it is not CSV, as a JSON line may not be."""
    try:
        return [cell.strip().lower() for cell in next(iter(table), [])]
    except csv.Error:
        return []


def _add_rows(rows: Rows, table: TableText, header: list[str], places: Mapping[str, str]) -> None:
    """Add the rows under a header; `places` are the file's names of our columns."""
    at = {ours: header.index(theirs) for ours, theirs in places.items()}
    bob = places["pai"] == "attack_type"
    flag = header.index("is_bonafide") if bob and "is_bonafide" in header else None
    faces = places.get("path") == "source"
    for number, row in _rows(table, rows.source, len(header)):
        if faces and (row[header.index("frame")] == "mean" or row[header.index("face")] not in ("", "0")):
            continue  # a video's mean, and smaller faces
        pai = row[at["pai"]]
        if bob and not pai:
            pai = BONA_FIDE
        else:
            pai = rows.conventions.of_name(pai)
        names = {name: row[at[name]] for name in rows.names if name in at}
        rows.add(number, pai, row[at["score"]], names, places["pai"])
        if flag is not None:
            _check_flag(row[flag], pai, f"{rows.source}, row {number}, column is_bonafide")


def _rows(table: TableText, source: str, width: int) -> Iterator[tuple[int, list[str]]]:
    """Rows after the header with their numbers; blank lines may stand at the end alone."""
    number, blank = 1 + table.above, 0
    try:
        for number, row in enumerate(table, start=2 + table.above):
            if not any(row):  # or the marks alone that spreadsheets leave below a table
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
