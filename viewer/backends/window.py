"""An interactive window (PyVista), or in a notebook without a screen a still picture."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from twin.errors import RenderingError
from viewer.backends import probe
from viewer.backends.figures import Mesh, meshes
from viewer.backends.overlay import time_text
from viewer.backends.sheet import plain
from viewer.scene import FieldLayer, LabelLayer, PeopleLayer, Scene


def in_notebook() -> bool:
    """Whether a notebook's kernel runs this."""
    shell = sys.modules.get("IPython")
    return shell is not None and getattr(shell.get_ipython(), "kernel", None) is not None


def show(scene: Scene, *, view: str | None = None, size: tuple[int, int] = (1400, 850)) -> Any:
    """Open a window to look round in, with a slider when something moves.

    In a notebook without a screen the picture of `viewer.screenshot` is shown instead.

    Parameters
    ----------
    scene : Scene
    view : str, optional
        Name of a view of the scene; by default its first.
    size : tuple of int
        Width and height [px].

    Raises
    ------
    RenderingError
        When no window can be opened.
    ParameterError
        When the scene has no such view.
    """
    scene = scene.shown()
    chosen = scene.view(view)
    if not probe.has_display():
        if in_notebook():
            from IPython.display import Image

            from viewer.backends.image import screenshot

            return Image(screenshot(scene, view=view))
        raise RenderingError(
            "no window can be opened: there is no display",
            hint="viewer.screenshot(scene, 'x.png') and viewer.export(scene, 'x.html') need none",
        )
    plotter = build(scene, size=size, off_screen=False)
    plotter.camera.position, plotter.camera.focal_point = chosen.eye, chosen.target
    plotter.camera.up = (0.0, 0.0, 1.0) if chosen.eye[:2] != chosen.target[:2] else (0.0, 1.0, 0.0)
    plotter.camera.view_angle = chosen.angle_deg
    plotter.reset_camera_clipping_range()
    plotter.show()
    return None


def build(scene: Scene, *, size: tuple[int, int], off_screen: bool) -> Any:
    """A PyVista plotter with everything in it, not shown yet."""
    import pyvista as pv

    plotter = pv.Plotter(window_size=list(size), off_screen=off_screen, lighting="none")
    plotter.set_background((0.86, 0.89, 0.91), top=(0.50, 0.67, 0.86))
    _lights(plotter, scene)
    for name, _, mesh, opacity in meshes(scene, scene.time):
        _add(plotter, name, mesh, opacity)
    for layer in scene.layers:
        if isinstance(layer, LabelLayer) and layer.visible and len(layer.points):
            texts = [plain(text, 40) for text in layer.texts]
            plotter.add_point_labels(layer.points, texts, show_points=False, always_visible=True, font_size=12, shape_opacity=0.7)
    plotter.add_text(plain(scene.title), position="upper_left", font_size=12, color="black")
    if len(scene.times) > 1:
        _slider(plotter, scene)
    return plotter


def _add(plotter: Any, name: str, mesh: Mesh, opacity: float) -> None:
    import pyvista as pv

    vertices, triangles, colours = mesh
    surface = pv.PolyData.from_regular_faces(vertices, triangles.astype(np.int64))
    surface.cell_data["colour"] = colours
    plotter.add_mesh(
        surface,
        scalars="colour",
        rgb=True,
        opacity=opacity,
        name=name,
        ambient=0.4,
        diffuse=0.75,
        specular=0.0,
        reset_camera=False,
    )


def _lights(plotter: Any, scene: Scene) -> None:
    import pyvista as pv

    from viewer.backends.light import sun_vector

    toward = 1000.0 * sun_vector(scene.sun_azimuth_deg, scene.sun_altitude_deg)
    plotter.add_light(pv.Light(position=tuple(toward), focal_point=(0, 0, 0), color=(1.0, 0.96, 0.88), intensity=0.85))
    plotter.add_light(
        pv.Light(position=tuple(-toward * [1, 1, -1]), focal_point=(0, 0, 0), color=(0.80, 0.88, 1.0), intensity=0.30)
    )


def _slider(plotter: Any, scene: Scene) -> None:
    moving = {layer.name for layer in scene.layers if isinstance(layer, FieldLayer | PeopleLayer)}

    def move(time: float) -> None:
        shown = {name: (mesh, opacity) for name, _, mesh, opacity in meshes(scene, time) if name in moving}
        for name in moving:
            if name in shown:
                _add(plotter, name, *shown[name])
            else:
                plotter.remove_actor(name, reset_camera=False)
        plotter.add_text(time_text(scene, time), position="upper_right", font_size=10, color="black", name="moment")

    span = [float(scene.times[0]), float(scene.times[-1])]
    plotter.add_slider_widget(
        move, span, value=scene.time, title="time [s]", pointa=(0.3, 0.06), pointb=(0.7, 0.06), style="modern"
    )
