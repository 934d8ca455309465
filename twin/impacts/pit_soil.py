"""The ground under a pit: its layers, where water stands in it, and how well it lets that through."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twin.errors import GeometryError, ParameterError
from twin.geo.pits import Pit
from twin.scenario.pit import PitAnalysis
from twin.soil import SoilModel, groundwater
from twin.soil.classes import SOFT_CLASSES
from twin.soil.given import layers_from
from twin.soil.layers import by_class
from twin.soil.water import NEAR_M, aquitard_of

if TYPE_CHECKING:
    from twin.geo.city import City

LEAST_T_M2_D = 1e-4
"""Ground that lets less through counts as this [m2/d]."""

LEAST_WET_M = 0.1
"""Water that stands less above clay and peat counts as standing in them; an estimate [m]."""

MOST_HEAD_M = 10.0
"""Heads are not so far above the ground: a bound of ours, against slips [m]."""
MOST_BELOW_M, MOST_ABOVE_M = 1.0, 10.0
"""Layers by hand may begin so much below or above the ground of a pit; depths in place of levels do not; our bounds [m]."""

LEFT_OUT_CODES = ("surface-unknown", "vertical-datum", "coordinates", "no-place")
MOST_LEFT_OUT = 5
"""Of more soundings that tell nothing these are named."""

UNKNOWN_SOIL = "made ground"
"""What ground above the first record of soundings is taken for."""


@dataclass(frozen=True, eq=False)
class PitSoil:
    """The ground under a pit.

    Parameters
    ----------
    layers : DataFrame
        From the ground at the pit down, in the columns of `twin.soil.layers_of`.
    water_m, head_m : float
        Water table, and head under the aquitard; the same where there is none [m in the vertical datum].
    aquitard : (float, float)
        Top and bottom of the clay and peat that part the two; NaN where nothing does [m in the vertical datum].
    upper_m2_d, lower_m2_d : float
        Transmissivity of the wet ground down to the bottom of the aquitard (of all of it where there is none), and below that;
        NaN where the layers end in the aquitard [m2/d].
    resistance_d : float
        Of the aquitard; inf where there is none [d].
    told : tuple of str
        What was taken for granted.
    """

    layers: pd.DataFrame
    water_m: float
    head_m: float
    aquitard: tuple[float, float]
    upper_m2_d: float
    lower_m2_d: float
    resistance_d: float
    told: tuple[str, ...]

    @property
    def parted(self) -> bool:
        """Whether clay or peat parts two waters."""
        return math.isfinite(self.aquitard[0])

    @property
    def base_m(self) -> float:
        """Down to where the upper water flows: the top of clay and peat, or their bottom where it stands in them
        [m in the vertical datum]."""
        if not self.parted:
            return float(self.layers["bottom_z_m"].iloc[-1])
        return self.aquitard[0] if self.water_m > self.aquitard[0] + LEAST_WET_M else self.aquitard[1]

    def between(self, top_m: float, bottom_m: float) -> pd.DataFrame:
        """Layers between two levels, cut there, with their thickness."""
        frame = self.layers
        top, bottom = np.minimum(frame["top_z_m"], top_m), np.maximum(frame["bottom_z_m"], bottom_m)
        cut = frame.assign(top_z_m=top, bottom_z_m=bottom, thickness_m=top - bottom)
        return cut[cut["thickness_m"] > 1e-6]

    def resistance_below(self, floor_m: float) -> float:
        """Resistance of what is left of the aquitard below a floor; 0 where nothing is [d]."""
        if not self.parted or floor_m <= self.aquitard[1]:
            return 0.0
        whole, left = self.between(*self.aquitard), self.between(min(floor_m, self.aquitard[0]), self.aquitard[1])
        share = _resistance(left) / _resistance(whole)
        return self.resistance_d * share

    def heads(self, deep_m: float | None = None) -> np.ndarray[Any, Any]:
        """Head of the water in each layer; NaN in those that let little through [m in the vertical datum]."""
        tight, top = self.tight, self.layers["top_z_m"].to_numpy(np.float64)
        below = top <= self.aquitard[1] + 0.01 if self.parted else np.zeros(len(tight), bool)
        deep = self.head_m if deep_m is None or math.isnan(deep_m) else deep_m
        return np.where(tight, np.nan, np.where(below, deep, self.water_m))

    @property
    def tight(self) -> np.ndarray[Any, Any]:
        """Which layers let little through, (L,) bool."""
        return np.asarray(self.layers["soil_class"].isin(SOFT_CLASSES).to_numpy(np.bool_))


def _resistance(layers: pd.DataFrame) -> float:
    return float((layers["thickness_m"] / layers["k_v_m_d"]).sum())


def water_of(
    city: City, settings: PitAnalysis, x: float, y: float, layers: pd.DataFrame | None = None, within_m: float = NEAR_M
) -> tuple[float, float]:
    """Water table and head at a place, where they are given or known; else NaN [m in the vertical datum]."""
    found = groundwater(city, x, y, layers=layers, within_m=within_m)
    return (
        found.phreatic_m if settings.water_m is None else settings.water_m,
        found.head_m if settings.head_m is None else settings.head_m,
    )


def soil_model(city: City, settings: PitAnalysis) -> SoilModel:
    """The ground of a city, or the layers that are given.

    Raises
    ------
    GeometryError, ParameterError
        When nothing tells of the soil, or layers by hand cannot be used.
    """
    if settings.layers:
        rows = [layer.model_dump(exclude_none=True) for layer in settings.layers]
        return SoilModel.from_table(layers_from(rows, where="layers"))
    try:
        return SoilModel.from_city(city)
    except GeometryError as error:
        raise GeometryError(
            error.what, where="layers",
            hint="give the ground by hand, `layers: [{soil: sand, top_m: 2, bottom_m: -1}, {soil: clay, bottom_m: -3}]`, "
            "or read soundings (GEF, BRO) with the city",
        ) from None  # fmt: skip


def soil_of(pit: Pit, city: City, model: SoilModel, settings: PitAnalysis) -> PitSoil:
    """The ground under a pit.

    Raises
    ------
    GeometryError
        When the layers do not reach below the pit.
    ParameterError
        When nothing tells where the water stands, or it stands above the ground.
    """
    centre = pit.outline.representative_point()
    found = model.column(centre.x, centre.y)
    told = [*_told_of(found, settings), *_told_of_left_out(model, city)]
    layers = _from_the_ground(found, pit, told, by_hand=bool(settings.layers))
    deepest = float(layers["bottom_z_m"].iloc[-1])
    lowest = pit.bottom_m - pit.concrete_m
    if deepest >= lowest - 0.5:
        raise GeometryError(
            f"the ground is known down to {deepest:.2f} m only, and pit `{pit.id}` is dug to {lowest:.2f} m",
            where="layers", hint="give layers by hand that go on below the floor: what lies there decides on uplift and water",
        )  # fmt: skip
    water, head = _levels(pit, city, settings, centre.x, centre.y, layers)
    top, bottom = aquitard_of(layers)
    parted = math.isfinite(top)
    wet = layers.assign(top_z_m=np.minimum(layers["top_z_m"], water))
    thick = np.clip(wet["top_z_m"] - wet["bottom_z_m"], 0.0, None)
    flow = thick * wet["k_h_m_d"]
    above = layers["top_z_m"] > bottom + 0.01 if parted else np.ones(len(layers), bool)
    upper, lower = float(flow[above].sum()), float(flow[~above].sum()) if parted and (~above).any() else math.nan
    resistance = math.inf
    if parted:
        whole = layers[(layers["top_z_m"] <= top + 0.01) & above]
        resistance = _resistance(whole)
    if settings.transmissivity_m2_d is not None:
        upper, lower = (upper, settings.transmissivity_m2_d) if parted else (settings.transmissivity_m2_d, lower)
    if parted and settings.resistance_d is not None:
        resistance = settings.resistance_d
    told += _told_of_water(settings, parted, upper, lower, resistance, (top, bottom), deepest)
    return PitSoil(
        layers, water, head if parted else water, (top, bottom), max(upper, LEAST_T_M2_D),
        lower if math.isnan(lower) else max(lower, LEAST_T_M2_D), resistance, tuple(told),
    )  # fmt: skip


def _told_of(layers: pd.DataFrame, settings: PitAnalysis) -> list[str]:
    """Where the layers come from."""
    if settings.layers:
        return ["The ground is as given by hand; what was not given of a layer is taken by its soil, an estimate."]
    ids = ", ".join(sorted({str(name) for name in layers["id"] if name}))
    far = layers["distance_m"].max()
    sure = "; farther than 250 m that says little: bore at the pit" if far > 250.0 else ""
    return [
        f"The ground is that between the soundings of the city ({ids}; the nearest of each layer at most {far:.0f} m from the pit"
        f"{sure}). Weights, stiffness and permeability of layers are estimates by cone resistance and soil."
    ]  # fmt: skip


def _told_of_left_out(model: SoilModel, city: City) -> list[str]:
    """Soundings that the ground is made without, with why and what to do."""
    files = {one.object_id: f" ({one.path})" for one in city.quality.findings if one.code in LEFT_OUT_CODES and one.path}
    names = [f"{name}{files.get(name, '')}: {why}" for name, why in list(model.left_out.items())[:MOST_LEFT_OUT]]
    more = len(model.left_out) - len(names)
    if not names:
        return []
    rest = f"; and {more} more" if more > 0 else ""
    return [f"Soundings that the ground is made without: {'; '.join(names)}{rest}. `twin validate` of the city says what to mend."]


def _from_the_ground(found: pd.DataFrame, pit: Pit, told: list[str], *, by_hand: bool) -> pd.DataFrame:
    """Layers from the ground at the pit down, with what is not known taken for made ground."""
    layers = found[found["bottom_z_m"] < pit.top_m - 1e-6].reset_index(drop=True)
    if layers.empty:
        raise GeometryError(
            f"the layers end at {found['bottom_z_m'].min():.2f} m, and the ground at pit `{pit.id}` is at {pit.top_m:.2f} m",
            where="layers", hint="levels are in the vertical datum of the city (NAP), not depths",
        )  # fmt: skip
    off = float(layers["top_z_m"].iloc[0]) - pit.top_m
    if by_hand and not -MOST_BELOW_M <= off <= MOST_ABOVE_M:
        word = "above" if off > 0 else "below"
        ground = f"the ground at pit `{pit.id}` ({pit.top_m:.2f} m)"
        raise GeometryError(
            f"the layers begin at {layers['top_z_m'].iloc[0]:.2f} m, {abs(off):.1f} m {word} {ground}",
            where="layers", hint="begin them at the ground; levels are in the vertical datum of the city (NAP), not depths",
        )  # fmt: skip
    if abs(off) > 0.5:
        word = "above" if off > 0 else "below"
        told.append(f"The layers begin {abs(off):.1f} m {word} the ground at pit {pit.label}: the first of them is taken up to it.")
    layers.loc[0, "top_z_m"] = pit.top_m
    blank = layers["soil_class"] == ""
    if blank.any():
        for key, value in by_class(UNKNOWN_SOIL).items():
            if key in layers and key not in ("source", "estimated"):
                layers.loc[blank, key] = value
        layers.loc[blank, "soil_class"] = UNKNOWN_SOIL
        told.append("What lies above the first record of a sounding is not known: it is taken for made ground.")
    return layers.assign(thickness_m=layers["top_z_m"] - layers["bottom_z_m"])


def _levels(
    pit: Pit, city: City, settings: PitAnalysis, x: float, y: float, layers: pd.DataFrame
) -> tuple[float, float]:
    water, head = water_of(city, settings, x, y, layers)
    if math.isnan(water):
        raise ParameterError(
            f"no well or sounding within 250 m of pit `{pit.id}` tells where the groundwater stands", where="water_m",
            hint="give the water table, e.g. `water_m: 0.6`, in the vertical datum of the city (NAP)",
        )  # fmt: skip
    if water > pit.top_m + 0.01:
        raise ParameterError(
            f"the water table ({water:g} m) is above the ground at pit `{pit.id}` ({pit.top_m:.2f} m)", where="water_m",
            hint="levels are in the vertical datum of the city (NAP), not depths",
        )  # fmt: skip
    if settings.lowest_m is not None and settings.lowest_m > water + 0.01:
        raise ParameterError(
            f"the lowest water table of the past ({settings.lowest_m:g} m) is above the one of now ({water:g} m)", where="lowest_m",
            hint="it is the lowest that the ground has known, or leave it out",
        )  # fmt: skip
    if head > pit.top_m + MOST_HEAD_M:
        ground = f"the ground at pit `{pit.id}` ({pit.top_m:.2f} m)"
        raise ParameterError(
            f"the head of the water ({head:g} m) is {head - pit.top_m:.1f} m above {ground}",
            where="head_m", hint="levels are in the vertical datum of the city (NAP), in metres",
        )  # fmt: skip
    top, bottom = aquitard_of(layers)
    if math.isnan(head) and math.isfinite(top):
        raise ParameterError(
            f"under the clay and peat at pit `{pit.id}` ({top:.2f} to {bottom:.2f} m) the head of the water is not known: no well "
            "within 250 m has its filter there",
            where="head_m", hint="give it, e.g. `head_m: 0.4`: it decides whether the floor comes up",
        )  # fmt: skip
    return water, head


def see_heads(pit: Pit, soil: PitSoil) -> None:
    """See that the heads that wells keep under a pit are no higher than the head there is: pumping lowers it.

    Raises
    ------
    ParameterError
    """
    for stage in pit.stages:
        if stage.head_m > soil.head_m + 0.01:
            raise ParameterError(
                f"stage `{stage.id}` of pit `{pit.id}` keeps a head of {stage.head_m:g} m, and the head there is {soil.head_m:g} m",
                where="head_m", hint="wells lower the head: give a lower `head_m` in the stage, or leave it out",
            )  # fmt: skip


def _told_of_water(
    settings: PitAnalysis, parted: bool, upper: float, lower: float, resistance: float, aquitard: tuple[float, float],
    deepest: float,
) -> list[str]:  # fmt: skip
    """How well the ground lets water through, and where that is known from."""
    drawn = lower if parted else upper
    where = f"between {aquitard[1]:.1f} and {deepest:.1f} m" if parted else f"down to {deepest:.1f} m"
    told = []
    if settings.transmissivity_m2_d is not None:
        told.append(f"The ground that water is drawn from has a transmissivity of {drawn:g} m2/d, as given.")
    elif math.isfinite(drawn):
        told.append(
            f"The ground that water is drawn from has a transmissivity of {drawn:.3g} m2/d, an estimate of the layers {where}: "
            "what lies deeper is not counted, and permeability is good to a factor of 10 each way. For a permit a pumping test is "
            "asked."
        )
    if parted:
        source = "as given" if settings.resistance_d is not None else "an estimate of the layers, good to a factor of 10 each way"
        told.append(
            f"Clay and peat between {aquitard[0]:.1f} and {aquitard[1]:.1f} m part the water table from the head below; they have "
            f"a resistance of {resistance:,.0f} d ({source})."
        )
    else:
        told.append("No clay or peat of half a metre or more parts a water table from a head below: there is one water.")
    return told
