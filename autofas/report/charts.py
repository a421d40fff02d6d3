"""Charts as SVG text: lines and bars on linear, logarithmic or probit axes, coloured by the page's style.

Colours are CSS variables, so that a chart follows dark mode and print; every series has a dash or a shape of
its own beside its colour. No script, no font, no picture from elsewhere.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from statistics import NormalDist

Points = Sequence[tuple[float, float]]
WIDTH, HEIGHT = 560.0, 330.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 14.0, 14.0, 50.0
LETTER, LINE, LIFT = 9.0, 17.0, 6.0
"""Names of points as a phone sets them, in pixels: a letter's width, a line's height, and above the point."""
DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2", "12 4")
PROBIT_TICKS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99)


@dataclass(frozen=True)
class Axis:
    """One axis: its words, limits, ticks with their labels, and the map that straightens it."""

    label: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    scale: Callable[[float], float] = float

    def part(self, value: float) -> float:
        """Where a value lies between the limits, 0 to 1, clipped."""
        low, high = self.scale(self.low), self.scale(self.high)
        return min(1.0, max(0.0, (self.scale(min(max(value, self.low), self.high)) - low) / (high - low)))


def linear(label: str, low: float, high: float, *, percent: bool = False) -> Axis:
    """A linear axis with about six round ticks."""
    high = high if high > low else low + 1.0
    rough = (high - low) / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * size for size in (1, 2, 2.5, 5, 10) if power * size >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    values = [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]
    return Axis(label, low, high, [(value, f"{100 * value if percent else value:g}") for value in values])


def logarithmic(label: str, low: float, high: float) -> Axis:
    """A logarithmic axis with ticks at 1, 2 and 5 times the powers of ten."""
    values = [
        size * 10.0**power
        for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for size in (1, 2, 5)
    ]
    kept = [value for value in values if low <= value <= high]
    if len(kept) > 7:
        kept = [value for value in kept if math.isclose(10 ** round(math.log10(value)), value)]
    return Axis(label, low, high, [(value, _short(value)) for value in kept], math.log10)


def probit(label: str, low: float = 0.001, high: float = 0.6) -> Axis:
    """A DET curve's axis: normal deviates, so that normal scores draw a straight line."""
    ticks = [(value, f"{100 * value:g}") for value in PROBIT_TICKS if low <= value <= high]
    return Axis(label, low, high, ticks, NormalDist().inv_cdf)


@dataclass
class Chart:
    """An SVG in the making; `text()` ends it. `words` says what it shows to who cannot see it."""

    x: Axis
    y: Axis
    words: str
    parts: list[str] = field(default_factory=list)
    legend: list[str] = field(default_factory=list)
    names: list[tuple[float, float, float]] = field(default_factory=list)
    """Of the names of points: left, right and base line, in pixels."""

    def place(self, x: float, y: float) -> tuple[float, float]:
        """A point in pixels."""
        return (
            LEFT + self.x.part(x) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - self.y.part(y) * (HEIGHT - TOP - BOTTOM),
        )

    def line(self, points: Points, series: int, name: str = "") -> None:
        """A line of a series; `name` puts it into the legend."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.place(*point) for point in points))
        dash = DASHES[series % len(DASHES)]
        self.parts.append(f'<polyline class="line s{series % 8}" stroke-dasharray="{dash}" points="{path}"/>')
        if name:
            self._entry(series, name, dash)

    def band(self, lower: Points, upper: Points, series: int) -> None:
        """The region between two lines."""
        outline = [self.place(*point) for point in (*lower, *reversed(list(upper)))]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in outline)
        self.parts.append(f'<polygon class="band s{series % 8}" points="{path}"/>')

    def bars(
        self, edges: Sequence[float], counts: Sequence[float], series: int, name: str = "", *, filled: bool
    ) -> None:
        """A step outline of counts between edges, filled lightly if asked."""
        points = [(edges[0], 0.0)]
        for left, right, count in zip(edges[:-1], edges[1:], counts, strict=True):
            points += [(left, count), (right, count)]
        points.append((edges[-1], 0.0))
        if filled:
            self.band(points, [(edges[-1], 0.0), (edges[0], 0.0)][::-1], series)
        self.line(points, series, name)

    def upright(self, x: float, words: str) -> None:
        """A line at `x` over the whole height, named."""
        left, top = self.place(x, self.y.high)
        anchor = "end" if self.x.part(x) > 0.6 else "start"
        shift = -5 if anchor == "end" else 5
        self.parts.append(
            f'<line class="mark" x1="{left:.1f}" x2="{left:.1f}" y1="{top}" y2="{HEIGHT - BOTTOM}"/>'
        )
        self.parts.append(_words("marked", left + shift, top + 12, anchor, words))

    def dot(self, x: float, y: float, series: int, words: str, shape: str = "circle") -> None:
        """A named point: circle, square or triangle."""
        left, top = self.place(x, y)
        long = LETTER * len(words)
        anchor = "start" if left + 10 + long <= WIDTH or left < WIDTH / 2 else "end"
        shift = -10 if anchor == "end" else 10
        self.parts.append(_shape(series, left, top, shape))
        start = left + shift - (long if anchor == "end" else 0)
        lower = self._free(start, start + long, top - LIFT)  # a front's line leaves to the right
        self.parts.append(_words("named", left + shift, lower, anchor, words))

    def _free(self, start: float, end: float, base: float) -> float:
        """The base line nearest to `base` on which a name from `start` to `end` covers none before it."""
        steps = sorted(range(-len(self.names), len(self.names) + 1), key=lambda step: (abs(step), -step))
        for line in (base + LINE * step for step in steps):
            if all(
                end < left or right < start or abs(line - other) >= LINE for left, right, other in self.names
            ):
                break
        self.names.append((start, end, line))
        return line

    def key(self, series: int, name: str, shape: str) -> None:
        """The legend's entry of all points of a kind."""
        self._legend(_shape(series, 13.0, 6.0, shape), name)

    def _entry(self, series: int, name: str, dash: str) -> None:
        line = f'<line class="line s{series % 8}" stroke-dasharray="{dash}" x1="0" x2="26" y1="6" y2="6"/>'
        self._legend(line, name)

    def _legend(self, drawn: str, name: str) -> None:
        key = f'<svg class="key" viewBox="0 0 26 12" aria-hidden="true">{drawn}</svg>'
        self.legend.append(f"<span>{key}{escape(name)}</span>")

    def text(self) -> str:
        """The chart with its axes and, below, its legend."""
        bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        grid = []
        for value, label in self.x.ticks:
            x = self.place(value, self.y.low)[0]
            grid.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>')
            grid.append(_words("tick", x, bottom + 16, "middle", label))
        for value, label in self.y.ticks:
            y = self.place(self.x.low, value)[1]
            grid.append(f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
            grid.append(_words("tick", LEFT - 7, y + 4, "end", label))
        middle = (TOP + bottom) / 2
        names = _words("axis", (LEFT + right) / 2, HEIGHT - 8, "middle", self.x.label)
        names += (
            f'<g transform="rotate(-90 14 {middle})">{_words("axis", 14, middle, "middle", self.y.label)}</g>'
        )
        box = f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{escape(self.words)}"'
        legend = f'<figcaption class="legend">{"".join(self.legend)}</figcaption>' if self.legend else ""
        inside = "".join([*grid, names, *self.parts])
        return f'<figure><svg class="chart" {box}>{inside}</svg>{legend}</figure>'


def _shape(series: int, left: float, top: float, shape: str) -> str:
    """A point of a series in pixels."""
    named = f'class="dot s{series % 8}"'
    return {
        "circle": f'<circle {named} cx="{left:.1f}" cy="{top:.1f}" r="6"/>',
        "square": f'<rect {named} x="{left - 5:.1f}" y="{top - 5:.1f}" width="10" height="10"/>',
        "triangle": f'<path {named} d="M{left:.1f} {top - 7:.1f}l6 11h-12z"/>',
    }[shape]


def _words(kind: str, x: float, y: float, anchor: str, words: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _short(value: float) -> str:
    for name, size in (("G", 1e9), ("M", 1e6), ("K", 1e3)):
        if value >= 0.999 * size:
            return f"{value / size:g}{name}"
    return f"{value:g}"
