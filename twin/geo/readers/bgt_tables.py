"""Objects of the Dutch large-scale base map (BGT/IMGeo 2.1): what they are called, and what people can stand on.

Words are those of the value lists of the catalogues "Gegevenscatalogus BGT" and "Gegevenscatalogus IMGeo" (Geonovum, 2.1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

KINDS = {
    "wegdeel": "wegdeel", "trafficarea": "wegdeel",
    "ondersteunendwegdeel": "ondersteunendwegdeel", "auxiliarytrafficarea": "ondersteunendwegdeel",
    "spoor": "spoor", "railway": "spoor",
    "onbegroeidterreindeel": "onbegroeidterreindeel",
    "begroeidterreindeel": "begroeidterreindeel", "plantcover": "begroeidterreindeel",
    "waterdeel": "waterdeel",
    "ondersteunendwaterdeel": "ondersteunendwaterdeel",
    "pand": "pand", "buildingpart": "pand",
    "overigbouwwerk": "overigbouwwerk",
    "gebouwinstallatie": "gebouwinstallatie", "buildinginstallation": "gebouwinstallatie",
    "overbruggingsdeel": "overbruggingsdeel", "bridgeconstructionelement": "overbruggingsdeel",
    "tunneldeel": "tunneldeel", "tunnelpart": "tunneldeel",
    "kunstwerkdeel": "kunstwerkdeel",
    "scheiding": "scheiding", "overigescheiding": "scheiding",
    "vegetatieobject": "vegetatieobject", "solitaryvegetationobject": "vegetatieobject",
    "paal": "paal", "bak": "bak", "bord": "bord", "put": "put", "mast": "mast", "kast": "kast", "sensor": "sensor",
    "straatmeubilair": "straatmeubilair", "installatie": "installatie",
    "weginrichtingselement": "weginrichtingselement", "waterinrichtingselement": "waterinrichtingselement",
    "functioneelgebied": "functioneelgebied",
    "ongeclassificeerdobject": "ongeclassificeerdobject",
    "openbareruimte": "openbareruimte", "openbareruimtelabel": "openbareruimtelabel",
    "plaatsbepalingspunt": "plaatsbepalingspunt", "nummeraanduidingreeks": "nummeraanduidingreeks",
    "buurt": "buurt", "wijk": "wijk", "stadsdeel": "stadsdeel", "waterschap": "waterschap",
}  # fmt: skip
"""Type of object by the name of its class in GML (both of CityGML and of IMGeo) or of its collection, as `plain` spells it."""

NOT_READ = frozenset(KINDS.values()) & {
    "openbareruimte",
    "openbareruimtelabel",
    "plaatsbepalingspunt",
    "nummeraanduidingreeks",
    "buurt",
    "wijk",
    "stadsdeel",
    "waterschap",
}
"""Types that are labels, survey points and registration areas: counted, not read."""

FURNITURE_M = {
    "paal": 4.0, "bak": 1.0, "bord": 2.5, "put": 0.0, "mast": 8.0, "kast": 1.2, "sensor": 3.0, "straatmeubilair": 1.0,
    "installatie": 2.0, "weginrichtingselement": 0.5, "waterinrichtingselement": 1.0,
}  # fmt: skip
"""Types of street furniture with a usual height, for the map states none [m]."""

PIECE_M = {
    "lichtmast": 6.0, "vlaggenmast": 8.0, "haltepaal": 2.5, "verkeersbordpaal": 2.5, "verkeersregelinstallatiepaal": 3.5,
    "poller": 1.0, "afsluitpaal": 1.0, "hectometerpaal": 0.8, "dijkpaal": 0.8, "grensmarkering": 0.6, "drukknoppaal": 1.2,
    "bank": 0.8, "picknicktafel": 0.8, "abri": 2.5, "fietsenrek": 0.9, "afvalbak": 1.0, "bloembak": 0.6, "reclamezuil": 3.0,
    "brandkraan": 0.8, "speelvoorziening": 2.0, "fontein": 1.5, "kunstobject": 2.0, "telefooncel": 2.2, "brievenbus": 1.3,
    "container": 1.6, "parkeerbeugel": 0.6, "bovenleidingmast": 8.0, "zendmast": 30.0, "laagspanningsmast": 9.0, "radarmast": 15.0,
    "elektriciteitskast": 1.3, "cai-kast": 1.2, "gaskast": 1.2, "telecom kast": 1.2, "rioolkast": 1.2,
    "openbare verlichtingkast": 1.2, "inspectie- / rioolput": 0.0, "kolk": 0.0, "waterleidingput": 0.0, "gasput": 0.0,
    "benzine- / olieput": 0.0,
}  # fmt: skip
"""Usual height by ``plus-type`` [m]."""

WORDS_NOT_THERE = frozenset({"plan", "historie", "voormalig", "vervallen"})
"""Values of ``bgt-status`` and ``plus-status`` of what does not stand there (any more, or yet)."""
NO_VALUE = frozenset(
    {"", "geenwaarde", "waardeonbekend", "nietondersteund", "vastgesteldonbekend", "nietgeautoriseerd", "niet-bgt"}
)
"""Words of NEN 3610 for a value that is not there."""

RAIL_M = {"trein": 3.15, "sneltram": 2.65, "tram": 2.4}
"""Width that vehicles take by function of a track [m]: gauge G2, trams of the Dutch cities (2.30 m to 2.65 m)."""


class Ground(NamedTuple):
    """What a surface is.

    Parameters
    ----------
    layer : str
        Of the city.
    surface : str
        Word of the layer ``roads``; those in `twin.geo.walkable.NOT_FOR_PEOPLE` are no floor.
    """

    layer: str
    surface: str = ""


ROADS = {
    "ov-baan": "busway",
    "overweg": "street",
    "spoorbaan": "railway",
    "baan voor vliegverkeer": "runway",
    "rijbaan autosnelweg": "motorway",
    "rijbaan autoweg": "motorway",
    "rijbaan regionale weg": "street",
    "rijbaan lokale weg": "street",
    "fietspad": "cycleway",
    "voetpad": "footway",
    "voetpad op trap": "footway",
    "ruiterpad": "footway",
    "parkeervlak": "parking",
    "voetgangersgebied": "pedestrian",
    "inrit": "driveway",
    "woonerf": "street",
    "transitie": "street",
}
"""Surface by ``bgt-functie`` of a ``wegdeel`` (list FunctieWeg). Its physical appearance (closed, open, half or unpaved) does not
make it less of a road: an unpaved footpath is walked on."""

PAVED = frozenset({"gesloten verharding", "open verharding", "half verhard", "transitie"})

ASIDE = {
    "verkeerseiland": {"": "street"},
    "berm": {"gesloten verharding": "verge", "open verharding": "verge", "half verhard": "verge"},
}
"""Surface by function and appearance of an ``ondersteunendwegdeel`` (lists FunctieOndersteunendWegdeel and
FysiekVoorkomenOndersteunendWegdeel); ``""`` stands for every paved one. What is not here is green: verges with grass and
unpaved ones are not counted as floor."""

BARE = {
    "gesloten verharding": Ground("roads", "square"),
    "open verharding": Ground("roads", "square"),
    "half verhard": Ground("roads", "square"),
    "onverhard": Ground("roads", "unpaved"),
    "zand": Ground("roads", "unpaved"),
    "transitie": Ground("roads", "square"),
    "erf": Ground("landuse"),
}
"""Layer and surface by ``bgt-fysiekVoorkomen`` of an ``onbegroeidterreindeel`` (list FysiekVoorkomenOnbegroeidTerrein). An
``erf`` is the private yard of a house, a mixture that is not surveyed: land use, not floor."""

WALKED_WORKS = frozenset({"perron", "steiger"})
"""Types of ``kunstwerkdeel`` (list TypeKunstwerk) that people walk on."""

OPEN_WORKS = frozenset({"overkapping", "open loods"})
"""Types of ``overigbouwwerk`` that people walk below."""


def plain(name: str) -> str:
    """A name without what differs between spellings: ``relatieve_hoogteligging``, ``bgt:relatieveHoogteligging``, ..."""
    return re.sub(r"[^a-z0-9]", "", name.rpartition(":")[2].lower())


SAME_ATTRIBUTE = {
    "lokaal_id": ("lokaalid", "identificatielokaalid", "lokaalidentificatie", "identificatie"),
    "function": ("bgtfunctie", "functie", "function"),
    "appearance": ("bgtfysiekvoorkomen", "fysiekvoorkomen", "surfacematerial", "class"),
    "kind": ("bgttype", "type", "class", "hoortbijtypeoverbrugging"),
    "plus_function": ("plusfunctiewegdeel", "plusfunctieondersteunendwegdeel", "plusfunctiespoor", "plusfunctie"),
    "plus_appearance": ("plusfysiekvoorkomenwegdeel", "plusfysiekvoorkomenondersteunendwegdeel", "plusfysiekvoorkomen"),
    "plus_kind": ("plustype", "plustypegebouwinstallatie", "typegebouwinstallatie"),
    "status": ("bgtstatus", "status"),
    "plus_status": ("plusstatus",),
    "part": ("typeoverbruggingsdeel", "class", "type"),
    "level": ("relatievehoogteligging", "hoogteligging"),
    "registered": ("tijdstipregistratie",),
    "unregistered": ("eindregistratie",),
    "ended": ("terminationdate", "objecteindtijd"),
    "published": ("lvpublicatiedatum",),
    "holder": ("bronhouder",),
}
"""Spellings, after `plain`, of what is looked at: of the OGC API, the download service and its older, simpler schema."""


class Facts:
    """The attributes of one object under the names of `SAME_ATTRIBUTE`."""

    __slots__ = ("_found",)

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        self._found = {plain(name): value for name, value in attributes.items()}

    def text(self, name: str) -> str:
        """A value in lower case; empty where there is none or a word of NEN 3610 says so."""
        for spelling in SAME_ATTRIBUTE[name]:
            value = self._found.get(spelling)
            if isinstance(value, str) and value.strip().lower().replace(" ", "") not in NO_VALUE:
                return value.strip().lower()
        return ""

    def exact(self, name: str) -> str:
        """A value as it is; empty where there is none."""
        for spelling in SAME_ATTRIBUTE[name]:
            value = self._found.get(spelling)
            if isinstance(value, str) and value.strip():
                return value.strip()
        return ""

    def there(self, name: str) -> bool:
        """Whether a date is stated."""
        return bool(self.text(name))

    def level(self) -> int | None:
        """The relative height; None when it is not a whole number that a map can have."""
        for spelling in SAME_ATTRIBUTE["level"]:
            value = self._found.get(spelling)
            if value is None:
                continue
            try:
                number = float(value)
            except (TypeError, ValueError, OverflowError):
                return None
            return int(number) if abs(number) <= 20 and number == round(number) else None
        return 0

    def has(self, *spellings: str) -> bool:
        """Whether there is an attribute by one of these plain names."""
        return any(spelling in self._found for spelling in spellings)


def kind_from(facts: Facts) -> str:
    """The type of an object from its attributes alone; empty when they could be of several types."""
    if facts.has("identificatiebagpnd", "bagpnd"):
        return "pand"
    if facts.has("hoortbijtypeoverbrugging", "overbruggingisbeweegbaar", "typeoverbruggingsdeel"):
        return "overbruggingsdeel"
    function, appearance, kind, plus = (facts.text(name) for name in ("function", "appearance", "kind", "plus_kind"))
    if function in ASIDE:
        return "ondersteunendwegdeel"
    if function in ROADS:
        return "wegdeel"
    if function in RAIL_M:
        return "spoor"
    if appearance in BARE and not function:
        return "onbegroeidterreindeel"
    for words, found in _BY_KIND:
        if kind in words or appearance in words:
            return found
    if plus in ("boom", "haag"):
        return "vegetatieobject"
    return ""


_BY_KIND: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"zee", "waterloop", "watervlakte", "greppel, droge sloot"}), "waterdeel"),
    (frozenset({"oever, slootkant", "slik"}), "ondersteunendwaterdeel"),
    (frozenset({"overkapping", "open loods", "opslagtank", "bezinkbak", "windturbine", "lage trafo", "bassin"}), "overigbouwwerk"),
    (frozenset({"hoogspanningsmast", "gemaal", "perron", "sluisdeur", "strekdam", "steiger", "stuw"}), "kunstwerkdeel"),
    (frozenset({"muur", "kademuur", "geluidsscherm", "damwand", "walbescherming", "hek"}), "scheiding"),
    (frozenset({"kering"}), "functioneelgebied"),
    (
        frozenset(
            {
                "loofbos", "gemengd bos", "naaldbos", "heide", "struiken", "houtwal", "duin", "grasland overig", "moeras",
                "rietland", "kwelder", "fruitteelt", "boomteelt", "bouwland", "grasland agrarisch", "groenvoorziening",
            }
        ),
        "begroeidterreindeel",
    ),
)  # fmt: skip
"""Types by the words of their value lists."""


def ground_of(kind: str, facts: Facts) -> Ground:
    """Layer and surface of an object that covers the ground."""
    function, appearance = facts.text("function"), facts.text("appearance")
    if kind == "wegdeel":
        return Ground("roads", ROADS.get(function, "street"))
    if kind == "ondersteunendwegdeel":
        words = ASIDE.get(function, {})
        word = words.get(appearance, words.get("", "") if appearance in PAVED or not appearance else "")
        return Ground("roads", word) if word else Ground("green")
    return BARE.get(appearance, Ground("landuse"))
