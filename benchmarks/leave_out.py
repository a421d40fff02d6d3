"""What carries over: networks x recipes x folds x seeds, each judged on what its training left out.

A plan (YAML) names networks, recipes, protocols and seeds. Every training is `autofas train` and
`autofas evaluate` as the command line runs them; a seed also draws the people of each split. A row a training
goes to a CSV file as soon as it is done, so an interrupted experiment goes on where it was:

    python -m benchmarks.leave_out results/leave_out/augmentation.yaml --dataset MANIFEST --threads 1

`--summary` trains nothing and writes PLAN.md beside the plan (benchmarks.leave_out_tables). The plan says
whether frames or videos are judged: a left-out session of a small set has few videos. `reference` names the
network and the recipe that the others are compared with, fold by fold and seed by seed.

A network is {baseline: NAME}, {genotype: FILE, layout: {...}, replace: {...}}, the layout's keys in place of
the genotype's own and operations in place of others, or {space: NAME, search: {...}}: searched in each fold
for each seed, on the fold's training people, as `autofas search --preset quick` does with these keys. A
recipe holds keys of the training's configuration; `base` holds what all share, `preset` lies below them.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from autofas.config.evaluate import EvaluateConfig
from autofas.config.recipes import resolve_training
from autofas.config.resolve import resolve
from autofas.config.search import SearchConfig
from autofas.config.train import TrainConfig
from autofas.data.opening import OpenedDatasets
from autofas.errors import AutofasError, ConfigError
from autofas.evaluation.evaluate import evaluate
from autofas.metrics import (
    ScoreTable,
    bpcer_at_apcer,
    eer,
    error_rates,
    group_pais,
    read_scores,
    roc_auc,
)
from autofas.models.genotype import Genotype, load_genotype, save_genotype
from autofas.runs.provenance import commit
from autofas.search.search import search
from autofas.storage.schema import Schema, read_yaml, validated
from autofas.training.train import train
from benchmarks.leave_out_tables import RULES, write_summary
from benchmarks.rows import append, read_rows
from benchmarks.swapped import swapped

FIXED_APCERS = (0.01, 0.05)
KEY = ("network", "recipe", "protocol", "fold", "seed")


class NetworkPlan(Schema):
    """A hand-designed network, a genotype whose layout may be changed, or a space to search in.

    `apart` is added to the seed of its search, so that several draws from a space differ.
    """

    baseline: str | None = None
    genotype: str | None = None
    layout: dict[str, Any] = Field(default_factory=dict)
    replace: dict[str, str] = Field(default_factory=dict)
    space: str | None = None
    search: dict[str, Any] = Field(default_factory=dict)
    apart: int = 0


class Experiment(Schema):
    """Every named network with every named recipe."""

    networks: tuple[str, ...] = Field(min_length=1)
    recipes: tuple[str, ...] = Field(min_length=1)
    protocols: tuple[str, ...] | None = None
    seeds: tuple[int, ...] | None = None


class Plan(Schema):
    """What is trained, and on what it is judged."""

    question: str
    preset: str | None = None
    base: dict[str, Any] = Field(default_factory=dict)
    networks: dict[str, NetworkPlan] = Field(min_length=1)
    recipes: dict[str, dict[str, Any]] = Field(min_length=1)
    protocols: tuple[str, ...] = Field(min_length=1)
    seeds: tuple[int, ...] = Field(min_length=1)
    experiments: tuple[Experiment, ...] = Field(min_length=1)
    level: Literal["frame", "video"] = "frame"
    reference: tuple[str, str] | None = None
    retrained: str | dict[str, str] | None = None
    """The recipe that differs from the reference's in its seed alone, for the noise of retraining; or such a
    recipe for each of several, whose noise is held against the spread between networks."""


Job = dict[str, Any]


def jobs(plan: Plan, dataset: str, datasets: OpenedDatasets) -> Iterator[Job]:
    """Every training of a plan once; all networks and recipes of a fold and seed before the next ones."""
    known: set[tuple[Any, ...]] = set()
    seeds = sorted({seed for part in plan.experiments for seed in part.seeds or plan.seeds})
    folds: dict[str, tuple[int | None, ...]] = {}
    for seed in seeds:
        for part in plan.experiments:
            if seed not in (part.seeds or plan.seeds):
                continue
            for protocol in part.protocols or plan.protocols:
                if protocol not in folds:
                    flags = {"data.dataset": dataset, "data.protocol": protocol, "baseline": "feathernet_b"}
                    flags |= {key: value for key, value in plan.base.items() if key.startswith("data.")}
                    folds[protocol] = datasets.folds(resolve_training(flags=flags)[0].data)
                for fold in folds[protocol]:
                    for network in part.networks:
                        for recipe in part.recipes:
                            job = dict(zip(KEY, (network, recipe, protocol, fold, seed), strict=True))
                            if tuple(job.values()) not in known:
                                known.add(tuple(job.values()))
                                yield job


def settings(plan: Plan, job: Job, dataset: str, work: Path, threads: int) -> tuple[TrainConfig, str]:
    """The configuration of one training, and its run folder's name."""
    network = _named(plan.networks, job["network"], "network")
    name = _run_name(job)
    flags = _place(job, dataset, work, threads) | {"name": name, "checkpoint_minutes": None}
    if network.baseline:
        flags |= {"baseline": network.baseline, "data.modalities": ["color"]}
    elif network.space:
        flags["genotype"] = str(_searched(network, plan, job, dataset, work, threads))
    else:
        flags["genotype"] = str(_genotype(network, job["network"], work))
    flags |= plan.base | _named(plan.recipes, job["recipe"], "recipe")
    config = resolve_training(preset=plan.preset, flags=flags)[0]
    return config.model_copy(update={"checkpoint_every": config.epochs}), name


def _run_name(job: Job, *but: str) -> str:
    return "-".join(str(job[key]).replace(":", "_") for key in KEY if job[key] is not None and key not in but)


def _place(job: Job, dataset: str, work: Path, threads: int) -> dict[str, Any]:
    """What a search and a training of a job share: data, fold, seed and where they are written."""
    flags = {
        "data.dataset": dataset,
        "data.protocol": job["protocol"],
        "data.split_seed": job["seed"],
        "data.workers": 0,
        "seed": job["seed"],
        "threads": threads,
        "device": "cpu",
        "runs_dir": str(work),
    }
    if dataset == "synthetic":
        flags["data.synthetic.seed"] = job["seed"]  # its protocols name the people of a split: other people
    return flags if job["fold"] is None else flags | {"data.fold": job["fold"]}


def _searched(network: NetworkPlan, plan: Plan, job: Job, dataset: str, work: Path, threads: int) -> Path:
    """The genotype searched in the job's fold, once for all recipes."""
    name = _run_name(job, "recipe")
    folder = work / "search" / name
    if not (folder / "genotype.json").is_file():
        if folder.exists():
            shutil.rmtree(folder)  # cut short
        data = {key: value for key, value in plan.base.items() if key.startswith("data.")}
        flags = _place(job, dataset, work, threads) | {"name": name, "space": network.space} | data
        flags["seed"] += network.apart
        search(resolve(SearchConfig, "search", preset="quick", flags=flags | network.search))
    return folder / "genotype.json"


def _named(known: Mapping[str, Any], name: str, what: str) -> Any:
    if name not in known:
        raise ConfigError(f"the plan has no {what} {name}; it names {', '.join(known)}")
    return known[name]


def _genotype(network: NetworkPlan, name: str, work: Path) -> Path:
    """The file of a genotype in the layout of the plan."""
    if network.genotype is None:
        raise ConfigError(f"network {name} of the plan needs a baseline, a genotype or a space")
    found = load_genotype(network.genotype)
    values = found.model_dump()
    values["layout"] |= network.layout
    for cell in (values["normal"], values["reduction"]):
        if cell:
            cell["edges"] = [(to, source, network.replace.get(it, it)) for to, source, it in cell["edges"]]
    values["provenance"] = {"run": name}
    place = work / "genotypes" / f"{name}.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    save_genotype(validated(Genotype, values, f"network {name} of the plan"), place)
    return place


def measure(dev: ScoreTable, test: ScoreTable, level: str) -> dict[str, float]:
    """Figures of a test split that need no threshold, then those at thresholds from dev, a rule at a time."""
    if level == "video":
        dev, test = dev.by_video(), test.by_video()
    pais = group_pais(test.pais, "family")
    values = {"auc": roc_auc(test.scores, pais), "eer": eer(test.scores, pais)}
    for apcer in FIXED_APCERS:
        values[f"bpcer_at_{apcer:g}"] = bpcer_at_apcer(test.scores, pais, apcer)
    values |= {"dev_auc": roc_auc(dev.scores, dev.pais), "dev_eer": eer(dev.scores, dev.pais)}
    for rule, find in RULES.items():
        rates = error_rates(test.scores, pais, find(dev.scores, dev.pais))
        values |= {f"acer_{rule}": rates.acer, f"apcer_{rule}": rates.apcer, f"bpcer_{rule}": rates.bpcer}
    return values


def one(
    plan: Plan, job: Job, dataset: str, work: Path, threads: int, datasets: OpenedDatasets
) -> dict[str, Any]:
    """Train and judge once: the row of the table."""
    config, name = settings(plan, job, dataset, work, threads)
    folder = work / "train" / name
    if folder.exists():
        shutil.rmtree(folder)  # cut short
    started = time.process_time()
    result = train(config, datasets=datasets)
    evaluate(EvaluateConfig(run=str(result.path), device="cpu", threads=threads), datasets=datasets)
    seconds = time.process_time() - started
    for checkpoint in result.path.glob("checkpoint-*"):
        shutil.rmtree(checkpoint)
    dev, test = (read_scores(result.path / f"scores-{split}.csv") for split in ("dev", "test"))
    thresholds = {rule: find(dev.scores, dev.pais) for rule, find in RULES.items()}
    return {
        **job,
        "params": sum(parameter.numel() for parameter in result.network.parameters()),
        **measure(dev, test, plan.level),
        **swapped(
            result.network, datasets.with_crops(config.data, result.network.view.crop_size), thresholds
        ),
        "epochs": len(result.results),
        "cpu_seconds": round(seconds, 1),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run what is missing of a plan, or summarise it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.leave_out", description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--dataset", required=True, help="a manifest.csv or a built-in name")
    parser.add_argument("--work", type=Path, default=Path("runs/leave_out"), help="runs and their scores")
    parser.add_argument("--out", type=Path, help="the table (default: the plan's name with .csv)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--most", type=int, help="stop after that many trainings")
    parser.add_argument("--summary", action="store_true", help="train nothing, write the table's summary")
    parser.add_argument("--json", action="store_true", help="the rows as one JSON line at the end")
    args = parser.parse_args(argv)
    place = args.out or args.plan.with_suffix(".csv")
    try:
        plan = validated(Plan, read_yaml(args.plan), str(args.plan))
        rows = read_rows(place)
        if not args.summary:
            rows = run(plan, rows, place, args)
    except AutofasError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    command = f"python -m benchmarks.leave_out {args.plan} --dataset MANIFEST --threads {args.threads}"
    written = write_summary(
        plan.question,
        rows,
        place.with_suffix(".md"),
        command,
        level=plan.level,
        reference=plan.reference,
        retrained=plan.retrained,
    )
    print(written)
    if args.json:
        print(json.dumps({"rows": rows}))
    return 0


def run(
    plan: Plan, rows: list[dict[str, str]], place: Path, args: argparse.Namespace
) -> list[dict[str, str]]:
    """Train what has no row yet; returns all rows."""
    done = {tuple(row[key] for key in KEY) for row in rows}
    datasets = OpenedDatasets()
    asked = list(jobs(plan, args.dataset, datasets))
    missing = [job for job in asked if tuple(_text(job[key]) for key in KEY) not in done]
    print(f"{len(asked)} trainings, {len(missing)} of them to do", file=sys.stderr)
    source = commit()  # before the table's own growth makes the tree a changed one
    for job in missing[: args.most]:
        row = one(plan, job, args.dataset, args.work, args.threads, datasets) | {"commit": source}
        append(place, row)
        shown = (*KEY, "auc", "auc_both_swapped", "acer_edge", "acer_middle")
        print("  ".join(f"{key} {row[key]}" for key in shown), file=sys.stderr, flush=True)
    return read_rows(place)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main())
