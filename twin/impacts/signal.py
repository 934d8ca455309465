"""The impact "signal": where antennas are received in the open, which one serves where, and how many lamp posts are needed for it.

The kernels are `twin.sim.impact.signal` (path loss by 3GPP TR 38.901) and `twin.sim.impact.cover` (greedy cover); whether there is
a line of sight is looked at by `twin.sim.impact.sight`. Indoors, on roofs and under arches nothing is claimed.

After a change all is looked at anew: a line of sight has no end, and of the antennas of a place only the strongest is kept. It
costs a viewshed for each antenna. The posts that were chosen without the change stay where they are, so that what it takes is seen;
what is needed more is chosen on top of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from twin.errors import GeometryError, ParameterError
from twin.impact_result import ImpactResult
from twin.impacts import antennas as masts
from twin.impacts.air import STREETS, Air
from twin.impacts.signal_report import classes_of, figures_of, told_of
from twin.impacts.site import Site
from twin.scenario.analyses import SignalAnalysis, settings_of
from twin.variables import variable

if TYPE_CHECKING:
    from twin.geo.city import City

USELESS_DB = 20.0
"""What is weaker than the threshold by more is told as weaker by this, in what is compared [dB]."""

HIGHER = "give it a greater `height_m`: it is above the ground, on roofs too"


def coverage(
    city: City,
    antennas: gpd.GeoDataFrame | Sequence[Any],
    *,
    model: str = "umi",
    frequency_ghz: float = 3.5,
    power_dbm: float = 40.0,
    subcarriers: int = 3276,
    threshold_dbm: float = -100.0,
    margin_db: float = 0.0,
    receiver_m: float = 1.5,
    cell: float = 1.0,
    area: tuple[float, float, float, float] | None = None,
) -> xr.Dataset:
    """What is received of antennas on open ground.

    Parameters
    ----------
    city : City
    antennas : GeoDataFrame, or sequence of (x, y, height_m) or (x, y, height_m, power_dbm)
        Points in the CRS of the city, with a column ``height_m`` (above the ground there) and perhaps ``power_dbm`` [m, dBm].
    model : {"umi", "uma"}
        Of 3GPP TR 38.901: small cells in streets, or masts over roofs.
    frequency_ghz : float
        0.5 to 100 [GHz].
    power_dbm : float
        What an antenna sends (EIRP), over all subcarriers [dBm].
    subcarriers : int
        Over which that is spread; 1 for the signal of the whole channel.
    threshold_dbm : float
        Of one subcarrier; an antenna is followed to 10 dB below it [dBm].
    margin_db : float
        Taken off, for fading [dB].
    receiver_m : float
        Above the ground [m].
    cell : float
        [m]
    area : (west, south, east, north), optional
        Part to tell of; antennas and buildings elsewhere count all the same [m].

    Returns
    -------
    Dataset
        ``signal_dbm`` (y, x) float32, of the strongest antenna; NaN off open ground, -200 where none is near enough.
        ``best_server`` (y, x) int16, its place in the coordinate ``antenna``; -1 where there is none. ``line_of_sight`` (y, x)
        uint8, whether it is in sight.

    Raises
    ------
    ParameterError
        When a value cannot be used, or an antenna stands inside a building.
    GeometryError
        When an antenna lies outside the city.

    References
    ----------
    3GPP TR 38.901 V17.0.0, table 7.4.1-1.
    """
    settings = settings_of(
        SignalAnalysis, model=model, frequency_ghz=frequency_ghz, power_dbm=power_dbm, subcarriers=subcarriers,
        threshold_dbm=threshold_dbm, margin_db=margin_db, receiver_m=receiver_m, cell_m=cell,
        antennas=masts.given(antennas, city), posts=(),
    )  # fmt: skip
    table = masts.standing(city.with_layer("furniture", city.furniture.iloc[:0]), settings)
    air = Air(Site(city, area), settings)
    inside = air.built_over(table)
    if inside:
        raise ParameterError(f"antenna `{inside[0]}` stands inside what is built there", hint=HIGHER)
    fields = air.strongest(table)
    return air.dataset(*fields).assign_coords(antenna=table.index.to_numpy(dtype=str))


def posts_needed(
    city: City,
    candidates: gpd.GeoDataFrame | None = None,
    *,
    wanted_share: float = 0.95,
    most_posts: int = 50,
    least_share: float = 0.005,
    antennas: gpd.GeoDataFrame | Sequence[Any] = (),
    ground: str = "open",
    post_height_m: float | None = None,
    model: str = "umi",
    frequency_ghz: float = 3.5,
    power_dbm: float = 40.0,
    subcarriers: int = 3276,
    threshold_dbm: float = -100.0,
    margin_db: float = 0.0,
    receiver_m: float = 1.5,
    cell: float = 1.0,
    area: tuple[float, float, float, float] | None = None,
) -> gpd.GeoDataFrame:
    """As few posts as possible (greedily) from which a share of the ground has signal.

    Parameters
    ----------
    city : City
    candidates : GeoDataFrame, optional
        Points with perhaps ``height_m`` and ``z_m`` (foot); by default the lamps of the city [m].
    wanted_share : float
        Of the ground that counts.
    most_posts : int
    least_share : float
        Of the ground that counts: a post that would add less is not chosen.
    antennas : as in `coverage`
        That are there already.
    ground : {"open", "streets"}
        What counts: all open ground, or what of it are streets, bridges and stairs.
    post_height_m : float, optional
        At which antennas hang; by default the height of each post [m].
    model, frequency_ghz, power_dbm, subcarriers, threshold_dbm, margin_db, receiver_m, cell, area
        As in `coverage`.

    Returns
    -------
    GeoDataFrame
        In the order in which they were chosen: ``order`` (from 1), ``height_m``, ``gained_share`` (of the ground that counts, 0 to
        1), ``covered_share`` (of all so far), ``kept`` (False), and the point. Fewer than would cover the share when no post adds
        enough, or there are `most_posts`.

    Raises
    ------
    ParameterError
        When a value cannot be used.
    GeometryError
        When the city has no lamps, or no streets where those are to count.
    """
    settings = settings_of(
        SignalAnalysis, model=model, frequency_ghz=frequency_ghz, power_dbm=power_dbm, subcarriers=subcarriers,
        threshold_dbm=threshold_dbm, margin_db=margin_db, receiver_m=receiver_m, cell_m=cell, post_height_m=post_height_m,
        wanted_share=wanted_share, most_posts=most_posts, least_share=least_share, ground=ground,
        antennas=masts.given(antennas, city), posts=(masts.LAMP,) if candidates is None else (),
    )  # fmt: skip
    there = masts.standing(city.with_layer("furniture", city.furniture.iloc[:0]), settings)
    posts = masts.posts_of(city, settings) if candidates is None else masts.candidates_of(candidates, city, settings)
    air = Air(Site(city, area), settings)
    return air.choose(there, there.iloc[:0], posts)


def possible(city: City, settings: SignalAnalysis) -> None:
    """See that a city has the posts and the streets that are asked for, and antennas lie in it.

    Raises
    ------
    GeometryError
        When not.
    """
    masts.standing(city, settings)
    masts.posts_of(city, settings)
    if settings.ground == "streets" and not any(len(city.layers[name]) for name in STREETS):
        raise GeometryError("the city has no streets", hint="leave out `ground: streets`, then all open ground counts")


def analyse(site: Site, settings: SignalAnalysis, before: tuple[Site, ImpactResult] | None = None) -> ImpactResult:
    """Signal on a site; `before` as in `twin.impacts.registry.Impact`: the posts that it chose are kept.

    Raises
    ------
    GeometryError
        As `possible`, and when an antenna of the settings stands inside a building without any change.
    """
    possible(site.city, settings)
    there, posts = masts.standing(site.city, settings), masts.posts_of(site.city, settings)
    old = None if before is None else before[1].features["antennas"]
    kept = posts.iloc[:0] if old is None else posts[posts.index.isin(old.index[old["source"] == "post"])]
    if old is not None:
        kept = kept.reindex([name for name in old.index if name in kept.index])
    air = Air(site, settings)
    inside = air.built_over(there[there["source"] == "scenario"]) if before is None else []
    if inside:
        raise GeometryError(f"antenna `{inside[0]}` stands inside what is built there", hint=HIGHER)
    chosen = air.choose(there, kept, posts)
    senders = pd.concat([there, kept if old is not None else posts.loc[chosen.index]])
    if old is not None:  # numbered as without the change, what is new behind it
        there_before = senders.index.isin(old.index)
        senders = pd.concat([senders.loc[[name for name in old.index if name in senders.index]], senders[~there_before]])
    power, server, seen = air.strongest(senders)
    # of what is weaker than any use it does not matter by how much: a change from nothing would hide what is gained
    fields = air.dataset(np.maximum(power, np.float32(settings.threshold_dbm - USELESS_DB)), server, seen)
    heights, ground = air.open
    fields = fields.assign(
        surface_height=variable("surface_height").array(heights), on_ground=variable("on_ground").array(ground.astype(np.uint8))
    )
    served = _served(air, senders, fields)
    features = {"antennas": served, "posts": chosen}
    figures = figures_of(settings, fields, air.wanted, chosen, len(posts), None if before is None else before[1].fields)
    told = told_of(settings, served, pd.concat([there, posts]))
    return ImpactResult(
        "signal", "Radio signal", fields, features, figures, classes_of(settings, served), told,
        dict(settings.model_dump(mode="json")),
    )  # fmt: skip


def _served(air: Air, senders: pd.DataFrame, fields: xr.Dataset) -> gpd.GeoDataFrame:
    """Antennas with the ground that each serves: where it is the strongest, and strong enough."""
    enough = air.wanted & (fields["signal_dbm"].to_numpy() >= np.float32(air.settings.threshold_dbm))
    counts = np.bincount(fields["best_server"].to_numpy()[enough], minlength=len(senders))[: len(senders)]
    table = senders[["source", "height_m", "power_dbm"]].assign(
        number=np.arange(len(senders)), sends=~senders.index.isin(air.built_over(senders)), served_m2=counts * air.grid.cell**2,
        served_share=counts / max(int(air.wanted.sum()), 1),
    )  # fmt: skip
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(senders["x"], senders["y"]), crs=air.site.city.crs)
