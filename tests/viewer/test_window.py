"""The window: refused clearly without a display, and complete when one is there (drawn off-screen here)."""

from __future__ import annotations

import os

import numpy as np
import pytest

from twin.errors import ParameterError, RenderingError
from viewer.backends import probe, window
from viewer.scene import Scene


def test_without_a_display_it_says_what_to_use_instead(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "has_display", lambda: False)
    with pytest.raises(RenderingError, match="no display") as caught:
        window.show(scene)
    assert caught.value.hint is not None
    assert "viewer.export" in caught.value.hint
    with pytest.raises(ParameterError, match="no view"):
        window.show(scene, view="nowhere")


def test_everything_is_in_it_and_the_slider_moves_it(scene: Scene) -> None:
    try:
        probe.prepare()
    except RenderingError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    plotter = window.build(scene, size=(400, 300), off_screen=True)
    try:
        assert {"buildings", "water", "people", "density_street"} <= set(plotter.actors)
        assert "cellars" not in plotter.actors
        view = scene.view()
        plotter.camera_position = [view.eye, view.target, (0.0, 0.0, 1.0)]
        plotter.reset_camera_clipping_range()
        assert np.asarray(plotter.screenshot(None, return_img=True)).std() > 20
    finally:
        plotter.close()
