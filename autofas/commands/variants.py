"""Several searches from one command line: one for each limit and each seed."""

import argparse
import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autofas.commands import common

if TYPE_CHECKING:
    from autofas.config.search import SearchConfig

LIMITS = ("max_params", "max_macs")
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "sgd": {"weights.name": "sgd"},
    "adam": {"weights.name": "adam", "weights.lr": 0.005},
}
"""Keys of the optimisers of the weights: each has a learning rate of its own scale."""
SEVERAL = {"max_params": "params", "max_macs": "macs", "seeds": "seed"}
"""Arguments of which each value is a search, and how the names of the runs tell them apart."""


def add_arguments(group: argparse._ArgumentGroup) -> None:
    """--max-params, --max-macs and --seeds."""
    group.add_argument(
        "--max-params",
        metavar="COUNT",
        nargs="+",
        help="most parameters of the derived network, as 0.3M; several: a search for each (default: any)",
    )
    group.add_argument(
        "--max-macs",
        metavar="COUNT",
        nargs="+",
        help="most MACs at the space's input size, as 0.6G (default: any)",
    )
    group.add_argument(
        "--seeds",
        type=int,
        metavar="SEED",
        nargs="+",
        help="a search for each seed, and whether they agree (default: --seed alone)",
    )


def configurations(args: argparse.Namespace, flag_keys: Mapping[str, str]) -> list["SearchConfig"]:
    """The configuration of every search that was asked for; where they are several, each with its own name.

    Raises ConfigError for several limits of both kinds, a seed beside seeds or two searches alike, and
    RunError where several would have to be resumed from one folder.
    """
    from autofas.config.resolve import resolve
    from autofas.config.search import SearchConfig
    from autofas.errors import ConfigError, RunError

    given = {name: values for name in SEVERAL if (values := getattr(args, name))}
    if "seeds" in given and args.seed is not None:
        raise ConfigError("give --seed or --seeds, not both")
    if all(len(given.get(name, ())) > 1 for name in LIMITS):
        raise ConfigError("give several values of --max-params or of --max-macs, not of both")
    flags = common.flags(args, flag_keys) | OPTIMIZERS.get(args.optimizer, {})
    several = {name: values for name, values in given.items() if len(values) > 1}
    made = []
    for chosen in itertools.product(*given.values()):
        picked = dict(zip(given, chosen, strict=True))
        keys = {"seed" if name == "seeds" else name: value for name, value in picked.items()}
        config = resolve(
            SearchConfig,
            "search",
            layers=common.resumed(args),
            preset=args.preset,
            file=args.config,
            flags={**flags, **keys},
            assignments=args.set,
        )
        ending = "".join(f"-{SEVERAL[name]}{picked[name]}" for name in several)
        made.append(_named(common.in_a_folder(config), ending))
    if len({tuple(told(config).values()) for config in made}) < len(made):
        raise ConfigError(
            "two of these searches are the same: a value of --seeds, --max-params or --max-macs stands "
            "twice, or --set overrides them"
        )
    if len(made) > 1 and args.resume is not None:
        raise RunError("--resume continues one search; give it that one's limit and seed alone")
    return made


def told(config: "SearchConfig") -> dict[str, Any]:
    """What sets one of several searches apart."""
    return {"seed": config.seed, "max_params": config.max_params, "max_macs": config.max_macs}


def _named(config: "SearchConfig", ending: str) -> "SearchConfig":
    return config.model_copy(update={"name": f"{config.name or 'exp'}{ending}"}) if ending else config
