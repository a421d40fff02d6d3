"""Tables of the experiment: every arm, every comparison with its interval and p, every network's figure.

Only whole passes count: a training of a block enters where all arms have it, so that an experiment cut short
compares like with like. A network's figure is the mean of its trainings.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from autofas.analysis.text_tables import count, markdown_table
from benchmarks import strata
from benchmarks.experiment_cells import cells_table, layouts_table, values_table

Row = Mapping[str, str]
Figures = dict[str, dict[int, dict[int, float]]]
"""By arm, data seed and block: the mean of a network's trainings."""


class Compared(Protocol):
    """What the tables take from a plan."""

    @property
    def question(self) -> str: ...
    @property
    def arms(self) -> Mapping[str, object]: ...
    @property
    def pools(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def families(self) -> Mapping[str, Sequence[tuple[str, str]]]: ...


def whole(plan: Compared, rows: Sequence[Row]) -> list[Row]:
    """The rows of passes (block and training) that every arm of the plan has."""
    passes: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        passes.setdefault((row["search_seed"], row["training"]), set()).add(row["arm"])
    complete = {key for key, arms in passes.items() if arms >= set(plan.arms)}
    return [row for row in rows if (row["search_seed"], row["training"]) in complete]


def figures(rows: Sequence[Row], name: str) -> Figures:
    """The mean of a column over the trainings of every network."""
    values: dict[tuple[str, int, int], list[float]] = {}
    for row in rows:
        key = (row["arm"], int(row["data_seed"]), int(row["search_seed"]))
        values.setdefault(key, []).append(float(row[name]))
    found: Figures = {}
    for (arm, data_seed, block), each in sorted(values.items()):
        found.setdefault(arm, {}).setdefault(data_seed, {})[block] = float(np.mean(each))
    return found


def groups(found: Figures, arm: str, controls: Sequence[str]) -> strata.Groups:
    """An arm's figures and its controls', by data seed, a row a block."""
    return {
        seed: (
            np.array(list(blocks.values())),
            np.array([[found[control][seed][block] for control in controls] for block in blocks]),
        )
        for seed, blocks in found[arm].items()
    }


def arms_table(plan: Compared, rows: Sequence[Row]) -> str:
    """A line an arm: size, figures with their spread between networks, seconds."""
    header = [
        "arm",
        "networks",
        "params",
        "MACs",
        "AUC, %",
        "sd",
        "noise",
        "ACER, %",
        "search s",
        "training s",
    ]
    lines = []
    for arm in plan.arms:
        own = [row for row in rows if row["arm"] == arm]
        auc, acer = (_flat(figures(own, name)[arm]) for name in ("auc_video", "acer_video"))
        params, macs, search, training = (
            np.array([float(row[name]) for row in own])
            for name in ("params", "macs", "search_seconds", "training_seconds")
        )
        sizes = dict.fromkeys(count(int(size)) for size in (params.min(), params.max()))
        lines.append(
            [
                arm,
                str(len(auc)),
                " to ".join(sizes),
                count(int(macs.mean())),
                f"{100 * auc.mean():.2f}",
                f"{100 * auc.std(ddof=1):.2f}" if len(auc) > 1 else "-",
                noise(own),
                f"{100 * acer.mean():.2f}",
                f"{search.mean():.0f}",
                f"{training.mean():.0f}",
            ]
        )
    return markdown_table(header, lines, numeric=header[1:])


def noise(rows: Sequence[Row]) -> str:
    """The standard deviation of AUC between trainings of one network, in points; - without a second one."""
    trainings: dict[str, list[float]] = {}
    for row in rows:
        trainings.setdefault(row["search_seed"], []).append(100 * float(row["auc_video"]))
    variances = [np.var(each, ddof=1) for each in trainings.values() if len(each) > 1]
    return f"{np.sqrt(np.mean(variances)):.2f}" if variances else "-"


def family_table(plan: Compared, rows: Sequence[Row], pairs: Sequence[tuple[str, str]]) -> str:
    """A line a comparison: differences, P(better) of AUC with its interval, p and Holm's p in the family."""
    header = ["arm", "against", "params ratio", "AUC difference", "ACER difference", "P(better)"]
    header += ["95 % interval", "p", "Holm's p"]
    found = {name: figures(rows, name) for name in ("params", "auc_video", "acer_video")}
    aucs = [groups(found["auc_video"], arm, plan.pools.get(of, [of])) for arm, of in pairs]
    values = [strata.p_value(each) for each in aucs]
    lines = []
    for (arm, of), auc, p, corrected in zip(pairs, aucs, values, strata.holm(values), strict=True):
        other = plan.pools.get(of, [of])
        sizes = groups(found["params"], arm, other)
        ratio = np.mean([one.mean() / control.mean() for one, control in sizes.values()])
        limits = strata.interval(auc)
        lines.append(
            [
                arm,
                of,
                f"{ratio:.2f}",
                f"{100 * _difference(auc):+.2f}",
                f"{100 * _difference(groups(found['acer_video'], arm, other)):+.2f}",
                f"{strata.better(auc):.2f}",
                f"{limits[0]:.2f} to {limits[1]:.2f}" if limits else "-",
                f"{p:.2g}",
                f"{corrected:.2g}",
            ]
        )
    return markdown_table(header, lines, numeric=header[2:])


def seeds_table(plan: Compared, rows: Sequence[Row]) -> str:
    """The AUC of every network: a line an arm, a column a block."""
    found = figures(rows, "auc_video")
    blocks = [(seed, block) for seed, each in next(iter(found.values())).items() for block in each]
    header = ["arm", *(f"{seed}, {block}" for seed, block in blocks)]
    lines = [[arm, *(f"{100 * found[arm][s][b]:.2f}" for s, b in blocks)] for arm in plan.arms]
    return markdown_table(header, lines, numeric=header[1:])


def power_note(rows: Sequence[Row]) -> str:
    """What the test can find with the blocks that there are."""
    blocks: dict[str, set[str]] = {}
    for row in rows:
        blocks.setdefault(row["data_seed"], set()).add(row["search_seed"])
    sizes = [(len(each), len(each)) for each in blocks.values()]
    chances = {level: strata.power(sizes, 0.8, level) for level in (0.01, 0.05)}
    return (
        f"Power: a true P(better) of 0.8 between an arm and its matched control, {sum(n for n, _ in sizes)} "
        f"blocks of {len(sizes)} data seeds, is found with p < 0.01 in {100 * chances[0.01]:.0f} % of "
        f"experiments, with p < 0.05 in {100 * chances[0.05]:.0f} %, before Holm's correction."
    )


def write_summary(plan: Compared, rows: Sequence[Row], place: Path, found: Path | None = None) -> str:
    """Question, tables and provenance as a Markdown page at `place`; `found` holds the blocks' cells."""
    kept = whole(plan, rows)
    text = f"# {plan.question.strip()}\n\nThe plan, written before: docs/experiment.md. "
    text += _tables(plan, kept, len(rows)) if kept else "No block is whole yet.\n"
    blocks = {row["search_seed"] for row in kept}
    for words, table in (
        ("Skips and pools, which carry no weights, among a cell's edges: mean and most.", cells_table),
        ("The layouts: how many networks have which.", layouts_table),
    ):
        made = table(plan.arms, blocks, found) if found else ""
        text += f"\n{words}\n\n{made}\n" if made else ""
    aucs = figures(kept, "auc_video")
    for pool, arms in plan.pools.items():
        own = [(arm, blocks) for arm in arms for blocks in aucs.get(arm, {}).values()]
        each = {(arm, str(block)): auc for arm, blocks in own for block, auc in blocks.items()}
        made = values_table(each, found) if found else ""
        text += f"\nNetworks of {pool} by what their layouts have.\n\n{made}\n" if made else ""
    place.write_text(text, encoding="utf-8")
    return text


def _tables(plan: Compared, kept: Sequence[Row], of: int) -> str:
    blocks, commits = ({row[name] for row in kept} for name in ("search_seed", "commit"))
    text = (
        f"{len(blocks)} whole blocks, {len(kept)} of {of} rows. AUC and ACER by video on test; ACER at the "
        "threshold of dev's equal error rate. `sd` is between networks, data seeds among them, `noise` "
        "between trainings of one network, both of AUC. Seconds are of CPU, of whichever machine a row ran "
        "on: they compare within a block.\n\n"
        f"{arms_table(plan, kept)}\n\n{power_note(kept)}\n"
    )
    for family, pairs in plan.families.items():
        text += f"\n{family[0].upper()}{family[1:]}, differences in points:\n\n"
        text += f"{family_table(plan, kept, pairs)}\n"
    text += "\nAUC in percent of every network, by data seed and search seed:\n\n"
    return text + f"{seeds_table(plan, kept)}\n\nCommits {', '.join(sorted(commits))}.\n"


def _flat(by_seed: Mapping[int, Mapping[int, float]]) -> strata.Floats:
    return np.array([value for blocks in by_seed.values() for value in blocks.values()])


def _difference(pairs: strata.Groups) -> float:
    return float(np.mean([one.mean() - other.mean() for one, other in pairs.values()]))
