"""A cell's plan lists its weights in the order in which the kernels' structures take them."""

import pytest

from autofas.models.candidates import CANDIDATES, Separable, Zero
from autofas.models.kernels.candidate import MOST_KERNEL, Kind
from autofas.models.mixes import build_mix
from autofas.models.supernet import Supernet
from tests.models.test_supernet import space


def test_the_preprocessing_comes_first_and_then_fan_by_fan():
    cell = Supernet(space(), 4).cells[1]
    plan = cell.compiled("reduction")
    assert (plan.kind, plan.channels, plan.width, plan.stride) == ("reduction", 16, 4, 2)
    assert plan.weights[0] is cell.preprocess.before
    assert plan.weights[1] is cell.preprocess.last
    assert len(plan.weights) == len(list(cell.parameters()))
    assert {id(weight) for weight in plan.weights} == {id(parameter) for parameter in cell.parameters()}


@pytest.mark.parametrize("name", [name for name, one in CANDIDATES.items() if not isinstance(one, Zero)])
@pytest.mark.parametrize("stride", [1, 2])
def test_every_candidate_that_ships_is_known(name, stride):
    found = build_mix(CANDIDATES[name], 2, 3, 4, stride).compiled()
    assert (found.kind is Kind.SEPARABLE) == isinstance(CANDIDATES[name], Separable)
    assert len(found.norms) == (0 if name == "skip_connect" and stride == 1 else found.repeats)


def test_a_larger_kernel_is_not():
    assert build_mix(Separable(MOST_KERNEL), 1, 1, 4, 1).compiled() is not None
    assert build_mix(Separable(MOST_KERNEL + 2), 1, 1, 4, 1).compiled() is None
