"""Scenarios: what goes in. A validated, immutable description read from a YAML file."""

from __future__ import annotations

from twin.scenario.changes import (
    AntennaChange,
    BuildingChange,
    Change,
    ClosureChange,
    EventChange,
    FenceChange,
    PavingChange,
    TreesChange,
)
from twin.scenario.excavation import ExcavationChange
from twin.scenario.model import Analyses, CrowdSettings, Scenario
from twin.scenario.read import read_scenario, scenario_from_text

__all__ = [
    "Analyses",
    "AntennaChange",
    "BuildingChange",
    "Change",
    "ClosureChange",
    "CrowdSettings",
    "EventChange",
    "ExcavationChange",
    "FenceChange",
    "PavingChange",
    "Scenario",
    "TreesChange",
    "read_scenario",
    "scenario_from_text",
]
