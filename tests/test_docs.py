"""README and docs/: every command parses, those that generated faces can stand in for run, every link leads
somewhere.

A page's commands are run in its own order, in an empty folder, on the smallest generated faces: the data set
named is replaced by them, and options that shorten the run are added. What needs several processes, or a data
set too large for a test, is parsed alone. The longer pages run under the marker `slow` (`make test-all`).
"""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from autofas import __version__
from autofas.cli import build_parser, main
from autofas.models.candidates import CANDIDATES
from autofas.models.space import load_space

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINKED = [path for path in sorted(ROOT.glob("*.md")) if path not in PAGES] + PAGES
LINKED += sorted((ROOT / "results").rglob("*.md"))

FACES = "data.synthetic={train_users: 2, dev_users: 1, test_users: 2, frames_per_video: 1, size: 32}"
TINY = ["--epochs", "1", "--set", "input_size=32", "--set", "batch_size=30", "--threads", "1", "--set", FACES]
SHORT = {
    "search": [*TINY, "--space", "small", "--set", "warmup_epochs=0", "--set", "finalist_epochs=1"],
    "train": TINY,
}


def blocks(page: Path, language: str = "") -> list[str]:
    """The code blocks of a page that carry `language`."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [text for name, text in found if name == language]


def commands(page: Path) -> list[list[str]]:
    """The words after `autofas` of every command of a page, its comment left out, in the page's order."""
    found = []
    for text in blocks(page):
        for line in text.replace("\\\n", " ").splitlines():
            match = re.match(r"(?:torchrun\b.*-m |uvx\b.*--from \. |pipx\b.*&& )?autofas\b(.*)", line)
            if match:
                found.append(shlex.split(match[1], comments=True))
    return found


def test_the_pages_hold_the_commands_that_this_file_looks_for():
    assert ["search", "--resume", "runs/search/exp"] in commands(ROOT / "docs" / "interrupted.md")
    assert [words[0] for words in commands(ROOT / "docs" / "several-ranks.md")] == ["search"]
    assert ["demo"] in commands(ROOT / "README.md")
    assert len(commands(ROOT / "README.md")) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_parses(page):
    parser = build_parser()
    for words in commands(page):
        if words != ["--help"]:
            assert parser.parse_args(words).verb == words[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_configuration_of_a_command_is_one(page, capsys):
    for words in commands(page):
        if words[0] in ("search", "train") and not {"--resume", "--genotype", "--join"} & set(words):
            assert main([*words, "--print-config"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("page", LINKED, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:|#", target):
            assert (page.parent / target.partition("#")[0]).exists(), f"{page.name} links to {target}"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def on_faces(words: list[str]) -> list[str]:
    """A command with the smallest generated faces in place of its data set, and short."""
    words = list(words)
    for flag, value in (("--dataset", "synthetic"), ("--data-root", None)):
        if flag in words:
            place = words.index(flag)
            words[place : place + 2] = [flag, value] if value else []
    return [*words, *SHORT.get(words[0], []), "--quiet"]


def section(title: str) -> list[list[str]]:
    """The commands of one section of README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (body,) = re.findall(rf"^### {title}\n(.*?)^##", text, re.MULTILINE | re.DOTALL)
    known = commands(ROOT / "README.md")
    lines = [
        shlex.split(line, comments=True)[1:] for line in body.splitlines() if line.startswith("autofas ")
    ]
    assert lines
    assert all(line in known for line in lines)
    return lines


def run(words: list[str], capsys) -> None:
    """Run one command, which must end with exit code 0."""
    code = main(words)
    assert code == 0, f"autofas {' '.join(words)}: {capsys.readouterr().err}"


def test_the_licensed_reader_gets_to_the_end(here, capsys):
    for words in section("You have a licensed data set"):
        if words[0] not in ("prepare", "inspect"):  # they take no smaller faces
            short = [*words, "--preset", "quick"] if words[0] == "train" else words
            run(on_faces(short), capsys)
    assert json.loads((here / "runs/train/p1/metrics.json").read_text())["split"] == "test"


def test_the_reader_with_photographs_gets_to_the_end(here, capsys):
    from autofas.data.synthetic import generate

    users = {"train": 2, "dev": 1, "test": 1}
    for name, seed in (("photos", 0), ("other", 1)):
        generate(here / name, users=users, frames_per_video=1, size=32, seed=seed)
    for words in section("You have photographs of your own"):
        short = [word for word in SHORT.get(words[0], []) if word != FACES] if words[0] == "train" else []
        short = short[:-1] if short[-1:] == ["--set"] else short
        extra = ["--boxes", "none", "--size", "32"] if words[0] == "prepare" else []
        run([*words, *short, *extra, "--quiet"], capsys)
    assert len(list(here.glob("runs/train/feathernet_b/*cross*"))) > 0


def test_the_reader_who_studies_search_gets_to_the_end(here, capsys):
    for words in section("You study architecture search"):
        run(on_faces(words), capsys)
    assert (here / "runs" / "pareto-macs.png").is_file()


def test_an_interrupted_run_is_resumed_as_the_page_says(here, capsys):
    first, resumed, changed = commands(ROOT / "docs" / "interrupted.md")
    run(on_faces(first), capsys)
    run([*resumed, "--quiet"], capsys)
    longer = [word if word != "50" else "2" for word in changed]
    assert longer != changed
    run([*longer, "--quiet"], capsys)
    rows = (here / "runs/search/exp/results.csv").read_text().splitlines()
    assert len(rows) == 3


@pytest.mark.slow
def test_what_the_page_on_search_shows_runs(here, capsys):
    once, front, twice, paid, final, *derived = commands(ROOT / "docs" / "search.md")
    run(on_faces(once), capsys)
    for words in derived:
        run([word if word != "5" else "1" for word in words], capsys)
    options = "--max-params", "--seeds", "--controls", "--finalists"
    assert all(option in words for option, words in zip(options, (front, twice, paid, final), strict=True))
    assert len(list((here / "runs/search/small").glob("genotype-*.json"))) == 3


@pytest.mark.slow
def test_searches_by_trials_run_as_the_page_says(here, capsys, monkeypatch):
    pytest.importorskip("optuna", reason="needs autofas[trials]")
    monkeypatch.setitem(SHORT, "trial", TINY)
    monkeypatch.setitem(SHORT, "front", [*TINY, "--set", "warmup_epochs=0", "--judgements", "1"])
    done = []
    for words in commands(ROOT / "docs" / "trials.md"):
        if not any("postgresql" in word for word in words) and "nni" not in words:
            fewer = [word if word != "12" else "3" for word in words]
            if "--show-choices" in words or "--join" in words:
                run([*fewer, "--quiet"], capsys)
            else:
                run(on_faces(fewer), capsys)
            done.append(words[0])
    assert done.count("search") == 6
    assert (here / "runs" / "front" / "whole" / "front.png").is_file()


@pytest.mark.slow
def test_photographs_become_a_file_on_a_phone_as_the_page_says(here, capsys):
    from PIL import Image

    from autofas.data.synthetic import generate

    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason="needs autofas[export]")
    users = {"train": 2, "dev": 1, "test": 1}
    generate(here / "photos", users=users, frames_per_video=1, size=32, seed=0)
    extra = {
        "prepare": ["--boxes", "none", "--size", "32"],
        "train": ["--epochs", "1", "--set", "input_size=32", "--set", "batch_size=30", "--threads", "1"],
        "predict": ["--no-detector"],
        "benchmark": ["--repeats", "2", "--warmup", "0", "--no-memory"],
    }
    for words in commands(ROOT / "docs" / "phone.md"):
        run([*words, *extra.get(words[0], []), "--quiet"], capsys)
    assert (here / "mine.html").is_file()
    assert len(list((here / "seen").iterdir())) == len(list((here / "photos").rglob("*.jpg")))
    photograph = next(here.glob("faces/**/*.png"))
    Image.open(photograph).save(here / "square.png")
    run(
        ["predict", "runs/train/mine/export/model-crop.onnx", "square.png", "--no-detector", "--json"], capsys
    )
    (row,) = json.loads(capsys.readouterr().out.splitlines()[-1])["rows"]
    (text,) = blocks(ROOT / "docs" / "phone.md", "python")
    exec(compile(text, "phone.md", "exec"), {})
    verdict, _, score = capsys.readouterr().out.strip().rpartition(" ")
    assert verdict == row["verdict"]
    assert float(score) == pytest.approx(row["score"], abs=1e-6)


def test_files_of_other_programs_are_read_as_the_page_says(here, capsys):
    from PIL import Image

    pixels = Image.new("RGB", (8, 8))
    for folder, names in (("photos", ("live", "print")), ("cards", ("person", "other"))):
        for name in names:
            (here / folder / name).mkdir(parents=True)
            for person in range(4):
                pixels.save(here / folder / name / f"p{person}_0001.jpg")
    (here / "list.txt").write_text("".join(f"photos/live/p{n}_0001.jpg {n % 2}\n" for n in range(4)))
    rows = "0.9 {0}\n0.8 {0}\n0.1 {1}\n"
    (here / "theirs.txt").write_text(rows.format(1, 0))
    (here / "their-dev.txt").write_text(rows.format(1, 0))
    (here / "turned.txt").write_text(rows.format(1, 0))
    (here / "named.csv").write_text("score,label\n0.9,live\n0.1,print\n")
    (here / "failed.csv").write_text("score,label\n0.9,1\n,1\n0.1,0\n")
    files = " ".join(f"{kind}/{{0}}.jpg" for kind in ("color", "depth", "ir"))
    (here / "submission.txt").write_text("".join(f"{files.format(n)} {n / 4}\n" for n in range(4)))
    (here / "val_label.txt").write_text("".join(f"{files.format(n)} {n // 2}\n" for n in range(4)))
    manifest = "path,pai,subject,session,video,frame,split\n"
    for split in ("dev", "test"):
        lines = [f"{split}/{pai}.png" for pai in ("bona_fide", "print")]
        manifest += "".join(
            f"{path},{path[len(split) + 1 : -4]},{split},1,{path},0,{split}\n" for path in lines
        )
        (here / f"submitted-{split}.txt").write_text(f"{lines[0]} 0.9\n{lines[1]} 0.2\n")
    (here / "faces").mkdir(exist_ok=True)
    (here / "faces" / "manifest.csv").write_text(manifest)
    genotype = "{'normal': [['skip_connect', 0], ['sep_conv_3x3', 1]], 'normal_concat': [2], "
    genotype += "'reduce': [['skip_connect', 0], ['sep_conv_3x3', 1]], 'reduce_concat': [2]}"
    (here / "darts.txt").write_text(genotype)
    (here / "found.yaml").write_text(f"epochs: 50\ngenotype: {genotype}\n")
    for words in commands(ROOT / "docs" / "files.md"):
        run([*words, "--quiet"], capsys)


@pytest.mark.slow
def test_a_file_for_a_small_board_is_made_and_checked_as_the_page_says(here, capsys):
    from autofas.data.synthetic import generate

    for name in ("pnnx", "ncnn"):
        pytest.importorskip(name, reason="needs autofas[ncnn]")
    generate(here / "photos", users={"train": 1, "dev": 1, "test": 1}, frames_per_video=1, size=32, seed=0)
    run(on_faces(["train", "--baseline", "feathernet_b", "--name", "mine"]), capsys)
    run(["evaluate", "--run", "runs/train/mine", "--threads", "1", "--quiet"], capsys)
    extra = {"predict": ["--no-detector"], "benchmark": ["--repeats", "2", "--warmup", "0", "--no-memory"]}
    for words in commands(ROOT / "docs" / "formats.md"):
        quiet = [] if words[0] == "verify" else ["--quiet"]
        run([*words, *extra.get(words[0], []), *quiet], capsys)


@pytest.mark.slow
def test_a_space_of_ones_own_is_searched_as_the_page_says(here, capsys, monkeypatch):
    page = ROOT / "docs" / "spaces.md"
    space, variants = blocks(page, "yaml")
    (here / "mine.yaml").write_text(space, encoding="utf-8")
    (here / "open.yaml").write_text(space + variants, encoding="utf-8")
    short = {"search": [*TINY, "--set", "warmup_epochs=0"], "train": TINY}
    for words in commands(page):
        run([*words, *short.get(words[0], []), "--quiet"], capsys)
    assert len(list((here / "cells").glob("*.png"))) == 2
    (text,) = blocks(page, "python")
    monkeypatch.setitem(CANDIDATES, "sep_conv_7x7", None)  # so that the page's line is undone afterwards
    exec(compile(text, "spaces.md", "exec"), {})
    (here / "own.yaml").write_text(space.replace("dil_conv_3x3", "sep_conv_7x7"), encoding="utf-8")
    assert load_space(here / "own.yaml").candidates[4].kernel == 7


def test_oulus_videos_are_counted_and_cut_as_the_page_says(here, capsys):
    """Folders of frames stand in place of the videos, three people's of one session."""
    from tests.data.data_files import frames_folder

    for user in ("01", "21", "36"):
        for file in "12345":
            frames_folder(here / "OULU-NPU", f"1_1_{user}_{file}")
    first = [words for words in commands(ROOT / "docs" / "oulu.md") if "--data-root" in words]
    assert [words[0] for words in first] == ["inspect", "prepare"]
    for words in first:
        own = [str(here / "OULU-NPU") if word == "/data/OULU-NPU" else word for word in words]
        assert own != words
        run([*own, "--quiet"], capsys)
    assert len((here / "faces" / "manifest.csv").read_text().splitlines()) == 1 + 15 * 6


@pytest.mark.slow
def test_oulu_goes_to_the_papers_table_as_the_page_says(here, capsys):
    for words in commands(ROOT / "docs" / "oulu.md"):
        if words[0] not in ("prepare", "inspect"):  # they take no smaller faces
            short = [*words, "--preset", "quick"] if words[0] == "train" else words
            run(on_faces(short), capsys)
    assert len(list((here / "runs" / "train").glob("p3-fold*/metrics.json"))) == 6


@pytest.mark.slow
def test_the_report_is_made_as_the_page_says_and_holds_its_sections(here, capsys):
    page = ROOT / "docs" / "report.md"
    for words in commands(page):
        longer = ["--epochs", "2"] if words[0] == "train" else []  # one epoch makes no curve
        run([*on_faces(words), *longer], capsys)
    html = (here / "report.html").read_text(encoding="utf-8")
    named = set(re.findall(r'"([A-Z][\w ,?]+)"', page.read_text(encoding="utf-8")))
    assert len(named) > 8
    for section in named:
        assert f"<h2>{section}</h2>" in html
    for card in ("lowest ACER", "significant?", "threshold", "size", "speed"):
        assert f'"{card}"' in page.read_text(encoding="utf-8")
        assert f">{card}<" in html


def test_python_as_readme_has_it(here):
    (text,) = blocks(ROOT / "README.md", "python")
    short = text.replace(
        "epochs=8, warmup_epochs=2, batch_size=32",
        "epochs=1, warmup_epochs=0, batch_size=30, input_size=16, data={'synthetic': {'train_users': 2, "
        "'dev_users': 1, 'test_users': 1, 'frames_per_video': 1, 'size': 32}}",
    )
    assert short != text
    exec(compile(short, "README.md", "exec"), {})
    assert list(here.iterdir()) == []  # no folder is named


def test_the_errors_shown_are_those_of_today(here, capsys):
    lines = [line for text in blocks(ROOT / "README.md", "console") for line in text.splitlines()]
    assert len(lines) == 6
    for command, message in zip(lines[::2], lines[1::2], strict=True):
        assert main(shlex.split(command.removeprefix("$ autofas"))) == 2
        assert capsys.readouterr().err.strip() == message


def test_readme_names_every_verb():
    from autofas.cli import VERBS

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.partition("## Verbs")[2].partition("\n## ")[0]
    named = {name for row in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE) for name in row.split(", ")}
    assert named == {f"`{verb}`" for verb in VERBS}


def test_the_citation_is_of_this_version_and_names_people_and_years():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
    for reference in citation["references"]:
        assert reference["title"]
        assert reference["authors"]
        assert 2015 < reference["year"] < 2027


def test_the_architecture_page_names_files_and_tests_that_are_there():
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = re.findall(r"`([\w./-]+)`", page)
    paths = [name for name in named if "/" in name and "NAME" not in name]
    tests = [name for name in named if name.startswith("test_")]
    assert len(paths) > 15
    assert len(tests) > 10
    places = (ROOT, ROOT / "autofas")
    folders = ("weights/", "checkpoint-")  # of a run, not of the project
    lost = [
        name
        for name in paths
        if not name.startswith(folders) and not any((at / name).exists() for at in places)
    ]
    lost += [name for name in tests if f"def {name}(" not in sources]
    assert lost == []
