"""autofas search: find a genotype on the train split of a data set."""

import argparse
from typing import TYPE_CHECKING, Any, get_args

from autofas.commands import common, controls, joining, studies, variants

if TYPE_CHECKING:
    from autofas.config.search import SearchConfig
    from autofas.models.space import Space
    from autofas.search.strategy import SearchResult

HELP = "search for a network (DARTS / PC-DARTS) on the train split of a data set"
KEYS = {
    **common.RUN_KEYS,
    **common.DATA_KEYS,
    "space": "space",
    "strategy": "strategy",
    "order": "order",
    "epochs": "epochs",
    "balance_by": "balance_by",
    "finalists": "finalists",
    **studies.KEYS,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    from autofas.config.search import SearchConfig

    fields = SearchConfig.model_fields
    keys = ("space", "strategy", "order", "epochs", "weights.name", "finalists")
    space, strategy, order, epochs, optimizer, finalists = (common.usual(SearchConfig, key) for key in keys)
    group = parser.add_argument_group("search")
    group.add_argument("--space", help=f"name of a search space (autofas spaces) or a YAML file ({space})")
    group.add_argument(
        "--strategy",
        type=_strategy,
        choices=get_args(fields["strategy"].annotation),
        help=f"how to search ({strategy})",
    )
    group.add_argument(
        "--order",
        choices=get_args(fields["order"].annotation),
        help=f"first- or second-order gradient of the architecture ({order})",
    )
    group.add_argument("--epochs", type=int, help=f"number of epochs ({epochs})")
    common.add_balance_argument(group)
    group.add_argument(
        "--optimizer",
        choices=tuple(variants.OPTIMIZERS),
        help=f"of the weights; adam's rate is 0.005 unless --set weights.lr ({optimizer})",
    )
    group.add_argument(
        "--finalists",
        type=int,
        metavar="K",
        help="train K genotypes on the weight half, each in the next layout where the space leaves that open,"
        f" take the best on the architecture half ({finalists})",
    )
    variants.add_arguments(group)
    controls.add_arguments(group)
    studies.add_arguments(parser)
    common.add_data_arguments(parser)
    common.add_config_arguments(parser)
    common.add_run_arguments(parser)


def _strategy(text: str) -> str:
    """The strategy's name; raises ArgumentTypeError that says what has taken an earlier one's place."""
    from autofas.config.search import known_strategy

    try:
        return str(known_strategy(text))
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from None


def run(args: argparse.Namespace) -> Any:
    """Search for every limit, seed and fold asked for; values of the last lines of each run."""
    from autofas.config.resolve import to_yaml

    if args.join is not None:
        return joining.join(args, KEYS)
    controls.check(args)
    configs = variants.configurations(args, KEYS)
    studies.check(args, configs[0])
    if args.print_config:
        print(to_yaml(configs[0]), end="")
        return None
    from autofas.commands.folds import each_fold
    from autofas.commands.seeds import agreements
    from autofas.data.opening import OpenedDatasets
    from autofas.models.space import load_space
    from autofas.runtime.launch import launched
    from autofas.search.layouts import Layouts
    from autofas.search.search import require_engine, search

    space = load_space(configs[0].space)
    for config in configs:
        Layouts(space, config)  # limits that nothing keeps to are told before the first search
    require_engine(configs[0])
    reports, results = [], []
    datasets = OpenedDatasets()
    for config in configs:
        for fold_config in each_fold(config, datasets, resuming=args.resume is not None):
            result = search(
                fold_config,
                resume=args.resume,
                accept_changed=args.accept_changed,
                quiet=args.quiet,
                datasets=datasets,
            )
            if launched().first:
                apart = variants.told(fold_config) if len(configs) > 1 else {}
                reports.append(
                    {"fold": fold_config.data.fold, **apart, **_report(fold_config, result, space)}
                )
                results.append((fold_config, result))
    values: dict[str, Any] = {"folds": reports} if len(configs) == 1 else {"runs": reports}
    if len(configs) > 1:
        print(_table(reports))
        values["agreements"] = agreements(results, space)
    values = reports[0] if len(reports) == 1 else values
    if args.controls:
        values["controls"] = controls.run_controls(args, results, space, datasets)
    return values


def _table(reports: list[dict[str, Any]]) -> str:
    """A line a run: what was asked of it, and what its network costs."""
    from autofas.analysis.terminal_tables import shown_table
    from autofas.analysis.text_tables import count

    header = ("run", "seed", "most params", "most MACs", "params", "MACs")
    counted = ("max_params", "max_macs", "params", "macs")
    rows = [
        [report["run"], str(report["seed"]), *(count(report[key]) for key in counted)] for report in reports
    ]
    return shown_table(header, rows, numeric=header[1:])


def _report(config: "SearchConfig", result: "SearchResult", space: "Space") -> dict[str, Any]:
    """Draw what a search found; the values of its last lines, which it prints."""
    from autofas.analysis.alpha_plot import draw_alphas
    from autofas.analysis.draw import draw_genotype
    from autofas.analysis.records import network_cost
    from autofas.analysis.text_tables import count
    from autofas.models.build import build

    assert result.path is not None
    pictures = draw_genotype(result.genotype, result.path)
    if len(result.history) > 1:
        draw_alphas(result.history, space, result.path / "alphas.png")
        pictures.append(result.path / "alphas.png")
    cost = network_cost(build(result.genotype))
    print(f"genotype  {result.path / 'genotype.json'}")
    print(f"network   {count(cost.params)} parameters, {count(cost.macs)} MACs at {cost.input}")
    print("pictures  " + "  ".join(str(path) for path in pictures))
    for line in result.verdict.lines() if result.verdict else ():
        print(f"verdict   {line}")
    front = studies.report_front(config, result) if config.by_trials else {}
    return {
        "run": str(result.path),
        "genotype": str(result.path / "genotype.json"),
        "pictures": [str(path) for path in pictures],
        "params": cost.params,
        "macs": cost.macs,
        "verdict": result.verdict.to_json() if result.verdict else None,
        "epochs": config.epochs if config.by_trials else len(result.results),
        "train_loss": result.results[-1].get("train_loss") if result.results else None,
        "seconds": round(sum(row["seconds"] for row in result.results), 1),
        **front,
    }
