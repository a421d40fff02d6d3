"""The figures of judged scores as values, and the one form they have in files and in --json.

`Figures` are the rates of one set of scores at one threshold, `Report` adds the other level and the parts of
the breakdown, `Metrics` what made them: it is what metrics.json holds. A figure that the scores cannot give
is None, and `undefined` says why. Rates are fractions in [0, 1]; how they are found is in `judgement` and
`breakdown`. Keys are never renamed, so a file of an older run is read as it is; what came later is left out
of a file where it was not asked for.
"""

import math
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, SerializerFunctionWrapHandler, model_serializer

from autofas.config.data import SplitName
from autofas.errors import RunError
from autofas.evaluation.calibration import CalibrationReport
from autofas.metrics import Grouping, Level, ThresholdRule
from autofas.printed import command
from autofas.storage.schema import Name, Schema, read_json, validated

METRICS_VERSION = 1
"""The schema version of files of figures: metrics.json and what --out writes."""
RATES = ("apcer", "apcer_pooled", "bpcer", "acer", "hter", "eer", "auc")
_ON_REQUEST = (
    "non_responses", "non_responses_file", "labels_sha256", "label", "target_eer", "tpr_at_fpr_interpolated",
    "calibration",
)  # fmt: skip


def json_number(value: float) -> float | str:
    """A float, or 'inf' and '-inf' as text, which JSON has no number for."""
    return float(value) if math.isfinite(value) else str(float(value))


Rate = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Errors = tuple[Count, Count]
"""Errors and presentations."""
Limit = Annotated[float, Field(allow_inf_nan=True), PlainSerializer(json_number)]
"""A threshold, which may be infinite."""
Text = Annotated[str, Field(max_length=4096)]
ShortText = Annotated[str, Field(max_length=80)]


class NonResponses(Schema):
    """Presentations without a score (ISO/IEC 30107-3): APNRR of each PAI and BPNRR, with their counts.

    The error rates beside them are over the presentations that have a score.
    """

    apnrr_by_pai: dict[str, Rate]
    errors_by_pai: dict[str, Errors]
    bpnrr: Rate | None
    bpnrr_errors: Errors


class _Judged(Schema):
    """A schema whose figures on request are left out where they were not asked for."""

    @model_serializer(mode="wrap")
    def _leave_out(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values = handler(self)
        return {key: value for key, value in values.items() if key not in _ON_REQUEST or value is not None}

    def to_json(self) -> dict[str, Any]:
        """As plain values, an infinite threshold as text."""
        return self.model_dump(mode="json")


class Figures(_Judged):
    """Error rates of one set of scores at a threshold with its origin, and figures that need none.

    `apcer` is the worst instrument's after grouping; `intervals_95` are Clopper-Pearson's, for `acer` a
    bootstrap over subjects.
    """

    level: Level
    apcer: Rate | None
    apcer_pooled: Rate | None
    apcer_by_pai: dict[str, Rate | None]
    errors_by_pai: dict[str, Errors]
    bpcer: Rate | None
    bpcer_errors: Errors
    acer: Rate | None
    hter: Rate | None
    intervals_95: dict[str, tuple[Rate, Rate] | None]
    eer: Rate | None
    auc: Rate | None
    tpr_at_fpr: dict[str, Rate | None]
    bpcer_at_apcer: dict[str, Rate | None]
    undefined: dict[str, Text]
    samples: Count
    bona_fide: Count
    attacks: Count
    subjects: Count
    pai_grouping: Grouping
    threshold: Limit
    threshold_rule: ThresholdRule
    threshold_provenance: Text
    non_responses: NonResponses | None = None

    def rate(self, name: str) -> float | None:
        """The figure of a name in `RATES`, or of one such as `tpr_at_fpr.0.01`; None if undefined."""
        head, _, rest = name.partition(".")
        found = getattr(self, head)
        return found[rest] if rest else found

    def reason(self, name: str) -> str | None:
        """Why a figure is undefined."""
        head, _, rest = name.partition(".")
        return self.undefined.get(f"{head} {rest}".strip())

    def levels(self) -> dict[Level, "Figures"]:
        """The figures by level, their own first."""
        return {self.level: self}


class Part(Schema):
    """Error rates of a part of the judged scores: of one instrument, or one value of device or session."""

    by: ShortText
    value: Text
    level: Level
    bona_fide: Count
    attacks: Count
    apcer: Rate | None
    worst_pai: str | None
    apcer_pooled: Rate | None
    apcer_pooled_low: Rate | None
    apcer_pooled_high: Rate | None
    bpcer: Rate | None
    bpcer_low: Rate | None
    bpcer_high: Rate | None
    acer: Rate | None
    undefined: Text | None
    threshold: Limit
    threshold_rule: ThresholdRule
    threshold_provenance: Text


class Report(Figures):
    """Figures at the level asked for, at every level the scores allow, and by part."""

    by_level: dict[Level, Figures]
    breakdown: tuple[Part, ...]

    def levels(self) -> dict[Level, Figures]:
        """The figures by level, the report's own first."""
        return dict(sorted(self.by_level.items(), key=lambda item: item[0] != self.level))


class Model(Schema):
    """The model that the figures are of: a score file or run folder, or how members were fused."""

    model: str


class MemberReport(Report, Model):
    """The report of a member of a fusion."""


class ScoredModel(Model):
    """A model known by its scores alone."""

    dataset: str = ""
    split: str = ""


class ScoresReport(Report, ScoredModel):
    """What `score` finds in a score file, with the digests of the files."""

    scores_sha256: str
    dev_scores_sha256: str | None
    labels_sha256: str | None = None
    tpr_at_fpr_interpolated: dict[str, Rate] | None = None


class _Named(Schema):
    """The name of one of two models."""

    name: str


class ModelFigures(Figures, _Named):
    """The figures of one of two models that are compared."""


class Comparison(Schema):
    """ACER of a minus ACER of b in [-1, 1], its bootstrap interval and what it shows."""

    a: ModelFigures
    b: ModelFigures
    level: Level
    acer_difference: float
    interval: tuple[float, float]
    interval_level: float
    replicates: int
    redrawn: int
    seed: int
    subjects: int
    verdict: str

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return self.model_dump(mode="json")


class FusionReport(Report, ScoredModel):
    """The report of fused scores, its members', and whether the fusion beats the member best on dev."""

    method: str
    fusion: dict[str, Any]
    members: tuple[MemberReport, ...]
    best_on_dev: str
    against_best: Comparison | None
    files: dict[str, str]


class TargetReport(Report):
    """The report of a cross test at the target's own EER."""

    label: str


class TermsInFile(Schema):
    """The terms of an evaluation as its file states them."""

    rule: ThresholdRule
    value: float | None
    grouping: Grouping
    level: Level


class Source(Schema):
    """The network that was evaluated and the split it was evaluated on."""

    schema_version: Literal[1] = 1
    model: Name
    kind: ShortText
    dataset: Text
    trained_on: Text
    protocol: ShortText
    fold: int | None
    split: SplitName


class Metrics(Report, Source):
    """A metrics file: where the figures come from, the report, and what they can be walked back by.

    `label` and `target_eer` belong to a cross test: which of the two thresholds each report is at.
    `calibration` is there where one was asked for, `non_responses_file` where non-responses were counted.
    """

    terms: TermsInFile
    scores_file: Text
    dev_scores_file: Text | None
    source: Text
    supervision: ShortText
    options: dict[str, Any]
    init: Text
    modalities: tuple[str, ...]
    run: Text
    recipe_sha256: ShortText
    seed: int
    commit: str
    non_responses_file: Text | None = None
    label: str | None = None
    target_eer: TargetReport | None = None
    calibration: CalibrationReport | None = None


def metrics_name(label: str) -> str:
    """metrics.json for the test split of the run's own data, metrics-<label>.json for any other."""
    return "metrics.json" if label == "test" else f"metrics-{label}.json"


def read_metrics(path: Path) -> Metrics:
    """The figures in a metrics file; raises RunError in one line that names every fault."""
    if not path.exists():
        raise RunError(f"{path} does not exist; run {command('evaluate', '--run', path.parent)}")
    values = read_json(path)
    if not isinstance(values, dict):
        raise RunError(f"{path} holds a {type(values).__name__}, expected the figures of an evaluation")
    return validated(Metrics, values, str(path), RunError)
