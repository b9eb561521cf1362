"""Reading the comments that silence findings: what they name, and which part of the file they speak of.

``# testlsp: ignore[name, ...] -- reason`` speaks of its line; on the line of a decorator, ``def`` or ``class`` of the
whole definition; alone on its line of the statement below. ``ignore-file`` speaks of the file, ``disable`` of
everything down to the ``enable`` of the same name or the end of its block. ``# noqa`` and ``# noqa: TL101`` speak of
their line.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from testlsp.lint.suppressions import KINDS, Part, Suppression, may_hold
from testlsp.syntax.comments import comments
from testlsp.text import TextRange
from testlsp.text.patterns import pattern

if TYPE_CHECKING:
    from testlsp.syntax import SourceFile, Statement

_OURS = pattern(r"#[ \t]*testlsp:[ \t]*(?P<kind>[A-Za-z_-]+)(?P<rest>(?:(?![ \t]#[ \t]*(?:noqa|[A-Za-z]+:))[^\r\n])*)")
_LIST = pattern(r"[ \t]*\[(?P<list>[^\[\]\r\n]*)\]")
_REASON = pattern(r"[ \t]*(?:--[ \t]*(?P<reason>.*?))?[ \t]*\Z")
_NOQA = pattern(r"#[ \t]*noqa\b(?P<colon>[ \t]*:[ \t]*(?P<codes>[A-Z]+[0-9]+(?:[\s,]+[A-Z]+[0-9]+)*)?)?", re.IGNORECASE)
_WORD = pattern(r"[^,\s]+")


def suppressions(source: SourceFile) -> tuple[Suppression, ...]:
    """Return the comments of *source* that silence findings, in document order."""
    if not may_hold(source.text):
        return ()
    found: list[Suppression] = []
    for index, (start, piece) in enumerate(zip(source.starts, source.statements, strict=True)):
        local = piece.memo.get("suppressions")
        if local is None:
            local = piece.memo["suppressions"] = tuple(_read(piece)) if may_hold(piece.text) else ()
        found += [comment.shifted(start, index) for comment in local]
    whole = TextRange(0, len(source.text) + 1)
    found = [
        comment._replace(scope=whole, parts=tuple(part._replace(scope=whole) for part in comment.parts))
        if comment.kind == "ignore-file"
        else comment
        for comment in found
    ]
    if any(comment.kind in {"disable", "enable"} for comment in found):
        return tuple(_with_blocks(source, found))
    return tuple(found)


def _read(piece: Statement) -> Iterator[Suppression]:
    """Yield the comments of *piece*, offsets relative to it."""
    text = piece.text
    rows: _Rows | None = None
    for place in comments(text):
        if not may_hold(text[place.start : place.end]):
            continue
        if rows is None:
            rows = _Rows(piece)
        for match in _OURS.finditer(text, *place):
            yield from _ours(match, rows)
        for match in _NOQA.finditer(text, *place):
            if match["colon"] is None or match["codes"] is not None:
                line = rows.line(match.start())
                parts = _parts(text, match.span("codes"), match.span(), line, True)
                yield Suppression(TextRange(*match.span()), _names(parts), "", "noqa", line, parts)


def _ours(match: re.Match[str], rows: _Rows) -> Iterator[Suppression]:
    text = match.string
    start = match.start()
    end = match.start("rest") + len(match["rest"].rstrip())
    kind = match["kind"].lower().replace("_", "-")
    problem = ""
    if kind not in KINDS:
        import difflib

        meant = difflib.get_close_matches(kind, KINDS, 1, 0.75)
        if not meant:
            return  # "# testlsp: see the guide" is prose
        problem = f"`{match['kind']}` is not understood; did you mean `{meant[0]}`?"
        kind = meant[0]
    listed = _LIST.match(text, match.start("rest"), end)
    reason = _REASON.match(text[listed.end() if listed else match.start("rest") : end])
    if not problem and (reason is None or text[match.end("kind") : match.end("kind") + 1] == ":"):
        problem = f"This comment is not understood; write `# testlsp: {kind}[name]`"
    scope, by_line = (TextRange(0, 0), False) if kind in {"ignore-file", "disable", "enable"} else rows.scope(start)
    span = listed.span("list") if listed else (-1, -1)
    parts = () if problem else _parts(text, span, (start, end), scope, by_line)
    if kind in {"disable", "enable"} and parts:
        inner = TextRange(start, rows.block_end(start))
        parts = tuple(part._replace(scope=inner) for part in parts)
        scope = inner
    said = (reason["reason"] or "") if reason else ""
    yield Suppression(TextRange(start, end), _names(parts), said, kind, scope, parts, 0, problem)


def _parts(
    text: str, listed: tuple[int, int], whole: tuple[int, int], scope: TextRange, by_line: bool
) -> tuple[Part, ...]:
    if listed[0] < 0:
        return (Part("", TextRange(*whole), scope, by_line),)
    return tuple(
        Part(match.group(), TextRange(*match.span()), scope, by_line) for match in _WORD.finditer(text, *listed)
    )


def _names(parts: tuple[Part, ...]) -> tuple[str, ...]:
    return tuple(part.selector for part in parts if part.selector)


class _Rows:
    """Which statement begins on which row of a piece, and the rows of the headers of definitions."""

    def __init__(self, piece: Statement) -> None:
        self.piece = piece
        self.begins: dict[int, list[ast.stmt]] = {}
        self.heads: dict[int, ast.stmt] = {}
        pending: list[ast.AST] = list(piece.body)
        while pending:
            node = pending.pop()
            if isinstance(node, ast.stmt):
                self._note(node)
            for field in ("body", "orelse", "handlers", "finalbody", "cases"):
                value = getattr(node, field, None)
                if value.__class__ is list:
                    pending += value

    def _note(self, node: ast.stmt) -> None:
        shift = self.piece.first_line
        row = node.lineno - shift
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = row
            for decorator in node.decorator_list:
                first = min(first, decorator.lineno - shift)
                self.heads[decorator.lineno - shift] = node
                self.heads[(decorator.end_lineno or decorator.lineno) - shift] = node
            inner = node.body[0]
            for header in range(row, max(row + 1, inner.lineno - shift)):
                if header == row or self._code(header).endswith(":"):
                    self.heads[header] = node
            row = first
        self.begins.setdefault(row, []).append(node)

    def _code(self, row: int) -> str:
        line = self.text(row)
        return line.partition("#")[0].rstrip()

    def text(self, row: int) -> str:
        """Return a row without its line end, empty past the last one."""
        starts = self.piece.starts
        if row >= len(starts):
            return ""
        end = starts[row + 1] if row + 1 < len(starts) else len(self.piece.text)
        return self.piece.text[starts[row] : end].rstrip("\r\n")

    def row_range(self, row: int) -> TextRange:
        """Return the range of a row; with one more character in the last one, for a finding at the end of the text."""
        starts = self.piece.starts
        return TextRange(starts[row], starts[row + 1] if row + 1 < len(starts) else len(self.piece.text) + 1)

    def line(self, offset: int) -> TextRange:
        """Return the range of the line that holds *offset*."""
        return self.row_range(self.piece.line_at(offset))

    def scope(self, offset: int) -> tuple[TextRange, bool]:
        """Return what an ``ignore`` at *offset* speaks of, and whether that is a line."""
        row = self.piece.line_at(offset)
        column = offset - self.piece.starts[row]
        if self.text(row)[:column].split("#")[0].strip():
            if row in self.heads:
                return self._whole([self.heads[row]]), False
            return self.row_range(row), True
        below = row + 1
        while self.text(below).lstrip().startswith("#"):
            below += 1
        following = self.text(below)
        if not following.strip():
            return TextRange(offset, offset), False
        if below in self.begins:
            outermost = self.begins[below]
            if len(following) - len(following.lstrip()) == len(self.text(row)) - len(self.text(row).lstrip()):
                return self._whole(outermost), False
            return TextRange(offset, offset), False
        if below in self.heads:
            return self._whole([self.heads[below]]), False
        return self.row_range(below), True

    def _whole(self, nodes: list[ast.stmt]) -> TextRange:
        first = self.row_range(min(_first_line(node) for node in nodes) - self.piece.first_line).start
        end = max(self.row_range((node.end_lineno or node.lineno) - self.piece.first_line).end for node in nodes)
        return TextRange(first, end)

    def block_end(self, offset: int) -> int:
        """Return where the block ends in which a comment stands; -1 for the top level."""
        row = self.piece.line_at(offset)
        indentation = len(self.text(row)) - len(self.text(row).lstrip())
        if not indentation:
            return -1
        for below in range(row + 1, len(self.piece.starts)):
            line = self.text(below)
            if below in self.begins and len(line) - len(line.lstrip()) < indentation:
                return self.piece.starts[below]
        return len(self.piece.text)


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", None)
    return min(node.lineno, *(decorator.lineno for decorator in decorators)) if decorators else node.lineno


def _with_blocks(source: SourceFile, found: list[Suppression]) -> Iterator[Suppression]:
    """Let each ``disable`` end at the ``enable`` of the same name, or where its block ends.

    An ``enable`` that ends something gets a scope that is not empty, so that it can be told from one that does not.
    """
    ended: set[tuple[TextRange, str]] = set()
    enables = [comment for comment in found if comment.kind == "enable"]
    result: list[Suppression] = []
    for comment in found:
        if comment.kind == "disable":
            start = comment.range.start
            parts = []
            for part in comment.parts:
                # A block at the top level has the end -1, which lies at the piece's start once it is shifted.
                end = part.scope.end if part.scope.end > start else len(source.text) + 1
                for enable in enables:
                    if start < enable.range.start < end and (not enable.selectors or part.selector in enable.selectors):
                        end = enable.range.start
                        ended.add((enable.range, part.selector if enable.selectors else ""))
                        break
                parts.append(part._replace(scope=TextRange(start, end)))
            comment = comment._replace(
                parts=tuple(parts), scope=TextRange(start, max((part.scope.end for part in parts), default=start))
            )
        result.append(comment)
    for comment in result:
        if comment.kind == "enable":
            nothing = TextRange(comment.range.start, comment.range.start)
            parts_of = tuple(
                part._replace(scope=comment.range if (comment.range, part.selector) in ended else nothing)
                for part in comment.parts
            )
            comment = comment._replace(parts=parts_of, scope=nothing)
        yield comment
