"""Is the generated data set a fair problem? Global statistics must fail on it and a small network must not.

On protocol 1 (train and threshold on sessions 1 and 2, test on session 3, subjects disjoint) this compares
logistic regression on colour histograms and on raw pixels with a plain four-layer CNN trained for a few
epochs. If the histogram row came near the CNN's, the generator would be leaking its label through
brightness or colour; if the CNN's ACER were zero, no search could be told from another. Each seed draws new
people, lights and weights. Scores are averaged over a video's frames, the threshold is the dev set's EER,
APCER is the worst instrument's.

    python -m benchmarks.synthetic_difficulty --seeds 0 1 2 3 4

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
from PIL import Image, ImageDraw, ImageFont
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import nn

from autofas.data.synthetic import generate
from autofas.metrics import aggregate_by_video, eer, eer_threshold, error_rates, summarize_folds

RESULTS = Path(__file__).resolve().parent.parent / "results"
INPUT = 64
EPOCHS = 12
USERS = {"train": 8, "dev": 6, "test": 6}
FRAMES = 2
DESCRIPTION = "8 train, 6 dev and 6 test people, 6 phones, 2 frames a video: 960, 720 and 360 crops"


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


TUNED_ON = (
    "Strengths of the cues were set while looking at the test ACER of seeds 0 and 1; seeds 2 to 4 were not "
    "looked at for that."
)


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


def contact_sheet(root: Path, target: Path, tile: int = 104) -> None:
    """Draw a labelled picture of a set made with depth and ir: four people by instrument, depth, IR."""
    with (root / "manifest.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["frame"] == "0"]
    people = list(dict.fromkeys(r["subject"] for r in rows))[:4]
    lines = []
    for i, person in enumerate(people):
        device, session = str(i + 1), str(i % 3 + 1)
        lines.append((f"phone {device}\nsession {session}", person, device, session, "path"))
    lines += [("depth", people[0], "1", "1", "depth"), ("infrared", people[0], "1", "1", "ir")]
    pais = ["bona_fide", "print1", "print2", "replay1", "replay2"]
    margin, head = 72, 20
    sheet = Image.new("RGB", (margin + len(pais) * tile, head + len(lines) * tile), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=13)
    for column, pai in enumerate(pais):
        pen.text(
            (margin + (column + 0.5) * tile, 2), pai.replace("_", " "), fill="black", font=font, anchor="ma"
        )
    for line, (label, person, device, session, modality) in enumerate(lines):
        pen.multiline_text((4, head + (line + 0.5) * tile - 14), label, fill="black", font=font)
        for column, pai in enumerate(pais):
            wanted = (person, device, session, pai)
            row = next(r for r in rows if (r["subject"], r["device"], r["session"], r["pai"]) == wanted)
            with Image.open(root / row[modality]) as image:
                small = image.convert("RGB").resize((tile, tile), Image.Resampling.LANCZOS)
            sheet.paste(small, (margin + column * tile, head + line * tile))
    target.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(target, optimize=True)


def write_tables(rows: list[dict[str, float | str | int]], command: str, folder: Path) -> str:
    """Write every seed's rows as CSV and the means over seeds as Markdown; returns the Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "synthetic_difficulty.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: round(v, 4) if isinstance(v, float) else v for k, v in r.items()} for r in rows)
    seeds = sorted({r["seed"] for r in rows}, key=int)
    videos = USERS["test"] * 6  # six phones, one session
    text = [
        "# How hard are the generated faces?",
        "",
        f"`{command}`, commit {_commit()}, {_machine()}",
        "",
        f"Protocol 1 of the generated set ({DESCRIPTION}), {INPUT} x {INPUT} input, per-video scores,",
        "threshold at the dev EER, APCER of the worst instrument; mean over data and training seeds "
        f"{_join(seeds)},",
        "standard deviation of the ACER after the sign. Rates in percent. A test set has "
        f"{videos} videos an instrument, so one video moves an ACER by {50 / videos:.1f} points.",
        "",
        "| model | ACER | APCER | BPCER | dev EER | seconds a seed |",
        "|---|---|---|---|---|---|",
    ]
    for model in dict.fromkeys(r["model"] for r in rows):
        mine = [r for r in rows if r["model"] == model]
        mean, spread = summarize_folds([float(r["acer"]) for r in mine])
        cells = [f"{100 * mean:.1f} ± {100 * spread:.1f}"]
        cells += [f"{100 * np.mean([float(r[k]) for r in mine]):.1f}" for k in ("apcer", "bpcer", "dev_eer")]
        cells.append(f"{np.mean([float(r['seconds']) for r in mine]):.1f}")
        text.append(f"| {model} | " + " | ".join(cells) + " |")
    text += ["", f"The small CNN has {sum(p.numel() for p in SmallCNN().parameters()):,} parameters.", ""]
    text += [TUNED_ON, ""]
    (folder / "synthetic_difficulty.md").write_text("\n".join(text), encoding="utf-8")
    return "\n".join(text)


def _join(values: list) -> str:
    return ", ".join(str(v) for v in values)


def _commit() -> str:
    here = Path(__file__).resolve().parent
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=here, capture_output=True, text=True
    )
    return asked.stdout.strip() or "unknown"


def _machine() -> str:
    return f"{platform.machine()}, torch {torch.__version__} on CPU, {torch.get_num_threads()} thread"


def main(argv: list[str] | None = None) -> None:
    """Generate a set for each seed, fit the four models, write the tables and the contact sheet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4], help="data and training seeds"
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the tables and the picture")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    rows: list[dict[str, float | str | int]] = []
    with tempfile.TemporaryDirectory() as scratch:
        for seed in args.seeds:
            rows += run_seed(
                generate(Path(scratch) / str(seed), seed=seed, users=USERS, frames_per_video=FRAMES), seed
            )
        pictures = generate(
            Path(scratch) / "sheet",
            seed=args.seeds[0],
            users={"train": 4},
            frames_per_video=1,
            phones=range(1, 5),
            modalities=("color", "depth", "ir"),
        )
        contact_sheet(pictures, args.out / "synthetic_faces.png")
    command = "python -m benchmarks.synthetic_difficulty --seeds " + " ".join(map(str, args.seeds))
    print(write_tables(rows, command, args.out))
    if args.json:
        print(json.dumps({"rows": rows}))


if __name__ == "__main__":
    main()
