"""What every format is called, what its files end in, what writes and runs them, and how to get that.

Light: nothing of a format is imported before a file of it is written or opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, get_args

from autofas.errors import ConfigError, RunError, which_of

Format = Literal["onnx", "ncnn", "mnn", "coreml", "executorch"]


@dataclass(frozen=True)
class Kind:
    """One format: `suffix` ends the names of its files, `runtime` runs them.

    `packages` write a file and check it, `get` says how to install them. A file of a format that is not
    `runs_here` cannot be run, and so not checked, on the machine that writes it.
    """

    name: Format
    title: str
    suffix: str
    runtime: str
    packages: tuple[str, ...]
    get: str
    runs_here: bool = True

    def require(self) -> None:
        """Raise ConfigError, naming the extra, where a package that writes or checks a file is missing."""
        for package in self.packages:
            if find_spec(package) is None:
                raise ConfigError(f"{self.title} needs {package}, which is not installed; {self.get}")

    def require_runtime(self, path: Path) -> None:
        """Raise ConfigError, naming the extra, where what runs a file is missing; RunError if nothing can."""
        if not self.runs_here:
            raise RunError(
                f"{path} is a {self.title} model, which runs on Apple's devices alone; give its run, or its "
                "file in another format"
            )
        if find_spec(self.packages[-1]) is None:
            raise ConfigError(f"{path} needs {self.packages[-1]}, which is not installed; {self.get}")

    def module(self) -> Any:
        """The module of a format other than ONNX: `write`, and `open_file` where it runs here."""
        return import_module(f"autofas.deploy.formats.{self.name}")


def _extra(name: str) -> str:
    return f"pip install 'autofas[{name}]'"


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("onnx", "ONNX", ".onnx", "onnxruntime", ("onnx", "onnxscript", "onnxruntime"), _extra("export")),
        Kind("ncnn", "ncnn", ".ncnn.param", "ncnn", ("pnnx", "ncnn"), _extra("ncnn")),
        Kind("mnn", "MNN", ".mnn", "MNN", ("onnx", "onnxscript", "MNN"), _extra("mnn")),
        Kind("coreml", "Core ML", ".mlpackage", "Core ML", ("coremltools",), _extra("coreml"),
             runs_here=False),
        Kind("executorch", "ExecuTorch", ".pte", "ExecuTorch", ("executorch",),
             "docs/formats.md says how to install it"),
    )
}  # fmt: skip
FORMATS: tuple[str, ...] = get_args(Format)


def kind_of(path: Path) -> Kind | None:
    """The format of a file by its name; None for other files."""
    return next((kind for kind in KINDS.values() if path.name.endswith(kind.suffix)), None)


def chosen(names: Sequence[str]) -> list[Kind]:
    """The formats of these names, each once; raises ConfigError for one that does not exist."""
    for name in names:
        if name not in KINDS:
            raise ConfigError(f"format {name} does not exist{which_of(name, FORMATS)}")
    return [KINDS[name] for name in dict.fromkeys(names)]


def files_of(path: Path) -> list[Path]:
    """The files that make up an exported one: ncnn's weights lie beside it, Core ML's is a folder."""
    if path.is_dir():
        return sorted(inside for inside in path.rglob("*") if inside.is_file())
    return [path, path.with_suffix(".bin")] if path.name.endswith(KINDS["ncnn"].suffix) else [path]


def size_of(path: Path) -> int:
    """Bytes of an exported file, all of its files together; raises OSError where one is missing."""
    return sum(file.stat().st_size for file in files_of(path))


def exported_files(folder: Path) -> list[Path]:
    """The exported files in a folder, by name; files of several parts once."""
    return sorted(path for path in folder.glob("*") if kind_of(path) is not None)
