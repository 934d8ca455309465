"""What a file of XML is, in words, from its root: for those that no reader takes."""

from __future__ import annotations

import re
from collections.abc import Mapping

_ROOT = re.compile(rb"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)((?:\s[^<>]*)?)/?>?")
_SKIP = re.compile(rb"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)", re.DOTALL)
_SPACE = re.compile(rb"""xmlns(?::([\w.-]+))?\s*=\s*["']([^"']*)""")

KINDS = {
    "html": "a web page",
    "kml": "KML, which is not readable",
    "LandXML": "LandXML, which is not readable",
    "IndoorFeatures": "IndoorGML, which is not readable",
    "FeatureCollection": "a collection of features in GML, not a CityModel",
    "osm": "OpenStreetMap in XML",
    "gpx": "tracks of GPX",
    "svg": "a drawing (SVG)",
    "X3D": "a scene in X3D",
    "COLLADA": "a scene in COLLADA",
    "ifcXML": "IFC in XML, which is not readable; export it as .ifc",
    "VOTable": "a table of astronomy",
}
"""What a root element of some name is."""


def root_of(text: bytes) -> tuple[str, dict[str | None, str]]:
    """Name and namespaces of the root of XML, from its first bytes; an empty name when it is not there.

    The name is as ``{namespace}local`` where its namespace is known.
    """
    at = 0
    while match := _SKIP.match(text, at):
        at = match.end()
    match = _ROOT.match(text, len(text) - len(text[at:].lstrip()))
    if match is None:
        return "", {}
    spaces: dict[str | None, str] = {
        (prefix.decode() or None): value.decode("utf-8", "replace") for prefix, value in _SPACE.findall(match[3])
    }
    prefix = (match[1] or b"").decode().rstrip(":") or None
    local = match[2].decode()
    return (f"{{{spaces[prefix]}}}{local}" if prefix in spaces else local), spaces


def what_xml(tag: object, spaces: Mapping[str | None, str]) -> str:
    """What XML with this root is, in words."""
    name = tag if isinstance(tag, str) else ""
    space, _, local = name[1:].partition("}") if name[:1] == "{" else ("", "", name)
    every = " ".join(spaces.values()).lower()
    if local == "CityModel":
        if "imgeo" in every:
            return "a CityModel of IMGeo (Dutch large-scale base map)"
        stated = f"the namespace {space[:100]!r}" if space else "no namespace"
        return f"a CityModel in XML with {stated}, which is not CityGML 1.0, 2.0 or 3.0"
    if local in KINDS:
        return KINDS[local]
    return f"XML with the root <{local[:60]}>" if local else "XML"
