"""ncnn files: `pnnx` converts the traced graph, `ncnn` runs what came out, weights and sums in float32.

A file is two: NAME.ncnn.param, the graph as text, and NAME.ncnn.bin, its weights. Inputs are in0, in1, ... in
the order of the modalities, outputs out0 (score) and out1 (map). ncnn has no batches: a face a call.
"""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autofas.deploy.formats.single import Floats, SingleScorer
from autofas.deploy.info import ExportInfo
from autofas.errors import ConfigError, RunError

MOST_SECONDS = 600


def write(place: Path, form: Any, info: ExportInfo) -> None:
    """Write NAME.ncnn.param and NAME.ncnn.bin; raises ConfigError where pnnx cannot convert the network."""
    import pnnx
    import torch

    from autofas.deploy.formats.tracing import example, quietly

    with TemporaryDirectory() as folder:
        traced, param = Path(folder) / "model.pt", Path(folder) / "model.ncnn.param"
        try:
            with quietly():
                torch.jit.trace(form, example(form), check_trace=False).save(str(traced))
        except Exception as exc:  # torch raises a dozen kinds; whichever it is, this network has no file
            raise ConfigError(f"{info.name} cannot be traced for ncnn: {_short(str(exc))}") from exc
        shapes = ",".join(f"[1,3,{info.crop_size},{info.crop_size}]" for _ in info.modalities)
        words = [pnnx.EXEC_PATH, str(traced), f"inputshape={shapes}", "fp16=0"]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=MOST_SECONDS)
        unknown = _unknown(param)
        if done.returncode or not param.is_file() or unknown:
            reason = f"it has no {', '.join(unknown)}" if unknown else _last_words(done)
            raise ConfigError(f"{info.name} cannot be converted to ncnn: {reason}")
        place.write_bytes(param.read_bytes())
        place.with_suffix(".bin").write_bytes(param.with_suffix(".bin").read_bytes())


def open_file(path: Path, info: ExportInfo, threads: int | None) -> "NcnnScorer":
    """The network of a file, ready to score."""
    return NcnnScorer(path, info, threads)


class NcnnScorer(SingleScorer):
    """A file in ncnn on the CPU; `threads` None leaves their number to the runtime."""

    def __init__(self, path: Path, info: ExportInfo, threads: int | None = None) -> None:
        import ncnn

        super().__init__(path, info)
        self._mat, self._net = ncnn.Mat, ncnn.Net()
        options = self._net.opt
        options.use_vulkan_compute = False
        for name in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage"):
            setattr(options, f"use_{name}", False)  # each of them costs three digits
        if threads:
            options.num_threads = threads
        for load, file in ((self._net.load_param, path), (self._net.load_model, path.with_suffix(".bin"))):
            if load(str(file)):
                raise RunError(f"{file} cannot be read by ncnn")

    def call(self, inputs: list[Floats]) -> list[NDArray[Any]]:
        with self._net.create_extractor() as run:
            for number, one in enumerate(inputs):
                run.input(f"in{number}", self._mat(one[0]).clone())
            found = []
            for number, name in enumerate(self.info.outputs):
                code, value = run.extract(f"out{number}")
                if code:
                    raise RunError(f"{self.path} gives no {name}: ncnn cannot run its graph")
                found.append(np.array(value))
        return found


def _unknown(param: Path) -> list[str]:
    """The operations of a graph that pnnx has left as they were: ncnn has no layer of these."""
    if not param.is_file():
        return []
    kinds = [line.split(maxsplit=1)[0] for line in param.read_text().splitlines()[2:] if line.strip()]
    return sorted({kind for kind in kinds if "." in kind or "::" in kind})


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    """Why pnnx gave up: the line of its error, or its exit code."""
    told = [line for line in done.stderr.splitlines() if "what():" in line or "rror:" in line]
    return _short(told[0]) if told else f"pnnx ended with exit code {done.returncode}"


def _short(text: str) -> str:
    return " ".join(text.split())[:200]
