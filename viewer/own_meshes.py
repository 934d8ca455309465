"""Layers of the triangles that a city has of its own, other than those of buildings: bridges, water, terrain and so on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from viewer import shapes, style
from viewer.scene import MeshLayer

if TYPE_CHECKING:
    from twin.geo.city import City

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
    return np.array([style.MAINS.get(kinds.get(key, ""), style.LAMP) for key in ids], dtype=np.uint8).reshape(-1, 3)


def _by_type(city: City, rows: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Colour of constructions that are not buildings: masonry; fences and the like darker."""
    colours = np.broadcast_to(np.array(style.QUAY_WALL, np.uint8), (len(rows), 3))
    return style.varied(colours, style.seeds(city.objects.index[rows]), 0.04)
