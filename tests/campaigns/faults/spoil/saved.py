"""Hostile run folders, checkpoints, weights and torch files."""

import json
import os
import random
import shutil
from pathlib import Path

import torch

from autofas.runs.checkpoint import manifest_text
from tests.campaigns.faults.hostile import plain, tensors
from tests.campaigns.faults.project import OTHER, RUN, SEARCH
from tests.campaigns.faults.spoil.common import QUIET, RESUME, SMALL, TRAIN, write


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
        write(told, plain.json_text(values, rng), root)
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
