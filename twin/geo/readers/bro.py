"""Documents of the Dutch register of the subsurface (Basisregistratie Ondergrond, BRO).

Cone penetration tests (CPT), boreholes (BHR-GT, BHR-G, BHR-P) and soil faces (SFR) become ``soundings``; monitoring wells (GMW)
``wells``, with the levels of a groundwater dossier (GLD) where that is read in the same city; places of use of groundwater
(GUF) ``utilities``. Analyses of water (GAR) and monitoring nets (GMN) have no place of their own: they are named, not used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.errors import FormatError
from twin.geo.city import Source
from twin.geo.crs import transformer
from twin.geo.readers.bro_document import Kind, object_id, parsed, payloads
from twin.geo.readers.bro_groundwater import dossier_frame, use_frame, well_frame
from twin.geo.readers.bro_soundings import borehole, cpt
from twin.geo.readers.model import Findings, Reading, ReadOptions
from twin.geo.readers.sounding_rows import Sounding, sounding_frame
from twin.geo.readers.source import Blob

if TYPE_CHECKING:
    import geopandas as gpd
    from pyproj import CRS

CREDIT = "Basisregistratie Ondergrond (BRO)"
TITLES = {
    "cpt": "cone penetration test (CPT)",
    "bhr-gt": "geotechnical borehole (BHR-GT)",
    "bhr-g": "geological borehole (BHR-G)",
    "bhr": "borehole of soil science (BHR-P)",
    "bhr-p": "borehole of soil science (BHR-P)",
    "sfr": "soil face (SFR)",
    "gmw": "groundwater monitoring well (GMW)",
    "gld": "groundwater level dossier (GLD)",
    "gar": "groundwater analysis report (GAR)",
    "gmn": "groundwater monitoring net (GMN)",
    "guf": "groundwater usage facility (GUF)",
    "frd": "formation resistance dossier (FRD)",
    "gpd": "groundwater production dossier (GPD)",
    "epc": "exploitation and production construction (EPC)",
    "epl": "exploration and production licence (EPL)",
    "sad": "soil contamination investigation (SAD)",
    "sld": "site assessment of soil quality (SLD)",
}
"""What each kind of document of the register is."""

_NOT_USED = "it has no place of its own and nothing here computes with it; named, not used"

_Frame = Callable[[list[Any], Any, str, Findings], "tuple[gpd.GeoDataFrame, CRS | None]"]


def read(blob: Blob, options: ReadOptions) -> Reading:
    """Read one document.

    Parameters
    ----------
    blob : Blob
    options : ReadOptions
        Nothing of it matters here.

    Raises
    ------
    FormatError
        When it is not XML, not of the register, of a kind that is not known, or holds nothing.
    """
    root, kind = parsed(blob)
    if kind.domain not in TITLES:
        raise FormatError(f"documents `{kind.domain}` of the register (BRO) are not known", where=blob.name)
    found = payloads(root)
    if not found:
        raise FormatError("the document holds no object: there is no `dispatchDocument`", where=blob.name)
    findings = Findings()
    title = TITLES[kind.domain]
    delivery = ", for delivery" if kind.delivery else ""
    source = Source(blob.name, f"BRO {title} {kind.version}{delivery}", credit=CREDIT, sha256=blob.sha256)
    layers, crs = _layers_of(kind, found, root, blob.name, findings)
    if not layers:
        for payload in found:
            name = object_id(payload, root, blob.name)
            findings.add("not-used", name, f"a {title}: {_NOT_USED}", severity="info", path=blob.name)
    return Reading(source, crs, findings, layers=layers)


def _layers_of(
    kind: Kind, found: list[Any], root: Any, file: str, findings: Findings
) -> tuple[dict[str, gpd.GeoDataFrame], CRS | None]:
    """Rows by layer, and their system: the Dutch grid with NAP for what has no place."""
    from pyproj import CRS

    frames: dict[str, tuple[str, _Frame]] = {
        "gmw": ("wells", well_frame),
        "gld": ("wells", dossier_frame),
        "guf": ("utilities", use_frame),
    }
    if kind.domain in frames:
        layer, maker = frames[kind.domain]
        frame, crs = maker(found, root, file, findings)
        return ({layer: frame} if len(frame) else {}), crs
    makers = {"cpt": cpt, "bhr-gt": borehole, "bhr-g": borehole, "bhr": borehole, "bhr-p": borehole, "sfr": _soil_face}
    if kind.domain not in makers:
        return {}, CRS.from_epsg(7415)
    rows: list[Sounding] = []
    systems: list[CRS] = []
    known: set[str] = set()
    for payload in found:
        row, crs = makers[kind.domain](payload, root, file, findings)
        if crs is None:
            findings.add("no-place", row.id, "it says nowhere where it is; left out", severity="error", path=file)
        elif row.id in known:
            findings.add(
                "duplicate-id", row.id, "the document has this object twice; the first is kept", severity="error", path=file
            )
        else:
            known.add(row.id)
            rows.append(row)
            systems.append(crs)
    if not rows:
        return {}, CRS.from_epsg(7415)
    crs = one_system(rows, systems)
    return {"soundings": sounding_frame(rows, crs)}, crs


def _soil_face(payload: Any, root: Any, file: str, findings: Findings) -> tuple[Sounding, Any]:
    return borehole(payload, root, file, findings, "soil-face")


def one_system(rows: list[Sounding], systems: list[CRS]) -> CRS:
    """Bring rows into the system of the first; the Dutch grid gets its vertical datum."""
    from pyproj import CRS

    first = systems[0]
    for row, crs in zip(rows, systems, strict=True):
        if crs != first:
            x, y = transformer(crs, first).transform(row.x, row.y)
            row.x, row.y = (float(x), float(y)) if np.isfinite([x, y]).all() else (float("nan"), float("nan"))
    if first.to_epsg() == 28992 and all(row.vertical_datum in ("NAP", "") for row in rows):
        return CRS.from_epsg(7415)
    return first
