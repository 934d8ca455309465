"""What entities of IFC are in a city: types of CityJSON and semantic surfaces."""

from __future__ import annotations

from typing import Any

from twin.geo.mesh import SEMANTICS

SPATIAL = {
    "IfcBuilding": "Building",
    "IfcBuildingStorey": "BuildingStorey",
    "IfcSpace": "BuildingRoom",
    "IfcSpatialZone": "BuildingUnit",
    "IfcBridge": "Bridge",
    "IfcBridgePart": "BridgePart",
    "IfcSite": "TINRelief",
    "IfcRoad": "OtherConstruction",
    "IfcRailway": "OtherConstruction",
    "IfcMarineFacility": "OtherConstruction",
}
"""Types of spatial elements. The ground of a site becomes the terrain."""

INSTALLATIONS = (
    "IfcStair", "IfcStairFlight", "IfcRamp", "IfcRampFlight", "IfcRailing", "IfcChimney", "IfcShadingDevice", "IfcTransportElement",
    "IfcSolarDevice",
)  # fmt: skip
"""Elements that are on or in a building, not of its structure."""

OUTDOORS = {"IfcSignal": "CityFurniture", "IfcSign": "CityFurniture", "IfcGeographicElement": "GenericCityObject"}

FIXED = {
    "IfcRoof": "RoofSurface",
    "IfcWall": "WallSurface",
    "IfcWallStandardCase": "WallSurface",
    "IfcWallElementedCase": "WallSurface",
    "IfcCurtainWall": "WallSurface",
    "IfcWindow": "Window",
    "IfcWindowStandardCase": "Window",
    "IfcDoor": "Door",
    "IfcDoorStandardCase": "Door",
}
"""Semantics of elements whose class says it."""

COVERINGS = {
    "CEILING": "CeilingSurface", "FLOORING": "FloorSurface", "ROOFING": "RoofSurface", "CLADDING": "WallSurface",
    "SKIRTINGBOARD": "InteriorWallSurface",
}  # fmt: skip

SLABS = ("IfcSlab", "IfcSlabStandardCase", "IfcSlabElementedCase")


def root_of(row: dict[str, Any], entities: dict[str, dict[str, Any]]) -> str:
    """Class of the building, bridge or other facility that an entity is in; empty for none."""
    seen: set[str] = set()
    while row["id"] not in seen:
        seen.add(row["id"])
        if row["class"] in ("IfcBuilding", "IfcBridge", "IfcRoad", "IfcRailway", "IfcMarineFacility", "IfcTunnel"):
            return str(row["class"])
        above = entities.get(row["parent"])
        if above is None:
            return ""
        row = above
    return ""


def type_of(row: dict[str, Any], root: str) -> str:
    """Type of CityJSON of an entity.

    Parameters
    ----------
    row : dict
        As `ifc_child.entity_row` makes it.
    root : str
        Class of what it is in, see `root_of`.
    """
    kind = str(row["class"])
    if row["spatial"]:
        return SPATIAL.get(kind, "OtherConstruction")
    if kind in OUTDOORS and root != "IfcBuilding":
        return "TINRelief" if row["predefined"] == "TERRAIN" else OUTDOORS[kind]
    whole = {"IfcBridge": "Bridge", "IfcBuilding": "Building"}.get(root, "")
    if not whole and root:
        return "OtherConstruction"
    if "IfcFurnishingElement" in row["bases"]:
        return f"{whole}Furniture" if whole else "CityFurniture"
    if kind.startswith(INSTALLATIONS) or "IfcDistributionElement" in row["bases"]:
        return f"{whole or 'Building'}Installation"
    if not whole and not {"IfcBuildingElement", "IfcBuiltElement"} & set(row["bases"]):
        return "GenericCityObject"
    return f"{whole or 'Building'}ConstructiveElement"


def semantic_of(row: dict[str, Any], entities: dict[str, dict[str, Any]]) -> int:
    """Code of the surface that the faces of an element are; 0 where where they look must tell."""
    kind = str(row["class"])
    above = entities.get(row["parent"], {})
    name = FIXED.get(kind, "")
    if kind == "IfcCovering":
        name = COVERINGS.get(row["predefined"], "")
    elif kind in SLABS:
        roof = row["predefined"] == "ROOF" or above.get("class") == "IfcRoof"
        name = "RoofSurface" if roof else "GroundSurface" if row["predefined"] == "BASESLAB" else "FloorSurface"
    elif name == "WallSurface" and row["attributes"].get("Pset_WallCommon.IsExternal") is False:
        name = "InteriorWallSurface"
    elif above.get("class") in ("IfcRoof", "IfcCurtainWall"):
        name = FIXED[above["class"]]
    return SEMANTICS[name] if name else 0
