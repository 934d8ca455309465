"""Five-point systems on grids, solved in a number of steps that hardly grows with the grid.

The matrix is symmetric: conductances of faces, and what ties a cell to a known head. Conjugate gradients take one V-cycle of
multigrid as preconditioner: Gauss-Seidel in two colours (red then black on the way down, black then red on the way up, so that
it stays symmetric), bilinear interpolation that does not reach over faces which let hardly anything through, and coarse faces
that are their fine ones in series and beside each other. The V-cycle works in single precision; the solution is as exact as
conjugate gradients make it.

Every loop over cells writes its own cells only and sums are taken row by row: the same to the bit on any number of threads.
After Wesseling, An Introduction to Multigrid Methods (1992), chapters 4 and 5, and Saad, Iterative Methods (2003), section 9.2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit, prange

SMALLEST = 4
"""Grids of no more cells along a side are not made coarser."""

WEAK = 0.05
"""Interpolation does not reach over a face that lets through less than this part of the best face of the cell."""

COARSEST_SWEEPS = 12


class System(NamedTuple):
    """A symmetric five-point matrix, with a ring of empty cells around.

    Attributes
    ----------
    east, south : (R + 2, C + 2) float64
        Conductance of the face between each cell and the next one east, and the next one south.
    tied : (R + 2, C + 2) float64
        What ties each cell to known heads.
    diagonal : (R + 2, C + 2) float64
        The sum of all of them; 0 for cells that are no part of it.
    """

    east: NDArray[np.float64]
    south: NDArray[np.float64]
    tied: NDArray[np.float64]
    diagonal: NDArray[np.float64]


class _Level(NamedTuple):
    east: NDArray[np.float32]
    south: NDArray[np.float32]
    tied: NDArray[np.float32]
    inverse: NDArray[np.float32]
    links: NDArray[np.uint8]  # of the cells of this grid, for interpolation to the finer one
    x: NDArray[np.float32]
    b: NDArray[np.float32]
    residual: NDArray[np.float32]


def system(east: NDArray[np.float64], south: NDArray[np.float64], tied: NDArray[np.float64]) -> System:
    """The matrix of conductances; see `System`."""
    diagonal = tied + east + south
    diagonal[:, 1:] += east[:, :-1]
    diagonal[1:] += south[:-1]
    return System(east, south, tied, diagonal)


class Solved(NamedTuple):
    """What conjugate gradients found.

    Attributes
    ----------
    x, residual : (R + 2, C + 2) float64
    iterations : int
    """

    x: NDArray[np.float64]
    residual: NDArray[np.float64]
    iterations: int


def solve(matrix: System, b: NDArray[np.float64], *, tolerance: float, most: int = 200) -> Solved:
    """Solve A x = b, from x = 0.

    Parameters
    ----------
    matrix : System
    b : (R + 2, C + 2) float64
        0 where the diagonal is.
    tolerance : float
        Sum of the sizes of the residual to stop at.
    most : int
        Steps to stop at.

    Returns
    -------
    Solved
    """
    levels = _levels(matrix)
    x, r = np.zeros_like(b), b.copy()
    p, q = np.zeros_like(b), np.zeros_like(b)
    rows = np.zeros(len(b))
    _sizes(r, rows)
    best, before, idle, step = float(rows.sum()), 0.0, 0, 0
    while best > tolerance and step < most and idle < 40:
        _cycle(levels, r)
        z = levels[0].x
        _dot(r, z, rows)
        now = float(rows.sum())
        _onward(z, now / before if before else 0.0, p)
        _multiply(matrix.east, matrix.south, matrix.diagonal, p, q, rows)
        curve = float(rows.sum())
        if not curve > 0:
            break
        _advance(now / curve, p, q, x, r, rows)
        size = float(rows.sum())
        idle = 0 if size < 0.9 * best else idle + 1
        best, before, step = min(best, size), now, step + 1
    return Solved(x, r, step)


def _levels(matrix: System) -> list[_Level]:
    """The grids, from fine to coarse."""
    every = [_level(*(part.astype(np.float32) for part in matrix[:3]))]
    while max(every[-1].x.shape) - 2 > SMALLEST:
        fine = every[-1]
        parts = [np.zeros(_half(fine.x.shape), np.float32) for _ in range(3)]
        _coarsen(fine.east, fine.south, fine.tied, *parts)
        every.append(_level(*parts))
    return every


def _half(shape: tuple[int, ...]) -> tuple[int, int]:
    return (shape[0] - 1) // 2 + 2, (shape[1] - 1) // 2 + 2


def _level(east: NDArray[np.float32], south: NDArray[np.float32], tied: NDArray[np.float32]) -> _Level:
    diagonal = tied + east + south
    diagonal[:, 1:] += east[:, :-1]
    diagonal[1:] += south[:-1]
    inverse = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0)
    links = np.zeros(east.shape, np.uint8)
    _link(east, south, links)
    return _Level(east, south, tied, inverse, links, *(np.zeros_like(east) for _ in range(3)))


def _cycle(levels: list[_Level], r: NDArray[np.float64]) -> None:
    """One V-cycle for a residual; its answer is the `x` of the finest grid."""
    levels[0].b[:] = r
    for k, level in enumerate(levels):
        _begin(level.inverse, level.b, level.x)
        _smooth(level.east, level.south, level.inverse, level.b, level.x, 1)
        if k + 1 == len(levels):
            for _ in range(COARSEST_SWEEPS):
                _smooth(level.east, level.south, level.inverse, level.b, level.x, 0)
                _smooth(level.east, level.south, level.inverse, level.b, level.x, 1)
            for _ in range(COARSEST_SWEEPS + 1):
                _smooth(level.east, level.south, level.inverse, level.b, level.x, 1)
                _smooth(level.east, level.south, level.inverse, level.b, level.x, 0)
        else:
            _left(level.east, level.south, level.inverse, level.b, level.x, level.residual)
            _restrict(level.residual, levels[k + 1].links, levels[k + 1].b)
    for level, coarse in zip(levels[-2::-1], levels[:0:-1], strict=True):
        _interpolate(coarse.x, coarse.links, level.inverse, level.x)
        _smooth(level.east, level.south, level.inverse, level.b, level.x, 1)
        _smooth(level.east, level.south, level.inverse, level.b, level.x, 0)


@njit(parallel=True)
def _sizes(r, rows):
    for i in prange(r.shape[0]):
        total = 0.0
        for j in range(r.shape[1]):
            total += abs(r[i, j])
        rows[i] = total


@njit(parallel=True)
def _dot(r, z, rows):
    for i in prange(r.shape[0]):
        total = 0.0
        for j in range(r.shape[1]):
            total += r[i, j] * z[i, j]
        rows[i] = total


@njit(parallel=True)
def _onward(z, beta, p):
    for i in prange(p.shape[0]):
        for j in range(p.shape[1]):
            p[i, j] = z[i, j] + beta * p[i, j]


@njit(parallel=True)
def _multiply(east, south, diagonal, p, q, rows):
    for i in prange(p.shape[0] - 2):
        r = i + 1
        total = 0.0
        for c in range(1, p.shape[1] - 1):
            value = diagonal[r, c] * p[r, c] - (
                east[r, c - 1] * p[r, c - 1] + east[r, c] * p[r, c + 1] + south[r - 1, c] * p[r - 1, c] + south[r, c] * p[r + 1, c]
            )
            q[r, c] = value
            total += value * p[r, c]
        rows[r] = total
    rows[0] = 0.0
    rows[p.shape[0] - 1] = 0.0


@njit(parallel=True)
def _advance(alpha, p, q, x, r, rows):
    for i in prange(r.shape[0]):
        total = 0.0
        for j in range(r.shape[1]):
            x[i, j] += alpha * p[i, j]
            r[i, j] -= alpha * q[i, j]
            total += abs(r[i, j])
        rows[i] = total


@njit(parallel=True)
def _begin(inverse, b, x):
    """Red cells from an answer of 0."""
    for i in prange(b.shape[0] - 2):
        r = i + 1
        for c in range(1, b.shape[1] - 1):
            x[r, c] = b[r, c] * inverse[r, c] if (r + c) % 2 == 0 else np.float32(0.0)


@njit(parallel=True)
def _smooth(east, south, inverse, b, x, colour):
    for i in prange(b.shape[0] - 2):
        r = i + 1
        for c in range(1 + (r + 1 + colour) % 2, b.shape[1] - 1, 2):
            x[r, c] = inverse[r, c] * (
                b[r, c]
                + east[r, c - 1] * x[r, c - 1]
                + east[r, c] * x[r, c + 1]
                + south[r - 1, c] * x[r - 1, c]
                + south[r, c] * x[r + 1, c]
            )


@njit(parallel=True)
def _left(east, south, inverse, b, x, residual):
    """What is left of b; after a sweep that ends with black cells only red ones have any."""
    for i in prange(b.shape[0] - 2):
        r = i + 1
        for c in range(1 + (r + 1) % 2, b.shape[1] - 1, 2):
            if inverse[r, c] > 0:
                residual[r, c] = (
                    b[r, c]
                    + east[r, c - 1] * x[r, c - 1]
                    + east[r, c] * x[r, c + 1]
                    + south[r - 1, c] * x[r - 1, c]
                    + south[r, c] * x[r + 1, c]
                    - x[r, c] / inverse[r, c]
                )


@njit()
def _series(west, face, east):
    """Conductance from the middle of two cells to the middle of the next two, in one row of them."""
    if face <= 0.0:
        return 0.0
    resistance = 1.0 / face
    if west > 0.0:
        resistance += 0.5 / west
    if east > 0.0:
        resistance += 0.5 / east
    return 1.0 / resistance


@njit(parallel=True)
def _coarsen(east, south, tied, coarse_east, coarse_south, coarse_tied):
    rows, columns = east.shape
    for i in prange(coarse_east.shape[0] - 2):
        big_r = np.int64(i) + 1
        r0 = 2 * big_r - 1
        for big_c in range(1, coarse_east.shape[1] - 1):
            c0 = 2 * big_c - 1
            across, down, total = 0.0, 0.0, 0.0
            for k in range(2):
                r, c = r0 + k, c0 + k
                if r < rows - 1:
                    if c0 + 2 < columns - 1:
                        across += _series(east[r, c0], east[r, c0 + 1], east[r, c0 + 2])
                    total += tied[r, c0] + (tied[r, c0 + 1] if c0 + 1 < columns - 1 else 0.0)
                if c < columns - 1 and r0 + 2 < rows - 1:
                    down += _series(south[r0, c], south[r0 + 1, c], south[r0 + 2, c])
            coarse_east[big_r, big_c] = across
            coarse_south[big_r, big_c] = down
            coarse_tied[big_r, big_c] = total


@njit(parallel=True)
def _link(east, south, links):
    """Which neighbours a cell takes part of, as bits: east 1, west 2, south 4, north 8; corners 16 to 128."""
    for i in prange(links.shape[0] - 2):
        r = i + 1
        for c in range(1, links.shape[1] - 1):
            e, w, s, n = east[r, c], east[r, c - 1], south[r, c], south[r - 1, c]
            least = WEAK * max(max(e, w), max(s, n))
            bits = 0
            if e > least:
                bits |= 1
            if w > least:
                bits |= 2
            if s > least:
                bits |= 4
            if n > least:
                bits |= 8
            if bits & 5 == 5 and south[r, c + 1] > least and east[r + 1, c] > least:
                bits |= 16
            if bits & 6 == 6 and south[r, c - 1] > least and east[r + 1, c - 1] > least:
                bits |= 32
            if bits & 9 == 9 and south[r - 1, c + 1] > least and east[r - 1, c] > least:
                bits |= 64
            if bits & 10 == 10 and south[r - 1, c - 1] > least and east[r - 1, c - 1] > least:
                bits |= 128
            links[r, c] = bits


@njit()
def _own(bits, across, down, corner):
    """What a cell gives to its child in one corner: all that does not come from neighbours."""
    part = 1.0
    if bits & across:
        part -= 0.1875
    if bits & down:
        part -= 0.1875
    if bits & corner:
        part -= 0.0625
    return part


@njit(parallel=True)
def _restrict(fine, links, coarse):
    """The transpose of `_interpolate`: each coarse cell takes from its four children and from the twelve around them."""
    rows, columns = fine.shape
    for i in prange(coarse.shape[0] - 2):
        r = np.int64(i) + 1
        r0 = 2 * r - 1
        last = r0 + 1 < rows - 1
        beyond = r0 + 2 < rows - 1
        for c in range(1, coarse.shape[1] - 1):
            c0 = 2 * c - 1
            bits = links[r, c]
            wide = c0 + 1 < columns - 1
            total = fine[r0, c0] * _own(bits, 2, 8, 128)
            if wide:
                total += fine[r0, c0 + 1] * _own(bits, 1, 8, 64)
            if last:
                total += fine[r0 + 1, c0] * _own(bits, 2, 4, 32)
            if wide and last:
                total += fine[r0 + 1, c0 + 1] * _own(bits, 1, 4, 16)
            if links[r, c - 1] & 1:
                total += 0.1875 * (fine[r0, c0 - 1] + (fine[r0 + 1, c0 - 1] if last else 0.0))
            if links[r, c + 1] & 2:
                total += 0.1875 * (fine[r0, c0 + 2] + (fine[r0 + 1, c0 + 2] if last else 0.0))
            if links[r - 1, c] & 4:
                total += 0.1875 * (fine[r0 - 1, c0] + (fine[r0 - 1, c0 + 1] if wide else 0.0))
            if beyond and links[r + 1, c] & 8:
                total += 0.1875 * (fine[r0 + 2, c0] + (fine[r0 + 2, c0 + 1] if wide else 0.0))
            if links[r - 1, c - 1] & 16:
                total += 0.0625 * fine[r0 - 1, c0 - 1]
            if links[r - 1, c + 1] & 32:
                total += 0.0625 * fine[r0 - 1, c0 + 2]
            if beyond and links[r + 1, c - 1] & 64:
                total += 0.0625 * fine[r0 + 2, c0 - 1]
            if beyond and links[r + 1, c + 1] & 128:
                total += 0.0625 * fine[r0 + 2, c0 + 2]
            coarse[r, c] = total


@njit(parallel=True)
def _interpolate(coarse, links, inverse, fine):
    """Add to each fine cell what its coarse cell and the three on its side have: 9, 3, 3 and 1 parts of 16 where all are linked."""
    rows, columns = fine.shape
    for i in prange(rows - 2):
        r = np.int64(i) + 1
        big_r = (r + 1) // 2
        south = r % 2 == 0
        dr = 1 if south else -1
        down = 4 if south else 8
        for c in range(1, columns - 1):
            if inverse[r, c] <= 0.0:
                continue
            big_c = (c + 1) // 2
            east = c % 2 == 0
            dc = 1 if east else -1
            across = 1 if east else 2
            corner = (16 if east else 32) if south else (64 if east else 128)
            bits = links[big_r, big_c]
            value = coarse[big_r, big_c] * _own(bits, across, down, corner)
            if bits & across:
                value += 0.1875 * coarse[big_r, big_c + dc]
            if bits & down:
                value += 0.1875 * coarse[big_r + dr, big_c]
            if bits & corner:
                value += 0.0625 * coarse[big_r + dr, big_c + dc]
            fine[r, c] += value
