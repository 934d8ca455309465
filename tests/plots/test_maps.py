"""Maps as data: what is drawn where, in which class and colour, and what the words say."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import geopandas as gpd
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import shapely
from matplotlib.colors import to_rgb
from matplotlib.legend import Legend

from tests.places import SOUTH, WEST
from twin.compare import Comparison
from twin.ensemble import Ensemble
from twin.errors import ParameterError, TwinError
from twin.fruin import LAJOLLA, LETTERS, borders
from twin.geo.city import City
from twin.plots.map import difference_of
from twin.result import Result


def gids(ax):
    return [child.get_gid() for child in ax.get_children() if child.get_gid()]


def field(ax):
    return next(image for image in ax.images if image.get_gid() == "field")


def legends(ax):
    return [child for child in ax.get_children() if isinstance(child, Legend)]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_a_map_shows_the_highest_density_where_it_is(result: Result, place: City) -> None:
    ax = result.plot_map(city=place)
    assert ax.get_title(loc="left") == "Highest crowd density"
    drawn = field(ax)
    highest = result.fields["density_max"].isel(level=0).to_numpy()
    floor = result.fields["walkable"].isel(level=0).to_numpy()
    np.testing.assert_allclose(drawn.get_array().filled(0.0), np.where(floor & (highest > 0.02), highest, 0.0), rtol=1e-6)
    x, y = result.fields["x"].to_numpy(), result.fields["y"].to_numpy()
    assert drawn.get_extent() == pytest.approx([x[0] - 0.5, x[-1] + 0.5, y[-1] - 0.5, y[0] + 0.5])
    assert ax.get_aspect() == 1.0
    assert {"scale bar", "north", "subtitle", "buildings"} <= set(gids(ax))
    assert "Town" in texts(ax)[0]


def test_classes_are_fruins_with_letters_and_the_colours_of_scenes(result: Result) -> None:
    from viewer import style

    ax = result.plot_map()
    norm, cmap = field(ax).norm, field(ax).cmap
    assert [int(norm(value)) for value in (0.1, 0.35, 0.5, 0.9, 1.5, 9.0)] == [0, 1, 2, 3, 4, 5]
    for k, colour in enumerate(LAJOLLA):
        np.testing.assert_allclose(to_rgb(cmap(k)), np.array(colour) / 255.0)
    shown = [text.get_text() for text in legends(ax)[0].get_texts()]
    assert [line[0] for line in shown] == list(LETTERS[::-1])
    assert shown[0].split() == ["F", ">", "2.17"]
    np.testing.assert_allclose([item.low for item in style.fruin_legend().classes[1:]], borders())
    assert "Fruin" in legends(ax)[0].get_title().get_text()


def test_another_scheme_has_other_borders(result: Result) -> None:
    norm = field(result.plot_map(scheme="queueing")).norm
    assert int(norm(2.0)) == 3
    assert int(norm(6.0)) == 5
    with pytest.raises(ParameterError, match=r"no scheme `queuing`.*did you mean `queueing`"):
        result.plot_map(scheme="queuing")


def test_own_classes_and_a_continuous_scale(result: Result) -> None:
    ax = result.plot_map(classes=[0.5, 1.0])
    assert [t.get_text() for t in legends(ax)[0].get_texts()] == ["> 1.00", "0.50 – 1.00", "< 0.50"]
    ax = result.plot_map(classes=None, vmax=3.0)
    assert field(ax).norm.vmax == 3.0
    assert any("people/m²" in other.get_ylabel() for other in ax.figure.axes)
    with pytest.raises(ParameterError, match="rising"):
        result.plot_map(classes=[2.0, 1.0])
    with pytest.raises(ParameterError, match="no classes `jenks`"):
        result.plot_map(classes="jenks")


def test_a_moment_is_the_interval_that_it_lies_in(result: Result) -> None:
    ax = result.plot_map(time=15)
    now = result.fields["density"].sel(time=20.0).isel(level=0).to_numpy()
    shown = field(ax).get_array().filled(0.0)
    assert shown.max() == pytest.approx(float(now.max()))
    assert "at 22:30:20" in texts(ax)[0]
    assert "om 22:30:20" in texts(result.plot_map(time=15, language="nl"))[0]


def test_words_are_dutch_when_asked(result: Result) -> None:
    ax = result.plot_map(language="nl")
    assert ax.get_title(loc="left") == "Hoogste dichtheid"
    assert any("2,17" in text.get_text() for text in legends(ax)[0].get_texts())
    with pytest.raises(ParameterError, match="no plots in `fr`"):
        result.plot_map(language="fr")


@pytest.mark.parametrize(
    "variable", ["mean_speed", "density_max_time", "exposure", "level_of_service", "floor_height", "crowd_pressure"]
)
def test_every_kind_of_variable_is_drawn(result: Result, variable: str) -> None:
    ax = result.plot_map(variable, labels=False)
    assert np.isfinite(field(ax).get_array().filled(np.nan)).any()
    assert ax.get_title(loc="left")


def test_axes_that_are_given_are_used(result: Result) -> None:
    figure, axes = plt.subplots(1, 2)
    assert result.plot_map(ax=axes[1]) is axes[1]
    assert not axes[0].images
    assert len(plt.get_fignums()) == 1
    with pytest.raises(ParameterError, match="an Axes of matplotlib"):
        result.plot_map(ax=figure)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"variable": "densty"}, "did you mean `density`"),
        ({"variable": 3}, "named by text"),
        ({"time": 9999.0}, "nothing at 9999 s"),
        ({"time": -1.0}, "nothing at -1 s"),
        ({"time": "latest"}, "number of seconds"),
        ({"time": float("nan")}, "nothing at nan s"),
        ({"variable": "exposure", "time": 20.0}, "has no moments"),
        ({"level": "stret"}, "did you mean `street`"),
        ({"bounds": (0, 0, 1, 1)}, "nothing of the result"),
        ({"bounds": (5, 0, 1, 1)}, "this one is empty"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_remedy(result: Result, asked: dict, told: str) -> None:
    with pytest.raises(TwinError, match=told) as caught:
        result.plot_map(**asked)
    assert caught.value.hint or "did you mean" in str(caught.value)
    assert not plt.get_fignums(), "nothing half-drawn is left"


def test_exits_and_lines_are_named(result: Result) -> None:
    ax = result.plot_map()
    assert "exits:east" in gids(ax)
    assert "lines:north-side" in gids(ax)
    assert {"east", "north-side"} <= set(texts(ax))
    assert "exits:east" not in gids(result.plot_map(labels=False))


def test_the_difference_is_centred_on_zero_and_is_variant_minus_baseline(both: Comparison, place: City) -> None:
    ax = both.plot_map(city=place)
    norm = field(ax).norm
    assert norm.vmin == -norm.vmax
    shown = field(ax).get_array()
    want = both.difference["density_max_change"].isel(level=0)
    assert shown.shape == want.shape
    strong = np.abs(np.nan_to_num(want.to_numpy())) > 0.2
    np.testing.assert_allclose(shown.filled(np.nan)[strong], want.to_numpy()[strong], atol=1e-5)
    assert shown.min() < 0 < shown.max()
    assert "first seed" in " ".join(texts(ax))


def test_the_difference_of_a_thing_with_itself_is_none(result: Result) -> None:
    from twin.plots.choosing import choose

    one = choose(result, "density", "max", None)
    assert not np.nan_to_num(difference_of(one, one).values).any()


def test_three_maps_share_window_and_scale(both: Comparison) -> None:
    axes = both.plot_map(side="all", classes=None)
    assert len(axes) == 3
    assert len({(ax.get_xlim(), ax.get_ylim()) for ax in axes}) == 1
    assert field(axes[0]).norm.vmax == field(axes[1]).norm.vmax
    assert [ax.get_title(loc="left") for ax in axes[:2]] == ["Without the changes", "With the changes"]
    with pytest.raises(ParameterError, match="three axes"):
        both.plot_map(side="all", ax=plt.subplots(1, 2)[1])
    with pytest.raises(ParameterError, match="no side `after`"):
        both.plot_map(side="after")


def test_maps_of_many_seeds(many: Ensemble) -> None:
    mean = many.plot_map("mean")
    assert "mean of 3 seeds" in mean.get_title(loc="left")
    by_seed = np.stack([h["density_max"].to_numpy().max() for h in many.highest.values()])
    assert float(field(mean).get_array().max()) <= by_seed.max() + 1e-6
    over = many.plot_map("exceedance", limit=0.4)
    assert float(field(over).get_array().max()) <= 100.0
    nothing = many.plot_map("exceedance", limit=50.0, language="nl")
    assert "niets te tonen" in texts(nothing)
    with pytest.raises(ParameterError, match="no statistic"):
        many.plot_map("mode")
    with pytest.raises(ParameterError, match="belongs to `exceedance`"):
        many.plot_map("mean", limit=1.0)


def test_exceedance_falls_with_the_limit_and_is_a_share(many: Ensemble) -> None:
    shares = [many.exceedance(limit).to_numpy() for limit in (0.1, 0.3, 0.6, 1.2)]
    for low, high in pairwise(shares):
        assert (high <= low).all()
    assert set(np.unique(shares[1])) <= {0.0, 1 / 3, 2 / 3, 1.0}
    places = many.places(0.3)
    assert places["probability"].between(0.0, 1.0).all()
    assert (places["density_p95"] >= places["density_mean"] - 1e-9).all()
    assert places["density_mean"].is_monotonic_decreasing or len(places) < 2
    with pytest.raises(ParameterError, match="not possible"):
        many.exceedance(-1.0)


def test_a_map_of_the_sample_has_its_layers(sample: City) -> None:
    ax = sample.plot()
    assert {"buildings", "water", "roads", "green", "trees"} <= set(gids(ax))
    west, _, east, _ = sample.layers["roads"].total_bounds
    assert ax.get_xlim()[0] <= west
    assert ax.get_xlim()[1] >= east
    bar = next(child for child in ax.get_children() if child.get_gid() == "scale bar")
    assert bar.txt_label.get_text() == "100 m"
    assert any("synthetic" in text for text in texts(ax))


def test_a_part_of_a_city_and_layers_below_it(sample: City) -> None:
    ax = sample.plot(bounds=(136740, 455780, 136900, 455960), layers=["roads", "cellars", "utilities"], language="nl")
    assert ax.get_xlim() == (136740, 136900)
    assert [text.get_text() for text in legends(ax)[0].get_texts()][-4:] == ["kelder", "riool", "waterleiding", "gasleiding"]
    with pytest.raises(ParameterError, match="did you mean `buildings`"):
        sample.plot(layers=["bulidings"])
    with pytest.raises(ParameterError, match="nothing of the city"):
        sample.plot(bounds=(0, 0, 10, 10))
    with pytest.raises(ParameterError, match="nothing to draw"):
        City(sample.crs, np.zeros(3)).plot()


def test_a_city_is_found_where_it_is(place: City) -> None:
    ax = place.plot()
    assert ax.get_xlim()[0] < WEST + 22 < WEST + 38 < ax.get_xlim()[1]
    assert ax.get_ylim()[0] < SOUTH + 22


def test_levels_of_service_are_those_of_the_scheme_that_is_named(result: Result) -> None:
    one, other = (field(result.plot_map("level_of_service_interval", scheme=name)) for name in ("walkway", "queueing"))
    assert np.nanmax(one.get_array().filled(np.nan)) > np.nanmax(other.get_array().filled(np.nan))
    with pytest.raises(ParameterError, match="of the scheme walkway"):
        result.plot_map("level_of_service", scheme="stairs")


def test_densest_places_are_of_the_level_that_is_shown(result: Result) -> None:
    level = str(result.fields["level"].values[0])
    elsewhere = result.features["hotspots"].assign(level="elsewhere")
    moved = result.with_(features={**result.features, "hotspots": elsewhere})

    def ranks(ax) -> list[str]:
        return [str(line.get_gid()) for line in ax.lines if str(line.get_gid()).startswith("hotspot:")]

    assert ranks(moved.plot_map("density_max"))
    assert not ranks(moved.plot_map("density_max", level=level))
    assert ranks(result.plot_map("density_max", level=level))


def test_a_dollar_is_a_dollar(result: Result, place: City) -> None:
    ax = result.plot_map(title=r"Kade $\weg$ for $5", city=replace(place, name="$x^2$"))
    assert ax.get_title(loc="left") == r"Kade \$\weg\$ for \$5"
    ax.figure.canvas.draw()
    chart = result.with_(provenance={**result.provenance, "title": r"$\frac$"}).plot_series()
    chart.figure.canvas.draw()


def test_a_single_tree_has_a_map_round_it(place: City) -> None:
    tree = gpd.GeoDataFrame({"height_m": [9.0]}, geometry=[shapely.Point(place.bounds[0], place.bounds[1])], crs=place.crs)
    tree.index = pd.Index(["tree"], name="id", dtype="str")
    ax = place.with_layer("trees", tree).plot(layers=["trees"])
    assert np.ptp(ax.get_xlim()) >= 20.0
    for bounds in ((0.0, 0.0, 10.0, 0.0), (10.0, 0.0, 0.0, 10.0)):
        with pytest.raises(ParameterError, match="this one is empty"):
            place.plot(bounds=bounds)
