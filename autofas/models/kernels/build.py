"""Compile the kernels of the search step into one shared library.

    python -m autofas.models.kernels.build [--compiler CXX] [--sanitize]

One source, kernels.cpp, is compiled once for every precision and instruction set (a unit); at run time the
best set that the processor knows is taken. No headers of torch or Python are needed. This module imports
neither autofas nor torch, so that setup.py can use it.
"""

import argparse
import ctypes
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
LIBRARY = "libautofas_kernels.so"
COMPILERS = ("c++", "g++", "clang++")
FLAGS = (
    "-std=c++17", "-O3", "-fPIC", "-fvisibility=hidden", "-fno-exceptions", "-fno-rtti", "-fno-math-errno",
    "-fno-trapping-math", "-ffp-contract=fast", "-Wall", "-Wextra", "-Wno-psabi",
)  # fmt: skip
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1")


@dataclass(frozen=True)
class Unit:
    """One compilation of kernels.cpp; its functions' names end in `name`."""

    precision: str
    instructions: str
    vector_bytes: int
    flags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.precision}_{self.instructions}"


def units(machine: str) -> tuple[Unit, ...]:
    """The units for a processor family, as `platform.machine()` names it."""
    sets: list[tuple[str, int, tuple[str, ...]]] = [("generic", 16, ())]
    if machine in ("x86_64", "AMD64"):
        wide = ("-march=x86-64-v4", "-mprefer-vector-width=512")
        sets += [("avx2", 32, ("-march=x86-64-v3",)), ("avx512", 64, wide)]
    # double is for proofs: its widest unit would only cost time at installation
    return tuple(Unit("float", *one) for one in sets) + tuple(Unit("double", *one) for one in sets[:2])


def find_compiler() -> str | None:
    """The C++ compiler: $CXX, else the first of the usual names on the path; None where there is none."""
    named = os.environ.get("CXX")
    return named or next((name for name in COMPILERS if shutil.which(name)), None)


def commands(
    output: Path,
    objects: Path,
    compiler: str,
    machine: str = "",
    extra: tuple[str, ...] = (),
    only: Sequence[str] | None = None,
) -> tuple[list[list[str]], list[str]]:
    """The compilations, in any order, and the link that follows them.

    Writes `output`, with object files in `objects`. `machine` is the processor compiled for, by default
    this one.
    """
    base, compilations, made = compiler.split(), [], []
    for unit in units(machine or platform.machine()):
        if only and unit.name not in only:
            continue
        made.append(str(objects / f"{unit.name}.o"))
        defined = (
            f"-DAUTOFAS_UNIT={unit.name}",
            f"-DAUTOFAS_REAL={unit.precision}",
            f"-DAUTOFAS_VECTOR_BYTES={unit.vector_bytes}",
        )
        source = str(FOLDER / "kernels.cpp")
        compilations.append([*base, *FLAGS, *unit.flags, *extra, *defined, "-c", source, "-o", made[-1]])
    for common in ("threads", "processor"):
        made.append(str(objects / f"{common}.o"))
        compilations.append([*base, *FLAGS, *extra, "-c", str(FOLDER / f"{common}.cpp"), "-o", made[-1]])
    tidy = ("-Wl,--as-needed",) if sys.platform.startswith("linux") else ()
    return compilations, [*base, "-shared", *tidy, *extra, *made, "-o", str(output), "-lpthread", "-lm"]


def build(
    output: Path = FOLDER / LIBRARY,
    compiler: str | None = None,
    machine: str = "",
    extra: tuple[str, ...] = (),
    only: Sequence[str] | None = None,
) -> Path:
    """Compile and link; `output` is replaced at once. Raises RuntimeError with the reason in one line."""
    compiler = compiler or find_compiler()
    if compiler is None:
        raise RuntimeError("no C++ compiler found (g++ or clang++)")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / output.name
        compilations, link = commands(made, Path(folder), compiler, machine, extra, only)
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            list(pool.map(_run, compilations))
        _run(link)
        partial = output.with_suffix(f".{os.getpid()}")
        shutil.copyfile(made, partial)
        os.replace(partial, output)
    return output


def is_current(library: Path) -> bool:
    """Whether a library is there, is younger than every source beside this file, and is this machine's."""
    sources = [path for path in FOLDER.iterdir() if path.suffix in (".cpp", ".h")] + [Path(__file__)]
    if not library.is_file() or library.stat().st_mtime <= max(path.stat().st_mtime for path in sources):
        return False
    try:
        ctypes.CDLL(str(library))
    except OSError:
        return False
    return True


def _run(command: list[str]) -> None:
    try:
        shown = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise RuntimeError(f"{command[0]} does not start: {error.strerror}") from None
    if shown.returncode:
        lines = shown.stderr.strip().splitlines() or [f"exit code {shown.returncode}"]
        raise RuntimeError(next((line for line in lines if "error" in line), lines[-1]))


def main() -> None:
    """Build beside the sources."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compiler")
    parser.add_argument("--output", type=Path, default=FOLDER / LIBRARY)
    parser.add_argument("--only", nargs="+", metavar="UNIT", help="units, float_avx2 for one, to save time")
    parser.add_argument("--sanitize", action="store_true", help="with address and undefined-behaviour checks")
    args = parser.parse_args()
    try:
        extra = SANITIZERS if args.sanitize else ()
        print(build(args.output, args.compiler, extra=extra, only=args.only))
    except RuntimeError as error:
        print(f"the kernels cannot be built: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
