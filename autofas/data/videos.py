"""Frames of a video by their index, upright, as a viewer shows them.

A frame's index is its place among the pictures that decoding yields, in presentation order from 0, whatever
the container says: a packet may hold no picture to show (VP8's hidden frames, dropped frames of AVI), lie
outside the edit list, come in another order (B-frames) or carry no time. So frames are counted by decoding,
and decoded from the start, because seeking is exact in few of the containers that phones write.

The display matrix (ISO/IEC 14496-12, 6.2.2) is applied whole: quarter turns and mirrored pictures, as front
cameras write them. Videos need PyAV.
"""

import struct
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from PIL import Image

from autofas.errors import DataError

MAX_PIXELS = 64 * 10**6
"""A 64-megapixel photograph; what claims more is refused before it is decoded."""

_CONTAINERS = "avi,mov,mp4,matroska,webm"


def decode_frames(path: Path, frames: Sequence[int]) -> Generator[tuple[int, Image.Image], None, None]:
    """Frames of a video, by ascending 0-based index, as upright 8-bit RGB pictures.

    Raises `DataError` if PyAV is absent, the file is missing or damaged, or has fewer frames.
    """
    wanted = sorted(set(frames), reverse=True)
    seen = 0
    for picture in _pictures(path):
        if wanted and seen == wanted[-1]:
            yield wanted.pop(), _shown(picture)
        if not wanted:
            return  # before the next packet, which may be damaged
        seen += 1
    if wanted:
        raise DataError(f"has {seen} frames; frame {wanted[-1]} does not exist (frames are counted from 0)")


def count_frames(path: Path) -> int:
    """The number of frames that `decode_frames` can give, found by decoding; raises `DataError`."""
    count, fault = count_whole_frames(path)
    if fault:
        raise DataError(f"{path}: {fault}")
    return count


def count_whole_frames(path: Path) -> tuple[int, str]:
    """The frames of a video before its end or its first damage, and the damage, empty where there is none."""
    count = 0
    try:
        for _ in _pictures(path):
            count += 1
    except DataError as error:
        return count, str(error)
    return count, ""


def display_matrix(picture: Any) -> tuple[int, int, int, int]:
    """What a decoded frame's display matrix does to a pixel: (a, b, c, d) with x' = ax + cy, y' = bx + dy."""
    from av.sidedata.sidedata import Type

    matrix = picture.side_data.get(Type.DISPLAYMATRIX)
    if matrix is None:
        return 1, 0, 0, 1
    a, b, _, c, d = struct.unpack("=5i", bytes(matrix)[:20])  # in the machine's byte order
    return a, b, c, d


def upright(image: Image.Image, matrix: tuple[int, int, int, int]) -> Image.Image:
    """An image under a display matrix (a, b, c, d), by the nearest of the eight orientations.

    Scale and shear are left out, and so is a matrix that flattens the picture.
    """
    a, b, c, d = matrix
    if a * d == b * c:
        return image
    turned = abs(b) + abs(c) > abs(a) + abs(d)
    across, down = (c, b) if turned else (a, d)
    if turned:
        image = image.transpose(Image.Transpose.TRANSPOSE)
    if across < 0:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if down < 0:
        image = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return image


def require_pyav() -> ModuleType:
    """PyAV, or one `DataError` that says how to install it."""
    try:
        import av
    except ImportError as error:
        raise DataError("videos need PyAV, which is not installed; pip install 'autofas[data]'") from error
    return av


def _pictures(path: Path) -> Iterator[Any]:
    """Every decoded frame in presentation order; raises `DataError` where the file ends the decoding."""
    av = require_pyav()
    try:
        if not path.is_file():
            raise DataError("no such file" if not path.exists() else "is not a file")
    except OSError as error:
        raise DataError(f"cannot be reached ({_reason(error)})") from error
    try:
        with _opened(av, path) as container:
            yield from container.decode(_video_stream(container))
    except (av.FFmpegError, OSError, ValueError) as error:
        raise DataError(f"is damaged or not a video ({_reason(error)})") from error


def _shown(picture: Any) -> Image.Image:
    try:
        return upright(picture.to_image(), display_matrix(picture))
    except (require_pyav().FFmpegError, OSError, ValueError) as error:
        raise DataError(f"is damaged or not a video ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    """FFmpeg's words for an error, without the path that the caller names in its own way."""
    return " ".join(str(getattr(error, "strerror", None) or error).split()) or type(error).__name__


def _opened(av: ModuleType, path: Path) -> Any:
    """A video file's container.

    FFmpeg goes by a file's content: a playlist under a video's name would make it open other files, and a
    relative name with a colon could be taken for a protocol. So only these containers, by absolute path.
    """
    return av.open(str(path.absolute()), options={"format_whitelist": _CONTAINERS})


def _video_stream(container: Any) -> Any:
    if not container.streams.video:
        raise DataError("holds no video")
    stream = container.streams.video[0]
    if stream.codec_context is None:  # FFmpeg knows no decoder for it
        raise DataError("is damaged or not a video (its codec is unknown)")
    if stream.width * stream.height > MAX_PIXELS:
        raise DataError(f"{stream.width} x {stream.height} pixels is over the limit of {MAX_PIXELS}")
    stream.thread_type = "AUTO"
    return stream
