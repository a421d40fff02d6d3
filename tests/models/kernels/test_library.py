"""The library's lesser instruction sets are there too, and images survive the way into planes and back."""

import ctypes
import os
import signal

import pytest
import torch

from autofas.models.kernels import library
from autofas.models.kernels.structures import Conversion


@pytest.mark.parametrize("precision", ["float", "double"])
@pytest.mark.parametrize("shape", [(1, 3, 1, 1), (4, 2, 5, 7), (17, 1, 8, 3), (40, 2, 6, 6)])
def test_images_survive_the_way_into_planes_and_back(precision, shape, monkeypatch):
    images = torch.randn(shape, dtype=getattr(torch, precision)).contiguous(memory_format=torch.channels_last)
    strides = (ctypes.c_long * 4)(*images.stride())
    batch, channels, height, width = shape
    for instructions in library.SETS:
        monkeypatch.setenv(library.INSTRUCTIONS, instructions)
        unit = library.unit(precision)
        grid = unit.new_grid(batch, height, width, 2, 0, 0)
        planes = torch.full((channels, unit.plane_size(grid)), torch.nan, dtype=images.dtype)
        given = Conversion(grid, channels, 2, images.data_ptr(), planes.data_ptr(), strides)
        unit.planes_from_images(ctypes.byref(given))
        back = torch.empty_like(images)
        given.images = back.data_ptr()
        unit.images_from_planes(ctypes.byref(given))
        unit.free_grid(grid)
        assert torch.equal(back, images)
        torch.testing.assert_close(planes.sum(), images.sum())  # the padding is zero


def to_planes(images, threads):
    """images (1, C, H, W) as planes, by the given number of threads."""
    strides = (ctypes.c_long * 4)(*images.stride())
    unit = library.unit("float")
    grid = unit.new_grid(1, *images.shape[2:], 2, 0, 0)
    planes = torch.zeros(images.shape[1], unit.plane_size(grid))
    given = Conversion(grid, images.shape[1], threads, images.data_ptr(), planes.data_ptr(), strides)
    unit.planes_from_images(ctypes.byref(given))
    unit.free_grid(grid)
    return planes


def test_threads_are_borrowed_from_openmp_and_as_many_work_as_it_lends(monkeypatch):
    loaded = library._loaded()[0]
    images = torch.randn(1, 5, 3, 3)
    asked = []

    def parallel(function, argument, threads, flags):
        asked.append(threads)
        function(argument)  # on this thread alone

    kinds = (
        ctypes.CFUNCTYPE(
            None, ctypes.CFUNCTYPE(None, ctypes.c_void_p), ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint
        ),
        ctypes.CFUNCTYPE(ctypes.c_int),
        ctypes.CFUNCTYPE(ctypes.c_int),
    )
    lent = [kind(function) for kind, function in zip(kinds, (parallel, lambda: 0, lambda: 1), strict=True)]
    loaded.autofas_borrow(*lent)
    try:
        planes = to_planes(images, 3)
    finally:
        library._borrow_threads(loaded)
    assert asked == [3]
    assert torch.equal(planes, to_planes(images, 1))
    assert torch.equal(planes, to_planes(images, 3))


def test_a_forked_child_works_with_threads_of_its_own():
    images = torch.randn(1, 5, 3, 3)
    expected = to_planes(images, 3)
    child = os.fork()
    if child == 0:  # its parent's threads are not there to be waited for
        signal.alarm(20)
        os._exit(0 if torch.equal(to_planes(images, 3), expected) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("sides", [(0, 4, 4), (4, 0, 4), (4, 4, -1), (1 << 30, 1 << 30, 1 << 30)])
def test_sides_that_make_no_grid_are_refused(sides):
    assert library.unit("float").new_grid(*sides, 2, 0, 0) is None


def test_a_set_beyond_the_processor_is_not_taken(monkeypatch):
    monkeypatch.delenv(library.INSTRUCTIONS, raising=False)
    best = library.instructions()
    monkeypatch.setenv(library.INSTRUCTIONS, "avx512")
    assert library.instructions() == best
    monkeypatch.setenv(library.INSTRUCTIONS, "generic")
    assert library.instructions() == "generic"
