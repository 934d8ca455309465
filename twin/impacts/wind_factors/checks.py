"""What is looked at in factors of all formats."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from twin.decimals import told_place
from twin.errors import FormatError, ParameterError
from twin.impacts.wind_factors.limits import MOST_FACTOR
from twin.impacts.wind_factors.model import Factors
from twin.sim.impact.wind import gaps


def checked(found: Factors, name: str, unit: str, reference_m_s: float | None) -> Factors:
    """Factors as they are used: as ratios, with all directions, none of them absurd, each place once."""
    missing = gaps(found.directions_deg)
    if len(missing) and not np.isnan(missing).any():
        raise FormatError(f"lacks direction {', '.join(f'{one:g}' for one in missing)}", where=name)
    if len(found.directions_deg) < 4 or len(missing):
        told = ", ".join(f"{one:g}" for one in found.directions_deg)
        raise FormatError(f"has directions that do not go evenly round: {told}", where=name, hint="such as 0, 30, 60, ... 330")
    if unit == "percent":
        found = replace(found, values=found.values / 100.0)
    elif unit == "m_s":
        if reference_m_s is None or not reference_m_s > 0.0:
            raise ParameterError("speeds need `reference_m_s`, the speed of the reference [m/s]")
        found = replace(found, values=found.values / reference_m_s)
    known = np.isfinite(found.values)
    some = known.any(axis=1)
    if not some.any():
        raise FormatError("has no factors", where=name)
    part = some & ~known.all(axis=1)
    if part.any():
        row = int(np.flatnonzero(part)[0])
        gone = ", ".join(f"{one:g}" for one in found.directions_deg[~known[row]])
        more = f" (and {int(part.sum()) - 1} more)" if part.sum() > 1 else ""
        told = f"{_spot(found, row)} lacks direction {gone}{more}"
        raise FormatError(told, where=name, hint="a place has all directions, or none")
    _no_absurd(found, name, unit)
    if found.raster is not None:
        return found
    notes = list(found.notes)
    if not some.all():
        notes.append(f"{int((~some).sum())} points of {name} have no factors and do not count.")
    found = replace(
        found, xy=found.xy[some], values=found.values[some], level=found.level[some], names=found.names[some], notes=tuple(notes)
    )
    key = pd.MultiIndex.from_arrays([found.xy[:, 0].round(3), found.xy[:, 1].round(3), found.level])
    if key.has_duplicates:
        raise FormatError(f"{_spot(found, int(np.flatnonzero(key.duplicated())[0]))} is there twice", where=name)
    return found


def _no_absurd(found: Factors, name: str, unit: str) -> None:
    with np.errstate(invalid="ignore"):
        low, high = (found.values < 0.0).any(axis=1), (found.values > MOST_FACTOR).any(axis=1)
    if low.any():
        row = int(np.flatnonzero(low)[0])
        raise FormatError(f"{_spot(found, row)} has a factor below 0: {np.nanmin(found.values[row]):g}", where=name)
    if high.any():
        row = int(np.flatnonzero(high)[0])
        hint = "a factor is the local speed over that of the reference"
        if unit == "ratio":
            hint += "; for percents write `unit: percent`, for speeds `unit: m_s` and `reference_m_s`"
        told = f"{_spot(found, row)} has a factor of {np.nanmax(found.values[row]):g}, more than {MOST_FACTOR:g}"
        raise FormatError(told, where=name, hint=hint)


def _spot(found: Factors, row: int) -> str:
    x, y = found.xy[row]
    named = f"{found.names[row]} " if found.names[row] else ""
    return named + told_place(float(x), float(y))
