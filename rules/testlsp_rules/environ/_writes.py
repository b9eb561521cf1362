"""How a change of the environment is written so that it is undone, with ``monkeypatch`` or what the project prefers."""

from __future__ import annotations

import ast
from typing import NamedTuple

from testlsp.lint import Context, Fix, Rewrite
from testlsp.lint.context import safe, unsafe
from testlsp.lint.patching import Form, form_for, with_parameter
from testlsp.rewrite import CannotRewrite, replace_statement, wrap_in_with
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.text import Edit

from testlsp_rules.environ._patch_dict import patch_dict_fixes, unittest_fixes

CHANGES = (EffectKind.ENV_SET, EffectKind.ENV_DELETE, EffectKind.ENV_BULK)
"""Changes of variables, which leave `os.environ` the object that it is."""


class Call(NamedTuple):
    """Which method of ``monkeypatch`` is meant, and whether it does exactly what the statement did."""

    method: str
    lines: list[str]
    exact: bool


def monkeypatch_call(ctx: Context, effect: Effect, receiver: str = "monkeypatch") -> Call | None:
    """Return the statements that do with *receiver* what *effect* does; None when there are none."""
    if effect.whole is None or effect.target != "os.environ" or effect.container is None:
        return None
    environ = ctx.source_of(effect.container)
    key = ctx.source_of(effect.key) if effect.key is not None else ""
    match effect.kind, effect.method:
        case EffectKind.ENV_SET, "setitem":
            return Call("setenv", [f"{receiver}.setenv({key}, {_right_side(ctx, effect)})"], True)
        case EffectKind.ENV_SET, "augment":
            assert isinstance(effect.whole, ast.AugAssign)
            if not isinstance(effect.whole.op, ast.Add):
                return None
            value = _right_side(ctx, effect)
            operand = value if isinstance(effect.value, _SIMPLE) else f"({value})"
            return Call("setenv", [f"{receiver}.setenv({key}, {environ}[{key}] + {operand})"], True)
        case EffectKind.ENV_DELETE, "delitem":
            return Call("delenv", [f"{receiver}.delenv({key})"], True)
        case EffectKind.ENV_DELETE, "pop":
            return _popped(ctx, effect, environ, key, receiver)
        case EffectKind.ENV_BULK, "setdefault":
            value = ctx.source_of(effect.value) if effect.value is not None else '""'
            return Call("setenv", [f"{receiver}.setenv({key}, {environ}.get({key}, {value}))"], False)
        case EffectKind.ENV_BULK, "clear":
            return Call("delenv", [f"for name in list({environ}):", f"    {receiver}.delenv(name)"], False)
        case EffectKind.ENV_BULK, "update" | "augment":
            return _updated(ctx, effect, receiver)
        case _:
            return None


_SIMPLE = ast.Constant | ast.Name | ast.Attribute | ast.Call | ast.JoinedStr | ast.Subscript


def _right_side(ctx: Context, effect: Effect) -> str:
    """Return the text behind ``=`` with the brackets around it, which are no part of the expression's node."""
    statement = effect.whole
    assert effect.value is not None
    assert statement is not None
    if isinstance(statement, ast.Assign | ast.AugAssign):
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        text = ctx.source_of(statement)[len(ctx.source_of(target)) :].partition("=")[2]
        if not text.lstrip().startswith("\\"):
            return text.strip()
    return ctx.source_of(effect.value)


def _popped(ctx: Context, effect: Effect, environ: str, key: str, receiver: str) -> Call:
    missing = "" if effect.value is None else ", raising=False"
    delete = f"{receiver}.delenv({key}{missing})"
    if isinstance(effect.whole, ast.Assign):
        given = "" if effect.value is None else f", {ctx.source_of(effect.value)}"
        read = f"{environ}.get({key}{given})" if given else f"{environ}[{key}]"
        return Call("delenv", [f"{ctx.source_of(effect.whole.targets[0])} = {read}", delete], False)
    return Call("delenv", [delete], True)


def _updated(ctx: Context, effect: Effect, receiver: str) -> Call | None:
    call = effect.node
    keywords = call.keywords if isinstance(call, ast.Call) else []
    given = call.args if isinstance(call, ast.Call) else [effect.value]
    if len(given) > 1 or any(keyword.arg is None for keyword in keywords):
        return None
    lines: list[str] = []
    exact = True
    for mapping in given:
        if isinstance(mapping, ast.Dict):
            for key, value in zip(mapping.keys, mapping.values, strict=True):
                if key is None:
                    lines += _looped(ctx.source_of(value), receiver)
                    exact = False
                else:
                    lines.append(f"{receiver}.setenv({ctx.source_of(key)}, {ctx.source_of(value)})")
        elif mapping is not None:
            if isinstance(mapping, ast.List | ast.Tuple | ast.ListComp | ast.GeneratorExp):
                return None
            lines += _looped(ctx.source_of(mapping), receiver, isinstance(mapping, _SIMPLE | ast.DictComp))
            exact = False
    lines += [f'{receiver}.setenv("{keyword.arg}", {ctx.source_of(keyword.value)})' for keyword in keywords]
    return Call("setenv", lines, exact) if lines else None


def _looped(mapping: str, receiver: str, simple: bool = True) -> list[str]:
    items = mapping if simple else f"({mapping})"
    return [f"for name, value in {items}.items():", f"    {receiver}.setenv(name, value)"]


def fixes_for(ctx: Context, effect: Effect, *, certain: bool = True) -> list[Fix]:
    """Return the fix that makes the change of *effect* one that is undone, in the form that fits the place.

    It is safe when the rewrite does exactly the same and *certain*; in nested functions it never is, because they may run
    at another time, nor where a ``with`` or ``enterContext`` is needed.
    """
    function, whole = effect.function, effect.whole
    certain = certain and function.kind is not FunctionKind.NESTED
    if ctx.settings.idiom != "monkeypatch":
        return patch_dict_fixes(ctx, effect, safe if certain else unsafe)
    call = monkeypatch_call(ctx, effect)
    if call is None or whole is None or "name" in function.locals and call.lines[0].startswith("for name"):
        return []
    grade = safe if certain and call.exact else unsafe
    form = form_for(ctx, function)
    receiver = _context_around(ctx, effect)
    if receiver is not None:
        inner = monkeypatch_call(ctx, effect, receiver)
        assert inner is not None
        return [grade(f"Use `{receiver}.{call.method}`", lambda: replace_statement(ctx.statement, whole, inner.lines))]
    if form is Form.ENTER_CONTEXT:
        return unittest_fixes(ctx, effect)
    if form is Form.FIXTURE:
        title = f"Use `monkeypatch.{call.method}`"
        return [
            grade(
                title,
                lambda: with_parameter(
                    ctx, replace_statement(ctx.statement, whole, call.lines), "monkeypatch", function
                ),
            )
        ]
    rest = rest_of_body(function, whole) if form is Form.CONTEXT and function.kind is not FunctionKind.NESTED else None
    if rest is None:
        return []
    return [unsafe("Use `with pytest.MonkeyPatch.context()`", lambda: in_context(ctx, [effect], whole, rest))]


def rest_of_body(function: Function, whole: ast.stmt) -> ast.stmt | None:
    """Return the last statement of the body of *function* that holds *whole* directly, None when *whole* is the last.

    A fixture must yield in that part and not return, else the ``with`` would end before the test.
    """
    if function.node is None or not any(item is whole for item in function.node.body[:-1]):
        return None
    if not begins_its_line(function, whole):
        return None
    if function.outermost.kind is FunctionKind.FIXTURE:
        yields = function.bag.get(ast.Yield, [])
        if len(yields) != 1 or getattr(yields[0], "lineno", 0) <= whole.lineno or ast.Return in function.bag:
            return None
    return function.node.body[-1]


def begins_its_line(function: Function, statement: ast.stmt) -> bool:
    """Whether no other statement of the body of *function*, nor its header, ends on the line of *statement*."""
    assert function.node is not None
    others = [item for item in function.node.body if item is not statement]
    return function.node.lineno < statement.lineno and all(item.end_lineno != statement.lineno for item in others)


def in_context(ctx: Context, effects: list[Effect], first: ast.stmt, last: ast.stmt) -> Rewrite:
    """Put *first* to *last* under ``with pytest.MonkeyPatch.context() as mp`` and let it make the changes in there."""
    edits: list[Edit] = []
    for effect in effects:
        call = monkeypatch_call(ctx, effect, "mp")
        if call is None or effect.whole is None:
            raise CannotRewrite("a change has no counterpart")
        edits += replace_statement(
            ctx.statement, effect.whole, [call.lines[0], *(f"    {line}" for line in call.lines[1:])]
        )
    wrap = wrap_in_with(ctx.statement, first, last, "pytest.MonkeyPatch.context() as mp")
    return Rewrite([*outside(wrap, edits), *edits], ("import pytest",))


def outside(edits: list[Edit], replaced: list[Edit]) -> list[Edit]:
    """Return those of *edits* that do not lie inside what *replaced* replaces."""
    return [
        edit
        for edit in edits
        if not any(other.range.start < edit.range.start and edit.range.end <= other.range.end for other in replaced)
    ]


def _context_around(ctx: Context, effect: Effect) -> str | None:
    """Return the name of the ``MonkeyPatch`` of a ``with`` around *effect*."""
    parents = effect.function.parents
    current = parents.get(effect.node)
    while current is not None:
        for item in current.items if isinstance(current, ast.With) else ():
            expression, name = item.context_expr, item.optional_vars
            if (
                isinstance(expression, ast.Call)
                and isinstance(name, ast.Name)
                and isinstance(expression.func, ast.Attribute)
            ):
                func = expression.func
                if func.attr == "context" and ctx.source_of(func.value).rpartition(".")[2].lower() == "monkeypatch":
                    return name.id
        current = parents.get(current)
    return None


def with_assignment(effect: Effect) -> Effect:
    """Return *effect* with ``name = os.environ.pop(...)`` as its statement when it is the value of such."""
    parent = effect.function.parents.get(effect.node) if effect.whole is None else None
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name):
        return effect._replace(whole=parent)
    return effect
