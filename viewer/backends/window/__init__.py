"""An interactive window (PyVista), or in a notebook without a screen a still picture."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import ParameterError, RenderingError
from viewer.backends import probe
from viewer.scene import Scene

if TYPE_CHECKING:
    from viewer.backends.window.controller import Window


def in_notebook() -> bool:
    """Whether a notebook's kernel runs this."""
    shell = sys.modules.get("IPython")
    return shell is not None and getattr(shell.get_ipython(), "kernel", None) is not None


def show(
    scene: Scene,
    *,
    view: str | None = None,
    size: tuple[int, int] = (1400, 850),
    language: str = "en",
    speed: float = 1.0,
    screenshots: str | Path = ".",
) -> Any:
    """Open a window to look round in: go round or walk, layers, time, sections, sun, measures. `H` shows the keys.

    In a notebook without a screen the picture of `viewer.screenshot` is shown instead.

    Parameters
    ----------
    scene : Scene
    view : str, optional
        Name of a view of the scene; by default its first.
    size : tuple of int
        Width and height [px].
    language : {"en", "nl"}
        Of the panels and the help.
    speed : float
        Seconds of the scene in a second, when it plays.
    screenshots : str or Path
        Folder for the pictures that the key `P` saves.

    Raises
    ------
    RenderingError
        When no window can be opened.
    ParameterError
        When the scene has no such view, or language or speed are not possible.
    """
    scene.view(view)
    _check(language, speed)
    if not probe.has_display():
        if in_notebook():
            from IPython.display import Image

            from viewer.backends.image import screenshot

            return Image(screenshot(scene, view=view, size=size, language=language))
        raise RenderingError(
            "no window can be opened: there is no display",
            hint="viewer.screenshot(scene, 'x.png') and viewer.export(scene, 'x.html') need none",
        )
    from viewer.backends.window.events import run

    run(build(scene, view=view, size=size, language=language, speed=speed, screenshots=screenshots, off_screen=False))
    return None


def build(
    scene: Scene,
    *,
    view: str | None = None,
    size: tuple[int, int] = (1400, 850),
    language: str = "en",
    speed: float = 1.0,
    screenshots: str | Path = ".",
    off_screen: bool = True,
) -> Window:
    """A window with everything in it, not shown yet; without a screen it can be used and photographed just as well.

    Parameters are those of `show`, and `off_screen`.
    """
    _check(language, speed)
    if off_screen:
        probe.prepare()
    import pyvista as pv

    from viewer.backends.window.controller import Window
    from viewer.backends.window.state import State

    plotter = pv.Plotter(window_size=list(size), off_screen=off_screen, lighting="none", title=f"{scene.title} - Stadstwin")
    return Window(State(scene, view, language, speed), plotter, Path(screenshots))


def _check(language: str, speed: float) -> None:
    from viewer.backends.window.texts import check_language

    check_language(language)
    if not 0.01 <= speed <= 1000.0:
        raise ParameterError(f"a speed of {speed} is not possible", hint="give seconds of the scene in a second, 0.01 to 1000")
