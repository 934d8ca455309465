"""How much of a sound comes from a point to each place: divergence, air, ground, and bending over what stands between.

The formulas are those of CNOSSOS-EU (annex II of Directive 2002/49/EC as amended by 2015/996 and 2021/1226, section 2.5) for a
homogeneous atmosphere, along a straight vertical plane from the source to each place; sound that comes round a corner or off a wall
is not in it. The ground is level between source and place, with its height at either end.

`transfer_map` walks rays from the source to every cell of a square around it, as `twin.sim.impact.sight.viewshed` does. Each ray
keeps the upper hull of the source and of what it passed: the taut string over the obstacles. A place hangs its own end on by going
back along the hull, so all places together cost little more than the walk. `transfer_to` does the same for places of any height by
a ray of its own to each, through every block that it enters.

What comes out are shares of energy: 10 lg of a share, added to a sound power level (dB re 1 pW), is the level of the sound pressure
there (dB re 20 uPa). So other powers of the source need no new walk.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit, prange
from twin.sim.impact.acoustics import BANDS_HZ, SPEED_M_S, absorption

HIGHEST = 10.0**2.5
"""Diffraction takes at most 25 dB; within what the ground adds it has no bound (CNOSSOS-EU 2.5.6, over upper edges)."""

_SPHERE = 10.0 ** -1.1  # CNOSSOS-EU 2.5.12: 20 lg d + 11
_NEAREST_M = 1.0
_BUILT_M = 0.5
_TOGETHER = 16


class Place(NamedTuple):
    """What the sound meets on a grid.

    Parameters
    ----------
    surface : (R, C) float32
        Height of what is solid, row 0 in the north [m]; NaN where unknown: there nothing stands.
    ground : (R, C) float32
        Height of the ground under it [m].
    cell : float
        [m]
    """

    surface: NDArray[np.float32]
    ground: NDArray[np.float32]
    cell: float


class Air(NamedTuple):
    """What the way takes of each band.

    Parameters
    ----------
    wavelength_m : (B,) float64
    absorption_db_m : (B,) float64
    frequency_hz : (B,) float64
    ground_factor : float
        0 for hard ground (paving, water) to 1 for porous ground (CNOSSOS-EU table 2.5.a).
    source_factor : float
        The same at the source: 0 for the platform of a road.
    """

    wavelength_m: NDArray[np.float64]
    absorption_db_m: NDArray[np.float64]
    frequency_hz: NDArray[np.float64]
    ground_factor: float
    source_factor: float


def air(
    temperature_c: float = 10.0, humidity_percent: float = 70.0, ground_factor: float = 0.0, source_factor: float | None = None
) -> Air:
    """The air of a day over a ground, in octave bands; the ground at the source is as it is elsewhere unless stated."""
    own = float(ground_factor if source_factor is None else source_factor)
    frequency = np.array(BANDS_HZ, dtype=np.float64)  # nominal, as the cases of ISO/TR 17534-4 have them
    return Air(SPEED_M_S / frequency, absorption(temperature_c, humidity_percent), frequency, float(ground_factor), own)


def transfer_map(place: Place, row: int, column: int, height_m: float, receiver_m: float, through: Air) -> NDArray[np.float32]:
    """Share of the sound of a source that comes to each cell.

    Parameters
    ----------
    place : Place
    row, column : int
        Cell that the source is over the middle of.
    height_m : float
        Of the source, in the datum of the surface [m].
    receiver_m : float
        Height above the surface of each cell that is asked [m].
    through : Air

    Returns
    -------
    (R, C, B) float32
        NaN where nothing is known.
    """
    rows, columns = place.surface.shape
    out = np.empty((rows, columns, len(through.wavelength_m)), np.float32)
    standing = np.empty((rows, columns), np.bool_)
    _begin(place.surface, place.ground, standing, out)
    reach = max(row, rows - 1 - row, column, columns - 1 - column)
    far = int(np.ceil(place.cell * reach * 1.5)) + 2
    fading = _fading(through, far)
    source = float(height_m), float(place.ground[row, column])
    for by_rows in (True, False):
        for way in (-1, 1):
            _fan(
                place.surface, place.ground, standing, place.cell, row, column, by_rows, way, reach, source, float(receiver_m),
                through, fading, out,
            )  # fmt: skip
    own = np.zeros(len(through.wavelength_m))
    over = float(place.surface[row, column]) + receiver_m
    _share(np.zeros((3, 2)), 0, 0.0, over, float(place.ground[row, column]), source, (-1.0, 0.0), 0.0, through, fading, own)
    out[row, column] = own
    return out


def transfer_to(
    place: Place, source: tuple[float, float, float], receivers: NDArray[np.float64], through: Air
) -> NDArray[np.float64]:
    """Share of the sound of a source that comes to places of any height, by a ray to each.

    Parameters
    ----------
    place : Place
    source : (float, float, float)
        Column and row [cells, the middle of the first cell at (0, 0)], and height [m].
    receivers : (N, 3) float64
        Likewise. What stands in the cell of the source, or of the receiver, is not in the way.
    through : Air

    Returns
    -------
    (N, B) float64
    """
    out = np.zeros((len(receivers), len(through.wavelength_m)))
    rows, columns = place.surface.shape
    fading = _fading(through, int(np.ceil(place.cell * np.hypot(rows, columns))) + int(abs(source[2])) + 10)
    standing = standing_of(place)
    at = np.ascontiguousarray(receivers, dtype=np.float64)
    _to_each(place.surface, place.ground, standing, place.cell, source, at, through, fading, out)
    return out


def standing_of(place: Place) -> NDArray[np.bool_]:
    """Where something stands on the ground, (R, C)."""
    return np.asarray(place.surface - place.ground > _BUILT_M)


def _fading(through: Air, far: int) -> NDArray[np.float64]:
    """What air leaves at each whole metre, (M, B)."""
    return np.asarray(10.0 ** (-0.1 * np.arange(far + 2)[:, None] * through.absorption_db_m))


@njit()
def powers(share, energy, out):
    """Energies of sources on cells: sum over bands of ``share (N, B)`` times ``energy (B,)``, added to ``out (N,)``."""
    for n in range(len(share)):
        total = 0.0
        for b in range(len(energy)):
            total += share[n, b] * energy[b]
        out[n] += total


@njit()
def ground_gain(frequency, way, source, receiver, path_factor, source_factor):
    """What the ground makes of a sound pressure: 10^(-A/20) of CNOSSOS-EU 2.5.15 to 2.5.18, homogeneous.

    Parameters
    ----------
    frequency : float
        [Hz]
    way : float
        Horizontal distance [m].
    source, receiver : float
        Heights above the ground [m].
    path_factor, source_factor : float
        Ground factor of the way, and at the source.
    """
    if path_factor <= 0.0 and source_factor <= 0.0:
        return 10.0**0.15
    source, receiver, way = max(source, 0.01), max(receiver, 0.01), max(way, 0.1)
    mixed = path_factor
    if way <= 30.0 * (source + receiver):
        share = way / (30.0 * (source + receiver))
        mixed = path_factor * share + source_factor * (1.0 - share)
    least = -3.0 * (1.0 - mixed)
    if mixed <= 0.0:
        return 10.0**0.15
    w = 0.0185 * frequency**2.5 * mixed**2.6 / (
        frequency**1.5 * mixed**2.6 + 1.3e3 * frequency**0.75 * mixed**1.3 + 1.16e6
    )  # fmt: skip
    c = way * (1.0 + 3.0 * w * way * np.exp(-np.sqrt(w * way))) / (1.0 + w * way)
    k = 2.0 * np.pi * frequency / SPEED_M_S
    root = np.sqrt(2.0 * c / k)
    from_source = source * source - root * source + c / k
    from_receiver = receiver * receiver - root * receiver + c / k
    taken = -10.0 * np.log10(4.0 * k * k / (way * way) * from_source * from_receiver)
    return 10.0 ** (-0.05 * max(taken, least))


@njit()
def _share(hull, last, x, z, floor, source, grazed, between, through, fading, out):
    """Energy that comes to a place; writes `out` (B,).

    Parameters
    ----------
    hull : (3, N) float64
        Distance from the source, height, and length of the string up to there [m]; the first one is the source.
    last : int
        Number of the edge that the string leaves for the place; 0 where nothing is in between.
    x, z, floor : float
        Horizontal distance of the place, its height, and that of the ground there [m].
    source : (float, float)
        Height of the source and of the ground under it [m].
    grazed : (float, float)
        Distance and height of the edge that comes nearest to the line of sight from below; a distance below 0 for none.
    between : float
        Horizontal distance by which sound spreads, which is not quite that along the ray [m]; 0 for `x`.
    """
    top, base = source
    rise, way = z - top, between if between > 0.0 else x
    straight = np.sqrt(x * x + rise * rise)
    distance = max(np.sqrt(way * way + rise * rise), _NEAREST_M)
    spread = _SPHERE / (distance * distance)
    number = min(int(distance), len(fading) - 2)
    part = distance - number
    image, mirrored = 2.0 * base - top, 2.0 * floor - z  # source and place below the ground
    bent = last > 0
    first_x, first_z, last_x, last_z, middle, detour = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if bent:
        first_x, first_z, last_x, last_z = hull[0, 1], hull[1, 1], hull[0, last], hull[1, last]
        middle = hull[2, last] - hull[2, 1]
        detour = hull[2, last] + np.sqrt((x - last_x) ** 2 + (z - last_z) ** 2) - straight
    elif grazed[0] > 0.0 and grazed[0] < x:
        first_x, first_z = grazed
        last_x, last_z = first_x, first_z
        detour = straight - np.sqrt(first_x**2 + (first_z - top) ** 2) - np.sqrt((x - first_x) ** 2 + (z - first_z) ** 2)
    near, far = np.sqrt(first_x**2 + (first_z - top) ** 2), np.sqrt((x - last_x) ** 2 + (z - last_z) ** 2)
    from_image = np.sqrt(first_x**2 + (first_z - image) ** 2) + middle + far - np.sqrt(x * x + (z - image) ** 2)
    to_image = near + middle + np.sqrt((x - last_x) ** 2 + (mirrored - last_z) ** 2) - np.sqrt(x * x + (mirrored - top) ** 2)
    soft = through.ground_factor > 0.0 or through.source_factor > 0.0
    hard = 10.0**0.15
    for b in range(len(out)):
        length = through.wavelength_m[b]
        gain, factor = 1.0, 0.0
        if first_x > 0.0:
            thick = 1.0
            if middle > 0.3:
                wide = (5.0 * length / middle) ** 2
                thick = (1.0 + wide) / (1.0 / 3.0 + wide)
            factor = 40.0 / length * thick
        over = 3.0 + factor * detour
        if first_x > 0.0 and over > 1.0:
            up, down = hard, hard
            if soft:
                g, f = through.ground_factor, through.frequency_hz[b]
                up = ground_gain(f, first_x, top - base, first_z - base, g, through.source_factor)
                down = ground_gain(f, x - last_x, last_z - floor, z - floor, g, g)
            gain = 1.0 + (up - 1.0) * np.sqrt(over / max(3.0 + factor * from_image, over))
            gain *= 1.0 + (down - 1.0) * np.sqrt(over / max(3.0 + factor * to_image, over))
            gain = gain * gain / min(over, HIGHEST)
        elif soft:
            g = through.ground_factor
            gain = ground_gain(through.frequency_hz[b], x, top - base, z - floor, g, through.source_factor) ** 2
        else:
            gain = hard * hard
        left = fading[number, b] + part * (fading[number + 1, b] - fading[number, b])
        out[b] = spread * left * gain


@njit(inline="always")
def _push(hull, count, x, z):
    """Put a point on the hull; what lies below the line to it goes. Returns how many there are."""
    while count >= 2:
        ax, az, bx, bz = hull[0, count - 2], hull[1, count - 2], hull[0, count - 1], hull[1, count - 1]
        if (bz - az) * (x - ax) > (z - az) * (bx - ax):
            break
        count -= 1
    hull[0, count], hull[1, count] = x, z
    hull[2, count] = hull[2, count - 1] + np.sqrt((x - hull[0, count - 1]) ** 2 + (z - hull[1, count - 1]) ** 2)
    return count + 1


@njit(inline="always")
def _pass(hull, count, edges, top, built, source, grazed):
    """Put both edges of a block on the hull; what stands on the ground may also be grazed: the steepest seen from the source is."""
    if np.isnan(top):
        return count, grazed
    for edge in edges:
        count = _push(hull, count, edge, top)
        if built and (grazed[0] < 0.0 or (top - source) * grazed[0] > (grazed[1] - source) * edge):
            grazed = edge, float(top)
    return count, grazed


@njit(inline="always")
def _over(hull, count, edges, top, built, source, grazed, x, z):
    """As `_pass`, for the place at `x` and `z` only: what lies below the line to it from what was passed is on no string to it."""
    slope = (z - hull[1, count - 1]) / max(x - hull[0, count - 1], 1e-9)
    low = hull[1, count - 1] + slope * ((edges[0] if slope > 0.0 else edges[1]) - hull[0, count - 1])
    if top > low:
        return _pass(hull, count, edges, top, built, source, grazed)
    if built:
        for edge in edges:
            if grazed[0] < 0.0 or (top - source) * grazed[0] > (grazed[1] - source) * edge:
                grazed = edge, float(top)
    return count, grazed


@njit(inline="always")
def _tangent(hull, count, x, z):
    """Number of the point of a hull that a string from a place touches first."""
    k = count - 1
    while k > 0:
        ax, az, bx, bz = hull[0, k - 1], hull[1, k - 1], hull[0, k], hull[1, k]
        if (bz - az) * (x - ax) > (z - az) * (bx - ax):
            break
        k -= 1
    return k


@njit(parallel=True)
def _begin(surface, ground, standing, out):
    """Where something stands, and that nothing is known yet: memory is handed out to threads too when it is first written."""
    for i in prange(len(surface)):
        for j in range(surface.shape[1]):
            standing[i, j] = surface[i, j] - ground[i, j] > _BUILT_M
            for band in range(out.shape[2]):
                out[i, j, band] = np.nan


@njit(parallel=True)
def _fan(surface, ground, standing, cell, row, column, by_rows, way, reach, source, receiver, through, fading, out):
    """Rays to one side of the square; writes the cells that they are the nearest of."""
    # neighbours go to one thread, and each thread gets some of every direction: one side of a city may take longer than another
    blocks = (2 * reach + _TOGETHER) // _TOGETHER
    evens = (blocks + 1) // 2
    for n in prange(blocks):
        turn = np.int64(n)
        block = 2 * turn if turn < evens else 2 * (turn - evens) + 1
        for ray in range(block * _TOGETHER, min((block + 1) * _TOGETHER, 2 * reach + 1)):
            _ray(
                surface, ground, standing, cell, row, column, by_rows, way, reach, ray - reach, source, receiver, through, fading,
                out,
            )  # fmt: skip


@njit()
def _ray(surface, ground, standing, cell, row, column, by_rows, way, reach, aside, source, receiver, through, fading, out):
    """One of those rays, that ends so many cells aside."""
    rows, columns = surface.shape
    drift = aside / reach if reach else 0.0
    longer = cell * np.sqrt(1.0 + drift * drift)
    hull = np.empty((3, 4 * reach + 8))
    hull[0, 0], hull[1, 0], hull[2, 0] = 0.0, source[0], 0.0
    count = 1
    share = np.empty(out.shape[2])
    grazed = -1.0, 0.0
    for k in range(1, reach + 1):
        here = drift * k
        side = int(np.floor(here + 0.5))
        i, j = (row + way * k, column + side) if by_rows else (row + side, column + way * k)
        if not (0 <= i < rows and 0 <= j < columns):
            break
        first, last = int(np.floor(here - 0.5 * drift + 0.5)), int(np.floor(here + 0.5 * drift + 0.5))
        border = (max(first, last) - 0.5) / drift if first != last else k + 0.5
        own_first = first == side
        if not own_first:
            a, b = (row + way * k, column + first) if by_rows else (row + first, column + way * k)
            if 0 <= a < rows and 0 <= b < columns:
                edges = longer * (k - 0.5), longer * border
                count, grazed = _pass(hull, count, edges, surface[a, b], standing[a, b], source[0], grazed)
        # is this the ray that comes nearest to the middle of that cell?
        nearest = int(np.floor(side * reach / k + 0.5)) == aside
        if nearest and not np.isnan(surface[i, j]):
            x, z = longer * k, surface[i, j] + receiver
            spread = cell * np.sqrt(float(k * k + side * side))
            at = _tangent(hull, count, x, z)
            _share(hull, at, x, z, ground[i, j], source, grazed, spread, through, fading, share)
            for band in range(len(share)):
                out[i, j, band] = share[band]
        edges = (longer * (k - 0.5), longer * border) if own_first else (longer * border, longer * (k + 0.5))
        count, grazed = _pass(hull, count, edges, surface[i, j], standing[i, j], source[0], grazed)
        if own_first and last != first:
            a, b = (row + way * k, column + last) if by_rows else (row + last, column + way * k)
            if 0 <= a < rows and 0 <= b < columns:
                edges = longer * border, longer * (k + 0.5)
                count, grazed = _pass(hull, count, edges, surface[a, b], standing[a, b], source[0], grazed)


@njit(parallel=True)
def _to_each(surface, ground, standing, cell, source, receivers, through, fading, out):
    for n in prange(len(receivers)):
        _one(surface, ground, standing, cell, source, receivers[n], through, fading, out[n])


@njit()
def _one(surface, ground, standing, cell, source, receiver, through, fading, out):
    """A ray from the source to one place, through every block."""
    rows, columns = surface.shape
    right, down = receiver[0] - source[0], receiver[1] - source[1]
    length = np.sqrt(right * right + down * down)
    c, r = int(np.floor(source[0] + 0.5)), int(np.floor(source[1] + 0.5))
    last_c, last_r = int(np.floor(receiver[0] + 0.5)), int(np.floor(receiver[1] + 0.5))
    base = ground[min(max(r, 0), rows - 1), min(max(c, 0), columns - 1)]
    floor = ground[min(max(last_r, 0), rows - 1), min(max(last_c, 0), columns - 1)]
    hull = np.empty((3, 4 * (rows + columns) + 8))
    hull[0, 0], hull[1, 0], hull[2, 0] = 0.0, source[2], 0.0
    count = 1
    grazed = -1.0, 0.0
    each_c = length / abs(right) if right != 0.0 else np.inf
    each_r = length / abs(down) if down != 0.0 else np.inf
    step_c, step_r = (1 if right > 0.0 else -1), (1 if down > 0.0 else -1)
    next_c = ((c + 0.5 - source[0]) if right > 0.0 else (source[0] - c + 0.5)) * each_c if right != 0.0 else np.inf
    next_r = ((r + 0.5 - source[1]) if down > 0.0 else (source[1] - r + 0.5)) * each_r if down != 0.0 else np.inf
    x = cell * length
    while not (c == last_c and r == last_r):
        near = min(next_c, next_r)
        if near >= length:
            break
        both = abs(next_r - next_c) < 1e-9
        if both or next_c < next_r:
            c += step_c
            next_c += each_c
        if both or next_r <= near:
            r += step_r
            next_r += each_r
        if (c == last_c and r == last_r) or not (0 <= r < rows and 0 <= c < columns):
            continue
        far = min(min(next_c, next_r), length)
        edges = max(cell * near, 1e-6), cell * far
        count, grazed = _over(hull, count, edges, surface[r, c], standing[r, c], source[2], grazed, x, receiver[2])
    at = _tangent(hull, count, x, receiver[2])
    about = float(source[2]), float(base)
    _share(hull, at, x, receiver[2], float(floor), about, grazed, 0.0, through, fading, out)
