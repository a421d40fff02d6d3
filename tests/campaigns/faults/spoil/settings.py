"""Hostile configurations, genotypes, search spaces and renaming maps."""

import random
from pathlib import Path

import yaml

from tests.campaigns.faults import project
from tests.campaigns.faults.hostile import networks, plain
from tests.campaigns.faults.project import RUN, SEARCH
from tests.campaigns.faults.spoil.common import QUIET, RESUME, SMALL, TRAIN, spoil_json, spoil_yaml, texts


def config(root: Path, rng: random.Random) -> list[str]:
    """A configuration: printed, run, or found in a run folder; its paths are its own user's."""
    choice = rng.randrange(5)
    folder = root / (SEARCH if choice in (1, 4) else RUN)
    spoil_yaml(folder / "config.yaml", root, rng, plain.TEXTS)
    if choice >= 2 and rng.random() < 0.7:
        (folder / "record.json").unlink(missing_ok=True)
    file = str((folder / "config.yaml").relative_to(root))
    if choice == 0:
        return ["train", "--config", file, "--print-config", *QUIET]
    if choice == 1:
        return ["search", "--config", file, "--print-config", *QUIET]
    if choice == 2:
        return ["train", "--config", file, "--input-size", "16", *TRAIN]
    if choice == 3:
        return rng.choice([["evaluate", "--run", RUN, *SMALL], ["verify", RUN, *QUIET]])
    return rng.choice([["search", "--resume", SEARCH, *RESUME], ["train", "--resume", RUN, *RESUME]])


def genotype(root: Path, rng: random.Random) -> list[str]:
    """A genotype: drawn, profiled, trained."""
    spoil_json(root / "genotype.json", root, rng, networks.hostile_genotype)
    return rng.choice(
        [
            ["draw", "genotype.json", "--out", "pictures", *QUIET],
            ["profile", "--genotype", "genotype.json", *QUIET],
            ["train", "--genotype", "genotype.json", "--input-size", "16", *TRAIN],
        ]
    )


def space(root: Path, rng: random.Random) -> list[str]:
    """A search space: a cell drawn from it at random, or a search of one epoch."""
    if rng.random() < 0.3:
        values = project.space()
        values["layout"] |= rng.choice(
            [
                {"channels": rng.choice([1024, 10**6, 0])},
                {"cells": ["reduction"] * rng.choice([20, 64, 10**4])},
                {"intermediate_nodes": rng.choice([8, 9, 10**6])},
                {"input_size": rng.choice([8, 1024, 10**9])},
                {"stem": [{"channels": 4096}] * rng.choice([8, 9])},
                {"cells": ["normal"] * 64, "channels": 512},
            ]
        )  # fmt: skip
        values["schema_version"] = rng.choice([1, 1, 1, 0, 2, 99, "1"])
        (root / "space.yaml").write_text(yaml.safe_dump(values))
    else:
        spoil_yaml(root / "space.yaml", root, rng, texts(root))
    words = ["search", "--space", "space.yaml", "--runs-dir", "runs", *SMALL]
    if rng.random() < 0.5:
        return [*words, "--strategy", "random"]
    return [
        *words, "--dataset", "data/manifest.csv", "--epochs", "1", "--set", "batch_size=4", "--set",
        "warmup_epochs=0",
        "--set", "input_size=16", "--set", "data.cache_dir=cache", "--set", "data.workers=0",
    ]  # fmt: skip


def init_map(root: Path, rng: random.Random) -> list[str]:
    """The file that renames the tensors of an initialisation."""
    (root / "map.yaml").write_text(
        yaml.safe_dump({"stem.": "stem.", "cells.": ["cells.", "x."], "head": "head"})
    )
    spoil_yaml(root / "map.yaml", root, rng, texts(root))
    weights = f"{RUN}/weights/best.safetensors"
    own = ["--init", weights, "--init-map", "map.yaml", "--input-size", "16"]
    return ["train", "--genotype", "genotype.json", *own, *TRAIN]
