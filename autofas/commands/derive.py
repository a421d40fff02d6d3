"""autofas derive: another genotype from the alphas of a search, by a rule, from an epoch, within limits."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autofas.config.search import SearchConfig
    from autofas.models.genotype import Cell, Genotype
    from autofas.models.space import Space

HELP = "derive another genotype from a search's alphas"
LIMITS = ("max_params", "max_macs", "max_skips")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    from typing import get_args

    from autofas.config.search import Rule

    parser.add_argument("run", metavar="RUN", help="run folder of a search")
    parser.add_argument(
        "--rule",
        choices=get_args(Rule),
        help="auto-fas (DARTS' too) ranks by alpha alone, pc-darts by alpha and beta, darts-pt by what the "
        "supernet loses without an operation, which needs the run's data (default: the run's)",
    )
    parser.add_argument(
        "--epoch", type=int, help="alphas after this epoch; 0: before the first (default: the search's own)"
    )
    parser.add_argument("--max-params", metavar="COUNT", help="most parameters, as 300K (default: the run's)")
    parser.add_argument(
        "--max-macs", metavar="COUNT", help="most MACs at its input size (default: the run's)"
    )
    parser.add_argument(
        "--max-skips", type=int, metavar="COUNT", help="of the normal cell (default: the run's)"
    )
    parser.add_argument(
        "--out", metavar="FILE", help="the genotype's file (default: in RUN, by what was asked)"
    )


def run(args: argparse.Namespace) -> Any:
    """Derive, write, and say in what it differs from the search's own."""
    from autofas.analysis.records import network_cost
    from autofas.analysis.text_tables import count
    from autofas.models.build import build
    from autofas.models.genotype import load_genotype, save_genotype
    from autofas.runs.run_folder import Run

    folder = Run.open(args.run).path
    if args.out:
        _require_free(Path(args.out))
    genotype, epoch = _derived(args, folder)
    asked = [genotype.derivation, *([f"epoch{args.epoch}"] if args.epoch is not None else [])]
    given = {name.replace("_", ""): getattr(args, name) for name in LIMITS}
    asked += [f"{name}{value}" for name, value in given.items() if value is not None]
    place = Path(args.out) if args.out else folder / f"genotype-{'-'.join(asked)}.json"
    save_genotype(genotype, place)
    cost = network_cost(build(genotype))
    own = load_genotype(folder / "genotype.json") if (folder / "genotype.json").is_file() else None
    common, edges = _common_edges(genotype, own) if own else (None, None)
    print(f"genotype  {place}")
    print(f"network   {count(cost.params)} parameters, {count(cost.macs)} MACs at {cost.input}")
    if own:
        print(f"compared  {common} of {edges} edges as in genotype.json, by the rule {own.derivation}")
    return {
        "genotype": str(place),
        "rule": genotype.derivation,
        "epoch": epoch,
        "params": cost.params,
        "macs": cost.macs,
        "edges": edges,
        "edges_in_common": common,
    }


def _require_free(place: Path) -> None:
    """Raise ConfigError for a file that derive has not made: a search's own genotype, or anything else."""
    from autofas.errors import AutofasError, ConfigError
    from autofas.models.genotype import load_genotype

    if not place.is_file():
        return
    try:
        made = load_genotype(place).provenance.get("command") == "derive"
    except (AutofasError, OSError):
        made = False
    if not made:
        raise ConfigError(f"--out {place} exists and was not written by derive; name another file")


def _derived(args: argparse.Namespace, folder: Path) -> tuple["Genotype", int]:
    """The genotype asked for, and the epoch whose alphas it is made of."""
    from autofas.config.resolve import resolve
    from autofas.config.search import SearchConfig
    from autofas.errors import ConfigError
    from autofas.models.genotype import genotype_from_cells
    from autofas.models.space import load_space
    from autofas.search.bounds import derive_within
    from autofas.search.curvature import overshoot
    from autofas.search.history import betas_of, read_alphas
    from autofas.search.limits import limits_of
    from autofas.storage.schema import read_rows

    flags = {name: value for name in LIMITS if (value := getattr(args, name)) is not None}
    if args.rule:
        flags["derivation"] = args.rule
    if args.rule == "darts-pt":  # the search's own limits and finalists go with its own rule
        flags = {"max_params": None, "max_macs": None, "max_skips": None, "finalists": 0, **flags}
    alphas = folder / "alphas.csv"
    if not alphas.is_file():
        raise ConfigError(
            f"{folder} has no alphas.csv; only searches with darts or pc-darts leave alphas to derive from"
        )
    config = resolve(SearchConfig, "search", file=str(folder / "config.yaml"), flags=flags)
    space = load_space(config.space)
    history = read_alphas(alphas, space)
    last = len(history) - 1
    epoch = args.epoch
    if epoch is None:  # a search that ended early has its cells from before its end
        epoch = last - (overshoot(config, read_rows(folder / "results.csv")) if config.eigenvalue_stop else 0)
    if not 0 <= epoch <= last:
        raise ConfigError(f"--epoch {epoch}: {folder} has the alphas of epochs 0 to {last}")
    rule, record = config.resolved_derivation, history[epoch]
    if rule == "pc-darts" and not betas_of(record):
        raise ConfigError(f"the rule pc-darts needs betas, and {folder} has none; take --rule auto-fas")
    laid = _in_found_layout(space, folder)
    limits = limits_of(config, laid)
    if rule == "darts-pt":
        cells = _perturbed(args, folder, config, space)
    else:
        cells = derive_within(laid, record, betas_of(record), rule, limits.bounds if limits else None)
    provenance: dict[str, str | int | float | bool | None] = {
        "run": folder.name,
        "command": "derive",
        "strategy": config.strategy,
        "seed": config.seed,
        "epochs": epoch,
        **(limits.facts if limits else {}),
    }
    return genotype_from_cells(laid, *cells, rule, provenance), epoch


def _in_found_layout(space: "Space", folder: Path) -> "Space":
    """The space with the layout that the search's finalists chose; its own where they chose none."""
    from autofas.models.genotype import load_genotype
    from autofas.search.layouts import space_of

    place = folder / "genotype.json"
    return space_of(space, load_genotype(place)) if place.is_file() else space


def _perturbed(
    args: argparse.Namespace, folder: Path, config: "SearchConfig", space: "Space"
) -> tuple["Cell", "Cell"]:
    """The cells that the run's supernet can least do without."""
    from autofas.errors import ConfigError
    from autofas.search.finished import cells_by_perturbation

    if args.epoch is not None:
        raise ConfigError(
            "--epoch: the rule darts-pt asks the supernet, which has the last epoch's weights alone"
        )
    return cells_by_perturbation(folder, config, space, quiet=args.quiet)


def _common_edges(one: "Genotype", other: "Genotype") -> tuple[int, int]:
    """How many edges two genotypes share, operation and all, and how many the first has."""
    both = [(one.normal.edges, other.normal.edges), (one.reduction.edges, other.reduction.edges)]
    return sum(len(set(a) & set(b)) for a, b in both), sum(len(a) for a, _ in both)
