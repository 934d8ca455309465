"""Light on what is seen: sun and shadow, sky, water, haze, edges, and the field on the floor.

The renderer says which triangle each pixel shows; place and direction of the surface then follow exactly from the
triangle's plane. Shadow and sky are found by marching over a raster of heights, so they hold for streets, walls and
roofs alike, need no shadow pass, and are the same on every machine. A horizontal surface in full sun keeps its own
colour, so that colours of the legend are true on the floor.
"""

from __future__ import annotations

import math

import numpy as np

from twin.jit import njit
from viewer.kernels.arrays import BEYOND, BLOCK, BUILDING, DRAWN, EARTH, FLOOR, FOLIAGE, PERSON, SOLID, WATER


@njit(inline="always")
def line_at(eye, surfaces, ids, number, ray, x, y):  # pragma: no cover - compiled
    """What the edge of a thing leaves of the light at a sample, 1 where there is none."""
    rows, columns = ids.shape
    if x + 1 >= columns or y + 1 >= rows:
        return 1.0
    line = min(edge_line(surfaces, number, ids[y, x + 1], ray), edge_line(surfaces, number, ids[y + 1, x], ray))
    return max(0.0, 1.0 - eye.look.line * (1.0 - line))


@njit()
def light_at_points(points, normals, heights, sun, out):  # pragma: no cover - compiled
    for k in range(len(points)):
        x, y, z = points[k, 0], points[k, 1], points[k, 2] + 0.05
        lit = sunlit(heights, (x, y, z), sun)
        up = 0.5 + 0.5 * normals[k, 2]
        sky = sky_seen(heights.solid, heights.levels, heights.west, heights.north, heights.cell, x, y, z)
        out[k, 0] = np.uint8(255.0 * max(0.0, lit) + 0.5)
        out[k, 1] = np.uint8(255.0 * min(1.0, sky / max(up, 0.25)) + 0.5)


@njit()
def sun_at_points(points, heights, sun, out):  # pragma: no cover - compiled
    for k in range(len(points)):
        lit = sunlit(heights, (points[k, 0], points[k, 1], points[k, 2] + 0.05), sun)
        out[k] = np.uint8(255.0 * max(0.0, lit) + 0.5)


@njit(inline="always")
def plus(a, b, share):  # pragma: no cover - compiled
    return (a[0] + share * b[0], a[1] + share * b[1], a[2] + share * b[2])


@njit(inline="always")
def mix(a, b, share):  # pragma: no cover - compiled
    return (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), a[2] + share * (b[2] - a[2]))


@njit(inline="always")
def ray_of(eye, x, y, columns, rows):  # pragma: no cover - compiled
    """Start and direction of the ray through a sample."""
    e, f, right, up = eye.eye, eye.forward, eye.right, eye.up
    u = (2.0 * (x + 0.5) / columns - 1.0) * eye.tan_half * columns / rows
    v = (1.0 - 2.0 * (y + 0.5) / rows) * eye.tan_half
    mx, my, mz = u * right[0] + v * up[0], u * right[1] + v * up[1], u * right[2] + v * up[2]
    if eye.parallel:
        d = eye.distance
        return (e[0] + mx * d, e[1] + my * d, e[2] + mz * d, f[0], f[1], f[2])
    dx, dy, dz = f[0] + mx, f[1] + my, f[2] + mz
    size = math.sqrt(dx * dx + dy * dy + dz * dz)
    return (e[0], e[1], e[2], dx / size, dy / size, dz / size)


@njit(inline="always")
def spot_of(surfaces, number, ray):  # pragma: no cover - compiled
    """Distance, place and normal (towards the eye) of what a ray meets."""
    ox, oy, oz, dx, dy, dz = ray
    t = hit_distance(surfaces, number, ray)
    nx, ny, nz = surfaces.normal[number, 0], surfaces.normal[number, 1], surfaces.normal[number, 2]
    if nx * dx + ny * dy + nz * dz > 0:
        nx, ny, nz = -nx, -ny, -nz
    if surfaces.kind[number] == FLOOR and nz > 0.6:
        # a triangulated terrain is smoother than its triangles
        nx, ny, nz = 0.4 * nx, 0.4 * ny, 0.4 * nz + 0.6
        size = math.sqrt(nx * nx + ny * ny + nz * nz)
        nx, ny, nz = nx / size, ny / size, nz / size
    return (t, ox + t * dx, oy + t * dy, oz + t * dz, nx, ny, nz)


@njit(inline="always")
def off_surface(kind, spot, cell):  # pragma: no cover - compiled
    """A point a little off the surface, so that it does not shade itself."""
    _, px, py, pz, nx, ny, nz = spot
    off = 1.6 * cell if kind == FOLIAGE or (kind == BUILDING and abs(nz) < 0.3) else 0.9 * cell
    return (px + nx * off, py + ny * off, pz + nz * off * 0.5 + 0.05)


@njit(inline="always")
def covered(drape, value, albedo):  # pragma: no cover - compiled
    """Colour of the floor with the field on it, and how much of it the field covers."""
    size = abs(value)
    if size < 1e-6:
        return albedo, 0.0
    k = 0
    while k < len(drape.limits) and value >= drape.limits[k]:
        k += 1
    # thin crowds let the floor through
    full = 1.0 - (1.0 - drape.opacity) ** 2
    share = full * min(1.0, 0.45 + 0.55 * size / drape.strong) * min(1.0, size / drape.faint)
    field = (float(drape.colours[k, 0]), float(drape.colours[k, 1]), float(drape.colours[k, 2]))
    return mix(albedo, field, share), share


@njit(inline="always")
def light_on(eye, surfaces, heights, number, spot, open_sky):  # pragma: no cover - compiled
    """How much sun, sky, light from below and light of lamps falls on a surface, 1 being what falls on open ground."""
    kind = surfaces.kind[number]
    if kind == DRAWN:
        return (1.0, 1.0, 0.0, 0.0)
    nx, ny, nz = spot[4], spot[5], spot[6]
    sx, sy, sz = eye.sun[0], eye.sun[1], eye.sun[2]
    facing = nx * sx + ny * sy + nz * sz
    soft = kind in (FOLIAGE, PERSON)
    lit = 0.0
    if kind == BEYOND:
        lit, open_sky = 1.0, 1.0
    elif facing > 0.0 or soft:
        lit = sunlit(heights, off_surface(kind, spot, heights.cell), eye.sun)
    if soft:
        facing, open_sky = (0.35 + 0.65 * facing if facing > -0.5 else 0.02), 0.9
    if kind == WATER:
        lit = 0.55 + 0.45 * lit  # most of what water shows is the sky, in shadow too
    up = 0.5 + 0.5 * nz
    ambient = min(1.0, open_sky / max(up, 0.25)) * up
    lamps = lamp_light(heights, kind, spot) if eye.look.lamps > 0.0 else 0.0
    if kind == EARTH:  # the faces of a pit are read by their colours, deep in its shadow too
        return (0.45 + 0.55 * min(1.0, lit * max(facing, 0.0) / sz), 0.55 + 0.45 * ambient, 0.10 * (1.0 - up) + 0.03, lamps)
    return (lit * max(facing, 0.0) / sz, ambient, 0.10 * (1.0 - up) + 0.03, lamps)


@njit(inline="always")
def coloured(eye, surfaces, heights, number, ray, spot, albedo, share, light):  # pragma: no cover - compiled
    """Colour of a surface under its light, through the haze; linear."""
    kind = surfaces.kind[number]
    if kind == DRAWN:  # a drawing, not a surface: its colour is what it is
        return albedo
    look = eye.look
    sun, ambient, bounce, lamps = light
    # a legend is read by its colour: keep the shadow light on it
    sun += share * 0.55 * (1.0 - sun)
    ambient += share * 0.5 * (1.0 - ambient)
    glow = lamps * look.lamps
    lifted = share * look.legend
    colour = (
        albedo[0] * (look.sun[0] * sun + look.ambient[0] * ambient + bounce * look.bounce[0] + glow * look.lamp[0] + lifted),
        albedo[1] * (look.sun[1] * sun + look.ambient[1] * ambient + bounce * look.bounce[1] + glow * look.lamp[1] + lifted),
        albedo[2] * (look.sun[2] * sun + look.ambient[2] * ambient + bounce * look.bounce[2] + glow * look.lamp[2] + lifted),
    )
    if kind == WATER:
        colour = water_colour(look, heights, spot, ray, sun, colour)
    if kind == BUILDING and look.windows > 0.0 and abs(spot[6]) < 0.2:
        colour = plus(colour, look.lamp, look.windows * window_at(surfaces.thing[number], spot))
    if eye.parallel:
        return colour
    t = spot[0]
    far = max(0.0, t - eye.haze_from) / eye.haze_length
    haze = 1.0 - math.exp(-far * far)
    if kind == BEYOND:
        haze = max(haze, min(1.0, 0.08 + max(0.0, t - 0.8 * eye.distance) / (3.0 * eye.distance)))
    return mix(colour, sky_colour(look, 0.0), haze)


@njit(inline="always")
def lamp_light(heights, kind, spot):  # pragma: no cover - compiled
    """Light of lamps at a place: what falls on the ground below it, less the higher it is; what faces up or aside sees it."""
    if kind == BEYOND or heights.lamps.shape[0] < 2:
        return 0.0
    # a wall is lit by what stands before it
    x, y = spot[1] + 1.5 * spot[4], spot[2] + 1.5 * spot[5]
    ground = height_at(heights.ground, heights.west, heights.north, heights.cell, x, y)
    here = height_at(heights.lamps, heights.west, heights.north, heights.cell, x, y)
    if here < -1e8 or ground < -1e8:
        return 0.0
    over = max(0.0, spot[3] - ground)
    return here * math.exp(-over * over / 60.0) * (0.75 + 0.25 * spot[6])


@njit(inline="always")
def window_at(thing, spot):  # pragma: no cover - compiled
    """1 within a window that is lit, of rows of windows on a wall; which are lit follows from what it is of and where."""
    x, y, z, nx, ny = spot[1], spot[2], spot[3], spot[4], spot[5]
    along, up = -ny * x + nx * y, z
    column, row = math.floor(along / 2.4), math.floor(up / 3.1)
    u, v = along / 2.4 - column, up / 3.1 - row
    if u < 0.28 or u > 0.72 or v < 0.30 or v > 0.78:
        return 0.0
    mixed = (thing * 73856093) ^ (int(column) * 19349663) ^ (int(row) * 83492791)
    return 1.0 if (mixed >> 5) % 100 < 26 else 0.0


@njit()
def encode(value):  # pragma: no cover - compiled
    if value > 0.8:
        value = 0.8 + 0.2 * (1.0 - math.exp(-(value - 0.8) / 0.2))
    value = 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return np.uint8(min(255.0, max(0.0, value * 255.0 + 0.5)))


@njit(inline="always")
def sky_colour(look, rise):  # pragma: no cover - compiled
    f = min(1.0, max(0.0, rise) / 0.40) ** 0.55
    return mix(look.horizon, look.zenith, f)


@njit(inline="always")
def hit_distance(surfaces, number, ray):  # pragma: no cover - compiled
    n = surfaces.normal[number]
    ox, oy, oz, dx, dy, dz = ray
    along = n[0] * dx + n[1] * dy + n[2] * dz
    if abs(along) < 1e-6:
        return 1e-3
    return max((surfaces.offset[number] - n[0] * ox - n[1] * oy - n[2] * oz) / along, 1e-3)


@njit(inline="always")
def edge_line(surfaces, mine, other, ray):  # pragma: no cover - compiled
    if mine == other:
        return 1.0
    kind = surfaces.kind[mine]
    if kind in (FOLIAGE, BEYOND, WATER):
        return 1.0
    if other == 0:
        return 0.8 if kind == BUILDING else 1.0
    a, b = surfaces.normal[mine], surfaces.normal[other]
    if surfaces.thing[mine] == surfaces.thing[other]:
        if kind != BUILDING and kind != SOLID and kind != EARTH:
            return 1.0
        return 0.72 if abs(a[0] * b[0] + a[1] * b[1] + a[2] * b[2]) < 0.82 else 1.0
    if kind == FLOOR and surfaces.kind[other] == FLOOR:
        return 1.0
    near, far = hit_distance(surfaces, mine, ray), hit_distance(surfaces, other, ray)
    if kind == PERSON or surfaces.kind[other] == PERSON:
        return 1.0
    return 0.72 if abs(far - near) > 0.004 * near or kind == BUILDING else 0.86


@njit()
def height_at(hz, west, north, cell, x, y):  # pragma: no cover - compiled
    c, r = (x - west) / cell - 0.5, (north - y) / cell - 0.5
    j, i = math.floor(c), math.floor(r)
    if i < 0 or j < 0 or i >= hz.shape[0] - 1 or j >= hz.shape[1] - 1:
        return -1e9
    fc, fr = c - j, r - i
    upper = hz[i, j] * (1 - fc) + hz[i, j + 1] * fc
    lower = hz[i + 1, j] * (1 - fc) + hz[i + 1, j + 1] * fc
    return upper * (1 - fr) + lower * fr


@njit()
def sunlit(heights, start, sun):  # pragma: no cover - compiled
    """How much of the sun a point sees, 0 to 1."""
    hz, block_top, west, north, cell = heights.z, heights.block_top, heights.west, heights.north, heights.cell
    x, y, z = start
    flat = math.sqrt(sun[0] * sun[0] + sun[1] * sun[1])
    ux, uy, rise = sun[0] / flat, sun[1] / flat, sun[2] / flat
    lit, d, size = 1.0, 1.5 * cell, BLOCK * cell
    while True:
        ray = z + d * rise
        if ray > heights.top + 0.5:
            return lit
        px, py = x + d * ux, y + d * uy
        i, j = int((north - py) / size), int((px - west) / size)
        if i < 0 or j < 0 or i >= block_top.shape[0] or j >= block_top.shape[1]:
            return lit
        # `block_top` covers the neighbours too, so nothing within one block can be hit or grazed
        if ray > block_top[i, j] + 0.1 * d + 0.5:
            d += 0.95 * size
            continue
        over = height_at(hz, west, north, cell, px, py)
        # the sun is a disc: a ray that passes close to an edge is half in shadow
        clear = (ray - over + 0.30) / (0.60 + 0.03 * d)
        if clear < lit:
            lit = clear
            if lit <= 0.0:
                return 0.0
        d += 0.6 * cell


@njit()
def sky_seen(solid, levels, west, north, cell, x, y, z):  # pragma: no cover - compiled
    total = 0.0
    for k in range(8):
        angle = 0.3927 + k * 0.7853981634
        ux, uy = math.cos(angle), math.sin(angle)
        steep, d, size = 0.0, 1.0, cell
        for level in range(len(levels)):
            start, rows, columns = levels[level, 0], levels[level, 1], levels[level, 2]
            # far away a coarser raster: a smooth answer from few samples
            c, r = (x + d * ux - west) / size - 0.5, (north - y - d * uy) / size - 0.5
            j, i = math.floor(c), math.floor(r)
            if i >= 0 and j >= 0 and i < rows - 1 and j < columns - 1:
                fc, fr = c - j, r - i
                at = start + i * columns + j
                upper = solid[at] * (1 - fc) + solid[at + 1] * fc
                lower = solid[at + columns] * (1 - fc) + solid[at + columns + 1] * fc
                steep = max(steep, (upper * (1 - fr) + lower * fr - z - 0.15) / d)
            d *= 2.0
            size *= 2.0
        total += 1.0 / (1.0 + steep * steep)
    return total / 8.0


@njit()
def value_on(drape, x, y, z):  # pragma: no cover - compiled
    """Value of the field at a place on the floor: of the level with the largest one; 0 where there is none."""
    c, r = (x - drape.west) / drape.cell - 0.5, (drape.north - y) / drape.cell - 0.5
    j, i = math.floor(c), math.floor(r)
    right, down = c - j, r - i
    if drape.whole:
        right, down = 1.0 if right >= 0.5 else 0.0, 1.0 if down >= 0.5 else 0.0
    levels, rows, columns = drape.value.shape
    if i < -1 or j < -1 or i >= rows or j >= columns:
        return 0.0
    best = 0.0
    for level in range(levels):
        total, weight = 0.0, 0.0
        for a in range(2):
            for b in range(2):
                ii, jj = i + a, j + b
                if ii < 0 or jj < 0 or ii >= rows or jj >= columns:
                    continue
                floor = drape.height[level, ii, jj]
                if not abs(floor - z) < 0.6:
                    continue
                w = (right if b else 1 - right) * (down if a else 1 - down)
                value = drape.value[level, ii, jj]
                weight += w
                if not math.isnan(value):
                    total += w * value
        if weight > 0.02 and abs(total / weight) > abs(best):
            best = total / weight
    return best


@njit(inline="always")
def water_colour(look, heights, spot, ray, lit, own):  # pragma: no cover - compiled
    """Water: its own colour, and by angle a mirror that small waves tilt; it shows sky, or the dark of a wall."""
    _, x, y, z, _, _, _ = spot
    dx, dy, dz = ray[3], ray[4], ray[5]
    wave = 0.013 * (math.sin(1.9 * x + 0.7 * y) + math.sin(1.1 * y - 1.6 * x + 2.0) + 0.6 * math.sin(4.1 * x + 3.3 * y))
    other = 0.013 * (math.sin(1.4 * y - 0.9 * x) + math.sin(2.3 * x + 1.7 * y + 1.0))
    cosine = max(0.02, -dz)
    share = min(0.85, 0.10 + 0.06 + 0.94 * (1 - cosine) ** 5)
    rx, ry, rz = dx + 2 * cosine * wave, dy + 2 * cosine * other, max(0.05, -dz)
    mirror, d = 1.0, 0.8
    for _ in range(22):
        if height_at(heights.z, heights.west, heights.north, heights.cell, x + d * rx, y + d * ry) > z + d * rz:
            mirror = 0.465
            break
        d *= 1.22
    seen = (mirror * look.mirror[0], mirror * look.mirror[1], mirror * look.mirror[2])
    glint = max(0.0, wave + other - 0.05) * lit
    return plus(mix((0.8 * own[0], 0.8 * own[1], 0.8 * own[2]), seen, share), (1.0, 1.0, 1.0), glint * look.glint)
