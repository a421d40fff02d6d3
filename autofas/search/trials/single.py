"""One trial as a run of its own: a genotype's network, a baseline's or a point's, judged every epoch."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from autofas.analysis.records import network_cost
from autofas.config.recipes import read_recipe
from autofas.config.trial import TrialConfig
from autofas.data.opening import OpenedDatasets
from autofas.errors import ConfigError
from autofas.models.build import build
from autofas.models.genotype import Genotype, load_genotype, save_genotype
from autofas.models.network import Network
from autofas.models.space import Space, load_space
from autofas.runs.lifecycle import carry_through
from autofas.search.brief_training import judge
from autofas.search.halved import HalvedWork
from autofas.search.trials.bench import latency_of
from autofas.search.trials.points import checked_point, genotype_of
from autofas.search.trials.shared_weights import shared_weights
from autofas.storage.files import write_json


@dataclass(frozen=True)
class TrialReport:
    """What a trial came to: AUC in [0, 1] and loss on the architecture half by epoch, and what it costs.

    `latency_ms` is None where it was not asked for; `path` is the run's folder, None where none was written.
    """

    name: str
    epochs: list[dict[str, Any]]
    params: int
    macs: int
    input: str
    latency_ms: float | None
    path: Path | None

    def to_json(self) -> dict[str, Any]:
        """As trial.json and the last line of --json have it."""
        last = self.epochs[-1]
        return {
            "network": self.name,
            "arch_auc": last["arch_auc"],
            "arch_loss": last["arch_loss"],
            "params": self.params,
            "macs": self.macs,
            "input": self.input,
            "latency_ms": self.latency_ms,
            "seconds": round(sum(row["seconds"] for row in self.epochs), 3),
            "epochs": self.epochs,
            "run": None if self.path is None else str(self.path),
        }


class SingleTrial(HalvedWork[TrialReport]):
    """A round is an epoch; one that was cut short runs again."""

    verb = "trial"
    config: TrialConfig

    def __init__(
        self, config: TrialConfig, space: Space, device: torch.device, datasets: OpenedDatasets
    ) -> None:
        super().__init__(config, space, device, datasets)
        self.genotype = self._genotype()
        self.network = self.seeded(self._network)
        self.after_epoch: Callable[[dict[str, Any]], None] = lambda row: None

    @property
    def rounds(self) -> int:
        return self.config.epochs if self.config.study.supernet is None else 1

    @property
    def crop_size(self) -> int:
        # a genotype's network takes any side, as in a search; a baseline its own
        return super().crop_size if self.config.baseline is None else self.network.view.crop_size

    def open(self, *, fresh: bool) -> None:
        """The halves, and the network's optimiser."""
        super().open(fresh=fresh)
        self.weights_seen = self.weight_batches()
        self.training = self.brief_training(self.network, self.weights_seen)
        self.shared = shared_weights(self)

    def do_round(self) -> dict[str, Any]:
        started = time.perf_counter()
        if self.shared is not None:
            assert self.genotype is not None  # the configuration has refused a baseline
            found = self.shared.judge((self.genotype.normal, self.genotype.reduction))
        else:
            self.training.epochs(1)
            found = judge(self.network, self.plain_loader())
        seconds = round(time.perf_counter() - started, 3)
        row = {"arch_loss": found.loss, "arch_auc": found.auc, "seconds": seconds}
        self.after_epoch(row)
        return {"epoch": self.done + 1, **row}

    def told(self, row: dict[str, Any]) -> str:
        return f"arch {row['arch_loss']:.4f}  AUC {100 * row['arch_auc']:.2f} %"

    def state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "optimizer": self.training.optimizer.state_dict(),
            "loader": self.weights_seen.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.training.optimizer.load_state_dict(state["optimizer"])
        self.weights_seen.load_state_dict(state["loader"])

    def save_if_new(self) -> None:
        """Nothing to save at a signal: the last epoch's end is saved, and one cut short runs again."""

    def described_place(self) -> str:
        return f"epoch {self.done}"

    def finish(self) -> TrialReport:
        cost = network_cost(self.network)
        report = TrialReport(
            self.network.name,
            self.results,
            cost.params,
            cost.macs,
            cost.input,
            latency_of(self.network) if self.config.latency else None,
            self.run.path if self.run.has_folder else None,
        )
        if self.run.writes:
            if self.genotype is not None:
                save_genotype(self.genotype, self.run.path / "genotype.json")
            write_json(self.run.path / "trial.json", report.to_json())
        return report

    def _genotype(self) -> Genotype | None:
        config = self.config
        if config.genotype is not None:
            return load_genotype(config.genotype)
        if config.point is None:
            return None
        return genotype_of(self.space, checked_point(self.space, config.point), "point")

    def _network(self) -> Network:
        config, modality = self.config, self.config.data.modalities[0]
        if self.genotype is not None:
            return build(self.genotype, supervision=config.supervision, modality=modality)
        assert config.baseline is not None
        side = config.input_size or self.space.layout.input_size
        size = read_recipe(config.baseline).sizes.nearest(side)
        network = build(config.baseline, input_size=size, modality=modality)
        if len(network.modalities) > 1 or network.supervision.needs:
            raise ConfigError(
                f"baseline {config.baseline} needs more than one modality or targets beside labels, which a "
                "trial does not make; train it with autofas train"
            )
        return network


def run_trial(
    config: TrialConfig,
    *,
    resume: str | None = None,
    accept_changed: Sequence[str] = (),
    quiet: bool = True,
    datasets: OpenedDatasets | None = None,
    after_epoch: Callable[[dict[str, Any]], None] | None = None,
) -> TrialReport:
    """Train one network on the weight half and judge it on the architecture half after every epoch.

    `resume` and `accept_changed` are those of `autofas.search`; `after_epoch` is told each epoch's `arch_auc`
    and `arch_loss`. Raises an AutofasError in one line for whatever
    a user can cause.
    """
    space, opened = load_space(config.space), datasets or OpenedDatasets()

    def make(config: TrialConfig, device: torch.device) -> SingleTrial:
        trial = SingleTrial(config, space, device, opened)
        trial.after_epoch = after_epoch or trial.after_epoch
        return trial

    return carry_through(make, config, resume=resume, accept_changed=accept_changed, quiet=quiet)
