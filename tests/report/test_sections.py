"""Sections: tables escape and sort, errors stand by their distance from the threshold, limits are told."""

from dataclasses import replace

from autofas.report.material import read_material
from autofas.report.sections import commands, interval, rate, runs_table, table, unknown, worst_errors


def test_a_table_escapes_its_cells_and_keeps_the_numbers_it_sorts_by():
    text = table(("a", "n"), [["<b>", rate(0.125)], ["x", rate(None)]], ("n",))
    assert "&lt;b&gt;" in text
    assert '<td class="n" data-key="0.125">12.50</td>' in text
    assert '<td class="n">-</td>' in text
    assert interval([0.1, 0.25]) == "10.00 to 25.00"


def test_what_all_runs_have_in_common_is_said_once(runs):
    trained = read_material([str(one) for one in runs]).trained
    text = runs_table(trained)
    assert "All runs: data synthetic, protocol 1, rule dev-eer, seed 0." in text
    assert '<th scope="col">kind</th>' in text  # one is searched, one is not
    other = replace(trained[1], figures={**trained[1].figures, "seed": 1})
    text = runs_table([trained[0], other])
    assert "rule dev-eer." in text
    assert ">seed</th>" in text
    assert "All runs" not in runs_table(trained[:1])


def test_a_search_stands_among_the_commands(runs):
    text = commands(read_material([str(runs[2])]))
    assert f"# {runs[2]}" in text
    assert "genotype SHA-256" in text
    (runs[2] / "env.json").rename(runs[2] / "kept")  # as an older autofas left it
    try:
        assert "genotype SHA-256" in commands(read_material([str(runs[2])]))
    finally:
        (runs[2] / "kept").rename(runs[2] / "env.json")


def test_the_worst_errors_are_wrong_and_ordered_by_how_wrong(runs):
    for run in read_material([str(one) for one in runs]).trained:
        threshold = run.figures["threshold"]
        found = worst_errors(run, most=5)
        assert found
        assert all((score < threshold) == (pai == "bona_fide") for _, pai, score in found)
        distances = [abs(score - threshold) for _, _, score in found]
        assert distances == sorted(distances, reverse=True)


def test_what_the_data_cannot_say_counts_its_presentations(runs):
    run = read_material([str(runs[0])]).trained[0]
    text = " ".join(unknown(run))
    assert f"{run.figures['bona_fide']} bona fide presentations" in text
    assert "attacks of any kind other than" in text
    assert "other cameras, other light, other people" in text
