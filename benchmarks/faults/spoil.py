"""Every kind of file that autofas reads, spoiled in a copy of the good project, and a command to read it."""

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import yaml

from autofas.training.checkpoint import manifest_text
from benchmarks.faults import project
from benchmarks.faults.hostile import images, networks, plain, tables, tensors
from benchmarks.faults.project import IMAGES, OTHER, RUN, SEARCH

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


def _texts(root: Path) -> tuple[str, ...]:
    """Hostile texts with those that name places outside, as seen from the project."""
    named = [path.replace("OUTSIDE", str(root.parent / "outside")) for path in plain.PATHS]
    return (*named, *(text.replace("CANARY", str(root.parent / "canary")) for text in plain.TEXTS))


def _write(path: Path, content: bytes, root: Path) -> None:
    """Write with the marks for the canary and the folder outside put in."""
    for mark, name in ((b"CANARY", "canary"), (b"OUTSIDE", "outside")):
        content = content.replace(mark, str(root.parent / name).encode())
    path.write_bytes(content)


def _spoil_json(
    path: Path, root: Path, rng: random.Random, own: Callable[[Any, random.Random], Any] | None = None
) -> None:
    content = path.read_bytes()
    kind = rng.randrange(4)
    if kind == 0:
        _write(path, plain.spoiled(content, rng, (root / "leaderboard.csv").read_bytes()), root)
        return
    values = json.loads(content)
    if own is not None and kind == 1:
        values = own(values, rng)
    else:
        values = plain.changed(values, rng, rng.choice([1, 1, 2, 4]), _texts(root))
    _write(path, plain.json_text(values, rng), root)


def _spoil_yaml(path: Path, root: Path, rng: random.Random, texts: tuple[str, ...]) -> None:
    kind = rng.randrange(6)
    if kind == 0:
        content = plain.spoiled(path.read_bytes(), rng, (root / "genotype.json").read_bytes())
    elif kind == 1:
        content = plain.yaml_bomb(rng)
    else:
        values = yaml.safe_load(path.read_text())
        content = plain.yaml_text(plain.changed(values, rng, rng.choice([1, 1, 2, 4]), texts), rng)
    _write(path, content, root)


def config(root: Path, rng: random.Random) -> list[str]:
    """A configuration: printed, run, or found in a run folder; its paths are its own user's."""
    choice = rng.randrange(5)
    folder = root / (SEARCH if choice in (1, 4) else RUN)
    _spoil_yaml(folder / "config.yaml", root, rng, plain.TEXTS)
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
    _spoil_json(root / "genotype.json", root, rng, networks.hostile_genotype)
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
        _spoil_yaml(root / "space.yaml", root, rng, _texts(root))
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
    _spoil_yaml(root / "map.yaml", root, rng, _texts(root))
    weights = f"{RUN}/weights/best.safetensors"
    own = ["--init", weights, "--init-map", "map.yaml", "--input-size", "16"]
    return ["train", "--genotype", "genotype.json", *own, *TRAIN]


def manifest(root: Path, rng: random.Random) -> list[str]:
    """A manifest, with links, pipes and folders beside its images that it may name."""
    data = root / "data"
    (data / "link.png").symlink_to("../../outside/secret.png")
    (data / "zero.png").symlink_to("/dev/zero")
    (data / "folder").symlink_to("../../outside", target_is_directory=True)
    (data / "circle.png").symlink_to("circle.png")
    (data / "there.png").symlink_to("a.png")
    (data / "empty.png").touch()
    (data / "inside.png").mkdir()
    os.mkfifo(data / "pipe.png")
    os.mkfifo(data / "pipe.avi")
    own = ("link.png", "zero.png", "folder/secret.png", "circle.png", "there.png", "empty.png", "inside.png",
    "pipe.png",
           "pipe.avi", "a.png/b.png", "manifest.csv")  # fmt: skip
    path = data / "manifest.csv"
    kind = rng.randrange(5)
    if kind == 0:
        _write(path, plain.spoiled(path.read_bytes(), rng, (root / "leaderboard.csv").read_bytes()), root)
    elif kind == 1:
        _write(path, tables.csv_bomb(path.read_bytes(), rng), root)
    else:
        _write(
            path, tables.table_changed(path, rng, (*own, *_texts(root)), {"path": own, "depth": own}), root
        )
    return rng.choice(
        [
            ["inspect", "--dataset", "data/manifest.csv", *QUIET],
            *READERS,
            ["verify", RUN, "--rescore", *QUIET],
        ]
    )  # fmt: skip


def scores(root: Path, rng: random.Random) -> list[str]:
    """A score file: judged, compared, fused, verified."""
    path = root / RUN / rng.choice(["scores-test.csv", "scores-dev.csv"])
    kind = rng.randrange(5)
    numbers = (
        "1e999",
        "-inf",
        "inf",
        "nan",
        "1e308",
        "-1e308",
        "5e-324",
        "0x1",
        "1_0",
        "",
        "1",
        "0",
        "+1",
        "½",
    )
    labels = (
        "bona_fide",
        "print",
        "print99",
        "0",
        "1",
        "real",
        "",
        " ",
        "unknown",
        "a" * 5000,
        "Print 1",
        "ünïcode",
    )
    if kind == 0:
        _write(path, plain.spoiled(path.read_bytes(), rng, (root / "data/manifest.csv").read_bytes()), root)
    elif kind == 1:
        _write(path, tables.csv_bomb(path.read_bytes(), rng), root)
    elif kind == 2:
        lines = [
            f"{rng.choice(numbers)}{rng.choice(' ,	;')}{rng.choice(labels)}"
            for _ in range(rng.randrange(1, 40))
        ]
        _write(path, "\n".join(lines).encode(), root)
    else:
        _write(path, tables.table_changed(path, rng, _texts(root), {"score": numbers, "pai": labels}), root)
    test, dev = f"{RUN}/scores-test.csv", f"{RUN}/scores-dev.csv"
    return rng.choice(
        [
            ["score", test, "--dev", dev, *QUIET], ["score", path.relative_to(root).as_posix(), *QUIET],
            ["score", test, "--dev", dev, "--out", "figures", *QUIET],
            ["score", test, "--threshold", "test-eer", *QUIET],
            ["compare", test, test, "--dev", dev, dev, "--replicates", "50", *QUIET], ["verify", RUN, *QUIET],
            ["compare", RUN, RUN, "--replicates", "50", *QUIET], ["fuse", RUN, RUN, "--out", "fused", *QUIET],
            ["fuse", test, test, "--dev", dev, dev, "--method", "greedy", "--steps", "3", "--out", "fused",
            *QUIET],
            ["evaluate", "--run", RUN, *SMALL],
        ]
    )  # fmt: skip


def figures_and_record(root: Path, rng: random.Random) -> list[str]:
    """metrics.json, record.json or the leaderboard, which others wrote."""
    choice = rng.randrange(3)
    if choice == 2:
        path = root / "leaderboard.csv"
        kind = rng.randrange(3)
        if kind == 0:
            _write(
                path, plain.spoiled(path.read_bytes(), rng, (root / "data/manifest.csv").read_bytes()), root
            )
        elif kind == 1:
            _write(path, tables.csv_bomb(path.read_bytes(), rng), root)
        else:
            _write(path, tables.table_changed(path, rng, (*_texts(root), "1e999", "nan"), {}), root)
        return rng.choice(
            [
                ["pareto", "--leaderboard", "leaderboard.csv", *QUIET],
                ["pareto", RUN, "--leaderboard", "leaderboard.csv", *QUIET],
                ["evaluate", "--run", RUN, "--leaderboard", "leaderboard.csv", *SMALL],
            ]
        )
    path = root / RUN / ("metrics.json" if choice else "record.json")
    if choice and rng.random() < 0.4:
        values = json.loads(path.read_text())
        values[rng.choice(["scores_file", "dev_scores_file"])] = rng.choice(_texts(root))
        _write(path, plain.json_text(values, rng), root)
    else:
        _spoil_json(path, root, rng)
    return rng.choice(
        [
            ["verify", RUN, "--skip-data", *QUIET], ["verify", RUN, *QUIET],
            ["evaluate", "--run", RUN, *SMALL],
            ["pareto", RUN, "--leaderboard", "leaderboard.csv", *QUIET],
            ["table", "auto-fas-1", RUN, *QUIET], ["average", RUN, OTHER, "--runs-dir", "runs", *QUIET],
        ]
    )  # fmt: skip


def run_folder(root: Path, rng: random.Random) -> list[str]:
    """A run folder in which a file is a link out of it, a pipe, a folder, or named so that it leads out."""
    folder = root / rng.choice([RUN, SEARCH])
    names = [
        "log.txt", ".lock", "results.csv", "record.json", "config.yaml", "weights",
        "weights/best.safetensors",
        "checkpoint-last", "checkpoint-last/state.pt", "checkpoint-last/manifest.json", "checkpoint-previous",
        "scores-test.csv", "scores-dev.csv", "metrics.json", "resumed.txt", "genotype.json", "alphas.csv",
        "cache",
    ]  # fmt: skip
    for name in rng.sample(names, rng.randrange(1, 3)):
        path = folder / name
        if not path.parent.is_dir():
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        kind = rng.randrange(5)
        outside = root.parent / "outside"
        if kind <= 2:
            target = {"checkpoint-last": "checkpoint", "weights": "", "scores-test.csv": "secret.csv"}.get(
                name, "secret.txt"
            )
            target = "secret.safetensors" if name.endswith("safetensors") else target
            path.symlink_to(os.path.relpath(outside / target, path.parent) if kind else outside / target)
        elif kind == 3:
            os.mkfifo(path)
        else:
            rng.choice(
                [
                    path.mkdir,
                    lambda path=path: path.symlink_to(path.name),
                    lambda path=path: path.symlink_to("/dev/zero"),
                ]
            )()
    own = folder.relative_to(root).as_posix()
    if own == SEARCH:
        return ["search", "--resume", own, *RESUME]
    return rng.choice(
        [
            ["evaluate", "--run", own, *SMALL], ["verify", own, *QUIET], ["train", "--resume", own, *RESUME],
            ["average", own, OTHER, "--runs-dir", "runs", *QUIET],
            ["fuse", own, OTHER, "--out", "fused", *QUIET],
            ["pareto", own, "--leaderboard", "leaderboard.csv", *QUIET], ["verify", own, "--rescore", *QUIET],
            ["compare", own, own, "--replicates", "20", *QUIET], ["table", "auto-fas-1", own, *QUIET],
        ]
    )  # fmt: skip


def checkpoint(root: Path, rng: random.Random) -> list[str]:
    """A checkpoint whose bytes, manifest or content are hostile; a stranger can write a right hash."""
    folder = root / rng.choice([RUN, SEARCH])
    last, previous = folder / "checkpoint-last", folder / "checkpoint-previous"
    if rng.random() < 0.5:  # to go on in the middle instead of at the end
        shutil.rmtree(last)
        previous.rename(last)
    elif rng.random() < 0.5:
        shutil.rmtree(previous)
    path, told = last / "state.pt", last / "manifest.json"
    kind = rng.randrange(4)
    if kind == 0:
        one = rng.choice([path, told])
        one.write_bytes(plain.spoiled(one.read_bytes(), rng))
    elif kind == 1:
        values = plain.changed(json.loads(told.read_text()), rng, rng.randrange(1, 3))
        if rng.random() < 0.5:
            values = {
                **json.loads(told.read_text()),
                "schema_version": rng.choice([0, 3, 99, "2", None, True, 10**400]),
            }
        _write(told, plain.json_text(values, rng), root)
    else:
        state = torch.load(path, weights_only=True)
        content = tensors.hostile_torch(state, rng, str(root.parent / "canary"))
        path.write_bytes(content)
        told.write_text(manifest_text(content, rng.choice([1, 2, 2])))
    verb = "train" if folder == root / RUN else "search"
    return [verb, "--resume", folder.relative_to(root).as_posix(), *RESUME]


def weights(root: Path, rng: random.Random) -> list[str]:
    """A safetensors file: evaluated, averaged, verified, initialised from."""
    path = root / RUN / "weights/best.safetensors"
    path.write_bytes(tensors.hostile_safetensors(path.read_bytes(), rng))
    if rng.random() < 0.8:
        (root / RUN / "record.json").unlink()
    init = ["--init", f"{RUN}/weights/best.safetensors", "--input-size", "16"]
    return rng.choice(
        [
            ["evaluate", "--run", RUN, *SMALL], ["evaluate", "--run", RUN, *SMALL],
            ["verify", RUN, "--rescore", *QUIET],
            ["average", RUN, OTHER, "--runs-dir", "runs", *QUIET],
            ["train", "--genotype", "genotype.json", *init, *TRAIN],
            ["table", "auto-fas-1", RUN, *QUIET],
        ]
    )  # fmt: skip


def torch_file(root: Path, rng: random.Random) -> list[str]:
    """A .pt that a training is initialised from: other tensors, crafted pickles, zips that grow."""
    state = torch.load(root / RUN / "checkpoint-last/state.pt", weights_only=True)["network"]
    if rng.random() < 0.3:
        state = {"state_dict": {f"module.{name}": value for name, value in state.items()}}
    content = tensors.hostile_torch(state, rng, str(root.parent / "canary"))
    name = f"start.{rng.choice(['pt', 'pth', 'bin', 'safetensors'])}"
    (root / name).write_bytes(content)
    return ["train", "--genotype", "genotype.json", "--init", name, "--input-size", "16", *TRAIN]


def image(root: Path, rng: random.Random) -> list[str]:
    """An image of a manifest: spoiled, a bomb, or of another format than its name says."""
    data = root / "data"
    good = {name: (data / name).read_bytes() for name in IMAGES}
    names = sorted(path.name for path in data.iterdir() if path.name.startswith(("train", "dev", "test")))
    for name in rng.sample(names, rng.randrange(1, 4)):
        content = (data / name).read_bytes()
        kind = rng.randrange(3)
        if kind == 0:
            content = plain.spoiled(content, rng, good[rng.choice(sorted(good))])
        elif kind == 1:
            content = images.image_bomb(rng, good)
        else:
            content = plain.spoiled(images.image_bomb(rng, good), rng)
        _write(data / name, content, root)
    return list(rng.choice(READERS))


KINDS: dict[str, Hostile] = {
    "config": config, "genotype": genotype, "space": space, "init map": init_map, "manifest": manifest,
    "scores": scores,
    "figures and record": figures_and_record, "run folder": run_folder, "checkpoint": checkpoint,
    "weights": weights,
    "torch file": torch_file, "image": image,
}  # fmt: skip
