"""autofas score: error rates from any model's score file."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autofas.commands import common

if TYPE_CHECKING:
    from autofas.evaluation.figures import ScoresReport
    from autofas.evaluation.judgement import Terms
    from autofas.metrics import ScoreFile, ScoreTable

HELP = "APCER, BPCER, ACER of any model's score file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "scores",
        metavar="FILE",
        help="CSV with path,video,subject,pai,score (session, device), bob's CSV or columns, JSON lines, "
        "'score label' or 'path score label'",
    )
    parser.add_argument(
        "--dev", metavar="FILE", help="scores of the dev split, which set the threshold (default: none)"
    )
    common.add_judging_arguments(parser)
    common.add_score_file_arguments(parser)
    parser.add_argument(
        "--interpolate",
        action="store_true",
        help="also print TPR at FPR interpolated between ROC points, as public CASIA-SURF code does",
    )
    parser.add_argument(
        "--out",
        metavar="STEM",
        help="also write STEM.json, STEM.csv and STEM-breakdown.csv (default: not written)",
    )


def run(args: argparse.Namespace) -> Any:
    """Read, judge, print."""
    from autofas.commands.figure_tables import Row, breakdown_table, figures_table
    from autofas.evaluation.breakdown import CONDITIONS
    from autofas.evaluation.figures import ScoresReport
    from autofas.evaluation.report import report
    from autofas.runs.record import file_sha256

    file, dev_file = _read(args, CONDITIONS)
    table, dev = file.table, None if dev_file is None else dev_file.table
    terms = common.judging(args, [table], args.threshold_value)
    _check_dev(args, terms, table, dev)
    read = [one.told for one in (file, dev_file) if one is not None and one.told]
    with _told_if_not_judged(read):
        rates = _interpolated(table.at_level(terms.level)) if args.interpolate else None
        judged = report(table, dev, terms, file.columns, file.unscored if args.count_non_responses else None)
    found = ScoresReport(
        **dict(judged),
        model=args.scores,
        scores_sha256=file_sha256(Path(args.scores)),
        dev_scores_sha256=file_sha256(Path(args.dev)) if args.dev else None,
        labels_sha256=file_sha256(Path(args.labels)) if args.labels else None,
        tpr_at_fpr_interpolated=rates,
    )
    print(figures_table([Row(args.scores, found)]))
    for told in read:
        print(told)
    if rates is not None:
        shown = (f"TPR {100 * rate:.2f} % at FPR {fpr}" for fpr, rate in rates.items())
        print(f"interpolated: {', '.join(shown)}")
    print(f"\n{breakdown_table(found.breakdown)}")
    if args.out:
        _write(args.out, found)
    return found.to_json()


@contextmanager
def _told_if_not_judged(read: list[str]) -> Iterator[None]:
    """How the files were read is part of the error where it may be what is wrong."""
    from autofas.errors import MetricError

    try:
        yield
    except MetricError as error:
        raise MetricError("; ".join([str(error), *read])) from None


def _read(args: argparse.Namespace, further: "Sequence[str]") -> "tuple[ScoreFile, ScoreFile | None]":
    """The score file and that of dev, with the labels that stand beside the scores or in --labels."""
    from autofas.data.labels_by_path import read_labels
    from autofas.metrics import Unscored, read_score_file

    conventions = common.conventions(args)
    labels = read_labels(args.labels, args.bona_fide_is) if args.labels else None
    file = read_score_file(args.scores, conventions, further, labels)
    dev = read_score_file(args.dev, conventions, (), labels) if args.dev else None
    if labels is None:
        return file, dev
    if not args.count_non_responses:
        for name in filter(None, (args.scores, args.dev)):
            labels.require_all(name, ", or give --count-non-responses to count what has no score")
    lost, found = labels.without_score(args.scores), file.unscored
    return replace(file, unscored=Unscored(found.videos + lost.videos, found.pais + lost.pais)), dev


def _check_dev(
    args: argparse.Namespace, terms: "Terms", table: "ScoreTable", dev: "ScoreTable | None"
) -> None:
    """The threshold has a dev set where it needs one, and nobody in it whom it judges."""
    from autofas.errors import MetricError
    from autofas.metrics import DEV_RULES

    if terms.rule in DEV_RULES and dev is None:
        raise MetricError(
            f"the threshold rule {terms.rule} needs the dev split's scores: give --dev FILE, "
            "--threshold-value X, or --threshold test-eer (which tunes on test)"
        )
    if dev is not None and (shared := {*dev.subjects} & {*table.subjects} - {""}):
        raise MetricError(
            f"{args.dev} and {args.scores} share subject {min(shared)}; the threshold would be set on "
            "someone it judges"
        )


def _interpolated(table: "ScoreTable") -> dict[str, float]:
    from autofas.evaluation.judgement import FPRS
    from autofas.metrics import tpr_at_fpr_interpolated

    return {f"{fpr:g}": tpr_at_fpr_interpolated(table.scores, table.pais, fpr) for fpr in FPRS}


def _write(stem: str, found: "ScoresReport") -> None:
    from autofas.evaluation.figures import METRICS_VERSION
    from autofas.evaluation.report import breakdown_text, figures_text
    from autofas.storage.files import write_json, write_text

    write_json(Path(f"{stem}.json"), {"schema_version": METRICS_VERSION, **found.to_json()})
    write_text(Path(f"{stem}.csv"), figures_text(found, dict(found)))
    write_text(Path(f"{stem}-breakdown.csv"), breakdown_text(found.breakdown))
    print(f"written  {stem}.json, {stem}.csv, {stem}-breakdown.csv")
