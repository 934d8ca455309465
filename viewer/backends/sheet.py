"""A sheet to write on over a picture: letters, panels, and sizes that go with the picture."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from viewer.backends.places import Box
from viewer.words import translate, translate_parts

INK = (28, 34, 42, 255)
SOFT = (66, 74, 84, 255)
PAPER = (255, 255, 255, 214)


@lru_cache(maxsize=32)
def _font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    # Matplotlib brings DejaVu along, so that the same letters are there on every machine.
    import matplotlib

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name), max(7, size))


def plain(text: str, most: int = 160) -> str:
    """One line without control characters, cut to a length."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


class Sheet:
    """A transparent layer to write on, with sizes relative to a picture of 1600 x 900."""

    def __init__(self, size: tuple[int, int], language: str = "en") -> None:
        self.language = language
        self.width, self.height = size
        self.unit = max(0.35, min(self.width / 1600, self.height / 900))
        self.image = Image.new("RGBA", size, (0, 0, 0, 0))
        self.draw = ImageDraw.Draw(self.image)

    def say(self, text: str) -> str:
        """A text of the viewer's in the language of the sheet."""
        return translate(text, self.language)

    def say_all(self, text: str) -> str:
        """As `say`, of texts that are joined by commas or colons."""
        return translate_parts(text, self.language)

    def px(self, value: float) -> float:
        return value * self.unit

    def font(self, size: float, bold: bool = False) -> ImageFont.FreeTypeFont:
        return _font(round(size * self.unit), bold)

    def panel(self, box: Box) -> None:
        self.draw.rounded_rectangle(box, radius=self.px(8), fill=PAPER)

    def fitted(self, text: str, size: float, bold: bool, room: float) -> tuple[str, ImageFont.FreeTypeFont]:
        """The text in a font that fits the room, smaller first, then cut."""
        for factor in (1.0, 0.9, 0.8, 0.72):
            font = self.font(size * factor, bold)
            if font.getlength(text) <= room:
                return text, font
        while len(text) > 2 and font.getlength(text + "…") > room:
            text = text[:-1]
        return text.rstrip() + "…", font
