"""Ours beside the papers: the counterpart's row, averages over folds, data named, gaps left as gaps."""

from pathlib import Path

import pytest

from autofas.errors import RunError
from autofas.evaluation.paper_comparison import beside
from autofas.evaluation.paper_tables import published_table
from tests.evaluation.evaluated_runs import run_folder


def lines_of(name: str, runs: list[Path]):
    lines, notes = beside(published_table(name), runs)
    return {" ".join(line.labels): line for line in lines}, notes


def test_a_run_stands_beside_its_row_and_the_others_are_gaps(tmp_path) -> None:
    lines, _ = lines_of("auto-fas-1", [run_folder(tmp_path, "a")])
    found = lines["1 DeepPixBiS"]
    assert found.published == {"apcer": "0.83", "bpcer": "0.0", "acer": "0.42"}
    assert (found.ours["apcer"].value, found.ours["acer"].value) == (0.2, 0.12)
    assert found.ours["acer"].std is None
    assert found.data == "synthetic p1"
    assert found.provenance == "dev-eer: EER of the development scores"
    assert not lines["2 DeepPixBiS"].ours
    assert len(lines) == 20


def test_folds_are_averaged_and_counted(tmp_path) -> None:
    runs = [
        run_folder(tmp_path, f"f{fold}", protocol="3", fold=fold, figures={"acer": acer})
        for fold, acer in ((1, 0.1), (2, 0.3))
    ]
    lines, _ = lines_of("auto-fas-1", runs)
    acer = lines["3 DeepPixBiS"].ours["acer"]
    assert (acer.value, acer.std) == (pytest.approx(0.2), pytest.approx(0.1))
    assert lines["3 DeepPixBiS"].data == "synthetic p3, 2 of 6 folds"


def test_networks_without_a_row_follow_below(tmp_path) -> None:
    runs = [run_folder(tmp_path, "a", model="cdcn"), run_folder(tmp_path, "b", kind="searched", model="mine")]
    lines, _ = lines_of("auto-fas-1", runs)
    assert lines["1 cdcn"].published == {}
    assert lines["1 Auto-FAS"].ours["acer"].value == 0.12
    two = [*runs, run_folder(tmp_path, "c", kind="searched", model="other")]
    lines, _ = lines_of("auto-fas-1", two)
    assert "1 other" in lines
    assert len(lines) == 22


def test_pooled_tables_take_pooled_figures_and_leave_what_is_undefined_open(tmp_path) -> None:
    run = run_folder(tmp_path, "a", model="afa", modalities=["color", "depth", "ir"])
    lines, _ = lines_of("afa-6", [run])
    ours = lines["AFA"].ours
    assert (ours["apcer"].value, ours["acer"].value, ours["tpr_2"].value) == (0.1, 0.07, 0.5)
    assert (ours["tpr_4"].value, ours["tpr_4"].reason) == (None, "not resolvable")


def test_options_with_their_defaults_choose_the_ablation(tmp_path) -> None:
    plain = run_folder(tmp_path, "a", model="afa")
    channel = run_folder(tmp_path, "b", model="afa", options={"attention": "channel"}, recipe_sha256="y")
    lines, _ = lines_of("afa-11", [plain, channel])
    assert lines["DAM+MFAM"].runs == (str(plain),)
    assert lines["MFAM+CA"].runs == (str(channel),)


def test_modalities_match_as_sets(tmp_path) -> None:
    run = run_folder(tmp_path, "a", model="visionlabs_dlas_a", modalities=["ir", "color", "depth"])
    lines, _ = lines_of("visionlabs-5", [run])
    assert lines["RGB+IR+Depth"].runs == (str(run),)
    assert not lines["IR"].ours


def test_cross_tests_there_and_back(tmp_path) -> None:
    there = run_folder(tmp_path, "a", cross="b", source="a", dataset="b", model="auxiliary_depth")
    back = run_folder(tmp_path, "b", cross="a", source="b", dataset="a", model="auxiliary_depth")
    lines, _ = lines_of("auto-fas-2", [there, back])
    found = lines["Auxiliary"]
    assert {key: cell.value for key, cell in found.ours.items()} == {
        "first": 0.07, "first_eer": 0.06, "second": 0.07, "second_eer": 0.06,
    }  # fmt: skip
    assert found.data == "a -> b, b -> a"
    own = run_folder(tmp_path, "c", cross="d", source="replay-attack", dataset="casia-fasd", kind="searched")
    lines, _ = lines_of("auto-fas-2", [own])
    ours = lines["Auto-FAS"].ours
    assert (ours["first"].value, ours["second"].value) == (None, 0.07)


def test_runs_of_another_protocol_are_noted(tmp_path) -> None:
    _, notes = lines_of("auto-fas-4", [run_folder(tmp_path, "a", protocol="2")])
    assert "1 run(s) have no place here" in notes[0]


def test_a_run_without_figures_is_an_error(tmp_path) -> None:
    with pytest.raises(RunError, match="autofas evaluate"):
        lines_of("auto-fas-1", [tmp_path])
