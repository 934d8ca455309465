"""Plots and houses of the embedded sample: narrow, side by side, sharing their party walls exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from shapely.geometry import LineString, Polygon

from twin.geo.sample_plan import Block, Dice, Plan
from twin.geo.sample_solids import Point2, mm, signed_area

ROOF_SHARES = {"gable-front": 0.40, "gable-side": 0.27, "hipped": 0.11, "mansard": 0.10, "flat": 0.12}


@dataclass(frozen=True)
class House:
    """A house: four corners with its front first, points of neighbours on its party walls, heights [m]."""

    id: str
    ring: tuple[Point2, ...]
    extras: tuple[list[Point2], list[Point2]]
    roof: str
    ground_m: float
    eaves_m: float
    ridge_m: float
    use: str = "dwelling"

    @property
    def footprint(self) -> Polygon:
        ring = self.ring
        return Polygon([ring[0], ring[1], *self.extras[0], ring[2], ring[3], *self.extras[1]])


@dataclass(frozen=True)
class Plot:
    """Corners of a plot that is built on: front and back at its first and its second party wall."""

    front: tuple[Point2, Point2]
    back: tuple[Point2, Point2]
    steps: tuple[list[Point2], list[Point2]]
    """Where the shorter neighbour ends, on the first and the second party wall."""


def make_houses(plan: Plan, dice: Dice) -> tuple[list[House], dict[str, list[Plot]], dict[str, Polygon]]:
    """Houses along all streets, the plots of each block, and its land, whose edge is the house fronts.

    Ids run block by block from the south-west.
    """
    houses: list[House] = []
    plots: dict[str, list[Plot]] = {}
    land: dict[str, Polygon] = {}
    for block in plan.blocks:
        if block.kind != "houses":
            land[block.name] = block.polygon
            continue
        plots[block.name], land[block.name] = _block_plots(block, dice)
        first = len(houses)
        houses += [_house(plan, plot, dice, first + number) for number, plot in enumerate(plots[block.name])]
    return houses, plots, land


def ground_of(plan: Plan, ring: Sequence[Point2]) -> float:
    """Height of the lowest corner [m], so that no wall floats."""
    x, y = np.array(ring).T
    return mm(float(plan.height(x, y).min()))


def _block_plots(block: Block, dice: Dice) -> tuple[list[Plot], Polygon]:
    plots: list[Plot] = []
    built = Polygon()
    edges: dict[str, list[Point2]] = {"w": list(block.west.coords), "e": list(block.east.coords)}
    for side in block.rows:
        front, back = {
            "w": (block.west, block.east), "e": (block.east, block.west),
            "s": (block.south, block.north), "n": (block.north, block.south),
        }[side]  # fmt: skip
        start, end = 0.0, 1.0
        if side in "sn":
            # the corners belong to the rows along the curved sides; a gate leads to the gardens
            start = 16.0 / front.length if "w" in block.rows else 0.0
            end = 1.0 - (16.0 / front.length if "e" in block.rows else 0.0)
            if (end - start) * front.length < 9.0:
                continue
        row = _row(front, back, start, end, dice, f"{block.name}-{side}", mean=_mean_width(block))
        if side in "we":
            edges[side] = [plot.front[0] for plot in row] + [row[-1].front[1]]
        for plot in row:
            outline = polygon_of(plot)
            if side in "sn" and outline.intersection(built).area > 1e-3:
                continue
            plots.append(plot)
            built = built.union(outline)
    return plots, Polygon([*edges["w"], *reversed(edges["e"])])


def _mean_width(block: Block) -> float:
    """Width of a plot [m]: narrow at the canal, wider towards the edge of town."""
    return {"w3": 13.0, "e4": 13.0, "w2": 8.4, "e3": 8.4}.get(block.name[:2], 6.7)


def polygon_of(plot: Plot) -> Polygon:
    """Footprint of what stands on a plot."""
    return Polygon([plot.front[0], *plot.steps[0], plot.back[0], plot.back[1], *reversed(plot.steps[1]), plot.front[1]])


def _row(
    front: LineString, back: LineString, start: float, end: float, dice: Dice, name: str, *, mean: float
) -> list[Plot]:
    """Plots along one side of a block, between two fractions of its length."""
    length = (end - start) * front.length
    count = max(1, round(length / mean))
    widths = np.array([dice.uniform(f"{name}/width", 0.72, 1.28, n) for n in range(count)])
    at = start + (end - start) * np.concatenate([[0.0], np.cumsum(widths) / widths.sum()])
    depths: list[float] = []
    depth = left = 0.0
    for n in range(count):
        if left < 1:
            left = 1 + int(dice.uniform(f"{name}/run", 0.0, 3.999, n))
            # half metres: a step between neighbours is none or one that shows
            depth = round(2.0 * dice.uniform(f"{name}/depth", 9.2, 13.8, n)) / 2.0
            if mean > 9:
                depth += 1.5
        depths.append(depth)
        left -= 1
    starts = [_along(front, t) for t in at]
    far = [_along(back, t) for t in at]

    def behind(n: int, distance: float) -> Point2:
        (x, y), (u, v) = starts[n], far[n]
        share = distance / float(np.hypot(u - x, v - y))
        return mm(x + share * (u - x)), mm(y + share * (v - y))

    plots = []
    for n in range(count):
        steps: list[list[Point2]] = [[], []]
        for k, other in ((0, n - 1), (1, n + 1)):
            if 0 <= other < count and depths[other] < depths[n]:
                steps[k] = [behind(n + k, depths[other])]
        corners = (behind(n, depths[n]), behind(n + 1, depths[n]))
        plots.append(Plot((starts[n], starts[n + 1]), corners, (steps[0], steps[1])))
    return plots


def _along(line: LineString, fraction: float) -> Point2:
    point = line.interpolate(fraction, normalized=True)
    return mm(point.x), mm(point.y)


def _house(plan: Plan, plot: Plot, dice: Dice, number: int) -> House:
    ring: tuple[Point2, ...] = (plot.front[1], plot.front[0], plot.back[0], plot.back[1])
    extras = (plot.steps[0], plot.steps[1])
    if signed_area(ring) < 0:
        ring, extras = (ring[1], ring[0], ring[3], ring[2]), (plot.steps[1], plot.steps[0])
    x, y = np.array(ring).T
    ground = ground_of(plan, ring)
    width = float(np.hypot(x[0] - x[1], y[0] - y[1]))
    depth = float(np.hypot(x[1] - x[2], y[1] - y[2]))
    storeys = dice.pick("storeys", {"2": 0.34, "3": 0.48, "4": 0.18}, number)
    eaves = {"2": 6.6, "3": 9.6, "4": 12.2}[storeys] + dice.uniform("eaves", -0.6, 0.7, number)
    roof = dice.pick("roof", ROOF_SHARES, number)
    if roof == "hipped" and width < 6.2:
        roof = "gable-front"
    if roof in ("gable-side", "mansard") and depth > 12.5:
        roof = "gable-front" if width < 8.5 else "hipped"
    span = width if roof == "gable-front" else min(width, depth) if roof == "hipped" else depth
    rise = {
        "flat": 0.0, "mansard": 3.9, "gable-side": 0.5 * span * 0.86, "gable-front": 0.5 * span * 1.15,
        "hipped": 0.5 * span * 0.95,
    }[roof]  # fmt: skip
    eaves = mm(ground + round(eaves, 1))
    ridge = mm(eaves + round(min(rise, 6.2), 1))
    return House(f"house-{number + 1:04d}", ring, extras, roof, ground, eaves, ridge)
