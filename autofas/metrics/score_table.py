"""The scores of one model on one split, in memory: five columns of equal length.

Empty strings mean "not known" in the path, video and subject columns; a column is known throughout or not at
all, so no figure rests on part of the rows. Reading and writing are in `score_file`.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from autofas.errors import MetricError
from autofas.metrics.aggregation import aggregate_by_video
from autofas.metrics.pai_labels import encode_labels, encode_names, unknown_choice
from autofas.metrics.samples import Floats, check_length, check_scores

NAME_COLUMNS = ("path", "video", "subject")
Level = Literal["video", "frame"]
"""What a presentation is: a video, whose score is the mean of its frames', or every frame by itself."""
LEVELS: tuple[Level, ...] = get_args(Level)


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """Paths, videos, subjects and PAI labels as strings (n,), scores as float64 (n,), higher = bona fide.

    Raises MetricError for lengths that differ, NaN, a bad label or a column of names that is empty in places.
    """

    paths: list[str]
    videos: list[str]
    subjects: list[str]
    pais: list[str]
    scores: Floats

    def __post_init__(self) -> None:
        scores = check_scores(self.scores)
        object.__setattr__(self, "scores", scores)
        columns = (self.paths, self.videos, self.subjects)
        for name, column in zip(NAME_COLUMNS, columns, strict=True):
            check_length(f"{name} column", len(column), len(scores))
            gap = first_gap(column)
            if gap is not None:
                raise MetricError(
                    f"{name} column, index {gap}: empty, but not in every row; fill it or clear it"
                )
        check_length("pai column", len(self.pais), len(scores))
        encode_labels(self.pais)

    def __len__(self) -> int:
        return len(self.scores)

    def by_video(self) -> "ScoreTable":
        """One row a video: the mean score, and the label, subject and first path of its frames.

        Raises MetricError where videos are not known, or one has two labels or two subjects.
        """
        scores, pais, videos = aggregate_by_video(self.scores, self.pais, self.videos)
        codes, _ = encode_names(self.videos, "videos")
        first = np.unique(codes, return_index=True)[
            1
        ]  # (v,), codes count videos in order of first appearance
        subjects = [self.subjects[index] for index in first.tolist()]
        for index, (code, subject) in enumerate(zip(codes.tolist(), self.subjects, strict=True)):
            if subject != subjects[code]:
                raise MetricError(
                    f"video {videos[code]!r} has two subjects, {subjects[code]!r} and {subject!r} "
                    f"(index {index}); a video has one"
                )
        return ScoreTable([self.paths[index] for index in first.tolist()], videos, subjects, pais, scores)

    def at_level(self, level: str) -> "ScoreTable":
        """Frames as they are, or videos; raises MetricError for another level, or where `by_video` does."""
        if level not in LEVELS:
            raise MetricError(unknown_choice("level", level, LEVELS))
        return self.by_video() if level == "video" else self


def first_gap(column: list[str]) -> int | None:
    """Index of the first empty entry of a column that is not empty throughout."""
    empty = column.count("")
    return column.index("") if 0 < empty < len(column) else None
