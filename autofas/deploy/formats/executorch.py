"""ExecuTorch files: torch's own exported program, lowered to XNNPACK, run by ExecuTorch's runtime in Python.

A single file, NAME.pte; inputs in the order of the modalities, outputs score and map. A face a call. How to
install it beside torch is in docs/formats.md: no extra can say it.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from autofas.deploy.formats.single import Floats, SingleScorer, native_silence
from autofas.deploy.info import ExportInfo
from autofas.errors import ConfigError, RunError


def write(place: Path, form: Any, info: ExportInfo) -> None:
    """Write NAME.pte; raises ConfigError where ExecuTorch cannot lower the network."""
    from autofas.deploy.formats.tracing import program, quietly

    with quietly("executorch", "root"):
        partitioner = import_module("executorch.backends.xnnpack.partition.xnnpack_partitioner")
        lower = import_module("executorch.exir").to_edge_transform_and_lower
        try:
            made = lower(program(form), partitioner=[partitioner.XnnpackPartitioner()]).to_executorch()
        except Exception as exc:  # it raises a dozen kinds; whichever it is, this network has no file
            reason = " ".join(str(exc).split())[:200]
            raise ConfigError(f"{info.name} cannot be lowered to ExecuTorch: {reason}") from exc
        place.write_bytes(made.buffer)


def open_file(path: Path, info: ExportInfo, threads: int | None) -> "ExecuTorchScorer":
    """The network of a file, ready to score; the number of threads is the runtime's own."""
    return ExecuTorchScorer(path, info)


class ExecuTorchScorer(SingleScorer):
    """A file in ExecuTorch on the CPU; its runtime in Python takes no number of threads."""

    def __init__(self, path: Path, info: ExportInfo) -> None:
        super().__init__(path, info)
        try:
            with native_silence():
                runtime = import_module("executorch.runtime").Runtime.get()
                self._program = runtime.load_program(str(path))
                self._method = self._program.load_method("forward")
        except Exception as exc:
            reason = " ".join(str(exc).split())[:200]
            raise RunError(f"{path} cannot be read by ExecuTorch: {reason}") from None

    def call(self, inputs: list[Floats]) -> list[NDArray[Any]]:
        import torch

        try:
            found = self._method.execute([torch.from_numpy(one) for one in inputs])
        except RuntimeError as exc:
            raise RunError(f"{self.path} does not run in ExecuTorch: {' '.join(str(exc).split())}") from None
        return [one.numpy() for one in found]
