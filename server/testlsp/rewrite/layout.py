"""Where statements stand on their lines: indentation, line ends, and what else shares the line."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from testlsp.rewrite.refusal import CannotRewrite
from testlsp.syntax import Statement
from testlsp.text import Edit, TextRange
from testlsp.text.named import NamedTuple

_REST_OF_LINE = re.compile(r"[ \t\f]*;?[ \t\f]*(?:\\\r?\n[ \t\f]*)?(#[^\r\n]*)?(?=[\r\n]|\Z)")
_BLANKS = " \t\f"


class Place(NamedTuple):
    """Where a statement stands: ``block[position]`` of *owner* (None at the top level)."""

    owner: ast.AST | None
    block: Sequence[ast.stmt]
    position: int


def newline_of(text: str) -> str:
    r"""Return the line end that *text* uses most: ``"\n"``, ``"\r\n"`` or ``"\r"``; without any, ``"\n"``."""
    pairs = text.count("\r\n")
    counts = {"\n": text.count("\n") - pairs, "\r\n": pairs, "\r": text.count("\r") - pairs}
    return max(counts, key=lambda end: counts[end])


def newline_near(text: str, offset: int) -> str:
    """Return the line end of the line that holds *offset*, or the dominant one when it is the last line."""
    match = re.compile(r"\r\n|\n|\r").search(text, offset)
    return match.group() if match else newline_of(text)


def row_of(statement: Statement, offset: int) -> int:
    """Return the row, from 0, of *offset*."""
    return statement.line_at(offset)


def row_start(statement: Statement, row: int) -> int:
    """Return the offset at which *row* begins; past the last row, the length of the text."""
    starts = statement.starts
    return starts[row] if row < len(starts) else len(statement.text)


def row_text(statement: Statement, row: int) -> str:
    """Return *row* without its line end."""
    return statement.text[row_start(statement, row) : row_start(statement, row + 1)].rstrip("\r\n")


def leading_blanks(line: str) -> str:
    """Return the blanks that *line* begins with."""
    return line[: len(line) - len(line.lstrip(_BLANKS))]


def row_indentation(statement: Statement, row: int) -> str:
    """Return the blanks that *row* begins with."""
    return leading_blanks(row_text(statement, row))


def is_trivia(line: str) -> bool:
    """Whether *line* holds nothing but blanks or a comment."""
    stripped = line.strip()
    return not stripped or stripped.startswith("#")


def start_of(statement: Statement, node: ast.stmt) -> int:
    """Return where *node* begins, its decorators included."""
    decorators = getattr(node, "decorator_list", None)
    if not decorators:
        return statement.range(node).start
    first = statement.range(decorators[0]).start
    return statement.text.rindex("@", 0, first)


def full_range(statement: Statement, node: ast.stmt) -> TextRange:
    """Return the range of *node* with its decorators."""
    return TextRange(start_of(statement, node), statement.range(node).end)


def indentation_of(statement: Statement, node: ast.stmt) -> str:
    """Return the blanks at the beginning of the line on which *node* (or its first decorator) begins."""
    return row_indentation(statement, row_of(statement, start_of(statement, node)))


def begins_line(statement: Statement, offset: int) -> bool:
    """Whether only blanks stand before *offset* on its line, and that line continues no other."""
    row = row_of(statement, offset)
    start = row_start(statement, row)
    if statement.text[start:offset].strip(_BLANKS):
        return False
    return row == 0 or not row_text(statement, row - 1).endswith("\\")


def ends_line(statement: Statement, offset: int) -> bool:
    """Whether nothing but a stray semicolon or a comment follows *offset* on its line."""
    return _REST_OF_LINE.match(statement.text, offset) is not None


def row_after(statement: Statement, offset: int) -> int:
    """Return the row that follows the logical line on which a statement ends at *offset*."""
    match = _REST_OF_LINE.match(statement.text, offset)
    return row_of(statement, match.end() if match else offset) + 1


def unit_of(statement: Statement) -> str:
    """Return one level of indentation as this statement has it; four blanks when it shows none."""
    key = "rewrite.unit"
    if key not in statement.memo:
        statement.memo[key] = _unit(statement)
    unit: str = statement.memo[key]
    return unit


def _unit(statement: Statement) -> str:
    queue: list[ast.AST] = list(statement.body)
    while queue:
        node = queue.pop(0)
        for block in blocks_of(node):
            first = start_of(statement, block[0])
            if begins_line(statement, first) and isinstance(node, ast.stmt):
                outer, inner = indentation_of(statement, node), indentation_of(statement, block[0])
                if inner.startswith(outer) and len(inner) > len(outer):
                    return inner[len(outer) :]
            queue.extend(block)
    return "    "


def blocks_of(node: ast.AST) -> list[list[ast.stmt]]:
    """Return the blocks of statements directly in *node*, those of its handlers and cases included."""
    found = []
    for field in ("body", "orelse", "finalbody"):
        value = getattr(node, field, None)
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            found.append(value)
    for field in ("handlers", "cases"):
        for clause in getattr(node, field, ()):
            found.append(clause.body)
    return found


def place_of(statement: Statement, node: ast.stmt) -> Place:
    """Return where *node* stands; raises `CannotRewrite` for an ``elif``, and when it is no part of *statement*."""
    if isinstance(node, ast.If) and statement.text.startswith("elif", statement.range(node).start):
        raise CannotRewrite("an elif is no statement of its own")
    pending: list[tuple[ast.AST | None, Sequence[ast.stmt]]] = [(None, statement.body)]
    while pending:
        owner, block = pending.pop()
        for index, child in enumerate(block):
            if child is node:
                return Place(owner, block, index)
            if child.end_lineno is not None and child.end_lineno < node.lineno:
                continue
            pending += [(child, inner) for inner in blocks_of(child)]
    raise CannotRewrite("the node is not part of the statement")


def block_end_row(statement: Statement, node: ast.stmt) -> int:
    """Return the row behind *node* and behind the comments below that are indented deeper, hence belong to it."""
    row = end = row_after(statement, statement.range(node).end)
    if not blocks_of(node):
        return end
    indentation = len(indentation_of(statement, node))
    while row < len(statement.starts):
        line = row_text(statement, row)
        if not is_trivia(line):
            break
        if line.strip():
            if len(leading_blanks(line)) <= indentation:
                break
            end = row + 1
        row += 1
    return end


def laid_out(lines: Sequence[str], indentation: str, unit: str, newline: str) -> str:
    """Return *lines* (one level is four blanks in them) as text whose first line is yet to be indented.

    An item may hold several lines of text taken from the file: only its first line is indented.
    """
    return (newline + indentation).join(_with_unit(line, unit) if line else "" for line in lines)


def _with_unit(line: str, unit: str) -> str:
    blanks = len(line) - len(line.lstrip(" "))
    return unit * (blanks // 4) + line[blanks:]


def whole_lines(lines: Sequence[str], indentation: str, unit: str, newline: str) -> str:
    """Return *lines* as whole lines, each with its line end; empty ones stay empty."""
    return "".join((indentation + _with_unit(line, unit) if line else "") + newline for line in lines)


def insert_rows(statement: Statement, row: int, lines: Sequence[str], indentation: str) -> Edit:
    """Return the edit that puts *lines* before *row*, as lines of their own."""
    offset = row_start(statement, row)
    text = statement.text
    newline = newline_near(text, row_start(statement, max(0, row - 1)))
    new = whole_lines(lines, indentation, unit_of(statement), newline)
    if offset == len(text) and text and not text.endswith(("\n", "\r")):
        new = newline + new[: -len(newline)]
    return Edit(TextRange(offset, offset), new)


def reindented(statement: Statement, rows: range, skipped: frozenset[int], old: str, new: str) -> list[Edit]:
    """Return the edits that turn the indentation *old* of *rows* into *new*; blank and *skipped* rows stay.

    Each edit replaces the whole indentation of its row, so that two different ways to indent one row are a conflict
    and not both done.
    """
    edits = []
    for row in rows:
        line = row_text(statement, row)
        if row in skipped or not line.strip():
            continue
        blanks = leading_blanks(line)
        if blanks.startswith(old):
            wanted = new + blanks[len(old) :]
        elif len(new) > len(old):
            wanted = blanks + new[len(old) :] if blanks else ""
        else:
            wanted = new if blanks.startswith(new) else blanks
        if wanted != blanks:
            start = row_start(statement, row)
            edits.append(Edit(TextRange(start, start + len(blanks)), wanted))
    return edits
