"""What several seeds of one search have in common."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autofas.config.search import SearchConfig
    from autofas.models.space import Space
    from autofas.search.strategy import SearchResult


def agreements(
    results: Sequence[tuple["SearchConfig", "SearchResult"]], space: "Space"
) -> list[dict[str, Any]]:
    """How far seeds agree, for every fold and limit that two seeds or more have searched.

    Prints a line for each, and writes it into the verdict.json of the runs it is about.
    """
    from autofas.search.verdict import agreement, write_verdict

    groups: dict[tuple[Any, ...], dict[int, SearchResult]] = defaultdict(dict)
    for config, result in results:
        if result.verdict is not None:
            groups[config.data.fold, config.max_params, config.max_macs][config.seed] = result
    found = []
    for (fold, max_params, max_macs), searches in groups.items():
        if len(searches) < 2:
            continue
        agreed = agreement(space, {seed: result.counted for seed, result in searches.items()})
        for result in searches.values():
            if result.path is not None and result.verdict is not None:
                write_verdict(result.path, result.verdict, agreed)
        place = [f"fold {fold}"] if fold is not None else []
        if len(groups) > 1:
            limits = {"max_params": max_params, "max_macs": max_macs}
            place += [f"{name} {most}" for name, most in limits.items() if most is not None]
        print("agreement " + (f"({', '.join(place)}) " if place else "") + agreed.line())
        found.append({"fold": fold, "max_params": max_params, "max_macs": max_macs, **asdict(agreed)})
    return found
