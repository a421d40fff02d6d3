"""Genotypes as other code writes them, read as data: DARTS' `Genotype(...)` text and NNI's exported JSON.

The text is that of DARTS (Liu et al., ICLR 2019), PC-DARTS and their descendants, pasted from a log or a
genotypes.py: `NAME = Genotype(normal=[('sep_conv_3x3', 0), ...], normal_concat=range(2, 6), reduce=[...],
reduce_concat=...)`, two operations a node in the order of the nodes. It is parsed and never evaluated; of
calls only `range`, `list`, `tuple`, numpy's numbers and `array` are understood, which a printed genotype may
hold. The same fields as a mapping, in JSON or as Python prints it, are read alike.

NNI writes one mapping of choices, `normal/op_2_0` with `normal/input_2_0` (NNI 2.8 and later), or
`normal_n2_p0` with `normal_n2_switch` (before). Neither says anything of the network around the cells.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autofas.errors import GenotypeError

_INPUTS = 2  # nodes 0 and 1 are a cell's inputs
OLD_NNI_OPERATIONS = (
    "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3",
    "dil_conv_5x5", "none",
)  # fmt: skip
"""In the order of NNI's example, whose exports may hold positions in place of names."""
_FIELDS = ("normal", "normal_concat", "reduce", "reduce_concat")
_OTHER_FIELDS = {"reduction": "reduce", "reduction_concat": "reduce_concat"}
_MAPPING = re.compile(r"\{\s*['\"]normal['\"]\s*:\s*[\[(]")
_PRINTED_CALLS = ("list", "tuple", "array", "str_")  # beside numpy's integers; around plain data
_CALL = re.compile(r"(?:\b([A-Za-z_]\w*)\s*=\s*)?\bGenotype\s*\(")
_OTHER_NAMES = {
    "maxpool": "max_pool_3x3", "maxpool3x3": "max_pool_3x3", "avgpool": "avg_pool_3x3",
    "avgpool3x3": "avg_pool_3x3", "skipconnect": "skip_connect", "skip": "skip_connect",
    "identity": "skip_connect", "sepconv3x3": "sep_conv_3x3", "sepconv5x5": "sep_conv_5x5",
    "dilconv3x3": "dil_conv_3x3", "dilconv5x5": "dil_conv_5x5", "zero": "none",
}  # fmt: skip
"""Other spellings, without their underscores and in lower case."""
_MOST_CHARACTERS = 20_000

Edges = list[tuple[int, int, str]]


@dataclass(frozen=True)
class OtherCells:
    """Both cells as edges (node, input, operation) and concatenated nodes; the name they were given."""

    normal: Edges
    normal_concat: list[int]
    reduction: Edges
    reduction_concat: list[int]
    name: str = ""


def is_genotype_text(text: str) -> bool:
    """Whether a text holds a `Genotype(...)`, or its fields as Python prints a mapping."""
    return _CALL.search(text) is not None or _MAPPING.search(text) is not None


def is_nni_export(values: Mapping[str, Any]) -> bool:
    """Whether a mapping holds the choices of cells as NNI exports them."""
    return any(re.fullmatch(r"normal/op_\d+_0|normal_n\d+_switch", str(key)) for key in values)


def is_darts_mapping(values: Mapping[str, Any]) -> bool:
    """Whether a mapping holds the fields of DARTS' genotype, two lists of operations among them."""
    return all(isinstance(values.get(name), list) for name in _FIELDS[::2])


def cells_of_text(text: str, source: str) -> OtherCells:
    """The one `Genotype(...)` of a text; raises GenotypeError for several and for anything but plain data."""
    calls = [(call[1] or "", call.start(), call.end() - 1) for call in _CALL.finditer(text)]
    calls = calls or [("", found.start(), found.start()) for found in _MAPPING.finditer(text)]
    found = {(name, _enclosed(text, opened, source)) for name, _, opened in calls}
    if len(found) != 1:  # a log may print one genotype several times
        places = (name or f"line {text.count(chr(10), 0, start) + 1}" for name, start, _ in calls)
        raise GenotypeError(
            f"{source} holds {len(calls)} genotypes ({', '.join(places)}); keep the one that is meant"
        )
    ((name, enclosed),) = found
    return _cells(_arguments(enclosed, source), source, name)


def cells_of_mapping(values: Mapping[str, Any], source: str) -> OtherCells:
    """The cells of a mapping with DARTS' fields; raises GenotypeError for anything else in them."""
    return _cells({_OTHER_FIELDS.get(name, name): value for name, value in values.items()}, source)


def _cells(values: Mapping[str, Any], source: str, name: str = "") -> OtherCells:
    if missing := [field for field in _FIELDS if field not in values]:
        raise GenotypeError(f"{source}: the Genotype has no {', '.join(missing)}")
    cells = {field: _pairs(values[field], f"{source}: {field}") for field in _FIELDS[::2]}
    nodes = {field: _nodes(values[field], f"{source}: {field}") for field in _FIELDS[1::2]}
    return OtherCells(cells["normal"], nodes["normal_concat"], cells["reduce"], nodes["reduce_concat"], name)


def cells_of_nni(values: Mapping[str, Any], source: str) -> OtherCells:
    """The cells of NNI's export; raises GenotypeError where a choice is missing or is not one."""
    cells = {}
    for kind in ("normal", "reduce"):
        new = any(str(key).startswith(f"{kind}/op_") for key in values)
        cells[kind] = (_new_nni if new else _old_nni)(values, kind, source)
        if not cells[kind]:
            raise GenotypeError(f"{source} holds no choices of the {kind} cell")
    nodes = {kind: sorted({node for node, _, _ in edges}) for kind, edges in cells.items()}
    return OtherCells(cells["normal"], nodes["normal"], cells["reduce"], nodes["reduce"])


def _enclosed(text: str, start: int, source: str) -> str:
    """The text from an opening bracket to the one that closes it."""
    depth = 0
    for position in range(start, min(len(text), start + _MOST_CHARACTERS)):
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(text[position], 0)
        if not depth:
            return text[start : position + 1]
    raise GenotypeError(f"{source}: the bracket after Genotype is not closed; paste the whole line")


def _arguments(text: str, source: str) -> dict[str, Any]:
    """The values of a call's arguments, or of a mapping's fields, by name."""
    parsed = _parsed(text if text.startswith("{") else f"Genotype{text}", f"{source}: what follows Genotype")
    if isinstance(parsed, ast.Dict):
        keys = [getattr(key, "value", "") for key in parsed.keys]
        named = dict(zip(keys, parsed.values, strict=True))
    else:
        assert isinstance(parsed, ast.Call)
        named = dict(zip(_FIELDS, parsed.args, strict=False))
        named |= {word.arg: word.value for word in parsed.keywords if word.arg}
    fields = {_OTHER_FIELDS.get(str(name), str(name)): value for name, value in named.items()}
    return {name: _plain(value, f"{source}: {name}") for name, value in fields.items() if name in _FIELDS}


def _parsed(text: str, what: str) -> ast.expr:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise GenotypeError(f"{what} is not Python ({error})") from None


def _plain(value: ast.expr, what: str) -> Any:
    """Plain data from its syntax: what it prints as, `range(2, 6)` and numpy's calls around data included."""
    if isinstance(value, ast.List | ast.Tuple):
        return [_plain(entry, what) for entry in value.elts]
    if isinstance(value, ast.Call) and not value.keywords:
        name = getattr(value.func, "attr", getattr(value.func, "id", ""))
        if name == "range":
            return _range([_plain(word, what) for word in value.args], what)
        if len(value.args) == 1 and (name in _PRINTED_CALLS or re.fullmatch(r"u?int\d+", name)):
            return _plain(value.args[0], what)
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise GenotypeError(f"{what} is not plain data; paste the Genotype as it was printed") from None


def _range(bounds: list[Any], what: str) -> list[int]:
    numbers = all(type(bound) is int and 0 <= bound <= 64 for bound in bounds)
    if numbers and 1 <= len(bounds) <= 3 and bounds[2:] != [0]:
        return list(range(*bounds))
    raise GenotypeError(f"{what} is not a short range of nodes")


def _pairs(found: Any, what: str) -> Edges:
    edges: Edges = []
    for number, pair in enumerate(found if isinstance(found, list | tuple) else ()):
        if not (isinstance(pair, list | tuple) and len(pair) == 2):
            raise GenotypeError(f"{what}: entry {number + 1} is not a pair of operation and input")
        operation, origin = pair
        if not isinstance(operation, str) or type(origin) is not int:
            raise GenotypeError(f"{what}: entry {number + 1} is not a name and an input's number")
        edges.append((_INPUTS + number // 2, origin, _spelt(operation)))
    if not edges or len(edges) % 2:
        raise GenotypeError(f"{what} has {len(edges)} entries; DARTS writes two for each node")
    return edges


def _nodes(found: Any, what: str) -> list[int]:
    if isinstance(found, str) and found.strip().startswith("range("):  # as text in JSON or YAML
        found = _plain(_parsed(found.strip(), what), what)
    if not isinstance(found, list | tuple) or not all(type(node) is int for node in found):
        raise GenotypeError(f"{what} is not a list of nodes")
    return list(found)


def _spelt(operation: str) -> str:
    """Our name of an operation, whatever underscores and capitals another project gives it."""
    return _OTHER_NAMES.get(operation.replace("_", "").lower(), operation)


def _new_nni(values: Mapping[str, Any], kind: str, source: str) -> Edges:
    edges = []
    for key, operation in values.items():
        match = re.fullmatch(rf"{kind}/op_(\d+)_(\d+)", str(key))
        if match is None:
            continue
        origin = values.get(f"{kind}/input_{match[1]}_{match[2]}")
        origin = origin[0] if isinstance(origin, list) and len(origin) == 1 else origin
        if type(origin) is not int:
            raise GenotypeError(f"{source}: {kind}/input_{match[1]}_{match[2]} is not one input's number")
        edges.append((int(match[1]), origin, _operation(operation, f"{source}: {key}")))
    for key in values:  # an input alone would lose its edge without a word
        match = re.fullmatch(rf"{kind}/input_(\d+_\d+)", str(key))
        if match and f"{kind}/op_{match[1]}" not in values:
            raise GenotypeError(f"{source}: {kind}/op_{match[1]} is missing beside {key}")
    return sorted(edges)


def _old_nni(values: Mapping[str, Any], kind: str, source: str) -> Edges:
    edges = []
    for key, chosen in values.items():
        match = re.fullmatch(rf"{kind}_n(\d+)_switch", str(key))
        if match is None:
            continue
        for choice in chosen if isinstance(chosen, list) else [chosen]:
            named = re.fullmatch(rf"{kind}_n{match[1]}_p(\d+)", str(choice))
            if named is None and type(choice) is not int:
                raise GenotypeError(f"{source}: {key} names no input of its node: {str(choice)[:80]!r}")
            origin = int(named[1]) if named else int(choice)
            place = f"{kind}_n{match[1]}_p{origin}"
            edges.append((int(match[1]), origin, _operation(values.get(place), f"{source}: {place}")))
    return sorted(edges)


def _operation(value: Any, what: str) -> str:
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    if type(value) is int and 0 <= value < len(OLD_NNI_OPERATIONS):
        return OLD_NNI_OPERATIONS[value]
    if not isinstance(value, str):
        raise GenotypeError(f"{what} chooses no operation")
    return _spelt(value)
