"""Write and extend docstrings."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from testlsp.rewrite.blocks import block_opening
from testlsp.rewrite.layout import (
    begins_line,
    indentation_of,
    insert_rows,
    is_trivia,
    newline_near,
    row_of,
    row_text,
    start_of,
    unit_of,
)
from testlsp.rewrite.lexical import tokens
from testlsp.rewrite.refusal import CannotRewrite
from testlsp.syntax import Statement
from testlsp.text import Edit, TextRange

Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

_LITERAL = re.compile(r"(?P<prefix>[A-Za-z]*)(?P<quote>\"\"\"|'''|\"|')")


def insert_docstring(statement: Statement, function: Documented, lines: str | Sequence[str]) -> list[Edit]:
    """Give *function* the docstring *lines* (its content, without quotes); raises `CannotRewrite` when it has one."""
    if _docstring(function) is not None:
        raise CannotRewrite("there is a docstring already")
    content = _content(lines)
    first = function.body[0]
    start = start_of(statement, first)
    if not begins_line(statement, start):
        gap = block_opening(statement, first)
        newline = newline_near(statement.text, start)
        indentation = indentation_of(statement, function) + unit_of(statement)
        literal = _literal(content, indentation, newline)
        return [Edit(gap, f"{newline}{indentation}{literal}{newline}{indentation}")]
    row = row_of(statement, start)
    while row and is_trivia(row_text(statement, row - 1)):
        row -= 1
    indentation = indentation_of(statement, first)
    newline = newline_near(statement.text, start)
    return [insert_rows(statement, row, [_literal(content, indentation, newline)], indentation)]


def replace_docstring(statement: Statement, function: Documented, lines: str | Sequence[str]) -> list[Edit]:
    """Replace the docstring of *function*, or insert one."""
    docstring = _docstring(function)
    if docstring is None:
        return insert_docstring(statement, function, lines)
    place = statement.range(docstring)
    indentation = indentation_of(statement, docstring)
    if not begins_line(statement, place.start):
        indentation = indentation_of(statement, function) + unit_of(statement)
    return [Edit(place, _literal(_content(lines), indentation, newline_near(statement.text, place.start)))]


def append_to_docstring(
    statement: Statement, function: Documented, lines: str | Sequence[str], blank_line: bool = True
) -> list[Edit]:
    """Add *lines* at the end of the docstring of *function*, behind a blank line; insert one when there is none."""
    docstring = _docstring(function)
    if docstring is None:
        return insert_docstring(statement, function, lines)
    start, end = statement.range(docstring)
    prefix, quote = _quotes(statement, start, end)
    text = statement.text
    newline = newline_near(text, start)
    indentation = indentation_of(statement, docstring)
    if not begins_line(statement, start):
        indentation = indentation_of(statement, function) + unit_of(statement)
    added = [_escaped(line, quote, raw="r" in prefix.lower()) for line in _content(lines)]
    body = text[start + len(prefix) + len(quote) : end - len(quote)]
    tail = len(body) - len(body.rstrip())
    new = newline + newline if blank_line and body.strip() else newline
    new += newline.join(indentation + line if line else "" for line in added) + newline + indentation
    if len(quote) == 3:
        return [Edit(TextRange(end - 3 - tail, end - 3), new)]
    opening = start + len(prefix)
    # Two edits, so that what is between the quotes may be edited too.
    return [Edit(TextRange(opening, opening + 1), '"""'), Edit(TextRange(end - 1 - tail, end), new + '"""')]


def _docstring(function: Documented) -> ast.Expr | None:
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return first
    return None


def _content(lines: str | Sequence[str]) -> list[str]:
    return lines.split("\n") if isinstance(lines, str) else list(lines)


def _quotes(statement: Statement, start: int, end: int) -> tuple[str, str]:
    """Return prefix and quotes of the literal, which must be a single one."""
    strings = [token for token in tokens(statement, start, end) if token.kind == "STRING"]
    match = _LITERAL.match(statement.text, start)
    if len(strings) != 1 or match is None or strings[0].end != end:
        raise CannotRewrite("the docstring is not one literal")
    return match["prefix"], match["quote"]


def _escaped(line: str, quote: str, raw: bool = False) -> str:
    """Return *line* as it must be written between triple quotes of the kind of *quote*."""
    mark = quote[0] if len(quote) == 3 else '"'
    if raw:
        if mark * 3 in line:
            raise CannotRewrite("these quotes cannot be escaped in a raw string")
        return line
    return line.replace("\\", "\\\\").replace(mark * 3, f"\\{mark}" * 3)


def _literal(lines: list[str], indentation: str, newline: str) -> str:
    content = [_escaped(line, '"""') for line in lines]
    if len(content) == 1:
        only = content[0]
        if only.endswith('"'):
            only = only[:-1] + '\\"'
        return f'"""{only}"""'
    head, *rest = content
    body = "".join(newline + (indentation + line if line else "") for line in rest)
    return f'"""{head}{body}{newline}{indentation}"""'
