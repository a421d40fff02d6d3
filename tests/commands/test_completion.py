"""autofas completion: the script that bash sources completes verbs, flags, names and files."""

import shutil
import subprocess

import pytest

from autofas.cli import main

TRY = """
source {script}
_init_completion() {{ :; }}
COMP_WORDS=({words}); COMP_CWORD={last}; COMP_LINE="{line}"; COMP_POINT=${{#COMP_LINE}}
_shtab_autofas
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    """bash's script in a file."""
    import contextlib
    import io

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main(["completion", "bash"]) == 0
    place = tmp_path_factory.mktemp("completion") / "autofas"
    place.write_text(printed.getvalue())
    return place


def completed(script, folder, *words):
    """What bash offers for the last of some words."""
    quoted = " ".join(f"'{word}'" for word in words)
    text = TRY.format(script=script, words=quoted, last=len(words) - 1, line=" ".join(words))
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=False, cwd=folder)
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["ev"], {"evaluate"}),
        (["benc"], {"benchmark"}),
        (["train", "--bas"], {"--baseline"}),
        (["train", "--baseline", "feather"], {"feathernet_a", "feathernet_b"}),
        (["train", "--dataset", "manif"], {"manifest.csv"}),
        (["search", "--dataset", "synth"], {"synthetic"}),
        (["search", "--strategy", "pc"], {"pc-darts"}),
        (["search", "--preset", ""], {"quick", "paper", "manifest.csv", "runs"}),
        (["export", "--form", "cr"], {"crop"}),
        (["verify", "ru"], {"runs"}),
        (["completion", "z"], {"zsh"}),
    ],
)
def test_bash_completes(script, tmp_path, words, offered):
    (tmp_path / "manifest.csv").write_text("")
    (tmp_path / "runs").mkdir()
    assert completed(script, tmp_path, "autofas", *words) == offered


@pytest.mark.parametrize(
    ("shell", "begins"), [("zsh", "#compdef autofas"), ("tcsh", "# AUTOMATICALLY GENERATED")]
)
def test_other_shells_have_a_script_too(shell, begins, capsys):
    assert main(["completion", shell]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(begins)
    assert "evaluate" in printed


def test_a_shell_that_is_not_known_is_refused(capsys):
    assert main(["completion", "fish"]) == 2
    assert "invalid choice: 'fish'" in capsys.readouterr().err
