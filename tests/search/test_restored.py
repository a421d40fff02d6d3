"""Tensors come back whatever was done to them, and whatever went wrong."""

import pytest
import torch

from autofas.search.restored import restored


def test_they_come_back_with_what_they_held():
    parameter, plain = torch.nn.Parameter(torch.ones(2)), torch.zeros(3)
    with restored([parameter, plain]) as kept:
        with torch.no_grad():
            parameter.mul_(7)
        plain.add_(1)
        assert kept[0].tolist() == [1, 1]
        assert not kept[0].requires_grad
        assert kept[1].tolist() == [0, 0, 0]
    assert (parameter.tolist(), plain.tolist()) == ([1, 1], [0, 0, 0])
    with pytest.raises(RuntimeError), restored([plain]):
        plain.add_(1).view(7)  # three numbers are not seven
    assert plain.tolist() == [0, 0, 0]
