"""Face detection by a YuNet network of the user's own, an ONNX file run by OpenCV's FaceDetectorYN.

YuNet (Wu et al., Machine Intelligence Research 2023) is the face detector of OpenCV's model zoo; autofas
ships no such file. Pictures above 1280 pixels are searched at 1280, as by MTCNN.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from autofas.data.manifests.faults import one_line
from autofas.data.preparation.detector import Face
from autofas.data.preparation.mtcnn import MAX_SIDE, opencv
from autofas.errors import DataError

LEAST_SCORE = 0.7
OVERLAP = 0.3
_BLOCK = 32  # OpenCV pads to a multiple of it


class YuNetDetector:
    """The network of one file; raises `DataError` where OpenCV is absent or the file is not a YuNet."""

    name = "yunet"

    def __init__(self, path: Path) -> None:
        self._cv2 = opencv()
        self._path = path
        log = self._cv2.utils.logging
        log.setLogLevel(log.LOG_LEVEL_ERROR)  # it warns of a setting of its own at every start
        if not path.is_file():
            raise DataError(f"the face detector {path} does not exist")
        try:
            size = (_BLOCK, _BLOCK)
            self._network = self._cv2.FaceDetectorYN.create(str(path), "", size, LEAST_SCORE, OVERLAP)
        except self._cv2.error as error:
            raise DataError(f"{path} cannot be read as a face detector ({one_line(error)})") from None

    def detect(self, image: Image.Image) -> list[Face]:
        """The faces of an RGB picture, best first, boxes cut to the picture."""
        shrink = min(1.0, MAX_SIDE / max(image.size))
        size = (max(1, round(image.width * shrink)), max(1, round(image.height * shrink)))
        pixels = np.asarray(image.convert("RGB"))[..., ::-1]  # it was taught on BGR
        if shrink < 1:
            pixels = self._cv2.resize(pixels, size, interpolation=self._cv2.INTER_AREA)
        try:
            self._network.setInputSize(size)
            _, found = self._network.detect(np.ascontiguousarray(pixels))
        except self._cv2.error as error:
            raise DataError(f"{self._path} is not a YuNet face detector ({one_line(error)})") from None
        faces = []
        for x, y, width, height, *_, score in [] if found is None else found.tolist():
            left, top = max(0, round(x / shrink)), max(0, round(y / shrink))
            right = min(image.width, round((x + width) / shrink))
            bottom = min(image.height, round((y + height) / shrink))
            if right > left and bottom > top:
                faces.append(Face((left, top, right - left, bottom - top), min(1.0, float(score))))
        return sorted(faces, key=lambda face: -face.score)
