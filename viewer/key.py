"""What the colours of a scene stand for, taken from its layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewer import style
from viewer.scene import Colour, KeyEntry, Layer, MeshLayer

_SILENT = ("surroundings", "stairs", "quay_walls", "changes", "section", "section_floor")
"""Layers that need no entry: they are part of what they stand beside, or have names of their own."""
_SURFACES = {
    "carriageway": "Streets", "road": "Streets", "street": "Streets", "footway": "Footways", "pavement": "Footways",
    "pedestrian": "Squares", "square": "Squares", "cycleway": "Cycle paths", "wharf": "Wharves", "quay": "Wharves",
    "railway": "Railways", "motorway": "Motorways", "runway": "Runways", "parking": "Parking", "driveway": "Driveways",
    "busway": "Bus lanes", "verge": "Green", "green": "Green", "stairs": "Stairs", "bridge": "Bridges",
}  # fmt: skip
"""Names of the surfaces of streets."""
MOST = 14
"""More entries than this are not read."""


def key_of(layers: Sequence[Layer]) -> tuple[KeyEntry, ...]:
    """An entry for each thing that is drawn: of what stands first, then of the ground."""
    entries: list[KeyEntry] = []
    # what is there in some stages only has the entries of what is there in all
    layers = [replace(layer, name=layer.name.split("@")[0]) if layer.stages else layer for layer in layers]
    for layer in layers:
        if isinstance(layer, MeshLayer) and len(layer.triangles) and layer.name not in _SILENT:
            entries += _entries(layer)
    seen: dict[tuple[str, Colour | None], KeyEntry] = {}
    for entry in sorted(entries, key=lambda one: _order(one, layers)):
        seen.setdefault((entry.label, entry.stripe), entry)
    return tuple(seen.values())


def _order(entry: KeyEntry, layers: Sequence[Layer]) -> tuple[int, int]:
    names = [layer.name for layer in layers]
    group = layers[names.index(entry.layer)].group
    first = ("buildings", "buildings_no_height")
    ranks = {"ground": 5 if entry.layer != "landuse" else 4, "street": 3, "water": 4, "green": 4}
    rank = first.index(entry.layer) if entry.layer in first else ranks.get(group, 2)
    return rank, names.index(entry.layer)


def _entries(layer: MeshLayer) -> list[KeyEntry]:
    if layer.name == "buildings_no_height":
        return [KeyEntry(layer.name, layer.label, style.NO_HEIGHT, style.NO_HEIGHT_STRIPE)]
    if layer.name == "buildings":
        return [KeyEntry(layer.name, layer.label, style.WALLS[0])]
    if layer.name == "trees":
        return [KeyEntry(layer.name, layer.label, style.TREE_CROWNS[0])]
    soils = ("soundings_points", "soundings_soil", "pit")
    parts = layer.attributes.get("soil" if layer.name in soils else "part", [])
    if layer.name in (*soils, "wells_points") and layer.owner is not None and any(parts):
        return _parts(layer, parts)
    kinds = layer.attributes.get("land use" if layer.name == "landuse" else "surface")
    if kinds is None or layer.owner is None or layer.group not in ("street", "ground"):
        return [KeyEntry(layer.name, layer.label, main_colour(layer))]
    rows, first = np.unique(layer.owner, return_index=True)
    area = np.bincount(layer.owner, areas(layer))
    made = []
    size: dict[str, float] = {}
    for row, triangle in zip(rows.tolist(), first.tolist(), strict=True):
        kind = str(kinds[row] or "")
        label = kind if layer.name == "landuse" else _SURFACES.get(kind.lower(), layer.label)
        size[label] = size.get(label, 0.0) + float(area[row])
        made.append(KeyEntry(layer.name, label or layer.label, _colour(layer.colours[triangle])))
    made.sort(key=lambda entry: -size.get(entry.label, 0.0))
    return _shared(made) if layer.name == "landuse" else made


def _parts(layer: MeshLayer, parts: list[Any]) -> list[KeyEntry]:
    """An entry for each class of soil or part of a well, from the top down."""
    assert layer.owner is not None
    rows, last = np.unique(layer.owner[::-1], return_index=True)
    kinds = [parts[row] or layer.label for row in rows.tolist()]
    colours = [_colour(layer.colours[::-1][triangle]) for triangle in last.tolist()]
    return [KeyEntry(layer.name, str(kind), colour) for kind, colour in zip(kinds, colours, strict=True)]


def _shared(entries: list[KeyEntry]) -> list[KeyEntry]:
    """One entry a colour: kinds that share the last colour are named together."""
    labels: dict[Colour, list[str]] = {}
    for entry in entries:
        labels.setdefault(entry.colour, [])
        if entry.label not in labels[entry.colour]:
            labels[entry.colour].append(entry.label)
    first = {entry.colour: entry for entry in reversed(entries)}
    return [
        replace(first[colour], label=names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more kinds")
        for colour, names in labels.items()
    ]


def by_height(layer: MeshLayer, datum: float, label: str) -> tuple[MeshLayer, tuple[KeyEntry, ...]]:
    """Ground in steps of its height, and an entry for each step.

    Parameters
    ----------
    layer : MeshLayer
    datum : float
        Height of z = 0 [m].
    label : str
        What the heights are of.
    """
    height = layer.vertices[layer.triangles][:, :, 2].mean(axis=1) + datum
    low, high = (float(v) for v in np.quantile(height, [0.02, 0.98]))
    step = _step((high - low) / len(style.HEIGHTS))
    first = np.floor(low / step) * step
    limits = first + step * np.arange(1, len(style.HEIGHTS))
    which = np.searchsorted(limits, height, side="right")
    colours = np.array(style.HEIGHTS, dtype=np.uint8)[which]
    entries = []
    for k in sorted(set(which.tolist()), reverse=True):
        bottom, top = f"{limits[k - 1]:g}" if k else "", f"{limits[k]:g}" if k < len(limits) else ""
        words = f"{bottom} – {top} m" if bottom and top else f"above {bottom} m" if bottom else f"below {top} m"
        entries.append(KeyEntry(layer.name, f"{label} {words}", style.HEIGHTS[k]))
    return replace(layer, colours=colours), tuple(entries)


def _step(least: float) -> float:
    """The smallest of 1, 2, 5 x 10^n that is not below `least`, at least a decimetre."""
    power = 10.0 ** np.floor(np.log10(max(least, 0.1)))
    return float(next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= max(least, 0.1) * (1 - 1e-9)))


def areas(layer: MeshLayer) -> NDArray[np.float64]:
    """Area of each triangle of a layer, (T,) [m2]."""
    a, b, c = (layer.vertices[layer.triangles[:, k]] for k in range(3))
    return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2)


def main_colour(layer: MeshLayer) -> Colour:
    """The colour that most of a layer has."""
    colours, which = np.unique(layer.colours, axis=0, return_inverse=True)
    return _colour(colours[int(np.argmax(np.bincount(which.ravel(), areas(layer))))])


def _colour(values: NDArray[np.uint8]) -> Colour:
    red, green, blue = (int(v) for v in values)
    return red, green, blue
