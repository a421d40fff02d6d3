"""FeatherNets' ensemble and cascade (Zhang et al., CVPRW 2019, section 3.2 and Algorithm 2), on score files.

Stage 1 is the mean of several (depth) models. Outside the band [low, high] it decides. Inside it, the
uncertain samples go on: first to the lead model (FishNet150_1 in the paper), whose score is final below
`lead_threshold`; then to the second stage (FeatherNetB on IR), final below `second_threshold`; else the mean,
with the lead counted once more, chooses between the greatest and the smallest score of stage 1 at `middle`.
All scores lie in [0, 1], higher = bona fide.

The paper prints no threshold but 0.5 (`middle`); they are arguments here, and `tune` finds a band on dev.
Its section 3.2 says that the last step looks at stage 1 and IR, its Algorithm 2 at stage 1 alone: the
algorithm is followed. Stage 1 is a plain mean in the algorithm and a weighted one in the text; both can be
had.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from autofas.errors import MetricError
from autofas.evaluation.alignment import align
from autofas.metrics import Level, ScoreTable, eer, roc_auc

STAGES = ("ensemble", "lead", "second", "extreme")


@dataclass(frozen=True)
class Thresholds:
    """The cascade's five numbers in [0, 1], low <= high; see the module."""

    low: float
    high: float
    second: float
    lead: float | None = None
    middle: float = 0.5

    def __post_init__(self) -> None:
        for name in ("low", "high", "second", "lead", "middle"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise MetricError(
                    f"cascade threshold {name} is {value!r}; scores and thresholds lie in [0, 1]"
                )
        if self.low > self.high:
            raise MetricError(f"the band from {self.low!r} to {self.high!r} is empty; give low <= high")


@dataclass(frozen=True)
class Cascade:
    """The fused scores, and for every row (n,) the index in `STAGES` of what decided it."""

    table: ScoreTable
    decided_by: npt.NDArray[np.int64]

    @property
    def shares(self) -> dict[str, float]:
        """The share of presentations that each stage decided, in [0, 1]."""
        counts = np.bincount(self.decided_by, minlength=len(STAGES))
        return {name: float(count / len(self.decided_by)) for name, count in zip(STAGES, counts, strict=True)}


def cascade(
    stage1: Sequence[ScoreTable],
    second: ScoreTable,
    thresholds: Thresholds,
    *,
    lead: int = 0,
    weights: Sequence[float] | None = None,
    names: Sequence[str] | None = None,
) -> Cascade:
    """Algorithm 2 on m score files of stage 1 and one of stage 2; `lead` is the lead's index in stage 1.

    With `thresholds.lead` None the lead's own step is left out. Raises MetricError for files that do not
    match, scores outside [0, 1] or bad weights.
    """
    labels = [*(names or (f"stage 1 file {number}" for number in range(1, len(stage1) + 1))), "stage 2"]
    if not stage1:
        raise MetricError("a cascade needs a score file of stage 1; none was given")
    if not 0 <= lead < len(stage1):
        raise MetricError(f"the lead is file {lead + 1} of {len(stage1)}; name one of stage 1")
    tables = align([*stage1, second], labels[-len(stage1) - 1 :])
    for table, label in zip(tables, labels[-len(stage1) - 1 :], strict=True):
        outside = (table.scores < 0) | (table.scores > 1)
        if outside.any():
            value = float(table.scores[outside][0])
            raise MetricError(f"{label} has a score {value!r}; a cascade needs scores in [0, 1]")
    scores = np.stack([table.scores for table in tables[:-1]])  # (m, n)
    shares = np.ones(len(scores)) if weights is None else np.asarray(weights, dtype=np.float64)
    if (
        shares.shape != (len(scores),)
        or not np.isfinite(shares).all()
        or (shares < 0).any()
        or not shares.any()
    ):
        raise MetricError(f"stage 1 has {len(scores)} files; give as many weights >= 0, not all 0")
    fused, stage = _decide(shares @ scores / shares.sum(), scores, tables[-1].scores, thresholds, lead)
    return Cascade(replace(tables[0], scores=fused), stage)


def tune(
    stage1: Sequence[ScoreTable],
    second: ScoreTable,
    *,
    level: Level = "video",
    lead: int = 0,
    with_lead: bool = False,
    quantiles: int = 9,
) -> Thresholds:
    """The thresholds of a grid over the dev scores' quantiles with the least (EER, 1 - AUC) on dev.

    Among equal ones the narrowest band wins, which asks the second stage least. Look at dev scores alone.
    """
    tables = align([*stage1, second], [f"file {number}" for number in range(1, len(stage1) + 2)])
    scores = np.stack([table.scores for table in tables[:-1]])
    mean, other = scores.mean(axis=0), tables[-1].scores
    steps = np.linspace(0, 1, quantiles)
    bands = np.unique(np.quantile(mean, steps))
    seconds = np.unique(np.concatenate([[0.0], np.quantile(other, steps[1:-1])]))
    leads: list[float | None] = [None]
    if with_lead:
        leads += [float(value) for value in np.unique(np.quantile(scores[lead], steps[1:-1]))]
    best: tuple[tuple[float, float, float], Thresholds] | None = None
    for low in bands:
        for high in bands[bands >= low]:
            for second_threshold in seconds:
                for lead_threshold in leads:
                    tried = Thresholds(float(low), float(high), float(second_threshold), lead_threshold)
                    fused, _ = _decide(mean, scores, other, tried, lead)
                    judged = replace(tables[0], scores=fused).at_level(level)
                    error = eer(judged.scores, judged.pais), 1.0 - roc_auc(judged.scores, judged.pais)
                    key = (*error, tried.high - tried.low)
                    if best is None or key < best[0]:
                        best = key, tried
    assert best is not None  # a quantile grid is never empty
    return best[1]


def _decide(
    mean: npt.NDArray[np.float64],
    scores: npt.NDArray[np.float64],
    second: npt.NDArray[np.float64],
    thresholds: Thresholds,
    lead: int,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Final scores (n,) and the stage that decided each, from the mean (n,) and scores (m, n) of stage 1."""
    sure = (mean > thresholds.high) | (mean < thresholds.low)
    by_lead = np.zeros_like(sure) if thresholds.lead is None else scores[lead] < thresholds.lead
    by_second = second < thresholds.second
    members = len(scores)
    again = (members * mean + scores[lead]) / (members + 1)  # (6 * mean + FishNet150_1) / 7 in the paper
    extreme = np.where(again > thresholds.middle, scores.max(axis=0), scores.min(axis=0))
    stage = np.select([sure, by_lead, by_second], [0, 1, 2], default=3)
    return np.choose(stage, [mean, scores[lead], second, extreme]), stage
