"""autofas report refuses what is no run in one line that says what to give."""

from autofas.cli import main


def test_a_folder_that_is_no_run_is_refused(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "is neither an evaluated training nor a search; give a run folder" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "report.html").exists()
