"""How the wind blows at a place: sectors with a Weibull distribution each, given or fitted to the hours of a station.

No climate is built in. That of the Netherlands for NEN 8100 is in NPR 6097, which is not free; KNMI gives the hours of its stations
for free (hourly data, and potential wind), of which `wind_climate` makes sectors.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twin.errors import FormatError, MissingFileError, ParameterError
from twin.impacts.wind_factors import not_too_large, read_table
from twin.sim.impact import wind

COLUMNS = ("direction_deg", "frequency_percent", "k", "a_m_s")

BLENDING_M = 60.0
"""From here up the wind hardly feels what a single field or quarter is like (Wieringa 1986, doi:10.1002/qj.49711247316) [m]."""


def speed_ratio(
    height_m: float, roughness_m: float, *, station_m: float = 10.0, station_roughness_m: float = 0.03,
    blending_m: float = BLENDING_M,
) -> float:  # fmt: skip
    """Speed at a height over a roughness, over that at a station: by the logarithmic law up to the blending height and down again.

    Parameters
    ----------
    height_m : float
        Above the ground, not above `blending_m` [m].
    roughness_m : float
        Length of roughness there [m]: some 0.03 over grass, 1 or more in a city.
    station_m, station_roughness_m : float
        Of the station [m]. Potential wind of KNMI is that at 10 m over 0.03 m.
    blending_m : float

    Returns
    -------
    float
        What `transfer` of a scenario takes.

    Raises
    ------
    ParameterError
        When a height does not lie above its roughness, or above the blending height.
    """
    for name, height, rough in (("height_m", height_m, roughness_m), ("station_m", station_m, station_roughness_m)):
        if not 0.0 < rough < height <= blending_m:
            told = f"`{name}` is {height:g} m over a roughness of {rough:g} m: it lies above that and not above {blending_m:g} m"
            raise ParameterError(told)
    up = math.log(blending_m / station_roughness_m) / math.log(station_m / station_roughness_m)
    return up * math.log(height_m / roughness_m) / math.log(blending_m / roughness_m)


def read_climate(path: str | Path) -> pd.DataFrame:
    """Read the sectors of a wind climate.

    Parameters
    ----------
    path : path
        CSV with ``direction_deg`` (that the wind comes from), ``frequency_percent``, ``k`` and ``a_m_s``, a row a sector.

    Returns
    -------
    DataFrame
        These columns, rising by direction.

    Raises
    ------
    MissingFileError, FormatError
        When there is no such file, or it is no such table.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"there is no file {path}", hint="a table of sectors; `wind_climate` makes it from hours")
    frame = read_table(path)
    frame.columns = [str(name).strip().lower() for name in frame.columns]
    missing = [name for name in COLUMNS if name not in frame]
    if missing:
        raise FormatError(f"has no column `{missing[0]}`; it has: {', '.join(frame.columns[:10])}", where=path.name)
    try:
        return checked(frame[list(COLUMNS)])
    except ParameterError as error:
        raise FormatError(error.what, where=path.name, hint=error.hint) from None


def checked(sectors: pd.DataFrame) -> pd.DataFrame:
    """Sectors, rising by direction, after a look at what they say.

    Raises
    ------
    ParameterError
        When they do not go evenly round, or a value cannot be.
    """
    missing = [name for name in COLUMNS if name not in sectors]
    if missing:
        raise ParameterError(f"a wind climate needs the column `{missing[0]}`", hint=f"it has {', '.join(COLUMNS)}")
    try:
        made = sectors[list(COLUMNS)].astype("float64")
    except (TypeError, ValueError):
        raise ParameterError("a wind climate has something that is no number") from None
    bounds = {"direction_deg": (0.0, 360.0), "frequency_percent": (0.0, 100.0), "k": (0.5, 10.0), "a_m_s": (0.05, 60.0)}
    for name, (low, high) in bounds.items():
        bad = ~((made[name] >= low) & (made[name] <= high))
        if bad.any():
            row, value = int(np.flatnonzero(bad)[0]) + 1, float(made[name][bad].iloc[0])
            raise ParameterError(f"`{name}` of sector {row} is {value:g}, which is not {low:g} to {high:g}")
    made["direction_deg"] = (made["direction_deg"] % 360.0).round(3)
    made = made.sort_values("direction_deg", ignore_index=True)
    directions = made["direction_deg"].to_numpy()
    gone = wind.gaps(directions)
    if len(made) < 4 or np.isnan(gone).any() or len(gone) or made["direction_deg"].duplicated().any():
        told = ", ".join(f"{one:g}" for one in directions)
        raise ParameterError(f"the sectors do not go evenly round: {told}", hint="such as 0, 30, 60, ... 330")
    whole = float(made["frequency_percent"].sum())
    if whole > 100.5 or whole < 50.0:
        raise ParameterError(
            f"the sectors have {whole:.1f} % of the hours together", hint="of all hours: 100, less those of calm; not parts of 1"
        )
    return made


def read_knmi_hours(path: str | Path) -> pd.DataFrame:
    """Read hourly wind as KNMI gives it: hourly data of a station (``DD``, ``FH``) or potential wind (``DD``, ``UP``).

    Parameters
    ----------
    path : path
        Text, unpacked.

    Returns
    -------
    DataFrame
        ``direction_deg`` (NaN where calm or variable) and ``speed_m_s``, an hour a row; `attrs` has ``hours_read`` and
        ``hours_unknown``.

    Raises
    ------
    MissingFileError, FormatError
        When there is no such file, or it has no such columns.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"there is no file {path}", hint="hours of a station, as KNMI gives them for free")
    not_too_large(path)
    head = -1
    names: list[str] = []
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            for number, line in enumerate(file):
                parts = [part.strip().upper() for part in line.lstrip("# ").split(",")]
                if "DD" in parts and ("FH" in parts or "UP" in parts):
                    head, names = number, parts
                    break
                if number > 500:
                    break
    except OSError as error:
        raise FormatError(f"cannot be read: {error}", where=path.name) from None
    if head < 0:
        raise FormatError("has no line of names with `DD` and `FH` (hourly data) or `UP` (potential wind)", where=path.name)
    speed = "UP" if "UP" in names else "FH"
    wanted = ["DD", speed]
    try:
        frame = pd.read_csv(
            path, skiprows=head + 1, header=None, names=names, usecols=wanted, index_col=False, comment="#", skipinitialspace=True,
            encoding="utf-8-sig", encoding_errors="replace", na_values=["", " "],
        )  # fmt: skip
        frame = frame[wanted].apply(pd.to_numeric, errors="coerce")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise FormatError(f"is no table under its names: {str(error)[:150]}", where=path.name) from None
    good = frame[speed].ge(0) & frame[speed].le(1000) & (frame["DD"].between(0, 360) | frame["DD"].eq(990))
    if not good.any():
        raise FormatError("has no hours with wind", where=path.name)
    kept = frame[good]
    direction = kept["DD"].where(kept["DD"].between(1, 360))
    made = pd.DataFrame({
        "direction_deg": direction.to_numpy(np.float64) % 360.0, "speed_m_s": kept[speed].to_numpy(np.float64) / 10.0,
    })  # fmt: skip
    made.attrs = {"hours_read": len(frame), "hours_unknown": int((~good).sum())}
    return made


def wind_climate(hours: pd.DataFrame, sectors: int = 12) -> pd.DataFrame:
    """Sectors with a Weibull distribution each, fitted to hours.

    The fit is that of Wieringa and Rijkoort (1983, formula 5.18): least squares in ln(-ln(share above)) over ln(speed), from 4 m/s
    up to what 99 % of the hours of the sector stay below. Hours without a direction are calm where their speed is below 0.5 m/s;
    where it is more they are shared out over the sectors, by how often the wind comes from each.

    Parameters
    ----------
    hours : DataFrame
        ``direction_deg`` (that the wind comes from; NaN for none) and ``speed_m_s``, an hour a row, as of `read_knmi_hours`.
    sectors : int
        Evenly round, the first one round north.

    Returns
    -------
    DataFrame
        ``direction_deg``, ``frequency_percent``, ``k``, ``a_m_s`` and ``hours``; `attrs` has ``calm_percent`` and
        ``above_5_percent`` with ``above_5_fitted_percent``, so that the fit can be judged. `to_csv` writes what a scenario reads.

    Raises
    ------
    ParameterError
        When a column is missing, a value cannot be, or the wind came too seldom from a sector to fit anything.
    """
    missing = [name for name in ("direction_deg", "speed_m_s") if name not in hours]
    if missing:
        raise ParameterError(f"the hours have no column `{missing[0]}`", hint="`read_knmi_hours` gives both")
    if not 4 <= int(sectors) <= 72:
        raise ParameterError(f"there can be 4 to 72 sectors, not {sectors}")
    direction, speed = (hours[name].to_numpy(np.float64) for name in ("direction_deg", "speed_m_s"))
    if not len(speed) or not (np.isfinite(speed) & (speed >= 0.0) & (speed < 100.0)).all():
        raise ParameterError("the hours have speeds that are unknown, below 0 or above 100 m/s, or there are none")
    known = np.isfinite(direction)
    if not known.any() or (np.abs(direction[known]) > 360.0).any():
        raise ParameterError("the hours have no directions, or some beyond 360 degrees")
    of = wind.sector_of(direction[known], sectors)
    step = wind.resolution(speed)
    adrift = int((speed[~known] >= 0.5).sum())
    counts = np.bincount(of, minlength=sectors)
    shares = counts * (1.0 + adrift / counts.sum()) / len(speed)
    rows: list[dict[str, Any]] = []
    for s in range(sectors):
        own = speed[known][of == s]
        k, a = wind.fit(own, step)
        if not (0.5 <= k <= 10.0 and np.isfinite(a)):
            raise ParameterError(
                f"from {s * 360.0 / sectors:g} degrees the wind came in {len(own)} hours, which is too little to fit its speeds",
                hint="give more years, or fewer sectors",
            )
        often = 100.0 * float(shares[s])
        rows.append({"direction_deg": s * 360.0 / sectors, "frequency_percent": often, "k": k, "a_m_s": a, "hours": len(own)})
    made = pd.DataFrame(rows)
    climate = climate_of(made)
    one = np.ones((1, sectors))
    fitted = float(wind.exceedance(one, np.eye(sectors), climate, 5.0)[0])
    # speeds that were rounded to whole metres a second are above 5 m/s in half of the hours that say 5
    above = float((speed > 5.0).mean()) + (0.5 * float((np.abs(speed - 5.0) < 1e-6).mean()) if step >= 0.5 else 0.0)
    made.attrs = {
        "calm_percent": 100.0 * (1.0 - float(shares.sum())), "above_5_percent": 100.0 * above,
        "above_5_fitted_percent": 100.0 * fitted,
    }  # fmt: skip
    return made


def climate_of(sectors: pd.DataFrame, transfer: float = 1.0) -> wind.Climate:
    """Sectors as the kernels take them, at the height that factors are over: there it is `transfer` times as fast."""
    made = [sectors[name].to_numpy(np.float64, copy=True) for name in ("frequency_percent", "a_m_s", "k")]
    return wind.Climate(made[0] / 100.0, made[1] * transfer, made[2])
