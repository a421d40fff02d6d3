"""Does a search collapse into skips and pools, and what keeps it from that?

    python -m benchmarks.collapse --seeds 20 21 22 --out results
    python -m benchmarks.collapse --seeds 23 24 --arms DARTS "the preset quick" --out results
    python -m benchmarks.collapse --setting deep --seeds 25 26 27 28 29 --out results

DARTS as published (all channels, no edge weights, no warm-up, SGD for the weights) is known to fill its cells
with operations that have no weights when it searches for long (Zela et al., ICLR 2020; Chu et al., ICLR
2021). In the setting `small` it searches for three times the epochs of the preset quick on its generated
faces, so that its alphas have time to settle, alone and with each stabiliser at its published strength;
beside it stand PC-DARTS under the same keys, and the preset as it ships. Counted are the edges of both
derived cells that are skips or pools, of 16; a genotype drawn at random has 9.6, three of five operations. A
seed draws the faces, the halves and the weights, and all arms of a seed share them. Seeds 0 to 9 were looked
at while the product was built, 100 and more are those of results/experiment. The setting `deep` does the same
where collapse is known to be likely, with weights that learn fast.

Rows are kept as they come in collapse.csv, or collapse_deep.csv, and not made again; the page beside it is
written from all of them, a call adds what it asks for.
"""

import argparse
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autofas.analysis.records import network_cost
from autofas.analysis.text_tables import count, markdown_table
from autofas.config.resolve import resolve
from autofas.config.search import SearchConfig
from autofas.models.build import build
from autofas.models.candidates import CANDIDATES, Pool, Skip
from autofas.models.genotype import Cell
from autofas.runs.provenance import commit
from autofas.search.search import search
from autofas.storage.files import write_text
from benchmarks.rows import append, read_rows

ALPHAS_ALONE = {"finalists": 0, "arch_split": "subject"}
LONG = {"epochs": 24, "warmup_epochs": 0, "space": "small", **ALPHAS_ALONE}
DEEP = {"space": str(Path(__file__).with_name("deep_skips.yaml"))}
LEARNT = {
    **DEEP, **ALPHAS_ALONE, "epochs": 40, "warmup_epochs": 0, "weights.name": "adam", "weights.lr": 0.005,
}  # fmt: skip


def arms(preset: Mapping[str, Any], long: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is searched, as keys over the preset quick; `long` holds those of all but the preset itself."""
    darts = {**long, "strategy": "darts"}
    return {
        "the preset quick": {**preset},
        "the alphas of quick alone": {**preset, **ALPHAS_ALONE},
        "PC-DARTS, as long": {**long},
        "DARTS": darts,
        "DARTS, beta-decay": {**darts, "beta_decay": 50},
        "DARTS, auxiliary skip": {**darts, "auxiliary_skip": 1.0},
        "DARTS, noise on alphas": {**darts, "alpha_noise": 0.3},
        "DARTS, eigenvalue stop": {**darts, "eigenvalue_stop": 1.33},
        "DARTS, two skips at most": {**darts, "max_skips": 2},
        "DARTS, cells by perturbation": {**darts, "derivation": "darts-pt"},
    }


@dataclass(frozen=True)
class Setting:
    """What is searched, and what the page says of it; `file` is the name of rows and page."""

    file: str
    arms: Mapping[str, Mapping[str, Any]]
    words: str


SETTINGS = {
    "small": Setting(
        "collapse",
        arms({"space": "small"}, LONG),
        """\
DARTS without warm-up for three times the epochs of the preset quick, alone and with each
stabiliser; PC-DARTS under the same keys; and the preset as it ships in this space, whose cells are
those of a finalist, and as its alphas alone have them. Means over seeds, each with
generated faces of its own; a genotype drawn at random has 9.6 of 16 edges without weights. Entropy
is the share left of the most that the alphas can have. One seed is no result.""",
    ),
    "deep": Setting(
        "collapse_deep",
        arms(DEEP, LEARNT),
        """\
A supernet of eight cells and two candidates, a skip and a separable convolution
(`benchmarks/deep_skips.yaml`). DARTS without warm-up for 40 epochs, Adam at 0.005 on the weights, alone
and with each stabiliser; PC-DARTS under the same keys; the preset quick in the same space with its own
(8 epochs, 2 of warm-up, SGD), whose cells are those of a finalist, and as its alphas alone have them.
Means over seeds, each with generated faces of its own; a genotype drawn at random has 8 of 16 edges
without weights. The setting was found on seeds 0 to 3, which are not here.""",
    ),
}
HEADER = (
    "search", "seeds", "skips", "pools", "without weights, of 16", "range", "in the reduction cell, of 8",
    "entropy left", "epochs", "parameters", "CPU s",
)  # fmt: skip


def weightless(cell: Cell) -> tuple[int, int]:
    """How many edges of a cell are skips, and how many pools."""
    kinds = [CANDIDATES[edge.operation] for edge in cell.edges]
    return sum(isinstance(kind, Skip) for kind in kinds), sum(isinstance(kind, Pool) for kind in kinds)


def searched(setting: Setting, arm: str, seed: int) -> dict[str, Any]:
    """The row of one search."""
    flags = {"data.dataset": "synthetic", "data.synthetic.seed": seed, "seed": seed, "threads": 1}
    flags |= setting.arms[arm]
    config = resolve(SearchConfig, "search", preset="quick", flags=flags)
    started = time.process_time()
    result = search(config)
    seconds, verdict = time.process_time() - started, result.verdict
    assert verdict is not None  # all arms have alphas
    skips, pools = zip(
        *(weightless(result.genotype.cell(kind)) for kind in ("normal", "reduction")), strict=True
    )
    return {
        "arm": arm,
        "seed": seed,
        "skips": sum(skips),
        "pools": sum(pools),
        "reduction": skips[1] + pools[1],
        "entropy": round(verdict.entropy / verdict.entropy_most, 4),
        "margin": round(verdict.margin, 4),
        "epochs": len(result.results),
        "params": network_cost(build(result.genotype)).params,
        "cpu_seconds": round(seconds, 1),
        "commit": commit(),
    }


def line(arm: str, rows: Sequence[Mapping[str, str]]) -> list[str]:
    """An arm's line of the table: means over its seeds."""

    def mean(key: str) -> float:
        return statistics.fmean(float(row[key]) for row in rows)

    both = [int(row["skips"]) + int(row["pools"]) for row in rows]
    return [
        arm, str(len(rows)), f"{mean('skips'):.1f}", f"{mean('pools'):.1f}", f"{statistics.fmean(both):.1f}",
        f"{min(both)}-{max(both)}", f"{mean('reduction'):.1f}", f"{100 * mean('entropy'):.0f} %",
        f"{mean('epochs'):.0f}", count(round(mean("params"))), f"{mean('cpu_seconds'):.0f}",
    ]  # fmt: skip


def page(name: str, rows: Sequence[Mapping[str, str]]) -> str:
    """The page of a setting."""
    setting = SETTINGS[name]
    seeds = " ".join(sorted({row["seed"] for row in rows}, key=int))
    commits = ", ".join(sorted({row["commit"] for row in rows}))
    lines = [line(arm, own) for arm in setting.arms if (own := [row for row in rows if row["arm"] == arm])]
    command = f"python -m benchmarks.collapse --setting {name} --seeds {seeds} --out results"
    return "\n".join([
        "# Skips and pools in derived cells", "", setting.words, "",
        f"`{command}`, as far as it has run,", f"commits {commits}", "",
        markdown_table(HEADER, lines, HEADER[1:]),
    ]) + "\n"  # fmt: skip


def main() -> None:
    """Run what is missing, write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--setting", choices=SETTINGS, default="small")
    parser.add_argument("--seeds", type=int, nargs="+", default=[20, 21, 22])
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--arms", nargs="+", metavar="ARM")
    args = parser.parse_args()
    setting = SETTINGS[args.setting]
    chosen = args.arms or list(setting.arms)
    if unknown := set(chosen) - set(setting.arms):
        parser.error(f"no arm {', '.join(sorted(unknown))}; there are {', '.join(setting.arms)}")
    place = args.out / f"{setting.file}.csv"
    for seed in args.seeds:
        for arm in chosen:
            if (arm, str(seed)) not in {(row["arm"], row["seed"]) for row in read_rows(place)}:
                append(place, searched(setting, arm, seed))
                print(f"seed {seed}: {arm}", flush=True)
    write_text(place.with_suffix(".md"), page(args.setting, read_rows(place)))


if __name__ == "__main__":
    main()
