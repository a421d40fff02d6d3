"""autofas average: average the weights of several runs into one that can be evaluated."""

import argparse
from typing import Any

from autofas.commands.common import RUNS_DIR

HELP = "average the weights of several runs of one network into a new run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("runs", metavar="RUN", nargs="+", help="run folders of one network")
    parser.add_argument(
        "--runs-dir", metavar="DIR", default=RUNS_DIR, help=f"folder for the new run (default: {RUNS_DIR})"
    )
    parser.add_argument("--name", help="name of the new run (default: average)")


def run(args: argparse.Namespace) -> Any:
    """Average, and write a run folder with the first run's configuration."""
    from autofas.config.train import TrainConfig
    from autofas.errors import RunError
    from autofas.models.averaging import average_weights
    from autofas.models.weights import WEIGHTS_FILE, save_weights, tensors_sha256
    from autofas.printed import command
    from autofas.runs.provenance import commit
    from autofas.runs.record import record
    from autofas.runs.run_folder import Run
    from autofas.storage.schema import read_yaml, validated

    folders = [Run.open(folder).path for folder in args.runs]
    configs = [
        validated(TrainConfig, read_yaml(folder / "config.yaml", RunError), str(folder / "config.yaml"))
        for folder in folders
    ]
    for folder, config in zip(folders[1:], configs[1:], strict=True):
        if config.data != configs[0].data:
            raise RunError(
                f"{folder} and {folders[0]} were trained on different data; average runs of one split"
            )
    network, info = average_weights([folder / WEIGHTS_FILE for folder in folders])
    with Run.create(args.runs_dir, "train", args.name or "average", echo=not args.quiet) as made:
        made.start(configs[0], "cpu", 1)
        save_weights(
            network,
            made.path / WEIGHTS_FILE,
            margin=info.preprocessing.margin,
            provenance={
                **info.provenance,
                "run": made.path.name,
                "average_of": ", ".join(folder.name for folder in folders),
                "commit": commit(),
            },
        )
        made.log(f"average of {', '.join(map(str, folders))}")
        digest = tensors_sha256(network.body.state_dict())
        record(made.path, "average", weights_sha256=digest, seed=configs[0].seed)
    print(f"weights  {made.path / WEIGHTS_FILE}")
    print(f"next     {command('evaluate', '--run', made.path)}")
    return {"run": str(made.path), "average_of": [str(folder) for folder in folders]}
