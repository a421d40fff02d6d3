"""Which rule finds on dev the threshold that carries over: ACER on what was left out, over many trainings.

Reads the scores that benchmarks.leave_out has left in its work folders, by frame and by video, and trains
nothing:

    python -m benchmarks.leave_out_thresholds WORK... --out results/leave_out/thresholds.md
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from autofas.analysis.text_tables import markdown_table, percent
from autofas.errors import AutofasError, DataError
from autofas.metrics import (
    BONA_FIDE,
    ScoreTable,
    error_rates,
    group_pais,
    min_acer_threshold,
    read_scores,
    roc_auc,
)
from autofas.metrics.pai_labels import Labels
from autofas.metrics.transfer_thresholds import NEAR, TAIL
from benchmarks.leave_out_tables import RULES, interval

LEVELS = ("frame", "video")
AUCS = ((0.0, 0.9), (0.9, 0.97), (0.97, 1.01))
"""Trainings by their AUC on what was left out: no threshold mends a ranking that is wrong."""


def near_in_probability(scores: npt.ArrayLike, pais: Labels) -> float:
    """`near_attacks_threshold` as it was before it went by logits."""
    values, bona_fide = np.asarray(scores), np.asarray(pais) == BONA_FIDE
    attacks, faces = np.quantile(values[~bona_fide], 1 - TAIL), np.quantile(values[bona_fide], TAIL)
    return float(attacks + NEAR * (faces - attacks))


COMPARED = {**RULES, "near_in_probability": near_in_probability}


def scored(works: Sequence[Path]) -> Iterator[tuple[ScoreTable, ScoreTable]]:
    """Dev and test scores of every training that has both."""
    for work in works:
        for test in sorted((work / "train").glob("*/scores-test.csv")):
            dev = test.with_name("scores-dev.csv")
            if dev.is_file():
                yield read_scores(dev), read_scores(test)


def judged(dev: ScoreTable, test: ScoreTable, level: str) -> dict[str, float]:
    """AUC, and ACER, APCER and BPCER by rule; `best` is the least ACER that any threshold has on test."""
    if level == "video":
        dev, test = dev.by_video(), test.by_video()
    pais = group_pais(test.pais, "family")
    found = {"auc": roc_auc(test.scores, pais)}
    places = {rule: find(dev.scores, dev.pais) for rule, find in COMPARED.items()}
    places["best"] = min_acer_threshold(test.scores, pais)
    for rule, threshold in places.items():
        rates = error_rates(test.scores, pais, threshold)
        found |= {f"acer_{rule}": rates.acer, f"apcer_{rule}": rates.apcer, f"bpcer_{rule}": rates.bpcer}
    return found


def table(rows: Sequence[dict[str, str | float]]) -> str:
    """A line a level, band of AUC and rule: mean ACER with its interval, worst decile, APCER and BPCER."""
    lines = []
    for level in LEVELS:
        for low, high in AUCS:
            group = [row for row in rows if row["level"] == level and low <= float(row["auc"]) < high]
            for rule in (*COMPARED, "best") if len(group) > 1 else ():
                acers = [float(row[f"acer_{rule}"]) for row in group]
                mean, least, most = interval(acers)
                others = (
                    np.mean([float(row[f"{kind}_{rule}"]) for row in group]) for kind in ("apcer", "bpcer")
                )
                lines.append(
                    [level, f"{low:g} to {min(high, 1):g}", str(len(group)), rule]
                    + [
                        f"{percent(mean)} [{percent(least)}, {percent(most)}]",
                        percent(float(np.quantile(acers, 0.9))),
                    ]
                    + [percent(float(value)) for value in others]
                )
    header = ["level", "AUC", "n", "rule", "ACER", "ACER, worst tenth", "APCER", "BPCER"]
    return markdown_table(header, lines, numeric=["n", *header[4:]])


def main(argv: Sequence[str] | None = None) -> int:
    """Judge all trainings of the work folders by every rule and write the table, with all rows beside it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.leave_out_thresholds", description=__doc__)
    parser.add_argument("work", type=Path, nargs="+")
    parser.add_argument(
        "--out", type=Path, required=True, help="a Markdown file; the rows go beside it as .csv"
    )
    args = parser.parse_args(argv)
    try:
        rows: list[dict[str, str | float]] = [
            {"level": level, **judged(dev, test, level)}
            for dev, test in scored(args.work)
            for level in LEVELS
        ]
        if not rows:
            raise DataError(f"{', '.join(map(str, args.work))}: no training with scores of dev and test")
    except AutofasError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    with args.out.with_suffix(".csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {key: f"{v:.5f}" if isinstance(v, float) else v for key, v in row.items()} for row in rows
        )
    text = (
        f"# {args.out.stem}\n\nPercent; {len(rows) // len(LEVELS)} trainings, means with 95 % bootstrap "
        "intervals; `best` is tuned on test: what no rule can beat.\n\n"
        f"{table(rows)}\n\n```\npython -m benchmarks.leave_out_thresholds WORK... --out {args.out}\n```\n"
    )
    args.out.write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
