"""What is measured on trajectories, of a run or of people who were filmed: density, speed, flow, and profiles over a grid.

Definitions are those of PedPy 1.5 (https://pedpy.readthedocs.io), so that figures can be held beside published ones; the
tests compare them. Trajectories are a table of ``id``, ``frame``, ``x``, ``y`` [m], as `twin.Result.trajectories` is;
``attrs["frame_rate"]`` or the keyword `frame_rate` says how many frames a second has.
"""

from twin.measures.cells import VoronoiCells, voronoi, voronoi_density
from twin.measures.lines import crossings, flow, n_t
from twin.measures.moving import classic_density, fundamental_diagram, individual_speed
from twin.measures.pairs import pair_distribution
from twin.measures.profiles import classic_profile, gaussian_profile, voronoi_profile

__all__ = [
    "VoronoiCells", "classic_density", "classic_profile", "crossings", "flow", "fundamental_diagram", "gaussian_profile",
    "individual_speed", "n_t", "pair_distribution", "voronoi", "voronoi_density", "voronoi_profile",
]  # fmt: skip
