"""A network of one's own as a baseline: `path/to/file.py:factory`, a file of Python that is run to build it.

The file's factory returns an nn.Module that takes images (B, 3, S, S) in [-1, 1]; `input_size` is passed to
it where it has such a parameter. What the module gives for one image says how it is taught unless a
supervision is named: a map (B, 1, m, n) by pixel-wise BCE, one logit (B, 1) by BCE, class logits (B, n) by
cross entropy with class 1 bona fide.

Naming the file is what permits it to run. A weights file only names the code by its file's name, factory and
SHA-256, so that one from a stranger runs nothing: the same code has to be named again where it is loaded.
"""

import hashlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from autofas.config.recipes import OWN
from autofas.errors import ConfigError
from autofas.models.modes import evaluating

DEFAULT_INPUT_SIZE = 112
_LABEL = 64
"""What a weights file holds of a baseline's name."""
_NO_LABEL = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Code:
    """A file of Python and the factory in it, as it was when it was named."""

    path: Path
    factory: str
    sha256: str

    @property
    def label(self) -> str:
        """File and factory as far as they can name a model: what a weights file says of the code."""
        factory = _NO_LABEL.sub("_", self.factory)[: _LABEL // 2]
        stem = _NO_LABEL.sub("_", self.path.stem).strip("._-") or "file"
        return f"{stem[: _LABEL - len(f'.py:{factory}')]}.py:{factory}"

    @property
    def text(self) -> str:
        """As it is given to --baseline."""
        return f"{self.path}:{self.factory}"


_named: list[Code] = []  # what this process was asked to run


def is_own(text: str) -> bool:
    """Whether a baseline is spelt as a file of Python with a factory in it."""
    return OWN.fullmatch(text) is not None


def name_code(text: str) -> Code:
    """The code that `path/to/file.py:factory` names, permitted to run in this process from here on.

    Raises ConfigError where there is no such file.
    """
    match = OWN.fullmatch(text)
    if match is None:
        raise ConfigError(f"baseline {text} is not spelt path/to/file.py:factory")
    path = Path(match["file"])
    try:
        code = Code(path, match["factory"], hashlib.sha256(path.read_bytes()).hexdigest())
    except OSError as error:
        raise ConfigError(f"baseline {text}: {path} cannot be read ({error.strerror})") from None
    if code not in _named:
        _named.append(code)
    return code


def named_code(label: str, sha256: str) -> Code:
    """The code of that label and content that this process was asked to run, or ConfigError."""
    same = [code for code in _named if code.label == label]
    for code in same:
        if code.sha256 == sha256:
            return code
    if same:
        raise ConfigError(f"{same[-1].path} has changed since this network was trained; name it as it was")
    raise ConfigError(
        f"the network is built by {label}, code that runs; evaluate it with --baseline path/to/{label}"
    )


def factory_of(code: Code) -> Callable[..., nn.Module]:
    """The factory of named code, its file run as a module; raises ConfigError for what goes wrong in it."""
    name = f"autofas_own_{code.sha256[:12]}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, code.path)
        assert spec is not None  # a .py file has a loader
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # dataclasses and pickles look themselves up there
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[name]
            raise ConfigError(f"{code.path} cannot be run: {_reason(error)}") from error
    factory = getattr(sys.modules[name], code.factory, None)
    if not callable(factory):
        raise ConfigError(f"{code.path} has no function or class {code.factory}")
    return factory


def own_size(code: Code, asked: int | None) -> int:
    """The input side asked for, else the default of the factory's `input_size`, else 112."""
    if asked is not None:
        return asked
    parameter = inspect.signature(factory_of(code)).parameters.get("input_size")
    known = parameter is not None and isinstance(parameter.default, int)
    return int(parameter.default) if known and parameter is not None else DEFAULT_INPUT_SIZE


def own_body(code: Code, size: int, options: Mapping[str, Any]) -> nn.Module:
    """The module that the factory makes with these options; ConfigError for what goes wrong in it."""
    factory = factory_of(code)
    arguments = dict(options)
    if "input_size" in inspect.signature(factory).parameters:
        arguments.setdefault("input_size", size)
    try:
        body = factory(**arguments)
    except Exception as error:
        raise ConfigError(f"{code.text} cannot build its network: {_reason(error)}") from error
    if not isinstance(body, nn.Module):
        raise ConfigError(f"{code.text} returns {type(body).__name__}, not an nn.Module")
    return body


def fitting_supervision(code: Code, body: nn.Module, size: int) -> str:
    """The supervision for what the module gives for one image; raises ConfigError where none fits."""
    try:
        with evaluating(body), torch.no_grad():
            output = body(torch.zeros(1, 3, size, size))
    except Exception as error:
        reason = _reason(error)
        raise ConfigError(f"{code.text} does not take images of 3x{size}x{size}: {reason}") from error
    shape = tuple(output.shape) if isinstance(output, Tensor) else None
    if shape is not None and len(shape) == 4 and shape[1] == 1:
        return "pixelwise_bce"
    if shape is not None and len(shape) == 2:
        return "bce" if shape[1] == 1 else "cross_entropy"
    given = f"a tensor of shape {shape}" if shape is not None else f"a {type(output).__name__}"
    raise ConfigError(
        f"{code.text} gives {given} for one image; give a map (B, 1, m, n), a logit (B, 1) or class"
        " logits (B, n)"
    )


def _reason(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:200]
