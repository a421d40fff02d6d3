"""A cell as SVG: the layout of the PNG drawings, in the page's colours."""

from html import escape

from autofas.analysis.cell_layout import RADIUS, layout_cell
from autofas.analysis.palette import colour_of
from autofas.models.genotype import FIRST_NODE, Cell

LETTER = 11.5
LINE = 24.0


def cell_svg(cell: Cell, title: str) -> str:
    """Nodes left to right, an arrow for each edge with its operation's name and colour."""
    names = [edge.operation for edge in cell.edges]
    layout = layout_cell(cell, [(LETTER * len(name) + 12, LINE) for name in names])
    height = layout.height
    words = ", ".join(f"{edge.operation} from {edge.input} to {edge.node}" for edge in cell.edges)
    parts = [
        f'<svg class="cell" viewBox="0 0 {layout.width:.0f} {height:.0f}" role="img" '
        f'aria-label="{escape(title)}: {escape(words)}">'
    ]
    for number, arrow in enumerate(layout.arrows):
        (x0, y0), (x1, y1), (x2, y2) = ((float(x), height - float(y)) for x, y in arrow.curve)
        named = number < len(names)
        drawn = f'class="edge{"" if named else " faint"}" style="--tone: '
        drawn += f'{colour_of(names[number]) if named else "currentColor"}"'
        parts.append(
            f'<path {drawn} fill-opacity="0" d="M{x0:.1f} {y0:.1f}Q{x1:.1f} {y1:.1f} {x2:.1f} {y2:.1f}"/>'
            f'<circle {drawn} cx="{x2:.1f}" cy="{y2:.1f}" r="5"/>'
        )
    for name, arrow in zip(names, layout.arrows, strict=False):
        if arrow.label is None:
            continue
        left, right = arrow.label.x0, arrow.label.x1
        middle = height - (arrow.label.y0 + arrow.label.y1) / 2
        parts.append(
            f'<rect class="tag" x="{left:.1f}" y="{middle - LINE / 2:.1f}" width="{right - left:.1f}" '
            f'height="{LINE}" rx="4"/><text class="tagged" x="{(left + right) / 2:.1f}" y="{middle + 6:.1f}" '
            f'text-anchor="middle">{escape(name)}</text>'
        )
    output = max(layout.nodes)
    for node, (x, y) in layout.nodes.items():
        kind = "in" if node < FIRST_NODE else "out" if node == output else ""
        shown = "out" if node == output else str(node)
        parts.append(
            f'<circle class="node {kind}" cx="{x:.1f}" cy="{height - y:.1f}" r="{RADIUS}"/>'
            f'<text class="numbered" x="{x:.1f}" y="{height - y + 8:.1f}" text-anchor="middle">{shown}</text>'
        )
    words = f"</svg><figcaption>{escape(title)}</figcaption></figure>"
    return f'<figure class="wide" tabindex="0">{"".join(parts)}{words}'
