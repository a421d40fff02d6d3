"""A choice stands once: the command line and the configuration take its names from one Literal."""

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import autofas
from autofas.cli import build_parser
from autofas.config.data import DataConfig, Modality, SplitName
from autofas.config.evaluate import EvaluateConfig
from autofas.config.run import Device, RunConfig
from autofas.data.manifests.rules import MODALITY_COLUMNS, SPLITS
from autofas.data.preparation.plan import Settings
from autofas.evaluation.judgement import Terms
from autofas.metrics import DEV_RULES, GROUPINGS, LEVELS, Grouping, Level, ThresholdRule

FLAGS = {
    "--threshold": ThresholdRule,
    "--pais": Grouping,
    "--level": Level,
    "--split": SplitName,
    "--modality": Modality,
    "--device": Device,
}
# home of each choice; what a published data set calls its own files stays with its reader
HOMES = {
    ThresholdRule: "metrics/thresholds.py",
    Grouping: "metrics/pai_labels.py",
    Level: "metrics/score_table.py",
    Modality: "config/data.py",
    SplitName: "config/data.py",
    Device: "config/run.py",
}
ROOT = Path(autofas.__file__).parent


def test_every_flag_takes_its_choices_from_the_literal() -> None:
    seen = set()
    verbs = next(
        action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction)
    )
    for verb, parser in verbs.choices.items():
        for name, action in parser._option_string_actions.items():
            if name in FLAGS and action.choices is not None:
                assert action.choices == get_args(FLAGS[name]), f"{verb} {name}"
                seen.add(name)
    assert seen == set(FLAGS)


def test_the_configuration_takes_the_same_literals() -> None:
    fields = {"threshold": ThresholdRule | None, "pai_grouping": Grouping, "level": Level, "split": SplitName}
    fields["device"] = Device
    for name, literal in fields.items():
        assert EvaluateConfig.model_fields[name].annotation == literal
    assert RunConfig.model_fields["device"].annotation == Device
    assert DataConfig.model_fields["modalities"].annotation == tuple[Modality, ...]


def test_names_with_a_meaning_are_those_of_the_literal() -> None:
    assert set(DEV_RULES) == set(get_args(ThresholdRule)) - {"fixed", "test-eer"}
    assert tuple(MODALITY_COLUMNS) == get_args(Modality)
    assert (get_args(SplitName), get_args(Level), get_args(Grouping)) == (SPLITS, LEVELS, GROUPINGS)


def test_defaults_are_those_of_the_configuration() -> None:
    config = EvaluateConfig(run="x")
    assert config.threshold is None  # by the protocol: evaluation.evaluate.usual_rule
    assert Terms() == Terms("dev-eer", config.threshold_value, config.pai_grouping, config.level)
    assert Settings().margin == DataConfig().margin
    assert build_parser("prepare").parse_args(["prepare", "--out", "x"]).margin == DataConfig().margin


@pytest.mark.parametrize("literal", HOMES, ids=lambda literal: HOMES[literal])
def test_no_second_list_of_the_names_exists(literal) -> None:
    names = set(get_args(literal))
    found = [
        str(path.relative_to(ROOT))
        for path in sorted(ROOT.rglob("*.py"))
        if not _names_columns(path.relative_to(ROOT).parts, literal)
        for texts in _lists_of_texts(path)
        if texts == names
    ]
    assert found == [HOMES[literal]]


def test_the_margin_stands_once() -> None:
    default = re.compile(r"margin\b[^#]*\b1\.3\b")
    found = [
        str(path.relative_to(ROOT))
        for path in sorted(ROOT.rglob("*.py"))
        for line in path.read_text().splitlines()
        if default.search(line)
    ]
    assert found == ["config/data.py"]


def _names_columns(parts: tuple[str, ...], literal) -> bool:
    """A manifest has columns called video and frame, and a published set its own names for its files."""
    return "readers" in parts or (literal is Level and parts[0] == "data")


def _lists_of_texts(path: Path) -> Iterator[set[str]]:
    """The texts of every tuple, list, set and Literal in a file; a mapping says something of each name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            texts = [part.value for part in node.elts if isinstance(part, ast.Constant)]
            yield {text for text in texts if isinstance(text, str)}
