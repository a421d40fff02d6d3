"""The controls of a search: what is trained, and what is said of it."""

from types import SimpleNamespace

from autofas.cli import main, main_values
from autofas.commands.controls import Trained, _table
from autofas.models.genotype import load_genotype

FACES = "data.synthetic={train_users: 2, dev_users: 1, test_users: 2, frames_per_video: 1, size: 32}"
SEARCH = ["search", "--strategy", "random", "--space", "small", "--set", FACES, "--threads", "1", "--quiet"]
TRAIN = ["--train", "epochs=1", "--train", "input_size=16", "--train", "batch_size=30"]


def trained(arm, *aucs):
    figures = [SimpleNamespace(auc=auc, acer=None if auc is None else 1 - auc) for auc in aucs]
    return [Trained(arm, seed, None, 20_000 + seed, one) for seed, one in enumerate(figures)]


def test_the_table_has_a_line_an_arm():
    networks = [*trained("searched", 0.9, 0.8), *trained("random", 0.8), *trained("shuffled", 0.95, None)]
    lines = _table(networks).splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["searched", "shuffled", "random"]
    assert "85.00 ± 5.00" in lines[2]
    assert lines[3].split()[-2:] == ["-", "-"]
    assert lines[4].endswith("80.00")


def test_every_arm_is_trained_alike_and_compared(tmp_path, capsys):
    found = main_values([*SEARCH, *TRAIN, "--runs-dir", str(tmp_path), "--seed", "3", "--controls"])
    networks = found["controls"]["networks"]
    assert [one["arm"] for one in networks] == ["searched", "shuffled", "random"]
    assert abs(networks[2]["params"] - networks[0]["params"]) <= 0.1 * networks[0]["params"]
    assert [one["arm"] for one in found["controls"]["against"]] == ["shuffled", "random"]
    for one in networks:
        assert one["run"].startswith(str(tmp_path / "train"))
        assert 0 <= one["auc"] <= 1
    kinds = {
        arm: load_genotype(tmp_path / f"search/exp/genotype-{arm}.json") for arm in ("shuffled", "random")
    }
    assert kinds["shuffled"].derivation == "shuffled"
    shown = capsys.readouterr().out
    assert "searched against shuffled: P(higher AUC)" in shown
    assert "of 1 seed" in shown


def test_faults_are_told_before_the_search(tmp_path, capsys):
    for words, said in (
        (["--train", "epochs=1"], "give --controls too"),
        (["--controls", "--train", "epoch=1"], "did you mean epochs"),
        (
            ["--controls", "--train", "epochs"],
            "--train epochs: expected key=value, such as --train epochs=20",
        ),
        (["--controls", "--train", "genotype=other.json"], "a control has that of its search"),
        (["--controls", "--train", "data.dataset=nuaa"], "--train data.dataset: a control has that"),
        (["--controls", "--train", "seed=5"], "--train seed: a control has that"),
    ):
        assert main([*SEARCH, *words, "--runs-dir", str(tmp_path)]) == 2
        assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
