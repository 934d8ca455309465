"""Which layer of a city the rows of a vector file belong to: what the caller says, then names, then columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.geo.heights import says_height
from twin.geo.subsurface import recognise_layer

KINDS = {
    "buildings": {"Polygon"},
    "roads": {"Polygon"},
    "streets": {"Line"},
    "stairs": {"Polygon"},
    "bridges": {"Polygon"},
    "tunnels": {"Polygon", "Line"},
    "water": {"Polygon"},
    "trees": {"Point"},
    "green": {"Polygon"},
    "furniture": {"Point"},
    "utilities": {"Line", "Point"},
    "cellars": {"Polygon"},
    "pits": {"Polygon"},
    "soundings": {"Point"},
    "wells": {"Point"},
    "stops": {"Point"},
    "sensors": {"Point"},
    "landuse": {"Polygon"},
    "other": {"Point", "Line", "Polygon"},
}
"""Kinds of geometry that each layer has."""

WORDS: tuple[tuple[str, str], ...] = (
    ("landuse", "landuse land_use landcover land_cover grondgebruik bodemgebruik landnutzung nutzung bestemmingsplan zoning"),
    ("trees", "tree trees boom bomen baum baeume baume arbre arbres boomkroon boomkronen crowns trad"),
    ("stops", "stop stops bus_stop tram_stop halte haltes bushalte tramhalte haltestelle haltestellen"),
    ("wells", "well wells monitoring_well peilbuis peilbuizen grondwaterput brunnen grundwassermessstelle"),
    ("soundings", "cpt cpts sondering sonderingen boring boringen borehole boreholes boorgat bohrung bohrungen sounding soundings"),
    ("sensors", "sensor sensors meetpunt meetpunten messstelle messstellen telpunt telpunten counter counters"),
    ("cellars", "cellar cellars kelder kelders werfkelder werfkelders keller basement basements"),
    ("pits", "pit pits excavation excavations bouwput bouwputten baugrube baugruben"),
    (
        "utilities",
        "utility utilities pipe pipes pipeline cable cables sewer sewers kabel kabels leiding leidingen riool riolering "
        "rioolleiding gasleiding waterleiding leitung leitungen kanalisation hochspannung",
    ),
    (
        "furniture",
        "furniture street_furniture bench benches lamp lamps lantern lanterns bollard bollards straatmeubilair lantaarn "
        "lantaarns lantaarnpaal lantaarnpalen lichtmast lichtmasten bankje bankjes laterne laternen stadtmobiliar",
    ),
    ("stairs", "stair stairs trap trappen treppe treppen"),
    ("tunnels", "tunnel tunnels tunneldeel"),
    ("bridges", "bridge bridges brug bruggen brucke brucken bruecke bruecken overbruggingsdeel viaduct viaducten"),
    (
        "buildings",
        "building buildings bldg bldgs footprint footprints gebouw gebouwen pand panden woning woningen huis huizen "
        "house houses gebaude gebaeude haus hauser haeuser bauwerk batiment batiments edificio edificios byggnad "
        "byggnader bygning budova budovy",
    ),
    (
        "water",
        "water waters waterway waterways waterdeel waterlichaam watergang watergangen waterbody waterbodies "
        "oppervlaktewater river rivers canal canals lake lakes pond ponds gracht grachten singel sloot sloten vijver "
        "vijvers kanaal gewasser gewaesser fluss flusse fluesse see seen kanal teich",
    ),
    (
        "green",
        "green greenery groen park parks grass gras plantsoen plantsoenen vegetation vegetatie begroeid "
        "begroeidterreindeel forest forests bos bossen wald walder gruen grun grunflache gruenflaeche garden gardens "
        "tuin tuinen garten",
    ),
    (
        "roads",
        "road roads street streets highway highways footway footways path paths cycleway cycleways sidewalk sidewalks "
        "centerline centerlines centreline centrelines weg wegen wegdeel wegvak wegvakken straat straten fietspad "
        "voetpad trottoir strasse strassen wege rue rues voie voies",
    ),
)
"""Words of layers in English, Dutch and German (and a few more), without accents, the most telling first. Lines of `roads` are
`streets`."""

TAGS: tuple[tuple[str, Mapping[str, str] | str], ...] = (
    ("building", "buildings"),
    ("highway", {"bus_stop": "stops", "street_lamp": "furniture", "": "roads"}),
    ("natural", {"tree": "trees", "water": "water", "wood": "green", "scrub": "green", "grassland": "green"}),
    ("waterway", "water"),
    ("amenity", {"bench": "furniture", "waste_basket": "furniture", "bicycle_parking": "furniture"}),
    ("leisure", {"park": "green", "garden": "green"}),
    ("landuse", {"grass": "green", "forest": "green", "village_green": "green", "basin": "water", "": "landuse"}),
)
"""Columns that files made from OpenStreetMap have (its tags), and the layer that a value of each says."""

_BUILDING_COLUMNS = {"bouwjaar", "oorspronkelijkbouwjaar", "bag_id", "bagpandid", "identificatiebagpnd", "pandstatus"} | {
    "year_built",
    "baujahr",
}


def plain_words(text: str) -> list[str]:
    """Words of a name: lower case, without accents, cut at what is neither letter nor digit and where a capital begins."""
    text = re.sub(r"([a-z])([A-Z])", r"\1 \2", text)
    flat = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    return [word for word in re.split(r"[^a-z]+", flat) if word]


def layer_by_name(name: str) -> str | None:
    """Layer that a name speaks of; None when it speaks of none."""
    words = plain_words(name)
    pairs = [f"{one}_{two}" for one, two in pairwise(words)]
    there = {*words, *pairs, "".join(words)}
    for layer, known in WORDS:
        if there & set(known.split()):
            return layer
    return None


def stated_layer(layer: Mapping[str, str], file: str, table: str) -> str | None:
    """What the caller says a layer of a file is: by ``file:layer``, the layer, the file's name, or that without suffix."""
    base = file.split("!")[-1].replace("\\", "/").split("/")[-1]
    for key in (f"{base}:{table}", table, base, base.split(".")[0]):
        if key in layer:
            return layer[key]
    return None


def layers_of_rows(
    file: str, table: str, columns: pd.DataFrame, kinds: NDArray[np.object_], stated: Mapping[str, str]
) -> tuple[NDArray[np.object_], str]:
    """Layer of each row.

    Parameters
    ----------
    file, table : str
        Names of the file and of its layer.
    columns : DataFrame
        Attributes.
    kinds : (N,) object
        ``"Point"``, ``"Line"`` or ``"Polygon"`` of each row.
    stated : mapping of str to str
        What the caller says, see `ReadOptions.layer`.

    Returns
    -------
    (N,) object
        A layer of `KINDS`; ``"other"`` for a geometry that its layer does not have.
    str
        How it was told: ``"caller"``, ``"name"``, ``"columns"``, ``"tags"`` or ``""`` (not at all).
    """
    present = set(kinds.tolist())
    names = [str(name) for name in columns.columns]
    said = stated_layer(stated, file, table)
    if said is not None:
        return _fitting(said, kinds), "caller"
    below = recognise_layer(table, names, {"LineString" if kind == "Line" else kind for kind in present})
    if below is not None:
        return _fitting(below, kinds), "name"
    stem = file.split("!")[-1].replace("\\", "/").split("/")[-1].split(".")[0]
    named = layer_by_name(table) or layer_by_name(stem)
    if named is not None:
        return _fitting(named, kinds), "name"
    tagged = _by_tags(columns, kinds)
    if tagged is not None:
        return tagged, "tags"
    lower = {name.lower() for name in names}
    if "Polygon" in present and (lower & _BUILDING_COLUMNS or says_height(names)):
        return _fitting("buildings", kinds), "columns"
    return np.full(len(kinds), "other", dtype=object), ""


def _fitting(layer: str, kinds: NDArray[np.object_]) -> NDArray[np.object_]:
    """The layer for every row whose geometry it has; lines of roads and roads of lines change places."""
    out = np.full(len(kinds), "other", dtype=object)
    for kind in ("Point", "Line", "Polygon"):
        wanted = layer
        if layer in ("roads", "streets"):
            wanted = "roads" if kind == "Polygon" else "streets"
        elif layer == "trees" and kind == "Polygon":
            wanted = "green"
        if kind in KINDS[wanted]:
            out[kinds == kind] = wanted
    return out


def _by_tags(columns: pd.DataFrame, kinds: NDArray[np.object_]) -> NDArray[np.object_] | None:
    """Layer of each row by the tags of OpenStreetMap; None when the file has none of them."""
    there = [(name, meaning) for name, meaning in TAGS if name in columns]
    if not there:
        return None
    out = np.full(len(kinds), "", dtype=object)
    for name, meaning in there:
        values = columns[name].astype("str").fillna("").to_numpy(dtype=object)
        for row in np.flatnonzero((out == "") & ~np.isin(values, ("", "no", "nan", "None", "<NA>"))):
            found = meaning if isinstance(meaning, str) else meaning.get(str(values[row]), meaning.get("", ""))
            if found:
                out[row] = _fitting(found, kinds[row : row + 1])[0]
    out[out == ""] = "other"
    return out if (out != "other").any() else None
