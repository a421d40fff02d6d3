"""Files of tensors: safetensors, and torch's own with the pickle inside."""

import io
import json
import pickle
import random
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from tests.campaigns.faults.hostile.networks import hostile_info
from tests.campaigns.faults.hostile.plain import changed, drawn, holder_of, json_text, places, spoiled


class _Call:
    """Pickles as the call of a function: what a hostile pickle is."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.pair = (function, arguments)

    def __reduce__(self) -> Any:
        return self.pair


def pickled_code(rng: random.Random, canary: str) -> Any:
    """Something that runs code or takes memory when a plain unpickler meets it."""
    import builtins
    import os
    import subprocess

    touch = f"touch {canary}"
    source = f"open({canary!r}, 'w').close()"
    return rng.choice(
        [
            _Call(os.system, touch), _Call(builtins.exec, source), _Call(builtins.eval, source),
            _Call(subprocess.Popen, ["touch", canary]), _Call(subprocess.check_output, ["touch", canary]),
            _Call(builtins.open, canary, "w"), _Call(os.mkdir, canary), _Call(os.popen, touch),
            _Call(getattr, _Call(__import__, "os"), "system"), _Call(builtins.map, _Call(eval, source), [1]),
            _Call(
                torch.load, _Call(io.BytesIO, pickle.dumps(_Call(os.system, touch))), None,
                _Call(__import__, "pickle"), False,
            ),
            _Call(pickle.loads, pickle.dumps(_Call(os.system, touch))), _Call(bytearray, 10**11),
            _Call(torch.zeros, 10**11), _Call(np.zeros, 10**11), {"state_dict": _Call(os.system, touch)},
        ]
    )  # fmt: skip


def hostile_torch(state: Any, rng: random.Random, canary: str) -> bytes:
    """A file of `torch.save`: its values changed, its pickle crafted, or its zip made to grow."""
    kind = rng.randrange(8)
    if kind <= 3:
        return saved(tensors_changed(state, rng, rng.randrange(1, 4)))
    if kind == 4:
        bad = pickled_code(rng, canary)
        at = rng.choice([bad, {**state, "x": bad}, [bad]])
        return rng.choice([lambda: saved(at), lambda: pickle.dumps(at, rng.choice([0, 2, 4]))])()
    if kind == 5:
        grown = {**state, "x": torch.zeros(rng.choice([10**6, 3 * 10**7]))}
        return rezipped(saved(grown), zipfile.ZIP_DEFLATED)
    if kind == 6:
        content = saved(state, legacy=True)
        return spoiled(content, rng) if rng.random() < 0.6 else content
    return spoiled(saved(state), rng, saved({"a": torch.zeros(3)}))


def saved(value: Any, legacy: bool = False) -> bytes:
    """What torch.save writes."""
    stream = io.BytesIO()
    torch.save(value, stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


def rezipped(content: bytes, method: int) -> bytes:
    """A zip with its parts stored by another method."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", method) as new:
        for part in old.infolist():
            new.writestr(part.filename, old.read(part.filename))
    return stream.getvalue()


def tensors_changed(state: Any, rng: random.Random, times: int) -> Any:
    """Nested dicts and lists of tensors with some replaced by others, by numbers or by texts, or removed."""
    copy = _copied(state)
    for _ in range(times):
        known = places(copy)
        if not known:
            break
        path = rng.choice(known)
        holder = holder_of(copy, path)
        old = holder[path[-1]]
        if rng.random() < 0.2:
            del holder[path[-1]]
        elif isinstance(old, torch.Tensor) and rng.random() < 0.7:
            holder[path[-1]] = _odd_tensor(old, rng)
        else:
            value = drawn(rng)
            holder[path[-1]] = value if value != 10**400 else 2**70
    return copy


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list | tuple) else value


def _odd_tensor(old: torch.Tensor, rng: random.Random) -> torch.Tensor:
    return rng.choice(
        [
            lambda: torch.full_like(old.float(), float("nan")), lambda: old.double(),
            lambda: old.to(torch.bool),
            lambda: old.reshape(-1)[:1].clone(), lambda: old.unsqueeze(0), lambda: torch.zeros(0),
            lambda: torch.zeros(1).expand(10**6, 10**6), lambda: torch.empty(10**6, 10**6, device="meta"),
            lambda: torch.full_like(old.float(), 1e38), lambda: old.to(torch.complex64),
            lambda: torch.zeros(3, 3).to_sparse(), lambda: torch.full_like(old.float(), float("inf")),
        ]
    )()  # fmt: skip


def hostile_safetensors(content: bytes, rng: random.Random) -> bytes:
    """A safetensors file with its header, its metadata, its sizes or its numbers changed."""
    length = int.from_bytes(content[:8], "little")
    header, body = json.loads(content[8 : 8 + length]), content[8 + length :]
    kind = rng.randrange(8)
    if kind == 0:
        size = rng.choice([0, 1, length - 1, length + 1, 2**24 + 1, 10**8, 10**9, 2**63, 2**64 - 1])
        return size.to_bytes(8, "little") + content[8:]
    if kind <= 3:
        names = [name for name in header if name != "__metadata__"]
        for name in rng.sample(names, min(len(names), rng.randrange(1, 4))):
            entry = header[name]
            edit = rng.randrange(8)
            if edit == 0:
                entry["shape"] = rng.choice(
                    [[], [0], [-1], [2**40, 2**40], [0, 2**62], [1.5], "x", [10**6, 10**6]]
                )
            elif edit == 1:
                entry["dtype"] = rng.choice(
                    ["F64", "I8", "BF16", "F16", "BOOL", "C64", "X", None, 3, "F8_E4M3"]
                )
            elif edit == 2:
                entry["data_offsets"] = rng.choice(
                    [[0, 0], [0, 2**63], [-4, 0], [4, 0], [0, len(body)], [0], "x"]
                )
            elif edit == 3:
                del header[name]
            elif edit == 4:
                header[name + rng.choice(["x", "\0", "/../../x", "\u202e", "a" * 5000])] = header.pop(name)
            elif edit == 5:
                header[rng.choice(names)]["data_offsets"] = entry["data_offsets"]
            elif edit == 6:
                start, end = entry["data_offsets"]
                odd = rng.choice([b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\xff\xff\x7f\x7f"]) * (
                    (end - start) // 4
                )
                body = body[:start] + odd.ljust(end - start, b"\0") + body[end:]
            else:
                header[name] = drawn(rng)
    elif kind <= 6:
        values = json.loads(header["__metadata__"]["autofas"])
        if rng.random() < 0.6:
            values = hostile_info(values, rng)
        values = changed(values, rng, rng.randrange(0, 3))
        header["__metadata__"]["autofas"] = json_text(values, rng).decode("utf-8", "surrogatepass")
        if rng.random() < 0.1:
            header["__metadata__"] = rng.choice([None, [], {"autofas": 3}, {}, {"autofas": "x" * 10**6}, "x"])
    else:
        return spoiled(content, rng)
    text = json.dumps(header).encode("utf-8", "surrogatepass")
    return len(text).to_bytes(8, "little") + text + body
