"""Videos as cameras and data sets write them, made by the tests: codecs, odd sizes, turns, uneven time."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PIXELS = {"mpeg4": "yuv420p", "mjpeg": "yuvj420p", "h264": "yuv420p", "libx264": "yuv420p"}


def grey_frames(count: int, size: tuple[int, int]) -> list[np.ndarray]:
    """Frame n is a flat grey of 20 + 20 n with a red bar along the top."""
    frames = []
    for number in range(count):
        pixels = np.full((size[1], size[0], 3), 20 + 20 * number, np.uint8)
        pixels[: size[1] // 6] = (255, 0, 0)
        frames.append(pixels)
    return frames


def write_frames(
    path: Path,
    frames: Sequence[np.ndarray],
    codec: str = "mpeg4",
    times: Sequence[int] | None = None,
) -> Path:
    """A video of RGB frames; `times` are their hundredths of a second, evenly 4 unless given."""
    av = pytest.importorskip("av", reason="needs autofas[data]")

    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = width, height
        stream.pix_fmt = PIXELS[codec]
        stream.bit_rate = 4_000_000
        stream.codec_context.time_base = Fraction(1, 100 if times else 25)
        for number, pixels in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            picture.pts = times[number] if times else number
            picture.time_base = stream.codec_context.time_base
            for packet in stream.encode(picture):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def turn(path: Path, matrix: Sequence[int] = (0, 65536, 0, -65536, 0, 0, 0, 0, 1073741824)) -> Path:
    """Write a display matrix, by default a quarter turn, into a .mov file's first track header."""
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 4 + 40
    content[at : at + 36] = np.asarray(matrix, dtype=">i4").tobytes()
    path.write_bytes(bytes(content))
    return path


def cut_short(path: Path, share: float) -> Path:
    """Keep the first part of a file's bytes."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def face_frames(
    face: Image.Image, count: int, size: tuple[int, int], place: Callable[[int], tuple[int, int]]
):
    """Frames with a picture pasted onto grey at `place(number)`."""
    frames = []
    for number in range(count):
        canvas = Image.new("RGB", size, (120, 120, 120))
        canvas.paste(face, place(number))
        frames.append(np.asarray(canvas))
    return frames


def write_packets(
    path: Path,
    frames: Sequence[np.ndarray],
    codec: str = "mpeg4",
    b_frames: int = 0,
    first: int = 0,
    times: Sequence[int] | None = None,
    options: dict[str, str] | None = None,
    change: Callable[..., object] | None = None,
) -> Path:
    """A video of RGB frames at 25 a second, whose container holds what the arguments say.

    `first` is the time of the first frame in frames, `times` those of all, `options` are the muxer's,
    and `change(packet, number)` gives the packet to write in the place of one.
    """
    av = pytest.importorskip("av", reason="needs autofas[data]")

    height, width = frames[0].shape[:2]
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, PIXELS.get(codec, "yuv420p")
        stream.bit_rate = 4_000_000
        stream.codec_context.max_b_frames = b_frames
        pictures = []
        for number, pixels in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            picture.pts = times[number] if times else number + first
            picture.time_base = Fraction(1, 25)
            pictures.append(picture)
        packets = [packet for picture in [*pictures, None] for packet in stream.encode(picture)]
        for number, packet in enumerate(packets):
            written = change(packet, number) if change else packet
            written.stream = stream
            container.mux(written)
    return path


def level_of(image: Image.Image) -> float:
    """The mean grey of a picture."""
    return float(np.asarray(image).mean())
