"""The verb `evaluate`: scores of a trained run over a split, and the figures at a threshold from dev.

One run a fold. The dev scores that set the threshold come from the network under evaluation: they are taken
from the run folder only where its record shows that these very weights made them. With `cross`, another data
set's test split is judged twice: at the source's dev threshold, and at the target's own EER, which is tuned
on test and says so.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from autofas.config.data import DataConfig
from autofas.config.evaluate import EvaluateConfig
from autofas.config.train import TrainConfig
from autofas.data.cache import own_cache
from autofas.data.catalog import default_protocol, find_entry, protocol_label
from autofas.data.fingerprint import fingerprint
from autofas.data.opening import OpenData, OpenedDatasets
from autofas.errors import DataError, MetricError, RunError
from autofas.evaluation import calibration
from autofas.evaluation.breakdown import CONDITIONS
from autofas.evaluation.calibration import Calibration, CalibrationReport
from autofas.evaluation.figures import Metrics, Report, TargetReport, TermsInFile, metrics_name
from autofas.evaluation.judgement import Terms
from autofas.evaluation.not_found import non_responses_name, unscored_of, write_unscored
from autofas.evaluation.report import report, report_files
from autofas.evaluation.scoring import score_rows
from autofas.metrics import (
    BONA_FIDE,
    DEV_RULES,
    ScoreTable,
    ThresholdRule,
    Unscored,
    read_scores,
    write_scores,
)
from autofas.models.weights import (
    WEIGHTS_FILE,
    LoadedNetwork,
    load_network,
    read_weights,
    record_threshold,
    tensors_sha256,
)
from autofas.printed import command
from autofas.runs.progress import progress
from autofas.runs.provenance import commit
from autofas.runs.record import RECORD_FILE, file_sha256, read_record, record
from autofas.runs.run_folder import FollowedRun, Run, stored_config
from autofas.runtime.device import prepare
from autofas.runtime.launch import launched
from autofas.storage.files import write_json, write_text
from autofas.storage.schema import validated

DEV_SCORES = "scores-dev.csv"
TRANSFERRED: ThresholdRule = "dev-near-attacks"
SOURCE_DEV = "source-dev: threshold from the dev split of the data it was trained on"
TARGET_EER = "target-EER: threshold tuned on the target's test scores (HTER = EER)"


@dataclass(frozen=True)
class Evaluation:
    """The figures of one run on one split, the scores behind them, and the network that made them.

    `cross` holds the figures on another data set, None unless asked for.
    """

    figures: Metrics
    scores: ScoreTable
    loaded: LoadedNetwork
    training: TrainConfig
    data: DataConfig
    cross: Metrics | None = None


def evaluate(
    config: EvaluateConfig, *, quiet: bool = True, datasets: OpenedDatasets | None = None
) -> Evaluation:
    """Score `split` of the run's data set (or of `config.data`) and judge it at the rule's threshold.

    Writes scores-<split>.csv, metrics.json, metrics.csv and breakdown.{csv,json} into the run folder; another
    split or data set has its name in the files' names. Raises an AutofasError in one line.
    """
    with (Run if launched().first else FollowedRun).open(config.run, not quiet) as run:
        return _Evaluating(config, run, datasets or OpenedDatasets()).go()


class _Evaluating:
    def __init__(self, config: EvaluateConfig, run: Run, datasets: OpenedDatasets) -> None:
        self.config, self.run, self.datasets = config, run, datasets
        self.training = training_of(run.path)
        self.device, _ = prepare(config.device, config.threads)
        self.weights_sha256, self.recorded = _check_weights(run.path)
        self.loaded = load_network(run.path / WEIGHTS_FILE)
        self.network = self.loaded.network.to(self.device)
        rule = config.threshold or usual_rule(self.training.data)
        self.terms = Terms(rule, config.threshold_value, config.pai_grouping, config.level)
        self.written: list[str] = []
        self.data: dict[str, dict[str, Any]] = {}

    def go(self) -> Evaluation:
        config, training = self.config, self.training
        source = self._opened(training.data)
        self.data["trained_on"] = fingerprint(source.dataset)
        needed = self.terms.rule in DEV_RULES or config.calibration != "none"
        self.dev = self._dev_scores(source) if needed else None
        self._calibrate()
        dev = self.dev if self.terms.rule in DEV_RULES else None
        if config.split == "dev" and dev is not None and config.data is None:
            self.run.log("note: the dev split is judged at a threshold it has set itself")
            self.written.append("log.txt")
        target, data, label = training.data, source, str(config.split)
        if config.data is not None:
            target = self._as_trained(config.data)
            data = self._opened(target)
            label = f"{config.split}-{data.dataset.name}"
            self.data[label] = fingerprint(data.dataset)
        scores, conditions = self._score(data, config.split, label)
        unscored = self._unscored(target, config.split, label, scores)
        found = report(scores, dev, self.terms, conditions, unscored)
        # commit, seed and files: what a figure in a table can be walked back by
        metrics = self._metrics(target, data, label, found, scores)
        self._write(metrics, label)
        if self.run.writes and label == "test" and metrics.threshold_rule != "test-eer":
            origin = (metrics.threshold_rule, metrics.threshold_provenance)
            record_threshold(self.run.path / WEIGHTS_FILE, metrics.threshold, *origin)
            self.written.append(WEIGHTS_FILE.as_posix())
        cross = self._cross(config.cross, dev) if config.cross is not None else None
        if self.run.writes:
            record(
                self.run.path,
                "evaluate",
                written=self.written if self.recorded else None,
                weights_sha256=self.weights_sha256,
                data=self.data,
                seed=training.seed,
            )
        return Evaluation(metrics, scores, self.loaded, training, target, cross)

    def _cross(self, config: DataConfig, dev: ScoreTable | None) -> Metrics:
        if dev is None:
            raise DataError(
                f"--cross judges at the source's dev threshold, which rule {self.terms.rule} does not set; "
                f"use {' or '.join(DEV_RULES)}"
            )
        if config.dataset == self.training.data.dataset:
            raise DataError(
                f"--cross {config.dataset} is the data the run was trained on; name another data set"
            )
        target = self._as_trained(config)
        data = self._opened(target)
        label = f"cross-{data.dataset.name}"
        self.data[label] = fingerprint(data.dataset)
        scores, conditions = self._score(data, "test", label)
        unscored = self._unscored(target, "test", label, scores)
        found = report(scores, dev, self.terms, conditions, unscored)
        own = None
        if len({pai == BONA_FIDE for pai in scores.pais}) == 2:  # one class alone has no threshold of its own
            figures = report(scores, None, replace(self.terms, rule="test-eer"), conditions)
            own = TargetReport(**dict(figures), label=TARGET_EER)
        metrics = self._metrics(target, data, label, found, scores).model_copy(
            update={"split": "test", "label": SOURCE_DEV, "target_eer": own}
        )
        self._write(metrics, label)
        return metrics

    def _opened(self, config: DataConfig) -> OpenData:
        with progress("preparing faces", shown=self.run.echo) as told:
            return self.datasets.with_crops(config, self.network.view.crop_size, told)

    def _as_trained(self, config: DataConfig) -> DataConfig:
        """Another data set prepared as the training data was (margin, cache), opened for what is read."""
        same = {name: getattr(self.training.data, name) for name in ("margin", "cache_dir", "workers")}
        # not the training's modalities: depth that only taught a map is not asked of other data
        return config.model_copy(update={**same, "modalities": self.network.modalities})

    def _dev_scores(self, source: OpenData) -> ScoreTable:
        rows = source.dataset.split("dev")
        place = self.run.path / DEV_SCORES
        if self.recorded and _as_recorded(self.run.path, DEV_SCORES):
            kept = read_scores(place)
            if (
                len(kept) == len(rows)
                and kept.videos == list(rows["video"])
                and kept.pais == list(rows["pai"])
            ):
                return kept
        dev = self._scored(source, rows, "dev")
        self._write_scores(DEV_SCORES, dev, _conditions(rows))
        return dev

    def _score(self, data: OpenData, split: str, label: str) -> tuple[ScoreTable, dict[str, list[str]]]:
        rows = data.dataset.split(split)
        scores = self._scored(data, rows, label)
        conditions = _conditions(rows)
        self._write_scores(f"scores-{label}.csv", scores, conditions)
        return scores, conditions

    def _scored(self, data: OpenData, rows: Any, label: str) -> ScoreTable:
        with progress(f"scoring {label}", shown=self.run.echo) as told:
            return score_rows(
                self.network, data.store, rows, self.device, self.config.batch_size, progress=told
            )

    def _write_scores(self, name: str, scores: ScoreTable, conditions: dict[str, list[str]]) -> None:
        if self.run.writes:
            write_scores(self.run.path / name, scores, conditions)
            self.written.append(name)

    def _unscored(self, data: DataConfig, split: str, label: str, scores: ScoreTable) -> Unscored | None:
        """The split's presentations without a score, which the run folder keeps; None unless asked for."""
        if not self.config.count_non_responses:
            return None
        unscored = unscored_of(data, split, self.datasets, scores.paths)
        if self.run.writes:
            name = non_responses_name(label)
            write_unscored(self.run.path / name, unscored)
            self.written.append(name)
        return unscored

    def _calibrate(self) -> None:
        """Fit the calibration asked for to the dev scores, and keep it beside the weights."""
        self.calibration: Calibration | None = None
        if self.config.calibration == "none" or self.dev is None:
            return
        try:
            self.calibration = calibration.fit(self.config.calibration, self.dev, self.terms.level)
        except MetricError as error:
            raise MetricError(f"{self.run.path}, scores of dev: {error}") from None
        if self.run.writes:
            weights = self.run.path / WEIGHTS_FILE
            place = calibration.write_calibration(weights, self.calibration, self.weights_sha256)
            self.written.append(place.relative_to(self.run.path).as_posix())

    def _calibrated(self, label: str, scores: ScoreTable, threshold: float) -> CalibrationReport | None:
        """What the calibration makes of a split's scores; the probabilities go into a file of their own."""
        if self.calibration is None or self.dev is None:
            return None
        self._write_scores(calibration.calibrated_name(label), self.calibration.table(scores), {})
        return calibration.report(self.calibration, self.dev, scores, threshold)

    def _metrics(
        self, target: DataConfig, data: OpenData, label: str, found: Report, scores: ScoreTable
    ) -> Metrics:
        network, training, terms = self.network, self.training, self.terms
        return Metrics(
            **dict(found),
            model=network.name,
            kind=network.kind,
            dataset=data.dataset.name,
            trained_on=training.data.dataset,
            protocol=protocol_label(target.dataset, target.protocol),
            fold=target.fold,
            split=self.config.split,
            terms=TermsInFile(rule=terms.rule, value=terms.value, grouping=terms.grouping, level=terms.level),
            scores_file=f"scores-{label}.csv",
            dev_scores_file=DEV_SCORES if terms.rule in DEV_RULES else None,
            non_responses_file=None if found.non_responses is None else non_responses_name(label),
            source=self.data["trained_on"]["dataset"],
            supervision=network.supervision_name,
            options=dict(training.options),
            init=training.init or "none",
            modalities=network.modalities,
            run=self.run.path.name,
            recipe_sha256=_recipe_sha256(training),
            seed=training.seed,
            commit=commit(),
            calibration=self._calibrated(label, scores, found.threshold),
        )

    def _write(self, metrics: Metrics, label: str) -> None:
        """metrics and breakdown, as JSON and as CSV."""
        if not self.run.writes:
            return
        for name, text in report_files(metrics, label).items():
            write_text(self.run.path / name, text)
            self.written.append(name)
        name = metrics_name(label)
        write_json(self.run.path / name, metrics.to_json())
        self.written.append(name)


def usual_rule(data: DataConfig) -> ThresholdRule:
    """The threshold rule of a training's data: the published one for the protocols of a published set.

    Elsewhere the rule that leave-out folds favour: there is no convention to keep, and the edge of the EER
    interval does not carry over.
    """
    entry, protocol = find_entry(data.dataset), default_protocol(data.dataset, data.protocol)
    published = entry is not None and str(protocol) in entry.protocols
    return "dev-eer" if published else TRANSFERRED


def training_of(folder: Path) -> TrainConfig:
    """The training that made a run folder, its cache one of this machine; raises RunError in one line."""
    values = stored_config(folder)
    if "space" in values and not {"genotype", "baseline"} & values.keys():
        found = folder / "genotype.json"
        first = command("train", "--genotype", found) if found.is_file() else "when it has ended"
        raise RunError(
            f"{folder} is a search and holds no trained network; train its genotype first: {first}"
        )
    config = validated(TrainConfig, values, str(folder / "config.yaml"), RunError)
    data = config.data.model_copy(update={"cache_dir": own_cache(config.data.cache_dir)})
    return config.model_copy(update={"data": data})


def _recipe_sha256(training: TrainConfig) -> str:
    """Digest of what the folds and seeds of one figure have in common: the configuration without them."""
    values = training.model_dump(mode="json", exclude={"name", "runs_dir", "seed", "device", "threads"})
    for name in ("fold", "workers", "cache_dir"):
        values["data"].pop(name)
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _conditions(rows: Any) -> dict[str, list[str]]:
    """Device and session of the rows of a split, where the manifest knows them throughout."""
    known = {name: [str(value) for value in rows[name]] for name in CONDITIONS if name in rows}
    return {name: values for name, values in known.items() if all(values)}


def _check_weights(folder: Path) -> tuple[str, bool]:
    """Digest of the weights' tensors, and whether the folder has a record; raises RunError after an edit."""
    tensors: dict[str, torch.Tensor] = read_weights(folder / WEIGHTS_FILE)[0]
    digest = tensors_sha256(tensors)
    if not (folder / RECORD_FILE).is_file():
        return digest, False
    known = read_record(folder)
    if known["weights_sha256"] not in (None, digest):
        raise RunError(
            f"{folder / WEIGHTS_FILE} was edited after it was recorded; see {command('verify', folder)}"
        )
    if not _as_recorded(folder, "config.yaml"):
        raise RunError(
            f"{folder / 'config.yaml'} was edited after it was recorded; see {command('verify', folder)}"
        )
    return digest, True


def _as_recorded(folder: Path, name: str) -> bool:
    """Whether a file is the one the record knows."""
    told = read_record(folder)["files"].get(name)
    return told is not None and (folder / name).is_file() and file_sha256(folder / name) == told
