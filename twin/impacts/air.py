"""A site in which antennas are received: how far around it is looked, what counts, and what each antenna gives there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray

from twin.geo.rasterize import Relief
from twin.grid import GridSpec
from twin.impacts import antennas as masts
from twin.impacts.site import Site, Window
from twin.scenario.analyses import SignalAnalysis
from twin.sim.impact import cover, shadow, signal
from twin.variables import variable

WEAKER_DB = 10.0
"""So much below the threshold an antenna is followed along a free line of sight [dB]; further away it is not received."""

STREETS = ("roads", "bridges", "stairs")
"""Layers that are the streets."""


@dataclass(frozen=True, eq=False)
class Air:
    """A site in which antennas are received.

    Parameters
    ----------
    site : Site
    settings : SignalAnalysis
    every : DataFrame
        All antennas and posts that there may be, by which is decided how far around the area is looked.
    """

    site: Site
    settings: SignalAnalysis
    every: pd.DataFrame

    @cached_property
    def grid(self) -> GridSpec:
        return self.site.grid(self.settings.cell_m)

    @cached_property
    def link(self) -> signal.Link:
        return signal.Link(self.settings.model, self.settings.frequency_ghz, self.settings.receiver_m)

    @cached_property
    def lost_db(self) -> float:
        """Between what an antenna sends in all and what one subcarrier of it counts for."""
        return 10.0 * math.log10(self.settings.subcarriers) + self.settings.margin_db

    def reach(self, height_m: float, power_dbm: float) -> int:
        """How far an antenna is followed [cells]."""
        most = power_dbm - self.lost_db - (self.settings.threshold_dbm - WEAKER_DB)
        return math.ceil(signal.reach_m(self.link, height_m, most) / self.grid.cell)

    @cached_property
    def reaches(self) -> NDArray[np.int64]:
        """Of all antennas and posts [cells]."""
        known: dict[tuple[float, float], int] = {}
        pairs = [(float(h), float(p)) for h, p in zip(self.every["height_m"], self.every["power_dbm"], strict=True)]
        for pair in pairs:
            if pair not in known:
                known[pair] = self.reach(*pair)
        return np.array([known[pair] for pair in pairs], np.int64)

    @cached_property
    def around(self) -> Window:
        """The area and what antennas around it may be received over, within the city."""
        margin = int(self.reaches.max(initial=1)) + 1
        area = Window(0, self.grid.rows, 0, self.grid.columns)
        return area.grown(margin).cut(self.site.all_of(self.grid)) or area

    @cached_property
    def relief(self) -> Relief:
        return self.site.relief(self.grid, self.around, trees=False)

    @cached_property
    def surface(self) -> shadow.Surface:
        return shadow.surface(self.relief.surface, self.grid.cell)

    @cached_property
    def open(self) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Heights of the area, and where it is open ground."""
        heights = np.full(self.grid.shape, np.nan, np.float32)
        built = np.ones(self.grid.shape, bool)
        core = self.around.cut(Window(0, self.grid.rows, 0, self.grid.columns))
        if core is not None:
            top, left = core.top - self.around.top, core.left - self.around.left
            inner = slice(top, top + core.shape[0]), slice(left, left + core.shape[1])
            heights[core.cells], built[core.cells] = self.relief.surface[inner], self.relief.building[inner] >= 0
        return heights, np.isfinite(heights) & ~built

    @cached_property
    def wanted(self) -> NDArray[np.bool_]:
        """Ground that is to be covered, (R, C)."""
        ground = self.open[1]
        if self.settings.ground == "open":
            return ground
        from rasterio.features import geometry_mask
        from rasterio.transform import Affine

        layers = self.site.city.layers
        shapes = [one for name in STREETS for one in layers[name].geometry if one is not None and not one.is_empty]
        transform = Affine(*self.grid.gdal_transform())
        return ground & geometry_mask([shapely.force_2d(one) for one in shapes], self.grid.shape, transform, invert=True)

    def put(self, table: pd.DataFrame) -> list[signal.Antenna | None]:
        """Antennas on the relief."""
        return masts.put(table, self.relief, self.lost_db)

    def built_over(self, table: pd.DataFrame) -> list[str]:
        """Which antennas are inside what is built; of those too far away to be received it is not looked at."""
        grid = self.relief.grid
        x, y = table["x"].to_numpy(), table["y"].to_numpy()
        near = (x >= grid.west) & (x < grid.east) & (y > grid.south) & (y <= grid.north)
        return [str(name) for name, one, here in zip(table.index, self.put(table), near, strict=True) if here and one is None]

    def received(self, one: signal.Antenna) -> tuple[tuple[slice, slice], NDArray[np.float32], NDArray[np.bool_]] | None:
        """What is received of an antenna, on the cells of the area; None when that is none."""
        cells, power, visible = signal.received(
            self.surface, one, self.link, self.reach(one.height_m, one.power_dbm + self.lost_db)
        )
        top, left = cells[0].start + self.around.top, cells[1].start + self.around.left
        core = Window(top, top + power.shape[0], left, left + power.shape[1]).cut(Window(0, self.grid.rows, 0, self.grid.columns))
        if core is None:
            return None
        inner = slice(core.top - top, core.bottom - top), slice(core.left - left, core.right - left)
        return core.cells, power[inner], visible[inner]

    def strongest(self, table: pd.DataFrame) -> tuple[NDArray[np.float32], NDArray[np.int16], NDArray[np.uint8]]:
        """Signal of the strongest antenna, which it is (of two that are alike the first), and whether it is in sight."""
        best = np.full(self.grid.shape, signal.NO_SIGNAL, np.float32)
        server = np.full(self.grid.shape, -1, np.int16)
        seen = np.zeros(self.grid.shape, np.uint8)
        for number, one in enumerate(self.put(table)):
            found = None if one is None else self.received(one)
            if found is None:
                continue
            cells, power, visible = found
            better = power > best[cells]
            best[cells][better], server[cells][better], seen[cells][better] = power[better], number, visible[better]
        ground = self.open[1]
        return np.where(ground, best, np.float32(np.nan)), np.where(ground, server, np.int16(-1)), seen * ground

    def dataset(self, best: NDArray[np.float32], server: NDArray[np.int16], seen: NDArray[np.uint8]) -> xr.Dataset:
        """Fields with their coordinates."""
        made = {
            "signal_dbm": variable("signal_dbm").array(best), "best_server": variable("best_server").array(server),
            "line_of_sight": variable("line_of_sight").array(seen),
        }  # fmt: skip
        about = {"crs": self.grid.crs or "", "cell_m": float(self.grid.cell)}
        return xr.Dataset(made, coords={"y": self.grid.y, "x": self.grid.x}, attrs=about)

    def sets(self, table: pd.DataFrame) -> list[NDArray[np.int32]]:
        """Of each antenna the cells that it covers, as numbers among those that are to be covered."""
        numbers = (np.cumsum(self.wanted).reshape(self.grid.shape) - 1).astype(np.int32)
        made = []
        for one in self.put(table):
            found = None if one is None else self.received(one)
            if found is None:
                made.append(np.empty(0, np.int32))
                continue
            cells, power, _ = found
            made.append(numbers[cells][self.wanted[cells] & (power >= np.float32(self.settings.threshold_dbm))])
        return made

    def choose(self, there: pd.DataFrame, kept: pd.DataFrame, posts: pd.DataFrame) -> gpd.GeoDataFrame:
        """Posts in the order in which they are chosen: first those that are kept, then as many of the others as are needed."""
        total = int(self.wanted.sum())
        covered = np.zeros(total, bool)
        for one in self.sets(there):
            covered[one] = True
        have, gains = int(covered.sum()), []
        for one in self.sets(kept):
            gains.append(int((~covered[one]).sum()))
            covered[one] = True
        free = posts[~posts.index.isin([*kept.index, *there.index])]
        most = max(0, self.settings.most_posts - len(kept))
        wanted = math.ceil(self.settings.wanted_share * total - 1e-6)
        least = max(1, math.ceil(self.settings.least_share * total - 1e-6))
        chosen, added = cover.greedy(self.sets(free), covered, wanted, most, least)
        table = pd.concat([kept, free.iloc[chosen]])
        share = np.array([*gains, *added], np.float64) / max(total, 1)
        made = pd.DataFrame(
            {
                "order": np.arange(1, len(table) + 1), "height_m": table["height_m"].to_numpy(np.float64), "gained_share": share,
                "covered_share": np.cumsum([*gains, *added]) / max(total, 1) + have / max(total, 1),
                "kept": np.arange(len(table)) < len(kept),
            },
            index=pd.Index(table.index, name="id", dtype=object),
        )  # fmt: skip
        points = gpd.points_from_xy(table["x"], table["y"])
        return gpd.GeoDataFrame(made, geometry=points, crs=self.site.city.crs)
