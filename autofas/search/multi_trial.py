"""Multi-trial search: whole networks are trained one after the other, and a tuner chooses the next.

The counterpart of the differentiable strategies: nothing is relaxed and no weights are shared, each genotype
is judged by what it reaches in a short training. The tuner is the evolution tuner of NNI 3.0 (after Real et
al., ICML 2017), called in this process: no NNI experiment is started and its web portal, which listens on
every interface, never runs. NNI is archived upstream and pins old versions of common packages, so
it is an extra: `pip install autofas[nni]`.
"""

import itertools
import logging
import time
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import torch

from autofas.config.search import SearchConfig
from autofas.data.opening import OpenedDatasets
from autofas.errors import ConfigError
from autofas.models.build import build
from autofas.models.genotype import FIRST_NODE, Cell, Edge, Genotype, genotype_from_cells
from autofas.models.space import Space
from autofas.runtime import ranks
from autofas.search.brief_training import train_epoch
from autofas.search.derive import KINDS
from autofas.search.strategy import Strategy
from autofas.training.optimizers import build_optimizer, learning_rate, set_learning_rate

MOST_PROPOSALS = 5000
BEYOND = 1e6
"""What a tuner is told of a network beyond the limits in place of a loss."""
Choices = dict[str, int]


class Tuner(Protocol):
    """What the search asks of a tuner."""

    def propose(self) -> Choices:
        """The next point to try."""
        ...

    def tell(self, loss: float) -> None:
        """The loss of the point proposed last; lower is better."""
        ...


def choice_counts(space: Space) -> dict[str, int]:
    """How many values every choice has: a pair of inputs and two operations for each node of both cells."""
    operations = len([name for name in space.operations if name != "none"])
    counts = {}
    for kind in KINDS:
        for node in range(FIRST_NODE, FIRST_NODE + space.layout.intermediate_nodes):
            counts[f"{kind}.{node}.inputs"] = len(_pairs(node))
            counts[f"{kind}.{node}.first"] = counts[f"{kind}.{node}.second"] = operations
    return counts


def cells_of(space: Space, choices: Mapping[str, int]) -> tuple[Cell, Cell]:
    """The normal and the reduction cell of a point."""
    operations = [name for name in space.operations if name != "none"]
    last = FIRST_NODE + space.layout.intermediate_nodes

    def cell(kind: str) -> Cell:
        edges = []
        for node in range(FIRST_NODE, last):
            pair = _pairs(node)[choices[f"{kind}.{node}.inputs"]]
            for source, place in zip(pair, ("first", "second"), strict=True):
                edges.append(Edge(node, source, operations[choices[f"{kind}.{node}.{place}"]]))
        return Cell(edges=tuple(edges), concat=tuple(range(FIRST_NODE, last)))

    return cell("normal"), cell("reduction")


def _pairs(node: int) -> list[tuple[int, int]]:
    """Every pair of distinct inputs that a node can have."""
    return list(itertools.combinations(range(node), 2))


def evolution_tuner() -> Any:
    """NNI's class of tuner; raises ConfigError where the extra is not installed."""
    try:
        from nni.algorithms.hpo.evolution_tuner import EvolutionTuner
    except ImportError as exc:
        message = f"strategy nni-evolution needs the extra: pip install 'autofas[nni]' ({exc})"
        raise ConfigError(message) from None
    logging.getLogger("nni").setLevel(logging.ERROR)
    return EvolutionTuner


class NniEvolution:
    """NNI's evolution tuner over a space's choices; raises ConfigError where the extra is not installed.

    A population drawn at random, then always a mutation of the better of two members. It also draws from
    Python's global generator, which a run seeds.
    """

    def __init__(self, counts: Mapping[str, int], population: int, seed: int) -> None:
        self._tuner: Any = evolution_tuner()(optimize_mode="minimize", population_size=population)
        self._tuner.update_search_space(
            {name: {"_type": "choice", "_value": list(range(count))} for name, count in counts.items()}
        )
        # the tuner has drawn its population from a generator seeded by the system: draw it again from ours
        self._tuner.random_state = np.random.RandomState(seed)
        self._tuner.population.clear()
        for _ in range(population):
            self._tuner._random_generate_individual()
        self._trial = -1
        self._point: dict[str, Any] = {}

    def propose(self) -> Choices:
        self._trial += 1
        self._point = self._tuner.generate_parameters(self._trial)
        return {name: int(value) for name, value in self._point.items()}

    def tell(self, loss: float) -> None:
        self._tuner.receive_trial_result(self._trial, self._point, loss)
        self._tuner.trial_end(self._trial, True)


class MultiTrial(Strategy):
    """Networks trained one by one on the weight half and judged by their loss on the architecture half."""

    unit = "trial"

    def __init__(
        self, config: SearchConfig, space: Space, device: torch.device, datasets: OpenedDatasets
    ) -> None:
        super().__init__(config, space, device, datasets)
        if ranks.world_size() > 1:
            raise ConfigError(
                f"strategy {config.strategy} runs in a single process; start it without torchrun"
            )
        self.best: tuple[float, tuple[Cell, Cell]] | None = None

    @property
    def rounds(self) -> int:
        return self.config.trials

    def open(self, *, fresh: bool) -> None:
        """The halves, and the tuner."""
        super().open(fresh=fresh)
        population = max(2, self.config.trials // 4)
        self.tuner: Tuner = NniEvolution(choice_counts(self.space), population, self.config.seed)

    def do_round(self) -> dict[str, Any]:
        """One trial: the network that the tuner proposes, trained and judged."""
        started = time.perf_counter()
        cells = self._proposed()
        loss = self.train_and_judge(genotype_from_cells(self.space, *cells, self.config.strategy))
        best = self._learn(loss, cells)
        seconds = round(time.perf_counter() - started, 3)
        return {"trial": self.done + 1, "arch_loss": loss, "best": best, "seconds": seconds}

    def told(self, row: dict[str, Any]) -> str:
        return f"arch {row['arch_loss']:.4f}  best {row['best']:.4f}"

    def choose(self) -> tuple[tuple[Cell, Cell], str]:
        """The cells of the trial with the smallest loss."""
        assert self.best is not None  # a search has at least one trial
        return self.best[1], self.config.strategy

    def _learn(self, loss: float, cells: tuple[Cell, Cell]) -> float:
        """Tell the tuner of a trial and keep the best; returns the smallest loss so far."""
        self.tuner.tell(loss)
        if self.best is None or loss < self.best[0]:
            self.best = (loss, cells)
        return self.best[0]

    def described_place(self) -> str:
        return f"trial {self.done}"

    def save_if_new(self) -> None:
        """Nothing to save at a signal: a trial that was cut short runs again."""

    def state(self) -> dict[str, Any]:
        return {"loaders": [self.weight_loader.state_dict(), self.arch_loader.state_dict()]}

    def load(self, state: dict[str, Any]) -> None:
        """The tuner is asked and told once more what it was."""
        self.weight_loader.load_state_dict(state["loaders"][0])
        self.arch_loader.load_state_dict(state["loaders"][1])
        for row in state["results"]:
            self._learn(float(row["arch_loss"]), self._proposed())

    def _proposed(self) -> tuple[Cell, Cell]:
        """The tuner's next cells; those beyond the limits are answered with a loss that loses, untrained."""
        for _ in range(MOST_PROPOSALS):
            cells = cells_of(self.space, self.tuner.propose())
            if self.limits is None or self.limits.bounds.allow(*cells):
                return cells
            self.tuner.tell(BEYOND)
        raise ConfigError(
            f"of {MOST_PROPOSALS:,} networks that {self.config.strategy} proposed none keeps to the limits; "
            "raise them, or search with pc-darts, which derives within them"
        )

    def train_and_judge(self, genotype: Genotype) -> float:
        """Mean loss on the architecture half after a short training on the weight half."""
        config, modality = self.config, self.config.data.modalities[0]
        torch.manual_seed(config.seed)
        network = build(genotype, supervision=config.supervision, modality=modality).to(self.device)
        optimizer = build_optimizer(config.weights, network.parameters())
        for epoch in range(config.epochs):
            set_learning_rate(optimizer, learning_rate(config.weights, epoch, config.epochs))
            what = f"trial {self.done + 1}, epoch {epoch + 1}"
            train_epoch(network, self.weight_loader, optimizer, config.weights.grad_clip, what)
        network.eval()
        with torch.no_grad():
            losses = [
                network.supervision.loss(network(batch.images), batch.targets) for batch in self.arch_loader
            ]
        return float(torch.stack(losses).double().mean())
