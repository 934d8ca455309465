"""One moment of a scene as one list of triangles, for the back-ends that draw stills."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer import looks, props, raster, style
from viewer.backends import lamps, light, marks
from viewer.backends.camera import Camera
from viewer.scene import Colour, FieldLayer, LineLayer, MeshLayer, PeopleLayer, PointLayer, Scene

_KIND = {
    "ground": light.FLOOR,
    "street": light.FLOOR,
    "green": light.FLOOR,
    "bridges": light.FLOOR,
    "water": light.WATER,
    "buildings": light.BUILDING,
    "surroundings": light.BEYOND,
}
PERSON_PIXELS = 2.2
"""A person is drawn at least this wide [px], so that a crowd can be seen from afar."""
MAX_WIDENING = 1.6
PLAN_SIZE = 0.7
"""In a plan people are drawn smaller, so that the colour of the floor is seen between them."""


@dataclass(frozen=True, eq=False)
class Packed:
    """Triangles of everything visible.

    Parameters
    ----------
    vertices : (V, 3) float64
    triangles : (T, 3) int32
    colours : (T, 3) uint8
    kind : (T,) uint8
        How light falls on it, see `viewer.backends.light`.
    thing : (T,) int32
        Number of the object; edges are drawn between different ones.
    casts : (T,) bool
    changed : (T,) bool
        Of what the scenario changes: it keeps its colour in every style.
    opacity : (T,) float32
    """

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int32]
    colours: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    thing: NDArray[np.int32]
    casts: NDArray[np.bool_]
    changed: NDArray[np.bool_]
    opacity: NDArray[np.float32]

_FAR_FROM_NOTHING = 1024.0
"""Added to values that are all drawn; float32 keeps four decimals of them."""


def kind_of(layer: MeshLayer) -> int:
    """How light falls on a layer."""
    if layer.group == "section" or layer.name.endswith("_cut"):
        return light.DRAWN
    if layer.name.startswith("trees"):
        return light.FOLIAGE
    if layer.name.split("@")[0] == "pit":
        return light.EARTH
    if layer.name == "quay_walls":
        return light.SOLID
    return _KIND.get(layer.group, light.SOLID)


def pack(scene: Scene, time: float, camera: Camera) -> Packed:
    """All visible meshes, and the people of a moment as small figures."""
    vertices: list[NDArray[np.float64]] = []
    triangles: list[NDArray[np.int32]] = []
    colours: list[NDArray[np.uint8]] = []
    kinds: list[NDArray[np.uint8]] = []
    things: list[NDArray[np.int32]] = []
    casts: list[NDArray[np.bool_]] = []
    changes: list[NDArray[np.bool_]] = []
    opacity: list[NDArray[np.float32]] = []
    count = number = 0

    def add(
        mesh: tuple[NDArray[np.float64], NDArray[np.int32]],
        colour: NDArray[np.uint8],
        kind: int,
        thing: NDArray[np.int32],
        cast: bool,
        changed: NDArray[np.bool_] | None = None,
        solid: float = 1.0,
    ) -> None:
        nonlocal count, number
        size = len(mesh[1])
        vertices.append(mesh[0])
        triangles.append((mesh[1] + count).astype(np.int32))
        colours.append(colour)
        kinds.append(np.full(size, kind, np.uint8))
        things.append((thing + 1 + number).astype(np.int32))
        casts.append(np.full(size, cast))
        opacity.append(np.full(size, solid, np.float32))
        changes.append(changed if changed is not None else np.zeros(size, bool))
        count += len(mesh[0])
        number += int(thing.max(initial=0)) + 2

    for layer in scene.layers:
        if isinstance(layer, MeshLayer) and layer.visible and len(layer.triangles):
            owner = layer.owner if layer.owner is not None else np.zeros(len(layer.triangles), np.int32)
            mesh = (layer.vertices, layer.triangles)
            add(mesh, layer.colours, kind_of(layer), owner, layer.casts_shadow, is_changed(layer), layer.opacity)
        elif isinstance(layer, LineLayer | PointLayer) and layer.visible:
            vertices_of, faces, tint = marks.ribbons(layer, camera) if isinstance(layer, LineLayer) else marks.dots(layer, camera)
            add((vertices_of, faces), tint, light.DRAWN, np.zeros(len(faces), np.int32), False)
        elif isinstance(layer, PeopleLayer) and layer.visible:
            mesh, thing = _figures(layer, time, camera)
            if len(thing):
                add(mesh, person_colours(layer.colour, thing), light.PERSON, thing, True)
    if not vertices:
        return Packed(
            np.empty((0, 3)),
            np.empty((0, 3), np.int32),
            np.empty((0, 3), np.uint8),
            np.empty(0, np.uint8),
            np.empty(0, np.int32),
            np.empty(0, bool),
            np.empty(0, bool),
            np.empty(0, np.float32),
        )
    return Packed(
        np.concatenate(vertices),
        np.concatenate(triangles),
        np.concatenate(colours),
        np.concatenate(kinds),
        np.concatenate(things),
        np.concatenate(casts),
        np.concatenate(changes),
        np.concatenate(opacity),
    )


def is_changed(layer: MeshLayer) -> NDArray[np.bool_]:
    """Which triangles are of something that the scenario changes."""
    told_by_colour = layer.name in ("landuse", "buildings_no_height") or (
        layer.name in ("ground", "terrain_mesh") and len(layer.colours) > 1 and (layer.colours != layer.colours[0]).any()
    )
    if layer.group == "change" or layer.side or told_by_colour:
        return np.ones(len(layer.triangles), bool)
    return np.asarray((layer.colours == np.array(style.CHANGED_BUILDING, np.uint8)).all(axis=1))


def _figures(
    layer: PeopleLayer, time: float, camera: Camera
) -> tuple[tuple[NDArray[np.float64], NDArray[np.int32]], NDArray[np.int32]]:
    at = layer.frame(time).astype(np.float64)
    if not len(at):
        return (np.empty((0, 3)), np.empty((0, 3), np.int32)), np.empty(0, np.int32)
    body, faces = props.capsule(segments=6 if len(at) <= 4000 else 4)
    inside, scale = figure_scales(at, camera)
    mesh = props.placed(body, faces, at[inside], scale[inside])
    return mesh, np.repeat(np.arange(inside.sum(), dtype=np.int32), len(faces))


def figure_scales(at: NDArray[np.float64], camera: Camera) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Who of people at places (N, 3) may be in the picture, (N,), and how much larger than life each is drawn, (N, 3)."""
    pixels, depth = camera.project(at)
    distance = np.full(len(at), camera.distance) if camera.parallel else np.maximum(depth, 1.0)
    width = 0.5 * camera.height / (2 * camera.tan_half * distance)
    wider = np.clip(PERSON_PIXELS / width, 1.0, MAX_WIDENING)
    inside = (depth > 0) & (np.abs(pixels - [camera.width / 2, camera.height / 2]) < [camera.width, camera.height]).all(axis=1)
    if camera.parallel:
        wider *= PLAN_SIZE
    return inside, np.column_stack([wider, wider, np.sqrt(wider)])


def person_colours(colour: Colour, person: NDArray[np.int32]) -> NDArray[np.uint8]:
    """The colour of people, lighter and darker from one to the next, so that a crowd is not one blot."""
    tone = 0.82 + 0.42 * ((person.astype(np.uint32) * np.uint32(2654435761)) % 1024) / 1023.0
    return np.clip(np.array(colour) * tone[:, None], 0, 255).astype(np.uint8)


def surfaces(packed: Packed, shift: NDArray[np.float64], look: str = "presentation") -> light.Surfaces:
    """Planes and colours in a house style by triangle number, 0 being the sky; `shift` is subtracted first."""
    a, b, c = (packed.vertices[packed.triangles[:, k]] - shift for k in range(3))
    normal = np.cross(b - a, c - a)
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    normal = np.divide(normal, length, out=np.zeros_like(normal), where=length > 0)
    first = np.zeros((1, 3))
    albedo = to_linear(np.arange(256))[packed.colours].astype(np.float32)
    albedo = looks.albedo_in(look, albedo, packed.kind, packed.changed)
    return light.Surfaces(
        np.ascontiguousarray(np.vstack([first, normal])),
        np.concatenate([[0.0], np.einsum("ij,ij->i", normal, a)]),
        np.vstack([first, albedo]).astype(np.float32, order="C"),
        np.concatenate([[0], packed.kind]).astype(np.uint8),
        np.concatenate([[0], packed.thing]).astype(np.int32),
    )


def to_linear(value: NDArray[np.int64]) -> NDArray[np.float64]:
    """From sRGB 0-255 to linear 0-1."""
    s = value / 255.0
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)


def height_raster(
    packed: Packed, shift: NDArray[np.float64], max_cells: int = 6_000_000, *, lit: Scene | None = None
) -> light.Heights:
    """Raster of floors and of all that casts shadow, of 0.4 m cells or as fine as `max_cells` allow; with the lamps of `lit`."""
    from scipy.ndimage import gaussian_filter

    keep = packed.casts | (packed.kind == light.FLOOR) | (packed.kind == light.WATER)
    keep &= packed.kind != light.BEYOND
    if not keep.any():
        nothing = np.full((2, 2), -1e9, np.float32)
        return light.Heights(nothing, nothing, nothing.ravel(), np.array([[0, 2, 2]]), 0.0, 0.0, 1.0, -1e9, *_DARK)
    vertices = packed.vertices - shift
    used = vertices[packed.triangles[keep].ravel()]
    low, high = used.min(axis=0), used.max(axis=0)
    cell = max(0.4, float(np.sqrt((high[0] - low[0]) * (high[1] - low[1]) / max_cells)))
    west, north = float(low[0] - 2 * cell), float(high[1] + 2 * cell)
    shape = (int((north - low[1]) / cell) + 3, int((high[0] - west) / cell) + 3)
    solid = np.full(shape, np.float32(low[2]))
    soft = (packed.kind == light.FOLIAGE) | (packed.kind == light.PERSON)
    raster.top_heights(vertices, packed.triangles[keep & ~soft], west, north, cell, shape, solid)
    z = solid.copy()
    raster.top_heights(vertices, packed.triangles[keep & soft], west, north, cell, shape, z)
    # Walls seen from above are stairs of cells; a little blur makes the edges of shadows straight again.
    z = gaussian_filter(z, 0.7, mode="nearest")
    lamplight = _DARK
    if lit is not None:
        ground = np.full(shape, np.float32(low[2]))
        floor = (packed.kind == light.FLOOR) | (packed.kind == light.WATER)
        raster.top_heights(vertices, packed.triangles[floor], west, north, cell, shape, ground)
        lamplight = lamps.lamp_raster(lit, shift, west, north, cell, shape), ground
    return light.Heights(z, _block_top(z), *_halved(solid), west, north, cell, float(high[2]), *lamplight)


SKY_LEVELS = 5
_DARK = (np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32))


def _halved(solid: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The raster and its means over 2, 4, 8, 16 cells, end to end, and where each starts with its shape."""
    levels = [solid]
    for _ in range(SKY_LEVELS - 1):
        last = levels[-1]
        even = np.pad(last, ((0, last.shape[0] % 2), (0, last.shape[1] % 2)), mode="edge")
        levels.append(np.ascontiguousarray(even.reshape(even.shape[0] // 2, 2, -1, 2).mean(axis=(1, 3))))
    starts = np.cumsum([0, *(level.size for level in levels[:-1])])
    table = np.array([[start, *level.shape] for start, level in zip(starts, levels, strict=True)], dtype=np.int64)
    return np.concatenate([level.ravel() for level in levels]), table


def _block_top(z: NDArray[np.float32]) -> NDArray[np.float32]:
    """Highest cell of each block and the blocks around it."""
    size = light.BLOCK
    rows, columns = -(-z.shape[0] // size), -(-z.shape[1] // size)
    padded = np.full((rows * size, columns * size), z.min(), np.float32)
    padded[: z.shape[0], : z.shape[1]] = z
    top = padded.reshape(rows, size, columns, size).max(axis=(1, 3))
    wide = np.pad(top, 1, mode="edge")
    return np.max([wide[i : i + rows, j : j + columns] for i in range(3) for j in range(3)], axis=0).astype(np.float32)


def drape_of(scene: Scene, time: float, shift: NDArray[np.float64]) -> light.Drape:
    """The visible fields of a moment on one common grid."""
    layers = [layer for layer in scene.layers if isinstance(layer, FieldLayer) and layer.visible]
    if not layers:
        empty = np.empty((0, 1, 1), np.float32)
        return light.Drape(empty, empty, np.empty(0), np.empty((1, 3), np.float32), 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, False)
    cell = layers[0].cell
    west, north = min(layer.west for layer in layers), max(layer.north for layer in layers)
    east = max(layer.west + layer.height.shape[1] * layer.cell for layer in layers)
    south = min(layer.north - layer.height.shape[0] * layer.cell for layer in layers)
    shape = (round((north - south) / cell), round((east - west) / cell))
    value = np.full((len(layers), *shape), np.nan, np.float32)
    height = np.full((len(layers), *shape), np.nan, np.float32)
    for index, layer in enumerate(layers):
        i, j = round((north - layer.north) / cell), round((layer.west - west) / cell)
        rows, columns = layer.height.shape
        value[index, i : i + rows, j : j + columns] = layer.frame(time)
        height[index, i : i + rows, j : j + columns] = layer.height - shift[2]
    legend = scene.legend(layers[0].legend)
    value = style.drawn_of(value, legend)
    limits = np.array([item.low for item in legend.classes[1:]], dtype=np.float64)
    if style.covers_all(legend):  # no value of it stands for nothing, so all are drawn as far from 0 as what hides the floor
        value, limits = value + np.float32(_FAR_FROM_NOTHING), limits + _FAR_FROM_NOTHING
    colours = to_linear(np.arange(256))[style.class_colours(legend)].astype(np.float32)
    least = min([abs(limit) for limit in limits.tolist() if limit] or [1.0])
    strong = float(least) if legend.classes[0].low >= 0 else 0.5 * float(least)
    at = (west - shift[0], north - shift[1], cell)
    return light.Drape(value, height, limits, colours, *at, layers[0].opacity, min(0.05, strong), strong, legend.named)
