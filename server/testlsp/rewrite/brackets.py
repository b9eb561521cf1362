"""Insert into and remove from the items of a bracket: parameters of a function, arguments of a call."""

from __future__ import annotations

import ast

from testlsp.rewrite.layout import (
    begins_line,
    leading_blanks,
    newline_near,
    row_of,
    row_start,
    row_text,
    unit_of,
)
from testlsp.rewrite.lexical import Bracket, Item, bracket_at
from testlsp.rewrite.refusal import CannotRewrite
from testlsp.syntax import Statement
from testlsp.text import Edit, TextRange


def insert_item(statement: Statement, bracket: Bracket, index: int, new: str) -> list[Edit]:
    """Return the edits that make *new* the item number *index*, in the layout that the bracket has."""
    if not bracket.items:
        return [_into_empty(statement, bracket, new)]
    if index:
        return _behind(statement, bracket, index - 1, new)
    return [_before(statement, bracket, 0, new)]


def _into_empty(statement: Statement, bracket: Bracket, new: str) -> Edit:
    """Replace the closing bracket too, so that two different insertions overlap: together they would lack a comma."""
    text = statement.text
    if not bracket.comments:
        return Edit(TextRange(bracket.open, bracket.close + 1), text[bracket.open] + new + text[bracket.close])
    row = row_of(statement, bracket.close)
    start, newline = row_start(statement, row), newline_near(text, bracket.open)
    blanks = leading_blanks(row_text(statement, row))
    if not begins_line(statement, bracket.close):
        raise CannotRewrite("the closing bracket shares its line with a comment")
    new_row = f"{blanks}{unit_of(statement)}{new},{newline}{blanks}{text[bracket.close]}"
    return Edit(TextRange(start, bracket.close + 1), new_row)


def _before(statement: Statement, bracket: Bracket, index: int, new: str) -> Edit:
    start = bracket.items[index].start
    separator = ", "
    if begins_line(statement, start) and _alone(statement, bracket, index):
        separator = "," + newline_near(statement.text, bracket.open) + _blanks_at(statement, start)
    return Edit(TextRange(start, start), new + separator)


def _blanks_at(statement: Statement, offset: int) -> str:
    return leading_blanks(row_text(statement, row_of(statement, offset)))


def _alone(statement: Statement, bracket: Bracket, index: int) -> bool:
    """Whether what follows the item (the next one, or the closing bracket) stands on another line."""
    item = bracket.items[index]
    following = bracket.items[index + 1].start if index + 1 < len(bracket.items) else bracket.close
    return row_of(statement, following) > row_of(statement, max(item.end, item.comma))


def _behind(statement: Statement, bracket: Bracket, index: int, new: str) -> list[Edit]:
    item = bracket.items[index]
    inline = [Edit(TextRange(item.end, item.end), f", {new}")]
    comment = _comment_behind(statement, bracket, item)
    if not _alone(statement, bracket, index):
        if comment is None or comment[0] > max(item.end, item.comma):
            return inline
        raise CannotRewrite("a comment stands between an item and its comma")
    if not begins_line(statement, item.start):
        if comment is not None and index + 1 < len(bracket.items):
            return [_before(statement, bracket, index + 1, new)]
        return inline
    newline = newline_near(statement.text, item.end)
    row = newline + _blanks_at(statement, item.start) + new
    if item.comma >= 0:
        if comment is not None and comment[0] < item.comma:
            return inline
        end = item.comma if comment is None else comment[1]
        return [Edit(TextRange(end, end), row + ",")]
    if comment is None:
        return [Edit(TextRange(item.end, item.end), "," + row)]
    # With the line end in the edit, a second, different parameter overlaps: both together would lack a comma.
    end = comment[1]
    return [
        Edit(TextRange(item.end, item.end), ","),
        Edit(TextRange(end, end + len(newline)), row + newline),
    ]


def _comment_behind(statement: Statement, bracket: Bracket, item: Item) -> tuple[int, int] | None:
    """Return the comment on the line where *item* or its comma ends."""
    rows = {row_of(statement, item.end), row_of(statement, max(item.end, item.comma))}
    for comment in bracket.comments:
        if comment[0] >= item.end and row_of(statement, comment[0]) in rows:
            return comment
    return None


def remove_item(statement: Statement, bracket: Bracket, index: int) -> list[Edit]:
    """Return the edit that removes an item with its comma; with its lines when it has them for itself."""
    items = bracket.items
    item = items[index]
    if len(items) == 1 and not bracket.comments:
        return [Edit(TextRange(bracket.open + 1, bracket.close), "")]
    if begins_line(statement, item.start) and _alone(statement, bracket, index):
        first = row_of(statement, item.start)
        behind = row_of(statement, max(item.end, item.comma)) + 1
        if bracket.close >= row_start(statement, behind):
            return [Edit(TextRange(row_start(statement, first), row_start(statement, behind)), "")]
    if index + 1 < len(items) and not _comment_between(bracket, item.start, items[index + 1].start):
        return [Edit(TextRange(item.start, items[index + 1].start), "")]
    if index and not _comment_between(bracket, items[index - 1].end, item.end):
        return [Edit(TextRange(items[index - 1].end, item.end), "")]
    raise CannotRewrite("a comment stands between the items")


def remove_element(statement: Statement, display: ast.List | ast.Tuple, index: int) -> list[Edit]:
    """Return the edit that removes an element of a list or of a tuple in parentheses, as `remove_item` does."""
    wanted = "[" if isinstance(display, ast.List) else "("
    bracket = bracket_at(statement, statement.range(display).start, wanted)
    if len(bracket.items) != len(display.elts) or len(bracket.items) < 3:
        raise CannotRewrite("the elements cannot be told apart")
    return remove_item(statement, bracket, index)


def _comment_between(bracket: Bracket, start: int, end: int) -> bool:
    return any(start <= comment[0] < end for comment in bracket.comments)
