"""The measured people: that the figures are those of the trajectories, and that the set-ups measure as the experiment did."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

import twin
from twin.measures import crossings, fundamental_diagram, voronoi
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed
from twin.verification.event import PRESET, setups
from twin.verification.measured import MEASURED_CORRIDOR, MEASURED_FLOW, Battery, corridor, door, figures_of, narrow_exit

FLOOR = shapely.Polygon([
    (2.8, -6.5), (2.8, -4), (1.8, -4), (1.8, 4), (2.8, 4), (2.8, 8), (-1, 8), (-1, 4), (0, 4), (0, -4), (-1, -4), (-1, -6.5),
])  # fmt: skip


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "frames", "row"),
    [("uo-050-180-180", (211, 800), 0), ("uo-100-180-180", (200, 790), 3), ("uo-180-180-070", (500, 1399), 8)],
)
def test_density_and_speed_are_those_of_the_trajectories(real_data, name, frames, row):
    path = real_data / "crowd" / "pedpy_trajectories" / f"{name}.txt.gz"
    rows = twin.read_trajectories(path, frame_rate=16.0, unit="cm")
    rows = rows[rows["frame"].between(*frames) & shapely.contains_xy(FLOOR, rows["x"], rows["y"])][["id", "frame", "x", "y"]]
    diagram = fundamental_diagram(rows, shapely.box(0, -2, 1.8, 0), cells=voronoi(rows, FLOOR), frame_rate=16.0)
    _, _, density, speed = MEASURED_CORRIDOR[row]
    assert diagram["density"].mean() == pytest.approx(density, rel=0.03)
    assert diagram["speed"].mean() == pytest.approx(speed, rel=0.03)


@pytest.mark.realdata
def test_the_flow_of_the_narrow_exit_is_that_of_the_trajectories(real_data):
    rows = twin.read_trajectories(real_data / "crowd" / "pedpy_trajectories" / "040_c_56_h-.txt.gz")
    passed = crossings(rows, shapely.LineString([(-0.25, 0), (0.25, 0)])).groupby("id")["frame"].min()
    passed = np.sort(passed.to_numpy()) / 25.0
    assert len(passed) == 75
    assert np.polyfit(passed[10:65], np.arange(10, 65), 1)[0] / 0.5 == pytest.approx(MEASURED_FLOW[0.5], rel=0.03)


def test_set_ups_side_by_side_do_not_know_each_other():
    """All on one floor set off as each alone does; the cells of the ways lie a little differently."""
    several = [corridor(1.8, 0.95, people=40), narrow_exit(), door(0.8)]
    together = Battery(several, [1, 2, 3])
    model = PRESET.model._replace(creep_speed=0.0)
    crowd = together.crowd(model, radius=PRESET.radius)
    crowd.advance(6)
    shot = crowd.snapshot()
    for k, setup in enumerate(several):
        alone = Battery([setup], [k + 1]).crowd(model, radius=PRESET.radius)
        alone.advance(6)
        one, mine = alone.snapshot(), together.of[shot.id] == k
        np.testing.assert_allclose(shot.x[mine] - together.offset[k], one.x, atol=0.05)
        np.testing.assert_allclose(shot.y[mine], one.y, atol=0.05)


def test_a_corridor_measures_people_who_keep_their_distance():
    """Few people with one free speed, none in the way of another: density is what flow and speed make it."""
    setup = corridor(0.5, 1.8, people=60)
    battery = Battery([setup], [4])
    (found,) = battery.run(CollisionFreeSpeed(time_gap=0.3), radius=0.15, speed=(1.2, 0.0))
    assert found.passed >= setup.last
    assert found.speed == pytest.approx(1.2, rel=0.03)
    assert found.flow * setup.width == pytest.approx(found.density * found.speed * 1.8, rel=0.15)


def test_who_gets_stuck_gives_no_figure():
    several, seeds = setups((1,))
    found = Battery(several, seeds).run(PRESET.model, radius=PRESET.radius, duration=2.0)
    figures = figures_of(several, found)
    assert figures.stuck == len(several)
    assert np.isnan(figures.speed).all()
    assert all(np.isnan(flow) for flow in figures.flow.values())
