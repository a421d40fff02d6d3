"""The kernels are built into a folder of the test run where the package has none."""

import shutil

import pytest

from autofas.models.kernels import library
from autofas.models.kernels.build import FOLDER, LIBRARY, build, find_compiler


@pytest.fixture(scope="session", autouse=True)
def kernels(tmp_path_factory):
    """The library; tests are skipped where there is neither one nor a compiler."""
    if not library.available():
        compiler = find_compiler()
        if compiler is None or shutil.which(compiler.split()[0]) is None:
            pytest.skip("no C++ compiler")
        # two units of five: half a minute less, and the tests of instruction sets take what there is
        only = ("float_generic", "double_generic")
        built = build(tmp_path_factory.mktemp("kernels") / LIBRARY, only=only)
        library._loaded.cache_clear()
        patch = pytest.MonkeyPatch()
        patch.setattr(library, "FOLDER", built.parent)
        yield
        patch.undo()
        library._loaded.cache_clear()
    else:
        assert (FOLDER / LIBRARY).is_file()
        yield
