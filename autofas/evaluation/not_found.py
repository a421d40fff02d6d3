"""Presentations that `prepare` found no face in: attack and bona fide non-responses (ISO/IEC 30107-3).

A network never sees them, so error rates say nothing of them. `prepare` lists them in `skipped.csv` beside
the manifest it makes; they are divided by the run's protocol together with the faces.
"""

import csv
from dataclasses import replace

import pandas as pd

from autofas.data.opening import OpenedDatasets
from autofas.errors import DataError
from autofas.evaluation.evaluate import Evaluation
from autofas.evaluation.figures import Metrics
from autofas.evaluation.judgement import Terms, non_responses
from autofas.metrics import Unscored

SKIPPED = "skipped.csv"


def with_non_responses(evaluation: Evaluation, datasets: OpenedDatasets) -> Metrics:
    """The figures of an evaluation with APNRR and BPNRR of its split at every level.

    Raises DataError where the data are not faces that `prepare` made, or where the split cannot be told for
    what it skipped.
    """
    metrics = evaluation.figures
    unscored = unscored_of(evaluation, datasets)
    terms = Terms(**metrics.terms.model_dump())
    by_level = {
        level: figures.model_copy(
            update={"non_responses": non_responses(evaluation.scores, unscored, replace(terms, level=level))}
        )
        for level, figures in metrics.by_level.items()
    }
    found = by_level[metrics.level].non_responses
    return metrics.model_copy(update={"by_level": by_level, "non_responses": found})


def unscored_of(evaluation: Evaluation, datasets: OpenedDatasets) -> Unscored:
    """Videos and PAIs of the split's rows without a face. Raises DataError."""
    config, split = evaluation.data, evaluation.figures.split
    whole = datasets.whole(config)
    place = whole.manifest.root / SKIPPED
    if not place.is_file():
        raise DataError(
            f"{place} is not there: --count-non-responses counts what autofas prepare found no face in, so "
            "the run's data must be a manifest that it made"
        )
    if config.frames_per_video is not None:
        raise DataError("--count-non-responses counts every frame; leave --frames-per-video out")
    with place.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    faces = whole.manifest.table
    if not rows:
        return Unscored()
    skipped = pd.DataFrame(rows)
    if "subject" not in skipped:
        raise DataError(f"{place} does not say whom its rows show; run autofas prepare again")
    skipped["frame"] = skipped["frame"].astype("int64")
    skipped["path"] = "skipped/" + skipped["path"]  # never the name of a face's file
    columns = [name for name in skipped if name in faces]
    table = pd.concat([faces, skipped[columns]], ignore_index=True).fillna("")
    table.index = pd.RangeIndex(2, len(table) + 2, name="line")
    every = replace(whole, manifest=replace(whole.manifest, table=table)).divide(
        config.protocol, config.fold, seed=config.split_seed, shared_subjects=config.shared_subjects
    )
    rows_of_split = every.split(split)
    lost = rows_of_split["path"].str.startswith("skipped/")
    if list(rows_of_split["path"][~lost]) != evaluation.scores.paths:
        raise DataError(
            f"{place}: protocol {every.protocol} draws its {split} split, and with the people in this file "
            "it draws another; name the splits in the manifest"
        )
    found = rows_of_split[lost]
    return Unscored(list(found["video"]), list(found["pai"]))
