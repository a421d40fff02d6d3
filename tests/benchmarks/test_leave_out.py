"""Leaving out: every training of a plan once, resumed by row, summarised; and the tone of another frame."""

import csv
import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from autofas.data.opening import OpenedDatasets
from autofas.metrics import ScoreTable, roc_auc
from autofas.models.genotype import load_genotype
from benchmarks import leave_out
from benchmarks.swapped import partners, with_surrounding_of, with_tone_of
from tests.conftest import TINY_FACES

PLAN = """
question: Does it run?
base:
  epochs: 1
  batch_size: 8
  input_size: 32
networks:
  probe: {genotype: results/leave_out/probe.json, layout: {channels: 4}}
recipes: {plain: {augment: none}, flipped: {augment: none+flip}}
protocols: [leave-one-session-and-subjects-out]
seeds: [0, 1]
experiments:
  - {networks: [probe], recipes: [plain]}
  - {networks: [probe], recipes: [plain, flipped], seeds: [1]}
"""


def write_manifest(folder):
    """Noise in place of faces: 4 people in 2 sessions, a bona fide and a print video of two frames each."""
    rng = np.random.default_rng(0)
    lines = ["path,pai,subject,session,video,frame,split"]
    for subject, session, pai, frame in product("abcd", ("1", "2"), ("bona_fide", "print"), (0, 1)):
        video = f"{subject}{session}{pai}"
        Image.fromarray(rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)).save(
            folder / f"{video}{frame}.png"
        )
        lines.append(f"{video}{frame}.png,{pai},{subject},{session},{video},{frame},train")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def plan(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOFAS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    write_manifest(tmp_path)
    place = tmp_path / "plan.yaml"
    place.write_text(PLAN, encoding="utf-8")
    return place


def call(plan, *more):
    places = ["--dataset", str(plan.parent / "manifest.csv"), "--work", str(plan.parent / "work")]
    return leave_out.main([str(plan), *places, *more])


def test_a_plan_is_run_resumed_and_summarised(plan, capsys, monkeypatch):
    assert call(plan, "--most", "2") == 0
    assert call(plan, "--most", "1", "--json") == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["rows"]
    keys = [tuple(row[key] for key in leave_out.KEY) for row in rows]
    assert len(set(keys)) == 3
    assert {row["fold"] for row in rows} == {"1", "2"}
    with plan.with_suffix(".csv").open() as stream:
        assert list(csv.DictReader(stream)) == rows

    def refuse(*args, **keys):
        raise AssertionError("trained")

    monkeypatch.setattr(leave_out, "train", refuse)
    assert call(plan, "--summary") == 0
    page = plan.with_suffix(".md").read_text()
    assert "Does it run?" in page
    assert "| probe " in page
    with pytest.raises(AssertionError, match="trained"):
        call(plan)


def test_trainings_that_two_experiments_ask_for_are_done_once(plan):
    read = leave_out.validated(leave_out.Plan, leave_out.read_yaml(plan), "plan")
    asked = list(leave_out.jobs(read, str(plan.parent / "manifest.csv"), OpenedDatasets()))
    assert len(asked) == 2 * 3  # folds x (plain and flipped of seed 1, plain of seed 0)
    assert len({tuple(job.values()) for job in asked}) == len(asked)


def test_draws_of_one_seed_are_others_where_they_are_set_apart(tmp_path):
    apart = {"one": 0, "same": 0, "other": 1000}
    drawn = {"space": "small_open", "search": {"strategy": "random"}}
    networks = {name: {**drawn, "apart": value} for name, value in apart.items()}
    parts = {
        "question": "?",
        "networks": networks,
        "recipes": {"plain": {}},
        "protocols": ["1"],
        "seeds": [4],
    }
    experiments = [{"networks": ["one"], "recipes": ["plain"]}]
    made = leave_out.Plan.model_validate(parts | {"experiments": experiments})
    one, same, other = (
        load_genotype(leave_out.settings(made, job, "synthetic", tmp_path, 1)[0].genotype)
        for job in (
            {"network": name, "recipe": "plain", "protocol": "1", "fold": None, "seed": 4} for name in apart
        )
    )
    assert one.same_network(same)
    assert not one.same_network(other)


@pytest.mark.slow
def test_a_space_is_searched_in_each_fold(plan):
    keys = "{epochs: 2, warmup_epochs: 1, batch_size: 4, input_size: 32, augment: none}"
    plan.write_text(PLAN.replace("networks:\n", f"networks:\n  found: {{space: small, search: {keys}}}\n"))
    plan.write_text(
        plan.read_text().replace(
            "networks: [probe], recipes: [plain]}", "networks: [found], recipes: [plain]}"
        )
    )
    assert call(plan, "--most", "2") == 0
    searched = sorted((plan.parent / "work" / "search").glob("*/genotype.json"))
    assert [place.parent.name.split("-")[-2] for place in searched] == ["1", "2"]  # the fold
    assert "small" in searched[0].read_text()


def test_an_operation_stands_in_place_of_another_on_every_edge(tmp_path):
    network = leave_out.NetworkPlan(
        genotype="results/leave_out/probe.json", replace={"sep_conv_3x3": "dil_conv_3x3"}
    )
    found = load_genotype(leave_out._genotype(network, "dilated", tmp_path))
    for cell in (found.normal, found.reduction):
        names = [name for _, _, name in cell.edges]
        assert names == ["dil_conv_3x3", "skip_connect"] * 2


def test_a_seed_draws_other_generated_faces_too(plan, tmp_path):
    few = "".join(f"  data.synthetic.{key}: {value}\n" for key, value in TINY_FACES["synthetic"].items())
    plan.write_text(PLAN.replace("base:\n", f"base:\n{few}"), encoding="utf-8")
    read = leave_out.validated(leave_out.Plan, leave_out.read_yaml(plan), "plan")
    jobs = list(leave_out.jobs(read, "synthetic", OpenedDatasets()))
    assert {job["seed"] for job in jobs} == {0, 1}
    for job in jobs:
        config = leave_out.settings(read, job, "synthetic", tmp_path, 1)[0]
        assert config.data.synthetic.seed == config.data.split_seed == config.seed == job["seed"]


def test_a_plan_with_a_name_it_lacks_ends_in_one_line(plan, capsys):
    plan.write_text(PLAN.replace("recipes: [plain]", "recipes: [plane]"))
    assert call(plan) == 2
    assert "no recipe plane" in capsys.readouterr().err


def test_figures_of_known_scores():
    def table(scores):
        names = [f"f{number}" for number in range(4)]
        return ScoreTable(names, names, names, ["bona_fide", "bona_fide", "print", "print"], np.array(scores))

    found = leave_out.measure(table([0.9, 0.8, 0.2, 0.1]), table([0.6, 0.9, 0.3, 0.1]), "frame")
    assert found["auc"] == 1.0
    assert (found["acer_edge"], found["bpcer_edge"]) == (0.25, 0.5)  # edge 0.8, middle 0.5
    assert found["acer_middle"] == 0.0


def test_swapped_tone_inverts_a_judge_of_brightness():
    torch.manual_seed(0)
    bright = np.arange(40) < 20
    images = torch.rand(40, 3, 8, 8) * 0.2 + torch.from_numpy(bright * 0.5)[:, None, None, None].float()
    labels = ["bona_fide" if one else "print" for one in bright]
    other = with_tone_of(images, images[partners(bright)])
    assert roc_auc(images.mean((1, 2, 3)).numpy(), labels) == 1.0
    assert roc_auc(other.mean((1, 2, 3)).numpy(), labels) == 0.0
    torch.testing.assert_close(with_tone_of(images, images), images, atol=1e-5, rtol=0)
    assert (bright[partners(bright)] != bright).all()
    other = with_surrounding_of(images, images.flip(0))
    assert torch.equal(other[:, :, 3:5, 3:5], images[:, :, 3:5, 3:5])
    assert torch.equal(other[:, :, ::7, ::7], images.flip(0)[:, :, ::7, ::7])
