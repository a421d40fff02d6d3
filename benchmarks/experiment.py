"""The experiment of docs/experiment.md: searches against chance, in blocks of all arms, trained alike.

    python -m benchmarks.experiment results/experiment/plan.yaml --out rows.csv --threads 1

A row a trained network goes to the CSV file as soon as it is judged, so an interrupted experiment goes on
where it was; with `--blocks` several processes share the work and the file. `--summary` trains nothing and
writes rows.md beside the rows (benchmarks.experiment_tables).
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from autofas.analysis.records import profile_network
from autofas.config.evaluate import EvaluateConfig
from autofas.config.recipes import resolve_training
from autofas.data.opening import OpenedDatasets
from autofas.errors import AutofasError
from autofas.evaluation.evaluate import evaluate
from autofas.runs.provenance import commit
from autofas.storage.schema import Schema, read_yaml, validated
from autofas.training.train import train
from benchmarks.experiment_arms import Arm, Block
from benchmarks.experiment_tables import write_summary
from benchmarks.rows import append, read_rows

KEY = ("arm", "data_seed", "search_seed", "training")


class Plan(Schema):
    """Arms, seeds, the one recipe, and what is compared with what.

    Of a `protocol` with folds each block takes the next of `folds`.
    """

    question: str
    data_seeds: tuple[int, ...] = Field(min_length=1)
    searches: int = Field(ge=1)
    trainings: int = Field(default=1, ge=1)
    space: str
    protocol: str = "1"
    folds: int | None = Field(default=None, ge=1)
    faces: dict[str, int] = Field(default_factory=dict)
    training: dict[str, Any] = Field(default_factory=dict)
    arms: dict[str, Arm] = Field(min_length=1)
    pools: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    families: dict[str, tuple[tuple[str, str], ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_known(self) -> "Plan":
        named = [name for family in self.families.values() for pair in family for name in pair]
        named += [name for pool in self.pools.values() for name in pool]
        named += [name for arm in self.arms.values() for name in (arm.of, arm.over) if name is not None]
        for name in named:
            if name not in self.arms and name not in self.pools:
                raise ValueError(f"{name} is no arm and no pool of the plan")
        return self


AS_TRAINED: dict[str, Any] = {"average": None}
"""What the recipe of `quick` had when the plans were written, where they do not say it."""
Job = dict[str, Any]


def jobs(plan: Plan) -> Iterator[Job]:
    """Every training: all arms of a block before the next block, all first trainings before the second."""
    for training in range(plan.trainings):
        for block in range(plan.searches):
            data_seed = plan.data_seeds[block % len(plan.data_seeds)]
            for arm in plan.arms:
                yield dict(zip(KEY, (arm, data_seed, block, training), strict=True))


def block_of(plan: Plan, job: Job, work: Path, threads: int, datasets: OpenedDatasets) -> Block:
    """The block of a training."""
    flags: dict[str, Any] = {f"data.synthetic.{key}": value for key, value in plan.faces.items()}
    flags |= {
        "data.synthetic.seed": job["data_seed"],
        "data.workers": 0,
        "threads": threads,
        "device": "cpu",
        "checkpoint_minutes": None,
        "data.protocol": plan.protocol,
        "data.fold": plan.folds and 1 + job["search_seed"] % plan.folds,
    }
    return Block(plan.arms, plan.space, flags, job["data_seed"], job["search_seed"], work, datasets)


def one(plan: Plan, job: Job, block: Block) -> dict[str, Any]:
    """Find the arm's network unless it is found, train and judge it once: the row of the table."""
    arm = plan.arms[job["arm"]]
    seed = 1000 * (job["training"] + 1) + job["search_seed"]
    name = "-".join(str(job[key]) for key in KEY)
    found, search_seconds = (None, 0.0) if arm.baseline else block.genotype(job["arm"])
    source = {"baseline": arm.baseline, "data.modalities": ["color"]} if arm.baseline else {"genotype": found}
    source = {key: value if isinstance(value, list) else str(value) for key, value in source.items()}
    flags = {**block.flags, **source, "seed": seed, "name": name, "runs_dir": str(block.work)}
    config = resolve_training(preset="quick", flags=flags | AS_TRAINED | plan.training | arm.training)[0]
    options = config.options | block.options(job["arm"], config.input_size or 0)
    config = config.model_copy(update={"checkpoint_every": config.epochs, "options": options})
    folder = block.work / "train" / name
    if folder.exists():
        shutil.rmtree(folder)  # cut short
    block.datasets.crops(config.data, config.input_size or 0)  # decoding is nobody's seconds
    started = time.process_time()
    result = train(config, datasets=block.datasets)
    seconds = time.process_time() - started
    figures = evaluate(
        EvaluateConfig(run=str(result.path), device="cpu", threads=config.threads), datasets=block.datasets
    ).figures
    for checkpoint in folder.glob("checkpoint-*"):
        shutil.rmtree(checkpoint)
    cost, video, frame = profile_network(result.network), *(figures.by_level[it] for it in ("video", "frame"))
    return {
        **job,
        "training_seed": seed,
        "params": cost.params,
        "macs": cost.macs,
        "auc_video": video.auc,
        "auc_frame": frame.auc,
        "acer_video": video.acer,
        "search_seconds": round(search_seconds, 1),
        "training_seconds": round(seconds, 1),
    }


def run(plan: Plan, place: Path, args: argparse.Namespace) -> None:
    """Train what has no row yet."""
    done = {tuple(row[key] for key in KEY) for row in read_rows(place)}
    asked = [job for job in jobs(plan) if args.blocks is None or job["search_seed"] in args.blocks]
    missing = [job for job in asked if tuple(str(job[key]) for key in KEY) not in done]
    print(f"{len(done)} rows are there, {len(missing)} trainings to do", file=sys.stderr, flush=True)
    source, datasets, data_seed = commit(), OpenedDatasets(), None
    for job in missing[: args.most]:
        if job["data_seed"] != data_seed:  # the faces of one data seed at a time are held
            datasets, data_seed = OpenedDatasets(), job["data_seed"]
        started = time.monotonic()
        block = block_of(plan, job, args.work, args.threads, datasets)
        row = one(plan, job, block) | {"commit": source}
        append(place, row)
        shown = (*KEY, "params", "auc_video", "acer_video", "search_seconds", "training_seconds")
        told = "  ".join(f"{key} {row[key]}" for key in shown)
        print(f"{told}  wall {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run what is missing of the plan, or summarise it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.experiment", description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--work", type=Path, default=Path("runs/experiment"), help="searches and trainings")
    parser.add_argument("--out", type=Path, help="the rows (default: the plan's folder, rows.csv)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--blocks", type=int, nargs="+", help="only these search seeds; other processes may do others"
    )
    parser.add_argument("--most", type=int, help="stop after that many trainings")
    parser.add_argument("--summary", action="store_true", help="train nothing, write the tables")
    parser.add_argument("--json", action="store_true", help="the rows as one JSON line at the end")
    args = parser.parse_args(argv)
    place = args.out or args.plan.parent / "rows.csv"
    try:
        plan = validated(Plan, read_yaml(args.plan), str(args.plan))
        if not args.summary:
            run(plan, place, args)
        rows = read_rows(place)
        # beside the rows where they are kept, else where searches are run
        kept = place.with_name("found" if place.stem == "rows" else f"{place.stem}_found")
        found = kept if kept.is_dir() else args.work / "found"
        print(write_summary(plan, rows, place.with_suffix(".md"), found))
    except AutofasError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if args.json:
        print(json.dumps({"rows": rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
