"""Several models' score files as one: weighted means, averages over seeds and attack folds, greedy selection.

`weighted_mean` of equal weights is VisionLabs' ensemble (Parkin and Grinchuk, CVPRW 2019, sections 4.1, 4.3
and 5.7: the plain average over attack-specific folds, seeds and initialisations) and the stage 1 of
FeatherNets (`cascade`). `greedy_selection` is ensemble selection with replacement (Caruana et al., ICML
2004) on the dev split. Scores are averaged as they are, so models must share a scale; a mean of logits and
probabilities means little.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from autofas.errors import MetricError
from autofas.evaluation.alignment import align, align_at
from autofas.metrics import Level, ScoreTable, eer, roc_auc


def weighted_mean(
    tables: Sequence[ScoreTable], weights: Sequence[float] | None = None, names: Sequence[str] | None = None
) -> ScoreTable:
    """The mean score of every presentation, weights (m,) not negative and not all 0; equal unless given.

    Raises MetricError for files that do not match, bad weights, or infinities of both signs in one mean.
    """
    labels = list(names or (f"file {number}" for number in range(1, len(tables) + 1)))
    aligned = align(tables, labels)
    shares = np.ones(len(aligned)) if weights is None else np.asarray(weights, dtype=np.float64)
    if shares.shape != (len(aligned),):
        raise MetricError(f"{shares.size} weights for {len(aligned)} score files; give one for each")
    if not np.isfinite(shares).all() or (shares < 0).any() or not shares.any():
        raise MetricError(
            f"weights {', '.join(f'{w}' for w in shares.tolist())} do not do; give numbers >= 0, not all 0"
        )
    # a file of weight 0 is left out, or its infinities would make NaN
    kept = np.flatnonzero(shares)
    stacked = np.stack([aligned[index].scores for index in kept])  # (m, n)
    with np.errstate(invalid="ignore"):
        means = shares[kept] @ stacked / shares.sum()
    if np.isnan(means).any():
        row = int(np.isnan(means).argmax())
        where = aligned[0].paths[row] or f"row {row}"
        raise MetricError(f"{where} has scores +inf and -inf; their mean is undefined")
    return replace(aligned[0], scores=means)


@dataclass(frozen=True)
class Selection:
    """What greedy selection took: how often each file (the weights), and the dev error after every step.

    An error is (EER, 1 - AUC) of the ensemble on dev, lower is better.
    """

    weights: tuple[int, ...]
    order: tuple[int, ...]
    errors: tuple[tuple[float, float], ...]


def greedy_selection(
    dev: Sequence[ScoreTable], *, steps: int = 20, level: Level = "video", names: Sequence[str] | None = None
) -> Selection:
    """Add, again and again, the file whose addition gives the dev mean the least (EER, 1 - AUC).

    A file may be taken more than once. Of the `steps` ensembles the first best one is kept, so the result is
    never worse on dev than the best single file; on test it may be. Raises MetricError as weighted_mean.
    """
    if steps < 1:
        raise MetricError(f"{steps} steps select nothing; give 1 or more")
    labels = list(names or (f"file {number}" for number in range(1, len(dev) + 1)))
    aligned = align_at(level, dev, labels)
    pais = aligned[0].pais
    scores = np.stack([table.scores for table in aligned])  # (m, n)
    if not np.isfinite(scores).all():
        raise MetricError("greedy selection needs finite scores; clip the infinite ones")
    total = np.zeros(scores.shape[1])
    order: list[int] = []
    errors: list[tuple[float, float]] = []
    for step in range(1, steps + 1):
        tried = []
        for index in range(len(aligned)):
            mean = (total + scores[index]) / step
            tried.append(((eer(mean, pais), 1.0 - roc_auc(mean, pais)), index))
        error, chosen = min(tried)
        total = total + scores[chosen]
        order.append(chosen)
        errors.append(error)
    kept = errors.index(min(errors)) + 1
    counts = [order[:kept].count(index) for index in range(len(aligned))]
    return Selection(tuple(counts), tuple(order[:kept]), tuple(errors[:kept]))
