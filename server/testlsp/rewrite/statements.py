"""Replace, remove and insert statements."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from testlsp.rewrite.layout import (
    Place,
    begins_line,
    block_end_row,
    ends_line,
    full_range,
    indentation_of,
    insert_rows,
    is_trivia,
    laid_out,
    newline_near,
    place_of,
    row_of,
    row_start,
    row_text,
    start_of,
    unit_of,
)
from testlsp.rewrite.refusal import CannotRewrite
from testlsp.syntax import Statement
from testlsp.text import Edit, TextRange


def replace_statement(statement: Statement, node: ast.stmt, new_lines: str | Sequence[str]) -> list[Edit]:
    """Replace the text of *node*, decorators included; a comment behind it stays behind the last new line.

    A ``str`` is one statement, taken as it is (it may hold line ends inside brackets or strings). A sequence is several
    lines, one level of indentation in them being four blanks; they get the indentation of *node*.
    """
    return replace_statements(statement, node, node, new_lines)


def replace_statements(
    statement: Statement, first: ast.stmt, last: ast.stmt, new_lines: str | Sequence[str]
) -> list[Edit]:
    """Replace the siblings *first* to *last* by *new_lines* (as in `replace_statement`).

    Comments between them go; to keep the block of one of them, use `unwrap_block` on it and edit the others singly.
    """
    lines = [new_lines] if isinstance(new_lines, str) else list(new_lines)
    if not lines:
        return remove_statements(statement, siblings(statement, first, last))
    siblings(statement, first, last)
    start, end = start_of(statement, first), statement.range(last).end
    own_lines = begins_line(statement, start) and ends_line(statement, end)
    if own_lines or (len(lines) == 1 and is_simple(lines[0])):
        newline = newline_near(statement.text, end)
        text = laid_out(lines, indentation_of(statement, first), unit_of(statement), newline)
        return [Edit(TextRange(start, end), text)]
    return [Edit(TextRange(start, end), joined(lines))]


def remove_statement(statement: Statement, node: ast.stmt) -> list[Edit]:
    """Remove the lines of *node* with a comment behind it; comments above stay. An empty block gets ``pass``."""
    return remove_statements(statement, [node])


def remove_statements(statement: Statement, nodes: Sequence[ast.stmt]) -> list[Edit]:
    """Remove several statements at once (of any blocks): a block that loses all of them gets one ``pass``."""
    edits: list[Edit] = []
    gone = {id(node) for node in nodes}
    for node in nodes:
        place = place_of(statement, node)
        if place.owner is not None and all(id(child) in gone for child in place.block):
            if node is place.block[0]:
                edits += _emptied(statement, place)
            continue
        edits.append(_removal(statement, node, place))
    return edits


def _emptied(statement: Statement, place: Place) -> list[Edit]:
    """Put ``pass`` in the place of a whole block."""
    first, *rest = place.block
    edits = [Edit(full_range(statement, first), "pass")]
    end = statement.range(first).end
    if rest:
        edits.append(Edit(TextRange(end, statement.range(rest[-1]).end), ""))
    return edits


def _removal(statement: Statement, node: ast.stmt, place: Place) -> Edit:
    text = statement.text
    start, end = full_range(statement, node)
    if begins_line(statement, start) and ends_line(statement, end):
        first, behind = _with_blank_rows(statement, place, row_of(statement, start), block_end_row(statement, node))
        return Edit(TextRange(row_start(statement, first), row_start(statement, behind)), "")
    block, index = place.block, place.position
    if not ends_line(statement, end):
        if index + 1 == len(block):
            raise CannotRewrite("what follows on the line is not a sibling")
        return Edit(TextRange(start, start_of(statement, block[index + 1])), "")
    if index == 0:
        raise CannotRewrite("the statement shares its line with the header of its block")
    before = statement.range(block[index - 1]).end
    if ";" not in text[before:start]:
        raise CannotRewrite("the statement continues a line that is not a sibling's")
    return Edit(TextRange(before, end), "")


def _with_blank_rows(statement: Statement, place: Place, first: int, behind: int) -> tuple[int, int]:
    """Widen the rows to remove by the blank ones that would be left doubled, or at an end of the block."""

    def blank(row: int) -> bool:
        return 0 <= row < len(statement.starts) and not row_text(statement, row).strip()

    if place.owner is None:
        return first, behind
    if place.position == len(place.block) - 1:
        while blank(first - 1) and first - 1 > 0:
            first -= 1
    elif place.position == 0 or blank(first - 1):
        limit = row_of(statement, start_of(statement, place.block[place.position + 1]))
        if place.position == 0 and not (first and is_trivia(row_text(statement, first - 1))) or blank(first - 1):
            while behind < limit and blank(behind):
                behind += 1
    return first, behind


def insert_before(statement: Statement, node: ast.stmt, lines: str | Sequence[str]) -> list[Edit]:
    """Put *lines* directly above *node* and its decorators, below the comments that stand there."""
    new = [lines] if isinstance(lines, str) else list(lines)
    place_of(statement, node)
    start = start_of(statement, node)
    if begins_line(statement, start):
        return [insert_rows(statement, row_of(statement, start), new, indentation_of(statement, node))]
    return [Edit(TextRange(start, start), joined(new) + "; ")]


def insert_after(statement: Statement, node: ast.stmt, lines: str | Sequence[str]) -> list[Edit]:
    """Put *lines* below *node* and the comments that belong to it."""
    new = [lines] if isinstance(lines, str) else list(lines)
    end = statement.range(node).end
    start = start_of(statement, node)
    if ends_line(statement, end):
        first = _line_opener(statement, node)
        if first is not None:
            row = block_end_row(statement, node)
            return [insert_rows(statement, row, new, indentation_of(statement, first))]
    if not begins_line(statement, start) and not is_simple(statement.text[start:end]):
        raise CannotRewrite("a compound statement shares its line")
    return [Edit(TextRange(end, end), "; " + joined(new))]


def _line_opener(statement: Statement, node: ast.stmt) -> ast.stmt | None:
    """Return the sibling that begins the line on which *node* stands, or None in a block on its header's line."""
    place = place_of(statement, node)
    for sibling in place.block[place.position :: -1]:
        if begins_line(statement, start_of(statement, sibling)):
            return sibling
    return None


def siblings(statement: Statement, first: ast.stmt, last: ast.stmt) -> Sequence[ast.stmt]:
    """Return the statements from *first* to *last*, which must stand in one block in this order."""
    place = place_of(statement, first)
    for index in range(place.position, len(place.block)):
        if place.block[index] is last:
            return place.block[place.position : index + 1]
    raise CannotRewrite("the statements are not siblings")


def is_simple(line: str) -> bool:
    """Whether *line* is one simple statement, which may share a line with others."""
    try:
        body = ast.parse(line).body
    except (SyntaxError, ValueError):
        try:  # return, yield, await, break ... are fine only in their places
            body = ast.parse(f"async def _():\n while 1: {line}").body[0].body[0].body  # type: ignore[attr-defined]
        except (SyntaxError, ValueError, AttributeError):
            return False
    if not body or not all(not hasattr(node, "body") and not hasattr(node, "cases") for node in body):
        return False
    return not ("#" in line and _has_comment(line))


def _has_comment(line: str) -> bool:
    from testlsp.rewrite.lexical import tokens

    return any(token.kind == "COMMENT" for token in tokens(Statement(line, ()), 0))


def joined(lines: Sequence[str]) -> str:
    """Return simple statements as one line; raises `CannotRewrite` when one of them needs its own."""
    if all(is_simple(line) for line in lines):
        return "; ".join(lines)
    raise CannotRewrite("a compound statement would share its line with another")
