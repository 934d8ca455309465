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

        # what is made only when asked for has a dtype and no values yet
        made = isinstance(values, np.ndarray) or not hasattr(values, "dtype")
        values = np.asarray(values) if made else values
        if values.ndim != len(self.dims):
            raise ParameterError(f"`{self.name}` has dimensions {self.dims}, not {values.ndim} of them")
        attrs = {"units": self.units, "long_name": self.long_name, "description": self.doc, **self.attrs, **extra}
        return xr.Variable(self.dims, values.astype(self.dtype, copy=False) if made else values, attrs)


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
    Variable("mean_speed", _FIELD, "float32", "m s-1", "mean walking speed",
             "Mean over the people of `density`, by the same weights, of the straight way since the look before over the time "
             "between (1 s); NaN where nobody is who has been seen before."),
    Variable("speed_variance", _FIELD, "float32", "m2 s-2", "variance of the walking speed",
             "Variance, over the same people and with the same weights, of the speed that `mean_speed` is the mean of."),
    Variable("crowd_pressure", _FIELD, "float32", "s-2", "crowd pressure",
             "Density times the variance of the velocity (a vector) of the people round a cell within the interval, weighted as "
             "for `density`; after Helbing, Johansson, Al-Abideen 2007 (doi:10.1103/PhysRevE.75.046109), who saw turbulence in "
             "dense crowds beyond 0.02 per s2. They took the variance in time of velocities averaged over the neighbourhood; here "
             "that between neighbours counts too. People who meet or overtake raise it at any density: where the crowd is not "
             "dense it is no danger."),
    Variable("crowd_pressure_max", _FLOOR, "float32", "s-2", "highest crowd pressure",
             "Largest value of `crowd_pressure` over time in each cell."),
    Variable("crowd_pressure_max_time", _FLOOR, "float32", "s", "time of the highest crowd pressure",
             "Time at which `crowd_pressure` is largest in each cell; NaN where it is 0 throughout."),
    Variable("exposure", _FLOOR, "float32", "s m-2", "cumulative exposure",
             "Time that people have spent round a cell a square metre of floor: `density` summed over time. Times the area of the "
             "floor, summed, it is the time that everybody together was there."),
    Variable("time_dense", _FLOOR, "float32", "s", "time denser than 4 people per m2",
             "How long `density` was above 4 people per m2, the usual planning limit for a moving crowd (Still 2014; Fruin 1993)."),
    Variable("level_of_service_interval", _FIELD, "uint8", "1", "level of service over time",
             "Fruin's level of service at `density`: 1 to 6 for A to F, 0 where nobody is (Fruin, Pedestrian Planning and Design, "
             "1971); the attribute `scheme` names the table."),
    Variable("level_of_service", _FLOOR, "uint8", "1", "level of service",
             "Fruin's level of service at the highest density: 1 to 6 for A to F, 0 where nobody came "
             "(Fruin, Pedestrian Planning and Design, 1971); the attribute `scheme` names the table."),
    Variable("shadow", ("y", "x"), "uint8", "1", "what stands between here and the sun",
             "0 in the sun, 1 behind something solid, 2 behind leaves; of the surface: the ground, or the roof that stands on it."),
    Variable("shade", ("y", "x"), "uint8", "1", "shade",
             "1 where something stands between here and the sun at the moment that is asked about, 0 in the sun."),
    Variable("canopy", ("y", "x"), "uint8", "1", "crowns",
             "1 where the crown of a tree is seen from above, 0 elsewhere."),
    Variable("canopy_cover", ("y", "x"), "float32", "1", "canopy cover around",
             "Share of what lies round a place, roofs and water included, that is covered by crowns as seen from above."),
    Variable("walking_time", ("y", "x"), "float32", "min", "walking time to the nearest destination",
             "Time on foot over the floor, round walls and over stairs (the eikonal equation); inf where no destination can be "
             "reached, NaN off the floor. Of the street, and where there is none of the level that is seen there."),
    Variable("wind_p5", ("y", "x"), "float32", "%", "hours with more than 5 m/s of wind",
             "Share of all hours in which the hourly mean wind at the height of people is faster than 5 m/s (NEN 8100: nuisance), "
             "from given factors by direction; NaN where none were given."),
    Variable("wind_p15", ("y", "x"), "float32", "%", "hours with more than 15 m/s of wind", "As `wind_p5`, for danger."),
    Variable("vehicle_distance", ("y", "x"), "float32", "m", "distance from where the vehicle can stand",
             "Way over the floor from the nearest place at which a vehicle can stand that it reaches over streets; inf where it "
             "reaches none from which one can walk there, NaN off the floor."),
    Variable("green_view", ("y", "x"), "float32", "1", "green view index",
             "Share of a panorama at eye height that crowns fill (Yang et al. 2009); NaN on roofs and where nothing is known."),
    Variable("surface_height", ("y", "x"), "float32", "m", "height of the surface",
             "Of the ground, or of what stands on it, in the vertical datum of the city; NaN where unknown."),
    Variable("on_ground", ("y", "x"), "uint8", "1", "open ground",
             "1 where `surface_height` is that of the ground, water or a deck; 0 on buildings and where nothing is known."),
    Variable("visible", ("y", "x"), "uint8", "1", "in sight", "1 where a line of sight to a point is free, 0 elsewhere."),
    Variable("landmark_seen", ("y", "x"), "float32", "1", "share of a landmark that is seen",
             "Part of the height of a landmark, along the line under its highest point, that is seen from eye height."),
    Variable("landmark_angle", ("y", "x"), "float32", "degree", "how high a landmark stands in view",
             "Vertical angle that the part of the landmark that is seen fills, from eye height; 0 on the landmark itself."),
    Variable("signal_dbm", ("y", "x"), "float32", "dBm", "radio signal",
             "Signal of the strongest antenna on one subcarrier (or the whole channel), by the path loss of 3GPP TR 38.901 V17, "
             "table 7.4.1-1, with the line of sight that the city leaves. NaN off open ground; -200 where no antenna is near "
             "enough, or in results of a scenario 20 dB below its threshold where it is weaker than that."),
    Variable("best_server", ("y", "x"), "int16", "1", "strongest antenna",
             "Number of the antenna that `signal_dbm` is of, in the order in which they are listed; -1 where there is none."),
    Variable("line_of_sight", ("y", "x"), "uint8", "1", "strongest antenna in sight",
             "1 where a line of sight to the antenna of `best_server` is free, 0 elsewhere."),
    Variable("sky_view", ("y", "x"), "float32", "1", "sky view factor, without trees",
             "Part of a uniform sky that level ground (or a roof) sees, as it would be without trees: the mean over directions of "
             "the squared cosine of the horizon (Johnson and Watson 1984)."),
    Variable("sky_view_trees", ("y", "x"), "float32", "1", "sky view factor, with trees",
             "As `sky_view`, with crowns of trees, through which a part of the sky is seen."),
    Variable("roof_irradiation", ("y", "x"), "float32", "kWh m-2", "solar irradiation of roofs in a year",
             "Energy of sun and sky on a square metre of the plane of the roof in a year, with what stands around; NaN off roofs."),
    Variable("roof_irradiation_diffuse", ("y", "x"), "float32", "kWh m-2", "diffuse irradiation of roofs in a year",
             "The part of `roof_irradiation` that does not come from the disc of the sun or right around it."),
    Variable("sound_level_a", ("y", "x"), "float32", "dB", "sound level, A-weighted",
             "At the loudest moment, above open ground or roof; re 20 uPa; NaN beyond the reach of the sources."),
    Variable("sound_level_c", ("y", "x"), "float32", "dB", "sound level, C-weighted", "As `sound_level_a`."),
    Variable("sound_level_den", ("y", "x"), "float32", "dB", "Lden of road traffic, A-weighted",
             "Day, evening with 5 dB and night with 10 dB more, above open ground or roof; NaN beyond the reach of the roads."),
    Variable("sound_level_night", ("y", "x"), "float32", "dB", "Lnight of road traffic, A-weighted",
             "From 23 to 7 o'clock; as `sound_level_den`."),
    Variable("sun_hours_year", ("y", "x"), "float32", "h", "possible hours of sun in a year, without trees",
             "As `sun_hours`, over a whole year."),
    Variable("sun_hours_year_trees", ("y", "x"), "float32", "h", "possible hours of sun in a year, behind leaves too",
             "As `sun_hours_trees`, over a whole year."),
    Variable("sun_hours", ("day", "y", "x"), "float32", "h", "possible hours of sun, without trees",
             "How long the sun stands free over the surface (ground or roof) on a cloudless day, as it would be without trees."),
    Variable("sun_hours_trees", ("day", "y", "x"), "float32", "h", "possible hours of sun, behind leaves too",
             "As `sun_hours`, with trees: an hour behind a crown counts for the part of the light that it lets through."),
    Variable("pet", ("hour", "y", "x"), "float32", "degC", "perceived temperature (PET)",
             "Physiologically equivalent temperature on open ground at an hour, by the regression of Koopmans et al. 2020; NaN on "
             "roofs and water and where nothing is known."),
    Variable("pet_mean", ("y", "x"), "float32", "degC", "perceived temperature (PET), mean of the hours", "As `pet`."),
    Variable("pet_max", ("y", "x"), "float32", "degC", "perceived temperature (PET), greatest of the hours", "As `pet`."),
    Variable("utci", ("hour", "y", "x"), "float32", "degC", "perceived temperature (UTCI)",
             "Universal Thermal Climate Index on open ground at an hour (Broede et al. 2012), with the mean radiant temperature of "
             "sun, sky, walls and ground; NaN on roofs and water and where nothing is known."),
    Variable("utci_mean", ("y", "x"), "float32", "degC", "perceived temperature (UTCI), mean of the hours", "As `utci`."),
    Variable("utci_max", ("y", "x"), "float32", "degC", "perceived temperature (UTCI), greatest of the hours", "As `utci`."),
    Variable("water_depth", ("y", "x"), "float32", "m", "largest depth of water",
             "Of a cloudburst, on the ground; NaN on buildings, on open water and where nothing is known."),
    Variable("water_depth_end", ("y", "x"), "float32", "m", "depth of water at the end",
             "As `water_depth`, some time after the rain."),
    Variable("water_depth_time", ("y", "x"), "float32", "min", "time of the largest depth",
             "Since the rain began; NaN where it stays dry."),
    Variable("water_speed", ("y", "x"), "float32", "m s-1", "largest speed of water",
             "Of water at least 0.02 m deep; 0 elsewhere."),
    Variable("water_depth_series", ("time", "y", "x"), "float32", "m", "depth of water over time",
             "As `water_depth`, at the times."),
    Variable("cellar_use", ("y", "x"), "float32", "1", "use of the cellar below",
             "Required over available load factor of its vault, under the load that is worst; NaN where no cellar is below, or "
             "where it is not judged. Screening, not an assessment by NEN 8700."),
    Variable("cellar_crowd_load", ("time", "seed", "cellar"), "float32", "kN m-2", "load of the crowd on the plan of a cellar",
             "Mean over the back of its vault by its length, with `crowd_factor` in it. Of more than 600 moments so many are kept, "
             "each the highest of its part; NaN for cellars that cannot be looked at."),
    Variable("cellar_crowd_spot", ("time", "seed", "cellar"), "float32", "kN m-2", "load of the crowd on a cellar's worst spot",
             "On a twelfth of its span by at most 5 m of barrel, as the check has it; moments as in cellar_crowd_load."),
    Variable("cellar_screening", ("y", "x"), "float32", "1", "screening of the cellar below",
             "1: within, 2: near, 3: beyond the limit, 4: not judged; NaN where no cellar is below."),
    Variable("settlement", ("y", "x"), "float32", "mm", "settlement of the ground",
             "Behind the walls of a pit, as if no building were there; NaN inside the pit."),
    Variable("shift_east", ("y", "x"), "float32", "mm", "horizontal movement of the ground, eastward",
             "Towards the pit; as `settlement`."),
    Variable("shift_north", ("y", "x"), "float32", "mm", "horizontal movement of the ground, northward", "As `shift_east`."),
    Variable("drawdown_settlement", ("y", "x"), "float32", "mm", "settlement by lowered groundwater",
             "Of the soil when the water in it falls; below 0 where it rises."),
    Variable("drawdown", ("y", "x"), "float32", "m", "drawdown of groundwater",
             "How far pumping lowers the groundwater, below where it stands without; of the aquifer that is pumped from. NaN where "
             "nothing is known."),
    Variable("groundwater_head", ("y", "x"), "float32", "m", "head of groundwater",
             "Level up to which the water of an aquifer rises, in the vertical datum; NaN where there is no aquifer."),
    Variable("settlement_mm", ("y", "x"), "float32", "mm", "settlement by pits",
             "Behind their walls and by lowered groundwater together, the most of all stages, as if no building were there; NaN "
             "inside a pit and on open water."),
    Variable("groundwater_m", ("y", "x"), "float32", "m", "water table",
             "In the vertical datum, in the stage of a pit in which it is lowest; as it is where there is no pit."),
    Variable("drawdown_m", ("y", "x"), "float32", "m", "fall of the water table",
             "In the stage of a pit in which it is lowest; 0 where there is no pit."),
    Variable("head_drawdown_m", ("y", "x"), "float32", "m", "fall of the head below clay and peat",
             "As `drawdown_m`, of the water under the layers that part the two; 0 where nothing parts them."),
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
