"""The house keeps to its plan: imports run one way, light rooms stay light, every module has its test.

Lists of exceptions may only get shorter: what no longer needs its place on one must be taken off.
"""

import ast
import configparser
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {name: ROOT / name for name in ("autofas", "baselines", "search_spaces")}

FLOOR = ("errors", "_version", "installation", "printed")
"""Modules that every room may import; `baselines` and `search_spaces` are data that every room may read."""
ROOMS = (
    "runtime", "storage", "metrics", "config", "data", "models", "runs", "evaluation", "training", "analysis",
    "search", "report", "deploy", "api", "commands", "cli",
)  # fmt: skip
"""In the order of imports: a room imports from those before it."""
LIGHT = {
    "metrics": ("torch", "pandas"),
    "data.catalog": ("torch", "pandas", "numpy"),
    "data.protocols": ("torch",),
    "data.manifests": ("torch",),
    "data.readers": ("torch",),
    "models.space": ("torch",),
    "models.genotype": ("torch",),
    "models.candidates": ("torch",),
    "analysis.pareto": ("torch", "matplotlib"),
    "cli": ("torch", "pandas", "numpy", "matplotlib"),
    "commands": ("torch", "pandas", "numpy", "matplotlib"),
}
"""What a module or room promises not to import when it is imported."""
WORDS = ("utils", "helpers", "misc")
"""Names that say nothing of what a module holds."""
LONGEST_FILE, LONGEST_FUNCTION = 350, 50

LONG_FUNCTIONS: dict[str, int] = {}
LONG_FILES: dict[str, int] = {}


@cache
def sources() -> dict[str, Path]:
    """The modules of the package by their name: data.catalog, baselines.afa, ..."""
    found = {}
    for top, folder in FOLDERS.items():
        for file in folder.rglob("*.py"):
            parts = [*file.relative_to(folder).with_suffix("").parts]
            if top == "autofas" and parts[0] in FOLDERS:
                continue  # a link to a folder that installs inside the package
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            found[".".join(parts if top == "autofas" else [top, *parts])] = file
    return found


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(sources()[module].read_text(encoding="utf-8"))


def imports(module: str, *, lazy: bool) -> Iterator[tuple[int, str]]:
    """Line and full name of what a module imports; without `lazy` only what importing it imports too."""
    package = sources()[module].name == "__init__.py"
    todo: list[ast.AST] = [tree(module)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                here = ["autofas", *module.split(".")]
                base = ".".join([*here[: len(here) - node.level + package], *filter(None, [node.module])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            todo += node.orelse
        elif lazy or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            todo += ast.iter_child_nodes(node)


def room_of(name: str) -> str | None:
    """The room of the package that a full name leads to."""
    parts = name.split(".")
    return parts[1] if parts[0] == "autofas" and len(parts) > 1 else None


def test_imports_run_one_way():
    order = {name: place for place, name in enumerate((*FLOOR, *ROOMS))}
    against = []
    for module, file in sources().items():
        room = module.partition(".")[0]
        if room in FOLDERS or room in ("", "__main__"):
            continue
        assert room in order, f"{file.relative_to(ROOT)} is in no room; ROOMS has the order of imports"
        for line, name in imports(module, lazy=True):
            other = room_of(name)
            if other not in order or other == room:
                continue
            if order[other] > order[room]:
                against.append(f"{file.relative_to(ROOT)}:{line} imports {name}")
    assert against == []


def test_no_room_imports_the_package_or_the_tests():
    for module in sources():
        if module in ("", "__main__"):
            continue
        tops = {name.partition(".")[0] for _, name in imports(module, lazy=True)}
        assert not tops & {"tests", "benchmarks"}, module


def reached(module: str) -> set[str]:
    """The names outside the package that importing a module imports, through all it leads to."""
    seen, outside, todo = set(), set(), [module]
    while todo:
        here = todo.pop()
        if here in seen or here not in sources():
            continue
        seen.add(here)
        todo += [here.rpartition(".")[0]] if "." in here else []
        for _, name in imports(here, lazy=False):
            parts = name.split(".")
            if parts[0] != "autofas":
                outside.add(parts[0])
                continue
            todo += [".".join(parts[1:count]) for count in range(2, len(parts) + 1)]
    return outside


@pytest.mark.parametrize("promised", LIGHT)
def test_light_rooms_stay_light(promised):
    modules = [name for name in sources() if name == promised or name.startswith(f"{promised}.")]
    if promised == "commands":  # the others are imported by a verb that runs
        modules = [name for name in modules if "\nHELP = " in sources()[name].read_text(encoding="utf-8")]
    assert modules
    for module in modules:
        heavy = reached(module) & set(LIGHT[promised])
        assert not heavy, f"importing autofas.{module} imports {', '.join(heavy)}"


def test_the_comparison_sees_what_is_heavy():
    assert "torch" in reached("models.build")
    assert {"pandas", "numpy"} <= reached("data.protocols.division")


DISTRIBUTIONS = {"PIL": "pillow", "cv2": "opencv-python-headless", "yaml": "pyyaml", "onnx_ir": "onnxscript"}
"""The names under which packages install, where those differ from what is imported."""


def test_what_is_imported_is_declared():
    """A package that only the tests' environment has would fail on a user's machine alone."""
    declared = configparser.ConfigParser()
    declared.read(ROOT / "setup.cfg", encoding="utf-8")
    extras = dict(declared["options.extras_require"])
    lists = [
        declared["options"]["install_requires"],
        *(extras[name] for name in extras if name not in ("test", "dev")),
    ]
    known = {
        re.split(r"[^\w.-]", line.strip())[0] for text in lists for line in text.splitlines() if line.strip()
    }
    unknown = {
        f"{sources()[module].relative_to(ROOT)}:{line} imports {name}"
        for module in sources()
        for line, name in imports(module, lazy=True)
        if (top := name.partition(".")[0]) not in sys.stdlib_module_names | {"autofas"}
        and DISTRIBUTIONS.get(top, top) not in known
    }
    assert not unknown, sorted(unknown)


def has_code(module: str) -> bool:
    """Whether a module defines a function or a class; constants alone have nothing to test."""
    return any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in tree(module).body)


def is_package(module: str) -> bool:
    return sources()[module].name == "__init__.py"


def place_of_test(module: str) -> str:
    """Where the test of a module stands; that of a package is test_init.py in its folder."""
    parts = module.split(".") if module else []
    folder, name = (parts, "init") if is_package(module) else (parts[:-1], parts[-1].strip("_"))
    return "/".join(["tests", *folder, f"test_{name}.py"])


def test_every_module_has_its_test():
    wanted = {place_of_test(module) for module in sources() if has_code(module)}
    missing = sorted(test for test in wanted if not (ROOT / test).is_file())
    assert not missing, f"no test stands where one looks for it: {', '.join(missing)}"


def test_files_and_functions_are_short():
    files, functions = {}, {}
    for module, file in sources().items():
        place = file.relative_to(ROOT).as_posix()
        files[place] = file.read_text(encoding="utf-8").count("\n")
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{place}:{node.name}"
                functions[name] = max(functions.get(name, 0), node.end_lineno - node.lineno + 1)
    for lengths, limit, known in (
        (files, LONGEST_FILE, LONG_FILES), (functions, LONGEST_FUNCTION, LONG_FUNCTIONS)
    ):  # fmt: skip
        long = {name: lines for name, lines in lengths.items() if lines > known.get(name, limit)}
        assert not long, f"longer than {limit} lines, or than it was: {long}"
        done = [name for name in known if lengths.get(name, 0) <= limit]
        assert not done, f"no longer long; take it off the list: {done}"


def test_names_say_what_a_module_holds():
    assert not [module for module in sources() if module.rpartition(".")[2] in WORDS]


def test_the_top_holds_what_the_plan_names():
    """A test once left its runs in a folder called None, and they were committed."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = {line.partition("/")[0] for line in listed.splitlines() if "/" in line}
    rooms = {"autofas", "baselines", "search_spaces", "results", "tests", "benchmarks", "docs"}
    assert folders - {".ci"} == rooms


@pytest.mark.parametrize("folder", ["autofas", "baselines", "search_spaces", "tests", "benchmarks"])
def test_one_dialect(folder):
    own = Path(__file__)
    for file in (ROOT / folder).rglob("*.py"):
        text = "" if file == own else file.read_text(encoding="utf-8")
        place = file.relative_to(ROOT)
        assert "from __future__ import annotations" not in text, f"{place}: annotations need no postponing"
        assert not re.search(r"(?<!`)``(?!`)", text), f"{place}: single backticks in docstrings"


def test_what_takes_longest_is_there_and_what_is_shared_stays_in_one_process():
    from tests.conftest import LONGEST, TOGETHER, scope_of

    assert [place for place in (*LONGEST, *TOGETHER) if not (ROOT / place).exists()] == []
    assert scope_of("tests/deploy/test_export.py::test_a[x::y]") == "tests/deploy/"
    assert scope_of("tests/data/test_frames.py::test_a[x::y]") == "tests/data/test_frames.py"
