"""Bi-level search: engine, derivation rules, record; called, the package is the verb of that name."""

import sys
from types import ModuleType
from typing import Any


class _Verb(ModuleType):
    """`autofas.search` names a package and, in the Python interface, the verb; so the package is callable."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """See autofas.search.search.search."""
        from autofas.search.search import search

        return search(*args, **kwargs)


sys.modules[__name__].__class__ = _Verb
