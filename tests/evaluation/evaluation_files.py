"""Score tables, small data sets and trained run folders that the tests of the evaluation room make."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from autofas.config.data import DataConfig
from autofas.config.train import TrainConfig
from autofas.evaluation.figures import RATES, Figures, Metrics, Report
from autofas.metrics import ScoreTable
from autofas.models.weights import WEIGHTS_FILE, load_network, record_threshold, save_weights
from autofas.training.train import train

torch.set_num_threads(1)

PAIS = ("bona_fide", "print1", "print2", "replay1")


def table_of(rows: str) -> ScoreTable:
    """A score table from lines 'video subject pai score'; the path is the video and a running number."""
    cells = [line.split() for line in rows.strip().splitlines()]
    videos, subjects, pais, scores = zip(*cells, strict=True)
    paths = [f"{video}/{number}" for number, video in enumerate(videos)]
    return ScoreTable(paths, list(videos), list(subjects), list(pais), np.array(list(map(float, scores))))


def random_table(seed: int, shift: float = 0.2, subjects: int = 12, frames: int = 2) -> ScoreTable:
    """Scores in [0, 1] of `subjects` people x four PAIs x two videos x frames, bona fide `shift` higher."""
    rng = np.random.default_rng(seed)
    columns: list[tuple[str, str, str, str, float]] = []
    for subject in range(subjects):
        for pai in PAIS:
            for take in range(2):
                video = f"s{subject}_{pai}_{take}"
                for frame in range(frames):
                    score = rng.uniform(0, 0.8) + (shift if pai == "bona_fide" else 0)
                    columns.append((f"{video}_{frame}", video, f"s{subject}", pai, min(score, 1.0)))
    paths, videos, people, pais, scores = zip(*columns, strict=True)
    return ScoreTable(list(paths), list(videos), list(people), list(pais), np.array(scores))


def small_data_set(root: Path, seed: int = 0) -> Path:
    """A manifest of 8x8 noise whose attacks are darker: 3 train, 3 dev, 4 test people, two devices."""
    rng = np.random.default_rng(seed)
    (root / "images").mkdir(parents=True)
    rows = []
    for split, people in (("train", 3), ("dev", 3), ("test", 4)):
        for person in range(people):
            for pai in PAIS:
                for device in ("1", "2"):
                    name = f"images/{split}{person}_{pai}_{device}.png"
                    pixels = rng.integers(0, 255, (32, 32, 3)) // (1 if pai == "bona_fide" else 2)
                    Image.fromarray(pixels.astype(np.uint8)).save(root / name)
                    video = f"{split}{person}_{pai}_{device}"
                    rows.append([name, pai, f"{split}{person}", device, video, 0, split, device])
    with (root / "manifest.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "pai", "subject", "session", "video", "frame", "split", "device"])
        writer.writerows(rows)
    return root / "manifest.csv"


def trained_run(runs: Path, manifest: Path, cache: Path, name: str = "run", seed: int = 0) -> Path:
    """A FeatherNetA trained for one epoch."""
    config = TrainConfig(
        baseline="feathernet_a",
        epochs=1,
        batch_size=8,
        input_size=32,
        augment="none",
        runs_dir=str(runs),
        name=name,
        seed=seed,
        device="cpu",
        threads=1,
        data=DataConfig(dataset=str(manifest), protocol="none", cache_dir=str(cache), workers=0),
    )
    return train(config).path


def made_figures(level: str, **changes: Any) -> Figures:
    """Figures made up: every rate 0.25 unless told otherwise."""
    values: dict[str, Any] = dict.fromkeys(RATES, 0.25) | {
        "level": level, "apcer_by_pai": {"print": 0.25}, "errors_by_pai": {"print": (1, 4)},
        "bpcer_errors": (1, 4), "intervals_95": {}, "tpr_at_fpr": {}, "bpcer_at_apcer": {}, "undefined": {},
        "samples": 8, "bona_fide": 4, "attacks": 4, "subjects": 2, "pai_grouping": "family", "threshold": 0.5,
        "threshold_rule": "dev-eer", "threshold_provenance": "EER of the development scores",
    }  # fmt: skip
    return Figures(**(values | changes))


def made_report(**changes: Any) -> Report:
    """A report of made-up figures, the same at both levels."""
    by_level = {level: made_figures(level, **changes) for level in ("video", "frame")}
    return Report(**dict(by_level["video"]), by_level=by_level, breakdown=())


def made_metrics(figures: dict[str, Any] | None = None, **changes: Any) -> Metrics:
    """What a metrics file holds, figures made up."""
    values: dict[str, Any] = {
        "model": "m", "kind": "searched", "dataset": "oulu", "trained_on": "oulu", "protocol": "4",
        "fold": None, "split": "test", "scores_file": "scores-test.csv", "dev_scores_file": "scores-dev.csv",
        "terms": {"rule": "dev-eer", "value": None, "grouping": "family", "level": "video"}, "source": "oulu",
        "supervision": "bce", "options": {}, "init": "none", "modalities": ("color",), "run": "run",
        "recipe_sha256": "x", "seed": 0, "commit": "",
    }  # fmt: skip
    return Metrics(**(dict(made_report(**(figures or {}))) | values | changes))


def flip_a_weight(run: Path) -> None:
    """Turn the last bit of a weights file."""
    place = run / WEIGHTS_FILE
    content = bytearray(place.read_bytes())
    content[-1] ^= 1
    place.write_bytes(bytes(content))


def change_a_weight(run: Path) -> None:
    """As someone would who also brings the file's own hash up to date."""
    loaded = load_network(run / WEIGHTS_FILE)
    with torch.no_grad():
        next(loaded.network.parameters()).add_(0.125)
    info = loaded.info
    save_weights(
        loaded.network, run / WEIGHTS_FILE, margin=info.preprocessing.margin, provenance=info.provenance
    )
    assert info.threshold is not None
    record_threshold(
        run / WEIGHTS_FILE,
        float(info.threshold["value"]),
        str(info.threshold["rule"]),
        str(info.threshold["provenance"]),
    )
