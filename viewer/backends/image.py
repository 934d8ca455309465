"""Still pictures: drawn as one picture of a film, with everything written on it."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.errors import OutputError, ParameterError
from viewer.backends.camera import Camera
from viewer.backends.film import Film
from viewer.scene import Scene
from viewer.words import check_language

MOST_PIXELS = 36_000_000
"""A picture takes some 200 bytes a pixel to draw."""

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
    if not (64 <= width <= 8192 and 64 <= height <= 8192 and width * height <= MOST_PIXELS):
        hint = f"give 64 to 8192 a side, and {MOST_PIXELS / 1e6:g} million pixels at most"
        raise ParameterError(f"a picture of {width} x {height} pixels is not possible", hint=hint)
    if background not in BACKGROUNDS:
        raise ParameterError(f"there is no background `{background}`", hint=f"there are: {', '.join(BACKGROUNDS)}")
    check_language(language)
    scene = scene.shown().for_view(view)
    scene = scene if look is None else scene.styled(look)
    moment = moment_in(scene, time)
    camera = Camera.of(scene.view(view), (width, height))
    pixels, cover = Film(scene, camera).picture(moment, sky=background == "sky")
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


def moment_in(scene: Scene, time: float | None) -> float:
    """The moment to draw: what is asked for, if the scene has it, else the scene's own.

    Raises
    ------
    ParameterError
        When the scene does not go so far.
    """
    moment = scene.time if time is None else float(time)
    inside = not len(scene.times) or time is None or scene.times[0] - 1e-6 <= moment <= scene.times[-1] + 1e-6
    if not (np.isfinite(moment) and inside):
        hint = f"it goes from {scene.times[0]:g} to {scene.times[-1]:g} s" if len(scene.times) else "nothing in it moves"
        raise ParameterError(f"the scene has no moment {moment:g} s", hint=hint)
    return moment


def render(scene: Scene, time: float, camera: Camera) -> NDArray[np.uint8]:
    """The picture without anything written on it, (H, W, 3) uint8 sRGB."""
    return Film(scene, camera).picture(time)[0]


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
