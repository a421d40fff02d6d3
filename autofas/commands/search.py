"""autofas search: find a genotype on the train split of a data set."""

import argparse
from typing import TYPE_CHECKING, Any, get_args

from autofas.commands import common

if TYPE_CHECKING:
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
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    from autofas.config.search import SearchConfig

    fields = SearchConfig.model_fields
    space, strategy, order, epochs = (
        common.usual(SearchConfig, key) for key in ("space", "strategy", "order", "epochs")
    )
    group = parser.add_argument_group("search")
    group.add_argument("--space", help=f"name of a search space (autofas spaces) or a YAML file ({space})")
    group.add_argument(
        "--strategy", choices=get_args(fields["strategy"].annotation), help=f"how to search ({strategy})"
    )
    group.add_argument(
        "--order",
        choices=get_args(fields["order"].annotation),
        help=f"first- or second-order gradient of the architecture ({order})",
    )
    group.add_argument("--epochs", type=int, help=f"number of epochs ({epochs})")
    common.add_balance_argument(group)
    common.add_data_arguments(parser)
    common.add_config_arguments(parser)
    common.add_run_arguments(parser)


def run(args: argparse.Namespace) -> Any:
    """Search every fold asked for; values of the last lines of each run."""
    from autofas.config.resolve import resolve, to_yaml
    from autofas.config.search import SearchConfig

    config = resolve(
        SearchConfig,
        "search",
        layers=common.resumed(args),
        preset=args.preset,
        file=args.config,
        flags=common.flags(args, KEYS),
        assignments=args.set,
    )
    config = common.in_a_folder(config)
    if args.print_config:
        print(to_yaml(config), end="")
        return None
    from autofas.commands.folds import each_fold
    from autofas.data.opening import OpenedDatasets
    from autofas.models.space import load_space
    from autofas.runtime.launch import launched
    from autofas.search.search import search

    space = load_space(config.space)
    if config.strategy == "nni-evolution":
        from autofas.search.multi_trial import evolution_tuner

        evolution_tuner()  # a missing extra is told before any data is read
    reports = []
    datasets = OpenedDatasets()
    for fold_config in each_fold(config, datasets, resuming=args.resume is not None):
        result = search(
            fold_config,
            resume=args.resume,
            accept_changed=args.accept_changed,
            quiet=args.quiet,
            datasets=datasets,
        )
        if not launched().first:
            continue
        reports.append({"fold": fold_config.data.fold, **_report(result, space)})
    return reports[0] if len(reports) == 1 else {"folds": reports}


def _report(result: "SearchResult", space: "Space") -> dict[str, Any]:
    """Draw what a search found; the values of its last lines, which it prints."""
    from autofas.analysis.draw import draw_alphas, draw_genotype

    assert result.path is not None
    pictures = draw_genotype(result.genotype, result.path)
    if len(result.history) > 1:
        draw_alphas(result.history, space, result.path / "alphas.png")
        pictures.append(result.path / "alphas.png")
    print(f"genotype  {result.path / 'genotype.json'}")
    print("pictures  " + "  ".join(str(path) for path in pictures))
    return {
        "run": str(result.path),
        "genotype": str(result.path / "genotype.json"),
        "pictures": [str(path) for path in pictures],
        "epochs": len(result.results),
        "train_loss": result.results[-1].get("train_loss") if result.results else None,
        "seconds": round(sum(row["seconds"] for row in result.results), 1),
    }
