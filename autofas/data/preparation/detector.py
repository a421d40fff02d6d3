"""Where the face is in a picture: the interface that preparation asks, and the choice by name.

A detector gives every face with its score, best first; preparation takes the best. `mtcnn` needs the extra
`[data]`; `none` finds nothing, so that only boxes from a data set's own files count. An .onnx file is a YuNet
of OpenCV's model zoo (2022 or later), whose twelve outputs OpenCV's FaceDetectorYN understands: cls_S, obj_S,
bbox_S and kps_S at the strides S of 8, 16 and 32. No other outputs are understood.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PIL import Image

from autofas.data.preparation.crops import Box
from autofas.errors import DataError

DETECTORS = ("mtcnn", "none")
FILES = ".onnx"
"""What the file of a detector of one's own ends in."""
WORDS = f"{', '.join(DETECTORS)} or a YuNet {FILES} file"
"""The choices in the words of a message."""


@dataclass(frozen=True)
class Face:
    """A face box (x, y, width, height) in pixels of the picture and its score in [0, 1], higher = surer."""

    box: Box
    score: float


class Detector(Protocol):
    """Finds faces; one instance serves one thread."""

    name: str

    def detect(self, image: Image.Image) -> list[Face]:
        """The faces of an upright RGB picture, best first."""
        ...


class NoDetector:
    """Finds no face at all."""

    name = "none"

    def detect(self, image: Image.Image) -> list[Face]:
        """Nothing."""
        return []


def make_detector(name: str) -> Detector:
    """A detector by name; raises `DataError` for an unknown one or one that is not installed."""
    if name == "none":
        return NoDetector()
    if name == "mtcnn":
        from autofas.data.preparation.mtcnn import MtcnnDetector

        return MtcnnDetector()
    if name.endswith(FILES):
        from autofas.data.preparation.yunet import YuNetDetector

        return YuNetDetector(Path(name))
    raise DataError(f"detector {name} does not exist; choose {WORDS}")
