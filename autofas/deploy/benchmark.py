"""The verb `benchmark`: formats of trained networks by size, parity, latency, memory and ACER.

A run stands for its weights in torch and for the files in its folder export/. All are timed in one
interleaved run, batch 1, the input made beforehand; at one thread, then at all. Parity and ACER are against
the run that a file's record names by its weights, on its crops; a file whose run is not given has none.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autofas.analysis.latency_table import LatencyRow
from autofas.deploy.export import CHECKED_CROPS, EXPORT_FOLDER
from autofas.deploy.formats.table import KINDS, exported_files, kind_of, size_of
from autofas.deploy.info import ExportInfo
from autofas.deploy.material import Material, acer_of, crops_of, run_data, score_all
from autofas.deploy.memory import peak_mb
from autofas.deploy.parity import Parity, compare
from autofas.deploy.runtime import Scorer, Scores, TorchScorer, open_scorer
from autofas.deploy.timing import Timing, interleaved
from autofas.errors import ConfigError, RunError
from autofas.models.weights import WEIGHTS_FILE
from autofas.runs.provenance import machine
from autofas.runs.run_folder import Run

Log = Callable[[str], None]
RUNTIMES = {"torch": "torch eager", **{name: kind.runtime for name, kind in KINDS.items()}}


@dataclass(frozen=True)
class Measured:
    """One file's figures; `latency` by number of threads. What its run was not given for is None."""

    path: Path
    info: ExportInfo
    size: int
    parity: Parity | None
    acer: float | None
    latency: dict[int, Timing]
    peak_mb: float | None

    @property
    def runtime(self) -> str:
        """Runtime and precision, such as `onnxruntime int8`; the form too where it is not `tensor`."""
        form = "" if self.info.form == "tensor" else f" {self.info.form}"
        return f"{RUNTIMES[self.info.format]} {self.info.precision}{form}"


@dataclass(frozen=True)
class _Truth:
    """A run's own scores: what its files are held against."""

    checked: Material
    test: Material
    reference: Scores
    threshold: float


def benchmark(
    places: Sequence[str],
    *,
    warmup: int = 10,
    repeats: int = 50,
    memory: bool = True,
    log: Log = lambda line: None,
) -> list[Measured]:
    """Measure every run's and every file's network. Raises RunError or ConfigError for what is none."""
    if repeats < 1:
        raise ConfigError(f"{repeats} repeats measure nothing; give at least 1")
    paths, truths = [], {}
    for place in map(Path, places):
        if place.is_dir() and kind_of(place) is None:
            folder = Run.open(place, echo=False).path
            weights = folder / WEIGHTS_FILE
            log(f"scoring the crops of {folder}")
            scorer = TorchScorer(weights, threads=1)
            truths[scorer.info.weights_sha256] = _truth(folder, scorer)
            paths += [weights, *_runnable(exported_files(folder / EXPORT_FOLDER), log)]
        else:
            paths.append(place)
    timings = _timings(paths, warmup, repeats, log)
    found = []
    for path in paths:
        scorer_of_file = open_scorer(path, threads=1)
        parity, acer = _judged(scorer_of_file, truths)
        peak = peak_mb(str(path)) if memory else None
        found.append(Measured(path, scorer_of_file.info, size_of(path), parity, acer, timings[path], peak))
    return found


def _runnable(files: Sequence[Path], log: Log) -> list[Path]:
    """Those of a run's files whose runtime is here; the others are said."""
    found = []
    for path in files:
        kind = kind_of(path)
        assert kind is not None
        try:
            kind.require_runtime(path)
            found.append(path)
        except (ConfigError, RunError) as reason:
            log(f"left out: {reason}")
    return found


def _truth(run: Path, scorer: TorchScorer) -> _Truth:
    network = scorer.form.network
    data = run_data(run, network)
    checked = crops_of(data, network, ("dev", "test")).few(CHECKED_CROPS)
    threshold = scorer.info.threshold
    if threshold is None:
        raise ConfigError(f"{run} has no threshold yet; evaluate it before its formats are compared")
    return _Truth(checked, crops_of(data, network, ("test",)), score_all(scorer, checked), threshold)


def _judged(scorer: Scorer, truths: dict[str, _Truth]) -> tuple[Parity | None, float | None]:
    truth = truths.get(scorer.info.weights_sha256)
    if truth is None:
        return None, None
    threshold = scorer.info.threshold if scorer.info.threshold is not None else truth.threshold
    parity = compare(truth.reference, score_all(scorer, truth.checked), threshold, truth.checked.paths)
    return parity, acer_of(score_all(scorer, truth.test), truth.test, threshold)


def _timings(paths: Sequence[Path], warmup: int, repeats: int, log: Log) -> dict[Path, dict[int, Timing]]:
    """The timing of each file by number of threads: 1, and all cores where there are more."""
    taken: dict[Path, dict[int, Timing]] = {path: {} for path in paths}
    for threads in sorted({1, os.cpu_count() or 1}):
        files = f"{len(paths)} file{'s' * (len(paths) > 1)}"
        log(f"timing {files}, {threads} thread{'s' * (threads > 1)}")
        calls = {}
        for path in paths:
            scorer = open_scorer(path, threads)
            side = scorer.info.crop_size
            face = np.full((1, 3, side, side), 128, np.uint8)
            calls[str(path)] = scorer.prepared(dict.fromkeys(scorer.info.modalities, face))
        for path, timing in zip(
            paths, interleaved(calls, warmup=warmup, repeats=repeats).values(), strict=True
        ):
            taken[path][threads] = timing
    return taken


def latency_rows(measured: Sequence[Measured]) -> list[LatencyRow]:
    """What latency.csv keeps: a row a network, runtime and number of threads."""
    rows = []
    for one in measured:
        if one.info.params is None:
            continue
        for threads, timing in one.latency.items():
            values: dict[str, Any] = {
                "model": one.info.name,
                "input": input_words(one.info),
                "params": one.info.params,
                "runtime": one.runtime,
                "threads": threads,
                "latency_ms": timing.latency_ms,
                "iqr_ms": timing.iqr_ms,
                "machine": machine()[:200],
            }
            rows.append(LatencyRow(**values))
    return rows


def input_words(info: ExportInfo) -> str:
    """The input as leaderboard rows call it, such as `3x64x64` or `depth 3x64x64`."""
    side = info.input_size
    if len(info.modalities) == 1:
        shape = f"3x{side}x{side}"
        return shape if info.modalities == ("color",) else f"{info.modalities[0]} {shape}"
    return " + ".join(f"{name} 3x{side}x{side}" for name in info.modalities)
