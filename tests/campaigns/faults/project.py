"""A small good project with every file that autofas reads, and the folder beside it that is not its own."""

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from PIL import Image

from autofas.data.manifests.manifest import Manifest, write_manifest
from tests.campaigns.faults import child

RUN, SEARCH, OTHER = "runs/train/run", "runs/search/found", "runs/train/other"
"""Its finished training, with an evaluation, its finished search, and a second training."""
IMAGES = {"a.png": "PNG", "a.jpg": "JPEG", "a.bmp": "BMP", "a.webp": "WEBP", "a.tiff": "TIFF", "a.ppm": "PPM"}


def make(good: Path, stderr: Path) -> None:
    """Make the good project by the product's own command lines, once."""
    if (good / "leaderboard.csv").exists():
        return
    shutil.rmtree(good, ignore_errors=True)
    good.mkdir(parents=True)
    images(good / "data")
    small = ["--set", "data.cache_dir=cache", "--set", "data.workers=0", "--dataset", "data/manifest.csv"]
    lines = [
        ["search", "--strategy", "random", "--space", "small", "--name", "g", "--runs-dir", "runs"],
        ["train", "--genotype", "runs/search/g/genotype.json", "--name", "run", "--input-size", "16",
        "--epochs", "2",
         "--batch-size", "8", "--runs-dir", "runs", "--set", "view.kind=whole", *small],
        ["search", "--space", "space.yaml", "--name", "found", "--epochs", "2", "--runs-dir", "runs",
         "--set", "warmup_epochs=1", "--set", "batch_size=4", "--set", "input_size=16", *small],
        ["train", "--genotype", "runs/search/g/genotype.json", "--name", "other", "--input-size", "16",
        "--epochs", "1",
         "--batch-size", "8", "--runs-dir", "runs", *small],
        ["evaluate", "--run", RUN, "--leaderboard", "leaderboard.csv"],
    ]  # fmt: skip
    (good / "space.yaml").write_text(yaml.safe_dump(space()))
    for words in lines:  # one thread: OpenMP hangs in a child whose parent has used several
        ended = child.run([*words, "--threads", "1", "--quiet"], stderr, lambda: os.chdir(good), 120)
        assert ended.code == 0, (words, ended.stderr)
    shutil.copy(good / "runs/search/g/genotype.json", good / "genotype.json")
    shutil.rmtree(good / "cache")


def outside(folder: Path, good: Path) -> None:
    """Readable files of every kind that no command line may look at, beside the project."""
    folder.mkdir()
    shutil.copy(good / "data/a.png", folder / "secret.png")
    shutil.copy(good / RUN / "scores-test.csv", folder / "secret.csv")
    shutil.copy(good / RUN / "weights/best.safetensors", folder / "secret.safetensors")
    shutil.copytree(good / RUN / "checkpoint-last", folder / "checkpoint")
    (folder / "secret.txt").write_text("a secret\n")


def space() -> dict[str, Any]:
    """A search space of two cells that a step takes milliseconds of."""
    return {
        "schema_version": 1, "name": "tiny",
        "operations": ["none", "skip_connect", "sep_conv_3x3", "max_pool_3x3"],
        "layout": {"input_size": 16, "stem": [{"channels": 8, "kernel": 3, "stride": 2}], "channels": 8,
                   "cells": ["normal", "reduction"], "intermediate_nodes": 2},
    }  # fmt: skip


def images(folder: Path) -> None:
    """A manifest of three splits, an image format after the other, with depth images."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    rows = []
    for split, subjects in (("train", 4), ("dev", 2), ("test", 2)):
        for subject in range(subjects):
            for pai in ("bona_fide", "print", "replay"):
                for take in range(2):
                    name = list(IMAGES)[len(rows) % len(IMAGES)]
                    path = f"{split}{subject}-{pai}-{take}.{name[2:]}"
                    pixels = rng.integers(0, 255, (24, 24, 3)) // (1 if pai == "bona_fide" else 2)
                    image = Image.fromarray(pixels.astype(np.uint8))
                    image.save(folder / path, IMAGES[name])
                    image.convert("L").save(folder / f"{path}-depth.png")
                    rows.append(
                        {
                            "path": path, "pai": pai, "subject": f"{split}{subject}", "session": "1",
                            "video": f"{split}{subject}-{pai}-{take}", "frame": 0, "split": split,
                            "depth": f"{path}-depth.png",
                        }
                    )  # fmt: skip
    write_manifest(Manifest(pd.DataFrame(rows), folder), folder / "manifest.csv")
    for name, kind in IMAGES.items():
        Image.fromarray(rng.integers(0, 255, (30, 40, 3)).astype(np.uint8)).save(folder / name, kind)
