"""The ground below a city: soundings as soil and layers, groundwater, and what lies between soundings.

>>> import twin
>>> from twin.soil import layers_of
>>> city = twin.read_city("sample")
>>> layers_of(city.soundings.loc["borehole-1"])["soil_class"].tolist()
['made ground', 'clay', 'peat', 'sand', 'sand']
"""

from __future__ import annotations

from twin.soil.drawn import plot_sounding
from twin.soil.given import layers_from
from twin.soil.interpret import interpret
from twin.soil.layers import LAYER_COLUMNS, layers_of
from twin.soil.model import SoilModel
from twin.soil.water import Groundwater, groundwater, water_table

__all__ = [
    "LAYER_COLUMNS", "Groundwater", "SoilModel", "groundwater", "interpret", "layers_from", "layers_of", "plot_sounding",
    "water_table",
]  # fmt: skip
