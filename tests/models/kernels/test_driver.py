"""One cell in a program of its own: under the sanitizers, with impossible shapes, on another processor."""

import os
import shutil
import subprocess

import pytest

from autofas.models.kernels.build import FLAGS, FOLDER, SANITIZERS, find_compiler

SHAPES = [
    # batch, height, width, stride, channels, K, nodes, threads, weights wanted
    (1, 1, 1, 1, 4, 1, 2, 1, 1),
    (3, 5, 7, 1, 8, 4, 3, 2, 1),
    (17, 3, 4, 2, 6, 2, 2, 3, 1),
    (16, 40, 40, 1, 4, 2, 2, 2, 1),  # enough blocks for two to work on a chain together
    (2, 9, 5, 2, 12, 4, 2, 1, 0),
]
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}  # the driver frees nothing
CROSS = ("aarch64-linux-gnu-g++", "qemu-aarch64")


def compiled(folder, compiler, flags, vector_bytes=16):
    """The driver compiled in double for the given compiler."""
    program = folder / "driver"
    defined = ("-DAUTOFAS_UNIT=driver", "-DAUTOFAS_REAL=double", f"-DAUTOFAS_VECTOR_BYTES={vector_bytes}")
    sources = (str(FOLDER.parents[2] / "tests/models/kernels/driver.cpp"), str(FOLDER / "threads.cpp"))
    command = [*compiler.split(), *FLAGS, *flags, *defined, f"-I{FOLDER}", *sources, "-o", str(program)]
    made = subprocess.run([*command, "-lpthread", "-lm"], capture_output=True, text=True, check=False)
    return program if made.returncode == 0 else None


def run(program, shape, before=()):
    """What the driver prints, as numbers; fails with what a sanitizer says."""
    words = [*before, str(program), *map(str, shape)]
    shown = subprocess.run(words, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert shown.returncode == 0, f"{words}: exit code {shown.returncode}: {shown.stderr[:2000]}"
    return [float(word) for word in shown.stdout.split()]


@pytest.fixture(scope="module")
def native(tmp_path_factory):
    """The driver for this machine, compiled in a hurry."""
    compiler = find_compiler() or pytest.skip("there is no C++ compiler")
    return compiled(tmp_path_factory.mktemp("native"), compiler, ("-O0",)) or pytest.fail("does not compile")


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """The same with address and undefined-behaviour checks."""
    compiler = find_compiler()
    program = compiler and compiled(tmp_path_factory.mktemp("sanitized"), compiler, SANITIZERS)
    return program or pytest.skip("the compiler has no sanitizers, or there is none")


@pytest.mark.slow  # the sanitizers' build alone takes most of a minute
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_no_access_out_of_bounds_and_no_undefined_behaviour(checked, shape):
    assert len(run(checked, shape)) == 4


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """The driver with a watch on every access of its threads."""
    compiler = find_compiler()
    flags = ("-O1", "-fsanitize=thread")
    program = compiler and compiled(tmp_path_factory.mktemp("threads"), compiler, flags)
    return program or pytest.skip("the compiler has no thread sanitizer, or there is none")


@pytest.mark.slow
@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape[7] > 1], ids=str)
def test_no_thread_reads_what_another_one_writes(watched, shape):
    words = [str(watched), *map(str, shape)]
    shown = subprocess.run(words, capture_output=True, text=True, check=False)
    if "FATAL: ThreadSanitizer" in shown.stderr:
        pytest.skip("the thread sanitizer does not run under this kernel's memory layout")
    assert shown.returncode == 0, shown.stderr[:2000]
    assert len(shown.stdout.split()) == 4


@pytest.mark.parametrize(("side", "stride"), [(6, 1), (6, 2), (40, 1), (40, 2)])
def test_threads_change_the_last_bits_at_most(native, side, stride):
    one, three = (run(native, (16, side, side, stride, 4, 2, 2, threads, 1)) for threads in (1, 3))
    assert one == pytest.approx(three, rel=1e-7, abs=1e-7)
    assert three == run(native, (16, side, side, stride, 4, 2, 2, 3, 1))


IMPOSSIBLE = pytest.mark.parametrize(
    ("shape", "code"),
    [
        ((0, 4, 4, 1, 4, 1, 2, 1, 1), 3),  # no images
        ((1, 0, 4, 1, 4, 1, 2, 1, 1), 3),  # no rows
        ((1, 4, 4, 1, 4, 1, 9, 1, 1), 4),  # more nodes than the kernels know
        ((1, 4, 4, 1, 4, 1, 2, 0, 1), 4),  # no threads
    ],
)


def exit_code(program, shape):
    words = [str(program), *map(str, shape)]
    return subprocess.run(words, capture_output=True, check=False, env=ENVIRONMENT).returncode


@IMPOSSIBLE
def test_shapes_that_cannot_be_end_in_an_error(native, shape, code):
    assert exit_code(native, shape) == code


@pytest.mark.slow
@IMPOSSIBLE
def test_they_touch_no_memory_either(checked, shape, code):
    assert exit_code(checked, shape) == code


def test_an_arm_processor_computes_the_same(native, tmp_path):
    if any(shutil.which(program) is None for program in CROSS):
        pytest.skip(f"not installed: {' or '.join(CROSS)}")
    program = compiled(tmp_path, CROSS[0], ("-static",))
    assert program is not None
    for shape in SHAPES[1:3]:
        assert run(program, shape, (CROSS[1],)) == pytest.approx(run(native, shape), rel=1e-7)


def test_clang_computes_the_same(native, tmp_path):
    found = next((name for name in ("clang++", "clang++-14") if shutil.which(name)), None)
    if found is None:
        pytest.skip("clang++ is not installed")
    program = compiled(tmp_path, found, ())
    assert program is not None
    assert run(program, SHAPES[1]) == pytest.approx(run(native, SHAPES[1]), rel=1e-7)
