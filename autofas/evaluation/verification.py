"""The verb `verify`: does a run folder hold what its verbs left, and do its figures follow from its scores?

Four questions: are the files those of record.json; do the weights, configuration and figures name one
another correctly; does every figure of every metrics file come out again from the score files; is the data
set the one that was read, with the labels that the score files state. With `rescore`, also: do the weights
give the scores. Not asked: whether training would give the weights again.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from autofas.config.data import DataConfig, SplitName
from autofas.config.evaluate import EvaluateConfig
from autofas.config.train import TrainConfig
from autofas.data.catalog import protocol_label
from autofas.data.fingerprint import fingerprint
from autofas.data.opening import OpenedDatasets, open_data
from autofas.errors import AutofasError, RunError
from autofas.evaluation import calibration
from autofas.evaluation.breakdown import CONDITIONS
from autofas.evaluation.evaluate import DEV_SCORES, training_of
from autofas.evaluation.figures import Metrics, read_metrics
from autofas.evaluation.judgement import Terms
from autofas.evaluation.not_found import non_responses_name, read_unscored, unscored_of
from autofas.evaluation.report import report, report_files
from autofas.evaluation.scoring import score_rows
from autofas.metrics import ScoreTable, read_columns, read_scores
from autofas.models.weights import WEIGHTS_FILE, load_network, read_weights, tensors_sha256
from autofas.runs.record import check_files, read_record
from autofas.runtime.device import prepare
from autofas.storage.folders import closed_folder, file_in
from autofas.storage.schema import read_json

RESCORE_TOLERANCE = 1e-4


class Verification:
    """The faults found, a line each naming the file, and how much was checked."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise RunError(f"{folder} is not a run folder: it does not exist")
        self.folder = closed_folder(folder)
        self.faults: list[str] = []
        self.checked: dict[str, int] = {"files": 0, "figures": 0, "labels": 0, "scores": 0}
        self.notes: list[str] = []

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.faults

    def fault(self, line: str) -> None:
        if line not in self.faults:
            self.faults.append(line)

    def attempt(self, name: str, check: Any, *arguments: Any) -> Any:
        """The result of a check, or None after its one-line error became a fault."""
        try:
            return check(*arguments)
        except AutofasError as reason:
            self.fault(f"{name}: {reason}")
        return None


def verify(folder: Path, *, data: bool = True, rescore: bool = False) -> Verification:
    """Check a run folder; `data` opens the data set too, `rescore` runs the network over it again.

    Raises RunError if the folder does not exist; everything else is among the faults.
    """
    found = Verification(folder)
    record = found.attempt("record.json", read_record, folder)
    if record is not None:
        found.checked["files"] = len(record["files"])
        for line in check_files(folder, record):
            found.fault(line)
    training = found.attempt("config.yaml", training_of, folder)
    _check_weights(found, record, training)
    metrics = sorted(folder.glob("metrics*.json"))
    for path in metrics:
        found.attempt(path.name, _check_figures, found, path, training)
    if not metrics:
        found.notes.append("not evaluated: there is no metrics.json")
    if record is not None and training is not None:
        if data:
            found.attempt("data", _check_data, found, record, training, rescore)
        else:
            found.notes.append("the data set was not opened")
    return found


def _check_weights(
    found: Verification, record: Mapping[str, Any] | None, training: TrainConfig | None
) -> None:
    """The weights' tensors are those recorded, and their metadata agrees with the configuration."""
    name = WEIGHTS_FILE.as_posix()
    loaded = found.attempt(name, read_weights, found.folder / WEIGHTS_FILE)
    if loaded is None:
        return
    tensors, info = loaded
    digest = tensors_sha256(tensors)
    if record is not None and record["weights_sha256"] not in (None, digest):
        found.fault(f"{name}: the weights are not those that were recorded")
    place = (found.folder / WEIGHTS_FILE).with_name(calibration.CALIBRATION_FILE)
    if place.is_file():
        found.attempt(place.relative_to(found.folder).as_posix(), _check_calibration, found, place, digest)
    if training is None:
        return
    told = info.provenance
    for key, value in (
        ("dataset", training.data.dataset),
        ("protocol", protocol_label(training.data.dataset, training.data.protocol)),
        ("fold", training.data.fold),
        ("seed", training.seed),
        ("epochs", training.epochs),
    ):
        if key in told and told[key] != value:
            found.fault(f"{name}: its {key} is {told[key]!r}, config.yaml says {value!r}")


def _check_calibration(found: Verification, place: Path, digest: str) -> None:
    """The stored calibration is that of the weights, and the one that the dev scores give."""
    stored = calibration.read_calibration(place, digest)
    assert stored is not None
    again = calibration.fit(stored.kind, read_scores(found.folder / DEV_SCORES), stored.level)
    for line in calibration.differences(stored, again, place.relative_to(found.folder).as_posix()):
        found.fault(line)


def _check_calibrated(found: Verification, name: str, label: str, metrics: Metrics, test: ScoreTable) -> None:
    """A metrics file's calibration is that of the dev scores, and its figures and probabilities follow."""
    told = metrics.calibration
    if told is None:
        return
    dev, by = read_scores(found.folder / DEV_SCORES), told.calibration
    lines = calibration.differences(by, calibration.fit(by.kind, dev, by.level), "calibration.calibration")
    lines += calibration.differences(told, calibration.report(by, dev, test, metrics.threshold))
    for line in dict.fromkeys(lines):
        found.fault(f"{name}: {line}")
    file = calibration.calibrated_name(label)
    written, computed = read_scores(found.folder / file), by.table(test)
    same = (written.paths, written.pais) == (computed.paths, computed.pais)
    if not same or np.abs(written.scores - computed.scores).max() > calibration.REFIT_TOLERANCE:
        found.fault(f"{file}: it does not hold the calibrated scores of {metrics.scores_file}")


def _check_figures(found: Verification, path: Path, training: TrainConfig | None) -> None:
    """Every figure of a metrics file, and its CSV files, from the score files it names."""
    metrics = read_metrics(path)
    told = read_json(path)  # as it stands there: what a schema would read alike may still be an edit
    label = path.stem.removeprefix("metrics").removeprefix("-") or "test"
    terms = Terms(**dict(metrics.terms))
    place = file_in(found.folder, metrics.scores_file)
    test = read_scores(place)
    conditions = read_columns(place, CONDITIONS)
    dev_file = metrics.dev_scores_file
    dev = None if dev_file is None else read_scores(file_in(found.folder, dev_file))
    counted = metrics.non_responses_file
    unscored = None if counted is None else read_unscored(file_in(found.folder, counted))
    _compare(found, path.name, told, report(test, dev, terms, conditions, unscored).to_json(), "")
    if counted is None and any(level.non_responses for level in (metrics, *metrics.by_level.values())):
        found.fault(f"{path.name}: non_responses follow from no file, non_responses_file is missing")
    found.attempt(path.name, _check_calibrated, found, path.name, label, metrics, test)
    if metrics.target_eer is not None:
        own = report(test, None, replace(terms, rule="test-eer", value=None), conditions)
        _compare(found, path.name, told["target_eer"], own.to_json(), "target_eer.")
    for name, text in report_files(metrics, label).items():
        place = found.folder / name
        written = place.read_text(encoding="utf-8") if place.is_file() else ""
        if written != text:
            found.fault(f"{name}: it does not hold the figures of {path.name}")
    if training is not None:
        _check_origin(found, path.name, label, metrics, training)


def _check_origin(
    found: Verification, name: str, label: str, metrics: Metrics, training: TrainConfig
) -> None:
    """A metrics file names the training and the weights that are beside it."""
    known = {"seed": training.seed, "trained_on": training.data.dataset}
    if label in get_args(SplitName):
        known |= {
            "fold": training.data.fold,
            "protocol": protocol_label(training.data.dataset, training.data.protocol),
        }
    for key, value in known.items():
        if (told := getattr(metrics, key)) != value:
            found.fault(f"{name}: {key} is {told!r}, config.yaml says {value!r}")
    info = read_weights(found.folder / WEIGHTS_FILE)[1]
    if metrics.model != info.name:
        found.fault(f"{name}: model is {metrics.model!r}, the weights are of {info.name!r}")
    if label == "test" and metrics.threshold_rule != "test-eer":
        noted = info.threshold or {}
        if (noted.get("value"), noted.get("rule")) != (metrics.threshold, metrics.threshold_rule):
            found.fault(f"{WEIGHTS_FILE.as_posix()}: its threshold is not that of {name}")


def _compare(found: Verification, name: str, told: Any, computed: Any, key: str) -> None:
    """Name every value of a metrics file that differs from what the scores give; exact, JSON to JSON."""
    if isinstance(computed, Mapping):
        for inner, value in computed.items():
            if not isinstance(told, Mapping) or inner not in told:
                found.fault(f"{name}: {key}{inner} is missing")
            else:
                _compare(found, name, told[inner], value, f"{key}{inner}.")
        return
    if isinstance(computed, list) and isinstance(told, list) and len(computed) == len(told):
        for index, (one, other) in enumerate(zip(told, computed, strict=True)):
            _compare(found, name, one, other, f"{key}{index}.")
        return
    found.checked["figures"] += 1
    if told != computed or isinstance(told, bool) != isinstance(computed, bool):
        found.fault(f"{name}: {key.rstrip('.')} is {told!r}, the scores give {computed!r}")


def _check_data(found: Verification, record: Mapping[str, Any], training: TrainConfig, rescore: bool) -> None:
    """The data set now is the one recorded, and score files carry its labels."""
    datasets = OpenedDatasets()
    dataset = datasets.divided(training.data)
    told, now = record["data"].get("trained_on"), fingerprint(dataset)
    if told is None:
        found.notes.append("the record does not say which data were read")
    for key, value in now.items() if told is not None else ():
        if told.get(key) != value:
            found.fault(f"data: {key} of {dataset.name} is {value!r}, {told.get(key)!r} was recorded")
    for split, rows in dataset.splits.items():
        place = found.folder / f"scores-{split}.csv"
        if place.is_file():
            table = found.attempt(place.name, read_scores, place)
            if table is not None:
                _check_labels(found, place.name, table, rows)
        place = found.folder / non_responses_name(split)
        if place.is_file():
            listed = found.attempt(
                place.name, unscored_of, training.data, split, datasets, list(rows["path"])
            )
            if listed not in (None, found.attempt(place.name, read_unscored, place)):
                found.fault(f"{place.name}: it does not hold what prepare found no face in")
    others = [role for role in record["data"] if role != "trained_on"]
    if others:
        found.notes.append(f"data of {', '.join(others)} was not opened; its scores and figures were checked")
    if rescore:
        _check_scores(found, training)


def _check_labels(found: Verification, name: str, table: ScoreTable, rows: Any) -> None:
    if len(table) != len(rows):
        found.fault(f"{name} has {len(table)} rows, the split {len(rows)}")
        return
    for column, values in (("video", table.videos), ("subject", table.subjects), ("pai", table.pais)):
        for number, (told, value) in enumerate(zip(values, rows[column], strict=True), start=2):
            found.checked["labels"] += 1
            if told != value:
                found.fault(f"{name} row {number}: {column} is {told!r}, the manifest says {value!r}")
                break


def _check_scores(found: Verification, training: TrainConfig) -> None:
    """The network, run again, gives the scores of the run's own splits within RESCORE_TOLERANCE."""
    device, _ = prepare(EvaluateConfig.model_fields["device"].default, None)
    network = load_network(found.folder / WEIGHTS_FILE).network.to(device)
    config: DataConfig = training.data
    source = open_data(config, network.view.crop_size)
    for split, rows in source.dataset.splits.items():
        place = found.folder / f"scores-{split}.csv"
        if not place.is_file():
            continue
        told = read_scores(place)
        again = score_rows(network, source.store, rows, device)
        if len(told) != len(again):
            continue  # named by the labels' check
        apart = np.abs(told.scores - again.scores)
        found.checked["scores"] += len(apart)
        if apart.max() > RESCORE_TOLERANCE:
            row = int(apart.argmax())
            found.fault(
                f"{place.name} row {row + 2}: the score is {told.scores[row]!r}, the weights give "
                f"{again.scores[row]!r}"
            )
