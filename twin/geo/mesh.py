"""Triangles packed for the machine: one mesh for a whole city, no object per building."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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

    Raises
    ------
    GeometryError
        When shapes do not fit together or an index points nowhere.
    """

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int32]
    owner: NDArray[np.int32]
    semantic: NDArray[np.uint8]

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
        for name, dtype in (("vertices", "f8"), ("triangles", "i4"), ("owner", "i4"), ("semantic", "u1")):
            array = np.ascontiguousarray(getattr(self, name), dtype=dtype)
            object.__setattr__(self, name, array)

    @classmethod
    def empty(cls) -> TriangleMesh:
        """A mesh without triangles."""
        return cls(
            np.empty((0, 3)), np.empty((0, 3), np.int32), np.empty(0, np.int32), np.empty(0, np.uint8)
        )

    @classmethod
    def concatenate(cls, meshes: Sequence[TriangleMesh]) -> TriangleMesh:
        """Join meshes; owners are kept as they are, so they must count in the same table."""
        meshes = [mesh for mesh in meshes if len(mesh.triangles)]
        if not meshes:
            return cls.empty()
        starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes[:-1])])
        return cls(
            np.concatenate([mesh.vertices for mesh in meshes]),
            np.concatenate([mesh.triangles + start for mesh, start in zip(meshes, starts, strict=True)]).astype("i4"),
            np.concatenate([mesh.owner for mesh in meshes]),
            np.concatenate([mesh.semantic for mesh in meshes]),
        )

    def __len__(self) -> int:
        return len(self.triangles)

    def select(self, keep: NDArray[np.bool_]) -> TriangleMesh:
        """The triangles where `keep` (T,) is true, with the vertices they use."""
        triangles = self.triangles[keep]
        used, inverse = np.unique(triangles, return_inverse=True)
        return TriangleMesh(
            self.vertices[used],
            inverse.reshape(-1, 3).astype(np.int32),
            self.owner[keep],
            self.semantic[keep],
        )

    def with_owner(self, owner: NDArray[np.int32]) -> TriangleMesh:
        """The same triangles with other owners (T,)."""
        return TriangleMesh(self.vertices, self.triangles, owner, self.semantic)

    def translated(self, shift: Sequence[float] | NDArray[np.float64]) -> TriangleMesh:
        """The mesh moved by (dx, dy, dz) [m]."""
        return TriangleMesh(self.vertices + np.asarray(shift), self.triangles, self.owner, self.semantic)

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
