"""autofas compare: the paired difference of two models, and the dev files it needs."""

from autofas.cli import main, main_values
from autofas.evaluation.comparison import NOT_SHOWN
from autofas.metrics import write_scores
from tests.evaluation.evaluation_files import random_table


def test_compare_command(tmp_path, capsys) -> None:
    files = []
    for name, seed in (("a", 1), ("b", 1), ("a-dev", 2), ("b-dev", 2)):
        write_scores(tmp_path / f"{name}.csv", random_table(seed, 0.4))
        files.append(str(tmp_path / f"{name}.csv"))
    values = main_values(["compare", *files[:2], "--dev", *files[2:], "--replicates", "200"])
    assert values["verdict"] == NOT_SHOWN
    assert NOT_SHOWN in capsys.readouterr().out
    assert main(["compare", *files[:2]]) == 2
    assert "--dev" in capsys.readouterr().err
