"""The tables of benchmarks.search_step as Markdown: cases, growth, profile."""

from collections.abc import Sequence
from typing import Any

from autofas.analysis.text_tables import markdown_table

Row = dict[str, Any]
NNI = "NNI DARTS"
SECOND = ("fused, second", "fused, second-exact", "kernels, second")
LEGEND = (
    "A step is one architecture and one weight step; images/s counts the batches of both. MB: the process "
    "before its first step (base), at its highest (peak), the difference (step)."
)
FLOOR = (
    " What the kernels of a step read and write (moved) takes the floor's time at the bandwidth of a copy; "
    "utilisation is its share of the step."
)


def ratios(row: Row, reference: Row) -> dict[str, float]:
    """How many times faster `row` is than `reference`, and its shares of the reference's memory."""
    return {
        "speed": reference["seconds"] / row["seconds"],
        "cpu": reference["cpu_seconds"] / row["cpu_seconds"],
        "peak": row["peak_mb"] / reference["peak_mb"],
        "step": row["step_mb"] / reference["step_mb"],
    }


def with_ratios(rows: Sequence[Row]) -> list[Row]:
    """Each row with its ratios to the plain supernet of its K and threads; none for second orders."""
    plain = {(row["partial"], row["threads"]): row for row in rows if row["implementation"] == "plain"}
    return [
        row
        if row["implementation"] in SECOND
        else {**row, "against_plain": ratios(row, plain[row["partial"], row["threads"]])}
        for row in rows
    ]


def conclusions(rows: Sequence[Row]) -> list[str]:
    """Fused and kernels against NNI's DARTS, second orders against first, more threads against the fewest."""
    firsts = {(row["implementation"], row["partial"], row["threads"]): row for row in rows}
    lines = []
    for row in rows:
        kind = "kernels" if row["implementation"].startswith("kernels") else "fused"
        first = firsts[kind, row["partial"], row["threads"]]
        where = f"{_threads(row['threads'])}, K = {row['partial']}"
        if row["implementation"] == NNI:
            for own in ("fused", "kernels"):
                found = ratios(firsts[own, row["partial"], row["threads"]], row)
                lines.append(
                    f"{where}: {own} is {found['speed']:.2f}x as fast as NNI's DARTS ({found['cpu']:.2f}x by "
                    f"CPU seconds), with {found['peak']:.2f} of its peak memory and {found['step']:.2f} of "
                    f"what its steps add."
                )
        elif row["implementation"] in SECOND:
            times = row["seconds"] / first["seconds"]
            cpu = row["cpu_seconds"] / first["cpu_seconds"]
            lines.append(
                f"{where}: {row['implementation']} order takes {times:.2f}x the first order's time "
                f"({cpu:.2f}x by CPU seconds)."
            )
    return lines + _gains(rows)


def _gains(rows: Sequence[Row]) -> list[str]:
    """How much faster each supernet steps with more threads than with the fewest measured, a line each."""
    fewest: dict[tuple[str, int], Row] = {}
    lines = []
    for row in rows:
        kind = (row["implementation"], row["partial"])
        first = fewest.setdefault(kind, row)
        if row["threads"] > first["threads"]:
            gain = first["seconds"] / row["seconds"]
            lines.append(
                f"{row['implementation']}, K = {row['partial']}: {_threads(row['threads'])} take a step "
                f"{gain:.2f}x as fast as {_threads(first['threads'])}."
            )
    return lines


def case_page(rows: Sequence[Row], caption: str, notes: Sequence[str]) -> str:
    """The rows of one case: heading, conditions, table, what follows from it, `notes`."""
    first = rows[0]
    gpu = first["device"] == "cuda"
    header = (
        "threads", "supernet", "K", "s a step", "range", "CPU s", "images/s", "base MB", "peak MB",
        "step MB", "speed / plain", "by CPU s", "peak / plain", "step / plain",
        *(("moved MB", "floor s", "utilisation") if gpu else ()),
    )  # fmt: skip
    cells = []
    for row in rows:
        compared = ["-"] * 4
        if "against_plain" in row:
            found = row["against_plain"]
            speeds = [f"{found['speed']:.2f}x", f"{found['cpu']:.2f}x"]
            compared = [*speeds, f"{found['peak']:.2f}", f"{found['step']:.2f}"]
        cells.append(
            [
                "GPU" if gpu else str(row["threads"]),
                row["implementation"],
                str(row["partial"]),
                f"{row['seconds']:.3f}",
                "{:.3f}-{:.3f}".format(*row["seconds_range"]),
                f"{row['cpu_seconds']:.3f}",
                f"{row['images_per_second']:.2f}",
                *(f"{row[name]:.0f}" for name in ("base_mb", "peak_mb", "step_mb")),
                *compared,
                *(_floor(row) if gpu else ()),
            ]
        )
    side = first["size"]
    title = f"## {first['case']}: space {first['space']}, batch {first['batch']}, {side}x{side}"
    lines = "".join(f"- {line}\n" for line in [*conclusions(rows), *notes])
    table = markdown_table(header, cells, numeric=header[2:])
    legend = LEGEND + FLOOR if gpu else LEGEND
    return f"{title}\n\n{caption}\n\n{legend}\n\n{table}\n" + (f"\n{lines}" if lines else "")


def _floor(row: Row) -> list[str]:
    return [f"{row['moved_mb']:.0f}", f"{row['floor_seconds']:.4f}", f"{row['utilisation']:.2f}"]


def growth_page(title: str, key: str, rows: Sequence[Row], own: Row, caption: str) -> str:
    """Plain and fused against one quantity; `own` is the fused row of the case that it grows around."""
    header = (
        title, "plain s", "fused s", "speed", "plain peak MB", "fused peak MB", "plain step MB",
        "fused step MB", "step / plain", "fused time x", "fused step MB x",
    )  # fmt: skip
    cells = []
    for plain, fused in zip(rows[::2], rows[1::2], strict=True):
        found = ratios(fused, plain)
        cells.append(
            [
                str(fused[key]),
                f"{plain['seconds']:.3f}",
                f"{fused['seconds']:.3f}",
                f"{found['speed']:.2f}x",
                *(f"{row[name]:.0f}" for name in ("peak_mb", "step_mb") for row in (plain, fused)),
                f"{found['step']:.2f}",
                f"{fused['seconds'] / own['seconds']:.2f}",
                f"{fused['step_mb'] / own['step_mb']:.2f}",
            ]
        )
    return f"## Against {title}\n\n{caption}\n\n{markdown_table(header, cells, numeric=header)}\n"


def profile_page(rows: Sequence[Row], caption: str) -> str:
    """Seconds, share and calls of every kind of work in a step of each row."""
    first = rows[0]
    header = ["kind of work"]
    for row in rows:
        name = row["implementation"]
        header += [f"{name} s", f"{name} %", f"{name} calls"]
    cells = []
    for kind in first["profile"]["kinds"]:
        cells.append([kind])
        for row in rows:
            found = row["profile"]["kinds"][kind]
            share = 100 * found["seconds"] / row["profile"]["seconds"]
            cells[-1] += [f"{found['seconds']:.3f}", f"{share:.1f}", f"{found['calls']:.0f}"]
    lengths = {"a step": [row["profile"]["seconds"] for row in rows]}
    lengths["a step without the profiler"] = [row["seconds"] for row in rows]
    for name, seconds in lengths.items():
        cells.append([name, *(cell for value in seconds for cell in (f"{value:.3f}", "", ""))])
    side = first["size"]
    return (
        f"## {first['case']}: batch {first['batch']}, {side}x{side}, K = {first['partial']}, "
        f"{_threads(first['threads'])}\n\n{caption}\n\n"
        f"{markdown_table(header, cells, numeric=header[1:])}\n"
    )


def _threads(count: int) -> str:
    return f"{count} thread" + ("s" if count > 1 else "")
