"""Fixes that let ``monkeypatch``, or what the project prefers, make a change, in the form that fits the place."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import NamedTuple

from testlsp.lint import Applicability, Context, Fix, Rewrite
from testlsp.lint.context import safe, unsafe
from testlsp.lint.patching import Form, form_for, idiom_form, patch_name, with_parameter
from testlsp.lint.with_blocks import Grading, entered, outermost_statement, rest_of_block
from testlsp.rewrite import insert_before, replace_statement, wrap_in_with
from testlsp.semantic.effects import Effect
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.text import Edit

CONTEXT_MANAGER = "pytest.MonkeyPatch.context()"


class Patch(NamedTuple):
    """How ``unittest.mock`` makes a change: ``patch.<method>(<arguments>)``.

    Where the statement *stays*, the patch merely puts back what the statement changes; it then begins with *first*, if
    that is given, instead of the statement. Of the fixes of one *group* one is enough.
    """

    method: str
    arguments: Callable[[], str]
    stays: bool = False
    first: ast.AST | None = None
    group: str | None = None


def monkeypatched(
    ctx: Context,
    effect: Effect,
    title: str,
    lines: Callable[[], str | Sequence[str]],
    grade: Applicability = Applicability.SAFE,
    cleanup: Callable[[], str | None] = lambda: None,
    whole: ast.stmt | None = None,
    patch: Patch | None = None,
) -> list[Fix]:
    """Return the fix that replaces the statement of *effect* by *lines*, which use the name ``monkeypatch``.

    *patch* does the same for projects whose idiom is another one. *cleanup* gives the arguments of the ``addCleanup``
    to put before it in a method of a ``TestCase``; where it gives None, *patch* does it there. In a nested function and wherever a ``with``
    is needed for ``monkeypatch`` the fix is unsafe: the state is put back at another moment.
    """
    statement = whole or effect.whole
    if statement is None:
        return []
    function = effect.function
    graded = safe if grade is Applicability.SAFE and function.kind is not FunctionKind.NESTED else unsafe
    form = form_for(ctx, function)
    if ctx.settings.idiom != "monkeypatch" and patch is not None:
        form = idiom_form(ctx, function)
        if form is not Form.ENTER_CONTEXT or ctx.settings.python_version >= (3, 11) or cleanup() is None:
            made = patched(ctx, function, statement, patch, form, graded)
            return [fix._replace(group=patch.group) for fix in made]
    if form is Form.FIXTURE:
        return [graded(title, lambda: _as_parameter(ctx, statement, lines(), "monkeypatch", function))]
    if form is Form.CONTEXT and function.kind is not FunctionKind.NESTED:
        rest = rest_of_block(function, statement)
        if rest is None:
            return []
        return [unsafe(f"{title} in a `with` block", lambda: _in_context(ctx, statement, rest, lines()))]
    if form is Form.ENTER_CONTEXT and function.params[:1] == ("self",) and function.kind is not FunctionKind.NESTED:
        before = cleanup()
        if before is None:
            return patched(ctx, function, statement, patch, form, graded) if patch is not None else []
        call = f"self.addCleanup({before})"
        return [graded("Undo it with `addCleanup`", lambda: insert_before(ctx.statement, statement, call))]
    return []


def patched(
    ctx: Context,
    function: Function,
    statement: ast.stmt,
    patch: Patch,
    form: Form,
    graded: Grading,
) -> list[Fix]:
    """Return the fix for projects that prefer ``unittest.mock`` or pytest-mock."""
    place = outermost_statement(function, patch.first or statement) if patch.stays else statement
    if form is Form.FIXTURE and ctx.settings.idiom == "mocker":

        def build() -> list[Edit]:
            call = f"mocker.patch.{patch.method}({patch.arguments()})"
            put = insert_before if patch.stays else replace_statement
            return with_parameter(ctx, put(ctx.statement, place, call), "mocker", function)

        return [graded(f"Use `mocker.patch.{patch.method}`", build)]
    known = patch_name(ctx, function)
    if known is None or form is Form.NONE:
        return []
    spelling, imports = f"{known[0]}.{patch.method}", known[1]

    def header() -> str:
        return f"{spelling}({patch.arguments()})"

    graded = unsafe if form is Form.CONTEXT else graded
    return entered(ctx, function, place, spelling, header, imports, graded, patch.stays)


def _as_parameter(
    ctx: Context, statement: ast.stmt, lines: str | Sequence[str], name: str, function: Function
) -> list[Edit]:
    return with_parameter(ctx, replace_statement(ctx.statement, statement, lines), name, function)


def _in_context(ctx: Context, statement: ast.stmt, rest: list[ast.stmt], lines: str | Sequence[str]) -> Rewrite:
    if not isinstance(lines, str):
        lines = [lines[0], *(f"    {line}" for line in lines[1:])]
    place = ctx.statement.range(statement)
    wrap = wrap_in_with(ctx.statement, statement, rest[-1], f"{CONTEXT_MANAGER} as monkeypatch")
    edits: list[Edit] = [edit for edit in wrap if not place.start < edit.range.start < place.end]
    return Rewrite([*edits, *replace_statement(ctx.statement, statement, lines)], ("import pytest",))
