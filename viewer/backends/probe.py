"""Whether anything can be drawn here: asked of a separate process, because without a driver VTK crashes."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import lru_cache

from twin.errors import RenderingError

HINT = "apt-get install -y libegl1 libgl1-mesa-dri"
_PROBE = """
import ctypes, sys
if sys.argv[1] == "egl":
    ctypes.CDLL("libEGL.so.1")
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow
import vtkmodules.vtkRenderingOpenGL2
window = vtkRenderWindow()
window.SetOffScreenRendering(1)
window.SetSize(8, 8)
window.AddRenderer(vtkRenderer())
window.Render()
sys.exit(0 if window.SupportsOpenGL() else 3)
"""


def has_display() -> bool:
    """Whether windows can be opened."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def prepare() -> None:
    """Make sure that pictures can be drawn without a screen; call before PyVista is imported.

    Raises
    ------
    RenderingError
        When there is no OpenGL; names the packages to install.
    """
    if has_display():
        return
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    reason = _refusal(os.environ["VTK_DEFAULT_OPENGL_WINDOW"])
    if reason:
        raise RenderingError(f"pictures cannot be drawn here: {reason}", hint=f"on Debian or Ubuntu: {HINT}")


@lru_cache(maxsize=4)
def _refusal(window: str) -> str:
    mode = "egl" if "EGL" in window else "other"
    process = subprocess.Popen(
        [sys.executable, "-c", _PROBE, mode], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    # Loading PyVista opens no window yet and takes as long as the probe: do both at once.
    import pyvista  # noqa: F401

    try:
        _, complaint = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return "OpenGL did not answer within a minute"
    text = complaint.decode("utf-8", "replace")
    if process.returncode == 0:
        return ""
    if "libEGL" in text:
        return "the library libEGL is not installed"
    if process.returncode < 0:
        return "there is no usable OpenGL driver (it crashed when it was tried)"
    return "there is no usable OpenGL driver"
