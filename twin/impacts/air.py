"""A site in which antennas are received: how far around it is looked, what counts, and what each antenna gives there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray

from twin.grid import GridSpec
from twin.impacts import antennas as masts
from twin.impacts.covered import Covered, Sets
from twin.impacts.site import FAIR_CELLS, Site, Window, windows
from twin.impacts.tops import tops_of
from twin.scenario.analyses import SignalAnalysis
from twin.sim.impact import cover, signal
from twin.variables import variable

WEAKER_DB = 10.0
"""So much below the threshold an antenna is followed along a free line of sight [dB]; further away it is not received."""

STREETS = ("roads", "bridges", "stairs")
"""Layers that are the streets."""


class Received(NamedTuple):
    """What is received of one antenna in the area.

    Parameters
    ----------
    cells : (slice, slice)
        Of the area, those within its reach.
    power : (r, c) float32
        On these [dBm].
    visible : (r, c) bool
        Whether there is a line of sight.
    """

    cells: tuple[slice, slice]
    power: NDArray[np.float32]
    visible: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Air:
    """A site in which antennas are received.

    Antennas are looked at in groups, with the heights around each group: no more are held than those and what is told of the area.

    Parameters
    ----------
    site : Site
    settings : SignalAnalysis
    """

    site: Site
    settings: SignalAnalysis

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
    def open(self) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Heights of the area, and where it is open ground."""
        heights, ground = np.full(self.grid.shape, np.nan, np.float32), np.zeros(self.grid.shape, bool)
        city = self.site.all_of(self.grid)
        for window in windows(self.grid):
            core = window.cut(city)
            if core is not None:
                relief = self.site.relief(self.grid, core, trees=False)
                heights[core.cells] = relief.surface
                ground[core.cells] = np.isfinite(relief.surface) & (relief.building < 0)
        return heights, ground

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

    def _groups(self, table: pd.DataFrame) -> Iterator[NDArray[np.int64]]:
        """Antennas that may be received in the area, by numbers: as many at a time as lie near enough together."""
        cells, reaches = self._cells(table), self._reaches(table)
        city = self.site.all_of(self.grid)
        far = np.column_stack([cells[:, 0] - self.grid.rows, -1 - cells[:, 0], cells[:, 1] - self.grid.columns, -1 - cells[:, 1]])
        beyond = np.column_stack(
            [cells[:, 0] - city.bottom, city.top - 1 - cells[:, 0], cells[:, 1] - city.right, city.left - 1 - cells[:, 1]]
        )
        waiting = [np.flatnonzero((far < reaches[:, None]).all(axis=1) & (beyond < 0).all(axis=1))]
        while waiting:
            some = waiting.pop()
            if len(some) < 2 or self._around(cells[some], reaches[some]).size <= FAIR_CELLS:
                if len(some):
                    yield some
                continue
            axis = int(np.argmax(np.ptp(cells[some], axis=0)))
            order = some[np.argsort(cells[some, axis], kind="stable")]
            waiting += [order[len(order) // 2 :], order[: len(order) // 2]]

    def _cells(self, table: pd.DataFrame) -> NDArray[np.int64]:
        """Row and column of each, (N, 2)."""
        rows, columns = self.grid.index(table["x"].to_numpy(np.float64), table["y"].to_numpy(np.float64))
        return np.column_stack([rows, columns]).astype(np.int64)

    def _reaches(self, table: pd.DataFrame) -> NDArray[np.int64]:
        kinds, of = np.unique(table[["height_m", "power_dbm"]].to_numpy(np.float64), axis=0, return_inverse=True)
        return np.array([self.reach(*kind) for kind in kinds.tolist()], np.int64)[of.ravel()]

    def _around(self, cells: NDArray[np.int64], reaches: NDArray[np.int64] | int) -> Window:
        """The cells of the city within reach of some."""
        (top, left), (bottom, right) = (cells.min(axis=0), cells.max(axis=0) + 1)
        box = Window(int(top), int(bottom), int(left), int(right)).grown(int(np.max(reaches)) + 1)
        return box.cut(self.site.all_of(self.grid)) or box

    def put(self, table: pd.DataFrame, some: NDArray[np.int64]) -> list[signal.Antenna | None]:
        """Some of the antennas, in the numbers of the cells around all of these."""
        here = self._around(self._cells(table)[some], 2)
        of = masts.put(table.iloc[some], self.site.relief(self.grid, here, trees=False), self.lost_db)
        around = self._around(self._cells(table)[some], self._reaches(table)[some])
        down, right = here.top - around.top, here.left - around.left
        return [
            one and one._replace(row=one.row + down, column=one.column + right, cell=(one.cell[0] + down, one.cell[1] + right))
            for one in of
        ]

    def built_over(self, table: pd.DataFrame) -> list[str]:
        """Which antennas are inside what is built; of those too far away to be received it is not looked at."""
        found = [int(k) for some in self._groups(table) for k, one in zip(some, self.put(table, some), strict=True) if one is None]
        return [str(table.index[k]) for k in sorted(found)]

    def received(self, table: pd.DataFrame) -> Iterator[tuple[int, Received]]:
        """What is received of antennas, group by group: the number of each, and where it is received how well."""
        area = Window(0, self.grid.rows, 0, self.grid.columns)
        reaches, cells = self._reaches(table), self._cells(table)
        for some in self._groups(table):
            around = self._around(cells[some], reaches[some])
            tops = tops_of(self.site, self.grid, around)
            for k, one in zip(some, self.put(table, some), strict=True):
                if one is None:
                    continue
                where, power, visible = signal.received(tops, one, self.link, int(reaches[k]))
                top, left = where[0].start + around.top, where[1].start + around.left
                core = Window(top, top + power.shape[0], left, left + power.shape[1]).cut(area)
                if core is not None:
                    inner = slice(core.top - top, core.bottom - top), slice(core.left - left, core.right - left)
                    yield int(k), Received(core.cells, power[inner], visible[inner])

    def strongest(self, table: pd.DataFrame) -> tuple[NDArray[np.float32], NDArray[np.int16], NDArray[np.uint8]]:
        """Signal of the strongest antenna, which it is (of two that are alike the first), and whether it is in sight."""
        best = np.full(self.grid.shape, signal.NO_SIGNAL, np.float32)
        server = np.full(self.grid.shape, -1, np.int16)
        seen = np.zeros(self.grid.shape, np.uint8)
        for number, found in self.received(table):
            cells, power, visible = found
            better = (power > best[cells]) | ((power == best[cells]) & (number < server[cells]))
            best[cells][better], server[cells][better], seen[cells][better] = power[better], number, visible[better]
        ground = self.open[1]
        best[~ground], server[~ground] = np.nan, -1
        seen *= ground
        return best, server, seen

    def dataset(self, best: NDArray[np.float32], server: NDArray[np.int16], seen: NDArray[np.uint8]) -> xr.Dataset:
        """Fields with their coordinates."""
        made = {
            "signal_dbm": variable("signal_dbm").array(best), "best_server": variable("best_server").array(server),
            "line_of_sight": variable("line_of_sight").array(seen),
        }  # fmt: skip
        about = {"crs": self.grid.crs or "", "cell_m": float(self.grid.cell)}
        return xr.Dataset(made, coords={"y": self.grid.y, "x": self.grid.x}, attrs=about)

    def sets(self, table: pd.DataFrame) -> list[Covered]:
        """Of each antenna the ground that it covers."""
        made = [Covered.nothing()] * len(table)
        for number, found in self.received(table):
            made[number] = Covered.of(found.cells, self._enough(found), self.grid.columns)
        return made

    def _enough(self, found: Received) -> NDArray[np.bool_]:
        return self.wanted[found.cells] & (found.power >= np.float32(self.settings.threshold_dbm))

    def choose(self, there: pd.DataFrame, kept: pd.DataFrame, posts: pd.DataFrame) -> gpd.GeoDataFrame:
        """Posts in the order in which they are chosen: first those that are kept, then as many of the others as are needed."""
        total = int(self.wanted.sum())
        done = ~self.wanted
        for _, found in self.received(there):
            done[found.cells] |= self._enough(found)
        done = done.ravel()
        nothing = done.size - total
        have, gains = int(done.sum()) - nothing, []
        for one in self.sets(kept):
            cells = one.cells()
            gains.append(int((~done[cells]).sum()))
            done[cells] = True
        free = posts[~posts.index.isin([*kept.index, *there.index])]
        most = max(0, self.settings.most_posts - len(kept))
        wanted = math.ceil(self.settings.wanted_share * total - 1e-6)
        least = max(1, math.ceil(self.settings.least_share * total - 1e-6))
        chosen, added = cover.greedy(Sets(self.sets(free)), done, nothing + wanted, most, least)
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
