"""Attributes of CityGML objects: text to values, generic attributes, addresses, what extensions add."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from twin.geo.readers.citygml_names import FLOATS, HREF, WHOLE, Memo, Shape, local_of, shape_of, split

if TYPE_CHECKING:
    from lxml.etree import _Element

METRES = {"m": 1.0, "metre": 1.0, "meter": 1.0, "metres": 1.0, "meters": 1.0, "9001": 1.0, "cm": 0.01, "mm": 0.001,
          "dm": 0.1, "km": 1000.0, "ft": 0.3048, "foot": 0.3048, "feet": 0.3048, "9002": 0.3048, "[ft_i]": 0.3048}  # fmt: skip
"""Units of length that are understood [m]; 9001 and 9002 are their codes in the EPSG register, [ft_i] is of UCUM."""

MAX_PARTS = 500
"""A nested value with more elements than this is left out."""

MAX_DEPTH = 16

_INTEGER = re.compile(r"^[+-]?\d{1,18}$")
_YEAR = re.compile(r"^-?\d{4}(?=$|[-Z+])")


def text_of(element: _Element) -> str:
    """Text of an element without the white space around it."""
    return (element.text or "").strip()


def number(text: str) -> float | None:
    """A finite decimal number, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if "_" not in text and abs(value) < float("inf") else None


def whole(text: str) -> int | None:
    """A whole number of at most 18 digits, or None."""
    return int(text) if _INTEGER.match(text) else None


@lru_cache(maxsize=256)
def _metres(unit: str) -> float | None:
    name = re.split(r"[#:/]", unit.strip())[-1].lower()
    return METRES.get(name) if name else 1.0


def in_metres(value: float, unit: str) -> float | None:
    """A length in metres; None when the unit is not known."""
    factor = _metres(unit)
    return None if factor is None else value if factor == 1.0 else round(value * factor, 9)


class _Several(list[Any]):
    """Values of one attribute that is stated several times."""


class Attributes:
    """Reads attributes of objects, and counts what is not kept.

    Parameters
    ----------
    noted : Counter
        Counts by code; told once for the file.
    """

    def __init__(self, noted: Counter[str]) -> None:
        self._noted = noted
        self._several: list[tuple[dict[str, Any], str]] = []
        self._locals = Memo(local_of)

    def put(self, record: dict[str, Any], name: str, value: Any) -> None:
        """Set an attribute; one that is stated several times is told as one by `close`."""
        if value is None or value == "":
            return
        if name not in record:
            record[name] = value
            return
        there = record[name]
        if isinstance(there, _Several):
            there.append(value)
        else:
            record[name] = _Several([there, value])
            self._several.append((record, name))

    def close(self) -> None:
        """Make text with semicolons of texts that were stated several times, and a list of other values."""
        for record, name in self._several:
            values = record[name]
            texts = all(isinstance(value, str) for value in values)
            record[name] = "; ".join(values) if texts else list(values)
        self._several.clear()

    def simple(self, record: dict[str, Any], name: str, element: _Element, *, standard: bool) -> None:
        """An element that holds just text, with its unit where it has one."""
        text = text_of(element)
        unit = element.get("uom")
        value: Any = text
        if standard and name in WHOLE:
            match = _YEAR.match(text) if name.startswith("year") else None
            found = whole(match[0] if match else text)
            value = text if found is None else found
        elif unit is not None or (standard and name in FLOATS):
            value = self._measure(record, name, text, unit or "")
        elif text in ("true", "false"):
            value = text == "true"
        self.put(record, name, value)

    def _measure(self, record: dict[str, Any], name: str, text: str, unit: str) -> Any:
        """A measure; lengths in metres, of other units the unit goes with it as ``NAME_uom``."""
        value = number(text)
        if value is None:
            return text
        metres = in_metres(value, unit)
        if metres is not None:
            return metres
        record[f"{name}_uom"] = unit
        return value

    def generic(self, record: dict[str, Any], element: _Element, local: str, prefix: str = "", depth: int = 0) -> None:
        """A generic attribute or a set of them, as any version spells it."""
        if local == "genericAttribute":
            for child in element:
                self.generic(record, child, split(child.tag)[1], prefix, depth)
            return
        locals_ = self._locals
        parts = {locals_[child.tag]: child for child in element}
        name = element.get("name") or (text_of(parts["name"]) if "name" in parts else "")
        name = f"{prefix}{name or 'attribute'}"
        if local.lower() == "genericattributeset":
            if depth >= MAX_DEPTH:
                self._noted["attribute-skipped"] += 1
                return
            for child in element:
                inner = split(child.tag)[1]
                if inner.lower().endswith(("attribute", "attributeset")):
                    self.generic(record, child, inner, f"{name}.", depth + 1)
            return
        if "value" not in parts:
            return
        found_value = parts["value"]
        kind = local.removesuffix("Attribute").lower()
        text = text_of(found_value)
        unit = found_value.get("uom") if kind == "measure" else None
        value: Any = text
        if kind == "int":
            found = whole(text)
            value = text if found is None else found
        elif kind in ("double", "measure"):
            real = number(text)
            value = text if real is None else real
        if unit:
            record[f"{name}_uom"] = unit
        self.put(record, name, value)

    def nested(self, record: dict[str, Any], name: str, element: _Element) -> None:
        """An element with elements in it: kept as nested values, unless there is too much of it."""
        budget = [MAX_PARTS]
        value = _nested(element, budget, 0)
        if budget[0] < 0:
            self._noted["attribute-skipped"] += 1
            return
        self.put(record, name, value)

    def reference(self, record: dict[str, Any], name: str, element: _Element) -> None:
        """A link to another object: kept as its id."""
        self.put(record, name, element.get(HREF, "").removeprefix("#"))

    def external(self, record: dict[str, Any], element: _Element) -> None:
        """A reference to another register: its identifier there, and which register it is."""
        found: dict[str, str] = {}
        for child in element.iter():
            local = split(child.tag)[1]
            if local in ("name", "uri", "informationSystem", "targetResource") and text_of(child):
                found[local] = text_of(child)
        target = found.get("uri") or found.get("targetResource") or found.get("name", "")
        self.put(record, "external_reference", target)
        self.put(record, "external_system", found.get("informationSystem", ""))

    def height(self, record: dict[str, Any], element: _Element) -> None:
        """Height of a construction in CityGML 3.0, which says from where to where; the first is the measured one."""
        parts = {split(child.tag)[1]: child for child in element.iter()}
        found = parts.get("value")
        value = None if found is None else number(text_of(found))
        metres = None if value is None or found is None else in_metres(value, found.get("uom", ""))
        if metres is None:
            self.nested(record, "height", element)
            return
        low, high, status = (
            text_of(parts[name]) if name in parts else "" for name in ("lowReference", "highReference", "status")
        )
        if "measuredHeight" in record:
            self.put(record, f"height_{high or 'other'}", metres)
            return
        record["measuredHeight"] = metres
        described = " to ".join(part for part in (low, high) if part)
        self.put(record, "height_reference", ", ".join(part for part in (described, status) if part))


def _nested(element: _Element, budget: list[int], depth: int) -> Any:
    """Text, the id that is linked to, or a dict of what is inside; counts what it takes."""
    budget[0] -= 1
    if budget[0] < 0 or depth > MAX_DEPTH:
        budget[0] = -1
        return None
    if not len(element):
        return text_of(element) or element.get(HREF, "").removeprefix("#")
    if len(element) == 1 and len(element[0]):
        # a property and the type that it holds: the type's name says nothing more
        return _nested(element[0], budget, depth + 1)
    found: dict[str, Any] = {}
    for child in element:
        local = split(child.tag)[1]
        if shape_of(child.tag) is not Shape.OTHER:
            # a geometry, not a value
            continue
        value = _nested(child, budget, depth + 1)
        if budget[0] < 0:
            return None
        if not local or value in ("", None):
            continue
        if local in found:
            there = found[local]
            found[local] = [*there, value] if isinstance(there, list) else [there, value]
        else:
            found[local] = value
    return found


_STREET = ("ThoroughfareName", "Thoroughfare")
_NUMBER = ("ThoroughfareNumber", "ThoroughfareNumberFrom", "ThoroughfareNumberTo", "ThoroughfareNumberSuffix", "Number",
           "PremiseNumber", "PremisesNumber", "BuildingName", "PremiseName")  # fmt: skip
_POSTCODE = ("PostalCodeNumber", "PostCode", "PostalCode")
_PLACE = ("LocalityName", "Locality", "DependentLocalityName", "SubLocality")
_AREA = ("AdministrativeAreaName", "AdministrativeArea", "SubAdministrativeAreaName", "SubAdministrativeArea")
_COUNTRY = ("CountryName", "Country")


def address_text(element: _Element) -> str:
    """An address (xAL 2 or 3) in one line: ``Domplein 1, 3512 JC Utrecht, Nederland``; what is free text, as it is."""
    groups: dict[str, list[str]] = {"street": [], "number": [], "postcode": [], "place": [], "area": [], "country": [], "free": []}
    for child in element.iter():
        text = text_of(child)
        if not text or not isinstance(child.tag, str):
            continue
        names = [split(child.tag)[1]]
        up = child.getparent()
        if names[0] in ("NameElement", "Identifier", "Number") and up is not None:
            # in xAL 3 what holds the name says what it is a name of
            names.append(split(up.tag)[1])
        group = next((group for name in names for group, known in _GROUPS if name in known), "")
        if group:
            groups[group].append(text)
        elif names[0] in ("Address", "AddressLine", "FreeTextAddress"):
            groups["free"].append(text)
    street = " ".join([*groups["street"], *groups["number"]])
    place = " ".join([*groups["postcode"], *groups["place"]])
    parts = [street, place, *groups["area"], *groups["country"]] if street or place else []
    return ", ".join(part for part in (*groups["free"], *parts) if part)


_GROUPS = (
    ("number", _NUMBER), ("street", _STREET), ("postcode", _POSTCODE), ("place", _PLACE), ("area", _AREA), ("country", _COUNTRY)
)  # fmt: skip
