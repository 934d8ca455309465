"""Measures of cellars that cannot be, as a source states them: told with the cellar, the column, the value and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.geo.cellar_state import NotUnderstood
from twin.geo.measures import Measure, key_of

if TYPE_CHECKING:
    import geopandas as gpd

    from twin.geo.readers.model import Findings

FAULTS = "measure_faults"
"""Column of the layer ``cellars`` that says which measures of a row cannot be; such a cellar is not judged, and has no volume."""
THICKEST_M = 2.0
"""A vault is not thicker [m]."""
OFF_M = 0.25
"""Floor, crown, vault and cover may miss the ground by this before it is told: a street is uneven [m]."""

_WORDS = {
    "vault_m": "a vault is thicker than 0 m",
    "crown_m": "the crown is higher than 0 m above the floor",
    "cover_m": "the ground above the vault is more than 0 m thick",
    "floor_depth_m": "the floor is deeper than 0 m below the ground",
}
_IDS = ("id", "id_attribute", "kelder_id", "kelderid", "kelder_nr", "keldernummer", "cellar_id", "identificatie")
_MEND = "correct it in the file, or leave it empty where it is not known"


def signed_depths(found: Measure) -> NDArray[np.float64]:
    """Depths below the ground, downward: a source that writes all of them below 0 counts upward, one that mixes signs does not."""
    below = found.values[np.isfinite(found.values)] < 0
    return -found.values if len(below) and below.all() else found.values


def faults_of(stated: Mapping[str, Measure], value: Mapping[str, NDArray[np.float64]], count: int) -> list[list[str]]:
    """What of the measures of each cellar cannot be.

    Parameters
    ----------
    stated : mapping of str to Measure
        As the source has them, and ``span_azimuth_deg``.
    value : mapping of str to (N,) float64
        The same with depths downward [m].
    count : int
        Cellars N.
    """
    faults: list[list[str]] = [[] for _ in range(count)]
    for found in stated.values():
        for row, said in found.unread:
            faults[row].append(f"`{found.column}` is {said!r}, which is no number")
    bad = [(ours, value[ours] <= 0, why) for ours, why in _WORDS.items()]
    bad.append(("vault_m", value["vault_m"] > THICKEST_M, f"a vault is at most {THICKEST_M:g} m thick"))
    bad.append(("springing_m", value["springing_m"] < 0, "it counts upward from the floor"))
    turned = np.abs(stated["span_azimuth_deg"].values) > 360.0
    bad.append(("span_azimuth_deg", turned, "a direction is from 0 to 360 degrees from north"))
    for ours, rows, why in bad:
        unit = "" if ours == "span_azimuth_deg" else " m"
        for at in np.flatnonzero(rows):
            faults[at].append(f"`{stated[ours].column}` is {stated[ours].values[at]:g}{unit}: {why}")
    _see_order(value, faults)
    return faults


def _see_order(value: Mapping[str, NDArray[np.float64]], faults: list[list[str]]) -> None:
    """Note levels that lie the wrong way about; with NaN nothing is compared."""
    floor, top, crown, cover = (value[name] for name in ("floor_m", "top_m", "crown_m", "cover_m"))
    for row in np.flatnonzero(floor >= top):
        faults[row].append(f"the floor ({floor[row]:g} m) is not below the top of the vault ({top[row]:g} m)")
    depth, ring = value["floor_depth_m"], np.nan_to_num(value["vault_m"])
    for row in np.flatnonzero((depth > 0) & (cover > 0) & (cover + ring >= depth)):
        room = f"the cover ({cover[row]:g} m) and the vault leave no room above the floor"
        faults[row].append(f"{room}, {depth[row]:g} m below the ground")
    for row in np.flatnonzero((value["springing_m"] >= crown) & (crown > 0)):
        faults[row].append(f"the springing ({value['springing_m'][row]:g} m) is not below the crown ({crown[row]:g} m)")


def note_faults(
    frame: gpd.GeoDataFrame, faults: list[list[str]], missed: list[NotUnderstood], name: str, findings: Findings | None
) -> NDArray[np.object_]:
    """Note faults and words that are not understood; the text of the column ``measure_faults``, (N,) str."""
    for one in missed:
        if one.ours == "backing_m":
            faults[one.row].append(one.message)
        elif findings is not None:
            severity = "info" if one.ours == "kind" else "warning"
            findings.add("cellar-word", str(frame.index[one.row]), one.message, severity=severity, path=name)
    told = np.array(["; ".join(one) for one in faults], dtype=object)
    if findings is not None:
        for row in np.flatnonzero(told != ""):
            note_fault(findings, frame.index[row], str(told[row]), name)
    return told


def note_twins(frame: gpd.GeoDataFrame, name: str, findings: Findings | None) -> None:
    """Note ids of the source that several cellars have: rows are then called by numbers, and no list of owners fits them."""
    for column in frame.columns:
        if findings is None or key_of(str(column)) not in _IDS:
            continue
        texts = frame[column].map(lambda one: "" if one is None or one is pd.NA or one != one else str(one).strip())
        for text, rows in texts[texts != ""].groupby(texts):
            if len(rows) > 1:
                names = ", ".join(str(one) for one in rows.index[:4])
                message = f"{len(rows)} cellars have `{column}` {text!r} ({names}): give each its own"
                findings.add("duplicate-id", str(rows.index[1]), message, severity="error", path=name)


def note_fault(findings: Findings, key: object, told: str, where: str) -> None:
    """Note that a cellar has measures that cannot be."""
    message = f"{told}; the cellar is not judged and not drawn: {_MEND}"
    findings.add("cellar-measure", str(key), message, severity="error", path=where)


def faults_in(frame: pd.DataFrame) -> NDArray[np.object_]:
    """What is wrong with the measures of each row of a layer ``cellars``, (N,) str; empty where nothing is."""
    if FAULTS not in frame:
        return np.full(len(frame), "", dtype=object)
    return np.array([one if isinstance(one, str) else "" for one in frame[FAULTS]], dtype=object)
