"""Terms against collapse, by hand and in their effect."""

import math

import pytest
import torch

from autofas.models.supernet import Supernet
from autofas.search.terms import beta_decay, falling, rising
from tests.search.test_engine import tiny_space


def test_beta_decay_by_hand():
    net = Supernet(tiny_space(), 2)
    with torch.no_grad():
        for kind, table in net.alphas.items():
            table.fill_(0.0 if kind == "normal" else 2.0)
    found = beta_decay(net)
    # logsumexp of six equal alphas a is a + ln 6, on all 14 edges of both cells
    assert float(found) == pytest.approx(1.0 + math.log(6), rel=1e-6)
    (gradient,) = torch.autograd.grad(found, net.alphas["normal"])
    assert torch.allclose(gradient, torch.full((14, 6), 1 / 6 / 28))


def test_its_steps_draw_operations_together():
    net = Supernet(tiny_space(), 2)
    with torch.no_grad():
        for table in net.alphas.values():
            table.normal_(std=2)
    before = net.operation_weights("normal").max(1).values.mean()
    for _ in range(50):
        gradients = torch.autograd.grad(beta_decay(net), list(net.alphas.values()))
        with torch.no_grad():
            for table, gradient in zip(net.alphas.values(), gradients, strict=True):
                table -= 5 * gradient
    assert net.operation_weights("normal").max(1).values.mean() < before


def test_weights_over_the_epochs():
    assert [rising(50, epoch, 5) for epoch in range(5)] == [0, 10, 20, 30, 40]
    assert [falling(1.0, epoch, 5) for epoch in range(5)] == [1, 0.75, 0.5, 0.25, 0]
    assert falling(0.5, 0, 1) == 0.5
