"""Lines of a text, and columns in the units that others count in."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import Literal

from testlsp.text.patterns import pattern

ColumnUnit = Literal["utf-8", "utf-16", "utf-32"]

# What Python and the Language Server Protocol agree to call an end of line; ``str.splitlines`` knows many more.
# https://docs.python.org/3/reference/lexical_analysis.html#physical-lines
_LINE_END = pattern(r"\r\n|\n|\r")


def line_starts(text: str) -> list[int]:
    """Return the offsets at which the lines of *text* begin; the first is 0."""
    if "\r" not in text:
        starts = [0]
        find, position = text.find, text.find("\n")
        while position >= 0:
            starts.append(position + 1)
            position = find("\n", position + 1)
        return starts
    return [0, *(match.end() for match in _LINE_END.finditer(text))]


def byte_column(line: str, column: int) -> int:
    """Return the index into *line* of the UTF-8 byte column that ``ast`` gives."""
    if line.isascii():
        return column
    return len(line.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))


def column_in(unit: ColumnUnit, line: str, index: int) -> int:
    """Return the column, in *unit*, of the character at *index* of *line*."""
    prefix = line[:index]
    if unit == "utf-32" or prefix.isascii():
        return len(prefix)
    if unit == "utf-16":
        return len(prefix) + sum(character > "\uffff" for character in prefix)
    return len(prefix.encode("utf-8", "surrogatepass"))


def column_from(unit: ColumnUnit, line: str, column: int) -> int:
    """Return the index into *line* of *column* counted in *unit*; past the end gives the end of *line*.

    A column inside a character means its beginning.
    """
    if unit == "utf-32" or line.isascii():
        return min(column, len(line))
    passed = 0
    for index, character in enumerate(line):
        width = (
            (2 if character > "\uffff" else 1) if unit == "utf-16" else len(character.encode("utf-8", "surrogatepass"))
        )
        if passed + width > column:
            return index
        passed += width
    return len(line)


class LineIndex:
    """Where the lines of one text begin. Lines are counted from 0 here; shells add what their readers expect.

    ``starts`` is an array, for an edit copies most of it: a list would have each of its numbers touched. After an edit
    the text is put together when somebody asks for it.
    """

    __slots__ = ("_edit", "_text", "starts")

    def __init__(self, text: str) -> None:
        """Index *text*; costs one pass over it."""
        self._text: str | None = text
        self._edit: tuple[str, int, int, str] | None = None
        self.starts = array("l", line_starts(text))

    @property
    def text(self) -> str:
        """The text."""
        if self._text is None:
            assert self._edit is not None
            before, start, end, new = self._edit
            self._text = "".join((before[:start], new, before[end:]))
            self._edit = None
        return self._text

    def edited(self, start: int, end: int, new: str) -> LineIndex:
        """Return the index of the text with ``text[start:end]`` replaced by *new*; lines before it are not read
        again.
        """
        text = self.text
        made = LineIndex.__new__(LineIndex)
        made._text = None
        made._edit = (text, start, end, new)
        starts = self.starts
        # A carriage return on either side may join or part with what is new: then its line and the next are read again.
        first = max(0, bisect_right(starts, start) - 2)
        last = bisect_right(starts, end) + 1
        distance = len(new) - (end - start)
        stop = starts[last] if last < len(starts) else len(text)
        base = starts[first]
        fresh = [base + each for each in line_starts(text[base:start] + new + text[end:stop])]
        if last < len(starts) and fresh[-1] == stop + distance:
            fresh.pop()
        tail = starts[last:] if not distance else array("l", [each + distance for each in starts[last:]])
        made.starts = starts[:first] + array("l", fresh) + tail
        return made

    def line_at(self, offset: int) -> int:
        """Return the line, from 0, that holds *offset*."""
        return bisect_right(self.starts, offset) - 1

    def line_text(self, line: int) -> str:
        """Return line number *line* (from 0) without its line end; an empty string past the last one."""
        if line >= len(self.starts):
            return ""
        end = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        return self.text[self.starts[line] : end].rstrip("\r\n")

    def position(self, offset: int, unit: ColumnUnit = "utf-32") -> tuple[int, int]:
        """Return ``(line, column)``, both from 0, the column in *unit*."""
        line = self.line_at(offset)
        start = self.starts[line]
        if unit == "utf-32":
            return line, offset - start
        return line, column_in(unit, self.text[start:offset], offset - start)

    def offset(self, line: int, column: int, unit: ColumnUnit = "utf-32") -> int:
        """Return the offset of a position counted from 0; one past the end of a line or text is moved to that end."""
        if line < 0:
            return 0
        if line >= len(self.starts):
            return len(self.text)
        return self.starts[line] + column_from(unit, self.line_text(line), column)
