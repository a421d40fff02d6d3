"""Videos and manifests to prepare, and what a preparation left."""

import csv
import hashlib
from pathlib import Path

from autofas.data.manifests.manifest import read_manifest
from tests.data.data_files import COLUMNS, write_rows

BOXED = [*COLUMNS, "bbox_x", "bbox_y", "bbox_w", "bbox_h"]


def manifest_of(
    root: Path, paths: list[str], frames: int = 2, box: tuple[int, ...] = (8, 16, 24, 24), **more
):
    rows: list[list[object]] = []
    for number, path in enumerate(paths):
        pai = "print" if number % 2 else "bona_fide"
        for frame in range(frames):
            rows.append([path, pai, f"s{number}", "1", Path(path).stem, frame, "train", *box])
    return read_manifest(write_rows(root / "manifest.csv", BOXED, rows))


def tree(folder: Path) -> dict[str, str]:
    """Every file of a folder but the journal, by its digest."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("prepare.jsonl", ".lock")
    }


def reasons(folder: Path) -> list[tuple[str, str, str]]:
    with (folder / "skipped.csv").open() as stream:
        return [(row["path"], row["frame"], row["reason"]) for row in csv.DictReader(stream)]
