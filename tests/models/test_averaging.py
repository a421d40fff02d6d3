"""The average of weights by hand, and files that are not of one network."""

import pytest
import torch

from autofas.errors import RunError
from autofas.models.averaging import average_weights
from autofas.models.build import build
from autofas.models.weights import save_weights


def saved(path, value, name="feathernet_a", count=0):
    """A network whose floating-point tensors all hold `value` and whose counters hold `count`."""
    network = build(name, input_size=32)
    with torch.no_grad():
        for tensor in network.body.state_dict().values():
            tensor.fill_(value if tensor.is_floating_point() else count)
    save_weights(network, path, margin=1.3, provenance={})
    return path


def test_floats_are_averaged_and_whole_numbers_are_those_of_the_last(tmp_path):
    paths = [saved(tmp_path / f"{n}.safetensors", value, count=n) for n, value in enumerate((1.0, 2.0, 6.0))]
    network, info = average_weights(paths)
    assert info.baseline == "feathernet_a"
    for tensor in network.body.state_dict().values():
        assert (tensor == (3 if tensor.is_floating_point() else 2)).all()


def test_sums_are_taken_in_float64(tmp_path):
    big, small = (saved(tmp_path / f"{v}.safetensors", v) for v in (2.0**24, 1.0))
    network, _ = average_weights([big, small, small])
    assert next(network.body.parameters()).flatten()[0].item() == pytest.approx((2**24 + 2) / 3, rel=1e-7)


def test_what_is_not_averaged(tmp_path):
    one = saved(tmp_path / "a.safetensors", 1.0)
    other = saved(tmp_path / "b.safetensors", 1.0, name="feathernet_b")
    with pytest.raises(RunError, match="1 weights file cannot be averaged; give two or more"):
        average_weights([one])
    with pytest.raises(RunError, match=r"b\.safetensors and .*a\.safetensors differ in baseline"):
        average_weights([one, other])
