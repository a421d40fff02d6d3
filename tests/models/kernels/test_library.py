"""The library's lesser instruction sets are there too, and images survive the way into planes and back."""

import ctypes

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
