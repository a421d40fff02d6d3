"""YAML texts of genotypes: plain mappings, and what Python's YAML makes of DARTS' named tuple.

`yaml.dump` marks tuples, `range(2, 6)` and the named tuple itself with tags of Python's; they are read as the
lists and the mapping that they stand for, and every other tag is refused, so no code runs.
"""

from typing import Any

import yaml

from autofas.errors import GenotypeError
from autofas.storage.schema import MAX_YAML_BYTES, PlainLoader, parse_yaml

_PYTHON = "tag:yaml.org,2002:python/"
_FIELDS = ("normal", "normal_concat", "reduce", "reduce_concat")
_MOST_NODES = 64


class _Loader(PlainLoader):
    """PlainLoader that knows the three tags."""


def genotype_values(text: str, source: str) -> Any:
    """The plain data of a YAML text; raises GenotypeError in one line."""
    if len(text) > MAX_YAML_BYTES:
        raise GenotypeError(f"{source} has more than {MAX_YAML_BYTES} characters of YAML, not a genotype")
    return parse_yaml(text, source, GenotypeError, _Loader)


def _tuple(loader: yaml.SafeLoader, node: yaml.Node) -> list[Any]:
    if not isinstance(node, yaml.SequenceNode):
        raise yaml.constructor.ConstructorError(None, None, "a tuple is not a list", node.start_mark)
    found: list[Any] = loader.construct_sequence(node, deep=True)
    return found


def _range(loader: yaml.SafeLoader, node: yaml.Node) -> list[int]:
    bounds = _tuple(loader, node)
    numbers = all(type(bound) is int and 0 <= bound <= _MOST_NODES for bound in bounds)
    if numbers and 1 <= len(bounds) <= 3 and bounds[2:] != [0]:
        return list(range(*bounds))
    raise yaml.constructor.ConstructorError(None, None, "not a short range of nodes", node.start_mark)


def _named_tuple(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if suffix.rpartition(".")[2] != "Genotype":
        raise yaml.constructor.ConstructorError(None, None, f"{suffix} is not read", node.start_mark)
    return dict(zip(_FIELDS, _tuple(loader, node), strict=False))


_Loader.add_constructor(f"{_PYTHON}tuple", _tuple)
_Loader.add_constructor(f"{_PYTHON}object/apply:builtins.range", _range)
_Loader.add_multi_constructor(f"{_PYTHON}object/new:", _named_tuple)
