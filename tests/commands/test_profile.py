"""autofas profile: one network, all of them, and its refusals."""

import json

import pytest
from autofas.baselines import BASELINES

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
