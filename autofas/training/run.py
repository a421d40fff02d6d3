"""The verb `train`: a genotype or a baseline becomes trained weights in a run folder.

The dev split chooses among epochs (`keep: best`: smallest video EER, then largest AUC) and later sets the
threshold; the test split is not looked at.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from autofas.config import TrainConfig
from autofas.data.fingerprint import fingerprint
from autofas.data.loader import Loader
from autofas.data.opening import open_data
from autofas.device import prepare
from autofas.errors import AutofasError
from autofas.evaluation.figures import dev_error
from autofas.evaluation.scoring import score_rows
from autofas.metrics import write_scores
from autofas.models.build import Network, build
from autofas.models.network import DerivedNetwork
from autofas.models.supervisions import ensure_finite
from autofas.models.weights import WEIGHTS_FILE, save_weights, tensors_sha256
from autofas.run_record import record
from autofas.runs import Run, commit, write_text
from autofas.training.checkpoint import (
    load_checkpoint,
    random_state,
    restore_random_state,
    save_checkpoint,
)
from autofas.training.initialise import initialise
from autofas.training.modalities import with_modalities
from autofas.training.optim import build_optimizer, learning_rate, set_learning_rate
from autofas.training.progress import Clock, log_progress
from autofas.training.targets import check_targets, prepare_batch


@dataclass(frozen=True)
class TrainResult:
    """The trained network in eval mode, a row an epoch, and the run folder."""

    network: Network
    results: list[dict[str, Any]]
    path: Path


def train(
    config: TrainConfig, *, resume: str | None = None, quiet: bool = True, notes: Sequence[str] = ()
) -> TrainResult:
    """Train on the train split, choose the epoch on the dev split, write weights and dev scores.

    `resume` is the folder of an interrupted run with the same configuration, `notes` lines for the log's
    beginning. Raises an AutofasError in one line for whatever a user can cause.
    """
    config = with_modalities(config)
    device, threads = prepare(config.device, config.threads, config.seed)
    network = build(
        config.genotype or str(config.baseline),
        supervision=config.supervision,
        input_size=config.input_size,
        modality=config.data.modalities[0],
        view=config.view.kind,
        crop_size=config.view.crop_size,
        options=config.options,
    )
    check_targets(config, network)
    report = None
    if config.init and not resume:
        report = initialise(
            network.body, Path(config.init), Path(config.init_map) if config.init_map else None
        )
    if resume:
        run = Run.open(resume, not quiet)
    else:
        default = config.baseline or Path(str(config.genotype)).resolve().parent.name
        run = Run.create(config.runs_dir, "train", config.name or default, not quiet)
    with run:
        if resume:
            run.require_same(config)
        else:
            run.start(config, str(device), threads)
        for note in notes:
            run.log(f"note: {note}")
        if report is not None:
            write_text(run.path / "init.txt", report.table() + "\n")
            run.log(f"{config.init}: {report.summary()}; all names in {run.path / 'init.txt'}")
        try:
            job = _Training(config, network, run, device)
        except AutofasError:
            if not resume:
                run.discard()
            raise
        return job.go()


class _Training:
    """One training in its run folder."""

    def __init__(self, config: TrainConfig, network: Network, run: Run, device: torch.device) -> None:
        self.config, self.network, self.run, self.device = config, network.to(device), run, device
        self.results: list[dict[str, Any]] = []
        self.best: tuple[float, float] | None = None
        self.best_state: dict[str, Tensor] = {}
        with log_progress(run, "reading frames") as progress:
            data = open_data(config.data, network.view.crop_size, progress=progress)
        for note in data.dataset.notes:
            run.log(f"note: {note}")
        self.store, self.dev = data.store, data.dataset.split("dev")
        self.data = {"trained_on": fingerprint(data.dataset)}
        rows = data.dataset.split("train")
        self.loader = Loader(
            data.store,
            rows,
            batch_size=min(config.batch_size, len(rows)),
            augment=config.augment,
            seed=config.seed,
            balance=config.balance,
            drop_last=True,
            modalities=config.data.modalities,
            device=device,
        )
        self.optimizer = build_optimizer(config.optimizer, network.parameters())
        count = sum(parameter.numel() for parameter in network.parameters())
        run.log(f"{network.name}: {count:,} parameters, {len(rows)} training and {len(self.dev)} dev frames")
        if "depth_map" in network.supervision.needs:
            source = "their depth images" if config.depth_target == "depth" else "a map of ones"
            run.log(f"depth maps taught: bona fide faces {source}, attacks zeros")
        if network.view.many:
            run.log(
                "dev figures of epochs are of the centre patch; scores written at the end average all views"
            )

    def go(self) -> TrainResult:
        config = self.config
        start = self._resume()
        clock = Clock(config.epochs - start)
        for epoch in range(start, config.epochs):
            row = self._epoch(epoch)
            error = (row["dev_eer"], row["dev_1_minus_auc"])
            if config.keep == "last" or self.best is None or error <= self.best:
                self.best = error
                state = self.network.body.state_dict()
                self.best_state = {name: value.detach().cpu().clone() for name, value in state.items()}
            self.results.append(row)
            self.run.write_results(self.results)
            if (epoch + 1) % config.checkpoint_every == 0 or epoch + 1 == config.epochs:
                save_checkpoint(self.run.path, self._state(epoch + 1))
            self.run.log(
                f"epoch {epoch + 1}/{config.epochs}  train {row['train_loss']:.4f}  "
                f"dev EER {100 * row['dev_eer']:.2f} %  {row['seconds']:.1f} s, {clock.left()} left"
            )
        return self._finish()

    def _epoch(self, epoch: int) -> dict[str, Any]:
        config, network = self.config, self.network
        rate = learning_rate(config.optimizer, epoch, config.epochs)
        set_learning_rate(self.optimizer, rate)
        if isinstance(network.body, DerivedNetwork):
            # rises linearly over the epochs, as in DARTS
            network.body.set_drop_path(config.drop_path * epoch / config.epochs)
        started = time.perf_counter()
        losses = []
        network.train()
        for batch in self.loader:
            images, targets = prepare_batch(batch, network, config, epoch)
            loss = network.supervision.loss(network(images), targets)
            ensure_finite(loss, f"epoch {epoch + 1}, a batch that starts at row {int(batch.index[0])}")
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            if config.optimizer.grad_clip is not None:
                nn.utils.clip_grad_norm_(
                    network.parameters(), config.optimizer.grad_clip, error_if_nonfinite=True
                )
            self.optimizer.step()
            losses.append(loss.detach())
        trained = time.perf_counter()
        error = dev_error(score_rows(network, self.store, self.dev, self.device, every_view=False))
        return {
            "epoch": epoch + 1,
            "lr": rate,
            "train_loss": float(torch.stack(losses).double().mean()),
            "dev_eer": error[0],
            "dev_1_minus_auc": error[1],
            "seconds": round(trained - started, 3),
            "dev_seconds": round(time.perf_counter() - trained, 3),
        }

    def _state(self, epoch: int) -> dict[str, Any]:
        return {
            "epoch": epoch,
            "network": self.network.body.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "loader": self.loader.state_dict(),
            "random": random_state(),
            "results": self.results,
            "best": list(self.best or ()),
            "best_state": self.best_state,
        }

    def _resume(self) -> int:
        state = load_checkpoint(self.run.path, self.run.log)
        if state is None:
            return 0
        self.network.body.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.loader.load_state_dict(state["loader"])
        self.results, self.best_state = state["results"], state["best_state"]
        self.best = (state["best"][0], state["best"][1])
        restore_random_state(state["random"])
        self.run.log(f"resumed after epoch {state['epoch']}")
        return int(state["epoch"])

    def _finish(self) -> TrainResult:
        config, run = self.config, self.run
        self.network.body.load_state_dict(self.best_state)
        self.network.eval()
        save_weights(
            self.network,
            run.path / WEIGHTS_FILE,
            margin=config.data.margin,
            provenance={
                "run": run.path.name,
                "dataset": config.data.dataset,
                "protocol": str(config.data.resolved_protocol),
                "fold": config.data.fold,
                "seed": config.seed,
                "epochs": config.epochs,
                "commit": commit(),
            },
        )
        write_scores(run.path / "scores-dev.csv", score_rows(self.network, self.store, self.dev, self.device))
        run.log(f"weights: {run.path / WEIGHTS_FILE}")
        digest = tensors_sha256(self.network.body.state_dict())
        record(run.path, "train", weights_sha256=digest, data=self.data, seed=config.seed)
        return TrainResult(self.network, self.results, run.path)
