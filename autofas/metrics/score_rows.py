"""What a score file's rows say, whatever its format: the conventions it is read by, and the table it makes.

Two things cannot be told from a foreign file and are therefore stated by whoever reads it: which number marks
a bona fide presentation, and whether a higher score means bona fide or attack. A presentation without a score
(NaN, an empty cell, null) is refused, because a figure over the others belongs to no test; on request it is
kept apart and counted, as ISO/IEC 30107-3 counts non-responses.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from autofas.errors import MetricError
from autofas.metrics.pai_labels import BONA_FIDE, encode_labels, group_pais, label_fault
from autofas.metrics.score_table import NAME_COLUMNS, Level, ScoreTable, first_gap
from autofas.storage.table_text import Decimals

HigherIs = Literal["bona-fide", "attack"]
"""What a higher score means; where it is `attack` scores are negated when they are read."""
UNNAMED_ATTACK = "attack"
_NO_SCORE = frozenset({"", "nan", "null", "none", "na", "n/a"})


@dataclass(frozen=True)
class Conventions:
    """How a score file is read.

    `bona_fide_is` is the label of bona fide: 1 (also +1) or 0 (also -1) where labels are numbers, 1 unless
    stated, or the number of a class among several; a name where they are names, `bona_fide` unless stated.
    `higher_is` is `bona-fide` unless stated.
    """

    bona_fide_is: str | None = None
    higher_is: HigherIs | None = None
    count_non_responses: bool | None = None
    """None where a reader has no use for presentations without a score."""

    def of_number(self, label: str) -> str:
        """What a label 1, +1, 0, -1 or a class's number stands for; such an attack's PAI is `attack`."""
        same = {"0": ("0", "-1")}.get(self.bona_fide_is or "1", (self.bona_fide_is or "1",))
        return BONA_FIDE if label.lstrip("+") in same else UNNAMED_ATTACK

    @property
    def by_number(self) -> bool:
        """Whether the stated label is a class's number, so that every other number is an attack."""
        return self.bona_fide_is is not None and self.bona_fide_is.isdecimal()

    def of_name(self, label: str) -> str:
        """What a label that is a name stands for: itself, but that the stated name is bona fide."""
        return BONA_FIDE if label == self.bona_fide_is else label


@dataclass(frozen=True)
class Unscored:
    """The presentations without a score: videos ('' where unknown) and PAI labels (m,)."""

    videos: list[str] = field(default_factory=list)
    pais: list[str] = field(default_factory=list)

    def counts(self, table: ScoreTable, level: Level, grouping: str) -> dict[str, tuple[int, int]]:
        """(presentations without a score, all) by grouped label, beside the frames of `table` that have one.

        A video has no score where none of its frames has. Raises MetricError for unknown videos or one with
        two labels.
        """
        videos, pais = [*table.videos, *self.videos], [*table.pais, *self.pais]
        scored = [True] * len(table) + [False] * len(self.pais)
        if level == "video":
            by_video: dict[str, tuple[str, bool]] = {}
            for video, pai, has in zip(videos, pais, scored, strict=True):
                if not video:
                    raise MetricError("the videos are not known; count non-responses per frame")
                label, before = by_video.setdefault(video, (pai, has))
                if label != pai:
                    raise MetricError(f"video {video!r} has two labels, {label!r} and {pai!r}")
                by_video[video] = (pai, before or has)
            pais, scored = [pai for pai, _ in by_video.values()], [has for _, has in by_video.values()]
        counts: dict[str, tuple[int, int]] = {}
        for pai, has in zip(group_pais(pais, grouping), scored, strict=True):
            missing, presented = counts.get(pai, (0, 0))
            counts[pai] = (missing + (not has), presented + 1)
        return dict(sorted(counts.items()))


@dataclass(frozen=True)
class ScoreFile:
    """A score file's table, further columns (n,) by name, what has no score, and a line on how it was read.

    `told` is empty where nothing had to be settled.
    """

    table: ScoreTable
    columns: Mapping[str, list[str]]
    unscored: Unscored
    told: str = ""


class Rows:
    """The rows of a file as they are read; errors name `source` and the row.

    `form` are words for how the file is written where that is not the plain way, `measured` its name of the
    scores where that is not `score`.
    """

    def __init__(self, source: str, conventions: Conventions, further: tuple[str, ...] = ()) -> None:
        self.source, self.conventions = source, conventions
        self.names: dict[str, list[str]] = {name: [] for name in (*NAME_COLUMNS, *further)}
        self.pais: list[str] = []
        self.scores: list[float] = []
        self.numbers: list[int] = []
        self.form: list[str] = []
        self.measured = ""
        self._decimals = Decimals()
        self._sound: set[str] = set()

    def add(self, number: int, pai: str, score: str, names: Mapping[str, str], column: str = "label") -> None:
        """One row: its PAI label, its score as text, and what names it (path, video, subject, ...).

        Raises MetricError for a label that is none or a score that cannot be read.
        """
        place = f"{self.source}, row {number}"
        if pai not in self._sound:
            fault = label_fault(pai)
            if fault:
                raise MetricError(f"{place}, column {column}: {fault}")
            self._sound.add(pai)
        try:
            self.scores.append(self._score(score))
        except ValueError as reason:
            raise MetricError(f"{place}, column score: {reason}") from None
        self.pais.append(pai)
        self.numbers.append(number)
        for name, values in self.names.items():
            values.append(names.get(name, ""))

    def file(self, told: str = "", titles: Mapping[str, str] | None = None) -> ScoreFile:
        """What the rows make; `titles` are the file's names of columns. Raises MetricError for no score."""
        self._decimals.require_one_reading(f"{self.source}, column score", MetricError)
        scores = np.array(self.scores)
        kept = np.flatnonzero(~np.isnan(scores)).tolist()
        lost = np.flatnonzero(np.isnan(scores)).tolist()
        for name in NAME_COLUMNS:
            gap = first_gap(self.names[name])
            if gap is not None:
                title = (titles or {}).get(name, name)
                place = f"{self.source}, row {self.numbers[gap]}, column {title}"
                raise MetricError(f"{place}: empty, but not in every row; fill it")
        if not kept:
            raise MetricError(
                f"{self.source} holds {'a header and ' if titles else ''}no score; nothing can be computed"
            )
        columns = {name: [values[row] for row in kept] for name, values in self.names.items()}
        pais = [self.pais[row] for row in kept]
        sign = -1.0 if self.conventions.higher_is == "attack" else 1.0
        paths, videos, subjects = (columns.pop(name) for name in NAME_COLUMNS)
        table = ScoreTable(paths, videos, subjects, pais, sign * scores[kept])
        unscored = Unscored([self.names["video"][row] for row in lost], [self.pais[row] for row in lost])
        encode_labels([*pais, *unscored.pais])
        further = {name: values for name, values in columns.items() if all(values)}
        return ScoreFile(table, further, unscored, self._told(told))

    def _score(self, text: str) -> float:
        if text.strip().casefold() in _NO_SCORE:
            if self.conventions.count_non_responses:
                return math.nan
            kind = "NaN" if text.strip() else "empty"
            other = "; autofas score counts presentations without a score with --count-non-responses"
            if self.conventions.count_non_responses is False:
                other = ", or give --count-non-responses to count presentations without a score"
            raise ValueError(f"the score is {kind}; score this file again{other}")
        if "_" in text or not text.isascii():  # float() would read 1_0 as 10
            raise ValueError(f"{text!r} is not a number")
        try:
            score = float(self._decimals.plain(text))
        except ValueError:
            raise ValueError(f"{text!r} is not a number") from None
        if math.isnan(score):  # nan with a sign or a payload
            return self._score("nan")
        return score

    def _told(self, told: str) -> str:
        form = [*self.form, *self._decimals.told]
        if form:
            told = f"{told}, {', '.join(form)}" if told else f"{self.source}: read with {', '.join(form)}"
        higher = f"higher {self.measured}".rstrip()
        if self.conventions.higher_is == "attack":
            turned = f"{higher} is attack: scores and thresholds are negated (0.5 in the file is -0.5 here)"
            return f"{told}; {turned}" if told else turned
        stated = self.measured == "" or self.conventions.higher_is is not None
        other = "" if stated else " (if it is not, give --higher-is attack)"
        return f"{told}; {higher} is bona fide{other}" if told else ""


def require_negated(threshold: float, tables: Sequence[ScoreTable]) -> None:
    """Raise MetricError for a threshold on the scale of files whose scores were negated when read."""
    low, high = min(table.scores.min() for table in tables), max(table.scores.max() for table in tables)
    if not low <= threshold <= high and low <= -threshold <= high:
        raise MetricError(
            f"threshold {threshold!r} is on the file's scale, where higher is attack; scores are negated "
            f"here, from {low:g} to {high:g}: give --threshold-value {-threshold!r}"
        )
