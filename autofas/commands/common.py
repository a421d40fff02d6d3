"""Arguments that several verbs share, and how they become configuration keys.

What they choose from is taken from the Literals of the rooms that give the choices a meaning; the rooms are
imported when a parser is filled, so that `autofas --help` stays light.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from autofas.data.catalog import BUILT_IN

if TYPE_CHECKING:
    from autofas.config.data import DataConfig
    from autofas.config.run import RunConfig
    from autofas.data.dataset import WholeDataset
    from autofas.storage.schema import Schema

Config = TypeVar("Config", bound="RunConfig")

RUNS_DIR = "runs"
"""Where the command line writes runs unless told otherwise."""
BASELINE = (
    "a hand-designed network (autofas baselines), or path/to/file.py:factory, code of your own that is run"
)


def usual(model: type["Schema"], key: str, unset: str = "") -> str:
    """The words "default: X" for the help of a flag that sets the configuration's key, a dotted one.

    `unset` says what leaving it out means where the configuration's default is None.
    """
    *parents, last = key.split(".")
    for parent in parents:
        model = type(model.model_fields[parent].default)
    value = model.model_fields[last].default
    assert (value is None) == bool(unset), f"{key} {value!r}"  # two defaults would be one too many
    shown = ",".join(value) if isinstance(value, tuple) else value
    return f"default: {unset if value is None else shown}"


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """--preset, --config, --set, --print-config."""
    group = parser.add_argument_group(
        "configuration (each overrides those before it: preset, file, flags, --set)"
    )
    group.add_argument("--preset", help="quick (minutes on two cores) or paper (as published); default: none")
    group.add_argument("--config", metavar="FILE", help="YAML file of configuration keys (default: none)")
    group.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="one key, such as weights.lr=0.1; may be repeated (default: none)",
    )
    group.add_argument(
        "--print-config", action="store_true", help="print the resulting configuration and exit"
    )


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """--name, --runs-dir, --seed, --resume, and the machine's arguments."""
    from autofas.config.run import RunConfig

    group = parser.add_argument_group("run")
    named = usual(RunConfig, "name", "exp of a search, the network's name of a training")
    group.add_argument("--name", help=f"name of the run folder; a number is added if it is taken ({named})")
    group.add_argument("--runs-dir", metavar="DIR", help=f"where run folders go (default: {RUNS_DIR})")
    group.add_argument("--seed", type=int, help=f"seed of every random choice ({usual(RunConfig, 'seed')})")
    group.add_argument(
        "--resume",
        metavar="RUN",
        help="continue the interrupted run in this folder with its own configuration (default: a new run)",
    )
    group.add_argument(
        "--accept-changed",
        action="append",
        default=[],
        choices=("config", "data", "code", "ranks"),
        help="resume even though this has changed since the run started; may be repeated (default: refuse)",
    )
    group.add_argument(
        "--tensorboard",
        action="store_true",
        default=None,
        help="write numbers, alphas and live maps for TensorBoard while it runs; needs autofas[tensorboard]",
    )
    add_machine_arguments(parser)


def add_machine_arguments(parser: argparse.ArgumentParser) -> None:
    """--device and --threads."""
    from autofas.config.run import Device, RunConfig

    group = parser.add_argument_group("machine")
    group.add_argument(
        "--device",
        choices=get_args(Device),
        help=f"what computes; auto is a GPU if there is one ({usual(RunConfig, 'device')})",
    )
    threads = usual(RunConfig, "threads", "one per free core")
    group.add_argument("--threads", type=int, help=f"torch threads ({threads})")


def add_data_arguments(parser: argparse.ArgumentParser, *, protocol: bool = True) -> None:
    """--dataset, --data-root, --frames-per-video and, with `protocol`, --protocol and --fold."""
    from autofas.config.data import DataConfig

    group = parser.add_argument_group("data")
    group.add_argument(
        "--dataset",
        metavar="NAME|FILE",
        help=f"{', '.join(BUILT_IN)}, a manifest.csv, or several: a.csv+b.csv"
        f" ({usual(DataConfig, 'dataset')})",
    )
    if protocol:
        group.add_argument(
            "--protocol",
            help="1 to 4 (OULU-NPU), grandtest, ... (Replay-Attack), overall, ... (CASIA-MFSD), siw-1, ..."
            " (SiW), cross-device, none, official (holds a dev set out where there is none),"
            " leave-one-{session,subject,pai,device,dataset}-out[:NAME], ..."
            f" ({usual(DataConfig, 'protocol', 'that of the data set')})",
        )
        folds = usual(DataConfig, "fold", "all")
        group.add_argument("--fold", type=int, help=f"one fold of a protocol that has several ({folds})")
    root = usual(DataConfig, "data_root", "none; every named set but synthetic needs it")
    group.add_argument("--data-root", metavar="DIR", help=f"folder of a licensed data set ({root})")
    frames = usual(
        DataConfig, "frames_per_video", "8 of a real video, 2 of a generated one, every row of a manifest"
    )
    group.add_argument(
        "--frames-per-video", type=int, help=f"evenly spread frames taken from each video ({frames})"
    )


def add_judging_arguments(
    parser: argparse._ActionsContainer, *, rules: bool = True, models: tuple[str, ...] = ()
) -> None:
    """--threshold and --threshold-value (with `rules`; a value for each of `models`), --pais and --level."""
    from autofas.config.evaluate import EvaluateConfig
    from autofas.metrics import Grouping, Level, ThresholdRule

    if rules:
        rule = usual(EvaluateConfig, "threshold", "dev-eer; evaluate: that of the data")
        names = get_args(ThresholdRule)
        parser.add_argument(  # nine names in braces, which argparse does not break, are wider than a terminal
            "--threshold", choices=names, metavar="RULE",
            help=f"where the threshold comes from: {', '.join(names)} ({rule})",
        )  # fmt: skip
        parser.add_argument(
            "--threshold-value",
            type=float,
            nargs=len(models) or None,
            metavar=models or None,
            help="the threshold of --threshold fixed"
            f" ({usual(EvaluateConfig, 'threshold_value', 'none; fixed needs one')})",
        )
    parser.add_argument(
        "--pais",
        choices=get_args(Grouping),
        help=f"what APCER takes its maximum over ({usual(EvaluateConfig, 'pai_grouping')})",
    )
    parser.add_argument(
        "--level",
        choices=get_args(Level),
        help=f"what counts as a presentation ({usual(EvaluateConfig, 'level')} where videos are known)",
    )


def add_balance_argument(parser: argparse._ActionsContainer) -> None:
    """--balance-by."""
    from autofas.config.data import GroupKey

    parser.add_argument(
        "--balance-by",
        choices=get_args(GroupKey),
        help="draw every data set, session, device or PAI of a class equally often (default: as they come)",
    )


def add_calibration_argument(parser: argparse._ActionsContainer, told: str) -> None:
    """--calibration; `told` says what the verb does with it."""
    from autofas.metrics import CALIBRATION_CHOICES

    parser.add_argument("--calibration", choices=CALIBRATION_CHOICES, help=told)


def add_convention_arguments(parser: argparse._ActionsContainer) -> None:
    """--bona-fide-is, --higher-is and --labels, which say how other programs' score files are read."""
    from autofas.metrics import HigherIs

    parser.add_argument(
        "--bona-fide-is",
        metavar="LABEL",
        help="the label of bona fide: 0, 1 or a name (default: 1 where labels are numbers, else bona_fide)",
    )
    parser.add_argument(
        "--higher-is",
        choices=get_args(HigherIs),
        help="what a higher score means (default: bona-fide)",
    )
    parser.add_argument(
        "--labels",
        metavar="LIST",
        help="a manifest or list of paths and labels for scores without labels, as challenges collect them "
        "(default: the labels stand beside the scores)",
    )


def add_score_file_arguments(parser: argparse._ActionsContainer) -> None:
    """The conventions, and --count-non-responses."""
    add_convention_arguments(parser)
    parser.add_argument(
        "--count-non-responses",
        action="store_true",
        help="report APNRR and BPNRR of presentations without a score, NaN or empty (default: refuse them)",
    )


class ScoreFiles:
    """The score files of a verb that takes several models, read by --bona-fide-is, --higher-is and --labels.

    Those of run folders are autofas' own and need none of it. `told` says how the others were read.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        from autofas.data.labels_by_path import read_labels
        from autofas.metrics import Conventions

        self.conventions = Conventions(args.bona_fide_is, args.higher_is)
        self.labels = read_labels(args.labels, args.bona_fide_is) if args.labels else None
        self.told: list[str] = []

    def read(self, model: str, split: str) -> Any:
        """The scores in a file, or of a split in a run folder. Raises MetricError, one line."""
        from autofas.metrics import read_score_file, read_scores

        if Path(model).is_dir():
            return read_scores(score_file(model, split))
        found = read_score_file(model, self.conventions, (), self.labels)
        if self.labels is not None:
            self.labels.require_all(model)
        if found.told and found.told not in self.told:
            self.told.append(found.told)
        return found.table


def score_file(model: str, split: str) -> str:
    """A score file as it is, or the split's file of a run folder."""
    from autofas.storage.folders import closed_folder

    folder = Path(model)
    return str(closed_folder(folder) / f"scores-{split}.csv") if folder.is_dir() else model


def conventions(args: argparse.Namespace) -> Any:
    """The `Conventions` by which score files are read."""
    from autofas.metrics import Conventions

    return Conventions(args.bona_fide_is, args.higher_is, args.count_non_responses)


def judging(args: argparse.Namespace, tables: Sequence[Any], value: float | None = None) -> Any:
    """The `Terms` of --threshold, `value`, --pais and --level for score tables.

    A value alone means rule `fixed`; without --level it is videos if every table knows them.
    """
    from autofas.evaluation.judgement import Terms
    from autofas.metrics.score_rows import require_negated

    given = {"rule": getattr(args, "threshold", None), "grouping": args.pais, "level": args.level}
    if value is not None:
        given["rule"] = given["rule"] or "fixed"
        if getattr(args, "higher_is", None) == "attack":
            require_negated(value, tables)
    if given["level"] is None and not all(any(table.videos) for table in tables):
        given["level"] = "frame"
    return Terms(value=value, **{name: choice for name, choice in given.items() if choice is not None})


DATA_KEYS = {
    "dataset": "data.dataset",
    "protocol": "data.protocol",
    "fold": "data.fold",
    "data_root": "data.data_root",
    "frames_per_video": "data.frames_per_video",
}
RUN_KEYS = {
    "name": "name",
    "runs_dir": "runs_dir",
    "seed": "seed",
    "tensorboard": "tensorboard",
    "device": "device",
    "threads": "threads",
}


def resumed(args: argparse.Namespace) -> list[tuple[str, dict[str, Any]]]:
    """The layer below all arguments that a run to be resumed was configured with; none without --resume."""
    if args.resume is None:
        return []
    from autofas.data.cache import own_cache
    from autofas.runs.run_folder import Run, stored_config

    values = stored_config(Run.open(args.resume).path)
    _require_verb(args, values)
    data = values.get("data")
    if isinstance(data, dict) and isinstance(data.get("cache_dir"), str):
        values = {**values, "data": {**data, "cache_dir": own_cache(data["cache_dir"])}}
    return [(f"{args.resume}/config.yaml", values)]


def _require_verb(args: argparse.Namespace, values: Mapping[str, Any]) -> None:
    """Raise ConfigError where the run to be resumed is another verb's: its keys would be unknown here."""
    from autofas.errors import ConfigError
    from autofas.printed import command

    if "strategy" in values:
        verb, run = ("trial", "a trial") if "genotype" in values else ("search", "a search")
    else:
        verb, run = "train", "a training"
    if args.verb not in (verb, f"re{verb}"):  # retrain is train too
        raise ConfigError(
            f"{args.resume} is {run}; continue it with: {command(verb, '--resume', args.resume)}"
        )


def in_a_folder(config: Config) -> Config:
    """The configuration with a folder for its runs: the command line always writes one."""
    return config if config.runs_dir else config.model_copy(update={"runs_dir": RUNS_DIR})


def flags(args: argparse.Namespace, keys: Mapping[str, str]) -> dict[str, Any]:
    """The arguments that were given, by configuration key; protocols that are numbers become numbers."""
    given = {key: getattr(args, name) for name, key in keys.items() if getattr(args, name, None) is not None}
    protocol = given.get("data.protocol")
    if isinstance(protocol, str) and protocol.isdigit():
        given["data.protocol"] = int(protocol)
    return given


def opened_whole(config: "DataConfig", *, quiet: bool) -> "WholeDataset":
    """The undivided data set of a configuration, with the progress of what must be made first on stderr."""
    from autofas.data.opening import open_whole
    from autofas.runs.progress import progress

    with progress("opening the data set", shown=not quiet) as report:
        return open_whole(config, report)
