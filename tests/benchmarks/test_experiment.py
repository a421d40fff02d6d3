"""The experiment: order, arms, one tiny run that is resumed, and tables of rows known by hand."""

import csv
import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from autofas.analysis.space_costs import space_costs
from autofas.config.recipes import resolve_training
from autofas.data.opening import OpenedDatasets
from autofas.models.genotype import load_genotype
from autofas.models.space import load_space
from autofas.storage.schema import read_yaml, validated
from benchmarks import experiment, experiment_tables
from benchmarks.experiment_arms import largest

ROOT = Path(__file__).resolve().parents[2]
PLAN = """
question: Does it run?
data_seeds: [0]
searches: 1
space: small
faces: {train_users: 2, dev_users: 1, test_users: 2, frames_per_video: 1, size: 32}
training: {epochs: 1, batch_size: 60, input_size: 32}
arms:
  random_found: {draw: matched, of: found}
  found: {search: {epochs: 1, warmup_epochs: 0, batch_size: 30, input_size: 32}}
  shuffle: {draw: shuffled, of: found}
  best: {draw: best, of: found, count: 2}
  plain: {draw: same, of: found, training: {supervision: bce}}
  by_hand: {baseline: feathernet_b, of: found}
families:
  against random:
    - [found, random_found]
"""


@pytest.fixture
def plan(tmp_path):
    place = tmp_path / "plan.yaml"
    place.write_text(PLAN, encoding="utf-8")
    return place


def call(place, *more):
    return experiment.main([str(place), "--work", str(place.parent / "work"), *more])


def test_a_plan_is_run_resumed_and_summarised(plan, capsys, monkeypatch):
    assert call(plan, "--blocks", "1") == 0  # the plan has no such block
    assert not (plan.parent / "rows.csv").exists()
    assert call(plan, "--most", "3") == 0
    assert "No block is whole" in capsys.readouterr().out
    assert call(plan, "--json") == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["rows"]
    assert [row["arm"] for row in rows] == ["random_found", "found", "shuffle", "best", "plain", "by_hand"]
    with (plan.parent / "rows.csv").open() as stream:
        assert list(csv.DictReader(stream)) == rows
    sizes = {row["arm"]: int(row["params"]) for row in rows}
    assert all(abs(size / sizes["found"] - 1) < 0.25 for size in sizes.values())  # best: matched as well
    assert abs(sizes["random_found"] / sizes["found"] - 1) <= 0.1
    assert len({row["training_seed"] for row in rows}) == 1

    found = {
        name: load_genotype(plan.parent / "work" / "found" / f"0-{name}" / "genotype.json")
        for name in ("found", "shuffle", "plain")
    }
    # an arm's own keys are of its training alone
    assert found["plain"].same_network(found["found"])
    trained = {
        name: read_yaml(plan.parent / "work" / "train" / f"{name}-0-0-0" / "config.yaml")
        for name in ("found", "plain", "by_hand")
    }
    assert [each["supervision"] for each in trained.values()] == [None, "bce", "focal"]
    assert [each["average"] for each in trained.values()] == [None] * 3  # what quick has had since
    assert 0 < trained["by_hand"]["options"]["width"] < 1
    operations = [sorted(e.operation for e in found[one].normal.edges) for one in ("found", "shuffle")]
    assert operations[0] == operations[1]

    def refuse(*args, **keys):
        raise AssertionError("trained")

    monkeypatch.setattr(experiment, "train", refuse)
    assert call(plan) == 0  # nothing is left
    assert "| found " in (plan.parent / "rows.md").read_text()


def test_draws_have_layouts_of_their_own_where_the_search_chose_one(plan, capsys):
    search = "{epochs: 1, warmup_epochs: 0, batch_size: 30, finalists: 3, finalist_epochs: 1}"
    arms = f"""
  found: {{search: {search}}}
  shuffle: {{draw: shuffled, of: found}}
  best: {{draw: best, of: found, count: 2}}
""" + "".join(f"  random_{name}: {{draw: matched, of: found}}\n" for name in "abcd")
    text = PLAN.split("arms:")[0].replace("space: small", "space: small_open") + "arms:" + arms
    plan.write_text(text, encoding="utf-8")
    assert call(plan, "--json") == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["rows"]
    sizes = {row["arm"]: int(row["params"]) for row in rows}
    assert all(abs(sizes[f"random_{name}"] / sizes["found"] - 1) <= 0.1 for name in "abcd")
    layouts = {
        row["arm"]: load_genotype(plan.parent / "work" / "found" / f"0-{row['arm']}" / "genotype.json").layout
        for row in rows
    }
    assert layouts["shuffle"] == layouts["found"]
    assert len({layouts[f"random_{name}"].model_dump_json() for name in "abcd"}) > 1


def test_the_plan_of_the_repository_is_ordered_by_blocks():
    plan = validated(experiment.Plan, read_yaml(ROOT / "results/experiment/plan.yaml"), "plan")
    asked = list(experiment.jobs(plan))
    arms = len(plan.arms)
    assert len(asked) == arms * 12 * 2
    for start in range(0, len(asked), arms):
        block = asked[start : start + arms]
        assert [job["arm"] for job in block] == list(plan.arms)
        assert len({(job["data_seed"], job["search_seed"], job["training"]) for job in block}) == 1
    assert [job["data_seed"] for job in asked[: 5 * arms : arms]] == [100, 101, 102, 103, 100]
    assert {job["training"] for job in asked[: 12 * arms]} == {0}


@pytest.mark.parametrize(
    "name",
    [
        "plan",
        "open",
        "open_p2",
        "open_p3",
        "open_p4",
        "stabilisers",
        "supervision",
        "hand_designed",
        "asked_p2",
        "asked_p3",
    ],
)
def test_every_plan_of_the_repository_can_be_run(name, tmp_path):
    plan = validated(experiment.Plan, read_yaml(ROOT / f"results/experiment/{name}.yaml"), "plan")
    assert plan.searches % len(plan.data_seeds) == 0  # every data seed has as many blocks
    block = experiment.block_of(plan, next(experiment.jobs(plan)), tmp_path, 1, OpenedDatasets())
    for arm, one in plan.arms.items():
        source = (
            {"baseline": one.baseline, "data.modalities": ["color"]}
            if one.baseline
            else {"genotype": "g.json"}
        )
        resolve_training(preset="quick", flags={**block.flags, **source, **plan.training, **one.training})
        if one.search is not None:
            block.config(arm)


def test_a_protocol_with_folds_takes_the_next_for_every_block(tmp_path):
    plan = validated(experiment.Plan, read_yaml(ROOT / "results/experiment/open_p3.yaml"), "plan")
    firsts = list(experiment.jobs(plan))[:: len(plan.arms)]
    blocks = [experiment.block_of(plan, job, tmp_path, 1, OpenedDatasets()) for job in firsts]
    assert [block.flags["data.fold"] for block in blocks] == [1, 2, 3, 4, 5, 6, 1, 2]
    assert {block.flags["data.protocol"] for block in blocks} == {"3"}
    assert [block.config("finalists").data.fold for block in blocks[:2]] == [1, 2]


def test_every_arm_of_the_repositorys_plan_has_a_configuration(tmp_path):
    plan = validated(experiment.Plan, read_yaml(ROOT / "results/experiment/plan.yaml"), "plan")
    block = experiment.block_of(plan, next(experiment.jobs(plan)), tmp_path, 1, OpenedDatasets())
    searched = {name: block.config(name) for name, arm in plan.arms.items() if arm.search is not None}
    assert searched["finalists"].weights.name == searched["parts"].weights.name == "adam"
    assert (searched["finalists"].finalists, searched["parts"].finalists) == (4, 0)
    assert searched["darts"].resolved_partial_channels == 1
    assert searched["quick"].data.synthetic.seed == 100
    assert searched["parts"].weights.grad_clip == 5  # that of the schema stays


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("- [found, random_found]", "- [found, randon]", "randon is no arm"),
        ("draw: matched, of: found", "draw: matched", "need `of`"),
        ("shuffled, of: found", "shuffled, of: found, baseline: feathernet_b", "is one of"),
    ],
)
def test_a_wrong_plan_ends_in_one_line(plan, capsys, old, new, said):
    plan.write_text(PLAN.replace(old, new))
    assert call(plan) == 2
    assert said in capsys.readouterr().err


def test_no_cells_have_more_parameters_than_the_largest():
    space = load_space("small")
    costs = space_costs(space)
    most = costs.of(*largest(space, np.random.default_rng(0)))[0]
    normal, reduction = largest(space, np.random.default_rng(1))
    assert costs.of(normal, reduction)[0] == most
    assert {edge.operation for edge in (*normal.edges, *reduction.edges)} == {"sep_conv_5x5"}


def rows_of(aucs, training=0):
    """Rows of two arms: aucs[block] = (arm a, arm b), two blocks a data seed."""
    return [
        {
            "arm": arm,
            "data_seed": str(block // 2),
            "search_seed": str(block),
            "training": str(training),
            "params": "1000",
            "macs": "5000",
            "auc_video": str(auc),
            "acer_video": "0.1",
            "search_seconds": "1",
            "training_seconds": "2",
            "commit": "c",
        }
        for block, pair in enumerate(aucs)
        for arm, auc in zip("ab", pair, strict=True)
    ]


TWO = SimpleNamespace(
    question="Which?", arms=dict.fromkeys("ab"), pools={}, families={"against random": [("a", "b")]}
)


def test_only_whole_passes_count_and_trainings_are_averaged():
    rows = rows_of([(0.9, 0.8), (0.7, 0.6)]) + rows_of([(0.7, 0.4)], training=1) + rows_of([])
    half = [dict(rows[0], search_seed="7")]
    kept = experiment_tables.whole(TWO, rows + half)
    assert kept == rows
    found = experiment_tables.figures(kept, "auc_video")
    assert found["a"][0] == pytest.approx({0: 0.8, 1: 0.7})
    assert experiment_tables.noise([row for row in kept if row["arm"] == "a"]) == "14.14"  # 20 / sqrt 2


def test_tables_of_rows_known_by_hand(tmp_path):
    rows = rows_of([(0.9, 0.8), (0.7, 0.75), (0.99, 0.95), (0.98, 0.96)])
    rows[0]["params"], rows[1]["params"] = "990000", "9000"
    text = experiment_tables.write_summary(TWO, rows, tmp_path / "rows.md")
    line = next(line for line in text.splitlines() if line.startswith("| a ") and " b " in line)
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    # 2 of 4 pairs, then 4 of 4; differences of +2.5 and +3 points
    assert cells[:2] + cells[3:6] == ["a", "b", "+2.75", "+0.00", "0.75"]
    assert "| a | 4 | 1.00K to 0.99M | " in re.sub(" +", " ", text)
    assert "| b | 4 | 1.00K to 9.00K | " in re.sub(" +", " ", text)
    assert "Power: " in text
