"""The verb `evaluate`: scores of a trained run over a split, and the figures at a threshold from dev.

One run a fold. The scores of the dev split, which sets the threshold, are computed by the same network in
the same call, so threshold and figures cannot come from different weights.
"""

from dataclasses import dataclass
from typing import Any

from autofas.config import DataConfig, EvaluateConfig, TrainConfig
from autofas.data.opening import open_data
from autofas.device import prepare
from autofas.evaluation.figures import at_level, choose_threshold, figures
from autofas.evaluation.scoring import score_rows
from autofas.metrics import ScoreTable, write_scores
from autofas.models.weights import WEIGHTS_FILE, LoadedNetwork, load_network, record_threshold
from autofas.runs import Run, commit, write_json
from autofas.schema import read_yaml, validated


@dataclass(frozen=True)
class Evaluation:
    """The figures of one run on one split, the scores behind them, and the network that made them."""

    figures: dict[str, Any]
    scores: ScoreTable
    loaded: LoadedNetwork
    training: TrainConfig
    data: DataConfig


def evaluate(config: EvaluateConfig, *, quiet: bool = True) -> Evaluation:
    """Score `split` of the run's data set (or of `config.data`) and judge it at the rule's threshold.

    Writes scores-<split>.csv and metrics.json into the run folder. The threshold of the dev rules comes
    from the dev split of the data the network was trained on, also when another data set is judged. Raises
    an AutofasError in one line.
    """
    with Run.open(config.run, not quiet) as run:
        training = validated(TrainConfig, read_yaml(run.path / "config.yaml"), str(run.path / "config.yaml"))
        device, _ = prepare(config.device, config.threads)
        loaded = load_network(run.path / WEIGHTS_FILE)
        network = loaded.network.to(device)
        target = config.data or training.data
        if config.split == "dev" and config.threshold.startswith("dev") and config.data is None:
            run.log("note: the dev split is judged at a threshold it has set itself")
        source = open_data(training.data, network.input_size)
        dev = None
        if config.threshold.startswith("dev"):
            rows = source.dataset.split("dev")
            dev = score_rows(network, source.store, rows, device, config.batch_size)
            write_scores(run.path / "scores-dev.csv", dev)
        data = source if config.data is None else open_data(target, network.input_size)
        rows = data.dataset.split(config.split)
        scores = score_rows(network, data.store, rows, device, config.batch_size)
        label = config.split if config.data is None else f"{config.split}-{data.dataset.name}"
        write_scores(run.path / f"scores-{label}.csv", scores)
        dev = None if dev is None else at_level(dev, config.level)
        judged = at_level(scores, config.level)
        threshold = choose_threshold(
            config.threshold, config.pai_grouping, dev, judged, config.threshold_value
        )
        values = {
            "model": network.name,
            "kind": network.kind,
            "dataset": data.dataset.name,
            "trained_on": training.data.dataset,
            "protocol": str(target.resolved_protocol),
            "fold": target.fold,
            "split": config.split,
            "level": config.level,
            **figures(judged, threshold, config.pai_grouping),
            "seed": training.seed,
            "commit": commit(),
        }
        write_json(run.path / ("metrics.json" if config.split == "test" else f"metrics-{label}.json"), values)
        if config.split == "test" and threshold.rule != "test-eer":
            record_threshold(run.path / WEIGHTS_FILE, threshold.value, threshold.rule, threshold.provenance)
        return Evaluation(values, scores, loaded, training, target)
