"""Sound that a wall sends back: a path of one reflection from a point to each place, by the image of the source.

CNOSSOS-EU (annex II of Directive 2002/49/EC as amended by 2015/996 and 2021/1226, section 2.5, reflections on vertical obstacles):
a wall sends sound back where the path, laid out straight, meets it below its top. The path bends over what stands between, before
the wall and after it, as `twin.sim.impact.noise` has it; the wall keeps a share of the energy, and less comes back near its upper
edge (retrodiffraction). How high a wall is where the sound meets it is read from the surface right behind it. Walls count whose
nearest point lies within some distance of the source or of the place; one shorter than half a metre sends nothing back.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit, prange
from twin.sim.impact.noise import Air, Place, _fading, _over, _share, _tangent, standing_of

SMALLEST_M = 0.5
"""Walls shorter than this send nothing back (CNOSSOS-EU 2.5)."""

IN_LINE_M = 2.5
"""Walls that look the same way and whose plane is so near to a place are of the facade that it lies before, whosever they are."""

_BIN = 16.0
_CHUNK = 64


class Walls(NamedTuple):
    """Upright walls in the plane of a grid.

    Parameters
    ----------
    ends : (W, 4) float64
        Column and row of either end [cells, the middle of the first cell at (0, 0)].
    normals : (W, 2) float64
        Outward, of length 1; columns and rows.
    owner : (W,) int32
        Number of the building it is of.
    absorption : (W, B) float64
        Share of the energy that it keeps, in each band.
    """

    ends: NDArray[np.float64]
    normals: NDArray[np.float64]
    owner: NDArray[np.int32]
    absorption: NDArray[np.float64]


class Own(NamedTuple):
    """The facade that each place lies before: what it sends back itself does not count, nor what neighbours in line with it do.

    Parameters
    ----------
    owner : (N,) int32
        Number of the building, -1 for none.
    normals : (N, 2) float64
        As those of `Walls`.
    """

    owner: NDArray[np.int32]
    normals: NDArray[np.float64]


class Facing(NamedTuple):
    """What a source sends to each side.

    Parameters
    ----------
    azimuth : float
        That it looks to, from north clockwise [rad].
    behind_db : (B,) float64
        How much weaker it is right behind [dB]; in between it goes with the cosine.
    """

    azimuth: float
    behind_db: NDArray[np.float64]


def reflected_to(
    place: Place, source: tuple[float, float, float], receivers: NDArray[np.float64], through: Air, walls: Walls, near_m: float,
    own: Own | None = None, facing: Facing | None = None,
) -> NDArray[np.float64]:  # fmt: skip
    """Share of the sound of a source that comes to places off one wall.

    Parameters
    ----------
    place : Place
    source : (float, float, float)
        Column and row [cells], and height [m].
    receivers : (N, 3) float64
        Likewise.
    through : Air
    walls : Walls
    near_m : float
        Walls count that are so near to the source or to the place [m].
    own : Own, optional
    facing : Facing, optional

    Returns
    -------
    (N, B) float64
        Of all walls together: it is added to what comes straight.
    """
    bands = len(through.wavelength_m)
    out = np.zeros((len(receivers), bands))
    at = np.ascontiguousarray(receivers, dtype=np.float64)
    long = np.hypot(walls.ends[:, 2] - walls.ends[:, 0], walls.ends[:, 3] - walls.ends[:, 1])
    turned = (source[0] - walls.ends[:, 0]) * walls.normals[:, 0] + (source[1] - walls.ends[:, 1]) * walls.normals[:, 1] > 1e-6
    keep = turned & (long * place.cell >= SMALLEST_M)
    if not keep.any() or not len(at):
        return out
    walls = Walls(walls.ends[keep], walls.normals[keep], walls.owner[keep], walls.absorption[keep])
    near = near_m / place.cell
    by_source = _distance(walls.ends, source[0], source[1]) <= near
    low = at[:, :2].min(axis=0)
    shape = tuple(int(n) + 1 for n in (at[:, :2].max(axis=0) - low) // _BIN)
    others = np.flatnonzero(~by_source).astype(np.int64)
    starts, lists = _bins(walls.ends, others, low[0], low[1], shape[0], shape[1], near)
    first = np.flatnonzero(by_source).astype(np.int64)
    fading = _fading(through, int(2.0 * place.cell * np.hypot(*place.surface.shape)) + int(abs(source[2])) + 10)
    nobody = Own(np.full(len(at), -1, np.int32), np.zeros((len(at), 2))) if own is None else own
    towards = Facing(0.0, np.zeros(bands)) if facing is None else facing
    corner = low[0], low[1], shape[0]
    _gather(
        place.surface, place.ground, standing_of(place), place.cell, source, at, walls, first, starts, lists, corner, near, nobody,
        towards, through, fading, out,
    )  # fmt: skip
    return out


def _distance(ends: NDArray[np.float64], x: float, y: float) -> NDArray[np.float64]:
    """Of a point to each wall, (W,) [cells]."""
    along = ends[:, 2:] - ends[:, :2]
    from_start = np.array([x, y]) - ends[:, :2]
    part = np.clip((from_start * along).sum(axis=1) / np.maximum((along**2).sum(axis=1), 1e-12), 0.0, 1.0)
    return np.asarray(np.hypot(*(from_start - part[:, None] * along).T))


@njit()
def _bins(ends, chosen, west, north, columns, rows, near):
    """Walls by the squares of the plane that they are near to: where the list of each square starts, and the lists."""
    count = np.zeros(columns * rows + 1, np.int64)
    lists = np.empty(0, np.int64)
    for filling in (False, True):
        if filling:
            total = np.int64(0)
            for k in range(len(count)):
                here = count[k]
                count[k] = total
                total += here
            lists = np.empty(total, np.int64)
            at = count.copy()
        for w in chosen:
            left = max(int(np.floor((min(ends[w, 0], ends[w, 2]) - near - west) / _BIN)), 0)
            right = min(int(np.floor((max(ends[w, 0], ends[w, 2]) + near - west) / _BIN)), columns - 1)
            top = max(int(np.floor((min(ends[w, 1], ends[w, 3]) - near - north) / _BIN)), 0)
            bottom = min(int(np.floor((max(ends[w, 1], ends[w, 3]) + near - north) / _BIN)), rows - 1)
            for r in range(top, bottom + 1):
                for c in range(left, right + 1):
                    k = r * columns + c
                    if filling:
                        lists[at[k]] = w
                        at[k] += 1
                    else:
                        count[k] += 1
    return count, lists


@njit(parallel=True)
def _gather(
    surface, ground, standing, cell, source, receivers, walls, first, starts, lists, corner, near, own, facing, through, fading, out
):
    rows, columns = surface.shape
    chunks = (len(receivers) + _CHUNK - 1) // _CHUNK
    for chunk in prange(chunks):
        begin = np.int64(chunk) * _CHUNK
        hull, beyond = np.empty((3, 8 * (rows + columns) + 16)), np.empty((3, 4 * (rows + columns) + 8))
        share = np.empty(out.shape[1])
        for n in range(begin, min(begin + _CHUNK, np.int64(len(receivers)))):
            square = int((receivers[n, 1] - corner[1]) // _BIN) * corner[2] + int((receivers[n, 0] - corner[0]) // _BIN)
            for k in range(len(first)):
                _off_wall(
                    surface, ground, standing, cell, source, receivers[n], walls, first[k], own.owner[n], own.normals[n], facing,
                    through, fading, hull, beyond, share, out[n],
                )  # fmt: skip
            for k in range(starts[square], starts[square + 1]):
                if _beyond(walls.ends[lists[k]], receivers[n], near):
                    continue
                _off_wall(
                    surface, ground, standing, cell, source, receivers[n], walls, lists[k], own.owner[n], own.normals[n], facing,
                    through, fading, hull, beyond, share, out[n],
                )  # fmt: skip


@njit(inline="always")
def _beyond(wall, at, near):
    """Whether all of a wall is further from a place than that."""
    right, down = wall[2] - wall[0], wall[3] - wall[1]
    across, along = at[0] - wall[0], at[1] - wall[1]
    part = min(max((across * right + along * down) / max(right * right + down * down, 1e-12), 0.0), 1.0)
    return (across - part * right) ** 2 + (along - part * down) ** 2 > near * near


@njit()
def _off_wall(
    surface, ground, standing, cell, source, receiver, walls, w, own, own_normal, facing, through, fading, hull, beyond, share, out
):
    """Adds what comes to one place off one wall."""
    ax, ay, nx, ny = walls.ends[w, 0], walls.ends[w, 1], walls.normals[w, 0], walls.normals[w, 1]
    before_r = (receiver[0] - ax) * nx + (receiver[1] - ay) * ny
    if before_r <= 1e-6:
        return
    before_s = (source[0] - ax) * nx + (source[1] - ay) * ny
    ux, uy = walls.ends[w, 2] - ax, walls.ends[w, 3] - ay
    long = np.sqrt(ux * ux + uy * uy)
    ux, uy = ux / long, uy / long
    along_s = (source[0] - ax) * ux + (source[1] - ay) * uy
    along_r = (receiver[0] - ax) * ux + (receiver[1] - ay) * uy
    along = (along_s * before_r + along_r * before_s) / (before_s + before_r)
    if along < 0.0 or along > long:
        return
    if own >= 0 and nx * own_normal[0] + ny * own_normal[1] > 0.9 and (walls.owner[w] == own or before_r * cell <= IN_LINE_M):
        return
    px, py = ax + along * ux, ay + along * uy
    there = np.sqrt((along - along_s) ** 2 + before_s**2)
    back = np.sqrt((along - along_r) ** 2 + before_r**2)
    top = _behind(surface, px, py, nx, ny)
    level = source[2] + (receiver[2] - source[2]) * there / (there + back)
    if not level < top:  # also where nothing is known
        return
    rows, columns = surface.shape
    s_cell = int(np.floor(source[0] + 0.5)), int(np.floor(source[1] + 0.5))
    r_cell = int(np.floor(receiver[0] + 0.5)), int(np.floor(receiver[1] + 0.5))
    base = ground[min(max(s_cell[1], 0), rows - 1), min(max(s_cell[0], 0), columns - 1)]
    floor = ground[min(max(r_cell[1], 0), rows - 1), min(max(r_cell[0], 0), columns - 1)]
    plane = ax, ay, nx, ny
    hull[0, 0], hull[1, 0], hull[2, 0] = 0.0, source[2], 0.0
    grazed = -1.0, 0.0
    way, x, z = cell * there, cell * (there + back), receiver[2]
    count, _, grazed = _walk(
        surface, standing, cell, source[0], source[1], px, py, 0.0, s_cell, r_cell, plane, source[2], x, z, grazed, hull, 1,
        beyond, 0,
    )
    k = _tangent(hull, count, way, top)
    over = hull[2, k] + np.sqrt((way - hull[0, k]) ** 2 + (top - hull[1, k]) ** 2)
    beyond[0, 0], beyond[1, 0], beyond[2, 0] = way, top, 0.0
    count, after, grazed = _walk(
        surface, standing, cell, px, py, receiver[0], receiver[1], way, s_cell, r_cell, plane, source[2], x, z, grazed, hull,
        count, beyond, 1,
    )
    last = _tangent(hull, count, x, z)
    # where the string meets the wall it must be below its top
    right_x, right_z = x, z
    k = last
    while k > 0 and hull[0, k] > way:
        right_x, right_z = hull[0, k], hull[1, k]
        k -= 1
    met = hull[1, k] + (right_z - hull[1, k]) * (way - hull[0, k]) / max(right_x - hull[0, k], 1e-9)
    if met >= top:
        return
    string = hull[2, last] + np.sqrt((x - hull[0, last]) ** 2 + (z - hull[1, last]) ** 2)
    k = _tangent(beyond, after, x, z)
    over += beyond[2, k] + np.sqrt((x - beyond[0, k]) ** 2 + (z - beyond[1, k]) ** 2)
    missed = min(string - over, 0.0)
    about = float(source[2]), float(base)
    _share(hull, last, x, z, float(floor), about, grazed, 0.0, through, fading, share)
    part = 0.5 * (1.0 - np.cos(np.arctan2(px - source[0], source[1] - py) - facing.azimuth))
    for b in range(len(out)):
        gain = 1.0 - walls.absorption[w, b]
        edge = 40.0 / through.wavelength_m[b] * missed
        if edge >= -2.0:
            gain /= 3.0 + edge
        if facing.behind_db[b] != 0.0:
            gain *= 10.0 ** (-0.1 * facing.behind_db[b] * part)
        out[b] += gain * share[b]


@njit(inline="always")
def _behind(surface, x, y, nx, ny):
    """Height of what stands right behind a place on a wall; NaN where nothing is known."""
    rows, columns = surface.shape
    found = np.nan
    for deep in (0.5, 1.0):
        c, r = int(np.floor(x - deep * nx + 0.5)), int(np.floor(y - deep * ny + 0.5))
        if 0 <= r < rows and 0 <= c < columns and not found >= surface[r, c]:
            found = float(surface[r, c])
    return found


@njit()
def _walk(
    surface, standing, cell, x0, y0, x1, y1, offset, s_cell, r_cell, plane, top, x, z, grazed, hull, count, beyond, after
):
    """Puts the blocks of a leg on the hull, and on that beyond the wall where `after` is not 0.

    The blocks of source and place are not in the way, nor those whose middle lies behind the wall: they are the wall's own.
    """
    rows, columns = surface.shape
    right, down = x1 - x0, y1 - y0
    length = np.sqrt(right * right + down * down)
    c, r = int(np.floor(x0 + 0.5)), int(np.floor(y0 + 0.5))
    each_c = length / abs(right) if right != 0.0 else np.inf
    each_r = length / abs(down) if down != 0.0 else np.inf
    step_c, step_r = (1 if right > 0.0 else -1), (1 if down > 0.0 else -1)
    next_c = ((c + 0.5 - x0) if right > 0.0 else (x0 - c + 0.5)) * each_c if right != 0.0 else np.inf
    next_r = ((r + 0.5 - y0) if down > 0.0 else (y0 - r + 0.5)) * each_r if down != 0.0 else np.inf
    near = 0.0
    while near < length - 1e-9:
        far = min(min(next_c, next_r), length)
        ends = (c == s_cell[0] and r == s_cell[1]) or (c == r_cell[0] and r == r_cell[1])
        behind = (c - plane[0]) * plane[2] + (r - plane[1]) * plane[3] < 0.0
        if far > near and not ends and not behind and 0 <= r < rows and 0 <= c < columns:
            edges = max(offset + cell * near, 1e-6), offset + cell * far
            count, grazed = _over(hull, count, edges, surface[r, c], standing[r, c], top, grazed, x, z)
            if after:
                after, _ = _over(beyond, after, edges, surface[r, c], False, top, (-1.0, 0.0), x, z)
        both = abs(next_r - next_c) < 1e-9
        if both or next_c < next_r:
            c += step_c
            next_c += each_c
            if both:
                r += step_r
                next_r += each_r
        else:
            r += step_r
            next_r += each_r
        near = far
    return count, after, grazed


@njit()
def exposed(surface, ends, normals):
    """Which walls stand out somewhere: what is right before them is lower than what is right behind, (W,)."""
    out = np.zeros(len(ends), np.bool_)
    rows, columns = surface.shape
    for w in range(len(ends)):
        ux, uy = ends[w, 2] - ends[w, 0], ends[w, 3] - ends[w, 1]
        pieces = max(int(np.ceil(np.sqrt(ux * ux + uy * uy))), 1)
        for k in range(pieces):
            part = (k + 0.5) / pieces
            x, y = ends[w, 0] + part * ux, ends[w, 1] + part * uy
            c, r = int(np.floor(x + normals[w, 0] + 0.5)), int(np.floor(y + normals[w, 1] + 0.5))
            if 0 <= r < rows and 0 <= c < columns and _behind(surface, x, y, normals[w, 0], normals[w, 1]) > surface[r, c] + 0.1:
                out[w] = True
                break
    return out
