"""Names of CityGML 1.0, 2.0 and 3.0: what an element is, told once for each name that a file uses."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple

from twin.geo.mesh import SEMANTICS

GML = ("http://www.opengis.net/gml", "http://www.opengis.net/gml/3.2")
"""Namespaces of GML 3.1.1 (CityGML 1.0 and 2.0) and GML 3.2.1 (CityGML 3.0)."""

CITYGML = "http://www.opengis.net/citygml"
"""What the namespaces of all modules start with."""

HREF = "{http://www.w3.org/1999/xlink}href"
_CORE = re.compile(r"^http://www\.opengis\.net/citygml/(?:profiles/base/)?(\d)\.(\d)$")

OBJECTS = {
    "Building": "Building",
    "BuildingPart": "BuildingPart",
    "BuildingInstallation": "BuildingInstallation",
    "IntBuildingInstallation": "BuildingInstallation",
    "BuildingConstructiveElement": "BuildingConstructiveElement",
    "BuildingFurniture": "BuildingFurniture",
    "Room": "BuildingRoom",
    "BuildingRoom": "BuildingRoom",
    "BuildingUnit": "BuildingUnit",
    "Storey": "BuildingStorey",
    "Bridge": "Bridge",
    "BridgePart": "BridgePart",
    "BridgeInstallation": "BridgeInstallation",
    "IntBridgeInstallation": "BridgeInstallation",
    "BridgeConstructionElement": "BridgeConstructiveElement",
    "BridgeConstructiveElement": "BridgeConstructiveElement",
    "BridgeRoom": "BridgeRoom",
    "BridgeFurniture": "BridgeFurniture",
    "Tunnel": "Tunnel",
    "TunnelPart": "TunnelPart",
    "TunnelInstallation": "TunnelInstallation",
    "IntTunnelInstallation": "TunnelInstallation",
    "TunnelConstructiveElement": "TunnelConstructiveElement",
    "TunnelFurniture": "TunnelFurniture",
    "HollowSpace": "TunnelHollowSpace",
    "Road": "Road",
    "Track": "Road",
    "TransportationComplex": "Road",
    "Railway": "Railway",
    "Square": "TransportSquare",
    "Waterway": "Waterway",
    "WaterBody": "WaterBody",
    "PlantCover": "PlantCover",
    "SolitaryVegetationObject": "SolitaryVegetationObject",
    "CityFurniture": "CityFurniture",
    "LandUse": "LandUse",
    "TINRelief": "TINRelief",
    "CityObjectGroup": "CityObjectGroup",
    "GenericCityObject": "GenericCityObject",
    "GenericOccupiedSpace": "GenericCityObject",
    "GenericUnoccupiedSpace": "GenericCityObject",
    "GenericLogicalSpace": "GenericCityObject",
    "GenericThematicSurface": "GenericCityObject",
    "OtherConstruction": "OtherConstruction",
}
"""Type of CityJSON 2.0 of each kind of object (CityJSON 2.0, section 2; OGC 20-010 for the names of CityGML 3.0)."""

KEEP_NAME = frozenset(
    ("IntBuildingInstallation", "IntBridgeInstallation", "IntTunnelInstallation", "Track", "TransportationComplex",
     "GenericOccupiedSpace", "GenericUnoccupiedSpace", "GenericLogicalSpace", "GenericThematicSurface")
)  # fmt: skip
"""Kinds of which the type of CityJSON says less than the name: it is kept as the attribute ``citygml_type``."""

ROAD_PARTS = {
    "Section": 0,
    "Intersection": 0,
    "TrafficSpace": SEMANTICS["TrafficArea"],
    "AuxiliaryTrafficSpace": SEMANTICS["AuxiliaryTrafficArea"],
    "Marking": SEMANTICS["TransportationMarking"],
    "Hole": SEMANTICS["TransportationHole"],
}
"""Parts of a road in CityGML 3.0, and what a surface of theirs means unless it says so itself."""

ROAD_AREAS = ("TrafficArea", "AuxiliaryTrafficArea")
"""Surfaces of a road that have attributes of their own: parts of it in CityGML 2.0, the floor of a space in 3.0."""

ROAD_TYPES = frozenset(("Road", "Railway", "TransportSquare", "Waterway"))

SURFACES = {name: code for name, code in SEMANTICS.items() if code} | {
    "WindowSurface": SEMANTICS["Window"],
    "DoorSurface": SEMANTICS["Door"],
    "HoleSurface": SEMANTICS["TransportationHole"],
}
"""Meaning of each kind of boundary surface and opening."""

RELIEF_NOT_READ = ("MassPointRelief", "BreaklineRelief", "RasterRelief")

NOT_DRAWN = {
    "TerrainIntersection": "terrain-intersection",
    "TerrainIntersectionCurve": "terrain-intersection",
    "PointCloud": "not-read-pointcloud",
}
"""Geometries that are not drawn, by the rest of the name of their property; and what is noted of them."""

_LINES = frozenset(("MultiCurve", "Network", "Curve"))
_MEANING = {"FootPrint": SEMANTICS["GroundSurface"], "RoofEdge": SEMANTICS["RoofSurface"]}
_SOLID = frozenset(("Solid", "MultiSolid", "CompositeSolid", "Geometry"))

FLOATS = frozenset(
    ("measuredHeight", "averageHeight", "height", "trunkDiameter", "crownDiameter", "rootBallDiameter", "maxRootBallDiameter",
     "minHeight", "maxHeight", "value")
)  # fmt: skip
"""Attributes of CityGML that are measures or numbers with a fraction."""

WHOLE = frozenset(("storeysAboveGround", "storeysBelowGround", "yearOfConstruction", "yearOfDemolition"))
"""Attributes of CityGML that are whole numbers."""


class Role(IntEnum):
    """What is to be done with an element inside an object."""

    SKIP = 0
    TEXT = 1
    PROPERTY = 2
    GEOMETRY = 3
    GENERIC = 4
    ADDRESS = 5
    APPEARANCE = 6
    HEIGHT = 7
    NOTE = 8


class Rule(NamedTuple):
    """What an element inside an object is.

    Parameters
    ----------
    role : Role
    local : str
        Its name without the namespace; what is noted, for a geometry without faces.
    standard : bool
        Whether it is of CityGML or GML, not of an extension.
    lod : str
        Level of detail of a geometry; empty for that of a relief, which states it elsewhere.
    semantic : int
        What the faces of a geometry mean, where its name says so.
    solid, implicit, lines : bool
        Whether a geometry may be a solid, is a prototype that is placed, or is lines.
    """

    role: Role
    local: str
    standard: bool = True
    lod: str = ""
    semantic: int = 0
    solid: bool = False
    implicit: bool = False
    lines: bool = False


_LOD = re.compile(r"^lod([0-4])([A-Z]\w*)$")
_GENERIC = re.compile(r"^(generic|string|int|double|date|uri|measure)Attribute$|^genericAttributeSet$", re.IGNORECASE)


class Memo(dict[Any, Any]):
    """What a function says of each name, asked once."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, key: Any) -> Any:
        value = self[key] = self._function(key)
        return value


def split(tag: object) -> tuple[str, str]:
    """Namespace and name of a tag; two empty texts for what is not an element."""
    if not isinstance(tag, str):
        return "", ""
    if tag[:1] != "{":
        return "", tag
    space, _, local = tag[1:].partition("}")
    return space, local


def local_of(tag: object) -> str:
    """Name of a tag without its namespace."""
    return split(tag)[1]


def core_version(namespace: str) -> str:
    """Version of CityGML of a core namespace: ``"2.0"``; empty for another namespace."""
    match = _CORE.match(namespace)
    return f"{match[1]}.{match[2]}" if match else ""


def rule_of(tag: object) -> Rule:
    """What to do with an element of this name inside an object."""
    space, local = split(tag)
    if not local:
        return Rule(Role.SKIP, "")
    if space in GML:
        if local in ("name", "description", "identifier"):
            return Rule(Role.TEXT, local)
        return Rule(Role.SKIP if local == "boundedBy" else Role.NOTE, local)
    standard = space.startswith(CITYGML)
    match = _LOD.match(local)
    if match:
        return _geometry(local, match[1], match[2], standard)
    if standard and local in ("tin", "pointCloud"):
        return _geometry(local, "", "MultiSurface" if local == "tin" else "PointCloud", standard)
    if standard and _GENERIC.match(local):
        return Rule(Role.GENERIC, local)
    role = {"address": Role.ADDRESS, "appearance": Role.APPEARANCE, "dynamizer": Role.NOTE}.get(local) if standard else None
    if role is None and standard and local == "height" and "/construction/" in space:
        role = Role.HEIGHT
    return Rule(Role.PROPERTY if role is None else role, local, standard=standard)


def _geometry(local: str, lod: str, shape: str, standard: bool) -> Rule:
    if shape in NOT_DRAWN:
        return Rule(Role.NOTE, NOT_DRAWN[shape], standard)
    implicit = shape == "ImplicitRepresentation"
    return Rule(Role.GEOMETRY, local, standard, lod, _MEANING.get(shape, 0), shape in _SOLID, implicit, shape in _LINES)


def object_type(tag: object) -> str:
    """Type of CityJSON of an element that is an object; empty for what is none that the standard knows."""
    space, local = split(tag)
    return OBJECTS.get(local, "") if space.startswith(CITYGML) else ""


def surface_code(tag: object) -> int:
    """Code of `SEMANTICS` of an element that is a boundary surface or an opening; 0 for another."""
    space, local = split(tag)
    return SURFACES.get(local, 0) if space.startswith(CITYGML) else 0


class Shape(IntEnum):
    """What a geometry element of GML is to a reader of faces."""

    GROUP = 0
    """Holds other geometries; may have an id."""
    WRAPPER = 1
    """A property that holds them, or points to them."""
    POLYGON = 2
    ORIENTED = 3
    POINT = 4
    CURVE = 5
    OTHER = 6
    SOLID = 7
    TIN = 8
    """Triangles, or just the points that they are to be made of."""


_POLYGONS = ("Polygon", "PolygonPatch", "Triangle", "Rectangle")
_GROUPS = (
    "MultiSurface", "CompositeSurface", "Surface", "TriangulatedSurface", "PolyhedralSurface", "Shell",
    "CompositeSolid", "MultiSolid", "MultiGeometry", "GeometricComplex", "MultiPolygon",
)  # fmt: skip
_WRAPPERS = (
    "surfaceMember", "surfaceMembers", "exterior", "interior", "patches", "polygonPatches", "trianglePatches", "solidMember",
    "solidMembers", "geometryMember", "geometryMembers", "element", "polygonMember", "baseSurface",
)  # fmt: skip
_CURVES = ("MultiCurve", "CompositeCurve", "Curve", "LineString", "OrientableCurve", "MultiLineString", "LinearRing", "Ring")


def shape_of(tag: object) -> Shape:
    """What a geometry element is."""
    space, local = split(tag)
    if local == "TexturedSurface" and space.startswith(CITYGML):
        # an oriented surface of CityGML 0.4 that 1.0 still allows
        return Shape.ORIENTED
    if space in GML:
        if local in _POLYGONS:
            return Shape.POLYGON
        if local in _WRAPPERS:
            return Shape.WRAPPER
        if local in _GROUPS:
            return Shape.GROUP
        if local in ("Solid", "Tin"):
            return Shape.SOLID if local == "Solid" else Shape.TIN
        if local == "OrientableSurface":
            return Shape.ORIENTED
        if local in ("Point", "MultiPoint"):
            return Shape.POINT
        if local in _CURVES:
            return Shape.CURVE
    return Shape.OTHER


class Position(IntEnum):
    """What the content of a ring is."""

    LIST = 0
    ONE = 1
    COORDINATES = 2
    NESTED = 3


_POSITIONS = {"posList": Position.LIST, "pos": Position.ONE, "coordinates": Position.COORDINATES}


def position_of(tag: object) -> Position:
    """What an element inside a ring is."""
    space, local = split(tag)
    return _POSITIONS.get(local, Position.NESTED) if space in GML else Position.NESTED
