"""The data room: manifests, data sets, protocols, crops, augmentation and loading.

Names are imported on first use, so that asking for a protocol does not import torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autofas.data.augment import PRESETS, AugmentPolicy, augment_batch
    from autofas.data.catalog import Dataset, load_dataset
    from autofas.data.frames import check_files
    from autofas.data.loader import Batch, Loader, evaluation_batches
    from autofas.data.manifest import BONA_FIDE, Manifest, read_manifest, write_manifest
    from autofas.data.partition import check_disjoint, leave_out, split_halves
    from autofas.data.protocols import OULU_FOLDS, apply_protocol, folds, oulu_split
    from autofas.data.readers.oulu import read_oulu
    from autofas.data.sampler import EpochSampler
    from autofas.data.store import FrameStore

_HOMES = {
    "augment": ("PRESETS", "AugmentPolicy", "augment_batch"),
    "catalog": ("Dataset", "load_dataset"),
    "frames": ("check_files",),
    "loader": ("Batch", "Loader", "evaluation_batches"),
    "manifest": ("BONA_FIDE", "Manifest", "read_manifest", "write_manifest"),
    "readers.oulu": ("read_oulu",),
    "partition": ("check_disjoint", "leave_out", "split_halves"),
    "protocols": ("OULU_FOLDS", "apply_protocol", "folds", "oulu_split"),
    "sampler": ("EpochSampler",),
    "store": ("FrameStore",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "BONA_FIDE",
    "OULU_FOLDS",
    "PRESETS",
    "AugmentPolicy",
    "Batch",
    "Dataset",
    "EpochSampler",
    "FrameStore",
    "Loader",
    "Manifest",
    "apply_protocol",
    "augment_batch",
    "check_disjoint",
    "check_files",
    "evaluation_batches",
    "folds",
    "leave_out",
    "load_dataset",
    "oulu_split",
    "read_manifest",
    "read_oulu",
    "split_halves",
    "write_manifest",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
