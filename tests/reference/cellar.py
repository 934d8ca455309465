"""Slow twins of what is worked out for vaults: a general solver of linear programmes, and every set of four hinges."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from twin.sim.impact.cellar.arch import Rows


def use_of(rows: Rows, q: NDArray[np.float64]) -> float:
    """Least U with a thrust for ``U dead + live q``, by HiGHS; inf where there is none."""
    a = -np.column_stack([rows.a, rows.dead])
    found = linprog([0.0, 0.0, 0.0, 1.0], A_ub=a, b_ub=rows.live @ q, bounds=[(None, None)] * 4, method="highs")
    return float(found.fun) if found.status == 0 else float("inf")


def factor_of(rows: Rows, q: NDArray[np.float64]) -> float:
    """Largest factor on the load, as its own programme, by HiGHS; inf where nothing ends it."""
    a = -np.column_stack([rows.a, rows.live @ q])
    found = linprog([0.0, 0.0, 0.0, -1.0], A_ub=a, b_ub=rows.dead, bounds=[(None, None)] * 3 + [(0, None)], method="highs")
    return float("inf") if found.status == 3 else -float(found.fun)


def lack(rows: Rows) -> float:
    """By how much the best thrust under the dead load lacks, by HiGHS; below 0 it stands."""
    a = -np.column_stack([rows.a, np.ones(len(rows.dead))])
    found = linprog([0.0, 0.0, 0.0, 1.0], A_ub=a, b_ub=rows.dead, bounds=[(None, None)] * 4, method="highs")
    return float(found.fun)


def four_hinges(rows: Rows, q: NDArray[np.float64]) -> float:
    """Least load factor of any four hinges at joints, those on one side and the other in turn or not."""
    kept = np.flatnonzero(rows.joint >= 0)
    sets = np.array(list(combinations(kept, 4)))
    matrix = rows.a[sets].transpose(0, 2, 1)
    # work y of hinges with y a = 0: three minors of each set, by Cramer
    y = np.stack([(-1) ** k * np.linalg.det(np.delete(matrix, k, axis=2)) for k in range(4)], axis=1)
    whole = np.abs(y).max(axis=1) > 1e-12
    y = np.where(y[:, :1] < 0, -y, y)
    turned = y.min(axis=1) >= -1e-12 * np.abs(y).max(axis=1)
    live = (y * (rows.live @ q)[sets]).sum(axis=1)
    dead = (y * rows.dead[sets]).sum(axis=1)
    good = whole & turned & (live < 0)
    return float((dead[good] / -live[good]).min()) if good.any() else float("inf")
