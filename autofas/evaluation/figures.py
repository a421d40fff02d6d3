"""From score tables to the figures of a report, each with the threshold it was taken at and its origin."""

from typing import Any

import numpy as np

from autofas.metrics import (
    ErrorRates,
    ScoreTable,
    Threshold,
    eer,
    error_rates,
    fpr_resolvable,
    group_pais,
    rate_intervals,
    roc_auc,
    select_threshold,
    tpr_at_fpr,
)

FPRS = (1e-2, 1e-3, 1e-4)


def at_level(table: ScoreTable, level: str) -> ScoreTable:
    """Frame scores as they are, or their means by video."""
    return table.by_video() if level == "video" else table


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


def figures(table: ScoreTable, threshold: Threshold, grouping: str) -> dict[str, Any]:
    """Error rates at the threshold and threshold-free figures, as JSON values.

    Rates are fractions in [0, 1]. `tpr_at_fpr` is null where fpr times attacks is below one, with the
    reason beside it.
    """
    pais = group_pais(table.pais, grouping)
    rates = error_rates(table.scores, pais, threshold.value)
    resolvable = {fpr: fpr_resolvable(pais, fpr) for fpr in FPRS}
    attacks = sum(pai != "bona_fide" for pai in pais)
    return {
        **rate_values(rates),
        "eer": eer(table.scores, pais),
        "auc": roc_auc(table.scores, pais),
        "tpr_at_fpr": {
            f"{fpr:g}": tpr_at_fpr(table.scores, pais, fpr) if resolvable[fpr] else None for fpr in FPRS
        },
        "tpr_not_resolvable": [
            f"fpr {fpr:g} needs {round(1 / fpr)} attacks, there are {attacks}"
            for fpr in FPRS
            if not resolvable[fpr]
        ],
        "samples": len(table),
        "subjects": len(set(table.subjects)),
        "pai_grouping": grouping,
        "threshold": threshold.value,
        "threshold_rule": threshold.rule,
        "threshold_provenance": threshold.provenance,
    }


def rate_values(rates: ErrorRates) -> dict[str, Any]:
    """The error rates and their Clopper-Pearson 95 % intervals as JSON values."""
    return {
        "apcer": rates.apcer,
        "apcer_pooled": rates.apcer_pooled,
        "apcer_by_pai": dict(rates.apcer_by_pai),
        "bpcer": rates.bpcer,
        "acer": rates.acer,
        "hter": rates.hter,
        "intervals_95": {name: list(bounds) for name, bounds in rate_intervals(rates).items()},
    }


def dev_error(table: ScoreTable) -> tuple[float, float]:
    """What model selection looks at: the dev split's video EER, then 1 - AUC; lower is better.

    Attacks are pooled. Ties in the EER of a small dev split are common, the AUC breaks them.
    """
    videos = table.by_video()
    return eer(videos.scores, videos.pais), 1.0 - roc_auc(videos.scores, videos.pais)


def mean_and_std(rows: list[dict[str, Any]], names: tuple[str, ...]) -> dict[str, list[float]]:
    """Mean and standard deviation (ddof 0) of figures over folds."""
    return {
        name: [float(np.mean([row[name] for row in rows])), float(np.std([row[name] for row in rows]))]
        for name in names
    }
