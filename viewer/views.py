"""Where to look from: cameras that keep what matters in sight, and the whole of a city where there are no people to look at."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from viewer import raster
from viewer.scene import MeshLayer, View

ANGLE_DEG = 30.0
NEAREST_M = 3.0
"""A camera comes no nearer to what it looks at [m]."""
HEAD = 0.14
"""Share of half a picture that is kept free above what a view is of."""


def blockers(layers: list[MeshLayer], bounds: tuple[float, float, float, float]) -> tuple[NDArray[np.float32], float, float, float]:
    """Raster of what can stand in the way of a view: heights, west, north, cell."""
    west, south, east, north = bounds
    cell = max(1.0, math.sqrt((east - west) * (north - south) / 1_000_000))
    shape = (max(1, math.ceil((north - south) / cell)), max(1, math.ceil((east - west) / cell)))
    heights = np.full(shape, -np.inf, np.float32)
    for layer in layers:
        if layer.casts_shadow and layer.visible and layer.group != "change":
            raster.top_heights(layer.vertices, layer.triangles, west, north, cell, shape, heights)
    return heights, west, north, cell


def _direction(azimuth_deg: float, altitude_deg: float) -> NDArray[np.float64]:
    azimuth, altitude = math.radians(azimuth_deg), math.radians(altitude_deg)
    flat = math.cos(altitude)
    return np.array([flat * math.sin(azimuth), flat * math.cos(azimuth), math.sin(altitude)])


def fit(
    points: NDArray[np.float64], toward: NDArray[np.float64], angle_deg: float, aspect: float, margin: float, head: float = 0.0
) -> View:
    """Camera in direction `toward` (from the target), just far enough to see the points.

    `head` is what is kept free above them, for a title and names, as a share of half the height of the picture.
    """
    right = np.cross([0.0, 0.0, 1.0], toward)
    right /= np.linalg.norm(right)
    up = np.cross(toward, right)
    tan_half = math.tan(math.radians(angle_deg) / 2)
    tan_side, tan_down, tan_up = tan_half / margin * aspect, tan_half / margin, tan_half * (1 / margin - head)
    points = np.asarray(points, dtype=np.float64)
    target = (points.min(axis=0) + points.max(axis=0)) / 2
    distance = 1.0
    # A few rounds: distance for this target, then recentre on what is seen.
    for _ in range(6):
        rel = points - target
        depth = rel @ toward
        across, height = rel @ right, rel @ up
        distance = max(
            float(np.max(np.abs(across) / tan_side + depth)),
            float(np.max(np.maximum(height / tan_up, -height / tan_down) + depth)),
            NEAREST_M,
        )
        seen_x, seen_y = across / (distance - depth), height / (distance - depth)
        shift_x = (seen_x.min() + seen_x.max()) / 2 * distance
        shift_y = ((seen_y.min() + seen_y.max()) / 2 + (tan_down - tan_up) / 2) * distance
        target = target + shift_x * right + shift_y * up
    eye = target + distance * toward
    return View("", "", tuple(map(float, eye)), tuple(map(float, target)), angle_deg)  # type: ignore[arg-type]


def _inside(points: NDArray[np.float64], box: NDArray[np.float64], height: float = 3.0) -> NDArray[np.float64]:
    """The points within a box in plan, their heads, and the middle parts of the box's sides."""
    (west, south, _), (east, north, _) = box
    near = (points[:, :2] >= box[0, :2] - 1e-6).all(axis=1) & (points[:, :2] <= box[1, :2] + 1e-6).all(axis=1)
    z = float(np.median(points[:, 2]))
    x, y = (west + east) / 2, (south + north) / 2
    frame = np.array([[x - 25, y, z], [x + 25, y, z], [x, y - 25, z], [x, y + 25, z]])
    return np.vstack([points[near], points[near] + np.array([0.0, 0.0, height]), frame])


def standard_views(
    busy: NDArray[np.float64],
    hot: NDArray[np.float64] | None,
    bounds: tuple[float, float, float, float],
    floor: float,
    layers: list[MeshLayer],
    sun_azimuth_deg: float,
    changes: NDArray[np.float64] | None = None,
    added: NDArray[np.float64] | None = None,
) -> tuple[View, ...]:
    """Overview, plan, and a closer look at the busiest place and at what is changed.

    Parameters
    ----------
    busy : (N, 3) float64
        Points of the floor with people; empty when there is no result.
    hot : (3,) float64 or None
        The busiest place.
    bounds : tuple of float
        West, south, east, north of the city, local.
    floor : float
        Height of the ground.
    changes : (N, 3) float64, optional
        Corners of what the scenario changes.
    added : (N, 3) float64, optional
        Corners of new buildings: whole in the overview and the view of the changes.
    """
    grid = blockers(layers, bounds)
    new = np.empty((0, 3)) if added is None else added
    if len(busy):
        focus = _core(busy)
        altitudes = (24.0, 28.0, 33.0, 39.0)
        box = np.vstack([_inside(busy, focus), new, _landmarks(layers, focus, floor)])
        # a new building counts as much as the crowd, however many points each has
        look_at = np.vstack([busy, *[_upper(new)] * max(1, len(busy) // max(1, 2 * len(_upper(new))))])
        overview = _best(box, look_at, grid, altitudes, sun_azimuth_deg, "overview", "Overview", 1.22)
        if len(new):
            focus = np.array([np.minimum(focus[0], new.min(axis=0)), np.maximum(focus[1], new.max(axis=0))])
    else:
        everything = _outermost(layers, bounds, floor)
        focus = np.array([everything.min(axis=0), everything.max(axis=0)])
        overview = _whole(everything, _lattice(bounds, floor), grid)
    views = [overview, _plan(focus)]
    if hot is not None:
        near = np.array([hot + np.array([dx, dy, dz]) for dx in (-20, 20) for dy in (-20, 20) for dz in (0, 4)])
        around = busy[np.linalg.norm(busy[:, :2] - hot[:2], axis=1) < 40] if len(busy) else hot[None]
        around = around if len(around) else hot[None]
        views.append(_best(near, around, grid, (24.0, 31.0, 39.0, 48.0), sun_azimuth_deg, "close", "Busiest place", 1.0))
        views.append(_eye_level(hot, around, grid))
    changed = new if changes is None else np.vstack([changes, new])
    if len(changed):
        low, high = changed.min(axis=0), changed.max(axis=0)
        middle, half = (low + high) / 2, np.maximum((high - low) / 2, [14.0, 14.0, 1.0])
        near = np.array([middle + half * [dx, dy, dz] for dx in (-1, 1) for dy in (-1, 1) for dz in (-1, 1)])
        steep = (26.0, 34.0, 43.0, 52.0, 61.0)
        views.append(_best(near, changed, grid, steep, sun_azimuth_deg, "changes", "Changes", 1.25))
    return tuple(views)


TALL = 1.6
"""A building is a landmark when it is so many times as high as all but the highest twentieth."""
MOST_LANDMARKS = 2


def _landmarks(layers: list[MeshLayer], focus: NDArray[np.float64], floor: float) -> NDArray[np.float64]:
    """Corners of the few buildings beside the crowd that rise far above the rest, (N, 3): cut off, they spoil a picture."""
    layer = next((one for one in layers if one.name == "buildings" and one.visible and one.owner is not None), None)
    if layer is None or not len(layer.triangles):
        return np.empty((0, 3))
    assert layer.owner is not None
    corners = layer.vertices[layer.triangles]
    top = np.full(int(layer.owner.max()) + 1, -np.inf)
    np.maximum.at(top, layer.owner, corners[:, :, 2].max(axis=1))
    high = TALL * (np.quantile(top[np.isfinite(top)], 0.95) - floor) + floor
    found = [np.empty((0, 3))]
    for row in np.argsort(-top)[:MOST_LANDMARKS]:
        points = corners[layer.owner == row].reshape(-1, 3)
        middle = points[:, :2].mean(axis=0) if len(points) else np.full(2, np.inf)
        if top[row] > high and (middle >= focus[0, :2]).all() and (middle <= focus[1, :2]).all():
            found.append(np.unique(points, axis=0))
    return np.concatenate(found)


def _upper(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The points of a building in its upper half: what must not be hidden behind others."""
    return points[points[:, 2] > (points[:, 2].min() + points[:, 2].max()) / 2] if len(points) else points


WHOLE_FROM_DEG = 225.0
"""Direction in which the camera stands that shows a whole city, from north clockwise: south-west, as a map is read."""
SMALLEST_M = 5.0
"""A city without anything on it is taken to reach at least this far on each side of its middle [m]."""


def _outermost(layers: list[MeshLayer], bounds: tuple[float, float, float, float], floor: float) -> NDArray[np.float64]:
    """The points that are farthest out in any direction of all that is drawn; corners of the city where only ground is, (N, 3)."""
    west, south, east, north = bounds
    x, y = (west + east) / 2, (south + north) / 2
    half_x, half_y = max((east - west) / 2, SMALLEST_M), max((north - south) / 2, SMALLEST_M)
    west, south, east, north = x - half_x, y - half_y, x + half_x, y + half_y
    turns = np.radians(np.arange(0, 360, 30))
    tilts = np.array([-0.5, 0.3, 0.9])
    flat = np.column_stack([np.cos(turns), np.sin(turns)])
    toward = np.concatenate([np.column_stack([flat * np.cos(tilt), np.full(len(flat), np.sin(tilt))]) for tilt in tilts])
    toward = np.vstack([toward, [[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]]])
    corners = np.array([[px, py, floor] for px in (west, east) for py in (south, north)])
    found: dict[bool, list[NDArray[np.float64]]] = {True: [corners], False: []}
    for layer in layers:
        if not layer.visible or layer.group == "surroundings":
            continue
        points = layer.vertices[np.unique(layer.triangles)]
        bare = layer.name == "ground"
        if bare:
            # the ground goes on beyond the city
            points = points[(np.abs(points[:, :2] - [x, y]) <= [half_x + 1, half_y + 1]).all(axis=1)]
        if len(points):
            found[bare].append(points[np.unique(np.argmax(points @ toward.T, axis=0))])
    # A single post says nothing of where it stands: show some ground round it, unless it stands in a block of ground.
    posts = not any(layer.name == "section" for layer in layers) and all(
        len(points) < 2 or np.ptp(points[:, :2], axis=0).max() < SMALLEST_M for points in found[False]
    )
    return np.concatenate(found[True] + found[False] if posts else found[False])


def _whole(
    points: NDArray[np.float64], look_at: NDArray[np.float64], grid: tuple[NDArray[np.float32], float, float, float]
) -> View:
    """A camera in the south-west above the city that has all of it in the picture.

    Within 30 degrees it goes where it comes closest, and as high as it takes to see the ground past what stands on it.
    """
    tries = [(altitude, turn) for altitude in (32.0, 38.0, 44.0, 50.0) for turn in (0.0, -15.0, 15.0, -30.0, 30.0)]
    views = [fit(points, _direction(WHOLE_FROM_DEG + turn, altitude), ANGLE_DEG, 1.6, 1.28) for altitude, turn in tries]
    away = np.array([math.dist(view.eye, view.target) for view in views])
    best_score, best = -np.inf, None
    for (altitude, turn), view, close in zip(tries, views, away.min() / away, strict=True):
        seen = float(raster.visible(look_at + np.array([0.0, 0.0, 1.2]), view.eye, *grid).mean())
        score = min(seen, 0.90) + 0.3 * close - 0.010 * (altitude - 32.0) - 0.003 * abs(turn)
        if score > best_score:
            best_score, best = score, view
    assert best is not None
    return View("overview", "Overview", best.eye, best.target, best.angle_deg)


def _core(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The middle 96 % of points, so that one straggler does not decide the view; at least 60 m wide."""
    low, high = np.quantile(points, 0.02, axis=0), np.quantile(points, 0.98, axis=0)
    middle, half = (low + high) / 2, np.maximum((high - low) / 2, [30.0, 30.0, 0.0])
    return np.array([middle - half, middle + half])


def _lattice(bounds: tuple[float, float, float, float], floor: float) -> NDArray[np.float64]:
    west, south, east, north = bounds
    x, y = np.meshgrid(np.linspace(west, east, 14)[1:-1], np.linspace(south, north, 14)[1:-1])
    return np.column_stack([x.ravel(), y.ravel(), np.full(x.size, floor)])


def _best(
    box: NDArray[np.float64],
    look_at: NDArray[np.float64],
    grid: tuple[NDArray[np.float32], float, float, float],
    altitudes: tuple[float, ...],
    sun_azimuth_deg: float,
    name: str,
    label: str,
    margin: float,
) -> View:
    """The low camera that sees most of `look_at`, with the light from the side."""
    tries = [(altitude, float(turn)) for altitude in altitudes for turn in range(0, 360, 15)]
    views = [fit(box, _direction(turn, altitude), ANGLE_DEG, 1.6, margin, HEAD) for altitude, turn in tries]
    away = np.array([math.dist(view.eye, view.target) for view in views])
    best_score, best = -np.inf, None
    for (altitude, turn), view, close in zip(tries, views, away.min() / away, strict=True):
        seen = float(raster.visible(look_at + np.array([0.0, 0.0, 1.2]), view.eye, *grid).mean())
        beside = abs((turn - sun_azimuth_deg + 180) % 360 - 180)
        light = 0.10 * math.exp(-(((beside - 62.0) / 38.0) ** 2))
        score = min(seen, 0.90) + light + 0.15 * close - 0.012 * (altitude - altitudes[0])
        if score > best_score:
            best_score, best = score, view
    assert best is not None
    return View(name, label, best.eye, best.target, best.angle_deg)


EYE_M = 2.4
"""Height of a camera among people: over the heads of those right before it [m]."""


def _eye_level(
    hot: NDArray[np.float64], around: NDArray[np.float64], grid: tuple[NDArray[np.float32], float, float, float]
) -> View:
    """A camera in the street that sees most of the people round the busiest place, from as near as it can."""
    heights, west, north, cell = grid
    best_score, best = -np.inf, hot + np.array([0.0, -12.0, EYE_M])
    for away in (12.0, 17.0, 24.0):
        for turn in range(0, 360, 15):
            eye = hot + np.array([away * math.sin(math.radians(turn)), away * math.cos(math.radians(turn)), EYE_M])
            stands_on = raster.sample(heights, west, north, cell, eye[:1], eye[1:2])[0]
            if np.isnan(stands_on) or stands_on > hot[2] + 0.5:
                continue
            x, y, z = (float(v) for v in eye)
            seen = float(raster.visible(around + np.array([0.0, 0.0, 1.2]), (x, y, z), *grid).mean())
            if seen - 0.01 * away > best_score:
                best_score, best = seen - 0.01 * away, eye
    x, y, z = (float(v) for v in best)
    return View("eye", "Eye level", (x, y, z), (float(hot[0]), float(hot[1]), float(hot[2]) + 1.2), 48.0)


def _plan(focus: NDArray[np.float64], aspect: float = 1.6) -> View:
    low, high = focus.min(axis=0), focus.max(axis=0)
    half = max((high[1] - low[1]) / 2, (high[0] - low[0]) / 2 / aspect) * 1.12
    distance = half / math.tan(math.radians(ANGLE_DEG) / 2)
    x, y, z = (float(v) for v in (low + high) / 2)
    return View("top", "Plan", (x, y, z + float(distance)), (x, y, z), ANGLE_DEG)
