"""Sky view factors of SOLWEIG in Rust, on all cores, without trees and without a graphics card.

It takes `z` (R, C) [m], `cell` [m], `repeat`, and `streets` (N, r, c) [m] of which the sky view is known. The sky is looked at in
153 patches, a number of its own (its option 2, which its Python code has fixed); sky views towards four sides and the shadow of
every patch are made in the same call, which cannot be asked for less.
"""

from __future__ import annotations

import os

import numpy as np
from asked import given, needed, tell, timed

OPTION, PATCHES, LOWEST_DEG = 2, 153, 3.0
LONGEST_S = 240.0

os.environ["SOLWEIG_NO_GPU"] = "1"
rust = needed("solweig.rustalgos")
rust.shadowing.disable_gpu()
asked = given()
cell = float(asked["cell"])


def sky_view(height):
    height = np.ascontiguousarray(height - height.min(), dtype=np.float32)
    nothing = np.zeros_like(height)
    made = rust.skyview.calculate_svf(height, nothing, nothing, cell, False, float(height.max()), OPTION, LOWEST_DEG)
    return np.asarray(made.svf)


streets = np.array([sky_view(street) for street in asked["streets"]])
out = []
seconds = timed([lambda: out.append(sky_view(asked["z"]))] * int(asked["repeat"]), LONGEST_S)
threads = int(os.environ.get("RAYON_NUM_THREADS", "0")) or os.cpu_count()
tell("solweig", threads, seconds, {"sky": out[-1], "streets": streets}, patches=PATCHES)
