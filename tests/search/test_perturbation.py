"""Cells by what the supernet loses: against a loss whose answer is known, and in which order it is asked."""

import numpy as np
import pytest
import torch

from autofas.config.search import SearchConfig
from autofas.errors import ConfigError
from autofas.models.space import Space
from autofas.models.supernet import Supernet
from autofas.search.perturbation import Perturbation, require_perturbable
from tests.search.test_engine import tiny_space

SPACE = tiny_space()
NODES = sorted({node for node, _ in SPACE.edges})


def known_answer(net, wanted, worth):
    """A loss that falls with the share of each edge's wanted operation, each edge by its worth."""

    def judge():
        loss = 100.0
        for kind in ("normal", "reduction"):
            shares = net.operation_weights(kind)
            edges = net.edge_weights(kind)
            for row, operation in enumerate(wanted[kind]):
                column = SPACE.operations.index(operation)
                loss -= worth[kind][row] * float((shares[row, column] * edges[row]).detach())
        return loss

    return judge


@pytest.fixture(params=["pc-darts", "darts"])
def net(request):
    torch.manual_seed(3)
    made = Supernet(SPACE, 2 if request.param == "pc-darts" else 1, request.param == "pc-darts")
    with torch.no_grad():
        for table in made.alphas.values():
            table.normal_()  # alphas of their own mind, which decide nothing
    return made


@pytest.fixture
def answer():
    generator = np.random.default_rng(0)
    operations = [name for name in SPACE.operations if name != "none"]
    wanted = {kind: generator.choice(operations, 14).tolist() for kind in ("normal", "reduction")}
    worth = {kind: generator.permutation(14) + 1.0 for kind in wanted}
    return wanted, worth


def test_each_edge_keeps_what_the_loss_needs_and_each_node_its_two_best(net, answer):
    wanted, worth = answer
    before = [table.clone() for table in net.arch_parameters()]
    found = Perturbation(net, known_answer(net, *answer), lambda: None).cells(np.random.default_rng(1))
    assert set(found) == {"normal", "reduction"}
    for kind, cell in found.items():
        expected = []
        for node in NODES:
            rows = [row for row, (target, _) in enumerate(SPACE.edges) if target == node]
            rows = sorted(sorted(rows, key=lambda row: -worth[kind][row])[:2])
            expected += [(node, SPACE.edges[row][1], wanted[kind][row]) for row in rows]
        assert [tuple(edge) for edge in cell.edges] == expected
    assert all(torch.equal(one, other) for one, other in zip(net.arch_parameters(), before, strict=True))


def test_the_weights_are_tuned_after_every_decision_that_leaves_something_out(net, answer):
    states = []

    def tune():
        shares = torch.cat([net.operation_weights(kind) for kind in ("normal", "reduction")])
        states.append(int((shares.max(1).values > 0.999).sum()))

    Perturbation(net, known_answer(net, *answer), tune).cells(np.random.default_rng(1))
    assert states[:28] == list(range(1, 29))  # one edge more each time
    # the first node has two inputs and keeps both; the other three of both cells leave some out
    assert len(states) == 28 + 2 * (len(NODES) - 1)


def test_the_order_is_drawn(net, answer):
    orders = []
    for seed in (1, 1, 2):
        lines = []
        generator = np.random.default_rng(seed)
        Perturbation(net, known_answer(net, *answer), lambda: None, lines.append).cells(generator)
        orders.append(lines)
    assert orders[0] == orders[1] != orders[2]


def test_a_space_that_cannot_leave_an_edge_out_is_refused_before_any_work():
    values = SPACE.model_dump()
    values["operations"] = [name for name in values["operations"] if name != "none"]
    lacking = Space.model_validate(values)
    require_perturbable(SearchConfig(derivation="darts-pt"), lacking)  # betas leave edges out
    with pytest.raises(ConfigError, match=r"cannot leave an edge out: .*; search with pc-darts, or take"):
        require_perturbable(SearchConfig(strategy="darts", derivation="darts-pt"), lacking)
