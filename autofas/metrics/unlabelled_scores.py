"""Score files without labels, as challenges collect them, judged by a list of labels.

`color depth ir score` (CASIA-SURF, CVPR 2019), `path score` (CeFA, CVPR 2020), any further columns between a
path and a score that ends the line, files whose first row names a path and a score, `autofas predict`'s
among them, and JSON lines of both. Modalities after the first path name the same presentation and are not
looked up.
"""

from collections.abc import Sequence

from autofas.errors import MetricError
from autofas.metrics.path_labels import PathLabels
from autofas.metrics.score_headers import Header, label_columns, names_columns, path_column, score_columns
from autofas.metrics.score_rows import Rows, ScoreFile
from autofas.storage.media import is_media

Line = tuple[int, list[str]]
_LABEL_CELLS = frozenset({"0", "1", "-1", "+1", "0.0", "1.0", "bona_fide", "live", "real", "spoof", "attack"})


def read_unlabelled(lines: list[Line], rows: Rows, labels: PathLabels, *, named: bool = False) -> ScoreFile:
    """The rows of a file that has no labels, with those of their paths. Raises MetricError, one line.

    `named` says that the first line names the columns; without it that is told from what stands there.
    """
    path, score, lines, by = _columns(lines, rows, named)
    paths = [(number, cells[path]) for number, cells in lines]
    for (number, cells), (key, row) in zip(lines, labels.label(rows.source, paths), strict=True):
        names = {"path": key, "video": row.video, "subject": row.subject}
        rows.add(number, row.pai, cells[score], names)
    return rows.file(f"{rows.source}: read as 'path score'{by}, labels by path from {labels.source}")


def _columns(lines: list[Line], rows: Rows, named: bool) -> tuple[int, int, list[Line], str]:
    """The columns of paths and of scores, the lines below a row of names, and words for such a row."""
    table = [cells for _, cells in lines]
    if named or names_columns(table):
        path, score = _named(lines[0], rows)
        lines = _largest_faces(lines[0][1], lines[1:])
        by = " of JSON lines" if named else " by the names in row 1"
    else:
        places = range(len(table[0]))
        files = [place for place in places if is_media(table[0][place]) or "/" in table[0][place]] or [0]
        others = [place for place in places if place not in files]
        if not others:
            raise MetricError(f"{rows.source}, row {lines[0][0]}: expected a path and a score")
        path, score, by = files[0], others[-1], ""
        for place in others[:-1]:
            if all(cells[place] in _LABEL_CELLS for cells in table):
                raise MetricError(_has_labels(rows.source, f"column {place + 1}"))
    return path, score, lines, by


def _named(first: Line, rows: Rows) -> tuple[int, int]:
    number, cells = first
    place = f"{rows.source}, row {number}"
    if found := label_columns(cells):
        raise MetricError(_has_labels(rows.source, f"column {cells[found[0]]}"))
    path, scores = path_column(cells), score_columns(cells)
    if path is None or len(scores) != 1:
        raise MetricError(f"{place}: {', '.join(cells)} are not a path and a score; call them path and score")
    header = Header({}, cells[scores[0]], "")
    header.require_stated(rows.conventions, rows.source)
    rows.measured = header.unusual_score
    return path, scores[0]


def _largest_faces(names: Sequence[str], lines: list[Line]) -> list[Line]:
    """Of the CSV of `autofas predict` the rows of each picture's largest face; of others all."""
    if not {"source", "frame", "face"} <= set(names):
        return lines
    frame, face = names.index("frame"), names.index("face")
    return [line for line in lines if line[1][frame] != "mean" and line[1][face] in ("", "0")]


def _has_labels(source: str, column: str) -> str:
    return f"{source}: {column} holds labels already; leave --labels out"
