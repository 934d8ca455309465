"""The layer of buildings: their own triangles, or blocks over their footprints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.geo.mesh import SEMANTICS
from viewer import shapes, style
from viewer.ground import Ground, local
from viewer.own_meshes import roots_of
from viewer.scene import MeshLayer
from viewer.tables import attributes_of, number

if TYPE_CHECKING:
    from twin.geo.city import City
    from twin.geo.mesh import TriangleMesh

ROOF, WALL, BOTTOM = SEMANTICS["RoofSurface"], SEMANTICS["WallSurface"], SEMANTICS["GroundSurface"]


def buildings_layer(city: City, drawn: set[str], ground: Ground, marked: set[str]) -> MeshLayer | None:
    """Buildings: their own triangles by what each surface is, else a block over the footprint.

    `marked` holds the ids of buildings that a scenario added; they are drawn in a colour of their own.
    """
    builder = shapes.MeshBuilder()
    frame = city.buildings
    table = attributes_of(frame)
    row_of = {key: row for row, key in enumerate(table["id"])}
    if len(city.surfaces):
        _add_own(city, builder, table, row_of, marked)
    _add_blocks(city, builder, drawn, ground, marked)
    if not len(builder):
        return None
    vertices, faces, colours, owner = builder.arrays()
    return MeshLayer("buildings", "Buildings", vertices, faces, colours, owner, table, "buildings", edges=True, casts_shadow=True)


def _add_own(
    city: City, builder: shapes.MeshBuilder, table: dict[str, list[object]], row_of: dict[str, int], marked: set[str]
) -> None:
    mine = (city.objects["layer"] == "buildings").to_numpy()
    mesh = city.surfaces.select(mine[city.surfaces.owner])
    if not len(mesh):
        return
    roots = roots_of(city)
    used = np.unique(mesh.owner)
    row = np.full(len(roots), -1, np.int32)
    for index in used:
        root = roots[index]
        if root not in row_of:
            row_of[root] = len(table["id"])
            for name, column in table.items():
                column.append(root if name == "id" else None)
        row[index] = row_of[root]
    owner = row[mesh.owner]
    seed = style.seeds(table["id"])[owner]
    normal_z = mesh.normals()[:, 2]
    wall = (mesh.semantic == WALL) | ((mesh.semantic != ROOF) & (np.abs(normal_z) < 0.35))
    hidden = ((mesh.semantic == BOTTOM) | (mesh.semantic == 0)) & (normal_z < -0.6)
    colours = building_colours(seed, wall, normal_z)
    _paint(city, mesh, owner, table, colours)
    changed = np.isin(owner, [row_of[key] for key in marked if key in row_of])
    colours[changed] = style.varied(np.broadcast_to(np.array(style.CHANGED_BUILDING), (changed.sum(), 3)), seed[changed])
    keep = ~hidden
    builder.add(mesh.vertices, mesh.triangles[keep], colours[keep], owner[keep])


def _paint(
    city: City, mesh: TriangleMesh, owner: NDArray[np.int32], table: dict[str, list[object]], colours: NDArray[np.uint8]
) -> None:
    """Give triangles the colours that their source states, where these say more than what a surface is.

    Many city files colour all roofs alike and all walls alike: then the style of the house is better to look at. A building that
    was placed from a file of its own keeps what its designer chose, and one whose attributes state a colour has that.
    """
    if mesh.colour is None:
        return
    stated = mesh.colour[:, 3] > 0
    sources = table.get("height_source", [None] * len(table["id"]))
    stated_by = _coloured(city)
    rows = zip(table["id"], sources, strict=True)
    own = [key in stated_by or (isinstance(one, str) and one.startswith("model:")) for key, one in rows]
    placed = np.array(own, dtype=bool)[owner]
    telling = False
    for code in np.unique(mesh.semantic[stated & ~placed]):
        telling |= len(np.unique(mesh.colour[stated & ~placed & (mesh.semantic == code), :3], axis=0)) > 1
    use = stated & (placed | telling)
    colours[use] = mesh.colour[use, :3]


def _coloured(city: City) -> set[object]:
    """Ids of buildings that state a colour in their attributes or in those of a part, as in OpenStreetMap."""
    found: set[object] = set()
    roots = dict(zip(city.objects.index, roots_of(city), strict=True))
    for frame in (city.buildings, city.parts):
        for name in frame.columns:
            if str(name).endswith((":colour", ":color")):
                found.update(roots.get(key, key) for key in frame.index[frame[name].notna()])
    return found


def building_colours(seed: NDArray[np.uint32], wall: NDArray[np.bool_], normal_z: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Colours of walls, flat and pitched roofs, (T, 3) uint8."""
    flat = np.abs(normal_z) > 0.97
    colours = style.pick(style.ROOFS_PITCHED, seed // 7)
    colours[flat] = style.pick(style.ROOFS_FLAT, seed[flat] // 5)
    colours[wall] = style.pick(style.WALLS, seed[wall])
    return colours


def _add_blocks(city: City, builder: shapes.MeshBuilder, drawn: set[str], ground: Ground, marked: set[str]) -> None:
    frame = city.buildings
    if not len(frame) or "height_m" not in frame:
        return
    outlines = local(frame.geometry.values, city)
    for index, (outline, (object_id, row)) in enumerate(zip(outlines, frame.iterrows(), strict=True)):
        height = number(row, "height_m")
        if str(object_id) in drawn or outline is None or outline.is_empty or not height > 0:
            continue
        foot = number(row, "ground_m") - city.origin[2]
        if not np.isfinite(foot):
            foot = float(ground.at(shapely.get_coordinates(outline.centroid))[0])
        seed = style.seeds([object_id])
        wall, roof = style.pick(style.WALLS, seed)[0], style.pick(style.ROOFS_FLAT, seed)[0]
        if str(object_id) in marked:
            wall = roof = np.array(style.CHANGED_BUILDING, np.uint8)
        for part in shapes.polygons(outline):
            builder.add(*shapes.sides(part, foot - 0.3, foot + height), wall, index)
            builder.add(*shapes.plate(part, foot + height), roof, index)
