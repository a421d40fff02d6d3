"""Mistakes that a named test must notice: each is made in a copy of the tree, and its test must turn red.

    python -m tests.campaigns.mutations [WORD ...] [--json] [--out results/mutations.md]

A test that cannot fail is worth nothing; this shows that these can. The mistakes stand in
`tests/campaigns/mutations.yaml`, room by room, as text that is exchanged: the text stands once in the code
and the test's name once in the tests, so neither needs a path. Red is a test that ran and failed; one that
could not run noticed nothing. WORDs choose the mutations whose room or mistake holds one of them.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from autofas.analysis.text_tables import markdown_table
from autofas.runs.provenance import commit, machine

ROOT = Path(__file__).resolve().parents[2]
LIST = ROOT / "tests" / "campaigns" / "mutations.yaml"
INSTALLED = ("baselines", "search_spaces")
"""The folders that install inside the package."""


@dataclass(frozen=True)
class Mutation:
    """In the code of one room `before` becomes `after`; then `test` must fail."""

    room: str
    mistake: str
    before: str
    after: str
    test: str


def read_mutations(path: Path = LIST) -> list[Mutation]:
    """The mutations of a list, in its order; raises ValueError for an entry that is not whole."""
    rooms = yaml.safe_load(path.read_text())
    keys = {"mistake", "before", "after", "test"}
    for room, entries in rooms.items():
        for entry in entries:
            if set(entry) != keys:
                raise ValueError(f"{path.name}: {room}: {entry} has not the keys {', '.join(sorted(keys))}")
    return [Mutation(room, **entry) for room, entries in rooms.items() for entry in entries]


def read_sources(tree: Path) -> dict[Path, str]:
    """The Python files of the package by their path within the tree; links into it are not followed."""
    files = [path for folder in ("autofas", INSTALLED[0]) for path in (tree / folder).rglob("*.py")]
    inside = [path for path in files if (tree / "autofas" / INSTALLED[0]) not in path.parents]
    return {path.relative_to(tree): path.read_text() for path in inside}


def place_of(mutation: Mutation, sources: Mapping[Path, str]) -> Path:
    """The one file that holds `before`, once; raises ValueError otherwise."""
    places = {path: text.count(mutation.before) for path, text in sources.items() if mutation.before in text}
    if sum(places.values()) != 1:
        where = ", ".join(f"{count} in {path}" for path, count in places.items()) or "nowhere"
        raise ValueError(f"{mutation.mistake}: {mutation.before!r} must stand once in the code: {where}")
    return next(iter(places))


def node_of(mutation: Mutation, tests: Mapping[Path, str]) -> str:
    """The test as pytest names it; raises ValueError unless one file defines it, outside a class.

    A test whose name stands in several files is given with its file's: `test_supernet.py::test_...`.
    """
    file, _, test = mutation.test.rpartition("::")
    files = [path for path, text in tests.items() if f"\ndef {test}(" in text and file in ("", path.name)]
    if len(files) != 1:
        where = ", ".join(map(str, files)) or "no file"
        raise ValueError(f"{mutation.mistake}: one file must define {mutation.test}: {where}")
    return f"{files[0].as_posix()}::{test}"


def read_tests(tree: Path) -> dict[Path, str]:
    """The test files by their path within the tree."""
    return {path.relative_to(tree): path.read_text() for path in (tree / "tests").rglob("test_*.py")}


def _left_out(folder: str, names: list[str]) -> set[str]:
    """What no test needs; the room autofas/runs/ is not the folder of runs at the top."""
    found = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info")(folder, names)
    return found | ({"runs", "build"} if Path(folder) == ROOT else set())


@contextmanager
def copied_tree() -> Iterator[Path]:
    """A copy of this tree that tests can run in."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "autofas"
        shutil.copytree(ROOT, tree, ignore=_left_out)
        for name in INSTALLED:
            os.symlink(tree / name, tree / "autofas" / name)
        yield tree


@contextmanager
def mutated(tree: Path, mutation: Mutation, place: Path) -> Iterator[None]:
    """Within it, the tree holds the mistake."""
    text = (tree / place).read_text()
    (tree / place).write_text(text.replace(mutation.before, mutation.after))
    try:
        yield
    finally:
        (tree / place).write_text(text)


def outcome(tree: Path, tests: Sequence[str]) -> tuple[str, str]:
    """'passes', 'red' (a test ran and failed) or 'BROKEN' (one could not run), and pytest's summary."""
    environment = dict(os.environ, PYTHONPATH=str(tree), OMP_NUM_THREADS="1", PYTHONDONTWRITEBYTECODE="1")
    options = ["-q", "-x", "-p", "no:cacheprovider", "--tb=line", "-rfE"]
    found = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 0:
        return "passes", ""
    failed = [line for line in found.stdout.splitlines() if line.startswith("FAILED ")]
    ran = found.returncode == 1 and failed
    return "red" if ran else "BROKEN", "\n".join(found.stdout.splitlines()[-5:])


def campaign(mutations: Sequence[Mutation]) -> list[dict[str, Any]]:
    """A row for each mutation; its `outcome` is red where the test notices it, passes where it does not.

    Raises ValueError if a mutation does not fit the tree, or a test fails without any.
    """
    with copied_tree() as tree:
        sources, tests = read_sources(tree), read_tests(tree)
        places = [place_of(mutation, sources) for mutation in mutations]
        names = [node_of(mutation, tests) for mutation in mutations]
        without, summary = outcome(tree, list(dict.fromkeys(names)))
        if without != "passes":
            raise ValueError(f"a test fails in the tree as it is:\n{summary}")
        rows = []
        for mutation, place, name in zip(mutations, places, names, strict=True):
            with mutated(tree, mutation, place):
                found, summary = outcome(tree, [name])
            rows.append(
                {
                    "room": mutation.room,
                    "mutation": mutation.mistake,
                    "in": place.as_posix(),
                    "test": name,
                    "outcome": found,
                }
            )
            print(f"{found:6}  {mutation.mistake}", file=sys.stderr, flush=True)
            if found != "red":
                print(summary, file=sys.stderr, flush=True)
        return rows


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as Markdown: where each mistake was made and what noticed it."""
    cells = [
        [row["room"], row["mutation"], f"`{row['in']}`", f"`{row['test']}`", row["outcome"]] for row in rows
    ]
    return markdown_table(("room", "mutation", "in", "noticed by", "outcome"), cells)


def main() -> int:
    """Try the mutations; exit code 1 unless every one was noticed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="only mutations whose room or mistake holds one of them")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help="a Markdown file for the table")
    args = parser.parse_args()
    mutations = [
        mutation
        for mutation in read_mutations()
        if not args.words or any(word in f"{mutation.room} {mutation.mistake}" for word in args.words)
    ]
    started = time.monotonic()
    rows = campaign(mutations)
    red = sum(row["outcome"] == "red" for row in rows)
    minutes = (time.monotonic() - started) / 60
    command = " ".join(["python -m tests.campaigns.mutations", *args.words])
    text = (
        f"# Mistakes that a test notices: {red} of {len(rows)}\n\n"
        "Each mistake is made in a copy of the tree and must turn its test red; all pass without one.\n\n"
        f"`{command}`, commit {commit()}, {machine()}, {minutes:.1f} min\n\n{table(rows)}\n"
    )
    print(text)
    if args.out:
        args.out.write_text(text)
    if args.json:
        print(json.dumps({"rows": rows}))
    return 0 if red == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
