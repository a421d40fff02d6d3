"""What a search by trials adds to the command line: its flags, and the table and picture of its front."""

import argparse
from typing import TYPE_CHECKING, Any, get_args

from autofas.commands import common

if TYPE_CHECKING:
    from autofas.config.search import SearchConfig
    from autofas.search.strategy import SearchResult

KEYS = {
    "trials": "trials",
    "workers": "study.workers",
    "storage": "study.storage",
    "study": "study.name",
    "engine": "study.engine",
    "objectives": "study.objectives",
    "pruner": "study.pruner",
    "proxy": "study.proxy",
    "supernet": "study.supernet",
}
FIRST = "a journal file in the run's folder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--trials, --workers, --join and what else a study has."""
    from autofas.config.search import TRIALS
    from autofas.config.study import Engine, Objective, Proxy, Pruner, StudyConfig

    group = parser.add_argument_group("trials (strategies tpe, nsga2, evolution, and random with --trials)")
    group.add_argument(
        "--trials",
        type=int,
        metavar="N",
        help=f"train so many whole networks for --epochs each (default: {TRIALS})",
    )
    workers, engine, pruner = (common.usual(StudyConfig, key) for key in ("workers", "engine", "pruner"))
    group.add_argument("--workers", type=int, metavar="N", help=f"processes that share them here ({workers})")
    group.add_argument(
        "--join",
        metavar="URL|FILE",
        help="be one more worker of the study in this database, journal file or run folder"
        " (default: a study of one's own)",
    )
    storage = common.usual(StudyConfig, "storage", FIRST)
    group.add_argument("--storage", metavar="URL|FILE", help=f"where the study is kept ({storage})")
    name = common.usual(StudyConfig, "name", "space, strategy and seed")
    group.add_argument("--study", metavar="NAME", help=f"its name, among others in one database ({name})")
    group.add_argument("--engine", choices=get_args(Engine), help=f"who proposes points ({engine})")
    objectives = common.usual(StudyConfig, "objectives", "error; nsga2: error and params")
    group.add_argument(
        "--objectives",
        nargs="+",
        choices=get_args(Objective),
        metavar="OBJECTIVE",
        help=f"what trials are judged by: {', '.join(get_args(Objective))} ({objectives})",
    )
    group.add_argument("--pruner", choices=get_args(Pruner), help=f"which trials end early ({pruner})")
    proxy = common.usual(StudyConfig, "proxy", "none")
    group.add_argument(
        "--proxy",
        choices=get_args(Proxy),
        help=f"drawn and mutated points are the best of four by it ({proxy})",
    )
    add_supernet(group)


def add_supernet(parser: argparse._ActionsContainer) -> None:
    """--supernet, which trials of a search and single ones have."""
    parser.add_argument(
        "--supernet",
        metavar="RUN",
        help="judge by the weights of this search's supernet, darts or pc-darts, in place of trainings "
        "(default: train)",
    )


def check(args: argparse.Namespace, config: "SearchConfig") -> None:
    """Raise ConfigError for a flag of trials beside a strategy that has none."""
    from autofas.errors import ConfigError

    given = [f"--{name}" for name in KEYS if getattr(args, name) is not None]
    if given and not config.by_trials:
        raise ConfigError(
            f"{', '.join(given)}: strategy {config.strategy} has no trials; take tpe, nsga2, evolution, or "
            "random with --trials"
        )


def report_front(config: "SearchConfig", result: "SearchResult") -> dict[str, Any]:
    """Print the front of a search by trials and what it cost, draw it; values for the last line."""
    from autofas.analysis.front_plot import FAINT, FrontPoint, plot_front
    from autofas.analysis.terminal_tables import shown_table
    from autofas.analysis.text_tables import count, percent
    from autofas.runs.provenance import commit

    header = ("trial", "AUC", "params", "MACs", "epochs", "seconds")
    table = [
        [
            str(row["trial"]),
            percent(row["arch_auc"]),
            count(row["params"]),
            count(row["macs"]),
            str(row["epochs"]),
            f"{row['seconds']:.1f}",
        ]
        for row in result.front
    ]
    print(shown_table(header, table, numeric=header))
    seconds = sum(row["seconds"] for row in result.results)
    cpu = sum(row["cpu_seconds"] for row in result.results)
    print(
        f"front     {len(result.front)} of {len(result.results)} trials, strategy {config.strategy}, "
        f"{seconds:.0f} s of trials ({cpu:.0f} s of CPU)"
    )
    assert result.path is not None
    place = result.path / "front.png"
    chosen = {row["trial"] for row in result.front}
    points = [
        FrontPoint(
            config.strategy if row["trial"] in chosen else FAINT,
            f"trial {row['trial']}",
            float(row["params"]),
            float(row["error"]),
        )
        for row in result.results
    ]
    if points:
        title = f"{config.strategy}: error against parameters, {len(points)} trials"
        footer = f"{config.data.dataset}, at most {config.epochs} epochs a trial, seed {config.seed}"
        footer += f", commit {commit()}"
        plot_front(points, place, "params", title, footer)
    return {"front": result.front, "trials": len(result.results), "picture": str(place), "cpu_seconds": cpu}
