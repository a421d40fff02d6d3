"""autofas baselines: a line for each network."""

from autofas.baselines import BASELINES

from autofas.cli import main, main_values


def test_every_network_is_listed_with_its_summary(capsys):
    assert main(["baselines"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(BASELINES)
    assert all(line.endswith(BASELINES[line.split()[0]].summary) for line in lines)
    assert main_values(["baselines"])["baselines"]["cdcn"] == BASELINES["cdcn"].summary
