"""What a raster is: ground, surface or trees; by what the caller says, its name, its description."""

from __future__ import annotations

import re
from collections.abc import Mapping

from twin.geo.readers.vector_layers import plain_words

_NOT_HEIGHTS = frozenset(
    {"landcover", "landuse", "lulc", "slope", "aspect", "hillshade", "shade", "schummerung", "svf", "ndsm", "wall", "walls"}
    | {"orthophoto", "ortho", "luchtfoto", "imagery", "intensity", "density", "classification", "classes"}
)
_CANOPY = frozenset({"cdsm", "chm", "canopy", "vegetation", "tree", "trees", "boomhoogte", "kroonhoogte"})
_SURFACE = frozenset({"dsm", "dom", "surface", "oberflache", "oberflaechenmodell", "oberflachenmodell"})
_GROUND = frozenset(
    {"dtm", "dem", "dgm", "dhm", "mnt", "terrain", "ground", "elevation", "bathymetry", "bare", "maaiveld", "maaiveldmodel"}
    | {"gelande", "gelaende", "gelandemodell", "gelaendemodell"}
)
_WORDS = (("", _NOT_HEIGHTS), ("canopy", _CANOPY), ("dsm", _SURFACE), ("terrain", _GROUND))
"""Words of names in several languages, the most telling first; the first row are no heights."""

_AHN_TILE = re.compile(r"^(?:\d{4}_)?([mr])_?(?:5_?)?\d{2}[a-z]{1,2}\d{0,2}(?:_|\.|$)", re.IGNORECASE)
"""Tiles of the Dutch height model: ``M_31HZ1.TIF`` and ``M5_...`` are ground (maaiveld), ``R_31HZ1.TIF`` surface (ruw)."""


def told_role(names: Mapping[str, str], file: str) -> str | None:
    """What the caller says a file is: by its name, with or without suffix."""
    base = file.split("!")[-1].replace("\\", "/").split("/")[-1]
    for key in (file, base, base.split(".")[0], base.rsplit(".", 1)[0]):
        if key in names:
            return names[key]
    return None


def role_by_name(text: str) -> str | None:
    """``"terrain"``, ``"dsm"``, ``"canopy"``; ``""`` for what is not a height; None when the words say nothing."""
    match = _AHN_TILE.match(text)
    if match:
        return "terrain" if match[1].lower() == "m" else "dsm"
    words = set(plain_words(text))
    joined = "".join(plain_words(text))
    for role, known in _WORDS:
        if words & known or (role == "" and ("landcover" in joined or "landuse" in joined)):
            return role
    return None


def role_of(file: str, description: str, names: Mapping[str, str]) -> tuple[str | None, str]:
    """Role of a raster, and how it was told: ``"caller"``, ``"description"``, ``"name"``, or ``""`` (None then)."""
    said = told_role(names, file)
    if said is not None:
        return said, "caller"
    described = role_by_name(description) if description else None
    if described is not None:
        return described, "description"
    base = file.split("!")[-1].replace("\\", "/").split("/")[-1]
    named = role_by_name(base.rsplit(".", 1)[0])
    return (named, "name") if named is not None else (None, "")
