"""How the ground around a pit moves, and what that does to buildings: for any polygon and any GeoDataFrame, without a scenario.

`ground_around` is the movement behind the walls of a pit at any point, `settlement_field` the same as a raster,
`drawdown_settlement` what the soil settles when the water in it falls, `damage_of` what becomes of buildings. The kernels are those
of `twin.sim.impact.pit`.

This is screening. Whether a wall stands and how far it bends is not worked out: that needs a geotechnical design. The largest
settlement behind the wall is therefore an input; without it an estimate by kind of wall is taken, and its range is told.
"""

from __future__ import annotations

from twin.impacts.building_damage import damage_of
from twin.impacts.facade_lines import facade_lines
from twin.impacts.lowered_water import drawdown_settlement
from twin.impacts.pit_ground import Ground, GroundMovement, ground_around, settlement_field

__all__ = ["Ground", "GroundMovement", "damage_of", "drawdown_settlement", "facade_lines", "ground_around", "settlement_field"]
