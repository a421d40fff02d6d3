"""Presentations that `prepare` found no face in: attack and bona fide non-responses (ISO/IEC 30107-3).

A network never sees them, so error rates say nothing of them. `prepare` lists them in `skipped.csv` beside
the manifest it makes; they are divided by the run's protocol together with the faces. A run folder keeps
those of each split that was judged, so that APNRR and BPNRR can be found again without the data.
"""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from autofas.config.data import DataConfig
from autofas.data.joined import name_of, places_of, with_origin
from autofas.data.opening import OpenedDatasets
from autofas.errors import DataError, MetricError
from autofas.metrics import Unscored
from autofas.metrics.pai_labels import encode_labels
from autofas.storage.files import whole_file
from autofas.storage.schema import read_text

SKIPPED = "skipped.csv"
COLUMNS = ["video", "pai"]


def unscored_of(
    config: DataConfig, split: str, datasets: OpenedDatasets, faces_of_split: Sequence[str]
) -> Unscored:
    """Videos and PAIs of a split's rows without a face; `faces_of_split` are the paths of those with one.

    Raises DataError where the data are not faces that `prepare` made, or where the split cannot be told for
    what it skipped.
    """
    if config.frames_per_video is not None:
        raise DataError("--count-non-responses counts every frame; leave --frames-per-video out")
    whole = datasets.whole(config)
    place, skipped = _skipped_of(config.dataset, whole.manifest.root)
    if skipped.empty:
        return Unscored()
    faces = whole.manifest.table
    columns = [name for name in skipped if name in faces]
    table = pd.concat([faces, skipped[columns]], ignore_index=True).fillna("")
    table.index = pd.RangeIndex(2, len(table) + 2, name="line")
    every = replace(whole, manifest=replace(whole.manifest, table=table)).divide(
        config.protocol, config.fold, seed=config.split_seed, shared_subjects=config.shared_subjects
    )
    rows_of_split = every.split(split)
    lost = rows_of_split["path"].str.startswith("skipped/")
    if list(rows_of_split["path"][~lost]) != list(faces_of_split):
        raise DataError(
            f"{place}: protocol {every.protocol} draws its {split} split, and with the people in this file "
            "it draws another; name the splits in the manifest"
        )
    found = rows_of_split[lost]
    return Unscored(list(found["video"]), list(found["pai"]))


def non_responses_name(label: str) -> str:
    """The run folder's file of the presentations without a score that were counted for a split."""
    return f"non-responses-{label}.csv"


def write_unscored(place: Path, unscored: Unscored) -> None:
    """Write the presentations without a score, a row each."""
    with whole_file(place) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(zip(unscored.videos, unscored.pais, strict=True))


def read_unscored(place: Path) -> Unscored:
    """What `write_unscored` wrote; raises MetricError naming the file."""
    header, *rows = list(csv.reader(read_text(place, MetricError).splitlines())) or [[]]
    if header != COLUMNS or any(len(row) != len(COLUMNS) for row in rows):
        raise MetricError(f"{place}: not a file of presentations without a score (columns video, pai)")
    pais = [pai for _, pai in rows]
    try:
        encode_labels(pais)
    except MetricError as reason:
        raise MetricError(f"{place}: {reason}") from None
    return Unscored([video for video, _ in rows], pais)


def _skipped_of(dataset: str, root: Path) -> tuple[Path, pd.DataFrame]:
    """The rows that prepare passed over in a data set, or in each of several joined, and where they stand."""
    manifests = places_of(dataset)
    if not manifests:
        return root / SKIPPED, _skipped(root / SKIPPED)
    found = [(name_of(place), _skipped(place.resolve().parent / SKIPPED)) for place in manifests]
    parts = [with_origin(skipped, name) for name, skipped in found if not skipped.empty]
    return root, pd.concat(parts, ignore_index=True).fillna("") if parts else pd.DataFrame()


def _skipped(place: Path) -> pd.DataFrame:
    """The rows that prepare passed over, under paths that no face's file has. Raises DataError."""
    if not place.is_file():
        raise DataError(
            f"{place} is not there: --count-non-responses counts what autofas prepare found no face in, so "
            "the data that are judged must be a manifest that it made"
        )
    with place.open(encoding="utf-8", newline="") as stream:
        skipped = pd.DataFrame(list(csv.DictReader(stream)))
    if skipped.empty:
        return skipped
    if "subject" not in skipped:
        raise DataError(f"{place} does not say whom its rows show; run autofas prepare again")
    return skipped.assign(frame=skipped["frame"].astype("int64"), path="skipped/" + skipped["path"])
