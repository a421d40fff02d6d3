"""Labels by path from a manifest or a list of paths and labels, for scores that come without any."""

import os
from pathlib import Path

from autofas.data.label_lists import label_of, read_label_list
from autofas.data.manifests.manifest import REQUIRED, read_manifest
from autofas.errors import DataError
from autofas.metrics.path_labels import Labelled, PathLabels
from autofas.storage.files import bounded_lines
from autofas.storage.table_text import TableText, encoding_of


def read_labels(place: str | os.PathLike[str], bona_fide_is: str | None = None) -> PathLabels:
    """The labels of a manifest, or of a list in which `bona_fide_is` (1 unless said) marks bona fide.

    Raises DataError in one line; also for a path that stands there with two labels.
    """
    source = Path(place)
    if not source.is_file():
        raise DataError(f"{source}: no such list or manifest; --labels names a file with a path and a label")
    if _is_manifest(source):
        if bona_fide_is is not None:
            raise DataError(f"{source}: a manifest calls bona fide bona_fide; leave --bona-fide-is out")
        table = read_manifest(source).table
        columns = [table[name] for name in ("path", "pai", "video", "subject", "split")]
        found = [(path, Labelled(*rest)) for path, *rest in zip(*columns, strict=True)]
    else:
        found = [
            (_first(one.path), Labelled(label_of(one.label, bona_fide_is or "1"), "", one.subject, one.split))
            for one in read_label_list(source, folders=True)
        ]
    rows: dict[str, Labelled] = {}
    for path, row in found:
        if rows.setdefault(path, row).pai != row.pai:
            raise DataError(f"{source}: {path} stands there as {rows[path].pai} and as {row.pai}; keep one")
    return PathLabels(str(source), str(source.parent), rows)


def _is_manifest(source: Path) -> bool:
    """Whether the first row names a manifest's columns."""
    with source.open(encoding=encoding_of(source), newline="") as stream:
        first = next(iter(TableText(bounded_lines(stream, str(source), DataError), REQUIRED)), [])
    return {"path", "pai", "subject", "video"} <= {cell.strip().lower() for cell in first}


def _first(path: str) -> str:
    """The first of several paths that stand in one line, of the modalities of a presentation."""
    words = path.split()
    return words[0] if all("." in word and "/" in word for word in words) else path
