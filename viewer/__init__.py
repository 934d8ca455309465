"""Draws cities and results: a scene is data, and every back-end draws the same scene.

Names are loaded when they are first used, so ``import viewer`` costs next to nothing and needs no renderer.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

_WHERE = {
    "ChangeShape": "viewer.changes",
    "Scene": "viewer.scene",
    "compose": "viewer.compose",
    "export": "viewer.export",
    "movie": "viewer.backends.movie",
    "screenshot": "viewer.backends.image",
    "show": "viewer.backends.window",
}

if TYPE_CHECKING:
    from viewer.backends.image import screenshot as screenshot
    from viewer.backends.movie import movie as movie
    from viewer.backends.window import show as show
    from viewer.changes import ChangeShape as ChangeShape
    from viewer.compose import compose as compose
    from viewer.export import export as export
    from viewer.scene import Scene as Scene

__all__ = list(_WHERE)


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        value = getattr(import_module(_WHERE[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'viewer' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """Lets the functions `compose` and `export` win over the submodules of the same names."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _WHERE and isinstance(value, ModuleType):
            return
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
