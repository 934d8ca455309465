"""All meshes of a scene as one list of triangles, and the few parts of it that are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.backends import light, pack
from viewer.backends.window.state import FADED, UNDERGROUND
from viewer.scene import MeshLayer, Scene

GLASS = 0.22
"""Opacity of the ground while one looks underground."""
PARTS = ("solid", "glass", "below")
"""What is drawn in one go: opaque things, see-through things, things below the ground."""


@dataclass(frozen=True, eq=False)
class Packing:
    """Triangles of all mesh layers, shown or not.

    Parameters
    ----------
    layers : tuple of MeshLayer
    corners : (T, 3, 3) float32
        Relative to `shift`, so that single precision is fine to a millimetre.
    normal : (T, 3) float32
        Unit vectors.
    albedo : (T, 3) uint8
    kind : (T,) uint8
        How light falls on it, see `viewer.backends.light`.
    layer : (T,) int16
        Place in `layers`.
    row : (T,) int32
        Row of the attributes, -1 for none.
    shift : (3,) float64
    """

    layers: tuple[MeshLayer, ...]
    corners: NDArray[np.float32]
    normal: NDArray[np.float32]
    albedo: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    layer: NDArray[np.int16]
    row: NDArray[np.int32]
    shift: NDArray[np.float64]

    @classmethod
    def of(cls, scene: Scene, shift: NDArray[np.float64] | None = None) -> Packing:
        """Pack the meshes of a scene, relative to `shift` or else to its middle."""
        layers = tuple(one for one in scene.layers if isinstance(one, MeshLayer) and len(one.triangles))
        shift = _middle(layers) if shift is None else shift
        sizes = [len(one.triangles) for one in layers]
        corners = np.empty((sum(sizes), 3, 3), np.float32)
        row = np.full(len(corners), -1, np.int32)
        start = 0
        for one, size in zip(layers, sizes, strict=True):
            corners[start : start + size] = (one.vertices - shift).astype(np.float32)[one.triangles]
            if one.owner is not None:
                row[start : start + size] = one.owner
            start += size
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        length = np.linalg.norm(normal, axis=1, keepdims=True)
        normal = np.divide(normal, length, out=np.zeros_like(normal), where=length > 0)
        albedo = np.concatenate([one.colours for one in layers]) if layers else np.empty((0, 3), np.uint8)
        kind = np.repeat(np.array([pack.kind_of(one) for one in layers], np.uint8), sizes)
        number = np.repeat(np.arange(len(layers), dtype=np.int16), sizes)
        return cls(layers, corners, normal, albedo, kind, number, row, shift)

    def shown(self, visible: dict[str, bool]) -> NDArray[np.bool_]:
        """Which triangles are shown, (T,) bool."""
        return self._flags([visible.get(one.name, one.visible) for one in self.layers])

    def parts(self, visible: dict[str, bool], *, underground: bool) -> dict[str, NDArray[np.int64]]:
        """Triangles of each part that is drawn, by its name in `PARTS`."""
        shown = self.shown(visible)
        below = self._flags([one.group == UNDERGROUND for one in self.layers])
        glass = self.opacity(underground=underground) < 1.0
        return {
            "solid": np.flatnonzero(shown & ~below & ~glass),
            "glass": np.flatnonzero(shown & glass & ~(below & ~glass)),
            "below": np.flatnonzero(shown & below & ~glass),
        }

    def opacity(self, *, underground: bool) -> NDArray[np.float32]:
        """Of each triangle, (T,) float32."""
        faded = [one.opacity * (GLASS if underground and one.group in FADED else 1.0) for one in self.layers]
        table = np.array(faded, dtype=np.float32)
        return table[self.layer] if len(table) else np.empty(0, np.float32)

    def casters(self, visible: dict[str, bool]) -> pack.Packed:
        """What light falls on and what casts shadow now, for `viewer.backends.pack.height_raster`."""
        counts = self._flags([one.casts_shadow and one.group != UNDERGROUND for one in self.layers])
        floor = (self.kind == light.FLOOR) | (self.kind == light.WATER)
        use = np.flatnonzero(self.shown(visible) & (counts | floor) & (self.kind != light.BEYOND))
        vertices = self.corners[use].reshape(-1, 3).astype(np.float64)
        triangles = np.arange(len(vertices), dtype=np.int32).reshape(-1, 3)
        return pack.Packed(
            vertices=vertices,
            triangles=triangles,
            colours=self.albedo[use],
            kind=self.kind[use],
            thing=self.row[use],
            casts=counts[use],
            changed=np.zeros(len(use), bool),
            opacity=np.ones(len(use), np.float32),
        )

    def _flags(self, values: list[bool]) -> NDArray[np.bool_]:
        """Of each triangle what is true of its layer."""
        table = np.array(values, dtype=bool)
        return table[self.layer] if len(table) else np.empty(0, bool)


def _middle(layers: tuple[MeshLayer, ...]) -> NDArray[np.float64]:
    inner = [one for one in layers if one.group != "surroundings"] or list(layers)
    if not inner:
        return np.zeros(3)
    low = np.min([one.vertices.min(axis=0) for one in inner], axis=0)
    high = np.max([one.vertices.max(axis=0) for one in inner], axis=0)
    return np.round((low + high) / 2)
