"""autofas score: the figures of any model's score file."""

import argparse
from typing import Any

HELP = "APCER, BPCER, ACER of any model's score file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "scores", metavar="FILE", help="path,video,subject,pai,score; 'score label' lines; or bob's CSV"
    )
    parser.add_argument("--dev", metavar="FILE", help="scores of the dev split, which set the threshold")
    parser.add_argument("--threshold", choices=("dev-eer", "dev-min-acer", "fixed", "test-eer"))
    parser.add_argument("--threshold-value", type=float, help="the threshold of --threshold fixed")
    parser.add_argument("--pais", choices=("family", "instrument"), default="family")
    parser.add_argument("--level", choices=("video", "frame"), help="default: video where videos are known")


def run(args: argparse.Namespace) -> Any:
    """Read, judge, print."""
    from autofas.commands.tables import figures_table
    from autofas.errors import MetricError
    from autofas.evaluation.figures import at_level, choose_threshold, figures
    from autofas.metrics import read_scores

    table = read_scores(args.scores)
    dev = read_scores(args.dev) if args.dev else None
    rule = args.threshold or ("fixed" if args.threshold_value is not None else "dev-eer")
    if rule.startswith("dev") and dev is None:
        raise MetricError(
            f"the threshold rule {rule} needs the dev split's scores: give --dev FILE, "
            "--threshold-value X, or --threshold test-eer (which tunes on test)"
        )
    level = args.level or ("video" if any(table.videos) else "frame")
    judged = at_level(table, level)
    judged_dev = None if dev is None else at_level(dev, level)
    threshold = choose_threshold(rule, args.pais, judged_dev, judged, args.threshold_value)
    values = {
        "model": args.scores,
        "dataset": "",
        "split": "",
        "level": level,
        **figures(judged, threshold, args.pais),
    }
    print(figures_table([values]))
    return values
