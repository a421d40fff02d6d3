"""autofas table: every published table, with runs beside its rows."""

import pytest

from autofas.cli import main, main_values
from autofas.evaluation.paper_tables import published_names, published_table
from tests.evaluation.evaluated_runs import run_folder


@pytest.mark.parametrize("name", published_names())
def test_every_table_prints_without_a_run(name: str, capsys) -> None:
    values = main_values(["table", name])
    assert len(values["rows"]) == len(published_table(name).rows)
    printed = capsys.readouterr().out
    for row in published_table(name).rows:
        assert all(text in printed for text in row.values.values())
    assert "ours" not in printed  # no columns for runs that nobody named


def test_command_names_data_and_threshold(tmp_path, capsys) -> None:
    run = run_folder(tmp_path, "a", model="afa")
    main_values(["table", "afa-6", str(run)])
    printed = capsys.readouterr().out
    assert "synthetic p1" in printed
    assert "dev-eer: EER of the development scores" in printed
    assert "gap: TPR@1e-4 %: not resolvable" in printed
    assert main(["table", "afa-5"]) == 2
    assert "did you mean" in capsys.readouterr().err
    assert "auto-fas-1" in main_values(["table"])
