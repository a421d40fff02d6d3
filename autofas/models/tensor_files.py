"""Files of tensors from anywhere, safetensors and torch's own, read without running code and within bounds.

safetensors keeps its tensors' types, shapes and places in a JSON header; its library checks that they fill
the file without overlap. torch's file is a zip (before torch 1.6 a plain stream) around a pickle, read by
torch's `weights_only` unpickler, which knows tensors and containers alone. What torch would do is inflate:
the zip of a few kilobytes can hold gigabytes, so one whose parts are compressed is refused; torch never
writes it.
"""

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from autofas.errors import RunError
from autofas.models.build import MAX_PARAMETERS
from autofas.storage.files import file_size

MAX_BYTES = 4 * MAX_PARAMETERS + 2**25
MAX_HEADER_BYTES = 2**24
MAX_TENSORS = 2**14


def read_safetensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Tensors and texts of a safetensors file; raises RunError in one line."""
    try:
        size = file_size(path, MAX_BYTES, RunError)
        with open(path, "rb") as stream:
            header = int.from_bytes(stream.read(8), "little")
        if header > min(MAX_HEADER_BYTES, size - 8):
            raise RunError(f"{path} is not a readable safetensors file: its header has {header} bytes")
        with safe_open(path, framework="pt") as handle:
            metadata = handle.metadata() or {}
            names = list(handle.keys())
            if len(names) > MAX_TENSORS:
                raise RunError(f"{path} holds {len(names)} tensors; at most {MAX_TENSORS} are read")
            # copies: the library's tensors are the file's pages, and change if it is written over
            return {name: handle.get_tensor(name).clone() for name in names}, metadata
    except FileNotFoundError:
        raise RunError(f"{path} does not exist; train the network first") from None
    except (SafetensorError, OSError, ArithmeticError, ValueError, RuntimeError, TypeError) as exc:
        raise RunError(f"{path} is not a readable safetensors file: {_reason(exc)}") from None


def read_torch(content: bytes, source: str) -> Any:
    """What a file of `torch.save` holds, on the CPU; raises RunError in one line that names `source`."""
    stream, pickles = io.BytesIO(content), content
    try:
        if zipfile.is_zipfile(stream):
            with zipfile.ZipFile(stream) as parts:
                total = sum(part.file_size for part in parts.infolist())
                if total > len(content):
                    raise RunError(f"{source} is compressed and would grow to {total} bytes; save it anew")
                pickles = b"".join(parts.read(name) for name in parts.namelist() if name.endswith(".pkl"))
        if b"bytearray" in pickles:
            # torch's unpickler makes one of any length; no tensor is written with one
            raise RunError(f"{source} holds more than tensors; save its state_dict alone")
        stream.seek(0)
        value = torch.load(stream, map_location="cpu", weights_only=True)
        _require_stored(value, source)
        return value
    except RunError:
        raise
    except pickle.UnpicklingError:
        raise RunError(
            f"{source} holds more than tensors, which could run code on loading; save its state_dict alone"
        ) from None
    except MemoryError:
        raise
    except Exception as exc:  # torch and pickle raise every kind for what is no such file
        raise RunError(f"{source} is not a readable checkpoint: {_reason(exc)}") from None


def _require_stored(value: Any, source: str) -> None:
    """Raise RunError for a tensor that claims more numbers than the file holds for it, as strides of 0 do:
    whoever copies it would allocate them all."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += one.values()
        elif isinstance(one, list | tuple):
            left += one
        elif isinstance(one, torch.Tensor) and (
            one.layout != torch.strided
            or one.is_meta
            or one.numel() * one.element_size() > one.untyped_storage().nbytes()
        ):
            raise RunError(
                f"{source} holds a tensor {tuple(one.shape)} that is not stored in full; save a copy"
            )


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
