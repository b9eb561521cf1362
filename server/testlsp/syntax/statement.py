"""A top-level statement: the unit of parsing, of caching and of rewriting."""

from __future__ import annotations

import ast
from bisect import bisect_right
from typing import Any

from testlsp.text import TextRange, byte_column
from testlsp.text.lines import line_starts
from testlsp.text.named import NamedTuple


class SyntaxProblem(NamedTuple):
    """Why a piece of text does not parse; *offset* counts from the beginning of the piece (or of the file in
    `SourceFile`).
    """

    message: str
    offset: int


class Statement:
    """One top-level statement with its decorators and the blank and comment lines before it.

    Its identity is its text: two statements of equal text mean the same wherever they stand. ``body`` holds the parsed
    node (several, when they share a line; none for trailing comments or text that does not parse). The nodes carry the
    line numbers of whatever text they were parsed in; ``first_line`` is the number, there, of this piece's first line,
    so always ask `range` or `offset` instead of reading ``lineno``. All offsets are relative to ``text``.

    ``memo`` belongs to the layers above: facts that follow from the text alone, kept as long as the piece itself lives.
    """

    __slots__ = ("_ascii", "_starts", "body", "first_line", "memo", "problem", "text")

    def __init__(
        self, text: str, body: tuple[ast.stmt, ...], first_line: int = 1, problem: SyntaxProblem | None = None
    ) -> None:
        """Hold *text* and the nodes parsed from it; *problem* says why some or all of it did not parse."""
        self.text = text
        self.body = body
        self.first_line = first_line
        self.problem = problem
        self.memo: dict[Any, Any] = {}
        self._starts: list[int] | None = None
        self._ascii = text.isascii()

    @property
    def starts(self) -> list[int]:
        """Offsets of the line beginnings of ``text``."""
        if self._starts is None:
            self._starts = line_starts(self.text)
        return self._starts

    def offset(self, lineno: int, col_offset: int) -> int:
        """Return the offset in ``text`` of a position as ``ast`` gives it (line of the parsed text, UTF-8 bytes)."""
        starts = self.starts
        row = lineno - self.first_line
        if row >= len(starts):
            return len(self.text)
        start = starts[row]
        if self._ascii:
            return start + col_offset
        end = starts[row + 1] if row + 1 < len(starts) else len(self.text)
        return start + byte_column(self.text[start:end], col_offset)

    def range(self, node: ast.expr | ast.stmt | ast.arg | ast.keyword | ast.excepthandler | ast.alias) -> TextRange:
        """Return where *node* stands in ``text`` (for a decorated function: from its ``def``, as ``ast`` has it)."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return TextRange(self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset))

    def source(self, node: ast.expr | ast.stmt | ast.arg | ast.keyword | ast.excepthandler | ast.alias) -> str:
        """Return the text of *node*."""
        start, end = self.range(node)
        return self.text[start:end]

    def line_at(self, offset: int) -> int:
        """Return the line, from 0, of *offset* in ``text``."""
        return bisect_right(self.starts, offset) - 1

    def moved(self, leading: str) -> Statement:
        """Return this statement with *leading* (whole lines without code) put before it; the nodes are shared."""
        lines = len(line_starts(leading)) - 1
        return Statement(leading + self.text, self.body, self.first_line - lines, self.problem)

    def __repr__(self) -> str:
        """Show the first line of code."""
        kind = type(self.body[0]).__name__ if self.body else "Trivia"
        return f"<Statement {kind} {self.text.strip()[:40]!r}>"
