"""CityJSON 2.0, the same byte for byte for the same city."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray

from twin.errors import OutputError
from twin.geo.city import City
from twin.geo.mesh import SEMANTIC_NAMES, TriangleMesh
from twin.geo.readers.cityjson_objects import LODS
from twin.geo.readers.object_types import LAYER_OF, layer_of
from twin.geo.topology import edge_use, quantised, shells, signed_volumes, welded
from twin.geo.writers.atomic import write_bytes
from twin.geo.writers.row_objects import row_objects

SCALE_M = 0.001
"""Coordinates are written in whole millimetres."""

MARK_TYPE, MARK_LAYER, MARK_LOD = "stadstwin_type", "stadstwin_layer", "stadstwin_lod"
"""Attributes that keep, in a city folder, what CityJSON cannot say."""

_CORE = {*LAYER_OF, "GenericCityObject", "OtherConstruction", "CityObjectGroup"} - {"BridgeConstructionElement"}
_SECOND = re.compile(
    r"^(Building|Bridge|Tunnel)(Part|Installation|ConstructiveElement|Furniture|Storey|Room|Unit|HollowSpace)$"
)
_EXTENSION = re.compile(r"^\+[A-Z]\w+$")
_SURFACES_ONLY = ("Road", "Railway", "TransportSquare", "Waterway", "LandUse")
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def write_cityjson(city: City, path: str | Path) -> Path:
    """Write the objects of a city with their triangles, semantics and attributes.

    Triangles stay triangles: a closed object becomes a Solid (with its cavities as inner shells), any other a
    MultiSurface. Rows of a layer that are not in `City.objects` become points, lines or flat surfaces of lod 0. The
    terrain is not part of it; `City.save` keeps everything.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    return write_bytes(Path(path), cityjson_bytes(city))


def cityjson_bytes(city: City, *, attributes: bool = True, marks: bool = False) -> bytes:
    """The CityJSON of a city as UTF-8 text.

    Parameters
    ----------
    attributes : bool
        With the rows of the layers as attributes.
    marks : bool
        With attributes that keep type, layer and lod where CityJSON has no room for them; for the city folder.
    """
    packed = _pack(city.surfaces, len(city.objects))
    rows = _attributes(city) if attributes else {}
    children: dict[str, list[str]] = {}
    known = set(city.objects.index)
    for object_id, parent in city.objects["parent"].items():
        if parent in known:
            children.setdefault(parent, []).append(str(object_id))
    objects: dict[str, Any] = {}
    for number, (object_id, row) in enumerate(
        zip(city.objects.index, city.objects.itertuples(index=False), strict=True)
    ):
        kind = str(row.type)
        written: dict[str, Any] = {"type": kind if kind in _CORE or _EXTENSION.match(kind) else "GenericCityObject"}
        stated = dict(rows.get(object_id, {}))
        geometry = _geometry(packed, number, written["type"], str(row.lod))
        if marks:
            _mark(stated, written["type"], row, geometry)
        if stated:
            written["attributes"] = stated
        if row.parent in known:
            written["parents"] = [row.parent]
        elif _SECOND.match(written["type"]):
            written["parents"] = []
        if object_id in children or written["type"] == "CityObjectGroup":
            written["children"] = children.get(object_id, [])
        if geometry is not None:
            written["geometry"] = [geometry]
        objects[str(object_id)] = written
    vertices = packed.grid.tolist()
    if attributes:
        more, points = row_objects(city, rows, len(vertices), SCALE_M)
        objects |= more
        vertices += points
    document = {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [SCALE_M] * 3, "translate": [float(value) for value in city.origin]},
        "metadata": _metadata(city, vertices),
        "CityObjects": objects,
        "vertices": vertices,
    }
    try:
        return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
    except (TypeError, ValueError) as error:
        raise OutputError(f"the city cannot be written as CityJSON: {error}") from None


class _Packed(NamedTuple):
    """Triangles by object on whole millimetres, with what is needed to tell solids."""

    grid: NDArray[np.int64]
    triangles: NDArray[np.int64]
    semantic: NDArray[np.uint8]
    first: NDArray[np.int64]
    closed: NDArray[np.bool_]
    shell: NDArray[np.int64]
    outward: NDArray[np.bool_]


def _pack(mesh: TriangleMesh, objects: int) -> _Packed:
    order = np.argsort(mesh.owner, kind="stable")
    owner, semantic = mesh.owner[order], mesh.semantic[order]
    corners = quantised(mesh.vertices[mesh.triangles[order]].reshape(-1, 3), SCALE_M)
    first, number = welded(corners)
    triangles = number.reshape(-1, 3)
    keep = _has_area(corners.reshape(-1, 3, 3))
    if not keep.all():
        # A triangle thinner than the millimetre has no area left; its corners may be no one else's.
        triangles, owner, semantic = triangles[keep], owner[keep], semantic[keep]
        first, number = welded(corners.reshape(-1, 3, 3)[keep].reshape(-1, 3))
        corners, triangles = corners.reshape(-1, 3, 3)[keep].reshape(-1, 3), number.reshape(-1, 3)
    grid = corners[first]
    use = edge_use(triangles, owner, objects)
    shell = shells(len(triangles), use.pairs) if len(triangles) else np.empty(0, np.int64)
    small = (
        TriangleMesh(np.asarray(grid * SCALE_M, dtype=np.float64), triangles.astype(np.int32), owner, semantic)
        if len(triangles)
        else mesh
    )
    volume = signed_volumes(small, shell, int(shell.max()) + 1 if len(shell) else 0)
    starts = np.searchsorted(owner, np.arange(objects + 1))
    return _Packed(grid, triangles, semantic, starts, use.closed, shell, volume > 0)


def _has_area(corners: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Triangles (T, 3, 3) on whole millimetres that a reader will accept, by the rule of `triangulate`."""
    edges = (corners[:, 1:] - corners[:, :1]) * SCALE_M
    area = 0.5 * np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)
    extent = np.abs(edges).max(axis=(1, 2)) if len(edges) else np.empty(0)
    return np.asarray(area > 1.0001 * (1e-9 + 1e-12 * extent**2))


def _geometry(packed: _Packed, number: int, kind: str, lod: str) -> dict[str, Any] | None:
    start, stop = int(packed.first[number]), int(packed.first[number + 1])
    if start == stop:
        return None
    level = lod if lod in LODS else "1"
    chosen = np.arange(start, stop)
    solid = packed.closed[number] and kind not in _SURFACES_ONLY and kind != "TINRelief"
    shell_numbers = np.unique(packed.shell[start:stop])
    outer = [int(one) for one in shell_numbers if packed.outward[one]]
    inner = [int(one) for one in shell_numbers if not packed.outward[one]]
    if solid and len(outer) == 1:
        parts = [chosen[packed.shell[start:stop] == one] for one in outer + inner]
        geometry: dict[str, Any] = {
            "type": "Solid",
            "lod": level,
            "boundaries": [_faces(packed, part) for part in parts],
        }
    elif solid and outer and not inner:
        parts = [chosen[packed.shell[start:stop] == one] for one in outer]
        geometry = {"type": "CompositeSolid", "lod": level, "boundaries": [[_faces(packed, part)] for part in parts]}
    else:
        parts = [chosen]
        name = "CompositeSurface" if kind == "TINRelief" else "MultiSurface"
        geometry = {"type": name, "lod": level, "boundaries": _faces(packed, chosen)}
    codes = packed.semantic[np.concatenate(parts)]
    if codes.any():
        present = [code for code in dict.fromkeys(codes.tolist()) if code]
        place = {code: position for position, code in enumerate(present)}
        values: Any = [[place.get(code) for code in packed.semantic[part].tolist()] for part in parts]
        if geometry["type"] == "CompositeSolid":
            values = [[value] for value in values]
        elif geometry["type"] != "Solid":
            values = values[0]
        geometry["semantics"] = {"surfaces": [{"type": SEMANTIC_NAMES[code]} for code in present], "values": values}
    return geometry


def _faces(packed: _Packed, chosen: NDArray[np.int64]) -> list[Any]:
    faces: list[Any] = packed.triangles[chosen].reshape(-1, 1, 3).tolist()
    return faces


def _mark(stated: dict[str, Any], written: str, row: Any, geometry: dict[str, Any] | None) -> None:
    """Note what reading the plain CityJSON would give differently."""
    if written != row.type:
        stated[MARK_TYPE] = str(row.type)
    if layer_of(written) != row.layer:
        stated[MARK_LAYER] = str(row.layer)
    if (geometry["lod"] if geometry else "") != row.lod:
        stated[MARK_LOD] = str(row.lod)


def _metadata(city: City, vertices: list[list[int]]) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    if vertices:
        grid = np.array(vertices, dtype=np.int64)
        low, high = grid.min(axis=0) * SCALE_M + city.origin, grid.max(axis=0) * SCALE_M + city.origin
        metadata["geographicalExtent"] = [round(float(value), 3) for value in (*low, *high)]
    if _DATE.match(city.date):
        metadata["referenceDate"] = city.date
    code = city.crs.to_authority()
    if code is not None:
        metadata["referenceSystem"] = f"https://www.opengis.net/def/crs/{code[0]}/0/{code[1]}"
    if city.name:
        metadata["title"] = city.name
    return metadata


def _attributes(city: City) -> dict[str, dict[str, Any]]:
    """Row of each object as JSON values, without what is missing."""
    found: dict[str, dict[str, Any]] = {}
    for frame in city.layers.values():
        table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
        names = [str(name) for name in table.columns]
        columns = [[plain(value) for value in table.iloc[:, number].tolist()] for number in range(len(names))]
        for row, object_id in enumerate(frame.index):
            stated = {name: column[row] for name, column in zip(names, columns, strict=True) if column[row] is not None}
            if stated:
                found[str(object_id)] = stated
    return found


def plain(value: Any) -> Any:
    """A value as JSON can hold it; None for what is missing."""
    if isinstance(value, str | bool):
        return value
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | np.ndarray):
        return [plain(one) for one in value]
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else str(value)
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
