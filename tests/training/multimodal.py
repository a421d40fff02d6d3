"""Trainings of networks that read several modalities."""

from pathlib import Path

import torch

from autofas.data.batches.loader import Batch


def flags(faces: Path, tmp_path: Path, **more: object) -> dict[str, object]:
    return {
        "data.dataset": str(faces / "manifest.csv"),
        "data.cache_dir": str(faces / "cache"),
        "data.workers": 1,
        "runs_dir": str(tmp_path),
        "threads": 1,
        "epochs": 2,
        "batch_size": 4,
        **more,
    }


def batch_of(names: tuple[str, ...], side: int, batch: int = 4) -> Batch:
    generator = torch.Generator().manual_seed(0)
    images = {name: torch.rand(batch, 3, side, side, generator=generator) * 2 - 1 for name in names}
    return Batch(images, {"label": torch.tensor([1.0, 0.0] * (batch // 2))}, torch.arange(batch))
