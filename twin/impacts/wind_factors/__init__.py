"""Factors of the wind by direction, as a wind tunnel or CFD gives them: read from tables, points and rasters, and looked at.

A factor is the hourly mean speed at the height of people over that of the reference, with the wind from one direction. Directions
are those that the wind comes from, in degrees from north clockwise; 360 is 0.
"""

from twin.impacts.wind_factors.limits import MOST_BYTES, MOST_FACTOR, MOST_VALUES, not_too_large
from twin.impacts.wind_factors.model import Factors, Raster
from twin.impacts.wind_factors.read import read_factors
from twin.impacts.wind_factors.table import read_table

__all__ = ["MOST_BYTES", "MOST_FACTOR", "MOST_VALUES", "Factors", "Raster", "not_too_large", "read_factors", "read_table"]
