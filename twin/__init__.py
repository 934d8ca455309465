"""Stadstwin: the digital twin of a city. Load it in 3D, change it, predict what the change does, show it.

Names are loaded when they are first used, so ``import twin`` costs next to nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_WHERE = {
    "City": "twin.geo.city",
    "read_city": "twin.geo.city",
    "stream_city": "twin.geo.city",
    "write_city": "twin.geo.writers",
    "Scenario": "twin.scenario",
    "read_scenario": "twin.scenario",
    "run": "twin.run",
    "Checkpoints": "twin.checkpoints",
    "compare": "twin.compare",
    "Comparison": "twin.compare",
    "ensemble": "twin.ensemble",
    "Ensemble": "twin.ensemble",
    "Result": "twin.result",
    "open_result": "twin.result",
    "simulate_crowd": "twin.bare_crowd",
    "section": "twin.sections",
    "Section": "twin.sections",
    "read_trajectories": "twin.read_trajectories",
    "register_model": "twin.sim.crowd.models",
    "sample_folder": "twin.geo.samples",
    "TwinError": "twin.errors",
}

if TYPE_CHECKING:
    from twin.bare_crowd import simulate_crowd as simulate_crowd
    from twin.checkpoints import Checkpoints as Checkpoints
    from twin.compare import Comparison as Comparison
    from twin.compare import compare as compare
    from twin.ensemble import Ensemble as Ensemble
    from twin.ensemble import ensemble as ensemble
    from twin.errors import TwinError as TwinError
    from twin.geo.city import City as City
    from twin.geo.city import read_city as read_city
    from twin.geo.city import stream_city as stream_city
    from twin.geo.samples import sample_folder as sample_folder
    from twin.geo.writers import write_city as write_city
    from twin.read_trajectories import read_trajectories as read_trajectories
    from twin.result import Result as Result
    from twin.result import open_result as open_result
    from twin.run import run as run
    from twin.scenario import Scenario as Scenario
    from twin.scenario import read_scenario as read_scenario
    from twin.sections import Section as Section
    from twin.sections import section as section
    from twin.sim.crowd.models import register_model as register_model

__all__ = ["__version__", *_WHERE]


def __getattr__(name: str) -> Any:
    # The functions share their names with the modules that hold them (twin.run, twin.compare,
    # twin.ensemble, ...). `_Module` below lets the function win over the submodule.
    if name in _WHERE:
        value = getattr(import_module(_WHERE[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'twin' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """Lets the functions `run`, `compare`, `ensemble` and `read_trajectories` win over the submodules of the same names.

    Importing a submodule binds it as an attribute of its package; for these names that binding is left out.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _WHERE and isinstance(value, ModuleType):
            return
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
