"""Models of one or more files to one City."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.errors import CRSError
from twin.geo.city import LAYERS, City, Finding, Quality
from twin.geo.crs import short_name
from twin.geo.ears import MAX_HOLES
from twin.geo.mesh import Outlines, Rings, TriangleMesh
from twin.geo.rasters import merged_raster
from twin.geo.readers.cityjson_members import OBJECT_MEMBERS
from twin.geo.readers.columns import NESTED, nested_names, note_kinds, typed
from twin.geo.readers.ground import lift
from twin.geo.readers.join import join, note_raster
from twin.geo.readers.layers import ObjectTable, layers_of, parts_of
from twin.geo.readers.model import MAX_FINDINGS_A_CODE, Findings, ObjectModel, Reading, ReadOptions
from twin.geo.readers.object_types import LAYER, OWN, ROW, TERRAIN, layer_of
from twin.geo.readers.reproject import Move, beyond_area, common_crs, moved_frame, moved_model, mover
from twin.geo.readers.rows import with_rows
from twin.geo.readers.stack import merged
from twin.geo.readers.tin import terrain_from_triangles
from twin.geo.triangulate import Triangulation, triangulate

if TYPE_CHECKING:
    from pyproj import CRS

    from twin.geo.terrain import Terrain

ROLES = ("terrain", "dsm", "canopy")
"""What a raster can be, see `twin.geo.readers.model.Raster`."""

FAULTS = {
    "not-finite": ("error", "a vertex of the surface is not a finite number; left out"),
    "too-few-points": ("error", "the surface has fewer than three different points; left out"),
    "no-area": ("error", "the surface has no area; left out"),
    "not-cut": ("error", "the surface cannot be cut into triangles; left out"),
    "too-many-holes": ("error", f"the surface has more than {MAX_HOLES:,} holes; left out"),
    "hole-dropped": ("warning", "a hole with fewer than three different points; the hole is ignored"),
    "repeated-point": ("info", "the surface repeats a point; the repetition is ignored"),
    "non-planar": ("warning", "the surface is not planar within 1 cm; cut into triangles all the same"),
    "self-crossing": ("warning", "the surface crosses itself; its triangles may not cover it exactly"),
}
"""Severity and message of each fault that triangulation finds in a surface."""

CANCELLED = ("error", "the surface crosses itself, and its parts cancel to no area; left out")
"""As `FAULTS`, for a surface that crosses itself and has no triangles."""


def local_origin(models: Sequence[ObjectModel], readings: Sequence[Reading]) -> NDArray[np.float64]:
    """South-west corner of what is drawn in whole metres, at height 0; without faces, of the rows."""
    lows = []
    for model in models:
        used = model.vertices
        if len(model.rings.indices):
            drawn = np.zeros(len(used), dtype=bool)
            drawn[model.rings.indices] = True
            used = used[drawn]
        used = used[np.isfinite(used).all(axis=1)]
        if len(used):
            lows.append((used.min(axis=0) + model.shift)[:2])
    for reading in readings:
        lows += [frame.total_bounds[:2] for frame in reading.layers.values() if np.isfinite(frame.total_bounds).all()]
    low = np.floor(np.min(lows, axis=0)) if lows else np.zeros(2)
    return np.array([low[0], low[1], 0.0])


def mesh_of(
    model: ObjectModel, origin: NDArray[np.float64], findings: Findings
) -> tuple[TriangleMesh, NDArray[np.float64], Rings]:
    """Triangles of a model, its vertices relative to `origin`, and its faces after mending."""
    used = np.zeros(len(model.vertices), dtype=bool)
    used[model.rings.indices] = True
    number = np.cumsum(used) - 1
    vertices = model.vertices[used] + (model.shift - origin)
    emptied = np.asarray(model.rings.counts == 0, dtype=bool)
    cut = triangulate(vertices, Rings(number[model.rings.indices], model.rings.sizes, model.rings.counts))
    for code, faces in cut.faults.items():
        # A face that a reader has emptied was noted there.
        faces = faces[np.flatnonzero(~emptied[faces])]
        gone = (cut.rings.counts[faces] == 0) & (code == "self-crossing")
        _note(code, faces[~gone], model, findings, FAULTS[code])
        _note(code, faces[gone], model, findings, CANCELLED)
    finite = np.asarray(np.isfinite(vertices).all(axis=1))
    vertices = np.where(finite[:, None], vertices, 0.0)
    colour = None if model.colour is None else model.colour[cut.polygon]
    outlines = _outlines(cut, model.surface, model.nest)
    texture, uv = _textured(model, number, cut)
    owner, semantic = model.owner[cut.polygon], model.semantic[cut.polygon]
    mesh = TriangleMesh(vertices, cut.triangles, owner, semantic, outlines, colour, texture, uv)
    return mesh, vertices, cut.rings


def _textured(
    model: ObjectModel, number: NDArray[np.int64], cut: Triangulation
) -> tuple[NDArray[np.int32] | None, NDArray[np.float32] | None]:
    """Picture of each triangle, and the place of each of its corners in it, by the corner of the face that it is."""
    if model.texture is None or model.uv is None:
        return None, None
    width = int(number.max()) + 1 if len(number) else 1
    face = np.repeat(np.repeat(np.arange(len(model.rings.counts)), model.rings.counts), model.rings.sizes)
    key = face * width + number[model.rings.indices]
    order = np.argsort(key, kind="stable")
    wanted = cut.polygon.astype(np.int64)[:, None] * width + cut.triangles
    place = np.minimum(np.searchsorted(key[order], wanted), len(order) - 1)
    uv = model.uv[order[place]]
    uv[key[order[place]] != wanted] = np.nan
    texture = model.texture[cut.polygon]
    # a picture without all three places cannot be shown
    texture = np.where(np.isfinite(uv).all(axis=(1, 2)), texture, -1).astype(np.int32)
    return texture, np.where((texture >= 0)[:, None, None], uv, np.float32(np.nan))


def _outlines(cut: Triangulation, surface: NDArray[np.int32] | None, nest: NDArray[np.int32] | None) -> Outlines:
    """The polygons that have triangles, with the rows of their attributes and their place in solids."""
    number = np.cumsum(cut.rings.counts > 0) - 1
    kept = cut.rings._replace(counts=cut.rings.counts[cut.rings.counts > 0])
    row = None if surface is None else surface[cut.rings.counts > 0]
    nest = None if nest is None else nest[cut.rings.counts > 0]
    return Outlines(kept, number[cut.polygon].astype(np.int32), row, nest)


def _note(code: str, faces: NDArray[np.int64], model: ObjectModel, findings: Findings, fault: tuple[str, str]) -> None:
    severity, message = fault
    for face in faces[:MAX_FINDINGS_A_CODE].tolist():
        findings.add(code, model.ids[model.owner[face]], message, severity=severity, path=model.path_of(face))
    for _ in range(len(faces) - MAX_FINDINGS_A_CODE):
        findings.add(code, "", message, severity=severity)


def object_frame(model: ObjectModel, layers: list[str]) -> pd.DataFrame:
    """The table `City.objects` of a model."""
    kinds = model.kinds if model.kinds is not None else [""] * len(model.ids)
    columns = {"type": model.types, "layer": layers, "parent": model.parents, "lod": model.lods, "geometry": kinds}
    index = pd.Index(model.ids, name="id", dtype="str")
    return pd.DataFrame({name: pd.array(values, dtype="str") for name, values in columns.items()}, index=index)


def assemble(readings: Sequence[Reading], options: ReadOptions, *, onto: City | None = None, name: str = "") -> City:
    """Make a City of what the files hold.

    Parameters
    ----------
    readings : sequence of Reading
    options : ReadOptions
    onto : City, optional
        A city that is there already: it gives the system and, where it has one, the ground; what it has is kept.
    name : str
        What to call that city in findings.

    Raises
    ------
    CRSError
        When the files cannot be brought into one coordinate reference system.
    """
    crs = common_crs(readings, options) if onto is None else _system_of(onto, name, readings)
    findings = Findings()
    for reading in readings:
        if reading.crs is None and not reading.empty:
            reading.findings.completed("no-crs", _taken_as(crs))
        findings.absorb(reading.findings)
        _bring(reading, crs, findings)
    found = {role: [(one, r.crs) for r in readings for one in r.rasters if one.role == role] for role in ROLES}
    rasters = {role: merged_raster(some, crs, findings) for role, some in found.items() if some}
    sources = tuple(replace(reading.source, layers=_layers_of(reading)) for reading in readings)
    whole = [(reading.objects, reading.source.name) for reading in readings if reading.objects is not None]
    models = [model for model, _ in whole]
    origin = local_origin(models, readings)
    terrain = rasters.get("terrain")
    if onto is not None and onto.terrain is not None:
        if terrain is not None:
            note_raster("terrain", name, findings)
        terrain = onto.terrain
    for model in models:
        if model.relative:
            lift(model, terrain, findings)
    parts: dict[str, Any] = {"terrain": terrain}
    if models:
        parts = _drawn(merged(models, [file for _, file in whole], findings), crs, origin, terrain, findings)
    city = City(
        crs=crs,
        origin=origin,
        sources=sources,
        quality=Quality(findings.collected()),
        dsm=rasters.get("dsm"),
        canopy=rasters.get("canopy"),
        **parts,
        **_about(readings),
    )
    said: tuple[Finding, ...] = ()
    if onto is not None:
        city = join(onto, replace(city, quality=Quality()), (name, "another file"))
        said = city.quality.findings
        city = replace(city, quality=Quality(said + findings.collected()))
    if not any(reading.layers for reading in readings):
        return city
    before = city.quality.findings
    for reading in readings:
        city = with_rows(city, reading, options, findings)
    # what was found while blocks were made is in the city's own quality
    made = city.quality.findings[len(before) :]
    return replace(city, quality=Quality(said + findings.collected() + made))


def _system_of(city: City, name: str, readings: Sequence[Reading]) -> CRS:
    """The system of a city that files are added to, each of which has to state its own.

    Raises
    ------
    CRSError
        When one does not.
    """
    for reading in readings:
        if reading.crs is None and not reading.empty:
            raise CRSError(
                f"{name} is in {short_name(city.crs)}, {reading.source.name} does not say in which system it is",
                hint="write the system into that file, or read it alone",
            )
    return city.crs


def _drawn(
    model: ObjectModel, crs: CRS, origin: NDArray[np.float64], terrain: Terrain | None, findings: Findings
) -> dict[str, Any]:
    """Layers, triangles and table of objects that have faces; their ground is the terrain unless a raster was given."""
    mesh, vertices, rings = mesh_of(model, origin, findings)
    own = [stated.pop(OWN, False) is True for stated in model.attributes]
    rowless = [mine and stated.pop(ROW, None) == "" for mine, stated in zip(own, model.attributes, strict=True)]
    layers = [_layer(kind, attributes) for kind, attributes in zip(model.types, model.attributes, strict=True)]
    for row, shape in model.shapes.items():
        if layers[row] == "roads" and shape.geom_type.endswith("LineString"):
            layers[row] = "streets"
    shapes = {
        row: shapely.transform(shape, lambda points: points + model.shift, include_z=True) for row, shape in model.shapes.items()
    }
    table = ObjectTable(
        ids=model.ids,
        types=model.types,
        parents=model.parents,
        layers=layers,
        attributes=model.attributes,
        # A micrometre: adding the origin leaves digits that mean nothing.
        points=np.round(vertices + origin, 6),
        rings=rings,
        owner=model.owner,
        semantic=model.semantic,
        anchors={row: anchor + model.shift for row, anchor in model.anchors.items()},
        crs=crs,
        shapes=shapes,
        own=np.array(own, dtype=bool),
        rowless=np.array(rowless, dtype=bool),
    )
    frames = layers_of(table, findings)
    ground = np.array([layer == TERRAIN for layer in layers], dtype=bool)
    if terrain is None and ground.any() and len(mesh):
        terrain = terrain_from_triangles(mesh.vertices + origin, mesh.triangles[ground[mesh.owner]], crs)
    return {
        "layers": frames, "parts": parts_of(table, frames, findings), "surfaces": mesh, "objects": object_frame(model, layers),
        "terrain": terrain,
        "textures": tuple(model.textures), "surface_table": surface_frame(model.surfaces, findings),
    }  # fmt: skip


def surface_frame(surfaces: Sequence[dict[str, Any]], findings: Findings) -> pd.DataFrame:
    """The table `City.surface_table` of the attributes of semantic surfaces."""
    columns = typed(surfaces)
    note_kinds(columns, "surfaces", findings)
    found = pd.DataFrame(columns)
    found.attrs = {NESTED: nested_names(columns)}
    return found


def _layer(kind: str, attributes: dict[str, Any]) -> str:
    """Layer of an object: by its type, unless a file of our own says which."""
    if LAYER not in attributes:
        return layer_of(kind)
    stated = attributes.pop(LAYER)
    return stated if stated in LAYERS else layer_of(kind)


def _layers_of(reading: Reading) -> tuple[str, ...]:
    """Layers and rasters that a file has something for."""
    found = {raster.role for raster in reading.rasters} | {name for name, frame in reading.layers.items() if len(frame)}
    if reading.objects is not None:
        objects = reading.objects
        found |= {_layer(kind, dict(stated)) for kind, stated in zip(objects.types, objects.attributes, strict=True)}
    return tuple(sorted(found))


def _taken_as(crs: CRS) -> str:
    """What the coordinates of a file that states no system are taken for, as the end of a message."""
    if crs.is_engineering:
        return "; taken as a local plane in metres, not placed on Earth: name the system if you know it (crs=, --crs)"
    return f"; taken as {short_name(crs)}, which was asked for"


def _bring(reading: Reading, target: CRS, findings: Findings) -> None:
    """Bring the coordinates of a reading into the system of the city."""
    move: Move | None = None
    if reading.crs is not None and not reading.empty:
        move, told = mover(reading.crs, target, reading.source.name)
        if told:
            findings.add("crs", "", told, severity="info", path=reading.source.name)
        beyond = beyond_area(reading, target)
        if beyond:
            findings.add("far-away", "", beyond, path=reading.source.name)
    if move is not None and reading.objects is not None:
        reading.objects = moved_model(reading.objects, move)
    reading.layers = {name: moved_frame(frame, target, move) for name, frame in reading.layers.items()}


def _about(readings: Sequence[Reading]) -> dict[str, Any]:
    names = [reading.name for reading in readings if reading.name]
    dates = sorted(reading.date for reading in readings if reading.date)
    # what two files say differently is kept of the first
    metadata = {key: value for reading in reversed(readings) for key, value in reading.metadata.items()}
    members = [one for reading in reversed(readings) if isinstance(one := reading.metadata.get(OBJECT_MEMBERS), dict)]
    if members:
        metadata[OBJECT_MEMBERS] = {column: name for one in members for column, name in one.items()}
    return {"name": names[0] if names else "", "date": dates[-1] if dates else "", "metadata": metadata}
