"""Layers from zones: what is joined, what is kept, and laws that hold for any profile."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tests.reference.soil import joined
from twin.sim.impact.soil.layering import Layers, means, median_filter, members, merge, quantile, runs, weights

PARTS = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 9), st.integers(100, 400)), min_size=1, max_size=25)


def made(parts: list[tuple[int, int, int]]) -> tuple[Layers, np.ndarray]:
    """Layers of so many centimetres, a zone and an index; neighbours of one zone are one."""
    whole: list[list[float]] = []
    for thick, zone, index in parts:
        if whole and whole[-1][1] == zone:
            whole[-1][0] += thick / 100
        else:
            whole.append([thick / 100, zone, index / 100])
    thickness, zone, index = (np.array([row[k] for row in whole]) for k in range(3))
    edges = np.concatenate([[0.0], np.cumsum(thickness)])
    spread = np.zeros((len(zone), 10))
    spread[np.arange(len(zone)), zone.astype(int)] = thickness
    return Layers(edges[:-1], edges[1:], zone.astype(np.uint8), spread), index


@given(PARTS)
def test_layers_keep_the_thickness_lie_on_each_other_and_are_thick_enough(parts: list[tuple[int, int, int]]) -> None:
    layers, index = made(parts)
    found = merge(layers, index)
    assert found.top[0] == layers.top[0]
    assert found.bottom[-1] == layers.bottom[-1]
    assert_array_equal(found.top[1:], found.bottom[:-1])
    assert_allclose(found.parts.sum(axis=1), found.bottom - found.top, atol=1e-9)
    assert_allclose(found.parts.sum(axis=0), layers.parts.sum(axis=0), atol=1e-9)
    assert np.all(found.zone[1:] != found.zone[:-1])
    for k, (top, bottom, zone) in enumerate(zip(found.top, found.bottom, found.zone, strict=True)):
        seam = zone in (1, 2, 3) and 0 < k < len(found.zone) - 1 and {*found.zone[[k - 1, k + 1]]} <= {5, 6, 7, 8}
        assert len(found.zone) == 1 or bottom - top >= (0.1 if seam else 0.3) - 1e-6


@given(PARTS)
def test_joining_again_changes_nothing_and_the_slow_way_gives_the_same(parts: list[tuple[int, int, int]]) -> None:
    layers, index = made(parts)
    once = merge(layers, index)
    again = merge(once, np.full(len(once.top), 2.0))
    assert_array_equal(once.top, again.top)
    slow = joined(list(zip(layers.bottom - layers.top, layers.zone.tolist(), index.tolist(), strict=True)), 0.3, 0.1)
    assert_array_equal(once.zone, [zone for _, zone in slow])
    assert_allclose(once.bottom - once.top, [thick for thick, _ in slow], atol=1e-9)


@given(st.lists(st.tuples(st.integers(20, 90), st.sampled_from([3, 5, 6])), min_size=1, max_size=8))
def test_records_every_centimetre_or_every_two_give_the_same_layers(parts: list[tuple[int, int]]) -> None:
    edges = np.cumsum([0, *(2 * thick for thick, _ in parts)]) / 100
    found = []
    for step in (0.01, 0.02):
        depth = np.arange(step / 2, edges[-1], step)
        zone = np.array([kind for _, kind in parts])[np.searchsorted(edges, depth) - 1]
        layers = runs(depth, zone)
        found.append(merge(layers, layers.zone * 0.5, 0.35))
    assert_array_equal(found[0].zone, found[1].zone)
    assert_allclose(found[0].top, found[1].top, atol=0.011)


def test_one_zone_is_one_layer() -> None:
    layers = runs(np.arange(0.5, 9.0, 0.02), np.full(425, 6))
    assert (len(layers.top), layers.top[0], layers.zone[0]) == (1, 0.5, 6)
    assert layers.bottom[0] == pytest.approx(8.98)


def test_a_soft_seam_between_sand_is_kept_and_a_thin_bed_of_sand_is_not() -> None:
    seam, index = made([(200, 6, 180), (12, 3, 310), (200, 6, 180)])
    assert merge(seam, index).zone.tolist() == [6, 3, 6]
    thinner, index = made([(200, 6, 180), (8, 3, 310), (200, 6, 180)])
    found = merge(thinner, index)
    assert found.zone.tolist() == [6]
    assert found.parts[0, 3] == pytest.approx(0.08)
    bed, index = made([(200, 3, 310), (12, 6, 180), (200, 3, 310)])
    assert merge(bed, index).zone.tolist() == [3]


def test_a_thin_layer_joins_the_one_that_it_is_most_like() -> None:
    layers, index = made([(100, 6, 180), (20, 5, 220), (300, 3, 310)])
    found = merge(layers, index)
    assert found.zone.tolist() == [6, 3]
    assert_allclose(found.bottom, [1.2, 4.2])


def test_what_was_not_measured_lies_between() -> None:
    depth = np.array([0.0, 0.1, 0.2, 3.0, 3.1, 3.2, 3.3])
    layers = runs(depth, [6, 6, 6, 6, 6, 6, 6])
    assert layers.zone.tolist() == [6, 0, 6]
    assert merge(layers, [2.0, np.nan, 2.0]).zone.tolist() == [6, 0, 6]
    assert len(runs(depth, np.zeros(7)).top) == 0
    assert len(runs([], []).top) == 0
    assert len(merge(runs([], []), []).top) == 0


def test_a_median_takes_out_spikes_and_keeps_steps() -> None:
    depth = np.arange(0.0, 2.0, 0.02)
    step = np.where(depth < 1.0, 1.0, 5.0)
    spiked = step.copy()
    spiked[[10, 70]] = 50.0, np.nan
    assert_array_equal(median_filter(depth, spiked, 0.1), step)
    assert_array_equal(median_filter(depth, step, 0.0), step)
    assert np.isnan(median_filter(depth, np.full(100, np.nan), 0.1)).all()


def test_records_know_their_layer_and_their_weight() -> None:
    layers, _ = made([(100, 6, 180), (100, 3, 300)])
    assert members(layers, [-0.1, 0.0, 0.5, 1.0, 2.0, 2.1]).tolist() == [-1, 0, 0, 1, 1, -1]
    assert members(runs([], []), [1.0]).tolist() == [-1]
    assert_allclose(weights([0.0, 1.0, 3.0]), [0.5, 1.5, 1.0])
    assert weights([2.0]).tolist() == [1.0]


def test_means_and_quantiles_by_weight() -> None:
    assert_allclose(means([1.0, 4.0, np.nan], [1.0, 1.0, 5.0]), [2.5, 2.0, 1.6])
    assert np.isnan(means([np.nan], [1.0])).all()
    assert quantile([3.0, 1.0, 2.0], [1.0, 1.0, 2.0], 0.5) == 2.0
    assert np.isnan(quantile([np.nan], [1.0], 0.5))
