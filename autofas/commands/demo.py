"""autofas demo: the whole job on generated faces, once a seed: search, training, a baseline, a picture."""

import argparse
from typing import Any

from autofas.commands import common

HELP = "the whole pipeline on generated faces; a few minutes on two cores"
BASELINE = "feathernet_b"
SEEDS = (0, 1, 2)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "--runs-dir", metavar="DIR", default="runs/demo", help="where run folders go (default: runs/demo)"
    )
    parser.add_argument(
        "--seeds",
        type=int,
        metavar="SEED",
        nargs="+",
        default=list(SEEDS),
        help="search and train once with each; one alone takes a third of the time, and shows less "
        f"(default: {' '.join(map(str, SEEDS))})",
    )
    common.add_machine_arguments(parser)


def run(args: argparse.Namespace) -> Any:
    """Call the verbs one after the other, as a person would."""
    import sys
    import time

    from autofas.errors import ConfigError

    if len(set(args.seeds)) < len(args.seeds):
        raise ConfigError("--seeds has one of them twice; give each once")
    started = time.perf_counter()
    quiet = ["--quiet"] if args.quiet else []
    done = []
    for number, seed in enumerate(args.seeds, start=1):
        if not quiet:
            print(f"demo: seed {seed}, {number} of {len(args.seeds)}", file=sys.stderr, flush=True)
        done.append(_seed(args, seed, quiet))
    trained = [one["train"] for one in done]
    runs = [report["run"] for reports in trained for report in reports]
    figures = args.call(["evaluate", *quiet, "--run", *runs])
    pareto = args.call(["pareto", *runs, "--out", f"{args.runs_dir}/pareto-params.png"])
    searched, *others = ([report["run"] for report in reports] for reports in zip(*trained, strict=True))
    compared = [args.call(["compare", *searched, "--against", *other, "--brief", *quiet]) for other in others]
    print(f"{_counted(len(done))}, generated faces: no figure here says anything about real attacks")
    print(f"done in {time.perf_counter() - started:.0f} s")
    return {"seeds": done, "evaluate": figures, "pareto": pareto, "compare": compared}


def _seed(args: argparse.Namespace, seed: int, quiet: list[str]) -> dict[str, Any]:
    """A search and a random draw with one seed, and the trainings of both and of the baseline."""
    shared = ["--dataset", "synthetic", "--preset", "quick", "--seed", str(seed)]
    shared += ["--runs-dir", f"{args.runs_dir}/seed{seed}"]
    shared += ["--device", args.device] if args.device else []
    shared += ["--threads", str(args.threads)] if args.threads else []
    found = args.call(["search", *shared, *quiet, "--name", "searched"])
    drawn = args.call(["search", *shared, *quiet, "--name", "random", "--strategy", "random"])
    networks = [["--genotype", genotype] for genotype in (found["genotype"], drawn["genotype"])]
    networks.append(["--baseline", BASELINE])
    return {
        "seed": seed,
        "search": found,
        "random": drawn,
        "train": [args.call(["train", *shared, *quiet, *network]) for network in networks],
    }


def _counted(seeds: int) -> str:
    return "one seed" if seeds == 1 else f"{seeds} seeds"
