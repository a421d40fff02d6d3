"""autofas fuse: judged against the member that is best on dev."""

from autofas.cli import main, main_values
from autofas.metrics import write_scores
from tests.evaluation.evaluation_files import random_table


def test_fuse_command_judges_against_the_member_best_on_dev(tmp_path, capsys) -> None:
    paths = []
    for name, seed, shift in (("depth", 1, 0.3), ("ir", 2, 0.3), ("color", 3, 0.1)):
        for split, add in (("dev", 100), ("test", 0)):
            path = tmp_path / f"{name}-{split}.csv"
            write_scores(path, random_table(seed + add, shift))
            paths.append(str(path))
    devs, tests = paths[::2], paths[1::2]
    out = str(tmp_path / "fused")
    mean = main_values(["fuse", *tests, "--dev", *devs, "--out", out])
    assert mean["best_on_dev"] in tests
    assert mean["against_best"]["interval"][0] <= mean["against_best"]["acer_difference"]
    assert mean["threshold_provenance"] == "EER of the development scores"
    common = [
        "fuse",
        *tests[:1],
        "--second",
        tests[1],
        "--dev",
        devs[0],
        "--second-dev",
        devs[1],
        "--out",
        out,
    ]
    tuned = main_values([*common, "--method", "cascade", "--tune"])
    limits = tuned["fusion"]["thresholds"]
    again = main_values(
        [
            *(*common, "--method", "cascade", "--band", str(limits["low"]), str(limits["high"])),
            *("--second-threshold", str(limits["second"])),
        ]
    )
    assert again["acer"] == tuned["acer"]
    greedy = main_values(["fuse", *tests, "--dev", *devs, "--method", "greedy", "--steps", "4", "--out", out])
    assert sum(greedy["fusion"]["weights"]) == len(greedy["fusion"]["order"])
    capsys.readouterr()
    assert main(["fuse", *tests, "--out", out]) == 2
    assert "threshold comes from dev" in capsys.readouterr().err
    assert main(["fuse", *tests, "--dev", *devs, "--method", "cascade", "--out", out]) == 2
    assert "--second" in capsys.readouterr().err


def test_members_of_other_programs_are_read_by_what_is_stated_of_them(tmp_path, capsys) -> None:
    lines = "".join(f"{score} {label}\n" for score, label in ((0.1, 0), (0.2, 0), (0.9, 1), (0.15, 1)))
    for name in ("m", "n"):
        (tmp_path / f"{name}.txt").write_text(lines)
    files = [str(tmp_path / f"{name}.txt") for name in "mn"]
    words = ["fuse", *files, "--dev", *files, "--out", str(tmp_path / "fused")]
    values = main_values([*words, "--bona-fide-is", "0", "--higher-is", "attack"])
    assert values["auc"] == 0.75
    printed = capsys.readouterr().out
    assert "m.txt: read as 'score label', label 0 is bona fide; higher is attack" in printed
