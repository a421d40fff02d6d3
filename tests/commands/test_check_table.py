"""autofas check-table: published tables, and an exit code where one cannot be."""

from autofas.cli import main, main_values


def test_command(tmp_path, capsys) -> None:
    assert main_values(["check-table", "afa-6"])["impossible"] == []
    assert main(["check-table", "auto-fas-3", "--json"]) == 2
    printed = capsys.readouterr()
    assert "Binary cross-entropy" in printed.out
    assert "1 of 2 rows" in printed.err
    assert main(["check-table", "auto-fas-9"]) == 2
    assert "did you mean" in capsys.readouterr().err
    assert main(["check-table", "afa-6", "--bona-fide", "3"]) == 2
