"""Zero-cost proxies against values computed by hand, and networks that come out as they went in."""

import math

import pytest
import torch
from torch import nn

from autofas.data.batches.batch import Batch
from autofas.models.network import Network
from autofas.search.proxies import grad_norm, naswot, proxies, synflow


def linear(weights, bias=None):
    layer = nn.Linear(len(weights[0]), len(weights), bias=bias is not None)
    layer.weight.data = torch.tensor(weights)
    if bias is not None:
        layer.bias.data = torch.tensor(bias)
    return layer


def test_synaptic_flow_of_two_layers_by_hand():
    # |W2| |W1| 1 = (2 + 1) * (1 + 2) + (3 + 4) * 1 = 16, and every layer's parameters carry all of it: 2 * 16
    body = nn.Sequential(linear([[2.0, -1.0], [-3.0, 4.0]]), linear([[-3.0, 1.0]]))
    assert synflow(body, torch.zeros(1, 2)) == pytest.approx(math.log(2 * 16))


def test_synaptic_flow_passes_rectifiers_and_fresh_norms():
    body = nn.Sequential(linear([[2.0, -1.0]]), nn.BatchNorm1d(1, eps=0.0), nn.ReLU())
    # the norm's weight 1 carries the flow of 3 too, its bias of 0 none
    assert synflow(body, torch.zeros(1, 2)) == pytest.approx(math.log(2 * 3))
    blocked = nn.Sequential(linear([[0.0, 0.0]]))
    assert synflow(blocked, torch.zeros(1, 2)) == -math.inf


def test_large_flows_do_not_overflow():
    layers = [nn.Linear(1, 1, bias=False) for _ in range(60)]
    for layer in layers:
        layer.weight.data.fill_(10.0)
    # in float32 10^60 would be infinite
    assert synflow(nn.Sequential(*layers), torch.zeros(1, 1)) == pytest.approx(
        math.log(60) + 60 * math.log(10)
    )


class OneLogit(nn.Module):
    """A logit map of one pixel: weight times the mean of the image."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))

    def forward(self, images):
        return (self.weight * images.mean(dim=(1, 2, 3))).view(-1, 1, 1, 1)


def batch(*values, labels):
    images = torch.stack([torch.full((3, 8, 8), float(value)) for value in values])
    return Batch(
        {"color": images}, {"label": torch.tensor(labels, dtype=torch.float32)}, torch.arange(len(values))
    )


def network(body):
    return Network(body, name="n", kind="searched", supervision="pixelwise_bce", input_size=8)


def test_the_gradients_norm_by_hand():
    # loss of a logit w x: gradient x (sigmoid(w x) - y); w = 0, so x / 2 for an attack, -x / 2 for a face
    found = grad_norm(network(OneLogit(0.0)), batch(1.0, 3.0, labels=[0, 1]))
    assert found == pytest.approx(abs(1 / 2 - 3 / 2) / 2)


class Codes(nn.Module):
    """Rectifies the image's pixels, so that its signs are the code."""

    def forward(self, images):
        return torch.relu(images["color"])


def test_the_determinant_of_codes_by_hand():
    # codes 101 and 110 agree in one place of three: det [[3, 1], [1, 3]] = 8
    images = {"color": torch.tensor([[1.0, -1.0, 1.0], [1.0, 1.0, -1.0]])}
    assert naswot(Codes(), images) == pytest.approx(math.log(8))
    # two rectifiers add: det [[6, 2], [2, 6]] = 32
    assert naswot(nn.Sequential(Codes(), nn.ReLU()), images) == pytest.approx(math.log(32))


def test_samples_that_no_rectifier_tells_apart_have_no_determinant():
    images = {"color": torch.ones(2, 3)}
    assert naswot(Codes(), images) == -math.inf
    assert naswot(nn.Identity(), images) == -math.inf


def test_a_network_comes_out_as_it_went_in():
    from numpy.random import default_rng

    from autofas.models.build import build
    from autofas.models.genotype import genotype_from_cells
    from autofas.models.space import load_space
    from autofas.search.derive import random_cells

    space = load_space("small")
    torch.manual_seed(0)
    one = build(genotype_from_cells(space, *random_cells(space, default_rng(0)), "random"))
    before = {name: tensor.clone() for name, tensor in one.state_dict().items()}
    images = torch.randn(6, 3, 16, 16)
    given = Batch({"color": images}, {"label": torch.tensor([0.0, 1.0] * 3)}, torch.arange(6))
    found = proxies(one, given, ["params", "macs", "synflow", "grad_norm", "naswot"])
    assert found["params"] == sum(p.numel() for p in one.parameters())
    assert all(math.isfinite(value) for value in found.values())
    assert all(torch.equal(before[name], tensor) for name, tensor in one.state_dict().items())
    assert all(parameter.grad is None for parameter in one.parameters())
