"""autofas compare: is one of two models better, or is the difference too small for this test set to show?"""

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
        "models", metavar="A B", nargs=2, help="score files of the same test set, or evaluated run folders"
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
    from autofas.errors import MetricError
    from autofas.evaluation.comparison import compare
    from autofas.metrics import DEV_RULES

    files = common.ScoreFiles(args)
    tables = [files.read(model, "test") for model in args.models]
    terms = [common.judging(args, tables, value) for value in args.threshold_value or (None, None)]
    devs: list[Any] = [None, None]
    if (rule := terms[0].rule) in DEV_RULES:
        folders = all(Path(model).is_dir() for model in args.models)
        if args.dev is None and not folders:
            raise MetricError(
                f"the threshold rule {rule} needs the dev scores of both models: give --dev A_DEV B_DEV, "
                "--threshold-value A B, or --threshold test-eer (which tunes on test)"
            )
        devs = [files.read(model, "dev") for model in args.dev or args.models]
    found = compare(
        tables[0],
        tables[1],
        *terms,
        dev_a=devs[0],
        dev_b=devs[1],
        names=(args.models[0], args.models[1]),
        replicates=args.replicates,
        level=args.interval,
        seed=args.seed,
    )
    if args.brief:
        names = " against ".join(Path(model).name for model in args.models)
        print(f"{names}: {difference_line(found)}")
    else:
        print(figures_table([Row(model.name, model) for model in (found.a, found.b)]))
        print(difference_line(found))
        for told in files.told:
            print(told)
    return found.to_json()


def difference_line(found: "Comparison") -> str:
    """The difference, its interval and the verdict in one line."""
    from autofas.printed import exact_percent

    low, high = found.interval
    return (
        f"ACER difference {100 * found.acer_difference:+.2f} points, "
        f"{exact_percent(found.interval_level)} % interval [{100 * low:+.2f}, {100 * high:+.2f}] over "
        f"{found.subjects} subjects: {found.verdict}"
    )
