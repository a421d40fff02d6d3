"""Limits on the network that a search may end with: parameters, MACs at the space's input size, skips.

Two things keep them. While the cells that the alphas would give exceed a limit, the expected cost of the
network that the alphas stand for is added to their loss (after ProxylessNAS, Cai et al., ICLR 2019, section
3.3, which adds the expected latency; here counts are exact and the term is zero within the limits). At the
end the cells are the likeliest that obey (autofas.search.bounds), and the profiler has the last word.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from autofas.analysis.profile import Cost
from autofas.analysis.records import network_cost
from autofas.analysis.space_costs import COSTS, Integers, SpaceCosts, space_costs
from autofas.config.search import Rule, SearchConfig
from autofas.errors import ConfigError, RunError
from autofas.models.build import build
from autofas.models.candidates import Skip
from autofas.models.genotype import Genotype
from autofas.models.space import Space
from autofas.models.supernet import Supernet
from autofas.search.bounds import Bounds, best_within
from autofas.search.derive import KINDS, derive
from autofas.search.history import betas_of, snapshot

WORDS = {"params": "parameters", "macs": "MACs"}


@dataclass(frozen=True)
class Limits:
    """What the derived network has at most: `most` by cost, `params` or `macs`, and skips of the normal cell.

    `costs` are None where no cost is limited, `weight` is that of the penalty.
    """

    space: Space
    most: dict[str, int]
    costs: SpaceCosts | None = None
    weight: float = 0.01
    max_skips: int | None = None

    @cached_property
    def bounds(self) -> Bounds:
        """The limits as prices of edges: what the fixed parts leave of them."""
        prices: dict[str, list[Integers]] = {kind: [] for kind in KINDS}
        left = []
        for name, most in self.most.items():
            assert self.costs is not None
            counted = COSTS.index(name)
            left.append(most - int(self.costs.fixed[counted]))
            for kind in KINDS:
                prices[kind].append(self.costs.edges[kind][:, :, counted])
        if self.max_skips is not None:
            left.append(self.max_skips)
            skips = np.array([isinstance(one, Skip) for one in self.space.candidates], dtype=np.int64)
            for kind in KINDS:
                prices[kind].append(np.tile(skips * (kind == "normal"), (len(self.space.edges), 1)))
        tables = {kind: np.stack(each, axis=2) for kind, each in prices.items()}
        return Bounds(self.space, tables, np.array(left))

    @property
    def facts(self) -> dict[str, int]:
        """The limits by their names in the configuration."""
        skips = {} if self.max_skips is None else {"max_skips": self.max_skips}
        return {f"max_{name}": most for name, most in self.most.items()} | skips

    def require_possible(self) -> None:
        """Raise ConfigError, one line, if no network of the space keeps to the limits."""
        bounds, name = self.bounds, self.space.name
        for column, (cost, most) in enumerate(self.most.items()):
            assert self.costs is not None
            smallest = int(bounds.smallest[column] + self.costs.fixed[COSTS.index(cost)])
            if smallest > most:
                raise ConfigError(
                    f"max_{cost} {most:,}: no network of space {name} has so few {WORDS[cost]}; the smallest "
                    f"has {smallest:,}"
                )
        nothing = {kind: np.zeros(table.shape[:2]) for kind, table in bounds.prices.items()}
        if best_within(bounds, nothing) is None:
            asked = " and ".join(f"{name} {most:,}" for name, most in self.facts.items())
            raise ConfigError(f"{asked}: no network of space {name} keeps to them; raise one")

    def penalty(self, supernet: Supernet, rule: Rule) -> Tensor:
        """The term of the architecture's loss, 0 while the cells that the rule derives now obey.

        Else weight * the sum of expected cost / limit, over the costs by which these cells exceed theirs.
        Of undecided alphas the expected cost says nothing of the cells: a push that goes on after these obey
        turns every edge to the cheapest operation. Reads the alphas, so a GPU waits.
        """
        assert self.costs is not None
        now = snapshot(supernet)
        cost = self.costs.of(*derive(self.space, now, betas_of(now), rule))
        over = [name for name, most in self.most.items() if cost[COSTS.index(name)] > most]
        expected = expected_costs(self.costs, supernet)
        parts = [expected[name] / self.most[name] * (name in over) for name in self.most]
        return self.weight * torch.stack(parts).sum()

    def row(self, supernet: Supernet) -> dict[str, float]:
        """The expected costs of this moment, as columns of results.csv."""
        if self.costs is None:
            return {}
        with torch.no_grad():
            found = expected_costs(self.costs, supernet)
        return {f"expected_{name}": round(float(found[name]), 1) for name in self.most}

    def checked(self, genotype: Genotype) -> Cost:
        """What its network costs; raises RunError if that exceeds a limit, which would be a fault of ours."""
        found = network_cost(build(genotype))
        for name, most in self.most.items():
            if getattr(found, name) > most:
                raise RunError(
                    f"the derived network has {getattr(found, name):,} {WORDS[name]}, more than max_{name} "
                    f"{most:,}; this is a fault of autofas, please report it"
                )
        return found


def limits_of(config: SearchConfig, space: Space) -> Limits | None:
    """The limits that a configuration names, None without; raises ConfigError if nothing can keep to them."""
    asked = {"params": config.max_params, "macs": config.max_macs}
    most = {name: value for name, value in asked.items() if value is not None}
    if not most and config.max_skips is None:
        return None
    costs = space_costs(space) if most else None
    limits = Limits(space, most, costs, config.cost_weight, config.max_skips)
    limits.require_possible()
    return limits


def expected_costs(costs: SpaceCosts, supernet: Supernet) -> dict[str, Tensor]:
    """Expected parameters and MACs, scalars with a gradient, of a network drawn by alphas and betas.

    Drawn: at every node two edges without replacement by softmax(beta), uniformly where there are no betas,
    and on each an operation other than none by softmax(alpha). Expected costs are exact, since a network's
    cost is the sum of its edges'.
    """
    space, device = costs.space, supernet.head.weight.device
    columns = [number for number, name in enumerate(space.operations) if name != "none"]
    nodes = np.array([node for node, _ in space.edges])
    total = torch.tensor(costs.fixed, dtype=torch.float64, device=device)
    for kind in KINDS:
        if kind not in supernet.kinds:
            continue
        operations = supernet.alphas[kind][:, columns].double().softmax(1)  # (edges, operations)
        table = torch.tensor(costs.edges[kind][:, columns], dtype=torch.float64, device=device)
        each = (operations[:, :, None] * table).sum(1)  # (edges, 2)
        for node in np.unique(nodes):
            rows = torch.tensor(np.flatnonzero(nodes == node), device=device)
            betas = supernet.betas[kind][rows] if kind in supernet.betas else torch.zeros_like(rows)
            total = total + kept_of_two(betas.double().softmax(0)) @ each[rows]
    return {name: total[column] for column, name in enumerate(COSTS)}


def kept_of_two(weights: Tensor) -> Tensor:
    """How likely each of n edges is among two drawn without replacement by `weights` (n,); they add up to 2.

    P(i) = w_i + sum over j != i of w_j * w_i / (1 - w_j).
    """
    odds = weights / (1 - weights).clamp_min(1e-9)
    return weights * (1 + odds.sum() - odds)
