"""The verb `train`: a genotype or a baseline becomes trained weights in a run folder.

The dev split chooses among epochs (`keep: best`: smallest video EER, then largest AUC) and later sets the
threshold; the test split is not looked at.
"""

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from autofas.config.train import TrainConfig
from autofas.data.batches.augmentation_policy import preset
from autofas.data.batches.batch import Batch
from autofas.data.batches.groups import groups_of
from autofas.data.catalog import protocol_label
from autofas.data.fingerprint import fingerprint
from autofas.data.opening import OpenedDatasets
from autofas.data.protocols.partition import missing_instruments, undefined_on_test
from autofas.evaluation.judgement import dev_error
from autofas.evaluation.live_maps import Images, WatchedFaces
from autofas.evaluation.scoring import score_rows
from autofas.metrics import ScoreTable, write_scores
from autofas.models.build import build
from autofas.models.derived_network import DerivedNetwork
from autofas.models.network import Network
from autofas.models.own_network import is_own
from autofas.models.supervisions import ensure_finite
from autofas.models.weights import WEIGHTS_FILE, save_weights, tensors_sha256
from autofas.runs.checkpoint import state_bytes
from autofas.runs.lifecycle import Resumable, carry_through
from autofas.runs.progress import progress
from autofas.runs.provenance import commit
from autofas.runs.record import record
from autofas.runs.resume import check_tensors, first_rows, identity, saved_losses
from autofas.runs.training_batches import training_loader, whole_batch
from autofas.runtime import ranks
from autofas.storage.files import write_text
from autofas.training.averaging import WeightAverage
from autofas.training.group_dro import GroupDRO
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
    """The trained network in eval mode, a row an epoch, and the run folder; None if nothing was written."""

    network: Network
    results: list[dict[str, Any]]
    path: Path | None


def train(
    config: TrainConfig,
    *,
    resume: str | None = None,
    accept_changed: Sequence[str] = (),
    quiet: bool = True,
    notes: Sequence[str] = (),
    datasets: OpenedDatasets | None = None,
) -> TrainResult:
    """Train on the train split, choose the epoch on the dev split, write weights and dev scores.

    `resume` is the folder of an interrupted run with the same configuration, data, code and ranks, but for
    those that `accept_changed` names ("config", "data", ...); `notes` are lines for the log's beginning,
    `datasets` what is open already.
    Raises an AutofasError in one line for whatever a user can cause.
    """
    datasets = datasets or OpenedDatasets()
    return carry_through(
        partial(Training, datasets=datasets),
        with_modalities(config, datasets),
        resume=resume,
        accept_changed=accept_changed,
        quiet=quiet,
        notes=notes,
    )


class Training(Resumable[TrainResult]):
    """One training: epochs on the train split, of which the dev split chooses one."""

    verb = "train"
    config: TrainConfig

    def __init__(self, config: TrainConfig, device: torch.device, datasets: OpenedDatasets) -> None:
        super().__init__(config, device)
        self.datasets = datasets
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
        self.network = network
        self.best: tuple[float, float] | None = None
        self.best_state: dict[str, Tensor] = {}
        self.losses: list[Tensor] = []  # of the current epoch's batches
        self.robust: GroupDRO | None = None
        self.average: WeightAverage | None = None

    @property
    def name(self) -> str | None:
        """The name asked for, else the baseline's, that of the genotype's search, or the genotype's own."""
        config = self.config
        if config.baseline and is_own(config.baseline):
            return config.name or Path(config.baseline).stem
        place = Path(str(config.genotype)).resolve()
        searched = place.parent.name if place.name == "genotype.json" else self.network.name
        return config.name or config.baseline or searched

    @property
    def rounds(self) -> int:
        return self.config.epochs

    def open(self, *, fresh: bool) -> None:
        """The train and dev splits, and the network between its batches and its optimiser."""
        config, network, run = self.config, self.network, self.run
        preset(config.resolved_augment)  # a misspelt one is told before anything is read
        if config.init and fresh:
            self._initialise(Path(config.init), Path(config.init_map) if config.init_map else None)
        network.to(self.device)
        if self.device.type == "cpu":
            # channels side by side: depthwise networks train in half to two thirds of the time
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        with progress("opening the data set", shown=run.echo) as report:
            dataset = self.datasets.divided(config.data, report)
        dataset.need_both_classes("train", "dev")
        rows, self.dev = dataset.split("train"), dataset.split("dev")
        whole_batch(config, rows)  # too few are told before anything is decoded
        groups = groups_of(rows, config.balance_by) if config.balance_by else None
        lacking = missing_instruments({"train": rows, "dev": self.dev})
        for note in (*dataset.notes, *lacking, *undefined_on_test(dataset.splits)):
            run.log(f"note: {note}")
        with progress("preparing faces", shown=run.echo) as report:
            self.store = self.datasets.crops(config.data, network.view.crop_size, report)
        self.data = {"trained_on": fingerprint(dataset)}
        self.identity = identity(dataset, self.store)
        self.loader = training_loader(
            config, self.store, rows, seed=config.seed, device=self.device, groups=groups
        )
        if groups is not None:
            run.log(f"balanced over {len(groups.names)} groups: {'; '.join(groups.names[:12])}")
            if config.objective == "group-dro":
                self.robust = GroupDRO(groups, config.group_rate, self.device)
        if config.tensorboard:
            self.watched = WatchedFaces.of(self.store, self.dev, network.modalities, self.device)
        self.parameters = list(network.parameters())
        self.running = ranks.running_statistics(network)
        self.optimizer = build_optimizer(config.optimizer, self.parameters)
        if config.average:
            self.average = WeightAverage(network.body, config.average)
        count = sum(parameter.numel() for parameter in network.parameters())
        run.log(f"{network.name}: {count:,} parameters, {len(rows)} training and {len(self.dev)} dev frames")
        if "depth_map" in network.supervision.needs:
            source = "their depth images" if config.depth_target == "depth" else "a map of ones"
            run.log(f"depth targets: {source} for bona fide faces, zeros for attacks")
        if network.view.many:
            run.log(
                "dev figures per epoch use the centre patch; the scores written at the end average all views"
            )

    def _initialise(self, init: Path, init_map: Path | None) -> None:
        """Start from a checkpoint of someone else's; what fitted goes into init.txt and the log."""
        report = initialise(self.network.body, init, init_map)
        if self.run.writes:
            write_text(self.run.path / "init.txt", report.table() + "\n")
            self.run.log(f"{init}: {report.summary()}; the full list is in {self.run.path / 'init.txt'}")

    def do_round(self) -> dict[str, Any]:
        """One epoch, its dev error, and the weights if they are the best so far."""
        config, network, epoch = self.config, self.network, self.done
        rate = learning_rate(config.optimizer, epoch, config.epochs)
        set_learning_rate(self.optimizer, rate)
        if isinstance(network.body, DerivedNetwork):
            # rises linearly over the epochs, as in DARTS
            network.body.set_drop_path(config.drop_path * epoch / config.epochs)
        network.train()
        for batch in self.batches(self.loader):
            self.losses.append(self.step(batch))
        digest = partial(tensors_sha256, network.body.state_dict())
        ranks.require_same(digest, f"epoch {epoch + 1}: the network's weights")
        evaluated = time.perf_counter()
        with self.average.in_place() if self.average else nullcontext():
            error = dev_error(score_rows(network, self.store, self.dev, self.device, every_view=False))
            if config.keep == "last" or self.best is None or error <= self.best:
                self.best = error
                state = network.body.state_dict()
                self.best_state = {name: value.detach().cpu().clone() for name, value in state.items()}
        row = {
            "epoch": epoch + 1,
            "lr": rate,
            "train_loss": float(torch.stack(self.losses).double().mean()),
            "dev_eer": error[0],
            "dev_1_minus_auc": error[1],
            "seconds": round(self.seconds, 3),
            "dev_seconds": round(time.perf_counter() - evaluated, 3),
        }
        self.losses = []
        return row

    def step(self, batch: Batch) -> Tensor:
        """One step on a batch; returns its loss. Raises RunError before an update with NaN or infinity."""
        config, network = self.config, self.network
        where = f"epoch {self.done + 1}, batch {len(self.losses) + 1} (rows {first_rows(batch)})"
        images, targets = prepare_batch(batch, network, config, self.done)
        outputs = network(images)
        if self.robust is None:
            loss = network.supervision.loss(outputs, targets)
        else:
            loss = self.robust.loss(network.supervision, outputs, targets, batch.index)
        self.optimizer.zero_grad()
        loss.backward()
        gradients = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
        (loss,) = ranks.average([loss.detach()], [*gradients, *self.running])
        ensure_finite(loss, where)
        clip_gradients(self.parameters, config.optimizer.grad_clip, where)
        self.optimizer.step()
        if self.average:
            self.average.update()
        return loss

    def told(self, row: dict[str, Any]) -> str:
        worst = f"  worst group {self.robust.words}" if self.robust else ""
        return f"train {row['train_loss']:.4f}  dev EER {100 * row['dev_eer']:.2f} %{worst}"

    def live_maps(self) -> dict[str, Tensor]:
        network = self.network

        def compute(images: Images) -> Tensor | None:
            return network.supervision.live_map(network(next(network.view.evaluation(images))))

        return self.watched.maps(network, compute)

    def saves_after(self, rounds: int) -> bool:
        return rounds % self.config.checkpoint_every == 0 or rounds == self.rounds

    def place(self) -> tuple[int, int]:
        return self.done, len(self.losses)

    def state_bytes(self) -> int:
        return state_bytes(self.parameters, self.optimizer.averages + (self.average is not None))

    def state(self) -> dict[str, Any]:
        return {
            "losses": self.losses,
            "network": self.network.body.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "loader": self.loader.state_dict(),
            "best": list(self.best or ()),
            "best_state": self.best_state,
            **({"groups": self.robust.state_dict()} if self.robust else {}),
            **({"average": self.average.state_dict()} if self.average else {}),
        }

    def load(self, state: dict[str, Any]) -> None:
        self.losses = saved_losses(state, "losses", self.device)
        own = self.network.body.state_dict()
        check_tensors(state["network"], own, "the network")
        if state["epoch"]:
            check_tensors(state["best_state"], own, "the best network")
        self.network.body.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.loader.load_state_dict(state["loader"])
        if self.robust is not None and "groups" in state:  # not where the objective is a change accepted
            self.robust.load_state_dict(state["groups"])
        if self.average is not None and "average" in state:
            self.average.load_state_dict(state["average"])
        self.best_state = state["best_state"]
        self.best = (state["best"][0], state["best"][1]) if state["best"] else None

    def finish(self) -> TrainResult:
        """The chosen epoch's weights, its dev scores and the record."""
        self.network.body.load_state_dict(self.best_state)
        # as it will be when it is read from its file, to the bit
        self.network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        self.network.eval()
        scores = score_rows(self.network, self.store, self.dev, self.device)
        if self.run.writes:
            self._write(scores)
        return TrainResult(self.network, self.results, self.run.path if self.run.has_folder else None)

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
