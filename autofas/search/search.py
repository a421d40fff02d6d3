"""The verb `search`: from a configuration to a genotype in a run folder."""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autofas.config.search import SearchConfig
from autofas.data.batches.loader import Batch, Loader
from autofas.errors import ConfigError
from autofas.models.build import MAX_PARAMETERS, bounded
from autofas.models.space import Space, load_space
from autofas.models.supernet import Supernet
from autofas.models.supervisions import build_supervision, ensure_finite
from autofas.models.weights import tensors_sha256
from autofas.runs.checkpoint import (
    Schedule,
    random_state,
    restore_random_state,
    state_bytes,
)
from autofas.runs.progress import Clock
from autofas.runs.resume import (
    Saving,
    begin,
    check_progress,
    check_tensors,
    first_rows,
    naming,
    open_run,
    require_same_identity,
    restoring,
    saved_if_interrupted,
)
from autofas.runs.run_folder import Run
from autofas.runtime import ranks
from autofas.runtime.device import prepare
from autofas.runtime.interruption import deferred
from autofas.search.derive import derive, random_cells
from autofas.search.engine import BilevelEngine
from autofas.search.history import betas_of, snapshot, write_alphas
from autofas.search.multi_trial import MultiTrial
from autofas.search.strategy import SearchJob, SearchResult, finish
from autofas.storage.files import require_space
from autofas.training.optimizers import learning_rate, set_learning_rate


def search(
    config: SearchConfig,
    *,
    resume: str | None = None,
    accept_changed: Sequence[str] = (),
    quiet: bool = True,
) -> SearchResult:
    """Search a genotype on the train split of a data set; the dev and test splits are not looked at.

    `resume` is the folder of an interrupted run with the same configuration, data, code and ranks, but for
    those that `accept_changed` names ("config", "data", ...). Raises an AutofasError in one line for whatever
    a user can cause.
    """
    space = load_space(config.space)
    device, threads = prepare(config.device, config.threads, config.seed)
    if config.strategy == "nni-evolution" and ranks.world_size() > 1:
        raise ConfigError("strategy nni-evolution runs in a single process; start it without torchrun")
    with open_run(config, "search", config.name, resume, not quiet) as run:
        with run.beginning():
            state, changed = begin(run, config, device, threads, accept_changed)
            if config.strategy == "random":
                cells = random_cells(space, np.random.default_rng(config.seed))
                return finish(config, space, run, cells, "random", [], [])
            job: _Search | MultiTrial
            kind = MultiTrial if config.strategy == "nni-evolution" else _Search
            with run.silenced(state is not None):
                job = kind(config, space, run, device)
            if state is not None:
                with restoring(run):
                    job.load(state, accept_changed)
            if changed:
                run.change(config, changed)
        return job.go()


class _Search(Saving, SearchJob):
    """One bi-level search in its run folder."""

    def __init__(self, config: SearchConfig, space: Space, run: Run, device: torch.device) -> None:
        super().__init__(config, space, run, device)
        own = (config.resolved_partial_channels, config.resolved_edge_normalization, config.recompute)
        # a search holds four of it: weights, gradients, momentum and a checkpoint
        supernet = bounded(
            lambda: Supernet(space, *own), f"the supernet of {space.name}", most=MAX_PARAMETERS // 4
        )
        self.engine = BilevelEngine(
            supernet.to(device),
            build_supervision(config.supervision),
            config.weights,
            config.arch,
            config.order,
            config.data.modalities[0],
            cuda_graphs=config.cuda_graphs,
            precision=config.precision,
        )
        self.epoch, self.seconds = 0, 0.0  # epochs done, and the time spent in the current one
        self.weight_losses: list[Tensor] = []  # of the current epoch's batches
        self.arch_losses: list[Tensor] = []
        self.schedule = Schedule(config.checkpoint_steps, config.checkpoint_minutes)

    def go(self) -> SearchResult:
        config, engine, run = self.config, self.engine, self.run
        state = state_bytes(engine.supernet.parameters(), engine.weight_optimizer)
        if run.writes:
            require_space(run.path, 3 * state, "the run")
        if not self.history:
            self.history.append(snapshot(engine.supernet))
        clock = Clock(config.epochs - self.epoch)
        with saved_if_interrupted(run, "search", self._save_if_new), deferred():
            while self.epoch < config.epochs:
                row = self._epoch(self.epoch)
                self.history.append(snapshot(engine.supernet))
                self.results.append(row)
                arch = "warm-up" if row["arch_loss"] == "" else f"arch {row['arch_loss']:.4f}"
                run.log(
                    f"epoch {self.epoch + 1}/{config.epochs}  train {row['train_loss']:.4f}  {arch}  "
                    f"{row['seconds']:.1f} s, {clock.left()} left"
                )
                self.epoch, self.seconds, self.weight_losses, self.arch_losses = self.epoch + 1, 0.0, [], []
                self._save()
                self._write_tables()  # after the checkpoint: a row there is never lost
                ranks.check()
            last = self.history[-1]
            cells = derive(self.space, last, betas_of(last), config.resolved_derivation)
            return finish(
                config, self.space, run, cells, config.resolved_derivation, self.history, self.results
            )

    def _epoch(self, epoch: int) -> dict[str, Any]:
        config, engine = self.config, self.engine
        rate = learning_rate(config.weights, epoch, config.epochs)
        set_learning_rate(engine.weight_optimizer, rate)
        set_learning_rate(engine.arch_optimizer, learning_rate(config.arch, epoch, config.epochs))
        started = time.perf_counter() - self.seconds
        engine.supernet.train()
        with closing(endless(self.arch_loader)) as arch_batches:
            # after an epoch's last batch the loader already stands at the next one's first
            for batch in self.weight_loader if len(self.weight_losses) < len(self.weight_loader) else ():
                self._step(batch, arch_batches, epoch)
                self.seconds = time.perf_counter() - started
                if self.schedule.due():
                    self._save()
                ranks.check()
        self._ensure_finite()
        digest = partial(tensors_sha256, engine.supernet.state_dict())
        ranks.require_same(digest, f"epoch {epoch + 1}: alphas, betas or weights")
        entropies = {
            f"entropy_{kind}": _entropy(engine.supernet.operation_weights(kind))
            for kind in ("normal", "reduction")
        }
        return {
            "epoch": epoch + 1,
            "lr": rate,
            "train_loss": float(torch.stack(self.weight_losses).double().mean()),
            "arch_loss": float(torch.stack(self.arch_losses).double().mean()) if self.arch_losses else "",
            **entropies,
            "seconds": round(self.seconds, 3),
        }

    def _step(self, batch: Batch, arch_batches: Iterator[Batch], epoch: int) -> None:
        """One step of the architecture, after the warm-up, and one of the weights."""
        number = len(self.weight_losses) + 1
        if epoch >= self.config.warmup_epochs:
            # the architecture first: its second-order form looks ahead at this very weight step
            arch_batch = next(arch_batches)
            with naming(f"epoch {epoch + 1}, architecture batch {number} (rows {first_rows(arch_batch)})"):
                self.arch_losses.append(self.engine.arch_step(arch_batch, batch))
        with naming(f"epoch {epoch + 1}, batch {number} (rows {first_rows(batch)})"):
            self.weight_losses.append(self.engine.weight_step(batch))

    def _write_tables(self) -> None:
        self.run.write_results(self.results)
        if self.run.writes:
            write_alphas(self.run.path / "alphas.csv", self.history, self.space)

    def _ensure_finite(self) -> None:
        """Raise RunError before what a GPU computed unseen is saved; names the first batch of the epoch."""
        firsts = []
        for name, losses in (("architecture batch", self.arch_losses), ("batch", self.weight_losses)):
            if losses:
                number = int(torch.isfinite(torch.stack(losses)).int().argmin())  # the first that is not
                firsts.append((number, name, losses[number]))
        for number, name, loss in sorted(firsts, key=lambda first: first[0]):
            ensure_finite(loss, f"epoch {self.epoch + 1}, {name} {number + 1}")
        self.engine.ensure_finite(f"epoch {self.epoch + 1}, batch {len(self.weight_losses)}")

    def _save(self) -> None:
        self._ensure_finite()
        super()._save()

    def _place(self) -> tuple[int, int]:
        return self.epoch, len(self.weight_losses)

    def _state(self) -> dict[str, Any]:
        return {
            "epoch": self.epoch,
            "weight_losses": self.weight_losses,
            "arch_losses": self.arch_losses,
            "seconds": self.seconds,
            "engine": self.engine.state_dict(),
            "loaders": [self.weight_loader.state_dict(), self.arch_loader.state_dict()],
            "random": random_state(),
            "results": self.results,
            "history": [{key: torch.from_numpy(value) for key, value in row.items()} for row in self.history],
            "log_bytes": self.run.log_bytes(),
            "identity": self.identity,
        }

    def load(self, state: dict[str, Any], accept_changed: Sequence[str]) -> None:
        """Go on from a checkpoint; raises RunError if it is of other data or code."""
        require_same_identity(self.run, state.get("identity", {}), self.identity, accept_changed)
        check_progress(state, self.config.epochs, ("weight_losses", "arch_losses"))
        check_tensors(state["engine"]["supernet"], self.engine.supernet.state_dict(), "the supernet")
        own = {name: torch.from_numpy(value) for name, value in snapshot(self.engine.supernet).items()}
        for row in state["history"]:
            check_tensors(row, own, "the history")
        self.engine.load_state_dict(state["engine"])
        self.weight_loader.load_state_dict(state["loaders"][0])
        self.arch_loader.load_state_dict(state["loaders"][1])
        self.results = state["results"]
        self.history = [{key: value.numpy() for key, value in row.items()} for row in state["history"]]
        self.epoch, self.seconds = int(state["epoch"]), float(state.get("seconds", 0.0))
        self.weight_losses, self.arch_losses = (
            [loss.to(self.device) for loss in state.get(name, ())]
            for name in ("weight_losses", "arch_losses")
        )
        restore_random_state(state["random"])
        self._write_tables()
        self.schedule.saved(self._place())
        self.run.note(f"resumed after epoch {self.epoch}, batch {len(self.weight_losses)}")


def endless(loader: Loader) -> Generator[Batch, None, None]:
    """Batches of a loader, epoch after epoch."""
    while True:
        yield from loader


def _entropy(weights: Tensor) -> float:
    """Mean entropy of the operation weights over the edges, in nats; log(operations) when undecided."""
    safe = weights.detach().double().clamp_min(1e-12)
    return float(-(safe * safe.log()).sum(1).mean())
