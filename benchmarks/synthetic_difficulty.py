"""Is the generated data set a fair problem? Global statistics must fail on it and a small network must not.

On protocol 1 (train and threshold on sessions 1 and 2, test on session 3, subjects disjoint) this compares logistic
regression on colour histograms and on raw pixels with a plain four-layer CNN trained for a few epochs. If the
histogram row came near the CNN's, the generator would be leaking its label through brightness or colour; if the
CNN's ACER were zero, no search could be told from another. Each seed draws new people, lights and weights.
Scores are averaged over a video's frames, the threshold is the dev set's EER, APCER is the worst instrument's.

    python -m benchmarks.synthetic_difficulty --seeds 0 1 2

writes results/synthetic_difficulty.md and .csv and results/synthetic_faces.png.
"""

import argparse
import csv
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import nn

from autofas.data.synthetic import generate
from autofas.metrics import aggregate_by_video, eer, eer_threshold, error_rates

RESULTS = Path(__file__).resolve().parent.parent / "results"
INPUT = 64
EPOCHS = 12


@dataclass(frozen=True)
class Split:
    """Crops of one protocol set: `images` uint8 (N, INPUT, INPUT, 3), `pais` and `videos` of length N."""

    images: np.ndarray
    pais: list[str]
    videos: list[str]

    @property
    def labels(self) -> np.ndarray:
        return np.array([pai == "bona_fide" for pai in self.pais], dtype=np.float32)


Scorer = Callable[[np.ndarray], np.ndarray]


def load_protocol_1(root: Path) -> dict[str, Split]:
    """Train, dev and test sets of protocol 1 from a generated folder, resized to INPUT pixels."""
    with (root / "manifest.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    splits = {}
    for name, sessions in (("train", "12"), ("dev", "12"), ("test", "3")):
        chosen = [r for r in rows if r["split"] == name and r["session"] in sessions]
        images = np.stack([read_crop(root / r["path"], INPUT) for r in chosen])
        splits[name] = Split(images, [r["pai"] for r in chosen], [r["video"] for r in chosen])
    return splits


def read_crop(path: Path, side: int) -> np.ndarray:
    """One crop as uint8 (side, side, 3)."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize((side, side), Image.Resampling.BILINEAR))


def histograms(images: np.ndarray) -> np.ndarray:
    """Colour statistics without place: 16-bin histograms of R, G, B and a joint 4 x 4 x 4 one, (N, 112)."""
    n = len(images)
    rows = np.repeat(np.arange(n), images[0].size // 3)
    parts = [_counts(rows, images[..., c].ravel() // 16, n, 16) for c in range(3)]
    joint = (images.astype(np.int32) // 64) @ np.array([16, 4, 1])
    return np.sqrt(np.concatenate([*parts, _counts(rows, joint.ravel(), n, 64)], axis=1))


def _counts(rows: np.ndarray, bins: np.ndarray, n: int, k: int) -> np.ndarray:
    flat = np.bincount(rows * k + bins.astype(np.int64), minlength=n * k).reshape(n, k)
    return flat / flat.sum(axis=1, keepdims=True)


def pixels(side: int) -> Scorer:
    """Raw pixels at `side`, flattened to (N, 3 * side * side) in [0, 1]."""

    def features(images: np.ndarray) -> np.ndarray:
        step = INPUT // side
        n = len(images)
        blocks = images.reshape(n, side, step, side, step, 3).astype(np.float32).mean(axis=(2, 4))
        return blocks.reshape(n, -1) / 255

    return features


def fit_linear(features: Scorer, train: Split, dev: Split) -> Scorer:
    """Logistic regression with the ridge that the dev set likes best; returns its score function."""
    scaler = StandardScaler()
    x = scaler.fit_transform(features(train.images))
    dev_x = scaler.transform(features(dev.images))
    best, best_eer = None, 2.0
    for c in (1e-5, 1e-4, 1e-3, 1e-2, 1e-1):
        model = LogisticRegression(C=c, class_weight="balanced", max_iter=300).fit(x, train.labels)
        found = eer(model.predict_proba(dev_x)[:, 1], dev.pais)
        if found < best_eer:
            best, best_eer = model, found
    assert best is not None
    return lambda images: best.predict_proba(scaler.transform(features(images)))[:, 1]


class SmallCNN(nn.Sequential):
    """Four 3 x 3 convolutions with batch normalisation and max pooling, mean over the map, one output."""

    def __init__(self, widths: tuple[int, ...] = (16, 32, 48, 64)) -> None:
        layers: list[nn.Module] = []
        before = 3
        for width in widths:
            layers += [nn.Conv2d(before, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
            before = width
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 1))


def fit_cnn(train: Split, seed: int, epochs: int = EPOCHS, batch: int = 32) -> Scorer:
    """Train SmallCNN with Adam, flips and shifts, classes weighted to balance; returns its score function."""
    torch.manual_seed(seed)
    model = SmallCNN()
    images = _tensor(train.images)
    labels = torch.from_numpy(train.labels)
    weight = torch.where(labels > 0.5, 0.5 / labels.mean(), 0.5 / (1 - labels).mean())
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-4)
    steps = epochs * (len(images) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    for _ in range(epochs):
        order = torch.randperm(len(images))
        for i in range(len(images) // batch):
            chosen = order[i * batch : (i + 1) * batch]
            out = model(augment(images[chosen]))[:, 0]
            loss = nn.functional.binary_cross_entropy_with_logits(out, labels[chosen], weight[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    model.eval()

    def score(batch_images: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            parts = [torch.sigmoid(model(chunk)[:, 0]) for chunk in _tensor(batch_images).split(128)]
        return torch.cat(parts).double().numpy()

    return score


def augment(images: torch.Tensor) -> torch.Tensor:
    """Flip each of (B, 3, H, W) left to right with probability 1/2, shift the batch by up to 4 pixels."""
    flip = torch.rand(len(images)) < 0.5
    images = torch.where(flip[:, None, None, None], images.flip(3), images)
    wide = nn.functional.pad(images, (4, 4, 4, 4), mode="replicate")
    dy, dx = torch.randint(0, 9, (2,)).tolist()
    return wide[:, :, dy : dy + INPUT, dx : dx + INPUT]


def _tensor(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def measure(score: Scorer, dev: Split, test: Split) -> dict[str, float]:
    """Per-video error rates on `test` at the EER threshold of `dev`."""
    dev_scores, dev_pais, _ = aggregate_by_video(score(dev.images), dev.pais, dev.videos)
    test_scores, test_pais, _ = aggregate_by_video(score(test.images), test.pais, test.videos)
    rates = error_rates(test_scores, test_pais, eer_threshold(dev_scores, dev_pais))
    by_pai = {f"apcer_{name}": float(value) for name, value in sorted(rates.apcer_by_pai.items())}
    return {
        "acer": float(rates.acer),
        "apcer": float(rates.apcer),
        "bpcer": float(rates.bpcer),
        "dev_eer": float(eer(dev_scores, dev_pais)),
        **by_pai,
    }


def run_seed(root: Path, seed: int) -> list[dict[str, float | str | int]]:
    """All four rows of one generated data set."""
    sets = load_protocol_1(root)
    train, dev, test = sets["train"], sets["dev"], sets["test"]
    rows: list[dict[str, float | str | int]] = []
    for name, fit in (
        ("colour histogram + LR", lambda: fit_linear(histograms, train, dev)),
        ("raw pixels 32 + LR", lambda: fit_linear(pixels(32), train, dev)),
        ("raw pixels 64 + LR", lambda: fit_linear(pixels(64), train, dev)),
        ("small CNN", lambda: fit_cnn(train, seed)),
    ):
        start = time.perf_counter()
        figures = measure(fit(), dev, test)
        rows.append({"model": name, "seed": seed, **figures, "seconds": time.perf_counter() - start})
        print(f"seed {seed}  {name:22s} ACER {100 * figures['acer']:5.1f} %", file=sys.stderr)
    return rows
