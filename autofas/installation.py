"""Whether autofas is installed: only then are the folders beside it packages of it (see setup.cfg)."""

from importlib.util import find_spec
from pathlib import Path

from autofas.errors import AutofasError

BESIDE = ("autofas.baselines", "autofas.search_spaces")


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
