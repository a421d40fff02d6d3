"""Weights files: a trained network in one safetensors file, rebuilt from nothing else.

The file's metadata says what the network is (a genotype or a baseline's name), how images must be
prepared, which supervision scores its outputs, and, once it was evaluated, the threshold with its origin.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import Field
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from autofas.errors import RunError
from autofas.files import whole_file
from autofas.models.build import Network, build
from autofas.models.genotype import Genotype, genotype_to_json
from autofas.models.network import DerivedNetwork
from autofas.schema import Schema, validated

SCHEMA_VERSION = 1
WEIGHTS_FILE = Path("weights") / "best.safetensors"
"""Where a run folder keeps its trained weights."""


class Preprocessing(Schema):
    """How a face crop becomes input: side, margin around the face box, (x / 255 - mean) / std.

    `view` and `crop_size` say what is cut from a stored crop (autofas.data.views), by default the whole.
    """

    input_size: int = Field(ge=4, le=1024)
    view: str = "whole"
    crop_size: int | None = None
    margin: float = Field(ge=0.5, le=4)
    mean: float = 0.5
    std: float = Field(default=0.5, gt=0)
    channels: str = "RGB"


class WeightsInfo(Schema):
    """The metadata of a weights file."""

    schema_version: int = SCHEMA_VERSION
    name: str
    baseline: str | None = None
    options: dict[str, str | int | float] = Field(default_factory=dict)
    genotype: dict[str, Any] | None = None
    supervision: str
    modalities: tuple[str, ...]
    preprocessing: Preprocessing
    threshold: dict[str, str | float] | None = None
    provenance: dict[str, str | int | float | bool | None] = Field(default_factory=dict)


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
    info = WeightsInfo(
        name=network.name,
        baseline=None if genotype else network.name,
        genotype=json.loads(genotype_to_json(genotype)) if genotype else None,
        supervision=network.supervision_name,
        modalities=network.modalities,
        options=network.options,
        preprocessing=Preprocessing(
            input_size=network.input_size,
            view=network.view.kind,
            crop_size=network.view.crop_size,
            margin=margin,
        ),
        provenance=provenance,
    )
    tensors = state if state is not None else network.body.state_dict()
    _write(path, {name: value.detach().cpu().contiguous() for name, value in tensors.items()}, info)
    return info


def record_threshold(path: Path, value: float, rule: str, provenance: str) -> None:
    """Note in a weights file the threshold it was evaluated at."""
    tensors, info = read_weights(path)
    threshold: dict[str, str | float] = {"value": value, "rule": rule, "provenance": provenance}
    _write(path, tensors, info.model_copy(update={"threshold": threshold}))


def read_weights(path: Path) -> tuple[dict[str, torch.Tensor], WeightsInfo]:
    """Tensors and metadata of a weights file; raises RunError in one line."""
    try:
        with safe_open(path, framework="pt") as handle:
            metadata = handle.metadata() or {}
            tensors = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise RunError(f"{path} does not exist; train the network first") from None
    except (SafetensorError, OSError) as exc:
        raise RunError(f"{path} is not a readable safetensors file: {exc}") from None
    if "autofas" not in metadata:
        raise RunError(f"{path} carries no autofas metadata, so the network cannot be rebuilt from it")
    try:
        values = json.loads(metadata["autofas"])
    except ValueError as exc:
        raise RunError(f"{path}: its metadata is not valid JSON: {exc}") from None
    if not isinstance(values, dict) or values.get("schema_version") != SCHEMA_VERSION:
        raise RunError(f"{path} has metadata of another schema version than {SCHEMA_VERSION}")
    return tensors, validated(WeightsInfo, values, str(path), RunError)


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
    if (info.genotype is None) == (info.baseline is None):
        raise RunError(f"{path}: metadata must name one of genotype and baseline")
    source: Genotype | str
    if info.genotype is not None:
        source = validated(Genotype, info.genotype, f"{path}: genotype", RunError)
    else:
        source = str(info.baseline)
    network = build(
        source,
        supervision=info.supervision,
        input_size=info.preprocessing.input_size,
        modality=info.modalities[0],
        name=info.name,
        view=info.preprocessing.view,
        crop_size=info.preprocessing.crop_size,
        options=info.options,
    )
    try:
        network.body.load_state_dict(tensors)
    except RuntimeError as exc:
        reason = " ".join(str(exc).split())[:200]
        raise RunError(f"{path}: the weights do not fit network {info.name}: {reason}") from None
    return LoadedNetwork(network.eval(), info)


def _write(path: Path, tensors: dict[str, torch.Tensor], info: WeightsInfo) -> None:
    payload = save(tensors, {"autofas": json.dumps(info.model_dump(mode="json"), sort_keys=True)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path, binary=True) as stream:
            stream.write(payload)
    except OSError as exc:
        raise RunError(f"{path} cannot be written: {exc.strerror}") from None
