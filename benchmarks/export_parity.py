"""Does every network of the house leave it unchanged? Exported, run in onnxruntime, compared on crops.

    python -m benchmarks.export_parity --out results

Each baseline, and a random genotype of each search space, gets seeded weights and a few training steps on
generated faces (its scores would else be all alike), is exported as `autofas export` does it, and is run on
200 crops; the threshold lies in the widest gap of the middle half of the scores. Networks of large inputs are
taken at `--most-side` pixels: the operations are the same. A row says the largest error of score and map, the
decisions that changed, the file's size and the seconds of CPU time that exporting took, or why a network
cannot be exported. Exit code 1 where an error is above 1e-4 or a decision changed.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from autofas.baselines import BASELINES

from autofas.analysis.text_tables import markdown_table
from autofas.config.data import DataConfig, SyntheticConfig
from autofas.data.batches.loader import labels_of
from autofas.data.opening import open_data
from autofas.deploy.graph import ExportForm
from autofas.deploy.onnx_file import to_onnx
from autofas.deploy.parity import TOLERANCE, compare
from autofas.deploy.runtime import Scores, normalised
from autofas.errors import AutofasError
from autofas.models.build import build
from autofas.models.genotype import genotype_from_cells
from autofas.models.network import Network
from autofas.models.space import load_space, space_names
from autofas.runs.provenance import commit, machine
from autofas.search.derive import random_cells
from autofas.storage.files import write_json, write_text

LEAST_SIDE = {"facebagnet_a": 48, "afa": 8}
BATCH = 25
STEPS = 6
HEADER = ("network", "input", "modalities", "scores", "score error", "map error", "changed", "kB", "CPU s")


def main() -> int:
    """Compare, print and write; exit code 1 where a file does not compute what its network does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="*", help="networks or spaces (default: all)")
    parser.add_argument("--crops", type=int, default=200)
    parser.add_argument("--most-side", type=int, default=64)
    parser.add_argument("--out", help="folder for export_parity.md and export_parity.json")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for network in networks(args.only, args.most_side):
        rows.append(row_of(network, args.crops))
        print(rows[-1], file=sys.stderr)
    values = {"rows": rows, "crops": args.crops, "commit": commit(), "machine": machine()}
    table = markdown_table(HEADER, [cells(row) for row in rows], numeric=HEADER[4:])
    print(table)
    if args.out:
        words = f"`python -m benchmarks.export_parity --most-side {args.most_side} --out results`"
        head = f"{words}, commit {commit()}, torch {torch.__version__}, {machine()}\n\n"
        note = f"{args.crops} generated crops, onnxruntime on the CPU; tolerance {TOLERANCE:g}.\n\n"
        write_text(Path(args.out) / "export_parity.md", head + note + table + "\n")
        write_json(Path(args.out) / "export_parity.json", values)
    if args.json:
        print(json.dumps(values))
    return int(any(row["reason"] or row["changed"] or worst(row) > TOLERANCE for row in rows))


def networks(only: list[str] | None, most_side: int) -> Iterator[Network]:
    """Every baseline and a random genotype of every space, at no more than `most_side` pixels."""
    for name in BASELINES:
        if not only or name in only:
            side = LEAST_SIDE.get(name, min(BASELINES[name].input_size, most_side))
            torch.manual_seed(0)
            yield build(name, input_size=side)
    for name in space_names():
        if not only or name in only:
            space = load_space(name)
            cells_drawn = random_cells(space, np.random.default_rng(0))
            torch.manual_seed(0)
            genotype = genotype_from_cells(space, *cells_drawn, "random")
            side = min(genotype.layout.input_size, most_side)
            yield build(genotype, input_size=side, name=f"{name} (random)")


def row_of(network: Network, count: int) -> dict[str, Any]:
    """One network's row; `reason` says why there is no file."""
    crops, labels = generated(network, count)
    warm_up(network, crops, labels)
    size = network.view.crop_size
    row = {"network": network.name, "input": f"3x{size}x{size}", "modalities": list(network.modalities)}
    row |= {"score_error": None, "map_error": None, "changed": None, "bytes": None, "reason": ""}
    started = time.process_time()
    try:
        model = to_onnx(ExportForm(network)).SerializeToString()
    except AutofasError as exc:
        return {**row, "reason": str(exc), "cpu_s": round(time.process_time() - started, 1)}
    seconds = time.process_time() - started
    wanted, found = in_torch(network, crops), in_onnxruntime(model, crops)
    names = [str(number) for number in range(count)]
    parity = compare(wanted, found, threshold_of(wanted.scores), names)
    row |= {"lowest": float(wanted.scores.min()), "highest": float(wanted.scores.max())}
    row |= {"score_error": parity.score_error, "map_error": parity.map_error, "changed": parity.changed}
    return {**row, "bytes": len(model), "cpu_s": round(seconds, 1)}


def generated(network: Network, count: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Normalised crops (count, 3, C, C) by modality of generated faces, and labels, 1 = bona fide."""
    faces = SyntheticConfig(train_users=4, dev_users=1, test_users=1, frames_per_video=1, size=64)
    config = DataConfig(modalities=network.modalities, synthetic=faces)
    data = open_data(config, network.view.crop_size)
    table = data.dataset.split("train").iloc[:count]
    if len(table) < count:
        raise SystemExit(f"there are {len(table)} generated crops; ask for no more")
    rows = data.store.rows(table)
    return {name: normalised(data.store.crops(name, rows)) for name in network.modalities}, labels_of(table)


def warm_up(network: Network, crops: dict[str, np.ndarray], labels: np.ndarray) -> None:
    """Batch statistics of these crops and, where labels are all its loss needs, a few steps of training."""
    network.train()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the average over these few batches, not 0.9 ^ 6 of nothing
    optimizer = torch.optim.SGD(network.parameters(), lr=0.005, momentum=0.9)
    for start in range(0, STEPS * BATCH, BATCH):
        images = {name: torch.from_numpy(crop[start : start + BATCH]) for name, crop in crops.items()}
        outputs = network(next(network.view.evaluation(images)))
        if not network.supervision.needs:
            label = torch.from_numpy(labels[start : start + BATCH])
            optimizer.zero_grad()
            network.supervision.loss(outputs, {"label": label}).backward()
            optimizer.step()
    network.eval()


def threshold_of(scores: np.ndarray) -> float:
    """The middle of the widest gap between neighbours in the middle half of the scores."""
    ordered = np.sort(scores.astype(np.float64))[len(scores) // 4 : -len(scores) // 4]
    place = int(np.argmax(np.diff(ordered)))
    return float(ordered[place] + ordered[place + 1]) / 2


def in_torch(network: Network, crops: dict[str, np.ndarray]) -> Scores:
    """Scores and maps of the network as it is."""
    form = ExportForm(network, rewrite=False)
    with torch.inference_mode():
        return joined(
            [output.numpy() for output in form(*(torch.from_numpy(part[name]) for name in form.names))]
            for part in parts(crops)
        )


def in_onnxruntime(model: bytes, crops: dict[str, np.ndarray]) -> Scores:
    """Scores and maps of the exported model."""
    import onnxruntime

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return joined(session.run(None, part) for part in parts(crops))


def parts(crops: dict[str, np.ndarray]) -> Iterator[dict[str, np.ndarray]]:
    """The crops in batches."""
    for start in range(0, len(next(iter(crops.values()))), BATCH):
        yield {name: crop[start : start + BATCH] for name, crop in crops.items()}


def joined(batches: Iterator[list[np.ndarray]]) -> Scores:
    """The outputs of all batches."""
    found = [np.concatenate(output) for output in zip(*batches, strict=True)]
    return Scores(found[0], found[1] if len(found) > 1 else None)


def worst(row: dict[str, Any]) -> float:
    """The larger of a row's errors."""
    return max(row["score_error"], row["map_error"] or 0.0)


def cells(row: dict[str, Any]) -> list[str]:
    """A row as the table shows it."""
    if row["reason"]:
        return [row["network"], row["input"], row["reason"], "", "", "", "", "", f"{row['cpu_s']:.1f}"]
    shown = "-" if row["map_error"] is None else f"{row['map_error']:.1e}"
    return [
        row["network"],
        row["input"],
        " ".join(row["modalities"]),
        f"{row['lowest']:.3g} to {row['highest']:.3g}",
        f"{row['score_error']:.1e}",
        shown,
        str(row["changed"]),
        f"{row['bytes'] / 1000:.0f}",
        f"{row['cpu_s']:.1f}",
    ]


if __name__ == "__main__":
    sys.exit(main())
