"""Tables of leave-out experiments: means with intervals, and differences from a reference, pair by pair.

AUC and BPCER at fixed APCER come first, for they need no threshold; then the AUC where the classes' tone and
surroundings are swapped (benchmarks.swapped); then ACER at thresholds found on dev. Intervals are 95 %
percentile bootstraps over trainings. A difference is taken between two trainings of one fold and seed, which
share people and order of batches, so what a fold is worth drops out of it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from autofas.analysis.text_tables import markdown_table, percent
from autofas.metrics import eer_threshold
from autofas.metrics.transfer_thresholds import (
    apcer_threshold,
    logit_normal_threshold,
    middle_eer_threshold,
    near_attacks_threshold,
    quantile_threshold,
)

RULES = {
    "edge": eer_threshold,
    "middle": middle_eer_threshold,
    "quantile": quantile_threshold,
    "near_attacks": near_attacks_threshold,
    "logit_normal": logit_normal_threshold,
    "apcer_1": apcer_threshold,
    "half": lambda scores, pais: 0.5,  # whatever dev says: classes are balanced in training
}
SHOWN = (
    "auc",
    "bpcer_at_0.01",
    "bpcer_at_0.05",
    "auc_tone_swapped",
    "auc_surround_swapped",
    "auc_both_swapped",
)
COMPARED = ("auc", "auc_both_swapped", "bpcer_at_0.05", "acer_quantile")
REPLICATES = 2000
NOT_OF_TRAINING = ("fold", "seed", "cpu_seconds", "commit")

Row = Mapping[str, str]


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean and its 95 % percentile bootstrap interval over trainings (folds and seeds)."""
    sample = np.asarray(values, dtype=np.float64)
    drawn = np.random.default_rng(0).integers(0, len(sample), (REPLICATES, len(sample)))
    low, high = np.quantile(sample[drawn].mean(axis=1), (0.025, 0.975))
    return float(sample.mean()), float(low), float(high)


def distinct(rows: Sequence[Row]) -> list[Row]:
    """The rows without those that are another's training: the same network and recipe, every figure alike.

    Two seeds may leave out the same people, and a recipe that names its own seed then trains the same twice.
    """
    found: dict[tuple[str, ...], Row] = {}
    for row in rows:
        found.setdefault(tuple(value for name, value in row.items() if name not in NOT_OF_TRAINING), row)
    return list(found.values())


def summary(rows: Sequence[Row]) -> str:
    """A Markdown table: a line a protocol, network and recipe."""
    figures = [*SHOWN, *(f"acer_{rule}" for rule in RULES)]
    header = ["protocol", "network", "recipe", "params", "n", *figures, "CPU s"]
    lines = []
    for key, group in _grouped(rows).items():
        cells = [*key, group[0]["params"], str(len(group))]
        cells += [_cell([float(row[name]) for row in group]) for name in figures]
        cells.append(f"{np.mean([float(row['cpu_seconds']) for row in group]):.0f}")
        lines.append(cells)
    return markdown_table(header, lines, numeric=header[3:])


def differences(rows: Sequence[Row], reference: tuple[str, str]) -> str:
    """A Markdown table: every other network and recipe less the reference, over the trainings both have."""
    groups = _grouped(rows)
    header = ["protocol", "network", "recipe", "n", *COMPARED]
    lines = []
    for (protocol, network, recipe), group in groups.items():
        others = {_place(row): row for row in groups.get((protocol, *reference), ())}
        pairs = [(row, others[_place(row)]) for row in group if _place(row) in others]
        if pairs and (network, recipe) != reference:
            cells = [protocol, network, recipe, str(len(pairs))]
            for name in COMPARED:
                cells.append(_cell([float(row[name]) - float(other[name]) for row, other in pairs]))
            lines.append(cells)
    return markdown_table(header, lines, numeric=header[3:])


def noise(rows: Sequence[Row], recipe: str, retrained: str) -> tuple[int, dict[str, float]]:
    """Pairs of trainings that differ in their seed alone; the standard deviation between them by figure."""
    groups = _grouped(rows)
    squares: dict[str, list[float]] = {name: [] for name in COMPARED}
    for (protocol, network, name), group in groups.items():
        again = {_place(row): row for row in groups.get((protocol, network, retrained), ())}
        for row in group if name == recipe else ():
            if _place(row) in again:
                for figure, found in squares.items():
                    found.append((float(row[figure]) - float(again[_place(row)][figure])) ** 2 / 2)
    pairs = len(squares[COMPARED[0]])
    return pairs, {figure: float(np.sqrt(np.mean(found))) for figure, found in squares.items() if found}


def told_apart(rows: Sequence[Row], retrained: Mapping[str, str]) -> str:
    """A Markdown table: by recipe and figure, how far networks lie apart, and two trainings of one network.

    Spread is the standard deviation between networks of one fold and seed, each trained once, so that noise
    is part of it; noise that between trainings which differ in their seed alone. Their ratio is least where
    a recipe tells networks apart best.
    """
    header = ["recipe", "figure", "pairs", "mean", "spread", "noise", "noise / spread"]
    lines = []
    for recipe, again in retrained.items():
        pairs, noises = noise(rows, recipe, again)
        both = [row for row in rows if row["recipe"] in (recipe, again)]
        for figure, found in noises.items():
            spread = _spread(both, figure)
            shown = [
                percent(float(np.mean([float(row[figure]) for row in both]))),
                percent(spread),
                percent(found),
            ]
            lines.append([recipe, figure, str(pairs), *shown, f"{found / spread:.2f}" if spread else "-"])
    return markdown_table(header, lines, numeric=header[2:])


def _spread(rows: Sequence[Row], figure: str) -> float:
    """The standard deviation between networks, taken where people and recipe are the same."""
    alike: dict[tuple[str, ...], list[float]] = {}
    for row in rows:
        alike.setdefault((row["protocol"], *_place(row), row["recipe"]), []).append(float(row[figure]))
    variances = [np.var(values, ddof=1) for values in alike.values() if len(values) > 1]
    return float(np.sqrt(np.mean(variances))) if variances else 0.0


def write_summary(
    question: str,
    rows: Sequence[Row],
    place: Path,
    command: str,
    *,
    level: str = "frame",
    reference: tuple[str, str] | None = None,
    retrained: str | Mapping[str, str] | None = None,
) -> str:
    """Question, tables and provenance as a Markdown page at `place`."""
    given, rows = len(rows), distinct(rows)
    repeated = f" {given - len(rows)} of them repeat another's training and count once." * (given > len(rows))
    text = (
        f"# {place.stem}\n\n{question.strip()}\n\n"
        f"Percent; mean over folds and seeds with a 95 % bootstrap interval; {level}s are judged. "
        f"All rows are in {place.stem}.csv.{repeated}\n\n{summary(rows)}\n\n"
    )
    if reference and (table := differences(rows, reference)):
        text += (
            f"Less {reference[0]} under {reference[1]}, of the same fold and seed, in points:\n\n{table}\n\n"
        )
    if isinstance(retrained, Mapping):
        text += (
            "Spread between networks of one fold and seed, and noise between two trainings of one network, "
            f"in points:\n\n{told_apart(rows, retrained)}\n\n"
        )
    elif reference and retrained:
        pairs, spread = noise(rows, reference[1], retrained)
        if pairs:
            told = ", ".join(f"{name} {percent(value)}" for name, value in spread.items())
            text += (
                "Noise of retraining, the standard deviation between trainings that differ in their seed "
                f"alone, in points, from {pairs} pairs: {told}.\n\n"
            )
    commits = ", ".join(sorted({row["commit"] for row in rows}))
    text += f"```\n{command}\n```\nCommits {commits}; CPU seconds are of whichever machine a row ran on.\n"
    place.write_text(text, encoding="utf-8")
    return text


def _grouped(rows: Sequence[Row]) -> dict[tuple[str, str, str], list[Row]]:
    """Rows by protocol, network and recipe, sorted by these."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row["protocol"], row["network"], row["recipe"])):
        groups.setdefault((row["protocol"], row["network"], row["recipe"]), []).append(row)
    return groups


def _place(row: Row) -> tuple[str, str]:
    return row["fold"], row["seed"]


def _cell(values: Sequence[float]) -> str:
    mean, low, high = interval(values)
    # one training has no interval
    return percent(mean) + (f" [{percent(low)}, {percent(high)}]" if len(values) > 1 else "")
