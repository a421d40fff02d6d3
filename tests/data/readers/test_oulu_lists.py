"""OULU-NPU's names and its 42 lists against the rules."""

from pathlib import Path

from autofas.data.protocols.division import OULU_FOLDS, oulu_split
from autofas.data.readers.oulu_lists import fields_of, list_differences, official_videos


def write_lists(root: Path) -> Path:
    official = official_videos()
    for protocol, folds in OULU_FOLDS.items():
        for fold in folds:
            for split, part in oulu_split(official, protocol, fold).items():
                suffix = "" if fold is None else f"_{fold}"
                path = root / "Protocols" / f"Protocol_{protocol}" / f"{split.capitalize()}{suffix}.txt"
                path.parent.mkdir(parents=True, exist_ok=True)
                lines = []
                for name in part["video"]:
                    label = (
                        "+1" if name.endswith("1") else "-2" if split == "test" and name[-1] in "45" else "-1"
                    )
                    lines.append(f"{label},{name}")
                path.write_text("\r\n".join(lines) + "\n")
    return root


def test_fields_of_a_name():
    assert fields_of("3_2_21_4") == {
        "video": "3_2_21_4",
        "device": "3",
        "session": "2",
        "subject": "21",
        "pai": "replay1",
        "split": "dev",
    }


def test_the_official_lists_agree_with_the_rules(tmp_path):
    assert list_differences(tmp_path) == []  # no lists on disk: the rules suffice
    assert list_differences(write_lists(tmp_path)) == []
    (tmp_path / "Protocols").rename(tmp_path / "inner")
    (tmp_path / "Protocols").mkdir()
    (tmp_path / "inner").rename(tmp_path / "Protocols" / "Protocols")
    assert list_differences(tmp_path) == []


def test_lists_that_differ_are_reported(tmp_path):
    folder = write_lists(tmp_path) / "Protocols"
    path = folder / "Protocol_1" / "Train.txt"
    lines = path.read_text().split()
    assert lines[0] == "+1,1_1_01_1"
    path.write_text("\n".join(["-1,1_1_01_1", *lines[2:], "+1,1_3_01_1", "nonsense", lines[5]]))
    (folder / "Protocol_4" / "Dev_3.txt").unlink()
    differences = list_differences(tmp_path)
    assert differences == [
        "Protocol_1/Train.txt line 1: label -1 contradicts the name 1_1_01_1; the name is believed",
        "Protocol_1/Train.txt line 1201: 'nonsense' is not <label>,<name>",
        f"Protocol_1/Train.txt line 1202: {lines[5].split(',')[1]} is listed twice",
        "Protocol_1/Train.txt: lacks 1_1_01_2 by the rule, which is used",
        "Protocol_1/Train.txt: also has 1_3_01_1 by the rule, which is used",
        "Protocol_4/Dev_3.txt: is missing; the rule is used",
    ]
