"""autofas fuse: combine several models' score files into one, and judge it against the best member on dev."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autofas.commands import common

if TYPE_CHECKING:
    from autofas.evaluation.figures import FusionReport
    from autofas.metrics import Level

HELP = "fuse score files: mean, weighted, greedy (chosen on dev), or FeatherNets' cascade"
METHODS = ("mean", "weighted", "greedy", "cascade")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "members",
        metavar="MEMBER",
        nargs="+",
        help="run folders, or test score files of any model",
    )
    parser.add_argument("--method", choices=METHODS, default="mean", help="how to fuse (default: mean)")
    parser.add_argument(
        "--dev",
        metavar="FILE",
        nargs="+",
        help="dev score files, in the order of the members (default: those in the run folders)",
    )
    parser.add_argument(
        "--out", metavar="DIR", required=True, help="folder for the fused scores and the report"
    )
    parser.add_argument(
        "--weights",
        type=float,
        nargs="+",
        help="weights for --method weighted, which needs them, and for stage 1 of the cascade"
        " (default: equal)",
    )
    parser.add_argument("--steps", type=int, default=20, help="steps of --method greedy (default: 20)")
    common.add_judging_arguments(parser, rules=False)
    common.add_convention_arguments(parser)
    _add_cascade_arguments(parser)


def _add_cascade_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("cascade (FeatherNets, Algorithm 2)")
    group.add_argument(
        "--second", metavar="MEMBER", help="the model of stage 2, IR in the paper (default: none; needed)"
    )
    group.add_argument(
        "--second-dev", metavar="FILE", help="its dev scores (default: those in its run folder)"
    )
    group.add_argument(
        "--band",
        metavar=("LOW", "HIGH"),
        type=float,
        nargs=2,
        help="stage 1 scores between these go to stage 2 (default: none; this or --tune is needed)",
    )
    group.add_argument(
        "--second-threshold",
        type=float,
        help="a stage 2 score below this is final (default: none; goes with --band)",
    )
    group.add_argument(
        "--lead", type=int, default=1, metavar="N", help="which member leads (default: the first)"
    )
    group.add_argument(
        "--lead-threshold", type=float, help="a lead score below this is final (default: never)"
    )
    group.add_argument(
        "--middle",
        type=float,
        default=0.5,
        help="where the last step chooses between max and min of stage 1 (default: 0.5)",
    )
    group.add_argument("--tune", action="store_true", help="find band and second threshold on dev")


def run(args: argparse.Namespace) -> Any:
    """Fuse dev and test alike, judge both, and say whether the fusion beats the member best on dev."""
    from autofas.evaluation.comparison import compare
    from autofas.evaluation.figures import METRICS_VERSION, FusionReport, MemberReport
    from autofas.evaluation.judgement import dev_error
    from autofas.evaluation.report import report
    from autofas.runs.record import file_sha256
    from autofas.storage.files import write_json

    names = [*args.members, *([args.second] if args.second else [])]
    dev_names = _dev_names(args, names)
    files = common.ScoreFiles(args)
    test = [files.read(name, "test") for name in names]
    dev = [files.read(name, "dev") for name in dev_names]
    terms = common.judging(args, test)
    _check(args)
    fused_dev, how = _fuse(args, dev, names, None, terms.level)
    fused_test, detail = _fuse(args, test, names, how, terms.level)
    out = Path(args.out)
    _write_scores(out, fused_dev, fused_test)
    # the best member is the best on dev: the best on test would be chosen by the test
    best = min(range(len(dev)), key=lambda index: dev_error(dev[index], terms.level))
    against = None
    if all(fused_test.subjects):
        pair, dev_pair = (fused_test, test[best]), {"dev_a": fused_dev, "dev_b": dev[best]}
        against = compare(*pair, terms, terms, **dev_pair, names=("fused", names[best]))
    found = FusionReport(
        **dict(report(fused_test, fused_dev, terms)),
        model=f"{args.method} of {len(names)}",
        split="test",
        method=args.method,
        fusion=detail,
        members=tuple(
            MemberReport(**dict(report(table, own, terms)), model=name)
            for name, table, own in zip(names, test, dev, strict=True)
        ),
        best_on_dev=names[best],
        against_best=against,
        files={file: file_sha256(Path(file)) for file in _files(names, dev_names)},
    )
    write_json(out / "fusion.json", {"schema_version": METRICS_VERSION, **found.to_json()})
    _print(found, out)
    for told in files.told:
        print(told)
    return found.to_json()


def _print(found: "FusionReport", out: Path) -> None:
    """The members' figures and the fusion's, what dev decided, and the verdict against the best member."""
    from autofas.commands.compare import difference_line
    from autofas.commands.figure_tables import Row, figures_table

    rows = [Row(member.model, member) for member in found.members]
    print(figures_table([*rows, Row(found.model, found, split=found.split)]))
    for name, value in found.fusion.items():
        print(f"{name}: {value}")
    print(f"against {found.best_on_dev}, the best member on dev:")
    print(
        difference_line(found.against_best) if found.against_best else "no interval: the subjects are unknown"
    )
    print(f"written  {out / 'scores-test.csv'}, {out / 'scores-dev.csv'}, {out / 'fusion.json'}")


def _write_scores(out: Path, dev: Any, test: Any) -> None:
    from autofas.errors import MetricError
    from autofas.metrics import write_scores

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise MetricError(f"{out} cannot be created: {exc.strerror}; choose another --out") from None
    write_scores(out / "scores-dev.csv", dev)
    write_scores(out / "scores-test.csv", test)


def _check(args: argparse.Namespace) -> None:
    from autofas.errors import ConfigError

    cascade = args.method == "cascade"
    if cascade != (args.second is not None):
        raise ConfigError(
            "--method cascade and --second, its second stage, need each other; give both or neither"
        )
    given = args.band is not None and args.second_threshold is not None
    if cascade and given == args.tune:
        raise ConfigError("a cascade needs either --band LOW HIGH with --second-threshold X, or --tune")
    if args.method == "weighted" and args.weights is None:
        raise ConfigError("--method weighted needs --weights, a number for each member")
    if args.weights is not None and args.method not in ("weighted", "cascade"):
        raise ConfigError(f"--weights does not apply to --method {args.method}; use weighted")


def _files(names: list[str], dev_names: list[str]) -> list[str]:
    """The score files of the members and those of dev."""
    tests = [common.score_file(name, "test") for name in names]
    return [*tests, *(common.score_file(name, "dev") for name in dev_names)]


def _dev_names(args: argparse.Namespace, names: list[str]) -> list[str]:
    """Where the dev scores are: the members' run folders, or files."""
    from autofas.errors import MetricError

    if all(Path(name).is_dir() for name in names) and not args.dev:
        return names
    files = [*(args.dev or []), *([args.second_dev] if args.second_dev else [])]
    if len(files) != len(names):
        raise MetricError(
            f"{len(files)} dev score files for {len(names)} members; the threshold comes from dev: give "
            "--dev in the members' order (and --second-dev), or run folders"
        )
    return files


def _fuse(
    args: argparse.Namespace, tables: list[Any], names: list[str], how: dict[str, Any] | None, level: "Level"
) -> tuple[Any, dict[str, Any]]:
    """The fused table and how it was made; `how` is what dev has decided, None while on dev."""
    from autofas.evaluation.cascade import Thresholds, cascade, tune
    from autofas.evaluation.fusion import greedy_selection, weighted_mean

    if args.method == "mean":
        return weighted_mean(tables, names=names), {"weights": [1] * len(tables)}
    if args.method == "weighted":
        return weighted_mean(tables, args.weights, names=names), {"weights": args.weights}
    if args.method == "greedy":
        if how is None:
            chosen = greedy_selection(tables, steps=args.steps, level=level, names=names)
            how = {"weights": list(chosen.weights), "order": [names[index] for index in chosen.order]}
        return weighted_mean(tables, how["weights"], names=names), how
    stage1, second, lead = tables[:-1], tables[-1], args.lead - 1
    if how is not None:
        thresholds = how["thresholds"]
    elif args.tune:
        thresholds = vars(
            tune(stage1, second, level=level, lead=lead, with_lead=args.lead_threshold is not None)
        )
    else:
        low, high = args.band
        thresholds = vars(Thresholds(low, high, args.second_threshold, args.lead_threshold, args.middle))
    found = cascade(
        stage1, second, Thresholds(**thresholds), lead=lead, weights=args.weights, names=names[:-1]
    )
    return found.table, {"thresholds": dict(thresholds), "decided by": found.shares}
