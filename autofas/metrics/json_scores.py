"""JSON lines of scores as a table: one object a line, or all in one list.

The keys of the first object name the columns, by the names that a first row of text may have
(`score_headers`). Every object holds those that are judged; further ones may be left out.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from autofas.errors import MetricError
from autofas.metrics.score_headers import label_columns, path_column, read_header, score_columns

NO_LABELS = "where labels stand in a list of their own, give it with --labels LIST"
_OTHER_LABELS = ("labels", "y_true", "target", "class")
"""What `pai` says more plainly where both stand."""


def read_objects(
    lines: Sequence[tuple[int, str]], source: str, *, labelled: bool
) -> list[tuple[int, list[str]]]:
    """The names of columns and then the cells of every object, each with its number; null is an empty cell.

    `labelled` objects hold a score and a label, others a path and a score. Raises MetricError, one line.
    """
    objects = list(_objects(lines, source))
    if not objects:
        raise MetricError(f"{source} holds no score; its list is empty")
    names = list(objects[0][1])
    if "pai" in names:
        names = [name for name in names if name not in _OTHER_LABELS]
    needed = _judged(names, labelled)
    expected = "score and either pai or label" if labelled else "a path and a score"
    if labelled and not needed and _judged(names, labelled=False):
        expected += f" ({NO_LABELS})"
    for number, values in objects:
        if not needed or not needed <= values.keys() or (labelled and {"pai", "label"} <= values.keys()):
            held = ", ".join(values) or "nothing"
            raise MetricError(f"{source}, row {number}: a JSON line holds {expected}; this one holds {held}")
    cells = [(number, [_text(values.get(name)) for name in names]) for number, values in objects]
    return [(objects[0][0], names), *cells]


def _judged(names: list[str], labelled: bool) -> set[str]:
    """The keys that every object must hold; none where the first does not tell what to judge."""
    if labelled:
        header = read_header(names)
        return set() if header is None else {header.score, header.label}
    path, scores, labels = path_column(names), score_columns(names), label_columns(names)
    if labels:
        return {names[labels[0]]}  # refused by its name
    return set() if path is None or len(scores) != 1 else {names[path], names[scores[0]]}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _objects(lines: Sequence[tuple[int, str]], source: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a file, one a line or all in one list, with their numbers."""
    if lines[0][1].lstrip().startswith("["):
        found = _parsed("\n".join(line for _, line in lines), f"{source}: the list")
        for number, values in enumerate(found if isinstance(found, list) else [found], start=1):
            yield number, _plain_object(values, f"{source}, object {number}")
    else:
        for number, line in lines:
            yield number, _plain_object(_parsed(line, f"{source}, row {number}"), f"{source}, row {number}")


def _parsed(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MetricError(f"{place}: not a JSON object ({error})") from None


def _plain_object(values: Any, place: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise MetricError(f"{place}: not a JSON object")
    nested = [key for key, value in values.items() if isinstance(value, (dict, list, bool))]
    if nested:
        raise MetricError(f"{place}: {nested[0]} is {values[nested[0]]!r}; give a text or a number")
    return values
