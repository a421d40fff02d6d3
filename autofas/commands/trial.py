"""autofas trial: train one network for a budget on the weight half, judge it on the architecture half.

The unit that searches by trials are made of, and what an engine outside starts for each of its points.
"""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autofas.commands import common

if TYPE_CHECKING:
    from autofas.config.trial import TrialConfig
    from autofas.search.trials.single import TrialReport

HELP = "train one network on the weight half and judge it on the architecture half"
KEYS = {
    **common.RUN_KEYS,
    **common.DATA_KEYS,
    "space": "space",
    "epochs": "epochs",
    "genotype": "genotype",
    "baseline": "baseline",
    "supernet": "study.supernet",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    from autofas.commands.studies import add_supernet
    from autofas.config.trial import TrialConfig

    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--genotype", metavar="FILE", help="genotype.json, DARTS' text or NNI's export (default: none)"
    )
    which.add_argument("--baseline", metavar="NAME", help="a hand-designed network (default: none)")
    which.add_argument(
        "--point",
        metavar="JSON|FILE",
        help="a point of the space: a number for every choice, as --show-choices names them (default: none)",
    )
    which.add_argument(
        "--show-choices", action="store_true", help="print the choices of the space as JSON and exit"
    )
    which.add_argument(
        "--nni", action="store_true", help="take the point from NNI and report to it, inside an NNI trial"
    )
    group = parser.add_argument_group("trial")
    space, epochs = (common.usual(TrialConfig, key) for key in ("space", "epochs"))
    group.add_argument("--space", help=f"the space of --point, whose size a baseline takes ({space})")
    group.add_argument("--epochs", type=int, help=f"the budget ({epochs})")
    group.add_argument(
        "--latency", action="store_true", help="time a forward pass of one sample on one thread too"
    )
    add_supernet(group)
    common.add_data_arguments(parser)
    common.add_config_arguments(parser)
    common.add_run_arguments(parser)


def run(args: argparse.Namespace) -> Any:
    """Train, judge, print a row an epoch and what the network costs."""
    from autofas.config.resolve import resolve, to_yaml
    from autofas.config.trial import TrialConfig
    from autofas.models.space import load_space
    from autofas.search.trials.points import choice_counts

    flags = common.flags(args, KEYS) | ({"latency": True} if args.latency else {})
    if args.show_choices:
        counts = choice_counts(load_space(args.space or TrialConfig.model_fields["space"].default))
        print(json.dumps(counts, indent=2))
        return counts
    if args.nni:
        from autofas.search.trials.nni_trial import next_point

        flags["point"] = next_point()
    elif args.point is not None:
        flags["point"] = _point(args.point)
    config = common.in_a_folder(
        resolve(
            TrialConfig,
            "search",
            layers=common.resumed(args),
            preset=args.preset,
            file=args.config,
            flags=flags,
            assignments=args.set,
        )
    )
    if args.print_config:
        print(to_yaml(config), end="")
        return None
    return _run(args, config)


def _run(args: argparse.Namespace, config: "TrialConfig") -> Any:
    """Run it, for NNI where that has asked."""
    from autofas.search.trials.single import run_trial

    if args.nni:
        from autofas.search.trials.nni_trial import report_to_nni

        return report_to_nni(config, quiet=args.quiet)
    report = run_trial(
        config, resume=args.resume, accept_changed=tuple(args.accept_changed), quiet=args.quiet
    )
    _print(report)
    return report.to_json()


def _print(report: "TrialReport") -> None:
    from autofas.analysis.terminal_tables import shown_table
    from autofas.analysis.text_tables import count, percent

    header = ("epoch", "AUC", "loss", "seconds")
    rows = [
        [
            str(row["epoch"]),
            percent(row["arch_auc"]),
            f"{row['arch_loss']:.4f}",
            f"{row['seconds']:.1f}",
        ]
        for row in report.epochs
    ]
    print(shown_table(header, rows, numeric=header))
    print(
        f"network   {report.name}: {count(report.params)} parameters, {count(report.macs)} MACs "
        f"at {report.input}"
    )
    if report.latency_ms is not None:
        print(f"latency   {report.latency_ms:.2f} ms a sample, median, one thread")
    if report.path is not None:
        print(f"run       {report.path}")


def _point(text: str) -> Any:
    """The point of --point: JSON, or the file that holds it; raises ConfigError."""
    from autofas.errors import ConfigError
    from autofas.storage.schema import parse_json, read_text

    if text.lstrip().startswith(("{", "[")):
        values = parse_json(text, "--point", ConfigError)
    else:
        values = parse_json(read_text(Path(text), ConfigError), text, ConfigError)
    if not isinstance(values, dict):
        raise ConfigError(f"--point {text[:60]}: expected names and numbers, as --show-choices prints them")
    return values
