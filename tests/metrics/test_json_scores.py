"""JSON lines of scores become a table, whose first row holds the keys that are judged."""

import pytest

from autofas.errors import MetricError
from autofas.metrics.json_scores import read_objects


def read(text: str, *, labelled: bool = True) -> list[tuple[int, list[str]]]:
    return read_objects(list(enumerate(text.splitlines(), start=1)), "s.jsonl", labelled=labelled)


def test_lines_and_a_list_are_the_same_table() -> None:
    lines = '{"score": 0.25, "label": 1, "video": "v"}\n{"video": "w", "label": 0, "score": null}'
    listed = "[" + lines.replace("\n", ",\n") + "]"
    table = [(1, ["score", "label", "video"]), (1, ["0.25", "1", "v"]), (2, ["", "0", "w"])]
    assert read(lines) == read(listed) == table


def test_further_keys_may_be_left_out_and_pai_comes_before_other_labels() -> None:
    text = '{"class": 3, "note": "x", "pai": "print", "score": 1}\n{"pai": "replay", "score": 2}'
    assert read(text) == [(1, ["note", "pai", "score"]), (1, ["x", "print", "1"]), (2, ["", "replay", "2"])]


@pytest.mark.parametrize(
    ("text", "labelled", "words"),
    [
        (
            '{"score": 1, "label": 1, "pai": "print"}',
            True,
            "row 1: a JSON line holds score and either pai or",
        ),
        ('{"score": 1, "label": 1}\n{"score": 1}', True, "row 2: .* this one holds score$"),
        ("{}", True, "this one holds nothing"),
        ('{"path": "a"}', False, "row 1: a JSON line holds a path and a score; this one holds path"),
        ('{"path": "a", "score": 1}\n{"score": 1}', False, "row 2: .* this one holds score$"),
        ("[]", False, "s.jsonl holds no score; its list is empty"),
        ('{"score": [1], "label": 1}', True, "score is .1.; give a text or a number"),
        ('{"score": true, "label": 1}', True, "score is True; give a text or a number"),
        ("{nothing}", True, "row 1: not a JSON object"),
    ],
)
def test_what_is_no_score_is_one_line(text, labelled, words) -> None:
    with pytest.raises(MetricError, match=words) as caught:
        read(text, labelled=labelled)
    assert "\n" not in str(caught.value)
