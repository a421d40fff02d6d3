"""Operations by hand: sides, factorised reduction, pools that leave the border out."""

import pytest
import torch

from autofas.models.candidates import CANDIDATES
from autofas.models.operations import FactorizedReduce, build_operation


@pytest.mark.parametrize("name", [name for name in CANDIDATES if name != "none"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("side", [7, 8])
def test_operations_keep_or_halve_the_side(name, stride, side):
    # a reduction cell whose operations forget their stride does not fit its neighbours
    out = build_operation(name, 4, stride)(torch.randn(2, 4, side, side))
    expected = (side + stride - 1) // stride
    assert out.shape == (2, 4, expected, expected)


def test_factorised_reduction_by_hand():
    # on a 3x3 image the even grid holds 4 pixels, the odd grid one and padding
    module = FactorizedReduce(1, 2).eval()
    with torch.no_grad():
        module.even.weight.fill_(1.0)
        module.odd.weight.fill_(10.0)
    image = torch.arange(1.0, 10.0).view(1, 1, 3, 3)
    out = module(image) * (1 + module.norm.eps) ** 0.5
    torch.testing.assert_close(out[0, 0], torch.tensor([[1.0, 3.0], [7.0, 9.0]]))
    torch.testing.assert_close(out[0, 1], torch.tensor([[50.0, 0.0], [0.0, 0.0]]))


def test_pools_leave_the_border_out_by_hand():
    # 1 to 9 in rows: a corner sees 1, 2, 4, 5, the centre all nine
    image = torch.arange(1.0, 10.0).view(1, 1, 3, 3)
    average, greatest = (build_operation(f"{kind}_pool_3x3", 1, 1)(image)[0, 0] for kind in ("avg", "max"))
    assert average.tolist() == [[3, 3.5, 4], [4.5, 5, 5.5], [6, 6.5, 7]]
    assert greatest.tolist() == [[5, 6, 6], [8, 9, 9], [8, 9, 9]]
    halved = build_operation("avg_pool_3x3", 1, 2)(image)[0, 0]
    assert halved.tolist() == [[3, 4], [6, 7]]
