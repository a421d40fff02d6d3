"""The benchmark of the search step: its processes, ratios and pages on the smallest sizes."""

import pytest
import torch

from benchmarks import search_step
from benchmarks.search_step import Journal, interleaved, task_of
from benchmarks.step_process import run
from benchmarks.step_tables import case_page, profile_page, with_ratios
from benchmarks.step_traffic import Traffic, bandwidth, floor_of

COMMON = {"device": "cpu", "steps": 1, "warmup": 1, "batch": 2, "size": 32}


def task(implementation, **more):
    return task_of("quick", implementation, 4, 1, **COMMON | more)


def test_rows_come_from_processes_of_their_own_and_are_compared_with_the_plain_supernet():
    rows = with_ratios(interleaved([task("plain"), task("fused"), task("fused, second")], rounds=1))
    plain, fused, second = rows
    assert plain["against_plain"] == {"speed": 1.0, "cpu": 1.0, "peak": 1.0, "step": 1.0}
    assert fused["against_plain"]["speed"] == plain["seconds"] / fused["seconds"]
    assert fused["images_per_second"] == 4 / fused["seconds"]
    assert fused["step_mb"] == fused["peak_mb"] - fused["base_mb"] > 0
    assert "against_plain" not in second
    page = case_page(rows, "caption", ["a note"])
    assert page.count("\n| 1 ") == 3
    assert "second order takes" in page
    assert "utilisation" not in page


def test_a_page_says_what_more_threads_gain():
    figures = {
        "cpu_seconds": 0.2,
        "base_mb": 1.0,
        "peak_mb": 3.0,
        "step_mb": 2.0,
        "seconds_range": [0.1, 0.3],
    }
    seconds = {
        1: {"plain": 2.0, "fused": 0.6, "kernels": 0.3},
        2: {"plain": 1.6, "fused": 0.6, "kernels": 0.2},
    }
    rows = [
        task_of("quick", name, 4, threads, **COMMON) | figures | {"seconds": s, "images_per_second": 1 / s}
        for threads, all_of_them in seconds.items()
        for name, s in all_of_them.items()
    ]
    page = case_page(with_ratios(rows), "caption", [])
    assert "- plain, K = 4: 2 threads take a step 1.25x as fast as 1 thread.\n" in page
    assert "- kernels, K = 4: 2 threads take a step 1.50x as fast as 1 thread.\n" in page
    assert page.count("as fast as 1 thread") == 3


def test_a_run_cut_short_goes_on_where_it_was(tmp_path, monkeypatch):
    asked = []

    def measured(task):
        asked.append(task["implementation"])
        return {"seconds": float(len(asked)), "peak_mb": 2.0, "base_mb": 1.0}

    monkeypatch.setattr(search_step, "in_a_process", measured)
    tasks = [task("plain"), task("fused")]
    journal = Journal(tmp_path / "rounds.jsonl", "abc")
    interleaved(tasks, 1, journal)
    rows = interleaved(tasks, 3, journal)
    assert asked == ["plain", "fused"] * 3
    assert [row["seconds_range"] for row in rows] == [[1.0, 5.0], [2.0, 6.0]]
    interleaved(tasks, 1, Journal(tmp_path / "rounds.jsonl", "another commit"))
    assert len(asked) == 8


def test_a_gpu_row_states_its_share_of_the_bandwidth_floor():
    figures = {"seconds": 0.2, "cpu_seconds": 0.2, "base_mb": 1.0, "peak_mb": 3.0, "step_mb": 2.0}
    floor = {"moved_mb": 1000.0, "floor_seconds": 0.05, "utilisation": 0.25}
    figures |= {"seconds_range": [0.1, 0.3], "images_per_second": 20.0}
    rows = [task(name, device="cuda") | figures | floor for name in ("plain", "fused", "fused, graphs")]
    page = case_page(with_ratios(rows), "caption", [])
    assert page.count("\n| GPU ") == 3
    assert page.count("|     1000 |  0.0500 |        0.25 |\n") == 3


def test_a_profile_adds_up():
    found = run(task("fused", profile=True))
    kinds = found["profile"]["kinds"]
    assert sum(kind["seconds"] for kind in kinds.values()) == pytest.approx(
        found["profile"]["seconds"], rel=0.05
    )
    assert kinds["matrix product"]["calls"] > 0
    assert "matrix product" in profile_page([task("fused") | found], "caption")


def test_traffic_counts_what_is_read_and_written():
    x = torch.zeros(1000)
    with Traffic() as traffic:
        x.view(10, 100).t()  # moves nothing
        y = x + x  # reads two, writes one
        torch.add(x, y, out=y)  # reads two, writes one
        torch.empty(1000)
    assert traffic.bytes == 6 * 4000


def test_the_floor_is_the_traffic_over_the_bandwidth():
    x = torch.zeros(1000)
    found = floor_of(lambda: [x.add(1) for _ in range(4)], 2, "cpu")
    assert found["moved_mb"] == pytest.approx(2 * 2 * 4000 / 1e6)
    assert found["floor_seconds"] == pytest.approx(found["moved_mb"] / found["bandwidth_mb_s"])
    assert 100e6 < bandwidth("cpu") < 10e12
