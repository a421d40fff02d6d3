"""How fast pictures become batches: preparation per core, and the loader from its cache against decoding.

    python -m benchmarks.loader --json

Generated 640 x 480 videos are prepared with one worker, by given boxes and by the face detector where it is
installed; then generated 256-pixel JPEG faces are loaded at 108 x 108 from the cached store, with and without
augmentation, and once more by decoding and cropping each JPEG for every batch. One thread each, so a figure
is one core's; the loader's cache is in the page cache, as it is in every epoch but the first.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
import torch
from PIL import Image

from autofas.data.crops import crop_modalities
from autofas.data.detect import DETECTORS
from autofas.data.frames import decode_image
from autofas.data.loader import Loader, normalise
from autofas.data.manifest import BOX, Manifest
from autofas.data.prepare import prepare
from autofas.data.prepare_plan import Settings
from autofas.data.store import FrameStore
from autofas.errors import DataError

INPUT = 108
BATCH = 64
FACE = 256
VIDEO = (640, 480)


def main() -> None:
    """Measure and print; with --json one object on the last line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", type=int, default=1024)
    parser.add_argument("--videos", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        values = {
            **prepare_speed(Path(folder) / "videos", args.videos, args.repeats),
            **loader_speed(Path(folder) / "images", args.images, args.repeats),
        }
    values |= {
        "unit": "frames or images a second on one core",
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "torch": torch.__version__,
    }
    for name, value in values.items():
        print(f"{name}: {value}")
    if args.json:
        print(json.dumps(values))


def prepare_speed(folder: Path, videos: int, repeats: int) -> dict[str, float | None]:
    """Frames a second of preparation with one worker, 8 of 50 frames of each video."""
    folder.mkdir(parents=True)
    rows = []
    for number in range(videos):
        _write_video(folder / f"{number}.avi", 50)
        for frame in range(3, 50, 6):
            rows.append(
                _row(f"{number}.avi", number, frame) | dict(zip(BOX, (220, 120, 180, 220), strict=True))
            )
    manifest = _manifest(rows, folder)
    found: dict[str, float | None] = {}
    for boxes in ("files", "detector"):
        speeds = []
        try:
            for _ in range(repeats):
                with tempfile.TemporaryDirectory() as out:
                    started = time.perf_counter()
                    try:
                        prepare(manifest, out, Settings(boxes=boxes, detector=DETECTORS[0]), workers=1)
                    except DataError as error:
                        if "gave a face" not in str(
                            error
                        ):  # no face is in these pictures; the search is timed
                            raise
                    speeds.append(len(rows) / (time.perf_counter() - started))
        except DataError:
            pass  # not installed
        found[f"prepare_boxes_from_{boxes}"] = round(float(np.median(speeds)), 1) if speeds else None
    return found


def loader_speed(folder: Path, images: int, repeats: int) -> dict[str, float]:
    """Images a second in batches of 64 at 108 pixels: from the cache, augmented, and decoded each time."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(images):
        low = Image.fromarray(rng.integers(0, 255, (32, 32, 3), dtype=np.uint8))
        low.resize((FACE, FACE), Image.Resampling.BICUBIC).save(folder / f"{number}.jpg", quality=95)
    manifest = _manifest([_row(f"{number}.jpg", number, 0) for number in range(images)], folder)
    store = FrameStore.build(manifest, size=INPUT, cache_dir=folder / "cache", workers=1)
    found = {}
    for name in ("none", "basic", "recapture"):
        loader = Loader(store, manifest.table, batch_size=BATCH, augment=name, prefetch=0)
        found[f"loader_cache_{name}"] = _speed(lambda loader=loader: _drain(loader), images, repeats)
    found["loader_decoding_jpeg"] = _speed(lambda: _drain(_decoded(manifest)), images, repeats)
    found["cache_over_decoding"] = round(found["loader_cache_none"] / found["loader_decoding_jpeg"], 1)
    return found


def _decoded(manifest: Manifest) -> Iterator[torch.Tensor]:
    paths = list(manifest.table["path"])
    for start in range(0, len(paths), BATCH):
        crops = [
            crop_modalities({"color": decode_image(manifest.resolve(path))}, None, 1.3, INPUT)["color"]
            for path in paths[start : start + BATCH]
        ]
        yield normalise(torch.from_numpy(np.stack(crops)).float().div_(255))


def _drain(batches: object) -> None:
    for _ in batches:  # type: ignore[attr-defined]
        pass


def _speed(work: Callable[[], None], images: int, repeats: int) -> float:
    work()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return round(images / float(np.median(seconds)), 1)


def _write_video(path: Path, frames: int) -> None:
    import av

    rng = np.random.default_rng(len(path.name))
    base = Image.fromarray(rng.integers(0, 255, (24, 32, 3), dtype=np.uint8)).resize(
        VIDEO, Image.Resampling.BICUBIC
    )
    pixels = np.asarray(base)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height = VIDEO
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        for number in range(frames):
            for packet in stream.encode(
                av.VideoFrame.from_ndarray(np.roll(pixels, 2 * number, 1), format="rgb24")
            ):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def _row(path: str, number: int, frame: int) -> dict[str, object]:
    pai = "print" if number % 2 else "bona_fide"
    fields = {"path": path, "pai": pai, "subject": str(number % 8), "session": "1", "video": str(number)}
    return {**fields, "frame": frame, "split": "train"}


def _manifest(rows: list[dict[str, object]], folder: Path) -> Manifest:
    table = pd.DataFrame(rows, index=pd.RangeIndex(2, len(rows) + 2, name="line"))
    return Manifest(table, folder, "benchmark")


if __name__ == "__main__":
    main()
