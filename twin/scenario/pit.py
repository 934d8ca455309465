"""What a pit is worked out with."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from twin.scenario.facilities import Where
from twin.scenario.place import FiniteFloat, Name, NonNegativeFloat, Part, PositiveFloat, WholeNumber

CATEGORY_SOURCE = "no more than very slight damage (category 1, fine cracks up to 1 mm; Burland): usual for a permit, yours to set"

Foundation = Literal["shallow", "piles below", "piles within", "wooden piles", "unknown"]


class SoilLayer(Part):
    """A layer of the ground, by hand; what is not given is taken by its soil, as an estimate.

    Attributes
    ----------
    soil : str
        Gravel, sand, loam, clay, peat, made ground, the same in Dutch, or a code of NEN 5104.
    top_m, bottom_m, thickness_m : float, optional
        Levels; of the first layer the top, of each the bottom or the thickness [m in the vertical datum].
    unit_weight_kn_m3, saturated_kn_m3 : float, optional
        Above and below the water [kN/m3].
    cr, rr, c_alpha : float, optional
        Compression ratio, that of recompression, and that of creep.
    k_m_d : float, optional
        Permeability, both ways; or `k_h_m_d` along and `k_v_m_d` across the layer [m/d].
    """

    soil: Name
    top_m: FiniteFloat | None = None
    bottom_m: FiniteFloat | None = None
    thickness_m: PositiveFloat | None = Field(default=None, le=1000)
    unit_weight_kn_m3: PositiveFloat | None = None
    saturated_kn_m3: PositiveFloat | None = None
    cr: PositiveFloat | None = None
    rr: PositiveFloat | None = None
    c_alpha: NonNegativeFloat | None = None
    k_m_d: PositiveFloat | None = None
    k_h_m_d: PositiveFloat | None = None
    k_v_m_d: PositiveFloat | None = None


class PitAnalysis(Part):
    """What the excavations of a scenario do: soil, water, settlement, buildings, trees, pipes, lorries and noise.

    Attributes
    ----------
    cell_m : float
        Cells of the maps [m].
    layers : list of SoilLayer
        The ground from the top down; by default that between the soundings of the city.
    water_m : float, optional
        Water table; by default that of the nearest well or sounding [m in the vertical datum].
    head_m : float, optional
        Head under the layers of clay and peat; by default that of the nearest well that reaches there [m in the vertical datum].
    lowest_m : float, optional
        Lowest water table of the past: up to there the soil has carried the load before [m in the vertical datum].
    transmissivity_m2_d, resistance_d : float, optional
        Of the ground that water is drawn from, and of the clay and peat above it; by default of the layers [m2/d, d].
    storativity, specific_yield : float
        Water that is set free for each metre of fall, under clay and of a water table; estimates.
    pumping_days : float
        How long water is kept low where stages have no dates [d].
    relieve : bool
        Whether relief wells lower the head below where the floor of a stage asks for that and its `head_m` is not stated: what they
        do to water, settlement and damage then counts.
    joint_m_s : float
        What the joints of sheet piles let through for each metre of them and each metre of head (EN 12063); an estimate [m/s].
    canal : bool
        Whether the water of the city keeps its level and feeds the ground beside it.
    foundation : {"shallow", "piles below", "piles within", "wooden piles", "unknown"}
        Of buildings whose foundation the city does not tell.
    allowed_category : int
        Worst category of damage that a building may have, 0 to 4.
    category_source : str
    payload_t, body_m3 : float
        What a lorry carries, and what it holds [t, m3]; estimates of one with three axles.
    light_payload_t : float
        What one of 3.5 t carries: heavier ones may not drive above wharf cellars [t]; an estimate.
    to : place, optional
        Where lorries leave the city: their way from the pit is looked for.
    piling : {"vibrated", "hit", "pressed"}
        How sheet piles go into the ground.
    energy_kj : float
        Of a blow, where they are hit [kJ].
    frequency_hz : float
        Of the vibration [Hz].
    building_category : {1, 2}
        Of SBR-A: 1 concrete or timber frames, 2 masonry.
    condition : {"normal", "sensitive"}
        Of buildings; monuments and those in a poor state are sensitive.
    piling_power_db, piling_hours, piling_m_per_day : float
        Sound power of the machine, by default by how piles go in [dB(A)]; how long it works in a day [h], and how much wall it
        makes in it [m]; estimates.
    """

    cell_m: PositiveFloat = Field(default=2.0, ge=0.5, le=20)
    layers: tuple[SoilLayer, ...] = Field(default=(), max_length=100)
    water_m: FiniteFloat | None = None
    head_m: FiniteFloat | None = None
    lowest_m: FiniteFloat | None = None
    transmissivity_m2_d: PositiveFloat | None = Field(default=None, le=1e5)
    resistance_d: PositiveFloat | None = Field(default=None, le=1e7)
    storativity: PositiveFloat = Field(default=1e-3, ge=1e-7, le=0.4)
    specific_yield: PositiveFloat = Field(default=0.1, ge=1e-3, le=0.4)
    pumping_days: PositiveFloat = Field(default=90.0, le=36_500)
    relieve: bool = True
    joint_m_s: PositiveFloat = Field(default=1e-7, le=1e-3)
    canal: bool = True
    foundation: Foundation = "unknown"
    allowed_category: WholeNumber = Field(default=1, ge=0, le=4)
    category_source: str = CATEGORY_SOURCE
    payload_t: PositiveFloat = Field(default=18.0, le=100)
    body_m3: PositiveFloat = Field(default=12.0, le=100)
    light_payload_t: PositiveFloat = Field(default=1.3, le=3.5)
    to: Where | None = None
    piling: Literal["vibrated", "hit", "pressed"] = "vibrated"
    energy_kj: PositiveFloat = Field(default=30.0, le=1000)
    frequency_hz: PositiveFloat = Field(default=30.0, le=1000)
    building_category: WholeNumber = Field(default=2, ge=1, le=2)
    condition: Literal["normal", "sensitive"] = "normal"
    piling_power_db: PositiveFloat | None = Field(default=None, ge=60, le=160)
    piling_hours: PositiveFloat = Field(default=6.0, le=12)
    piling_m_per_day: PositiveFloat = Field(default=15.0, le=1000)
