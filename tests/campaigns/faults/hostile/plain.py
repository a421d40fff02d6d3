"""Bytes, and plain values as JSON and YAML."""

import itertools
import json
import random
from collections.abc import Sequence
from typing import Any

import yaml

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


def holder_of(value: Any, path: Sequence[Any]) -> Any:
    """The dict or list that holds the value at a path."""
    for key in path[:-1]:
        value = value[key]
    return value


def changed(value: Any, rng: random.Random, times: int, texts: Sequence[str] = TEXTS) -> Any:
    """Nested dicts and lists with values replaced, removed, doubled, swapped or put elsewhere."""
    root = {"": json.loads(json.dumps(value))}
    for _ in range(times):
        known = places(root)[1:]
        if not known:
            break
        path = rng.choice(known)
        holder, kind, key = holder_of(root, path), rng.randrange(8), path[-1]
        if kind <= 3:
            holder[key] = drawn(rng, texts)
        elif kind == 4:
            del holder[key]
        elif kind == 5 and isinstance(holder, dict):
            holder[rng.choice([str(key) + "s", "schema_version", "name", rng.choice(texts)])] = drawn(
                rng, texts
            )
        elif kind == 6:
            other = rng.choice(places(root)[1:] or [("",)])
            holder[key] = json.loads(json.dumps(holder_of(root, other)[other[-1]]))
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
        path = rng.choice(spot)
        holder_of(value, path)[path[-1]] = _MARK
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
