"""From score tables to judged scores and their figures, each with its threshold and the threshold's origin.

What is undefined is None with its reason under `undefined`: a rate over no presentation is no rate, and one
over a single presentation could only be 0 or 1, so a class or an instrument with one has no rate here.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from autofas.config.evaluate import EvaluateConfig
from autofas.errors import MetricError
from autofas.evaluation.figures import Figures, NonResponses
from autofas.metrics import (
    BONA_FIDE,
    ErrorCounts,
    Grouping,
    Level,
    ScoreTable,
    Threshold,
    ThresholdRule,
    Unscored,
    bootstrap_acer,
    bpcer_at_apcer,
    count_errors,
    count_intervals,
    eer,
    fpr_resolvable,
    group_pais,
    roc_auc,
    select_threshold,
    tpr_at_fpr,
)
from autofas.metrics.fixed_rates import error_budget

FPRS = (1e-2, 1e-3, 1e-4)
APCERS = (0.1, 0.05, 0.01)
BOOTSTRAP_SEED = 0
BOOTSTRAP_REPLICATES = 1000
_DEFAULTS = EvaluateConfig.model_fields


@dataclass(frozen=True)
class Terms:
    """How scores are judged: threshold rule (with the value of rule `fixed`), PAI grouping and level."""

    rule: ThresholdRule = "dev-eer"
    value: float | None = None
    grouping: Grouping = _DEFAULTS["pai_grouping"].default
    level: Level = _DEFAULTS["level"].default


@dataclass(frozen=True, eq=False)
class Judged:
    """Scores at the level they are judged at, their grouped PAIs (n,), terms and threshold."""

    table: ScoreTable
    pais: list[str]
    terms: Terms
    threshold: Threshold

    @cached_property
    def counts(self) -> ErrorCounts:
        """The errors at the threshold."""
        return count_errors(self.table.scores, self.pais, self.threshold.value)

    @cached_property
    def figures(self) -> Figures:
        """The figures of the scores."""
        return _figures(self)


@dataclass(frozen=True)
class Rates:
    """Error rates that the counts can give; None where a class or an instrument has too few presentations."""

    apcer: float | None
    apcer_pooled: float | None
    bpcer: float | None

    @property
    def acer(self) -> float | None:
        """The mean of APCER and BPCER."""
        return _mean(self.apcer, self.bpcer)

    @property
    def hter(self) -> float | None:
        """The mean of the pooled APCER and BPCER."""
        return _mean(self.apcer_pooled, self.bpcer)


def rates_of(counts: ErrorCounts) -> Rates:
    """The rates of counted errors; no rate is taken over fewer than two presentations."""
    few = any(presented < 2 for _, presented in counts.by_pai.values())
    return Rates(
        apcer=None if few or not counts.by_pai else _share(counts.by_pai[counts.worst_pai]),
        apcer_pooled=_share(counts.pooled),
        bpcer=_share(counts.bona_fide),
    )


def judge(test: ScoreTable, dev: ScoreTable | None, terms: Terms) -> Judged:
    """The scores of a split judged by `terms`, both tables first brought to the terms' level.

    Raises MetricError where the threshold cannot be found.
    """
    table = test.at_level(terms.level)
    pais = group_pais(table.pais, terms.grouping)
    on_test = terms.rule == "test-eer"
    setting = None if dev is None else dev.at_level(terms.level)
    threshold = select_threshold(
        terms.rule,
        None if setting is None else setting.scores,
        None if setting is None else group_pais(setting.pais, terms.grouping),
        value=terms.value,
        test_scores=table.scores if on_test else None,
        test_pais=pais if on_test else None,
    )
    return Judged(table, pais, terms, threshold)


def non_responses(table: ScoreTable, unscored: Unscored, terms: Terms) -> NonResponses:
    """APNRR of each PAI and BPNRR of a split's frames with and without a score, at the terms' level.

    Source: ISO/IEC 30107-3, the shares of presentations that the system did not respond to.
    """
    counts = unscored.counts(table, terms.level, terms.grouping)
    bona_fide = counts.pop(BONA_FIDE, (0, 0))
    return NonResponses(
        apnrr_by_pai={pai: missing / presented for pai, (missing, presented) in counts.items()},
        errors_by_pai=counts,
        bpnrr=bona_fide[0] / bona_fide[1] if bona_fide[1] else None,
        bpnrr_errors=bona_fide,
    )


def dev_error(table: ScoreTable, level: Level = "video") -> tuple[float, float]:
    """What model selection looks at: the dev split's EER, then 1 - AUC, by video; lower is better.

    Attacks are pooled. Ties in the EER of a small dev split are common, the AUC breaks them.
    """
    judged = table.at_level(level)
    return eer(judged.scores, judged.pais), 1.0 - roc_auc(judged.scores, judged.pais)


def _figures(judged: Judged) -> Figures:
    table, pais, counts, threshold = judged.table, judged.pais, judged.counts, judged.threshold
    undefined = _undefined(counts)
    rates = rates_of(counts)
    intervals: dict[str, tuple[float, float] | None] = {**count_intervals(counts)}
    both = counts.by_pai and counts.bona_fide[1]
    if both:
        intervals["acer"], reason = _acer_interval(table, pais, threshold.value)
        if reason:
            undefined["acer interval"] = reason
    tpr, bpcer = _fixed_rates(table, pais, counts, undefined)
    by_pai = {pai: _share(count) for pai, count in counts.by_pai.items()}
    return Figures(
        level=judged.terms.level,
        apcer=rates.apcer,
        apcer_pooled=rates.apcer_pooled,
        apcer_by_pai=by_pai,
        errors_by_pai=counts.by_pai,
        bpcer=rates.bpcer,
        bpcer_errors=counts.bona_fide,
        acer=rates.acer,
        hter=rates.hter,
        intervals_95={name: bounds for name, bounds in intervals.items() if name not in undefined},
        eer=None if "eer" in undefined else eer(table.scores, pais),
        auc=None if "auc" in undefined else roc_auc(table.scores, pais),
        tpr_at_fpr=tpr,
        bpcer_at_apcer=bpcer,
        undefined=undefined,
        samples=len(table),
        bona_fide=counts.bona_fide[1],
        attacks=counts.pooled[1],
        subjects=len(set(table.subjects)),
        pai_grouping=judged.terms.grouping,
        threshold=threshold.value,
        threshold_rule=threshold.rule,
        threshold_provenance=threshold.provenance,
    )


def _share(errors: tuple[int, int]) -> float | None:
    """The rate of (errors, presentations), None over fewer than two."""
    return errors[0] / errors[1] if errors[1] > 1 else None


def _mean(apcer: float | None, bpcer: float | None) -> float | None:
    return None if apcer is None or bpcer is None else (apcer + bpcer) / 2


def _undefined(counts: ErrorCounts) -> dict[str, str]:
    """The figures that a class or an instrument with no or one presentation leaves undefined, and why."""
    undefined: dict[str, str] = {}
    for pai, (_, presented) in counts.by_pai.items():
        if presented == 1:
            reason = f"PAI {pai} has one presentation; its rate could only be 0 or 1"
            undefined |= {"apcer": reason, "acer": reason}
    for (_, presented), what, direct in (
        (counts.pooled, "attack", ("apcer_pooled",)),
        (counts.bona_fide, "bona fide", ("bpcer", "acer")),
    ):
        if presented > 1:
            continue
        reason = f"there is one {what} presentation; its rate could only be 0 or 1"
        if presented == 0:
            reason = f"there is no {what} presentation"
            direct = (*direct, "acer", *(("apcer", "bpcer_at_apcer") if what == "attack" else ()))
        undefined |= dict.fromkeys((*direct, "hter", "eer", "auc", "tpr_at_fpr"), reason)
    return undefined


def _acer_interval(
    table: ScoreTable, pais: list[str], threshold: float
) -> tuple[tuple[float, float] | None, str | None]:
    """Subject bootstrap of ACER, or None and why there is none."""
    if not all(table.subjects):
        return None, "the subjects are not known, so none can be resampled"
    try:
        found = bootstrap_acer(
            table.scores,
            pais,
            table.subjects,
            threshold,
            rng=np.random.default_rng(BOOTSTRAP_SEED),
            replicates=BOOTSTRAP_REPLICATES,
        )
    except MetricError as reason:
        return None, str(reason)
    if found.estimate == 0:
        # every resample of no error has no error: [0, 0] would claim a certainty that nobody has
        return None, "no error to resample; see the intervals of APCER and BPCER"
    return (found.low, found.high), None


def _fixed_rates(
    table: ScoreTable, pais: list[str], counts: ErrorCounts, undefined: dict[str, str]
) -> tuple[dict[str, float | None], dict[str, float | None]]:
    """TPR at each FPR and BPCER at each APCER; None, with a reason, where the attacks cannot resolve it."""
    attacks = counts.pooled[1]
    fewest = min((presented for _, presented in counts.by_pai.values()), default=0)
    no_tpr = undefined.pop("tpr_at_fpr", None)
    no_bpcer = undefined.pop("bpcer_at_apcer", None) or undefined.get("bpcer")
    tpr: dict[str, float | None] = {}
    for fpr in FPRS:
        name = f"tpr_at_fpr {fpr:g}"
        if no_tpr:
            undefined[name] = no_tpr
        elif not fpr_resolvable(pais, fpr):
            undefined[name] = f"not resolvable: needs {round(1 / fpr)} attacks, there are {attacks}"
        tpr[f"{fpr:g}"] = None if name in undefined else tpr_at_fpr(table.scores, pais, fpr)
    bpcer: dict[str, float | None] = {}
    for apcer in APCERS:
        name = f"bpcer_at_apcer {apcer:g}"
        if no_bpcer:
            undefined[name] = no_bpcer
        elif error_budget(apcer, fewest) < 1:
            undefined[name] = (
                f"not resolvable: needs {round(1 / apcer)} attacks of every PAI, there are {fewest}"
            )
        bpcer[f"{apcer:g}"] = None if name in undefined else bpcer_at_apcer(table.scores, pais, apcer)
    return tpr, bpcer
