"""Where a patch that is started by hand, or never, should begin and end."""

from __future__ import annotations

import ast

from testlsp.lint import Context, Fix
from testlsp.lint.context import unsafe
from testlsp.lint.patching import Form, form_for, with_parameter
from testlsp.lint.with_blocks import in_with, rest_of_block
from testlsp.rewrite import insert_after, replace_expression
from testlsp.semantic.effects import Effect
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.names import dotted
from testlsp.text import Edit


def kept_in_bounds(ctx: Context, effect: Effect) -> list[Fix]:
    """Return the fix that ends the patch which *effect* starts: with a block, a clean-up or pytest-mock."""
    function, call = effect.function, effect.node
    parent = ctx.parent(call)
    if not isinstance(parent, ast.Expr | ast.Assign) or effect.container is None or not isinstance(call, ast.Call):
        return []
    if form_for(ctx, function) is Form.ENTER_CONTEXT:
        if function.params[:1] != ("self",):
            return []
        stop = _stop(ctx, effect.container)
        if stop is None:
            return []
        title = "Stop it with `addCleanup`"
        return [unsafe(title, lambda: insert_after(ctx.statement, parent, f"self.addCleanup({stop})"))]
    if function.kind is FunctionKind.XUNIT:
        return []  # a block would end before the test
    made = made_by_mocker(ctx, function, effect.container, call)
    if made:
        return made
    rest = rest_of_block(function, parent)
    if rest is None or (isinstance(parent, ast.Assign) and not _one_name(parent)):
        return []
    name = f" as {ctx.source_of(parent.targets[0])}" if isinstance(parent, ast.Assign) else ""
    header = f"{ctx.source_of(effect.container)}{name}"
    return [unsafe("Patch with `with`", lambda: in_with(ctx, parent, rest, header))]


def made_by_mocker(ctx: Context, function: Function, patcher: ast.expr, whole: ast.expr) -> list[Fix]:
    """Return the fix that lets pytest-mock make the patch in the place of *whole*, where the project's idiom is that."""
    if ctx.settings.idiom != "mocker" or not isinstance(patcher, ast.Call) or dotted(patcher.func) is None:
        return []
    if form_for(ctx, function, "mocker") is not Form.FIXTURE:
        return []
    func = patcher.func
    last = func.attr if isinstance(func, ast.Attribute) else ""
    method = f"mocker.patch.{last}" if last in _WAYS else "mocker.patch"

    def build() -> list[Edit]:
        arguments = ctx.source_of(patcher)[len(ctx.source_of(func)) :]
        return with_parameter(ctx, replace_expression(ctx.statement, whole, f"{method}{arguments}"), "mocker", function)

    return [unsafe(f"Use `{method}`", build)]


_WAYS = frozenset({"object", "dict", "multiple"})


def _one_name(assign: ast.Assign) -> bool:
    return len(assign.targets) == 1 and isinstance(assign.targets[0], ast.Name)


def _stop(ctx: Context, patcher: ast.expr) -> str | None:
    """Return the callable that stops *patcher*: ``patcher.stop``, or ``patch.stopall`` for one without a name."""
    if not isinstance(patcher, ast.Call):
        return f"{ctx.source_of(patcher)}.stop"
    made = dotted(patcher.func)
    if made is None:
        return None
    head, _, last = made.rpartition(".")
    patch = head if last in _WAYS else made
    return f"{patch}.stopall"
