"""The derived network: its cost and strides, what a node and a cell compute, and drop path."""

import pandas as pd
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from autofas.config.data import DataConfig
from autofas.data.batches.loader import Loader
from autofas.data.opening import open_data
from autofas.models.build import build
from autofas.models.derived_network import DerivedCell, DerivedNetwork, drop_path
from autofas.models.genotype import Cell, genotype_from_cells
from autofas.models.space import load_space
from tests.conftest import TINY_FACES

FIVE_OF_EIGHT = ["sep_conv_3x3"] * 5 + ["skip_connect", "max_pool_3x3", "avg_pool_3x3"]


ALL_SEPARABLE = ["sep_conv_3x3"] * 8


def genotype(operations, space="auto_fas"):
    names = iter(operations)
    edges = [(node, source, next(names)) for node in range(2, 6) for source in (0, 1)]
    cell = Cell(edges=edges, concat=(2, 3, 4, 5))
    return genotype_from_cells(load_space(space), cell, cell, "test")


def cost(network, size):
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        network.to("meta").eval()(torch.empty(1, 3, size, size, device="meta"))
    return sum(p.numel() for p in network.parameters()), counter.get_total_flops() // 2


def skipping_cell(operation="skip_connect", channels=1):
    """Node 2 of the inputs 0 and 1, node 3 of 1 and 2; inputs are taken as they are."""
    edges = [(node, source, operation) for node, source in ((2, 0), (2, 1), (3, 1), (3, 2))]
    cell = DerivedCell(Cell(edges=edges, concat=(2, 3)), (channels, channels), channels, (False, False))
    cell.preprocess = nn.ModuleList([nn.Identity(), nn.Identity()])
    return cell


@pytest.mark.parametrize(
    ("operations", "params", "macs"), [(FIVE_OF_EIGHT, 0.27e6, 0.53e9), (ALL_SEPARABLE, 0.35e6, 0.58e9)]
)
def test_auto_fas_layout_costs_what_the_paper_prints(operations, params, macs):
    # table 4 prints 0.27M and 0.53G; the all-separable bound follows from the same layout
    found = cost(DerivedNetwork(genotype(operations)), 108)
    assert found[0] == pytest.approx(params, rel=0.15)
    assert found[1] == pytest.approx(macs, rel=0.15)


@pytest.mark.parametrize(("size", "side"), [(108, 14), (107, 14), (112, 14), (64, 8), (33, 5)])
def test_every_stride_halves_rounding_up(size, side):
    network = DerivedNetwork(genotype(FIVE_OF_EIGHT)).eval()
    with torch.no_grad():
        assert network(torch.randn(1, 3, size, size)).shape == (1, 1, side, side)
    assert network.genotype.layout.map_size(size) == side


def test_derived_network_learns_64_generated_faces_by_heart():
    data = open_data(DataConfig.model_validate(TINY_FACES), 32)
    train = data.dataset.split("train")
    rows = pd.concat([part.head(32) for _, part in train.groupby(train["pai"] == "bona_fide")])
    assert len(rows) == 64
    loader = Loader(data.store, rows, batch_size=64)
    torch.manual_seed(0)
    network = build(genotype(FIVE_OF_EIGHT, "small"), input_size=32)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    (batch,) = loader
    for _ in range(80):
        loss = network.supervision.loss(network(batch.images), batch.targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        wrong = int(((network.score(batch.images) >= 0.5).float() != batch.targets["label"]).sum())
        if not wrong:
            return
    raise AssertionError(f"{wrong} of 64 are not learned")


def test_a_node_is_the_sum_of_its_edges_and_a_cell_its_nodes_side_by_side():
    out = skipping_cell()(torch.full((1, 1, 2, 2), 1.0), torch.full((1, 1, 2, 2), 10.0))
    assert out[0, :, 0, 0].tolist() == [1 + 10, 10 + (1 + 10)]


def test_a_cell_reads_the_two_before_it():
    class Numbered(nn.Module):
        def __init__(self, number):
            super().__init__()
            self.number = number

        def forward(self, *given):
            read.append(tuple(int(one) for one in given))
            return torch.tensor(self.number)

    read = []
    network = DerivedNetwork(genotype(FIVE_OF_EIGHT))
    network.head = nn.Identity()
    network.stem = Numbered(0)
    network.cells = nn.ModuleList(Numbered(number) for number in range(1, 5))
    assert int(network(torch.full((1, 1, 1, 1), -1))) == 4
    assert read == [(-1,), (0, 0), (0, 1), (1, 2), (2, 3)]  # the stem stands for both before the first


def test_drop_path_drops_whole_samples_and_keeps_the_mean():
    # of 4000 samples a quarter goes, 27 more or less; the others grow by 4/3
    torch.manual_seed(0)
    paths = drop_path(torch.ones(4000, 2, 3, 3), 0.25).flatten(1)
    kept = paths[:, 0] > 0
    assert torch.equal(paths, kept[:, None].expand_as(paths) / 0.75)
    assert abs(int(kept.sum()) - 3000) < 4 * 27.4


def test_drop_path_spares_identities_and_is_off_in_eval():
    torch.manual_seed(0)
    inputs = [torch.randn(8, 4, 6, 6) for _ in range(2)]
    skips, pools = (skipping_cell(operation, 4) for operation in ("skip_connect", "max_pool_3x3"))
    whole = [cell(*inputs) for cell in (skips, pools)]
    skips.drop_path = pools.drop_path = 0.9
    assert torch.equal(skips.train()(*inputs), whole[0])
    assert not torch.equal(pools.train()(*inputs), whole[1])
    assert torch.equal(pools.eval()(*inputs), whole[1])
    network = DerivedNetwork(genotype(FIVE_OF_EIGHT, "small"))
    network.set_drop_path(0.3)
    assert {cell.drop_path for cell in network.cells} == {0.3}
