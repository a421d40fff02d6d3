"""autofas train: train a genotype or a hand-designed network."""

import argparse
from typing import TYPE_CHECKING, Any, get_args

from autofas.commands import common

if TYPE_CHECKING:
    from autofas.training.train import TrainResult

HELP = "train a genotype or a hand-designed network"
KEYS = {
    **common.RUN_KEYS,
    **common.DATA_KEYS,
    "genotype": "genotype",
    "baseline": "baseline",
    "epochs": "epochs",
    "batch_size": "batch_size",
    "augment": "augment",
    "balance_by": "balance_by",
    "objective": "objective",
    "input_size": "input_size",
    "init": "init",
    "init_map": "init_map",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    _add_network_arguments(parser)
    _add_group_arguments(parser)
    common.add_data_arguments(parser)
    common.add_config_arguments(parser)
    common.add_run_arguments(parser)


def _add_network_arguments(parser: argparse.ArgumentParser) -> None:
    from autofas.config.data import Modality
    from autofas.config.train import TrainConfig

    def usual(key: str, unset: str = "") -> str:
        return common.usual(TrainConfig, key, unset)

    group = parser.add_argument_group(
        "network and schedule", "The defaults are a genotype's; a baseline has those of its recipe."
    )
    group.add_argument(
        "--genotype",
        metavar="FILE",
        help="genotype.json, a pasted Genotype(...) or NNI's export"
        f" ({usual('genotype', 'none; it or --baseline is needed')})",
    )
    code = usual("baseline", "none; it or --genotype is needed")
    group.add_argument("--baseline", metavar="NAME", help=f"{common.BASELINE} ({code})")
    group.add_argument("--epochs", type=int, help=f"number of epochs ({usual('epochs')})")
    group.add_argument("--batch-size", type=int, help=f"images per batch ({usual('batch_size')})")
    group.add_argument(
        "--augment",
        help="none, flip, geometric, basic, recapture or session; +STEP adds a step, -STEP takes one out"
        f" ({usual('augment', 'session; basic on generated faces')})",
    )
    side = usual("input_size", "that of the genotype's space")
    group.add_argument("--input-size", type=int, help=f"side of the input in pixels ({side})")
    group.add_argument(
        "--modality",
        choices=get_args(Modality),
        help=f"what a single-stream network reads ({usual('data.modalities')})",
    )
    group.add_argument(
        "--init",
        metavar="FILE",
        help="start from this checkpoint: .safetensors, or .pt holding tensors"
        f" ({usual('init', 'random weights')})",
    )
    names = usual("init_map", "the names as they are")
    group.add_argument(
        "--init-map",
        metavar="FILE",
        help=f"YAML file that renames prefixes of the checkpoint's tensors ({names})",
    )


def _add_group_arguments(parser: argparse.ArgumentParser) -> None:
    from autofas.config.train import TrainConfig

    group = parser.add_argument_group("groups of training rows")
    common.add_balance_argument(group)
    usual = common.usual(TrainConfig, "objective")
    group.add_argument(
        "--objective",
        choices=get_args(TrainConfig.model_fields["objective"].annotation),
        help=f"the mean loss, or the groups of --balance-by with the worst weighed up ({usual})",
    )


def _resumed(args: argparse.Namespace) -> list[tuple[str, dict[str, Any]]]:
    """The layers of a resumed run; code that it trains has to be named again."""
    from autofas.config.recipes import OWN
    from autofas.errors import ConfigError

    layers = common.resumed(args)
    for _, values in layers:
        network = str(values.get("baseline"))
        if args.baseline is None and OWN.fullmatch(network):
            raise ConfigError(f"{args.resume} trains {network}, code that runs; name it with --baseline")
    return layers


def run(args: argparse.Namespace) -> Any:
    """Train every fold asked for."""
    from autofas.config.recipes import resolve_training
    from autofas.config.resolve import resolve, to_yaml
    from autofas.config.train import TrainConfig

    flags = common.flags(args, KEYS)
    if args.modality:
        flags["data.modalities"] = [args.modality]
    layers = _resumed(args)
    if layers:  # what the recipe and the preset made of it stands there already
        config = resolve(
            TrainConfig, "train", layers=layers, preset=args.preset, file=args.config, flags=flags,
            assignments=args.set,
        )  # fmt: skip
        notes: tuple[str, ...] = ()
    else:
        config, notes = resolve_training(
            preset=args.preset, file=args.config, flags=flags, assignments=args.set
        )
    config = common.in_a_folder(config)
    if args.print_config:
        print(to_yaml(config), end="")
        return None
    from autofas.commands.folds import each_fold
    from autofas.data.opening import OpenedDatasets
    from autofas.runs.event_log import require_event_log
    from autofas.training.modalities import with_modalities
    from autofas.training.train import train

    require_event_log(config)  # a missing extra is told before any data is read
    reports = []
    datasets = OpenedDatasets()
    config = with_modalities(config, datasets)
    for fold_config in each_fold(config, datasets, resuming=args.resume is not None):
        result = train(
            fold_config,
            resume=args.resume,
            accept_changed=args.accept_changed,
            quiet=args.quiet,
            notes=notes,
            datasets=datasets,
        )
        reports.append({"fold": fold_config.data.fold, **_report(result)})
    return reports[0] if len(reports) == 1 else {"folds": reports}


def _report(result: "TrainResult") -> dict[str, Any]:
    """The values of a training's last lines, which it prints."""
    from autofas.commands.figure_tables import inverted_line
    from autofas.models.weights import WEIGHTS_FILE
    from autofas.printed import command

    assert result.path is not None
    best = min(result.results, key=lambda row: (row["dev_eer"], row["dev_1_minus_auc"]))
    print(f"weights  {result.path / WEIGHTS_FILE}")
    auc = 1 - best["dev_1_minus_auc"]
    if auc < 0.5:
        print(inverted_line(f"{result.network.name} on dev per video", auc))
    code = result.network.code  # has to be named again in the process that evaluates it
    named = ("--baseline", code.text) if code is not None else ()
    print(f"next     {command('evaluate', '--run', result.path, *named)}")
    return {
        "run": str(result.path),
        "weights": str(result.path / WEIGHTS_FILE),
        "epochs": len(result.results),
        "dev_eer": best["dev_eer"],
        "seconds": round(sum(row["seconds"] + row["dev_seconds"] for row in result.results), 1),
    }
