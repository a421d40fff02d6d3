"""One trial: a network trained on the weight half for a budget of epochs and judged on the architecture half.

Every trial of a search begins with the same seeds and sees the same batches, so networks are compared and
not their luck. The optimiser is that of finalists, at a constant rate: a trial that ends after two epochs is
the beginning of one that goes on. Where the study names a supernet, its weights judge and nothing is trained
(autofas.search.trials.shared_weights).
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autofas.analysis.latency import latency
from autofas.analysis.records import network_cost, sample_input
from autofas.analysis.space_costs import COSTS, space_costs
from autofas.data.batches.batch import Batch
from autofas.errors import RunError
from autofas.models.build import build
from autofas.models.network import Network
from autofas.search.brief_training import Judgement, judge
from autofas.search.finalists import BriefTraining
from autofas.search.proxies import proxies
from autofas.search.strategy import Strategy
from autofas.search.trials.points import Point, cells_of, genotype_of, laid_out
from autofas.search.trials.shared_weights import shared_weights

MAXIMISED = ("synflow", "grad_norm", "naswot")
"""Objectives of which more is better: the engine minimises their negatives."""

AfterEpoch = Callable[[int, Judgement], bool]
"""Told the epoch, from 1, and what it came to; True ends the trial."""


@dataclass(frozen=True)
class Outcome:
    """What a trial came to: a row of numbers, and whether it was ended before its budget."""

    row: dict[str, Any]
    pruned: bool = False


class Beating:
    """A loader's batches, with a call at each: a worker says that it is at work."""

    def __init__(self, loader: Iterable[Batch], beat: Callable[[], None]) -> None:
        self._loader, self._beat = loader, beat

    def __iter__(self) -> Iterator[Batch]:
        for batch in self._loader:
            self._beat()
            yield batch


class Bench:
    """Where the trials of an opened search run; `objectives` say what has to be measured."""

    def __init__(self, search: Strategy, objectives: Sequence[str], proxy: str | None = None) -> None:
        self.search, self.config, self.proxy = search, search.config, proxy
        self.objectives = tuple(objectives)
        self.shared = shared_weights(search)
        self._batch: Batch | None = None

    def network(self, point: Point) -> Network:
        """The network of a point, its weights drawn from the search's seed."""
        search = self.search
        genotype = genotype_of(search.space, point, self.config.strategy)
        return search.seeded(lambda: build(genotype, supervision=self.config.supervision))

    def best_by_proxy(self, points: Sequence[Point]) -> Point:
        """The point whose untrained network has the highest value of the study's proxy."""
        assert self.proxy is not None
        values = [proxies(self.network(point), self.batch(), [self.proxy])[self.proxy] for point in points]
        return points[max(range(len(points)), key=lambda place: values[place])]

    def batch(self) -> Batch:
        """The batch that proxies look at: the first of the weight half."""
        if self._batch is None:
            self._batch = next(iter(self.search.weight_batches()))
        return self._batch

    def counted(self, point: Point) -> dict[str, int]:
        """Parameters and MACs at the space's input size, without building the network."""
        space = self.search.space
        found = space_costs(laid_out(space, point)).of(*cells_of(space, point)).tolist()
        return dict(zip(COSTS, found, strict=True))

    def run(self, point: Point, after_epoch: AfterEpoch, beat: Callable[[], None]) -> Outcome:
        """Train and judge the network of a point.

        A training that diverges ends as an error of 1 and says why in its row.
        """
        started, cpu = time.perf_counter(), time.process_time()
        network = self.network(point)
        row: dict[str, Any] = {"epochs": 0, "error": 1.0, "arch_auc": 0.0, "arch_loss": "", "failed": ""}
        row |= self.counted(point) | self._measured(network)
        pruned = False
        if self.shared is not None:
            beat()
            found = self.shared.judge(cells_of(self.search.space, point))
            row |= {"error": 1 - found.auc, "arch_auc": found.auc, "arch_loss": found.loss}
        elif "error" in self.objectives:
            training = self.search.brief_training(network)
            training.loader = Beating(training.loader, beat)
            pruned = self._trained(training, row, after_epoch)
        row["seconds"] = round(time.perf_counter() - started, 3)
        row["cpu_seconds"] = round(time.process_time() - cpu, 3)
        return Outcome(row, pruned)

    def values(self, row: dict[str, Any]) -> list[float]:
        """A row's objectives, all to be minimised."""
        named = {"latency": "latency_ms"}
        return [
            (-1 if name in MAXIMISED else 1) * float(row[named.get(name, name)]) for name in self.objectives
        ]

    def _measured(self, network: Network) -> dict[str, Any]:
        """What the objectives ask of an untrained network."""
        asked = [name for name in self.objectives if name in MAXIMISED]
        found: dict[str, Any] = proxies(network, self.batch(), asked) if asked else {}
        if "latency" in self.objectives:
            found["latency_ms"] = latency_of(network)
        return found

    def _trained(self, training: BriefTraining, row: dict[str, Any], after_epoch: AfterEpoch) -> bool:
        """Train for the budget; fills the row, returns True if it was ended early."""
        for epoch in range(1, self.config.epochs + 1):
            try:
                training.epochs(1)
                found = judge(training.network, self.search.plain_loader())
            except RunError as exc:  # a loss that is not finite
                row |= {"error": 1.0, "arch_auc": 0.0, "failed": str(exc)}
                return False
            row |= {
                "epochs": epoch, "error": 1 - found.auc, "arch_auc": found.auc, "arch_loss": found.loss,
            }  # fmt: skip
            if after_epoch(epoch, found) and epoch < self.config.epochs:
                return True
        return False


def latency_of(network: Network) -> float:
    """Median milliseconds of one sample on one CPU thread."""
    place = next(network.parameters()).device
    found = latency(network.body.cpu(), sample_input(network), warmup=3, repeats=15).latency_ms
    network.to(place)
    return round(found, 4)


def cost_of(network: Network) -> dict[str, int]:
    """Parameters and MACs of a network at its input size, as the profiler counts them."""
    cost = network_cost(network)
    return {"params": cost.params, "macs": cost.macs}
