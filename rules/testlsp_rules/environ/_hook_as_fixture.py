"""The autouse fixture that does what a set-up hook of pytest did to the environment."""

from __future__ import annotations

import ast

from testlsp.lint import Context, Fix, Rewrite
from testlsp.lint.context import unsafe
from testlsp.lint.patching import patch_name
from testlsp.rewrite import indentation_of, insert_after, newline_of, replace_statement, wrap_in_with
from testlsp.semantic.effects import Effect, effects_of
from testlsp.semantic.functions import Function
from testlsp.text import Edit, TextRange
from testlsp.text.patterns import pattern

from testlsp_rules.environ._patch_dict import patch_dict_lines
from testlsp_rules.environ._writes import CHANGES, begins_its_line, in_context, monkeypatch_call

_SCOPES = {"setup_method": "function", "setup_function": "function", "setup_module": "module"}


def as_fixture(ctx: Context, function: Function) -> list[Fix]:
    """Return the fix that makes an autouse fixture of a hook of pytest; it is the same for all changes in the hook."""
    scope, node = _SCOPES.get(function.name), function.node
    if scope is None or node is None or node.decorator_list or function.is_async:
        return []
    effects = [effect for effect in effects_of(function, ctx.model) if effect.kind in CHANGES]
    idiom = ctx.settings.idiom
    if any(effect.whole is None for effect in effects):
        return []
    if idiom == "monkeypatch" and any(monkeypatch_call(ctx, effect) is None for effect in effects):
        return []
    name = _name_for(effects)
    header = _header(ctx, function)
    if header is None or _is_taken(ctx, name) or _is_needed_as_hook(ctx, function):
        return []
    first = next((item for item in node.body if item is effects[0].whole), None)
    block = scope == "module" or idiom == "patch.dict"
    if block and (first is None or not begins_its_line(function, first) or ast.Return in function.bag):
        return []
    known = patch_name(ctx, function)
    if block and idiom != "monkeypatch" and known is None:
        return []
    fixture = "mocker" if idiom == "mocker" else "monkeypatch"

    def build() -> Rewrite:
        given = f'scope="{scope}", ' if scope != "function" else ""
        parameters = [*function.params[:1]] if function.class_info else []
        parameters += [] if block else [fixture]
        start = f"{newline_of(ctx.statement.text)}{indentation_of(ctx.statement, node)}"
        text = f"@pytest.fixture({given}autouse=True){start}def {name}({', '.join(parameters)})"
        edits: list[Edit] = [Edit(header, text)]
        if not block:
            for effect in effects:
                edits += _undone(ctx, effect)
            return Rewrite(edits, ("import pytest",))
        assert first is not None
        edits += insert_after(ctx.statement, node.body[-1], ["    yield"])
        if idiom == "monkeypatch" or known is None:
            return Rewrite([*edits, *in_context(ctx, effects, first, node.body[-1]).edits], ("import pytest",))
        environ = effects[0].container
        target = ctx.source_of(environ) if environ is not None else '"os.environ"'
        edits += wrap_in_with(ctx.statement, first, node.body[-1], f"{known[0]}.dict({target})")
        return Rewrite(edits, ("import pytest", *known[1]))

    return [unsafe("Make the hook an autouse fixture", build)]


def _undone(ctx: Context, effect: Effect) -> list[Edit]:
    """Return the edits that let a fixture make the change."""
    assert effect.whole is not None
    call = monkeypatch_call(ctx, effect)
    lines = call.lines if call is not None and ctx.settings.idiom == "monkeypatch" else None
    return replace_statement(ctx.statement, effect.whole, lines or patch_dict_lines(ctx, effect, "mocker.patch", ""))


def _name_for(effects: list[Effect]) -> str:
    keys = [effect.literal_key for effect in effects if effect.literal_key]
    return f"environ_{keys[0].lower()}" if keys and keys[0].isidentifier() else "environ_for_tests"


def _is_taken(ctx: Context, name: str) -> bool:
    return name in ctx.model.names.table or name in ctx.statement.text


_HEADER = pattern(r"def[ \t]+\w+[ \t]*\([^()#]*\)")


def _header(ctx: Context, function: Function) -> TextRange | None:
    """Return where ``def setup_method(self, method)`` stands when it is that simple."""
    start = ctx.statement.range(function.node).start if function.node is not None else 0
    found = _HEADER.match(ctx.statement.text, start)
    return TextRange(start, found.end()) if found else None


def _is_needed_as_hook(ctx: Context, function: Function) -> bool:
    """Whether somebody calls the hook or inherits it, or it reads what pytest hands it."""
    info = function.class_info
    if info is not None:
        if info.node.bases or info.name in ctx.model.names.bases or ctx.statement.text.count(function.name) > 1:
            return True
    given = function.params[1:] if info is not None else function.params
    return any(isinstance(name, ast.Name) and name.id in given for name in function.bag.get(ast.Name, ()))
