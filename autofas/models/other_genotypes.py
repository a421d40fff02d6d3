"""Genotypes as other code writes them, read as data: DARTS' `Genotype(...)` text and NNI's exported JSON.

The text is that of DARTS (Liu et al., ICLR 2019), PC-DARTS and their descendants, pasted from a log or a
genotypes.py: `NAME = Genotype(normal=[('sep_conv_3x3', 0), ...], normal_concat=range(2, 6), reduce=[...],
reduce_concat=...)`, two operations a node in the order of the nodes. It is parsed and never evaluated.

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
_CALL = re.compile(r"(?:\b([A-Za-z_]\w*)\s*=\s*)?\bGenotype\s*\(")
_OLD_NAMES = {
    "maxpool": "max_pool_3x3", "avgpool": "avg_pool_3x3", "skipconnect": "skip_connect",
    "sepconv3x3": "sep_conv_3x3", "sepconv5x5": "sep_conv_5x5", "dilconv3x3": "dil_conv_3x3",
    "dilconv5x5": "dil_conv_5x5",
}  # fmt: skip
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
    """Whether a text holds a `Genotype(...)`."""
    return _CALL.search(text) is not None


def is_nni_export(values: Mapping[str, Any]) -> bool:
    """Whether a mapping holds the choices of cells as NNI exports them."""
    return any(re.fullmatch(r"normal/op_\d+_0|normal_n\d+_switch", str(key)) for key in values)


def cells_of_text(text: str, source: str) -> OtherCells:
    """The one `Genotype(...)` of a text; raises GenotypeError for several and for anything but plain data."""
    calls = list(_CALL.finditer(text))
    if len(calls) != 1:
        lines = [text.count("\n", 0, call.start()) + 1 for call in calls]
        names = ", ".join(call[1] or f"line {line}" for call, line in zip(calls, lines, strict=True))
        raise GenotypeError(f"{source} holds {len(calls)} genotypes ({names}); keep the one that is meant")
    values = _arguments(_call_text(text, calls[0].end() - 1, source), source)
    cells = {name: _pairs(values[name], f"{source}: {name}") for name in ("normal", "reduce")}
    concats = {name: _nodes(values[name], f"{source}: {name}") for name in ("normal_concat", "reduce_concat")}
    return OtherCells(
        cells["normal"],
        concats["normal_concat"],
        cells["reduce"],
        concats["reduce_concat"],
        calls[0][1] or "",
    )


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


def _call_text(text: str, start: int, source: str) -> str:
    """The text from an opening bracket to the one that closes it."""
    depth = 0
    for position in range(start, min(len(text), start + _MOST_CHARACTERS)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if not depth:
            return text[start : position + 1]
    raise GenotypeError(f"{source}: the bracket after Genotype is not closed; paste the whole line")


def _arguments(text: str, source: str) -> dict[str, ast.expr]:
    try:
        call = ast.parse(f"Genotype{text}", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise GenotypeError(f"{source}: what follows Genotype is not Python ({error})") from None
    assert isinstance(call, ast.Call)
    values = dict(zip(_FIELDS, call.args, strict=False))
    values |= {word.arg: word.value for word in call.keywords if word.arg}
    if missing := [name for name in _FIELDS if name not in values]:
        raise GenotypeError(f"{source}: the Genotype has no {', '.join(missing)}")
    return values


def _literal(value: ast.expr, what: str) -> Any:
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise GenotypeError(f"{what} is not plain data; paste the Genotype as it was printed") from None


def _pairs(value: ast.expr, what: str) -> Edges:
    found = _literal(value, what)
    edges: Edges = []
    for number, pair in enumerate(found if isinstance(found, list | tuple) else ()):
        if not (isinstance(pair, list | tuple) and len(pair) == 2):
            raise GenotypeError(f"{what}: entry {number + 1} is not a pair of operation and input")
        operation, origin = pair
        if not isinstance(operation, str) or type(origin) is not int:
            raise GenotypeError(f"{what}: entry {number + 1} is not a name and an input's number")
        edges.append((_INPUTS + number // 2, origin, operation))
    if not edges or len(edges) % 2:
        raise GenotypeError(f"{what} has {len(edges)} entries; DARTS writes two for each node")
    return edges


def _nodes(value: ast.expr, what: str) -> list[int]:
    """A list of nodes, or `range(2, 6)` as DARTS prints it."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "range":
        bounds = [_literal(word, what) for word in value.args]
        if 1 <= len(bounds) <= 2 and all(type(bound) is int and 0 <= bound <= 64 for bound in bounds):
            return list(range(*bounds))
        raise GenotypeError(f"{what} is not a short range of nodes")
    found = _literal(value, what)
    if not isinstance(found, list | tuple) or not all(type(node) is int for node in found):
        raise GenotypeError(f"{what} is not a list of nodes")
    return list(found)


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
    return _OLD_NAMES.get(value, value)
