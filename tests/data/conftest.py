"""Small manifests with real image files, made afresh for each test."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from autofas.data.manifests.manifest import Manifest, read_manifest
from tests.data.data_files import COLUMNS, picture, write_rows

torch.set_num_threads(1)


@pytest.fixture
def make_manifest(tmp_path: Path) -> Callable[..., Manifest]:
    """A manifest of PNG files: subjects x (bona_fide, print, replay) x frames, in one split unless told."""

    def make(subjects: int = 4, frames: int = 2, extra: str = "", split: str = "train") -> Manifest:
        rows: list[list[object]] = []
        for subject in range(subjects):
            for pai in ("bona_fide", "print", "replay"):
                for frame in range(frames):
                    name = f"images/{extra}{subject:02d}_{pai}_{frame}.png"
                    place = tmp_path / name
                    place.parent.mkdir(exist_ok=True)
                    picture(len(rows)).save(place)
                    session = str(1 + frame % 2)
                    video = f"{extra}{subject:02d}_{pai}_{session}"
                    rows.append([name, pai, f"{subject:02d}", session, video, frame, split])
        return read_manifest(write_rows(tmp_path / "manifest.csv", COLUMNS, rows))

    return make
