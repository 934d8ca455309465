"""Layers of things that stand on the floor: buildings, other meshes of the city, trees, lamps, cellars, pits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.geo.mesh import SEMANTICS
from viewer import shapes, style
from viewer.floor import attributes_of, number
from viewer.ground import Ground, local
from viewer.scene import MeshLayer

if TYPE_CHECKING:
    from twin.geo.city import City
    from twin.geo.mesh import TriangleMesh

ROOF, WALL, BOTTOM = SEMANTICS["RoofSurface"], SEMANTICS["WallSurface"], SEMANTICS["GroundSurface"]
TERRAIN_TYPES = ("TINRelief", "ReliefFeature")


def roots_of(city: City) -> list[str]:
    """For each row of `City.objects` the id of the object it is a part of."""
    parent = dict(zip(city.objects.index.astype(str), city.objects["parent"].astype(str), strict=True))
    roots = []
    for key in parent:
        seen = {key}
        root = key
        while parent.get(root) and parent[root] in parent and parent[root] not in seen:
            root = parent[root]
            seen.add(root)
        roots.append(root)
    return roots


def objects_with_mesh(city: City) -> set[str]:
    """Ids of objects that have triangles, or whose parts have."""
    if not len(city.surfaces):
        return set()
    rows = np.unique(city.surfaces.owner)
    roots = roots_of(city)
    return {str(city.objects.index[row]) for row in rows} | {roots[row] for row in rows}


def has_terrain_mesh(city: City) -> bool:
    """Whether the city's own triangles hold a terrain."""
    return bool(len(city.surfaces)) and bool(city.objects["type"].isin(TERRAIN_TYPES).to_numpy()[city.surfaces.owner].any())


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
    was placed from a file of its own keeps what its designer chose.
    """
    if mesh.colour is None:
        return
    stated = mesh.colour[:, 3] > 0
    sources = table.get("height_source", [None] * len(table["id"]))
    placed = np.array([isinstance(one, str) and one.startswith("model:") for one in sources], dtype=bool)[owner]
    telling = False
    for code in np.unique(mesh.semantic[stated & ~placed]):
        telling |= len(np.unique(mesh.colour[stated & ~placed & (mesh.semantic == code), :3], axis=0)) > 1
    use = stated & (placed | telling)
    colours[use] = mesh.colour[use, :3]


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


_OTHER = {
    "bridges": ("bridges", "bridges", style.SURFACES["bridge"]),
    "roads": ("roads_mesh", "street", style.SURFACES["street"]),
    "water": ("water_mesh", "water", style.WATER),
    "green": ("green_mesh", "green", style.SURFACES["green"]),
    "trees": ("trees_mesh", "green", style.TREE_CROWNS[0]),
    "landuse": ("landuse_mesh", "ground", style.GROUND),
    "tunnels": ("tunnels_mesh", "underground", style.QUAY_WALL),
    "furniture": ("furniture_mesh", "furniture", style.LAMP),
    "stairs": ("stairs_mesh", "street", style.SURFACES["stairs"]),
    "cellars": ("cellars_mesh", "underground", style.CELLAR),
    "utilities": ("utilities_mesh", "underground", style.LAMP),
    "other": ("other_mesh", "buildings", style.WALLS[2]),
}


_FLOORS = ("roads", "green", "landuse")
_LABELS = {
    "landuse": "Ground", "other": "Walls and other structures", "roads": "Streets", "furniture": "Furniture of the source",
    "utilities": "Mains",
}  # fmt: skip


def other_meshes(city: City, holes: Sequence[BaseGeometry] = ()) -> list[MeshLayer]:
    """Layers for the city's own triangles that are not buildings: bridges, water, terrain, ...

    `holes` (local) are taken out of what lies on the ground.
    """
    hole = shapely.union_all(list(holes)) if holes else None
    out: list[MeshLayer] = []
    if not len(city.surfaces):
        return out
    layer_of = city.objects["layer"].to_numpy()[city.surfaces.owner]
    terrain = city.objects["type"].isin(TERRAIN_TYPES).to_numpy()[city.surfaces.owner]
    ids = [str(key) for key in city.objects.index]
    chosen = [("landuse", "terrain_mesh", "Terrain", "ground", style.GROUND, terrain)]
    for layer, (name, group, colour) in _OTHER.items():
        chosen.append((layer, name, _LABELS.get(layer, layer.capitalize()), group, colour, (layer_of == layer) & ~terrain))
    for layer, name, label, group, colour, keep in chosen:
        if not keep.any():
            continue
        mesh = city.surfaces.select(keep)
        used, owner = np.unique(mesh.owner, return_inverse=True)
        base = np.broadcast_to(np.array(colour, np.uint8), (len(mesh), 3))
        colours = base.copy() if group in ("ground", "water") else style.varied(base, style.seeds([ids[k] for k in used])[owner])
        if layer == "roads":
            colours = _by_surface(city, [ids[k] for k in used])[owner]
        elif layer == "utilities":
            colours = _by_main(city, [ids[k] for k in used])[owner]
        elif layer == "other":
            colours = _by_type(city, used)[owner]
        solid = group in ("bridges", "buildings", "furniture") or name in ("trees_mesh", "stairs_mesh")
        attributes = {"id": [ids[k] for k in used], "type": [str(city.objects["type"].iloc[k]) for k in used]}
        if layer == "roads" and "surface" in city.roads:
            stated = {str(key): str(value) for key, value in city.roads["surface"].items()}
            attributes["surface"] = [stated.get(ids[k], "street") for k in used]
        vertices, triangles = mesh.vertices, mesh.triangles
        if hole is not None and layer in _FLOORS:
            vertices, triangles, source = shapes.cut(vertices, triangles, hole)
            colours, owner = colours[source], owner[source]
        out.append(
            MeshLayer(
                name,
                label,
                vertices,
                triangles,
                colours,
                owner.astype(np.int32),
                dict(attributes),
                group,
                edges=solid,
                casts_shadow=solid,
                visible=group != "underground",
            )
        )
    return out


def _by_surface(city: City, ids: list[str]) -> NDArray[np.uint8]:
    """Colour of each road by what it is, (N, 3) uint8."""
    kinds = city.roads["surface"].astype(str).to_dict() if "surface" in city.roads else {}
    kinds = {str(key): value for key, value in kinds.items()}
    return np.array([style.surface_colour(kinds.get(key, "street")) for key in ids], dtype=np.uint8).reshape(-1, 3)


def _by_main(city: City, ids: list[str]) -> NDArray[np.uint8]:
    """Colour of each main by what runs in it, (N, 3) uint8."""
    kinds = city.utilities["kind"].astype(str).str.lower().to_dict() if "kind" in city.utilities else {}
    kinds = {str(key): value for key, value in kinds.items()}
    return np.array([_MAINS.get(kinds.get(key, ""), style.LAMP) for key in ids], dtype=np.uint8).reshape(-1, 3)


def _by_type(city: City, rows: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Colour of constructions that are not buildings: masonry; fences and the like darker."""
    colours = np.broadcast_to(np.array(style.QUAY_WALL, np.uint8), (len(rows), 3))
    return style.varied(colours, style.seeds(city.objects.index[rows]), 0.04)


def trees_layer(city: City, drawn: set[str], ground: Ground) -> MeshLayer | None:
    """Trees as a trunk and a crown of few faces."""
    frame = city.trees[~city.trees.index.astype(str).isin(drawn)]
    frame = frame[frame.geometry.geom_type == "Point"] if len(frame) else frame
    if not len(frame):
        return None
    xy = shapely.get_coordinates(local(frame.geometry.values, city))
    height = _column(frame, "height_m", 9.0)
    diameter = _column(frame, "crown_diameter_m", np.nan)
    diameter = np.where(np.isfinite(diameter), diameter, 0.55 * height)
    base = _column(frame, "crown_base_m", np.nan)
    base = np.clip(np.where(np.isfinite(base), base, 0.3 * height), 0.1 * height, 0.8 * height)
    foot = _column(frame, "z_m", np.nan) - city.origin[2]
    foot = np.where(np.isfinite(foot), foot, ground.at(xy))
    seed = style.seeds(frame.index)
    trunks, crowns = shapes.tree_shapes(np.column_stack([xy, foot]), height, base, diameter, seed)
    builder = shapes.MeshBuilder()
    rows = np.arange(len(frame), dtype=np.int32)
    builder.add(*trunks, style.TRUNK, np.repeat(rows, len(trunks[1]) // len(rows)))
    per_crown = len(crowns[1]) // len(rows)
    builder.add(*crowns, np.repeat(style.pick(style.TREE_CROWNS, seed), per_crown, axis=0), np.repeat(rows, per_crown))
    vertices, faces, colours, owner = builder.arrays()
    return MeshLayer("trees", "Trees", vertices, faces, colours, owner, attributes_of(frame), "green", casts_shadow=True)


def furniture_layer(city: City, drawn: set[str], ground: Ground) -> MeshLayer | None:
    """Street lamps as poles, benches as low blocks, anything else as a bollard."""
    frame = city.furniture[~city.furniture.index.astype(str).isin(drawn)]
    frame = frame[frame.geometry.geom_type == "Point"] if len(frame) else frame
    if not len(frame):
        return None
    xy = shapely.get_coordinates(local(frame.geometry.values, city))
    foot = _column(frame, "z_m", np.nan) - city.origin[2]
    foot = np.where(np.isfinite(foot), foot, ground.at(xy))
    kinds = frame["kind"].astype(str).str.lower().to_numpy() if "kind" in frame else np.full(len(frame), "lamp")
    lamp = np.array(["lamp" in kind or "light" in kind for kind in kinds])
    bench = kinds == "bench"
    height = _column(frame, "height_m", np.nan)
    height = np.where(np.isfinite(height), height, np.where(lamp, 4.5, np.where(bench, 0.5, 1.0)))
    width = np.where(lamp, 1.0, np.where(bench, 3.0, 1.0))
    builder = shapes.MeshBuilder()
    for mine, shape in ((lamp, shapes.lamp_shape()), (~lamp, shapes.tube(0.25, 0.0, 1.0, 8))):
        if mine.any():
            scale = np.column_stack([width[mine], width[mine], height[mine]])
            rows = np.flatnonzero(mine).astype(np.int32)
            builder.add(
                *shapes.placed(*shape, np.column_stack([xy, foot])[mine], scale),
                style.LAMP,
                np.repeat(rows, len(shape[1])),
            )
    vertices, faces, colours, owner = builder.arrays()
    return MeshLayer(
        "furniture",
        "Street furniture",
        vertices,
        faces,
        colours,
        owner,
        attributes_of(frame),
        "furniture",
        casts_shadow=True,
    )


def cellars_layer(city: City, drawn: set[str]) -> MeshLayer | None:
    """Cellars as closed vault spaces; under the ground, so hidden to begin with."""
    frame = city.cellars
    builder = shapes.MeshBuilder()
    outlines = local(frame.geometry.values, city) if len(frame) else []
    for index, (outline, (object_id, row)) in enumerate(zip(outlines, frame.iterrows(), strict=True)):
        floor, crown = number(row, "floor_m") - city.origin[2], number(row, "crown_m")
        if str(object_id) in drawn or not np.isfinite(floor) or not crown > 0:
            continue
        colour = style.varied(np.array([style.CELLAR], np.uint8), style.seeds([object_id]))[0]
        builder.add(*shapes.prism(outline, floor, floor + crown), colour, index)
    if not len(builder):
        return None
    vertices, faces, colours, owner = builder.arrays()
    attributes = attributes_of(frame)
    return MeshLayer("cellars", "Cellars", vertices, faces, colours, owner, attributes, "underground", edges=True, visible=False)


_MAINS = {"sewer": (140, 120, 104), "water": (58, 110, 170), "gas": (206, 172, 60), "heat": (186, 74, 60)}


def mains_layer(city: City, drawn: set[str], ground: Ground) -> MeshLayer | None:
    """Mains at their depth of cover, 1 m where it is not known; below ground, so hidden to begin with."""
    frame = city.utilities[~city.utilities.index.astype(str).isin(drawn)]
    builder = shapes.MeshBuilder()
    outlines = local(frame.geometry.values, city) if len(frame) else []
    for index, (shape, (_, row)) in enumerate(zip(outlines, frame.iterrows(), strict=True)):
        diameter, cover = number(row, "diameter_m"), number(row, "cover_m")
        depth = cover if np.isfinite(cover) else 1.0
        width = max(0.2, diameter) if np.isfinite(diameter) else 0.3
        colour = _MAINS.get(str(row.get("kind", "")).lower(), style.LAMP)
        for line in _lines(shape):
            course = _on_ground(line, ground, -depth - width / 2)
            builder.add(*shapes.beams(course[:-1], course[1:], width), colour, index)
    if not len(builder):
        return None
    vertices, faces, colours, owner = builder.arrays()
    attributes = attributes_of(frame)
    return MeshLayer("utilities", "Mains", vertices, faces, colours, owner, attributes, "underground", visible=False)


def planned_pits_layer(city: City, ground: Ground, dug: Sequence[BaseGeometry]) -> MeshLayer | None:
    """Outlines of planned pits that are not dug in this scene; hidden to begin with."""
    frame = city.pits
    builder = shapes.MeshBuilder()
    open_pits = shapely.union_all(list(dug)) if dug else shapely.Polygon()
    outlines = local(frame.geometry.values, city) if len(frame) else []
    for index, shape in enumerate(outlines):
        if shape is None or shape.is_empty or shape.intersects(open_pits):
            continue
        for part in shapes.polygons(shape):
            course = _on_ground(part.exterior, ground, 0.1)
            builder.add(*shapes.beams(course[:-1], course[1:], 0.3), style.FENCE, index)
    if not len(builder):
        return None
    vertices, faces, colours, owner = builder.arrays()
    attributes = attributes_of(frame)
    return MeshLayer("pits", "Planned pits (outline)", vertices, faces, colours, owner, attributes, "change", visible=False)


def _lines(shape: BaseGeometry | None) -> list[BaseGeometry]:
    if shape is None or shape.is_empty:
        return []
    return [part for part in shapely.get_parts(shape) if part.geom_type == "LineString"]


def _on_ground(line: BaseGeometry, ground: Ground, lift: float) -> NDArray[np.float64]:
    xy = shapely.get_coordinates(shapely.segmentize(line, 5.0))
    return np.column_stack([xy, ground.at(xy) + lift])


def _column(frame: object, name: str, default: float) -> NDArray[np.float64]:
    if name not in frame:  # type: ignore[operator]
        return np.full(len(frame), default)  # type: ignore[arg-type]
    values = np.asarray(frame[name], dtype=np.float64)  # type: ignore[index]
    return np.where(np.isfinite(values), values, default)
