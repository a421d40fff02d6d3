"""Text from strangers: plain data of bounded size, each key once, and a version that is known by name."""

import json
from typing import Literal

import pytest

from autofas.config.resolve import resolve
from autofas.config.search import SearchConfig
from autofas.errors import ConfigError, RunError
from autofas.storage.schema import (
    MAX_DEPTH,
    MAX_YAML_BYTES,
    Schema,
    parse_json,
    parse_yaml,
    read_text,
    read_yaml,
    validated,
)

ALIASES = "a: &a [x, x]\n" + "\n".join(
    f"{k}: &{k} [{', '.join([f'*{j}'] * 9)}]" for j, k in zip("abcdefghi", "bcdefghij", strict=True)
)


REFUSED_YAML = {
    "a list of billions": (ALIASES, "more than 200000 values"),
    "a list in itself": ("&a [*a]", f"nested more than {MAX_DEPTH} deep"),
    "a mapping in itself": ("&a {b: *a}", f"nested more than {MAX_DEPTH} deep"),
    "deep brackets": ("[" * 20_000, "nested too deep"),
    "merged mappings": ("a: {<<: {b: 1}}", "merge keys are not read"),
    "a key twice": ("a: 1\nb: 2\na: 3", "line 3 is not valid YAML: key 'a' appears twice"),
    "a call": ("!!python/object/apply:os.system [exit]", "could not determine a constructor"),
    "an untimely date": ("!!timestamp x", "is not valid YAML"),
    "a date": ("day: 2020-01-01", "a date, which is neither text nor number; put text in quotes"),
    "a set": ("!!set {a}", "a set"),
    "infinity": ("a: .inf", "inf, which is not a finite number"),
    "no number": ("a: .nan", "nan, which is not a finite number"),
    "a huge number": ("a: 0x" + "f" * 9000, "more than 64 bits"),
    "a number of sixties": ("a: " + ":".join(["1"] * 5000), "more than 64 bits"),
    "half a character": ('a: "\\ud800"', "an unpaired surrogate"),
    "NUL": ('a: "\\0"', "text with a NUL"),
    "two documents": ("a: 1\n---\nb: 1", "is not valid YAML"),
}


REFUSED_JSON = {
    "a key twice": ('{"a": 1, "b": {"c": 1, "c": 2}}', "key 'c' appears twice"),
    "infinity": ("[1e999]", "inf, which is not a finite number"),
    "no number": ("[NaN]", "nan, which is not a finite number"),
    "a huge number": ("[" + "9" * 4000 + "]", "more than 64 bits"),
    "one too long to read": ("[" + "9" * 5000 + "]", "is not valid JSON"),
    "deep brackets": ("[" * 100_000, "nested too deep"),
    "deep": ("[" * 40 + "]" * 40, f"nested more than {MAX_DEPTH} deep"),
    "many values": (json.dumps([0] * 200_001), "more than 200000 values"),
    "half a character": ('"\\ud800"', "an unpaired surrogate"),
    "not JSON": ("{'a': 1}", "is not valid JSON"),
}


class Old(Schema):
    schema_version: Literal[1, 2] = 2
    size: int = 0


@pytest.mark.parametrize("name", REFUSED_YAML)
def test_yaml_that_is_not_plain_and_bounded_is_refused_in_one_line(name: str) -> None:
    text, message = REFUSED_YAML[name]
    with pytest.raises(ConfigError, match=message) as caught:
        parse_yaml(text, "file.yaml")
    assert str(caught.value).startswith("file.yaml")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("name", REFUSED_JSON)
def test_json_that_is_not_plain_and_bounded_is_refused_in_one_line(name: str) -> None:
    text, message = REFUSED_JSON[name]
    with pytest.raises(RunError, match=message) as caught:
        parse_json(text, "file.json", RunError)
    assert str(caught.value).startswith("file.json")
    assert len(str(caught.value)) < 500


def test_plain_data_read_as_they_are() -> None:
    values = {"a": [1, -(2**63), 0.5, True, None, "ü\x1b"], "b": {"c": [[]]}}
    assert parse_json(json.dumps(values), "f", RunError) == values
    assert parse_yaml("x: &x {a: 1}\ny: *x", "f") == {"x": {"a": 1}, "y": {"a": 1}}


def test_only_regular_files_of_bounded_size_are_read(tmp_path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "big.yaml").write_bytes(b"#" * (MAX_YAML_BYTES + 1))
    (tmp_path / "binary.yaml").write_bytes(b"a: \xff")
    (tmp_path / "marked.yaml").write_text("a: 1", encoding="utf-8-sig")
    for name, message in (
        ("pipe.yaml", "is a pipe, socket or device"),
        ("big.yaml", "over the limit"),
        ("binary.yaml", "not UTF-8"),
        (".", "is a folder"),
        ("none.yaml", "does not exist"),
        ("a\0b", "is not a file name"),
    ):
        with pytest.raises(ConfigError, match=message):
            read_yaml(tmp_path / name)
    assert read_yaml(tmp_path / "marked.yaml") == {"a": 1}
    assert read_text(tmp_path / "marked.yaml") == "a: 1"


@pytest.mark.parametrize("version", [0, 3, 99, "1", True, 1.0, None])
def test_an_unknown_version_is_named_before_any_other_fault(version) -> None:
    with pytest.raises(ConfigError) as caught:
        validated(Old, {"schema_version": version, "size": "x", "more": 1}, "f.yaml")
    assert str(caught.value) == f"f.yaml has schema_version {version!r}; this autofas reads 1 and 2"


@pytest.mark.parametrize("values", [{}, {"schema_version": 1}, {"schema_version": 2}])
def test_known_versions_and_none_are_read(values) -> None:
    assert validated(Old, values, "f.yaml").size == 0


def test_a_configuration_of_an_unknown_version_is_refused_by_the_files_name(tmp_path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("schema_version: 7\nepoch: 3\n")
    with pytest.raises(ConfigError, match=r"mine.yaml has schema_version 7; this autofas reads 1$"):
        resolve(SearchConfig, "search", preset="quick", file=str(path))
    path.write_text("epochs: 30\n")  # from before versions were stated
    assert resolve(SearchConfig, "search", file=str(path)).epochs == 30


def test_many_faults_are_counted_and_long_ones_cut() -> None:
    values = {f"key{number}" * 200: 1 for number in range(3000)}
    with pytest.raises(ConfigError) as caught:
        validated(Old, values, "f.yaml")
    assert str(caught.value).endswith("; and 2992 more")
    assert len(str(caught.value)) < 2500
