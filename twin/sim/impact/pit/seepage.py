"""Steady groundwater in plan by finite differences, for shapes that no formula has.

div(T grad h) - (h - h_above) / c + N - Q = 0 on square cells: between two cells the harmonic mean of their transmissivities, a
sheet pile as a resistance on a face, cells of a known head, cells that leak to a known head (a layer above, or a canal with a bed),
rain and wells. A cell of no transmissivity is no ground. Nothing flows over the edge of the grid: put a known head on its ring
where water comes from beyond, best that of a formula for the far field.

A water table over a level base has the same equation for (h - base)2 / 2, with k in place of T (Girinskii 1946): see `water_table`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.errors import ParameterError
from twin.jit import njit
from twin.sim.impact.pit import multigrid
from twin.sim.impact.pit.checked import positive

WELL_CELL = math.exp(-float(np.euler_gamma)) / math.sqrt(8.0)
"""The head of a cell with a well is that at this part of its side from the well: 0.1985, from the far field of one source on an
endless square grid, (ln(r / dx) + gamma + 1.5 ln 2) / (2 pi). Peaceman (1978) found 0.2 by numbers; one step from a neighbour that
has the exact head gives 0.2079."""

TOLERANCE = 1e-9
"""What may be left over of all cells together, of the water that flows through."""


class Ground(NamedTuple):
    """Ground and what acts on it, on cells; see `ground`, which looks at it.

    Attributes
    ----------
    cell_m : float
        Side of a cell [m].
    transmissivity_m2_d : (R, C) float64
        0 where there is no ground [m2/d].
    fixed_head_m : (R, C) float64
        NaN where the head is not known [m].
    resistance_d, head_above_m : (R, C) float64
        Of what it leaks through, inf for nothing, and the head beyond that [d] [m].
    recharge_m_d : (R, C) float64
        [m/d]
    pumped_m3_d : (R, C) float64
        By the wells in each cell [m3/d].
    wall_east_d_m, wall_south_d_m : (R, C - 1) and (R - 1, C) float64
        Resistance of a wall on the face to the east and to the south: thickness over k and over height of the aquifer; 0 without a
        wall, inf for one that is tight [d/m].
    """

    cell_m: float
    transmissivity_m2_d: NDArray[np.float64]
    fixed_head_m: NDArray[np.float64]
    resistance_d: NDArray[np.float64]
    head_above_m: NDArray[np.float64]
    recharge_m_d: NDArray[np.float64]
    pumped_m3_d: NDArray[np.float64]
    wall_east_d_m: NDArray[np.float64]
    wall_south_d_m: NDArray[np.float64]


def ground(
    *,
    cell_m: float,
    transmissivity_m2_d: ArrayLike,
    shape: tuple[int, int] | None = None,
    fixed_head_m: ArrayLike = math.nan,
    resistance_d: ArrayLike = math.inf,
    head_above_m: ArrayLike = 0.0,
    recharge_m_d: ArrayLike = 0.0,
    pumped_m3_d: ArrayLike = 0.0,
    wall_east_d_m: ArrayLike = 0.0,
    wall_south_d_m: ArrayLike = 0.0,
) -> Ground:
    """Ground from one value for all cells, or one for each; see `Ground`.

    Raises
    ------
    ParameterError
        For arrays of another shape, values that are no numbers, a transmissivity below 0, a resistance that is not positive, and
        wells where there is no ground.
    """
    positive(cell_m=cell_m)
    size = np.broadcast_shapes(np.shape(transmissivity_m2_d), shape or ())
    if len(size) != 2 or 0 in size:
        raise ParameterError("give `transmissivity_m2_d` for each cell, or the `shape` of the grid")
    rows, columns = size
    every = {
        "transmissivity_m2_d": (transmissivity_m2_d, size), "fixed_head_m": (fixed_head_m, size),
        "resistance_d": (resistance_d, size), "head_above_m": (head_above_m, size),
        "recharge_m_d": (recharge_m_d, size), "pumped_m3_d": (pumped_m3_d, size),
        "wall_east_d_m": (wall_east_d_m, (rows, columns - 1)),
        "wall_south_d_m": (wall_south_d_m, (rows - 1, columns)),
    }  # fmt: skip
    made = {}
    for name, (value, wanted) in every.items():
        try:
            made[name] = np.broadcast_to(np.asarray(value, np.float64), wanted)
        except ValueError:
            raise ParameterError(f"`{name}` has the shape {np.shape(value)}, not {wanted}") from None
    for name in ("transmissivity_m2_d", "head_above_m", "recharge_m_d", "pumped_m3_d"):
        if not np.isfinite(made[name]).all():
            raise ParameterError(f"`{name}` has values that are no numbers")
    for name in ("transmissivity_m2_d", "wall_east_d_m", "wall_south_d_m"):
        if not (made[name] >= 0).all():
            raise ParameterError(f"`{name}` must not be below 0")
    if not (made["resistance_d"] > 0).all():
        raise ParameterError("`resistance_d` must be above 0; inf where nothing leaks")
    if np.isinf(made["fixed_head_m"]).any():
        raise ParameterError("`fixed_head_m` must be finite, or NaN where the head is not known")
    dry = np.argwhere((made["pumped_m3_d"] != 0) & (made["transmissivity_m2_d"] <= 0))
    if len(dry):
        raise ParameterError(f"a well in row {dry[0][0]}, column {dry[0][1]} has no ground: its transmissivity is 0")
    return Ground(float(cell_m), **made)


class Balance(NamedTuple):
    """Where water comes from and goes to, each way apart [m3/d].

    Attributes
    ----------
    fixed_in, fixed_out : float
        From and to cells of a known head.
    leaked_in, leaked_out : float
        Through the resistance.
    recharge : float
    pumped, put_in : float
        By wells.
    """

    fixed_in: float
    fixed_out: float
    leaked_in: float
    leaked_out: float
    recharge: float
    pumped: float
    put_in: float

    @property
    def through(self) -> float:
        """All that comes in [m3/d]."""
        return self.fixed_in + self.leaked_in + self.put_in + max(self.recharge, 0.0)

    @property
    def error(self) -> float:
        """What comes in without going out [m3/d]."""
        return self.fixed_in - self.fixed_out + self.leaked_in - self.leaked_out + self.recharge + self.put_in - self.pumped

    def told(self) -> str:
        """As lines of text."""
        names = {
            "from known heads": self.fixed_in, "to known heads": -self.fixed_out, "leaks in": self.leaked_in,
            "leaks out": -self.leaked_out, "recharge": self.recharge, "put in by wells": self.put_in, "pumped": -self.pumped,
            "error": self.error,
        }  # fmt: skip
        return "\n".join(f"{name:<18}{value + 0.0:>14,.3f} m3/d" for name, value in names.items())


class Steady(NamedTuple):
    """Steady groundwater.

    Attributes
    ----------
    head_m : (R, C) float64
        NaN where there is no ground [m].
    balance : Balance
    residual : float
        What is left over of all cells together, of the water that flows through.
    iterations : int
    """

    head_m: NDArray[np.float64]
    balance: Balance
    residual: float
    iterations: int


def steady(of: Ground) -> Steady:
    """Solve for the head.

    Parameters
    ----------
    of : Ground

    Returns
    -------
    Steady

    Raises
    ------
    ParameterError
        Where ground has no known head and leaks nowhere: its water could stand at any height; and when the steps do not converge.
    """
    east, south = _faces(of)
    fixed = np.isfinite(of.fixed_head_m) & (of.transmissivity_m2_d > 0)
    free = ~fixed & (of.transmissivity_m2_d > 0)
    leaks = np.where(free & np.isfinite(of.resistance_d), of.cell_m**2 / of.resistance_d, 0.0)
    level = _level(of, fixed, leaks)
    held = np.where(fixed, of.fixed_head_m - level, 0.0)
    inner_east, inner_south = east * (free[:, :-1] & free[:, 1:]), south * (free[:-1] & free[1:])
    tied, known = leaks.copy(), leaks * (of.head_above_m - level)
    for at, beside, face in _sides(east, south):
        touches = np.where(free[at] & fixed[beside], face, 0.0)
        tied[at] += touches
        known[at] += touches * held[beside]
    _held(inner_east, inner_south, tied, free)
    known += np.where(free, of.recharge_m_d * of.cell_m**2 - of.pumped_m3_d, 0.0)
    matrix = multigrid.system(
        np.pad(inner_east, ((1, 1), (1, 2))), np.pad(inner_south, ((1, 2), (1, 1))), np.pad(tied, 1)
    )
    # known heads that are all the same, without wells or rain, leave nothing to solve
    scale = float(np.abs(known).sum())
    tolerance, steps = 1e-10 * scale, 0
    solved = multigrid.solve(matrix, np.pad(known, 1), tolerance=tolerance)
    head = np.where(free, solved.x[1:-1, 1:-1], held)
    balance = _balance(of, head, level, east, south, free, fixed, leaks)
    steps += solved.iterations
    left = float(np.abs(solved.residual).sum())
    for _ in range(3):
        if left <= TOLERANCE * balance.through or not steps:
            break
        # what is left is solved for again: nothing is lost to rounding of a first answer that was far off
        more = multigrid.solve(matrix, solved.residual.copy(), tolerance=TOLERANCE * balance.through)
        solved = multigrid.Solved(solved.x + more.x, more.residual, more.iterations)
        head = np.where(free, solved.x[1:-1, 1:-1], held)
        balance = _balance(of, head, level, east, south, free, fixed, leaks)
        steps, left = steps + more.iterations, float(np.abs(solved.residual).sum())
    residual = left / balance.through if balance.through > 0 else 0.0
    if scale > 0 and residual > 1e-6 and left > 1e-9 * scale:
        raise ParameterError(
            f"groundwater was not solved in {steps} steps: {residual:.1e} of the water is left over",
            hint="transmissivities or resistances differ by too many orders; check their units",
        )
    return Steady(np.where(free | fixed, head + level, np.nan), balance, residual, steps)


def _level(of: Ground, fixed: NDArray[np.bool_], leaks: NDArray[np.float64]) -> float:
    """A level amid the known heads: heads are solved for from there, so that digits are not lost to the datum."""
    known = [*(of.fixed_head_m[fixed][:1]), *(of.head_above_m[leaks > 0][:1])]
    return float(known[0]) if known else 0.0


def _faces(of: Ground) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Conductance of faces to the east and to the south, walls among them [m2/d]."""
    t, made = of.transmissivity_m2_d, []
    for a, b, wall in ((t[:, :-1], t[:, 1:], of.wall_east_d_m), (t[:-1], t[1:], of.wall_south_d_m)):
        with np.errstate(divide="ignore", invalid="ignore"):
            face = np.where((a > 0) & (b > 0), 2.0 * a * b / (a + b), 0.0)
            made.append(np.where((wall > 0) & (face > 0), face / (1.0 + face * wall / of.cell_m), face))
    return made[0], made[1]


def _sides(
    east: NDArray[np.float64], south: NDArray[np.float64]
) -> list[tuple[tuple[slice, slice], tuple[slice, slice], NDArray[np.float64]]]:
    """Cells, those beside them, and the faces between: all four ways."""
    every, first, last = slice(None), slice(None, -1), slice(1, None)
    return [
        ((every, first), (every, last), east), ((every, last), (every, first), east),
        ((first, every), (last, every), south), ((last, every), (first, every), south),
    ]  # fmt: skip


def _held(east: NDArray[np.float64], south: NDArray[np.float64], tied: NDArray[np.float64], free: NDArray[np.bool_]) -> None:
    """Refuse ground that nothing holds."""
    loose, row, column, count = _loose(east, south, tied, free)
    if loose:
        raise ParameterError(
            f"nothing holds the water of {count} cells around row {row}, column {column}: its level could be any",
            hint="give a known head, a canal or a resistance there, or set the transmissivity of cut-off cells to 0",
        )


@njit()
def _loose(east, south, tied, free):
    """Whether some ground is joined to no cell that is tied to a known head; one of its cells, and how many there are."""
    rows, columns = free.shape
    seen = np.zeros((rows, columns), np.bool_)
    stack = np.empty(rows * columns, np.int64)
    for start in range(rows * columns):
        if seen[start // columns, start % columns] or not free[start // columns, start % columns]:
            continue
        top, holds, count = 1, False, 0
        stack[0] = start
        seen[start // columns, start % columns] = True
        while top > 0:
            top -= 1
            r, c = stack[top] // columns, stack[top] % columns
            count += 1
            if tied[r, c] > 0.0:
                holds = True
            if c + 1 < columns and east[r, c] > 0.0 and not seen[r, c + 1]:
                seen[r, c + 1] = True
                stack[top] = r * columns + c + 1
                top += 1
            if c > 0 and east[r, c - 1] > 0.0 and not seen[r, c - 1]:
                seen[r, c - 1] = True
                stack[top] = r * columns + c - 1
                top += 1
            if r + 1 < rows and south[r, c] > 0.0 and not seen[r + 1, c]:
                seen[r + 1, c] = True
                stack[top] = (r + 1) * columns + c
                top += 1
            if r > 0 and south[r - 1, c] > 0.0 and not seen[r - 1, c]:
                seen[r - 1, c] = True
                stack[top] = (r - 1) * columns + c
                top += 1
        if not holds:
            return True, start // columns, start % columns, count
    return False, 0, 0, 0


def _balance(
    of: Ground, head: NDArray[np.float64], level: float, east: NDArray[np.float64], south: NDArray[np.float64],
    free: NDArray[np.bool_], fixed: NDArray[np.bool_], leaks: NDArray[np.float64],
) -> Balance:  # fmt: skip
    """Sums of what flows, from heads above a level."""
    fixed_in = fixed_out = 0.0
    for at, beside, face in _sides(east, south):
        flow = (face * (head[beside] - head[at]))[free[at] & fixed[beside]]
        fixed_in += float(flow[flow > 0].sum())
        fixed_out -= float(flow[flow < 0].sum())
    leak = leaks * (of.head_above_m - level - head)
    pumped = of.pumped_m3_d[free]
    return Balance(
        fixed_in, fixed_out, float(leak[leak > 0].sum()), -float(leak[leak < 0].sum()),
        float(of.recharge_m_d[free].sum()) * of.cell_m**2, float(pumped[pumped > 0].sum()), -float(pumped[pumped < 0].sum()),
    )  # fmt: skip


def water_table(of: Ground, *, base_m: float) -> Steady:
    """The same for a water table over a level base, with k [m/d] in place of the transmissivity.

    Parameters
    ----------
    of : Ground
        With k as its `transmissivity_m2_d`, and walls as thickness over k [d]. It leaks nowhere: that is not linear.
    base_m : float
        Level of the base of the aquifer [m].

    Returns
    -------
    Steady
        Its head is the water table.

    Raises
    ------
    ParameterError
        As `steady`; for known heads below the base, ground that leaks, and where more is pumped than the aquifer gives.
    """
    if np.isfinite(of.resistance_d).any():
        raise ParameterError("a water table that leaks is not linear", hint="use `steady` with a mean transmissivity")
    if (of.fixed_head_m < base_m).any():
        raise ParameterError(f"a known head lies below the base of the aquifer at {base_m:g} m")
    found = steady(of._replace(fixed_head_m=0.5 * (of.fixed_head_m - base_m) ** 2))
    deepest = float(np.nanmin(found.head_m))
    if deepest < 0:
        raise ParameterError(
            "more is pumped than the aquifer gives: the water table falls below its base", hint="pump less, or from more wells"
        )
    return found._replace(head_m=base_m + np.sqrt(2.0 * found.head_m))


def head_in_well_m(
    *, head_of_cell_m: ArrayLike, discharge_m3_d: ArrayLike, transmissivity_m2_d: ArrayLike, cell_m: float, radius_m: ArrayLike
) -> NDArray[np.float64]:
    """Head in a well from that of its cell, which is the head at 0.1985 of its side from the well [m].

    Parameters
    ----------
    head_of_cell_m, discharge_m3_d, transmissivity_m2_d, radius_m : array_like
        [m] [m3/d] [m2/d] [m]
    cell_m : float
        [m]

    Raises
    ------
    ParameterError
        For values that are not positive.
    """
    positive(transmissivity_m2_d=transmissivity_m2_d, cell_m=cell_m, radius_m=radius_m)
    fall = np.asarray(discharge_m3_d) / (2.0 * math.pi * np.asarray(transmissivity_m2_d, np.float64))
    return np.asarray(np.asarray(head_of_cell_m) - fall * np.log(WELL_CELL * cell_m / np.asarray(radius_m)))
