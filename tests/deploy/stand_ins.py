"""What stands in for a network, a face finder and a photograph where their own work is not the point."""

from pathlib import Path

import numpy as np
from PIL import Image

from autofas.data.preparation.detector import Face
from autofas.deploy.info import ExportInfo
from autofas.deploy.runtime import Scores


def made_info(**values) -> ExportInfo:
    """The record of a file, as far as nothing else is told."""
    told = {"name": "n", "kind": "random", "format": "onnx", "form": "crop", "modalities": ("color",)}
    told |= {"inputs": (), "outputs": ("score",), "crop_size": 24, "input_size": 24, "margin": 1.3}
    return ExportInfo(**{**told, "supervision": "bce", **values})


class Brightness:
    """A scorer whose score is the mean brightness of its crops, as is its map of 2 x 2."""

    def __init__(self, **values) -> None:
        self.info = made_info(**values)
        self.batches: list[int] = []

    def score(self, crops) -> Scores:
        means = np.mean([crops[name].mean((1, 2, 3)) / 255 for name in self.info.modalities], axis=0)
        self.batches.append(len(means))
        scores = means.astype(np.float32)
        has_map = "map" in self.info.outputs
        return Scores(scores, np.tile(scores[:, None, None], (1, 2, 2)) if has_map else None)


class TwoFaces:
    """Finds a large face, a small one, and nothing in a dark picture."""

    name = "two"

    def detect(self, image):
        if np.asarray(image).mean() < 10:
            return []
        return [Face((4, 4, 10, 10), 0.99), Face((40, 30, 60, 60), 0.9)]


def photograph(folder: Path, name: str = "photo.png") -> Path:
    """A file of noise, 160 x 120 pixels, none of it dark."""
    pixels = np.random.default_rng(0).integers(60, 200, (120, 160, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / name)
    return folder / name
