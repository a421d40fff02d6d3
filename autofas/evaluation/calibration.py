"""A network's calibration: fitted to its dev scores, kept beside its weights, reported before and after.

A calibration maps the score of a presentation to a probability. It is fitted at the level that is judged:
where videos are, to the means of their frames, and it maps the mean, never the frames before they are
averaged, which could change the order of two videos. Scores, thresholds and verdicts stay what they are; the
probability stands beside them. Light, as exported files carry it: numpy and the schemas alone.
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from autofas.errors import MetricError, RunError
from autofas.metrics import (
    CalibrationChoice,
    CalibrationKind,
    Level,
    ScoreTable,
    brier_score,
    calibration_error,
    fit_isotonic,
    fit_temperature,
)
from autofas.metrics.calibration import BINS, Isotonic, LogitScaling
from autofas.metrics.samples import Floats
from autofas.printed import command
from autofas.storage.files import write_json
from autofas.storage.schema import Schema, read_json, validated

CALIBRATION_FILE = "calibration.json"
"""Lies beside the weights it belongs to."""
MOST_STEPS = 2**16
REFIT_TOLERANCE = 1e-6


class Calibration(Schema):
    """A map from scores to probabilities that a presentation of this level is bona fide.

    temperature: 1 / (1 + exp(-(scale * log(s / (1 - s)) + bias))). isotonic: the straight lines through
    `probabilities` at `scores`, outside these the nearest one. Fitted to `presentations` dev scores.
    """

    kind: CalibrationKind
    level: Level
    presentations: int = Field(ge=1)
    scale: float | None = Field(default=None, gt=0)
    bias: float | None = None
    scores: tuple[float, ...] = Field(default=(), max_length=MOST_STEPS)
    probabilities: tuple[float, ...] = Field(default=(), max_length=MOST_STEPS)

    @model_validator(mode="after")
    def _one_rising_map(self) -> "Calibration":
        scaled = self.scale is not None and self.bias is not None
        if self.kind == "temperature":
            if not scaled or self.scores or self.probabilities:
                raise ValueError("kind temperature takes scale and bias alone")
            return self
        if self.scale is not None or self.bias is not None or not self.scores:
            raise ValueError("kind isotonic takes scores and probabilities alone")
        xs, ys = np.asarray(self.scores), np.asarray(self.probabilities)
        if len(xs) != len(ys) or (np.diff(xs) <= 0).any() or (np.diff(ys) < 0).any():
            raise ValueError("scores must rise, with a probability each that does not fall")
        if min(xs[0], ys[0]) < 0 or max(xs[-1], ys[-1]) > 1:
            raise ValueError("scores and probabilities lie in [0, 1]")
        return self

    def __call__(self, scores: npt.ArrayLike) -> Floats:
        """Probabilities (n,) of scores (n,) in [0, 1]; raises MetricError for others."""
        if self.scale is not None and self.bias is not None:
            return LogitScaling(self.scale, self.bias)(scores)
        return Isotonic(self.scores, self.probabilities)(scores)

    def table(self, frames: ScoreTable) -> ScoreTable:
        """The probabilities of a split's presentations at this level, from the scores of its frames."""
        at = frames.at_level(self.level)
        return ScoreTable(at.paths, at.videos, at.subjects, at.pais, self(at.scores))

    @property
    def words(self) -> str:
        """Kind, level, presentations and, of a temperature, its numbers."""
        told = f"{self.kind}, fitted to {self.presentations} dev {self.level}s"
        return told if self.scale is None else f"{told}: scale {self.scale:.4g}, bias {self.bias:.4g}"


class StoredCalibration(Calibration):
    """What calibration.json holds: a calibration and the SHA-256 of the weights' tensors it belongs to."""

    schema_version: Literal[1] = 1
    weights_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Quality(Schema):
    """Expected calibration error and Brier score of a split, in [0, 1], lower is better."""

    ece: float = Field(ge=0, le=1)
    brier: float = Field(ge=0, le=1)


class BeforeAndAfter(Schema):
    """Scores read as probabilities as they are, and calibrated."""

    before: Quality
    after: Quality


class CalibrationReport(Schema):
    """A calibration, and its quality on the dev split it was fitted to and on the split that is judged.

    `threshold` is the split's threshold as a probability, None where it lies outside [0, 1].
    """

    calibration: Calibration
    bins: int
    threshold: float | None
    dev: BeforeAndAfter
    judged: BeforeAndAfter


def fit(kind: CalibrationKind, dev: ScoreTable, level: Level) -> Calibration:
    """The calibration of a kind for dev scores of frames; raises MetricError where there is none."""
    at = dev.at_level(level)
    values: dict[str, Any] = {"kind": kind, "level": level, "presentations": len(at)}
    if kind == "temperature":
        scaling = fit_temperature(at.scores, at.pais)
        values |= {"scale": scaling.scale, "bias": scaling.bias}
    else:
        steps = fit_isotonic(at.scores, at.pais)
        values |= {"scores": steps.scores, "probabilities": steps.probabilities}
    return validated(Calibration, values, f"the {kind} calibration of the dev scores", MetricError)


def report(
    calibration: Calibration, dev: ScoreTable, judged: ScoreTable, threshold: float
) -> CalibrationReport:
    """Quality before and after on frames' scores of dev and of the split that is judged at `threshold`."""
    inside = 0 <= threshold <= 1
    return CalibrationReport(
        calibration=calibration,
        bins=BINS,
        threshold=float(calibration([threshold])[0]) if inside else None,
        dev=_quality(calibration, dev),
        judged=_quality(calibration, judged),
    )


def _quality(calibration: Calibration, frames: ScoreTable) -> BeforeAndAfter:
    before, after = frames.at_level(calibration.level), calibration.table(frames)
    found = [
        Quality(ece=calibration_error(table.scores, table.pais), brier=brier_score(table.scores, table.pais))
        for table in (before, after)
    ]
    return BeforeAndAfter(before=found[0], after=found[1])


def calibrated_name(label: str) -> str:
    """The file of a split's probabilities, a row a presentation, in the form of a score file."""
    return f"calibrated-{label}.csv"


def write_calibration(weights: Path, calibration: Calibration, weights_sha256: str) -> Path:
    """Write calibration.json beside a weights file; returns its path."""
    place = weights.with_name(CALIBRATION_FILE)
    stored = StoredCalibration(**dict(calibration), weights_sha256=weights_sha256)
    write_json(place, stored.model_dump(mode="json"))
    return place


def read_calibration(weights: Path, weights_sha256: str) -> Calibration | None:
    """The calibration beside a weights file, None without one.

    Raises RunError where it is damaged or belongs to other weights than those of this SHA-256.
    """
    place = weights.with_name(CALIBRATION_FILE)
    if not place.is_file():
        return None
    values = read_json(place)
    if not isinstance(values, dict):
        raise RunError(f"{place} holds a {type(values).__name__}, expected a calibration")
    stored = validated(StoredCalibration, values, str(place), RunError)
    if stored.weights_sha256 != weights_sha256:
        raise RunError(
            f"{place} was fitted to the scores of other weights; evaluate the run again, or remove the file"
        )
    return Calibration(**stored.model_dump(exclude={"schema_version", "weights_sha256"}))


def chosen(asked: CalibrationChoice | None, carried: Calibration | None, name: str) -> Calibration | None:
    """The calibration to apply: what the network carries, unless none or another kind is asked for.

    Raises RunError for a kind that `name` does not carry.
    """
    if asked is None or asked == "none":
        return carried if asked is None else None
    if carried is None or carried.kind != asked:
        told = "none" if carried is None else f"a calibration of kind {carried.kind}"
        evaluate = command("evaluate", "--run", "DIR", "--calibration", asked)
        raise RunError(f"{name} carries {told}, not {asked}; fit it with {evaluate}")
    return carried


def differences(told: Any, found: Any, key: str = "calibration") -> list[str]:
    """Where two reports or calibrations differ, a line each; numbers may by a millionth."""
    if isinstance(told, Schema) and isinstance(found, Schema):
        told, found = dict(told), dict(found)
    if isinstance(told, dict) and isinstance(found, dict):
        return [line for name in told for line in differences(told[name], found[name], f"{key}.{name}")]
    if isinstance(told, tuple) and isinstance(found, tuple) and len(told) == len(found):
        pairs = enumerate(zip(told, found, strict=True))
        return [line for number, pair in pairs for line in differences(*pair, f"{key}.{number}")]
    if isinstance(told, float) and isinstance(found, float):
        same = abs(told - found) <= REFIT_TOLERANCE * max(1.0, abs(told))
    else:
        same = told == found
    return [] if same else [f"{key} is {told!r}, the scores give {found!r}"]
