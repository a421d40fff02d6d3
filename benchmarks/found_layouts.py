"""How often a search by trials finds the layout that carries over to another session, against chance.

    python -m benchmarks.found_layouts CROSSED --out results/leave_out

CROSSED is a manifest of crossed sessions (benchmarks.crossed_sessions). Every search is `autofas search
--space small_open --preset quick --strategy tpe` on the training people of a fold that leaves people out; the
architecture half is either other people of the same sessions (`subject`) or other people of the other session
(`session`). Which values carry over to another session is known from results/leave_out/effects.md, whose
seeds are others. Rows that are there are not searched again.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from autofas.analysis.text_tables import markdown_table, percent
from autofas.config.resolve import resolve
from autofas.config.search import SearchConfig
from autofas.data.opening import OpenedDatasets
from autofas.errors import AutofasError
from autofas.models.genotype import Genotype
from autofas.models.space import load_space
from autofas.runs.provenance import commit
from autofas.search.search import search
from autofas.storage.files import write_text
from benchmarks.rows import append, read_rows

SPACE = "small_open"
SPLITS = ("session", "subject")
CARRY_OVER: dict[str, tuple[str, ...]] = {
    "normalise": ("local", "image"),
    "map": ("16",),
    "cells": ("1",),
}
"""The values that effects.md has ahead of the others of their part."""


def values_of(genotype: Genotype) -> dict[str, str]:
    """The open parts of a genotype's layout in a word each."""
    layout = genotype.layout
    return {"normalise": layout.normalise, "map": str(layout.map_size()), "cells": str(len(layout.cells))}


def chance(part: str) -> float:
    """How likely a layout drawn at random has a value that carries over."""
    space = load_space(SPACE)
    options = {"normalise": "normalise", "map": "stem", "cells": "cells"}
    return len(CARRY_OVER[part]) / len(space.variants.open[options[part]])


def one(
    seed: int, split: str, args: argparse.Namespace, datasets: OpenedDatasets, source: str | None
) -> dict[str, Any]:
    """A search, as the row of the table."""
    flags: dict[str, Any] = {
        "data.dataset": str(args.manifest),
        "data.protocol": "leave-subjects-out:3",
        "data.fold": 1 + seed % 3,
        "data.split_seed": seed,
        "data.workers": 0,
        "space": SPACE,
        "strategy": "tpe",
        "trials": args.trials,
        "epochs": args.epochs,
        "arch_split": split,
        "seed": seed,
        "threads": 1,
        "device": "cpu",
        "runs_dir": None,
    }
    started = time.process_time()
    found = search(resolve(SearchConfig, "search", preset="quick", flags=flags), datasets=datasets)
    error = min(float(row["error"]) for row in found.results)
    return {
        "seed": seed,
        "split": split,
        **values_of(found.genotype),
        "arch_auc": round(1 - error, 5),
        "cpu_seconds": round(time.process_time() - started, 1),
        "commit": source,
    }


def summary(rows: Sequence[dict[str, str]]) -> str:
    """A line an architecture half and part of the layout: how often a value that carries over was found."""
    header = ("architecture half", "part", "carries over", "found", "chance", "p", "values")
    lines = []
    for split in SPLITS:
        own = [row for row in rows if row["split"] == split]
        for part, good in CARRY_OVER.items() if own else ():
            hits = sum(row[part] in good for row in own)
            values = sorted({row[part] for row in own}, key=lambda value: (len(value), value))
            told = ", ".join(f"{value} {sum(row[part] == value for row in own)}" for value in values)
            p = binomtest(hits, len(own), chance(part)).pvalue
            lines.append([
                split, part, " or ".join(good), f"{hits} of {len(own)}", f"{percent(chance(part))} %",
                f"{p:.2g}", told,
            ])  # fmt: skip
    return markdown_table(header, lines, numeric=header[3:6])


def main(argv: Sequence[str] | None = None) -> int:
    """Search with every seed and half, and write found_layouts.csv and .md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.found_layouts", description=__doc__)
    parser.add_argument("manifest", type=Path, help="crossed sessions")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(300, 312)))
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=4, help="of a trial")
    parser.add_argument("--out", type=Path, required=True, help="the folder of table and page")
    parser.add_argument("--summary", action="store_true", help="search nothing, write the page")
    args = parser.parse_args(argv)
    place, datasets = args.out / "found_layouts.csv", OpenedDatasets()
    source = commit()  # before the table's own growth makes the tree a changed one
    try:
        done = {(row["seed"], row["split"]) for row in read_rows(place)}
        for seed in () if args.summary else args.seeds:
            for split in SPLITS:
                if (str(seed), split) not in done:
                    row = one(seed, split, args, datasets, source)
                    append(place, row)
                    print("  ".join(f"{name} {value}" for name, value in row.items()), file=sys.stderr)
    except AutofasError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    rows = read_rows(place)
    text = (
        "# Does a search find the layout that carries over?\n\n"
        f"Space {SPACE}, {args.trials} trials of {args.epochs} epochs by TPE, judged by AUC on the "
        "architecture half. Which values carry over: the direction that effects.md has on other seeds, where "
        "none is shown beyond the noise of retraining. p: binomial test against a layout drawn at random. "
        f"All rows are in {place.name}.\n\n{summary(rows)}\n\n"
        "```\npython -m benchmarks.found_layouts CROSSED --out results/leave_out\n```\n"
        f"Commits {', '.join(sorted({row['commit'] for row in rows}))}.\n"
    )
    write_text(place.with_suffix(".md"), text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
