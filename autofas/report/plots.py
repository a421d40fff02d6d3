"""The page's charts: score histograms, ROC and DET with intervals, training and alphas, the Pareto front."""

from collections.abc import Sequence

import numpy as np

from autofas.analysis.pareto import pareto_front
from autofas.metrics import clopper_pearson, group_pais
from autofas.metrics.curves import OperatingPoints, operating_points
from autofas.metrics.pai_labels import BONA_FIDE
from autofas.metrics.samples import check_samples
from autofas.report.charts import Axis, Chart, linear, logarithmic, probit
from autofas.report.material import SearchRun, TrainedRun
from autofas.search.derive import softmax

BINS = 24
CURVE_POINTS = 160
SHAPES = {"searched": "circle", "hand-designed": "square", "random": "triangle"}


def histogram(run: TrainedRun) -> str:
    """Scores of bona fide faces and of each PAI, as shares of their kind, with the threshold."""
    table = run.test.at_level(run.terms.level)
    edges = np.linspace(0, 1, BINS + 1)
    shares = {}
    for pai in sorted(set(table.pais), key=lambda name: (name != BONA_FIDE, name)):
        scores = table.scores[np.array(table.pais) == pai]
        shares[pai] = np.histogram(np.clip(scores, 0, 1), edges)[0] / len(scores)
    top = max(float(share.max()) for share in shares.values())
    x = linear("score, higher = bona fide", 0, 1)
    chart = Chart(
        x, linear("share of its kind, %", 0, top * 1.05, percent=True), f"{run.name}: scores by PAI"
    )
    for number, (pai, share) in enumerate(shares.items()):
        count = sum(name == pai for name in table.pais)
        chart.bars(list(edges), list(share), number, f"{pai} ({count})", filled=pai == BONA_FIDE)
    threshold = run.figures["threshold"]
    if isinstance(threshold, float):
        chart.upright(min(max(threshold, 0.0), 1.0), f"threshold {threshold:.3g}")
    return chart.text()


def roc(runs: Sequence[TrainedRun]) -> str:
    """True acceptance of bona fide faces against pooled APCER; the first run with its 95 % band."""
    x, y = linear("APCER, attacks pooled, %", 0, 1, percent=True), linear("100 % - BPCER", 0, 1, percent=True)
    chart = Chart(x, y, "ROC of " + ", ".join(run.name for run in runs))
    for number, run in enumerate(runs):
        points = _points(run)
        accepted = points.accepted_attacks / points.attacks
        rejected = points.rejected_bona_fide
        if number == 0:
            chosen = _some(len(rejected))
            bounds = [clopper_pearson(int(rejected[one]), points.bona_fide) for one in chosen]
            lower = [(accepted[one], 1 - high) for one, (_, high) in zip(chosen, bounds, strict=True)]
            upper = [(accepted[one], 1 - low) for one, (low, _) in zip(chosen, bounds, strict=True)]
            chart.band(lower, upper, 0)
        kept = _some(len(accepted))
        line = [(float(accepted[one]), 1 - float(rejected[one]) / points.bona_fide) for one in kept]
        chart.line(line, number, run.name)
    return chart.text()


def det(runs: Sequence[TrainedRun]) -> str:
    """BPCER against pooled APCER on normal-deviate axes; the first run with its 95 % band."""
    x, y = probit("APCER, attacks pooled, %"), probit("BPCER, %")
    chart = Chart(x, y, "DET of the same runs")
    for number, run in enumerate(runs):
        points = _points(run)
        accepted = points.accepted_attacks / points.attacks
        rejected = points.rejected_bona_fide / points.bona_fide
        inside = np.flatnonzero((accepted <= x.high) & (rejected <= y.high))  # no line along the frame
        kept = [int(inside[one]) for one in _some(len(inside))]
        if number == 0:
            bounds = [clopper_pearson(int(points.rejected_bona_fide[one]), points.bona_fide) for one in kept]
            lower = [(accepted[one], low) for one, (low, _) in zip(kept, bounds, strict=True)]
            upper = [(accepted[one], high) for one, (_, high) in zip(kept, bounds, strict=True)]
            chart.band(lower, upper, 0)
        line = [(float(accepted[one]), float(rejected[one])) for one in kept]
        chart.line(line, number, run.name)
    return chart.text()


def _points(run: TrainedRun) -> OperatingPoints:
    table = run.test.at_level(run.terms.level)
    return operating_points(check_samples(table.scores, group_pais(table.pais, run.terms.grouping)))


def _some(total: int) -> list[int]:
    """Indices of at most CURVE_POINTS of `total` points, ends included."""
    return sorted({round(value) for value in np.linspace(0, total - 1, min(total, CURVE_POINTS))})


def training_curve(run: TrainedRun | SearchRun, name: str) -> str:
    """Loss and, where it was measured, dev EER by epoch; empty without a curve of two epochs."""
    series = {
        "training loss": [row.get("train_loss", row.get("weight_loss")) for row in run.curve],
        "dev EER": [row.get("dev_eer") for row in run.curve],
    }
    known = {key: values for key, values in series.items() if all(value is not None for value in values)}
    if len(run.curve) < 2 or not known:
        return ""
    top = max(value for values in known.values() for value in values if value is not None)
    chart = Chart(
        linear("epoch", 1, len(run.curve)), linear("loss, or EER as a fraction", 0, top * 1.05), name
    )
    for number, (key, values) in enumerate(known.items()):
        line = [(float(epoch), float(value)) for epoch, value in enumerate(values, 1) if value is not None]
        chart.line(line, number, key)
    return chart.text()


def alpha_curves(search: SearchRun, cell: str) -> str:
    """Each operation's softmax weight, the mean over a cell's edges, by epoch."""
    weights: dict[tuple[int, str], dict[str, list[float]]] = {}
    epochs = sorted({int(row["epoch"]) for row in search.alphas})
    for row in search.alphas:
        if row["cell"] == cell:
            edge = (int(row["epoch"]), f"{row['node']}<-{row['input']}")
            weights.setdefault(edge, {})[row["operation"]] = [float(row["alpha"])]
    if len(epochs) < 2 or not weights:
        return ""
    lines: dict[str, list[tuple[float, float]]] = {}
    for epoch in epochs:
        edges = [found for (number, _), found in weights.items() if number == epoch]
        names = list(edges[0])
        shares = np.mean([softmax(np.array([edge[name][0] for name in names])) for edge in edges], axis=0)
        for name, share in zip(names, shares, strict=True):
            lines.setdefault(name, []).append((float(epoch), float(share)))
    values = [share for line in lines.values() for _, share in line]
    y = linear("mean softmax(alpha)", min(values) * 0.95, max(values) * 1.05)
    chart = Chart(linear("epoch", epochs[0], epochs[-1]), y, f"{cell} cell: operations by epoch")
    for number, (name, line) in enumerate(lines.items()):
        chart.line(line, number, name)
    return chart.text()


def fronts(runs: Sequence[TrainedRun]) -> str:
    """ACER against parameters, and against latency where two runs or more have one, else against MACs."""
    timed = [run for run in runs if run.latency_ms is not None and run.figures["acer"] is not None]
    second = "milliseconds a face, one thread" if len(timed) > 1 else "multiply-adds"
    return _front(runs, "parameters") + _front(timed if len(timed) > 1 else runs, second)


def _cost(run: TrainedRun, name: str) -> float:
    if name == "parameters":
        return run.params
    return run.macs if name == "multiply-adds" else float(run.latency_ms or 0)


def _front(runs: Sequence[TrainedRun], name: str) -> str:
    """ACER against a cost, the Pareto front as a line; empty without two runs that have an ACER."""
    known = [run for run in runs if run.figures["acer"] is not None]
    if len(known) < 2:
        return ""
    costs, errors = [_cost(run, name) for run in known], [float(run.figures["acer"]) for run in known]
    x: Axis = logarithmic(name, min(costs) / 1.6, max(costs) * 1.6)
    y = linear("ACER, %", 0, max(errors) * 1.15 or 0.01, percent=True)
    chart = Chart(x, y, f"ACER against {name}")
    chosen = pareto_front(costs, errors)
    steps: list[tuple[float, float]] = []
    for index in chosen:
        if steps:
            steps.append((costs[index], steps[-1][1]))
        steps.append((costs[index], errors[index]))
    chart.line(steps, 5, "Pareto front")
    kinds = list(SHAPES)
    for kind in dict.fromkeys(run.figures["kind"] for run in known):
        chart.key(kinds.index(kind) if kind in SHAPES else 3, kind, SHAPES.get(kind, "circle"))
    models = [run.figures["model"] for run in known]
    for run, cost, error in zip(known, costs, errors, strict=True):
        kind, model = run.figures["kind"], run.figures["model"]
        series = kinds.index(kind) if kind in SHAPES else 3
        label = run.name if models.count(model) > 1 else model
        chart.dot(cost, error, series, label, SHAPES.get(kind, "circle"))
    return chart.text()
