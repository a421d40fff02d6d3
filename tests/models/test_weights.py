"""Weights: the hash of their tensors, what does not fit, and files written over while read."""

import pytest
import torch
from safetensors.torch import save

from autofas.errors import RunError
from autofas.models.tensor_files import read_safetensors
from autofas.models.weights import load_network, read_weights
from tests.models.weight_files import edited, header_of


def without_hash(values) -> None:
    values.pop("sha256")
    values["schema_version"] = 1


def test_version_1_has_no_hash_and_is_read_version_2_must_have_it(weights) -> None:
    network = load_network(weights).network
    edited(weights, lambda values: (values.pop("sha256"), values.update(schema_version=1)))
    again = load_network(weights)
    assert again.info.schema_version == 1
    for one, other in zip(network.state_dict().values(), again.network.state_dict().values(), strict=True):
        assert torch.equal(one, other)
    edited(weights, lambda values: values.update(schema_version=2))
    with pytest.raises(RunError, match="sha256 is missing"):
        read_weights(weights)
    edited(weights, lambda values: values.update(schema_version=3))
    with pytest.raises(RunError, match="its metadata has schema_version 3; this autofas reads 1 and 2"):
        read_weights(weights)


def test_a_flipped_bit_of_the_tensors_is_found(weights) -> None:
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    with pytest.raises(RunError, match="do not have the SHA-256 that its metadata tell"):
        load_network(weights)


def test_tensors_of_another_network_type_or_value_are_refused(weights) -> None:
    edited(weights, without_hash)
    header, body = header_of(weights.read_bytes())
    tensors, _ = read_safetensors(weights)
    first = next(name for name, tensor in tensors.items() if tensor.is_floating_point())
    for changed, message in (
        ({**tensors, "more": torch.zeros(1)}, "more does not belong to it"),
        ({name: tensor for name, tensor in tensors.items() if name != first}, f"{first} is missing"),
        ({**tensors, first: tensors[first].double()}, f"{first} is float64 .*, not float32"),
        ({**tensors, first: torch.zeros(1)}, f"{first} is float32 1, not float32"),
        ({**tensors, first: tensors[first] * torch.nan}, f"tensor {first} holds numbers that are not finite"),
    ):
        weights.write_bytes(save(changed, header["__metadata__"]))
        with pytest.raises(RunError, match=message):
            load_network(weights)
    assert body


def test_tensors_stay_what_was_checked_when_the_file_is_written_over(weights) -> None:
    tensors, _ = read_weights(weights)
    before = {name: tensor.clone() for name, tensor in tensors.items()}
    with weights.open("r+b") as stream:
        stream.write(b"\xff" * weights.stat().st_size)
    assert all(torch.equal(tensors[name], before[name]) for name in before)
