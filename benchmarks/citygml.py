"""How fast CityGML is read: ``python -m benchmarks.citygml --json [--megabytes 200] [--real]``.

A file of that size is generated in a temporary folder: houses in LoD2 whose solid links to the surfaces round it, as the
German states publish them, or, with ``--real``, the buildings of the real files of STADSTWIN_REAL_DATA repeated under new
ids. Measured side by side in one run, each in an interpreter of its own: this reader, ``lxml.etree.iterparse`` doing
nothing but letting go of the members, and ``lxml.etree.parse`` of the whole. Memory is the peak above what the interpreter
had taken before.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.city import ROOT, machine
from benchmarks.printing import show

REAL = {
    "Den Haag (1.0, LoD2, positions one by one)": ("DenHaag_1BwBP.gml", b"7F91F413"),
    "Ingolstadt (2.0, LoD3, appearances aside)": ("ingolstadt_4018193.gml", b"4018193"),
}
"""Files to repeat, and what of their ids is replaced by a number."""

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<core:CityModel xmlns:core="http://www.opengis.net/citygml/2.0" '
    'xmlns:bldg="http://www.opengis.net/citygml/building/2.0" xmlns:gen="http://www.opengis.net/citygml/generics/2.0" '
    'xmlns:gml="http://www.opengis.net/gml" xmlns:xlink="http://www.w3.org/1999/xlink">\n<gml:boundedBy>\n'
    '<gml:Envelope srsDimension="3" srsName="urn:adv:crs:ETRS89_UTM32*DE_DHHN2016_NH">\n'
    "<gml:lowerCorner>690000 5330000 500</gml:lowerCorner>\n<gml:upperCorner>700000 5340000 600</gml:upperCorner>\n"
    "</gml:Envelope>\n</gml:boundedBy>\n"
)
_KINDS = ("GroundSurface", "WallSurface", "WallSurface", "WallSurface", "WallSurface", "RoofSurface", "RoofSurface")


def house(number: int) -> str:
    """One house with a gable roof, ten metres by eight, as a member of a city."""
    x, y = 690_000 + 15.5 * (number % 600), 5_330_000 + 14.25 * (number // 600)
    e, f, z = x + 8.125, y + 10.5, 512.34 + number % 7
    low, ridge, middle = z + 5.875, z + 9.2, x + 4.0625
    faces = [
        [(x, y, z), (x, f, z), (e, f, z), (e, y, z)],
        [(x, y, z), (e, y, z), (e, y, low), (middle, y, ridge), (x, y, low)],
        [(e, y, z), (e, f, z), (e, f, low), (e, y, low)],
        [(e, f, z), (x, f, z), (x, f, low), (middle, f, ridge), (e, f, low)],
        [(x, f, z), (x, y, z), (x, y, low), (x, f, low)],
        [(e, y, low), (e, f, low), (middle, f, ridge), (middle, y, ridge)],
        [(x, f, low), (x, y, low), (middle, y, ridge), (middle, f, ridge)],
    ]
    name = f"DEBY_LOD2_{number:08d}"
    links = "".join(f'      <gml:surfaceMember xlink:href="#{name}_poly_{k}"/>\n' for k in range(7))
    bounds = []
    for k, (kind, face) in enumerate(zip(_KINDS, faces, strict=True)):
        points = " ".join(f"{a:.3f} {b:.3f} {c:.3f}" for a, b, c in [*face, face[0]])
        bounds.append(
            f'  <bldg:boundedBy>\n   <bldg:{kind} gml:id="{name}_surface_{k}">\n    <bldg:lod2MultiSurface>\n'
            f'     <gml:MultiSurface>\n      <gml:surfaceMember>\n       <gml:Polygon gml:id="{name}_poly_{k}">\n'
            "        <gml:exterior>\n         <gml:LinearRing>\n"
            f'          <gml:posList srsDimension="3">{points}</gml:posList>\n         </gml:LinearRing>\n        </gml:exterior>\n'
            "       </gml:Polygon>\n      </gml:surfaceMember>\n     </gml:MultiSurface>\n    </bldg:lod2MultiSurface>\n"
            f"   </bldg:{kind}>\n  </bldg:boundedBy>\n"
        )
    return (
        f' <core:cityObjectMember>\n  <bldg:Building gml:id="{name}">\n  <core:creationDate>2024-05-01</core:creationDate>\n'
        f'  <gen:stringAttribute name="DatenquelleDachhoehe"><gen:value>1000</gen:value></gen:stringAttribute>\n'
        f"  <bldg:function>31001_1000</bldg:function>\n  <bldg:roofType>3100</bldg:roofType>\n"
        f'  <bldg:measuredHeight uom="urn:adv:uom:m">9.2</bldg:measuredHeight>\n  <bldg:lod2Solid>\n   <gml:Solid>\n'
        f"    <gml:exterior>\n     <gml:CompositeSurface>\n{links}     </gml:CompositeSurface>\n    </gml:exterior>\n"
        f"   </gml:Solid>\n  </bldg:lod2Solid>\n{''.join(bounds)}  </bldg:Building>\n </core:cityObjectMember>\n"
    )


def synthetic(path: Path, size: int) -> None:
    """Write houses until the file has `size` bytes."""
    with path.open("w", encoding="utf-8") as file:
        written = file.write(_HEAD)
        number = 0
        while written < size:
            written += file.write(house(number))
            number += 1
        file.write("</core:CityModel>\n")


def repeated(path: Path, source: Path, part: bytes, size: int) -> None:
    """Write the members of a real file again and again until the file has `size` bytes; `part` of each id is replaced."""
    content = source.read_bytes()
    start = content.index(b"cityObjectMember>")
    start = content.rindex(b"<", 0, start)
    end = content.index(b">", content.rindex(b"cityObjectMember>")) + 1
    member = content[start:end]
    with path.open("wb") as file:
        written = file.write(content[:start])
        number = 0
        while written < size:
            written += file.write(member.replace(part, b"%08d" % number))
            number += 1
        file.write(b"\n</" + content[content.rindex(b"</") + 2 :])


READERS = {
    "stadstwin": (
        "from twin.geo.readers.citygml import read; from twin.geo.readers.source import blob_of; "
        "from twin.geo.readers.model import ReadOptions; from pathlib import Path; import twin.geo.kernels.numbers as numbers; "
        "from lxml import etree; numbers.numbers_of(b'1 2\\0', 1)",
        "found = read(blob_of(Path(path)), ReadOptions()); size = len(found.objects.owner)",
    ),
    "lxml iterparse, nothing done": (
        "from lxml import etree",
        "size = 0\n"
        "for _, one in etree.iterparse(path, tag='{*}cityObjectMember', remove_blank_text=True, remove_comments=True,"
        " collect_ids=False, resolve_entities=False):\n"
        "    size += 1\n"
        "    one.clear()\n"
        "    while one.getprevious() is not None:\n"
        "        del one.getparent()[0]\n",
    ),
    "lxml parse": ("from lxml import etree", "found = etree.parse(path); size = 1"),
}
"""What is imported before the clock starts, and what is measured."""

_MEASURE = """
import resource, sys, time
path = sys.argv[1]
{imports}
def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
before = peak()
start, used = time.perf_counter(), time.process_time()
{work}
print(time.perf_counter() - start, time.process_time() - used, peak() - before, size)
"""


def measured(path: Path, repeats: int) -> dict[str, Any]:
    """Each way of reading one file, in turn, in interpreters of their own."""
    runs: dict[str, list[list[float]]] = {name: [] for name in READERS}
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(repeats):
        for name, (imports, work) in READERS.items():
            code = _MEASURE.format(imports=imports, work=work)
            command = [sys.executable, "-c", code, str(path)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            runs[name].append([float(value) for value in done.stdout.split()])
    size = path.stat().st_size / 1e6
    found: dict[str, Any] = {"megabytes": round(size, 1), "faces": int(runs["stadstwin"][0][3])}
    for name, rows in runs.items():
        wall, cpu, memory = ([row[k] for row in rows] for k in range(3))
        found[name] = {
            "wall_s": {"median": round(statistics.median(wall), 3), "min": round(min(wall), 3), "max": round(max(wall), 3)},
            "cpu_s": {"median": round(statistics.median(cpu), 3), "min": round(min(cpu), 3), "max": round(max(cpu), 3)},
            "megabytes_per_s": round(size / statistics.median(wall), 1),
            "megabytes_per_cpu_s": round(size / statistics.median(cpu), 1),
            "peak_above_start_mb": round(statistics.median(memory), 1),
        }
    return found


def _files(folder: Path, size: int, real: bool) -> Iterator[tuple[str, Path]]:
    path = folder / "large.gml"
    synthetic(path, size)
    yield "houses in LoD2 (2.0)", path
    root = os.environ.get("STADSTWIN_REAL_DATA")
    for name, (source, part) in REAL.items() if real and root else ():
        repeated(path, Path(str(root)) / "citygml" / source, part, size)
        yield name, path


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.citygml", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--megabytes", type=int, default=200, help="size of the file (default: 200)")
    parser.add_argument("--repeats", type=int, default=5, help="readings of each kind (default: 5)")
    parser.add_argument("--real", action="store_true", help="also the real files of STADSTWIN_REAL_DATA, repeated")
    options = parser.parse_args(arguments)
    found: dict[str, Any] = {"benchmark": "citygml", "files": {}}
    with tempfile.TemporaryDirectory(prefix="stadstwin-") as folder:
        for name, path in _files(Path(folder), options.megabytes * 1_000_000, options.real):
            found["files"][name] = measured(path, options.repeats)
    found["machine"] = machine()
    return show(found if options.json else found["files"], as_json=options.json)


if __name__ == "__main__":
    raise SystemExit(main())
