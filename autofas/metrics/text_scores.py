"""Plain `score label` text, one presentation a line, as much research code writes it.

Labels are 1 and 0, or +1 (also 1) and -1, 1 being bona fide, or names as in scores.csv. One file keeps to one
of these; a mixture is refused because 0 and -1 together leave open what they mean. A numeric attack label
does not name its instrument, so such attacks all count as one PAI, `attack`. Files whose 1 is the attack
(some lists of CASIA-SURF) cannot be told apart and must be turned round by hand.
"""

from collections.abc import Iterable

import numpy as np

from autofas.errors import MetricError
from autofas.metrics.pai_labels import BONA_FIDE, label_fault
from autofas.metrics.score_table import ScoreTable, parse_score

UNNAMED_ATTACK = "attack"

_ZERO, _SIGNED, _NAMES = "1 and 0", "+1 and -1", "names"
# the conventions a label fits; a file keeps to one that fits them all
_CONVENTIONS = {
    "1": frozenset({_ZERO, _SIGNED}),
    "0": frozenset({_ZERO}),
    "+1": frozenset({_SIGNED}),
    "-1": frozenset({_SIGNED}),
}


def parse_score_lines(lines: Iterable[str], source: str) -> ScoreTable:
    """Read lines of `score label`, parted by blanks or a comma; blank lines are skipped.

    Raises MetricError naming the line for anything else, for NaN, or for mixed label conventions.
    """
    scores: list[float] = []
    pais: list[str] = []
    open_conventions = frozenset({_ZERO, _SIGNED, _NAMES})
    for number, line in enumerate(lines, start=1):
        fields = line.replace(",", " ").split()
        if not fields:
            continue
        place = f"{source}, row {number}"
        if ";" in line:
            raise MetricError(f"{place}: score and label are parted by a semicolon; write a comma or a blank")
        if len(fields) != 2:
            raise MetricError(
                f"{place}: {len(fields)} fields; expected 'score label', or a first row with the columns "
                "path, video, subject, pai, score"
            )
        text, label = fields
        try:
            scores.append(parse_score(text))
        except ValueError as reason:
            raise MetricError(f"{place}, column score: {reason}") from None
        conventions = _CONVENTIONS.get(label, frozenset({_NAMES}))
        if _NAMES in conventions:
            fault = label_fault(label)
            if fault:
                raise MetricError(f"{place}, column label: {fault}, or 1 and 0, or +1 and -1")
        if not open_conventions & conventions:
            used = " or ".join(sorted(open_conventions))
            raise MetricError(f"{place}, column label: {label!r}, but the rows above use {used}; keep to one")
        open_conventions &= conventions
        pais.append(label if _NAMES in conventions else _meaning(label))
    if not scores:
        raise MetricError(f"{source} holds no score; expected lines of 'score label'")
    unknown = [""] * len(scores)
    return ScoreTable(unknown, list(unknown), list(unknown), pais, np.array(scores))


def _meaning(label: str) -> str:
    return BONA_FIDE if label in ("1", "+1") else UNNAMED_ATTACK
