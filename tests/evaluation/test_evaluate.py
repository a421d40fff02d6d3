"""The verb `evaluate`: figures that follow from the scores, a threshold from dev, the run's own weights."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autofas.commands.figure_tables import cross_table
from autofas.config.data import DataConfig
from autofas.config.evaluate import EvaluateConfig
from autofas.config.resolve import to_yaml
from autofas.config.train import TrainConfig
from autofas.errors import DataError, RunError
from autofas.evaluation import evaluate as module
from autofas.evaluation.evaluate import TRANSFERRED, evaluate, training_of, usual_rule
from autofas.evaluation.verification import verify
from autofas.metrics import DEV_RULES, eer_threshold, error_rates, group_pais, read_scores
from autofas.models.weights import WEIGHTS_FILE, read_weights
from autofas.runs.record import read_record
from autofas.storage.schema import read_json
from tests.evaluation.evaluation_files import change_a_weight, flip_a_weight


@pytest.fixture(scope="module")
def trained(evaluated_run, tmp_path_factory) -> Path:
    """A copy of a network's run folder that may be judged by other terms."""
    left_out = shutil.ignore_patterns("export", "checkpoint-*")
    return Path(shutil.copytree(evaluated_run, tmp_path_factory.mktemp("judged") / "tiny", ignore=left_out))


@pytest.fixture(scope="module")
def evaluated(trained):
    return evaluate(EvaluateConfig(run=str(trained), threads=1, device="cpu"))


def test_figures_follow_from_the_score_files(evaluated, trained):
    # recomputed with the metrics alone, from the files a reader would have
    dev, test = (read_scores(trained / f"scores-{name}.csv").by_video() for name in ("dev", "test"))
    threshold = eer_threshold(dev.scores, group_pais(dev.pais, "family"))
    rates = error_rates(test.scores, group_pais(test.pais, "family"), threshold)
    figures = evaluated.figures
    assert json.loads((trained / "metrics.json").read_text())["threshold"] == figures.threshold
    assert figures.threshold == threshold
    for name in ("apcer", "apcer_pooled", "bpcer", "acer", "hter"):
        assert figures.rate(name) == getattr(rates, name)
    assert figures.acer == (figures.apcer + figures.bpcer) / 2


def test_the_threshold_comes_from_dev_not_from_test(evaluated, trained):
    dev, test = (read_scores(trained / f"scores-{name}.csv").by_video() for name in ("dev", "test"))
    from_test = eer_threshold(test.scores, group_pais(test.pais, "family"))
    assert evaluated.figures.threshold != from_test
    assert evaluated.figures.threshold == eer_threshold(dev.scores, group_pais(dev.pais, "family"))
    assert evaluated.figures.threshold_rule == "dev-eer"


def test_published_protocols_keep_the_published_rule():
    assert usual_rule(DataConfig(dataset="oulu", protocol=3, fold=1)) == "dev-eer"
    assert usual_rule(DataConfig(dataset="synthetic")) == "dev-eer"
    assert usual_rule(DataConfig(dataset="replay-attack", protocol="print")) == "dev-eer"
    assert usual_rule(DataConfig(dataset="oulu", protocol="leave-one-session-out")) == TRANSFERRED
    assert usual_rule(DataConfig(dataset="some/manifest.csv", protocol="none")) == TRANSFERRED


def test_test_eer_is_labelled_as_tuned_on_test(trained):
    tuned = evaluate(EvaluateConfig(run=str(trained), threshold="test-eer", threads=1, device="cpu"))
    assert "tuned on test" in tuned.figures.threshold_provenance


def test_scores_name_every_frame_once(evaluated):
    assert len(set(evaluated.scores.paths)) == len(evaluated.scores) == 60


def test_edited_weights_are_not_evaluated(run) -> None:
    change_a_weight(run)
    with pytest.raises(RunError, match="edited after it was recorded"):
        evaluate(EvaluateConfig(run=str(run), device="cpu", threads=1))
    flip_a_weight(run)
    with pytest.raises(RunError, match="do not have the SHA-256"):
        evaluate(EvaluateConfig(run=str(run), device="cpu", threads=1))


def test_evaluating_twice_gives_the_same_and_stays_verified(run) -> None:
    before = read_json(run / "metrics.json")
    evaluate(EvaluateConfig(run=str(run), device="cpu", threads=1))
    assert read_json(run / "metrics.json") == before
    evaluate(EvaluateConfig(run=str(run), split="dev", device="cpu", threads=1, level="frame"))
    assert verify(run).faults == []
    assert [entry["verb"] for entry in read_record(run)["entries"]] == ["train"] + ["evaluate"] * 3


def test_what_a_figure_can_be_walked_back_to(made, run) -> None:
    values, kept = read_json(run / "metrics.json"), read_record(run)
    assert values["seed"] == 0
    assert kept["entries"][1]["verb"] == "evaluate"
    assert kept["entries"][1]["command"]
    assert kept["files"][values["scores_file"]]
    assert kept["data"]["trained_on"]["rows"] == 80


def test_cross_figures_carry_both_labels(run) -> None:
    values = read_json(run / "metrics-cross-b.json")
    assert values["label"].startswith("source-dev")
    assert values["threshold_rule"] == TRANSFERRED  # a manifest has no published convention
    own = values["target_eer"]
    assert "tuned on the target's test" in own["label"]
    assert own["threshold_rule"] == "test-eer"
    assert own["hter"] == pytest.approx(own["eer"])
    rows = list(csv.DictReader((run / "metrics-cross-b.csv").open(newline="")))
    assert len({row["label"] for row in rows}) == 2


@pytest.mark.parametrize(("photographs", "rates"), [(1, (None,)), (2, (0.0, 0.5, 1.0))])
def test_across_on_bona_fide_alone_what_is_defined_is_given(made, run, tmp_path, photographs, rates) -> None:
    whole = pd.read_csv(made / "b" / "manifest.csv", dtype=str)
    chosen = whole[(whole["split"] == "test") & (whole["pai"] == "bona_fide")]
    chosen = chosen.drop_duplicates("video").head(photographs)
    assert len(chosen) == photographs
    for path in chosen["path"]:
        place = tmp_path / "one" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(made / "b" / path, place)
    chosen.to_csv(tmp_path / "one" / "manifest.csv", index=False)
    found = judged(run, cross=DataConfig(dataset=str(tmp_path / "one" / "manifest.csv"))).cross
    assert found.bpcer in rates
    assert (found.apcer, found.acer, found.hter, found.target_eer) == (None, None, None, None)
    table = cross_table([found])
    assert "BPCER %" in table
    assert "apcer per video: there is no attack presentation" in table
    assert ("bpcer per video: there is one bona fide presentation" in table) == (photographs == 1)
    assert verify(run).faults == []


def test_cross_needs_another_data_set_and_a_dev_threshold(made, run) -> None:
    same = DataConfig(dataset=str(made / "a" / "manifest.csv"))
    with pytest.raises(DataError, match="trained on"):
        evaluate(EvaluateConfig(run=str(run), device="cpu", threads=1, cross=same))
    other = DataConfig(dataset=str(made / "b" / "manifest.csv"))
    with pytest.raises(DataError, match="dev threshold"):
        evaluate(EvaluateConfig(run=str(run), device="cpu", threads=1, cross=other, threshold="test-eer"))


def judged(run, **values):
    return evaluate(EvaluateConfig(run=str(run), device="cpu", threads=1, **values))


def test_dev_scores_of_these_very_weights_are_not_made_again(run, monkeypatch) -> None:
    real, scored = module.score_rows, []

    def score_rows(network, store, rows, *given, **keys):
        scored.append(set(rows["split"]))
        return real(network, store, rows, *given, **keys)

    monkeypatch.setattr(module, "score_rows", score_rows)
    before = judged(run)
    assert scored == [{"test"}]
    scores = read_scores(run / "scores-dev.csv")
    (run / "scores-dev.csv").write_text("edited")
    again = judged(run)  # dev scores that someone has touched are
    assert scored == [{"test"}, {"dev"}, {"test"}]
    assert again.figures.threshold == before.figures.threshold
    np.testing.assert_array_equal(read_scores(run / "scores-dev.csv").scores, scores.scores)


def test_a_fixed_threshold_looks_at_no_dev_score(run, monkeypatch) -> None:
    monkeypatch.setattr(module._Evaluating, "_dev_scores", lambda *given: pytest.fail("dev was looked at"))
    found = judged(run, threshold="fixed", threshold_value=0.25).figures
    assert (found.threshold, found.threshold_rule, found.dev_scores_file) == (0.25, "fixed", None)


def test_the_threshold_is_kept_with_the_weights_unless_it_was_tuned_on_test(run) -> None:
    before = read_weights(run / WEIGHTS_FILE)[1].threshold
    judged(run, threshold="test-eer")
    assert read_weights(run / WEIGHTS_FILE)[1].threshold == before
    judged(run, split="dev")
    assert read_weights(run / WEIGHTS_FILE)[1].threshold == before
    judged(run, threshold="fixed", threshold_value=0.25)
    kept = read_weights(run / WEIGHTS_FILE)[1].threshold
    assert (kept["value"], kept["rule"]) == (0.25, "fixed")


def test_dev_judged_at_its_own_threshold_is_noted(run) -> None:
    judged(run, split="dev")
    assert "the dev split is judged at a threshold it has set itself" in (run / "log.txt").read_text()
    assert read_json(run / "metrics-dev.json")["split"] == "dev"


def test_another_data_set_is_named_in_its_files(made, run) -> None:
    other = DataConfig(dataset=str(made / "b" / "manifest.csv"))
    found = judged(run, data=other).figures
    assert (found.dataset, found.source) == ("b", read_json(run / "metrics.json")["source"])
    assert read_json(run / "metrics-test-b.json")["scores_file"] == "scores-test-b.csv"
    assert len(read_scores(run / "scores-test-b.csv")) == 32
    assert found.threshold == read_json(run / "metrics.json")["threshold"]  # dev of the data it learned on


def test_breakdowns_are_by_the_conditions_that_the_manifest_knows(run) -> None:
    with (run / "breakdown.csv").open(newline="") as stream:
        places = {(row["by"], row["value"]) for row in csv.DictReader(stream)}
    assert {("device", "1"), ("device", "2")} <= places


def test_weights_without_a_record_are_taken_as_they_are(run) -> None:
    (run / "record.json").unlink()
    change_a_weight(run)
    assert judged(run).figures.samples == 32


@pytest.mark.parametrize(("rule", "said"), [("fixed", "rule fixed"), ("test-eer", "rule test-eer")])
def test_a_cross_test_names_the_rules_that_it_can_take(made, run, rule, said) -> None:
    other = DataConfig(dataset=str(made / "b" / "manifest.csv"))
    value = {"threshold_value": 0.5} if rule == "fixed" else {}
    with pytest.raises(DataError) as caught:
        judged(run, cross=other, threshold=rule, **value)
    assert said in str(caught.value)
    assert str(caught.value).endswith(f"; use {' or '.join(DEV_RULES)}")
    assert "dev-eer or " in str(caught.value)


def test_the_training_of_a_folder_is_read_and_its_cache_is_this_machines(tmp_path) -> None:
    config = TrainConfig(baseline="feathernet_a", data={"cache_dir": str(tmp_path / "theirs")})
    (tmp_path / "config.yaml").write_text(to_yaml(config))
    assert training_of(tmp_path).data.cache_dir is None
    (tmp_path / "config.yaml").write_text("baseline: feathernet_a\nepochz: 3\n")
    with pytest.raises(RunError, match=r"config.yaml: unknown key epochz, did you mean epochs"):
        training_of(tmp_path)


def test_folds_and_seeds_of_one_figure_have_one_recipe() -> None:
    def digest(**changes):
        return module._recipe_sha256(TrainConfig(baseline="feathernet_a", **changes))

    same = [{"seed": 3}, {"name": "x"}, {"threads": 2}, {"data": {"fold": 2, "workers": 1, "cache_dir": "c"}}]
    assert {digest(**changes) for changes in same} == {digest()}
    others = [{"epochs": 3}, {"data": {"margin": 1.5}}, {"optimizer": {"lr": 0.1}}, {"keep": "last"}]
    assert len({digest(), *(digest(**changes) for changes in others)}) == 5
