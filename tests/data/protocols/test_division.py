"""Protocols: the 42 OULU lists by rule, development protocols, folds, and what is refused."""

import re
import subprocess
import sys

import pandas as pd
import pytest

from autofas.data.protocols.division import OULU_FOLDS, apply_protocol, folds, oulu_split, require_protocol
from autofas.data.readers.oulu_lists import official_videos
from autofas.errors import DataError
from tests.data.data_files import OULU_COUNTS


@pytest.fixture(scope="module")
def official() -> pd.DataFrame:
    return official_videos()


def held(part: pd.DataFrame) -> tuple[str, str, str]:
    """Phones, sessions and files of a part, each as a string of digits."""
    names = part["video"].str.split("_", expand=True)
    return tuple("".join(sorted(names[column].unique())) for column in (0, 1, 3))


def test_the_skeleton_has_the_official_size(official):
    assert len(official) == 4950
    assert official["video"].is_unique
    assert dict(official["split"].value_counts()) == {"train": 1800, "test": 1800, "dev": 1350}
    assert official.groupby("split")["subject"].nunique().to_dict() == {"train": 20, "dev": 15, "test": 20}


def test_all_42_lists_have_the_official_counts(official):
    seen = 0
    for protocol, numbers in OULU_FOLDS.items():
        for fold in numbers:
            parts = oulu_split(official, protocol, fold)
            for split, word in (("train", "train"), ("dev", "dev"), ("test", "eval")):
                key = f"Protocol_{protocol}{'' if fold is None else f'_{fold}'}/{word}"
                bona_fide = int((parts[split]["pai"] == "bona_fide").sum())
                assert [bona_fide, len(parts[split]) - bona_fide] == OULU_COUNTS[key], key
                seen += 1
    assert seen == len(OULU_COUNTS) == 42


@pytest.mark.parametrize(
    ("protocol", "fold", "learn", "test"),
    [
        (1, None, ("123456", "12", "12345"), ("123456", "3", "12345")),
        (2, None, ("123456", "123", "124"), ("123456", "123", "135")),
        (3, 1, ("23456", "123", "12345"), ("1", "123", "12345")),
        (3, 4, ("12356", "123", "12345"), ("4", "123", "12345")),
        (4, 6, ("12345", "12", "124"), ("6", "3", "135")),
    ],
)
def test_rule_sets_by_hand(official, protocol, fold, learn, test):
    parts = oulu_split(official, protocol, fold)
    assert held(parts["train"]) == held(parts["dev"]) == learn
    assert held(parts["test"]) == test


def test_a_known_row_of_each_part(official):
    parts = oulu_split(official, "4", 1)
    assert "2_1_01_4" in set(parts["train"]["video"])
    assert "2_1_01_5" not in set(parts["train"]["video"])
    assert set(parts["test"].loc[parts["test"]["subject"] == "36", "video"]) == {
        "1_3_36_1",
        "1_3_36_3",
        "1_3_36_5",
    }


@pytest.mark.parametrize(
    ("protocol", "fold", "message"),
    [
        (5, None, "OULU protocol 5 does not exist; choose 1, 2, 3 or 4"),
        ("x", None, "OULU protocol x does not exist; choose 1, 2, 3 or 4"),
        (3, None, "OULU protocol 3 needs a fold; choose 1 to 6"),
        (3, 7, "fold 7 of OULU protocol 3 does not exist; choose 1 to 6"),
        (4, 0, "fold 0 of OULU protocol 4 does not exist; choose 1 to 6"),
        (1, 1, "fold 1 was given, but OULU protocol 1 has no folds; drop --fold"),
    ],
)
def test_refused_protocols_and_folds(official, protocol, fold, message):
    with pytest.raises(DataError) as caught:
        oulu_split(official, protocol, fold)
    assert str(caught.value) == message


def test_the_rule_wants_oulu_columns_and_values(official):
    with pytest.raises(DataError, match="need a device column"):
        oulu_split(official.drop(columns="device"), 1)
    with pytest.raises(DataError, match="no pai 'print'; expected bona_fide, print1"):
        oulu_split(official.replace({"pai": {"print1": "print"}}), 1)
    with pytest.raises(DataError, match="no session '01'"):
        oulu_split(official.replace({"session": {"1": "01"}}), 1)


def test_a_fold_without_rows_is_an_error_that_says_so(official):
    few = official[official["device"].isin(["1", "2"])]
    assert folds(3, few) == (1, 2)
    assert apply_protocol(few, 3, 2).parts["test"]["device"].unique().tolist() == ["2"]
    with pytest.raises(DataError, match="OULU protocol 3 fold 5 leaves no bona fide rows in test"):
        apply_protocol(few, 3, 5)


def test_folds_by_name(official):
    assert folds(1) == (None,)
    assert folds(3) == folds("4") == (1, 2, 3, 4, 5, 6)
    assert folds(None) == folds("none") == (None,)
    assert folds("leave-subjects-out:4") == (1, 2, 3, 4)
    assert folds("leave-one-session-out:2") == (None,)
    assert folds("leave-one-session-out", official) == (1, 2, 3)
    assert folds("leave-one-pai-out", official) == (1, 2, 3, 4)
    for name, message in [
        ("5", "OULU protocol 5"),
        ("leave-one-hat-out", "does not exist"),
        ("p1", "does not exist"),
    ]:
        with pytest.raises(DataError, match=message):
            folds(name)
    with pytest.raises(DataError, match="depend on the manifest"):
        folds("leave-one-session-out")


def test_none_is_the_split_column(official):
    split = apply_protocol(official[official["split"] != "test"], "none")
    assert {name: len(part) for name, part in split.parts.items()} == {"train": 1800, "dev": 1350}
    assert not split.shared_subjects
    with pytest.raises(DataError, match="protocol none has no folds"):
        apply_protocol(official, None, 1)


def test_development_protocols_never_touch_the_test_rows(official):
    untouched = set(official.loc[official["split"] == "test", "video"])
    for name, fold in [
        ("leave-one-session-out:3", None),
        ("leave-one-session-and-subjects-out:3", None),
        ("leave-one-device-out", 2),
        ("leave-one-pai-out:replay2", None),
        ("leave-one-pai-and-subjects-out:replay2", None),
        ("leave-one-subject-out:05+07", None),
        ("leave-subjects-out:5", 1),
    ]:
        split = apply_protocol(official, name, fold)
        assert "1800 test rows of the manifest are set aside" in split.notes[0]
        for part in split.parts.values():
            assert len(part)
            assert not untouched & set(part["video"])


def test_what_is_left_out_is_only_in_test(official):
    rows = apply_protocol(official, "leave-one-session-out:3").parts
    assert set(rows["test"]["session"]) == {"3"}
    assert set(rows["train"]["session"]) == set(rows["dev"]["session"]) == {"1", "2"}
    rows = apply_protocol(official, "leave-one-pai-out:print2").parts
    assert set(rows["test"]["pai"]) == {"bona_fide", "print2"}
    assert "print2" not in {*rows["train"]["pai"], *rows["dev"]["pai"]}
    rows = apply_protocol(official, "leave-one-subject-out:05+07").parts
    assert set(rows["test"]["subject"]) == {"05", "07"}


@pytest.mark.parametrize(
    ("name", "fold", "message"),
    [
        ("leave-one-session-out", None, "needs a fold; choose 1 (1), 2 (2), 3 (3), or write"),
        ("leave-one-session-out", 4, "has no fold 4; choose 1 (1)"),
        ("leave-one-session-out:9", None, "cannot leave out session '9'; the manifest has 1, 2, 3"),
        ("leave-one-session-out:3", 1, "has no folds; drop --fold"),
        ("leave-one-pai-out:bona_fide", None, "name an attack instrument"),
        ("leave-subjects-out:99", 1, "cannot make 99 groups of 35 subjects; choose 2 to 35"),
        ("leave-subjects-out:5", 6, "fold 6 does not exist; choose 1 to 5"),
        ("leave-subjects-out:5", None, "needs a fold; choose 1 to 5"),
        ("leave-one-subject-and-subjects-out", 1, "does not exist"),
        ("leave-one-session-out:", None, "does not exist"),
    ],
)
def test_refused_development_protocols(official, name, fold, message):
    with pytest.raises(DataError) as caught:
        apply_protocol(official, name, fold)
    assert message in str(caught.value)


def test_manifest_and_protocols_import_no_torch():
    code = (
        "import sys, autofas.data.manifests.manifest, autofas.data.protocols.division,"
        " autofas.data.readers.oulu, autofas.data.catalog; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("protocol", "fold", "told"),
    [
        ("5", None, "OULU protocol 5 does not exist; choose 1, 2, 3 or 4"),
        ("1", 2, "fold 2 was given, but OULU protocol 1 has no folds; drop --fold"),
        (3, 9, "fold 9 of OULU protocol 3 does not exist; choose 1 to 6"),
        ("leave-one-room-out", None, "does not exist"),
        ("leave-one-subject-and-subjects-out", None, "does not exist"),
    ],
)
def test_what_exists_for_no_rows_is_refused_without_any(protocol, fold, told):
    with pytest.raises(DataError, match=re.escape(told)):
        require_protocol(protocol, fold)


@pytest.mark.parametrize(
    "protocol",
    [None, "none", 1, "4", "grandtest", "siw-3", "cross-device", "official", "leave-one-dataset-out",
     "leave-one-session-and-subjects-out:02", "leave-subjects-out:3"],
)  # fmt: skip
def test_a_protocol_that_exists_for_some_rows_passes_without_any(protocol):
    require_protocol(protocol)
