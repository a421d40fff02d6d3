"""Noise on the shares of the operations: what it changes, for how long, and by how much."""

import pytest
import torch

from autofas.models.supernet import Supernet
from autofas.search.smoothing import radius_at, smoothed
from tests.search.test_engine import tiny_space


@pytest.fixture
def net():
    torch.manual_seed(0)
    made = Supernet(tiny_space(), 2)
    with torch.no_grad():
        for table in made.alphas.values():
            table.normal_()
    return made


def test_shares_are_off_by_at_most_the_radius_and_return(net):
    before = {kind: table.clone() for kind, table in net.alphas.items()}
    betas = {kind: net.edge_weights(kind).clone() for kind in net.betas}
    offsets = []
    for _ in range(50):
        with smoothed(net, 0.01):
            for kind, table in before.items():
                shares = net.operation_weights(kind)
                offsets.append((shares - table.softmax(1)).flatten())
                assert torch.allclose(shares.sum(1), torch.ones(14))
                assert torch.equal(net.edge_weights(kind), betas[kind])
    offsets = torch.cat(offsets).detach()
    # divided by a sum of 1 +- 0.06 at most; about as often up as down, and up to the radius
    assert 0.009 < offsets.abs().max() < 0.01 + 0.06
    assert abs(float(offsets.mean())) < 1e-6
    assert float(offsets.std()) == pytest.approx(0.01 / 3**0.5, rel=0.1)
    for kind, table in net.alphas.items():
        assert torch.equal(table, before[kind])


def test_noise_larger_than_a_share_takes_no_operation(net):
    with smoothed(net, 1.0):
        shares = net.operation_weights("normal")
        assert torch.isfinite(net.alphas["normal"]).all()
        assert (shares > 0).all()
        assert torch.allclose(shares.sum(1), torch.ones(14))
    with pytest.raises(KeyError), smoothed(net, 0.3):
        raise KeyError
    assert net.alphas["normal"].abs().max() < 5  # given back, not the logarithms of noise


def test_no_radius_draws_nothing(net):
    state, before = torch.get_rng_state(), net.alphas["normal"].clone()
    with smoothed(net, 0.0):
        assert torch.equal(net.alphas["normal"], before)
    assert torch.equal(torch.get_rng_state(), state)
    with smoothed(net, 0.1):
        pass
    assert not torch.equal(torch.get_rng_state(), state)


def test_the_radius_grows_from_a_tenth():
    assert [radius_at(0.3, epoch, 4) for epoch in range(4)] == pytest.approx([0.03, 0.12, 0.21, 0.3])
    assert radius_at(0.0, 3, 4) == 0
