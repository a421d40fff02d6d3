"""What the command line says to someone who is nearly right: the word, file or order that was meant."""

import sys

import pytest

from autofas.cli import main
from autofas.storage.schema import ALSO_CALLED, Schema


def said(capsys, *words: object) -> str:
    """The one line on stderr of a command that fails with exit code 2."""
    assert main([str(word) for word in words]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    return captured.err


@pytest.mark.parametrize(
    ("verb", "key", "meant"),
    [
        ("search", "weights.learning_rate", "weights.lr"),
        ("search", "learning_rate", "weights.lr or arch.lr or finalist.lr"),
        ("search", "weights.wd", "weights.weight_decay"),
        ("search", "data.num_workers", "data.workers"),
        ("train", "optimizer.learning_rate", "optimizer.lr"),
        ("train", "lr", "optimizer.lr"),
        ("train", "num_epochs", "epochs"),
        ("train", "optimiser.lr", "optimizer"),
        ("train", "fold", "data.fold"),
        ("train", "image_size", "input_size"),
        ("train", "weights.learning_rate", "optimizer.lr"),
        ("train", "weights.lr", "optimizer.lr"),
        ("train", "train.optim.lr", "optimizer.lr"),
        ("train", "bath_size", "batch_size"),
    ],
)
def test_a_key_of_another_name_or_place_names_the_key_that_was_meant(capsys, verb, key, meant):
    network = ["--baseline", "feathernet_a"] if verb == "train" else []
    line = said(capsys, verb, *network, "--set", f"{key}=1", "--print-config")
    assert f"did you mean {meant}?" in line


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["search", "--strategy", "tpee"],
            "'tpee', did you mean tpe? Choose pc-darts, darts, random, tpe, nsga2",
        ),
        (["search", "--set", "strategy=tpee"], "'nsga2' or 'evolution', did you mean tpe? (got 'tpee')"),
        (
            ["search", "--preset", "quik"],
            "preset quik does not exist, did you mean quick? Choose quick or paper",
        ),
        (["evaluate", "--run", "r", "--threshold", "dev-eerr"], "'dev-eerr', did you mean dev-eer? Choose"),
        (
            ["evaluate", "--run", "r", "--threshold-rule", "dev-eer"],
            "--threshold-rule, did you mean --threshold?",
        ),
        (
            ["evaluate", "--run", "r", "--split", "tset"],
            "'tset', did you mean test? Choose train, dev or test",
        ),
        (["pareto", "--x", "parms"], "'parms', did you mean params? Choose params, macs or latency"),
        (["completion", "fish"], "invalid choice: 'fish'; choose bash, zsh or tcsh"),
        (
            ["score", "s.csv", "--higher-is", "atack"],
            "'atack', did you mean attack? Choose bona-fide or attack",
        ),
        (
            ["train", "--baseline", "feathernet_a", "--set", "view.kind=center"],
            "'degraded', did you mean centre? (got",
        ),
    ],
)
def test_a_misspelt_choice_names_the_one_that_was_meant(capsys, words, told):
    assert told in said(capsys, *words)


def test_a_misspelt_augmentation_is_told_before_the_data_are_opened(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("autofas.data.opening.OpenedDatasets.whole", lambda *_, **__: pytest.fail("opened"))
    for verb in (["train", "--baseline", "feathernet_a"], ["search"]):
        words = [*verb, "--runs-dir", tmp_path, "--dataset", "synthetic", "--preset", "quick", "--quiet"]
        told = "augmentation 'basik' does not exist, did you mean basic? Choose none, flip,"
        assert told in said(capsys, *words, "--set", "augment=basik")
        told = "augmentation 'basic+blurr' has no step 'blurr', did you mean blur? Choose"
        assert told in said(capsys, *words, "--set", "augment=basic+blurr")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("verb", ["train", "profile"])
def test_a_baseline_given_as_a_genotype_is_told_apart(capsys, verb):
    told = "feathernet_a is a hand-designed network; give --baseline feathernet_a"
    assert told in said(capsys, verb, "--genotype", "feathernet_a")


def test_a_word_for_nothing_gets_no_hint(capsys):
    assert "did you mean" not in said(capsys, "search", "--set", "weights.zzz=1", "--print-config")


def test_every_other_name_leads_to_a_key_that_exists():
    from autofas.config.search import SearchConfig
    from autofas.config.train import TrainConfig

    def names(model) -> set[str]:
        inner = [f.annotation for f in model.model_fields.values() if isinstance(f.annotation, type)]
        nested = (names(kind) for kind in inner if issubclass(kind, Schema))
        return set(model.model_fields).union(*nested)

    known = names(SearchConfig) | names(TrainConfig)
    assert set(ALSO_CALLED.values()) <= known
    assert not set(ALSO_CALLED) & known


@pytest.mark.parametrize(
    ("word", "meant"), [("serch", "search"), ("tarin", "train"), ("evalute", "evaluate")]
)
def test_a_misspelt_verb_names_the_nearest(capsys, word, meant):
    assert f"did you mean {meant}?" in said(capsys, word)


@pytest.mark.parametrize("word", ["predikt", "deploy", "run"])
def test_a_verb_far_from_all_names_none(capsys, word):
    assert "pareto" not in said(capsys, word)


def test_pareto_before_evaluate_names_evaluate(capsys, tmp_path):
    line = said(capsys, "pareto", "--leaderboard", tmp_path / "leaderboard.csv")
    assert "leaderboard.csv does not exist; evaluate a trained run first (autofas evaluate --run RUN)" in line


@pytest.mark.parametrize("ended", [True, False])
def test_evaluate_of_a_search_says_to_train_its_genotype(capsys, tmp_path, ended):
    from autofas.config.resolve import to_yaml
    from autofas.config.search import SearchConfig

    folder = tmp_path / "a search"
    folder.mkdir()
    (folder / "config.yaml").write_text(to_yaml(SearchConfig()))
    if ended:
        (folder / "genotype.json").write_text("{}")
    line = said(capsys, "evaluate", "--run", folder)
    assert "is a search and holds no trained network; train its genotype first" in line
    assert (f"autofas train --genotype '{folder}/genotype.json'" in line) == ended
    assert "unknown key" not in line


@pytest.mark.parametrize(("package", "extra", "words"), [("optuna", "trials", ()), ("nni", "nni", ("nni",))])
def test_an_engines_extra_is_asked_for_before_any_data_is_read(
    package, extra, words, capsys, monkeypatch, tmp_path
):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr(
        "autofas.data.opening.open_manifest", lambda *_, **__: pytest.fail("the data was opened")
    )
    engine = [word for name in words for word in ("--engine", name)]
    line = said(capsys, "search", "--strategy", "evolution", *engine, "--dataset", tmp_path / "no.csv")
    assert f"the extra: pip install 'autofas[{extra}]'" in line


def test_a_set_without_dev_is_told_of_the_protocol_that_holds_one_out(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    assert "official" in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["--help"], ["spaces"], ["train", "--baseline", "feathernet_a"]])
def test_a_system_without_file_locks_is_told_which_are_supported(capsys, monkeypatch, words):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    line = said(capsys, *words)
    assert "autofas runs on Linux and macOS" in line
    assert "WSL 2" in line


def test_autofas_imports_without_file_locks(monkeypatch):
    import subprocess

    code = "import sys; sys.modules['fcntl'] = None; import autofas.runs.run_folder, autofas.data.catalog"
    subprocess.run([sys.executable, "-c", code], check=True)
