"""What a cloudburst is worked out with."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from twin.scenario.place import NonNegativeFloat, Part, PositiveFloat

SILL_SOURCE = "assumption: doorsills are this high above the street"
IMPASSABLE_SOURCE = "cars stand still in 0.3 m of water (Pregnolato et al. 2017, doi:10.1016/j.trd.2017.06.020)"


class RainAnalysis(Part):
    """A cloudburst over the city: how deep water stands, and whom it reaches.

    Attributes
    ----------
    rain_mm : float
        By default the lightest of the standard events of the Dutch stress test: 70 mm in an hour, once in a hundred years in the
        climate of 2050 (STOWA, Stichting RIONED and the Ministry of Infrastructure and Water Management 2018) [mm].
    duration_min : float
        In which it falls, evenly [min].
    after_min : float
        For how long it is followed after the rain, with `flow` [min].
    method : {"flow", "fill"}
        The flow of water over time, or only where it stands in the end: every drop runs downhill, fills what is low, and spills.
    cell_m : float
        Cells of the map [m].
    sewer_mm_h : float
        What sewers take from paved streets while there is water [mm/h]; 20 as on the national maps (Deltares 2018).
    paved_infiltration_mm_h, unpaved_infiltration_mm_h : float
        What soaks away while there is water [mm/h]: 0, and the lowest of the range for unpaved ground in the Kennisbank of
        Stichting RIONED.
    elsewhere : {"paved", "unpaved"}
        What ground is that no layer of the city tells of.
    paved_manning, unpaved_manning : float
        Roughness [s m^(-1/3)]: those of test 8A of the Environment Agency (Neelz and Pender 2013, SC120002), rain on streets.
    edges : {"open", "closed"}
        Whether water runs off over the edge of the area.
    sill_m : float
        Depth before a facade from which on a building counts as wet [m].
    sill_source : str
    impassable_m : float
        Depth from which on a road counts as impassable [m].
    impassable_source : str
    """

    rain_mm: PositiveFloat = Field(default=70.0, le=1000)
    duration_min: PositiveFloat = Field(default=60.0, ge=1, le=2880)
    after_min: NonNegativeFloat = Field(default=60.0, le=2880)
    method: Literal["flow", "fill"] = "flow"
    cell_m: PositiveFloat = Field(default=2.0, ge=0.5, le=20)
    sewer_mm_h: NonNegativeFloat = Field(default=20.0, le=500)
    paved_infiltration_mm_h: NonNegativeFloat = Field(default=0.0, le=500)
    unpaved_infiltration_mm_h: NonNegativeFloat = Field(default=10.0, le=500)
    elsewhere: Literal["paved", "unpaved"] = "paved"
    paved_manning: PositiveFloat = Field(default=0.02, ge=0.005, le=1)
    unpaved_manning: PositiveFloat = Field(default=0.05, ge=0.005, le=1)
    edges: Literal["open", "closed"] = "open"
    sill_m: PositiveFloat = Field(default=0.1, le=5)
    sill_source: str = SILL_SOURCE
    impassable_m: PositiveFloat = Field(default=0.3, le=5)
    impassable_source: str = IMPASSABLE_SOURCE
