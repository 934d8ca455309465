"""A document of the Dutch register of the subsurface (Basisregistratie Ondergrond, BRO), read safely; names without prefixes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twin.errors import CRSError, FormatError
from twin.geo.crs import degrees_of, parse, short_name
from twin.geo.readers.model import Findings
from twin.geo.readers.sounding_rows import NO_LEVEL, RD_BOUNDS, VOID_HEIGHT_M, in_degrees, outside_grid
from twin.geo.readers.source import Blob

if TYPE_CHECKING:
    from pyproj import CRS

MAX_BYTES = 512 * 1024**2
MAX_ATTRIBUTES = 200
FAR_M = 50.0
"""The place as delivered and the one that the register made of it differ by centimetres; by this much one of them is wrong."""

_NAMESPACE = re.compile(r"^\{?https?://(?:www\.)?broservices\.nl/xsd/(is|ds)([a-z-]+)/([\d.]+)\}?", re.IGNORECASE)
_UNIT = re.compile(r"[^\w%]+")


class Kind(NamedTuple):
    """What a document is about.

    Parameters
    ----------
    domain : str
        ``"cpt"``, ``"bhr-gt"``, ``"gmw"``, ...
    version : str
        Of the schema.
    delivery : bool
        Whether it is a document for delivery to the register, not one that the register gave out.
    """

    domain: str
    version: str
    delivery: bool


def local(element: Any) -> str:
    """Name of an element without its namespace; empty for comments."""
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def child(element: Any, *path: str) -> Any:
    """The first element below another along names without prefixes; None when there is none."""
    for name in path:
        if element is None:
            return None
        element = next((one for one in element if local(one) == name), None)
    return element


def children(element: Any, name: str) -> Iterator[Any]:
    """The elements directly below another that have a name."""
    return (one for one in element if local(one) == name)


def below(element: Any, *names: str) -> Iterator[Any]:
    """All elements at any depth that have one of the names, in the order of the document."""
    return (one for one in element.iter("*") if local(one) in names)


def text(element: Any, *path: str) -> str:
    """Text at the end of a path; empty where there is none."""
    found = child(element, *path)
    return "" if found is None else (found.text or "").strip()


def number(element: Any, *path: str) -> float | None:
    """Number at the end of a path; None where there is none, or one that is not finite."""
    try:
        value = float(text(element, *path))
    except ValueError:
        return None
    return value if np.isfinite(value) and abs(value) < 1e9 else None


def day(element: Any, *path: str) -> str:
    """Date at the end of a path as the register has them (a date, a month or a year), ISO 8601."""
    found = child(element, *path)
    if found is None:
        return ""
    for one in found.iter("*"):
        if local(one) in ("date", "yearMonth", "year", "timePosition") or (one is found and not len(found)):
            stated = (one.text or "").strip()[:10]
            if re.match(r"^\d{4}(-\d\d){0,2}$", stated):
                return stated
    return ""


def parsed(blob: Blob) -> tuple[Any, Kind]:
    """Root of a document of the register and what it is about.

    Raises
    ------
    FormatError
        When it is no XML (with line and column), has a document type (which could name other files), or is of no schema
        of the register.
    """
    from lxml import etree

    content = blob.no_more_than(MAX_BYTES, "a document of the register has")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise FormatError(f"broken XML: {error.msg}", where=f"{blob.name}:{line}:{column}") from None
    except ValueError as error:
        raise FormatError(f"broken XML: {error}", where=blob.name) from None
    if root is None or root.getroottree().docinfo.doctype:
        raise FormatError("the document has a document type, which could point elsewhere: refused", where=blob.name)
    found = _NAMESPACE.match(root.tag)
    if found is None:
        raise FormatError(f"`{local(root)}` is not a document of the Dutch register of the subsurface (BRO)", where=blob.name)
    return root, Kind(found[2].lower(), found[3], found[1].lower() == "is")


def payloads(root: Any) -> list[Any]:
    """The objects of a document: what ``dispatchDocument`` or ``sourceDocument`` holds."""
    holders = [one for one in root.iter("*") if local(one) in ("dispatchDocument", "sourceDocument")]
    return [one for holder in holders for one in holder if local(one)]


def object_id(payload: Any, root: Any, file: str) -> str:
    """The id that the register gave; for a delivery that has none yet, the reference of the one who delivers."""
    stated = text(payload, "broId") or text(payload, "objectIdAccountableParty") or text(root, "requestReference")
    return stated if stated and stated != "-" else file.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def place(payload: Any, name: str, file: str, findings: Findings) -> tuple[CRS | None, float, float]:
    """Where an object is: as it was delivered when that is in a projected system, else as the register has it.

    Returns
    -------
    crs : pyproj.CRS or None
        None when it says nowhere where it is.
    x, y : float
        East and north, or longitude and latitude, whatever order the system has.
    """
    spots = []
    for key in ("deliveredLocation", "standardizedLocation"):
        holder = child(payload, key)
        if holder is not None:
            for spot in positions(holder, name, file, findings):
                spots.append(spot)
                break
    spots = [spot for spot in spots if _on_the_map(spot, name, file, findings)]
    if not spots:
        return None, float("nan"), float("nan")
    best = next((spot for spot in spots if spot[0].is_projected), spots[0])
    if len(spots) == 2:
        apart = _apart(*spots)
        if apart > FAR_M:
            message = f"the place as delivered and the one in the register are {apart:.0f} m apart; the first is taken"
            findings.add("place-disagrees", name, message, path=file)
    return best


def _on_the_map(spot: tuple[CRS, float, float], name: str, file: str, findings: Findings) -> bool:
    """Whether a place can be where its system says; one that cannot is told, and not used."""
    crs, x, y = spot
    west, south, east, north = RD_BOUNDS
    if crs.is_projected and in_degrees(x, y, stated=True):
        message = f"the place ({x:g}, {y:g}) is in degrees, where {short_name(crs)} (`srsName`) counts in metres: mend either"
    elif crs.to_2d().to_epsg() == 28992 and not (west <= x <= east and south <= y <= north):
        message = outside_grid(x, y, "`pos`")
    else:
        return True
    findings.add("coordinates", name, message, severity="error", path=file)
    return False


def positions(holder: Any, name: str, file: str, findings: Findings) -> Iterator[tuple[CRS, float, float]]:
    """Every position below an element: its system, and x and y whatever order the system has."""
    for pos in below(holder, "pos"):
        system = next((one.get("srsName") for one in (pos, *pos.iterancestors()) if one.get("srsName")), None)
        try:
            crs = parse(system) if system else None
            values = [float(part) for part in (pos.text or "").replace(",", " ").split()]
        except (CRSError, ValueError):
            crs, values = None, []
        if crs is None or len(values) < 2 or not np.isfinite(values).all():
            message = f"the place {(pos.text or '')[:40]!r} in {system or 'no system'} cannot be used"
            findings.add("coordinates", name, message, path=file)
            continue
        first, second = values[0], values[1]
        if crs.axis_info[0].direction.lower() == "north":
            first, second = second, first
        yield crs, first, second


def _apart(one: tuple[CRS, float, float], other: tuple[CRS, float, float]) -> float:
    """Distance of two places in different systems [m]."""
    from pyproj import Geod

    ends = [degrees_of(crs).transform(x, y) for crs, x, y in (one, other)]
    if not np.isfinite(ends).all():
        return float("inf")
    return float(Geod(ellps="GRS80").inv(*ends[0], *ends[1])[2])


def surface(payload: Any, name: str, file: str, findings: Findings, *, of_layers: bool = True) -> tuple[float | None, str]:
    """Height of the ground above NAP, and the datum that is stated; no height when it is another.

    Without it layers have no level, which is an error; a well has levels of its own (`of_layers`).
    """
    stated = child(payload, "deliveredVerticalPosition")
    severity = "error" if of_layers else "warning"
    give = f": {NO_LEVEL} `offset` [m NAP]" if of_layers else ": its height is not used"
    unknown = f"the document does not state the height of the ground (`deliveredVerticalPosition`){give}"
    if stated is None:
        findings.add("surface-unknown", name, unknown, severity=severity, path=file)
        return None, ""
    datum = text(stated, "verticalDatum")
    height = number(stated, "groundLevelPosition")
    if height is None and text(stated, "localVerticalReferencePoint").lower() in ("maaiveld", "waterbodem", ""):
        height = number(stated, "offset")
    if height is None or not abs(height) < VOID_HEIGHT_M:
        findings.add("surface-unknown", name, unknown, severity=severity, path=file)
        return None, datum
    if datum.upper() != "NAP":
        message = f"the ground is at {height:g} m above {datum or 'an unknown datum'}, not above NAP{give}"
        findings.add("vertical-datum", name, message, severity=severity, path=file)
        return None, datum
    return height, "NAP"


def attributes(payload: Any, without: set[str]) -> dict[str, Any]:
    """Every single value of an object by name, with its unit behind it (``finalDepth_m``); what is in `without` is passed over.

    Of a name that comes more than once the first value is kept under the name, the others under that of what holds them
    (``boringTool_beginDepth_m``).
    """
    found: dict[str, Any] = {}

    def walk(element: Any, holder: str, depth: int) -> None:
        for one in element:
            name = local(one)
            if not name or name in without or len(found) >= MAX_ATTRIBUTES or depth > 40:
                continue
            if len(one):
                walk(one, name, depth + 1)
                continue
            stated = (one.text or "").strip()
            if not stated or name == "pos":
                continue
            if name in ("date", "yearMonth", "year", "timePosition"):
                name = holder or name
            unit = _UNIT.sub("", one.get("uom") or "")
            key = f"{name}_{unit}" if unit and unit != "1" else name
            value: Any = stated
            if one.get("uom") is not None:
                value = number(one)
                value = stated if value is None else value
            if key not in found:
                found[key] = value
            elif f"{holder}_{key}" not in found:
                found[f"{holder}_{key}"] = value

    walk(payload, "", 0)
    return found
