"""The compiled kernels' shared library, loaded on first use."""

import ctypes
import os
from functools import lru_cache

from autofas.models.kernels.build import FOLDER, LIBRARY
from autofas.models.kernels.structures import Int, Long, Pointer

INSTRUCTIONS = "AUTOFAS_KERNELS_INSTRUCTIONS"
"""Environment variable that names a lesser instruction set than the processor's, to compare them."""

SETS = ("generic", "avx2", "avx512")
"""Instruction sets, a later one wider."""

SIGNATURES: dict[str, tuple[object, tuple[object, ...]]] = {
    "new_grid": (Pointer, (Int, Int, Int, Int, Int, Int)),
    "free_grid": (None, (Pointer,)),
    "plane_size": (Long, (Pointer,)),
    "planes_from_images": (None, (Pointer,)),
    "images_from_planes": (None, (Pointer,)),
    "cell_scratch": (Long, (Pointer,)),
    "cell_forward": (Int, (Pointer,)),
    "cell_backward": (Int, (Pointer,)),
    "inputs_scratch": (Long, (Pointer,)),
    "inputs_forward": (Int, (Pointer,)),
    "inputs_backward": (Int, (Pointer,)),
    "head_scratch": (Long, (Pointer,)),
    "head_forward": (Int, (Pointer,)),
    "head_backward": (Int, (Pointer,)),
}
"""Result and arguments of every function of a unit."""


class Unit:
    """The library's functions of one precision ("float" or "double") and instruction set, as attributes."""

    def __init__(self, library: ctypes.CDLL, precision: str, instructions: str) -> None:
        self.precision, self.instructions = precision, instructions
        for name, (result, arguments) in SIGNATURES.items():
            function = getattr(library, f"autofas_{name}_{precision}_{instructions}")
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)

    def __getattr__(self, name: str) -> "ctypes._NamedFuncPointer":
        raise AttributeError(f"the kernels have no function {name}")


@lru_cache(maxsize=1)
def _loaded() -> tuple[ctypes.CDLL | None, str]:
    """The library, or None and the reason why there is none."""
    path = FOLDER / LIBRARY
    if not path.is_file():
        return None, "not built at installation"
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        return None, f"{LIBRARY} cannot be loaded: {error}"
    _borrow_threads(library)
    return library, ""


def _borrow_threads(library: ctypes.CDLL) -> None:
    """Let the kernels run on torch's OpenMP threads where the process has loaded GNU OpenMP (threads.cpp)."""
    process = ctypes.CDLL(None)
    names = ("GOMP_parallel", "omp_get_thread_num", "omp_get_num_threads")
    if all(hasattr(process, name) for name in names):
        library.autofas_borrow(*(ctypes.cast(getattr(process, name), ctypes.c_void_p) for name in names))


def reason() -> str | None:
    """Why the kernels cannot be used here, or None where they can."""
    return _loaded()[1] or None


def available() -> bool:
    """True if the library is built and can be loaded."""
    return reason() is None


def instructions() -> str:
    """The instruction set in use: the processor's best, or the lesser one that the environment names."""
    library, why = _loaded()
    if library is None:
        raise RuntimeError(f"the kernels are not available: {why}")
    library.autofas_instructions.restype = ctypes.c_char_p
    best = library.autofas_instructions().decode()
    named = os.environ.get(INSTRUCTIONS)
    return best if named not in SETS else SETS[min(SETS.index(named), SETS.index(best))]


@lru_cache(maxsize=8)
def _unit(precision: str, best: str) -> Unit:
    library, why = _loaded()
    if library is None:
        raise RuntimeError(f"the kernels are not available: {why}")
    for name in SETS[SETS.index(best) :: -1]:
        if hasattr(library, f"autofas_new_grid_{precision}_{name}"):
            return Unit(library, precision, name)
    raise RuntimeError(f"{LIBRARY} has no kernels of precision {precision}")


def unit(precision: str) -> Unit:
    """The functions of a precision for this processor; RuntimeError where the kernels are not available."""
    return _unit(precision, instructions())


if __name__ == "__main__":  # what an installation has got
    why = reason()
    slow = "a search on the CPU takes two to four times as long"
    print(f"search kernels: {instructions()}" if why is None else f"search kernels: none ({why}); {slow}")
