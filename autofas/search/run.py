"""The verb `search`: from a configuration to a genotype in a run folder."""

import time
from collections.abc import Generator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autofas.config import SearchConfig
from autofas.data.loader import Batch, Loader
from autofas.device import prepare
from autofas.errors import AutofasError
from autofas.models.space import Space, load_space
from autofas.models.supernet import Supernet
from autofas.models.supervisions import build_supervision, ensure_finite
from autofas.runs import Run
from autofas.search.derive import derive, random_cells
from autofas.search.engine import BilevelEngine
from autofas.search.history import betas_of, snapshot, write_alphas
from autofas.search.job import SearchJob, SearchResult, finish
from autofas.search.multi_trial import MultiTrial
from autofas.training.checkpoint import (
    load_checkpoint,
    random_state,
    restore_random_state,
    save_checkpoint,
)
from autofas.training.optim import learning_rate, set_learning_rate
from autofas.training.progress import Clock


def search(config: SearchConfig, *, resume: str | None = None, quiet: bool = True) -> SearchResult:
    """Search a genotype on the train split of a data set; the dev and test splits are not looked at.

    `resume` is the folder of an interrupted run with the same configuration. Raises an AutofasError in one
    line for whatever a user can cause.
    """
    space = load_space(config.space)
    device, threads = prepare(config.device, config.threads, config.seed)
    if resume:
        run = Run.open(resume, not quiet)
    else:
        run = Run.create(config.runs_dir, "search", config.name, not quiet)
    with run:
        if resume:
            run.require_same(config)
        else:
            run.start(config, str(device), threads)
        if config.strategy == "random":
            cells = random_cells(space, np.random.default_rng(config.seed))
            return finish(config, space, run, cells, "random", [], [])
        try:
            job: _Search | MultiTrial
            kind = MultiTrial if config.strategy == "nni-evolution" else _Search
            job = kind(config, space, run, device)
        except AutofasError:
            if not resume:
                run.discard()
            raise
        return job.go()


class _Search(SearchJob):
    """One bi-level search in its run folder."""

    def __init__(self, config: SearchConfig, space: Space, run: Run, device: torch.device) -> None:
        super().__init__(config, space, run, device)
        supernet = Supernet(space, config.resolved_partial_channels, config.resolved_edge_normalization)
        self.engine = BilevelEngine(
            supernet.to(device),
            build_supervision(config.supervision),
            config.weights,
            config.arch,
            config.order,
            config.data.modalities[0],
            cuda_graphs=config.cuda_graphs,
        )

    def go(self) -> SearchResult:
        config, engine = self.config, self.engine
        start = self._resume()
        if start == 0:
            self.history.append(snapshot(engine.supernet))
        clock = Clock(config.epochs - start)
        for epoch in range(start, config.epochs):
            row = self._epoch(epoch)
            self.history.append(snapshot(engine.supernet))
            self.results.append(row)
            self.run.write_results(self.results)
            write_alphas(self.run.path / "alphas.csv", self.history, self.space)
            save_checkpoint(self.run.path, self._state(epoch + 1))
            arch = "warm-up" if row["arch_loss"] == "" else f"arch {row['arch_loss']:.4f}"
            self.run.log(
                f"epoch {epoch + 1}/{config.epochs}  train {row['train_loss']:.4f}  {arch}  "
                f"{row['seconds']:.1f} s, {clock.left()} left"
            )
        last = self.history[-1]
        cells = derive(self.space, last, betas_of(last), config.resolved_derivation)
        return finish(
            config, self.space, self.run, cells, config.resolved_derivation, self.history, self.results
        )

    def _epoch(self, epoch: int) -> dict[str, Any]:
        config, engine = self.config, self.engine
        rate = learning_rate(config.weights, epoch, config.epochs)
        set_learning_rate(engine.weight_optimizer, rate)
        set_learning_rate(engine.arch_optimizer, learning_rate(config.arch, epoch, config.epochs))
        searching = epoch >= config.warmup_epochs
        started = time.perf_counter()
        weight_losses: list[Tensor] = []
        arch_losses: list[Tensor] = []
        arch_batches = endless(self.arch_loader)
        engine.supernet.train()
        for batch in self.weight_loader:
            if searching:
                # the architecture first: its second-order form looks ahead at this very weight step
                arch_losses.append(engine.arch_step(next(arch_batches), batch))
            weight_losses.append(engine.weight_step(batch))
        arch_batches.close()
        for name, values in (("train", weight_losses), ("architecture", arch_losses)):
            if values:
                ensure_finite(torch.stack(values).sum(), f"epoch {epoch + 1}, {name} half")
        entropies = {
            f"entropy_{kind}": _entropy(engine.supernet.operation_weights(kind))
            for kind in ("normal", "reduction")
        }
        return {
            "epoch": epoch + 1,
            "lr": rate,
            "train_loss": float(torch.stack(weight_losses).double().mean()),
            "arch_loss": float(torch.stack(arch_losses).double().mean()) if arch_losses else "",
            **entropies,
            "seconds": round(time.perf_counter() - started, 3),
        }

    def _state(self, epoch: int) -> dict[str, Any]:
        return {
            "epoch": epoch,
            "engine": self.engine.state_dict(),
            "loaders": [self.weight_loader.state_dict(), self.arch_loader.state_dict()],
            "random": random_state(),
            "results": self.results,
            "history": [{key: torch.from_numpy(value) for key, value in row.items()} for row in self.history],
        }

    def _resume(self) -> int:
        state = load_checkpoint(self.run.path, self.run.log)
        if state is None:
            return 0
        self.engine.load_state_dict(state["engine"])
        self.weight_loader.load_state_dict(state["loaders"][0])
        self.arch_loader.load_state_dict(state["loaders"][1])
        self.results = state["results"]
        self.history = [{key: value.numpy() for key, value in row.items()} for row in state["history"]]
        restore_random_state(state["random"])
        self.run.log(f"resumed after epoch {state['epoch']}")
        return int(state["epoch"])


def endless(loader: Loader) -> Generator[Batch, None, None]:
    """Batches of a loader, epoch after epoch."""
    while True:
        yield from loader


def _entropy(weights: Tensor) -> float:
    """Mean entropy of the operation weights over the edges, in nats; log(operations) when undecided."""
    safe = weights.detach().double().clamp_min(1e-12)
    return float(-(safe * safe.log()).sum(1).mean())
