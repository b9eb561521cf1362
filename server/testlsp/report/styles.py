"""Colours as plain escape sequences: a library that draws more takes longer than the analysis of a small file."""

from __future__ import annotations

from testlsp.text.named import NamedTuple

_CODES = {"bold": "1", "red": "1;31", "green": "32", "minus": "31", "yellow": "1;33", "blue": "1;34", "cyan": "36"}


class Style(NamedTuple):
    """How text is painted; nothing is when *colours* is false."""

    colours: bool = False

    def paint(self, text: str, colour: str) -> str:
        """Return *text* in *colour*: "bold", "red", "green", "minus", "yellow", "blue" or "cyan"."""
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if self.colours and text else text


PLAIN = Style()
