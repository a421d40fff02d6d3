"""Where pictures come from: images, folders of them, videos, a camera; each with its name and frame.

A file that gives no picture is a `Shot` with a reason, so that one bad file among a thousand stops nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from autofas.data.pictures import decode_image, spread
from autofas.data.videos import count_frames, decode_frames
from autofas.errors import ConfigError, DataError
from autofas.storage.media import is_video

FRAMES_PER_VIDEO = 8
CAMERA = "camera "
"""What the source of a camera's pictures begins with; its number follows."""


@dataclass(frozen=True)
class Shot:
    """One picture: where it is from, its frame in a video (else None), or the reason there is none."""

    source: str
    frame: int | None
    image: Image.Image | None
    reason: str = ""


def shots(sources: Sequence[str], *, frames: int | None = None) -> Iterator[Shot]:
    """The pictures of all sources in their order.

    `frames` is how many a video gives, evenly spread (default 8), and how many a camera gives (default: until
    it is interrupted). A whole number that is no file is a camera. Raises ConfigError for a source that does
    not exist.
    """
    if frames is not None and frames < 1:
        raise ConfigError(f"{frames} frames cannot be judged; give one or more")
    for source in sources:
        _require_there(source)  # before hours of work on those before it
    for source in sources:
        _require_there(source)  # it may have gone meanwhile
        if Path(source).exists():
            yield from _of_path(Path(source), frames or FRAMES_PER_VIDEO)
        else:
            yield from camera(int(source), frames)


def _require_there(source: str) -> None:
    if not (source and Path(source).exists()) and not source.isdecimal():
        named = source or "a source without a name"
        raise ConfigError(f"{named} does not exist; give an image, a folder, a video or a camera's number")


def _of_path(path: Path, frames: int) -> Iterator[Shot]:
    if path.is_dir():
        inside = sorted(one for one in path.rglob("*") if not one.name.startswith(".") and not one.is_dir())
        if not inside:
            yield Shot(str(path), None, None, "the folder is empty")
        for one in inside:
            yield from _of_path(one, frames)
    elif is_video(path.name):
        yield from _of_video(path, frames)
    else:
        try:
            yield Shot(str(path), None, decode_image(path))
        except DataError as error:
            yield Shot(str(path), None, None, str(error))


def _of_video(path: Path, frames: int) -> Iterator[Shot]:
    try:
        for number, image in decode_frames(path, spread(count_frames(path), frames)):
            yield Shot(str(path), number, image)
    except DataError as error:
        yield Shot(str(path), None, None, str(error).removeprefix(f"{path}: "))


def _opened(cv2: Any, index: int) -> Any:
    """A camera; what OpenCV logs where there is none is left to our own line."""
    logging = getattr(getattr(cv2, "utils", None), "logging", None)
    before = logging.getLogLevel() if logging else None
    try:
        if logging:
            logging.setLogLevel(logging.LOG_LEVEL_SILENT)
        return cv2.VideoCapture(index)
    finally:
        if logging:
            logging.setLogLevel(before)


def camera(index: int, frames: int | None) -> Iterator[Shot]:
    """Pictures of a camera by its number, through OpenCV; raises DataError where it gives none."""
    try:
        import cv2
    except ImportError:
        raise DataError(
            "a camera needs OpenCV, which is not installed; pip install 'autofas[data]'"
        ) from None
    device = _opened(cv2, index)
    try:
        number = 0
        while frames is None or number < frames:
            given, pixels = device.read()
            if not given:
                if number:
                    return
                raise DataError(f"camera {index} gives no picture; is it there, and free?")
            yield Shot(f"{CAMERA}{index}", number, Image.fromarray(pixels[..., ::-1].copy()))
            number += 1
    finally:
        device.release()
