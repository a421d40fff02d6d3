"""How large and how fast are searched and hand-designed networks on a device? One interleaved run of files.

    python -m benchmarks.deployment --runs RUNS --out results                  # all of it, from nothing
    python -m benchmarks.deployment --runs RUNS --only-prepare                 # nothing that is timed
    python -m benchmarks.deployment --runs RUNS --out results --repeats 200    # the table, on a quiet machine

Preparing trains each network on generated faces with the preset quick (64 pixels), and one of the paper's
size (108 pixels; searched and trained for an epoch: its cells say nothing, its size and speed are the
paper's), evaluates it and exports it to ONNX in fp32 and int8 and, where the extra is there, to ncnn. What is
there is left. Then `autofas benchmark` times all files, batch 1, at one thread and at all; rows say size,
parity, changed decisions, ACER, latency and peak memory. ACER on generated faces says nothing about real
attacks.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from autofas.analysis.text_tables import markdown_table, percent
from autofas.cli import main as autofas
from autofas.cli import main_values
from autofas.runs.provenance import commit, machine
from autofas.storage.files import write_text

BASELINES = ("feathernet_a", "feathernet_b", "mobilenet_v2", "shufflenet_v2", "resnet18")
ALIKE = ["--dataset", "synthetic", "--seed", "0", "--threads", "1", "--quiet"]
FEW = "data.synthetic={train_users: 4, dev_users: 4, test_users: 4, frames_per_video: 1}"
PAPER = ["--set", FEW, "--set", "batch_size=16", "--epochs", "1"]
HEADER = ("network", "input", "runtime", "kB", "score error", "map error", "changed", "ACER %", 
          "1 thread, ms (IQR)",
          "all threads, ms (IQR)", "peak MB")  # fmt: skip
TITLE = "## Formats by network"


def main() -> int:
    """Prepare, time, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", required=True, help="folder of the runs, made where they are not there")
    parser.add_argument("--only-prepare", action="store_true", help="train and export, time nothing")
    parser.add_argument("--repeats", type=int, default=200, help="timed calls of each file (default: 200)")
    parser.add_argument("--busy", action="store_true", help="say that other work ran beside it")
    parser.add_argument("--out", help="folder of deployment.md, of which this table is a part")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    runs = list(prepared(Path(args.runs)))
    if args.only_prepare:
        return 0
    words = ["benchmark", *map(str, runs), "--repeats", str(args.repeats)]
    values = main_values([*words, "--latencies", str(Path(args.runs) / "latency.csv")])
    table = markdown_table(HEADER, [cells(one) for one in values["files"]], numeric=HEADER[3:])
    print(table)
    if args.out:
        told = f"`python -m benchmarks.deployment --runs RUNS --repeats {args.repeats} --out results`"
        beside = (
            "other work ran beside it, so read ratios, not milliseconds"
            if args.busy
            else "nothing ran beside it"
        )
        head = f"{told}, commit {commit()}, {machine()}; {beside}. Medians of one interleaved run.\n\n"
        replace_part(Path(args.out) / "deployment.md", TITLE, head + table + "\n")
    if args.json:
        print(json.dumps(values))
    return 0


def prepared(folder: Path) -> Iterator[Path]:
    """The runs of all networks, trained, evaluated and exported."""
    at = ["--runs-dir", str(folder)]
    quick, paper = [*ALIKE, *at, "--preset", "quick"], [*ALIKE, *at]
    searched = folder / "search" / "searched" / "genotype.json"
    found = folder / "search" / "paper_size" / "genotype.json"
    if not searched.is_file():
        call("search", *quick, "--name", "searched")
    if not found.is_file():
        call(
            "search",
            *paper,
            *PAPER,
            "--space",
            "auto_fas",
            "--name",
            "paper_size",
            "--set",
            "warmup_epochs=0",
        )
    jobs = [("searched", [*quick, "--genotype", str(searched)])]
    jobs += [("paper_size", [*paper, *PAPER, "--genotype", str(found)])]
    jobs += [(name, [*quick, "--baseline", name]) for name in BASELINES]
    for name, words in jobs:
        run = folder / "train" / name
        if not (run / "weights" / "best.safetensors").is_file():
            call("train", *words, "--name", name)
        if not (run / "metrics.json").is_file():
            call("evaluate", "--run", str(run), "--threads", "1", "--quiet")
        formats = ["onnx", *(["ncnn"] if find_spec("pnnx") and find_spec("ncnn") else [])]
        wanted = ("model.onnx", "model-int8.onnx", *(["model.ncnn.param"] if "ncnn" in formats else []))
        if not all((run / "export" / one).is_file() for one in wanted):
            call("export", "--run", str(run), "--format", ",".join(formats), "--int8", "--quiet")
        yield run


def call(*words: str) -> None:
    """One command of autofas; what fails ends the whole."""
    print("autofas", *words, file=sys.stderr, flush=True)
    if code := autofas(list(words)):
        raise SystemExit(f"autofas {words[0]}: exit code {code}")


def cells(one: dict[str, Any]) -> list[str]:
    """A file's figures as the table shows them."""
    parity = one["parity"] or {}
    threads = sorted(one["latency_ms"], key=int)
    times = [f"{one['latency_ms'][n]:.2f} ({one['iqr_ms'][n]:.2f})" for n in (threads[0], threads[-1])]
    error = parity.get("map_error")
    return [
        one["network"],
        one["input"],
        one["runtime"],
        f"{one['bytes'] / 1000:.0f}",
        f"{parity['score_error']:.1e}" if parity else "-",
        "-" if error is None else f"{error:.1e}",
        f"{parity['changed']}/{parity['crops']}" if parity else "-",
        percent(one["acer"]),
        *times,
        f"{one['peak_mb']:.0f}",
    ]


def replace_part(place: Path, title: str, text: str) -> None:
    """Write `text` under a title of a page, in the place of what stood there; other parts stay."""
    before = place.read_text(encoding="utf-8") if place.is_file() else ""
    parts = before.split("\n## ") if before else [""]
    rest = [
        part
        for part in parts
        if f"## {part}".partition("\n")[0] != title and part.partition("\n")[0] != title
    ]
    kept = "\n## ".join(rest).rstrip("\n")
    write_text(place, f"{kept}\n\n{title}\n\n{text}" if kept else f"{title}\n\n{text}")


if __name__ == "__main__":
    sys.exit(main())
