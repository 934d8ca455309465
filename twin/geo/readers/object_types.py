"""Which type of object goes to which layer."""

from __future__ import annotations

TERRAIN = "terrain"
"""What `City.objects` calls the layer of ground surfaces; they become the terrain, not rows."""

LAYER = "stadstwin_layer"
"""Attribute by which a CityJSON file of ours says which layer an object is of, where its type does not."""

ABOUT = "stadstwin"
"""Member of the metadata of CityJSON that says that this library wrote it."""

OWN = "stadstwin_own"
"""Attribute that the reader gives to the objects of such a file: what they state in our columns is ours."""

ROW = "stadstwin_row"
"""Attribute of an object in such a file that is only a row of a layer: its id there; empty for one that has no row at all."""

SPACE = "stadstwin_z"
"""Attribute of such a row whose shape has heights of its own."""

LAYER_OF = {
    "Building": "buildings",
    "BuildingPart": "buildings",
    "BuildingInstallation": "buildings",
    "BuildingConstructiveElement": "buildings",
    "BuildingFurniture": "buildings",
    "BuildingStorey": "buildings",
    "BuildingRoom": "buildings",
    "BuildingUnit": "buildings",
    "Road": "roads",
    "Railway": "roads",
    "Waterway": "roads",
    "TransportSquare": "roads",
    "WaterBody": "water",
    "PlantCover": "green",
    "SolitaryVegetationObject": "trees",
    "Bridge": "bridges",
    "BridgePart": "bridges",
    "BridgeInstallation": "bridges",
    "BridgeConstructionElement": "bridges",
    "BridgeConstructiveElement": "bridges",
    "BridgeRoom": "bridges",
    "BridgeFurniture": "bridges",
    "Tunnel": "tunnels",
    "TunnelPart": "tunnels",
    "TunnelInstallation": "tunnels",
    "TunnelConstructiveElement": "tunnels",
    "TunnelHollowSpace": "tunnels",
    "TunnelFurniture": "tunnels",
    "CityFurniture": "furniture",
    "LandUse": "landuse",
    "TINRelief": TERRAIN,
}
"""Layer of each type of CityJSON; what is not here goes to ``other``."""

_EXTENSIONS = (
    ("Building", "buildings"),
    ("Bridge", "bridges"),
    ("Tunnel", "tunnels"),
    ("Road", "roads"),
    ("Water", "water"),
)


def layer_of(kind: str) -> str:
    """Layer that objects of a type belong to; an extension's type (``+NoiseBuilding``) by what it extends."""
    plain = kind.removeprefix("+")
    if plain in LAYER_OF:
        return LAYER_OF[plain]
    if kind.startswith("+"):
        for word, layer in _EXTENSIONS:
            if word in plain:
                return layer
    return "other"
