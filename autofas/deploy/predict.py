"""The verb `predict`: a row for every face of every picture, and for every picture without one."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import IO, Any

import numpy as np

from autofas.deploy.detector import Detector, Judgement
from autofas.deploy.sources import CAMERA, Shot, shots

NO_FACE = "no face was found"


@dataclass(frozen=True)
class Row:
    """One face: where it is, its score and verdict, or the reason it has none.

    `frame` is a number in a video and `mean` for the row that judges the video by its largest faces' mean
    score, as evaluation does. `x, y, width, height` are pixels of the upright picture. `warning` is what
    every output of this network must say. `probability` is the score calibrated.
    """

    source: str
    frame: int | str | None
    face: int | None
    x: int | None
    y: int | None
    width: int | None
    height: int | None
    score: float | None
    threshold: float
    verdict: str
    reason: str
    warning: str
    probability: float | None = None


COLUMNS = tuple(Row.__dataclass_fields__)


@dataclass(frozen=True)
class Judged:
    """A picture with its faces and their rows; a video's last one has no picture and one row."""

    shot: Shot
    faces: list[Judgement]
    rows: list[Row]


def predict(detector: Detector, sources: Sequence[str], *, frames: int | None = None) -> Iterator[Judged]:
    """Judge every picture of `sources`, one at a time. Raises ConfigError for a source that is not there."""
    video: list[float] = []
    last: Shot | None = None
    for shot in shots(sources, frames=frames):
        if last is not None and shot.source != last.source:
            yield from _of_video(detector, last, video)
            video = []
        last = shot if shot.frame is not None and not shot.source.startswith(CAMERA) else None
        found = _judged(detector, shot)
        if last is not None and found.rows[0].score is not None:
            video.append(found.rows[0].score)
        yield found
    if last is not None:
        yield from _of_video(detector, last, video)


def _judged(detector: Detector, shot: Shot) -> Judged:
    if shot.image is None:
        return Judged(shot, [], [_row(detector, shot, None, None, shot.reason)])
    faces = detector(shot.image)
    if not faces:
        return Judged(shot, [], [_row(detector, shot, None, None, NO_FACE)])
    rows = [_row(detector, shot, number, face, face.reason) for number, face in enumerate(faces)]
    return Judged(shot, faces, rows)


def _of_video(detector: Detector, last: Shot, scores: list[float]) -> Iterator[Judged]:
    """The row of a whole video: its verdict is that of the mean of its frames' largest faces."""
    if not scores:
        return
    mean = float(np.mean(scores))
    face = Judgement(None, None, mean, detector.threshold, probability=detector.probability(mean))
    shot = Shot(last.source, last.frame, None)
    row = _row(detector, shot, None, face, f"mean of {len(scores)} frames")
    yield Judged(shot, [], [Row(**{**asdict(row), "frame": "mean"})])


def _row(detector: Detector, shot: Shot, number: int | None, face: Judgement | None, reason: str) -> Row:
    box = (None, None, None, None) if face is None or face.box is None else face.box
    x, y, width, height = box
    return Row(
        source=shot.source,
        frame=shot.frame,
        face=number,
        x=x,
        y=y,
        width=width,
        height=height,
        score=None if face is None else face.score,
        threshold=detector.threshold,
        verdict="not judged" if face is None else face.verdict,
        reason=reason,
        warning=detector.warning,
        probability=None if face is None else face.probability,
    )


class CsvRows:
    """Rows as CSV on a stream, the header first."""

    def __init__(self, stream: IO[str]) -> None:
        self._writer = csv.writer(stream, lineterminator="\n")
        self._writer.writerow(COLUMNS)

    def write(self, row: Row) -> None:
        """Append a row; a cell without a value is empty."""
        self._writer.writerow(["" if value is None else value for value in asdict(row).values()])


class JsonRows:
    """Rows as JSON lines on a stream."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, row: Row) -> None:
        """Append a row."""
        self._stream.write(json.dumps(asdict(row)) + "\n")


def values_of(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows as JSON values."""
    return [asdict(row) for row in rows]
