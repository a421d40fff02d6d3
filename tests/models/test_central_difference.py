"""Central differences: by hand, folded into plain kernels, and as part of a trained network."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from autofas.analysis.profile import profile
from autofas.models.build import build
from autofas.models.candidates import CANDIDATES
from autofas.models.central_difference import (
    CentralDifferenceConv2d,
    convolution,
    difference_pool,
    fold,
    fold_kernel,
)
from autofas.models.derived_network import DerivedNetwork
from autofas.models.genotype import Cell, Edge, Genotype, genotype_from_cells, genotype_to_json
from autofas.models.space import Space, load_space

DIFFERENCES = tuple(name for name in CANDIDATES if name.startswith("cd_"))


def genotype(operation="cd_sep_conv_3x3", cells=("normal", "reduction"), **layout):
    values = load_space("nas_fas").model_dump()
    values["layout"] |= {"input_size": 32, "channels": 4, "cells": cells, **layout}
    values["operations"] = ["none", *CANDIDATES.keys() - {"none"}]
    space = Space.model_validate(values)
    edges = tuple(Edge(node, source, operation) for node in range(2, 6) for source in (0, 1))
    cell = Cell(edges=edges, concat=(2, 3, 4, 5))
    return genotype_from_cells(space, cell, cell, "test")


def test_a_kernel_is_folded_as_on_paper():
    kernel = torch.tensor([[0.0, 1.0, 0.0], [2.0, 4.0, 0.0], [0.0, 0.0, 3.0]])  # sum 10
    expected = torch.tensor([[0.0, 1.0, 0.0], [2.0, -1.0, 0.0], [0.0, 0.0, 3.0]])
    torch.testing.assert_close(fold_kernel(kernel, 0.5), expected)
    both = fold_kernel(torch.stack([kernel, kernel]), torch.tensor([0.0, 0.5]))
    torch.testing.assert_close(both, torch.stack([kernel, expected]))


def test_a_whole_difference_does_not_see_a_constant():
    layer = convolution(3, 5, 3, theta=1.0).double()
    x = torch.randn(2, 3, 9, 9, dtype=torch.float64)
    inside = (slice(None), slice(None), slice(1, -1), slice(1, -1))  # the border is padded with zeros
    torch.testing.assert_close(layer(x)[inside], layer(x + 0.3)[inside])
    plain = convolution(3, 5, 3).double()
    assert type(plain) is nn.Conv2d
    assert (plain(x) - plain(x + 0.3))[inside].abs().max() > 1e-3


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("dilation", [1, 2])
def test_a_convolution_is_the_papers_equation(stride, dilation):
    layer = convolution(4, 4, 5, stride=stride, dilation=dilation, groups=4, theta=0.7).double()
    x = torch.randn(2, 4, 11, 13, dtype=torch.float64)
    plain = F.conv2d(x, layer.weight, None, stride, 2 * dilation, dilation, 4)
    middle = F.conv2d(x, layer.weight.sum((2, 3), keepdim=True), None, stride, 0, 1, 4)
    torch.testing.assert_close(layer(x), plain - 0.7 * middle)


def test_the_average_less_the_middle_pixel():
    image = torch.zeros(1, 1, 3, 3)
    image[0, 0, 1, 1] = 9.0
    assert difference_pool(image, 1, 1.0)[0, 0, 1, 1] == pytest.approx(1 - 9)
    assert difference_pool(image, 1, 1.0)[0, 0, 0, 0] == pytest.approx(9 / 4)
    assert difference_pool(torch.full((1, 1, 5, 5), 2.0), 2, 0.25).unique() == pytest.approx(1.5)


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("operation", [name for name in DIFFERENCES if "conv" in name])
def test_the_folded_network_is_the_trained_one(operation, learned):
    torch.manual_seed(0)
    network = DerivedNetwork(genotype(operation, learn_theta=learned))
    optimizer = torch.optim.SGD(network.parameters(), 0.05)
    images, labels = torch.randn(8, 3, 32, 32), torch.arange(8).remainder(2).float()
    for _ in range(3):
        loss = F.binary_cross_entropy_with_logits(network(images).mean((1, 2, 3)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()
    folded = fold(network)
    kinds = {type(module) for module in folded.modules()}
    assert CentralDifferenceConv2d not in kinds
    assert any(isinstance(module, CentralDifferenceConv2d) for module in network.modules())
    with torch.no_grad():
        assert (network(images) - folded(images)).abs().max() < 1e-6


def test_a_learned_theta_learns_and_stays_a_share():
    layer = convolution(2, 2, 3, theta=0.7, learned=True)
    assert layer.theta.item() == pytest.approx(0.7)
    x = torch.rand(4, 2, 8, 8) + 1
    optimizer = torch.optim.SGD(layer.parameters(), 5.0)
    before = layer.theta.item()
    for _ in range(3):
        optimizer.zero_grad()
        layer(x).square().mean().backward()
        optimizer.step()
    assert layer.theta.item() != pytest.approx(before, abs=1e-4)
    assert 0 < layer.theta.item() < 1


def test_central_differences_cost_what_the_plain_operation_costs():
    images = torch.zeros(1, 3, 32, 32)
    one, other = (
        profile(DerivedNetwork(genotype(name, stem=[{"channels": 8, "theta": theta}])), images)
        for name, theta in (("cd_sep_conv_5x5", 0.7), ("sep_conv_5x5", 0.0))
    )
    assert (one.params, one.figures()) == (other.params, other.figures())


def test_theta_travels_with_the_genotype():
    one = genotype(theta=0.3, learn_theta=True, stem=[{"channels": 8, "theta": 0.9}])
    again = Genotype.model_validate_json(genotype_to_json(one))
    assert again.same_network(one)
    network = build(again).body
    thetas = [m.fixed_theta for m in network.modules() if isinstance(m, CentralDifferenceConv2d)]
    assert thetas == pytest.approx([0.9] + [0.3] * (len(thetas) - 1))


def test_spaces_without_differences_keep_their_hash():
    assert load_space("small").hash == "5cc34995b195"
    assert "theta" not in load_space("darts").model_dump_json()
    assert load_space("nas_fas").layout.theta == 0.7


@pytest.mark.parametrize("name", ["auto_fas_cd", "nas_fas"])
def test_the_spaces_ship_and_build(name):
    space = load_space(name)
    assert {one for one in space.operations if one.startswith("cd_")}
    assert space.layout.map_size() == 14
