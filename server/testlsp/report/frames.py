"""Source lines with a range underlined, as compilers draw them."""

from __future__ import annotations

from testlsp.project.records import Location
from testlsp.report.styles import Style
from testlsp.text import LineIndex

_CONTEXT = 2
_TAB = 4
_LONGEST_LINE = 240
"""Characters of a line that are shown; of a longer one, those around the range."""
_MOST_LINES = 8
"""Lines of a range that are shown; of more, the first and the last ones."""


def drawn(line: str) -> tuple[str, list[int] | None]:
    """Return *line* as a terminal shows it, and the column where each character begins, ending with the width.

    The columns are None where every character takes one. Tabs become blanks; characters that would move the cursor,
    change colours or turn the direction of writing are replaced by pictures.
    """
    if line.isascii() and line.isprintable():
        return line, None
    from unicodedata import category, combining, east_asian_width

    pieces: list[str] = []
    columns: list[int] = []
    width = 0
    for character in line:
        columns.append(width)
        step = 1
        if character == "\t":
            step = _TAB - width % _TAB
            character = " " * step
        elif character < " ":
            character = chr(0x2400 + ord(character))
        elif (
            category(character) in ("Cc", "Cs", "Zl", "Zp")
            or "\u202a" <= character <= "\u202e"
            or "\u2066" <= character <= "\u2069"
        ):
            character = "\ufffd"
        elif combining(character) or category(character) in ("Mn", "Me", "Cf"):
            step = 0
        elif east_asian_width(character) in "WF":
            step = 2
        pieces.append(character)
        width += step
    columns.append(width)
    return "".join(pieces), columns


def frame(lines: LineIndex, start: Location, end: Location, gutter: int, style: Style) -> list[str]:
    """Return the lines of a frame around the range from *start* to *end*, with two lines of context on either side.

    Line numbers take *gutter* columns.
    """
    end = _clipped(lines, start, end)
    first, last = _context(lines, start.row, end.row)
    out = [_margin("", gutter, style)]
    several = end.row > start.row
    for row in range(first, last + 1):
        inside = start.row <= row <= end.row
        if inside and end.row - start.row >= _MOST_LINES and start.row + 3 <= row <= end.row - 3:
            if row == start.row + 3:
                out.append(_margin("...", gutter, style, style.paint("|", "red")))
            continue
        text, begin, stop = _shown(lines.line_text(row - 1), start.column - 1, end.column - 1, cropped=not several)
        mark = style.paint("/" if row == start.row else "|", "red") if several and inside else " " if several else ""
        out.append(_margin(str(row), gutter, style, f"{mark} {text}" if mark else text))
        if inside and not several:
            out.append(_margin("", gutter, style, " " * begin + style.paint("^" * max(1, stop - begin), "red")))
        elif several and row == end.row:
            out.append(_margin("", gutter, style, style.paint("|" + "_" * max(1, stop) + "^", "red")))
    out.append(_margin("", gutter, style))
    return out


def _clipped(lines: LineIndex, start: Location, end: Location) -> Location:
    """Return *end*, or the end of the line before if the range ends at the beginning of a line."""
    if end.row > start.row and end.column == 1:
        return Location(end.row - 1, len(lines.line_text(end.row - 2)) + 1)
    return end


def _context(lines: LineIndex, start: int, end: int) -> tuple[int, int]:
    """Return the first and last row to show: up to two more on either side, no blank ones at the edges."""
    first, last = max(1, start - _CONTEXT), min(len(lines.starts), end + _CONTEXT)
    while first < start and not lines.line_text(first - 1).strip():
        first += 1
    while last > end and not lines.line_text(last - 1).strip():
        last -= 1
    return first, last


def _margin(number: str, gutter: int, style: Style, text: str = "") -> str:
    left = style.paint(f"{number:>{gutter}} |", "blue")
    return f"{left} {text}".rstrip() if not text.strip() else f"{left} {text}"


def _shown(line: str, begin: int, stop: int, *, cropped: bool) -> tuple[str, int, int]:
    """Return *line* as shown, and the columns of the range from character *begin* to *stop* in it."""
    lead = tail = ""
    if len(line) > _LONGEST_LINE:
        cut = max(0, min(begin - _LONGEST_LINE // 3, len(line) - _LONGEST_LINE)) if cropped else 0
        lead, tail = "..." if cut else "", "..." if cut + _LONGEST_LINE < len(line) else ""
        line, begin, stop = line[cut : cut + _LONGEST_LINE], begin - cut, stop - cut
    begin, stop = (min(max(index, 0), len(line)) for index in (begin, stop))
    text, columns = drawn(line)
    if columns is not None:
        begin, stop = columns[begin], columns[stop]
    return lead + text + tail, begin + len(lead), stop + len(lead)
