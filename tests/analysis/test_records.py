"""What is said of a network in tables: its input in words, and the cost of one blank sample."""

import pytest
import torch

from autofas.analysis.records import input_words, network_cost, profile_network, sample_input
from autofas.models.build import build


@pytest.mark.parametrize(
    ("name", "modalities", "words"),
    [
        ("feathernet_a", ("color",), "3x32x32"),
        ("feathernet_a", ("depth",), "depth 3x32x32"),
        ("facebagnet_a", ("color", "depth", "ir"), "color 3x32x32 + depth 3x32x32 + ir 3x32x32"),
    ],
)
def test_the_input_in_words(name, modalities, words):
    network = build(name, input_size=32)
    network.modalities = modalities
    assert input_words(network) == words
    sample = sample_input(network)
    if len(modalities) == 1:
        assert torch.equal(sample, torch.zeros(1, 3, 32, 32))
    else:
        assert set(sample) == set(modalities)


def test_the_cost_of_a_network_is_that_of_its_body():
    network = build("feathernet_a", input_size=32)
    found = profile_network(network)
    assert found.params == sum(parameter.numel() for parameter in network.body.parameters())
    assert found.macs == found.macs_torch


def test_the_cost_alone_is_that_of_the_profile():
    network = build("feathernet_a", input_size=32)
    found, whole = network_cost(network), profile_network(network)
    assert (found.params, found.macs, found.input) == (whole.params, whole.macs, whole.input)
