"""A city: layers of objects, one packed mesh, a terrain, and where all of it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import CRSError, GeometryError, ParameterError, did_you_mean
from twin.geo.city_layers import CityLayers
from twin.geo.crs import require_metres, short_name
from twin.geo.given import frame_of, id_of, ids_of, in_system, path_of, places_of, told
from twin.geo.layer_names import LAYERS as LAYERS
from twin.geo.mesh import TriangleMesh
from twin.geo.reading import read_city as read_city
from twin.geo.reading import stream_city as stream_city
from twin.geo.records import Finding as Finding
from twin.geo.records import Quality as Quality
from twin.geo.records import Source as Source
from twin.geo.records import with_descendants as with_descendants
from twin.geo.terrain import Terrain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pyproj import CRS
    from shapely.geometry.base import BaseGeometry

    from twin.geo.textures import Texture

OBJECT_COLUMNS = ("type", "layer", "parent", "lod", "geometry")
"""Columns of the table of objects, all text."""


def _empty_objects() -> pd.DataFrame:
    columns = dict.fromkeys(OBJECT_COLUMNS, "str")
    frame = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
    frame.index = pd.Index([], name="id", dtype="str")
    return frame


@dataclass(frozen=True, eq=False)
class City(CityLayers):
    """A city in 3D. Never edited: methods that change something return a new one.

    Parameters
    ----------
    crs : pyproj.CRS
        Projected, in metres; with a vertical datum where the source has one.
    origin : (3,) float64
        Local origin in `crs` [m]; `surfaces` are relative to it.
    layers : mapping of str to GeoDataFrame
        Frames by name, see `LAYERS`; missing ones are filled with empty frames. In `crs`, not local.
    surfaces : TriangleMesh
        All triangles of all objects.
    objects : DataFrame
        One row an object, indexed by id: ``type``, ``layer``, ``parent`` (id or ""), ``lod``, ``geometry`` (as the source
        calls it: Solid, MultiSurface, ...; "" where it does not say). The order is what `TriangleMesh.owner` counts in.
    terrain : Terrain or None
        Ground heights; None when the source has none.
    sources : tuple of Source
        Provenance and licence of each file.
    quality : Quality
        What was found wrong while reading.
    name : str
        Title for people.
    synthetic : bool
        True for a city that was made up.
    date : str
        Date of the state described, ISO 8601, or empty.
    dsm, canopy : Terrain or None
        Height of the highest surface (roofs, trees) in the vertical datum, and of trees above the ground, where a source has
        them [m].
    metadata : mapping
        What the sources say about themselves beyond `sources`, as they say it: ``metadata``, ``extensions``, ...;
        in ``themes`` which sets of materials and pictures were taken, and which left.
    textures : tuple of Texture
        Pictures on surfaces, see `TriangleMesh.texture`.
    surface_table : DataFrame
        Attributes of semantic surfaces (slope and azimuth of a roof, ...), by the rows of `Outlines.row`; a ``type`` where it is
        one of an extension.
    parts : DataFrame
        Attributes of objects that have no row in a layer, because they are parts of one that has (building parts, storeys,
        rooms, ...) or of the ground; indexed by id. `objects` says of what they are parts.

    Raises
    ------
    CRSError
        When the CRS is not projected in metres.
    GeometryError
        When a layer is in another CRS than the city, or has no unique index.
    """

    crs: CRS
    origin: NDArray[np.float64]
    layers: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    surfaces: TriangleMesh = field(default_factory=TriangleMesh.empty)
    objects: pd.DataFrame = field(default_factory=_empty_objects)
    terrain: Terrain | None = None
    sources: tuple[Source, ...] = ()
    quality: Quality = field(default_factory=Quality)
    name: str = ""
    synthetic: bool = False
    date: str = ""
    dsm: Terrain | None = None
    canopy: Terrain | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    textures: tuple[Texture, ...] = ()
    surface_table: pd.DataFrame = field(default_factory=pd.DataFrame)
    parts: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __post_init__(self) -> None:
        self._see_kinds()
        require_metres(self.crs)
        try:
            origin = np.asarray(self.origin, dtype=np.float64)
        except (TypeError, ValueError):
            origin = np.empty(0)
        if origin.shape != (3,) or not np.isfinite(origin).all():
            raise GeometryError("the origin of a city is three finite numbers", hint="x, y and height, in metres")
        object.__setattr__(self, "origin", origin)
        full: dict[str, gpd.GeoDataFrame] = {}
        no_ids = pd.Index([], name="id", dtype="str")
        empty = gpd.GeoDataFrame({"geometry": gpd.GeoSeries([], crs=self.crs)}, index=no_ids, crs=self.crs)
        for name in LAYERS:
            frame = self.layers.get(name)
            if frame is None:
                frame = empty.copy()
            elif frame.crs is None or frame.crs != self.crs:
                raise CRSError(f"layer `{name}` is in {frame.crs}, the city in {short_name(self.crs)}")
            elif not frame.index.is_unique:
                raise GeometryError(f"layer `{name}` has two objects with the same id")
            full[name] = frame
        for name in self.layers:
            if name not in full:
                raise GeometryError(f"a city has no layer `{name}`{did_you_mean(name, LAYERS)}")
        object.__setattr__(self, "layers", MappingProxyType(full))
        missing = [name for name in OBJECT_COLUMNS if name not in self.objects]
        if missing:
            blank = pd.array([""] * len(self.objects), dtype="str")
            object.__setattr__(self, "objects", self.objects.assign(**dict.fromkeys(missing, blank)))
        if len(self.surfaces) and int(self.surfaces.owner.max()) >= len(self.objects):
            raise GeometryError("a triangle belongs to an object that is not in the table")

    def _see_kinds(self) -> None:
        """See that what was given is of the kind that it should be."""
        from pyproj import CRS

        if not isinstance(self.crs, CRS):
            raise CRSError(f"{told(self.crs)} is not a coordinate reference system", hint='e.g. pyproj.CRS("EPSG:7415")')
        for value, kind, what in (
            (self.layers, Mapping, "layers"), (self.surfaces, TriangleMesh, "surfaces"), (self.objects, pd.DataFrame, "objects"),
        ):  # fmt: skip
            if not isinstance(value, kind):
                message = f"the {what} of a city are a {kind.__name__}, not {told(value)}"
                raise ParameterError(message, hint="leave them out for none")
        for name, frame in self.layers.items():
            if frame is not None:
                frame_of(frame, f"the rows of layer `{name}`")

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of everything in the city [m].

        Raises
        ------
        GeometryError
            When there is nothing in it.
        """
        boxes = [frame.total_bounds for frame in self.layers.values() if len(frame) and not frame.geometry.is_empty.all()]
        if len(self.surfaces):
            low, high = self.surfaces.vertices.min(axis=0), self.surfaces.vertices.max(axis=0)
            x, y = self.origin[:2]
            boxes.append(np.array([low[0] + x, low[1] + y, high[0] + x, high[1] + y]))
        boxes += [np.array(raster.grid.bounds) for raster in (self.terrain, self.dsm, self.canopy) if raster is not None]
        if not boxes:
            raise GeometryError("the city is empty", hint="read a file that holds objects with geometry")
        stacked = np.array(boxes)
        low_xy, high_xy = np.nanmin(stacked[:, :2], axis=0), np.nanmax(stacked[:, 2:], axis=0)
        return float(low_xy[0]), float(low_xy[1]), float(high_xy[0]), float(high_xy[1])

    @property
    def height_range(self) -> tuple[float, float]:
        """Lowest and highest vertex in the vertical datum [m]; NaN when there is no mesh."""
        if not len(self.surfaces):
            return float("nan"), float("nan")
        z = self.surfaces.vertices[:, 2] + self.origin[2]
        return float(z.min()), float(z.max())

    def ground_at(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Height of the ground at points in the CRS, (N,) [m].

        From the terrain; where that is unknown, the middle height of the buildings' feet; 0 when there is neither. NaN for a
        point that is nowhere.

        Raises
        ------
        ParameterError
            When these are no coordinates.
        """
        x, y = places_of(x, y)
        height = np.full(x.shape, np.nan) if self.terrain is None else self.terrain.at(x, y)
        unknown = ~np.isfinite(height) & np.isfinite(x) & np.isfinite(y)
        if unknown.any():
            height[unknown] = self.usual_ground_m
        return height

    @property
    def usual_ground_m(self) -> float:
        """Height of the ground where the terrain is not known: the middle height of the buildings' feet, else 0 [m]."""
        feet = self.buildings["ground_m"].dropna() if "ground_m" in self.buildings else pd.Series(dtype=float)
        return float(feet.median()) if len(feet) else 0.0

    def find(self, object_id: str) -> tuple[str, pd.Series[Any]]:
        """Layer and row of an object.

        Raises
        ------
        GeometryError
            When no layer has it; names the nearest id.
        ParameterError
            When it is not text.
        """
        id_of(object_id)
        for name, frame in self.layers.items():
            if object_id in frame.index:
                return name, frame.loc[object_id]
        known = (str(key) for frame in self.layers.values() for key in frame.index)
        raise GeometryError(f"the city has no object `{object_id}`{did_you_mean(object_id, known)}")

    def with_layer(self, name: str, frame: gpd.GeoDataFrame) -> City:
        """A city with one layer replaced; the rest is shared.

        Raises
        ------
        ParameterError
            When it is not a GeoDataFrame.
        GeometryError, CRSError
            When a city has no such layer, ids are double, or the frame is in another system.
        """
        if not isinstance(name, str):
            raise ParameterError(f"{told(name)} is not the name of a layer", hint=f"one of {', '.join(LAYERS)}")
        rows = in_system(frame_of(frame, f"the rows of layer `{name}`"), self.crs, f"the rows of layer `{name}`")
        return replace(self, layers={**self.layers, name: rows})

    def without(self, ids: Iterable[str]) -> City:
        """A city without some objects: their rows, their parts and their triangles.

        Raises
        ------
        GeometryError
            When an id is not in the city.
        ParameterError
            When an id is not text.
        """
        gone = set(ids_of(ids))
        for object_id in sorted(gone):
            if object_id not in self.objects.index:
                self.find(object_id)
        gone = with_descendants(self.objects, gone)
        layers: dict[str, gpd.GeoDataFrame] = {}
        for name, frame in self.layers.items():
            there = frame.index.isin(gone)
            # a layer that loses nothing is shared
            layers[name] = frame[~there] if there.any() else frame
        rows = np.asarray(self.objects.index.isin(gone), dtype=bool)
        surfaces = self.surfaces.select(~rows[self.surfaces.owner]) if len(self.surfaces) else self.surfaces
        renumber = (np.cumsum(~rows) - 1).astype(np.int32)
        surfaces = surfaces.with_owner(renumber[surfaces.owner])
        left = self.parts[~self.parts.index.isin(gone)] if len(self.parts) else self.parts
        return replace(self, layers=layers, objects=self.objects[~rows], surfaces=surfaces, parts=left)

    def with_buildings(self, frame: gpd.GeoDataFrame) -> City:
        """A city with buildings added from footprints: LoD1 blocks with their own triangles.

        Parameters
        ----------
        frame : GeoDataFrame
            Footprint polygons indexed by id, with ``height_m`` and optionally ``ground_m`` (else from the terrain).

        Raises
        ------
        GeometryError
            When an id is taken, a footprint is not a polygon, or a height is missing or not positive.
        CRSError
            When the frame is in another system than the city, or does not say in which.
        """
        from twin.geo.extrude import add_buildings

        return add_buildings(self, frame)

    def with_model(
        self,
        path: str | Path,
        *,
        id: str,
        at: Sequence[float],
        azimuth_deg: float = 0.0,
        scale: float = 1.0,
        ground_m: float | None = None,
        anchor: Literal["base-centre", "origin"] = "base-centre",
        up: Literal["y", "z"] | None = None,
    ) -> City:
        """A city with a planned building added from a mesh file (OBJ, STL, PLY, GLB) or an IFC model.

        Parameters
        ----------
        path : str or Path
        id : str
        at : (x, y) or (x, y, z)
            Where the anchor of the model comes to lie [m]; without z on the ground.
        azimuth_deg, scale, ground_m, anchor, up
            See `twin.geo.placed.add_model`.

        Raises
        ------
        FormatError, GeometryError, ParameterError
            When the file cannot be read, the id is taken, or a number cannot be used.
        """
        from twin.geo.placed import add_model

        return add_model(
            self, path, id=id, at=at, azimuth_deg=azimuth_deg, scale=scale, ground_m=ground_m, anchor=anchor, up=up
        )

    def change(self, ids: str | Iterable[str], *, geometry: BaseGeometry | None = None, **attributes: Any) -> City:
        """A city in which some objects of one layer are changed; the rest is shared.

        Parameters
        ----------
        ids : str or iterable of str
            Objects, all of one layer.
        geometry : shapely geometry, optional
            New outline (or place) of one object, in the CRS of the city. Its old triangles go.
        **attributes
            New values of columns. A building with another ``height_m``, ``ground_m`` or outline becomes a block (level of
            detail 1) of that height above its ground [m].

        Raises
        ------
        GeometryError
            When an id is not in the city, or the objects are of several layers.
        ParameterError
            When nothing is to be changed, or one outline is given for several objects.

        Examples
        --------
        ``city.change("tower", height_m=90.0, use="offices")``
        """
        from twin.geo.change import change

        return change(self, ids, geometry=geometry, **attributes)

    def clip(self, area: Sequence[float] | BaseGeometry) -> City:
        """The part of the city in a box or a polygon; the rest is shared.

        Objects with triangles stay whole where they touch it, parts of buildings, bridges and tunnels with their whole; parts of
        roads and groups are judged one by one. Rows without triangles are cut at its edge.

        Parameters
        ----------
        area : (west, south, east, north) or shapely polygon
            In the CRS of the city [m].

        Raises
        ------
        ParameterError
            When it is neither.
        GeometryError
            When nothing of the city lies in it.
        """
        from twin.geo.clip import clip

        return clip(self, area)

    def check(self, *, planarity_m: float | None = None) -> Quality:
        """Faults of the city as it is now, beside those that were found while it was read: see `twin.geo.quality.check`."""
        from twin.geo.quality import check

        return check(self, planarity_m=planarity_m)

    def repaired(self) -> City:
        """A city with its shapes mended where that is safe: see `twin.geo.repair.repair`. Each repair is a finding."""
        from twin.geo.repair import repair

        return repair(self)

    def save(self, folder: str | Path) -> Path:
        """Write the city folder: ``city.toml`` beside one file a layer. Nothing half-written stays behind.

        Raises
        ------
        ParameterError
            When it is not a path.
        OutputError
            When it cannot be written.
        """
        from twin.geo.writers.cityfolder import write_city_folder

        return write_city_folder(self, path_of(folder, "a folder"))

    def summary(self) -> dict[str, Any]:
        """Counts by type and level of detail, CRS, extent, heights, attributes, licences: what ``twin info`` prints."""
        from twin.geo.summary import summary_of

        return summary_of(self)

    def plot(
        self,
        *,
        ax: Axes | None = None,
        layers: Sequence[str] | str | None = None,
        bounds: tuple[float, float, float, float] | None = None,
        language: Literal["en", "nl"] = "en",
    ) -> Axes:
        """A map: green, water, streets by surface, bridges, buildings and trees, with scale bar, north, key and credits.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            To draw in; by default those of a new figure.
        layers : str or sequence of str, optional
            Others than these; ``"cellars"``, ``"pits"``, ``"utilities"``, ``"furniture"`` and the like may be asked for.
        bounds : (west, south, east, north), optional
            Part to show, in the CRS of the city [m].
        language : {"en", "nl"}

        Raises
        ------
        ParameterError
            When a map has no such layer, or there is nothing to draw.
        """
        from twin.plots.basemap import plot_city

        return plot_city(self, ax=ax, layers=layers, bounds=bounds, language=language)

    def plot_section(
        self,
        start: Sequence[float],
        end: Sequence[float],
        *,
        ax: Axes | None = None,
        exaggeration: float = 1.0,
        beside_m: float = 5.0,
        depth_m: float | None = None,
        labels: bool = True,
        language: Literal["en", "nl"] = "en",
    ) -> Axes:
        """A vertical section along a line: ground, water, what is built cut open, cellars, pits and mains, trees beside it.

        What is built is cut from the triangles of `surfaces`: what they close is filled, what is but a surface is a line. Heights
        are in the vertical datum of the CRS. ``ax.figure.savefig("section.svg")`` or ``.pdf`` keeps it to scale.

        Parameters
        ----------
        start, end : (x, y) or shapely Point
            Ends of the line in the CRS of the city [m].
        ax : matplotlib.axes.Axes, optional
        exaggeration : float
            How many times larger heights are drawn than distances; 1 is true to scale.
        beside_m : float
            Trees so near to the line are shown, pale; 0 for none [m].
        depth_m : float, optional
            How far below the lowest ground the drawing goes; by default below the lowest thing in it [m].
        labels : bool
            Whether the heights of buildings are written over them.
        language : {"en", "nl"}

        Raises
        ------
        ParameterError
            When the ends are no places or the same, or the line does not touch the city.
        """
        from twin.plots.section import plot_city_section

        return plot_city_section(
            self, start, end, ax=ax, exaggeration=exaggeration, beside_m=beside_m, depth_m=depth_m, labels=labels, language=language
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # a read-only mapping does not pickle; workers of a sweep need the city
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return _rebuild, ({**values, "layers": dict(self.layers)},)

    def __repr__(self) -> str:
        layers = ", ".join(f"{len(frame)} {name}" for name, frame in self.layers.items() if len(frame))
        label = f" {self.name!r}" if self.name else ""
        return f"<City{label} {short_name(self.crs)}: {layers or 'empty'}; {len(self.surfaces)} triangles>"

    def _repr_html_(self) -> str:
        from twin.plots.cards import city_card

        return city_card(self)


def _rebuild(values: dict[str, Any]) -> City:
    return City(**values)
