"""What the result of a pit says of buildings, and that of cellars of vaults, as colours on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.palette import DAMAGED
from viewer.scene import Colour, KeyEntry, Layer, MeshLayer

if TYPE_CHECKING:
    from twin.result import Result

DAMAGE = "damage"
DAMAGES: tuple[tuple[str, Colour], ...] = (
    ("Damage: very slight", DAMAGED[0]),
    ("Damage: slight", DAMAGED[1]),
    ("Damage: moderate", DAMAGED[2]),
    ("Damage: severe to very severe", DAMAGED[3]),
)
"""Categories 1 and up of `twin.sim.impact.pit.damage`; what is negligible keeps its own colour."""
SCREENINGS: dict[str, tuple[str, Colour]] = {
    "within": ("Cellar: within its limit", (92, 150, 176)),
    "near": ("Cellar: near its limit", (240, 190, 80)),
    "beyond": ("Cellar: beyond its limit", (196, 64, 52)),
    "not judged": ("Cellar: not judged", (176, 172, 168)),
}
"""Outcomes of the screening of cellars, which is no assessment by NEN 8700."""
OVER_M = 0.02
"""A colour lies this far over the wall or roof that it is of [m]."""


def damage_layer(result: Result | None, layers: Sequence[Layer]) -> tuple[MeshLayer | None, tuple[KeyEntry, ...]]:
    """Buildings in the colour of their category of damage, as a skin over them, and what the colours mean.

    Seen from the start where nobody walks: there it is what a result is about.
    """
    impact = None if result is None else result.impacts.get("pit")
    table = None if impact is None else impact.features.get("buildings")
    buildings = next((one for one in layers if isinstance(one, MeshLayer) and one.name == "buildings"), None)
    if table is None or "category" not in table or buildings is None or buildings.owner is None or result is None:
        return None, ()
    category = {str(key): int(value) for key, value in table["category"].dropna().items() if value >= 1}
    ids = [str(key) for key in buildings.attributes["id"]]
    of_row = np.array([min(category.get(key, 0), len(DAMAGES)) for key in ids], dtype=np.int64)
    keep = np.where(buildings.owner >= 0, of_row[buildings.owner], 0)
    there = keep > 0
    if not there.any():
        return None, ()
    vertices, triangles = _skin(buildings, there)
    rows = np.flatnonzero(of_row > 0)
    number = np.full(len(ids), -1, dtype=np.int32)
    number[rows] = np.arange(len(rows), dtype=np.int32)
    colours = np.array([colour for _, colour in DAMAGES], np.uint8)[keep[there] - 1]
    told = _told(table, [ids[row] for row in rows])
    layer = MeshLayer(
        DAMAGE, "Damage to buildings", vertices, triangles, colours, number[buildings.owner[there]], told, "results", edges=True,
        visible=not result.has_crowd,
    )  # fmt: skip
    return layer, tuple(KeyEntry(DAMAGE, *DAMAGES[k - 1]) for k in sorted(set(keep[there].tolist())))


COLUMNS = ("category", "damage", "cracks", "settlement_mm", "strain", "foundation")


def _told(table: Any, ids: list[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {"id": ids}
    names = [name for name in COLUMNS if name in table]
    rows = {str(key): row for key, row in zip(table.index, table[names].itertuples(index=False), strict=True)}
    for k, name in enumerate(names):
        values = [rows[key][k] if key in rows else None for key in ids]
        found[name] = [_plain(value) for value in values]
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return round(float(value), 5) if np.isfinite(value) else None
    if isinstance(value, int | np.integer):
        return int(value)
    return None if value is None or str(value) in ("<NA>", "nan", "") else str(value)


def _skin(layer: MeshLayer, keep: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Triangles of a layer, each moved a little outward."""
    corners = layer.vertices[layer.triangles[keep]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    moved = corners + OVER_M * normal[:, None]
    return moved.reshape(-1, 3), np.arange(3 * len(corners), dtype=np.int32).reshape(-1, 3)


def screened_cellars(result: Result | None, layers: Sequence[Layer]) -> tuple[list[Layer], tuple[KeyEntry, ...]]:
    """The layers with cellars in the colour of what their screening says, and what those colours mean."""
    impact = None if result is None else result.impacts.get("cellars")
    table = None if impact is None else impact.features.get("cellars")
    if table is None or "screening" not in table:
        return list(layers), ()
    said = {str(key): str(value) for key, value in table["screening"].items()}
    use = {str(key): value for key, value in table["use_factor"].items()} if "use_factor" in table else {}
    made: list[Layer] = []
    seen: dict[str, str] = {}
    for layer in layers:
        if isinstance(layer, MeshLayer) and layer.name.startswith("cellars") and layer.owner is not None:
            ids = [str(key) for key in layer.attributes["id"]]
            words = [said.get(key, "") for key in ids]
            colours = layer.colours.copy()
            for row, word in enumerate(words):
                if word in SCREENINGS:
                    colours[layer.owner == row] = SCREENINGS[word][1]
                    seen.setdefault(word, layer.name)
            attributes = {**layer.attributes, "screening": words, "use factor": [_plain(use.get(key)) for key in ids]}
            layer = replace(layer, colours=colours, attributes=attributes)
        made.append(layer)
    return made, tuple(KeyEntry(seen[word], *SCREENINGS[word]) for word in SCREENINGS if word in seen)
