"""What a page is made of: everything that a run folder says, read once and checked.

A run is a training that was evaluated, or a search. Nothing is measured here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autofas.analysis.latency_table import LATENCY_FILE, PLOTTED, read_latencies
from autofas.analysis.records import input_words, network_cost
from autofas.errors import MetricError, RunError
from autofas.evaluation.comparison import compare
from autofas.evaluation.figures import read_metrics
from autofas.evaluation.judgement import Terms
from autofas.metrics import ScoreTable, read_scores
from autofas.models.derived_network import DerivedNetwork
from autofas.models.genotype import Genotype, load_genotype
from autofas.models.weights import WEIGHTS_FILE, load_network
from autofas.printed import command
from autofas.runs.record import RECORD_FILE, file_sha256, read_record
from autofas.storage.folders import closed_folder, file_in
from autofas.storage.schema import read_json, read_rows

MAX_RUNS = 64


@dataclass(frozen=True)
class TrainedRun:
    """An evaluated training: figures, scores, curve, cost, genotype, and what made it."""

    path: Path
    figures: dict[str, Any]
    test: ScoreTable
    dev: ScoreTable | None
    curve: list[dict[str, float]]
    params: int
    macs: int
    input: str
    latency_ms: float | None
    genotype: Genotype | None
    record: dict[str, Any] | None

    @property
    def name(self) -> str:
        """The model's name, with fold and seed where they tell runs apart."""
        fold = "" if self.figures["fold"] is None else f" fold {self.figures['fold']}"
        return f"{self.figures['model']}{fold} seed {self.figures['seed']}"

    @property
    def terms(self) -> Terms:
        """How its figures were judged."""
        told = self.figures["terms"]
        return Terms(told["rule"], told["value"], told["grouping"], told["level"])


@dataclass(frozen=True)
class SearchRun:
    """A search: its genotype and the softmax weights of every edge's operations by epoch."""

    path: Path
    genotype: Genotype
    alphas: list[dict[str, str]]
    curve: list[dict[str, float]]
    genotype_sha256: str
    verdict: list[str]
    made: dict[str, Any]
    """What env.json says of it: command, commit, ..."""


@dataclass(frozen=True)
class Material:
    """All runs of a page, the best first, and paired comparisons of the best with each of the others."""

    trained: list[TrainedRun]
    searches: list[SearchRun]
    comparisons: list[dict[str, Any]] = field(default_factory=list)


def read_material(places: Sequence[str]) -> Material:
    """The runs in these folders; raises RunError for a folder that is neither a search nor evaluated."""
    if len(places) > MAX_RUNS:
        raise RunError(f"{len(places)} runs do not fit one page; give at most {MAX_RUNS}")
    trained, searches = [], []
    for place in map(Path, places):
        folder = closed_folder(place)
        if (folder / "metrics.json").is_file():
            trained.append(_trained(folder))
        elif (folder / "genotype.json").is_file() and (folder / "alphas.csv").is_file():
            genotype = load_genotype(folder / "genotype.json")
            alphas = read_rows(folder / "alphas.csv", RunError)
            told = _told(folder / "verdict.json").get("words", [])
            made = _told(folder / "env.json")
            digest = file_sha256(folder / "genotype.json")
            words = [str(line) for line in told]
            searches.append(SearchRun(folder, genotype, alphas, _curve(folder), digest, words, made))
        elif (folder / WEIGHTS_FILE).is_file():
            raise RunError(f"{folder} is not evaluated yet; run {command('evaluate', '--run', folder)}")
        else:
            raise RunError(f"{folder} is neither an evaluated training nor a search; give a run folder")
    trained.sort(key=lambda run: (run.figures["acer"] is None, run.figures["acer"] or 0.0, run.params))
    return Material(trained, searches, _comparisons(trained))


def _trained(folder: Path) -> TrainedRun:
    figures = read_metrics(folder / "metrics.json").model_dump(mode="json")
    dev = file_in(folder, figures["dev_scores_file"]) if figures.get("dev_scores_file") else None
    network = load_network(folder / WEIGHTS_FILE).network
    cost = network_cost(network)
    words = input_words(network)
    return TrainedRun(
        path=folder,
        figures=figures,
        test=read_scores(file_in(folder, figures["scores_file"])),
        dev=None if dev is None or not dev.is_file() else read_scores(dev),
        curve=_curve(folder),
        params=cost.params,
        macs=cost.macs,
        input=words,
        latency_ms=_latency(folder, figures["model"], words, cost.params),
        genotype=network.body.genotype if isinstance(network.body, DerivedNetwork) else None,
        record=read_record(folder) if (folder / RECORD_FILE).is_file() else None,
    )


def _latency(folder: Path, model: str, words: str, params: int) -> float | None:
    """What `autofas benchmark` measured in onnxruntime on one thread, if it was run."""
    path = folder.resolve().parent.parent / LATENCY_FILE
    if not path.is_file():
        return None
    for row in read_latencies(path):
        if (row.model, row.input, row.params, row.runtime, row.threads) == (model, words, params, PLOTTED, 1):
            return row.latency_ms
    return None


def _curve(folder: Path) -> list[dict[str, float]]:
    path = folder / "results.csv"
    if not path.is_file():
        return []
    rows = []
    for row in read_rows(path, RunError):
        known = {}
        for name, cell in row.items():
            try:
                known[name] = float(cell)
            except ValueError:
                continue
        rows.append(known)
    return rows


def _told(path: Path) -> dict[str, Any]:
    """A JSON object of a run; empty where an older autofas wrote none."""
    value = read_json(path) if path.is_file() else {}
    return value if isinstance(value, dict) else {}


def _comparisons(trained: Sequence[TrainedRun]) -> list[dict[str, Any]]:
    """The best run against each other on the same test, a reason where they cannot be compared."""
    found: list[dict[str, Any]] = []
    if not trained:
        return found
    best = trained[0]
    for other in trained[1:]:
        try:
            told = compare(
                best.test, other.test, best.terms, other.terms,
                dev_a=best.dev, dev_b=other.dev, names=(best.name, other.name),
            ).model_dump(mode="json")  # fmt: skip
        except MetricError as reason:
            told = {"verdict": "not comparable", "reason": str(reason)}
        found.append({"other": other.name, **told})
    return found
