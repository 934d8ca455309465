"""Layers of a scene as the page takes them: what they are in words, and where their numbers lie in the bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewer import looks
from viewer.backends import light, pack
from viewer.backends.baked import Light, sky_at_corners
from viewer.backends.blob import Blob, smallest
from viewer.backends.creases import creases
from viewer.cut import FLOORS
from viewer.pit_notes import MEASURES, NOTES
from viewer.scene import (
    GROUNDS,
    AnnotationLayer,
    FieldLayer,
    LabelLayer,
    Layer,
    LineLayer,
    MeshLayer,
    PeopleLayer,
    PointLayer,
    VolumeLayer,
)

STEP_M = 0.01
"""Grid of coordinates: half of it is the largest error [m]."""
PEOPLE_STEP_M = 0.05
COARSE_STEP_M = 0.25
"""Grid of people when they are many: less than a foot's length from where they were [m]."""
COARSE_ROWS = 1_500_000
MAX_ROWS = 6_500_000
"""More positions of people than this are thinned out by leaving out frames."""
MAX_FIELD_BYTES = 60_000_000
NO_FLOOR = -(2**20)

_LIGHT = {
    light.FLOOR: "floor",
    light.WATER: "water",
    light.FOLIAGE: "leaf",
    light.BEYOND: "beyond",
    light.DRAWN: "cut",
}


def _head(layer: Layer, kind: str) -> dict[str, Any]:
    names = {"kind": kind, "name": layer.name, "label": layer.label, "group": layer.group}
    return {**names, "visible": layer.visible, "side": layer.side, "stages": list(layer.stages)}


def mesh_entry(
    layer: MeshLayer, blob: Blob, lamp: Light, look: str = "presentation", *, roofs: bool = False
) -> dict[str, Any]:
    """A mesh layer: vertices, triangles, colours by palette, owners, edges, and light of the sky for what is no floor."""
    used, inverse = np.unique(layer.triangles, return_inverse=True)
    triangles = inverse.reshape(-1, 3)
    vertices = layer.vertices[used]
    kind = pack.kind_of(layer)
    palette, colour = np.unique(_colours_in(look, layer, kind), axis=0, return_inverse=True)
    deck = kind == light.FLOOR and layer.casts_shadow
    sides, open_things = creases(vertices, triangles, layer.owner)
    entry: dict[str, Any] = {
        **_head(layer, "mesh"),
        "opacity": layer.opacity,
        # A deck is a floor, but what the map of the floor holds there is below it.
        "light": "solid" if deck else _LIGHT.get(kind, "solid"),
        "floor": kind == light.FLOOR or (roofs and kind == light.BUILDING),  # what a field may lie on
        "casts": bool(layer.casts_shadow and kind not in (light.BEYOND, light.DRAWN)),
        "ghost": layer.group in (*FLOORS, *GROUNDS) and kind != light.FOLIAGE,
        "whole": layer.group == "furniture" or layer.name.startswith("trees"),
        "cut": _cut(layer, kind, not len(open_things)),
        "closed": not len(open_things),
        "windows": kind == light.BUILDING and layer.name.startswith("buildings"),
        "hollow": layer.name.startswith("cellars"),
        "vertices": blob.deltas(np.rint(vertices / STEP_M)),
        "triangles": blob.deltas(triangles.reshape(-1, 1)),
        "palette": palette.ravel().tolist(),
        "colour": blob.deltas(colour.reshape(-1, 1)),
    }
    if entry["cut"] == "solid" and not layer.name.startswith("buildings") and layer.group != "underground":
        # What is but a sheet has nothing inside. Buildings often lack only a floor, and mains the ends of their pieces.
        entry["sheets"] = open_things.tolist()
    if layer.edges:
        entry["creases"] = blob.raw(sides)
    if layer.owner is not None and layer.attributes.get("id"):
        entry["owner"] = blob.deltas(layer.owner.reshape(-1, 1))
        entry["attributes"] = layer.attributes
    if entry["light"] in ("solid", "leaf"):
        entry["baked"] = blob.raw(sky_at_corners(vertices, triangles, kind, lamp))
    return entry


def _colours_in(look: str, layer: MeshLayer, kind: int) -> NDArray[np.uint8]:
    """Colours of a layer in a house style; that of the night is a matter of light alone."""
    if look != "plain":
        return layer.colours
    linear = pack.to_linear(np.arange(256))[layer.colours].astype(np.float32)
    paper = looks.albedo_in(look, linear, np.full(len(linear), kind, np.uint8), pack.is_changed(layer)).astype(np.float64)
    encoded = np.where(paper <= 0.0031308, 12.92 * paper, 1.055 * np.maximum(paper, 1e-9) ** (1 / 2.4) - 0.055)
    # Few tones are enough, and pack well.
    return np.asarray(np.clip(np.rint(255 * encoded / 3) * 3, 0, 255), dtype=np.uint8)


def _cut(layer: MeshLayer, kind: int, closed: bool) -> str:
    """What a section makes of a layer: a solid, the top of the ground, the top of water, a line, or nothing."""
    if kind in (light.BEYOND, light.DRAWN, light.FOLIAGE) or layer.group == "furniture":
        return ""
    name = layer.name.split("@")[0]
    if name.startswith("groundwater"):
        return "line"
    if isinstance(layer, VolumeLayer) or layer.group in ("buildings", "underground", "bridges") or name == "stairs":
        return "solid"
    if name == "pit":
        return "ground"
    if layer.group in FLOORS and name != "quay_walls":
        return "water" if layer.group == "water" else "ground"
    return "solid" if closed else ""


def people_entry(layer: PeopleLayer, blob: Blob) -> tuple[dict[str, Any], str]:
    """People by person: where each starts, then steps; and a note when frames were left out."""
    frames = len(layer.times)
    every = max(1, int(np.ceil(len(layer.positions) / MAX_ROWS)))
    step = PEOPLE_STEP_M if len(layer.positions) <= COARSE_ROWS else COARSE_STEP_M
    frame = np.repeat(np.arange(frames), np.diff(layer.start))
    keep = frame % every == 0
    frame, ids = frame[keep] // every, layer.ids[keep]
    at = np.rint(layer.positions[keep].astype(np.float64) / step).astype(np.int64)
    order = np.lexsort((frame, ids))
    frame, ids, at = frame[order], ids[order], at[order]
    new = np.ones(len(ids), bool)
    new[1:] = (ids[1:] != ids[:-1]) | (frame[1:] != frame[:-1] + 1)
    first = np.flatnonzero(new)
    steps = np.diff(at, axis=0, prepend=np.zeros((1, 3), np.int64))
    steps[first] = 0
    entry = {
        **_head(layer, "people"),
        "casts": True,
        "colour": list(layer.colour),
        "step": step,
        "times": [round(float(time), 3) for time in layer.times[::every]],
        "first": blob.deltas(frame[first].reshape(-1, 1)),
        "count": blob.deltas(np.diff(np.append(first, len(ids))).reshape(-1, 1)),
        "start": blob.deltas(at[first]),
        "steps": blob.raw(smallest(steps.T.ravel())),
    }
    note = f"People are shown at one in {every} of the recorded moments" if every > 1 else ""
    return entry, note


def field_entry(layer: FieldLayer, blob: Blob, *, whole: bool = False) -> tuple[dict[str, Any], str]:
    """A field as bytes, and the heights of its floor.

    What cannot be negative is kept on a square-root scale, where nothing is 0; a difference on a straight one, where 0 is for
    no value. So is a `whole` field, in which 0 is a value like any other.
    """
    every = min(max(1, int(np.ceil(layer.values.size / MAX_FIELD_BYTES))), len(layer.times))
    values = layer.values[every - 1 :: every]
    known = np.isfinite(values)
    shown = np.where(known, values, 0.0)
    top, low = max(float(shown.max(initial=0.0)), 1e-6), min(float(shown.min(initial=0.0)), 0.0)
    coded: NDArray[np.uint8]
    straight = whole or low < 0
    if straight:
        coded = np.where(known, np.rint(1 + 254 * (shown - low) / (top - low)), 0).astype(np.uint8)
    else:
        coded = np.rint(255 * np.sqrt(np.clip(shown / top, 0, 1))).astype(np.uint8)
    floor = np.where(np.isfinite(layer.height), np.rint(layer.height / STEP_M), NO_FLOOR).astype(np.int64)
    entry = {
        **_head(layer, "field"),
        "opacity": layer.opacity,
        "legend": layer.legend,
        "west": layer.west,
        "north": layer.north,
        "cell": layer.cell,
        "rows": layer.height.shape[0],
        "columns": layer.height.shape[1],
        "times": [round(float(time), 3) for time in layer.times[every - 1 :: every]],
        "scale": "linear" if straight else "root",
        "top": top,
        "low": low,
        "height": blob.deltas(floor.reshape(-1, 1)),
        "values": blob.raw(coded),
    }
    return entry, f"The field is shown at one in {every} of its moments" if every > 1 else ""


def points_entry(layer: PointLayer, blob: Blob) -> dict[str, Any]:
    """Dots: places, colours, size, and what is known of each."""
    entry = {
        **_head(layer, "points"),
        "size": layer.size_px,
        "places": blob.raw(layer.points.astype(np.float32).ravel()),
        "colours": blob.raw(layer.colours.ravel()),
    }
    return {**entry, "attributes": layer.attributes} if layer.attributes.get("id") else entry


def plain_entry(layer: LineLayer | LabelLayer | AnnotationLayer) -> dict[str, Any] | None:
    """Lines, names and remarks: few enough to be written out; None where there are none."""
    if isinstance(layer, LineLayer):
        paths = [path.round(2).tolist() for path in layer.paths]
        return {**_head(layer, "lines"), "colour": list(layer.colour), "width": layer.width, "paths": paths}
    if not len(layer.texts):
        return None
    if isinstance(layer, LabelLayer):
        return {**_head(layer, "labels"), "points": layer.points.round(2).tolist(), "texts": list(layer.texts)}
    return {
        **_head(layer, "annotations"),
        "own": layer.name.split("@")[0] in (NOTES, MEASURES),
        "colour": list(layer.colour),
        "dimension": layer.dimension,
        "starts": layer.starts.round(2).tolist(),
        "ends": layer.ends.round(2).tolist(),
        "texts": list(layer.texts),
    }
