"""The continuum by loops over cells and faces, straight from its equations."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from twin.sim.crowd.fundamental_diagram import FundamentalDiagram

NOBODY = 1e-8


def speed(rho: float, diagram: FundamentalDiagram) -> float:
    """Weidmann's v(rho)."""
    if rho <= 0.0:
        return diagram.free_speed
    if rho >= diagram.jam:
        return 0.0
    return diagram.free_speed * (1.0 - math.exp(-diagram.shape * (1.0 / rho - 1.0 / diagram.jam)))


@cache
def critical(diagram: FundamentalDiagram) -> tuple[float, float]:
    """Density and flow at the top of the diagram, by trying many."""
    tried = np.linspace(0.0, diagram.jam, 200_001)
    flow = np.array([rho * speed(rho, diagram) for rho in tried.tolist()])
    return float(tried[flow.argmax()]), float(flow.max())


def mc(left: float, right: float) -> float:
    """The monotonized central slope."""
    if left * right <= 0.0:
        return 0.0
    return math.copysign(min(2.0 * abs(left), 2.0 * abs(right), 0.5 * abs(left + right)), left)


def headings(
    density: NDArray[np.float64], toward: NDArray[np.float64], neighbour: NDArray[np.int32], cell: float, aside: float
) -> NDArray[np.float64]:
    """Directions (2, K, C) of people who turn, by at most atan(aside), across their way to where it is emptier."""
    total = density.sum(axis=1)
    out = np.zeros(toward.shape)
    for k in range(len(total)):

        def at(d: int, k: int = k) -> float:
            m = neighbour[k, d]
            return float(total[m] if m >= 0 else total[k])

        emptier = np.array([at(1) - at(0), at(3) - at(2)]) / (2.0 * cell)
        for c in range(density.shape[1]):
            e = toward[:, k, c]
            side = np.array([-e[1], e[0]])
            turned = e + aside * min(max(float(side @ emptier), -1.0), 1.0) * side
            if e.any():
                out[:, k, c] = turned / np.hypot(*turned)
    return out


def sweep(
    density: NDArray[np.float64],
    toward: NDArray[np.float64],
    neighbour: NDArray[np.int32],
    factor: NDArray[np.float64],
    axis: int,
    dt: float,
    cell: float,
    diagram: FundamentalDiagram,
    passing: float,
    aside: float,
) -> NDArray[np.float64]:
    """Densities (K, C) after a sweep of dt [s] along an axis, on cells of a side [m]."""
    ratio = dt / cell
    rho_c, capacity = critical(diagram)
    total = density.sum(axis=1)
    way = headings(density, toward, neighbour, cell, aside)[axis]
    moving = np.where(density >= NOBODY, density, 0.0)
    new = density.copy()

    def demand(rho: float) -> float:
        return rho * speed(rho, diagram) if rho < rho_c else capacity

    def supply(rho: float) -> float:
        return capacity if rho < rho_c else rho * speed(rho, diagram)

    def at_face(k: int, sign: float) -> NDArray[np.float64]:
        """Densities of the classes at a face of a cell: later by half a sweep for those who head for it."""
        ahead, behind = neighbour[k, 2 * axis], neighbour[k, 2 * axis + 1]
        if ahead < 0 or behind < 0 or total[k] >= rho_c:
            return density[k].copy()
        step = 1e-5
        wave = (demand(total[k] + step) - demand(max(total[k] - step, 0.0))) / (step + min(step, total[k]))
        courant = ratio * factor[k] * max(wave, 0.0)
        out = density[k].copy()
        for c in range(len(out)):
            if moving[k, c]:
                half = 0.5 * mc(density[k, c] - density[behind, c], density[ahead, c] - density[k, c])
                heads = way[k, c] > 0 if sign > 0 else way[k, c] <= 0
                out[c] += sign * half * ((1.0 - courant * abs(way[k, c])) if heads else 1.0)
        return out

    for k in range(len(total)):
        for sign, direction in ((1.0, 2 * axis), (-1.0, 2 * axis + 1)):
            m = neighbour[k, direction]
            if m < 0 or total[k] < NOBODY:
                continue
            face = at_face(k, sign)
            bound = np.maximum(sign * way[k], 0.0) * np.where(moving[k] > 0, face, 0.0)
            q = face.sum()
            if bound.sum() <= 0.0:
                continue
            room = max(0.0, min(ratio * factor[m] * supply(total[m]), 0.5 * (diagram.jam - total[m])))
            crossing = bound * min(ratio * factor[k] * demand(q), room) / q
            if crossing.sum() < ratio * factor[k] * passing * bound.sum():
                against = float(np.maximum(-sign * way[m], 0.0) @ moving[m])
                least = ratio * min(factor[k], factor[m]) * passing * min(bound.sum(), against)
                if crossing.sum() < least:
                    crossing = bound * least / bound.sum()
            crossing = np.minimum(crossing, density[k])
            new[k] -= crossing
            new[m] += crossing
    return new
