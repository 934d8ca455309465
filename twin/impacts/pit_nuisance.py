"""What people and buildings beside a pit have of piles that go into the ground: vibration, and days of noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from twin.geo.pits import Pit
from twin.scenario.noise import NoiseAnalysis
from twin.scenario.pit import PitAnalysis
from twin.sim.impact.pit import noise_days, vibration

DRIVEN = ("sheet-pile", "soldier-pile")
"""Kinds of wall that are driven or pressed into the ground; others are dug or bored."""

SENSITIVE_USES = NoiseAnalysis.model_fields["sensitive_uses"].default
"""Buildings with another use are not judged by noise; those whose use is not known are."""

TOE_M = 1.0
"""Depth of the toe of piles that are hit: the least that the formula was fitted to, when most is felt at the surface [m]."""

FAR_M = 500.0
"""Buildings further off are not looked at [m]."""

POWER_DB = {"vibrated": 116.0, "hit": 117.0, "pressed": 96.0}
"""Sound power of the machine by what it does; of the order of BS 5228-1 table C.3, which was not read: estimates [dB(A)]."""


class Vibrated(NamedTuple):
    """What SBR-A allows, and from which distance on that is met.

    Attributes
    ----------
    allowed_mm_s : float
        [mm/s]
    safe_m : float
        From the wall [m].
    """

    allowed_mm_s: float
    safe_m: float


@dataclass(frozen=True, eq=False)
class Loud:
    """Days of noise at buildings.

    Parameters
    ----------
    days : int
        On which piles are driven.
    highest_db : (B,) float64
        Highest day value before each building; -inf where it is too far off [dB(A)].
    above_db : (B, 5) int64
        Days above 60, 65, 70, 75 and 80 dB(A).
    """

    days: int
    highest_db: NDArray[np.float64]
    above_db: NDArray[np.int64]

    @property
    def too_many(self) -> NDArray[np.bool_]:
        """Buildings with more days above any level than table 7.17 of the Bbl has, (B,)."""
        return np.asarray((self.above_db > np.array(noise_days.DAYS)).any(axis=1))


def is_driven(pit: Pit) -> bool:
    """Whether anything is driven or pressed into the ground."""
    return pit.wall in DRIVEN


def allowed_of(settings: PitAnalysis) -> vibration.Limit:
    """What a building may have."""
    kind = "repeated" if settings.piling == "hit" else "continuous"
    return vibration.limit(settings.building_category, settings.frequency_hz, kind=kind, condition=settings.condition)


def vibrated_of(pit: Pit, settings: PitAnalysis) -> Vibrated:
    """From which distance on vibration is allowed; 0 where nothing is driven, or it is pressed."""
    allowed = allowed_of(settings).allowed
    if not is_driven(pit) or settings.piling == "pressed":
        return Vibrated(allowed, 0.0)
    if settings.piling == "vibrated":
        return Vibrated(allowed, vibration.safe_from_vibrated(allowed))
    return Vibrated(allowed, vibration.safe_from_hit(allowed, TOE_M, 1000.0 * settings.energy_kj))


def velocity_of(pit: Pit, settings: PitAnalysis, distance_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Peak velocity of the ground at distances from the wall, exceeded in 1 of 20 cases when it is vibrated [mm/s]."""
    if not is_driven(pit) or settings.piling == "pressed":
        return np.zeros(len(distance_m))
    if settings.piling == "vibrated":
        return vibration.of_vibrated(distance_m)
    return vibration.of_hit(distance_m, TOE_M, 1000.0 * settings.energy_kj)


def noise_of(pits: tuple[Pit, ...], frame: gpd.GeoDataFrame, settings: PitAnalysis) -> Loud:
    """Days of noise at buildings, as the machine goes along the walls of all pits, a stretch a day, in the open field."""
    places: list[shapely.Point] = []
    for pit in pits:
        if is_driven(pit):
            ring = pit.outline.boundary
            count = max(math.ceil(ring.length / settings.piling_m_per_day), 1)
            places += [ring.interpolate((k + 0.5) / count, normalized=True) for k in range(count)]
    highest, above = np.full(len(frame), -np.inf), np.zeros((len(frame), len(noise_days.LEVELS_DB)), np.int64)
    if not places or not len(frame):
        return Loud(len(places), highest, above)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    near = shapely.distance(shapes, shapely.MultiPoint(places)) <= FAR_M
    if "use" in frame:
        use = frame["use"].astype(object)
        near &= (use.isna() | (use == "") | use.isin(SENSITIVE_USES)).to_numpy(np.bool_)
    which = np.flatnonzero(near)
    away = np.maximum(shapely.distance(shapes[which][:, None], np.array(places, dtype=object)[None]), 1.0)
    power = POWER_DB[settings.piling] if settings.piling_power_db is None else settings.piling_power_db
    # a source on hard ground: half a sphere
    level = power - 20.0 * np.log10(away) - 10.0 * math.log10(2.0 * math.pi)
    hours, hit = np.array([settings.piling_hours]), np.array([settings.piling == "hit"])
    day = noise_days.day_level(level[..., None], hours, hit)
    highest[which] = day.max(axis=1)
    above[which] = (day[..., None] > np.array(noise_days.LEVELS_DB)).sum(axis=1)
    return Loud(len(places), highest, above)
