"""BGT in GML: the extract of the download service (CityGML 2.0 with IMGeo 2.1), and its older, simpler schema."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from shapely.geometry.base import BaseGeometry

from twin.errors import FormatError
from twin.geo.readers.bgt_tables import KINDS, plain
from twin.geo.readers.gml_planar import GmlError, geometry_of, local
from twin.geo.readers.model import Findings

GML = ("http://www.opengis.net/gml", "http://www.opengis.net/gml/3.2")
MAX_ATTRIBUTES = 500
"""No object has more attributes than this."""


class Record(NamedTuple):
    """One object of the map.

    Parameters
    ----------
    kind : str
        Value of `twin.geo.readers.bgt_tables.KINDS`; empty when it has to be told from the attributes.
    attributes : dict
        As in the source.
    shape : shapely geometry or None
    path : str
        Where in the file.
    """

    kind: str
    attributes: dict[str, Any]
    shape: BaseGeometry | None
    path: str


class Stream:
    """Objects of one file, one after the other; what is found about the file is known when they have all been seen."""

    def __init__(self, path: Path, name: str, findings: Findings) -> None:
        self.path = path
        self.name = name
        self.findings = findings
        self.systems: Counter[str] = Counter()
        self.others: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Record]:
        from lxml import etree

        members = ("{*}cityObjectMember", "{*}featureMember", "{*}featureMembers", "{*}member")
        try:
            with self.path.open("rb") as stream:
                parser = etree.iterparse(
                    stream, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
                )
                yield from self._objects(parser, {one.rpartition("}")[2] for one in members})
        except etree.XMLSyntaxError as error:
            raise FormatError(f"broken XML: {str(error)[:200]}", where=self.name) from None

    def _objects(self, parser: Any, members: set[str]) -> Iterator[Record]:
        depth, root = 0, None
        for event, element in parser:
            if event == "start":
                depth += 1
                if root is None:
                    root = element
                    if element.getroottree().docinfo.internalDTD is not None:
                        raise FormatError("XML with a document type is not read", where=self.name)
                continue
            depth -= 1
            if depth == 1 and local(element) in members:
                for one in element:
                    if local(one):
                        yield from self._object(one)
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]

    def _object(self, element: Any) -> Iterator[Record]:
        kind = KINDS.get(plain(local(element)))
        if kind is None:
            self.others[local(element)] += 1
            return
        path = f"{self.name}:{element.sourceline}"
        attributes: dict[str, Any] = {}
        geometries: dict[str, Any] = {}
        self._flatten(element, attributes, geometries, 0)
        shape = self._shape(geometries, attributes, path)
        yield Record(kind, attributes, shape, path)

    def _flatten(self, element: Any, attributes: dict[str, Any], geometries: dict[str, Any], depth: int) -> None:
        """Attributes by local name; the property that a geometry is in by its own."""
        for child in element:
            name = local(child)
            if not name or depth > 6 or len(attributes) > MAX_ATTRIBUTES:
                continue
            inner = [one for one in child if local(one)]
            if inner and inner[0].tag.partition("}")[0].lstrip("{") in GML:
                geometries.setdefault(name, inner[0])
            elif inner:
                self._flatten(child, attributes, geometries, depth + 1)
            elif child.text and child.text.strip():
                text = child.text.strip()
                attributes[name] = f"{attributes[name]}; {text}" if name in attributes else text

    def _shape(self, geometries: dict[str, Any], attributes: dict[str, Any], path: str) -> BaseGeometry | None:
        """The geometry on the map; ridges of slopes and places of labels are not that."""
        flat = [name for name in geometries if name.lower().startswith(("geometrie2d", "geometrie"))]
        if not flat:
            return None
        element = geometries[flat[0]]
        for one in (element, *element.iterdescendants()):
            stated = one.get("srsName")
            if stated:
                self.systems[stated] += 1
                break
        try:
            return geometry_of(element)
        except GmlError as error:
            attributes["geometry_fault"] = str(error)
            return None
