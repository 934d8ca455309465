"""Which impacts there are: one line each. A new one is settings in `twin.scenario`, a key of its `Analyses`, and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from twin.geo.city import City
    from twin.impact_result import ImpactResult
    from twin.impacts.site import Site


class Impact(Protocol):
    """Works an impact out on one side of a scenario; `before` is the other side, without the change."""

    def __call__(self, site: Site, settings: Any, before: tuple[Site, ImpactResult] | None = None) -> ImpactResult: ...


IMPACTS: Mapping[str, str] = MappingProxyType({
    "sun": "twin.impacts.sun_report:analyse", "sky": "twin.impacts.sky:analyse",
    "solar": "twin.impacts.solar:analyse", "noise": "twin.impacts.noise:analyse",
    "sight": "twin.impacts.sight:analyse", "green": "twin.impacts.green_report:analyse",
    "signal": "twin.impacts.signal:analyse",
    "access": "twin.impacts.access_report:analyse",
    "wind": "twin.impacts.wind:analyse",
    "heat": "twin.impacts.heat_report:analyse",
    "rain": "twin.impacts.rain_report:analyse",
    "routes": "twin.impacts.routes_report:analyse",
    "pit": "twin.impacts.pit:analyse",
    "cellars": "twin.impacts.cellars:analyse",
})  # fmt: skip
"""Impacts by their key in `analyses` of a scenario, in the order of the report: module and function."""

WITH_CROWD = frozenset({"cellars"})
"""Impacts that ask where people were: they come after the crowd, of all seeds. Their module has `ground`: where that is asked."""


class Ground(Protocol):
    """On what ground an impact asks where people were; None where it does not."""

    def __call__(self, city: City, settings: Any) -> BaseGeometry | None: ...


class Check(Protocol):
    """Sees whether an impact can be worked out of a city; raises what says why not."""

    def __call__(self, city: City, settings: Any) -> None: ...


def check(key: str) -> Check:
    """The function that sees whether an impact is possible: `possible`, beside its function."""
    made: Check = import_module(IMPACTS[key].split(":")[0]).possible
    return made


def ground(key: str) -> Ground:
    """On what ground one of `WITH_CROWD` asks where people were: `ground`, beside its function."""
    made: Ground = import_module(IMPACTS[key].split(":")[0]).ground
    return made


def impact(key: str) -> Impact:
    """The function of an impact."""
    module, function = IMPACTS[key].split(":")
    made: Impact = getattr(import_module(module), function)
    return made
