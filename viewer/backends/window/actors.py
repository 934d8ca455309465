"""The few things that the graphics card is given: one actor for each kind, changed in place."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def array_of(values: NDArray[Any], name: str = "") -> Any:
    """A VTK array with a copy of values of its own."""
    from vtkmodules.util.numpy_support import numpy_to_vtk

    out = numpy_to_vtk(np.ascontiguousarray(values), deep=True)
    out.SetName(name)
    return out


def cells_of(corners: NDArray[np.int32], size: int) -> Any:
    """Cells of one size from (N, size) numbers of points."""
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkCellArray

    cells = vtkCellArray()
    offsets = np.arange(0, size * len(corners) + 1, size, dtype=np.int32)
    cells.SetData(numpy_to_vtk(offsets, deep=True), numpy_to_vtk(np.ascontiguousarray(corners, np.int32).ravel(), deep=True))
    return cells


class Shape:
    """One actor without light of its own: its colours are what is seen.

    Parameters
    ----------
    kind : str
        ``triangles``, ``lines`` or ``points``.
    """

    def __init__(self, kind: str) -> None:
        from vtkmodules.vtkCommonDataModel import vtkPolyData
        from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

        self.kind = kind
        self.geometry = vtkPolyData()
        self.mapper = vtkPolyDataMapper()
        self.mapper.SetInputData(self.geometry)
        self.mapper.SetColorModeToDirectScalars()
        self.mapper.SetScalarModeToUsePointData()
        self.actor = vtkActor()
        self.actor.SetMapper(self.mapper)
        self.actor.GetProperty().LightingOff()
        self.actor.SetVisibility(False)
        self.actor.SetPickable(False)
        self._cells = -1

    def fill(
        self,
        points: NDArray[np.float32],
        cells: NDArray[np.int32],
        colours: NDArray[np.uint8],
        coordinates: NDArray[np.float32] | None = None,
    ) -> None:
        """Show other points, cells and colours (one a point); nothing where there are no cells."""
        from vtkmodules.vtkCommonCore import vtkPoints

        self.actor.SetVisibility(len(cells) > 0)
        if not len(cells):
            self.geometry.Initialize()
            return
        places = vtkPoints()
        places.SetData(array_of(points))
        self.geometry.SetPoints(places)
        arranged = cells_of(cells, {"triangles": 3, "lines": 2, "points": 1}[self.kind])
        {"triangles": self.geometry.SetPolys, "lines": self.geometry.SetLines, "points": self.geometry.SetVerts}[self.kind](
            arranged
        )
        self.recolour(colours)
        if coordinates is not None:
            self.geometry.GetPointData().SetTCoords(array_of(coordinates))

    def show_cells(self, cells: NDArray[np.int32]) -> None:
        """Show some of the triangles only; points and colours stay on the graphics card."""
        self.geometry.SetPolys(cells_of(cells, 3))
        self.geometry.Modified()
        self.actor.SetVisibility(len(cells) > 0)

    def recolour(self, colours: NDArray[np.uint8]) -> None:
        """Other colours for the same points."""
        self.geometry.GetPointData().SetScalars(array_of(colours, "colour"))
        self.geometry.Modified()

    def set_texture(self, pixels: NDArray[np.uint8]) -> None:
        """Lay a picture over it, (H, W, 3) from the lower edge up."""
        from vtkmodules.vtkRenderingCore import vtkTexture

        texture = self.actor.GetTexture()
        if texture is None:
            texture = vtkTexture()
            texture.InterpolateOn()
            texture.RepeatOff()
            texture.EdgeClampOn()
            self.actor.SetTexture(texture)
        texture.SetInputData(image_of(pixels))

    def add_haze(self) -> None:
        """Let what is far away fade into the horizon; what is `BEYOND` (texture coordinate below 0) sooner."""
        self.actor.GetShaderProperty().AddFragmentShaderReplacement("//VTK::DepthPeeling::Impl", True, _HAZE, False)
        self.set_haze(1e6, (1.0, 1.0, 1.0))

    def set_haze(self, distance: float, colour: tuple[float, ...]) -> None:
        """Haze as it is when one looks at a place at a distance [m]."""
        uniforms = self.actor.GetShaderProperty().GetFragmentCustomUniforms()
        uniforms.SetUniformf("hazeDistance", distance)
        uniforms.SetUniform3f("hazeColour", list(colour))

    def clip(self, plane: Any) -> None:
        """Hide what lies before a VTK plane; None shows all."""
        self.mapper.RemoveAllClippingPlanes()
        if plane is not None:
            self.mapper.AddClippingPlane(plane)


BEYOND = -1.0
"""Texture coordinate of what lies beyond the model."""
_HAZE = """//VTK::DepthPeeling::Impl
  float viewed = 1.0 / gl_FragCoord.w;
  float farther = max(0.0, viewed - 1.2 * hazeDistance) / max(6.0 * hazeDistance, 1500.0);
  float haze = 1.0 - exp(-farther * farther);
  if (tcoordVCVSOutput.x < -0.5)
  {
    haze = max(haze, min(1.0, 0.08 + max(0.0, viewed - 0.8 * hazeDistance) / (3.0 * hazeDistance)));
  }
  gl_FragData[0].rgb = mix(gl_FragData[0].rgb, hazeColour, haze);
"""


def image_of(pixels: NDArray[np.uint8]) -> Any:
    """A VTK image of pixels (H, W, C), row 0 at the lower edge."""
    from vtkmodules.vtkCommonDataModel import vtkImageData

    image = vtkImageData()
    height, width, channels = pixels.shape
    image.SetDimensions(width, height, 1)
    image.GetPointData().SetScalars(array_of(pixels.reshape(-1, channels), "colour"))
    return image


class Sheet2D:
    """A picture over the whole window, pixel by pixel."""

    def __init__(self) -> None:
        from vtkmodules.vtkRenderingCore import vtkPolyDataMapper2D, vtkTexture, vtkTexturedActor2D

        self.texture = vtkTexture()
        self.texture.InterpolateOff()
        self.texture.RepeatOff()
        self.mapper = vtkPolyDataMapper2D()
        self.actor = vtkTexturedActor2D()
        self.actor.SetMapper(self.mapper)
        self.actor.SetTexture(self.texture)
        self.actor.GetProperty().SetColor(1.0, 1.0, 1.0)
        self.actor.SetVisibility(False)
        self._size = (0, 0)

    def show(self, pixels: NDArray[np.uint8]) -> None:
        """Show a picture (H, W, 4), row 0 at the top."""
        height, width = pixels.shape[:2]
        if (width, height) != self._size:
            self._lay(width, height)
        self.texture.SetInputData(image_of(pixels[::-1]))
        self.actor.SetVisibility(True)

    def _lay(self, width: int, height: int) -> None:
        from vtkmodules.vtkCommonCore import vtkPoints
        from vtkmodules.vtkCommonDataModel import vtkPolyData

        corners = np.array([[0, 0, 0], [width, 0, 0], [width, height, 0], [0, height, 0]], np.float32)
        geometry, places = vtkPolyData(), vtkPoints()
        places.SetData(array_of(corners))
        geometry.SetPoints(places)
        geometry.SetPolys(cells_of(np.array([[0, 1, 2, 3]], np.int32), 4))
        geometry.GetPointData().SetTCoords(array_of(np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)))
        self.mapper.SetInputData(geometry)
        self._size = (width, height)
