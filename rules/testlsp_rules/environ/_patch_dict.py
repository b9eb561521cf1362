"""How a change of the environment is written with ``patch.dict``, of ``unittest.mock`` or of pytest-mock."""

from __future__ import annotations

import ast

from testlsp.lint import Context, Fix
from testlsp.lint.context import unsafe
from testlsp.lint.patching import Form, idiom_form, patch_name, with_parameter
from testlsp.lint.with_blocks import Grading, entered, outermost_statement
from testlsp.rewrite import insert_before, replace_statement
from testlsp.semantic.effects import Effect, effects_of
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.names import dotted
from testlsp.semantic.save_restore import ENVIRONMENT
from testlsp.text import Edit


def patch_dict_fixes(ctx: Context, effect: Effect, graded: Grading) -> list[Fix]:
    """Return the fix for projects whose idiom is not ``monkeypatch``.

    ``patch.dict`` restores the whole environment as it was when the patch began. So where the function makes several
    changes it begins before the first of them; an earlier one would else be put back when it has been undone.
    """
    function, whole = effect.function, effect.whole
    form = idiom_form(ctx, function)
    if form is Form.NONE or whole is None:
        return []
    if form is Form.ENTER_CONTEXT:
        return unittest_fixes(ctx, effect)
    graded = unsafe if form is Form.CONTEXT else graded
    holder, place = function, whole
    values = patch_arguments(ctx, effect)
    others = [
        each for each in effects_of(function, ctx.model) if each.kind in ENVIRONMENT and each.node is not effect.node
    ]
    with_mocker = form is Form.FIXTURE and ctx.settings.idiom == "mocker"
    stays = values is None or bool(others)
    if stays:
        first = min([effect, *others], key=lambda each: each.position)
        place = outermost_statement(function, first.node)
        values = _environ(ctx, effect, place)
    if function.kind is FunctionKind.NESTED and not with_mocker:
        holder, stays, graded = function.outermost, True, unsafe
        if function.node is None or holder.node is None:
            return []
        place = outermost_statement(holder, function.node)
        values = _environ(ctx, effect, place)
    assert values is not None
    group = f"os.environ in {holder.name}"
    if with_mocker:
        fix = graded("Use `mocker.patch.dict`", lambda: _with_mocker(ctx, function, place, values, stays))
        return [fix._replace(group=group)]
    known = patch_name(ctx, function)
    if known is None:
        return []
    spelling, imports = f"{known[0]}.dict", known[1]
    made = entered(ctx, holder, place, spelling, lambda: f"{spelling}({values})", imports, graded, stays)
    return [fix._replace(group=group) for fix in made]


def _with_mocker(ctx: Context, function: Function, place: ast.stmt, values: str, stays: bool) -> list[Edit]:
    put = insert_before if stays else replace_statement
    return with_parameter(ctx, put(ctx.statement, place, f"mocker.patch.dict({values})"), "mocker", function)


def _environ(ctx: Context, effect: Effect, place: ast.stmt) -> str:
    """Return ``os.environ`` as it can be written at *place*, as text where a name may not be bound yet."""
    written = dotted(effect.container)
    if written is None or (place is not effect.whole and written.partition(".")[0] in effect.function.locals):
        return '"os.environ"'
    return written


def patch_arguments(ctx: Context, effect: Effect) -> str | None:
    """Return what is handed to ``patch.dict`` so that it makes the change itself; None where it cannot."""
    if effect.container is None:
        return None
    environ = ctx.source_of(effect.container)
    if effect.method == "setitem" and effect.key is not None and effect.value is not None:
        return f"{environ}, {{{ctx.source_of(effect.key)}: {_value(ctx, effect)}}}"
    call = effect.node
    if effect.method == "update" and isinstance(call, ast.Call) and (call.args or call.keywords):
        names = {keyword.arg for keyword in call.keywords}
        if names & {None, "clear", "values", "in_dict"} or any(isinstance(item, ast.Starred) for item in call.args):
            return None
        parts: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
        return ", ".join([environ, *map(ctx.source_of, parts)])
    return None


def _value(ctx: Context, effect: Effect) -> str:
    """Return the right side of the assignment, in brackets where it would else be several items."""
    value = effect.value
    assert value is not None
    text = ctx.source_of(value)
    return f"({text})" if isinstance(value, ast.NamedExpr) and not text.startswith("(") else text


def patched_with(
    ctx: Context, whole: ast.stmt, form: Form, arguments: str, behind: list[str] | None = None
) -> list[Fix]:
    """Return the fix that puts ``patch.dict`` with *arguments* in the place of *whole*, and the lines *behind* after it.

    A ``with`` block leaves *whole* where it is when there is something to come behind: the caller replaces it.
    """
    function = ctx.function
    if form is Form.FIXTURE and ctx.settings.idiom == "mocker":
        lines = [f"mocker.patch.dict({arguments})", *(behind or ())]
        return [
            unsafe(
                "Use `mocker.patch.dict`",
                lambda: with_parameter(ctx, replace_statement(ctx.statement, whole, lines), "mocker", function),
            )
        ]
    known = patch_name(ctx, function)
    if known is None or form is Form.NONE:
        return []
    spelling, imports = f"{known[0]}.dict", known[1]
    header = f"{spelling}({arguments})"
    return entered(ctx, function, whole, spelling, lambda: header, imports, unsafe, stays=bool(behind))


def patch_dict_lines(ctx: Context, effect: Effect, start: str, end: str) -> list[str]:
    """Return a call of ``patch.dict`` between *start* and *end*, with the change in it or behind it."""
    assert effect.whole is not None
    values = patch_arguments(ctx, effect)
    if values is not None:
        return [f"{start}.dict({values}){end}"]
    return [f"{start}.dict({_environ(ctx, effect, effect.whole)}){end}", ctx.source_of(effect.whole)]


def unittest_fixes(ctx: Context, effect: Effect) -> list[Fix]:
    """Return the fix for a method of a ``TestCase``."""
    function, whole = effect.function, effect.whole
    known = patch_name(ctx, function)
    if whole is None or known is None:
        return []
    spelling, imports = f"{known[0]}.dict", known[1]
    values = patch_arguments(ctx, effect)
    given = values or _environ(ctx, effect, whole)
    return entered(ctx, function, whole, spelling, lambda: f"{spelling}({given})", imports, unsafe, values is None)
