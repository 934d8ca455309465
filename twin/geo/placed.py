"""A planned building from a mesh file, placed in a city by coordinate, azimuth and scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import GeometryError, ParameterError, did_you_mean
from twin.geo.city import City, Quality, Source
from twin.geo.extrude import check_free, lowest_along
from twin.geo.given import id_of, number_of, path_of
from twin.geo.mesh import TriangleMesh
from twin.geo.quality_heights import MAX_HEIGHT_M
from twin.geo.readers.assemble import mesh_of, object_frame
from twin.geo.readers.columns import column
from twin.geo.readers.footprints import silhouette
from twin.geo.readers.meshfile import model_of, parse, stem_of
from twin.geo.readers.meshparts import MeshFile, far_away, triangle_rings
from twin.geo.readers.model import Findings, ObjectModel
from twin.geo.readers.rows import joined
from twin.geo.readers.source import blob_of, existing

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

Anchor = Literal["base-centre", "origin"]
ANCHORS = ("base-centre", "origin")

LOWEST_M = 0.1
"""A building that would be lower is in another unit [m]."""


def place_mesh(
    mesh: Any,
    at: Sequence[float],
    azimuth_deg: float = 0.0,
    scale: float = 1.0,
    anchor: Anchor = "base-centre",
    *,
    up: Literal["y", "z"] | None = None,
    id: str | None = None,
    findings: Findings | None = None,
) -> ObjectModel:
    """Turn, scale and move a mesh to where it shall stand.

    Parameters
    ----------
    mesh : str, Path, TriangleMesh, trimesh.Trimesh, trimesh.Scene or (vertices, triangles)
        A file (OBJ, STL, PLY, GLB or IFC) or a mesh in memory, in metres but for `scale`.
    at : (x, y) or (x, y, z)
        Where its anchor comes to lie, in the coordinates of the city [m]. Without z the anchor is at 0 and heights count
        from the ground (`ObjectModel.relative`).
    azimuth_deg : float
        Direction that the model's own +y (with z upward) points to, from north clockwise [deg].
    scale : float
        Metres a unit of the model.
    anchor : {"base-centre", "origin"}
        The middle of its box on the map at its lowest height, or its own origin.
    up : {"y", "z"}, optional
        Axis of the model that points upward; by default y for GLB and what others state, else z.
    id : str, optional
        Of the building; by default the name of the file without its suffix.
    findings : Findings, optional
        Learns what is wrong with the mesh.

    Returns
    -------
    ObjectModel
        One building, with its named parts as ``BuildingPart``; semantics by where the faces look.

    Raises
    ------
    MissingFileError, FormatError
        When the file is not there or cannot be read.
    ParameterError
        When a number cannot be used.
    GeometryError
        When the mesh has no vertices that are finite numbers.
    """
    _check(at, azimuth_deg, scale, anchor, up)
    findings = Findings() if findings is None else findings
    return _placed(_loaded(mesh, findings), at, azimuth_deg, scale, anchor, up, id, findings)


class _Loaded(NamedTuple):
    """Faces of a file or of a mesh in memory; its name, format and checksum, which are empty for the latter."""

    mesh: MeshFile
    stem: str
    name: str = ""
    sha256: str = ""


def _placed(
    loaded: _Loaded,
    at: Sequence[float],
    azimuth_deg: float,
    scale: float,
    anchor: Anchor,
    up: Literal["y", "z"] | None,
    id: str | None,
    findings: Findings,
) -> ObjectModel:
    found = loaded.mesh
    found.stated = []
    found.upright(up)
    model = model_of(found, loaded.stem, findings, one=True, root_id=id or "")
    # Only what faces use: a stray vertex must not move the middle.
    used = np.zeros(len(model.vertices), dtype=bool)
    used[model.rings.indices] = True
    used &= np.isfinite(model.vertices).all(axis=1)
    if not used.any():
        raise GeometryError("the mesh has no faces of finite vertices", where=loaded.stem)
    foot = np.zeros(3)
    if anchor == "base-centre":
        low, high = model.vertices[used].min(axis=0), model.vertices[used].max(axis=0)
        foot = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    model.vertices = turned((model.vertices - foot) * scale, azimuth_deg)
    model.shift = np.array([at[0], at[1], at[2] if len(at) == 3 else 0.0], dtype=np.float64)
    model.relative = len(at) == 2
    return model


def turned(points: NDArray[np.float64], azimuth_deg: float) -> NDArray[np.float64]:
    """Points (N, 3) turned about the z axis so that +y points to an azimuth [deg, from north clockwise]."""
    # Quarter turns are exact.
    quarter, rest = divmod(azimuth_deg % 360.0, 90.0)
    if rest == 0.0:
        sine, cosine = ((0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0))[int(quarter) % 4]
    else:
        sine, cosine = float(np.sin(np.radians(azimuth_deg))), float(np.cos(np.radians(azimuth_deg)))
    x, y, z = points.T
    return np.column_stack([x * cosine + y * sine, y * cosine - x * sine, z])


def _check(at: Sequence[float], azimuth_deg: float, scale: float, anchor: str, up: str | None) -> None:
    try:
        numbers = [float(one) for one in at]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) not in (2, 3) or not np.isfinite(numbers).all():
        raise ParameterError(f"{at!r} is not a place", where="at", hint="give x and y, or x, y and z, in metres")
    number_of(azimuth_deg, "azimuth_deg", "a direction", "give degrees from north, clockwise")
    hint = "give metres a unit of the model, above 0"
    if number_of(scale, "scale", "a scale", hint) <= 0:
        raise ParameterError(f"{scale!r} is not a scale", where="scale", hint=hint)
    if anchor not in ANCHORS:
        hint = f"one of {', '.join(ANCHORS)}"
        raise ParameterError(f"{anchor!r} is not an anchor{did_you_mean(str(anchor), ANCHORS)}", where="anchor", hint=hint)
    if up not in (None, "y", "z"):
        raise ParameterError(f"{up!r} is not an axis that can point upward", where="up", hint="give y or z")


FARTHEST_M = 2000.0
"""A building further outside a city than this is not meant to be in it [m]."""


def _check_near(city: City, at: Sequence[float]) -> None:
    bounds = city.summary()["bounds"]
    if bounds is None:
        return
    west, south, east, north = bounds
    x, y = float(at[0]), float(at[1])
    away = float(np.hypot(max(west - x, 0.0, x - east), max(south - y, 0.0, y - north)))
    if away > FARTHEST_M:
        reach = f"the city reaches from {west:.0f}, {south:.0f} to {east:.0f}, {north:.0f}"
        raise GeometryError(f"{x:.0f}, {y:.0f} lies {away / 1000:.0f} km outside the city", where="at", hint=reach)


def _loaded(mesh: Any, findings: Findings) -> _Loaded:
    if isinstance(mesh, str | Path):
        blob = blob_of(existing(Path(mesh)))
        if blob.head.lstrip()[:12] == b"ISO-10303-21":
            from twin.geo.readers.ifc import local_mesh

            return _Loaded(local_mesh(blob, findings), stem_of(blob.name), blob.name, blob.sha256)
        return _Loaded(parse(blob, findings), stem_of(blob.name), blob.name, blob.sha256)
    if isinstance(mesh, tuple) and len(mesh) == 2:
        vertices, triangles = mesh
    elif isinstance(mesh, TriangleMesh):
        vertices, triangles = mesh.vertices, mesh.triangles
    elif hasattr(mesh, "to_mesh"):
        whole = mesh.to_mesh()
        vertices, triangles = whole.vertices, whole.faces
    elif hasattr(mesh, "vertices") and hasattr(mesh, "faces"):
        vertices, triangles = mesh.vertices, mesh.faces
    else:
        hint = "give the path of an .obj, .stl, .ply or .glb file"
        raise ParameterError(f"a mesh is needed, not {type(mesh).__name__}", hint=hint)
    vertices, triangles = np.asarray(vertices, dtype=np.float64), np.asarray(triangles, dtype=np.int64)
    if vertices.ndim != 2 or vertices.shape[1] != 3 or triangles.ndim != 2 or triangles.shape[1] != 3 or not len(triangles):
        raise GeometryError("the mesh is not vertices (V, 3) with triangles (T, 3)")
    if triangles.min() < 0 or triangles.max() >= len(vertices):
        raise GeometryError("a triangle of the mesh points to a vertex that is not there")
    part, semantic = np.zeros(len(triangles), np.int32), np.zeros(len(triangles), np.uint8)
    if isinstance(mesh, TriangleMesh):
        semantic = mesh.semantic
    vertices = far_away(vertices, findings, "mesh")
    return _Loaded(MeshFile("mesh", vertices, triangle_rings(triangles), part, [""], semantic), "mesh")


def add_model(
    city: City,
    path: str | Path,
    *,
    id: str,
    at: Sequence[float],
    azimuth_deg: float = 0.0,
    scale: float = 1.0,
    ground_m: float | None = None,
    anchor: Anchor = "base-centre",
    up: Literal["y", "z"] | None = None,
) -> City:
    """A city with a building added from a mesh file; `City.with_model` calls this.

    Parameters
    ----------
    city : City
    path : str or Path
        OBJ, STL, PLY, GLB or IFC; the latter's own place on Earth does not count.
    id : str
        Of the new building; its parts are called after it.
    at, azimuth_deg, scale, anchor, up
        As in `place_mesh`.
    ground_m : float, optional
        Height of the ground at the building in the vertical datum [m]. Without a z in `at` the anchor is put there; by default
        that is the lowest terrain along the outline, or else the usual ground of the city, which is noted in its quality.

    Returns
    -------
    City
        With a row in `buildings` (footprint: the outline of all of it on the map; ``height_source`` ``"model:FILE"``), rows
        in `objects`, triangles with semantics in `surfaces`, and the file with its checksum in `sources`.

    Raises
    ------
    MissingFileError, FormatError
        When the file is not there or cannot be read.
    GeometryError
        When the id is taken, or the mesh has no area on the map or a height that no building has.
    ParameterError
        When a number cannot be used.
    """
    findings = Findings()
    id_of(id, 'give the building an id of its own, e.g. id="tower"')
    if ground_m is not None:
        number_of(ground_m, "ground_m", "a height", "give metres in the vertical datum")
    _check(at, azimuth_deg, scale, anchor, up)
    _check_near(city, at)
    loaded = _loaded(path_of(path), findings)
    model = _placed(loaded, at, azimuth_deg, scale, anchor, up, id, findings)
    check_free(city, model.ids)
    mesh, _, _ = mesh_of(model, city.origin, findings)
    low, high = _extent(mesh, loaded.name)
    footprint = outline(mesh.vertices + city.origin, mesh.triangles)
    if footprint.is_empty:
        raise GeometryError("the model has no area on the map", where=loaded.name, hint="it needs faces that are not upright")
    ground, lift = _stand(city, footprint, low + float(city.origin[2]), ground_m, findings, id, relative=model.relative)
    mesh = mesh.translated((0.0, 0.0, lift))
    roof = high + float(city.origin[2]) + lift
    row: dict[str, Any] = {
        "type": "Building",
        "ground_m": ground,
        "roof_m": roof,
        "height_m": roof - ground,
        "height_source": f"model:{loaded.name}",
        "model": loaded.name,
        "azimuth_deg": float(azimuth_deg) % 360.0,
        "scale": float(scale),
        **{key: value for key, value in model.attributes[0].items() if isinstance(value, str)},
    }
    city = replace(
        city,
        sources=(*city.sources, Source(loaded.name, loaded.mesh.form, sha256=loaded.sha256)),
        quality=city.quality + Quality(findings.collected()),
    )
    return _joined(city, model, mesh, row, footprint)


def _extent(mesh: TriangleMesh, name: str) -> tuple[float, float]:
    """Lowest and highest point of what is drawn, relative to the origin of the city [m]."""
    if not len(mesh):
        raise GeometryError("the model has no triangles that can be drawn", where=name)
    z = mesh.vertices[mesh.triangles.ravel(), 2]
    low, high = float(z.min()), float(z.max())
    for wrong, what in ((high - low > MAX_HEIGHT_M, "high"), (high - low < LOWEST_M, "low")):
        if wrong:
            hint = "give `scale`, the metres a unit of the model (0.001 for millimetres), and `up` if y points upward"
            raise GeometryError(f"the model would be {high - low:.4g} m high: too {what} for a building", where=name, hint=hint)
    return low, high


def _stand(
    city: City, footprint: BaseGeometry, low: float, ground_m: float | None, findings: Findings, id: str, *, relative: bool
) -> tuple[float, float]:
    """Height of the ground at the building, and how far it is to be lifted [m]."""
    if not relative:
        return (low if ground_m is None else float(ground_m)), 0.0
    ground = float("nan") if ground_m is None else float(ground_m)
    if np.isnan(ground) and city.terrain is not None:
        ground = lowest_along(footprint, city.terrain)
    if np.isnan(ground):
        point = footprint.representative_point()
        ground = float(city.ground_at(np.array([point.x]), np.array([point.y]))[0])
        findings.add("ground-assumed", id, f"the terrain below the model is not known; taken as {ground:.2f} m")
    return ground, ground


def outline(points: NDArray[np.float64], triangles: NDArray[np.int32]) -> BaseGeometry:
    """Outline on the map of triangles (T, 3) of points (V, 3), see `twin.geo.readers.footprints.silhouette`."""
    return silhouette(points, triangle_rings(triangles.astype(np.int64)))


def _joined(
    city: City,
    model: ObjectModel,
    mesh: TriangleMesh,
    row: dict[str, Any],
    footprint: BaseGeometry,
) -> City:
    first = len(city.objects)
    index = pd.Index(model.ids, name="id", dtype="str")
    objects = object_frame(model, ["buildings"] * len(index))
    frame = pd.DataFrame({name: column([value]).array for name, value in row.items()}, index=index[:1])
    added = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([footprint], index=frame.index, crs=city.crs), crs=city.crs)
    buildings = city.buildings
    if buildings.geometry.name != "geometry":
        buildings = buildings.rename_geometry("geometry")
    return replace(
        city,
        layers={**city.layers, "buildings": joined(buildings, added)},
        surfaces=TriangleMesh.concatenate([city.surfaces, mesh.with_owner(mesh.owner + np.int32(first))]),
        objects=pd.concat([city.objects, objects]),
    )
