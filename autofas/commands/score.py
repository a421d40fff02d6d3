"""autofas score: error rates from any model's score file."""

import argparse
from pathlib import Path
from typing import Any

from autofas.commands import common

HELP = "APCER, BPCER, ACER of any model's score file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "scores",
        metavar="FILE",
        help="CSV with path,video,subject,pai,score (session, device), 'score label' lines, or bob's CSV",
    )
    parser.add_argument("--dev", metavar="FILE", help="scores of the dev split, which set the threshold")
    common.add_judging_arguments(parser)
    parser.add_argument(
        "--interpolate",
        action="store_true",
        help="also print TPR at FPR interpolated between ROC points, as public CASIA-SURF code does",
    )
    parser.add_argument("--out", metavar="STEM", help="also write STEM.json, STEM.csv and STEM-breakdown.csv")


def run(args: argparse.Namespace) -> Any:
    """Read, judge, print."""
    from autofas.commands.figure_tables import breakdown_table, figures_table
    from autofas.errors import MetricError
    from autofas.evaluation.breakdown import CONDITIONS
    from autofas.evaluation.judgement import FPRS
    from autofas.evaluation.report import METRICS_VERSION, breakdown_text, figures_text, report
    from autofas.metrics import DEV_RULES, read_columns, read_scores, tpr_at_fpr_interpolated
    from autofas.runs.record import file_sha256
    from autofas.storage.files import write_json, write_text

    table = read_scores(args.scores)
    dev = read_scores(args.dev) if args.dev else None
    terms = common.judging(args, [table], args.threshold_value)
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
    values = {
        "model": args.scores,
        "dataset": "",
        "split": "",
        **report(table, dev, terms, read_columns(args.scores, CONDITIONS)),
        "scores_sha256": file_sha256(Path(args.scores)),
        "dev_scores_sha256": file_sha256(Path(args.dev)) if args.dev else None,
    }
    print(figures_table([values]))
    if args.interpolate:
        judged = table.at_level(terms.level)
        rates = {f"{fpr:g}": tpr_at_fpr_interpolated(judged.scores, judged.pais, fpr) for fpr in FPRS}
        values["tpr_at_fpr_interpolated"] = rates
        shown = (f"TPR {100 * rate:.2f} % at FPR {fpr}" for fpr, rate in rates.items())
        print(f"interpolated: {', '.join(shown)}")
    print(f"\n{breakdown_table(values['breakdown'])}")
    if args.out:
        write_json(Path(f"{args.out}.json"), {"schema_version": METRICS_VERSION, **values})
        write_text(Path(f"{args.out}.csv"), figures_text(values))
        write_text(Path(f"{args.out}-breakdown.csv"), breakdown_text(values["breakdown"]))
        print(f"written  {args.out}.json, {args.out}.csv, {args.out}-breakdown.csv")
    return values
