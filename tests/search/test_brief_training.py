"""An epoch of a discrete network: a step a batch, clipped, and what is not finite is named."""

from types import SimpleNamespace

import pytest
import torch

from autofas.config.optimizer import OptimizerConfig
from autofas.errors import RunError
from autofas.search.brief_training import train_epoch
from autofas.training.optimizers import build_optimizer


class Line(torch.nn.Module):
    """One weight; its loss is the mean of weight times image."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(1.0))
        self.supervision = SimpleNamespace(loss=lambda output, targets: output.mean())

    def forward(self, images):
        return self.weight * images


class Rows(SimpleNamespace):
    def __len__(self):
        return len(self.index)


def batch(value, row):
    return Rows(images=torch.full((2,), value), targets={}, index=torch.tensor([row, row + 1]))


def trained(batches, grad_clip=None):
    network = Line().eval()
    optimizer = build_optimizer(OptimizerConfig(lr=0.1, momentum=0.0, weight_decay=0.0), network.parameters())
    train_epoch(network, batches, optimizer, grad_clip, "trial 3")
    return network


def test_a_step_a_batch_downhill_with_a_fresh_gradient_each():
    network = trained([batch(1.0, 0), batch(2.0, 2)])
    assert network.weight.item() == pytest.approx(1 - 0.1 * 1 - 0.1 * 2)
    assert network.training


def test_gradients_are_clipped_to_their_norm():
    assert trained([batch(4.0, 0)], grad_clip=0.5).weight.item() == pytest.approx(1 - 0.1 * 0.5)


def test_a_loss_that_is_not_finite_names_the_training_and_its_rows():
    with pytest.raises(RunError, match=r"the loss is nan at trial 3 \(rows 7, 8\)"):
        trained([batch(float("nan"), 7)])
