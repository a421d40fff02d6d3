"""What the pictures of networks share: logarithmic axes in K, M and G, a light grid, no frame around it."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from autofas.analysis.palette import PALETTE


def style_axes(axes: Axes) -> None:
    """Faint ticks, a grid below what is drawn, and no line at the top and on the right."""
    axes.tick_params(labelsize=10, color=PALETTE["faint"])
    axes.grid(color=PALETTE["grid"], linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(PALETTE["faint"])


def tick_by_decades(axis: Any, steps: tuple[float, ...]) -> None:
    """Ticks of a logarithmic axis at `steps` of every decade, none between them."""
    axis.set_major_locator(LogLocator(base=10, subs=steps))
    axis.set_major_formatter(FuncFormatter(lambda value, _: shortened(value)))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def shortened(value: float) -> str:
    """A tick's label: `1M` rather than `1.00M`."""
    for name, size in (("G", 1e9), ("M", 1e6), ("K", 1e3)):
        if value >= 0.9999 * size:
            return f"{value / size:g}{name}"
    return f"{value:g}"
