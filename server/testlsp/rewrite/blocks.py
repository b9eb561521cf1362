"""Put statements under a new header, take them out of one, move them behind one."""

from __future__ import annotations

import ast

from testlsp.rewrite.layout import (
    begins_line,
    block_end_row,
    ends_line,
    full_range,
    indentation_of,
    is_trivia,
    leading_blanks,
    newline_near,
    place_of,
    reindented,
    row_of,
    row_start,
    row_text,
    start_of,
    unit_of,
)
from testlsp.rewrite.lexical import header_end, rows_in_strings
from testlsp.rewrite.refusal import CannotRewrite
from testlsp.rewrite.statements import siblings
from testlsp.syntax import Statement
from testlsp.text import Edit, TextRange

Function = ast.FunctionDef | ast.AsyncFunctionDef


def wrap_in_with(statement: Statement, first: ast.stmt, last: ast.stmt, header: str) -> list[Edit]:
    """Indent the siblings *first* to *last* under ``with header:``; a *header* that ends in a colon is taken as it is.

    Comments above *first* stay above the header. Rows inside strings stay, so the strings keep their values. Two
    different wraps that share a line overlap; equal ones are equal edits.
    """
    siblings(statement, first, last)
    start, end = start_of(statement, first), statement.range(last).end
    line = header if header.endswith(":") else f"with {header}:"
    if not ends_line(statement, end):
        raise CannotRewrite("something else follows on the last line")
    if not begins_line(statement, start):
        return [_expanded(statement, first, last, line)]
    newline = newline_near(statement.text, start)
    indentation, unit = indentation_of(statement, first), unit_of(statement)
    row = row_of(statement, start)
    rows = range(row + 1, block_end_row(statement, last))
    head = row_start(statement, row)
    opening = Edit(TextRange(head, head + len(indentation)), f"{indentation}{line}{newline}{indentation}{unit}")
    skipped = rows_in_strings(statement, start, end)
    return [opening, *reindented(statement, rows, skipped, indentation, indentation + unit)]


def wrap_body(statement: Statement, function: Function, header: str) -> list[Edit]:
    """Put the whole body of *function*, behind its docstring, under ``with header:``."""
    body = without_docstring(function)
    if not body:
        raise CannotRewrite("nothing but a docstring to wrap")
    return wrap_in_with(statement, body[0], body[-1], header)


def without_docstring(function: Function) -> list[ast.stmt]:
    """Return the statements of *function* behind its docstring."""
    return function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body


def block_opening(statement: Statement, first: ast.stmt) -> TextRange:
    """Return the blanks between the colon of a header and *first*, the first statement of its block, on one line."""
    start = start_of(statement, first)
    blanks = len(statement.text[:start]) - len(statement.text[:start].rstrip(" \t\f"))
    if start - blanks == 0 or statement.text[start - blanks - 1] != ":":
        raise CannotRewrite("the block does not begin behind a colon")
    return TextRange(start - blanks, start)


def _expanded(statement: Statement, first: ast.stmt, last: ast.stmt, line: str) -> Edit:
    """Give the block of ``def f(): a; b`` lines of its own, under *line*."""
    place = place_of(statement, first)
    row = row_of(statement, start_of(statement, first))
    if place.position or place.block[-1] is not last or not isinstance(place.owner, ast.stmt):
        raise CannotRewrite("only a part of a line is to be wrapped")
    if row != row_of(statement, start_of(statement, place.owner)):
        indentation = indentation_of(statement, place.owner)
    else:
        indentation = leading_blanks(row_text(statement, row))
    newline, unit = newline_near(statement.text, start_of(statement, first)), unit_of(statement)
    gap = block_opening(statement, first)
    return Edit(gap, f"{newline}{indentation}{unit}{line}{newline}{indentation}{unit}{unit}")


def unwrap_block(statement: Statement, node: ast.stmt, keep: str = "body") -> list[Edit]:
    """Replace *node* (a ``with``, ``try``, ``if`` ...) by the statements of its block *keep*, dedented.

    *keep* names a field of *node*: ``body``, ``orelse`` or ``finalbody``. A comment behind the header gets its own
    line; everything in the other blocks goes, their comments included.
    """
    block: list[ast.stmt] = getattr(node, keep, [])
    if not block or not isinstance(block[0], ast.stmt):
        raise CannotRewrite(f"the statement has no {keep}")
    place_of(statement, node)
    start = start_of(statement, node)
    if not begins_line(statement, start) or not ends_line(statement, statement.range(node).end):
        raise CannotRewrite("the compound statement shares its line")
    first = start_of(statement, block[0])
    end = block_end_row(statement, node)
    tail = _kept_end_row(statement, node, block)
    row = row_of(statement, first)
    if not begins_line(statement, first):
        edits = [Edit(TextRange(start, first), "")]
        return [*edits, *_rows_removed(statement, tail, end)]
    header_row = row - 1
    while header_row >= 0 and is_trivia(row_text(statement, header_row)):
        header_row -= 1
    outer, inner = indentation_of(statement, node), indentation_of(statement, block[0])
    clause = start
    if keep != "body":
        clause = row_start(statement, header_row) + len(leading_blanks(row_text(statement, header_row)))
    _, comment = header_end(statement, clause)
    head = ""
    if comment is not None:
        text = statement.text
        head = outer + text[comment[0] : comment[1]].rstrip("\r\n") + newline_near(text, comment[0])
    node_start = row_start(statement, row_of(statement, start))
    opening = Edit(TextRange(node_start, row_start(statement, header_row + 1)), head)
    skipped = rows_in_strings(statement, first, statement.range(block[-1]).end)
    kept = reindented(statement, range(header_row + 1, tail), skipped, inner, outer)
    return [opening, *kept, *_rows_removed(statement, tail, end)]


def _rows_removed(statement: Statement, first: int, behind: int) -> list[Edit]:
    if first >= behind:
        return []
    return [Edit(TextRange(row_start(statement, first), row_start(statement, behind)), "")]


def _kept_end_row(statement: Statement, node: ast.stmt, block: list[ast.stmt]) -> int:
    """Return the row behind *block* and the comments that belong to it, at most the one behind *node*."""
    limit = block_end_row(statement, node)
    row = end = block_end_row(statement, block[-1])
    indentation = len(indentation_of(statement, node))
    while row < limit and is_trivia(row_text(statement, row)):
        line = row_text(statement, row)
        if line.strip() and len(leading_blanks(line)) <= indentation:
            break
        row += 1
        if line.strip():
            end = row
    return min(end, limit)


def dedent_out(statement: Statement, compound: ast.stmt, from_child: ast.stmt) -> list[Edit]:
    """Move the statements from *from_child* to the end of the body of *compound* (a ``with``) behind it.

    Comments directly above *from_child* move along. At least one statement must stay.
    """
    place = place_of(statement, from_child)
    if place.owner is not compound or not place.position or place.block is not getattr(compound, "body", None):
        raise CannotRewrite("the statements to move are not the end of the body")
    if any(getattr(compound, block, None) for block in ("orelse", "finalbody", "handlers")):
        raise CannotRewrite("another clause follows the body")
    start, end = full_range(statement, compound)
    if not begins_line(statement, start) or not ends_line(statement, end):
        raise CannotRewrite("the compound statement shares its line")
    first = start_of(statement, from_child)
    before = place.block[place.position - 1]
    outer = indentation_of(statement, compound)
    if not begins_line(statement, first):
        if begins_line(statement, start_of(statement, place.block[0])):
            raise CannotRewrite("the statement to move shares its line")
        gap = TextRange(statement.range(before).end, first)
        return [Edit(gap, newline_near(statement.text, first) + outer)]
    row = row_of(statement, first)
    limit = block_end_row(statement, before)
    while row > limit and row_text(statement, row - 1).lstrip().startswith("#"):
        row -= 1
    skipped = rows_in_strings(statement, first, statement.range(compound).end)
    rows = range(row, block_end_row(statement, compound))
    return reindented(statement, rows, skipped, indentation_of(statement, from_child), outer)
