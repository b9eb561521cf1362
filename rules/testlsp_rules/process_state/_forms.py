"""Fixes that let ``monkeypatch`` make a change, in the form that fits the place."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from testlsp.lint import Applicability, Context, Fix, Rewrite
from testlsp.lint.context import safe, unsafe
from testlsp.lint.patching import Form, form_for, with_parameter
from testlsp.rewrite import insert_before, remove_statement, replace_statement, wrap_in_with
from testlsp.semantic.effects import Effect
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.text import Edit, TextRange

Mocker = tuple[str, Callable[[], str | Sequence[str]]]
"""Title and lines of a fix that uses the fixture of pytest-mock."""

CONTEXT_MANAGER = "pytest.MonkeyPatch.context()"


def monkeypatched(
    ctx: Context,
    effect: Effect,
    title: str,
    lines: Callable[[], str | Sequence[str]],
    grade: Applicability = Applicability.SAFE,
    cleanup: Callable[[str], str | None] = lambda _: None,
    whole: ast.stmt | None = None,
    mocker: Mocker | None = None,
) -> list[Fix]:
    """Return the fix that replaces the statement of *effect* by *lines*, which use the name ``monkeypatch``.

    *mocker* does the same for projects whose idiom is ``mocker``. *cleanup* gives for ``self`` the statement to put before it in a method of a ``TestCase``, None for no fix there. In a
    nested function and wherever a ``with`` is needed the fix is unsafe: the state is put back at another moment.
    """
    statement = whole or effect.whole
    if statement is None:
        return []
    function = effect.function
    name = "monkeypatch"
    if mocker is not None and ctx.settings.idiom == "mocker" and form_for(ctx, function, "mocker") is Form.FIXTURE:
        name, title, lines = "mocker", *mocker
    form = form_for(ctx, function, name)
    graded = safe if grade is Applicability.SAFE and function.kind is not FunctionKind.NESTED else unsafe
    if form is Form.FIXTURE:
        return [graded(title, lambda: _as_parameter(ctx, statement, lines(), name, function))]
    if form is Form.CONTEXT:
        rest = rest_of_block(function, statement)
        if rest is None:
            return []
        return [unsafe(f"{title} in a `with` block", lambda: _in_context(ctx, statement, rest, lines()))]
    if form is Form.ENTER_CONTEXT and function.params[:1] == ("self",) and function.kind is not FunctionKind.NESTED:
        before = cleanup("self")
        if before is None:
            return []
        call = f"self.addCleanup({before})"
        return [graded("Undo it with `addCleanup`", lambda: insert_before(ctx.statement, statement, call))]
    return []


def _as_parameter(
    ctx: Context, statement: ast.stmt, lines: str | Sequence[str], name: str, function: Function
) -> list[Edit]:
    return with_parameter(ctx, replace_statement(ctx.statement, statement, lines), name, function)


def rest_of_block(function: Function, statement: ast.stmt) -> list[ast.stmt] | None:
    """Return what follows *statement* in the body of *function*, None when a ``with`` around it would not reach far enough.

    In a fixture the ``with`` must hold the ``yield``; a ``return`` in it would put the state back before the test.
    """
    assert function.node is not None
    body = function.node.body
    place = next((index for index, item in enumerate(body) if item is statement), None)
    if place is None or place == len(body) - 1:
        return None
    rest = body[place + 1 :]
    if function.kind is FunctionKind.FIXTURE:
        yields = function.bag.get(ast.Yield, [])
        if len(yields) != 1 or getattr(yields[0], "lineno", 0) <= statement.lineno or ast.Return in function.bag:
            return None
    return rest


def _in_context(ctx: Context, statement: ast.stmt, rest: list[ast.stmt], lines: str | Sequence[str]) -> Rewrite:
    if not isinstance(lines, str):
        lines = [lines[0], *(f"    {line}" for line in lines[1:])]
    place = ctx.statement.range(statement)
    wrap = wrap_in_with(ctx.statement, statement, rest[-1], f"{CONTEXT_MANAGER} as monkeypatch")
    edits: list[Edit] = [edit for edit in wrap if not place.start < edit.range.start < place.end]
    return Rewrite([*edits, *replace_statement(ctx.statement, statement, lines)], ("import pytest",))


def in_with(ctx: Context, statement: ast.stmt, rest: list[ast.stmt], header: str) -> Rewrite:
    """Let *header* be entered where *statement* was, around its siblings *rest*.

    A comment behind *statement* comes to stand in the block.
    """
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
