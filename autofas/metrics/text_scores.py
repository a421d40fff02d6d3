"""Other people's score files: lines of fields parted by blanks, commas, semicolons, tabs or bars, or JSON.

header     names of a column of scores and one of labels in any order, perhaps path, video and subject
2 fields   `score label`, or bob.measure's `label score`: the column that holds nothing but labels
3 fields   the same with a path, in any order
4 fields   bob's `claimed real path score`: bona fide where the identities agree, else `real` is the PAI
5 fields   bob's `claimed model real path score`
JSON       {"score": 0.9, "label": 1} or "pai", one a line or in a list (`json_scores`); keys are known by the
           same names as columns; a score of null is none

Labels are 1 and 0, or +1 (also 1) and -1, as whole numbers or as 1.0, or names as in scores.csv. One file
keeps to one of these; a mixture is refused because 0 and -1 together leave open what they mean. Whether 1 is
bona fide or attack, or which name or class's number is, is a convention of the reader's (`score_rows`) and
printed back; once it is stated, every other class is an attack. Lists
of paths with scores and no labels, such as the submissions of the CASIA-SURF and CeFA challenges, are judged
by labels that stand apart (`unlabelled_scores`) and refused without them.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from itertools import zip_longest

from autofas.errors import MetricError
from autofas.metrics.json_scores import NO_LABELS, read_objects
from autofas.metrics.pai_labels import BONA_FIDE, label_fault
from autofas.metrics.path_labels import PathLabels
from autofas.metrics.score_headers import header_fault, names_columns, read_header
from autofas.metrics.score_rows import Conventions, Rows, ScoreFile
from autofas.metrics.unlabelled_scores import read_unlabelled
from autofas.storage.media import is_image, is_media
from autofas.storage.table_text import MARKS, stated_mark

_ZERO, _SIGNED, _NAMES, _CLASSES = "1 and 0", "+1 and -1", "names", "numbers of classes"
# the conventions a label fits; a file keeps to one that fits them all
_FITS = {
    "1": frozenset({_ZERO, _SIGNED}),
    "0": frozenset({_ZERO}),
    "+1": frozenset({_SIGNED}),
    "-1": frozenset({_SIGNED}),
}
_NUMBER_LABEL = re.compile(r"([+-]?)([0-9]+)(?:\.0*)?(?:e[+-]?0+)?", re.I)  # 1, +1, 1.0, 1.000e+00
_EXPECTED = (
    "expected 'score label', 'path score label', bob's four or five columns, JSON lines, or a first row with "
    "the columns path, video, subject, pai, score"
)
_BLANKS = " \t\r\n\f\v;,|"  # a line of them alone is what spreadsheets leave below a table
_Line = tuple[int, list[str]]


def parse_score_lines(
    lines: Iterable[str],
    source: str,
    conventions: Conventions | None = None,
    form: Iterable[str] = (),
    labels: PathLabels | None = None,
) -> ScoreFile:
    """Read a file without a header; blank lines are skipped, and lines of comment above the first row.

    `form` are words for how it is written (`Rows`), `labels` those of a file that has none. Raises
    MetricError naming the line for anything else, for no score, or for mixed label conventions.
    """
    rows = Rows(source, conventions or Conventions())
    filled = _filled(lines, source)
    if filled[0][1].lstrip().startswith(("{", "[")):
        rows.form += form
        table = read_objects(filled, source, labelled=labels is None)
        if labels is not None:
            return read_unlabelled(table, rows, labels, named=True)
        return _read_named(table, rows, "'JSON lines'")
    fields, mark = _table(filled)
    rows.form += [*([f"columns parted by {MARKS[mark]}"] if mark else []), *form]
    width = len(fields[0][1])
    if uneven := [(number, found) for number, found in fields if len(found) != width]:
        raise MetricError(f"{source}, row {uneven[0][0]}: {len(uneven[0][1])} fields; {_EXPECTED}")
    if labels is not None:
        return read_unlabelled(fields, rows, labels)
    if read_header(fields[0][1]) is not None or names_columns([found for _, found in fields]):
        return _read_named(fields, rows)
    if not 2 <= width <= 5:
        raise MetricError(f"{source}, row {fields[0][0]}: {width} fields; {_EXPECTED}")
    if width >= 4:
        return _read_bob(fields, rows)
    places = _places([found for _, found in fields], rows.conventions)
    return _read_labelled(fields, places, rows)


def _filled(lines: Iterable[str], source: str) -> list[tuple[int, str]]:
    """The lines that hold something with their numbers; raises MetricError where there is none."""
    filled = [(number, line) for number, line in enumerate(lines, start=1) if line.strip(_BLANKS)]
    while filled and (stated_mark(filled[0][1]) or filled[0][1].lstrip().startswith("#")):
        number, line = filled[0][0], filled[0][1].lstrip().lstrip("#")
        marked = [(number, line), *filled[1:]]  # numpy.savetxt marks one so
        if read_header(_table(marked)[0][0][1]):
            filled = marked
            break
        filled = filled[1:]
    if not filled:
        raise MetricError(f"{source} holds no score; {_EXPECTED}")
    return filled


class _Labels:
    """Labels of one file, read by one convention."""

    def __init__(self, rows: Rows) -> None:
        self.rows, self.open = rows, frozenset({_ZERO, _SIGNED, _NAMES, _CLASSES})

    def read(self, label: str, number: int) -> str:
        """The PAI that a label stands for; raises MetricError where it breaks with those before it."""
        place = f"{self.rows.source}, row {number}, column label"
        label = _plain(label)
        fits = _fits(label, self.rows.conventions) or frozenset({_NAMES})
        if _NAMES in fits:
            label = self.rows.conventions.of_name(label)
            if is_media(label):
                raise MetricError(f"{place}: {label!r} is a path; {NO_LABELS}")
            if fault := label_fault(label):
                raise MetricError(f"{place}: {fault}, or 1 and 0, or +1 and -1, or say --bona-fide-is LABEL")
        if not self.open & fits:
            used = " or ".join(sorted(self.open - {_CLASSES})) or _CLASSES
            raise MetricError(f"{place}: {label!r}, but the rows above use {used}; keep to one")
        self.open &= fits
        return label if _NAMES in fits else self.rows.conventions.of_number(label)

    def told(self, layout: str) -> str:
        """How the file was read; raises MetricError where a number was stated and the labels are names."""
        stated = self.rows.conventions.bona_fide_is
        read = f"{self.rows.source}: read as {layout}"
        names = _NAMES in self.open and len(self.open) == 1
        if stated is not None and names == self.rows.conventions.by_number:
            kind, example = ("names", "or name one") if names else ("numbers", "or give 0 or 1")
            raise MetricError(f"{self.rows.source}: labels are {kind}; leave --bona-fide-is out, {example}")
        return read if names and stated is None else f"{read}, label {stated or '1'} is bona fide"


def _table(lines: list[tuple[int, str]]) -> tuple[list[_Line], str]:
    """The fields of every line, and the mark that parts each as often; empty for commas and blanks.

    Blanks may stand in a path that tabs end, and commas in a number; columns that several tabs make, and
    nothing fills, are left out.
    """
    counts = {mark: {line.count(mark) for _, line in lines} for mark in MARKS}
    mark = next((mark for mark, found in counts.items() if len(found) == 1 and found != {0}), "")
    rows = [(number, _fields(line, mark)) for number, line in lines]
    if mark == "\t":
        filled = [any(column) for column in zip_longest(*(cells for _, cells in rows))]
        rows = [
            (number, [cell for cell, kept in zip(cells, filled, strict=False) if kept])
            for number, cells in rows
        ]
    return rows, mark


def _fields(line: str, mark: str) -> list[str]:
    mark = mark or ("," if "," in line else "")
    try:
        cells = next(csv.reader([line], delimiter=mark), []) if mark else line.split()
    except csv.Error as error:  # a field of more than 131072 characters
        raise MetricError(f"a line of {len(line)} characters is not a row of scores ({error})") from None
    return [cell.strip() for cell in cells]


def _fits(label: str, conventions: Conventions) -> frozenset[str]:
    """The conventions that a number fits, none where it is no label; classes where bona fide is stated."""
    found = _FITS.get(label, frozenset())
    return found | {_CLASSES} if conventions.by_number and label.isdecimal() else found


def _plain(label: str) -> str:
    """A label that is a number without its decimals: 1.0 as 1, -0 as 0."""
    found = _NUMBER_LABEL.fullmatch(label)
    if found is None or ("e" in label.lower() and found[2] not in ("0", "1")):
        return label
    digits = found[2].lstrip("0") or "0"
    return digits if digits == "0" else found[1] + digits


def _read_named(lines: list[_Line], rows: Rows, layout: str = "") -> ScoreFile:
    """Rows below one that names their columns; `layout` is what they are told as, else by their columns."""
    header = read_header(lines[0][1])
    if header is None:
        raise MetricError(f"{rows.source}, row {lines[0][0]}: {header_fault(lines[0][1])}")
    header.require_stated(rows.conventions, rows.source)
    rows.measured = header.unusual_score
    return _read_labelled(lines[1:], header.places, rows, " by the names in row 1", layout)


def _read_labelled(
    lines: list[_Line], places: Mapping[str, int], rows: Rows, by: str = "", layout: str = ""
) -> ScoreFile:
    """Rows of a score and a label, perhaps with names; `places` are their columns."""
    labels = _Labels(rows)
    if "path" not in places and all("/" in found[places["label"]] for _, found in lines):
        raise MetricError(f"{rows.source}: paths and scores without labels; {NO_LABELS}")
    for number, found in lines:
        names = {name: found[place] for name, place in places.items() if name not in ("label", "score")}
        rows.add(number, labels.read(found[places["label"]], number), found[places["score"]], names)
    order = " ".join(sorted(places, key=lambda name: places[name]))
    return rows.file(labels.told(layout or f"'{order}'{by}"))


def _places(table: list[list[str]], conventions: Conventions) -> dict[str, int]:
    """Which of two or three columns holds labels, scores and paths, by what stands in them.

    Labels are the column of nothing but number labels, else the one of names beside numbers. Where that
    leaves it open, the order is `path score label`.
    """
    columns = list(zip(*table, strict=True))
    rest = list(range(len(columns)))
    places = {}
    if len(columns) == 3:
        files = [place for place in rest if any(is_media(cell) for cell in columns[place])]
        words = [place for place in rest if not any(map(_is_number, columns[place]))]
        places["path"] = (files or words or rest)[0]
        rest.remove(places["path"])
    exact = [place for place in rest if all(_fits(cell, conventions) for cell in columns[place])]
    found = exact or [
        place for place in rest if all(_fits(_plain(cell), conventions) for cell in columns[place])
    ]
    first, second = (columns[place] for place in rest)
    if found:
        places["label"] = found[-1]
    elif not any(map(_is_number, first)) and all(_is_number(cell) or not cell for cell in second):
        places["label"] = rest[0]
    else:
        places["label"] = rest[1]
    rest.remove(places["label"])
    return {**places, "score": rest[0]}


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))  # within a cell a comma is a decimal one
    except ValueError:
        return False
    return True


def _read_bob(lines: list[_Line], rows: Rows) -> ScoreFile:
    """bob's four or five columns; the claimed identity is the subject."""
    if all(is_image(found[0]) for _, found in lines):
        raise MetricError(
            f"{rows.source}: paths and scores without labels, as challenges collect them; {NO_LABELS}"
        )
    clients = {found[0] for _, found in lines}
    for number, found in lines:
        claimed, real, path, score = found[0], found[-3], found[-2], found[-1]
        if real != claimed and real in clients:
            raise MetricError(
                f"{rows.source}, row {number}: {real!r} claims to be {claimed!r}, an impostor and no "
                "presentation attack; keep the rows of bona fide users and of attacks"
            )
        pai = BONA_FIDE if real == claimed else real
        rows.add(number, pai, score, {"path": path, "video": path, "subject": claimed}, "real identity")
    if rows.conventions.bona_fide_is is not None:
        raise MetricError(f"{rows.source}: identities tell who is bona fide; leave --bona-fide-is out")
    layout = "claimed real path score" if len(lines[0][1]) == 4 else "claimed model real path score"
    return rows.file(f"{rows.source}: read as bob's '{layout}', bona fide where the identities agree")
