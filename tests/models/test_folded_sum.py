"""The folded sum and its written-out derivative against the plain definition, numbers and autograd."""

import pytest
import torch

from autofas.models.folded_sum import RunningStatistics, Term, folded_sum, plain_folded_sum


def test_one_feature_by_hand():
    # features 1 and 3: mean 2, variance 1; a map of 2 gives 2 and 6: normalised -1 and 1; weight 0.5
    norm = RunningStatistics(1, 1, 1).double()
    features = torch.tensor([[1.0], [3.0]], dtype=torch.float64)
    kernel = torch.full((1, 1, 1, 1), 2.0, dtype=torch.float64)
    weights = torch.full((1, 1, 1), 0.5, dtype=torch.float64)
    total = folded_sum([Term(features, kernel, norm, shared=False)], weights, None)
    torch.testing.assert_close(total, torch.tensor([[-0.5], [0.5]], dtype=torch.float64), atol=1e-5, rtol=0)
    assert norm.running_mean.item() == pytest.approx(0.1 * 4)
    assert norm.running_var.item() == pytest.approx(0.9 + 0.1 * 8)  # unbiased: (4 + 4) / 1


def draw(training, begun=True):
    """Terms of every kind: own maps, shared maps, norm alone, identity; S = 2, T = 3, c = 2."""
    torch.manual_seed(0)
    norms = [RunningStatistics(2, 3, 2), RunningStatistics(2, 3, 2), RunningStatistics(2, 2), None]
    for norm in norms[:3]:
        norm.double().train(training)
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
    features = [torch.randn(7, width) for width in (2 * 3 * 2, 2 * 4, 2 * 2, 2 * 2)]
    kernels = [torch.randn(2, 3, 2, 2), torch.randn(2, 3, 2, 4), None, None]
    weights = torch.randn(4, 2, 3)
    start = torch.randn(7, 3 * 2) if begun else None

    def ready(value):
        return None if value is None else value.double().requires_grad_()

    return (
        tuple(zip(norms, (False, True, True, True), strict=True)),
        ready(weights),
        ready(start),
        [ready(value) for value in (*features, *kernels)],
    )


def terms_of(plan, tensors):
    count = len(plan)
    return [
        Term(x, kernel, norm, shared)
        for (norm, shared), x, kernel in zip(plan, tensors[:count], tensors[count:], strict=True)
    ]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("begun", [True, False])
def test_equals_the_definition(training, begun):
    plan, weights, start, tensors = draw(training, begun)
    fast = folded_sum(terms_of(plan, tensors), weights, start)
    torch.testing.assert_close(fast, plain_folded_sum(plan, weights, start, tensors))


@pytest.mark.parametrize("training", [True, False])
def test_first_and_second_derivatives(training):
    plan, weights, start, tensors = draw(training)
    values = [weights, start, *(value for value in tensors if value is not None)]

    def function(weights, start, *given):
        values = iter(given)
        every = [None if value is None else next(values) for value in tensors]
        return folded_sum(terms_of(plan, every), weights, start)

    assert torch.autograd.gradcheck(function, values)
    assert torch.autograd.gradgradcheck(function, values)
