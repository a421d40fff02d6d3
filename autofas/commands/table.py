"""autofas table: a table from one of the papers, its published figures next to yours."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HELP = "show a paper's table (auto-fas-1, feathernets-2, afa-6, ...) next to your own figures"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "name", metavar="NAME", nargs="?", help="name of the table; lists all tables if omitted"
    )
    parser.add_argument(
        "runs",
        metavar="RUN",
        nargs="*",
        help="evaluated run folders; without any, only the published figures",
    )
    parser.add_argument("--markdown", action="store_true", help="as a Markdown table")


def run(args: argparse.Namespace) -> Any:
    """Print the table, ours on the right."""
    from autofas.analysis.terminal_tables import shown_list, shown_table
    from autofas.analysis.text_tables import markdown_table
    from autofas.evaluation.paper_comparison import beside
    from autofas.evaluation.paper_tables import published_names, published_table
    from autofas.storage.folders import closed_folder

    if args.name is None:
        tables = [published_table(name) for name in published_names()]
        print(shown_list({table.name: f"{table.paper}, {table.table}: {table.about}" for table in tables}))
        return [table.name for table in tables]
    table = published_table(args.name)
    runs = [closed_folder(Path(folder)) for folder in args.runs]
    lines, notes = beside(table, runs, _costs(table, runs))
    ours = table.ours or table.columns
    header = [label.title for label in table.labels]
    header += [column.title for column in table.columns]
    cells = [
        [*line.labels, *(line.published.get(column.key, "-") for column in table.columns)] for line in lines
    ]
    about = f"published on {table.dataset}"
    if runs:
        header += [*(f"ours {column.title}" for column in ours), "ours on"]
        for cell, line in zip(cells, lines, strict=True):
            cell += [shown(line.ours.get(column.key), column.unit) for column in ours]
            cell += [line.data or "-"]
        about += f"; ours per {table.level}{', attacks pooled' if table.pooled else ''}"
    numbers = [name for name in header[len(table.labels) :] if name != "ours on"]
    print(f"{table.paper}, {table.table}: {table.about}\n{about}\n")
    print((markdown_table if args.markdown else shown_table)(header, cells, numbers))
    for origin in dict.fromkeys(line.provenance for line in lines if line.provenance):
        print(f"ours: threshold {origin}")
    for reason in dict.fromkeys(
        f"{column.title}: {line.ours[column.key].reason}"
        for line in lines
        for column in ours
        if column.key in line.ours and line.ours[column.key].reason not in ("", "not measured")
    ):
        print(f"gap: {reason}")
    for note in notes:
        print(f"note: {note}")
    return {"table": table.name, "dataset": table.dataset, "rows": [_values(line) for line in lines]}


def shown(cell: Any, unit: str) -> str:
    """One of our figures in the table's unit, '-' for a gap."""
    if cell is None or cell.value is None:
        return "-"
    scale, digits = {
        "percent": (100, 2), "fraction": (1, 5), "million": (1e-6, 2), "mega": (1e-6, 2), "giga": (1e-9, 2)
    }[unit]  # fmt: skip
    text = f"{scale * cell.value:.{digits}f}"
    return text if cell.std is None else f"{text}±{scale * cell.std:.{digits}f}"


def _costs(table: Any, runs: Sequence[Path]) -> dict[str, Mapping[str, int]]:
    """Parameters and MACs of each run's network, where the table prints them."""
    if not any(column.name in ("params", "macs") for column in table.columns):
        return {}
    from autofas.analysis.records import network_cost
    from autofas.models.weights import WEIGHTS_FILE, load_network

    costs: dict[str, Mapping[str, int]] = {}
    for folder in runs:
        cost = network_cost(load_network(folder / WEIGHTS_FILE).network)
        costs[str(folder)] = {"params": cost.params, "macs": cost.macs}
    return costs


def _values(line: Any) -> dict[str, Any]:
    ours = {
        key: {"value": cell.value, "std": cell.std, "reason": cell.reason} for key, cell in line.ours.items()
    }
    return {
        "labels": list(line.labels),
        "published": dict(line.published),
        "ours": ours,
        "data": line.data,
        "runs": list(line.runs),
        "threshold_provenance": line.provenance,
    }
