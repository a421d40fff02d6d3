"""Our runs in the layout of a paper's table: its figures on the left, ours on the right, gaps left as gaps.

A run stands beside the printed row that it is the counterpart of (same network, protocol, supervision),
whatever data it was measured on: the data set is named in its row, because a figure on other data is no
reproduction. Runs without a counterpart follow below. Folds and seeds of one network are averaged as
`summary` does it. Where the paper pools all attacks, so do the figures beside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autofas.data.catalog import expected_folds
from autofas.errors import RunError
from autofas.evaluation.figures import Figures, Metrics, Report, read_metrics
from autofas.evaluation.paper_tables import Column, PaperTable, Row
from autofas.metrics import summarize_folds
from autofas.printed import command

POOLED = {"apcer": "apcer_pooled", "acer": "hter"}
_NETWORK = ("model", "kind", "supervision", "modalities", "options", "init", "recipe_sha256")
_PLACE = ("dataset", "source", "protocol", "threshold_rule", "pai_grouping")


@dataclass(frozen=True)
class Fact:
    """The figures of an evaluated run and its folder."""

    metrics: Metrics
    folder: str

    def of(self, name: str) -> Any:
        """What the metrics file says of the run under a name; None where it says nothing."""
        return getattr(self.metrics, name, None)


@dataclass(frozen=True)
class Cell:
    """One of our figures as a fraction or count: mean and std (None over one run), or why it is missing."""

    value: float | None = None
    std: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Line:
    """A row of the comparison: labels, printed figures by key, ours by key, and where ours come from."""

    labels: tuple[str, ...]
    published: Mapping[str, str]
    ours: Mapping[str, Cell]
    data: str = ""
    runs: tuple[str, ...] = ()
    provenance: str = ""


def beside(
    table: PaperTable, runs: Sequence[Path], costs: Mapping[str, Mapping[str, int]] | None = None
) -> tuple[list[Line], list[str]]:
    """The lines of a table and notes on runs that have no place in it.

    `costs` are params and macs by run folder. Raises RunError for a folder without figures.
    """
    facts, notes = _facts(table, runs)
    groups: dict[tuple[str, ...], list[Fact]] = {}
    for fact in facts:
        groups.setdefault(tuple(repr(fact.of(name)) for name in (*_NETWORK, *_PLACE)), []).append(fact)
    if table.cross:
        groups = _pair_up(groups)
    left = list(groups.values())
    columns = table.ours or table.columns
    lines = []
    for row in table.rows:
        mine = [group for group in left if row.match and matches(group[0], row.match, table.defaults)]
        first = _line(table, columns, mine[0], costs) if mine else None
        lines.append(_joined(row, first))
        lines += [_extra(table, _line(table, columns, group, costs), group) for group in mine[1:]]
        left = [group for group in left if not any(group is other for other in mine)]
    lines += [_extra(table, _line(table, columns, group, costs), group) for group in left]
    return lines, notes


def matches(fact: Fact, wanted: Mapping[str, Any], defaults: Mapping[str, Any]) -> bool:
    """Whether a run's facts meet a match: equal, or one of a list; modalities as a set; options by name."""
    for name, value in wanted.items():
        if name == "options":
            known = {**defaults, **fact.metrics.options}
            if any(known.get(option) != choice for option, choice in value.items()):
                return False
        elif name == "modalities":
            if set(fact.metrics.modalities) != set(value):
                return False
        elif fact.of(name) != value and not (isinstance(value, list) and fact.of(name) in value):
            return False
    return True


def _facts(table: PaperTable, runs: Sequence[Path]) -> tuple[list[Fact], list[str]]:
    facts: list[Fact] = []
    notes, aside = [], 0
    for folder in runs:
        names = sorted(folder.glob("metrics-cross-*.json")) if table.cross else [folder / "metrics.json"]
        if not names:
            notes.append(f"{folder} was not evaluated with --cross")
        for place in names:
            if not place.is_file():
                raise RunError(f"{folder} has no {place.name}; run {command('evaluate', '--run', folder)}")
            metrics = read_metrics(place)
            if table.level not in metrics.by_level:
                raise RunError(
                    f"{place} has no figures per {table.level}; run {command('evaluate', '--run', folder)}"
                )
            fact = Fact(metrics, str(folder))
            if matches(fact, table.match, table.defaults):
                facts.append(fact)
            else:
                aside += 1
    if aside:
        wanted = ", ".join(f"{name} {value}" for name, value in table.match.items())
        notes.append(f"{aside} run(s) have no place here: the table is about {wanted}")
    return facts, notes


def _pair_up(
    groups: Mapping[tuple[str, ...], list[Fact]],
) -> dict[tuple[str, ...], list[Fact]]:
    """Cross tests there and back of one network's name in one group; the first direction seen is 'there'."""
    paired: dict[tuple[str, ...], list[Fact]] = {}
    for group in groups.values():
        first = group[0].metrics
        pair = sorted((first.source, first.dataset))
        paired.setdefault((first.model, first.supervision, *pair), []).extend(group)
    return paired


def _line(
    table: PaperTable,
    columns: Sequence[Column],
    group: Sequence[Fact],
    costs: Mapping[str, Mapping[str, int]] | None,
) -> Line:
    cells = {}
    for column in columns:
        members = list(group)
        if table.cross:
            printed = [c.direction for c in table.columns if c.direction]
            there = (group[0].metrics.source, group[0].metrics.dataset)
            if {there, there[::-1]} & set(printed):
                there = printed[0]  # the paper's own pair stands in the paper's order
            wanted = there if column.key.startswith("first") else there[::-1]
            members = [fact for fact in members if (fact.metrics.source, fact.metrics.dataset) == wanted]
        cells[column.key] = _cell(table, column, members, costs)
    return Line((), {}, cells, _data(table, group), tuple(fact.folder for fact in group), _origin(group))


def _cell(
    table: PaperTable,
    column: Column,
    members: Sequence[Fact],
    costs: Mapping[str, Mapping[str, int]] | None,
) -> Cell:
    if not members:
        return Cell(reason="not measured")
    if column.name in ("params", "macs"):
        found = (costs or {}).get(members[0].folder)
        return Cell(float(found[column.name])) if found else Cell(reason="not counted")
    by_seed: dict[int, list[float]] = {}
    for fact in members:
        figures, name = _figures(table, column, fact.metrics)
        if figures is None:
            return Cell(reason="not measured")
        value = figures.rate(name)
        if value is None:
            return Cell(reason=figures.reason(name) or "undefined")
        by_seed.setdefault(fact.metrics.seed, []).append(value)
    means = [summarize_folds(found)[0] for found in by_seed.values()]
    if len(members) == 1:
        return Cell(means[0])
    if len(means) == 1:
        return Cell(*summarize_folds(next(iter(by_seed.values()))))
    return Cell(*summarize_folds(means))


def _figures(table: PaperTable, column: Column, metrics: Metrics) -> tuple[Figures | None, str]:
    """The figures that a column is about, and the name it goes by there."""
    name: str = column.name
    report: Report | None = metrics
    if name.startswith("target_eer."):
        report, name = metrics.target_eer, name.removeprefix("target_eer.")
    figures = None if report is None else report.by_level.get(table.level)
    return figures, POOLED.get(name, name) if table.pooled else name


def _joined(row: Row, ours: Line | None) -> Line:
    if ours is None:
        return Line(row.labels, row.values, {})
    return Line(row.labels, row.values, ours.ours, ours.data, ours.runs, ours.provenance)


def _extra(table: PaperTable, line: Line, group: Sequence[Fact]) -> Line:
    """A line of ours alone, its labels filled from the run's facts."""
    labels = tuple(_label(group[0], label.fact) for label in table.labels)
    return Line(labels, {}, line.ours, line.data, line.runs, line.provenance)


def _label(fact: Fact, name: str | None) -> str:
    if name is None:
        return ""
    value = fact.of(name)
    return "+".join(value) if isinstance(value, tuple) else str(value)


def _data(table: PaperTable, group: Sequence[Fact]) -> str:
    """What ours were measured on, with the folds and seeds there are."""
    first = group[0].metrics
    if table.cross:
        pairs = (f"{fact.metrics.source} -> {fact.metrics.dataset}" for fact in group)
        return ", ".join(dict.fromkeys(pairs))
    divided = first.protocol not in ("None", "none")
    parts = [f"{first.dataset} p{first.protocol}" if divided else first.dataset]
    expected = expected_folds(first.dataset, first.protocol)
    folds = {fact.metrics.fold for fact in group} - {None}
    if expected:
        parts.append(f"{len(folds)} of {len(expected)} folds")
    elif len(folds) > 1:
        parts.append(f"{len(folds)} folds")
    seeds = {fact.metrics.seed for fact in group}
    if len(seeds) > 1:
        parts.append(f"{len(seeds)} seeds")
    return ", ".join(parts)


def _origin(group: Iterable[Fact]) -> str:
    origins = (f"{fact.metrics.threshold_rule}: {fact.metrics.threshold_provenance}" for fact in group)
    return "; ".join(dict.fromkeys(origins))
