"""A file as a list of top-level statements, and what an edit does to it."""

from __future__ import annotations

import ast
import warnings
from bisect import bisect_right
from collections.abc import Generator, Iterable

from testlsp.syntax.neutral import commented
from testlsp.syntax.recovery import broken_file
from testlsp.syntax.statement import Statement, SyntaxProblem
from testlsp.text import TextRange
from testlsp.text.lines import line_starts
from testlsp.text.patterns import pattern
from testlsp.text.steps import finish


class SourceFile:
    """One version of one file. ``statements[i]`` begins at ``starts[i]``; together they are exactly ``text``."""

    __slots__ = ("_text", "path", "starts", "statements", "version")

    def __init__(self, path: str, text: str | None, statements: tuple[Statement, ...], version: int = 0) -> None:
        """Hold the parsed pieces of *text*; use `parse` to make one.

        Where *text* is None it is put together from the pieces when somebody asks for it.
        """
        self.path = path
        self._text = text
        self.version = version
        self.statements = statements
        starts, position = [], 0
        for statement in statements:
            starts.append(position)
            position += len(statement.text)
        self.starts = starts

    @property
    def text(self) -> str:
        """The text of the file."""
        if self._text is None:
            self._text = "".join([piece.text for piece in self.statements])
        return self._text

    @property
    def problems(self) -> list[SyntaxProblem]:
        """What does not parse, offsets counted from the beginning of the file."""
        return [
            SyntaxProblem(piece.problem.message, start + piece.problem.offset)
            for start, piece in zip(self.starts, self.statements, strict=True)
            if piece.problem
        ]

    def index_at(self, offset: int) -> int:
        """Return the index of the statement that holds *offset* (the last one, at the end of the file)."""
        return max(0, bisect_right(self.starts, offset) - 1)

    def edited(self, changed: TextRange, new: str, version: int = 0) -> SourceFile:
        """Return the file with *changed* replaced by *new*; statements that did not change are the same objects.

        When the edit lies inside one statement and its new text parses by itself, only that is parsed. This is sound: a
        piece that parses alone leaves no bracket, string or continuation open, and begins with no clause that could
        attach to the statement before. Everything else parses the whole file and keeps the pieces whose text it already
        knows.
        """
        text = self.text[: changed.start] + new + self.text[changed.end :]
        statements = self._replaced(changed, new)
        if statements is None:
            statements = finish(_split_or_recover(text, {piece.text: piece for piece in self.statements}))
        return SourceFile(self.path, text, statements, version)

    def editing(self, changed: TextRange, new: str, version: int = 0) -> Generator[None, None, SourceFile]:
        """Do what `edited` does, and stop for a moment after each part of a parse of the whole file."""
        statements = self._replaced(changed, new)
        if statements is not None:
            return SourceFile(self.path, None, statements, version)
        yield
        text = "".join((self.text[: changed.start], new, self.text[changed.end :]))
        return (yield from parsing(self.path, text, version, self.statements))

    def edited_text(self, text: str, version: int = 0) -> SourceFile:
        """Return the file with *text* instead; statements whose text is still there are the same objects."""
        known = {piece.text: piece for piece in self.statements}
        return SourceFile(self.path, text, finish(_split_or_recover(text, known)), version)

    def _replaced(self, changed: TextRange, new: str) -> tuple[Statement, ...] | None:
        statements = self.statements
        if not statements or any(piece.problem for piece in statements):
            return None
        index = self.index_at(changed.start)
        start = self.starts[index]
        piece = statements[index]
        end = start + len(piece.text)
        last = index == len(statements) - 1
        if changed.end > end or (changed.end == end and not last):
            return None
        same = commented(piece, changed.start - start, changed.end - start, new)
        if same is not None:
            return (*statements[:index], same, *statements[index + 1 :])
        text = piece.text[: changed.start - start] + new + piece.text[changed.end - start :]
        if not last and not _is_whole_lines(text, statements[index + 1].text):
            return None
        if _goes_on(text) or (index and _goes_on(statements[index - 1].text)):
            return None
        if index and text.startswith("\n") and statements[index - 1].text.endswith("\r"):
            return None
        try:
            tree = _parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        pieces = _split(text, tree)
        tail: tuple[Statement, ...] = statements[index + 1 :]
        if tail and pieces and not pieces[-1].body:
            # Comment and blank lines after the last statement belong to the one that follows.
            tail = (tail[0].moved(pieces[-1].text), *tail[1:])
            pieces = pieces[:-1]
        return (*statements[:index], *pieces, *tail)


def parse(path: str, text: str, version: int = 0, known: Iterable[Statement] = ()) -> SourceFile:
    """Parse *text*; never raises. Pieces whose text equals one of *known* are taken from there."""
    return SourceFile(path, text, finish(_split_or_recover(text, {piece.text: piece for piece in known})), version)


_PART = 40_000
"""Characters of text that are parsed without a pause: some 6 ms."""
_CUT = pattern(r"(?<=\n\n)(?=def |class |async def |@)|(?<=\n\r\n)(?=def |class |async def |@)")


def parsing(
    path: str, text: str, version: int = 0, known: Iterable[Statement] = (), part: int = _PART
) -> Generator[None, None, SourceFile]:
    """Do what `parse` does in parts of about *part* characters, and stop for a moment after each.

    It is sound for the reason that `SourceFile.edited` gives: each part parses by itself and begins with no clause. A
    single statement is not cut, and where a part does not parse, the whole is parsed at once.
    """
    pieces = (yield from _in_parts(text, part)) if len(text) > part else None
    by_text = {piece.text: piece for piece in known}
    if pieces is None:
        statements = yield from _split_or_recover(text, by_text)
    else:
        statements = tuple(by_text.get(piece.text, piece) for piece in pieces) if by_text else tuple(pieces)
    return SourceFile(path, text, statements, version)


def _in_parts(text: str, part: int) -> Generator[None, None, list[Statement] | None]:
    """Return the pieces of *text*; None if it cannot be parsed in parts."""
    pieces: list[Statement] = []
    start = 0
    while start < len(text):
        cut = _CUT.search(text, start + part)
        end = cut.start() if cut is not None else len(text)
        if _goes_on(text[max(start, end - 100) : end]):
            return None
        # What stands between the last statement of the part before and the cut belongs to what follows.
        leading = pieces.pop().text if pieces and not pieces[-1].body else ""
        try:
            body = _parse(leading + text[start:end])
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        pieces += _split(leading + text[start:end], body)
        start = end
        yield
    return pieces


def _is_whole_lines(text: str, following: str) -> bool:
    """Whether *text* ends where a line ends, also when *following* is put after it."""
    if not text:
        return True
    return text.endswith("\n") or (text.endswith("\r") and not following.startswith("\n"))


def _goes_on(text: str) -> bool:
    """Whether the last line of *text* ends with a backslash, which can draw the next line to it."""
    return text.rstrip("\r\n").endswith("\\")


def _parse(text: str) -> list[ast.stmt]:
    """Parse *text*, keeping the compiler's warnings about its strings and comparisons to itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text).body


def _split_or_recover(text: str, known: dict[str, Statement]) -> Generator[None, None, tuple[Statement, ...]]:
    try:
        body = _parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        # Without its traceback, which would keep all of this alive.
        return (yield from broken_file(text, error.with_traceback(None), known, _parse, _split))
    pieces = _split(text, body)
    if known:
        pieces = [known.get(piece.text, piece) for piece in pieces]
    return tuple(pieces)


def _split(text: str, body: list[ast.stmt]) -> list[Statement]:
    """Cut *text* into pieces, one for each node of *body* that does not share a line with another."""
    starts = line_starts(text)
    pieces: list[Statement] = []
    group: list[ast.stmt] = []
    first = 0  # line index of the current piece
    following = len(body)
    for number, node in enumerate(body, 1):
        group.append(node)
        assert node.end_lineno is not None
        line = node.end_lineno
        if number < following:
            after = body[number]
            if _first_line(after) <= line:
                continue
            if _first_line(after) == line + 1 and _continues(text, starts, line):
                continue
        end = starts[line] if line < len(starts) else len(text)
        pieces.append(Statement(text[starts[first] : end], tuple(group), first + 1))
        group = []
        first = line
    rest = text[starts[first] :] if first < len(starts) else ""
    if rest:
        pieces.append(Statement(rest, (), first + 1))
    return pieces


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", None)
    return min(node.lineno, decorators[0].lineno) if decorators else node.lineno


def _continues(text: str, starts: list[int], line: int) -> bool:
    """Whether the line (from 1) goes on behind a statement with a semicolon and a backslash."""
    end = starts[line] if line < len(starts) else len(text)
    return text[starts[line - 1] : end].rstrip("\r\n").endswith("\\")
