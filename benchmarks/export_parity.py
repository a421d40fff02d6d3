"""Does every network of the house leave it unchanged? Exported, run in its own runtime, compared on crops.

    python -m benchmarks.export_parity --formats onnx ncnn --out results

Each baseline, a random genotype of each search space and one of the paper's at the paper's size gets seeded
weights and a few training steps on generated faces (its scores would else be all alike), is exported as
`autofas export` does it, and is run on 200 crops; the threshold lies in the widest gap of the middle half of
the scores. Networks of large inputs are taken at `--most-side` pixels: the operations are the same. `--run`
adds trained networks, on the crops of their own runs, at their thresholds. A row says the largest error of
score and map, the decisions that changed, the file's size and the seconds of CPU time that exporting took, or
why a network cannot be exported. Rows are kept one by one in export_parity.csv, and a call goes on where the
last one ended, without training again what has all its rows. Exit code 1 where an error is above 1e-4 or a
decision changed.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from autofas.baselines import BASELINES

from autofas.config.data import DataConfig, SyntheticConfig
from autofas.data.batches.loader import labels_of
from autofas.data.opening import open_data
from autofas.deploy.formats.table import Kind, chosen, size_of
from autofas.deploy.formats.tracing import require_one_view
from autofas.deploy.graph import ExportForm
from autofas.deploy.info import ExportInfo
from autofas.deploy.material import crops_of, run_data
from autofas.deploy.onnx_file import to_onnx, write_onnx
from autofas.deploy.parity import compare, steady
from autofas.deploy.runtime import OnnxScorer, Scores, normalised
from autofas.errors import AutofasError
from autofas.models.build import build
from autofas.models.genotype import genotype_from_cells
from autofas.models.network import Network
from autofas.models.space import load_space, space_names
from autofas.models.weights import WEIGHTS_FILE, load_network
from autofas.runs.provenance import commit, machine
from autofas.search.derive import random_cells
from benchmarks.export_parity_page import is_bad, table_of, write_page
from benchmarks.rows import append, read_rows

LEAST_SIDE = {"facebagnet_a": 48, "afa": 8}
BATCH = 25
STEPS = 6
PAPER = "auto_fas"
"""The space of which a network of the published size is taken too."""
CSV = "export_parity.csv"


@dataclass(frozen=True)
class Case:
    """A network with the crops, uint8 by modality, that its files are compared on, and its threshold."""

    network: Network
    crops: dict[str, np.ndarray]
    threshold: float | None = None


def main() -> int:
    """Compare, print and write; exit code 1 where a file does not compute what its network does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="*", help="networks or spaces (default: all)")
    parser.add_argument("--formats", nargs="+", default=["onnx"], help="formats (default: onnx)")
    parser.add_argument("--run", nargs="*", default=[], help="trained runs to add (default: none)")
    parser.add_argument("--crops", type=int, default=200)
    parser.add_argument("--most-side", type=int, default=64)
    parser.add_argument("--out", help="folder for export_parity.md and .csv, which a later call goes on with")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    kinds = chosen(args.formats)
    for kind in kinds:
        kind.require()
    place = Path(args.out) / CSV if args.out else None
    rows = read_rows(place) if place else []
    todo = missing(rows, kinds)
    for case in cases(args.only, args.most_side, args.crops, args.run, lambda one: bool(todo(one))):
        for kind in todo(case.network):
            rows.append({**named(case.network, kind), **row_of(case, kind)})
            print(rows[-1], file=sys.stderr, flush=True)
            if place:
                append(place, rows[-1])
    print(table_of(rows))
    if args.out:
        write_page(Path(args.out) / "export_parity.md", rows, args.formats, args.crops)
    if args.json:
        print(json.dumps({"rows": rows, "crops": args.crops, "commit": commit(), "machine": machine()}))
    return int(any(is_bad(row) for row in rows))


def named(network: Network, kind: Kind) -> dict[str, str]:
    """What tells a row from the others."""
    size = network.view.crop_size
    return {"network": network.name, "input": f"3x{size}x{size}", "format": kind.name}


def missing(rows: list[dict[str, Any]], kinds: Sequence[Kind]) -> Callable[[Network], list[Kind]]:
    """The formats in which a network has no row yet."""

    def todo(network: Network) -> list[Kind]:
        return [kind for kind in kinds if not any(row | named(network, kind) == row for row in rows)]

    return todo


def cases(
    only: list[str] | None,
    most_side: int,
    count: int,
    runs: Sequence[str],
    wanted: Callable[[Network], bool],
) -> Iterator[Case]:
    """Every network that is wanted, warmed up, with its crops; trained runs with theirs."""
    for network in filter(wanted, networks(only, most_side)):
        crops, labels = generated(network, count)
        warm_up(network, {name: normalised(crop) for name, crop in crops.items()}, labels)
        yield Case(network, crops)
    for run in map(Path, runs):
        loaded = load_network(run / WEIGHTS_FILE)
        if (not only or loaded.network.name in only) and wanted(loaded.network):
            material = crops_of(run_data(run, loaded.network), loaded.network, ("dev", "test")).few(count)
            told = (loaded.info.threshold or {}).get("value")
            yield Case(loaded.network, material.crops, told)


def networks(only: list[str] | None, most_side: int) -> Iterator[Network]:
    """Every baseline and a random genotype of every space, at no more than `most_side` pixels, and one of the
    paper's at the paper's size."""
    for name in BASELINES:
        if not only or name in only:
            side = LEAST_SIDE.get(name, min(BASELINES[name].input_size, most_side))
            torch.manual_seed(0)
            yield build(name, input_size=side)
    for name in space_names():
        if not only or name in only:
            space = load_space(name)
            cells_drawn = random_cells(space, np.random.default_rng(0))
            genotype = genotype_from_cells(space, *cells_drawn, "random")
            whole = genotype.layout.input_size
            for side in sorted({min(whole, most_side), *([whole] if name == PAPER else [])}):
                torch.manual_seed(0)
                yield build(genotype, input_size=side, name=f"{name}_random")


def info_of(network: Network, form: ExportForm, kind: Kind) -> ExportInfo:
    """A file's record, as far as running it needs one."""
    return ExportInfo(
        name=network.name, kind=network.kind, format=kind.name, form="tensor", modalities=network.modalities,
        inputs=(), outputs=tuple(form.output_names), crop_size=network.view.crop_size,
        input_size=network.input_size, view=network.view.kind, margin=1.3,
        supervision=network.supervision_name,
    )  # fmt: skip


def row_of(case: Case, kind: Kind) -> dict[str, Any]:
    """One network's row in one format; `reason` says why there is no file."""
    network = case.network
    row: dict[str, Any] = {"modalities": " ".join(network.modalities)}
    row |= dict.fromkeys(("lowest", "highest", "score_error", "map_error", "changed", "bytes"), "")
    started = spent()
    form = ExportForm(network)
    info = info_of(network, form, kind)
    with TemporaryDirectory() as folder:
        place = Path(folder) / f"model{kind.suffix}"
        try:
            if kind.name == "onnx":
                write_onnx(place, to_onnx(form), info)
                scorer: Any = OnnxScorer(place, threads=1)
            else:
                require_one_view(form, kind.title)
                kind.module().write(place, form=form, info=info)
                scorer = kind.module().open_file(place, info, 1)
        except AutofasError as exc:
            return {**row, "cpu_s": round(spent() - started, 1), "reason": str(exc)}
        seconds = spent() - started
        wanted, found = in_torch(network, case.crops), in_batches(scorer.score, case.crops)
        size = size_of(place)
    count = len(wanted.scores)
    threshold = (
        threshold_of(wanted.scores) if case.threshold is None else steady(case.threshold, wanted.scores)
    )
    parity = compare(wanted, found, threshold, [str(number) for number in range(count)])
    row |= {"lowest": float(wanted.scores.min()), "highest": float(wanted.scores.max())}
    row |= {"score_error": parity.score_error, "changed": parity.changed, "bytes": size}
    row |= {"map_error": "" if parity.map_error is None else parity.map_error}
    return {**row, "cpu_s": round(seconds, 1), "reason": ""}


def spent() -> float:
    """CPU seconds of this process and of the converters that it has started."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def generated(network: Network, count: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Crops (count, 3, C, C) uint8 by modality of generated faces, and labels, 1 = bona fide."""
    faces = SyntheticConfig(train_users=4, dev_users=1, test_users=1, frames_per_video=1, size=64)
    config = DataConfig(modalities=network.modalities, synthetic=faces)
    data = open_data(config, network.view.crop_size)
    table = data.dataset.split("train").iloc[:count]
    if len(table) < count:
        raise SystemExit(f"there are {len(table)} generated crops; ask for no more")
    rows = data.store.rows(table)
    return {name: data.store.crops(name, rows) for name in network.modalities}, labels_of(table)


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

    def score(part: dict[str, np.ndarray]) -> Scores:
        with torch.inference_mode():
            found = [
                output.numpy()
                for output in form(*(torch.from_numpy(normalised(part[n])) for n in form.names))
            ]
        return Scores(found[0], found[1] if len(found) > 1 else None)

    return in_batches(score, crops)


def in_batches(score: Callable[[dict[str, np.ndarray]], Scores], crops: dict[str, np.ndarray]) -> Scores:
    """Scores and maps of all crops, a batch at a time."""
    found = [score(part) for part in parts(crops)]
    maps = [one.maps for one in found if one.maps is not None]
    return Scores(np.concatenate([one.scores for one in found]), np.concatenate(maps) if maps else None)


def parts(crops: dict[str, np.ndarray]) -> Iterator[dict[str, np.ndarray]]:
    """The crops in batches."""
    for start in range(0, len(next(iter(crops.values()))), BATCH):
        yield {name: crop[start : start + BATCH] for name, crop in crops.items()}


if __name__ == "__main__":
    sys.exit(main())
