"""What is measured on trajectories: against a slow reference, against laws, and against PedPy on people who were filmed."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tests.reference.voronoi import cells as slow_cells
from twin.errors import GeometryError, ParameterError
from twin.measures import (
    VoronoiCells,
    classic_density,
    classic_profile,
    crossings,
    flow,
    fundamental_diagram,
    gaussian_profile,
    individual_speed,
    n_t,
    pair_distribution,
    voronoi,
    voronoi_density,
    voronoi_profile,
)

L_SHAPE = shapely.Polygon([(0, 0), (20, 0), (20, 8), (12, 8), (12, 20), (0, 20)], [[(3, 3), (5, 3), (5, 6), (3, 6)]])
ROOM = shapely.box(0, 0, 10, 6)
SLANTED = shapely.Polygon([(0, 0), (12, 1), (14, 9), (5, 13), (-2, 6)])
CORRIDOR = shapely.box(-1.0, -10.0, 3.0, 12.0)


def people(area: shapely.Polygon, count: int, frames: int, seed: int = 1) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    west, south, east, north = area.bounds
    rows = []
    for frame in range(frames):
        xy = random.uniform((west, south), (east, north), (8 * count, 2))
        xy = xy[shapely.contains_xy(area, xy[:, 0], xy[:, 1])][:count]
        rows.append(pd.DataFrame({"id": random.permutation(len(xy)), "frame": frame, "x": xy[:, 0], "y": xy[:, 1]}))
    return pd.concat(rows, ignore_index=True)


@pytest.mark.slow
@pytest.mark.parametrize("cut_off", [None, 0.8])
@pytest.mark.parametrize("area", [ROOM, L_SHAPE, SLANTED])
def test_cells_are_those_of_the_slow_reference(area: shapely.Polygon, cut_off: float | None) -> None:
    data = people(area, 25, 3)
    found = voronoi(data, area, cut_off_m=cut_off)
    polygons = found.polygons()
    for frame, rows in found.table.groupby("frame"):
        there = data[data["frame"] == frame].set_index("id").loc[rows["id"], ["x", "y"]].to_numpy()
        slow = slow_cells(there, area, cut_off)
        assert_allclose(rows["area_m2"], [one.area for one in slow], rtol=1e-9)
        for row, one in zip(rows.index, slow, strict=True):
            assert polygons[row].symmetric_difference(one).area < 1e-9


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(0, 10_000), st.sampled_from([ROOM, SLANTED]))
def test_cells_fill_a_convex_area_and_do_not_overlap(count: int, seed: int, area: shapely.Polygon) -> None:
    found = voronoi(people(area, count, 2, seed), area)
    assert_allclose(found.table.groupby("frame")["area_m2"].sum(), area.area, rtol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.5, 1.0, 3.0]), st.sampled_from([None, 0.9]))
def test_a_profile_holds_everybody_once(seed: int, side: float, cut_off: float | None) -> None:
    """Density times area, over all squares, is the number of people, whatever the squares."""
    cells = voronoi(people(L_SHAPE, 30, 2, seed), L_SHAPE, cut_off_m=cut_off)
    profile = voronoi_profile(cells, L_SHAPE, cell_m=side)
    assert_allclose(profile["density"].sum(("y", "x")) * side**2, cells.table.groupby("frame").size(), rtol=1e-9)


def test_a_profile_is_what_shapely_cuts_out() -> None:
    cells = voronoi(people(L_SHAPE, 20, 2), L_SHAPE)
    profile = voronoi_profile(cells, L_SHAPE, cell_m=2.5)
    polygons = cells.polygons()
    for frame in (0, 1):
        rows = np.flatnonzero(cells.table["frame"] == frame)
        for y in profile["y"].to_numpy():
            for x in profile["x"].to_numpy():
                square = shapely.box(x - 1.25, y - 1.25, x + 1.25, y + 1.25)
                shared = shapely.area(shapely.intersection(polygons[rows], square)) * cells.table["density"].to_numpy()[rows]
                assert profile["density"].sel(frame=frame, y=y, x=x) == pytest.approx(shared.sum() / 2.5**2, abs=1e-12)


@pytest.mark.parametrize(
    "xy",
    [
        [(5.0, 3.0)],
        [(5.0, 3.0), (5.0, 3.0)],
        [(1.0, 3.0), (3.0, 3.0), (5.0, 3.0), (7.0, 3.0)],
        [(x * 0.5, y * 0.5) for x in range(1, 19) for y in range(1, 11)],
        [(0.0, 0.0), (10.0, 6.0)],
        [(5.0 + 1e-9 * k, 3.0) for k in range(20)],
    ],
)
def test_odd_places(xy: list[tuple[float, float]]) -> None:
    """One person, two in one place, all in line, on a lattice, in a corner, all but in one place."""
    data = pd.DataFrame({"id": range(len(xy)), "frame": 7, "x": [x for x, _ in xy], "y": [y for _, y in xy]})
    found = voronoi(data, ROOM)
    assert (found.table["area_m2"] > 0).all()
    distinct = found.table[~data.duplicated(["x", "y"]).to_numpy()]
    assert distinct["area_m2"].sum() == pytest.approx(60.0, rel=1e-6)
    assert found.table["frame"].tolist() == [7] * len(xy)


def test_the_same_wherever_the_city_lies() -> None:
    data = people(L_SHAPE, 40, 2)
    moved = data.assign(x=data["x"] + 136_000.0, y=data["y"] + 455_000.0)
    there = shapely.transform(L_SHAPE, lambda points: points + np.array([136_000.0, 455_000.0]))
    one, other = voronoi(data, L_SHAPE), voronoi(moved, there)
    assert_allclose(other.table["density"], one.table["density"], rtol=1e-7)
    assert_allclose(
        voronoi_profile(other, there)["density"], voronoi_profile(one, L_SHAPE)["density"], rtol=1e-6, atol=1e-9
    )


def test_an_obstacle_is_a_hole_of_a_cell() -> None:
    pillar = shapely.Polygon(shapely.box(0, 0, 10, 6).exterior, [shapely.box(6, 2, 7, 3).exterior])
    found = voronoi(pd.DataFrame({"id": [1], "frame": [0], "x": [2.0], "y": [3.0]}), pillar)
    assert found.table["area_m2"].tolist() == pytest.approx([59.0])
    assert found.hole.tolist() == [False, True]
    assert voronoi_profile(found, ROOM, cell_m=1.0)["density"].sel(x=6.5, y=2.5, frame=0) == 0.0


def test_what_cannot_be_measured_is_told() -> None:
    data = people(ROOM, 5, 1)
    with pytest.raises(GeometryError, match=r"id 9, frame 0: \(11\.00, 1\.00\): 1 positions are outside"):
        voronoi(pd.concat([data, pd.DataFrame({"id": [9], "frame": [0], "x": [11.0], "y": [1.0]})]), ROOM)
    for bad, told in (
        (data.drop(columns="x"), "lack the column `x`"),
        (data.assign(y=np.nan), "not a finite number"),
        (data.assign(id=1), "is in frame 0 twice"),
        ([1, 2], "not a DataFrame"),
    ):
        with pytest.raises(ParameterError, match=told):
            voronoi(bad, ROOM)
    for keywords, told in (({"cut_off_m": 0.0}, "cut-off"), ({"cut_off_m": 1.0, "quad_segments": 0}, "quarter of a circle")):
        with pytest.raises(ParameterError, match=told):
            voronoi(data, ROOM, **keywords)
    with pytest.raises(ParameterError, match="one valid shapely Polygon"):
        voronoi(data, shapely.LineString([(0, 0), (1, 1)]))
    with pytest.raises(ParameterError, match="too many"):
        voronoi_profile(voronoi(data, ROOM), ROOM, cell_m=1e-4)
    with pytest.raises(ParameterError, match="frame rate"):
        individual_speed(data)


def test_everybody_counts_once_at_the_first_crossing() -> None:
    x = [0.0, 1.0, 2.0, 1.0, 2.0]
    data = pd.DataFrame({"id": [1] * 5 + [2] * 3, "frame": [*range(5), 1, 2, 4], "x": [*x, 0.0, 3.0, 0.0], "y": 0.0})
    line = shapely.LineString([(1.5, -1), (1.5, 1)])
    crossed = crossings(data, line)
    assert crossed.to_numpy().tolist() == [[1, 2], [2, 2], [1, 3], [1, 4]]
    passed = n_t(data, line, frame_rate=2.0)
    assert passed["cumulative_pedestrians"].tolist() == [0, 0, 2, 2, 2]
    assert passed["time"].tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]
    nobody = n_t(data, shapely.LineString([(9, -1), (9, 1)]), frame_rate=2.0)
    assert nobody["cumulative_pedestrians"].tolist() == [0] * 5
    speed = individual_speed(data, frame_step=1, frame_rate=2.0)
    assert len(flow(nobody, crossings(data, shapely.LineString([(9, -1), (9, 1)])), speed, delta_frame=1, frame_rate=2.0)) == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 30), st.integers(1, 6), st.integers(0, 1000), st.sampled_from([0.1, 0.37, 1.0]))
def test_pairs_are_counted_as_by_hand(count: int, frames: int, seed: int, width: float) -> None:
    data = people(ROOM, count, frames, seed)
    distances = []
    for _, rows in data.groupby("frame"):
        xy = rows[["x", "y"]].to_numpy()
        apart = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
        distances += apart[np.triu_indices(len(xy), 1)].tolist()
    found = pair_distribution(data, bin_m=width)
    edges = np.arange(0.0, max(distances), width)
    by_hand = pd.cut(np.array(distances), edges).value_counts().sort_index().to_numpy() / len(distances)
    assert_allclose(found["share"], by_hand)


def test_people_who_do_not_know_of_each_other_have_no_order() -> None:
    data = people(ROOM, 40, 200)
    g = pair_distribution(data, bin_m=0.5, randomisation=3)
    assert_allclose(g["g"][g.index < 6.0], 1.0, atol=0.1)
    assert pair_distribution(data, bin_m=0.5)["g"].equals(pair_distribution(data, bin_m=0.5)["g"])
    with pytest.raises(ParameterError, match="no two people"):
        pair_distribution(data[data["id"] == 1])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0.5, 1.0, 2.5]))
def test_other_profiles_hold_everybody(seed: int, side: float) -> None:
    data = people(L_SHAPE, 30, 3, seed)
    classic = classic_profile(data, L_SHAPE, cell_m=side)["density"]
    assert_allclose(classic.sum(("y", "x")) * side**2, 30.0)
    wide = gaussian_profile(data, L_SHAPE.buffer(6.0), cell_m=side / 2, width_m=1.5)["density"]
    assert_allclose(wide.sum(("y", "x")) * (side / 2) ** 2, 30.0, rtol=2e-2)


# --- beside PedPy


def measured(real_data: Path, name: str) -> pd.DataFrame:
    """Filmed people of the corridor [m]."""
    path = real_data / "crowd" / "pedpy_trajectories" / name
    with gzip.open(path, "rt") as file:
        data = pd.read_csv(file, sep=r"\s+", comment="#", header=None, names=["id", "frame", "x", "y", "z"])
    data[["x", "y"]] /= 100.0
    return data[["id", "frame", "x", "y"]]


@pytest.mark.parametrize("cut_off", [None, 0.8])
def test_filmed_people_are_as_in_pedpy(real_data: Path, cut_off: float | None) -> None:
    pedpy = pytest.importorskip("pedpy")
    data = measured(real_data, "uo-180-180-070.txt.gz")
    west, south, east, north = data["x"].min(), data["y"].min(), data["x"].max(), data["y"].max()
    area = shapely.box(west - 0.3, south - 0.3, east + 0.3, north + 0.3)
    data = data[data["frame"].between(data["frame"].quantile(0.4), data["frame"].quantile(0.5))]
    theirs = pedpy.TrajectoryData(data.copy(), frame_rate=16)
    walkable = pedpy.WalkableArea(area)
    limit = None if cut_off is None else pedpy.Cutoff(radius=cut_off, quad_segments=3)
    reference = pedpy.compute_individual_voronoi_polygons(traj_data=theirs, walkable_area=walkable, cut_off=limit)
    cells = voronoi(data, area, cut_off_m=cut_off)
    both = cells.table.merge(reference, on=["id", "frame"], suffixes=("", "_pedpy"))
    assert len(both) == len(data)
    assert_allclose(both["density"], both["density_pedpy"], rtol=1e-6)

    speed = pedpy.compute_individual_speed(traj_data=theirs, frame_step=5)
    mine = individual_speed(data, frame_step=5, frame_rate=16)
    both = mine.merge(speed, on=["id", "frame"], suffixes=("", "_pedpy"), how="outer")
    assert_allclose(both["speed"], both["speed_pedpy"], rtol=1e-9)

    middle = shapely.box(area.centroid.x - 1.0, area.centroid.y - 1.0, area.centroid.x + 1.0, area.centroid.y + 1.0)
    measurement = pedpy.MeasurementArea(middle)
    classic = pedpy.compute_classic_density(traj_data=theirs, measurement_area=measurement)
    assert_allclose(classic_density(data, middle)["density"], classic["density"].to_numpy(), rtol=1e-9)
    by_cells, _ = pedpy.compute_voronoi_density(individual_voronoi_data=reference, measurement_area=measurement)
    found = voronoi_density(cells, middle)["density"]
    assert_allclose(found, by_cells.set_index("frame")["density"].reindex(found.index).to_numpy(), rtol=1e-6, atol=1e-9)

    profiles(pedpy, reference, speed, cells, walkable, area, mine)
    if cut_off is None:
        others(pedpy, data, theirs, area, walkable, measurement, middle, reference, speed)


def profiles(
    pedpy: Any, reference: pd.DataFrame, speed: pd.DataFrame, cells: VoronoiCells, walkable: Any, area: shapely.Polygon,
    mine: pd.DataFrame,
) -> None:  # fmt: skip
    """Density and speed over squares, in the frames in which everybody has a speed."""
    joined = reference.merge(speed, on=["id", "frame"], how="left").fillna({"speed": 0.0})
    frames = sorted(joined["frame"].unique())[:40]
    joined = joined[joined["frame"].isin(frames)]
    for method, weight in ((pedpy.SpeedMethod.VORONOI, "area"), (pedpy.SpeedMethod.ARITHMETIC, "people")):
        density, speeds = pedpy.compute_profiles(
            individual_voronoi_speed_data=joined, walkable_area=walkable, grid_size=0.5, speed_method=method
        )
        found = voronoi_profile(cells, area, cell_m=0.5, speed=mine, frames=frames, speed_weight=weight)
        assert_allclose(found["density"], np.array(density), rtol=1e-6, atol=1e-9)
        assert_allclose(found["speed"], np.array(speeds), rtol=1e-6, atol=1e-9)


def others(
    pedpy: Any, data: pd.DataFrame, theirs: Any, area: shapely.Polygon, walkable: Any, measurement: Any, middle: shapely.Polygon,
    cells: pd.DataFrame, speed: pd.DataFrame,
) -> None:  # fmt: skip
    """Flow, N-t, the fundamental diagram, the classic and the Gaussian profile, and pairs."""
    west, _, east, _ = area.bounds
    line = shapely.LineString([(west, area.centroid.y), (east, area.centroid.y)])
    passed, crossed = pedpy.compute_n_t(traj_data=theirs, measurement_line=pedpy.MeasurementLine(line))
    mine = n_t(data, line, frame_rate=16)
    assert mine["cumulative_pedestrians"].tolist() == passed["cumulative_pedestrians"].tolist()
    assert_allclose(mine["time"], passed["time"])
    windows = pedpy.compute_flow(nt=passed, crossing_frames=crossed, individual_speed=speed, delta_frame=30, frame_rate=16)
    found = flow(mine, crossings(data, line), individual_speed(data, frame_rate=16), delta_frame=30, frame_rate=16)
    assert len(found) > 2
    assert_allclose(found, windows[["flow", "mean_speed"]], rtol=1e-9)

    moving = pedpy.TrajectoryData(data.merge(speed[["id", "frame"]], on=["id", "frame"]), frame_rate=16)
    mean = pedpy.compute_mean_speed_per_frame(traj_data=moving, individual_speed=speed, measurement_area=measurement)
    diagram = fundamental_diagram(data, middle, frame_rate=16)
    there = mean.set_index("frame")["speed"].reindex(diagram.index)
    assert_allclose(diagram["speed"], there.to_numpy(), rtol=1e-9)
    both = cells.merge(speed[["id", "frame"]], on=["id", "frame"])
    density, meets = pedpy.compute_voronoi_density(individual_voronoi_data=both, measurement_area=measurement)
    by_cells = pedpy.compute_voronoi_speed(
        traj_data=moving, individual_voronoi_intersection=meets, individual_speed=speed, measurement_area=measurement
    )
    diagram = fundamental_diagram(data, middle, cells=voronoi(data, area), frame_rate=16)
    for column, reference in (("speed", by_cells), ("density", density)):
        assert_allclose(diagram[column], reference.set_index("frame")[column].reindex(diagram.index).to_numpy(), rtol=1e-6)

    some = data[data["frame"] < data["frame"].min() + 25]
    few = pedpy.TrajectoryData(some.copy(), frame_rate=16)
    grid, rows, columns = pedpy.get_grid_cells(walkable_area=walkable, grid_size=0.5)
    for method, keywords, other in (
        (pedpy.DensityMethod.CLASSIC, {}, classic_profile(some, area, cell_m=0.5)),
        (pedpy.DensityMethod.GAUSSIAN, {"gaussian_width": 0.7}, gaussian_profile(some, area, cell_m=0.5, width_m=0.7)),
    ):
        reference = pedpy.compute_density_profile(
            data=few.data, walkable_area=walkable, grid_size=0.5, density_method=method, **keywords
        )
        # PedPy has the square root of 2 pi to six digits
        assert_allclose(other["density"], np.array(reference).reshape(-1, rows, columns), rtol=1e-5, atol=1e-9)
    assert len(grid) == rows * columns

    radius, _ = pedpy.compute_pair_distribution_function(traj_data=few, radius_bin_size=0.2, randomisation_stacking=1)
    assert_allclose(pair_distribution(some, bin_m=0.2).index, radius)
