"""How fast pictures become batches: preparation per core, the loader against decoding and against the search.

    python -m benchmarks.loader --out results

Generated 640 x 480 videos are prepared with one worker, by given boxes and by the face detector where it is
installed; then generated 256-pixel JPEG faces are loaded at 108 x 108 from the cached store, with and without
augmentation, and once more by decoding and cropping each JPEG for every batch. One thread each, so a figure
is one core's; the loader's cache is in the page cache, as it is in every epoch but the first.

Last, the loader in the input side and batch of the presets' search steps against what such a step of the
fused supernet reads with one thread: two batches, one of each half (benchmarks.search_step). A loader that
is less than three times as fast would show in the time of a search; then the exit code is 1.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
import torch
from PIL import Image

from autofas.analysis.text_tables import markdown_table
from autofas.data.batches.crop_store import FrameStore
from autofas.data.batches.loader import Loader, normalise
from autofas.data.frames import decode_image
from autofas.data.manifests.manifest import BOX, Manifest
from autofas.data.preparation.crops import crop_modalities
from autofas.data.preparation.detector import DETECTORS
from autofas.data.preparation.plan import Settings
from autofas.data.preparation.prepare import prepare
from autofas.errors import DataError
from autofas.runs.provenance import commit, machine
from autofas.storage.files import write_json, write_text
from benchmarks.search_step import CASES, interleaved, task_of

INPUT = 108
BATCH = 64
FACE = 256
VIDEO = (640, 480)
PRESETS = ("paper", "quick")
"""The presets whose search is fed, by their case in benchmarks.search_step."""
AUGMENTATIONS = ("basic", "recapture")
LEAST_RATIO = 3.0


def main() -> int:
    """Measure and print; exit code 1 where the loader is less than LEAST_RATIO times as fast as a search."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", type=int, default=1024)
    parser.add_argument("--videos", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--steps", type=int, default=5, help="search steps a process, after two to warm up")
    parser.add_argument("--out", type=Path, help="folder for loader.md and loader.json")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    facts = {
        "command": " ".join(["python -m benchmarks.loader", *sys.argv[1:]]),
        "commit": commit(),
        "torch": torch.__version__,
        "machine": machine(),
        "unit": "frames or images a second on one core",
    }
    with tempfile.TemporaryDirectory() as folder:
        speeds = prepare_speed(Path(folder) / "videos", args.videos, args.repeats)
        manifest = write_faces(Path(folder) / "images", args.images)
        speeds |= loader_speed(manifest, args.repeats)
        ratios = loader_over_search(manifest, args.repeats, args.steps)
    least = min(row["ratio"] for row in ratios)
    page = loader_page(facts, speeds, ratios)
    print(page)
    values = {**facts, **speeds, "loader_over_search": ratios, "least_ratio": least}
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        write_text(args.out / "loader.md", page)
        write_json(args.out / "loader.json", values)
    if args.json:
        print(json.dumps(values))
    return 0 if least >= LEAST_RATIO else 1


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


def write_faces(folder: Path, images: int) -> Manifest:
    """Generated JPEG pictures of 256 pixels a side, and their manifest."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(images):
        low = Image.fromarray(rng.integers(0, 255, (32, 32, 3), dtype=np.uint8))
        low.resize((FACE, FACE), Image.Resampling.BICUBIC).save(folder / f"{number}.jpg", quality=95)
    return _manifest([_row(f"{number}.jpg", number, 0) for number in range(images)], folder)


def cached_speed(manifest: Manifest, size: int, batch: int, augment: str, repeats: int) -> float:
    """Images a second from the cached store in batches of `batch` at `size` pixels, without prefetching."""
    store = FrameStore.build(manifest, size=size, cache_dir=manifest.root / "cache", workers=1)
    loader = Loader(store, manifest.table, batch_size=batch, augment=augment, prefetch=0)
    return _speed(lambda: _drain(loader), len(manifest.table), repeats)


def loader_speed(manifest: Manifest, repeats: int) -> dict[str, float]:
    """Images a second in batches of 64 at 108 pixels: from the cache, augmented, and decoded each time."""
    found = {
        f"loader_cache_{name}": cached_speed(manifest, INPUT, BATCH, name, repeats)
        for name in ("none", *AUGMENTATIONS)
    }
    images = len(manifest.table)
    found["loader_decoding_jpeg"] = _speed(lambda: _drain(_decoded(manifest)), images, repeats)
    found["cache_over_decoding"] = round(found["loader_cache_none"] / found["loader_decoding_jpeg"], 1)
    return found


def loader_over_search(manifest: Manifest, repeats: int, steps: int) -> list[dict[str, Any]]:
    """For each preset and augmentation: the loader's images a second, the search's, and their ratio."""
    rows = []
    for name in PRESETS:
        case = CASES[name]
        task = task_of(name, "fused", case.partial[0], 1, device="cpu", steps=steps, warmup=2)
        (step,) = interleaved([task], repeats)
        for augment in AUGMENTATIONS:
            speed = cached_speed(manifest, case.size, case.batch, augment, repeats)
            rows.append(
                {
                    "preset": name, "size": case.size, "batch": case.batch, "augment": augment,
                    "loader_images_per_second": speed,
                    "search_images_per_second": round(step["images_per_second"], 1),
                    "ratio": round(speed / step["images_per_second"], 1),
                }
            )  # fmt: skip
    return rows


def loader_page(
    facts: dict[str, str], speeds: dict[str, float | None], ratios: Sequence[dict[str, Any]]
) -> str:
    """Two tables as Markdown, and the least ratio on the last line."""
    caption = f"`{facts['command']}`, commit {facts['commit']}, torch {facts['torch']}, {facts['machine']}"
    first = markdown_table(
        ("figure", "value"),
        [[name, "not installed" if value is None else f"{value:.1f}"] for name, value in speeds.items()],
        numeric=("value",),
    )
    header = ("preset", "side", "batch", "augmentation", "loader images/s", "search images/s", "ratio")
    cells = [
        [
            row["preset"],
            str(row["size"]),
            str(row["batch"]),
            row["augment"],
            f"{row['loader_images_per_second']:.1f}",
            f"{row['search_images_per_second']:.1f}",
            f"{row['ratio']:.1f}",
        ]
        for row in ratios
    ]
    second = markdown_table(header, cells, numeric=(*header[1:3], *header[4:]))
    slowest = min(ratios, key=lambda row: row["ratio"])
    return (
        f"{caption}\n\nPreparation and loader, {facts['unit']}:\n\n{first}\n\n"
        f"The loader against what a search step of the fused supernet reads, one thread each:\n\n{second}\n\n"
        f"loader over search: {slowest['ratio']:.1f} at least ({slowest['preset']}, {slowest['augment']}); "
        f"{LEAST_RATIO:.0f} wanted\n"
    )


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
    sys.exit(main())
