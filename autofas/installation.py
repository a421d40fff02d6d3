"""Whether autofas can run here: on a system it supports, and installed.

Only then are the folders beside it packages of it (see setup.cfg).
"""

from importlib.util import find_spec
from pathlib import Path

from autofas.errors import AutofasError

BESIDE = ("autofas.baselines", "autofas.search_spaces")


class NotSupported(AutofasError):
    """autofas runs on a system that it does not support."""


def require_supported() -> None:
    """Raise NotSupported on a system without POSIX file locks, such as Windows."""
    try:
        import fcntl  # noqa: F401
    except ImportError:
        raise NotSupported(
            "autofas runs on Linux and macOS; this Python has no POSIX file locks (fcntl). On Windows,"
            " install it in WSL 2: https://learn.microsoft.com/windows/wsl/install"
        ) from None


class NotInstalled(AutofasError):
    """autofas runs from a bare checkout."""


def require_installed() -> None:
    """Raise NotInstalled, with the command that installs it, if autofas runs from a bare checkout."""
    missing = [name for name in BESIDE if find_spec(name) is None]
    if missing:
        checkout = Path(__file__).resolve().parent.parent
        raise NotInstalled(
            f"{checkout} is not installed, so Python finds no {missing[0]}; run: pip install -e {checkout}"
        )
