"""Triangles of the embedded sample: quay walls, stairs, bridges, water and streets with their meaning."""

from __future__ import annotations

import itertools
import math

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon, box
from shapely.geometry.base import BaseGeometry

from twin.geo.sample_canal import (
    CELLAR_FRONT_M,
    DECK_THICKNESS_M,
    SIDES,
    STAIR_RUN_M,
    STREET_Z,
    Bridge,
    Cellar,
    Stairway,
    patch,
    quay_line,
)
from twin.geo.sample_plan import (
    BED_Z,
    DECK_Z,
    FACADE_M,
    HALF_WATER_M,
    HEIGHT_M,
    PRECISION_M,
    WATER_Z,
    WHARF_Z,
    WIDTH_M,
    Canal,
    Plan,
    clean,
)
from twin.geo.sample_solids import Point2, Solids, flat_triangles, mm
from twin.geo.sample_streets import Surface

BRIDGE_MEANINGS = ("OuterFloorSurface", "WallSurface", "OuterCeilingSurface")
TREADS = 17
COPING_M = 0.35
DRAPE_CELL_M = 12.5


def build_surface(solids: Solids, owner: int, surface: Surface, plan: Plan) -> None:
    """A street: flat where it has a height, else draped over the terrain in pieces."""
    for part in shapely.get_parts(surface.polygon):
        if math.isfinite(surface.z_m):
            solids.flat(owner, "TrafficArea", part, surface.z_m)
        else:
            _drape(solids, owner, part, plan)


def _drape(solids: Solids, owner: int, part: Polygon, plan: Plan) -> None:
    west, south, east, north = (value / DRAPE_CELL_M for value in part.bounds)
    columns, rows = np.meshgrid(np.arange(math.floor(west), east), np.arange(math.floor(south), north))
    x, y = columns.ravel() * DRAPE_CELL_M, rows.ravel() * DRAPE_CELL_M
    cells = shapely.box(x, y, x + DRAPE_CELL_M, y + DRAPE_CELL_M)
    pieces = shapely.get_parts(shapely.intersection(part, cells, grid_size=PRECISION_M))
    for piece in pieces:
        if piece.geom_type != "Polygon" or piece.area < 1e-3:
            continue
        points, triangles = flat_triangles(piece)
        z = plan.height(points[:, 0], points[:, 1])
        corners = [(mm(px), mm(py), mm(pz)) for (px, py), pz in zip(points.tolist(), z.tolist(), strict=True)]
        for i, j, k in triangles.tolist():
            solids.triangle(owner, "TrafficArea", corners[i], corners[j], corners[k])


def build_water(solids: Solids, owner: int, polygon: Polygon) -> None:
    """The surface of the water."""
    solids.flat(owner, "WaterSurface", polygon, WATER_Z)


def build_quay(
    solids: Solids, owner: int, plan: Plan, side: int, stairs: list[Stairway], cellars: list[Cellar]
) -> None:
    """Quay wall between wharf and street with its cellar fronts, and the wall between wharf and water."""
    name = "west" if side < 0 else "east"
    line = quay_line(plan.canal, side, "quay")
    openings = shapely.union_all(
        [stair.polygon.buffer(0.003, join_style="mitre") for stair in stairs if stair.side == side]
    )
    for part in shapely.get_parts(line.difference(openings)):
        _upright(solids, owner, part, WHARF_Z, STREET_Z[name], side)
    _upright(solids, owner, quay_line(plan.canal, side, "water"), BED_Z, WHARF_Z, side)
    for cellar in cellars:
        if cellar.side == side:
            _front(solids, owner, plan, cellar)


def build_coping(
    solids: Solids, owner: int, plan: Plan, side: int, stairs: list[Stairway], bridges: list[Bridge]
) -> None:
    """The stone kerb on top of the quay wall, left out at stairs and bridges."""
    name = "west" if side < 0 else "east"
    taken = [stair.polygon for stair in stairs if stair.side == side]
    taken += [bridge.deck.buffer(0.02, join_style="mitre") for bridge in bridges]
    line = quay_line(plan.canal, side, "quay")
    strip = line.buffer(-side * COPING_M, single_sided=True, join_style="mitre")
    district = box(0.0, 0.0, WIDTH_M, HEIGHT_M)
    for part in shapely.get_parts(clean(strip.intersection(district).difference(shapely.union_all(taken)))):
        solids.slab(owner, part, STREET_Z[name], mm(STREET_Z[name] + 0.14), BRIDGE_MEANINGS)


def build_cellar(solids: Solids, owner: int, plan: Plan, cellar: Cellar) -> None:
    """The room under a barrel vault, closed: a half ellipse on upright walls."""
    canal, y, side = plan.canal, cellar.y, cellar.side
    near, far = cellar_ends(canal, cellar)
    half, crown = cellar.width / 2, mm(cellar.floor_m + cellar.crown_m)
    spring = mm(cellar.floor_m + 0.45 * cellar.crown_m)
    angles = np.linspace(0.0, math.pi, 9)
    arch = [(mm(half * math.cos(a)), mm(spring + (crown - spring) * math.sin(a))) for a in angles]
    ring = [(-half, cellar.floor_m), (half, cellar.floor_m), *arch]
    meanings = ["FloorSurface", "InteriorWallSurface", *["CeilingSurface"] * (len(arch) - 1), "InteriorWallSurface"]
    nx, ny = canal.normal(y)

    def place(s: float, z: float, distance: float) -> tuple[float, float, float]:
        # seen from the canal; left and right change with the side
        x = float(canal.axis_x(y)) + side * distance * nx + side * s * ny
        return mm(x), mm(y + side * distance * ny - side * s * nx), mm(z)

    front = [place(s, z, near) for s, z in ring]
    back = [place(s, z, far) for s, z in ring]
    solids.fan(owner, "InteriorWallSurface", front)
    solids.fan(owner, "InteriorWallSurface", back[::-1])
    for k, meaning in enumerate(meanings):
        after = (k + 1) % len(ring)
        solids.fan(owner, meaning, [front[after], front[k], back[k], back[after]])


def cellar_ends(canal: Canal, cellar: Cellar) -> tuple[float, float]:
    """Distances from the canal's axis at which a cellar begins and ends [m]."""
    return CELLAR_FRONT_M + canal.wharf_edge(cellar.y, cellar.side), FACADE_M - 0.15


def _upright(solids: Solids, owner: int, line: LineString, bottom: float, top: float, side: int) -> None:
    """A wall along a line from south to north that looks towards the canal."""
    points = [(mm(x), mm(y)) for x, y in line.coords]
    if side < 0:
        points.reverse()
    for p, q in itertools.pairwise(points):
        # the canal lies left of the way
        solids.fan(owner, "WallSurface", [(*q, bottom), (*p, bottom), (*p, top), (*q, top)])


def _front(solids: Solids, owner: int, plan: Plan, cellar: Cellar) -> None:
    """An arched door, a hand before the quay wall."""
    canal, side = plan.canal, cellar.side
    nx, ny = canal.normal(cellar.y)
    distance = side * (canal.wharf_edge(cellar.y, side) - 0.06)
    x, y = float(canal.axis_x(cellar.y)) + distance * nx, cellar.y + distance * ny
    half, spring = min(1.5, 0.3 * cellar.width), WHARF_Z + 1.35
    profile = [(-half, WHARF_Z), (half, WHARF_Z)]
    profile += [(half * math.cos(a), spring + 0.75 * math.sin(a)) for a in np.linspace(0, math.pi, 9)]
    # seen from the canal, left and right change with the side
    points = [(mm(x + side * s * -ny), mm(y + side * s * nx), mm(z)) for s, z in profile]
    solids.fan(owner, "Door", points[::-1])


def build_stair(solids: Solids, owner: int, plan: Plan, stair: Stairway) -> None:
    """Treads and risers, and the walls of the cut in the street."""
    canal, side, y = plan.canal, stair.side, stair.y
    edge = canal.wharf_edge(y, side)
    rise = (stair.top_z_m - WHARF_Z) / TREADS
    going = STAIR_RUN_M / TREADS
    for n in range(TREADS):
        low, high = mm(WHARF_Z + n * rise), mm(WHARF_Z + (n + 1) * rise)
        tread = patch(canal, y, stair.width, side * (edge + n * going), side * (edge + (n + 1) * going))
        solids.flat(owner, "OuterFloorSurface", tread, high)
        (a, b) = _cross(canal, y, stair.width, side * (edge + n * going))
        p, q = (b, a) if side > 0 else (a, b)
        solids.fan(owner, "WallSurface", [(*p, low), (*q, low), (*q, high), (*p, high)])
        for along in (0, 1):
            start = _cross(canal, y, stair.width, side * (edge + n * going))[along]
            end = _cross(canal, y, stair.width, side * (edge + (n + 1) * going))[along]
            p, q = (start, end) if (along == 0) == (side > 0) else (end, start)
            if high < stair.top_z_m:
                top = stair.top_z_m
                solids.fan(owner, "WallSurface", [(*q, high), (*p, high), (*p, top), (*q, top)])


def _cross(canal: Canal, y: float, width: float, distance: float) -> tuple[Point2, Point2]:
    """South and north end of a line along the canal at a signed distance from its axis."""
    nx, ny = canal.normal(y)
    x0, y0 = float(canal.axis_x(y)) + distance * nx, y + distance * ny
    half = width / 2
    return (mm(x0 + half * ny), mm(y0 - half * nx)), (mm(x0 - half * ny), mm(y0 + half * nx))


def build_bridge(solids: Solids, owner: int, plan: Plan, bridge: Bridge) -> None:
    """Slab, parapets, and an arch over the water between two piers that leave the wharves free."""
    canal, y, width = plan.canal, bridge.y, bridge.width
    underside = mm(DECK_Z - DECK_THICKNESS_M)
    for part in shapely.get_parts(bridge.deck):
        solids.slab(owner, part, underside, DECK_Z, BRIDGE_MEANINGS)
    for part in shapely.get_parts(clean(bridge.deck.difference(bridge.floor))):
        solids.slab(owner, part, DECK_Z, mm(DECK_Z + 0.95), BRIDGE_MEANINGS)
    _arch(solids, owner, canal, y, width - 0.4, underside)


def _arch(solids: Solids, owner: int, canal: Canal, y: float, width: float, top: float) -> None:
    """A closed arch of brick over the water: its outline along the bridge, drawn out over its width."""
    outer, inner, spring, crown = HALF_WATER_M - 0.15, HALF_WATER_M - 1.1, 1.7, top - 0.3
    angles = np.linspace(math.pi, 0.0, 13)
    soffit = [(inner * math.cos(a), spring + (crown - spring) * math.sin(a)) for a in angles]
    outline = [(-outer, BED_Z), (-inner, BED_Z), *soffit, (inner, BED_Z), (outer, BED_Z), (outer, top), (-outer, top)]
    ring = [(mm(d), mm(z)) for d, z in outline]
    south = {d: _cross(canal, y, width, d)[0] for d, _ in ring}
    north = {d: _cross(canal, y, width, d)[1] for d, _ in ring}
    points, triangles = flat_triangles(Polygon(ring))
    for triangle in triangles:
        corner = [(mm(points[n, 0]), mm(points[n, 1])) for n in triangle]
        a, b, c = ((*south[d], z) for d, z in corner)
        solids.triangle(owner, "WallSurface", a, b, c)
        a, b, c = ((*north[d], z) for d, z in corner)
        solids.triangle(owner, "WallSurface", c, b, a)
    for (d0, z0), (d1, z1) in zip(ring, [*ring[1:], ring[0]], strict=True):
        solids.fan(owner, "WallSurface", [(*south[d1], z1), (*south[d0], z0), (*north[d0], z0), (*north[d1], z1)])


def terrain_heights(plan: Plan, water: BaseGeometry, stairs: list[Stairway], cell: float) -> np.ndarray:
    """Heights on a grid over the district, row 0 north: street, wharf, bed of the canal, stairs.

    Returns
    -------
    (rows, columns) float32
        Height at each cell's centre [m].
    """
    x = (np.arange(round(WIDTH_M / cell)) + 0.5) * cell
    y = HEIGHT_M - (np.arange(round(HEIGHT_M / cell)) + 0.5) * cell
    xx, yy = np.meshgrid(x, y)
    height = plan.height(xx, yy)
    near = np.abs(xx - plan.canal.axis_x(yy)) < 32.0
    px, py = xx[near], yy[near]
    values = height[near]
    canal = plan.canal
    # each lower floor reaches a cell beyond its wall, under the edge of the floor above, so that the slope
    # between cells does not lie in front of the wall
    for name, side in SIDES.items():
        street = Polygon(canal.line(side, "axis") + canal.line(side, "facade")[::-1])
        values[shapely.contains_xy(street, px, py)] = STREET_Z[name]
    for side in SIDES.values():
        floor = Polygon(canal.line(side, "axis") + canal.line(side, "quay")[::-1])
        values[shapely.contains_xy(floor.buffer(cell), px, py)] = WHARF_Z
    for stair in stairs:
        inside = shapely.contains_xy(stair.polygon.buffer(cell), px, py)
        angle = math.radians(stair.up_azimuth_deg)
        up = np.array([math.sin(angle), math.cos(angle)])
        reach = shapely.get_coordinates(stair.polygon) @ up
        # a cell behind the treads, so that it stays below them
        share = (np.column_stack([px, py])[inside] @ up - reach.min() - cell) / (reach.max() - reach.min())
        values[inside] = WHARF_Z + np.clip(share, 0.0, 1.0) * (stair.top_z_m - WHARF_Z)
    values[shapely.contains_xy(water.buffer(cell), px, py)] = BED_Z
    height[near] = values
    return np.round(height, 2).astype(np.float32)
