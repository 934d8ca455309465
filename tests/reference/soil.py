"""Slow twins of the kernels of soil: the exponent by repetition, layers joined one at a time."""

from __future__ import annotations

import math

SOFT, SAND = (1, 2, 3), (5, 6, 7, 8)


def exponent(qt_mpa: float, fs_mpa: float, total: float, effective: float) -> tuple[float, float, float]:
    """Qtn, Ic and n by repetition from n = 1 on, with half steps so that it comes to rest."""
    net = 1000.0 * qt_mpa - total
    log_f = math.log10(100.0 * 1000.0 * fs_mpa / net)
    n = 1.0
    for _ in range(2000):
        cone = net / 100.0 * (100.0 / effective) ** n
        index = math.sqrt((3.47 - math.log10(cone)) ** 2 + (log_f + 1.22) ** 2)
        n = 0.5 * (n + min(1.0, 0.381 * index + 0.05 * effective / 100.0 - 0.15))
    return cone, index, n


def joined(layers: list[tuple[float, int, float]], least: float, soft: float) -> list[tuple[float, int]]:
    """Layers (thickness, zone, index), none of zone 0, joined as `layering.merge` does; thickness and zone of what is left."""
    rows = [[thick, zone, index, {zone: thick}] for thick, zone, index in layers]
    while True:
        thin = []
        for k, (thick, zone, _, _) in enumerate(rows):
            around = [rows[j][1] for j in (k - 1, k + 1) if 0 <= j < len(rows)]
            seam = zone in SOFT and len(around) == 2 and all(kind in SAND for kind in around)
            if thick < (min(least, soft) if seam else least) - 1e-9:
                thin.append((round(thick, 9), k))
        if not thin or len(rows) == 1:
            return [(thick, zone) for thick, zone, _, _ in rows]
        k = min(thin)[1]
        near = [j for j in (k - 1, k + 1) if 0 <= j < len(rows)]
        into = min(near, key=lambda j: (round(abs(rows[j][2] - rows[k][2]), 9), -round(rows[j][0], 9), j))
        _join(rows, k, into)


def _join(rows: list[list], gone: int, into: int) -> None:
    one, other = rows[into], rows[gone]
    share = other[0] / (one[0] + other[0])
    one[2] += share * (other[2] - one[2])
    one[0] += other[0]
    for zone, thick in other[3].items():
        one[3][zone] = one[3].get(zone, 0.0) + thick
    thickest = max(one[3].values())
    if one[3].get(one[1], 0.0) < thickest - 1e-9:
        one[1] = min(zone for zone, thick in one[3].items() if thick == thickest)
    del rows[gone]
    into -= gone < into
    for beside in (into - 1, into + 1):
        if 0 <= beside < len(rows) and rows[beside][1] == rows[into][1]:
            _join(rows, beside, into)
            return
