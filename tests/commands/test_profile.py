"""autofas profile: one network, all of them, and its refusals."""

import json

import pytest
from autofas.baselines import BASELINES

from autofas.analysis import baseline_costs
from autofas.cli import main


def test_the_verb_and_its_refusals(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", "--baseline", "feathernet_b", "--json"]) == 0
    row = json.loads(capsys.readouterr().out.splitlines()[-1])
    keys = {
        "model",
        "input",
        "params",
        "macs",
        "macs_thop",
        "macs_torch",
        "published_params",
        "published_macs",
    }
    assert keys | {"convention", "ratio_params", "ratio_macs", "condition"} <= set(row)
    assert main(["profile", "--baseline", "afa", "--out", "x"]) == 2
    assert "--out needs --all" in capsys.readouterr().err
    assert main(["profile", "--all", "--input-size", "64"]) == 2
    assert "cannot be combined with --all" in capsys.readouterr().err


@pytest.mark.slow
def test_all_prints_every_network_and_condition_and_what_does_not_close(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["profile", "--all", "--json"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    rows = json.loads(last)["models"]
    assert {row["model"] for row in rows} == set(BASELINES)
    assert [row["model"] for row in rows if row["condition"]] == ["resnet18", "fishnet150"]
    for row in rows:
        assert row["macs"] == row["macs_torch"]
        assert (row["published_macs"] is not None) <= (row["convention"] in ("macs", "feathernets"))
        if row["published_params"] and row["model"] != "auxiliary_depth":
            digits = len(row["published_params"][:-1].partition(".")[2])
            assert f"{row['params'] / 1e6:.{digits}f}M" == row["published_params"]
    assert any(line.startswith("note     auxiliary_depth: not closed") for line in lines)


def test_all_fits_the_terminal_and_says_what_it_counts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    some = {name: BASELINES[name] for name in ("feathernet_a", "resnet18", "auxiliary_depth")}
    monkeypatch.setattr("autofas.baselines.BASELINES", some)
    monkeypatch.setattr("autofas.runs.progress.Progress.LATE", 0.0)
    monkeypatch.setattr("autofas.runs.progress.Progress.APART", 0.0)
    told = {}
    for width in (80, 120):
        monkeypatch.setenv("COLUMNS", str(width))
        assert main(["profile", "--all"]) == 0
        told[width] = capsys.readouterr()
        table = told[width].out.split("note ")[0]
        assert max(map(len, table.splitlines())) <= width
        for word in ("feathernet_a", "params", "MACs", "thop", "torch", "FeatherNets' rule", "ratio"):
            assert word in table
    assert told[80].out.count("feathernet_a ") > told[120].out.count("feathernet_a ")
    for done, name in enumerate(some):
        assert f"counting {name}: {done} of 3" in told[80].err
    assert main(["profile", "--all", "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_a_network_is_counted_once_however_many_figures_are_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted = []
    real = baseline_costs.profile_network
    monkeypatch.setattr(
        baseline_costs, "profile_network", lambda network: counted.append(network.name) or real(network)
    )
    assert len(baseline_costs.baseline_rows("resnet18")) == 2
    assert counted == ["resnet18", "resnet18"]  # two sizes are two networks
    assert len(baseline_costs.baseline_rows("feathernet_a")) == 1
    assert counted[2:] == ["feathernet_a"]
