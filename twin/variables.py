"""Every variable that a result may hold, declared once: dimensions, dtype, units and meaning.

A field gets its attributes from here and nowhere else, so a name means the same thing in a notebook,
a NetCDF file, a legend and a report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.errors import ParameterError, did_you_mean

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Variable:
    """A declared variable.

    Parameters
    ----------
    name : str
        Key in `Result.fields`.
    dims : tuple of str
        Dimensions, in order.
    dtype : str
        NumPy dtype it is stored with.
    units : str
        SI, in the spelling of the CF conventions; ``"1"`` for a pure number.
    long_name : str
        What a legend prints.
    doc : str
        Definition, with its source.
    """

    name: str
    dims: tuple[str, ...]
    dtype: str
    units: str
    long_name: str
    doc: str
    attrs: Mapping[str, Any] = field(default_factory=dict)

    def array(self, values: NDArray[Any], **extra: Any) -> xr.Variable:
        """Wrap an array as an xarray variable with the declared dimensions and attributes.

        Raises
        ------
        ParameterError
            When the array has another number of dimensions than declared.
        """
        import xarray as xr

        values = np.asarray(values)
        if values.ndim != len(self.dims):
            raise ParameterError(f"`{self.name}` has dimensions {self.dims}, not {values.ndim} of them")
        attrs = {"units": self.units, "long_name": self.long_name, "description": self.doc, **self.attrs, **extra}
        return xr.Variable(self.dims, values.astype(self.dtype, copy=False), attrs)


_FIELD = ("time", "level", "y", "x")
_FLOOR = ("level", "y", "x")

_ALL = (
    Variable("time", ("time",), "float64", "s", "time since the start", "End of the interval a field was averaged over."),
    Variable("x", ("x",), "float64", "m", "easting", "Centre of the cell in the projected system.",
             {"standard_name": "projection_x_coordinate", "axis": "X"}),
    Variable("y", ("y",), "float64", "m", "northing", "Centre of the cell in the projected system; falling, row 0 is north.",
             {"standard_name": "projection_y_coordinate", "axis": "Y"}),
    Variable("walkable", _FLOOR, "bool", "1", "floor that people can stand on",
             "True where the centre of the cell is on the floor of the level."),
    Variable("floor_height", _FLOOR, "float32", "m", "height of the floor",
             "Height of the floor in the vertical datum of the coordinate system; NaN off the floor."),
    Variable("density", _FIELD, "float32", "m-2", "crowd density",
             "People per square metre of floor, smoothed by a Gaussian of standard deviation 0.7 m that is normalised by the "
             "floor within its reach (after Helbing, Johansson, Al-Abideen 2007, doi:10.1103/PhysRevE.75.046109), averaged "
             "over the interval that ends at `time`."),
    Variable("density_max", _FLOOR, "float32", "m-2", "highest crowd density",
             "Largest value of `density` over time in each cell."),
    Variable("density_max_time", _FLOOR, "float32", "s", "time of the highest density",
             "Time at which `density` is largest in each cell; NaN where nobody came."),
    Variable("level_of_service", _FLOOR, "uint8", "1", "level of service",
             "Fruin's level of service at the highest density: 1 to 6 for A to F, 0 where nobody came "
             "(Fruin, Pedestrian Planning and Design, 1971); the attribute `scheme` names the table."),
)

VARIABLES: Mapping[str, Variable] = MappingProxyType({variable.name: variable for variable in _ALL})
"""Every declared variable by name."""


def variable(name: str) -> Variable:
    """Look a declared variable up.

    Raises
    ------
    ParameterError
        When no variable has that name.
    """
    try:
        return VARIABLES[name]
    except KeyError:
        raise ParameterError(f"there is no variable `{name}`{did_you_mean(name, VARIABLES)}") from None
