"""Weights from strangers: no code runs, nothing grows, and tensors are those that the file says, or it is
refused in one line."""

import io
import json
import os
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from safetensors.torch import save

from autofas.errors import ConfigError, GenotypeError, RunError
from autofas.models import tensor_files
from autofas.models.build import MAX_PARAMETERS, bounded, build
from autofas.models.genotype import Genotype, genotype_from_cells, load_genotype, save_genotype
from autofas.models.space import load_space
from autofas.models.tensor_files import read_safetensors, read_torch
from autofas.models.weights import load_network, read_weights, save_weights
from autofas.search.derive import random_cells
from autofas.storage.schema import validated


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


def header_of(content: bytes) -> tuple[dict, bytes]:
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def with_header(header, body: bytes) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


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


@pytest.fixture(scope="module")
def genotype() -> Genotype:
    space = load_space("small")
    return genotype_from_cells(space, *random_cells(space, np.random.default_rng(0)), "random")


@pytest.fixture
def weights(tmp_path, genotype):
    path = tmp_path / "w.safetensors"
    save_weights(build(genotype, input_size=32), path, margin=1.3, provenance={})
    return path


def edited(path, edit) -> None:
    header, body = header_of(path.read_bytes())
    values = json.loads(header["__metadata__"]["autofas"])
    edit(values)
    header["__metadata__"]["autofas"] = json.dumps(values)
    path.write_bytes(with_header(header, body))


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


def without_hash(values) -> None:
    values.pop("sha256")
    values["schema_version"] = 1


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


def layout(values) -> dict:
    return values["genotype"]["layout"]


METADATA = {
    "a million channels": (lambda v: layout(v).update(channels=10**6), "less than or equal to 1024"),
    "channels that double away": (
        lambda v: layout(v).update(cells=["reduction"] * 64),
        "channels would grow beyond 8192",
    ),
    "a network for a rack": (
        lambda v: layout(v).update(channels=1024, channel_factor=1, cells=["normal"] * 64),
        f"parameters; at most {MAX_PARAMETERS:,} are built",
    ),
    "outputs without end": (
        lambda v: v.update(genotype=None, baseline="resnet18", options={"num_outputs": 10**15}),
        "parameters; at most",
    ),
    "a division by nothing": (
        lambda v: v.update(genotype=None, baseline="resnet18_se", options={"reduction": 0}),
        "baseline resnet18_se: ",
    ),
    "another network": (lambda v: v.update(genotype=None, baseline="resnet18"), "tensors are not those of"),
    "no network": (lambda v: v.update(genotype=None), "exactly one of genotype and baseline"),
    "a file": (
        lambda v: v.update(genotype=None, baseline="elsewhere/genotype.json"),
        "baseline elsewhere/genotype.json does not exist",
    ),
    "an unknown network": (lambda v: v.update(genotype=None, baseline="os"), "baseline os does not exist"),
    "no modality": (lambda v: v.update(modalities=[]), "modalities: "),
    "an unknown modality": (lambda v: v.update(modalities=["x"]), "modalities"),
    "an unknown loss": (lambda v: v.update(supervision="x"), "supervision x"),
    "another normalisation": (lambda v: v["preprocessing"].update(mean=0.0), "preprocessing.mean"),
    "a name that is a path": (lambda v: v.update(name="../../x"), "name: "),
    "an unknown key": (lambda v: v.update(hook="os.system"), "unknown key hook"),
    "a view of nothing": (lambda v: v["preprocessing"].update(crop_size=10**9), "crop_size"),
}


@pytest.mark.parametrize("name", METADATA)
def test_metadata_of_an_absurd_or_unknown_network_are_refused_before_it_is_built(weights, name) -> None:
    edit, message = METADATA[name]
    edited(weights, edit)
    with pytest.raises(RunError, match=message) as caught:
        load_network(weights)
    assert "\n" not in str(caught.value)


def test_what_is_counted_first_draws_no_random_number_and_changes_nothing(genotype) -> None:
    torch.manual_seed(3)
    one = torch.nn.Linear(4, 4)
    torch.manual_seed(3)
    other = bounded(lambda: torch.nn.Linear(4, 4), "a layer")
    assert torch.equal(one.weight, other.weight)
    with pytest.raises(ConfigError, match="a layer has 1,000,001,000,000 parameters"):
        bounded(lambda: torch.nn.Linear(10**6, 10**6), "a layer")


def test_a_genotypes_names_are_names(tmp_path, genotype) -> None:
    path = tmp_path / "genotype.json"
    save_genotype(genotype, path)
    good = json.loads(path.read_text())
    for change, message in (
        ({"space": "../x"}, "space: "),
        ({"provenance": {"run": "../../x"}}, "provenance: "),
        ({"provenance": {"run": "a\x1b[2J"}}, "provenance: "),
        ({"provenance": {"note": "x" * 5000}}, "provenance"),
    ):
        path.write_text(json.dumps(good | change))
        with pytest.raises(GenotypeError, match=message):
            load_genotype(path)
    assert validated(Genotype, good | {"provenance": {"run": "exp2"}}, "g").name == "exp2"
