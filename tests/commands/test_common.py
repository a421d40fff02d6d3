"""A choice stands once: the command line and the configuration take its names from one Literal."""

import argparse
import ast
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import autofas
from autofas.cli import build_parser, main
from autofas.commands.common import usual
from autofas.config.data import DataConfig, Modality, SplitName
from autofas.config.evaluate import EvaluateConfig
from autofas.config.resolve import to_yaml
from autofas.config.run import Device, RunConfig
from autofas.config.search import SearchConfig
from autofas.config.train import TrainConfig
from autofas.config.trial import TrialConfig
from autofas.data.manifests.rules import MODALITY_COLUMNS, SPLITS
from autofas.data.preparation.plan import Settings
from autofas.data.readers.reading import FRAMES_PER_VIDEO
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


@pytest.fixture(scope="module")
def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of every verb."""
    verbs = next(
        action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction)
    )
    return dict(verbs.choices)


def test_every_argument_has_a_help_text_and_every_flag_says_what_leaving_it_out_means(parsers) -> None:
    for verb, parser in parsers.items():
        formatter = parser._get_formatter()
        for action in parser._actions:
            name = f"{verb} {action.option_strings or action.dest}"
            assert action.help, name
            if action.option_strings and not isinstance(action, argparse._HelpAction):
                told = formatter._get_help_string(action)
                assert not told.startswith("default"), f"{name} does not say what it is"
                assert told.count("default") == 1 or told.endswith("(required)"), f"{name}: {told}"


def test_the_help_of_a_configuration_key_gives_the_default_of_its_field(parsers) -> None:
    class OtherTraining(TrainConfig):
        epochs: int = 77

    assert usual(OtherTraining, "epochs") == "default: 77"
    assert usual(TrainConfig, "data.margin") == f"default: {DataConfig().margin}"
    assert usual(DataConfig, "fold", "all") == "default: all"
    for verb, config in (("search", SearchConfig), ("train", TrainConfig)):
        told = {action.dest: action.help for action in parsers[verb]._actions}
        for key in ("epochs", "seed", "device"):
            assert f"default: {config.model_fields[key].default}" in told[key]
        assert f"default: {FRAMES_PER_VIDEO} of a real video" in told["frames_per_video"]


def test_two_defaults_are_one_too_many() -> None:
    with pytest.raises(AssertionError, match="epochs 60"):
        usual(TrainConfig, "epochs", "some")
    with pytest.raises(AssertionError, match="fold None"):
        usual(DataConfig, "fold")


def test_every_flag_takes_its_choices_from_the_literal(parsers) -> None:
    seen = set()
    for verb, parser in parsers.items():
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
    prepared = vars(build_parser("prepare").parse_args(["prepare", "--out", "x"]))
    settings = {**Settings().values(), "modalities": ",".join(Settings().modalities)}
    assert {name: prepared[name] for name in settings} == settings


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


HOLD = """
import sys
from pathlib import Path
from autofas.runs.run_folder import Run
with Run(Path(sys.argv[1]), echo=False):
    print("held", flush=True)
    sys.stdin.read()
"""
CONFIGS = {
    "search": SearchConfig(),
    "train": TrainConfig(baseline="feathernet_a"),
    "trial": TrialConfig(baseline="feathernet_a"),
}


@pytest.mark.parametrize("verb", ["search", "train", "evaluate", "trial"])
def test_of_a_busy_run_it_is_said_who_holds_it_and_no_other_name_is_advised(tmp_path, capsys, verb) -> None:
    folder = tmp_path / "runs" / verb / "busy"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(to_yaml(CONFIGS["train" if verb == "evaluate" else verb]))
    words = [verb, "--run" if verb == "evaluate" else "--resume", str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLD, folder], stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert main(words) == 2
        holder.communicate("")
    (line,) = capsys.readouterr().err.splitlines()
    told = f"{folder} is in use by process {holder.pid} on {platform.node()}; wait for it to end, or end it"
    assert line == f"autofas {verb}: {told}"


@pytest.mark.parametrize(
    ("verb", "run", "told"),
    [
        ("train", "search", "is a search; continue it with: autofas search --resume"),
        ("retrain", "search", "is a search; continue it with: autofas search --resume"),
        ("search", "train", "is a training; continue it with: autofas train --resume"),
        ("trial", "search", "is a search; continue it with: autofas search --resume"),
        ("search", "trial", "is a trial; continue it with: autofas trial --resume"),
    ],
)
def test_a_run_of_another_verb_is_continued_by_that_one(tmp_path, capsys, verb, run, told) -> None:
    (tmp_path / "config.yaml").write_text(to_yaml(CONFIGS[run]))
    assert main([verb, "--resume", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"autofas {verb}: {tmp_path} {told} {tmp_path}\n"
