"""Roofs of buildings as solids: walls up to the eaves, and over them one of the shapes of Simple 3D Buildings.

Two ways cover all shapes. Most are the lower envelope of planes over the footprint (gabled: two planes, hipped: four), whose
seams cut the footprint into faces. The others rise from the footprint's own outline to one point over its middle, in rings
(dome, onion) or at once (pyramidal).

Shapes and their names: OpenStreetMap wiki, "Simple 3D Buildings". Where the shape leaves a measure open, the constants here
say what is taken.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.geo.roof_faces import GRID_M, Solid, loft, raised

SILL_M = 0.01
"""A roof without walls stands on a sill of this height: where eaves and underside fell together, slivers of both along
them would share an edge [m]."""

GAMBREL_BREAK = (1.0 / 3.0, 2.0 / 3.0)
"""Where the two slopes of a gambrel or mansard roof meet: part of the way from eaves to ridge, and part of the height."""

HALF_HIP = 0.5
"""Height of the eaves of a half-hip, as part of the height of the roof."""

SALTBOX_RIDGE = 0.7
"""Place of the ridge of a saltbox across the building, from its longer slope's eaves."""

ROUND_FACETS = 10
"""Planes of a round (barrel) roof: the volume is 1.6 % below that of the half ellipse."""

DOME_RINGS = 8
"""Rings of a dome between eaves and top."""

SNAP_DEG = 15.0
"""A stated direction this near to a wall's is the wall's [deg]."""

ONION = ((1.0, 0.0), (1.12, 0.10), (1.18, 0.22), (1.12, 0.34), (0.92, 0.48), (0.62, 0.60), (0.34, 0.71), (0.15, 0.83), (0.0, 1.0))
"""Profile of an onion dome as (part of the footprint's radius, part of the roof's height); drawn after Bavarian church towers."""

ENVELOPES = frozenset({"gabled", "hipped", "half-hipped", "gambrel", "mansard", "skillion", "round", "saltbox", "pyramidal"})
LOFTS = frozenset({"pyramidal", "cone", "dome", "onion"})
SHAPES = frozenset({"flat"}) | ENVELOPES | LOFTS
"""Shapes that are built; `SAME` has other names for them."""

SAME = {
    "gable": "gabled", "pitched": "gabled", "hip": "hipped", "half_hipped": "half-hipped", "half hipped": "half-hipped",
    "halfhipped": "half-hipped", "lean_to": "skillion", "shed": "skillion", "pyramid": "pyramidal", "conical": "cone",
    "barrel": "round", "terrace": "flat", "side_hipped": "half-hipped",
}  # fmt: skip
"""Other spellings of the shapes."""


class Frame(NamedTuple):
    """Box round a footprint along its ridge.

    Parameters
    ----------
    centre : (2,) float64
        [m].
    along, across : (2,) float64
        Unit vectors, along the ridge and to its left.
    length, width : float
        Extent along and across [m].
    """

    centre: NDArray[np.float64]
    along: NDArray[np.float64]
    across: NDArray[np.float64]
    length: float
    width: float


def main_frame(footprint: BaseGeometry, *, ridge_deg: float | None = None, cross: bool = False) -> Frame:
    """The box of a footprint along its ridge.

    Parameters
    ----------
    footprint : shapely polygon
    ridge_deg : float, optional
        Azimuth of the ridge; it is turned to the nearest side of the footprint's smallest box when it is within 30 degrees
        of one, since mappers round to points of the compass [deg].
    cross : bool
        Ridge along the shorter side (``roof:orientation=across``) where `ridge_deg` is not given.
    """
    corners = shapely.get_coordinates(footprint.minimum_rotated_rectangle)[:-1]
    first, second = corners[1] - corners[0], corners[2] - corners[1]
    if np.hypot(*first) < np.hypot(*second):
        first, second = second, first
    side = first / np.hypot(*first)
    along = np.array([-side[1], side[0]]) if cross else side
    if ridge_deg is not None:
        wanted = np.array([math.sin(math.radians(ridge_deg)), math.cos(math.radians(ridge_deg))])
        near = max((side, np.array([-side[1], side[0]])), key=lambda one: abs(float(one @ wanted)))
        along = near if abs(float(near @ wanted)) >= math.cos(math.radians(30.0)) else wanted
    across = np.array([-along[1], along[0]])
    points = shapely.get_coordinates(footprint)
    a, b = points @ along, points @ across
    centre = along * (a.min() + a.max()) / 2 + across * (b.min() + b.max()) / 2
    return Frame(centre, along, across, float(np.ptp(a)), float(np.ptp(b)))


Plane = tuple[float, float, float]
"""(a, b, c) of the height a * s + b * t + c over the eaves, s along and t across from the centre of a `Frame` [m]."""


def _envelope(shape: str, frame: Frame, height: float, fall: NDArray[np.float64] | None) -> list[Plane]:
    """Planes of which the lowest at each place is the roof, in the coordinates of the frame."""
    half, end = frame.width / 2, frame.length / 2
    slope = height / half
    gable: list[Plane] = [(0.0, -slope, height), (0.0, slope, height)]
    if shape == "gabled":
        return gable
    if shape == "hipped":
        return [*gable, (-slope, 0.0, slope * end), (slope, 0.0, slope * end)]
    if shape == "half-hipped":
        start = height * HALF_HIP + slope * end
        return [*gable, (-slope, 0.0, start), (slope, 0.0, start)]
    if shape in ("gambrel", "mansard"):
        part, rise = GAMBREL_BREAK
        steep, shallow = height * rise / (half * part), height * (1 - rise) / (half * (1 - part))
        planes = [(0.0, -steep, steep * half), (0.0, steep, steep * half), (0.0, -shallow, height), (0.0, shallow, height)]
        if shape == "mansard":
            low = steep * end
            high = height - shallow * half + shallow * end
            planes += [(-steep, 0.0, low), (steep, 0.0, low), (-shallow, 0.0, high), (shallow, 0.0, high)]
        return planes
    if shape == "saltbox":
        ridge = -half + 2 * half * SALTBOX_RIDGE
        long, short = height / (ridge + half), height / (half - ridge)
        return [(0.0, long, long * half), (0.0, -short, short * half)]
    if shape == "round":
        angles = np.pi * np.arange(ROUND_FACETS + 1) / ROUND_FACETS
        t, z = -half * np.cos(angles), height * np.sin(angles)
        rises = np.diff(z) / np.diff(t)
        return [(0.0, float(rise), float(z[n] - rise * t[n])) for n, rise in enumerate(rises)]
    if shape == "pyramidal":
        return [(0.0, -slope, height), (0.0, slope, height), (-height / end, 0.0, height), (height / end, 0.0, height)]
    assert shape == "skillion"
    assert fall is not None
    # reach of the footprint along the fall is given by the length of `fall`
    low, high = float(fall[2]), float(fall[3])
    grade = height / (high - low)
    return [(-grade * float(fall[0]), -grade * float(fall[1]), grade * high)]


def _fall(footprint: BaseGeometry, frame: Frame, direction_deg: float | None) -> NDArray[np.float64]:
    """Direction in which a single slope goes down, in the frame, with the reach of the footprint along it.

    One within `SNAP_DEG` of a side of the frame is that of the side: mappers estimate it, and true north is not grid north.
    """
    if direction_deg is None:
        down = frame.across
    else:
        down = np.array([math.sin(math.radians(direction_deg)), math.cos(math.radians(direction_deg))])
        near = max((frame.along, -frame.along, frame.across, -frame.across), key=lambda one: float(one @ down))
        down = near if float(near @ down) >= math.cos(math.radians(SNAP_DEG)) else down
    reach = (shapely.get_coordinates(footprint) - frame.centre) @ down
    return np.array([down @ frame.along, down @ frame.across, reach.min(), reach.max()])


def roof_span(shape: str, footprint: BaseGeometry, frame: Frame, direction_deg: float | None) -> float:
    """Horizontal distance over which a roof rises from its eaves to its top [m]; for ``roof:angle``."""
    if shape == "skillion":
        fall = _fall(footprint, frame, direction_deg)
        return float(fall[3] - fall[2])
    if shape == "saltbox":
        return frame.width * SALTBOX_RIDGE
    return min(frame.width, frame.length if shape in LOFTS else frame.width) / 2


def solid(
    footprint: BaseGeometry,
    base: float,
    eaves: float,
    top: float,
    shape: str = "flat",
    *,
    frame: Frame | None = None,
    direction_deg: float | None = None,
) -> Solid | None:
    """A closed body on a footprint.

    Parameters
    ----------
    footprint : shapely Polygon
        Valid, holes allowed [m].
    base, eaves, top : float
        Heights of its underside, of the lowest and of the highest edge of the roof; ``base <= eaves <= top`` [m].
    shape : str
        One of `SHAPES`.
    frame : Frame, optional
        Where the ridge runs; by default along the longer side.
    direction_deg : float, optional
        Azimuth towards which a skillion falls; by default across its longer side [deg].

    Returns
    -------
    Solid or None
        None when the shape cannot stand on this footprint: a dome on one with a courtyard, or one whose outline cannot be
        seen from its middle.
    """
    if shapely.get_precision(footprint) != GRID_M:
        footprint = shapely.set_precision(footprint, GRID_M)
    if footprint.geom_type != "Polygon" or footprint.is_empty or top - base < GRID_M:
        return None
    footprint = _without_straight(footprint)
    if shape == "flat" or top - eaves < GRID_M:
        return raised([footprint], lambda points: np.full(len(points), top), base)
    frame = frame or main_frame(footprint)
    if shape in LOFTS:
        lofted = loft(footprint, base, eaves, top, _profile(shape))
        if lofted is not None or shape not in ENVELOPES:
            return lofted
    if min(frame.length, frame.width) < 10 * GRID_M or top - base < 2 * SILL_M:
        return None
    eaves = max(eaves, base + SILL_M)
    fall = _fall(footprint, frame, direction_deg) if shape == "skillion" else None
    planes = np.array(_envelope(shape, frame, top - eaves, fall))
    turned = np.column_stack(
        [planes[:, :1] * frame.along + planes[:, 1:2] * frame.across, planes[:, 2]]
    )

    slack = GRID_M * np.hypot(turned[:, 0], turned[:, 1])

    def height(points: NDArray[np.float64]) -> NDArray[np.float64]:
        each = (points - frame.centre) @ turned[:, :2].T + turned[:, 2]
        over = np.clip(each.min(axis=1), 0.0, top - eaves)
        # Corners were moved to whole millimetres: what misses the ridge by that much lies on it.
        return np.asarray(np.where(over > top - eaves - slack[each.argmin(axis=1)], top, eaves + over))

    cells = _cells(footprint, frame, turned)
    return None if cells is None else raised(cells, height, base)


def _without_straight(footprint: BaseGeometry) -> BaseGeometry:
    """The polygon without corners that lie on the line between their neighbours: cutting into triangles may skip those."""
    rings = []
    fewer = False
    for ring in (footprint.exterior, *footprint.interiors):
        points = shapely.get_coordinates(ring)
        ahead = points[1:] - points[:-1]
        back = np.concatenate([ahead[-1:], ahead[:-1]])
        bent = np.abs(back[:, 0] * ahead[:, 1] - back[:, 1] * ahead[:, 0]) > 0.5 * GRID_M**2
        if not bent.all() and bent.sum() >= 3:
            fewer = True
            points = points[:-1][bent]
        rings.append(points)
    return shapely.Polygon(rings[0], rings[1:]) if fewer else footprint


def _cells(footprint: BaseGeometry, frame: Frame, planes: NDArray[np.float64]) -> list[BaseGeometry] | None:
    """Pieces of the footprint over which one plane is the lowest, with shared corners."""
    if len(planes) == 1:
        return [footprint]
    reach = 2.0 * (frame.length + frame.width)
    seams: list[BaseGeometry] = [footprint.boundary]
    seams += shapely.intersection(_seams(planes, frame.centre, reach), footprint).tolist()
    # A cut through each courtyard leaves no face with a hole: ear clipping would skip corners on straight edges of such a one.
    for hole in footprint.interiors:
        middle = shapely.get_coordinates(hole.centroid)[0]
        seams.append(shapely.LineString([middle - reach * frame.across, middle + reach * frame.across]).intersection(footprint))
    noded = shapely.union_all(seams, grid_size=GRID_M)
    pieces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded).tolist()))
    inside = [cell for cell in pieces if footprint.covers(cell.representative_point())]
    # Snapping may move an edge by less than the grid; a lost or doubled piece shows in the area.
    if abs(sum(cell.area for cell in inside) - footprint.area) > 1e-3 * max(footprint.length, 1.0):
        return None
    return inside


def _seams(planes: NDArray[np.float64], centre: NDArray[np.float64], reach: float) -> NDArray[np.object_]:
    """Where two planes are equal and none is lower: the ridges, hips and breaks of a roof.

    Parameters
    ----------
    planes : (P, 3) float64
        Gradient, and height at `centre`.
    centre : (2,) float64
        [m].
    reach : float
        Half the length of a seam that does not end [m].

    Returns
    -------
    (S,) object
        Line strings [m].
    """
    first, second = np.triu_indices(len(planes), k=1)
    over = planes[first] - planes[second]
    norm = np.hypot(over[:, 0], over[:, 1])
    keep = norm > 1e-12
    first, over, norm = first[keep], over[keep], norm[keep]
    foot = -over[:, :2] * (over[:, 2] / norm**2)[:, None]
    along = np.column_stack([-over[:, 1], over[:, 0]]) / norm[:, None]
    # Along each line every other plane is higher by a + b * t; it must not be lower.
    higher = planes[None, :, :] - planes[first][:, None, :]
    a = np.einsum("spk,sk->sp", higher[:, :, :2], foot) + higher[:, :, 2]
    b = np.einsum("spk,sk->sp", higher[:, :, :2], along)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = -a / b
    low = np.where(b > 1e-12, at, -reach).max(axis=1)
    high = np.where(b < -1e-12, at, reach).min(axis=1)
    never = ((np.abs(b) <= 1e-12) & (a < -1e-9)).any(axis=1)
    good = ~never & (high - low > GRID_M)
    ends = np.stack([foot + low[:, None] * along, foot + high[:, None] * along], axis=1)[good] + centre
    return np.asarray(shapely.linestrings(ends), dtype=object)


def _profile(shape: str) -> list[tuple[float, float]]:
    """Rings from the eaves up: part of the radius, part of the height; the last is the top."""
    if shape == "dome":
        angles = 0.5 * np.pi * np.arange(DOME_RINGS + 1) / DOME_RINGS
        return [(float(np.cos(one)), float(np.sin(one))) for one in angles[:-1]] + [(0.0, 1.0)]
    if shape == "onion":
        return list(ONION)
    return [(1.0, 0.0), (0.0, 1.0)]
