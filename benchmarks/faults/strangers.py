"""Family: files from strangers, read by the command lines that read them.

Each case is a copy of a small good project (a manifest with images, a genotype, a finished search, training
and evaluation) in which one file is hostile, and one command line that reads it,
run in a forked process under
the eyes of `witness`. Drawn are the file, the way it is spoiled, and the command.
"""

import csv
import io
import json
import os
import random
import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import yaml
from PIL import Image

from autofas.data.manifest import Manifest, write_manifest
from autofas.training.checkpoint import _manifest
from benchmarks.faults import child, hostile
from benchmarks.faults.family import Case, Seen
from benchmarks.faults.runs import Bench
from benchmarks.faults.witness import Watchman, watched

PROMISE = (
    "a hostile file ends in an ordinary result or in one line and exit code 2: no traceback, no code run, "
    "nothing read or written outside the project's folder, no 10 s of processor time, no 1.5 GiB of memory"
)
CPU_S, WALL_S = 10.0, 60.0
COUNTS = {
    "config": 420, "genotype": 340, "space": 240, "init map": 120, "manifest": 420, "scores": 320,
    "figures and record": 240, "run folder": 120, "checkpoint": 260, "weights": 260, "torch file": 140,
    "image": 300,
}  # fmt: skip
SHORT_SHARE = 200

Hostile = Callable[[Path, random.Random], list[str]]
"""Spoils a file of the project at a path and returns the command line that reads it."""

RUN, SEARCH, OTHER = "runs/train/run", "runs/search/found", "runs/train/other"
QUIET = ["--quiet"]
RESUME = ["--threads", "1", "--accept-changed", "code", "--quiet"]
SMALL = ["--device", "cpu", "--threads", "1", "--quiet"]
TRAIN = [
    *SMALL, "--runs-dir", "runs", "--dataset", "data/manifest.csv", "--epochs", "1", "--batch-size", "8",
    "--set", "data.cache_dir=cache", "--set", "data.workers=0",
]  # fmt: skip
IMAGES = {"a.png": "PNG", "a.jpg": "JPEG", "a.bmp": "BMP", "a.webp": "WEBP", "a.tiff": "TIFF", "a.ppm": "PPM"}


def cases(seed: int, short: bool) -> list[Case]:
    """Every kind of file as often as COUNTS says, in the short form a two-hundredth of it."""
    kinds = [
        kind for kind, count in COUNTS.items() for _ in range(-(-count // SHORT_SHARE) if short else count)
    ]
    random.Random(seed).shuffle(kinds)  # a campaign that is stopped has met every kind
    return [Case(number, kind, {"draw": f"{seed}/{number}"}) for number, kind in enumerate(kinds)]


def prepare(bench: Bench) -> None:
    """Make the good project by the product's own command lines, and the folder beside it."""
    good = _good(bench)
    if (good / "leaderboard.csv").exists():
        return
    shutil.rmtree(good, ignore_errors=True)
    good.mkdir(parents=True)
    _images(good / "data")
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
    (good / "space.yaml").write_text(yaml.safe_dump(_space()))
    for words in lines:
        ended = child.run([*words, "--quiet"], bench.folder / "stderr-good", lambda: os.chdir(good), 120)
        assert ended.code == 0, (words, ended.stderr)
    shutil.copy(good / "runs/search/g/genotype.json", good / "genotype.json")
    shutil.rmtree(good / "cache")


def check(case: Case, bench: Bench) -> Seen:
    """Make the case's project, run its command line, and say what broke the promise."""
    place = bench.folder / f"strangers-{case.number}"
    root, outside, report, canary = place / "root", place / "outside", place / "report", place / "canary"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(_good(bench), root)
    _outside(outside, _good(bench))
    rng = random.Random(str(case.values["draw"]))
    words = KINDS[case.kind](root, rng)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with Watchman(outside) as watchman:
        ended = child.run(words, place / "stderr", watched(root, report), WALL_S)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = report.read_text().splitlines() if report.exists() else []
    fault = _fault(ended, cpu, told, watchman.seen, canary.exists())
    if not fault and {path.name for path in place.iterdir()} - {"root", "outside", "report", "stderr"}:
        fault = f"made {sorted(path.name for path in place.iterdir())} beside the project"
    if fault:
        fault = f"autofas {' '.join(words)}: {fault}"
    else:
        shutil.rmtree(place)
    return Seen(fault, ended.seconds, "refused in one line" if ended.code == 2 else "")


def _fault(ended: child.Ended, cpu: float, told: list[str], seen: list[str], canary: bool) -> str:
    """What broke the promise, or nothing."""
    last = ended.lines[-1][:300] if ended.lines else ""
    if canary:
        return "code was run"
    if told or seen:
        return "; ".join([*told, *seen][:3])
    if ended.hung:
        return "hung"
    if "Traceback" in ended.stderr:
        return f"traceback: {last}"
    if ended.code not in (0, 2):
        return f"exit code {ended.code}: {last}"
    if ended.code == 2 and (len(ended.lines) != 1 or not last.startswith("autofas ")):
        return f"{len(ended.lines)} lines: {last}"
    if "out of memory" in last or "can't allocate memory" in last or "MemoryError" in last:
        return f"more than 1.5 GiB asked for: {last}"
    if cpu > CPU_S:
        return f"{cpu:.0f} s of processor time"
    return ""


def _good(bench: Bench) -> Path:
    return bench.folder / "strangers-good"


def _outside(folder: Path, good: Path) -> None:
    """Readable files of every kind that no command line may look at, beside the project."""
    folder.mkdir()
    shutil.copy(good / "data/a.png", folder / "secret.png")
    shutil.copy(good / RUN / "scores-test.csv", folder / "secret.csv")
    shutil.copy(good / RUN / "weights/best.safetensors", folder / "secret.safetensors")
    shutil.copytree(good / RUN / "checkpoint-last", folder / "checkpoint")
    (folder / "secret.txt").write_text("a secret\n")


def _space() -> dict[str, Any]:
    """A search space of two cells that a step takes milliseconds of."""
    return {
        "schema_version": 1, "name": "tiny",
        "operations": ["none", "skip_connect", "sep_conv_3x3", "max_pool_3x3"],
        "layout": {"input_size": 16, "stem": [{"channels": 8, "kernel": 3, "stride": 2}], "channels": 8,
                   "cells": ["normal", "reduction"], "intermediate_nodes": 2},
    }  # fmt: skip


def _images(folder: Path) -> None:
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


def _texts(root: Path) -> tuple[str, ...]:
    """Hostile texts with those that name places outside, as seen from the project."""
    named = [path.replace("OUTSIDE", str(root.parent / "outside")) for path in hostile.PATHS]
    return (*named, *(text.replace("CANARY", str(root.parent / "canary")) for text in hostile.TEXTS))


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
        _write(path, hostile.spoiled(content, rng, (root / "leaderboard.csv").read_bytes()), root)
        return
    values = json.loads(content)
    if own is not None and kind == 1:
        values = own(values, rng)
    else:
        values = hostile.changed(values, rng, rng.choice([1, 1, 2, 4]), _texts(root))
    _write(path, hostile.json_text(values, rng), root)


def _spoil_yaml(path: Path, root: Path, rng: random.Random, texts: tuple[str, ...]) -> None:
    kind = rng.randrange(6)
    if kind == 0:
        content = hostile.spoiled(path.read_bytes(), rng, (root / "genotype.json").read_bytes())
    elif kind == 1:
        content = hostile.yaml_bomb(rng)
    else:
        values = yaml.safe_load(path.read_text())
        content = hostile.yaml_text(hostile.changed(values, rng, rng.choice([1, 1, 2, 4]), texts), rng)
    _write(path, content, root)


def config(root: Path, rng: random.Random) -> list[str]:
    """A configuration: printed, run, or found in a run folder; its paths are its own user's."""
    choice = rng.randrange(5)
    folder = root / (SEARCH if choice in (1, 4) else RUN)
    _spoil_yaml(folder / "config.yaml", root, rng, hostile.TEXTS)
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
    _spoil_json(root / "genotype.json", root, rng, hostile.hostile_genotype)
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
        values = _space()
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
        _write(path, hostile.spoiled(path.read_bytes(), rng, (root / "leaderboard.csv").read_bytes()), root)
    elif kind == 1:
        _write(path, csv_bomb(path.read_bytes(), rng), root)
    else:
        _write(path, table_changed(path, rng, (*own, *_texts(root)), {"path": own, "depth": own}), root)
    return rng.choice(
        [
            ["inspect", "--dataset", "data/manifest.csv", *QUIET],
            ["inspect", "--dataset", "data/manifest.csv", "--check-files", *QUIET],
            ["prepare", "--dataset", "data/manifest.csv", "--out", "out", "--boxes", "none", "--workers",
            "1", *QUIET],
            ["prepare", "--dataset", "data/manifest.csv", "--out", "out", "--boxes", "none", "--modalities",
            "color,depth",
             *QUIET],
            ["train", "--genotype", "genotype.json", "--input-size", "16", *TRAIN],
            ["evaluate", "--run", RUN, *SMALL],
            ["verify", RUN, "--rescore", *QUIET],
        ]
    )  # fmt: skip


def table_changed(
    path: Path, rng: random.Random, texts: tuple[str, ...], columns: dict[str, tuple[str, ...]]
) -> bytes:
    """A CSV with cells, rows and columns replaced, removed or doubled; quoted as CSV is or not at all."""
    rows = [list(row) for row in csv.reader(io.StringIO(path.read_text()))]
    for _ in range(rng.choice([1, 1, 2, 4])):
        row = rng.choice(rows if rng.random() < 0.2 else rows[1:] or rows)
        kind = rng.randrange(8)
        if kind <= 4 and row:
            at = rng.randrange(len(row))
            known = columns.get(rows[0][at] if at < len(rows[0]) else "", ())
            row[at] = rng.choice(known) if known and rng.random() < 0.6 else rng.choice(texts)
        elif kind == 5:
            row[:] = row[: rng.randrange(len(row) + 1)] + ["x"] * rng.randrange(3)
        elif kind == 6:
            rows.insert(rng.randrange(len(rows) + 1), list(row))
        else:
            for other in rows:
                other.insert(0, rng.choice(["new", "x", rows[0][-1] if rows[0] else ""]))
    stream = io.StringIO()
    end = rng.choice(["\n", "\n", "\r\n", "\r"])
    if rng.random() < 0.7:
        csv.writer(stream, lineterminator=end).writerows(rows)
    else:
        stream.write(end.join(",".join(row) for row in rows))
    return stream.getvalue().encode("utf-8", "surrogatepass")


def csv_bomb(content: bytes, rng: random.Random) -> bytes:
    """A table with a cell, a row, a header or a count of rows of absurd size, or quotes that never close."""
    header, _, body = content.partition(b"\n")
    first = body.partition(b"\n")[0]
    return rng.choice(
        [
            lambda: content + b"x" * 10**7, lambda: content + b'"' + b"x" * 10**7,
            lambda: header + b",a" * 10**6 + b"\n",
            lambda: content + b"," * 10**6 + b"\n", lambda: content + b"a\n" * 10**6,
            lambda: header + b"\n" * 10**6,
            lambda: header + b"\n" + (first + b"\n") * 10**4, lambda: b",".join([header] * 2) + b"\n" + body,
            lambda: header + b"\n" + b'"' * rng.randrange(1, 10**5), lambda: b"\n" + content, lambda: header,
            lambda: content.replace(b",", rng.choice([b";", b"\t", b",,", b"\0"])),
            lambda: b"\xef\xbb\xbf" * 2 + content,
            lambda: header + b"\r" + body, lambda: content[:-1] + b'"' + content,
            lambda: b"x" * (130 * 2**20),
        ]
    )()  # fmt: skip


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
        _write(path, hostile.spoiled(path.read_bytes(), rng, (root / "data/manifest.csv").read_bytes()), root)
    elif kind == 1:
        _write(path, csv_bomb(path.read_bytes(), rng), root)
    elif kind == 2:
        lines = [
            f"{rng.choice(numbers)}{rng.choice(' ,	;')}{rng.choice(labels)}"
            for _ in range(rng.randrange(1, 40))
        ]
        _write(path, "\n".join(lines).encode(), root)
    else:
        _write(path, table_changed(path, rng, _texts(root), {"score": numbers, "pai": labels}), root)
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
                path, hostile.spoiled(path.read_bytes(), rng, (root / "data/manifest.csv").read_bytes()), root
            )
        elif kind == 1:
            _write(path, csv_bomb(path.read_bytes(), rng), root)
        else:
            _write(path, table_changed(path, rng, (*_texts(root), "1e999", "nan"), {}), root)
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
        _write(path, hostile.json_text(values, rng), root)
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
        spoil = rng.choice([path, told])
        spoil.write_bytes(hostile.spoiled(spoil.read_bytes(), rng))
    elif kind == 1:
        values = hostile.changed(json.loads(told.read_text()), rng, rng.randrange(1, 3))
        if rng.random() < 0.5:
            values = {
                **json.loads(told.read_text()),
                "schema_version": rng.choice([0, 3, 99, "2", None, True, 10**400]),
            }
        _write(told, hostile.json_text(values, rng), root)
    else:
        state = torch.load(path, weights_only=True)
        content = hostile.hostile_torch(state, rng, str(root.parent / "canary"))
        path.write_bytes(content)
        told.write_text(_manifest(content, rng.choice([1, 2, 2])))
    verb = "train" if folder == root / RUN else "search"
    return [verb, "--resume", folder.relative_to(root).as_posix(), *RESUME]


def weights(root: Path, rng: random.Random) -> list[str]:
    """A safetensors file: evaluated, averaged, verified, initialised from."""
    path = root / RUN / "weights/best.safetensors"
    path.write_bytes(hostile.hostile_safetensors(path.read_bytes(), rng))
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
    content = hostile.hostile_torch(state, rng, str(root.parent / "canary"))
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
            content = hostile.spoiled(content, rng, good[rng.choice(sorted(good))])
        elif kind == 1:
            content = hostile.image_bomb(rng, good)
        else:
            content = hostile.spoiled(hostile.image_bomb(rng, good), rng)
        _write(data / name, content, root)
    return rng.choice(
        [
            ["inspect", "--dataset", "data/manifest.csv", "--check-files", *QUIET],
            ["prepare", "--dataset", "data/manifest.csv", "--out", "out", "--boxes", "none", "--workers",
            "1", *QUIET],
            ["prepare", "--dataset", "data/manifest.csv", "--out", "out", "--boxes", "none", "--modalities",
            "color,depth",
             *QUIET],
            ["train", "--genotype", "genotype.json", "--input-size", "16", *TRAIN],
            ["evaluate", "--run", RUN, *SMALL],
        ]
    )  # fmt: skip


KINDS: dict[str, Hostile] = {
    "config": config, "genotype": genotype, "space": space, "init map": init_map, "manifest": manifest,
    "scores": scores,
    "figures and record": figures_and_record, "run folder": run_folder, "checkpoint": checkpoint,
    "weights": weights,
    "torch file": torch_file, "image": image,
}  # fmt: skip
