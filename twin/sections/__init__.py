"""Sections along any line: what stands on the ground, what lies in it, and what is dug, as data and as a drawing on paper.

>>> import twin
>>> drawn = twin.section("sample", [(136740, 455830), (136840, 455850)])
>>> sorted(set(drawn.parts["kind"]))[:4]
['boundary', 'building', 'cellar', 'construction']
"""

from __future__ import annotations

from twin.sections.made import Section, section
from twin.sections.of_pits import pit_sections

__all__ = ["Section", "pit_sections", "section"]
