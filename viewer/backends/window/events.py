"""From VTK's events to those of the window."""

from __future__ import annotations

import time
from typing import Any

from viewer.backends.window.controller import Window

TICK_MS = 33
_BUTTONS = {"Left": "left", "Middle": "middle", "Right": "right"}


def bind(window: Window, interactor: Any) -> None:
    """Hand all events of a VTK interactor to a window, in place of those of VTK's own styles.

    Parameters
    ----------
    window : Window
    interactor : vtkRenderWindowInteractor
    """
    from vtkmodules.vtkRenderingCore import vtkInteractorStyle

    for name in ("KeyPressEvent", "KeyReleaseEvent", "CharEvent", "LeftButtonPressEvent", "MouseMoveEvent", "TimerEvent"):
        # PyVista's own keys (q, w, s, v, ...) mean something else
        interactor.RemoveObservers(name)
    style = vtkInteractorStyle()
    interactor.SetInteractorStyle(style)
    last = [time.monotonic()]

    def pointer() -> tuple[float, float]:
        x, y = interactor.GetEventPosition()
        return float(x), float(window.size[1] - 1 - y)

    def draw() -> None:
        if window.refresh():
            window.draw()
        if window.closed:
            interactor.TerminateApp()

    def pressed(button: str) -> Any:
        def act(*_: Any) -> None:
            window.press(button, *pointer(), shift=bool(interactor.GetShiftKey()))
            draw()

        return act

    def released(*_: Any) -> None:
        window.release(*pointer())
        draw()

    def moved(*_: Any) -> None:
        window.move(*pointer())
        draw()

    def turned(clicks: int) -> Any:
        def act(*_: Any) -> None:
            window.wheel(clicks, *pointer())
            draw()

        return act

    def key_down(*_: Any) -> None:
        window.key(str(interactor.GetKeySym()))
        draw()

    def key_up(*_: Any) -> None:
        window.key_up(str(interactor.GetKeySym()))

    def passed(*_: Any) -> None:
        now = time.monotonic()
        # after a slow frame time goes on from there, it does not jump
        seconds, last[0] = min(now - last[0], 0.5), now
        if window.tick(seconds, fast=bool(interactor.GetShiftKey())):
            window.draw()
        if window.closed:
            interactor.TerminateApp()

    def resized(*_: Any) -> None:
        window.state.changed |= {"camera", "panels"}
        draw()

    def nothing(*_: Any) -> None:
        """Letters mean nothing to VTK here."""

    for name, button in _BUTTONS.items():
        style.AddObserver(f"{name}ButtonPressEvent", pressed(button))
        style.AddObserver(f"{name}ButtonReleaseEvent", released)
    style.AddObserver("MouseMoveEvent", moved)
    style.AddObserver("MouseWheelForwardEvent", turned(1))
    style.AddObserver("MouseWheelBackwardEvent", turned(-1))
    style.AddObserver("KeyPressEvent", key_down)
    style.AddObserver("KeyReleaseEvent", key_up)
    style.AddObserver("CharEvent", nothing)
    style.AddObserver("TimerEvent", passed)
    interactor.AddObserver("ConfigureEvent", resized)


def run(window: Window) -> None:
    """Show a window until it is closed."""
    interactor = window.plotter.iren.interactor
    interactor.Initialize()
    bind(window, interactor)
    window.render()
    interactor.CreateRepeatingTimer(TICK_MS)
    interactor.Start()
    window.plotter.close()
