"""Takes the long arrays of whole numbers out of the text of a CityJSON file, so that the rest is small enough for a JSON parser.

Nine tenths of a city file are vertices, boundaries and semantic values. Parsed as JSON each number becomes an object and each
surface three lists; here they go straight into flat arrays, and the text keeps a short mark in their place. What is not a
regular nest of whole numbers stays in the text, so nothing is guessed and every error is found by the JSON parser.
"""

from __future__ import annotations

import numpy as np

from twin.jit import njit

LEVELS = 4
"""Nesting levels of lists that are told: of rings (0), surfaces (1), shells (2) and solids (3)."""
COLUMNS = 3 + 2 * LEVELS
"""Columns of the table: depth; first and last place in the numbers; first and last place in the sizes of each level."""
MAX_DEPTH = 64

OTHER, CITY_OBJECTS, GEOMETRY, SEMANTICS, TEMPLATES, TEMPLATE_LIST, MATERIAL = 0, 1, 2, 3, 4, 5, 6
BOUNDARIES, VERTICES, VALUES = 7, 8, 9

_KEYS = (
    (b"CityObjects", CITY_OBJECTS),
    (b"geometry", GEOMETRY),
    (b"semantics", SEMANTICS),
    (b"material", MATERIAL),
    (b"geometry-templates", TEMPLATES),
    (b"templates", TEMPLATE_LIST),
    (b"boundaries", BOUNDARIES),
    (b"vertices", VERTICES),
    (b"values", VALUES),
)
KEY_BYTES = np.frombuffer(b"".join(key for key, _ in _KEYS), dtype=np.uint8)
KEY_ENDS = np.cumsum([len(key) for key, _ in _KEYS]).astype(np.int64)
KEY_CODES = np.array([code for _, code in _KEYS], dtype=np.int64)


@njit()
def scan(text, mark, key_bytes, key_ends, key_codes, out, numbers, sizes, table, roots):
    """Copy JSON text without its number arrays.

    Parameters
    ----------
    text : (N,) uint8
        One or more JSON values, one after the other.
    mark : (M,) uint8
        Put where an array was, as the start of a JSON string that ends in the number of the array.
    key_bytes, key_ends, key_codes : arrays
        `KEY_BYTES`, `KEY_ENDS`, `KEY_CODES`.
    out : (>= 2 N + 64) uint8
        The text that is left, without white space outside strings; each value ends in a line feed.
    numbers : (>= N / 2 + 1,) int64
        Numbers of all arrays, one after the other; null is -1 (in values only).
    sizes : (LEVELS, >= N / 2 + 1) int32
        Lengths of the lists of each level, level 0 being the lists of numbers.
    table : (K, COLUMNS) int64
        A row an array; arrays beyond K stay in the text.
    roots : (R, 4) int64
        Of each value where it starts in `text`, where it starts and ends in `out`, and how many keys its `CityObjects` have.

    Returns
    -------
    tuple of int
        Bytes in `out`, number of arrays, number of values; values is -1 when there are more than R.
    """
    total = len(text)
    i = 0
    o = 0
    arrays = 0
    values = 0
    count = 0
    used = np.zeros(LEVELS, dtype=np.int64)
    role = np.zeros(MAX_DEPTH + 2, dtype=np.int64)
    is_object = np.zeros(MAX_DEPTH + 2, dtype=np.bool_)
    depth = 0
    pending = OTHER
    while i < total:
        c = text[i]
        if c == 32 or c == 10 or c == 13 or c == 9:
            i += 1
            # two words stay two
            if depth > 0 and i < total and _is_word(out[o - 1]) and _is_word(text[i]):
                out[o] = 32
                o += 1
            continue
        if depth == 0:
            if values >= len(roots):
                return o, arrays, -1
            roots[values, 0] = i
            roots[values, 1] = o
            roots[values, 3] = 0
        if c == 34:
            start = i
            i += 1
            while i < total and text[i] != 34:
                if text[i] == 92:
                    i += 1
                i += 1
            i = min(i + 1, total)
            for k in range(start, i):
                out[o] = text[k]
                o += 1
            if depth > 0 and depth <= MAX_DEPTH and is_object[depth]:
                j = i
                while j < total and (text[j] == 32 or text[j] == 10 or text[j] == 13 or text[j] == 9):
                    j += 1
                if j < total and text[j] == 58:
                    out[o] = 58
                    o += 1
                    i = j + 1
                    if depth == 2 and role[2] == CITY_OBJECTS:
                        roots[values, 3] += 1
                    pending = _key(text, start + 1, i, key_bytes, key_ends, key_codes)
                    while i < total and (text[i] == 32 or text[i] == 10 or text[i] == 13 or text[i] == 9):
                        i += 1
                    if i < total and text[i] == 91 and arrays < len(table) and _wanted(pending, depth, role):
                        nulls = pending == VALUES
                        stop, count_after = _take(text, i, nulls, numbers, count, sizes, used, table[arrays])
                        if stop > 0 and stop - i < len(mark) + 2 + _digits(arrays):
                            # a mark must not be longer than what it stands for: `out` has no room for that
                            for k in range(LEVELS):
                                used[k] = table[arrays, 3 + 2 * k]
                            stop = 0
                        if stop > 0:
                            count = count_after
                            i = stop
                            o = _put_mark(out, o, mark, arrays)
                            arrays += 1
                            pending = OTHER
        elif c == 123 or c == 91:
            depth += 1
            if depth <= MAX_DEPTH:
                is_object[depth] = c == 123
                # what is in a list has the role of the list
                role[depth] = role[depth - 1] if depth > 1 and not is_object[depth - 1] else pending
            pending = OTHER
            out[o] = c
            o += 1
            i += 1
        else:
            if c == 125 or c == 93:
                depth = max(depth - 1, 0)
            out[o] = c
            o += 1
            i += 1
        if depth == 0 and (c == 125 or c == 93 or c == 34):
            out[o] = 10
            o += 1
            roots[values, 2] = o
            values += 1
        elif depth == 0 and not (c == 125 or c == 93):
            # a bare number or word: up to the next white space
            while i < total and text[i] > 32:
                out[o] = text[i]
                o += 1
                i += 1
            out[o] = 10
            o += 1
            roots[values, 2] = o
            values += 1
    if depth > 0:
        roots[values, 2] = o
        values += 1
    return o, arrays, values


@njit()
def object_keys(text, key_bytes, key_ends, key_codes, places):
    """Find the keys of all objects named `CityObjects` at the root of a JSON value.

    Parameters
    ----------
    text : (N,) uint8
        One sound JSON value as `scan` leaves it, without white space outside strings.
    key_bytes, key_ends, key_codes : arrays
        `KEY_BYTES`, `KEY_ENDS`, `KEY_CODES`.
    places : (K, 2) int64
        Gets where the text of each key starts and ends, with its quotes; K as `scan` has counted them.
    """
    total = len(text)
    depth = 0
    found = 0
    inside = False
    i = 0
    while i < total:
        c = text[i]
        if c == 34:
            start = i
            i += 1
            while i < total and text[i] != 34:
                if text[i] == 92:
                    i += 1
                i += 1
            i += 1
            if i < total and text[i] == 58:
                if depth == 1:
                    inside = _key(text, start + 1, i, key_bytes, key_ends, key_codes) == CITY_OBJECTS
                elif depth == 2 and inside:
                    places[found, 0] = start
                    places[found, 1] = i
                    found += 1
            continue
        if c == 123 or c == 91:
            depth += 1
        elif c == 125 or c == 93:
            depth -= 1
        i += 1


@njit()
def _digits(number):
    """Number of digits of a whole number that is not negative."""
    count = 1
    while number >= 10:
        number //= 10
        count += 1
    return count


@njit()
def _is_word(c):
    """Whether a byte is part of a number or a word, or of what should be one."""
    mark = c == 123 or c == 125 or c == 91 or c == 93 or c == 44 or c == 58 or c == 34
    return not (mark or c == 32 or c == 10 or c == 13 or c == 9)


@njit()
def _key(text, start, stop, key_bytes, key_ends, key_codes):
    """Code of the key whose text starts at `start`; OTHER when it is none of ours."""
    first = 0
    for k in range(len(key_ends)):
        length = key_ends[k] - first
        if start + length < stop and text[start + length] == 34:
            same = True
            for m in range(length):
                if text[start + m] != key_bytes[first + m]:
                    same = False
                    break
            if same:
                return key_codes[k]
        first = key_ends[k]
    return OTHER


@njit()
def _wanted(code, depth, role):
    """Whether the value of a key here is an array to be taken out: only where CityJSON has them, never in attributes."""
    if code == VERTICES:
        return depth == 1
    if code == BOUNDARIES:
        # root . CityObjects . object . geometry [ ... ]
        if depth == 5 and role[2] == CITY_OBJECTS and role[4] == GEOMETRY:
            return True
        return depth == 4 and role[2] == TEMPLATES and role[3] == TEMPLATE_LIST
    if code == VALUES:
        if depth == 6 and role[2] == CITY_OBJECTS and role[4] == GEOMETRY and role[6] == SEMANTICS:
            return True
        if depth == 7 and role[2] == CITY_OBJECTS and role[4] == GEOMETRY and role[6] == MATERIAL:
            return True
        return depth == 5 and role[2] == TEMPLATES and role[3] == TEMPLATE_LIST and role[5] == SEMANTICS
    return False


@njit()
def _take(text, start, nulls, numbers, count, sizes, used, row):
    """Read one nest of whole numbers; returns where it ends (0: it is none) and the new count of numbers."""
    total = len(text)
    leaf = 0
    i = start
    while i < total:
        c = text[i]
        if c == 91:
            leaf += 1
        elif c == 93:
            leaf -= 1
            if leaf == 0:
                return 0, count
        elif (c >= 48 and c <= 57) or c == 45 or c == 110:
            break
        elif not (c == 44 or c == 32 or c == 10 or c == 13 or c == 9) or leaf > LEVELS + 1:
            return 0, count
        if leaf > LEVELS + 1:
            return 0, count
        i += 1
    if leaf < 1 or leaf > LEVELS + 1:
        return 0, count
    size = np.zeros(LEVELS + 3, dtype=np.int64)
    begin = np.zeros(LEVELS, dtype=np.int64)
    for k in range(LEVELS):
        begin[k] = used[k]
    first = count
    depth = 0
    may_value = True
    may_close = False
    may_comma = False
    i = start
    good = False
    while i < total:
        c = text[i]
        if c == 32 or c == 10 or c == 13 or c == 9:
            i += 1
        elif c == 44:
            if not may_comma:
                break
            may_comma, may_close, may_value = False, False, True
            i += 1
        elif c == 91:
            depth += 1
            if not may_value or depth > leaf:
                break
            size[depth] = 0
            may_comma, may_close, may_value = False, True, True
            i += 1
        elif c == 93:
            if not may_close:
                break
            level = leaf - depth
            if level < LEVELS:
                sizes[level, used[level]] = size[depth]
                used[level] += 1
            depth -= 1
            i += 1
            if depth == 0:
                good = True
                break
            size[depth] += 1
            may_comma, may_close, may_value = True, True, False
        elif nulls and c == 110:
            if not may_value or depth != leaf or i + 4 > total:
                break
            if text[i + 1] != 117 or text[i + 2] != 108 or text[i + 3] != 108:
                break
            numbers[count] = -1
            count += 1
            size[depth] += 1
            i += 4
            may_comma, may_close, may_value = True, True, False
        else:
            if not may_value or depth != leaf:
                break
            negative = c == 45
            if negative:
                i += 1
            digits = i
            value = np.int64(0)
            while i < total and text[i] >= 48 and text[i] <= 57 and i - digits < 18:
                value = value * 10 + (text[i] - 48)
                i += 1
            length = i - digits
            if length == 0 or (length > 1 and text[digits] == 48) or i >= total:
                break
            # a longer number, a fraction or an exponent is left to the parser
            c = text[i]
            if not (c == 44 or c == 93 or c == 32 or c == 10 or c == 13 or c == 9):
                break
            numbers[count] = -value if negative else value
            count += 1
            size[depth] += 1
            may_comma, may_close, may_value = True, True, False
    if not good:
        for k in range(LEVELS):
            used[k] = begin[k]
        return 0, first
    row[0] = leaf
    row[1] = first
    row[2] = count
    for k in range(LEVELS):
        row[3 + 2 * k] = begin[k]
        row[4 + 2 * k] = used[k]
    return i, count


@njit()
def _put_mark(out, o, mark, number):
    """Write the mark with the number of an array as a JSON string; returns the new length."""
    out[o] = 34
    o += 1
    for k in range(len(mark)):
        out[o] = mark[k]
        o += 1
    digits = np.zeros(20, dtype=np.uint8)
    length = 0
    while True:
        digits[length] = 48 + number % 10
        length += 1
        number //= 10
        if number == 0:
            break
    for k in range(length):
        out[o] = digits[length - 1 - k]
        o += 1
    out[o] = 34
    o += 1
    return o
