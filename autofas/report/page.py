"""The page itself: one HTML file that asks for nothing else."""

from collections.abc import Mapping
from html import escape
from importlib import resources

from autofas._version import __version__
from autofas.printed import command
from autofas.report import plots, sections
from autofas.report.cells import cell_svg
from autofas.report.material import Material, SearchRun, TrainedRun
from autofas.runs.provenance import commit

NOTHING_FROM_ELSEWHERE = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
)
DETAILED = 6
"""Runs shown in full; the others stand in the tables and curves."""


def html_page(material: Material, title: str, faces: Mapping[str, str] | None = None) -> str:
    """The page as text; `faces` holds, by run, the HTML of its worst errors' thumbnails."""
    parts: dict[str, tuple[str, str]] = {}
    if material.trained:
        parts |= _trained_parts(material, faces or {})
    if material.searches or any(run.genotype for run in material.trained):
        parts["cells"] = ("Cells", _cells(material))
    if material.searches:
        parts["search"] = ("Search", "".join(_search(search) for search in material.searches))
    parts["origin"] = ("Commands and hashes", sections.commands(material))
    links = "".join(f'<li><a href="#{key}">{escape(name)}</a></li>' for key, (name, _) in parts.items())
    body = "".join(
        f'<section id="{key}"><h2>{escape(name)}</h2>{text}</section>' for key, (name, text) in parts.items()
    )
    first = sections.first_screen(material) if material.trained else ""
    places = [str(run.path) for run in material.trained] + [str(run.path) for run in material.searches]
    made = f"autofas {__version__}, commit {commit() or '-'}; {command('report', *places)}"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{NOTHING_FROM_ELSEWHERE}">'
        f"<title>{escape(title)}</title><style>{_own('page.css')}</style></head><body>"
        f"<header><h1>{escape(title)}</h1></header><main>{first}"
        f'<nav aria-label="sections"><ul>{links}</ul></nav>{body}</main>'
        f'<footer class="soft">{escape(made)}</footer>'
        f"<script>{_own('page.js')}</script></body></html>\n"
    )


def _trained_parts(material: Material, faces: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    runs = material.trained
    shown = runs[:DETAILED]
    parts = {"runs": ("Runs", sections.runs_table(runs))}
    if material.comparisons:
        note = (
            '<p class="soft">ACER of the best run minus the other\'s, bootstrap over the same subjects.</p>'
        )
        parts["pairs"] = ("Is the difference real?", note + sections.comparison_table(material.comparisons))
    if fronts := plots.fronts(runs):
        parts["front"] = ("Cost against error", f'<div class="charts">{fronts}</div>')
    curves = _titled("ROC", plots.roc(shown)) + _titled("DET", plots.det(shown))
    note = '<p class="soft">Bands: 95 % Clopper-Pearson intervals of BPCER, of the first run.</p>'
    parts["curves"] = ("ROC and DET", f'{note}<div class="charts">{curves}</div>')
    histograms = "".join(_titled(run.name, plots.histogram(run)) for run in shown)
    parts["scores"] = ("Scores by PAI", f'<div class="charts">{histograms}</div>')
    parts["breakdown"] = ("By PAI, device and session", "".join(_broken_down(run) for run in shown))
    parts["errors"] = ("Worst errors", "".join(_errors(run, faces) for run in shown))
    drawn = [_titled(run.name, plots.training_curve(run, f"training of {run.name}")) for run in shown]
    if any(drawn):
        parts["training"] = ("Training", f'<div class="charts">{"".join(drawn)}</div>')
    return parts


def _own(name: str) -> str:
    """The page's style or its one script: readable on a phone, in the dark, on paper and by keyboard."""
    return resources.files("autofas.report").joinpath(name).read_text(encoding="utf-8")


def _titled(name: str, chart: str) -> str:
    return f"<div><h3>{escape(name)}</h3>{chart}</div>" if chart else ""


def _broken_down(run: TrainedRun) -> str:
    return f"<details open><summary>{escape(run.name)}</summary>{sections.breakdown_table(run)}</details>"


def _errors(run: TrainedRun, faces: Mapping[str, str]) -> str:
    pictures = faces.get(str(run.path), "")
    return f"<h3>{escape(run.name)}</h3>{sections.errors_table(run)}{pictures}"


def _cells(material: Material) -> str:
    """The kinds of cells that the network of every different genotype has."""
    known: dict[str, str] = {}
    runs: list[TrainedRun | SearchRun] = [*material.searches, *material.trained]
    for run in runs:
        if run.genotype is None:
            continue
        for kind in run.genotype.layout.kinds:
            title = f"{run.genotype.name}: {kind} cell, space {run.genotype.space}, {run.genotype.derivation}"
            known.setdefault(title, cell_svg(run.genotype.cell(kind), title))
    return "".join(known.values())


def _search(search: SearchRun) -> str:
    """Whether a search decided anything, in its own words, then its curves."""
    name = search.path.name
    words = "".join(f"<li>{escape(line)}</li>" for line in search.verdict)
    charts = [_titled("loss of the supernet", plots.training_curve(search, f"search {name}"))]
    for kind in search.genotype.layout.kinds:
        charts.append(_titled(f"{kind} cell: operations", plots.alpha_curves(search, kind)))
    told = f"<ul>{words}</ul>" if words else ""
    return f'<h3>{escape(name)}</h3>{told}<div class="charts">{"".join(charts)}</div>'
