"""What setup.cfg cannot say: the compiled kernels of the search step, built where a C++ compiler is found,
and a description whose pictures and pages are found from any registry.

The kernels are a plain C library that ctypes loads, so the wheel fits every Python 3 of its platform.
Without a compiler (or with CXX naming none that works) the installation succeeds, and searches run in torch.
"""

import configparser
import os
import re
import runpy
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
FOLDER = "autofas/models/kernels"
KERNELS = runpy.run_path(str(ROOT / FOLDER / "build.py"))


class BuildWithKernels(build_py):
    """Python files, and the library beside them: in the build folder, or in place where editable."""

    def run(self):
        super().run()
        library = (ROOT if self.editable_mode else Path(self.build_lib)) / FOLDER / KERNELS["LIBRARY"]
        if self.editable_mode and not os.environ.get("CXX") and KERNELS["is_current"](library):
            return  # an extra was added to an installation: the sources have not changed since
        library.unlink(missing_ok=True)  # of an earlier build, perhaps of other sources
        try:
            KERNELS["build"](library)
        except RuntimeError as error:
            slower = "a search on the CPU will take two to four times as long"
            print(f"autofas: the search's kernels were not compiled ({error}): {slower}", file=sys.stderr)


class PlatformWheel(bdist_wheel):
    """A wheel of this platform if it holds the library, of any platform if it does not."""

    def get_tag(self):
        built = Path(self.bdist_dir) / FOLDER / KERNELS["LIBRARY"]
        self.root_is_pure = not built.is_file()
        return "py3", "none", super().get_tag()[2]


def description():
    """README.md with the addresses of its pictures and pages made absolute, from setup.cfg's `Source`."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    source = re.search(r"Source = (\S+)", config["metadata"]["project_urls"]).group(1)

    def absolute(link):
        mark, text, address = link.groups()
        return f"{mark}[{text}]({source}/{'raw' if mark else 'blob'}/HEAD/{address})"

    relative = r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)\s]+)\)"
    return re.sub(relative, absolute, (ROOT / "README.md").read_text(encoding="utf-8"))


setup(
    long_description=description(),
    long_description_content_type="text/markdown",
    cmdclass={"build_py": BuildWithKernels, "bdist_wheel": PlatformWheel},
)
