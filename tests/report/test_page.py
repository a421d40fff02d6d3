"""autofas report, as a user runs it: one page that says what won and asks for nothing from elsewhere."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from PIL import Image

from autofas.analysis.text_tables import percent
from autofas.cli import main
from autofas.models.genotype import load_genotype
from autofas.printed import exact


class Outline(HTMLParser):
    """Tags that stay open, what would be fetched, and the text."""

    EMPTY = ("meta", "img")

    def __init__(self):
        super().__init__()
        self.open, self.fetched, self.words, self.ids = [], [], [], []

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag not in self.EMPTY:
            self.open.append(tag)
        self.fetched += [value for name, value in attrs if name in ("src", "href") and value[0] != "#"]
        self.ids += [named["id"]] if "id" in named else []

    def handle_startendtag(self, tag, attrs):
        pass  # the shapes of an SVG

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def page(runs, tmp_path_factory):
    out = tmp_path_factory.mktemp("page") / "report.html"
    assert main(["report", *map(str, runs), "--out", str(out), "--quiet"]) == 0
    return out


@pytest.fixture(scope="module")
def outline(page):
    read = Outline()
    read.feed(page.read_text(encoding="utf-8"))
    assert read.open == []
    return read


def test_the_page_is_whole_and_asks_for_nothing(outline, page):
    assert outline.fetched == []
    assert "http:" not in page.read_text().replace("http-equiv", "")
    sections = {"runs", "pairs", "front", "curves", "scores", "breakdown", "errors", "training", "cells"}
    assert sections | {"search", "origin"} <= set(outline.ids)


def test_the_first_screen_answers_the_first_questions(outline, runs):
    text = " ".join(outline.words)
    figures = [json.loads((run / "metrics.json").read_text()) for run in runs[:2]]
    best = min(figures, key=lambda told: told["acer"])
    first = text[: text.index("What these data cannot say")]
    assert f"{percent(best['acer'])} %" in first
    assert f"{best['model']} seed 0" in first
    assert re.search(r"significant\? (yes|no|not comparable)", first)
    assert exact(best["threshold"]) in first
    assert "trained on generated faces: no protection against real attacks" in first
    assert f"There are {best['bona_fide']}".lower() in text.lower()


def test_commands_and_hashes_stand_at_its_end(outline, runs):
    text = " ".join(outline.words)
    for run in runs[:2]:
        assert json.loads((run / "record.json").read_text())["weights_sha256"] in text


def test_a_search_says_whether_it_decided_and_names_its_charts(outline, runs):
    text = " ".join(outline.words)
    for line in json.loads((runs[2] / "verdict.json").read_text())["words"]:
        assert line in text
    kinds = load_genotype(runs[2] / "genotype.json").layout.kinds
    assert kinds
    for kind in kinds:
        assert f"{kind} cell: operations" in text


def test_faces_are_shown_only_on_request(page, runs, tmp_path, capsys):
    assert "<img" not in page.read_text()
    out = tmp_path / "faces.html"
    assert main(["report", str(runs[1]), "--out", str(out), "--with-faces"]) == 0
    assert "keep to the data set's licence" in capsys.readouterr().err
    assert 'src="data:image/jpeg;base64,' in out.read_text()


def test_what_is_no_run_is_refused(tmp_path, runs, capsys):
    assert main(["report", str(tmp_path)]) == 2
    assert "is neither an evaluated training nor a search" in capsys.readouterr().err
    shutil.copytree(runs[1], tmp_path / "run")
    (tmp_path / "run" / "metrics.json").unlink()
    assert main(["report", str(tmp_path / "run")]) == 2
    assert "is not evaluated yet; run autofas evaluate --run" in capsys.readouterr().err


BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_a_browser_shows_it_without_scrolling_sideways(page, tmp_path, width, scheme):
    """The ground has the scheme's colour, and ink stands on it, at the widths of a desk and a phone.

    The page stands in a frame, for the browser's own window is never narrower than 500 pixels.
    """
    picture, frame = tmp_path / "seen.png", tmp_path / "frame.html"
    shown = f'<iframe src="{page.as_uri()}" width="{width}" height="900" style="border: 0; display: block">'
    frame.write_text(f'<!DOCTYPE html><body style="margin: 0">{shown}</iframe></body>')
    window = max(width, 600)
    words = [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    words += [f"--window-size={window},900", f"--user-data-dir={tmp_path / 'profile'}"]
    words += [f"--blink-settings=preferredColorScheme={int(scheme == 'light')}", f"--screenshot={picture}"]
    subprocess.run([*words, frame.as_uri()], check=True, capture_output=True, timeout=120)
    seen = Image.open(picture).convert("L")
    assert seen.size == (window, 900)
    seen = seen.crop((0, 0, width, 900))
    ground = seen.getpixel((2, 2))
    assert ground > 240 if scheme == "light" else ground < 30
    darkest, lightest = seen.getextrema()
    assert lightest - darkest > 180
    assert seen.crop((width - 8, 0, width, 900)).getextrema() == (ground, ground)
