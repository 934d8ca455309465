"""A line chart as SVG text: axes from zero, few ticks, a label at the end of each line."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

_WIDTH, _HEIGHT = 820.0, 290.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 185.0, 34.0, 40.0


def nice_step(span: float, most: int = 6) -> float:
    """A round step (1, 2, 5 times a power of ten) that gives at most `most` ticks."""
    if span <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(span / most))
    for factor in (1.0, 2.0, 5.0, 10.0):
        if span / (factor * power) <= most:
            return float(factor * power)
    return float(10.0 * power)


def line_chart(
    lines: Sequence[tuple[str, str, NDArray[np.float64], NDArray[np.float64]]], *, x_label: str, y_label: str, dots_up_to: int = 0,
    marks: Sequence[tuple[float, str]] = (),
) -> str:  # fmt: skip
    """Draw lines.

    Parameters
    ----------
    lines : sequence of (name, colour, x, y)
    x_label, y_label : str
    dots_up_to : int
        Lines of so few points have a dot at each.
    marks : sequence of (x, words)
        Places along the first axis to mark by an upright line.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    x_end = max((float(x.max()) for _, _, x, _ in lines if len(x)), default=1.0) or 1.0
    y_step = nice_step(max((float(y.max()) for _, _, _, y in lines if len(y)), default=1.0) or 1.0, 5)
    y_end = y_step * np.ceil(max((float(y.max()) for _, _, _, y in lines if len(y)), default=1.0) / y_step - 1e-9)
    y_end = max(float(y_end), y_step)
    x_step = nice_step(x_end)
    across, down = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        return _LEFT + x / x_end * across, _TOP + (1.0 - y / y_end) * down

    parts = [f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" aria-label="{escape(y_label)}">']
    for k in range(round(y_end / y_step) + 1):
        _, py = at(0, k * y_step)
        parts.append(f'<line x1="{_LEFT}" x2="{_LEFT + across}" y1="{py:.1f}" y2="{py:.1f}" class="grid"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{py + 4:.1f}" text-anchor="end">{k * y_step:,.6g}</text>')
    for k in range(int(x_end / x_step + 1e-9) + 1):
        px, _ = at(k * x_step, 0)
        parts.append(f'<text x="{px:.1f}" y="{_TOP + down + 18}" text-anchor="middle">{k * x_step:.6g}</text>')
    parts.append(f'<text x="{_LEFT + across / 2:.0f}" y="{_HEIGHT - 4}" text-anchor="middle">{escape(x_label)}</text>')
    parts.append(f'<text x="{_LEFT - 50}" y="{_TOP - 16}" class="axis">{escape(y_label)}</text>')
    for place, words in marks:
        px, _ = at(place, 0)
        parts.append(f'<line x1="{px:.1f}" x2="{px:.1f}" y1="{_TOP}" y2="{_TOP + down}" stroke="#555" stroke-dasharray="4 4"/>')
        side, off = ("start", 5) if px < _LEFT + across / 2 else ("end", -5)
        parts.append(f'<text x="{px + off:.1f}" y="{_TOP + 11}" text-anchor="{side}">{escape(words)}</text>')
    ends: list[tuple[float, float, str, str]] = []
    for name, colour, x, y in lines:
        if not len(x):
            continue
        points = " ".join(f"{px:.1f},{py:.1f}" for px, py in (at(a, b) for a, b in zip(x, y, strict=True)))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.4"/>')
        if len(x) <= dots_up_to:
            places = [at(a, b) for a, b in zip(x, y, strict=True)]
            parts += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="4" fill="{colour}"/>' for px, py in places]
        px, py = at(float(x[-1]), float(y[-1]))
        ends.append((px, py, name, colour))
    ends.sort(key=lambda end: end[1])
    below = -1e9
    for px, py, name, colour in ends:
        below = max(py + 4, below + 16)
        parts.append(f'<text x="{px + 8:.1f}" y="{below:.1f}" style="fill:{colour}" class="name">{escape(name)}</text>')
    return "".join([*parts, "</svg>"])
