"""What the hostile files have in common: the words of their command lines, and how each format is spoiled."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.campaigns.faults.hostile import plain, tables
from tests.campaigns.faults.project import RUN

Hostile = Callable[[Path, random.Random], list[str]]
"""Spoils a file of the project at a path and returns the command line that reads it."""

QUIET = ["--quiet"]
RESUME = ["--threads", "1", "--accept-changed", "code", "--quiet"]
SMALL = ["--device", "cpu", "--threads", "1", "--quiet"]
TRAIN = [
    *SMALL, "--runs-dir", "runs", "--dataset", "data/manifest.csv", "--epochs", "1", "--batch-size", "8",
    "--set", "data.cache_dir=cache", "--set", "data.workers=0",
]  # fmt: skip
READERS = [
    ["inspect", "--dataset", "data/manifest.csv", "--check-files", *QUIET],
    [
        "prepare", "--dataset", "data/manifest.csv", "--out", "out", "--boxes", "none", "--workers", "1",
        *QUIET,
    ],
    [
        "prepare", "--dataset", "data/manifest.csv", "--out", "out", "--boxes", "none", "--modalities",
        "color,depth", *QUIET,
    ],
    ["train", "--genotype", "genotype.json", "--input-size", "16", *TRAIN],
    ["evaluate", "--run", RUN, *SMALL],
]  # fmt: skip
"""Command lines that read the images of the manifest."""


def texts(root: Path) -> tuple[str, ...]:
    """Hostile texts with those that name places outside, as seen from the project."""
    named = [path.replace("OUTSIDE", str(root.parent / "outside")) for path in plain.PATHS]
    return (*named, *(text.replace("CANARY", str(root.parent / "canary")) for text in plain.TEXTS))


def write(path: Path, content: bytes, root: Path) -> None:
    """Write with the marks for the canary and the folder outside put in."""
    for mark, name in ((b"CANARY", "canary"), (b"OUTSIDE", "outside")):
        content = content.replace(mark, str(root.parent / name).encode())
    path.write_bytes(content)


def spoil_json(
    path: Path, root: Path, rng: random.Random, own: Callable[[Any, random.Random], Any] | None = None
) -> None:
    """Spoil a JSON file: its bytes, its structure and values, or by a way of its `own`."""
    content = path.read_bytes()
    kind = rng.randrange(4)
    if kind == 0:
        write(path, plain.spoiled(content, rng, (root / "leaderboard.csv").read_bytes()), root)
        return
    values = json.loads(content)
    if own is not None and kind == 1:
        values = own(values, rng)
    else:
        values = plain.changed(values, rng, rng.choice([1, 1, 2, 4]), texts(root))
    write(path, plain.json_text(values, rng), root)


def spoil_yaml(path: Path, root: Path, rng: random.Random, values: Sequence[str]) -> None:
    """Spoil a YAML file: its bytes, by aliases that multiply, or its structure, with `values` put in."""
    kind = rng.randrange(6)
    if kind == 0:
        content = plain.spoiled(path.read_bytes(), rng, (root / "genotype.json").read_bytes())
    elif kind == 1:
        content = plain.yaml_bomb(rng)
    else:
        good = yaml.safe_load(path.read_text())
        content = plain.yaml_text(plain.changed(good, rng, rng.choice([1, 1, 2, 4]), values), rng)
    write(path, content, root)


def spoil_table(
    path: Path,
    root: Path,
    rng: random.Random,
    kind: int,
    other: str,
    values: Sequence[str],
    columns: Mapping[str, Sequence[str]],
) -> None:
    """Spoil a CSV file: its bytes, mixed with those of the file `other`, grown, or its cells changed.

    Kinds 0 and 1 are the first two, any other is the last, which puts in `values`, or a column's own.
    """
    if kind == 0:
        content = plain.spoiled(path.read_bytes(), rng, (root / other).read_bytes())
    elif kind == 1:
        content = tables.csv_bomb(path.read_bytes(), rng)
    else:
        content = tables.table_changed(path, rng, values, columns)
    write(path, content, root)
