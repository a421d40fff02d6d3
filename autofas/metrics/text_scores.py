"""Score files without a header: lines of fields parted by blanks or commas, or a JSON object a line.

2 fields   `score label`, or bob.measure's `label score`: the column that holds nothing but labels
3 fields   `path score label` or `path label score`
4 fields   bob's `claimed real path score`: bona fide where the identities agree, else `real` is the PAI
5 fields   bob's `claimed model real path score`
JSON       {"score": 0.9, "label": 1} or "pai"; also path, video, subject; a score of null is none

Labels are 1 and 0, or +1 (also 1) and -1, or names as in scores.csv. One file keeps to one of these; a
mixture is refused because 0 and -1 together leave open what they mean. Whether 1 is bona fide or attack is a
convention of the reader's (`score_rows`) and printed back. Lists of paths with scores and no labels, such as
the submissions of the CASIA-SURF and CeFA challenges, hold nothing to judge and are refused.
"""

import json
from collections.abc import Iterable
from typing import Any

from autofas.errors import MetricError
from autofas.metrics.pai_labels import BONA_FIDE, label_fault
from autofas.metrics.score_rows import Conventions, Rows, ScoreFile

_ZERO, _SIGNED, _NAMES = "1 and 0", "+1 and -1", "names"
# the conventions a label fits; a file keeps to one that fits them all
_FITS = {
    "1": frozenset({_ZERO, _SIGNED}),
    "0": frozenset({_ZERO}),
    "+1": frozenset({_SIGNED}),
    "-1": frozenset({_SIGNED}),
}
_IMAGES = (".jpg", ".jpeg", ".png", ".bmp")
_EXPECTED = (
    "expected 'score label', 'path score label', bob's four or five columns, JSON lines, or a first row with "
    "the columns path, video, subject, pai, score"
)
_Line = tuple[int, list[str]]


def parse_score_lines(lines: Iterable[str], source: str, conventions: Conventions | None = None) -> ScoreFile:
    """Read a file without a header; blank lines are skipped.

    Raises MetricError naming the line for anything else, for no score, or for mixed label conventions.
    """
    conventions = conventions or Conventions()
    filled = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not filled:
        raise MetricError(f"{source} holds no score; {_EXPECTED}")
    rows = Rows(source, conventions)
    if filled[0][1].lstrip().startswith("{"):
        return _read_json(filled, rows)
    fields = [(number, _fields(line, f"{source}, row {number}")) for number, line in filled]
    width = len(fields[0][1])
    for number, found in fields:
        if len(found) != width or not 2 <= width <= 5:
            raise MetricError(f"{source}, row {number}: {len(found)} fields; {_EXPECTED}")
    if width >= 4:
        return _read_bob(fields, rows)
    return _read_labelled(fields, rows)


class _Labels:
    """Labels of one file, read by one convention."""

    def __init__(self, rows: Rows) -> None:
        self.rows, self.open = rows, frozenset({_ZERO, _SIGNED, _NAMES})

    def read(self, label: str, number: int) -> str:
        """The PAI that a label stands for; raises MetricError where it breaks with those before it."""
        place = f"{self.rows.source}, row {number}, column label"
        fits = _FITS.get(label, frozenset({_NAMES}))
        if _NAMES in fits and (fault := label_fault(label)):
            raise MetricError(f"{place}: {fault}, or 1 and 0, or +1 and -1")
        if not self.open & fits:
            used = " or ".join(sorted(self.open))
            raise MetricError(f"{place}: {label!r}, but the rows above use {used}; keep to one")
        self.open &= fits
        return label if _NAMES in fits else self.rows.conventions.of_number(label)

    def told(self, layout: str) -> str:
        """How the file was read; raises MetricError where a number was stated and the labels are names."""
        stated = self.rows.conventions.bona_fide_is
        if _NAMES in self.open and len(self.open) == 1:
            if stated is not None:
                raise MetricError(f"{self.rows.source}: labels are names; leave --bona-fide-is out")
            return f"{self.rows.source}: read as '{layout}'"
        return f"{self.rows.source}: read as '{layout}', label {stated or '1'} is bona fide"


def _fields(line: str, place: str) -> list[str]:
    if ";" in line:
        raise MetricError(f"{place}: score and label are parted by a semicolon; write a comma or a blank")
    return [field.strip() for field in line.split(",")] if "," in line else line.split()


def _read_labelled(lines: list[_Line], rows: Rows) -> ScoreFile:
    """`score label` or `label score`, with or without a path before it."""
    with_path = len(lines[0][1]) == 3
    label_first = _label_first([found[-2:] for _, found in lines])
    labels = _Labels(rows)
    for number, found in lines:
        score, label = reversed(found[-2:]) if label_first else found[-2:]
        pai = labels.read(label, number)
        rows.add(number, pai, score, {"path": found[0]} if with_path else {})
    pair = "label score" if label_first else "score label"
    return rows.file(labels.told(f"path {pair}" if with_path else pair))


def _label_first(pairs: list[list[str]]) -> bool:
    """Whether the first of two columns holds the labels: numbers that are labels, or names beside numbers."""
    first, second = [one for one, _ in pairs], [other for _, other in pairs]
    if all(label in _FITS for label in first):
        return not all(label in _FITS for label in second)
    return not any(map(_is_number, first)) and all(_is_number(score) or not score for score in second)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_bob(lines: list[_Line], rows: Rows) -> ScoreFile:
    """bob's four or five columns; the claimed identity is the subject."""
    if all(found[0].lower().endswith(_IMAGES) for _, found in lines):
        raise MetricError(
            f"{rows.source}: paths and scores without labels, as challenges collect them; add the labels of "
            "its list and write 'path score label'"
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


def _read_json(lines: list[tuple[int, str]], rows: Rows) -> ScoreFile:
    labels = _Labels(rows)
    for number, line in lines:
        values = _object(line, f"{rows.source}, row {number}")
        keys = [key for key in ("pai", "label") if key in values]
        if len(keys) != 1 or "score" not in values:
            raise MetricError(
                f"{rows.source}, row {number}: a JSON line holds score and either pai or label; "
                f"this one holds {', '.join(values) or 'nothing'}"
            )
        names = {name: str(values[name]) for name in rows.names if values.get(name) is not None}
        score = "" if values["score"] is None else str(values["score"])
        rows.add(number, labels.read(str(values[keys[0]]), number), score, names)
    return rows.file(labels.told("JSON lines"))


def _object(line: str, place: str) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise MetricError(f"{place}: not a JSON object ({error})") from None
    if not isinstance(values, dict):
        raise MetricError(f"{place}: not a JSON object")
    nested = [key for key, value in values.items() if isinstance(value, (dict, list, bool))]
    if nested:
        raise MetricError(f"{place}: {nested[0]} is {values[nested[0]]!r}; give a text or a number")
    return values
