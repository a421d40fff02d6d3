"""The verb `train`: a genotype or a baseline becomes trained weights in a run folder.

The dev split chooses among epochs (`keep: best`: smallest video EER, then largest AUC) and later sets the
threshold; the test split is not looked at.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from autofas.config.train import TrainConfig
from autofas.data.batches.loader import Batch, Loader
from autofas.data.catalog import protocol_label
from autofas.data.fingerprint import fingerprint
from autofas.data.opening import open_data
from autofas.evaluation.judgement import dev_error
from autofas.evaluation.scoring import score_rows
from autofas.metrics import ScoreTable, write_scores
from autofas.models.build import build
from autofas.models.derived_network import DerivedNetwork
from autofas.models.network import Network
from autofas.models.supervisions import ensure_finite
from autofas.models.weights import WEIGHTS_FILE, save_weights, tensors_sha256
from autofas.runs.checkpoint import (
    Schedule,
    random_state,
    restore_random_state,
    state_bytes,
)
from autofas.runs.progress import Clock, log_progress
from autofas.runs.provenance import commit
from autofas.runs.record import record
from autofas.runs.resume import (
    Saving,
    begin,
    check_progress,
    check_tensors,
    first_rows,
    identity,
    open_run,
    require_same_identity,
    restoring,
    saved_if_interrupted,
)
from autofas.runs.run_folder import Run
from autofas.runtime import ranks
from autofas.runtime.device import prepare
from autofas.runtime.interruption import deferred
from autofas.storage.files import require_space, write_text
from autofas.training.initialise import initialise
from autofas.training.modalities import with_modalities
from autofas.training.optimizers import (
    build_optimizer,
    clip_gradients,
    learning_rate,
    set_learning_rate,
)
from autofas.training.targets import check_targets, prepare_batch


@dataclass(frozen=True)
class TrainResult:
    """The trained network in eval mode, a row an epoch, and the run folder."""

    network: Network
    results: list[dict[str, Any]]
    path: Path


def train(
    config: TrainConfig,
    *,
    resume: str | None = None,
    accept_changed: Sequence[str] = (),
    quiet: bool = True,
    notes: Sequence[str] = (),
) -> TrainResult:
    """Train on the train split, choose the epoch on the dev split, write weights and dev scores.

    `resume` is the folder of an interrupted run with the same configuration, data, code and ranks, but for
    those that `accept_changed` names ("config", "data", ...); `notes` are lines for the log's beginning.
    Raises an AutofasError in one line for whatever a user can cause.
    """
    config = with_modalities(config)
    device, threads = prepare(config.device, config.threads, config.seed)
    network = build(
        Path(config.genotype) if config.genotype else str(config.baseline),
        supervision=config.supervision,
        input_size=config.input_size,
        modality=config.data.modalities[0],
        view=config.view.kind,
        crop_size=config.view.crop_size,
        options=config.options,
    )
    check_targets(config, network)
    default = config.baseline or Path(str(config.genotype)).resolve().parent.name
    with open_run(config, "train", config.name or default, resume, not quiet) as run:
        with run.beginning():
            state, changed = begin(run, config, device, threads, accept_changed, notes)
            with run.silenced(state is not None):
                for note in run.notes():
                    run.log(f"note: {note}")
                if config.init and state is None:
                    _initialise(network, config.init, config.init_map, run)
                job = _Training(config, network, run, device)
            if state is not None:
                with restoring(run):
                    job.load(state, accept_changed)
            if changed:
                run.change(config, changed)
        return job.go()


def _initialise(network: Network, init: str, init_map: str | None, run: Run) -> None:
    """Start from a checkpoint of someone else's; what fitted goes into init.txt and the log."""
    report = initialise(network.body, Path(init), Path(init_map) if init_map else None)
    if run.writes:
        write_text(run.path / "init.txt", report.table() + "\n")
    run.log(f"{init}: {report.summary()}; the full list is in {run.path / 'init.txt'}")


class _Training(Saving):
    """One training in its run folder."""

    def __init__(self, config: TrainConfig, network: Network, run: Run, device: torch.device) -> None:
        self.config, self.network, self.run, self.device = config, network.to(device), run, device
        self.results: list[dict[str, Any]] = []
        self.best: tuple[float, float] | None = None
        self.best_state: dict[str, Tensor] = {}
        self.epoch, self.seconds = 0, 0.0  # epochs done, and the time spent in the current one
        self.losses: list[Tensor] = []  # of the current epoch's batches
        self.schedule = Schedule(config.checkpoint_steps, config.checkpoint_minutes)
        with log_progress(run, "reading frames") as progress:
            data = open_data(config.data, network.view.crop_size, progress=progress)
        for note in data.dataset.notes:
            run.log(f"note: {note}")
        self.store, self.dev = data.store, data.dataset.split("dev")
        self.data = {"trained_on": fingerprint(data.dataset)}
        self.identity = identity(data)
        rows = data.dataset.split("train")
        self.loader = Loader(
            data.store,
            rows,
            batch_size=ranks.share(min(config.batch_size, len(rows)), "a batch"),
            augment=config.augment,
            seed=config.seed,
            balance=config.balance,
            drop_last=True,
            modalities=config.data.modalities,
            device=device,
            prefetch=2 if config.data.workers else 0,
            rank=ranks.rank(),
            world_size=ranks.world_size(),
        )
        self.parameters = list(network.parameters())
        self.running = ranks.running_statistics(network)
        self.optimizer = build_optimizer(config.optimizer, self.parameters)
        count = sum(parameter.numel() for parameter in network.parameters())
        run.log(f"{network.name}: {count:,} parameters, {len(rows)} training and {len(self.dev)} dev frames")
        if "depth_map" in network.supervision.needs:
            source = "their depth images" if config.depth_target == "depth" else "a map of ones"
            run.log(f"depth targets: {source} for bona fide faces, zeros for attacks")
        if network.view.many:
            run.log(
                "dev figures per epoch use the centre patch; the scores written at the end average all views"
            )

    def go(self) -> TrainResult:
        if self.run.writes:
            require_space(self.run.path, 3 * state_bytes(self.parameters, self.optimizer), "the run")
        config = self.config
        clock = Clock(config.epochs - self.epoch)
        with saved_if_interrupted(self.run, "train", self._save_if_new), deferred():
            while self.epoch < config.epochs:
                row = self._epoch(self.epoch)
                error = (row["dev_eer"], row["dev_1_minus_auc"])
                if config.keep == "last" or self.best is None or error <= self.best:
                    self.best = error
                    state = self.network.body.state_dict()
                    self.best_state = {name: value.detach().cpu().clone() for name, value in state.items()}
                self.results.append(row)
                self.run.log(
                    f"epoch {self.epoch + 1}/{config.epochs}  train {row['train_loss']:.4f}  "
                    f"dev EER {100 * row['dev_eer']:.2f} %  {row['seconds']:.1f} s, {clock.left()} left"
                )
                self.epoch, self.losses, self.seconds = self.epoch + 1, [], 0.0
                if self.epoch % config.checkpoint_every == 0 or self.epoch == config.epochs:
                    self._save()
                self.run.write_results(self.results)  # after the checkpoint: a row there is never lost
                ranks.check()
            return self._finish()

    def _epoch(self, epoch: int) -> dict[str, Any]:
        config, network = self.config, self.network
        rate = learning_rate(config.optimizer, epoch, config.epochs)
        set_learning_rate(self.optimizer, rate)
        if isinstance(network.body, DerivedNetwork):
            # rises linearly over the epochs, as in DARTS
            network.body.set_drop_path(config.drop_path * epoch / config.epochs)
        started = time.perf_counter() - self.seconds
        network.train()
        # after an epoch's last batch the loader already stands at the next one's first
        for batch in self.loader if len(self.losses) < len(self.loader) else ():
            self.losses.append(self._step(batch, epoch))
            self.seconds = time.perf_counter() - started
            if self.schedule.due():
                self._save()
            ranks.check()
        digest = partial(tensors_sha256, network.body.state_dict())
        ranks.require_same(digest, f"epoch {epoch + 1}: the network's weights")
        evaluated = time.perf_counter()
        error = dev_error(score_rows(network, self.store, self.dev, self.device, every_view=False))
        return {
            "epoch": epoch + 1,
            "lr": rate,
            "train_loss": float(torch.stack(self.losses).double().mean()),
            "dev_eer": error[0],
            "dev_1_minus_auc": error[1],
            "seconds": round(self.seconds, 3),
            "dev_seconds": round(time.perf_counter() - evaluated, 3),
        }

    def _step(self, batch: Batch, epoch: int) -> Tensor:
        """One step on a batch; returns its loss. Raises RunError before an update with NaN or infinity."""
        config, network = self.config, self.network
        where = f"epoch {epoch + 1}, batch {len(self.losses) + 1} (rows {first_rows(batch)})"
        images, targets = prepare_batch(batch, network, config, epoch)
        loss = network.supervision.loss(network(images), targets)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        gradients = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
        (loss,) = ranks.average([loss.detach()], [*gradients, *self.running])
        ensure_finite(loss, where)
        clip_gradients(self.parameters, config.optimizer.grad_clip, where)
        self.optimizer.step()
        return loss

    def _place(self) -> tuple[int, int]:
        return self.epoch, len(self.losses)

    def _state(self) -> dict[str, Any]:
        return {
            "epoch": self.epoch,
            "losses": self.losses,
            "seconds": self.seconds,
            "network": self.network.body.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "loader": self.loader.state_dict(),
            "random": random_state(),
            "results": self.results,
            "best": list(self.best or ()),
            "best_state": self.best_state,
            "log_bytes": self.run.log_bytes(),
            "identity": self.identity,
        }

    def load(self, state: dict[str, Any], accept_changed: Sequence[str]) -> None:
        """Go on from a checkpoint; raises RunError if it is of other data or code."""
        require_same_identity(self.run, state.get("identity", {}), self.identity, accept_changed)
        check_progress(state, self.config.epochs, ("losses",))
        own = self.network.body.state_dict()
        check_tensors(state["network"], own, "the network")
        if state["epoch"]:
            check_tensors(state["best_state"], own, "the best network")
        self.network.body.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.loader.load_state_dict(state["loader"])
        self.results, self.best_state = state["results"], state["best_state"]
        self.best = (state["best"][0], state["best"][1]) if state["best"] else None
        self.epoch = int(state["epoch"])
        self.losses = [loss.to(self.device) for loss in state.get("losses", ())]
        self.seconds = float(state.get("seconds", 0.0))
        restore_random_state(state["random"])
        self.run.write_results(self.results)
        self.schedule.saved(self._place())
        self.run.note(f"resumed after epoch {self.epoch}, batch {len(self.losses)}")

    def _finish(self) -> TrainResult:
        self.network.body.load_state_dict(self.best_state)
        self.network.eval()
        scores = score_rows(self.network, self.store, self.dev, self.device)
        if self.run.writes:
            self._write(scores)
        return TrainResult(self.network, self.results, self.run.path)

    def _write(self, dev_scores: ScoreTable) -> None:
        """Weights, dev scores and the record."""
        config, run = self.config, self.run
        save_weights(
            self.network,
            run.path / WEIGHTS_FILE,
            margin=config.data.margin,
            provenance={
                "run": run.path.name,
                "dataset": config.data.dataset,
                "protocol": protocol_label(config.data.dataset, config.data.protocol),
                "fold": config.data.fold,
                "seed": config.seed,
                "epochs": config.epochs,
                "commit": commit(),
            },
        )
        write_scores(run.path / "scores-dev.csv", dev_scores)
        run.log(f"weights: {run.path / WEIGHTS_FILE}")
        digest = tensors_sha256(self.network.body.state_dict())
        record(run.path, "train", weights_sha256=digest, data=self.data, seed=config.seed)
