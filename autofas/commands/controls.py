"""The controls of `autofas search --controls`: the searched networks and their controls, trained alike."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autofas.config.search import SearchConfig
    from autofas.data.opening import OpenedDatasets
    from autofas.evaluation.figures import Comparison, Metrics
    from autofas.metrics import ScoreTable
    from autofas.models.genotype import Genotype
    from autofas.models.space import Space
    from autofas.search.strategy import SearchResult

ARMS = ("searched", "shuffled", "random")
"""The network found, the same operations on other edges, a random one of as many parameters."""
GIVEN = ("genotype", "baseline", "data", "seed", "name", "runs_dir")
"""Keys of a training that an arm and its search decide: with another value arms would not be controls."""


@dataclass(frozen=True)
class Trained:
    """One network of one arm, trained and judged on test."""

    arm: str
    seed: int
    run: Path
    params: int
    figures: "Metrics"


def add_arguments(group: argparse._ArgumentGroup) -> None:
    """--controls and --train."""
    group.add_argument(
        "--controls",
        action="store_true",
        help="then train, for every seed alike, what was found, the same operations on shuffled edges and a"
        " random network of as many parameters, and compare them on test (default: search alone)",
    )
    group.add_argument(
        "--train",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="one key of those trainings, such as epochs=20 (default: the preset's)",
    )


def check(args: argparse.Namespace) -> None:
    """Raise ConfigError, before any work, for trainings that cannot be what was asked."""
    from autofas.config.resolve import read_assignment, resolve
    from autofas.config.train import TrainConfig
    from autofas.errors import ConfigError
    from autofas.runtime.launch import launched

    if not args.controls:
        if args.train:
            raise ConfigError("--train sets keys of the controls' trainings; give --controls too")
        return
    if launched().several:
        raise ConfigError("--controls trains in a single process; start it without torchrun")
    for text in args.train:
        key, _ = read_assignment(text, "--train")
        if key.partition(".")[0] in GIVEN:
            raise ConfigError(f"--train {key}: a control has that of its search; leave it out")
    resolve(TrainConfig, "train", preset=args.preset, flags={"genotype": "any"}, assignments=args.train)


def run_controls(
    args: argparse.Namespace,
    results: Sequence[tuple["SearchConfig", "SearchResult"]],
    space: "Space",
    datasets: "OpenedDatasets",
) -> dict[str, Any]:
    """Train and judge every arm of every search; prints tables and a verdict, and returns them as values."""
    from autofas.evaluation.seed_comparison import SeedComparison

    trained = [
        _trained(args, config, result, arm, genotype, datasets)
        for config, result in results
        for arm, genotype in _arms(space, config, result).items()
    ]
    print(_table(trained))
    verdicts = []
    for arm in ARMS[1:]:
        comparisons = [_compared(one, other) for one, other in _pairs(trained, arm)]
        found = SeedComparison((ARMS[0], arm), comparisons)
        print(f"controls  {found.words}")
        verdicts.append({"arm": arm, **found.to_json()})
    rows = [
        {
            "arm": one.arm,
            "seed": one.seed,
            "run": str(one.run),
            "params": one.params,
            "acer": one.figures.acer,
            "auc": one.figures.auc,
        }
        for one in trained
    ]
    return {"networks": rows, "against": verdicts}


def _arms(space: "Space", config: "SearchConfig", result: "SearchResult") -> dict[str, "Genotype"]:
    """The genotype of every arm of one search; those of the controls are written beside its own."""
    import numpy as np

    from autofas.models.genotype import genotype_from_cells, save_genotype
    from autofas.search.controls import matched, shuffled
    from autofas.search.layouts import Layouts, space_of

    assert result.path is not None
    own = result.genotype
    laid = space_of(space, own)
    cells, generator = (own.normal, own.reduction), np.random.default_rng([config.seed, 1])
    drawn = {
        "shuffled": (laid, shuffled(laid, cells, generator)),
        "random": matched(Layouts(space, config).all, laid, cells, generator),
    }
    arms = {"searched": own}
    for arm, (of, pair) in drawn.items():
        provenance: dict[str, str | int | float | bool | None] = {
            "run": f"{result.path.name}-{arm}",
            "command": "search --controls",
            "seed": config.seed,
        }
        arms[arm] = genotype_from_cells(of, *pair, arm, provenance)
        save_genotype(arms[arm], result.path / f"genotype-{arm}.json")
    return arms


def _trained(
    args: argparse.Namespace,
    config: "SearchConfig",
    result: "SearchResult",
    arm: str,
    genotype: "Genotype",
    datasets: "OpenedDatasets",
) -> Trained:
    """One network trained by the preset on the search's data, and judged on its test split."""
    from autofas.analysis.records import network_cost
    from autofas.config.evaluate import EvaluateConfig
    from autofas.config.resolve import resolve
    from autofas.config.train import TrainConfig
    from autofas.evaluation.evaluate import evaluate
    from autofas.models.build import build
    from autofas.training.train import train

    assert result.path is not None
    file = result.path / ("genotype.json" if arm == "searched" else f"genotype-{arm}.json")
    flags = {
        "genotype": str(file),
        "name": f"{result.path.name}-{arm}",
        "runs_dir": config.runs_dir,
        "seed": config.seed,
        "device": config.device,
        "threads": config.threads,
        "supervision": config.supervision,
        "data": config.data.model_dump(mode="json"),
    }
    training = resolve(TrainConfig, "train", preset=args.preset, flags=flags, assignments=args.train)
    path = train(training, quiet=args.quiet, datasets=datasets).path
    assert path is not None
    found = evaluate(
        EvaluateConfig(run=str(path), device=config.device, threads=config.threads),
        quiet=args.quiet,
        datasets=datasets,
    )
    return Trained(arm, config.seed, path, network_cost(build(genotype)).params, found.figures)


def _pairs(trained: Sequence[Trained], arm: str) -> list[tuple[Trained, Trained]]:
    """Each searched network beside its control of an arm."""
    both = [[one for one in trained if one.arm == name] for name in ("searched", arm)]
    return list(zip(*both, strict=True))


def _compared(one: Trained, other: Trained) -> "Comparison":
    """What `autofas compare` says of two trained networks."""
    from autofas.evaluation.comparison import compare
    from autofas.evaluation.judgement import Terms
    from autofas.metrics import read_scores

    def scores(each: Trained, split: str) -> "ScoreTable":
        return read_scores(str(each.run / f"scores-{split}.csv"))

    figures = one.figures
    terms = Terms(rule=figures.threshold_rule, grouping=figures.pai_grouping, level=figures.level)
    return compare(
        scores(one, "test"),
        scores(other, "test"),
        terms,
        terms,
        dev_a=scores(one, "dev"),
        dev_b=scores(other, "dev"),
        names=(one.arm, other.arm),
    )


def _table(trained: Sequence[Trained]) -> str:
    """A line an arm: parameters, and the mean and standard deviation of its figures on test."""
    from autofas.analysis.terminal_tables import shown_table
    from autofas.analysis.text_tables import count_range, percent
    from autofas.metrics import summarize_folds

    header = ("arm", "networks", "params", "ACER", "AUC")
    rows = []
    for arm in ARMS:
        own = [one for one in trained if one.arm == arm]
        cells = []
        for name in ("acer", "auc"):
            values = [getattr(one.figures, name) for one in own]
            if None in values:
                cells.append("-")
                continue
            mean, deviation = summarize_folds(values)
            cells.append(percent(mean, std=deviation if len(values) > 1 else None))
        sizes = [one.params for one in own]
        rows.append([arm, str(len(own)), count_range(min(sizes), max(sizes)), *cells])
    return shown_table(header, rows, numeric=header[1:])
