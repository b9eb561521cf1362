"""A ``with`` around the rest of a function, which undoes at its end what the function changes.

A fixture must still hand over its value in the block: the block ends where the function is left.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from testlsp.lint.diagnostic import Fix, Rewrite
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.text import Edit, TextRange

if TYPE_CHECKING:
    from testlsp.lint.context import Context

Grading = Callable[[str, Callable[[], Rewrite | list[Edit]]], Fix]
"""`testlsp.lint.context.safe` or ``unsafe``."""


def rest_of_block(function: Function, statement: ast.stmt, *, alone: bool = False) -> list[ast.stmt] | None:
    """Return what follows *statement* up to the end of *function*, None where a ``with`` would not reach so far.

    *statement* may stand in a ``with`` that is itself the end. Something must follow unless *statement* may stand
    *alone* in the block because it holds more than the change. In a fixture the ``with`` must hold the ``yield``; a
    ``return`` in it would put the state back before the test.
    """
    rest = _siblings_behind(function, statement)
    if rest is None or (not rest and not (alone and hasattr(statement, "body"))):
        return None
    if function.kind is FunctionKind.FIXTURE:
        yields = function.bag.get(ast.Yield, [])
        if len(yields) != 1 or getattr(yields[0], "lineno", 0) <= statement.lineno or ast.Return in function.bag:
            return None
    return rest


def _siblings_behind(function: Function, statement: ast.stmt) -> list[ast.stmt] | None:
    assert function.node is not None
    body = function.node.body
    while (place := next((index for index, item in enumerate(body) if item is statement), None)) is None:
        if not isinstance(body[-1], ast.With | ast.AsyncWith):
            return None
        body = body[-1].body
    return body[place + 1 :]


def outermost_statement(function: Function, node: ast.AST) -> ast.stmt:
    """Return the statement directly in the body of *function* that *node* is part of."""
    assert function.node is not None
    line = getattr(node, "lineno", 0)
    found = [item for item in function.node.body if item.lineno <= line <= (item.end_lineno or 0)]
    return next((item for item in found if item is node), found[-1])


def in_with(ctx: Context, statement: ast.stmt, rest: list[ast.stmt], header: str) -> Rewrite:
    """Let *header* be entered where *statement* was, around its siblings *rest*.

    A comment behind *statement* comes to stand in the block.
    """
    from testlsp.rewrite import remove_statement, wrap_in_with

    place = ctx.statement.range(statement)
    text = ctx.statement.text
    behind = text[place.end :].partition("\n")[0]
    if not behind.lstrip().startswith("#"):
        wrap = wrap_in_with(ctx.statement, rest[0], rest[-1], header)
        return Rewrite([*remove_statement(ctx.statement, statement), *wrap])
    wrap = wrap_in_with(ctx.statement, statement, rest[-1], header)
    end = place.end + len(behind) - len(behind.lstrip())
    kept = [edit for edit in wrap if not place.start < edit.range.start < end]
    return Rewrite([*kept, Edit(TextRange(place.start, end), "")])


def entered(
    ctx: Context,
    function: Function,
    statement: ast.stmt,
    shown: str,
    header: Callable[[], str],
    imports: tuple[str, ...],
    graded: Grading,
    stays: bool = False,
) -> list[Fix]:
    """Return the fix that enters the context manager *header* for the rest of *function*, or of a ``TestCase``'s test.

    It comes in the place of *statement*, or before it where the statement *stays*. *shown* is what the title names. A
    nested function has no fix: what it changes is meant for its caller, and would be put back before that sees it.
    """
    if function.kind is FunctionKind.NESTED:
        return []
    if function.outermost.in_unittest:
        return _of_test_case(ctx, function, statement, shown, header, imports, graded, stays)
    statement = _line_opener(function, statement) if stays else statement
    rest = rest_of_block(function, statement, alone=stays)
    returns = rest is None and _only_returns(function, statement)
    if (rest is None and not returns) or not _has_own_line(function, statement, [] if stays else rest or []):
        return []

    def build() -> Rewrite:
        edits, others = yielding(ctx, function) if returns else ([], ())
        behind = _siblings_behind(function, statement) or []
        made = _around(ctx, statement, behind, header(), stays)
        return Rewrite([*made, *edits], (*imports, *others))

    return [graded(f"Use `with {shown}(...)`", build)]


def _of_test_case(
    ctx: Context,
    function: Function,
    statement: ast.stmt,
    shown: str,
    header: Callable[[], str],
    imports: tuple[str, ...],
    graded: Grading,
    stays: bool,
) -> list[Fix]:
    """Return the fix for a method of a ``TestCase``; before Python 3.11, which has ``enterContext``, for patches only.

    https://docs.python.org/3/library/unittest.html#unittest.TestCase.enterContext
    """
    from testlsp.rewrite import insert_before, replace_statement

    if function.params[:1] != ("self",):
        return []
    put = insert_before if stays else replace_statement
    if ctx.settings.python_version >= (3, 11):

        def build() -> Rewrite:
            return Rewrite(put(ctx.statement, statement, f"self.enterContext({header()})"), imports)

        return [graded(f"Use `self.enterContext({shown}(...))`", build)]
    if "patch" not in shown or "patcher" in function.locals:
        return []

    def build_started() -> Rewrite:
        lines = [f"patcher = {header()}", "patcher.start()", "self.addCleanup(patcher.stop)"]
        return Rewrite(put(ctx.statement, statement, lines), imports)

    return [graded(f"Use `{shown}` and `addCleanup`", build_started)]


def _line_opener(function: Function, statement: ast.stmt) -> ast.stmt:
    """Return *statement*, or the first of the statements that share its line."""
    assert function.node is not None
    body = function.node.body
    place = next((index for index, item in enumerate(body) if item is statement), 0)
    while place and body[place - 1].end_lineno == body[place].lineno:
        place -= 1
    return body[place] if any(item is statement for item in body) else statement


def _has_own_line(function: Function, statement: ast.stmt, rest: list[ast.stmt]) -> bool:
    """Whether neither the header of *function* nor what comes next stands on the line of *statement*."""
    assert function.node is not None
    return function.node.lineno < statement.lineno and not (rest and rest[0].lineno <= (statement.end_lineno or 0))


def _around(ctx: Context, statement: ast.stmt, behind: list[ast.stmt], header: str, stays: bool) -> list[Edit]:
    from testlsp.rewrite import replace_statement, wrap_in_with

    if stays:
        return wrap_in_with(ctx.statement, statement, [statement, *behind][-1], header)
    if behind:
        return in_with(ctx, statement, behind, header).edits
    return replace_statement(ctx.statement, statement, f"with {header}:")


def _only_returns(function: Function, statement: ast.stmt) -> bool:
    """Whether *function* is a fixture that can yield instead of returning: it does so at its end, or not at all."""
    assert function.node is not None
    if function.kind is not FunctionKind.FIXTURE or ast.Yield in function.bag or ast.YieldFrom in function.bag:
        return False
    if not any(item is statement for item in function.node.body):
        return False
    last: ast.AST = function.node.body[-1]
    return all(item is last for item in function.bag.get(ast.Return, ()))


def yielding(ctx: Context, function: Function) -> tuple[list[Edit], tuple[str, ...]]:
    """Return the edits that make a generator of a fixture that returns at its end, and what to import for them."""
    from testlsp.rewrite import insert_after, replace_statement

    assert function.node is not None
    leave = function.node.body[-1]
    if isinstance(leave, ast.Return):
        value = f" {ctx.source_of(leave.value)}" if leave.value is not None else ""
        edits = replace_statement(ctx.statement, leave, f"yield{value}")
    else:
        edits = insert_after(ctx.statement, leave, ["    yield"])
    returns = function.node.returns
    if returns is None:
        return edits, ()
    iterator = "AsyncIterator" if function.is_async else "Iterator"
    start, end = ctx.statement.range(returns)
    edits += [Edit(TextRange(start, start), f"{iterator}["), Edit(TextRange(end, end), "]")]
    return edits, (f"from collections.abc import {iterator}",)
