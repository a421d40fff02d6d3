"""autofas baselines: a line for each network."""

from autofas.baselines import BASELINES

from autofas.cli import main, main_values


def test_every_network_is_listed_with_its_summary_and_options(capsys):
    assert main(["baselines"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert list(lines) == list(BASELINES)
    assert all(BASELINES[name].summary in line for name, line in lines.items())
    assert lines["mobilenet_v2"].endswith("one modality (options: dropout, width, last_channels)")
    assert lines["resnet18"].endswith("one modality")  # those of all networks are not told
    values = main_values(["baselines"])
    assert values["baselines"]["cdcn"] == BASELINES["cdcn"].summary
    assert values["options"]["cdcn"] == ["theta", "input_size", "map_size"]
