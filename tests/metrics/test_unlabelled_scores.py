"""Submissions of the challenges, judged by labels from elsewhere."""

import pytest

from autofas.errors import MetricError
from autofas.metrics.path_labels import Labelled, PathLabels
from autofas.metrics.score_rows import Conventions, ScoreFile
from autofas.metrics.text_scores import parse_score_lines

ROWS = {"v/1.jpg": Labelled("bona_fide", "one", "s"), "v/2.jpg": Labelled("print", "two", "t")}


def read(text: str, **conventions: str) -> ScoreFile:
    labels = PathLabels("list.csv", "", ROWS)
    return parse_score_lines(text.splitlines(), "s.txt", Conventions(**conventions), labels=labels)


@pytest.mark.parametrize(
    "text",
    [
        "v/1.jpg 0.9\nv/2.jpg 0.2\n",
        "0.9 v/1.jpg\n0.2 v/2.jpg\n",
        "v/1.jpg v/1d.jpg v/1i.jpg 0.9\nv/2.jpg v/2d.jpg v/2i.jpg 0.2\n",
        "v/1.jpg\t7\t0.9\nv/2.jpg\t8\t0.2\n",
        "path,score\nv/1.jpg,0.9\nv/2.jpg,0.2\n",
        "image,fold,liveness\nv/1.jpg,3,0.9\nv/2.jpg,3,0.2\n",
        '{"path": "v/1.jpg", "score": 0.9}\n{"score": 0.2, "path": "v/2.jpg", "note": "x"}\n',
        '[{"image": "v/1.jpg", "fold": 3, "liveness": 0.9},\n {"image": "v/2.jpg", "liveness": 0.2}]',
        "source,frame,face,verdict,score\nv/1.jpg,,0,live,0.9\nv/1.jpg,,1,live,0.1\nv/2.jpg,,0,attack,0.2\n",
    ],
)
def test_scores_get_the_labels_of_their_paths(text) -> None:
    found = read(text)
    assert found.table.pais == ["bona_fide", "print"]
    assert (found.table.videos, found.table.subjects) == (["one", "two"], ["s", "t"])
    assert found.table.scores.tolist() == [0.9, 0.2]
    assert "labels by path from list.csv" in found.told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("v/1.jpg 1 0.9\nv/2.jpg 0 0.2\n", "s.txt: column 2 holds labels already; leave --labels out"),
        ("path,label,score\nv/1.jpg,1,0.9\n", "s.txt: column label holds labels already"),
        ("path,spoof_score\nv/1.jpg,0.9\n", "a higher spoof_score means attack"),
        ("path,distance\nv/1.jpg,0.9\n", "row 1: path, distance are not a path and a score"),
        ("v/1.jpg\nv/2.jpg\n", "row 1: expected a path and a score"),
        ("v/1.jpg high\n", "row 1, column score: 'high' is not a number"),
        ("v/1.jpg 0.9\nv/2.jpg\n", "row 2: 1 fields"),
        ('{"path": "v/1.jpg", "score": 1, "label": 0}\n', "column label holds labels already"),
        (
            '{"path": "v/1.jpg", "score": 1}\n{"path": "v/2.jpg"}\n',
            "row 2: a JSON line holds a path and a sc",
        ),
        ('{"video": "v/1.jpg", "score": 1}\n', "holds a path and a score; this one holds video, score"),
        ('{"path": "v/1.jpg", "spoof_score": 1}\n', "a higher spoof_score means attack"),
        ("[]", "s.txt holds no score; its list is empty"),
    ],
)
def test_what_cannot_be_judged_is_one_line(text, words) -> None:
    with pytest.raises(MetricError, match=words) as caught:
        read(text)
    assert "\n" not in str(caught.value)
