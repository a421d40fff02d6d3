"""One job of a preparation: decode its rows, find the boxes, cut the faces and write them.

A row that gives no face is a skip with its reason, whatever the reason was: a damaged file, a frame past the
end of a truncated video, no face found, a box outside the picture. Only a disk that cannot be written stops
the work.
"""

import os
import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from autofas.data.frames import decode_frames, decode_image
from autofas.data.manifests.manifest import Manifest
from autofas.data.preparation.crops import Box, cut, face_square
from autofas.data.preparation.depth import normalise_depth, quantise, read_raw
from autofas.data.preparation.detector import Detector, make_detector
from autofas.data.preparation.plan import Item, Job, Settings
from autofas.errors import DataError
from autofas.storage.media import is_video

JPEG_QUALITY = 95


@dataclass(frozen=True)
class Done:
    """What became of a job: bytes of each file written, and the reason for each row without a face."""

    key: str
    files: dict[str, int]
    skipped: dict[int, str]


class FaceCutter:
    """Cuts the faces of jobs, from any number of threads; each thread has a detector of its own."""

    def __init__(self, manifest: Manifest, out: Path, settings: Settings) -> None:
        self.manifest = manifest
        self.out = out
        self.settings = settings
        self._own = threading.local()

    def run(self, job: Job) -> Done:
        """Write the faces of a job; raises `OSError` where a file cannot be written."""
        files: dict[str, int] = {}
        skipped: dict[int, str] = {}
        for item, pictures in self._pictures(job.items):
            if isinstance(pictures, str):
                skipped[item.row] = pictures
                continue
            try:
                faces = self._faces(item, pictures)
            except DataError as error:
                skipped[item.row] = str(error)
                continue
            for name, face in faces.items():
                files[item.results[name]] = self._write(item.results[name], face)
        return Done(job.key, files, skipped)

    def _pictures(
        self, items: Sequence[Item]
    ) -> Generator[tuple[Item, dict[str, Image.Image] | str], None, None]:
        """Each row with its pictures by modality, or with the reason why there are none."""
        streams = {name: self._stream(items, name) for name in self.settings.modalities}
        for item in items:
            pictures: dict[str, Image.Image] = {}
            fault = ""
            for name, stream in streams.items():
                found = next(stream)
                if isinstance(found, str):
                    fault = fault or (found if name == "color" else f"{name}: {found}")
                else:
                    pictures[name] = found
            yield item, fault or pictures

    def _stream(self, items: Sequence[Item], modality: str) -> Generator[Image.Image | str, None, None]:
        """The pictures of rows in their order; a video is decoded once for rows that follow each other."""
        at = 0
        while at < len(items):
            source = items[at].sources[modality]
            until = at + 1
            if is_video(source):
                while until < len(items) and items[until].sources[modality] == source:
                    until += 1
                yield from self._video(source, [item.frame for item in items[at:until]])
            else:
                yield self._image(source, modality)
            at = until

    def _video(self, source: str, numbers: list[int]) -> Generator[Image.Image | str, None, None]:
        given = 0
        try:
            if not source:
                raise DataError("no file is named")
            for number, picture in decode_frames(self.manifest.resolve(source), numbers):
                while given < len(numbers) and numbers[given] == number:
                    yield picture
                    given += 1
        except DataError as error:
            for _ in numbers[given:]:
                yield str(error)

    def _image(self, source: str, modality: str) -> Image.Image | str:
        try:
            if not source:
                raise DataError("no file is named")
            place = self.manifest.resolve(source)
            if modality == "color":
                return decode_image(place)
            values, bits = read_raw(place, packed=self.settings.depth_24bit)
            # kept as numbers until the face box is known
            return Image.fromarray(values.astype(np.int32)) if bits > 8 else decode_image(place)
        except DataError as error:
            return str(error)

    def _faces(self, item: Item, pictures: dict[str, Image.Image]) -> dict[str, np.ndarray]:
        colour = pictures["color"]
        box = self._box(item, colour)
        square = face_square(colour.size, box, self.settings.margin)
        size = min(self.settings.size, square[2])
        faces = {}
        for name, picture in pictures.items():
            shown = picture if picture.mode == "RGB" else self._eight_bit(name, picture, box, colour.size)
            if shown.size != colour.size:
                shown = shown.resize(colour.size, Image.Resampling.BICUBIC)
            faces[name] = cut(shown, square, size)
        return faces

    def _box(self, item: Item, colour: Image.Image) -> Box | None:
        wanted = self.settings.boxes
        if wanted == "none":
            return None
        if wanted in ("auto", "files") and item.box is not None:
            return item.box
        if wanted == "files":
            raise DataError("the data set's files have no face box for it")
        faces = self._detector().detect(colour)
        if not faces:
            raise DataError(f"no face was found by {self.settings.detector}")
        return max(faces, key=lambda face: (face.box[2] * face.box[3], face.score)).box

    def _eight_bit(
        self, name: str, picture: Image.Image, box: Box | None, size: tuple[int, int]
    ) -> Image.Image:
        values = np.asarray(picture).astype(np.int64)
        if name == "depth":
            across, down = picture.width / size[0], picture.height / size[1]
            scaled = None
            if box is not None:
                x, y, w, h = box
                scaled = (
                    round(x * across),
                    round(y * down),
                    max(1, round(w * across)),
                    max(1, round(h * down)),
                )
            values = normalise_depth(values, scaled, self.settings.depth)
        else:
            values = quantise(values, 24 if self.settings.depth_24bit else 16)
        return Image.fromarray(values).convert("RGB")

    def _detector(self) -> Detector:
        if not hasattr(self._own, "detector"):
            self._own.detector = make_detector(self.settings.detector)
        detector: Detector = self._own.detector
        return detector

    def _write(self, name: str, face: np.ndarray) -> int:
        """Write a face whole under its name; returns its bytes."""
        stream = BytesIO()
        image = Image.fromarray(np.ascontiguousarray(face.transpose(1, 2, 0)))
        if self.settings.image_format == "png":
            image.save(stream, "PNG", compress_level=4)
        else:
            image.save(stream, "JPEG", quality=JPEG_QUALITY, subsampling=0)
        place = self.out / name
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}.part")
        part.write_bytes(stream.getbuffer())
        os.replace(part, place)
        return stream.getbuffer().nbytes
