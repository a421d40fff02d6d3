"""The figures of evaluations as terminal tables, the origin of every threshold in its row."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from autofas.analysis.terminal_tables import shown_table
from autofas.analysis.text_tables import percent
from autofas.evaluation.figures import Figures, Metrics, NonResponses, Part
from autofas.evaluation.summary import Summary
from autofas.printed import exact

RATES = ("apcer", "apcer_pooled", "bpcer", "acer", "hter", "auc")
NUMBERS = ("APCER %", "pooled %", "BPCER %", "ACER %", "HTER %", "AUC %", "threshold")
HEADER = ("model", "data", "split", "level", *NUMBERS, "from")
INTERVALS = "95 %: Clopper-Pearson intervals; that of ACER is a bootstrap over subjects"


@dataclass(frozen=True)
class Row:
    """Figures with what names them in a table."""

    model: str
    figures: Figures
    data: str = ""
    split: str = ""

    @property
    def named(self) -> str:
        """The model and its data in words, which tell it from the other rows."""
        return f"{self.model} on {self.data}" if self.data else self.model


def row_of(metrics: Metrics) -> Row:
    """The row of an evaluated run."""
    return Row(metrics.model, metrics, _place(metrics), metrics.split)


def figures_table(rows: Sequence[Row]) -> str:
    """A line for each row and level with its intervals beneath; then where thresholds come from, what is
    missing, and what looks wrong.
    """
    lines: list[list[str]] = []
    notes: list[str] = []
    shown = False
    for row in rows:
        for level, found in row.figures.levels().items():
            rates = [percent(found.rate(name)) for name in RATES]
            lines.append([row.model, row.data, row.split, level, *rates, exact(found.threshold)])
            lines[-1].append(found.threshold_rule)
            if any(found.intervals_95.values()):
                shown = True
                bounds = [_interval(found, name) for name in RATES]
                lines.append(["", "", "", "95 %", *bounds, "", ""])
            reasons = found.undefined.items()
            notes += [f"{name} per {level}: {why}" for name, why in reasons if name in (*RATES, "eer")]
            whose = f"{row.named}: " if len(rows) > 1 else ""
            notes += [f"{whose}{line}" for line in non_response_lines(found.non_responses, level)]
    origins = {f"{row.figures.threshold_rule}: {row.figures.threshold_provenance}" for row in rows}
    below = [*sorted(origins), *_instruments(rows), *([INTERVALS] if shown else [])]
    warnings = inverted_lines((row.named if len(rows) > 1 else row.model, row.figures) for row in rows)
    return "\n".join([shown_table(HEADER, lines, numeric=NUMBERS), *below, *dict.fromkeys(notes), *warnings])


def _instruments(rows: Sequence[Row]) -> list[str]:
    """What APCER is the worst of, by row where the rows are of different attacks."""
    found = [", ".join(sorted(row.figures.apcer_by_pai)) or "none: there is no attack" for row in rows]
    if len(set(found)) == 1:
        return [f"APCER: worst of {found[0]}"]
    return [f"APCER of {row.named}: worst of {listed}" for row, listed in zip(rows, found, strict=True)]


def inverted_lines(named: Iterable[tuple[str, Figures]]) -> Iterator[str]:
    """A line for every model whose scores rank attacks above bona fide."""
    for model, figures in named:
        for level, found in figures.levels().items():
            if found.auc is not None and found.auc < 0.5:
                yield inverted_line(f"{model} per {level}", found.auc)
                break


def inverted_line(what: str, auc: float) -> str:
    """What an AUC below one half is likely to come from."""
    return (
        f"{what}: AUC {percent(auc)} % is below one half, so attacks score higher than bona fide: are labels "
        "or scores inverted, or is it chance? bona_fide is the real face, and a higher score means more "
        "bona fide"
    )


def non_response_lines(found: NonResponses | None, level: str) -> Iterator[str]:
    """APNRR of every instrument and BPNRR."""
    if found is None:
        return
    for pai, rate in found.apnrr_by_pai.items():
        missing = _of(found.errors_by_pai[pai])
        yield f"APNRR of {pai} per {level}: {percent(rate)} % ({missing} without a score)"
    yield f"BPNRR per {level}: {percent(found.bpnrr)} % ({_of(found.bpnrr_errors)} without a score)"


def breakdown_table(parts: Sequence[Part]) -> str:
    """Error rates by instrument, device and session at the report's threshold."""
    numbers = ("bona fide", "attacks", "APCER %", "pooled %", "BPCER %", "ACER %", "threshold")
    lines = [
        [
            part.by,
            part.value,
            str(part.bona_fide),
            str(part.attacks),
            *(percent(rate) for rate in (part.apcer, part.apcer_pooled, part.bpcer, part.acer)),
            exact(part.threshold),
            part.threshold_rule,
        ]
        for part in parts
    ]
    notes = [f"{part.by} {part.value}: {part.undefined}" for part in parts if part.undefined]
    return "\n".join([shown_table(("by", "value", *numbers, "from"), lines, numeric=numbers), *notes])


def summary_table(summaries: Sequence[Summary]) -> str:
    """Mean ± standard deviation of each network and protocol."""
    header = ("model", "data", "level", *NUMBERS[:-1], "mean ± std over", "threshold")
    rows, notes = [], []
    for summary in summaries:
        place = _place(summary)
        for level, figures in summary.figures.items():
            rates = [percent(figures[name].mean, std=figures[name].std) for name in RATES]
            rule = f"{summary.threshold_rule}, one per run"
            rows.append([summary.model, place, level, *rates, _over(summary), rule])
        if summary.missing_folds:
            missing = ", ".join(map(str, summary.missing_folds))
            notes.append(f"{summary.model}: incomplete, fold {missing} of {place} is missing")
    table = shown_table(header, rows, numeric=NUMBERS[:-1])
    return "\n".join([table, f"std: ddof {summaries[0].ddof}", *notes])


def cross_table(cross: Sequence[Metrics]) -> str:
    """HTER on another data set at the source's dev threshold and at the target's own EER, both labelled.

    Where the other data are of one class alone, what there is of APCER and BPCER too, and why no more.
    """
    reports: list[tuple[Metrics, str, Figures]] = []
    for metrics in cross:
        reports.append((metrics, str(metrics.label), metrics))
        if metrics.target_eer is not None:
            reports.append((metrics, metrics.target_eer.label, metrics.target_eer))
    names = ["hter", "auc"]
    if any(figures.hter is None for _, _, figures in reports):
        names = ["apcer", "bpcer", *names]
    numbers = [*(NUMBERS[RATES.index(name)] for name in names), "threshold"]
    rows, notes = [], []
    for metrics, label, found in reports:
        for level, figures in found.levels().items():
            rates = [percent(figures.rate(name)) for name in names]
            place = [metrics.model, metrics.trained_on, _place(metrics), level]
            rows.append([*place, *rates, exact(figures.threshold), label.partition(":")[0]])
            notes += [
                f"{name} per {level}: {why}" for name, why in figures.undefined.items() if name in names
            ]
            notes += non_response_lines(figures.non_responses, level)
    header = ("model", "trained on", "tested on", "level", *numbers, "from")
    below = [label for _, label, _ in reports] + notes
    warnings = inverted_lines((f"{metrics.model} on {metrics.dataset}", metrics) for metrics in cross)
    return "\n".join([shown_table(header, rows, numeric=numbers), *dict.fromkeys(below), *warnings])


def calibration_table(calibrated: Sequence[Metrics]) -> str:
    """ECE and Brier score before and after, on dev and on the split that was judged."""
    numbers = ("ECE %", "calibrated", "Brier", "calibrated Brier", "threshold", "as probability")
    rows, notes = [], []
    for metrics in calibrated:
        found = metrics.calibration
        if found is None:
            continue
        place = _place(metrics)
        for name, split in (("dev", found.dev), (str(metrics.split), found.judged)):
            before, after = split.before, split.after
            rows.append(
                [metrics.model, metrics.source if name == "dev" else place, name, percent(before.ece)]
            )
            rows[-1] += [percent(after.ece), f"{before.brier:.4f}", f"{after.brier:.4f}"]
            rows[-1] += [exact(metrics.threshold), "-" if found.threshold is None else exact(found.threshold)]
        notes.append(f"{metrics.model}: {found.calibration.words}; ECE over {found.bins} equal-width bins")
    table = shown_table(("model", "data", "split", *numbers), rows, numeric=numbers)
    return "\n".join([table, *dict.fromkeys(notes)])


def _interval(figures: Figures, name: str) -> str:
    bounds = figures.intervals_95.get(name)
    return "" if bounds is None else f"{100 * bounds[0]:.1f}-{100 * bounds[1]:.1f}"


def _of(errors: tuple[int, int]) -> str:
    return f"{errors[0]} of {errors[1]}"


def _place(found: Metrics | Summary) -> str:
    fold = f" fold {found.fold}" if isinstance(found, Metrics) and found.fold else ""
    protocol = "" if found.protocol in ("None", "", "none") else f" {found.protocol}"
    if found.protocol[:1].isdigit():
        protocol = f" p{found.protocol}"
    return f"{found.dataset}{protocol}{fold}"


def _over(summary: Summary) -> str:
    parts = []
    if len(summary.folds) > 1:
        parts.append(f"{len(summary.folds)} folds")
    if len(summary.seeds) > 1:
        parts.append(f"{len(summary.seeds)} seeds")
    return " x ".join(parts) or "one run"
