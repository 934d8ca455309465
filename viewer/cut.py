"""A scene cut open by a plane, as data: every back-end draws the cut, and what is cut is filled, not hollow."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.errors import ParameterError
from viewer import shapes, style
from viewer.clip import Clipped, Plane, clip, compacted, faces_of, lowest_line
from viewer.cut_soil import soil_layers, soil_pieces, water_line
from viewer.planes import PIT
from viewer.scene import (
    AnnotationLayer,
    Colour,
    FieldLayer,
    KeyEntry,
    LabelLayer,
    Layer,
    LineLayer,
    MeshLayer,
    PeopleLayer,
    PointLayer,
    Scene,
    Section,
    View,
    VolumeLayer,
)

FLOORS = ("ground", "street", "green", "water")
"""Groups of layers whose lowest surface is the top of the ground."""

WHOLE = ("furniture",)
"""Groups of things that are not cut: each stays or goes as a whole. So do trees."""

BED_M = 1.6
"""How deep water is drawn where nothing says how deep it is [m]."""

DEEP_M = 60.0
"""The ground is drawn at least this far below the lowest thing in the cut, so that it reaches the foot of a picture [m]."""

OVER_M = 0.02
"""What lies in the ground is drawn this far before the cut face of the ground, so that neither hides the other [m]."""

UPRIGHT = 1e-3
"""Layers of soil are known in a plane whose normal rises no more than this."""

STEEP = 0.5
"""A plane whose normal rises more than this is one that looks down (or up) on the ground."""


class Cap(NamedTuple):
    """A face of the cut in the plane's axes, and the colour it is filled with."""

    shape: BaseGeometry
    colour: NDArray[np.uint8]
    owner: int


def cut_scene(scene: Scene, section: Section) -> Scene:
    """The scene without what lies before the plane of a section; see `Scene.cut`.

    Buildings, cellars, mains and everything else that is solid are filled in a darker shade of their own colour; the ground is
    filled from its surface down, with water where the cut goes through some. Trees and furniture stay or go as a whole. What lies
    below the ground is shown. The scene gets a view that looks straight at the cut, as its first.

    Parameters
    ----------
    scene : Scene
    section : Section
    """
    if not (np.isfinite(section.normal).all() and np.isfinite(section.point).all() and np.linalg.norm(section.normal) > 0):
        raise ParameterError(f"the section `{section.name}` has no direction", hint="give a normal that is not (0, 0, 0)")
    plane = Plane.of(section.point, section.normal)
    layers: list[Layer] = []
    floors: list[tuple[MeshLayer, Clipped]] = []
    filled: list[BaseGeometry] = []
    for layer in scene.layers:
        if isinstance(layer, MeshLayer):
            cut = clip(layer.vertices, layer.triangles, plane)
            if _is_floor(layer) and layer.visible:
                floors.append((layer, cut))
            layer = replace(layer, visible=layer.visible or layer.group == "underground")
            made, caps = _cut_mesh(layer, cut, plane)
            if layer.name.startswith("groundwater") and len(cut.segments):
                made.append(water_line(layer, cut.segments, plane, 2 * OVER_M))
            filled += [cap.shape for cap in caps] if layer.visible else []
            layers += made
        elif layer.group == "underground" and isinstance(layer, LabelLayer):
            layers.append(replace(_names_near(layer, plane), visible=True))
        elif layer.group == f"section-{section.name}":
            layers.append(replace(layer, visible=True))  # it was made for this cut
        else:
            layers.append(_cut_other(layer, plane))
    deep = 0.6 * section.width_m if np.isfinite(section.width_m) else DEEP_M
    ground, soils = _ground(floors, plane, filled, deep, scene) if abs(plane.normal[2]) < STEEP else (
        _ground_from_above(floors, plane), ())
    layers = _named_apart([*layers, *ground])
    bare = (layer for layer in ground if not layer.name.startswith("cut_soil"))
    plain = (KeyEntry(layer.name, layer.label, style.main_of(layer.colours)) for layer in bare)
    named = {entry.label for entry in scene.key}
    key = (*plain, *(entry for entry in soils if entry.label not in named), *scene.key)
    if section.name == PIT:
        key = _key_of_pit(key, layers)
    views = (*_view_of(section, plane, layers), *scene.views)
    subtitle = f"{scene.subtitle}, {section.label.lower()}" if scene.subtitle else section.label
    return replace(scene, layers=tuple(layers), views=views, key=key, subtitle=subtitle)


NAMED_M = 25.0
"""What lies below the street has its name in a cut up to so far behind the plane [m]."""


def _names_near(layer: LabelLayer, plane: Plane) -> LabelLayer:
    """Names of what is in or just behind a cut: of what is far behind it they would stand over houses."""
    away = plane.before(layer.points)
    kept = np.flatnonzero((away <= 0.0) & (away >= -NAMED_M))
    return replace(layer, points=layer.points[kept], texts=tuple(layer.texts[k] for k in kept.tolist()))


def _key_of_pit(key: tuple[KeyEntry, ...], layers: list[Layer]) -> tuple[KeyEntry, ...]:
    """Of a key what is below the street, without what is named in the picture."""
    named = {text for layer in layers if isinstance(layer, AnnotationLayer) and layer.visible for text in layer.texts}
    groups = {layer.name.split("@")[0]: layer.group for layer in layers}
    below = ("underground", "section", "change", "results")
    return tuple(one for one in key if groups.get(one.layer, "section") in below and one.label not in named)


def _named_apart(layers: list[Layer]) -> list[Layer]:
    """The layers with names of their own, where a scene is cut that was cut before."""
    used: set[str] = set()
    out = []
    for layer in layers:
        name, number = layer.name, 2
        while name in used:
            name, number = f"{layer.name}{number}", number + 1
        used.add(name)
        out.append(layer if name == layer.name else replace(layer, name=name))
    return out


CLOSED = ("stairs", "walls", "pit_wall", "pit_concrete", "pit_supports", "pit_wells")
"""Layers of other groups whose things are closed."""


def _is_floor(layer: MeshLayer) -> bool:
    name = layer.name.split("@")[0]
    return name == "pit" or (layer.group in FLOORS and not _stays_whole(layer) and name not in ("quay_walls", "stairs"))


def _stays_whole(layer: MeshLayer) -> bool:
    return layer.group in WHOLE or layer.name.startswith("trees")


def _is_solid(layer: MeshLayer) -> bool:
    """Whether the things of a layer are closed, or nearly so: what has a floor, a bed or a road in it is not."""
    if layer.name.startswith("groundwater"):
        return False
    closed = layer.group in ("buildings", "underground", "bridges") or layer.name.split("@")[0] in CLOSED
    return isinstance(layer, VolumeLayer) or closed


def _cut_mesh(layer: MeshLayer, cut: Clipped, plane: Plane) -> tuple[list[Layer], list[Cap]]:
    """What is left of a layer and, as a layer of its own, the faces of the cut."""
    if _stays_whole(layer):
        return [_without(layer, plane)], []
    vertices, triangles = compacted(cut.vertices, cut.triangles)
    owner = None if layer.owner is None else layer.owner[cut.source]
    left = replace(layer, vertices=vertices, triangles=triangles, colours=layer.colours[cut.source], owner=owner)
    caps = list(_caps(layer, cut, plane)) if _is_solid(layer) else []
    if not caps:
        return [left], []
    builder = shapes.MeshBuilder()
    for cap in caps:
        _fill(builder, cap, plane, OVER_M)
    vertices, triangles, colours, owners = builder.arrays()
    faces = MeshLayer(
        f"{layer.name}_cut", f"{layer.label}, cut", vertices, triangles, colours, None if owner is None else owners,
        layer.attributes if owner is not None else {}, layer.group, layer.edges, layer.opacity, visible=layer.visible,
        side=layer.side,
    )  # fmt: skip
    return [left, faces], caps


def _fill(builder: shapes.MeshBuilder, cap: Cap, plane: Plane, forward: float) -> None:
    for polygon in shapes.polygons(cap.shape):
        flat, faces = shapes.triangulate(polygon)
        builder.add(plane.placed(flat, forward), faces, cap.colour, cap.owner)


def _caps(layer: MeshLayer, cut: Clipped, plane: Plane) -> Iterable[Cap]:
    """Where the plane goes through the things of a layer."""
    if not len(cut.through):
        return
    flat = plane.flat(cut.segments)
    owner = np.zeros(len(flat), np.int32) if layer.owner is None else layer.owner[cut.through]
    order = np.argsort(owner, kind="stable")
    starts = np.flatnonzero(np.diff(owner[order], prepend=owner[order][0] - 1))
    for rows in np.split(order, starts[1:]):
        shape = faces_of(flat[rows], upright=abs(plane.normal[2]) < STEEP)
        if not shape.is_empty:
            colour = style.cut_colour(layer.colours[cut.through[rows]], hollow=layer.name.startswith("cellars"))
            yield Cap(shape, colour, int(owner[rows[0]]))


def _without(layer: MeshLayer, plane: Plane) -> MeshLayer:
    """The things of a layer whose middle is not before the plane."""
    owner = layer.owner if layer.owner is not None else np.arange(len(layer.triangles), dtype=np.int32)
    if not len(owner):
        return layer
    owner = owner - owner.min()  # -1 is of nothing in particular
    middle = plane.before(layer.vertices[layer.triangles].mean(axis=1))
    size = np.maximum(np.bincount(owner), 1)
    keep = (np.bincount(owner, middle) / size <= 0)[owner]
    vertices, triangles = compacted(layer.vertices, layer.triangles[keep])
    kept = None if layer.owner is None else layer.owner[keep]
    return replace(layer, vertices=vertices, triangles=triangles, colours=layer.colours[keep], owner=kept)


def _cut_other(layer: Layer, plane: Plane) -> Layer:
    """Of layers that are no meshes, what lies behind the plane."""
    if isinstance(layer, PeopleLayer):
        keep = plane.before(layer.positions.astype(np.float64)) <= 0
        start = np.concatenate([[0], np.cumsum(keep)])[layer.start].astype(np.int64)
        return replace(layer, start=start, ids=layer.ids[keep], positions=layer.positions[keep])
    if isinstance(layer, FieldLayer):
        rows, columns = layer.height.shape
        x = layer.west + (np.arange(columns) + 0.5) * layer.cell
        y = layer.north - (np.arange(rows) + 0.5) * layer.cell
        points = np.stack([*np.meshgrid(x, y), np.nan_to_num(layer.height).astype(np.float64)], axis=-1)
        gone = plane.before(points.reshape(-1, 3)).reshape(rows, columns) > 0
        return replace(layer, height=np.where(gone, np.float32(np.nan), layer.height))
    if isinstance(layer, PointLayer):
        keep = plane.before(layer.points) <= 0
        attributes = {name: [v for v, k in zip(column, keep, strict=True) if k] for name, column in layer.attributes.items()}
        return replace(layer, points=layer.points[keep], colours=layer.colours[keep], attributes=attributes)
    if isinstance(layer, LabelLayer):
        keep = plane.before(layer.points) <= 0
        return replace(layer, points=layer.points[keep], texts=tuple(t for t, k in zip(layer.texts, keep, strict=True) if k))
    if isinstance(layer, AnnotationLayer):
        keep = plane.before(layer.starts) <= OVER_M
        texts = tuple(t for t, k in zip(layer.texts, keep, strict=True) if k)
        return replace(layer, starts=layer.starts[keep], ends=layer.ends[keep], texts=texts)
    assert isinstance(layer, LineLayer)
    return replace(layer, paths=tuple(part for path in layer.paths for part in _cut_path(path, plane)))


def _cut_path(path: NDArray[np.float64], plane: Plane) -> list[NDArray[np.float64]]:
    """The parts of a polyline that lie behind the plane."""
    before = plane.before(path)
    parts: list[NDArray[np.float64]] = []
    run: list[NDArray[np.float64]] = []
    for k in range(len(path)):
        if k and (before[k] > 0) != (before[k - 1] > 0):
            meet = path[k - 1] + before[k - 1] / (before[k - 1] - before[k]) * (path[k] - path[k - 1])
            run.append(meet)
            if before[k] > 0:
                parts.append(np.array(run))
                run = []
        if before[k] <= 0:
            run.append(path[k])
    return [*parts, *([np.array(run)] if run else [])]


def _ground(
    floors: list[tuple[MeshLayer, Clipped]], plane: Plane, filled: list[BaseGeometry], under: float, scene: Scene
) -> tuple[list[MeshLayer], tuple[KeyEntry, ...]]:
    """The cut face of the ground below its lowest surface, and of water above its bed; and what colours of soil in it mean."""
    dry, wet = (
        [plane.flat(cut.segments) for layer, cut in floors if len(cut.segments) and (layer.group == "water") == is_water]
        for is_water in (False, True)
    )
    if not dry and not wet:
        return [], ()
    line, source = lowest_line(np.concatenate(dry or wet))
    if len(line) < 2:
        return [], ()
    lows = [line[:, 1].min(), *(shape.bounds[1] for shape in filled if not shape.is_empty)]
    bottom = min(lows) - BED_M - under
    ground = shapely.make_valid(shapely.Polygon([*line, (line[-1, 0], bottom), (line[0, 0], bottom)]))
    water, air = _water(np.concatenate(wet), line, source, ground, bottom) if wet else (shapely.Polygon(), shapely.Polygon())
    ground = shapely.difference(shapely.difference(ground, water), air)
    known = soil_pieces(ground, plane, scene.soil) if scene.soil is not None and abs(plane.normal[2]) < UPRIGHT else []
    if known:
        ground = shapely.difference(ground, shapely.union_all([piece.shape for piece in known]))
    made = _faces(plane, [("cut_ground", "Ground, cut", ground, style.SOIL), ("cut_water", "Water, cut", water, style.WATER)])
    if not known or scene.soil is None:
        return made, ()
    layers, entries = soil_layers(known, plane, scene.soil, scene.origin[2])
    return [*made, *layers], entries


def _water(
    surface: NDArray[np.float64], line: NDArray[np.float64], source: NDArray[np.int64], ground: BaseGeometry, bottom: float
) -> tuple[BaseGeometry, BaseGeometry]:
    """Water from its surface down to the ground, or so far as is usual where there is no ground below it; and what is air there."""
    surface = np.take_along_axis(surface, np.argsort(surface[:, :, 0], axis=1)[:, :, None], axis=1)
    surface = surface[surface[:, 1, 0] - surface[:, 0, 0] > 1e-6]
    middle = surface.mean(axis=1)
    piece = np.clip(np.searchsorted(line[:, 0], middle[:, 0], side="right") - 1, 0, len(source) - 1)
    has_bed = (source[piece] >= 0) & (np.interp(middle[:, 0], line[:, 0], line[:, 1]) < middle[:, 1] - 0.05)
    foot = np.where(has_bed[:, None], bottom, surface[:, :, 1] - BED_M)
    rings = np.concatenate([surface, np.stack([surface[:, ::-1, 0], foot[:, ::-1]], axis=-1)], axis=1)
    strips = shapely.polygons(rings)
    deep, shallow = shapely.union_all(strips[has_bed]), shapely.union_all(strips[~has_bed])
    high = np.full((int((~has_bed).sum()), 2), max(line[:, 1].max(), surface[:, :, 1].max(initial=-np.inf)) + 1.0)
    over = surface[~has_bed]
    air = shapely.union_all(shapely.polygons(np.concatenate([over, np.stack([over[:, ::-1, 0], high], axis=-1)], axis=1)))
    return shapely.union(shapely.difference(deep, ground), shallow), air


def _faces(plane: Plane, wanted: list[tuple[str, str, BaseGeometry, Colour]]) -> list[MeshLayer]:
    out = []
    for k, (name, label, shape, colour) in enumerate(wanted):
        builder = shapes.MeshBuilder()
        _fill(builder, Cap(shape, np.array(colour, np.uint8), 0), plane, 0.5 * OVER_M * k)
        if len(builder):
            vertices, triangles, colours, _ = builder.arrays()
            out.append(MeshLayer(name, label, vertices, triangles, colours, group="section"))
    return out


def _ground_from_above(floors: list[tuple[MeshLayer, Clipped]], plane: Plane) -> list[MeshLayer]:
    """Where a plane that looks down goes through the ground: below every floor that is higher than the plane."""
    grounds, waters = shapes.MeshBuilder(), shapes.MeshBuilder()
    upward = plane.normal[2] > 0
    for layer, _ in floors:
        above = clip(layer.vertices, layer.triangles, plane, keep_before=upward)
        vertices, triangles = compacted(above.vertices, above.triangles)
        vertices[:, 2] = (plane.offset - vertices[:, :2] @ plane.normal[:2]) / plane.normal[2]
        wet = layer.group == "water"
        (waters if wet else grounds).add(vertices, triangles, style.WATER if wet else style.SOIL)
    out = []
    for name, label, builder in (("cut_ground", "Ground, cut", grounds), ("cut_water", "Water, cut", waters)):
        if len(builder):
            vertices, triangles, colours, _ = builder.arrays()
            out.append(MeshLayer(name, label, vertices, triangles, colours, group="section"))
    return out


def _view_of(section: Section, plane: Plane, layers: list[Layer]) -> tuple[View, ...]:
    """A camera that looks at the cut: a little from above where it stands upright, at a slant where it lies."""
    faces = [layer for layer in layers if isinstance(layer, MeshLayer) and layer.visible and len(layer.triangles)]
    shown = [layer for layer in faces if layer.group not in ("surroundings", "section")]
    near = [layer.vertices[np.abs(plane.before(layer.vertices)) < 2 * OVER_M] for layer in shown]
    spots = np.concatenate([np.empty((0, 3)), *near])
    if len(spots) < 3:
        return ()
    flat = plane.flat(spots)
    upright = abs(plane.normal[2]) < STEEP
    away = np.abs(flat - plane.flat(np.array([section.point])))
    flat = flat[(away[:, 0] <= 0.5 * section.width_m) & (upright | (away[:, 1] <= 0.32 * section.width_m))]
    if not len(flat):
        return ()
    low, high = flat.min(axis=0), flat.max(axis=0)
    if upright:
        low[1] -= np.clip(0.05 * (high[0] - low[0]), 3.0, 12.0)
    wide = min(section.width_m, high[0] - low[0])
    half = max((high[1] - low[1]) / 2, wide / 2 / 1.6) * 1.06 + 1.0
    centre = (low + high) / 2
    if upright:
        centre[1] = low[1] + 0.92 * half  # the ground at the foot of the picture, the city behind the cut above it
    target = plane.placed(centre[None])[0]
    distance = half / math.tan(math.radians(15.0))
    toward = plane.normal + (0.22 * np.array([0.0, 0.0, 1.0]) if upright else -0.75 * plane.up)
    eye = target + distance * toward / np.linalg.norm(toward)
    return (View(f"section-{section.name}", section.label, tuple(eye.tolist()), tuple(target.tolist()), 30.0),)
