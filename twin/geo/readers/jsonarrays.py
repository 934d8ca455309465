"""JSON documents whose long number arrays are held flat, see `twin.geo.kernels.jsonscan`."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from twin.errors import FormatError
from twin.geo.kernels import jsonscan
from twin.geo.readers.json_errors import broken_json

LEVELS = jsonscan.LEVELS


@dataclass(frozen=True, slots=True, eq=False)
class NumberArrays:
    """Nests of whole numbers, flat.

    Parameters
    ----------
    numbers : (N,) int64
        All numbers, array after array.
    sizes : tuple of (L_k,) int32
        Lengths of the lists of each level, array after array; level 0 holds numbers.
    table : (K, COLUMNS) int64
        Of each array the depth of its numbers, and its slice of `numbers` and of each of `sizes`.
    mark : str
        Start of the text that stands for an array in the documents.
    """

    numbers: NDArray[np.int64]
    sizes: tuple[NDArray[np.int32], ...]
    table: NDArray[np.int64]
    mark: str

    def number(self, value: Any) -> int:
        """Row of `table` that a value of a document stands for; -1 when it stands for itself."""
        # no text of the file begins like a mark, so what does is one, and ends in its number
        if type(value) is str and value.startswith(self.mark):
            try:
                number = int(value[len(self.mark) :][:12])
            except ValueError:
                return -1
            return number if 0 <= number < len(self.table) else -1
        return -1

    def numbers_of(self, row: int) -> NDArray[np.int64]:
        """All numbers of one array."""
        return self.numbers[self.table[row, 1] : self.table[row, 2]]

    def sizes_of(self, row: int, level: int) -> NDArray[np.int32]:
        """Lengths of the lists of one array at a level above its numbers."""
        return self.sizes[level][self.table[row, 3 + 2 * level] : self.table[row, 4 + 2 * level]]


@dataclass(frozen=True, slots=True, eq=False)
class Documents:
    """JSON values of a text, one after the other.

    Parameters
    ----------
    text : bytes
        As it came.
    reduced : bytes
        Without the number arrays.
    roots : (R, 4) int64
        Start of each value in `text`, start and end in `reduced`, and number of keys in its `CityObjects`.
    arrays : NumberArrays
    name : str
        For messages.
    first_line : int
        Number of the first line of `text` in its file.
    """

    text: bytes
    reduced: bytes
    roots: NDArray[np.int64]
    arrays: NumberArrays
    name: str
    first_line: int = 1

    def __len__(self) -> int:
        return len(self.roots)

    def lines(self) -> Iterator[int]:
        """Line of the file on which each value starts."""
        line, place = self.first_line, 0
        for start in self.roots[:, 0].tolist():
            line += self.text.count(b"\n", place, start)
            place = start
            yield line

    def __iter__(self) -> Iterator[Any]:
        """Each value; FormatError with line and column where one is broken."""
        view = memoryview(self.reduced)
        for number, (_, start, stop, _) in enumerate(self.roots.tolist()):
            try:
                yield orjson.loads(view[start:stop])
            except orjson.JSONDecodeError:
                raise self._broken(number) from None

    def keys(self, number: int) -> int:
        """How many keys the `CityObjects` of a value have as text; the parser keeps one of those that are the same."""
        return int(self.roots[number, 3])

    def repeated(self, number: int) -> dict[str, int]:
        """Ids that stand more than once in the `CityObjects` of a sound value, and how often: a second look at its text."""
        start, stop = self.roots[number, 1:3].tolist()
        text = self.reduced[start:stop]
        places = np.zeros((self.keys(number), 2), dtype=np.int64)
        known = jsonscan.KEY_BYTES, jsonscan.KEY_ENDS, jsonscan.KEY_CODES
        jsonscan.object_keys(np.frombuffer(text, dtype=np.uint8), *known, places)
        times = Counter(orjson.loads(text[first:last]) for first, last in places.tolist())
        return {object_id: count for object_id, count in times.items() if count > 1}

    def _broken(self, number: int) -> FormatError:
        """What the parser says of the text as it came, at its place in the file."""
        start = int(self.roots[number, 0])
        stop = int(self.roots[number + 1, 0]) if number + 1 < len(self.roots) else len(self.text)
        try:
            orjson.loads(self.text[start:stop])
        except orjson.JSONDecodeError as error:
            return broken_json(error, self.text, self.name, start=start, stop=stop, first_line=self.first_line)
        line = self.first_line + self.text.count(b"\n", 0, start)
        return FormatError("broken JSON", where=f"{self.name}:{line}")


def documents(text: bytes, name: str, *, first_line: int = 1) -> Documents:
    """Take the number arrays of CityJSON out of a text.

    Parameters
    ----------
    text : bytes
        UTF-8 without a byte order mark: one document, or several one after the other.
    name : str
        For messages.
    first_line : int
        Number of its first line.
    """
    mark = _mark(text)
    size = len(text)
    # each value ends in a line feed, and the shortest ones (`[]`) are two bytes long
    out = np.empty(2 * size + 64, dtype=np.uint8)
    numbers = np.empty(size // 2 + 2, dtype=np.int64)
    sizes = np.empty((LEVELS, size // 2 + 2), dtype=np.int32)
    # an array takes a key of at least eight letters, and a document at least one byte and a line feed
    table = np.empty((size // 16 + 1, jsonscan.COLUMNS), dtype=np.int64)
    roots = np.empty((size // 2 + 2, 4), dtype=np.int64)
    code = np.frombuffer(mark, dtype=np.uint8)
    keys = jsonscan.KEY_BYTES, jsonscan.KEY_ENDS, jsonscan.KEY_CODES
    length, arrays, values = jsonscan.scan(np.frombuffer(text, dtype=np.uint8), code, *keys, out, numbers, sizes, table, roots)
    table = table[:arrays].copy()
    last = table[-1] if arrays else np.zeros(jsonscan.COLUMNS, np.int64)
    flat = NumberArrays(
        numbers[: last[2]].copy(),
        tuple(sizes[level, : last[4 + 2 * level]].copy() for level in range(LEVELS)),
        table,
        mark.decode(),
    )
    return Documents(text, out[:length].tobytes(), roots[:values].copy(), flat, name, first_line)


def _mark(text: bytes) -> bytes:
    """A short text that does not occur in a file, so that nothing in it can pass for a mark."""
    # a single byte is looked for far quicker than two
    if b"\\" in text and b"\\u" in text:
        # an escaped text could spell any mark that is known beforehand
        return b"@%s#" % secrets.token_hex(8).encode()
    if b"@" not in text:
        return b"@0#"
    for number in range(1_000):
        mark = b"@%d#" % number
        if mark not in text:
            return mark
    return b"@%s#" % secrets.token_hex(8).encode()
