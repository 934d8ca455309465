"""What each sample of a picture shows: PyVista draws every triangle in a colour that is its number."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import RenderingError
from viewer.backends import pack, probe
from viewer.backends.camera import Camera


def visible_triangles(packed: pack.Packed, camera: Camera, samples: int) -> NDArray[np.uint32]:
    """Number (from 1) of the triangle that each sample shows, 0 for the sky, (H * s, W * s) uint32.

    Each triangle is drawn in a colour that is its number, without light or smoothing.
    """
    probe.prepare()
    import pyvista as pv

    count = len(packed.triangles)
    shape = (camera.height * samples, camera.width * samples)
    if not count:
        return np.zeros(shape, np.uint32)
    if count >= 2**24 - 1:
        raise RenderingError(f"{count} triangles are too many for one picture", hint="draw a part of the city")
    vertices = (packed.vertices - camera.target).astype(np.float32)
    mesh = pv.PolyData.from_regular_faces(vertices, packed.triangles.astype(np.int64))
    number = np.arange(1, count + 1, dtype=np.uint32)
    mesh.cell_data["number"] = np.column_stack([number & 255, (number >> 8) & 255, number >> 16]).astype(np.uint8)
    plotter = pv.Plotter(off_screen=True, window_size=shape[::-1], lighting="none")
    try:
        plotter.set_background((0.0, 0.0, 0.0))
        plotter.add_mesh(mesh, scalars="number", rgb=True, lighting=False, copy_mesh=False)
        plotter.render_window.SetMultiSamples(0)
        _aim(plotter.camera, camera, packed.vertices)
        colours = np.asarray(plotter.screenshot(None, return_img=True))
    finally:
        plotter.close()
    if colours.shape[:2] != shape:
        raise RenderingError(f"the renderer gave {colours.shape[1]} x {colours.shape[0]} pixels instead of {shape[1]} x {shape[0]}")
    ids = colours[..., 0].astype(np.uint32)
    ids |= colours[..., 1].astype(np.uint32) << 8
    ids |= colours[..., 2].astype(np.uint32) << 16
    ids[ids > count] = 0
    # A hairline between two pieces of ground would show the sky as a white speck: close it.
    speck = (ids[:, 1:-1] == 0) & (ids[:, :-2] != 0) & (ids[:, 2:] != 0)
    ids[:, 1:-1][speck] = ids[:, :-2][speck]
    return ids


def _aim(target: Any, camera: Camera, vertices: NDArray[np.float64]) -> None:
    target.position = tuple(camera.eye - camera.target)
    target.focal_point = (0.0, 0.0, 0.0)
    target.up = tuple(camera.up)
    depth = (vertices - camera.eye) @ camera.forward
    far = float(depth.max()) * 1.01 + 1.0
    if camera.parallel:
        target.parallel_projection = True
        target.parallel_scale = camera.tan_half * camera.distance
        near = float(depth.min()) - 1.0
    else:
        target.view_angle = float(np.degrees(2 * np.arctan(camera.tan_half)))
        near = float(np.clip(depth.min() * 0.99, 0.02 * camera.distance, None))
    target.clipping_range = (near, max(far, near + 1.0))
