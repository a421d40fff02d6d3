"""Hostile versions of good files: bytes spoiled, values replaced in their structure, and crafted documents.

Everything is drawn from a `random.Random`. `OUTSIDE` in a text stands for the folder that no reader may look
into, `CANARY` for the file that code would make if it were run.
"""

import io
import itertools
import json
import pickle
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import yaml
from PIL import Image

NUMBERS: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 255, 2**31, 2**32, 2**63, 2**64, -(2**63) - 1, 10**400, 0.5, -0.0, 1e308,
    5e-324,
    -1e308, 1e6, 10**6, 10**12,
)  # fmt: skip
TEXTS: tuple[str, ...] = (
    "", " ", "0", "1", "-1", "a" * 300, "a" * 70_000, "\0", "a\0b", "\ud800", "\u202e", "\x1b[2J\x1b[31m",
    "\r\n",
    "1e999", "nan", "inf", "-inf", "٣", "1_000", "0x10", "true", "null", "~", "2020-01-01", "1:30", "!",
    "&a", "*a",
    "<<", "%s%n", "{0}", "${HOME}", "$(touch CANARY)", "`touch CANARY`", "; touch CANARY", "|touch CANARY",
    "__import__('os').system('touch CANARY')", "=cmd|'touch CANARY'!A0", "file:///etc/passwd", "con", "人",
    "ﬀ", "\ufeff",
    "none", "bona_fide", "color", "train", "test", "dev",
)  # fmt: skip
PATHS: tuple[str, ...] = (
    "OUTSIDE/secret.csv", "OUTSIDE/secret.png", "OUTSIDE", "../outside/secret.csv", "../outside/secret.png",
    "..",
    ".", "/", "a/../../outside/secret.png", "./../outside/secret.csv", "..\\outside\\secret.png",
    "C:\\secret.png",
    "~/secret", "//outside", "/dev/zero", "/dev/stdin", "/proc/self/environ", "x/" * 3000, "a" * 300, "nul\0",
)  # fmt: skip
YAML_TOKENS: tuple[str, ...] = (
    "1e999", ".inf", "-.inf", ".nan", "1.0e+400", "0x" + "f" * 5000, "0b1" + "0" * 5000, "9" * 5000,
    "1:1:1:1:1:1",
    "*unknown", "&a [*a]", "!!python/object/apply:os.system [touch CANARY]", "!!python/name:os.system ''",
    "!!python/object/new:subprocess.Popen [[touch, CANARY]]", "!!binary aGVsbG8=", "!!set {a, b}",
    "!!omap [a: 1]",
    "2020-01-01", "2020-13-45", "!!timestamp x", "!!int x", "!!float x", "!x y", "? x", "{a: 1, a: 2}",
    "{<<: {a: 1}}",
    "[" * 3000, "{a: " * 500, "=", "'", '"\\ud800"', '"\\0"', "| x", "%", "@", "\t",
)  # fmt: skip
JSON_TOKENS: tuple[str, ...] = (
    "1e999", "-1e999", "NaN", "Infinity", "-Infinity", "9" * 5000, "1" + "0" * 400, "[" * 100_000,
    '{"a":' * 5000,
    '{"a": 1, "a": 2}', '"\\ud800"', '"\\u0000"', "01", "+1", ".5", "'a'", "undefined", "/**/1", "tru", '"',
    "[" * 40 + "]" * 40,
)  # fmt: skip
_MARK = "@@TOKEN@@"


def spoiled(content: bytes, rng: random.Random, other: bytes = b"") -> bytes:
    """A file's bytes cut, flipped, repeated, emptied, spliced with another's, or with strange ones put in."""
    data, kind = bytearray(content), rng.randrange(9)
    at = rng.randrange(len(data)) if data else 0
    if kind == 0:
        return bytes(data[:at])
    if kind == 1:
        for _ in range(rng.randrange(1, 40)):
            if data:
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        return bytes(data)
    if kind == 2:
        return rng.choice([b"", b"\0", b"\n", b"\xff\xfe", b"\xef\xbb\xbf"])
    if kind == 3:
        return rng.randbytes(rng.randrange(1, 5000))
    if kind == 4:
        odd = (
            b"\0" * 50,
            b"\xef\xbb\xbf",
            b"\xff\xfe",
            b"\xc3\x28",
            b"\r",
            b"\x85",
            b"\x1b[2J",
            b" " * 3000,
            b"\xed\xa0\x80",
        )
        return bytes(data[:at] + rng.choice(odd) + data[at:])
    if kind == 5 and data:
        start = rng.randrange(min(64, len(data)))  # headers hold the sizes
        data[start : start + 8] = rng.choice(
            [b"\xff" * 8, b"\0" * 8, rng.randbytes(8), b"\x7f" + b"\xff" * 7]
        )
        return bytes(data)
    if kind == 6:
        return bytes(data) * rng.choice([2, 3])
    if kind == 7:
        return bytes(data[:at]) + other[rng.randrange(len(other)) if other else 0 :]
    encoded = data.decode("utf-8", "replace").encode(
        rng.choice(["utf-16", "utf-32", "utf-8-sig", "utf-7"]), "replace"
    )
    return encoded


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside nested dicts and lists."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for key, below in inner:
        found += [(*at, key), *places(below, (*at, key))]
    return found


def changed(value: Any, rng: random.Random, times: int, texts: Sequence[str] = TEXTS) -> Any:
    """Nested dicts and lists with values replaced, removed, doubled, swapped or put elsewhere."""
    root = {"": json.loads(json.dumps(value))}
    for _ in range(times):
        known = places(root)[1:]
        if not known:
            break
        path = rng.choice(known)
        holder: Any = root
        for key in path[:-1]:
            holder = holder[key]
        kind, key = rng.randrange(8), path[-1]
        if kind <= 3:
            holder[key] = drawn(rng, texts)
        elif kind == 4:
            del holder[key]
        elif kind == 5 and isinstance(holder, dict):
            holder[rng.choice([str(key) + "s", "schema_version", "name", rng.choice(texts)])] = drawn(
                rng, texts
            )
        elif kind == 6:
            source: Any = root
            for step in rng.choice(places(root)[1:] or [("",)]):
                source = source[step]
            holder[key] = json.loads(json.dumps(source))
        else:
            holder[key] = rng.choice(
                [[holder[key]], {"a": holder[key]}, str(holder[key]), [holder[key]] * 70]
            )
    return root[""]


def drawn(rng: random.Random, texts: Sequence[str] = TEXTS) -> Any:
    """One hostile value."""
    kind = rng.randrange(10)
    if kind < 4:
        return rng.choice(NUMBERS)
    if kind < 8:
        return rng.choice(texts)
    deep: Any = rng.choice(NUMBERS)
    for _ in range(rng.choice([2, 40, 200])):
        deep = [deep] if rng.random() < 0.5 else {"a": deep}
    return rng.choice([[], {}, [[]], {"": {}}, [0] * 5000, {str(n): n for n in range(500)}, deep])


def json_text(value: Any, rng: random.Random) -> bytes:
    """A value as JSON, in a third of cases with a token in it that JSON forbids or readers choke on."""
    return _with_token(value, rng, JSON_TOKENS).encode("utf-8", "surrogatepass")


def yaml_text(value: Any, rng: random.Random) -> bytes:
    """A value as YAML in block or flow style, in a third of cases with a hostile token in it."""
    if rng.random() < 0.4:
        try:
            text = yaml.safe_dump(value, sort_keys=False, allow_unicode=rng.random() < 0.5)
            return text.encode("utf-8", "surrogatepass")
        except (yaml.YAMLError, RecursionError):
            pass
    return _with_token(value, rng, YAML_TOKENS).encode("utf-8", "surrogatepass")


def _with_token(value: Any, rng: random.Random, tokens: Sequence[str]) -> str:
    spot = rng.random() < 0.33 and places(value)
    if spot:
        value = json.loads(json.dumps(value))
        holder, path = value, rng.choice(spot)
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = _MARK
    text = json.dumps(value, ensure_ascii=rng.random() < 0.7, indent=rng.choice([None, 2]))
    return text.replace(f'"{_MARK}"', rng.choice(tokens))


def yaml_bomb(rng: random.Random) -> bytes:
    """A YAML document that is small and would not stay so."""
    width, depth = rng.randrange(2, 12), rng.randrange(5, 40)
    names = [f"a{n}" for n in range(depth)]
    lines = [f"{names[0]}: &{names[0]} " + rng.choice(["[x, x]", "{k: v}"])]
    for below, name in itertools.pairwise(names):
        again = ", ".join([f"*{below}"] * width)
        body = f"{{<<: [{again}]}}" if rng.random() < 0.3 else f"[{again}]"
        lines.append(f"{name}: &{name} {body}")
    return rng.choice(
        [
            "\n".join(lines).encode(), b"a: &a {b: *a}", b"&a [*a]", b"[" * rng.randrange(10, 200_000),
            b"- " * rng.randrange(10, 30_000), b"? " * 5000,
            b"a: '" + b"x" * rng.choice([100, 10**6, 5 * 10**6]) + b"'",
            b"".join(b"k%d: 1\n" % n for n in range(6000)), b"--- a\n" * 1000, b"a: 1\na: 2\n",
            b"%YAML 9.9\n---\na: 1",
            b"a: " + b"1:" * 20_000 + b"1", b"{" + b"a, " * 15_000 + b"}", b'"' + b"\\u0041" * 10_000 + b'"',
        ]
    )  # fmt: skip


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
        holder: Any = copy
        for key in path[:-1]:
            holder = holder[key]
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


def hostile_info(values: Any, rng: random.Random) -> Any:
    """The metadata of a weights file naming another or an absurd network."""
    edit = rng.randrange(8)
    if edit == 0:
        values |= {
            "genotype": None,
            "baseline": rng.choice(["resnet18", "afa", "os", "../x", "visionlabs_ir50", ""]),
        }
    elif edit == 1:
        options = {"num_outputs": rng.choice([10**12, -1, 0, 2**62, 10**6, 1.5]), "reduction": 0, "head": "x"}
        values |= {"genotype": None, "baseline": "feathernet_a", "options": options}
        if rng.random() < 0.5:
            values["baseline"], values["options"] = (
                "resnet18_se",
                {"reduction": rng.choice([0, -1, 10**9, "x"])},
            )
    elif edit == 2 and values.get("genotype"):
        layout = values["genotype"]["layout"]
        layout |= {"channels": rng.choice([1024, 10**6]), "cells": ["normal"] * rng.choice([64, 10**5])}
    elif edit == 3:
        values["preprocessing"] |= {
            "view": rng.choice(["patches", "degraded", "x"]), "input_size": rng.choice([4, 1024, 10**9]),
            "crop_size": rng.choice([4, 1024, 10**9, -1]),
        }  # fmt: skip
    elif edit == 4:
        values["modalities"] = rng.choice([[], ["depth"], ["x"], ["color"] * 9, "color", None])
    elif edit == 5:
        values["supervision"] = rng.choice(["cross_entropy", "x", "afa", "focal", "", "os.system"])
    elif edit == 6:
        values["schema_version"] = rng.choice([0, 1, 3, 99, "1", True, None, 1.0])
    else:
        values["name"] = rng.choice([*PATHS, *TEXTS])
    return values


def hostile_genotype(values: Any, rng: random.Random) -> Any:
    """A genotype of an absurd layout or with cells that are no graph."""
    layout, cell = values["layout"], values[rng.choice(["normal", "reduction"])]
    edit = rng.randrange(8)
    if edit == 0:
        layout |= {
            "channels": rng.choice([1024, 512, 10**6, 2**40]),
            "cells": ["normal"] * rng.choice([3, 64, 65, 10**5]),
        }
    elif edit == 1:
        layout |= {"channel_factor": 2, "cells": ["reduction"] * rng.choice([5, 12, 40, 64])}
    elif edit == 2:
        layout["stem"] = [{"channels": rng.choice([1, 4096, 10**9]), "kernel": 7, "stride": 2}] * rng.choice(
            [1, 8, 9, 2000]
        )
    elif edit == 3:
        layout["input_size"] = rng.choice([8, 1024, 1025, 10**9, -1])
    elif edit == 4:
        cell["edges"] = cell["edges"] * rng.choice([2, 100]) + [
            [rng.randrange(-2, 99), rng.randrange(-2, 99), "none"]
        ]
    elif edit == 5:
        cell["concat"] = rng.choice([[], [0], [99], [2] * 5, list(range(1000))])
    elif edit == 6:
        values["schema_version"] = rng.choice([0, 2, 99, "1", True, None, 1.0, 10**400])
    else:
        values["provenance"] = {"run": rng.choice([*PATHS, *TEXTS])}
    return values


def png(width: int, height: int, body: bytes = b"", extra: bytes = b"") -> bytes:
    """A PNG whose header claims a size; `body` are its compressed rows, `extra` chunks before them."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + extra
        + chunk(b"IDAT", body or zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk with its length and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def image_bomb(rng: random.Random, good: Mapping[str, bytes]) -> bytes:
    """An image that is small as a file and large as a picture, or hostile beside its pixels."""
    side = rng.choice([8001, 20_000, 60_000, 65_535, 2**31 - 1])
    swollen = zlib.compress(b"\0" * (20 * 2**20), 9)
    kind = rng.randrange(13)
    if kind == 0:
        return png(side, rng.choice([side, 1, 8001]))
    if kind == 1:
        jpeg = bytearray(good["a.jpg"])
        at = jpeg.index(b"\xff\xc0") + 5
        jpeg[at : at + 4] = struct.pack(">HH", min(side, 65_535), rng.choice([0, 65_535]))
        return bytes(jpeg)
    if kind == 2:
        bmp = bytearray(good["a.bmp"])
        bmp[18:26] = struct.pack("<ii", rng.choice([side, -side, 2**31 - 1]), rng.choice([side, -side]))
        bmp[30:34] = struct.pack("<I", rng.choice([0, 1, 2, 3]))
        return bytes(bmp)
    if kind == 3:
        return rng.choice([b"P6", b"P5", b"P3", b"P2", b"P1", b"P4", b"Pf", b"PF", b"P7",
        b"P0CMYK"]) + b"\n%d %d\n%d\n" % (
            rng.choice([side, 3]), rng.choice([side, 0, 3]), rng.choice([255, 65_535, 0, 10**30]),
        ) + b"\0" * 99  # fmt: skip
    if kind == 4:
        webp = bytearray(good["a.webp"])
        webp[26:30] = struct.pack("<HH", 16_383, 16_383)
        return bytes(webp)
    if kind == 5:
        size = (side - 1) & 0xFFFFFF
        body = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + struct.pack("<I", size)[:3] * 2
        body += b"ANIM" + struct.pack("<IIH", 6, 0, 0) + b"ANMF" + struct.pack("<I", 16) + b"\0" * 16
        return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
    if kind == 6:
        return tiff(rng.choice([side, 3]), rng.choice([side, 3]), rng)
    if kind == 7:
        extra = rng.choice(
            [
                chunk(b"iCCP", b"p\0\0" + swollen), chunk(b"zTXt", b"k\0\0" + swollen),
                chunk(b"eXIf", b"II*\0" + b"\xff" * 9000),
                chunk(b"iTXt", b"k\0\1\0\0\0" + swollen) * 9, chunk(b"acTL", b"\xff" * 8),
                chunk(b"tRNS", b"\0" * 9999),
                chunk(b"pHYs", b""), chunk(b"fdAT", b"\0"), chunk(b"IHDR", b"\0"), chunk(b"zTXt", b""),
                chunk(b"\0\0\0\0", b""),
            ]
        )  # fmt: skip
        return png(2, 2, zlib.compress(b"\0" * 14), extra)
    if kind == 8:
        return (
            png(5000, 5000, zlib.compress(b"\0" * (15_001 * 5000), 1))
            if rng.random() < 0.2
            else png(9, 9, swollen)
        )
    if kind == 9:
        frames = [Image.new("RGB", (20, 20), (n % 256, 0, 0)) for n in range(50)]
        stream = io.BytesIO()
        frames[0].save(
            stream, rng.choice(["GIF", "TIFF", "WEBP", "PNG"]), save_all=True, append_images=frames[1:]
        )
        return stream.getvalue()
    if kind == 10:
        exif = rng.choice(
            [b"Exif\0\0" + rng.randbytes(60_000), exif_block(rng), b"Exif\0\0II*\0\x08\0\0\0\xff\xff"]
        )
        return b"\xff\xd8\xff\xe1" + struct.pack(">H", min(len(exif) + 2, 65_535)) + exif + good["a.jpg"][2:]
    if kind == 11:
        return rng.choice(
            [
                b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(touch CANARY) run\n",
                b"GIF89a" + b"\xff" * 900,
                b"<svg><image href='file:///etc/passwd'/></svg>", b"\xff\xd8\xff\xd9", b"\x89PNG\r\n\x1a\n",
                b"BM", b"II*\0",
                b"\0\0\1\0\1\0\0\0\0\0" + b"\xff" * 90, b"%PDF-1.4", b"\x1f\x8b", b"PK\3\4",
                b"#EXTM3U\nfile:///etc/passwd", b"",
            ]
        )  # fmt: skip
    return progressive(rng)


def tiff(width: int, height: int, rng: random.Random) -> bytes:
    """A TIFF with one strip and a directory that claims a size, pages in a circle, or absurd counts."""
    tags = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, rng.choice([1, 8, 16, 32, 64])),
        (259, 3, 1, rng.choice([1, 5, 7, 8, 32773, 50000, 34712])),
        (262, 3, 1, rng.choice([1, 2, 3, 6, 32803])),
        (273, 4, rng.choice([1, 1, 2**30]), rng.choice([8, 2**31])), (274, 3, 1, rng.choice([1, 6, 99])),
        (277, 3, 1, rng.choice([1, 3, 9, 60_000])), (278, 4, 1, height), (279, 4, 1, rng.choice([99, 2**31])),
    ]  # fmt: skip
    body = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return (
        b"II*\0\x08\0\0\0"
        + struct.pack("<H", len(tags))
        + body
        + struct.pack("<I", rng.choice([0, 8]))
        + b"\0" * 99
    )


def exif_block(rng: random.Random) -> bytes:
    """An EXIF block whose entries are hostile: strange orientation, types, counts and offsets."""
    entries = [
        (0x0112, rng.choice([2, 3, 4, 5, 7, 12, 99]), rng.choice([0, 1, 2**31]),
        rng.choice([0, 6, 99, 2**31])),
        (rng.choice([0x8769, 0x8825, 0x9286, 0x0112]), 4, 1, rng.choice([8, 2**31, 0])),
    ]  # fmt: skip
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries * rng.choice([1, 900]))
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(body) // 12) + body + b"\0" * 4


def progressive(rng: random.Random) -> bytes:
    """A progressive JPEG of few bytes a scan and very many scans: each is a pass over the whole picture."""
    side = rng.choice([64, 2000, 7900])
    stream = io.BytesIO()
    Image.new("L", (side, side)).save(stream, "JPEG", progressive=True, quality=10)
    content = stream.getvalue()
    at = content.rindex(b"\xff\xda")
    return content[:at] + content[at:-2] * rng.choice([3, 300, 3000]) + b"\xff\xd9"
