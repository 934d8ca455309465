"""From changes to a changed city: a new City, what stands in the way on each level, and what is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from twin.errors import FormatError, GeometryError, ScenarioError, did_you_mean
from twin.geo.city import City
from twin.geo.pits import Pit
from twin.geo.placed import add_model
from twin.geo.rasterize import rasterize
from twin.geo.terrain import Terrain
from twin.geo.valid import TOO_MANY, mended
from twin.geo.walkable import STREET
from twin.scenario.changes import (
    AntennaChange,
    BuildingChange,
    Change,
    ClosureChange,
    EventChange,
    FenceChange,
    PavingChange,
    TreesChange,
)
from twin.scenario.excavation import ExcavationChange
from twin.scenario.place import Place, stays_inside

FENCE_WIDTH_M = 0.2

BESIDE_M = 500.0
"""A building this far beside a city still casts its shadow on it and is seen from it; farther away it is a mistake [m]."""

ANTENNA = "antenna"
"""Kind of street furniture that an antenna is."""


@dataclass(frozen=True, slots=True)
class Located:
    """A place found in the city: its shape (polygon, CRS of the city), the name of its level and its floor height."""

    shape: BaseGeometry
    level: str
    z_m: float = float("nan")


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that takes floor away.

    Parameters
    ----------
    kind : {"closure", "fence", "stage", "excavation"}
    label : str
    shape : shapely geometry
        In the CRS of the city.
    level : str
    height_m : float
        How far it rises above the floor; for an excavation the height of its fence.
    z_m : float
        Height of the floor there, in the vertical datum.
    outline : shapely geometry, optional
        Of an excavation: the hole itself; `shape` is its fence.
    depth_m : float
        Of an excavation.
    pit : Pit, optional
        How an excavation is built.
    load_kn_m2 : float
        What a stage puts on the street; NaN where that is not known [kN/m2].
    """

    kind: str
    label: str
    shape: BaseGeometry
    level: str
    height_m: float
    z_m: float = float("nan")
    outline: BaseGeometry | None = None
    depth_m: float = 0.0
    pit: Pit | None = None
    load_kn_m2: float = float("nan")


@dataclass(frozen=True)
class Changed:
    """A city after changes.

    Parameters
    ----------
    city : City
    obstacles : tuple of Obstacle
    events : tuple of EventChange
    made : tuple of Change
        The changes made, in order.
    """

    city: City
    obstacles: tuple[Obstacle, ...] = ()
    events: tuple[EventChange, ...] = ()
    made: tuple[Change, ...] = ()

    def blocked(self) -> dict[str, BaseGeometry]:
        """What is not floor, by level."""
        shapes: dict[str, list[BaseGeometry]] = {}
        for obstacle in self.obstacles:
            shapes.setdefault(obstacle.level, []).append(obstacle.shape)
        return {level: shapely.union_all(parts) for level, parts in shapes.items()}

WELL_BESIDE_M = 10.0
"""A well of a pit stands no farther from its edge [m]; our bound: wells that are elsewhere do not draw the water of the pit."""


def locate(place: Place, city: City, where: str) -> Located:
    """Find a place in the city.

    Parameters
    ----------
    place : Place
    city : City
    where : str
        Path in the scenario, for the error.

    Raises
    ------
    ScenarioError
        When the city has no such object, or the shape is not usable or far outside the city.
    """
    level = place.level
    z_m = float("nan")
    if place.object is not None:
        try:
            layer, row = city.find(place.object)
        except GeometryError as error:
            hint = "`twin info` lists places, bridges and other named objects of a city"
            raise ScenarioError(error.what, where=where, hint=hint) from None
        shape = row.geometry
        if shape is None or shape.is_empty:
            raise ScenarioError(f"object `{place.object}` has no shape in the plane", where=where)
        z_m = float(row["z_m"]) if layer in ("roads", "bridges") and row.get("z_m") is not None else z_m
        if level is None and isinstance(row.get("level"), str) and layer in ("roads", "bridges", "landuse", "stairs"):
            level = str(row["level"])
        if shape.geom_type in ("Point", "MultiPoint"):
            shape = shape.buffer(place.radius_m)
        elif "Line" in shape.geom_type:
            shape = shape.buffer(place.width_m / 2)
    elif place.polygon is not None:
        shape = shapely.Polygon(place.polygon)
    elif place.line is not None:
        shape = shapely.LineString(place.line).buffer(place.width_m / 2, cap_style="flat")
    else:
        shape = shapely.Point(place.point).buffer(place.radius_m)
    shape = shapely.force_2d(shape)
    if place.polygon is not None and not shape.is_valid:
        raise ScenarioError(
            f"the polygon is not valid: {shapely.is_valid_reason(shape).lower()}",
            where=where,
            hint="give the corners in order around the place, so that its sides do not cross",
        )
    whole = mended(shape)
    if whole is None:
        raise ScenarioError(f"the shape of object `{place.object}` cannot be used: {TOO_MANY}", where=where, hint="give a polygon")
    shape = whole
    if shape.area <= 0:
        raise ScenarioError("the place has no area", where=where, hint="give at least three corners that are not in line")
    see_within(city, shape, where)
    level = level or STREET
    return Located(shape, level, z_m if np.isfinite(z_m) else floor_height(city, shape, level))


def see_area(city: City, area: tuple[float, float, float, float] | None, where: str = "area") -> None:
    """See that the part of a city that is looked at is not beyond it.

    Raises
    ------
    ScenarioError
        When it is.
    """
    if area is not None:
        see_within(city, shapely.box(*area), where)


def see_within(city: City, shape: BaseGeometry, where: str, beside_m: float = 1.0) -> None:
    """See that a shape is not beyond the city altogether; it may lie so far beside it [m].

    Raises
    ------
    ScenarioError
        When it is.
    """
    west, south, east, north = city.bounds
    if shape.is_empty or not shape.is_valid:
        return  # told where it is used
    if not shapely.box(west, south, east, north).buffer(beside_m).intersects(shape):
        x, y = shape.centroid.coords[0]
        raise ScenarioError(
            f"({x:.1f}, {y:.1f}) lies outside the city",
            where=where,
            hint=f"the city reaches from ({west:.0f}, {south:.0f}) to ({east:.0f}, {north:.0f}); are these coordinates in its CRS?",
        )


def _whole_within(city: City, shape: BaseGeometry, where: str) -> None:
    """See that no part of a pit is beyond the city, where nothing is known of the ground and of what stands on it."""
    west, south, east, north = city.bounds
    beyond = shapely.difference(shape, shapely.box(west - 1.0, south - 1.0, east + 1.0, north + 1.0))
    if not beyond.is_empty:
        share = 100.0 * beyond.area / shape.area
        raise ScenarioError(
            f"{max(1.0, share):.0f} % of the pit lies outside the city, where nothing is known of the ground", where=where,
            hint=f"it reaches from ({west:.0f}, {south:.0f}) to ({east:.0f}, {north:.0f}); read a larger one, or move the pit",
        )  # fmt: skip


def floor_height(city: City, shape: BaseGeometry, level: str) -> float:
    """Height of the floor of a level at a shape: of the road or deck there, else of the ground [m]."""
    point = shape.representative_point()
    for layer in ("roads", "bridges"):
        frame = city.layers[layer]
        if len(frame) and "z_m" in frame:
            here = frame[frame.intersects(point)]
            if "level" in here:
                here = here[here["level"].fillna(STREET) == level]
            known = here["z_m"].dropna()
            if len(known):
                return float(known.iloc[0])
    return float(city.ground_at(np.array([point.x]), np.array([point.y]))[0])


def apply_changes(city: City, changes: Sequence[Change], where: str = "changes") -> Changed:
    """Make the changes, in order; the city given is not touched.

    Raises
    ------
    ScenarioError
        When a change cannot be made; says which.
    """
    obstacles: list[Obstacle] = []
    events: list[EventChange] = []
    for change in changes:
        here = f"{where}[{change.id}]"
        label = change.label or change.id
        try:
            if isinstance(change, ClosureChange):
                place = locate(change.at, city, f"{here}.at")
                obstacles.append(Obstacle("closure", label, place.shape, place.level, 1.0, place.z_m))
            elif isinstance(change, FenceChange):
                shape = shapely.LineString(change.line).buffer(FENCE_WIDTH_M / 2, cap_style="square", join_style="mitre")
                see_within(city, shape, f"{here}.line")
                obstacles.append(
                    Obstacle("fence", label, shape, change.level, change.height_m, floor_height(city, shape, change.level))
                )
            elif isinstance(change, EventChange):
                events.append(change)
                for stage in change.stages:
                    place = locate(stage.at, city, f"{here}.stages[{stage.id}].at")
                    load = float("nan") if stage.load_kn_m2 is None else stage.load_kn_m2
                    obstacles.append(
                        Obstacle("stage", stage.id, place.shape, place.level, stage.height_m, place.z_m, load_kn_m2=load)
                    )
            elif isinstance(change, BuildingChange):
                city = _build(city, change, here)
            elif isinstance(change, TreesChange):
                city = _grow(city, change, here)
            elif isinstance(change, AntennaChange):
                city = _put_up(city, change, here)
            elif isinstance(change, PavingChange):
                city = _pave(city, change, here)
            else:
                city, obstacle = _excavate(city, change, here, label)
                obstacles.append(obstacle)
        except GeometryError as error:
            raise ScenarioError(error.what, where=here, hint=error.hint) from error
    return Changed(city, tuple(obstacles), tuple(events), tuple(changes))


def _build(city: City, change: BuildingChange, here: str) -> City:
    if change.remove is not None:
        if change.remove not in city.buildings.index:
            layer, _ = city.find(change.remove)
            raise GeometryError(f"object `{change.remove}` is not a building but in layer `{layer}`")
        return city.without([change.remove])
    if change.model is not None and change.at is not None:
        return _place_model(city, change, change.model, change.at, here)
    footprint = shapely.Polygon(change.footprint or ())
    see_within(city, footprint, f"{here}.footprint", BESIDE_M)
    row: dict[str, object] = {"height_m": change.height_m, "geometry": footprint}
    if change.ground_m is not None:
        row["ground_m"] = change.ground_m
    if change.use is not None:
        row["use"] = change.use
    frame = gpd.GeoDataFrame([row], index=[change.id], geometry="geometry", crs=city.crs)
    frame.index.name = "id"
    return city.with_buildings(frame)


def _place_model(city: City, change: BuildingChange, model: str, at: tuple[float, ...], here: str) -> City:
    path = model_file(change.folder, model, f"{here}.model")
    see_within(city, shapely.Point(at[:2]), f"{here}.at")
    try:
        return add_model(
            city, path, id=change.id, at=at, azimuth_deg=change.azimuth_deg, scale=change.scale,
            ground_m=change.ground_m, anchor=change.anchor, up=change.up,
        )  # fmt: skip
    except FormatError as error:
        raise ScenarioError(f"the model cannot be used: {error}", where=f"{here}.model") from error


def _put_up(city: City, change: AntennaChange, here: str) -> City:
    """The city with an antenna among its street furniture."""
    point = shapely.Point(change.at)
    see_within(city, point, f"{here}.at")
    furniture = city.furniture
    if change.id in furniture.index:
        raise GeometryError(f"the city has an object `{change.id}` already", hint="give the antenna another id")
    x, y = change.at
    ground = float(city.ground_at(np.array([x]), np.array([y]))[0])
    there = rasterize(city, 1.0, bounds=(x - 1.5, y - 1.5, x + 1.5, y + 1.5), trees=False).surface
    least = float(np.nanmin(there)) - ground if np.isfinite(there).any() else 0.0
    if least >= change.height_m:
        what = f"an antenna {change.height_m:g} m above the ground is inside what is built there, which is {least:.1f} m high"
        raise ScenarioError(what, where=f"{here}.height_m", hint="heights of antennas are above the ground, on roofs too")
    told = {"kind": ANTENNA, "height_m": change.height_m, "power_dbm": np.nan if change.power_dbm is None else change.power_dbm}
    row = gpd.GeoDataFrame([{**told, "geometry": point}], index=[change.id], geometry="geometry", crs=city.crs)
    row.index.name = "id"
    return city.with_layer("furniture", row if furniture.empty else gpd.GeoDataFrame(_concat(furniture, row), crs=city.crs))


def _pave(city: City, change: PavingChange, here: str) -> City:
    """The city with other ground in a place: a row of land use whose ``laid`` says so; later ones lie on earlier ones."""
    place = locate(change.at, city, f"{here}.at")
    land = city.landuse
    if change.id in land.index:
        raise GeometryError(f"the city has an object `{change.id}` already", hint="give the change another id")
    told = {"laid": change.surface, "geometry": place.shape}
    row = gpd.GeoDataFrame([told], index=[change.id], geometry="geometry", crs=city.crs)
    row.index.name = "id"
    merged = row if land.empty else gpd.GeoDataFrame(_concat(land, row), geometry="geometry", crs=city.crs)
    return city.with_layer("landuse", merged)


def model_file(folder: Path, name: str, where: str) -> Path:
    """The file of a model, in a folder or below it; see `file_beside`."""
    return file_beside(folder, name, where, "model")


def file_beside(folder: Path, name: str, where: str, kind: str = "file") -> Path:
    """A file that a scenario names, in a folder or below it.

    Raises
    ------
    ScenarioError
        When it is not there, or a link leads out of the folder.
    """
    root = folder.resolve()
    try:
        path = (root / name).resolve()
        found = path.is_file()
    except (OSError, ValueError):
        raise ScenarioError(f"`{name[:100]}` cannot be a file name", where=where) from None
    if not stays_inside(name) or not path.is_relative_to(root):
        what = f"the {kind} `{name}` lies outside the folder of the scenario"
        raise ScenarioError(what, where=where, hint="copy it beside the scenario file")
    if not found:
        near = did_you_mean(name, (one.name for one in root.iterdir())) if root.is_dir() else ""
        raise ScenarioError(f"there is no {kind} `{name}`{near}", where=where, hint="its path is relative to the scenario file")
    return path


def _excavate(city: City, change: ExcavationChange, here: str, label: str) -> tuple[City, Obstacle]:
    place = locate(change.outline, city, f"{here}.outline")
    centre = place.shape.representative_point()
    ground = city.ground_at(np.array([centre.x]), np.array([centre.y]))[0]
    top = change.top_m if change.top_m is not None else float(ground)
    if change.bottom_m >= top:
        raise ScenarioError(
            f"the bottom of the pit ({change.bottom_m:g} m) is not below the ground there ({top:.1f} m)",
            where=f"{here}.bottom_m",
            hint="heights are in the vertical datum of the city (NAP), not depths",
        )
    for k, support in enumerate(change.supports):
        if support.level_m > top:
            raise ScenarioError(
                f"`{support.id}` lies at {support.level_m:g} m, above the ground there ({top:.1f} m)",
                where=f"{here}.supports[{k}].level_m",
            )
    for k, stage in enumerate(change.stages):
        if stage.floor_m > top:
            raise ScenarioError(
                f"the floor of stage `{stage.id}` ({stage.floor_m:g} m) is above the ground there ({top:.1f} m)",
                where=f"{here}.stages[{k}].floor_m",
            )
        if stage.water_m is not None and stage.water_m > top:
            raise ScenarioError(
                f"the water in stage `{stage.id}` ({stage.water_m:g} m) is above the ground there ({top:.1f} m)",
                where=f"{here}.stages[{k}].water_m", hint="levels are in the vertical datum of the city (NAP), not depths",
            )  # fmt: skip
    pit = change.pit(label, place.shape, top)
    edge = pit.outline_at_top
    _whole_within(city, edge, f"{here}.outline")
    for k, well in enumerate(change.wells):
        where = f"{here}.wells[{k}].at"
        see_within(city, shapely.Point(well.at), where)
        away = float(edge.distance(shapely.Point(well.at)))
        if away > WELL_BESIDE_M:
            raise ScenarioError(
                f"well `{well.id}` stands {away:.1f} m outside the pit", where=where,
                hint=f"a well that keeps a pit dry stands in it, or at most {WELL_BESIDE_M:g} m beside it",
            )  # fmt: skip
    pits = city.pits
    row = gpd.GeoDataFrame([{**pit.columns(), "status": "planned"}], index=[change.id], geometry="geometry", crs=city.crs)
    row.index.name = "id"
    kept = pits[[str(name) != change.id and str(name) != change.outline.object for name in pits.index]]
    merged = row if kept.empty else gpd.GeoDataFrame(_concat(kept, row), geometry="geometry", crs=city.crs)
    changed = city.with_layer("pits", merged)
    if city.terrain is not None:
        changed = replace(changed, terrain=_dug(city.terrain, pit))
    fenced = edge.buffer(change.fence_offset_m, join_style="mitre")
    return changed, Obstacle("excavation", label, fenced, place.level, 2.0, top, edge, pit.depth_m, pit)


def _grow(city: City, change: TreesChange, here: str) -> City:
    """The city with trees planted or felled."""
    trees = city.trees
    if change.plant is not None:
        return _plant(city, change, change.plant, here)
    if change.remove is not None:
        for name in change.remove:
            if name not in trees.index:
                layer, _ = city.find(name)
                raise GeometryError(f"object `{name}` is not a tree but in layer `{layer}`")
        return city.without(change.remove)
    if change.remove_in is None:  # pragma: no cover - a change has one of the three
        return city
    place = locate(change.remove_in, city, f"{here}.remove_in")
    gone = trees.index[trees.intersects(place.shape)] if len(trees) else trees.index
    if not len(gone):
        hint = "make the place larger, or name trees by `remove`"
        raise ScenarioError("no tree stands there", where=f"{here}.remove_in", hint=hint)
    return city.without([str(name) for name in gone])


def _plant(city: City, change: TreesChange, places: Sequence[tuple[float, float]], here: str) -> City:
    if city.trees.empty and city.canopy is not None:
        hint = "give the city a layer of trees, as points, as well"
        what = "the city knows its crowns as a raster only, beside which a tree would not count"
        raise ScenarioError(what, where=here, hint=hint)
    shapes = [shapely.Point(place) for place in places]
    for k, shape in enumerate(shapes):
        see_within(city, shape, f"{here}.plant[{k}]")
    inside = city.buildings.sindex.query(shapes, predicate="within") if len(city.buildings) else np.empty((2, 0), int)
    if inside.shape[1]:
        k, row = (int(one) for one in inside[:, 0])
        what = f"a tree at ({shapes[k].x:.1f}, {shapes[k].y:.1f}) would stand in building `{city.buildings.index[row]}`"
        raise ScenarioError(what, where=f"{here}.plant[{k}]")
    row_of = {"height_m": change.height_m, "crown_diameter_m": change.crown_diameter_m, "crown_base_m": change.crown_base_m}
    known = {key: value for key, value in row_of.items() if value is not None}
    names = [f"{change.id}-{k + 1}" for k in range(len(shapes))]
    frame = gpd.GeoDataFrame([known] * len(shapes), index=names, geometry=shapes, crs=city.crs)
    frame.index.name = "id"
    return city.with_layer("trees", frame if city.trees.empty else gpd.GeoDataFrame(_concat(city.trees, frame), crs=city.crs))


def _concat(first: gpd.GeoDataFrame, second: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    import pandas as pd

    return pd.concat([first, second])


def _dug(terrain: Terrain, pit: Pit) -> Terrain:
    """The terrain with a pit in it: cells whose centre is in it go down to its floor, or to its slope."""
    from rasterio.features import geometry_mask

    grid = terrain.grid
    inside = geometry_mask([pit.outline_at_top], grid.shape, _affine(grid.gdal_transform()), invert=True)
    rows, columns = np.nonzero(inside)
    height = terrain.height.copy()
    level = np.full(len(rows), pit.bottom_m)
    if np.isfinite(pit.slope):
        level += pit.slope * pit.aside(np.column_stack([grid.x[columns], grid.y[rows]]))
    height[rows, columns] = np.fmin(height[rows, columns], level.astype(np.float32))
    return Terrain(grid, height)


def _affine(coefficients: tuple[float, float, float, float, float, float]) -> object:
    from rasterio.transform import Affine

    return Affine(*coefficients)
