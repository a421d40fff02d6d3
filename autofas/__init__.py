"""autofas: neural architecture search for tiny face anti-spoofing networks."""

from autofas._version import __version__

__all__ = ["__version__"]
