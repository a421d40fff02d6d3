"""Score files of several models brought to the same presentations in the same order.

Rows are matched by path where every file knows paths, else by video, else, without any names, by position;
the labels must then agree row for row. A presentation that one file lacks is an error: figures over what is
left would belong to no test.
"""

from collections.abc import Sequence
from dataclasses import replace

from autofas.errors import MetricError
from autofas.metrics import Level, ScoreTable


def align(tables: Sequence[ScoreTable], names: Sequence[str]) -> list[ScoreTable]:
    """The tables with the rows of the first, in its order; `names` tell the files apart in errors.

    Raises MetricError for a presentation that a file lacks or has twice, and for labels, subjects or videos
    that differ.
    """
    if not tables:
        raise MetricError("no score file was given; give at least one")
    keys = [_keys(table, tables) for table in tables]
    if keys[0] is None:
        for table, name in zip(tables[1:], names[1:], strict=True):
            if len(table) != len(tables[0]):
                raise MetricError(
                    f"{name} has {len(table)} scores and {names[0]} {len(tables[0])}; without paths or "
                    "videos rows are matched by position"
                )
        aligned = list(tables)
    else:
        aligned = [tables[0]]
        _unique(keys[0], names[0])
        for table, own, name in zip(tables[1:], keys[1:], names[1:], strict=True):
            assert own is not None  # all tables have keys or none has
            aligned.append(_ordered(table, own, keys[0], name, names[0]))
    for table, name in zip(aligned[1:], names[1:], strict=True):
        _agree(tables[0], table, names[0], name)
    return aligned


def align_at(level: Level, tables: Sequence[ScoreTable], names: Sequence[str]) -> list[ScoreTable]:
    """The tables at a level, aligned; videos by name, not by a frame's path."""
    judged = [table.at_level(level) for table in tables]
    if level == "video":
        judged = [replace(table, paths=[""] * len(table)) for table in judged]
    return align(judged, names)


def _keys(table: ScoreTable, tables: Sequence[ScoreTable]) -> list[str] | None:
    if all(all(other.paths) for other in tables):
        return table.paths
    if all(all(other.videos) for other in tables):
        return table.videos
    return None


def _unique(keys: Sequence[str], name: str) -> None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise MetricError(f"{name} has {key!r} twice; its rows cannot be matched with another file's")
        seen.add(key)


def _ordered(
    table: ScoreTable, own: Sequence[str], wanted: Sequence[str], name: str, first: str
) -> ScoreTable:
    _unique(own, name)
    place = {key: index for index, key in enumerate(own)}
    lacking = [key for key in wanted if key not in place]
    if lacking:
        raise MetricError(
            f"{name} has no score for {lacking[0]!r}, which {first} has ({len(lacking)} such rows)"
        )
    if len(own) > len(wanted):
        known = set(wanted)
        extra = next(key for key in own if key not in known)
        raise MetricError(
            f"{name} has a score for {extra!r}, which {first} lacks ({len(own) - len(wanted)} such rows)"
        )
    order = [place[key] for key in wanted]
    columns = (table.paths, table.videos, table.subjects, table.pais)
    paths, videos, subjects, pais = ([column[index] for index in order] for column in columns)
    return ScoreTable(paths, videos, subjects, pais, table.scores[order])


def _agree(one: ScoreTable, other: ScoreTable, first: str, second: str) -> None:
    for what in ("pais", "subjects", "videos"):
        ours, theirs = getattr(one, what), getattr(other, what)
        if what != "pais" and not (any(ours) and any(theirs)):
            continue
        for index, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            if a != b:
                where = one.paths[index] or one.videos[index] or f"row {index}"
                raise MetricError(
                    f"{where}: {first} says {what.removesuffix('s')} {a!r}, {second} {b!r}; mend one of them"
                )
