"""Many pictures from one place: what stands still is lit once, then only the field and the people are drawn anew.

The same light as in `viewer.kernels.shading`; people are small figures that hide and are hidden as they should, and throw a shadow.
"""

from __future__ import annotations

import math

import numpy as np

from twin.jit import njit
from viewer.kernels.arrays import BEYOND, BUILDING, DRAWN, FLOOR, FOLIAGE, PERSON
from viewer.kernels.shading import (
    coloured,
    covered,
    encode,
    height_at,
    light_on,
    line_at,
    mix,
    off_surface,
    plus,
    ray_of,
    sky_colour,
    sky_seen,
    spot_of,
    sunlit,
    value_on,
)


@njit()
def still_light(ids, eye, surfaces, heights, first, last, colour, light, depth):  # pragma: no cover - compiled
    """Of each sample in rows of the picture from `first` to `last`: colour without a field, light, distance ahead (0: sky)."""
    rows, columns = ids.shape
    s = eye.samples
    f = eye.forward
    for y in range(first * s, last * s):
        sky_number, sky_until, open_sky = np.uint32(0), 0, 1.0
        for x in range(columns):
            number = ids[y, x]
            ray = ray_of(eye, x, y, columns, rows)
            if number == 0:
                tint = sky_colour(eye.look, ray[5])
                depth[y, x] = 0.0
            else:
                spot = spot_of(surfaces, number, ray)
                kind = surfaces.kind[number]
                if kind not in (FOLIAGE, PERSON, BEYOND, DRAWN) and (number != sky_number or x >= sky_until):
                    q = off_surface(kind, spot, heights.cell)
                    open_sky = sky_seen(heights.solid, heights.levels, heights.west, heights.north, heights.cell, *q)
                    sky_number, sky_until = number, x + 4 * s
                lit = light_on(eye, surfaces, heights, number, spot, open_sky)
                base = surfaces.albedo[number]
                own = (float(base[0]), float(base[1]), float(base[2]))
                line = line_at(eye, surfaces, ids, number, ray, x, y)
                tint = coloured(eye, surfaces, heights, number, ray, spot, own, 0.0, lit)
                tint = (line * tint[0], line * tint[1], line * tint[2])
                depth[y, x] = spot[0] if eye.parallel else spot[0] * (ray[3] * f[0] + ray[4] * f[1] + ray[5] * f[2])
                light[y, x, 0], light[y, x, 1], light[y, x, 2] = lit[0], lit[1], lit[2]
                light[y, x, 3], light[y, x, 4] = lit[3], line
            colour[y, x, 0], colour[y, x, 1], colour[y, x, 2] = tint[0], tint[1], tint[2]


@njit()
def field_on(
    ids, eye, surfaces, heights, drape, colour, light, with_sky, first, last, out
):  # pragma: no cover - compiled
    """Pixels of rows from `first` to `last`, (H, W, 3) linear, with the field on the floor; without a sky the mean of the rest."""
    rows, columns = ids.shape
    s = eye.samples
    levels = drape.value.shape[0]
    for i in range(first, last):
        for j in range(out.shape[1]):
            value, asked = 0.0, False
            total, seen = (0.0, 0.0, 0.0), 0
            for a in range(s):
                for b in range(s):
                    y, x = i * s + a, j * s + b
                    number = ids[y, x]
                    if number == 0 and not with_sky:
                        continue
                    seen += 1
                    own = (float(colour[y, x, 0]), float(colour[y, x, 1]), float(colour[y, x, 2]))
                    kind = surfaces.kind[number] if levels > 0 and number != 0 else -1
                    if kind in (FLOOR, BUILDING):
                        ray = ray_of(eye, x, y, columns, rows)
                        spot = spot_of(surfaces, number, ray)
                        if not asked:
                            asked = True
                            level = spot[6] > (0.25 if kind == BUILDING else 0.5)
                            value = value_on(drape, spot[1], spot[2], spot[3]) if level else 0.0
                        if value != 0.0:
                            base = surfaces.albedo[number]
                            albedo, share = covered(drape, value, (float(base[0]), float(base[1]), float(base[2])))
                            lit = (
                                float(light[y, x, 0]), float(light[y, x, 1]), float(light[y, x, 2]), float(light[y, x, 3]),
                            )  # fmt: skip
                            tint = coloured(eye, surfaces, heights, number, ray, spot, albedo, share, lit)
                            line = light[y, x, 4]
                            own = (line * tint[0], line * tint[1], line * tint[2])
                    total = plus(total, own, 1.0)
            for c in range(3):
                out[i, j, c] = total[c] / max(seen, 1)


@njit()
def light_people(at, heights, sun, first, last, out):  # pragma: no cover - compiled
    """Sun (column 0) and light of lamps (column 1) at the chests of people (N, 3)."""
    for k in range(first, last):
        x, y, z = at[k, 0], at[k, 1], at[k, 2]
        out[k, 0] = max(0.0, sunlit(heights, (x, y, z + 1.2), sun))
        out[k, 1] = 0.0
        if heights.lamps.shape[0] > 1:
            lamps = height_at(heights.lamps, heights.west, heights.north, heights.cell, x, y)
            out[k, 1] = max(0.0, lamps)


@njit()
def draw_figures(corners, faces, spans, depth, first, last, near, number):  # pragma: no cover - compiled
    """Draw figures into samples of rows from `first` to `last`, where nothing nearer is.

    Parameters
    ----------
    corners : (N, V, 3) float32
        Column and row [samples] and distance ahead [m] of the corners of each figure.
    faces : (T, 3) int32
    spans : (N, 4) int32
        First and last row, first and last column that each figure may touch; none where the first is beyond the last.
    depth : (H, W) float32
        Of what stands still; 0 is the sky.
    near : (H, W) float32
        Scratch, infinite.
    number : (H, W) int32
        Filled: figure times T plus face, from 1.
    """
    count = len(faces)
    for n in range(len(corners)):
        top, bottom = max(spans[n, 0], first), min(spans[n, 1], last - 1)
        if top > bottom or spans[n, 2] > spans[n, 3]:
            continue
        for t in range(count):
            ax, ay, az = corners[n, faces[t, 0], 0], corners[n, faces[t, 0], 1], corners[n, faces[t, 0], 2]
            bx, by, bz = corners[n, faces[t, 1], 0], corners[n, faces[t, 1], 1], corners[n, faces[t, 1], 2]
            cx, cy, cz = corners[n, faces[t, 2], 0], corners[n, faces[t, 2], 1], corners[n, faces[t, 2], 2]
            area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
            if not area < -1e-9:  # rows count downwards, so what faces the camera turns the other way
                continue
            y0, y1 = max(top, math.ceil(min(ay, by, cy))), min(bottom, math.floor(max(ay, by, cy)))
            x0, x1 = max(spans[n, 2], math.ceil(min(ax, bx, cx))), min(spans[n, 3], math.floor(max(ax, bx, cx)))
            for y in range(y0, y1 + 1):
                for x in range(x0, x1 + 1):
                    u = ((bx - x) * (cy - y) - (cx - x) * (by - y)) / area
                    v = ((cx - x) * (ay - y) - (ax - x) * (cy - y)) / area
                    w = 1.0 - u - v
                    if u < 0.0 or v < 0.0 or w < 0.0:
                        continue
                    # straight in 1 / distance; over so small a thing straight in distance will do
                    here = u * az + v * bz + w * cz
                    still = depth[y, x]
                    if here < near[y, x] and (still == 0.0 or here < still + 0.02):
                        near[y, x] = here
                        number[y, x] = n * count + t + 1


@njit()
def throw_shadows(corners, strength, depth, ids, kind, samples, first, last, dark):  # pragma: no cover - compiled
    """Shadows of people on the floor: how dark each pixel of rows from `first` to `last` is, 0 to 1.

    Parameters
    ----------
    corners : (N, K, 3) float32
        Column and row [pixels] and distance ahead [m] of the corners of each shadow, a convex polygon.
    strength : (N,) float32
    depth, ids, kind
        Of what stands still, by sample.
    dark : (H, W) float32
        Filled.
    """
    columns = dark.shape[1]
    for n in range(len(corners)):
        if strength[n] <= 0.02:
            continue
        low, high, left, right, ahead = 1e9, -1e9, 1e9, -1e9, 0.0
        for k in range(corners.shape[1]):
            low, high = min(low, corners[n, k, 1]), max(high, corners[n, k, 1])
            left, right = min(left, corners[n, k, 0]), max(right, corners[n, k, 0])
            ahead += corners[n, k, 2] / corners.shape[1]
        if high < first or low >= last or right < 0 or left >= columns or ahead <= 0.0:
            continue
        for i in range(max(first, math.floor(low)), min(last - 1, math.ceil(high)) + 1):
            for j in range(max(0, math.floor(left)), min(columns - 1, math.ceil(right)) + 1):
                inside, sign = True, 0.0
                for k in range(corners.shape[1]):
                    m = (k + 1) % corners.shape[1]
                    ex, ey = corners[n, m, 0] - corners[n, k, 0], corners[n, m, 1] - corners[n, k, 1]
                    side = ex * (i - corners[n, k, 1]) - ey * (j - corners[n, k, 0])
                    # half a pixel of slack, so that a thin shadow far away is not lost
                    slack = 0.5 * (abs(ex) + abs(ey))
                    if sign == 0.0:
                        sign = 1.0 if area_of(corners, n) > 0.0 else -1.0
                    if side * sign < -slack:
                        inside = False
                        break
                if not inside:
                    continue
                y, x = i * samples, j * samples
                still = depth[y, x]
                if ids[y, x] != 0 and kind[ids[y, x]] == FLOOR and abs(still - ahead) < 0.02 * ahead + 1.0:
                    dark[i, j] = max(dark[i, j], strength[n])


@njit()
def area_of(corners, n):  # pragma: no cover - compiled
    total = 0.0
    for k in range(corners.shape[1]):
        m = (k + 1) % corners.shape[1]
        total += corners[n, k, 0] * corners[n, m, 1] - corners[n, m, 0] * corners[n, k, 1]
    return total


@njit()
def merge(
    ids, pixels, number, tint, haze, haze_colour, dark, samples, with_sky, first, last, out, cover
):  # pragma: no cover - compiled
    """The picture in sRGB: pixels, darker in shadows, and the figures over them; without a sky the mean of what is there.

    Parameters
    ----------
    pixels : (H, W, 3) float32
        Linear, without people.
    number : (H * s, W * s) int32
        Figure and face of each sample, see `draw_figures`.
    tint : (N, T, 3) float32
        Linear colour of each face of each figure.
    haze : (N,) float32
        How far each figure fades into `haze_colour`.
    dark : (H, W) float32
    out : (H, W, 3) uint8
        Filled.
    cover : (H, W) uint8
        Filled: how much of each pixel has something in it.
    """
    whole = samples * samples
    faces = max(1, tint.shape[1])
    for i in range(first, last):
        for j in range(out.shape[1]):
            keep = 1.0 - 0.42 * dark[i, j]
            ground = (keep * pixels[i, j, 0], keep * pixels[i, j, 1], keep * pixels[i, j, 2])
            total, seen, there = (0.0, 0.0, 0.0), 0, 0
            for a in range(samples):
                for b in range(samples):
                    y, x = i * samples + a, j * samples + b
                    k = number[y, x] - 1
                    if k >= 0:
                        n, t = k // faces, k % faces
                        own = (float(tint[n, t, 0]), float(tint[n, t, 1]), float(tint[n, t, 2]))
                        total = plus(total, mix(own, haze_colour, haze[n]), 1.0)
                    elif with_sky or ids[y, x] != 0:
                        total = plus(total, ground, 1.0)
                    else:
                        continue
                    seen += 1
                    if k >= 0 or ids[y, x] != 0:
                        there += 1
            cover[i, j] = np.uint8(255.0 * there / whole + 0.5)
            for c in range(3):
                out[i, j, c] = encode(total[c] / max(seen, 1))
