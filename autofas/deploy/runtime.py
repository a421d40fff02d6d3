"""Runtimes: face crops in, scores and live maps out, whatever file holds the network.

`open_scorer` takes an exported file, a weights file or a run folder. An exported file runs in its own
runtime and needs no torch; torch is imported for the other two alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from autofas.deploy.formats.table import KINDS, Kind, kind_of
from autofas.deploy.info import METADATA_KEY, ExportInfo, parse_info, read_beside, require_described
from autofas.errors import RunError
from autofas.storage.files import file_size

MAX_BYTES = 2**30
PLACES = "a run folder, a .safetensors file or an exported one (.onnx, .ncnn.param, .mnn, .pte)"
"""What a network can be read from, in the words of a message."""
Crops = Mapping[str, NDArray[np.uint8]]


@dataclass(frozen=True)
class Scores:
    """`scores` (B,) float32 in [0, 1], higher = bona fide; `maps` (B, m, n) in [0, 1], None without a map."""

    scores: NDArray[np.float32]
    maps: NDArray[np.float32] | None


class Scorer(Protocol):
    """A network ready to score: its record, and crops (B, 3, C, C) uint8 by modality -> `Scores`."""

    info: ExportInfo

    def score(self, crops: Crops) -> Scores:
        """Score face crops in RGB, C = info.crop_size."""
        ...

    def prepared(self, crops: Crops) -> Callable[[], Any]:
        """A call of the runtime alone, its input made beforehand: what latency is measured of."""
        ...


class OnnxScorer:
    """An exported ONNX file in onnxruntime on the CPU; `threads` None leaves their number to the runtime."""

    def __init__(self, path: Path, threads: int | None = None) -> None:
        self.session = _session(path, threads)
        found = self.session.get_modelmeta().custom_metadata_map
        if METADATA_KEY not in found:
            raise RunError(f"{path} was not exported by autofas: it does not say how its input is prepared")
        self.info = parse_info(found[METADATA_KEY], f"{path}: its metadata")
        names = [one.name for one in self.session.get_inputs()]
        if names != list(self.info.modalities):
            raise RunError(f"{path}: its inputs are {', '.join(names)}, its metadata say otherwise")

    def score(self, crops: Crops) -> Scores:
        return self.run(self.feeds(crops))

    def prepared(self, crops: Crops) -> Callable[[], Any]:
        feeds = self.feeds(crops)
        return lambda: self.session.run(None, feeds)

    def feeds(self, crops: Crops) -> dict[str, NDArray[Any]]:
        """The graph's inputs made of crops, in the form it takes."""
        return {name: as_input(crops[name], self.info) for name in self.info.modalities}

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> Scores:
        """One call of the runtime."""
        outputs = dict(zip(self.info.outputs, self.session.run(None, dict(feeds)), strict=True))
        return Scores(outputs["score"], outputs.get("map"))


class TorchScorer:
    """A weights file in torch, on one image path with training's own code."""

    def __init__(self, path: Path, threads: int | None = None) -> None:
        import torch

        from autofas.deploy.describe import describe_weights
        from autofas.deploy.graph import ExportForm
        from autofas.models.weights import load_network

        if threads:
            torch.set_num_threads(threads)
        self.threads = threads
        loaded = load_network(path)
        self.info = describe_weights(loaded, path)
        self.form = ExportForm(loaded.network, rewrite=False)

    def score(self, crops: Crops) -> Scores:
        found = [output.numpy() for output in self.prepared(crops)()]
        return Scores(found[0], found[1] if len(found) > 1 else None)

    def prepared(self, crops: Crops) -> Callable[[], Any]:
        import torch

        tensors = [torch.from_numpy(normalised(crops[name])) for name in self.info.modalities]

        def call() -> Any:
            if self.threads:
                torch.set_num_threads(self.threads)  # one number for the whole process
            with torch.inference_mode():
                return self.form(*tensors)

        return call


def open_scorer(place: str | Path, threads: int | None = None) -> Scorer:
    """The network in an exported file, a weights file or a run folder; raises RunError or ConfigError."""
    path = Path(place)
    kind = kind_of(path) if path.exists() else None
    if kind is not None:
        return OnnxScorer(path, threads) if kind.name == "onnx" else _in_its_runtime(kind, path, threads)
    if path.is_dir():
        weights = path / "weights" / "best.safetensors"
        if not weights.is_file():
            raise RunError(f"{path} holds no trained network: it has no {weights.relative_to(path)}")
        return TorchScorer(weights, threads)
    if not path.exists():
        raise RunError(f"{path} does not exist; give {PLACES}")
    if path.suffix == ".safetensors":
        return TorchScorer(path, threads)
    raise RunError(f"{path} is not a network; give {PLACES}")


def _in_its_runtime(kind: Kind, path: Path, threads: int | None) -> Scorer:
    """A file of a format that says nothing of itself, by the record beside it."""
    kind.require_runtime(path)
    info, measured = read_beside(path)
    require_described(path, measured)
    scorer: Scorer = kind.module().open_file(path, info, threads)
    return scorer


def as_input(crops: NDArray[np.uint8], info: ExportInfo) -> NDArray[Any]:
    """RGB crops (B, 3, C, C) as a file takes them: normalised, or pixels in its colour order.

    Pixels are uint8 (B, C, C, 3) in ONNX, float32 (B, 3, C, C) in the other formats.
    """
    if info.form == "tensor":
        return normalised(crops)
    if info.format != "onnx":
        ordered = crops[:, ::-1] if info.channels == "BGR" else crops
        return np.ascontiguousarray(ordered, np.float32)
    pixels = crops.transpose(0, 2, 3, 1)
    return np.ascontiguousarray(pixels[..., ::-1] if info.channels == "BGR" else pixels)


def normalised(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 of any shape as float32 in [-1, 1], the loader's numbers to the last bit."""
    return (crops.astype(np.float32) / np.float32(255) - np.float32(0.5)) / np.float32(0.5)


def _session(path: Path, threads: int | None) -> Any:
    KINDS["onnx"].require_runtime(path)
    import onnxruntime

    try:
        file_size(path, MAX_BYTES, RunError)
    except OSError as exc:
        raise RunError(f"{path} cannot be read: {exc.strerror}") from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    if threads:
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as exc:  # the runtime's own exceptions share no base
        reason = " ".join(str(exc).split())[:200]
        raise RunError(f"{path} cannot be run by onnxruntime: {reason}") from None
