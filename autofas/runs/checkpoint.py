"""Checkpoints that survive a kill at any moment, and tell when they are damaged.

A checkpoint is a folder `checkpoint-last/` of `state.pt` and `manifest.json` (schema version, kind, SHA-256,
length). It is written under a temporary name, synced, and renamed into place; the one before it stays as
`checkpoint-previous/`. torch's own reader does not notice a flipped byte, the hash does: a damaged newest
checkpoint is reported and the previous one is used. `state.pt` is read with weights_only: no code in it runs.

Version 2 holds a run between any two batches; version 1, written between epochs, is read as such. A later
version is refused, not passed over: going on from the one before it would overwrite a newer autofas' work.
"""

import hashlib
import io
import json
import os
import random
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from autofas.errors import RunError
from autofas.models.tensor_files import read_torch
from autofas.runtime.interruption import deferred
from autofas.storage.files import file_size, require_space, sync_folder
from autofas.storage.schema import read_json, read_text, require_version

SCHEMA_VERSION = 2
READABLE = (1, 2)
MAX_BYTES = 2**32  # of state.pt: the largest network that is built, its optimiser and its best weights
LAST, PREVIOUS, DAMAGED = "checkpoint-last", "checkpoint-previous", "checkpoint-damaged"


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Make `state` (tensors, numbers, texts, lists and dicts of them) the folder's last checkpoint.

    A signal waits until it is written. Raises RunError if it cannot be; the last one is then intact.
    """
    with deferred():
        replace_last(folder, state)


def replace_last(folder: Path, state: dict[str, Any]) -> None:
    """What `save_checkpoint` does, open to signals."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getvalue()
    last, previous = folder / LAST, folder / PREVIOUS
    remove_leftovers(folder)
    require_space(folder, len(payload), "the checkpoint")
    fresh = folder / f".{LAST}.{os.getpid()}"
    try:
        fresh.mkdir()
        write_synced(fresh / "state.pt", payload)
        write_synced(fresh / "manifest.json", manifest_text(payload, SCHEMA_VERSION).encode())
        sync_folder(fresh)
    except OSError as exc:
        shutil.rmtree(fresh, ignore_errors=True)
        raise RunError(
            f"{folder}: the checkpoint cannot be written ({exc.strerror}); the last one is intact"
        ) from None
    try:
        # at every moment of these renames the newest or the one before it stands under one of its names
        if last.exists():
            stale = folder / f".{PREVIOUS}.{os.getpid()}"
            if previous.exists():
                os.replace(previous, stale)
            os.replace(last, previous)
            shutil.rmtree(stale, ignore_errors=True)
        os.replace(fresh, last)
        sync_folder(folder)
    except OSError as exc:
        raise RunError(f"{folder}: the checkpoint cannot be moved into place ({exc.strerror})") from None


def remove_leftovers(folder: Path) -> None:
    """Remove what processes that were killed inside a save have left; the folder's owner alone may."""
    for name in (LAST, PREVIOUS):
        for path in folder.glob(f".{name}.*"):
            shutil.rmtree(path, ignore_errors=True)
    for path in folder.rglob(".*.part"):
        path.unlink(missing_ok=True)


class Schedule:
    """When a run between two batches is saved: every so many batches or minutes; None is never."""

    def __init__(self, steps: int | None, minutes: float | None) -> None:
        self.steps, self.minutes = steps, minutes
        self.saved(None)

    def saved(self, place: tuple[int, int] | None) -> None:
        """Count from now; `place`, in epochs and batches, is where the run was saved, None if nowhere."""
        self.place, self.count, self.since = place, 0, time.monotonic()

    def holds(self, place: tuple[int, int]) -> bool:
        """True if the last save was at this very place."""
        return place == self.place

    def due(self) -> bool:
        """Count a batch; True if it is time to save."""
        self.count += 1
        if self.steps is not None and self.count >= self.steps:
            return True
        return self.minutes is not None and time.monotonic() - self.since >= 60 * self.minutes


def state_bytes(parameters: Iterable[torch.Tensor], averages: int) -> int:
    """What a checkpoint of a network and its optimiser will hold, roughly: weights twice (now and best) and
    the optimiser's `averages` of each."""
    weights = sum(parameter.numel() * parameter.element_size() for parameter in parameters)
    return weights * (2 + averages)


def load_checkpoint(folder: Path, warn: Callable[[str], None]) -> dict[str, Any] | None:
    """The newest undamaged checkpoint's state, or None if the folder holds none.

    A damaged newest one is passed over, told to `warn`, and set aside as `checkpoint-damaged/`, where no save
    pushes it over the good one. Raises RunError if all there are is damaged, or the newest is of a version
    this autofas does not know.
    """
    damages = []
    for path in (folder / LAST, folder / PREVIOUS, folder / DAMAGED):
        if not path.exists():
            continue
        try:
            state = _read(path)
        except _Damaged as exc:
            damages.append(str(exc))
            continue
        if damages:
            warn(f"{damages[0]}; continuing from the checkpoint before it")
            shutil.rmtree(folder / DAMAGED, ignore_errors=True)
            os.replace(folder / LAST, folder / DAMAGED)
        return state
    if damages:
        raise RunError(
            f"{folder} has no readable checkpoint: {'; '.join(damages)}; start a new run under another name"
        )
    return None


class _Damaged(RunError):
    """A checkpoint that is not what was written."""


def _read(path: Path) -> dict[str, Any]:
    try:
        manifest = read_json(path / "manifest.json")
    except RunError as exc:
        raise _Damaged(str(exc)) from None
    if not isinstance(manifest, dict):
        raise _Damaged(f"{path / 'manifest.json'} is not a manifest")
    # said twice, a version is no flipped byte
    twice = manifest.get("kind") == _kind(manifest.get("schema_version"))
    version = require_version(
        manifest, READABLE, str(path / "manifest.json"), RunError if twice else _Damaged
    )
    try:
        file_size(path / "state.pt", MAX_BYTES, _Damaged)
        payload = (path / "state.pt").read_bytes()
    except OSError as exc:
        raise _Damaged(f"{path / 'state.pt'} cannot be read: {exc.strerror}") from None
    if read_text(path / "manifest.json", RunError) != manifest_text(payload, version):
        raise _Damaged(f"{path / 'state.pt'} or its manifest is damaged: the SHA-256 does not match")
    try:
        state = read_torch(payload, str(path / "state.pt"))
    except RunError as exc:
        raise _Damaged(str(exc)) from None
    if not isinstance(state, dict):
        raise _Damaged(f"{path / 'state.pt'} holds a {type(state).__name__}, expected a checkpoint")
    return state


def _kind(version: Any) -> str:
    return f"autofas checkpoint {version}"


def manifest_text(payload: bytes, version: int) -> str:
    """The text of manifest.json beside a state.pt of these bytes."""
    kind = {"kind": _kind(version)} if version > 1 else {}
    digest = hashlib.sha256(payload).hexdigest()
    return json.dumps({"schema_version": version, **kind, "sha256": digest, "bytes": len(payload)})


def random_state() -> dict[str, Any]:
    """State of every global random generator: Python, NumPy, torch and the CUDA device in use."""
    version, numbers, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state(legacy=True)
    return {
        "python": [version, list(numbers), gauss],
        "numpy": [name, torch.from_numpy(np.asarray(keys).astype(np.int64)), position, has_gauss, cached],
        "torch": torch.get_rng_state(),
        "cuda": [torch.cuda.get_rng_state()] if torch.cuda.is_available() else [],
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Undo everything drawn since `random_state`."""
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    name, keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), position, has_gauss, cached))
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"][0])


def write_synced(path: Path, payload: bytes) -> None:
    """Write a new file, and have its bytes on the disk."""
    with open(path, "wb") as stream:
        stream.write(payload)
        stream.flush()
        os.fsync(stream.fileno())
