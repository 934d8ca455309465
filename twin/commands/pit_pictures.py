"""The sections of pits that ``twin run`` draws: pictures for the report, and PDF files to print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twin.geo.city import City
    from twin.result import Result
    from twin.scenario import Scenario

PICTURE_DPI = 130.0
MOST = 2
"""Of more pits than this no sections are drawn unasked: `twin section` draws any."""


def draw_pit_sections(scenario: Scenario, city: City, after: Result, out: Path) -> dict[str, str]:
    """Sections across and along each pit, where the impact ``pit`` was worked out; returns the file name of each by what it is.

    ``"pit across"`` and ``"pit along"`` are pictures, ``"section pit across"`` and ``"section pit along"`` the same as PDF.
    """
    if "pit" not in after.impacts:
        return {}
    from twin.run import changed_city
    from twin.sections import pit_sections

    made: dict[str, str] = {}
    sections = pit_sections(changed_city(scenario, city).city, after, title=scenario.title, most=MOST)
    out.mkdir(parents=True, exist_ok=True)
    for key, drawn in sections.items():
        pit, _, way = key.rpartition(" ")
        name = f"pit {way}" if len(sections) <= 2 else f"pit {way} {pit}"
        file = name.replace(" ", "_")
        drawn.save(out / f"{file}.png", dpi=PICTURE_DPI)
        drawn.save(out / f"{file}.pdf")
        made |= {name: f"{file}.png", f"section {name}": f"{file}.pdf"}
    return made
