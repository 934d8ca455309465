"""The layers of a city by name: ``city.buildings`` is ``city.layers["buildings"]``."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd


class CityLayers:
    """What has layers; each is a frame, empty where a source has nothing of it."""

    layers: Mapping[str, gpd.GeoDataFrame]

    @property
    def buildings(self) -> gpd.GeoDataFrame:
        return self.layers["buildings"]

    @property
    def roads(self) -> gpd.GeoDataFrame:
        return self.layers["roads"]

    @property
    def streets(self) -> gpd.GeoDataFrame:
        return self.layers["streets"]

    @property
    def wells(self) -> gpd.GeoDataFrame:
        return self.layers["wells"]

    @property
    def stops(self) -> gpd.GeoDataFrame:
        return self.layers["stops"]

    @property
    def stairs(self) -> gpd.GeoDataFrame:
        return self.layers["stairs"]

    @property
    def bridges(self) -> gpd.GeoDataFrame:
        return self.layers["bridges"]

    @property
    def tunnels(self) -> gpd.GeoDataFrame:
        return self.layers["tunnels"]

    @property
    def water(self) -> gpd.GeoDataFrame:
        return self.layers["water"]

    @property
    def trees(self) -> gpd.GeoDataFrame:
        return self.layers["trees"]

    @property
    def green(self) -> gpd.GeoDataFrame:
        return self.layers["green"]

    @property
    def furniture(self) -> gpd.GeoDataFrame:
        return self.layers["furniture"]

    @property
    def utilities(self) -> gpd.GeoDataFrame:
        return self.layers["utilities"]

    @property
    def cellars(self) -> gpd.GeoDataFrame:
        return self.layers["cellars"]

    @property
    def pits(self) -> gpd.GeoDataFrame:
        return self.layers["pits"]

    @property
    def soundings(self) -> gpd.GeoDataFrame:
        return self.layers["soundings"]

    @property
    def sensors(self) -> gpd.GeoDataFrame:
        return self.layers["sensors"]

    @property
    def landuse(self) -> gpd.GeoDataFrame:
        return self.layers["landuse"]

    @property
    def other(self) -> gpd.GeoDataFrame:
        return self.layers["other"]
