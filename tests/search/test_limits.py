"""Limits on the derived network: expected costs, their gradient, and searches that obey."""

import itertools

import numpy as np
import pytest
import torch

from autofas.analysis.space_costs import space_costs
from autofas.api import profile
from autofas.config.search import SearchConfig
from autofas.errors import ConfigError, RunError
from autofas.models.build import build
from autofas.models.genotype import genotype_from_cells
from autofas.models.space import Space, load_space
from autofas.models.supernet import Supernet
from autofas.search.bounds import derive_within
from autofas.search.derive import derive, random_cells
from autofas.search.history import betas_of, snapshot
from autofas.search.limits import Limits, expected_costs, kept_of_two, limits_of
from autofas.search.search import search


@pytest.fixture(scope="module")
def costs():
    return space_costs(load_space("small"))


def supernet(space, betas=True):
    torch.manual_seed(0)
    net = Supernet(space, 4, betas)
    with torch.no_grad():
        for parameter in net.arch_parameters():
            parameter.normal_()
    return net


def test_two_of_three_by_hand():
    # w = 1/2, 1/3, 1/6: P(first) = 1/2 + 1/3 * (1/2)/(2/3) + 1/6 * (1/2)/(5/6)
    kept = kept_of_two(torch.tensor([1 / 2, 1 / 3, 1 / 6], dtype=torch.float64))
    assert kept[0] == pytest.approx(1 / 2 + 1 / 4 + 1 / 10)
    assert kept.sum() == pytest.approx(2)
    assert kept_of_two(torch.full((4,), 0.25)).tolist() == pytest.approx([0.5] * 4)


@pytest.mark.parametrize("betas", [True, False])
def test_expected_costs_are_the_mean_over_all_draws(betas):
    values = load_space("small").model_dump()
    values["layout"]["intermediate_nodes"] = 2
    space = Space.model_validate(values)
    table, net = space_costs(space), supernet(space, betas)
    found = expected_costs(table, net)
    mean = table.fixed.astype(float)
    for kind in ("normal", "reduction"):
        chances = net.alphas[kind].detach().double()[:, 1:].softmax(1).numpy()  # none comes first
        for rows in ([0, 1], [2, 3, 4]):
            weights = net.edge_weights(kind)[rows].detach().double().numpy() if betas else np.ones(len(rows))
            weights = weights / weights.sum()
            for a, b in itertools.permutations(range(len(rows)), 2):
                pair = weights[a] * weights[b] / (1 - weights[a])
                for row in (rows[a], rows[b]):
                    mean += pair * chances[row] @ table.edges[kind][row, 1:]
    assert float(found["params"]) == pytest.approx(mean[0], rel=1e-6)
    assert float(found["macs"]) == pytest.approx(mean[1], rel=1e-6)


def test_the_penalty_is_zero_once_the_cells_obey_and_falls_along_its_gradient(costs):
    net = supernet(costs.space)
    now = snapshot(net)
    own = int(costs.of(*derive(costs.space, now, betas_of(now), "pc-darts"))[0])
    expected = float(expected_costs(costs, net)["params"].detach())
    assert float(Limits(costs.space, {"params": own}, costs).penalty(net, "pc-darts").detach()) == 0
    limits = Limits(costs.space, {"params": own - 1}, costs, weight=3.0)
    before = limits.penalty(net, "pc-darts")
    assert float(before.detach()) == pytest.approx(3 * expected / (own - 1), rel=1e-6)
    gradients = torch.autograd.grad(before, net.arch_parameters())
    with torch.no_grad():
        for parameter, gradient in zip(net.arch_parameters(), gradients, strict=True):
            parameter -= 0.5 * gradient
    assert float(expected_costs(costs, net)["params"].detach()) < expected


def test_steps_of_the_penalty_alone_stop_near_the_limit(costs):
    net = supernet(costs.space)
    with torch.no_grad():
        for parameter in net.arch_parameters():
            parameter.mul_(0.01)  # undecided, as after a short search
    now = snapshot(net)
    most = int(costs.of(*derive(costs.space, now, betas_of(now), "pc-darts"))[0]) - 3000
    limits = Limits(costs.space, {"params": most}, costs, weight=1.0)
    for _ in range(400):
        gradients = torch.autograd.grad(limits.penalty(net, "pc-darts"), net.arch_parameters())
        with torch.no_grad():
            for parameter, gradient in zip(net.arch_parameters(), gradients, strict=True):
                parameter -= 0.01 * gradient
    now = snapshot(net)
    found = int(costs.of(*derive(costs.space, now, betas_of(now), "pc-darts"))[0])
    assert most - 6000 < found <= most


def test_what_no_network_keeps_to_is_one_line_before_any_work(costs, tmp_path):
    smallest = int(Limits(costs.space, {"params": 1}, costs).bounds.smallest[0] + costs.fixed[0])
    assert limits_of(SearchConfig(space="small", max_params=smallest), costs.space) is not None
    with pytest.raises(ConfigError, match=f"the smallest has {smallest:,}"):
        limits_of(SearchConfig(space="small", max_params=smallest - 1), costs.space)
    with pytest.raises(ConfigError, match="no network of space small has so few MACs"):
        search(SearchConfig(space="small", max_macs="1K", runs_dir=str(tmp_path / "runs")))
    assert not (tmp_path / "runs").exists()


def test_two_limits_that_exclude_each_other(costs):
    # one operation, without parameters where it costs MACs and the other way round, stands for such a space
    edges = {kind: table.copy() for kind, table in costs.edges.items()}
    for table in edges.values():
        table[:] = 0
        table[:, 1::2, 0] = table[:, ::2, 1] = 10
    table = type(costs)(costs.space, np.zeros(2, dtype=np.int64), edges)
    limits = Limits(costs.space, {"params": 70, "macs": 70}, table)
    with pytest.raises(
        ConfigError, match="max_params 70 and max_macs 70: no network of space small keeps to them"
    ):
        limits.require_possible()


def test_the_profiler_has_the_last_word(costs):
    genotype = genotype_from_cells(
        costs.space, *random_cells(costs.space, np.random.default_rng(0)), "random"
    )
    own = profile(build(genotype))
    assert (
        Limits(costs.space, {"params": own.params, "macs": own.macs}, costs).checked(genotype).params
        == own.params
    )
    with pytest.raises(RunError, match="more than max_macs"):
        Limits(costs.space, {"macs": own.macs - 1}, costs).checked(genotype)


def test_a_search_obeys_and_says_what_it_expects(tmp_path, tiny_data):
    shared = {"space": "small", "epochs": 2, "warmup_epochs": 0, "batch_size": 60, "input_size": 16,
              "threads": 1, "device": "cpu", "data": tiny_data}  # fmt: skip
    free = search(SearchConfig(**shared))
    most = profile(free.genotype if isinstance(free.genotype, str) else build(free.genotype)).params - 1
    held = search(SearchConfig(**shared, max_params=most, cost_weight=0, runs_dir=str(tmp_path)))
    assert profile(build(held.genotype)).params <= most
    assert held.genotype.provenance["max_params"] == most
    assert f"{profile(build(held.genotype)).params:,} parameters" in (held.path / "log.txt").read_text()
    # without weight the limit has no part in the search before the derivation
    np.testing.assert_array_equal(held.history[-1]["normal"], free.history[-1]["normal"])
    pressed = search(SearchConfig(**shared, max_params="9K", cost_weight=10))
    expected = [[row["expected_params"] for row in found.results] for found in (held, pressed)]
    assert expected[1][-1] < expected[0][-1]


def test_random_draws_keep_to_a_limit():
    for seed in range(3):
        drawn = search(SearchConfig(space="small", strategy="random", max_params="16K", seed=seed)).genotype
        assert profile(build(drawn)).params <= 16_000


def test_a_cap_on_skips_holds_in_the_normal_cell():
    generator = np.random.default_rng(0)
    space = load_space("small")
    alphas = {kind: generator.normal(size=(14, 6)) for kind in ("normal", "reduction")}
    for table in alphas.values():
        table[:, space.operations.index("skip_connect")] += 3
    limits = limits_of(SearchConfig(space="small", max_skips=2), space)
    normal, reduction = derive_within(space, alphas, {}, "auto-fas", limits.bounds)
    assert [edge.operation for edge in normal.edges].count("skip_connect") == 2
    assert [edge.operation for edge in reduction.edges].count("skip_connect") == 8
    assert limits.facts == {"max_skips": 2}
    only = Space.model_validate(space.model_dump() | {"operations": ["none", "skip_connect"]})
    with pytest.raises(ConfigError, match="max_skips 2: no network of space small keeps to them"):
        limits_of(SearchConfig(max_skips=2), only)
