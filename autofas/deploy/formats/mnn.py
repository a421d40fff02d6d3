"""MNN files: MNN's converter reads the ONNX graph, its interpreter runs what came out in float32.

A single file, NAME.mnn; inputs carry the names of the modalities, outputs are score and map. A face a call.
Left to itself MNN computes 3x3 convolutions by Winograd's transform on large tiles, which costs two digits: a
map at 108 pixels was 2e-4 off. The smallest tile is as exact as the other runtimes and as fast here.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autofas.deploy.formats.single import Floats, SingleScorer, native_silence
from autofas.deploy.info import ExportInfo
from autofas.errors import ConfigError, RunError

MOST_SECONDS = 600
WINOGRAD_MEMORY_LEVEL = 3
"""MNN's number of the hint; at 0 it takes the smallest tile (`MNN::Interpreter::HintMode`)."""


def write(place: Path, form: Any, info: ExportInfo) -> None:
    """Write NAME.mnn; raises ConfigError where torch or MNN cannot convert the network."""
    from autofas.deploy.onnx_file import to_onnx

    with TemporaryDirectory() as folder:
        source, made = Path(folder) / "model.onnx", Path(folder) / "model.mnn"
        source.write_bytes(to_onnx(form).SerializeToString())
        words = [sys.executable, "-m", "MNN.tools.mnnconvert", "-f", "ONNX", "--modelFile", str(source)]
        words += ["--MNNModel", str(made), "--bizCode", "autofas"]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=MOST_SECONDS)
        if done.returncode or not made.is_file():
            reason = " ".join((done.stderr or done.stdout)[-400:].split())[:200]
            raise ConfigError(f"{info.name} cannot be converted to MNN: {reason}")
        place.write_bytes(made.read_bytes())


def open_file(path: Path, info: ExportInfo, threads: int | None) -> "MnnScorer":
    """The network of a file, ready to score."""
    return MnnScorer(path, info, threads)


class MnnScorer(SingleScorer):
    """A file in MNN on the CPU, in float32; `threads` None is one."""

    def __init__(self, path: Path, info: ExportInfo, threads: int | None = None) -> None:
        super().__init__(path, info)
        with native_silence():
            self._open(threads)

    def _open(self, threads: int | None) -> None:
        import MNN

        path, info = self.path, self.info
        self._expr = MNN.expr
        runtime = {"backend": "CPU", "precision": "high", "numThread": threads or 1}
        manager = MNN.nn.create_runtime_manager((runtime,))
        manager.set_hint(WINOGRAD_MEMORY_LEVEL, 0)
        names = list(info.modalities), list(info.outputs)
        self._module = MNN.nn.load_module_from_file(str(path), *names, runtime_manager=manager)
        if self._module is None:
            raise RunError(f"{path} cannot be read by MNN")

    def call(self, inputs: list[Floats]) -> list[NDArray[Any]]:
        given = [self._expr.const(one, list(one.shape), self._expr.NCHW) for one in inputs]
        return [
            np.array(self._expr.convert(one, self._expr.NCHW).read()) for one in self._module.forward(given)
        ]
