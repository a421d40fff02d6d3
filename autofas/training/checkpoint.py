"""Checkpoints that survive a kill at any moment, and tell when they are damaged.

A checkpoint is a folder `checkpoint-last/` of `state.pt` and `manifest.json` (schema version, SHA-256,
length). It is written under a temporary name, synced, and renamed into place; the one before it stays as
`checkpoint-previous/`. torch's own reader does not notice a flipped byte, the hash does: a damaged newest
checkpoint is reported and the previous one is used. `state.pt` is read with weights_only: no code in it runs.
"""

import hashlib
import io
import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from autofas.errors import RunError
from autofas.runs import read_json

SCHEMA_VERSION = 1
LAST, PREVIOUS = "checkpoint-last", "checkpoint-previous"


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Make `state` (tensors, numbers, texts, lists and dicts of them) the folder's last checkpoint."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getvalue()
    digest = {
        "schema_version": SCHEMA_VERSION,
        "sha256": hashlib.sha256(payload).hexdigest(),
        "bytes": len(payload),
    }
    last, previous = folder / LAST, folder / PREVIOUS
    fresh = folder / f".{LAST}.{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        fresh.mkdir()
        _write_synced(fresh / "state.pt", payload)
        _write_synced(fresh / "manifest.json", json.dumps(digest).encode())
        _sync_folder(fresh)
    except OSError as exc:
        shutil.rmtree(fresh, ignore_errors=True)
        raise RunError(
            f"{folder}: the checkpoint cannot be written ({exc.strerror}); the last one is intact"
        ) from None
    if last.exists():
        # between these renames there is no last checkpoint, and the previous one is read
        stale = folder / f".{PREVIOUS}.{os.getpid()}"
        if previous.exists():
            os.replace(previous, stale)
        os.replace(last, previous)
        shutil.rmtree(stale, ignore_errors=True)
    os.replace(fresh, last)
    _sync_folder(folder)


def load_checkpoint(folder: Path, warn: Callable[[str], None]) -> dict[str, Any] | None:
    """The newest undamaged checkpoint's state, or None if the folder holds none.

    `warn` is told of a damaged one that was passed over. Raises RunError if all there are is damaged.
    """
    found = [path for path in (folder / LAST, folder / PREVIOUS) if path.exists()]
    for path in found:
        try:
            return _read(path)
        except RunError as exc:
            warn(f"{exc}; falling back to the checkpoint before it")
    if found:
        raise RunError(f"{folder} has no checkpoint that can be read; start the run again under a new name")
    return None


def _read(path: Path) -> dict[str, Any]:
    manifest = read_json(path / "manifest.json")
    if not isinstance(manifest, dict) or manifest.get("schema_version") != SCHEMA_VERSION:
        raise RunError(f"{path} has a manifest of another schema version than {SCHEMA_VERSION}")
    try:
        payload = (path / "state.pt").read_bytes()
    except OSError as exc:
        raise RunError(f"{path / 'state.pt'} cannot be read: {exc.strerror}") from None
    if hashlib.sha256(payload).hexdigest() != manifest.get("sha256"):
        raise RunError(f"{path / 'state.pt'} is damaged: its SHA-256 is not the manifest's")
    state = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    if not isinstance(state, dict):
        raise RunError(f"{path / 'state.pt'} holds a {type(state).__name__}, expected a checkpoint")
    return state


def random_state() -> dict[str, Any]:
    """State of every global random generator: Python, NumPy, torch and each CUDA device."""
    version, numbers, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state(legacy=True)
    return {
        "python": [version, list(numbers), gauss],
        "numpy": [name, torch.from_numpy(np.asarray(keys).astype(np.int64)), position, has_gauss, cached],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Undo everything drawn since `random_state`."""
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    name, keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), position, has_gauss, cached))
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])


def _write_synced(path: Path, payload: bytes) -> None:
    with open(path, "wb") as stream:
        stream.write(payload)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
