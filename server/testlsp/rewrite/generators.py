"""Turn a fixture that returns into one that yields, so that it can tear down what it set up."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from testlsp.rewrite.blocks import without_docstring
from testlsp.rewrite.layout import begins_line, ends_line
from testlsp.rewrite.refusal import CannotRewrite
from testlsp.rewrite.statements import insert_after
from testlsp.syntax import CHILD_FIELDS, Statement
from testlsp.text import Edit, TextRange

Function = ast.FunctionDef | ast.AsyncFunctionDef


def return_to_yield(
    statement: Statement,
    function: Function,
    teardown_lines: str | Sequence[str],
    name: str | None = None,
    iterator: str | None = None,
) -> list[Edit]:
    """Turn the last ``return X`` of *function* into ``yield X`` followed by *teardown_lines*.

    With *name*, an X that is no plain name is bound to it first, for the teardown to use. A function without
    ``return`` gets a bare ``yield`` at its end. With *iterator* (such as ``Iterator``, which the caller imports), a
    return annotation ``T`` becomes ``Iterator[T]``. Raises `CannotRewrite` for another ``return`` or ``yield`` in
    the function.
    """
    body = without_docstring(function)
    last = body[-1] if body else function.body[-1]
    exits = _exits(function)
    lines = [teardown_lines] if isinstance(teardown_lines, str) else list(teardown_lines)
    annotation = _annotation(statement, function, iterator)
    if not exits:
        return [*annotation, *insert_after(statement, last, ["yield", *lines])]
    if exits != [last] or not isinstance(last, ast.Return):
        raise CannotRewrite("the function returns or yields elsewhere too")
    start, end = statement.range(last)
    edits = [Edit(TextRange(start, start + len("return")), "yield")]
    value = last.value
    if name is not None and value is not None and not isinstance(value, ast.Name):
        if not begins_line(statement, start) or not ends_line(statement, end):
            raise CannotRewrite("the return shares its line")
        if isinstance(value, ast.Tuple | ast.Starred) and "*" in statement.text[start:end]:
            raise CannotRewrite("unpacking cannot be bound without brackets")
        edits = [Edit(TextRange(start, start + len("return")), f"{name} =")]
        lines = [f"yield {name}", *lines]
    return [*annotation, *edits, *(insert_after(statement, last, lines) if lines else [])]


def _annotation(statement: Statement, function: Function, iterator: str | None) -> list[Edit]:
    if function.returns is None or iterator is None:
        return []
    start, end = statement.range(function.returns)
    return [Edit(TextRange(start, start), f"{iterator}["), Edit(TextRange(end, end), "]")]


def _exits(function: Function) -> list[ast.AST]:
    """Return the ``return`` and ``yield`` nodes of *function* itself, not of functions within."""
    found: list[ast.AST] = []
    stack: list[ast.AST] = [*function.body[::-1]]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom):
            found.append(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        for field in CHILD_FIELDS[node.__class__]:
            value = getattr(node, field, None)
            if isinstance(value, list):
                stack += [child for child in value[::-1] if isinstance(child, ast.AST)]
            elif isinstance(value, ast.AST):
                stack.append(value)
    return found
