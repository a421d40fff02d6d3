"""The model card of a run: what the network is, what it was taught and tested on, and what is not known.

After Mitchell et al., Model Cards for Model Reporting (FAT* 2019). Every line is read from the run: its
weights' metadata, metrics.json and the data set; nothing is typed by hand.
"""

from collections.abc import Sequence
from pathlib import Path

from autofas.analysis.text_tables import count, markdown_table, percent
from autofas.data.dataset import Dataset
from autofas.data.opening import OpenedDatasets
from autofas.deploy.describe import describe_weights
from autofas.deploy.info import ExportInfo
from autofas.evaluation.evaluate import training_of
from autofas.evaluation.figures import Metrics, metrics_name, read_metrics
from autofas.models.weights import WEIGHTS_FILE, load_network
from autofas.printed import exact
from autofas.runs.record import RECORD_FILE, read_record, record
from autofas.storage.files import write_text

CARD = "model_card.md"
RATES = ("apcer", "bpcer", "acer", "hter", "eer", "auc")


def write_card(
    run: Path, folder: Path, files: Sequence[str] = (), datasets: OpenedDatasets | None = None
) -> Path:
    """Write model_card.md into `folder`, recorded where the run has a record; returns its path.

    `files` are lines on exported files, `datasets` what is open already. Raises RunError for a run without
    weights.
    """
    place = folder / CARD
    write_text(place, card_text(run, files, datasets))
    if place.is_relative_to(run) and (run / RECORD_FILE).is_file():
        record(run, "card", written=[place.relative_to(run).as_posix()])
    return place


def card_text(run: Path, files: Sequence[str] = (), datasets: OpenedDatasets | None = None) -> str:
    """The card as Markdown."""
    config = training_of(run).data
    dataset = (datasets or OpenedDatasets()).divided(config)
    info = describe_weights(load_network(run / WEIGHTS_FILE), run / WEIGHTS_FILE)
    figures = run / metrics_name("test")
    metrics = read_metrics(figures) if figures.is_file() else None
    parts = [f"# Model card: {info.name}"]
    if info.warning:
        parts.append(f"**{info.warning[0].upper()}{info.warning[1:]}.**")
    parts += [_network(info), _data(dataset, config.fold, info)]
    parts.append(_figures(metrics) if metrics else "## Figures\n\nNot evaluated yet.")
    parts += [_limits(run, dataset, info, metrics), f"## Licence\n\nOf the data: {info.data_licence}."]
    if files:
        parts.append("## Exported files\n\n" + "\n".join(f"- {line}" for line in files))
    parts.append(_origin(run, info))
    return "\n\n".join(parts) + "\n"


def _network(info: ExportInfo) -> str:
    threshold = "none yet" if info.threshold is None else f"{exact(info.threshold)} ({info.threshold_rule})"
    calibration = "none" if info.calibration is None else info.calibration.words
    rows = [
        ["kind", info.kind],
        ["parameters, MACs", f"{count(info.params)}, {count(info.macs)}"],
        ["input", f"{', '.join(info.modalities)}: a face at {info.crop_size} pixels, margin {info.margin}"],
        ["trained with", info.supervision],
        ["output", " and ".join(info.outputs) + f"; {info.polarity}"],
        ["threshold", threshold],
        ["calibration", calibration],
    ]
    return "## Network\n\n" + markdown_table(("", ""), rows)


def _data(dataset: Dataset, fold_number: int | None, info: ExportInfo) -> str:
    rows = []
    for split, table in dataset.splits.items():
        kinds = table["pai"].value_counts()
        shown = ", ".join(f"{pai} {number}" for pai, number in kinds.items())
        rows.append([split, str(table["subject"].nunique()), str(table["video"].nunique()), shown])
    fold = "" if fold_number is None else f", fold {fold_number}"
    head = f"## Data\n\n{info.data}, protocol {info.protocol}{fold}. Frames by split:\n\n"
    return head + markdown_table(("split", "subjects", "videos", "frames"), rows, ("subjects", "videos"))


def _figures(metrics: Metrics) -> str:
    rows = []
    for level, found in metrics.by_level.items():
        for name in RATES:
            rate = found.rate(name)
            if rate is None:
                rows.append([level, name.upper(), "-", found.reason(name) or "not measured"])
                continue
            bounds = found.intervals_95.get(name)
            interval = "-" if bounds is None else f"{percent(bounds[0])} to {percent(bounds[1])}"
            rows.append([level, name.upper(), percent(rate), interval])
    place = f"Test split of {metrics.dataset}, protocol {metrics.protocol}"
    rule = f"at the threshold of {metrics.threshold_rule}: {metrics.threshold_provenance}"
    head = f"## Figures\n\n{place}, {rule}. In percent, with 95 % intervals.\n\n"
    return head + markdown_table(("level", "figure", "value", "interval"), rows, ("value",))


def _limits(run: Path, dataset: Dataset, info: ExportInfo, metrics: Metrics | None) -> str:
    splits = dataset.splits
    taught = set(splits["train"]["pai"]) - {"bona_fide"}
    tested = set(splits["test"]["pai"]) - {"bona_fide"} if "test" in splits else set()
    lines = [f"Attacks it was taught: {', '.join(sorted(taught)) or 'none'}."]
    if tested - taught:
        lines.append(f"Attacks in the test that it was never taught: {', '.join(sorted(tested - taught))}.")
    lines.append(
        "Attacks never seen, in training or test: every other kind. No figure here says how it meets them."
    )
    crossed = sorted(path.name for path in run.glob("metrics-cross-*.json"))
    lines.append(
        f"Measured on other data sets too: {', '.join(crossed)}."
        if crossed
        else "Not measured on any other data set: another camera, light or people may change every figure."
    )
    if metrics is not None:
        low = [level for level, found in metrics.by_level.items() if found.samples < 1000]
        if low:
            number = metrics.by_level[low[0]].samples
            lines.append(
                f"The test has {number} presentations: rates below {100 * 3 / number:.2g} % are not shown."
            )
    lines.append("The threshold belongs to the data it was set on; set it again where the camera is another.")
    return "## Limits\n\n" + "\n".join(f"- {line}" for line in lines)


def _origin(run: Path, info: ExportInfo) -> str:
    rows = [["run", info.run], ["commit", info.commit or "-"], ["weights SHA-256", info.weights_sha256]]
    lines: list[str] = []
    if (run / RECORD_FILE).is_file():
        told = read_record(run)
        for role, data in told["data"].items():
            rows.append([f"manifest SHA-256 ({role})", str(data.get("manifest_sha256", "-"))])
        lines = [" ".join(map(str, entry["command"])) for entry in told["entries"] if entry["verb"] != "card"]
    commands = "" if not lines else "\n\n```\n" + "\n".join(dict.fromkeys(lines)) + "\n```"
    return "## Where it comes from\n\n" + markdown_table(("", ""), rows) + commands
