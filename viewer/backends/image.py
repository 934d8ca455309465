"""Still pictures: PyVista finds what each pixel shows, `light` colours it, `overlay` writes on it."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import OutputError, ParameterError, RenderingError
from viewer import looks
from viewer.backends import light, pack, probe
from viewer.backends.camera import Camera
from viewer.scene import Scene
from viewer.words import check_language

SAMPLES = 2
"""Samples a pixel in each direction."""

BACKGROUNDS = ("sky", "transparent")


def screenshot(
    scene: Scene,
    path: str | Path | None = None,
    *,
    view: str | None = None,
    time: float | None = None,
    size: tuple[int, int] = (1600, 900),
    overlay: bool = True,
    background: str = "sky",
    look: str | None = None,
    language: str = "en",
) -> bytes | Path:
    """Draw a picture of a scene without opening a window.

    Parameters
    ----------
    scene : Scene
    path : str or Path, optional
        PNG to write; by default the PNG is returned as bytes.
    view : str, optional
        Name of a view of the scene; by default its first.
    time : float, optional
        Moment to show [s]; by default the scene's.
    size : tuple of int
        Width and height [px].
    overlay : bool
        Write title, legend, scale, north arrow and credits on it.
    background : str
        ``"sky"``, or ``"transparent"`` to lay the picture over something else.
    look : str, optional
        House style, one of `viewer.scene.LOOKS`; by default the scene's.
    language : {"en", "nl"}
        Of what is written on it; titles, names and credits stay as they are.

    Returns
    -------
    bytes or Path
        The PNG, or where it was written.

    Raises
    ------
    RenderingError
        When there is no OpenGL; names the packages to install.
    ParameterError
        When the scene has no such view, or the size, the background, the look or the language is not possible.
    OutputError
        When the file cannot be written.
    """
    width, height = (int(v) for v in size)
    if not (64 <= width <= 8192 and 64 <= height <= 8192):
        raise ParameterError(f"a picture of {width} x {height} pixels is not possible", hint="give 64 to 8192 a side")
    if background not in BACKGROUNDS:
        raise ParameterError(f"there is no background `{background}`", hint=f"there are: {', '.join(BACKGROUNDS)}")
    check_language(language)
    scene = scene.shown() if look is None else scene.shown().styled(look)
    moment = scene.time if time is None else float(time)
    camera = Camera.of(scene.view(view), (width, height))
    pixels, cover = _render(scene, moment, camera, sky=background == "sky")
    from PIL import Image

    picture = Image.fromarray(pixels if background == "sky" else np.dstack([pixels, cover]))
    if overlay:
        from viewer.backends.overlay import write_on

        picture = write_on(picture, scene, moment, camera, language)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=4)
    encoded = buffer.getvalue()
    _read_back(encoded, (width, height))
    return encoded if path is None else write_bytes(Path(path), encoded)


def render(scene: Scene, time: float, camera: Camera) -> NDArray[np.uint8]:
    """The picture without anything written on it, (H, W, 3) uint8 sRGB."""
    return _render(scene, time, camera, sky=True)[0]


def _render(scene: Scene, time: float, camera: Camera, *, sky: bool) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The picture with or without its sky, and how much of each pixel has something in it, (H, W) uint8."""
    packed = pack.pack(scene, time, camera)
    # Everything is drawn relative to the target: single precision is then fine to a millimetre.
    shift = camera.target.copy()
    ids = visible_triangles(packed, camera, SAMPLES)
    eye = eye_of(scene, camera, shift)
    drape = pack.drape_of(scene, time, shift)
    heights = pack.height_raster(packed, shift, lit=scene if eye.look.lamps else None)
    pixels = light.shade(ids, eye, pack.surfaces(packed, shift, scene.look), heights, drape, sky=sky)
    seen = (ids != 0).reshape(camera.height, SAMPLES, camera.width, SAMPLES).sum(axis=(1, 3))
    return pixels, np.rint(255.0 / SAMPLES**2 * seen).astype(np.uint8)


def eye_of(scene: Scene, camera: Camera, shift: NDArray[np.float64]) -> light.Eye:
    """The camera for the kernels, in coordinates from which `shift` is subtracted, and the light that it sees."""
    return light.Eye(
        camera.eye - shift,
        camera.forward,
        camera.right,
        camera.up,
        camera.tan_half,
        camera.distance,
        camera.parallel,
        light.sun_vector(scene.sun_azimuth_deg, scene.sun_altitude_deg),
        1.2 * camera.distance,
        max(6.0 * camera.distance, 1500.0),
        SAMPLES,
        looks.LIGHTS[scene.look],
    )


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


def _read_back(encoded: bytes, size: tuple[int, int]) -> None:
    from PIL import Image

    with Image.open(io.BytesIO(encoded)) as check:
        check.load()
        if check.size != size or check.format != "PNG":
            raise OutputError("the picture that was made cannot be read back")


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file whole or not at all.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror or error}", where=str(path)) from None
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        part.chmod(0o644)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(f"cannot be written: {error.strerror or error}", where=str(path)) from None
    return path
