"""Faces of a photograph judged by a trained network: `Detector.load(path)(image)`.

Light: with an exported file it needs onnxruntime, Pillow and numpy, neither torch nor pandas, and is ready in
under a second. A face is found, cut with the margin of training, scored, and judged at the threshold that the
file carries.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from autofas.data.pictures import decode_image
from autofas.data.preparation.crops import Box, crop_modalities, face_square
from autofas.data.preparation.detector import Detector as FaceFinder
from autofas.data.preparation.detector import make_detector
from autofas.deploy.runtime import Scorer, open_scorer
from autofas.errors import ConfigError, DataError
from autofas.evaluation import calibration as calibrations
from autofas.metrics import CalibrationChoice
from autofas.printed import command

DEMO = "demo"
"""The network that comes with autofas: trained on generated faces, it shows the way and protects nobody."""

Verdict = Literal["bona fide", "attack", "not judged"]
Picture = str | Path | Image.Image | NDArray[np.uint8]


@dataclass(frozen=True)
class Judgement:
    """One face of a picture.

    `box` is (x, y, width, height) in pixels of the upright picture, None where the whole of it was taken;
    `square` what was cut, possibly past the borders. `score` is in [0, 1], higher = bona fide, and is None,
    with a `reason`, for a face that was not judged. `live_map` (m, n) in [0, 1] is None for a network that
    has none. `probability` is the score calibrated, in [0, 1], None without a calibration; the verdict is the
    score's.
    """

    box: Box | None
    square: Box | None
    score: float | None
    threshold: float
    live_map: NDArray[np.float32] | None = None
    reason: str = ""
    probability: float | None = None

    @property
    def verdict(self) -> Verdict:
        """`bona fide` at a score of the threshold or more."""
        if self.score is None:
            return "not judged"
        return "bona fide" if self.score >= self.threshold else "attack"


class Detector:
    """Judges the faces of pictures; one instance serves one thread.

    `faces` finds them: `mtcnn` (needs autofas[data]), `none` (the picture is a face crop), or the path of a
    YuNet .onnx file. A face whose square is under `min_face` pixels, by default half of what the network
    reads, is not judged. `calibration` is the one that the network carries, `none`, or the kind that it must
    carry. Raises ConfigError without a threshold, RunError without the calibration.
    """

    def __init__(
        self,
        scorer: Scorer,
        *,
        faces: str = "mtcnn",
        threshold: float | None = None,
        min_face: int | None = None,
        calibration: CalibrationChoice | None = None,
    ) -> None:
        self.info = scorer.info
        if threshold is not None and not math.isfinite(threshold):
            raise ConfigError(f"threshold {threshold} decides nothing; give a number from 0 to 1")
        if min_face is not None and min_face < 0:
            raise ConfigError(f"no face is {min_face} pixels wide; give a min_face of 0 or more")
        self._scorer = scorer
        self._faces = faces
        self._finder: FaceFinder | None = None
        chosen = threshold if threshold is not None else self.info.threshold
        if chosen is None:
            run = command("evaluate", "--run", "DIR")
            raise ConfigError(f"{self.info.name} has no threshold yet; give one, or evaluate its run: {run}")
        self.threshold = chosen
        self.calibration = calibrations.chosen(calibration, self.info.calibration, self.info.name)
        self.min_face = min_face if min_face is not None else self.info.crop_size // 2

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        faces: str = "mtcnn",
        threads: int | None = None,
        threshold: float | None = None,
        min_face: int | None = None,
        calibration: CalibrationChoice | None = None,
    ) -> "Detector":
        """The detector of a run folder, an .onnx or .safetensors file, or `demo`.

        Raises RunError for a file that is not a network's or lacks the calibration, ConfigError for an extra
        that is not installed.
        """
        if threads is not None and threads < 1:
            raise ConfigError(f"{threads} threads compute nothing; give one or more")
        scorer = open_scorer(network_file(path), threads)
        return cls(scorer, faces=faces, threshold=threshold, min_face=min_face, calibration=calibration)

    @property
    def warning(self) -> str:
        """What every output of this network must say; empty for most."""
        return self.info.warning

    def probability(self, score: float) -> float | None:
        """The probability that a face of this score is bona fide; None without a calibration."""
        return None if self.calibration is None else float(self.calibration([score])[0])

    def __call__(self, image: Picture | Mapping[str, Picture]) -> list[Judgement]:
        """Every face of a picture, largest first; none where no face is found.

        `image` is a path, a Pillow picture or an RGB array (H, W, 3) uint8; a network of several modalities
        takes a dict of them, aligned to `color`. Raises DataError for a file that is not an image.
        """
        pictures = self._pictures(image)
        size = next(iter(pictures.values())).size
        if self._faces == "none":
            return [self._judge(pictures, None)]
        if self._finder is None:
            self._finder = make_detector(self._faces)
        found = self._finder.detect(next(iter(pictures.values())))
        boxes = sorted((face.box for face in found), key=lambda box: -box[2] * box[3])
        return [self._judge(pictures, box) for box in boxes if box[2] <= size[0] and box[3] <= size[1]]

    def _pictures(self, image: Picture | Mapping[str, Picture]) -> dict[str, Image.Image]:
        names = self.info.modalities
        given = dict(image) if isinstance(image, Mapping) else {names[0]: image}
        missing = [name for name in names if name not in given]
        if missing:
            raise ConfigError(
                f"{self.info.name} reads {', '.join(names)}; {', '.join(missing)} is missing. "
                "Give Detector a dict of aligned pictures by modality"
            )
        return {name: as_picture(given[name]) for name in names}

    def _judge(self, pictures: dict[str, Image.Image], box: Box | None) -> Judgement:
        size = next(iter(pictures.values())).size
        try:
            square = face_square(size, box, self.info.margin)
        except DataError as error:
            return Judgement(box, None, None, self.threshold, reason=str(error))
        if square[2] < self.min_face:
            reason = f"the face is {square[2]} pixels wide with its margin, fewer than {self.min_face}"
            return Judgement(box, square, None, self.threshold, reason=reason)
        crops = crop_modalities(pictures, box, self.info.margin, self.info.crop_size)
        found = self._scorer.score({name: crop[None] for name, crop in crops.items()})
        live_map = None if found.maps is None else found.maps[0]
        score = float(found.scores[0])
        return Judgement(box, square, score, self.threshold, live_map, probability=self.probability(score))


def network_file(path: str | Path) -> Path:
    """The path of a network's file; `demo` is the one that comes with autofas, unless a file is called so."""
    place = Path(path)
    if str(path) == DEMO and not place.exists():
        return Path(str(resources.files("autofas.deploy") / "demo.onnx"))
    return place


def as_picture(image: Picture) -> Image.Image:
    """An upright 8-bit RGB picture; raises DataError for what is none."""
    if isinstance(image, Image.Image):
        return ImageOps.exif_transpose(image).convert("RGB")
    if isinstance(image, np.ndarray):
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            shape = f"{image.dtype} {'x'.join(map(str, image.shape))}"
            raise DataError(f"an array of {shape} is not a picture; give RGB of (H, W, 3) uint8")
        return Image.fromarray(image)
    path = Path(image)
    try:
        return decode_image(path)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
