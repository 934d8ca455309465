"""Light for the page, worked out once: how much sky each corner of a wall and each spot of a floor sees, and of lamps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewer import raster
from viewer.backends import lamps, light, pack
from viewer.backends.blob import Blob
from viewer.backends.camera import Camera
from viewer.scene import MeshLayer, Scene

MAP_CELLS = 800_000
LAMP_SCALE = 100
"""The light right below a lamp is about 1; twice and a half of that is kept."""
_STEPS = np.uint8(0xF0)
"""Light is kept in sixteen steps, so that it packs well."""
_UP = np.array([0.0, 0.0, 1.0])


@dataclass(slots=True)
class Light:
    """What is needed to bake light: the scene, its triangles and their heights."""

    scene: Scene
    packed: pack.Packed
    heights: light.Heights


def baking(scene: Scene) -> Light:
    """Heights of the whole scene without its people."""
    camera = Camera.of(scene.view(), (1600, 900))
    still = replace(scene, layers=tuple(layer for layer in scene.layers if isinstance(layer, MeshLayer)))
    packed = pack.pack(still, scene.time, camera)
    return Light(still, packed, pack.height_raster(packed, np.zeros(3), 3_000_000))


def sky_at_corners(vertices: NDArray[np.float64], triangles: NDArray[np.int64], kind: int, lamp: Light) -> NDArray[np.uint8]:
    """Share of the sky that each corner sees, (T * 3,) uint8."""
    corner = vertices[triangles]
    a, b, c = (corner[:, k] for k in range(3))
    normal = np.cross(b - a, c - a)
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    normal = np.divide(normal, length, out=np.zeros_like(normal), where=length > 0)
    middle = corner.mean(axis=1, keepdims=True)
    off = 1.2 * lamp.heights.cell
    if kind == light.FOLIAGE:
        return np.repeat(_sky(middle[:, 0] + off * normal, normal, lamp), 3)
    points = corner + 0.12 * (middle - corner) + normal[:, None, :] * [off, off, off / 2]
    return _sky(points.reshape(-1, 3), np.repeat(normal, 3, axis=0), lamp)


def _sky(points: NDArray[np.float64], normals: NDArray[np.float64], lamp: Light) -> NDArray[np.uint8]:
    # The sun is asked straight from above, where the answer is quick: the page has its own.
    return np.asarray(light.light_at(points, normals, lamp.heights, light.sun_vector(0.0, 85.0))[:, 1] & _STEPS, dtype=np.uint8)


def sky_map(lamp: Light, blob: Blob) -> dict[str, Any] | None:
    """Share of the sky on the floor and on the highest surface, and light of lamps: a picture of three channels."""
    from scipy.ndimage import maximum_filter

    packed, heights = lamp.packed, lamp.heights
    floors = np.isin(packed.kind, [light.FLOOR, light.WATER])
    if not floors.any():
        return None
    rows, columns = heights.z.shape
    cell = max(heights.cell, float(np.sqrt(rows * columns / MAP_CELLS)) * heights.cell)
    shape = (int(rows * heights.cell / cell) + 1, int(columns * heights.cell / cell) + 1)
    x = heights.west + (np.arange(shape[1]) + 0.5) * cell
    y = heights.north - (np.arange(shape[0]) + 0.5) * cell
    px, py = (axis.ravel() for axis in np.meshgrid(x, y))
    deck = packed.casts & floors
    leaves = packed.kind == light.FOLIAGE
    low, top = (_from_above(lamp, keep, cell, shape) for keep in (floors & ~deck, (floors | packed.casts) & ~leaves))
    roofed = _from_above(lamp, packed.kind == light.BUILDING, cell, shape) > low + 1.0
    # Roofs reach a cell beyond their edge, so that the light beside them does not bleed onto them.
    top = maximum_filter(np.nan_to_num(top, nan=-1e6), size=3)
    level = np.nan_to_num(low, nan=0.0)
    upper = np.where(top > -1e5, top, level)
    picture = np.full((3, len(px)), 255 & _STEPS, np.uint8)
    seen, above = ~roofed.ravel(), (upper > level + 0.05).ravel()
    spots = np.column_stack([px, py, level.ravel() + 0.25])
    picture[0, seen] = _sky(spots[seen], np.broadcast_to(_UP, (int(seen.sum()), 3)), lamp)
    picture[0, ~seen] = 0
    picture[1] = picture[0]
    spots[:, 2] = upper.ravel() + 0.25
    picture[1, above] = _sky(spots[above], np.broadcast_to(_UP, (int(above.sum()), 3)), lamp)
    lit = lamps.lamp_raster(lamp.scene, np.zeros(3), heights.west, heights.north, cell, shape)
    picture[2] = np.rint(np.clip(LAMP_SCALE * lit.ravel(), 0, 255)).astype(np.uint8) & np.uint8(0xFC)
    place = {"west": heights.west, "north": heights.north, "cell": cell, "rows": shape[0], "columns": shape[1]}
    return {**place, "planes": blob.raw(picture)}


def _from_above(lamp: Light, keep: NDArray[np.bool_], cell: float, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Highest of some triangles over each cell; NaN where there is none."""
    heights = lamp.heights
    return raster.top_heights(lamp.packed.vertices, lamp.packed.triangles[keep], heights.west, heights.north, cell, shape)
