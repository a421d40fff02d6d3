"""autofas compare: is one of two models better, or is the difference too small for this test set to show?

With --against the two are makes of network with a run for each seed.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autofas.commands import common

if TYPE_CHECKING:
    from autofas.evaluation.figures import Comparison

HELP = "difference in ACER between two models, with its interval (paired bootstrap by subject)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "models",
        metavar="MODEL",
        nargs="+",
        help="two score files of the same test set, or evaluated run folders; with --against, a run a seed",
    )
    parser.add_argument(
        "--against",
        metavar="RUN",
        nargs="+",
        help="runs of the other make, in the order of the first's seeds (default: two models alone)",
    )
    parser.add_argument(
        "--dev",
        metavar=("A_DEV", "B_DEV"),
        nargs=2,
        help="dev score files, which set the thresholds (default: those in the run folders)",
    )
    common.add_judging_arguments(parser, models=("A", "B"))
    common.add_convention_arguments(parser)
    parser.add_argument("--replicates", type=int, default=2000, help="bootstrap resamples (default: 2000)")
    parser.add_argument("--interval", type=float, default=0.95, help="level of the interval (default: 0.95)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the resampling (default: 0)")
    parser.add_argument("--brief", action="store_true", help="print the difference alone (default: off)")


def run(args: argparse.Namespace) -> Any:
    """Align, judge, resample, print."""
    from autofas.commands.figure_tables import Row, figures_table

    files = common.ScoreFiles(args)
    if args.against is not None:
        return _over_seeds(args, files)
    found = _compared(args, files, _two(args))
    if args.brief:
        print(f"{_names(found)}: {difference_line(found)}")
    else:
        print(figures_table([Row(model.name, model) for model in (found.a, found.b)]))
        print(difference_line(found))
        for told in files.told:
            print(told)
    return found.to_json()


def _two(args: argparse.Namespace) -> tuple[str, str]:
    from autofas.errors import ConfigError

    if len(args.models) != 2:
        raise ConfigError(
            f"compare takes two models, and was given {len(args.models)}; for two makes of network over "
            "several seeds put --against between the runs of the two"
        )
    first, second = args.models
    return first, second


def _compared(args: argparse.Namespace, files: common.ScoreFiles, models: tuple[str, str]) -> "Comparison":
    """One model against another."""
    from autofas.errors import MetricError
    from autofas.evaluation.comparison import compare
    from autofas.metrics import DEV_RULES

    tables = [files.read(model, "test") for model in models]
    terms = [common.judging(args, tables, value) for value in args.threshold_value or (None, None)]
    devs: list[Any] = [None, None]
    if (rule := terms[0].rule) in DEV_RULES:
        if args.dev is None and not all(Path(model).is_dir() for model in models):
            raise MetricError(
                f"the threshold rule {rule} needs the dev scores of both models: give --dev A_DEV B_DEV, "
                "--threshold-value A B, or --threshold test-eer (which tunes on test)"
            )
        devs = [files.read(model, "dev") for model in args.dev or models]
    return compare(
        tables[0],
        tables[1],
        *terms,
        dev_a=devs[0],
        dev_b=devs[1],
        names=models,
        replicates=args.replicates,
        level=args.interval,
        seed=args.seed,
    )


def _over_seeds(args: argparse.Namespace, files: common.ScoreFiles) -> Any:
    """Two makes of network: the runs of each seed against each other, and all together."""
    from autofas.evaluation.seed_comparison import SeedComparison

    _require_pairs(args)
    pairs = list(zip(args.models, args.against, strict=True))
    comparisons = [_compared(args, files, pair) for pair in pairs]
    if not args.brief:
        for line in (*(f"{_names(found)}: {difference_line(found)}" for found in comparisons), *files.told):
            print(line)
    names = Path(args.models[0]).name, Path(args.against[0]).name
    together = SeedComparison(names, comparisons)
    print(together.words)
    return together.to_json()


def _require_pairs(args: argparse.Namespace) -> None:
    """Raise ConfigError for runs that do not stand in pairs, or are judged by something of a single pair."""
    from autofas.errors import ConfigError

    if len(args.models) != len(args.against):
        raise ConfigError(
            f"--against pairs the runs by seed: {len(args.models)} before it and {len(args.against)} after; "
            "give as many of each"
        )
    if args.dev is not None or args.threshold_value is not None:
        given = "--dev" if args.dev is not None else "--threshold-value"
        raise ConfigError(
            f"{given} is of two models; with --against each run is judged by its own dev scores"
        )


def _names(found: "Comparison") -> str:
    return f"{Path(found.a.name).name} against {Path(found.b.name).name}"


def difference_line(found: "Comparison") -> str:
    """The difference, its interval and the verdict in one line."""
    from autofas.printed import exact_percent

    low, high = found.interval
    return (
        f"ACER difference {100 * found.acer_difference:+.2f} points, "
        f"{exact_percent(found.interval_level)} % interval [{100 * low:+.2f}, {100 * high:+.2f}] over "
        f"{found.subjects} subjects: {found.verdict}"
    )
