"""Bi-level search (DARTS, PC-DARTS): one supernet, steps of its weights and its alphas in turn.

The steps are those of autofas.search.engine; here they become epochs, with a row of results and a checkpoint.
"""

import math
from collections.abc import Generator, Iterator
from contextlib import closing
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autofas.config.search import SearchConfig
from autofas.data.batches.batch import Batch
from autofas.data.batches.loader import Loader
from autofas.data.opening import OpenedDatasets
from autofas.errors import ConfigError
from autofas.evaluation.live_maps import Images
from autofas.models.build import MAX_PARAMETERS, bounded
from autofas.models.genotype import Cell
from autofas.models.space import Space
from autofas.models.supernet import Supernet, require_skip
from autofas.models.supervisions import build_supervision, ensure_finite
from autofas.models.weights import tensors_sha256
from autofas.runs.checkpoint import state_bytes
from autofas.runs.resume import check_tensors, first_rows, naming, saved_losses
from autofas.runtime import ranks
from autofas.search.bounds import derive_within
from autofas.search.curvature import overshoot, sharpness
from autofas.search.derive import KINDS, derive_cell
from autofas.search.discrete import gap, judge_supernet
from autofas.search.engine import BilevelEngine, Term
from autofas.search.finalists import filtered, halve, nominate
from autofas.search.history import betas_of, shares, snapshot, write_alphas
from autofas.search.kernels import choose
from autofas.search.perturbation import Perturbation, require_perturbable
from autofas.search.proxies import proxies
from autofas.search.smoothing import radius_at, smoothed
from autofas.search.strategy import Strategy
from autofas.search.terms import beta_decay, falling, rising
from autofas.search.verdict import Verdict, judge
from autofas.storage.files import write_rows
from autofas.training.optimizers import learning_rate, set_learning_rate


class BilevelSearch(Strategy):
    """One supernet whose weights learn on one half of the subjects and whose alphas on the other."""

    def __init__(
        self, config: SearchConfig, space: Space, device: torch.device, datasets: OpenedDatasets
    ) -> None:
        super().__init__(config, space, device, datasets)
        if space not in self.layouts.possible:  # limits rule the space's own layout out, not all others
            space = self.space = self.found = self.layouts.possible[0]
        self.limits = self.layouts.limits_in(space)  # in the supernet's layout
        if config.finalists and ranks.world_size() > 1:
            raise ConfigError("finalists are trained in a single process; start it without torchrun")
        if (config.eigenvalue_stop or config.derivation == "darts-pt") and ranks.world_size() > 1:
            raise ConfigError(
                "eigenvalue_stop and derivation darts-pt work in a single process; start it without torchrun"
            )
        if config.derivation == "darts-pt":
            require_perturbable(config, space)
        if config.auxiliary_skip:
            require_skip(space)
        self.kernels = choose(config.kernels, space, device, config.precision, config.order)
        self.weight_losses: list[Tensor] = []  # of the current epoch's batches
        self.arch_losses: list[Tensor] = []
        self.moving = False  # whether alphas move in the current epoch
        self.winner = ""  # in words, of the finalists

    @property
    def rounds(self) -> int:
        return len(self.results) if overshoot(self.config, self.results) else self.config.epochs

    @property
    def chosen(self) -> int:
        """The epoch whose alphas count: the last one, or a window before a search that ended early did."""
        return len(self.history) - 1 - overshoot(self.config, self.results)

    @property
    def facts(self) -> dict[str, str]:
        return {"kernels": self.kernels.name}

    def open(self, *, fresh: bool) -> None:
        """The halves, and a supernet between its two optimisers."""
        super().open(fresh=fresh)
        config, space = self.config, self.space
        self.run.log(f"compiled kernels: {self.kernels.name}")
        own = (
            config.resolved_partial_channels,
            config.resolved_edge_normalization,
            config.recompute,
            self.kernels.used,
        )
        # a search holds four of it: weights, gradients, momentum and a checkpoint
        supernet = bounded(
            lambda: Supernet(space, *own), f"the supernet of {space.name}", most=MAX_PARAMETERS // 4
        )
        self.engine = BilevelEngine(
            supernet.to(self.device),
            build_supervision(config.supervision),
            config.weights,
            config.arch,
            config.order,
            config.data.modalities[0],
            cuda_graphs=config.cuda_graphs,
            precision=config.precision,
            terms=self.terms(),
        )
        if config.auxiliary_skip:
            self.engine.supernet.add_auxiliary_skip()
        self.history = [snapshot(self.engine.supernet)]

    def terms(self) -> list[Term]:
        """The terms of the alphas' loss that the configuration asks for."""
        config, found = self.config, list[Term]()
        if (limits := self.limits) and limits.most:
            found.append(lambda net: limits.penalty(net, config.resolved_derivation))
        if config.beta_decay:
            found.append(lambda net: rising(config.beta_decay, self.done, config.epochs) * beta_decay(net))
        return found

    def do_round(self) -> dict[str, Any]:
        """One epoch: a step of each level on every batch, of the weights alone while the alphas wait."""
        config, engine, epoch = self.config, self.engine, self.done
        rate = learning_rate(config.weights, epoch, config.epochs)
        set_learning_rate(engine.weight_optimizer, rate)
        set_learning_rate(engine.arch_optimizer, learning_rate(config.arch, epoch, config.epochs))
        engine.supernet.train()
        self._open_gate()
        if config.auxiliary_skip:
            engine.supernet.set_auxiliary_skip(falling(config.auxiliary_skip, epoch, config.epochs))
        with closing(endless(self.arch_loader)) as arch_batches:
            for batch in self.batches(self.weight_loader):
                self.step(batch, arch_batches)
        self._ensure_finite()
        digest = partial(tensors_sha256, engine.supernet.state_dict())
        ranks.require_same(digest, f"epoch {epoch + 1}: alphas, betas or weights")
        entropies = {
            f"entropy_{kind}": _entropy(engine.supernet.operation_weights(kind))
            for kind in ("normal", "reduction")
        }
        row = {
            "epoch": epoch + 1,
            "lr": rate,
            "train_loss": float(torch.stack(self.weight_losses).double().mean()),
            "arch_loss": float(torch.stack(self.arch_losses).double().mean()) if self.arch_losses else "",
            **entropies,
            **(self.limits.row(engine.supernet) if self.limits else {}),
            **({"eigenvalue": self._eigenvalue()} if config.eigenvalue_stop else {}),
            "seconds": round(self.seconds, 3),
        }
        self.history.append(snapshot(engine.supernet))
        self.weight_losses, self.arch_losses = [], []
        return row

    def step(self, batch: Batch, arch_batches: Iterator[Batch]) -> None:
        """One step of the architecture, after the warm-up, and one of the weights."""
        epoch, number = self.done, len(self.weight_losses) + 1
        if self.moving:
            # the architecture first: its second-order form looks ahead at this very weight step
            arch_batch = next(arch_batches)
            with naming(f"epoch {epoch + 1}, architecture batch {number} (rows {first_rows(arch_batch)})"):
                self.arch_losses.append(self.engine.arch_step(arch_batch, batch))
        with naming(f"epoch {epoch + 1}, batch {number} (rows {first_rows(batch)})"):
            self.weight_losses.append(self._weight_step(batch))

    def _weight_step(self, batch: Batch) -> Tensor:
        """One step of the weights, under noise on the alphas where it is asked for."""
        radius = radius_at(self.config.alpha_noise, self.done, self.config.epochs)
        with smoothed(self.engine.supernet, radius):
            return self.engine.weight_step(batch)

    def _eigenvalue(self) -> float | str:
        """How sharply the loss of one batch of the architecture half, always the same, bends by alpha."""
        if not self.moving:
            return ""
        engine, batch = self.engine, next(iter(self.plain_loader()))
        images = batch.images[engine.modality]
        return sharpness(engine.supernet, lambda out: engine.supervision.loss(out, batch.targets), images)

    def _open_gate(self) -> None:
        """Decide whether the alphas move in this epoch, by the epochs done and their weight losses."""
        config, epoch = self.config, self.done
        self.moving = epoch >= config.warmup_epochs
        if config.warmup_fall is None or not self.moving:
            return
        enough = (1 - config.warmup_fall) * math.log(2)
        least = min((float(row["train_loss"]) for row in self.results), default=math.inf)
        self.moving = least <= enough or epoch >= config.latest_start
        began = bool(self.weight_losses) or any(row["arch_loss"] != "" for row in self.results)
        if self.moving and not began:
            why = "has fallen to" if least <= enough else f"has not fallen to {enough:.3f} but to"
            self.run.log(f"alphas move from epoch {epoch + 1} on: the weight loss {why} {least:.3f}")

    def told(self, row: dict[str, Any]) -> str:
        arch = "warm-up" if row["arch_loss"] == "" else f"arch {row['arch_loss']:.4f}"
        return f"train {row['train_loss']:.4f}  {arch}"

    def curves(self) -> dict[str, float]:
        return shares(self.engine.supernet)

    def live_maps(self) -> dict[str, Tensor]:
        engine = self.engine

        def compute(images: Images) -> Tensor | None:
            return engine.supervision.live_map(engine.supernet(images[engine.modality]))

        return self.watched.maps(engine.supernet, compute)

    def choose(self) -> tuple[tuple[Cell, Cell], str]:
        """The cells of the chosen epoch's alphas, within the limits, those that the supernet needs, or those
        of the best finalist."""
        last, rule = self.history[self.chosen], self.config.resolved_derivation
        if self.chosen < len(self.history) - 1:
            self.run.log(
                f"the largest eigenvalue has grown by {self.config.eigenvalue_stop:g} within "
                f"{self.config.eigenvalue_window} epochs: the search ends after {self.done}, and the alphas "
                f"of epoch {self.chosen} are the last that count"
            )
        if rule == "darts-pt":
            return self.perturbed(), rule
        if self.config.finalists:
            return self._final(rule)
        bounds = self.limits.bounds if self.limits else None
        return derive_within(self.space, last, betas_of(last), rule, bounds), rule

    def _final(self, rule: str) -> tuple[tuple[Cell, Cell], str]:
        """The best finalist's cells, and what made or chose them; finalists.csv holds all."""
        config = self.config
        first = 1 + next((number for number, row in enumerate(self.results) if row["arch_loss"] != ""), 0)
        pool = config.finalists * (config.finalist_pool if config.finalist_filter else 1)
        history = self.history[: self.chosen + 1]
        chosen = nominate(self.layouts, history, rule, pool, first, np.random.default_rng([config.seed, 2]))
        if config.finalist_filter:
            name, batch = config.finalist_filter, next(iter(self.weight_batches()))
            for one in chosen:
                one.proxy = proxies(self.network_of(one).to(self.device), batch, [name])[name]
            self.run.log(f"{name} keeps {config.finalists} of {len(chosen)} genotypes")
            chosen = filtered(chosen, config.finalists, config.finalist_keep)
        self.run.log(f"{len(chosen)} finalists are trained on the weight half")
        best = halve(chosen, self.begin_brief, self.plain_loader, config.finalist_epochs, self.run.log)
        if self.run.writes:
            ordered = sorted(chosen, key=lambda one: (-one.epochs, one.rank))
            write_rows(self.run.path / "finalists.csv", [one.row() for one in ordered])
        self.found = best.space
        self.winner = f"the best of {len(chosen)} brief trainings has {best.name}"
        self.run.log(self.winner)
        # what a search has chosen is no random network, whoever drew its cells
        return best.cells, "finalists" if best.rule == "random" else best.rule

    def perturbed(self) -> tuple[Cell, Cell]:
        """The cells that the supernet can least do without; weights, alphas and betas stay as they are."""
        engine, config, loader = self.engine, self.config, self.weight_batches()
        weights = {name: value.clone() for name, value in engine.supernet.state_dict().items()}
        if config.auxiliary_skip:
            engine.supernet.set_auxiliary_skip(0.0)
        set_learning_rate(engine.weight_optimizer, config.weights.lr / 10)  # the schedule has ended near 0

        def judge() -> float:
            ranks.check()
            batches = self.plain_loader()
            return judge_supernet(engine.supernet, engine.supervision, engine.outputs, batches)[0]

        def tune() -> None:
            for batch in (batch for _ in range(config.tune_epochs) for batch in loader):
                with naming(f"tuning after a decision (rows {first_rows(batch)})"):
                    engine.weight_step(batch)

        generator = np.random.default_rng([config.seed, 3])
        try:
            found = Perturbation(engine.supernet, judge, tune, self.run.log).cells(generator)
        finally:
            engine.supernet.load_state_dict(weights)
        record = self.history[self.chosen]  # a kind that no cell has was never asked for
        normal, reduction = (
            found.get(kind) or derive_cell(self.space, record[kind], None, "auto-fas") for kind in KINDS
        )
        return normal, reduction

    def judged(self, cells: tuple[Cell, Cell]) -> Verdict:
        """The verdict on the chosen alphas; one process also measures the gap on the architecture half."""
        if self.config.auxiliary_skip:
            self.engine.supernet.set_auxiliary_skip(0.0)
        found = gap(self.engine, cells, self.plain_loader) if ranks.world_size() == 1 else None
        return judge(self.space, self.history[self.chosen], cells, found, self.winner)

    def write_tables(self) -> None:
        super().write_tables()
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
            ensure_finite(loss, f"epoch {self.done + 1}, {name} {number + 1}")
        self.engine.ensure_finite(f"epoch {self.done + 1}, batch {len(self.weight_losses)}")

    def save(self) -> None:
        self._ensure_finite()
        super().save()

    def place(self) -> tuple[int, int]:
        return self.done, len(self.weight_losses)

    def state_bytes(self) -> int:
        return state_bytes(self.engine.supernet.parameters(), self.engine.weight_optimizer.averages)

    def state(self) -> dict[str, Any]:
        return {
            "weight_losses": self.weight_losses,
            "arch_losses": self.arch_losses,
            "engine": self.engine.state_dict(),
            "loaders": [self.weight_loader.state_dict(), self.arch_loader.state_dict()],
            "history": [{key: torch.from_numpy(value) for key, value in row.items()} for row in self.history],
        }

    def load(self, state: dict[str, Any]) -> None:
        self.weight_losses, self.arch_losses = (
            saved_losses(state, name, self.device) for name in ("weight_losses", "arch_losses")
        )
        check_tensors(state["engine"]["supernet"], self.engine.supernet.state_dict(), "the supernet")
        own = {name: torch.from_numpy(value) for name, value in self.history[0].items()}
        for row in state["history"]:
            check_tensors(row, own, "the history")
        self.engine.load_state_dict(state["engine"])
        self.weight_loader.load_state_dict(state["loaders"][0])
        self.arch_loader.load_state_dict(state["loaders"][1])
        self.history = [{key: value.numpy() for key, value in row.items()} for row in state["history"]]


def endless(loader: Loader) -> Generator[Batch, None, None]:
    """Batches of a loader, epoch after epoch."""
    while True:
        yield from loader


def _entropy(weights: Tensor) -> float:
    """Mean entropy of the operation weights over the edges, in nats; log(operations) when undecided."""
    safe = weights.detach().double().clamp_min(1e-12)
    return float(-(safe * safe.log()).sum(1).mean())
