"""A scene as one block of bytes and a description of what lies where, for the HTML page.

Integers are stored as differences to the one before, in the smallest type that holds them all: that is what gzip
likes best.
"""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewer import raster, style
from viewer.backends import light, pack
from viewer.backends.camera import Camera
from viewer.scene import FieldLayer, LabelLayer, LineLayer, MeshLayer, PeopleLayer, Scene

STEP_M = 0.01
"""Grid of coordinates: half of it is the largest error [m]."""
PEOPLE_STEP_M = 0.05
MAX_ROWS = 1_500_000
"""More positions of people than this are thinned out by leaving out frames."""
MAX_FIELD_BYTES = 60_000_000
MAP_CELLS = 800_000


@dataclass(slots=True)
class Blob:
    """Arrays one after another, each aligned to four bytes."""

    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def raw(self, array: NDArray[Any]) -> dict[str, Any]:
        """Add an array as it is."""
        content = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        where = {"at": self.size, "n": int(array.size), "type": array.dtype.name}
        self.parts.append(content + b"\0" * (-len(content) % 4))
        self.size += len(self.parts[-1])
        return where

    def deltas(self, values: NDArray[Any]) -> dict[str, Any]:
        """Add integers as differences; 2-D columns one after another."""
        columns = np.asarray(values, dtype=np.int64).reshape(len(values), -1)
        if not len(columns):
            return {**self.raw(np.empty(0, np.int8)), "heads": []}
        heads = columns[0].tolist()
        steps = np.diff(columns, axis=0, prepend=columns[:1])
        return {**self.raw(smallest(steps.T.ravel())), "heads": heads}

    def encoded(self) -> str:
        """All of it: gzip, then base64."""
        return base64.b64encode(gzip.compress(b"".join(self.parts), 6, mtime=0)).decode("ascii")


def smallest(values: NDArray[np.int64]) -> NDArray[Any]:
    """The same integers in the smallest signed type that holds them."""
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    for kind in (np.int8, np.int16):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return values.astype(kind)
    return values.astype(np.int32)


@dataclass(slots=True)
class Light:
    """What is needed to bake light: heights relative to `shift`, and the sun."""

    heights: light.Heights
    sun: NDArray[np.float64]
    shift: NDArray[np.float64]


def baking(scene: Scene) -> tuple[Light, pack.Packed]:
    """Heights of the whole scene without its people."""
    camera = Camera.of(scene.view(), (1600, 900))
    still = replace(scene, layers=tuple(layer for layer in scene.layers if isinstance(layer, MeshLayer)))
    packed = pack.pack(still, scene.time, camera)
    shift = np.zeros(3)
    heights = pack.height_raster(packed, shift, 3_000_000)
    return Light(heights, light.sun_vector(scene.sun_azimuth_deg, scene.sun_altitude_deg), shift), packed


def mesh_entry(layer: MeshLayer, blob: Blob, lamp: Light) -> dict[str, Any]:
    """A mesh layer: vertices, triangles, colours by palette, owners, and baked light for what is no floor."""
    used, inverse = np.unique(layer.triangles, return_inverse=True)
    triangles = inverse.reshape(-1, 3)
    vertices = layer.vertices[used]
    palette, colour = np.unique(layer.colours, axis=0, return_inverse=True)
    kind = pack.kind_of(layer)
    entry: dict[str, Any] = {
        "kind": "mesh",
        "name": layer.name,
        "label": layer.label,
        "group": layer.group,
        "visible": layer.visible,
        "opacity": layer.opacity,
        "edges": layer.edges,
        "light": _light_name(layer, kind),
        "floor": kind == light.FLOOR,
        "vertices": blob.deltas(np.rint(vertices / STEP_M)),
        "triangles": blob.deltas(triangles.reshape(-1, 1)),
        "palette": palette.ravel().tolist(),
        "colour": blob.deltas(colour.reshape(-1, 1)),
    }
    if layer.owner is not None and layer.attributes:
        entry["owner"] = blob.deltas(layer.owner.reshape(-1, 1))
        entry["attributes"] = layer.attributes
    if entry["light"] in ("solid", "leaf"):
        entry["baked"] = blob.raw(_baked(vertices, triangles, kind, lamp))
    return entry


def _light_name(layer: MeshLayer, kind: int) -> str:
    """How the page lights a layer: by the map of the floor, or by what is baked into its corners."""
    if kind == light.FLOOR and layer.casts_shadow:
        return "solid"  # a deck: the map of the floor holds what is below it
    return {light.FLOOR: "floor", light.WATER: "water", light.FOLIAGE: "leaf", light.BEYOND: "beyond"}.get(kind, "solid")


def _baked(vertices: NDArray[np.float64], triangles: NDArray[np.int64], kind: int, lamp: Light) -> NDArray[np.uint8]:
    """Sun and sky at each corner, (T * 6,) uint8, coarse so that it packs well."""
    corner = vertices[triangles]
    a, b, c = (corner[:, k] for k in range(3))
    normal = np.cross(b - a, c - a)
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    normal = np.divide(normal, length, out=np.zeros_like(normal), where=length > 0)
    middle = corner.mean(axis=1, keepdims=True)
    off = 1.2 * lamp.heights.cell
    if kind == light.FOLIAGE:
        flat = light.light_at(middle[:, 0] + off * normal - lamp.shift, normal, lamp.heights, lamp.sun)
        return np.asarray(np.repeat(flat & 0xF0, 3, axis=0), dtype=np.uint8).ravel()
    points = corner + 0.12 * (middle - corner) + normal[:, None, :] * [off, off, off / 2]
    flat = light.light_at(points.reshape(-1, 3) - lamp.shift, np.repeat(normal, 3, axis=0), lamp.heights, lamp.sun)
    return np.asarray(flat & 0xF0, dtype=np.uint8).ravel()


def light_map(packed: pack.Packed, blob: Blob, lamp: Light) -> dict[str, Any] | None:
    """Sun and sky on the floor, and on the highest surface, as a picture of four channels."""
    from scipy.ndimage import maximum_filter

    heights = lamp.heights
    floors = np.isin(packed.kind, [light.FLOOR, light.WATER])
    if not floors.any():
        return None
    rows, columns = heights.z.shape
    cell = max(heights.cell, float(np.sqrt(rows * columns / MAP_CELLS)) * heights.cell)
    shape = (int(rows * heights.cell / cell) + 1, int(columns * heights.cell / cell) + 1)
    x = heights.west + (np.arange(shape[1]) + 0.5) * cell
    y = heights.north - (np.arange(shape[0]) + 0.5) * cell
    px, py = (axis.ravel() for axis in np.meshgrid(x, y))
    upright = np.tile([0.0, 0.0, 1.0], (len(px), 1))
    deck = packed.casts & floors
    leaves = packed.kind == light.FOLIAGE
    low, top = (_from_above(packed, keep, lamp, cell, shape) for keep in (floors & ~deck, (floors | packed.casts) & ~leaves))
    roofed = _from_above(packed, packed.kind == light.BUILDING, lamp, cell, shape) > low + 1.0
    # Roofs reach a cell beyond their edge, so that the light beside them does not bleed onto them.
    top = maximum_filter(np.nan_to_num(top, nan=-1e6), size=3)
    level = np.nan_to_num(low, nan=0.0)
    upper = np.where(top > -1e5, top, level)
    picture = np.full((len(px), 4), 255, np.uint8)
    seen, above = ~roofed.ravel(), (upper > level + 0.05).ravel()
    spots = np.column_stack([px, py, level.ravel() + 0.25])
    picture[seen, :2] = light.light_at(spots[seen], upright[seen], heights, lamp.sun)
    picture[~seen, :2] = 0
    picture[:, 2:] = picture[:, :2]
    spots[:, 2] = upper.ravel() + 0.25
    picture[above, 2:] = light.light_at(spots[above], upright[above], heights, lamp.sun)
    picture &= 0xF8
    planes = blob.raw(np.ascontiguousarray(picture.T))
    return {
        "west": heights.west,
        "north": heights.north,
        "cell": cell,
        "rows": shape[0],
        "columns": shape[1],
        "planes": planes,
    }


def _from_above(
    packed: pack.Packed, keep: NDArray[np.bool_], lamp: Light, cell: float, shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Highest of some triangles over each cell; NaN where there is none."""
    vertices = packed.vertices - lamp.shift
    return raster.top_heights(vertices, packed.triangles[keep], lamp.heights.west, lamp.heights.north, cell, shape)


def people_entry(layer: PeopleLayer, blob: Blob) -> tuple[dict[str, Any], str]:
    """People by person: where each starts, then steps; and a note when frames were left out."""
    frames = len(layer.times)
    every = max(1, int(np.ceil(len(layer.positions) / MAX_ROWS)))
    frame = np.repeat(np.arange(frames), np.diff(layer.start))
    keep = frame % every == 0
    frame, ids = frame[keep] // every, layer.ids[keep]
    at = np.rint(layer.positions[keep].astype(np.float64) / PEOPLE_STEP_M).astype(np.int64)
    order = np.lexsort((frame, ids))
    frame, ids, at = frame[order], ids[order], at[order]
    new = np.ones(len(ids), bool)
    new[1:] = (ids[1:] != ids[:-1]) | (frame[1:] != frame[:-1] + 1)
    first = np.flatnonzero(new)
    steps = np.diff(at, axis=0, prepend=np.zeros((1, 3), np.int64))
    steps[first] = 0
    entry = {
        "kind": "people",
        "name": layer.name,
        "label": layer.label,
        "group": layer.group,
        "visible": layer.visible,
        "colour": list(layer.colour),
        "step": PEOPLE_STEP_M,
        "times": [round(float(time), 3) for time in layer.times[::every]],
        "first": blob.deltas(frame[first].reshape(-1, 1)),
        "count": blob.deltas(np.diff(np.append(first, len(ids))).reshape(-1, 1)),
        "start": blob.deltas(at[first]),
        "steps": blob.raw(smallest(steps.T.ravel())),
    }
    note = f"People are shown at one in {every} of the recorded moments" if every > 1 else ""
    return entry, note


def field_entry(layer: FieldLayer, blob: Blob) -> tuple[dict[str, Any], str]:
    """A field as bytes on a square-root scale, and the heights of its floor."""
    every = max(1, int(np.ceil(layer.values.size / MAX_FIELD_BYTES)))
    values = np.nan_to_num(layer.values[every - 1 :: every], nan=0.0)
    top = max(float(values.max(initial=0.0)), 1e-6)
    coded = np.rint(255 * np.sqrt(np.clip(values / top, 0, 1))).astype(np.uint8)
    floor = np.where(np.isfinite(layer.height), np.rint(layer.height / STEP_M), -(2**20)).astype(np.int64)
    entry = {
        "kind": "field",
        "name": layer.name,
        "label": layer.label,
        "group": layer.group,
        "visible": layer.visible,
        "opacity": layer.opacity,
        "legend": layer.legend,
        "west": layer.west,
        "north": layer.north,
        "cell": layer.cell,
        "rows": layer.height.shape[0],
        "columns": layer.height.shape[1],
        "times": [round(float(time), 3) for time in layer.times[every - 1 :: every]],
        "top": top,
        "height": blob.deltas(floor.reshape(-1, 1)),
        "values": blob.raw(coded),
    }
    return entry, f"The field is shown at one in {every} of its moments" if every > 1 else ""


def describe(scene: Scene) -> tuple[dict[str, Any], str]:
    """The description of a scene for the page, and its bytes (gzip, base64)."""
    blob = Blob()
    lamp, packed = baking(scene)
    layers: list[dict[str, Any]] = []
    notes = list(scene.notes)
    for layer in scene.layers:
        note = ""
        if isinstance(layer, MeshLayer) and len(layer.triangles):
            layers.append(mesh_entry(layer, blob, lamp))
        elif isinstance(layer, PeopleLayer) and len(layer.positions):
            entry, note = people_entry(layer, blob)
            layers.append(entry)
        elif isinstance(layer, FieldLayer):
            entry, note = field_entry(layer, blob)
            layers.append(entry)
        elif isinstance(layer, LineLayer):
            paths = [path.round(2).tolist() for path in layer.paths]
            layers.append(
                {
                    "kind": "lines",
                    "name": layer.name,
                    "label": layer.label,
                    "group": layer.group,
                    "visible": layer.visible,
                    "colour": list(layer.colour),
                    "paths": paths,
                }
            )
        elif isinstance(layer, LabelLayer) and len(layer.points):
            layers.append(
                {
                    "kind": "labels",
                    "name": layer.name,
                    "label": layer.label,
                    "group": layer.group,
                    "visible": layer.visible,
                    "points": layer.points.round(2).tolist(),
                    "texts": list(layer.texts),
                }
            )
        if note and note not in notes:
            notes.append(note)
    document = {
        "title": scene.title,
        "subtitle": scene.subtitle,
        "notes": notes,
        "credits": list(scene.credits),
        "crs": scene.crs,
        "origin": list(scene.origin),
        "clock_start": scene.clock_start,
        "time": scene.time,
        "end": float(max((scene.times[-1] if len(scene.times) else 0.0), scene.time)),
        "start": float(scene.times[0]) if len(scene.times) else 0.0,
        "moving": len(scene.times) > 1,
        "step": STEP_M,
        "sun": lamp.sun.tolist(),
        "views": [
            {
                "name": v.name,
                "label": v.label,
                "eye": [float(e) for e in v.eye],
                "target": [float(t) for t in v.target],
                "angle": v.angle_deg,
            }
            for v in scene.views
        ],
        "key": [
            {"layer": e.layer, "label": e.label, "colour": list(e.colour), "stripe": None if e.stripe is None else list(e.stripe)}
            for e in scene.key
        ],
        "legends": [_legend(scene, index) for index in range(len(scene.legends))],
        "layers": layers,
        "map": light_map(packed, blob, lamp),
        "size": blob.size,
    }
    return document, blob.encoded()


def _legend(scene: Scene, index: int) -> dict[str, Any]:
    legend = scene.legends[index]
    classes = [
        {
            "label": item.label,
            "range": style.class_range(item, first=k == 0),
            "low": item.low,
            "colour": list(item.colour),
        }
        for k, item in enumerate(legend.classes)
    ]
    return {"name": legend.name, "title": legend.title, "unit": legend.unit, "note": legend.note, "classes": classes}
