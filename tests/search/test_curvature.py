"""The largest eigenvalue of the architecture's Hessian, against the Hessian itself, and what it ends."""

import pytest
import torch

from autofas.config.search import SearchConfig
from autofas.models.kernels.library import available
from autofas.search.curvature import largest_eigenvalue, overshoot, overshot, sharpness
from tests.search.test_engine import batch, engine


def quadratic(eigenvalues):
    """Parameters at a point, and the gradient of x A x / 2 with these eigenvalues."""
    generator = torch.Generator().manual_seed(1)
    size = len(eigenvalues)
    basis = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))[0]
    matrix = basis @ torch.diag(torch.tensor(eigenvalues, dtype=torch.float64)) @ basis.T
    point = torch.randn(size, generator=generator, dtype=torch.float64)
    parameters = [point[:2].clone().view(1, 2), point[2:].clone()]

    def gradient():
        found = matrix @ torch.cat([part.flatten() for part in parameters])
        return [found[:2].view(1, 2), found[2:]]

    return parameters, gradient


@pytest.mark.parametrize(
    "eigenvalues",
    [
        [3.0, 1.0, 0.5, 0.25, -1.0, 0.0],
        [0.2, -5.0, 0.1, 0.0, 0.0, -1.0],  # the largest, not the one of the largest size
        [-1.0, -2.0, -3.0, -4.0, -5.0, -6.0],
    ],
)
def test_of_a_quadratic_form(eigenvalues):
    parameters, gradient = quadratic(eigenvalues)
    before = [value.clone() for value in parameters]
    assert largest_eigenvalue(gradient, parameters) == pytest.approx(max(eigenvalues), rel=1e-6)
    assert all(torch.equal(one, other) for one, other in zip(parameters, before, strict=True))


def test_where_the_loss_is_flat_it_is_zero():
    assert largest_eigenvalue(lambda: [torch.zeros(3)], [torch.ones(3)]) == 0


def test_of_a_supernet_it_is_that_of_its_hessian():
    made, given = engine(), batch(0)
    with torch.no_grad():
        for table in made.arch:
            table.normal_(generator=torch.Generator().manual_seed(2)).mul_(0.3)
    alphas = made.arch[:2]
    with made.supernet.frozen_statistics():
        loss = made.supervision.loss(made.outputs(given), given.targets)
        first = torch.cat([part.flatten() for part in torch.autograd.grad(loss, alphas, create_graph=True)])
        rows = [torch.autograd.grad(one, alphas, retain_graph=True) for one in first]
    hessian = torch.stack([torch.cat([part.flatten() for part in row]) for row in rows])
    exact = float(torch.linalg.eigvalsh(hessian).max())
    before = {name: value.clone() for name, value in made.supernet.state_dict().items()}

    def loss_of(outputs):
        return made.supervision.loss(outputs, given.targets)

    assert exact > 1e-4
    for kernels in {False, available()}:
        made.supernet.kernels = kernels
        found = sharpness(made.supernet, loss_of, given.images["color"], steps=24)
        assert found == pytest.approx(exact, rel=1e-2)
    assert all(torch.equal(value, before[name]) for name, value in made.supernet.state_dict().items())


def test_a_window_is_compared_with_the_one_before():
    assert not overshot([1.0, 9.0, 9.0], 2, 1.3)  # two windows are four epochs
    assert overshot([1.0, 1.0, 1.0, 1.7], 2, 1.3)
    assert not overshot([1.0, 1.0, 1.0, 1.6], 2, 1.3)
    assert overshot([5.0, 1.0, 1.0, 1.0, 1.7], 2, 1.3)  # what lies further back is over
    assert not overshot([-1.0, -1.0, 1.0, 1.0], 2, 1.3)  # nothing has grown by a factor


def test_epochs_of_the_warm_up_do_not_count():
    config = SearchConfig(eigenvalue_stop=1.3, eigenvalue_window=1, epochs=9, warmup_epochs=1)
    rows = [{"eigenvalue": ""}, {"eigenvalue": 1.0}]
    assert overshoot(config, rows) == 0
    assert overshoot(config, [*rows, {"eigenvalue": "1.4"}]) == 1  # as results.csv has it
    assert overshoot(SearchConfig(), [{}, {}]) == 0
    assert overshoot(config.model_copy(update={"strategy": "random"}), [{}, {}]) == 0  # trials have none
