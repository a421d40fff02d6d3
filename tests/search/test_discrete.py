"""The supernet reduced to its derived cells, and the gap that this opens."""

import numpy as np
import pytest
import torch

from autofas.data.batches.batch import Batch
from autofas.models.space import Space, load_space
from autofas.models.supernet import Supernet
from autofas.models.supervisions import PixelwiseBCE
from autofas.search.derive import KINDS, random_cells
from autofas.search.discrete import discrete, gap
from autofas.search.engine import BilevelEngine
from tests.search.test_engine import ARCH, WEIGHTS, tiny_space


def supernet(betas=True, space=None):
    torch.manual_seed(0)
    net = Supernet(space or tiny_space(), 2, betas)
    with torch.no_grad():
        for parameter in net.arch_parameters():
            parameter.normal_()
    return net


def batches():
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(8, 3, 8, 8, generator=generator)
    return [Batch({"color": images}, {"label": torch.arange(8) % 2}, torch.arange(8))]


@pytest.mark.parametrize("betas", [True, False])
def test_within_it_only_the_chosen_count_and_after_it_nothing_has_changed(betas):
    net = supernet(betas)
    cells = random_cells(net.space, np.random.default_rng(0))
    before = [parameter.detach().clone() for parameter in net.parameters()]
    with discrete(net, cells):
        for kind, cell in zip(KINDS, cells, strict=True):
            weights = (net.operation_weights(kind) * net.edge_weights(kind)[:, None]).detach()
            share = 0.5 if betas else 1.0
            for row, (node, source) in enumerate(net.space.edges):
                chosen = [edge.operation for edge in cell.edges if (edge.node, edge.input) == (node, source)]
                wanted = torch.zeros(len(net.space.operations))
                if chosen:
                    wanted[net.space.operations.index(chosen[0])] = share
                elif not betas:
                    wanted[net.space.operations.index("none")] = 1.0
                assert torch.allclose(weights[row], wanted)
    for value, parameter in zip(before, net.parameters(), strict=True):
        assert torch.equal(value, parameter)


def test_an_error_within_restores_too():
    net = supernet()
    before = net.alphas["normal"].detach().clone()
    with pytest.raises(KeyError), discrete(net, random_cells(net.space, np.random.default_rng(0))):
        raise KeyError
    assert torch.equal(net.alphas["normal"], before)


def test_the_gap_of_cells_that_the_supernet_has_chosen_is_none():
    net = supernet()
    cells = random_cells(net.space, np.random.default_rng(3))
    built = BilevelEngine(net, PixelwiseBCE(), WEIGHTS, ARCH)
    state = {name: value.clone() for name, value in net.state_dict().items()}
    found = gap(built, cells, batches)
    assert found.supernet_loss != pytest.approx(found.derived_loss)
    assert 0 <= found.derived_auc <= 1
    for name, value in state.items():
        assert torch.equal(value, net.state_dict()[name]) or name.endswith("num_batches_tracked"), name
    with discrete(net, cells):
        decided = gap(built, cells, batches)
    assert decided.supernet_loss == pytest.approx(decided.derived_loss) == pytest.approx(found.derived_loss)
    assert decided.supernet_auc == decided.derived_auc


def test_a_space_that_cannot_leave_an_edge_out_has_no_gap():
    values = load_space("small").model_dump()
    values["layout"].update(channels=4, stem=[{"channels": 4}], cells=["normal", "reduction"])
    values["operations"] = ["skip_connect", "sep_conv_3x3"]
    space = Space.model_validate(values)
    built = BilevelEngine(supernet(False, space), PixelwiseBCE(), WEIGHTS, ARCH)
    assert gap(built, random_cells(space, np.random.default_rng(0)), batches) is None
