"""Layers of the floor: ground, streets by level, water, green, quay walls, stairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from viewer import shapes, style
from viewer.ground import (
    Floor,
    Ground,
    Patch,
    areas,
    border_of,
    drape,
    extent_of,
    floor_raster,
    grid_size,
    height_of,
    kind_colour,
    margin_of,
    patch_mesh,
    raised,
    walls_where_it_drops,
)
from viewer.scene import MeshLayer
from viewer.stairs import stair_meshes
from viewer.tables import attributes_of, number

if TYPE_CHECKING:
    from twin.geo.city import City

LIFT = {
    "water": 0.0, "green": 0.01, "park": 0.01, "verge": 0.01, "footway": 0.02, "pavement": 0.02, "parking": 0.02, "driveway": 0.02,
    "cycleway": 0.03, "street": 0.04, "square": 0.05,
}  # fmt: skip
"""How far surfaces lie above the ground, so that of two that overlap the same one is seen everywhere [m]."""
UNDER_M = 2.0
"""What closes the cracks in the floor lies this far below the lowest thing [m]."""


def patches_of(city: City, drawn: set[str], holes: Sequence[BaseGeometry]) -> list[Patch]:
    """Parts of the floor from the layers roads, water and green, with stairs and holes cut out of them."""
    stairs = _stairs_by_top(city)
    found: list[Patch] = []
    for layer, default in (("landuse", "green"), ("green", "green"), ("water", "water"), ("roads", "street")):
        frame = city.layers[layer]
        if layer == "landuse" and not only_land(city):
            # planning areas are drawn only where they are surfaces of their own, or where there is nothing else
            frame = frame[frame.index.astype(str).isin(drawn)]
        if not len(frame):
            continue
        outlines = areas(frame.geometry.values, city)
        for index, (object_id, row) in enumerate(frame.iterrows()):
            outline = outlines[index]
            if outline is None or outline.is_empty or "Polygon" not in outline.geom_type:
                continue
            kind = default if layer != "roads" else str(row.get("surface") or row.get("type") or default).lower()
            kind = "land" if layer == "landuse" else kind
            z = number(row, "z_m") - city.origin[2]
            cut = [*holes, *stairs.get(str(row.get("level", "street")), [])] if layer == "roads" else list(holes)
            cut = [hole for hole in cut if hole.intersects(outline)]
            if cut:
                outline = shapely.difference(outline, shapely.union_all(cut))
            lift = LIFT.get(kind, LIFT["street"])
            found.append(Patch(outline, z, kind, layer, index, lift, str(object_id) in drawn))
    return found


def only_land(city: City) -> bool:
    """Whether a city has areas of land use and nothing that stands or runs on them."""
    others = [frame for name, frame in city.layers.items() if name != "landuse" and len(frame)]
    return bool(len(city.landuse)) and not others and not len(city.surfaces)


def land_kinds(city: City) -> list[str]:
    """What each area of land use is, by the first of its columns that sorts them into a few kinds; empty where it is not told."""
    frame = city.landuse
    for name in ("kind", "landuse", "use", "function", "class", "type", *map(str, frame.columns)):
        if name in frame and name != frame.geometry.name and isinstance(frame[name].dropna().iloc[:1].squeeze(), str):
            values = [str(value) if isinstance(value, str) else "" for value in frame[name].tolist()]
            if 1 < len(set(values)) <= max(12, len(values) // 3):
                return values
    return [""] * len(frame)


def _stairs_by_top(city: City) -> dict[str, list[BaseGeometry]]:
    frame = city.stairs
    by_level: dict[str, list[BaseGeometry]] = {}
    if len(frame):
        outlines = areas(frame.geometry.values, city)
        for outline, (_, row) in zip(outlines, frame.iterrows(), strict=True):
            if outline is None or outline.is_empty:
                continue
            for end in ("top_level", "bottom_level"):
                by_level.setdefault(str(row.get(end, "")), []).append(outline)
    return by_level


class FloorLayers:
    """Everything people stand on, as mesh layers.

    Parameters
    ----------
    city : City
    ground : Ground
    drawn : set of str
        Ids of objects that have triangles of their own.
    holes : sequence of geometry
        Excavations, local.
    own_ground : bool
        True when the city's own mesh holds the terrain.
    """

    def __init__(self, city: City, ground: Ground, drawn: set[str], holes: Sequence[BaseGeometry], own_ground: bool) -> None:
        self.city, self.ground, self.holes = city, ground, list(holes)
        self.extent = extent_of(city, margin_of(city))
        cell = None if city.terrain is None else city.terrain.grid.cell
        self.size = grid_size(self.extent, ground, cell)
        self.patches = patches_of(city, drawn, holes)
        self.stairs = stair_meshes(city)
        self.drawn = drawn
        self.land = style.land_colours(land_kinds(city), city.landuse.area.to_numpy()) if only_land(city) else []
        decks = [shape for shape in areas(city.bridges.geometry.values, city) if shape is not None] if len(city.bridges) else []
        self.decks: BaseGeometry = shapely.union_all(decks) if decks else shapely.Polygon()
        self.meshes = [patch_mesh(patch, ground, self.size) for patch in self.patches]
        self.rest = shapely.Polygon() if own_ground else self._rest()
        self.patchwork = own_ground or (not ground.known and any(patch.own_mesh for patch in self.patches))
        self.lowest = float(city.surfaces.vertices[:, 2].min()) if len(city.surfaces) else 0.0
        self.plate = drape(self.rest, ground, 0.0, self.size)
        self.raster: Floor = floor_raster(self.extent, [self.plate, *self.meshes, *(mesh for mesh, _ in self.stairs)])

    def _rest(self) -> BaseGeometry:
        cut = [patch.polygon for patch in self.patches if not raised(patch, self.ground)] + self.holes
        if len(self.city.stairs):
            cut += list(areas(self.city.stairs.geometry.values, self.city))
        if not cut:
            return self.extent
        return shapely.difference(self.extent, shapely.union_all(cut))

    def layers(self) -> list[MeshLayer]:
        """Ground, green, streets by level, water, quay walls and stairs."""
        out = [layer for layer in (self._ground(), self._surroundings()) if layer is not None]
        groups: dict[tuple[str, str, str], list[int]] = {}
        for index, patch in enumerate(self.patches):
            groups.setdefault(_layer_of(patch, self.city), []).append(index)
        for (name, label, group), members in groups.items():
            layer = self._patch_layer(name, label, group, members)
            if layer is not None:
                out.append(layer)
        out += [layer for layer in (self._walls(), self._stairs()) if layer is not None]
        return out

    def _ground(self) -> MeshLayer | None:
        vertices, faces = self.plate
        if not len(faces):
            return None
        colours = np.broadcast_to(np.array(style.GROUND, np.uint8), faces.shape)
        return MeshLayer("ground", "Ground", vertices, faces, colours.copy(), group="ground")

    def _surroundings(self) -> MeshLayer:
        """A plain beyond the model, a little below its edge, the edge itself, and what is seen through a crack in the floor."""
        west, south, east, north = self.extent.bounds
        reach = 6.0 * max(east - west, north - south)
        plain = shapely.box(west - reach, south - reach, east + reach, north + reach)
        if self.patchwork:
            # the city brings its own ground, of any outline and with gaps: the plain goes on below it
            vertices, faces = shapes.plate(plain, self.lowest - 0.5)
        else:
            first, second = border_of([self.plate, *self.meshes], self.extent)
            tops = np.concatenate([first[:, 2], second[:, 2]])
            z = float(tops.min() if len(tops) else self.ground.at(shapely.get_coordinates(self.extent)).min()) - 0.4
            foot = np.full(len(first), z)
            edge = shapes.curtain(first[:, :2], second[:, :2], foot, foot, first[:, 2], second[:, 2])
            # Streets lie a little above the ground and pieces of terrain meet without sharing corners: through such a crack
            # one would see the sky as a bright dash.
            below = shapely.difference(self.extent, shapely.union_all(self.holes)) if self.holes else self.extent
            under = shapes.plate(below, min(z, self._deepest()) - UNDER_M)
            vertices, faces = shapes.join([shapes.plate(shapely.difference(plain, self.extent), z), edge, under])
        colours = np.broadcast_to(np.array(style.GROUND, np.uint8), faces.shape)
        return MeshLayer("surroundings", "Beyond the model", vertices, faces, colours.copy(), group="surroundings")

    def _deepest(self) -> float:
        """Height of the lowest thing that is drawn."""
        lows = [float(vertices[:, 2].min()) for vertices, _ in (self.plate, *self.meshes) if len(vertices)]
        return min([*lows, self.lowest] if len(self.city.surfaces) else lows or [0.0])

    def _patch_layer(self, name: str, label: str, group: str, members: list[int]) -> MeshLayer | None:
        builder = shapes.MeshBuilder()
        frame = self.city.layers[self.patches[members[0]].layer]
        for index in members:
            patch = self.patches[index]
            if not patch.own_mesh:
                colour = self.land[patch.row] if patch.kind == "land" else kind_colour(patch.kind)
                builder.add(*self.meshes[index], colour, patch.row)
        if not len(builder):
            return None
        vertices, faces, colours, owner = builder.arrays()
        attributes = attributes_of(frame)
        if self.land:
            attributes["land use"] = list(land_kinds(self.city))
        return MeshLayer(name, label, vertices, faces, colours, owner, attributes, group=group)

    def _walls(self) -> MeshLayer | None:
        def top(patch: Patch) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
            return lambda xy: height_of(patch, self.ground, xy)

        covered = [shapely.area(shapely.intersection(p.polygon, self.decks)) > 0.6 * p.polygon.area for p in self.patches]
        dry = [p for p, over in zip(self.patches, covered, strict=True) if p.layer != "water" and not over and not p.own_mesh]
        outlines = [self.rest, *(patch.polygon for patch in dry)]
        tops: list[Any] = [self.ground.at, *(top(patch) for patch in dry)]
        vertices, faces, drop = walls_where_it_drops(outlines, tops, self.raster)
        if not len(faces):
            return None
        colours = np.where((drop > 0.45)[:, None], np.array(style.QUAY_WALL), np.array(style.SURFACES["footway"]))
        return MeshLayer("quay_walls", "Quay walls", vertices, faces, colours.astype(np.uint8), group="street", casts_shadow=True)

    def _stairs(self) -> MeshLayer | None:
        builder = shapes.MeshBuilder()
        for row, (mesh, stair) in enumerate(self.stairs):
            if str(stair.name) not in self.drawn:
                builder.add(*mesh, style.SURFACES["stairs"], row)
        if not len(builder):
            return None
        vertices, faces, colours, owner = builder.arrays()
        attributes = attributes_of(self.city.stairs)
        return MeshLayer("stairs", "Stairs", vertices, faces, colours, owner, attributes, "street", edges=True, casts_shadow=True)


def _layer_of(patch: Patch, city: City) -> tuple[str, str, str]:
    if patch.layer == "landuse":
        return ("landuse", "Land use", "ground")
    if patch.layer != "roads":
        return (patch.layer, patch.layer.capitalize(), patch.layer)
    frame = city.roads
    level = str(frame["level"].iloc[patch.row]) if "level" in frame else "street"
    label = {"street": "Streets", "wharf": "Wharf"}.get(level, f"Streets ({level})")
    return (f"roads_{level}", label, "street")
