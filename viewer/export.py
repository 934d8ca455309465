"""Scenes as files, by the suffix of the path."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from twin.errors import OutputError
from viewer.scene import Scene

_WRITERS = {
    ".html": ("viewer.backends.html", "write_html"),
    ".glb": ("viewer.backends.glb", "write_glb"),
    ".png": ("viewer.backends.image", "screenshot"),
    ".mp4": ("viewer.backends.movie", "movie"),
    ".webm": ("viewer.backends.movie", "movie"),
    ".gif": ("viewer.backends.movie", "movie"),
}
_LATER = {".json": "3D Tiles", ".usdz": "USDZ", ".kmz": "KMZ", ".stl": "STL"}


def export(scene: Scene, path: str | Path) -> Path:
    """Write a scene as a file; the suffix says as what.

    Parameters
    ----------
    scene : Scene
    path : str or Path
        ``.html`` (one offline page: people and fields over time), ``.glb`` (one moment), ``.png`` (one view of one
        moment), or ``.mp4``, ``.webm``, ``.gif`` (a film from one view, see `viewer.movie`).

    Returns
    -------
    Path
        The file. Written whole or not at all, and read back before it counts.

    Raises
    ------
    OutputError
        When the suffix is not known, or the file cannot be written.
    RenderingError
        For a picture or a film, when there is no OpenGL.
    MissingExtraError
        For a film, when FFmpeg is not installed.
    """
    target = Path(path)
    check_suffix(target)
    module, name = _WRITERS[target.suffix.lower()]
    getattr(import_module(module), name)(scene, target)
    return target


def check_suffix(path: Path) -> None:
    """See that a scene can be written under a name, before there is one.

    Raises
    ------
    OutputError
        When the suffix is not known.
    """
    suffix = path.suffix.lower()
    if suffix in _WRITERS:
        return
    if suffix in _LATER:
        what = f"{_LATER[suffix]} ({suffix}) cannot be written yet"
    else:
        what = f"a scene cannot be written as `{suffix or path.name}`"
    raise OutputError(what, where=str(path), hint=f"use one of {', '.join(_WRITERS)}")
