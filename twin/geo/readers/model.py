"""What every reader makes of a file, before one or more of them become a City."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.geo.city import Finding, Source
from twin.geo.crs import transformer
from twin.geo.mesh import Rings

if TYPE_CHECKING:
    import geopandas as gpd
    from pyproj import CRS
    from shapely.geometry.base import BaseGeometry

    from twin.geo.textures import Texture

MAX_FINDINGS_A_CODE = 1000
"""More findings of one kind than this are summed in one line: a broken file must not eat memory."""


class Findings:
    """Collects what is wrong; keeps the first of each kind and counts the others."""

    def __init__(self) -> None:
        self._kept: list[Finding] = []
        self._count: Counter[tuple[str, str]] = Counter()

    def add(self, code: str, object_id: str, message: str, *, severity: str = "warning", path: str = "") -> None:
        """Note one finding; see `Finding` for the parameters."""
        self._count[code, severity] += 1
        if self._count[code, severity] <= MAX_FINDINGS_A_CODE:
            self._kept.append(Finding(code, object_id, message, severity, path))

    def absorb(self, other: Findings) -> None:
        """Take over what another has collected."""
        for finding in other._kept:
            kind = finding.code, finding.severity
            self._count[kind] += 1
            other._count[kind] -= 1
            if self._count[kind] <= MAX_FINDINGS_A_CODE:
                self._kept.append(finding)
        self._count.update(other._count)

    def completed(self, code: str, ending: str) -> None:
        """End what every finding of a code says with what was found out later."""
        self._kept = [replace(one, message=one.message + ending) if one.code == code else one for one in self._kept]

    def drained(self) -> Findings:
        """All that was collected so far, which this one then forgets."""
        taken = Findings()
        taken._kept, taken._count = self._kept, self._count
        self._kept, self._count = [], Counter()
        return taken

    def collected(self) -> tuple[Finding, ...]:
        """All that was kept, and a line for each kind of which there were more."""
        more = tuple(
            Finding(code, "", f"{count - MAX_FINDINGS_A_CODE} more findings `{code}` are not listed", severity)
            for (code, severity), count in self._count.items()
            if count > MAX_FINDINGS_A_CODE
        )
        return tuple(self._kept) + more


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a caller of `twin.read_city` wants of every file.

    Parameters
    ----------
    lod : str, optional
        Level of detail to take; by default the highest of each object.
    crs : pyproj.CRS, optional
        System that the city shall be in; by default decided from the files.
    clip : shapely geometry, optional
        Polygon, in `crs` or in the one system that all files share; readers may leave out what is beyond it.
    height : str, optional
        Column of footprints that states the height above the ground [m].
    roles : mapping of str to str
        What a raster is, by file name: ``"terrain"``, ``"dsm"`` or ``"canopy"``.
    layer : mapping of str to str
        Layer of the city (`twin.geo.city.LAYERS`) that the rows of a vector file are, by file name, by layer of the file, or
        by ``"FILE:LAYER"``.
    """

    lod: str | None = None
    crs: CRS | None = None
    clip: BaseGeometry | None = None
    height: str | None = None
    roles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    layer: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def window(self, crs: CRS | None) -> tuple[float, float, float, float] | None:
        """Bounds of `clip` in the CRS of a file: west, south, east, north; None without a clip."""
        if self.clip is None:
            return None
        bounds = self.clip.bounds
        if self.crs is not None and crs is not None and self.crs != crs:
            bounds = transformer(self.crs, crs).transform_bounds(*bounds)
        return float(bounds[0]), float(bounds[1]), float(bounds[2]), float(bounds[3])


@dataclass(slots=True)
class ObjectModel:
    """Objects with their attributes and their faces, as one file has them.

    Parameters
    ----------
    ids, types, parents, lods : list of str
        One entry an object; ``""`` for no parent or no geometry.
    attributes : list of dict
        As in the file.
    vertices : (V, 3) float64
        Coordinates without `shift`, x east, y north, in the CRS of the reading [m].
    shift : (3,) float64
        To be added to the vertices [m]; kept apart so that no digits are lost.
    rings : Rings
        Faces.
    owner : (S,) int32
        Object of each face.
    semantic : (S,) uint8
        Index into `twin.geo.mesh.SEMANTIC_NAMES` of each face.
    path_of : callable
        Path in the file of face number i, for messages.
    anchors : dict of int to (3,) float64
        Points, without `shift`, that stand for objects without faces, by row [m].
    shapes : dict of int to shapely geometry
        Points and lines with z, without `shift`, of objects that have no faces, by row.
    kinds : list of str, optional
        Type of geometry of each object as the file names it (``"Solid"``, ``"MultiSurface"``, ...), or ``""``.
    colour : (S, 4) uint8, optional
        Red, green, blue and opacity of each face; opacity 0 where no colour is stated.
    surfaces : list of dict
        Attributes of semantic surfaces, as in the file.
    surface : (S,) int32, optional
        Row of `surfaces` of each face; -1 for none.
    nest : (S, 2) int32, optional
        Solid of its object and shell of that solid of each face, as the file nests them; -1 where that is not known.
    textures : list of Texture
        Pictures that faces show.
    texture : (S,) int32, optional
        Row of `textures` of each face; -1 for none.
    uv : (N, 2) float32, optional
        Place in its picture of each index of `rings`; NaN without one.
    relative : bool
        Heights count from the ground below each object, not from the vertical datum (OpenStreetMap, a planned building);
        every object is then lifted to the terrain.
    """

    ids: list[str]
    types: list[str]
    parents: list[str]
    lods: list[str]
    attributes: list[dict[str, Any]]
    vertices: NDArray[np.float64]
    shift: NDArray[np.float64]
    rings: Rings
    owner: NDArray[np.int32]
    semantic: NDArray[np.uint8]
    path_of: Callable[[int], str]
    anchors: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    shapes: dict[int, BaseGeometry] = field(default_factory=dict)
    kinds: list[str] | None = None
    colour: NDArray[np.uint8] | None = None
    surfaces: list[dict[str, Any]] = field(default_factory=list)
    surface: NDArray[np.int32] | None = None
    nest: NDArray[np.int32] | None = None
    textures: list[Texture] = field(default_factory=list)
    texture: NDArray[np.int32] | None = None
    uv: NDArray[np.float32] | None = None
    relative: bool = False


class Raster(NamedTuple):
    """Heights on a grid as a file has them.

    Parameters
    ----------
    role : {"terrain", "dsm", "canopy"}
        Height of the ground or of the highest surface in the vertical datum, or of trees above the ground [m].
    values : (R, C) float32
        Row 0 is the first of the file; NaN where nothing is known [m].
    transform : tuple of 6 float
        (a, b, c, d, e, f) of the affine map from (column, row) to (x, y) in the CRS of the reading.
    name : str
        Of the file, for messages and ``height_source``.
    """

    role: str
    values: NDArray[np.float32]
    transform: tuple[float, float, float, float, float, float]
    name: str


@dataclass(slots=True)
class Reading:
    """What one file holds.

    Parameters
    ----------
    source : Source
        Where it came from.
    crs : pyproj.CRS or None
        Of every coordinate below, geographic or projected, x (or longitude) first; None when the file states none.
    findings : Findings
        What was found wrong.
    objects : ObjectModel, optional
        Objects with faces.
    layers : dict of str to GeoDataFrame
        Rows by layer (see `twin.geo.city.LAYERS`), indexed by unique object id (str), in `crs`. A row of ``buildings`` is
        a footprint: it becomes a block whose height `twin.geo.heights` decides from its columns and the rasters.
    rasters : list of Raster
        As they lie in the file; they are resampled once, when the system of the city is known.
    name, date : str
        Title and reference date, or empty.
    metadata : dict
        What the file says about itself, as it says it.
    ready : bool
        Whether the rows are as a city holds them, from a file of ours: heights decided, volumes made where there are some.
    """

    source: Source
    crs: CRS | None
    findings: Findings
    objects: ObjectModel | None = None
    layers: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)
    rasters: list[Raster] = field(default_factory=list)
    name: str = ""
    date: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    ready: bool = False

    @property
    def empty(self) -> bool:
        """Whether the file holds nothing: what it says of its system then asks for nothing."""
        return self.objects is None and not self.rasters and not any(len(frame) for frame in self.layers.values())

    @property
    def ids(self) -> set[str]:
        """Ids of all objects and rows."""
        objects = set() if self.objects is None else set(self.objects.ids)
        return objects | {str(one) for frame in self.layers.values() for one in frame.index}
