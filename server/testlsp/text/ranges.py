"""A half-open range of offsets."""

from __future__ import annotations

from testlsp.text.named import NamedTuple


class TextRange(NamedTuple):
    """The characters ``text[start:end]``; offsets are indexes into the ``str``, from 0.

    A named tuple rather than a dataclass: it is made for every finding and compared often.
    """

    start: int
    end: int

    def shifted(self, distance: int) -> TextRange:
        """Return this range moved by *distance* characters."""
        return TextRange(self.start + distance, self.end + distance)

    def overlaps(self, other: TextRange) -> bool:
        """Whether the two share a character, or an empty one lies strictly inside the other."""
        return self.start < other.end and other.start < self.end

    def touches(self, other: TextRange) -> bool:
        """Whether the two overlap or meet; a cursor (empty range) at either end of a range touches it."""
        return self.start <= other.end and other.start <= self.end
