"""Mistakes that a named test must notice: each is made in a copy of the tree, and its test must turn red.

    python -m benchmarks.mutations [--json]

A test that cannot fail is worth nothing; this shows that these can.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from autofas.analysis.tables import markdown_table
from autofas.provenance import commit

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Mutation:
    """`before` becomes `after` in `file`, and `test` must fail."""

    name: str
    file: str
    before: str
    after: str
    test: str


MUTATIONS = (
    Mutation(
        "accept at score > threshold instead of >=",
        "autofas/metrics/rates.py",
        "samples.scores >= limit",
        "samples.scores > limit",
        "tests/metrics/test_error_rates.py",
    ),
    Mutation(
        "threshold from the test split instead of dev",
        "autofas/evaluation/figures.py",
        "None if dev is None else dev.scores,",
        "None if dev is None else test.scores,",
        "tests/training/test_train_and_evaluate.py::test_the_threshold_comes_from_dev_not_from_test",
    ),
    Mutation(
        "channel shuffle dropped",
        "autofas/models/fused_cell.py",
        "return (shuffled % groups) * width + shuffled // groups",
        "return shuffled",
        "tests/models/test_supernet.py::test_outputs_gradients_and_statistics_equal_the_reference",
    ),
    Mutation(
        "alphas frozen",
        "autofas/search/engine.py",
        "        self.arch_optimizer.step()\n",
        "",
        "tests/search/test_search_run.py::test_alphas_wait_for_the_warm_up_and_then_move",
    ),
    Mutation(
        "reduction stride dropped in the derived network",
        "autofas/models/network.py",
        "2 if reduction and edge.input < 2 else 1",
        "1",
        "tests/models/test_network.py::test_every_stride_halves_rounding_up",
    ),
    Mutation(
        "stride forgotten by the separable convolution",
        "autofas/models/operations.py",
        "stride=stride if repeat == 0 else 1",
        "stride=1",
        "tests/models/test_network.py::test_operations_keep_or_halve_the_side",
    ),
    Mutation(
        "momentum left out of the step that second order looks ahead",
        "autofas/search/engine.py",
        "step = step + momentum * buffer",
        "pass",
        "tests/search/test_engine.py::test_second_order_is_the_gradient_through_the_unrolled_step",
    ),
    Mutation(
        "architecture step leaves its trace in the running statistics",
        "autofas/search/engine.py",
        "with self.supernet.frozen_statistics(), self.supernet.frozen_weights():",
        "with self.supernet.frozen_weights():",
        "tests/search/test_engine.py::test_an_architecture_step_moves_nothing_else",
    ),
)


def red(mutation: Mutation) -> tuple[bool, bool]:
    """Whether the test passes on a plain copy of the tree, and whether it fails on the mutated one."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "autofas"
        ignored = shutil.ignore_patterns(".*", "runs", "results", "__pycache__", "*.egg-info", "build")
        shutil.copytree(ROOT, copy, ignore=ignored)
        # the two folders that install inside the package
        for name in ("baselines", "search_spaces"):
            os.symlink(copy / name, copy / "autofas" / name)
        before = _passes(copy, mutation.test)
        place = copy / mutation.file
        text = place.read_text()
        if mutation.before not in text:
            raise SystemExit(f"{mutation.file} no longer holds {mutation.before!r}; mend the mutation")
        place.write_text(text.replace(mutation.before, mutation.after))
        return before, not _passes(copy, mutation.test)


def _passes(tree: Path, test: str) -> bool:
    environment = dict(os.environ, PYTHONPATH=str(tree), OMP_NUM_THREADS="1", PYTHONDONTWRITEBYTECODE="1")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
    return (
        subprocess.run(command, cwd=tree, env=environment, capture_output=True, check=False).returncode == 0
    )


def main() -> int:
    """Try every mutation; exit code 1 if a test stayed green or was red before."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help="a Markdown file for the table")
    args = parser.parse_args()
    rows = []
    for mutation in MUTATIONS:
        before, caught = red(mutation)
        rows.append(
            {"mutation": mutation.name, "test": mutation.test, "passes_before": before, "caught": caught}
        )
        print(f"{'red' if caught else 'GREEN'}  {mutation.name}", file=sys.stderr)
    cells = [
        [
            row["mutation"],
            f"`{row['test']}`",
            "passes" if row["passes_before"] else "FAILS",
            "red" if row["caught"] else "GREEN",
        ]
        for row in rows
    ]
    table = markdown_table(("mutation", "test", "without it", "with it"), cells)
    text = f"`python -m benchmarks.mutations`, commit {commit()}\n\n{table}\n"
    print(text)
    if args.out:
        args.out.write_text(text)
    if args.json:
        print(json.dumps({"rows": rows}))
    return 0 if all(row["passes_before"] and row["caught"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
