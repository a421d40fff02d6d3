"""From score tables to the figures of a report, each with the threshold it was taken at and its origin.

What is undefined is None with its reason under `undefined`: a rate over one presentation could only be 0 or
1, so a class or an instrument with a single one has no rate here.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from autofas.config.evaluate import EvaluateConfig
from autofas.errors import MetricError
from autofas.metrics import (
    ErrorRates,
    Grouping,
    Level,
    ScoreTable,
    Threshold,
    ThresholdRule,
    bootstrap_acer,
    bpcer_at_apcer,
    eer,
    error_rates,
    fpr_resolvable,
    group_pais,
    rate_intervals,
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

    rule: ThresholdRule = _DEFAULTS["threshold"].default
    value: float | None = None
    grouping: Grouping = _DEFAULTS["pai_grouping"].default
    level: Level = _DEFAULTS["level"].default


def choose_threshold(
    rule: str, grouping: str, dev: ScoreTable | None, test: ScoreTable, value: float | None = None
) -> Threshold:
    """The threshold of a rule; the dev split sets it, `test` is looked at by test-eer alone."""
    return select_threshold(
        rule,
        None if dev is None else dev.scores,
        None if dev is None else group_pais(dev.pais, grouping),
        value=value,
        test_scores=test.scores if rule == "test-eer" else None,
        test_pais=group_pais(test.pais, grouping) if rule == "test-eer" else None,
    )


def judge(test: ScoreTable, dev: ScoreTable | None, terms: Terms) -> dict[str, Any]:
    """The figures of a split by `terms`, both tables first brought to the terms' level.

    Raises MetricError where the threshold or a whole class is missing.
    """
    judged = test.at_level(terms.level)
    setting = None if dev is None else dev.at_level(terms.level)
    threshold = choose_threshold(terms.rule, terms.grouping, setting, judged, terms.value)
    return {"level": terms.level, **figures(judged, threshold, terms.grouping)}


def figures(table: ScoreTable, threshold: Threshold, grouping: str) -> dict[str, Any]:
    """Error rates at the threshold and threshold-free figures, as JSON values.

    Rates are fractions in [0, 1]. A figure that the samples cannot give is None; `undefined` says why.
    """
    pais = group_pais(table.pais, grouping)
    rates = error_rates(table.scores, pais, threshold.value)
    undefined = single_presentations(rates)
    values: dict[str, Any] = rate_values(rates)
    values["eer"] = eer(table.scores, pais)
    values["auc"] = roc_auc(table.scores, pais)
    interval, reason = _acer_interval(table, pais, threshold.value)
    values["intervals_95"]["acer"] = interval
    if reason:
        undefined["acer interval"] = reason
    values["tpr_at_fpr"], values["bpcer_at_apcer"] = _fixed_rates(table, pais, rates, undefined)
    for name in ("apcer", "apcer_pooled", "bpcer", "acer", "hter", "eer", "auc"):
        if name in undefined:
            values[name] = None
            values["intervals_95"].pop(name, None)
    for pai, (_, presented) in rates.counts_by_pai.items():
        if presented == 1:
            values["apcer_by_pai"][pai] = None
    return {
        **values,
        "undefined": undefined,
        "samples": len(table),
        "bona_fide": rates.bpcer_count[1],
        "attacks": rates.apcer_pooled_count[1],
        "subjects": len(set(table.subjects)),
        "pai_grouping": grouping,
        "threshold": json_number(threshold.value),
        "threshold_rule": threshold.rule,
        "threshold_provenance": threshold.provenance,
    }


def rate_values(rates: ErrorRates) -> dict[str, Any]:
    """The error rates, their counts and their Clopper-Pearson 95 % intervals as JSON values."""
    return {
        "apcer": rates.apcer,
        "apcer_pooled": rates.apcer_pooled,
        "apcer_by_pai": dict(rates.apcer_by_pai),
        "errors_by_pai": {pai: list(count) for pai, count in rates.counts_by_pai.items()},
        "bpcer": rates.bpcer,
        "bpcer_errors": list(rates.bpcer_count),
        "acer": rates.acer,
        "hter": rates.hter,
        "intervals_95": {name: list(bounds) for name, bounds in rate_intervals(rates).items()},
    }


def single_presentations(rates: ErrorRates) -> dict[str, str]:
    """The figures that a class or an instrument with one presentation leaves undefined, with the reason."""
    undefined: dict[str, str] = {}
    for pai, (_, presented) in rates.counts_by_pai.items():
        if presented == 1:
            reason = f"PAI {pai} has one presentation; its rate could only be 0 or 1"
            undefined |= {"apcer": reason, "acer": reason}
    one_attack, one_bona_fide = rates.apcer_pooled_count[1] == 1, rates.bpcer_count[1] == 1
    for single, what, direct in (
        (one_attack, "attack", ("apcer_pooled",)),
        (one_bona_fide, "bona fide", ("bpcer", "acer")),
    ):
        if single:
            reason = f"there is one {what} presentation; its rate could only be 0 or 1"
            undefined |= dict.fromkeys((*direct, "hter", "eer", "auc", "tpr_at_fpr"), reason)
    return undefined


def json_number(value: float) -> float | str:
    """A float, or 'inf' and '-inf' as text, which JSON has no number for."""
    return float(value) if math.isfinite(value) else str(float(value))


def dev_error(table: ScoreTable) -> tuple[float, float]:
    """What model selection looks at: the dev split's video EER, then 1 - AUC; lower is better.

    Attacks are pooled. Ties in the EER of a small dev split are common, the AUC breaks them.
    """
    videos = table.by_video()
    return eer(videos.scores, videos.pais), 1.0 - roc_auc(videos.scores, videos.pais)


def _acer_interval(
    table: ScoreTable, pais: list[str], threshold: float
) -> tuple[list[float] | None, str | None]:
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
    return [found.low, found.high], None


def _fixed_rates(
    table: ScoreTable, pais: list[str], rates: ErrorRates, undefined: dict[str, str]
) -> tuple[dict[str, float | None], dict[str, float | None]]:
    """TPR at each FPR and BPCER at each APCER; None, with a reason, where the attacks cannot resolve it."""
    attacks = rates.apcer_pooled_count[1]
    fewest = min(presented for _, presented in rates.counts_by_pai.values())
    tpr: dict[str, float | None] = {}
    for fpr in FPRS:
        name = f"tpr_at_fpr {fpr:g}"
        if "tpr_at_fpr" in undefined:
            undefined[name] = undefined["tpr_at_fpr"]
        elif not fpr_resolvable(pais, fpr):
            undefined[name] = f"not resolvable: needs {round(1 / fpr)} attacks, there are {attacks}"
        tpr[f"{fpr:g}"] = None if name in undefined else tpr_at_fpr(table.scores, pais, fpr)
    undefined.pop("tpr_at_fpr", None)
    bpcer: dict[str, float | None] = {}
    for apcer in APCERS:
        name = f"bpcer_at_apcer {apcer:g}"
        if "bpcer" in undefined:
            undefined[name] = undefined["bpcer"]
        elif error_budget(apcer, fewest) < 1:
            undefined[name] = (
                f"not resolvable: needs {round(1 / apcer)} attacks of every PAI, there are {fewest}"
            )
        bpcer[f"{apcer:g}"] = None if name in undefined else bpcer_at_apcer(table.scores, pais, apcer)
    return tpr, bpcer
