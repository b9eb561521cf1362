"""Where expressions stand inside f-strings, for Pythons before 3.12, whose ``ast`` misplaces them.

LibCST reads f-strings piece by piece; it is imported here, at the first fix that needs it, because that takes 250 ms.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from testlsp.rewrite.refusal import CannotRewrite
from testlsp.syntax import Statement
from testlsp.text import TextRange, byte_column

if TYPE_CHECKING:
    import libcst


def locate(statement: Statement, chain: list[ast.AST]) -> TextRange:
    """Return the range of ``chain[0]``, an expression inside the f-string ``chain[-1]``; those between lead to it.

    The replacement fields of both trees are matched by their number; within a field the expression is parsed by itself.
    Raises `CannotRewrite` when they do not match, and for f-strings within f-strings.
    """
    root = chain[-1]
    assert isinstance(root, ast.JoinedStr)
    fields = [index for index, node in enumerate(chain) if isinstance(node, ast.FormattedValue)]
    if not fields or not fields[0]:
        raise CannotRewrite("the node is no part of a replacement field")
    if any(isinstance(node, ast.JoinedStr) for node in chain[: fields[0]]):
        raise CannotRewrite("an f-string inside an f-string")
    field = chain[fields[0]]
    number = next((number for number, candidate in enumerate(_fields(root)) if candidate is field), -1)
    start, end = statement.range(root)
    found = list(_written(statement.text[start:end]))
    if not 0 <= number < len(found):
        raise CannotRewrite("the replacement fields do not match")
    offset, text = found[number]
    return _within(text, chain[: fields[0]]).shifted(start + offset)


def _fields(joined: ast.JoinedStr) -> Iterator[ast.FormattedValue]:
    """Yield the replacement fields in document order, those in format specifications included."""
    for value in joined.values:
        if isinstance(value, ast.FormattedValue):
            yield value
            if isinstance(value.format_spec, ast.JoinedStr):
                yield from _fields(value.format_spec)


def _written(literal: str) -> Iterator[tuple[int, str]]:
    """Yield offset in *literal* and text of the expression of each replacement field, in document order."""
    import libcst

    try:
        parsed = libcst.parse_expression(f"({literal})")
    except libcst.ParserSyntaxError as error:
        raise CannotRewrite(f"LibCST refuses the f-string: {error.message}") from error
    code = libcst.Module([]).code_for_node
    if not isinstance(parsed, libcst.FormattedString | libcst.ConcatenatedString):
        raise CannotRewrite("not an f-string")
    yield from _in_string(parsed.with_changes(lpar=(), rpar=()), 0, code)


def _in_string(string: libcst.BaseExpression, offset: int, code: Any) -> Iterator[tuple[int, str]]:
    import libcst

    if isinstance(string, libcst.ConcatenatedString):
        yield from _in_string(string.left, offset, code)
        offset += len(code(string.left)) + len(code(string.whitespace_between))
        yield from _in_string(string.right, offset, code)
    elif isinstance(string, libcst.FormattedString):
        yield from _in_parts(string.parts, offset + len(string.start), code)


def _in_parts(parts: Any, offset: int, code: Any) -> Iterator[tuple[int, str]]:
    import libcst

    for part in parts:
        if isinstance(part, libcst.FormattedStringExpression):
            text = code(part.expression)
            yield offset + len("{") + len(code(part.whitespace_before_expression)), text
            if part.format_spec:
                specification = sum(len(code(inner)) for inner in part.format_spec)
                yield from _in_parts(part.format_spec, offset + len(code(part)) - len("}") - specification, code)
        offset += len(code(part))


def _within(text: str, chain: list[ast.AST]) -> TextRange:
    """Return the range in *text*, an expression, of the node reached as ``chain[0]`` is from ``chain[-1]``."""
    from testlsp.rewrite.expressions import path_between

    if "\n" in text or "\r" in text:
        raise CannotRewrite("an expression of several lines inside an f-string")
    current: Any = ast.parse(f"({text})", mode="eval").body
    for name, position in path_between(chain):
        current = getattr(current, name)
        if position is not None:
            current = current[position]
    if ast.dump(current) != ast.dump(chain[0]):
        raise CannotRewrite("the expressions do not match")
    line = f"({text})"
    return TextRange(byte_column(line, current.col_offset) - 1, byte_column(line, current.end_col_offset) - 1)
