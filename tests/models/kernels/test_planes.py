"""What the kernels refuse before they run: no memory is lent to, nor a grid made of, an impossible shape."""

import pytest

from autofas.models.kernels import library
from autofas.models.kernels.planes import Scratch, call, grid_of
from autofas.models.kernels.structures import Cell


def test_scratch_grows_and_is_aligned():
    scratch, task = Scratch(), Cell()
    scratch.lend(task, 100)
    first = scratch.memory.data_ptr()
    assert (task.scratch % 64, task.scratch_bytes) == (0, 100)
    scratch.lend(task, 50)
    assert scratch.memory.data_ptr() == first
    assert task.scratch_bytes == 50
    scratch.lend(task, 10_000)
    assert scratch.memory.numel() >= 10_000


def test_an_unsound_task_is_refused():
    with pytest.raises(ValueError, match="refuse a cell of this shape"):
        Scratch().lend(Cell(), -1)
    for code, why in ((1, "its shape is unsound"), (2, "scratch memory is too small")):
        with pytest.raises(RuntimeError, match=why):
            call(lambda task, code=code: code, Cell())


def test_a_grid_out_of_bounds_is_refused():
    unit = library.unit("float")
    with pytest.raises(ValueError, match="out of bounds"):
        grid_of(unit, 0, (3, 3), 1)
    assert grid_of(unit, 2, (3, 5), 1).size >= 2 * 3 * 5
