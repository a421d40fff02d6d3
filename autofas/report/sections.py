"""The page's sections as HTML: what won and what the data cannot say first, then everything behind it."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from autofas.analysis.text_tables import count, percent
from autofas.evaluation.comparison import NOT_SHOWN
from autofas.metrics.pai_labels import BONA_FIDE
from autofas.printed import exact
from autofas.report.material import Material, TrainedRun

WORST = 12
Cell = tuple[str, float | None] | str
"""What a table's cell shows and, where its text does not sort, the number that does."""

LONG = ("reason", "verdict", "where", "frame")
"""Columns of sentences and paths, which may break."""
GENERATED = "trained on generated faces: no protection against real attacks"


def table(header: Sequence[str], rows: Sequence[Sequence[Cell]], numeric: Sequence[str] = ()) -> str:
    """An HTML table that sorts by its headings; the columns named in `numeric` to the right."""
    heads = "".join(f'<th scope="col"{_right(name in numeric)}>{escape(name)}</th>' for name in header)
    lines = []
    for row in rows:
        cells = []
        for name, cell in zip(header, row, strict=True):
            shown, key = (cell, None) if isinstance(cell, str) else cell
            sorts = "" if key is None else f' data-key="{key!r}"'
            wide = ' class="long"' if name in LONG else _right(name in numeric)
            cells.append(f"<td{wide}{sorts}>{escape(shown)}</td>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    body = "".join(lines)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="table"><table class="sorts">'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _right(numeric: bool) -> str:
    return ' class="n"' if numeric else ""


def rate(value: float | None) -> Cell:
    """A fraction in percent that sorts as a number."""
    return ("-", None) if value is None else (percent(value), value)


def interval(bounds: Sequence[float] | None) -> str:
    """`1.20 to 3.40`, in percent."""
    return "-" if bounds is None else f"{percent(bounds[0])} to {percent(bounds[1])}"


def first_screen(material: Material) -> str:
    """Cards: what won, whether it is significant, the threshold, size, speed; then what nobody knows."""
    best = material.trained[0]
    figures = best.figures
    bounds = figures["intervals_95"].get("acer") or figures["intervals_95"].get("bpcer")
    words = "ACER" if figures["intervals_95"].get("acer") else "BPCER"
    latency = "not measured" if best.latency_ms is None else f"{best.latency_ms:.2f} ms"
    threshold = figures["threshold"]
    many = len(material.trained)
    among = f"of {many} runs" if many > 1 else "the only run"
    numeric = isinstance(threshold, float)
    shown = f"{threshold:.4g}" if numeric else str(threshold)
    whole = f"exactly {exact(threshold)}; " if numeric else ""
    timing = "onnxruntime, fp32, one thread, one face"
    if best.latency_ms is None:
        timing = "run autofas export, then autofas benchmark"
    cards = [
        ("lowest ACER", best.name, f"{figures['kind']}, {among}"),
        ("ACER", _percent(figures["acer"]), f"95 % interval of {words}: {interval(bounds)} %"),
        ("significant?", *_significance(material)),
        ("threshold", shown, f"{whole}{figures['threshold_rule']}: {figures['threshold_provenance']}"),
        ("size", f"{count(best.params)} parameters", f"{count(best.macs)} multiply-adds at {best.input}"),
        ("speed", latency, timing),
    ]
    html = "".join(_card(*card) for card in cards)
    limits = "".join(f"<li>{escape(line)}</li>" for line in unknown(best))
    warning = f'<p class="warn">{GENERATED}</p>' if figures["trained_on"] == "synthetic" else ""
    return f'{warning}<div class="cards">{html}</div><h3>What these data cannot say</h3><ul>{limits}</ul>'


def _card(title: str, value: str, more: str) -> str:
    words = f"<span>{escape(title)}</span><b>{escape(value)}</b><span>{escape(more)}</span>"
    return f'<div class="card">{words}</div>'


def _percent(value: float | None) -> str:
    return "undefined" if value is None else f"{percent(value)} %"


def _significance(material: Material) -> tuple[str, str]:
    """Against the next best run that the same people can be resampled for."""
    if not material.comparisons:
        return "nothing to compare", "give two runs or more"
    told = material.comparisons[0]
    if "interval" not in told:
        return told["verdict"], f"{told['other']}: {told['reason']}"
    low, high = (100 * value for value in told["interval"])
    verdict = "no" if told["verdict"] == NOT_SHOWN else "yes"
    more = f"{told['verdict']}: ACER minus that of {told['other']} is {low:.2f} to {high:.2f} points (95 %)"
    return verdict, f"{more}, {told['subjects']} subjects resampled"


def unknown(run: TrainedRun) -> list[str]:
    """What the test of a run leaves open, in sentences."""
    figures = run.figures
    kinds = sorted(set(run.test.pais) - {BONA_FIDE})
    lines = [
        f"How it meets attacks of any kind other than {', '.join(kinds)}.",
        f"Anything finer than {100 / min(figures['attacks'], figures['bona_fide']):.2g} %: there are "
        f"{figures['bona_fide']} bona fide presentations and {figures['attacks']} attacks of "
        f"{figures['subjects']} subjects.",
    ]
    for name, reason in list(figures["undefined"].items())[:4]:
        words = name.replace("tpr_at_fpr", "TPR at FPR").replace("bpcer_at_apcer", "BPCER at APCER")
        lines.append(f"{words}: {reason}.")
    if figures["dataset"] == figures["trained_on"]:
        lines.append(
            f"How it fares on other data than {figures['dataset']}: other cameras, other light, other people."
        )
    return lines


def runs_table(runs: Sequence[TrainedRun]) -> str:
    """Every run with its rates, intervals, cost and threshold."""
    rates = ("ACER %", "APCER %", "BPCER %", "HTER %", "EER %", "AUC %")
    costs = ("parameters", "MACs", "ms")
    told_once = ("kind", "data", "protocol", "rule", "seed")
    header = ("run", rates[0], "ACER interval", *rates[1:], *costs, "threshold", *told_once)
    rows: list[list[Cell]] = []
    for run in runs:
        told = run.figures
        threshold = told["threshold"]
        fold = "" if told["fold"] is None else f" fold {told['fold']}"
        rows.append(
            [
                run.path.name, rate(told["acer"]), _bounds(told["intervals_95"].get("acer")),
                *(rate(told[name]) for name in ("apcer", "bpcer", "hter", "eer", "auc")),
                (count(run.params), run.params), (count(run.macs), run.macs),
                ("-", None) if run.latency_ms is None else (f"{run.latency_ms:.2f}", run.latency_ms),
                (f"{threshold:.4g}", threshold) if isinstance(threshold, float) else str(threshold),
                told["kind"], told["dataset"], f"{told['protocol']}{fold}", told["threshold_rule"],
                (str(told["seed"]), told["seed"]),
            ]
        )  # fmt: skip
    return _without_repetition(header, rows, (*rates, *costs, "threshold"), told_once)


def _without_repetition(
    header: Sequence[str], rows: list[list[Cell]], numeric: Sequence[str], told_once: Sequence[str]
) -> str:
    """A table in which what all rows of several have in common stands in a sentence above it."""
    alike = {
        name: rows[0][place]
        for place, name in enumerate(header)
        if name in told_once and len(rows) > 1 and len({row[place] for row in rows}) == 1
    }
    kept = [place for place, name in enumerate(header) if name not in alike]
    words = ", ".join(f"{name} {cell if isinstance(cell, str) else cell[0]}" for name, cell in alike.items())
    note = f'<p class="soft">All runs: {escape(words)}.</p>' if words else ""
    return note + table([header[one] for one in kept], [[row[one] for one in kept] for row in rows], numeric)


def _bounds(bounds: Sequence[float] | None) -> Cell:
    """An interval, which sorts by its lower end."""
    return (interval(bounds), None if bounds is None else bounds[0])


def comparison_table(comparisons: Sequence[Mapping[str, Any]]) -> str:
    """The best run against each other one, paired over subjects."""
    header = ("against", "verdict", "ACER difference, points", "95 % interval")
    rows: list[list[Cell]] = []
    for told in comparisons:
        if "interval" not in told:
            rows.append([told["other"], told["reason"], ("-", None), "-"])
            continue
        rows.append(
            [
                told["other"], told["verdict"],
                (f"{100 * told['acer_difference']:.2f}", told["acer_difference"]), _bounds(told["interval"]),
            ]
        )  # fmt: skip
    return table(header, rows, ("ACER difference, points",))


def breakdown_table(run: TrainedRun) -> str:
    """Rates by PAI, device and session at the same threshold."""
    numeric = ("bona fide", "attacks", "APCER %", "BPCER %", "ACER %")
    header = ("by", "value", *numeric)
    rows: list[list[Cell]] = [
        [
            part["by"], str(part["value"]), (str(part["bona_fide"]), part["bona_fide"]),
            (str(part["attacks"]), part["attacks"]),
            rate(part.get("apcer")), rate(part.get("bpcer")), rate(part.get("acer")),
        ]
        for part in run.figures["breakdown"]
    ]  # fmt: skip
    return table(header, rows, numeric)


def worst_errors(run: TrainedRun, most: int = WORST) -> list[tuple[str, str, float]]:
    """(path, pai, score) of the frames farthest on the wrong side of the threshold, the worst first."""
    threshold = float(run.figures["threshold"])
    frames = run.test.at_level("frame")
    found = []
    for path, pai, score in zip(frames.paths, frames.pais, frames.scores, strict=True):
        wrong = score < threshold if pai == BONA_FIDE else score >= threshold
        if wrong and math.isfinite(score):
            found.append((path, pai, float(score)))
    return sorted(found, key=lambda one: -abs(one[2] - threshold))[:most]


def errors_table(run: TrainedRun) -> str:
    """The worst errors as a table; a sentence where there is none."""
    rows: list[list[Cell]] = [
        [(f"{score:.4f}", score), pai, "attack" if pai == BONA_FIDE else "bona fide", path]
        for path, pai, score in worst_errors(run)
    ]
    if not rows:
        return "<p>No frame is on the wrong side of the threshold.</p>"
    return table(("score", "is", "taken for", "frame"), rows, ("score",))


def commands(material: Material) -> str:
    """The commands, commits and hashes behind every run."""
    parts = []
    for search in material.searches:
        made = search.made
        lines = [f"# {search.path}", " ".join(map(str, made.get("command", [])))]
        lines.append(f"# commit {made.get('commit') or '-'}, genotype SHA-256 {search.genotype_sha256}")
        parts.append(f"<pre>{escape(chr(10).join(filter(None, lines)))}</pre>")
    for run in material.trained:
        lines = [f"# {run.path}"]
        if run.record is not None:
            lines += [" ".join(map(str, entry["command"])) for entry in run.record["entries"]]
            lines.append(f"# weights SHA-256 {run.record['weights_sha256']}")
            lines += [
                f"# manifest SHA-256 ({role}) {data.get('manifest_sha256', '-')}"
                for role, data in run.record["data"].items()
            ]
        lines.append(f"# commit {run.figures['commit']}, seed {run.figures['seed']}")
        parts.append(f"<pre>{escape(chr(10).join(dict.fromkeys(lines)))}</pre>")
    return "".join(parts)
