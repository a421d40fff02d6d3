"""NNI 3.0's DARTS strategy on the macro-architecture of a search space: the third party of the search step.

NNI (archived upstream) imports PyTorch Lightning for every one-shot strategy without requiring it, so this
runs where both are installed beside autofas:

    pip install -c constraints.txt torch
    pip install -c constraints.txt "autofas[nni]" pytorch-lightning==1.9.5

NNI's own model space (hub.pytorch.nasnet.NDS), cells, operations, strategy, architecture optimiser and loop;
ours are the stem, the live-map head, the loss and the batches. Tried with torch 2.13 under Lightning 1.9.5
and 2.6.6. What is not the same function: NNI has no partial channels (K is 1) and no edge normalisation, its
batch norms are affine, and its pools have none. It knows DARTS' layout alone (LAYOUT below).
"""

import logging
import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from autofas.data.batches.batch import Batch
from autofas.models.operations import build_stem
from autofas.models.space import Space
from autofas.models.supervisions import PixelwiseBCE
from benchmarks.step_process import Meter, Steps

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # torch's newer modules, which NNI does not know
    from nni.nas.evaluator.pytorch import Lightning, LightningModule, Trainer
    from nni.nas.hub.pytorch.nasnet import NDS
    from nni.nas.strategy import DARTS
    from pytorch_lightning import Callback


class LiveMapSpace(NDS):
    """NNI's space with a stem and a live-map head of autofas: (B, 3, S, S) -> logits (B, 1, M, M).

    Raises ValueError for a layout that NNI's space cannot have.
    """

    def __init__(self, space: Space) -> None:
        layout = space.layout
        count = len(layout.cells)
        reductions = [i for i, kind in enumerate(layout.cells) if kind == "reduction"]
        if (
            reductions != [count // 3, 2 * count // 3]
            or layout.channel_factor != 2
            or layout.stem[-1].channels != 3 * layout.channels
        ):
            raise ValueError(f"NNI's space has no layout like that of {space.name}")
        operations = [name for name in space.operations if name != "none"]  # NNI's cell adds it
        super().__init__(operations, "all", layout.intermediate_nodes, layout.channels, count, "cifar")
        self.stem = build_stem(layout.stem)
        self.head = nn.Conv2d(self.classifier.in_features, 1, 1)
        del self.classifier, self.global_pooling

    def forward(self, images: Tensor) -> Tensor:
        before = last = self.stem(images)
        for stage in self.stages:
            before, last = stage([before, last])
        return self.head(last.relu())


class Training(LightningModule):
    """The loss and the weights' optimiser, which NNI's strategy wraps."""

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        images, labels = batch
        return PixelwiseBCE().loss(self.model(images), {"label": labels})

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.model.parameters(), lr=0.025, momentum=0.9, weight_decay=3e-4)


class Metered(Callback):
    """A batch of Lightning's loop is an architecture step and a weight step."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter

    def on_train_batch_start(self, *_: Any) -> None:
        self.meter.__enter__()

    def on_train_batch_end(self, *_: Any) -> None:
        self.meter.__exit__()


def strategy_steps(space: Space, partial_channels: int, device: str) -> Steps:
    """Steps of NNI's DARTS, driven by NNI's evaluator; raises ValueError for K other than 1."""
    if partial_channels != 1:
        raise ValueError("NNI's DARTS has no partial channels; measure it with K = 1")
    for name in ("nni", "pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    strategy = DARTS(gradient_clip_val=5.0)
    net = strategy.mutate_model(LiveMapSpace(space)).to(device)

    def steps(arch_batch: Batch, weight_batch: Batch, count: int, meter: Meter) -> None:
        trainer = Trainer(
            max_epochs=1, accelerator="gpu" if device == "cuda" else "cpu", devices=1, logger=False,
            callbacks=[Metered(meter)], enable_checkpointing=False, enable_progress_bar=False,
            enable_model_summary=False,
        )  # fmt: skip
        weight_half, arch_half = (repeated(batch, count) for batch in (weight_batch, arch_batch))
        evaluator = Lightning(Training(), trainer, train_dataloaders=weight_half, val_dataloaders=arch_half)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # advice on loaders
            strategy.mutate_evaluator(evaluator).evaluate(net)

    return steps


def repeated(batch: Batch, count: int) -> DataLoader:
    """A loader that gives the same images and labels `count` times."""
    images, labels = batch.images["color"], batch.targets["label"]
    size = len(images)
    dataset = TensorDataset(
        images.expand(count, *images.shape).flatten(0, 1), labels.expand(count, size).flatten()
    )
    return DataLoader(dataset, size)
