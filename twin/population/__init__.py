"""From a scenario's people to arrays: who starts where and when, and where each one goes."""

from __future__ import annotations

from twin.population.destinations import Destinations, find_destinations
from twin.population.entry_times import expected_people
from twin.population.kinds import SPEED_RANGE_M_S
from twin.population.levels import check_level
from twin.population.placing import Population, populate

__all__ = ["SPEED_RANGE_M_S", "Destinations", "Population", "check_level", "expected_people", "find_destinations", "populate"]
