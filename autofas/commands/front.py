"""autofas front: from a space to a front, with what found each network and what that cost.

NSGA-II for every seed, PC-DARTS within every limit, hand-designed networks; all are judged by the same trials
with seeds that no search has seen, and drawn together.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from autofas.commands import common

HELP = "search a space by NSGA-II and by limits, judge all alike with hand-designed networks, draw the front"
KEYS = {
    **common.RUN_KEYS,
    **common.DATA_KEYS,
    "space": "space",
    "epochs": "epochs",
    "trials": "trials",
    "workers": "study.workers",
}
JUDGEMENTS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    from autofas.config.search import TRIALS, SearchConfig
    from autofas.config.study import StudyConfig

    group = parser.add_argument_group("front")
    space, epochs = (common.usual(SearchConfig, key) for key in ("space", "epochs"))
    workers = common.usual(StudyConfig, "workers")
    group.add_argument("--space", help=f"name of a search space or a YAML file ({space})")
    group.add_argument("--epochs", type=int, help=f"the budget of a trial and of PC-DARTS ({epochs})")
    group.add_argument("--trials", type=int, metavar="N", help=f"trials of each NSGA-II (default: {TRIALS})")
    group.add_argument("--workers", type=int, metavar="N", help=f"processes that share them ({workers})")
    group.add_argument(
        "--seeds", type=int, nargs="+", metavar="SEED", help="seeds of the searches (default: --seed alone)"
    )
    group.add_argument(
        "--limits",
        nargs="+",
        default=[],
        metavar="COUNT",
        help="also search by PC-DARTS within so many parameters, as 20K (default: none)",
    )
    group.add_argument(
        "--baselines",
        nargs="+",
        default=[],
        metavar="NAME",
        help="hand-designed networks to judge (default: none)",
    )
    group.add_argument(
        "--judgements",
        type=int,
        default=JUDGEMENTS,
        metavar="K",
        help=f"trials that judge each network, of seeds of their own (default: {JUDGEMENTS})",
    )
    common.add_data_arguments(parser)
    common.add_config_arguments(parser)
    group = parser.add_argument_group("run")
    named = "default: exp; a front of that name goes on where it was cut short"
    group.add_argument("--name", help=f"name of the front's folder ({named})")
    group.add_argument(
        "--runs-dir", metavar="DIR", help=f"where the front and its searches go (default: {common.RUNS_DIR})"
    )
    group.add_argument("--seed", type=int, help=f"the one search seed ({common.usual(SearchConfig, 'seed')})")
    common.add_machine_arguments(parser)


def run(args: argparse.Namespace) -> Any:
    """Search, judge, print the tables and draw; going on where an earlier call of that name was cut short."""
    from autofas.config.resolve import resolve, to_yaml
    from autofas.config.search import SearchConfig
    from autofas.search.search import require_engine
    from autofas.search.trials.front import FrontWork

    flags = common.flags(args, KEYS) | {"strategy": "nsga2"}
    config = common.in_a_folder(
        resolve(
            SearchConfig, "search", preset=args.preset, file=args.config, flags=flags, assignments=args.set
        )
    )
    if args.print_config:
        print(to_yaml(config), end="")
        return None
    require_engine(config)
    plan = _plan(args, config.seed)
    folder = Path(str(config.runs_dir)) / "front" / (config.name or "exp")

    def told(line: str) -> None:
        if not args.quiet:
            print(line, file=sys.stderr, flush=True)

    work = FrontWork(config, plan, folder, told)
    rows = work.run()
    print(_networks(rows))
    print()
    print(_costs(rows, work.searches(), plan.baselines))
    picture = _draw(rows, folder, f"{config.data.dataset}, trials of {config.epochs} epochs")
    print(f"front     {', '.join(row['network'] for row in rows if row['front'])}")
    print(f"picture   {picture}")
    return {"networks": rows, "searches": work.searches(), "picture": str(picture)}


def _plan(args: argparse.Namespace, seed: int) -> Any:
    """The plan of the arguments; raises ConfigError for what cannot be asked."""
    from autofas.config.counts import parse_count
    from autofas.config.recipes import require_baseline
    from autofas.errors import ConfigError
    from autofas.search.trials.front import FIRST_SEED, FrontPlan

    if args.seeds and args.seed is not None:
        raise ConfigError("give --seed or --seeds, not both")
    seeds = tuple(args.seeds or (seed,))
    if len(set(seeds)) < len(seeds) or not all(0 <= one < FIRST_SEED for one in seeds):
        raise ConfigError(f"--seeds {' '.join(map(str, seeds))}: give different ones below {FIRST_SEED}")
    if args.judgements < 1:
        raise ConfigError(f"--judgements {args.judgements}: a network is judged by at least one trial")
    try:
        limits = tuple(int(parse_count(text)) for text in args.limits)
    except ValueError as exc:
        raise ConfigError(f"--limits {' '.join(args.limits)}: {exc}") from None
    for name in args.baselines:
        require_baseline(name)
    return FrontPlan(seeds, limits, tuple(args.baselines), args.judgements)


def _networks(rows: list[dict[str, Any]]) -> str:
    """A line a network, cheapest first."""
    from autofas.analysis.terminal_tables import shown_table
    from autofas.analysis.text_tables import count, percent

    header = ("network", "strategy", "params", "MACs", "error", "lowest", "highest", "front")
    table = [
        [
            row["network"],
            row["strategy"],
            count(row["params"]),
            count(row["macs"]),
            *(percent(row[key]) for key in ("error", "low", "high")),
            "*" if row["front"] else "",
        ]
        for row in sorted(rows, key=lambda row: row["params"])
    ]
    return shown_table(header, table, numeric=header[2:7])


def _costs(rows: list[dict[str, Any]], searches: list[dict[str, Any]], baselines: tuple[str, ...]) -> str:
    """A line a strategy: its networks, those on the front, its best, and what its searches cost together."""
    from autofas.analysis.terminal_tables import shown_table
    from autofas.analysis.text_tables import percent

    header = ("strategy", "searches", "trials", "seconds", "networks", "on the front", "best error")
    table = []
    for strategy in dict.fromkeys(row["strategy"] for row in rows):
        own = [row for row in rows if row["strategy"] == strategy]
        runs = [row for row in searches if row["strategy"] == strategy]
        trials = sum(int(row["trials"]) for row in runs if row["trials"])
        table.append(
            [
                strategy,
                str(len(runs)) if runs else "-",
                str(trials) if trials else "-",
                f"{sum(float(row['seconds']) for row in runs):.0f}" if runs else "-",
                str(len(own)),
                str(sum(row["front"] for row in own)),
                percent(min(row["error"] for row in own)),
            ]
        )
    return shown_table(header, table, numeric=header[1:])


def _draw(rows: list[dict[str, Any]], folder: Path, footer: str) -> Path:
    from autofas.analysis.front_plot import FrontPoint, plot_front
    from autofas.runs.provenance import commit

    points = [
        FrontPoint(
            row["strategy"], row["network"], float(row["params"]), row["error"], row["low"], row["high"]
        )
        for row in rows
    ]
    place = folder / "front.png"
    seeds = rows[0]["seeds"]
    words = f"{footer}   |   mean of {seeds} seeds that no search has seen   |   commit {commit()}"
    plot_front(points, place, "params", "Error against parameters, by what found the network", words)
    return place
