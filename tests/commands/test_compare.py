"""autofas compare: the paired difference of two models, and the dev files it needs."""

from autofas.cli import main, main_values
from autofas.evaluation.comparison import NOT_SHOWN
from autofas.metrics import write_scores
from tests.evaluation.evaluation_files import random_table


def test_compare_command(tmp_path, capsys) -> None:
    files = []
    for name, seed in (("a", 1), ("b", 1), ("a-dev", 2), ("b-dev", 2)):
        write_scores(tmp_path / f"{name}.csv", random_table(seed, 0.4))
        files.append(str(tmp_path / f"{name}.csv"))
    values = main_values(["compare", *files[:2], "--dev", *files[2:], "--replicates", "200"])
    assert values["verdict"] == NOT_SHOWN
    assert NOT_SHOWN in capsys.readouterr().out
    assert main(["compare", *files[:2]]) == 2
    assert "--dev" in capsys.readouterr().err


def _others(tmp_path, ends=(".txt", ".jsonl")) -> list[str]:
    """Two models' submissions whose higher scores mean attack, and the manifest with their labels."""
    rows = [(f"{person}_{pai}.jpg", pai, person) for person in "abcd" for pai in ("bona_fide", "print")]
    header = "path,pai,subject,session,video,frame,split\n"
    lines = [f"{path},{pai},{person},1,{path},0,test\n" for path, pai, person in rows]
    (tmp_path / "manifest.csv").write_text(header + "".join(lines))
    scores = [0.9 if pai == "print" and person != "a" else 0.2 for _, pai, person in rows]
    files = [tmp_path / f"{name}{end}" for name, end in zip("mn", ends, strict=True)]
    for file in files:
        form = '{{"path": "{}", "score": {}}}\n' if file.suffix == ".jsonl" else "{} {}\n"
        text = "".join(form.format(path, score) for (path, *_), score in zip(rows, scores, strict=True))
        file.write_text(text)
    return [*map(str, files), "--labels", str(tmp_path / "manifest.csv"), "--higher-is", "attack"]


def test_scores_of_other_programs_are_read_by_what_is_stated_of_them(tmp_path, capsys) -> None:
    words = ["compare", *_others(tmp_path), "--threshold-value", "-0.5", "-0.5", "--replicates", "50"]
    values = main_values(words)
    assert (values["a"]["apcer"], values["a"]["bpcer"]) == (0.25, 0.0)
    assert values["acer_difference"] == 0.0
    printed = capsys.readouterr().out
    for name in ("m.txt", "n.jsonl"):
        assert f"{name}: read as 'path score'" in printed
    assert "higher is attack: scores and thresholds are negated (0.5 in the file is -0.5 here)" in printed
    (tmp_path / "m.txt").write_text("a_print.jpg 0.9\n")
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "has no score in" in said
    assert "--count-non-responses" not in said


def test_no_option_is_advised_that_there_is_not(tmp_path, capsys) -> None:
    (tmp_path / "s.txt").write_text("nan 1\n0.2 0\n")
    assert main(["compare", str(tmp_path / "s.txt"), str(tmp_path / "s.txt")]) == 2
    said = capsys.readouterr().err
    assert "the score is NaN; score this file again; autofas score counts presentations without a" in said


def _runs(folder, names: str) -> list[str]:
    """Run folders that hold scores alone, another seed's each."""
    made = []
    for seed, name in enumerate(names, start=1):
        (folder / name).mkdir()
        for split, shift in (("test", 0), ("dev", 50)):
            write_scores(folder / name / f"scores-{split}.csv", random_table(seed + shift, 0.4))
        made.append(str(folder / name))
    return made


def test_makes_over_seeds_are_held_against_each_other(tmp_path, capsys) -> None:
    runs = _runs(tmp_path, "abcd")
    words = ["compare", *runs[:2], "--against", *runs[2:], "--replicates", "50"]
    values = main_values(words)
    assert values["pairs"] == 4
    assert len(values["comparisons"]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["a against c", "b against d", "a against c"]
    assert lines[-1] == values["words"]
    main_values([*words, "--brief"])
    assert capsys.readouterr().out.splitlines() == lines[-1:]


def test_runs_that_do_not_stand_in_pairs_are_refused(tmp_path, capsys) -> None:
    runs = _runs(tmp_path, "abcd")
    for words, said in (
        (runs[:3], "takes two models, and was given 3"),
        ([*runs[:3], "--against", runs[3]], "3 before it and 1 after"),
        (
            [*runs[:2], "--against", *runs[2:], "--threshold-value", "0.5", "0.5"],
            "--threshold-value is of two",
        ),
        ([*runs[:2], "--against", *runs[2:], "--dev", *runs[2:]], "--dev is of two models"),
    ):
        assert main(["compare", *words]) == 2
        assert said in capsys.readouterr().err


def test_how_files_of_makes_were_read_is_said(tmp_path, capsys) -> None:
    m, n, *words = _others(tmp_path)
    main_values(["compare", m, "--against", n, *words, "--threshold", "test-eer", "--replicates", "50"])
    printed = capsys.readouterr().out
    for name in ("m.txt", "n.jsonl"):
        assert f"{name}: read as 'path score'" in printed
