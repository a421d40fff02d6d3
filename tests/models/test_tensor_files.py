"""Weights from strangers: no code runs, nothing grows, and tensors are those that the file says, or it is
refused in one line."""

import io
import os
import pickle
import zipfile
from collections import OrderedDict

import pytest
import torch
from safetensors.torch import save

from autofas.errors import RunError
from autofas.models import tensor_files
from autofas.models.tensor_files import read_safetensors, read_torch
from tests.models.weight_files import header_of, with_header


class Call:
    """Pickles as the call of a function."""

    def __init__(self, function, *arguments) -> None:
        self.pair = (function, arguments)

    def __reduce__(self):
        return self.pair


def saved(value) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream)
    return stream.getvalue()


HEADERS = {
    "a huge header": lambda h, b: (2**60).to_bytes(8, "little") + b,
    "a header past the end": lambda h, b: (len(b) + 1).to_bytes(8, "little") + b,
    "overlapping tensors": lambda h, b: with_header(h | {"b": h["a"]}, b),
    "an offset past the end": lambda h, b: with_header({"a": h["a"] | {"data_offsets": [0, 10**12]}}, b),
    "a negative offset": lambda h, b: with_header({"a": h["a"] | {"data_offsets": [-8, 0]}}, b),
    "an absurd shape": lambda h, b: with_header({"a": h["a"] | {"shape": [2**40, 2**40]}}, b),
    "another type's size": lambda h, b: with_header({"a": h["a"] | {"dtype": "F64"}}, b),
    "an unknown type": lambda h, b: with_header({"a": h["a"] | {"dtype": "X"}}, b),
    "no JSON": lambda h, b: (4).to_bytes(8, "little") + b"{{{{" + b,
    "nothing": lambda h, b: b"",
}


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("name", ["system", "exec", "nested", "among tensors"])
def test_no_pickle_runs_its_code(tmp_path, name, protocol) -> None:
    canary = tmp_path / "canary"
    system = Call(os.system, f"touch {canary}")
    value = {
        "system": system,
        "exec": Call(exec, f"open({str(canary)!r}, 'w').close()"),
        "nested": Call(pickle.loads, pickle.dumps(system)),
        "among tensors": OrderedDict(a=torch.zeros(2), b=system),
    }[name]
    # a plain unpickler runs it: the canary is a canary
    pickle.loads(pickle.dumps(value, protocol))
    assert canary.exists()
    canary.unlink()
    for content in (pickle.dumps(value, protocol), saved(value)):
        with pytest.raises(RunError, match=r"f\.pt .*(more than tensors|not a readable)"):
            read_torch(content, "f.pt")
    assert not canary.exists()


def test_a_zip_that_would_grow_is_not_inflated() -> None:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(saved({"a": torch.zeros(10**6)}))) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.infolist():
            new.writestr(part.filename, old.read(part.filename))
    content = stream.getvalue()
    assert len(content) < 20_000
    assert torch.load(io.BytesIO(content), weights_only=True)["a"].shape == (10**6,)  # torch would
    with pytest.raises(RunError, match=r"f\.pt is compressed and would grow to 4\d{6} bytes"):
        read_torch(content, "f.pt")


@pytest.mark.parametrize(
    "tensor",
    [torch.zeros(1).expand(10**12), torch.zeros(2, 2).to_sparse(), torch.empty(10**6, 10**6, device="meta")],
    ids=["stride 0", "sparse", "meta"],
)
def test_a_tensor_that_claims_more_than_is_stored_is_refused(tensor) -> None:
    with pytest.raises(RunError, match=r"state.pt holds a tensor .* that is not stored in full"):
        read_torch(saved({"a": [torch.zeros(3), {"b": tensor}]}), "state.pt")


@pytest.mark.parametrize("legacy", [False, True])
def test_a_pickle_that_takes_memory_is_refused(legacy) -> None:
    stream = io.BytesIO()
    torch.save({"a": Call(bytearray, 10**11)}, stream, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(RunError, match=r"state.pt holds more than tensors"):
        read_torch(stream.getvalue(), "state.pt")


def test_views_of_one_storage_are_read() -> None:
    whole = torch.arange(6.0)
    value = read_torch(saved({"a": whole[1:3], "b": whole.view(2, 3).t()}), "state.pt")
    assert value["a"].tolist() == [1, 2]
    assert value["b"].shape == (3, 2)


@pytest.mark.parametrize("name", HEADERS)
def test_a_hostile_header_is_refused_in_one_line(tmp_path, name) -> None:
    path = tmp_path / "f.safetensors"
    path.write_bytes(HEADERS[name](*header_of(save({"a": torch.zeros(2, 3)}))))
    with pytest.raises(RunError, match=r"f\.safetensors is not a readable safetensors file"):
        read_safetensors(path)


def test_pipes_folders_and_large_files_are_not_opened(tmp_path, monkeypatch) -> None:
    os.mkfifo(tmp_path / "pipe.safetensors")
    (tmp_path / "large.safetensors").write_bytes(save({"a": torch.zeros(99)}))
    monkeypatch.setattr(tensor_files, "MAX_BYTES", 100)
    for name, message in (("pipe", "pipe, socket or device"), ("large", "over the limit of 100")):
        with pytest.raises(RunError, match=message):
            read_safetensors(tmp_path / f"{name}.safetensors")
    with pytest.raises(RunError, match="is a folder"):
        read_safetensors(tmp_path)
