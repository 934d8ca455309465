"""Triangles packed for the machine: one mesh for a whole city, no object per building."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import GeometryError

SEMANTIC_NAMES: tuple[str, ...] = (
    "Unknown",
    "GroundSurface",
    "WallSurface",
    "RoofSurface",
    "ClosureSurface",
    "OuterCeilingSurface",
    "OuterFloorSurface",
    "Window",
    "Door",
    "InteriorWallSurface",
    "CeilingSurface",
    "FloorSurface",
    "WaterSurface",
    "WaterGroundSurface",
    "WaterClosureSurface",
    "TrafficArea",
    "AuxiliaryTrafficArea",
    "TransportationMarking",
    "TransportationHole",
)
"""Semantic surfaces of CityJSON 2.0 by code; code 0 is a surface whose meaning is not stated."""

SEMANTICS = MappingProxyType({name: code for code, name in enumerate(SEMANTIC_NAMES)})
"""Code of each semantic surface."""


class Rings(NamedTuple):
    """Polygons with holes as three flat arrays.

    Parameters
    ----------
    indices : (N,) int64
        Rows of the vertex table, ring after ring; rings are not closed.
    sizes : (R,) int64
        Number of indices of each ring.
    counts : (S,) int64
        Number of rings of each polygon; the first is the outer one.
    """

    indices: NDArray[np.int64]
    sizes: NDArray[np.int64]
    counts: NDArray[np.int64]


class Outlines(NamedTuple):
    """The polygons that triangles were cut from.

    Parameters
    ----------
    rings : Rings
        Outer ring and holes of each polygon, as rows of the vertices of the mesh.
    polygon : (T,) int32
        Polygon of each triangle.
    row : (P,) int32, optional
        Row of `City.surface_table` with the attributes of each polygon; -1 for none.
    nest : (P, 2) int32, optional
        Which solid of its object each polygon is of, and which shell of that solid (0 is the outer one); -1 where that is not
        known.
    """

    rings: Rings
    polygon: NDArray[np.int32]
    row: NDArray[np.int32] | None = None
    nest: NDArray[np.int32] | None = None

    def select(
        self, keep: NDArray[np.bool_], triangles: NDArray[np.int32], torn: NDArray[np.bool_] | None = None
    ) -> Outlines:
        """The outlines of some of the triangles (T, 3); a polygon that loses some, or is `torn`, falls into triangles."""
        count = len(self.rings.counts)
        total = np.bincount(self.polygon, minlength=count)
        left = np.bincount(self.polygon[keep], minlength=count)
        whole = (left > 0) & (left == total)
        if torn is not None:
            whole &= ~torn
        keep_ring = np.repeat(whole, self.rings.counts)
        indices = self.rings.indices[np.repeat(keep_ring, self.rings.sizes)]
        sizes, counts = self.rings.sizes[keep_ring], self.rings.counts[whole]
        polygon = (np.cumsum(whole) - 1)[self.polygon[keep]]
        loose = ~whole[self.polygon[keep]]
        row = None if self.row is None else self.row[whole]
        nest = None if self.nest is None else self.nest[whole]
        if loose.any():
            alone = int(loose.sum())
            if self.row is not None:
                row = np.append(self.row[whole], self.row[self.polygon[keep][loose]]).astype(np.int32)
            if self.nest is not None:
                nest = np.concatenate([self.nest[whole], self.nest[self.polygon[keep][loose]]])
            polygon[loose] = len(counts) + np.arange(alone)
            indices = np.concatenate([indices, triangles[keep][loose].ravel()])
            sizes, counts = np.append(sizes, np.full(alone, 3)), np.append(counts, np.full(alone, 1))
        rings = Rings(indices.astype(np.int64), sizes.astype(np.int64), counts.astype(np.int64))
        return Outlines(rings, polygon.astype(np.int32), row, nest)


@dataclass(frozen=True, slots=True, eq=False)
class TriangleMesh:
    """Triangles of many objects.

    Parameters
    ----------
    vertices : (V, 3) float64
        Coordinates relative to the origin of the city [m].
    triangles : (T, 3) int32
        Rows of `vertices`, counter-clockwise seen from outside.
    owner : (T,) int32
        Row of `City.objects` that each triangle belongs to.
    semantic : (T,) uint8
        Index into `SEMANTIC_NAMES`.
    outlines : Outlines, optional
        The polygons that the triangles were cut from; None when each triangle is one for itself.
    colour : (T, 4) uint8, optional
        Red, green, blue and opacity as the source states them; opacity 0 where it states none.
    texture : (T,) int32, optional
        Row of `City.textures` that each triangle shows; -1 for none.
    uv : (T, 3, 2) float32, optional
        Place of each corner in its picture, from its lower left; NaN without one.

    Raises
    ------
    GeometryError
        When shapes do not fit together or an index points nowhere.
    """

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int32]
    owner: NDArray[np.int32]
    semantic: NDArray[np.uint8]
    outlines: Outlines | None = None
    colour: NDArray[np.uint8] | None = None
    texture: NDArray[np.int32] | None = None
    uv: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        count = len(self.triangles)
        if self.vertices.ndim != 2 or self.vertices.shape[1] != 3:
            raise GeometryError(f"vertices have shape {self.vertices.shape}, not (V, 3)")
        if self.triangles.shape != (count, 3):
            raise GeometryError(f"triangles have shape {self.triangles.shape}, not (T, 3)")
        if self.owner.shape != (count,) or self.semantic.shape != (count,):
            raise GeometryError("a mesh needs one owner and one semantic for each triangle")
        if count and (self.triangles.min() < 0 or self.triangles.max() >= len(self.vertices)):
            raise GeometryError("a triangle points to a vertex that is not there")
        if self.colour is not None and self.colour.shape != (count, 4):
            raise GeometryError("a mesh with colours needs red, green, blue and opacity for each triangle")
        if (self.texture is None) != (self.uv is None):
            raise GeometryError("a mesh has places in pictures and the pictures they are in, or neither")
        if self.texture is not None and self.uv is not None and (self.texture.shape, self.uv.shape) != ((count,), (count, 3, 2)):
            raise GeometryError("a mesh with pictures needs one, and three places in it, for each triangle")
        if self.outlines is not None:
            self._check_outlines(self.outlines)
        for name, dtype in (("vertices", "f8"), ("triangles", "i4"), ("owner", "i4"), ("semantic", "u1")):
            array = np.ascontiguousarray(getattr(self, name), dtype=dtype)
            object.__setattr__(self, name, array)

    @classmethod
    def empty(cls) -> TriangleMesh:
        """A mesh without triangles."""
        return cls(
            np.empty((0, 3)), np.empty((0, 3), np.int32), np.empty(0, np.int32), np.empty(0, np.uint8)
        )

    def _check_outlines(self, outlines: Outlines) -> None:
        indices, sizes, counts = outlines.rings
        if outlines.nest is not None and outlines.nest.shape != (len(counts), 2):
            raise GeometryError("outlines of solids need a solid and a shell for each polygon")
        if outlines.row is not None and outlines.row.shape != counts.shape:
            raise GeometryError("outlines with attributes need one row for each polygon")
        if outlines.polygon.shape != (len(self.triangles),) or counts.sum() != len(sizes) or sizes.sum() != len(indices):
            raise GeometryError("the outlines do not fit the triangles of the mesh")
        if len(indices) and (indices.min() < 0 or indices.max() >= len(self.vertices)):
            raise GeometryError("an outline points to a vertex that is not there")
        if len(outlines.polygon) and (outlines.polygon.min() < 0 or outlines.polygon.max() >= len(counts)):
            raise GeometryError("a triangle is of a polygon that is not there")

    @property
    def polygons(self) -> Outlines:
        """The outlines, each triangle being its own where none are known."""
        if self.outlines is not None:
            return self.outlines
        count = len(self.triangles)
        rings = Rings(self.triangles.ravel().astype(np.int64), np.full(count, 3, np.int64), np.ones(count, np.int64))
        return Outlines(rings, np.arange(count, dtype=np.int32))

    @classmethod
    def concatenate(cls, meshes: Sequence[TriangleMesh]) -> TriangleMesh:
        """Join meshes; owners are kept as they are, so they must count in the same table."""
        meshes = [mesh for mesh in meshes if len(mesh.triangles)]
        if not meshes:
            return cls.empty()
        starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes[:-1])])
        outlines = None
        if any(mesh.outlines is not None for mesh in meshes):
            parts = [mesh.polygons for mesh in meshes]
            firsts = np.cumsum([0, *(len(part.rings.counts) for part in parts[:-1])])
            rings = Rings(
                np.concatenate([part.rings.indices + start for part, start in zip(parts, starts, strict=True)]),
                np.concatenate([part.rings.sizes for part in parts]),
                np.concatenate([part.rings.counts for part in parts]),
            )
            polygon = np.concatenate([part.polygon + first for part, first in zip(parts, firsts, strict=True)])
            row = None
            if any(part.row is not None for part in parts):
                none = [np.full(len(part.rings.counts), -1, np.int32) if part.row is None else part.row for part in parts]
                row = np.concatenate(none)
            nest = None
            if any(part.nest is not None for part in parts):
                pairs = [np.full((len(part.rings.counts), 2), -1, np.int32) if part.nest is None else part.nest for part in parts]
                nest = np.concatenate(pairs)
            outlines = Outlines(rings, polygon.astype(np.int32), row, nest)
        colour = None
        if any(mesh.colour is not None for mesh in meshes):
            colour = np.concatenate([np.zeros((len(m), 4), np.uint8) if m.colour is None else m.colour for m in meshes])
        texture = uv = None
        if any(mesh.texture is not None for mesh in meshes):
            texture = np.concatenate([np.full(len(m), -1, np.int32) if m.texture is None else m.texture for m in meshes])
            uv = np.concatenate([np.full((len(m), 3, 2), np.nan, np.float32) if m.uv is None else m.uv for m in meshes])
        return cls(
            np.concatenate([mesh.vertices for mesh in meshes]),
            np.concatenate([mesh.triangles + start for mesh, start in zip(meshes, starts, strict=True)]).astype("i4"),
            np.concatenate([mesh.owner for mesh in meshes]),
            np.concatenate([mesh.semantic for mesh in meshes]),
            outlines,
            colour,
            texture,
            uv,
        )

    def __len__(self) -> int:
        return len(self.triangles)

    def select(self, keep: NDArray[np.bool_]) -> TriangleMesh:
        """The triangles where `keep` (T,) is true, with the vertices and the outlines that they use."""
        triangles = self.triangles[keep]
        outlines = None if self.outlines is None else self.outlines.select(keep, self.triangles)
        used = np.zeros(len(self.vertices), dtype=bool)
        used[triangles] = True
        if outlines is not None:
            used[outlines.rings.indices] = True
        number = np.cumsum(used) - 1
        if outlines is not None:
            outlines = outlines._replace(rings=outlines.rings._replace(indices=number[outlines.rings.indices]))
        return TriangleMesh(
            self.vertices[used],
            number[triangles].astype(np.int32),
            self.owner[keep],
            self.semantic[keep],
            outlines,
            None if self.colour is None else self.colour[keep],
            None if self.texture is None else self.texture[keep],
            None if self.uv is None else self.uv[keep],
        )

    def with_owner(self, owner: NDArray[np.int32]) -> TriangleMesh:
        """The same triangles with other owners (T,)."""
        return replace(self, owner=owner)

    def translated(self, shift: Sequence[float] | NDArray[np.float64]) -> TriangleMesh:
        """The mesh moved by (dx, dy, dz) [m]."""
        return replace(self, vertices=self.vertices + np.asarray(shift))

    def normals(self) -> NDArray[np.float64]:
        """Unit normal of each triangle, (T, 3); zero for a degenerate one."""
        a, b, c = (self.vertices[self.triangles[:, k]] for k in range(3))
        normal = np.cross(b - a, c - a)
        length = np.linalg.norm(normal, axis=1, keepdims=True)
        return np.divide(normal, length, out=np.zeros_like(normal), where=length > 0)

    def areas(self) -> NDArray[np.float64]:
        """Area of each triangle, (T,) [m2]."""
        a, b, c = (self.vertices[self.triangles[:, k]] for k in range(3))
        return np.asarray(0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1))
