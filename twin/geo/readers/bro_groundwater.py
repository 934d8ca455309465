"""Groundwater of the Dutch register of the subsurface: monitoring wells, levels measured in them, and places of use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.errors import FormatError
from twin.geo.crs import transformer
from twin.geo.groundwater import level_columns, tube_id
from twin.geo.readers.bro_document import (
    attributes,
    below,
    child,
    children,
    day,
    number,
    object_id,
    place,
    positions,
    surface,
    text,
)
from twin.geo.readers.columns import table
from twin.geo.readers.model import Findings

if TYPE_CHECKING:
    from pyproj import CRS

MAX_LEVELS = 5_000_000

TO_METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001}
REJECTED = "afgekeurd"
"""What the register calls a level that was rejected at the control of quality."""
CONTROL = "controleMeting"
"""What it calls a level measured by hand to check the logger."""


def well_frame(found: list[Any], root: Any, file: str, findings: Findings) -> tuple[gpd.GeoDataFrame, CRS | None]:
    """One row a tube of each well: ``GMW000000036287-1``; one without tubes has a row of its own, without filter."""
    records: list[dict[str, Any]] = []
    spots: list[tuple[CRS, float, float]] = []
    for payload in found:
        name = object_id(payload, root, file)
        crs, x, y = place(payload, name, file, findings)
        if crs is None:
            findings.add("no-place", name, "it says nowhere where it is; left out", severity="error", path=file)
            continue
        height, datum = surface(payload, name, file, findings, of_layers=False)
        stated = attributes(payload, {"monitoringTube", "registrationHistory", "wellHistory"})
        well = {"well": name, "surface_m": height, "vertical_datum": datum}
        well["date"] = day(payload, "wellHistory", "wellConstructionDate") or day(payload, "wellConstructionDate")
        tubes = list(children(payload, "monitoringTube"))
        if not tubes:
            findings.add("no-tube", name, "the well has no tube", path=file)
        for tube in tubes or [None]:
            record = {**well, **(_tube(tube, datum) if tube is not None else {})}
            key = tube_id(name, record.get("tube_number"))
            records.append({"id": key, **record, **{k: v for k, v in stated.items() if k not in record}})
            spots.append((crs, x, y))
    return _frame(records, spots, file, findings)


def _tube(tube: Any, datum: str) -> dict[str, Any]:
    """Heights of a tube, above NAP; none when the well's heights count from elsewhere."""
    screen = child(tube, "screen")
    heights: dict[str, float | None] = {
        "tube_top_m": number(tube, "tubeTopPosition"),
        "filter_top_m": None if screen is None else number(screen, "screenTopPosition"),
        "filter_bottom_m": None if screen is None else number(screen, "screenBottomPosition"),
    }
    if None not in (screen, heights["tube_top_m"]) and heights["filter_top_m"] is None:
        # Delivered documents state lengths only: the filter hangs below the plain part of the tube.
        plain, length = number(tube, "plainTubePart", "plainTubePartLength"), number(screen, "screenLength")
        top = heights["tube_top_m"]
        if plain is not None and length is not None and top is not None:
            heights |= {"filter_top_m": round(top - plain, 6), "filter_bottom_m": round(top - plain - length, 6)}
    if datum.upper() != "NAP":
        heights = dict.fromkeys(heights, None)
    tube_number = number(tube, "tubeNumber")
    rest = attributes(tube, {"tubeNumber"})
    return {"tube_number": None if tube_number is None else int(tube_number), **heights, **rest}


def _frame(
    records: Sequence[dict[str, Any]], spots: Sequence[tuple[Any, float, float]], file: str, findings: Findings
) -> tuple[gpd.GeoDataFrame, CRS | None]:
    """Rows with typed columns; those with an id that was there before are left out."""
    from pyproj import CRS

    known: set[str] = set()
    rows, points = [], []
    first = spots[0][0] if spots else CRS.from_epsg(7415)
    for record, (crs, x, y) in zip(records, spots, strict=True):
        if record["id"] in known:
            message = "the document has this object twice; the first is kept"
            findings.add("duplicate-id", record["id"], message, severity="error", path=file)
            continue
        known.add(record["id"])
        if crs is not None and crs != first:
            x, y = transformer(crs, first).transform(x, y)
        rows.append({key: value for key, value in record.items() if key != "id"})
        points.append(shapely.Point(x, y) if np.isfinite([x, y]).all() else shapely.Point())
    index = pd.Index([record["id"] for record in records if record["id"] in known], name="id", dtype="str").drop_duplicates()
    columns = {key: value.array for key, value in table(rows, {"geometry", "id"}).items()}
    for key in ("surface_m", "tube_top_m", "filter_top_m", "filter_bottom_m"):
        if key in columns:
            columns[key] = pd.to_numeric(pd.Series(columns[key]), errors="coerce").astype("float64").array
    if first is not None and first.to_epsg() == 28992 and all(row.get("vertical_datum", "NAP") in ("NAP", "") for row in rows):
        first = CRS.from_epsg(7415)
    frame = pd.DataFrame(columns, index=index)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(points, index=index, crs=first), crs=first), first


def dossier_frame(found: list[Any], root: Any, file: str, findings: Findings) -> tuple[gpd.GeoDataFrame, CRS | None]:
    """Levels of the tubes that dossiers are about; a dossier has no place of its own.

    Raises
    ------
    FormatError
        When a dossier does not say of which tube it is.
    """
    from pyproj import CRS

    records: list[dict[str, Any]] = []
    for payload in found:
        name = object_id(payload, root, file)
        tube = next(below(payload, "GroundwaterMonitoringTube", "monitoringPoint"), None)
        tube = next(below(payload, "GroundwaterMonitoringTube"), tube)
        well = "" if tube is None else text(tube, "broId")
        if not well:
            raise FormatError(f"the dossier {name} does not say of which well it is", where=file)
        tube_number = number(tube, "tubeNumber")
        levels = _levels(payload, name, file, findings)
        record: dict[str, Any] = {
            "id": tube_id(well, None if tube_number is None else int(tube_number)),
            "well": well,
            "dossier": name,
        }
        record["tube_number"] = None if tube_number is None else int(tube_number)
        records.append({**record, **level_columns(levels)})
        message = f"a dossier has no place of its own: its levels go with the well {well} when that is read in the same city"
        findings.add("level-dossier", record["id"], message, severity="info", path=file)
    nap = CRS.from_epsg(7415)
    return _frame(records, [(nap, float("nan"), float("nan"))] * len(records), file, findings)


def _levels(dossier: Any, name: str, file: str, findings: Findings) -> pd.Series[float]:
    """Levels above NAP by time: regular ones that were not rejected; of two at one time the one that was judged in full."""
    times: list[str] = []
    values: list[float] = []
    ranks: list[int] = []
    left = 0
    for observation in children(dossier, "observation"):
        rank, control = _observation(observation)
        for point in below(observation, "MeasurementTVP"):
            stated = child(point, "value")
            value = None if stated is None else number(stated)
            judged = [(one.text or "").strip() for one in below(point, "value") if one is not stated]
            factor = TO_METRES.get((stated.get("uom") or "m") if stated is not None else "m")
            if value is None or factor is None or control or REJECTED in judged:
                left += 1
                continue
            times.append(text(point, "time"))
            values.append(value * factor)
            ranks.append(rank)
            if len(values) > MAX_LEVELS:
                raise FormatError(f"the dossier {name} has more than {MAX_LEVELS} levels", where=file)
    if left:
        message = f"{left} levels were rejected, measured as a check, or have no value; they do not count"
        findings.add("level-left-out", name, message, severity="info", path=file)
    frame = pd.DataFrame(
        {"time": pd.to_datetime(times, utc=True, errors="coerce", format="ISO8601"), "value": values, "rank": ranks}
    )
    frame = frame.dropna(subset=["time"]).sort_values(["time", "rank"], kind="stable").drop_duplicates("time")
    return pd.Series(frame["value"].to_numpy(), index=pd.DatetimeIndex(frame["time"]), dtype="float64")


def _observation(observation: Any) -> tuple[int, bool]:
    """How far a series was judged (0: in full), and whether it is a check."""
    status = next((str(value) for one in below(observation, "status") for value in one.attrib.values() if ":" in str(value)), "")
    rank = {"volledigBeoordeeld": 0, "voorlopig": 1}.get(status.rsplit(":", 1)[-1], 2)
    kinds = [(one.text or "").strip() for named in below(observation, "NamedValue") for one in children(named, "value")]
    return rank, CONTROL in kinds


def use_frame(found: list[Any], root: Any, file: str, findings: Findings) -> tuple[gpd.GeoDataFrame, CRS | None]:
    """Installations that use groundwater or its heat, as points; how deep they go where it is stated."""
    records: list[dict[str, Any]] = []
    spots: list[tuple[Any, float, float]] = []
    for payload in found:
        name = object_id(payload, root, file)
        installations = list(below(payload, "RealisedInstallation")) or list(below(payload, "DesignInstallation"))
        for position, one in enumerate(installations or [payload]):
            crs, x, y = _point(one, name, file, findings)
            if crs is None:
                crs, x, y = place(payload, name, file, findings)
            if crs is None:
                findings.add("no-place", name, "it says nowhere where it is; left out", severity="error", path=file)
                continue
            depths = [
                value for part in below(one, "loopDepth", "wellDepth", "wellBottomDepth") if (value := number(part)) is not None
            ]
            use = next((text(part, "primaryUsageType") for part in below(payload, "usageTypeFacility")), "")
            record: dict[str, Any] = {"id": name if position == 0 else f"{name}-{position + 1}", "kind": "groundwater use"}
            record |= {"use": text(one, "installationFunction") or use, "depth_m": max(depths, default=None)}
            records.append({**record, **attributes(payload, {"registrationHistory", "objectHistory", "geometry"})})
            spots.append((crs, x, y))
    return _frame(records, spots, file, findings)


def _point(element: Any, name: str, file: str, findings: Findings) -> tuple[Any, float, float]:
    geometry = child(element, "geometry")
    if geometry is None:
        return None, float("nan"), float("nan")
    return next(positions(geometry, name, file, findings), (None, float("nan"), float("nan")))
