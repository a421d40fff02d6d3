"""Files that the tests of the data room make: tables, pictures, videos and OULU-NPU folders."""

import csv
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autofas.data.readers.oulu_lists import fields_of

OULU_COUNTS = json.loads(Path(__file__).with_name("oulu_counts.json").read_text())
"""[bona fide, attack] of each of OULU-NPU's 42 lists."""
COLUMNS = ["path", "pai", "subject", "session", "video", "frame", "split"]
EYES = "\n".join(["0,0,0,0,0", "1,40,50,60,50", "2,0,0,0,0", "3,0,0,0,0", "4,140,150,160,150", "5,0,0,0,0"])


def write_rows(path: Path, columns: list[str], rows: list[list[object]]) -> Path:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def picture(index: int, size: tuple[int, int] = (40, 30)) -> Image.Image:
    """A smooth picture whose mean brightness grows with its index."""
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    pixels = np.stack([x * 3 + index * 7, y * 4 + index * 3, (x + y) * 2], axis=-1) % 256
    return Image.fromarray(pixels.astype(np.uint8))


def write_video(path: Path, frames: int = 12, size: tuple[int, int] = (64, 48)) -> Path:
    """A video whose frame number n is a flat grey of 10 + 16 n."""
    av = pytest.importorskip("av", reason="needs autofas[data]")
    container_of = {".m4v": "mp4"}  # FFmpeg takes .m4v for a bare stream
    with av.open(str(path), "w", format=container_of.get(path.suffix)) as container:
        stream = container.add_stream("libvpx" if path.suffix == ".webm" else "mpeg4", rate=25)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 2_000_000
        stream.time_base = Fraction(1, 25)
        for number in range(frames):
            pixels = np.full((size[1], size[0], 3), 10 + 16 * number, np.uint8)
            pixels[:8, :16] = (255, 0, 0)  # red at the top left, to see turns
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def frames_folder(
    root: Path, name: str, numbers=range(6), folder: str | None = None, eyes: str | None = EYES
) -> None:
    where = {"train": "Train_files", "dev": "Dev_files", "test": "Test_files"}[fields_of(name)["split"]]
    place = root / (folder or where) / name
    place.mkdir(parents=True)
    for number in numbers:
        picture(number, (200, 220)).save(place / f"{name}_{number:03d}_scene.jpg")
    if eyes is not None:
        place.with_name(f"{name}.txt").write_text(eyes)
