"""Weights files: a trained network in one safetensors file, rebuilt from nothing else.

The file's metadata says what the network is (a genotype or a baseline's name), how images must be
prepared, which supervision scores its outputs, and, once it was evaluated, the threshold with its origin.

A file is bounded in size, its tensors must have the SHA-256 that the metadata tell, be finite, and have the
names, types and shapes of the network that the metadata describe, before that network is built. Version 2 of
the metadata; version 1 has no SHA-256.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import Field, model_validator
from safetensors.torch import save

from autofas.config.data import Margin, Modality
from autofas.config.recipes import require_baseline
from autofas.errors import ConfigError, RunError
from autofas.models.build import build
from autofas.models.derived_network import DerivedNetwork
from autofas.models.genotype import Genotype, genotype_to_json
from autofas.models.network import Network
from autofas.models.own_network import Code, is_own, named_code
from autofas.models.tensor_files import read_safetensors
from autofas.storage.files import whole_file
from autofas.storage.schema import Name, Schema, parse_json, validated

WEIGHTS_FILE = Path("weights") / "best.safetensors"
"""Where a run folder keeps its trained weights."""


ShortText = Annotated[str, Field(max_length=4096)]


class Preprocessing(Schema):
    """How a face crop becomes input: side, margin around the face box, (x / 255 - mean) / std.

    `view` and `crop_size` say what is cut from a stored crop (autofas.data.batches.views), by default the
    whole.
    """

    input_size: int = Field(ge=4, le=1024)
    view: str = Field(default="whole", max_length=32)
    crop_size: int | None = Field(default=None, ge=4, le=1024)
    margin: Margin
    mean: float = Field(default=0.5, ge=0.5, le=0.5)  # the only ones that input is made with
    std: float = Field(default=0.5, ge=0.5, le=0.5)
    channels: Literal["RGB"] = "RGB"


class WeightsInfo(Schema):
    """The metadata of a weights file."""

    schema_version: Literal[1, 2] = 2
    name: Name
    baseline: str | None = Field(default=None, max_length=64)
    options: dict[str, ShortText | int | float] = Field(default_factory=dict, max_length=32)
    genotype: dict[str, Any] | None = None
    supervision: str = Field(max_length=64)
    modalities: tuple[Modality, ...] = Field(min_length=1, max_length=3)
    preprocessing: Preprocessing
    threshold: dict[str, ShortText | float] | None = Field(default=None, max_length=8)
    provenance: dict[str, ShortText | int | float | bool | None] = Field(default_factory=dict, max_length=64)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")

    @model_validator(mode="after")
    def _one_network_and_its_hash(self) -> "WeightsInfo":
        if (self.genotype is None) == (self.baseline is None):
            raise ValueError("exactly one of genotype and baseline must be given")
        if self.schema_version > 1 and self.sha256 is None:
            raise ValueError("sha256 is missing")
        return self


@dataclass(frozen=True)
class LoadedNetwork:
    """A network in eval mode with the metadata of its file."""

    network: Network
    info: WeightsInfo


def save_weights(
    network: Network,
    path: Path,
    *,
    margin: float,
    provenance: dict[str, str | int | float | bool | None],
    state: dict[str, torch.Tensor] | None = None,
) -> WeightsInfo:
    """Write the network's weights (or `state`, a state_dict of its body) with all that rebuilds it."""
    genotype = network.body.genotype if isinstance(network.body, DerivedNetwork) else None
    own = state if state is not None else network.body.state_dict()
    tensors = {name: value.detach().cpu().contiguous() for name, value in own.items()}
    values = {
        "name": network.name,
        "baseline": None if genotype else network.code.label if network.code else network.name,
        "genotype": json.loads(genotype_to_json(genotype)) if genotype else None,
        "supervision": network.supervision_name,
        "modalities": network.modalities,
        "options": network.options,
        "preprocessing": {
            "input_size": network.input_size,
            "view": network.view.kind,
            "crop_size": network.view.crop_size,
            "margin": margin,
        },
        "provenance": provenance | ({"code_sha256": network.code.sha256} if network.code else {}),
        "schema_version": 2,
        "sha256": tensors_sha256(tensors),
    }
    info = validated(WeightsInfo, values, str(path), RunError)
    write_weights(path, tensors, info)
    return info


def record_threshold(path: Path, value: float, rule: str, provenance: str) -> None:
    """Note in a weights file the threshold it was evaluated at."""
    tensors, info = read_weights(path)
    threshold: dict[str, str | float] = {"value": value, "rule": rule, "provenance": provenance}
    values = info.model_dump() | {
        "threshold": threshold,
        "schema_version": 2,
        "sha256": tensors_sha256(tensors),
    }
    write_weights(path, tensors, validated(WeightsInfo, values, str(path), RunError))


def read_weights(path: Path) -> tuple[dict[str, torch.Tensor], WeightsInfo]:
    """Tensors and metadata of a weights file; raises RunError in one line.

    The tensors are finite and have the SHA-256 that the metadata tell, if they tell one.
    """
    tensors, metadata = read_safetensors(path)
    if "autofas" not in metadata:
        raise RunError(f"{path} carries no autofas metadata, so the network cannot be rebuilt from it")
    values = parse_json(metadata["autofas"], f"{path}: its metadata", RunError)
    if not isinstance(values, dict):
        raise RunError(f"{path}: its metadata hold a {type(values).__name__}, expected keys and values")
    info = validated(WeightsInfo, values, f"{path}: its metadata", RunError)
    if info.sha256 is not None and info.sha256 != tensors_sha256(tensors):
        raise RunError(f"{path}: its tensors do not have the SHA-256 that its metadata tell; it is damaged")
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise RunError(f"{path}: tensor {name} holds numbers that are not finite")
    return tensors, info


def tensors_sha256(tensors: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 of names, types, shapes and bytes of tensors: the weights without their file's metadata."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}|".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def load_network(path: Path) -> LoadedNetwork:
    """Rebuild a network from its weights file, in eval mode; raises RunError if they do not fit."""
    tensors, info = read_weights(path)
    source: Genotype | Code | str
    if info.genotype is not None:
        source = validated(Genotype, info.genotype, f"{path}: genotype", RunError)
    else:
        source = str(info.baseline)
    try:
        if isinstance(source, str) and is_own(source):
            source = named_code(source, str(info.provenance.get("code_sha256")))
        elif isinstance(source, str):
            require_baseline(source)  # a name: a file from elsewhere opens no other file
        network = build(
            source,
            supervision=info.supervision,
            input_size=info.preprocessing.input_size,
            modality=info.modalities[0],
            name=info.name,
            view=info.preprocessing.view,
            crop_size=info.preprocessing.crop_size,
            options=info.options,
            tensors=tensors,
        )
    except ConfigError as exc:
        raise RunError(f"{path}: {exc}") from None
    return LoadedNetwork(network.eval(), info)


def write_weights(path: Path, tensors: dict[str, torch.Tensor], info: WeightsInfo) -> None:
    """Write a weights file whole or not at all; raises RunError, one line, where the disk refuses."""
    payload = save(tensors, {"autofas": json.dumps(info.model_dump(mode="json"), sort_keys=True)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path, binary=True) as stream:
            stream.write(payload)
    except OSError as exc:
        raise RunError(f"{path} cannot be written: {exc.strerror}") from None
