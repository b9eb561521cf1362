"""Whose object it is: a test's own, or one that other tests use too."""

from __future__ import annotations

import ast

from testlsp.lint import Context
from testlsp.semantic.effects import Effect
from testlsp.semantic.functions import Function
from testlsp.semantic.graph import Site
from testlsp.semantic.names import dotted


def is_shared_app(ctx: Context, effect: Effect) -> bool:
    """Whether the app with these ``dependency_overrides`` lives longer than the test; False when that is not known."""
    container = effect.container
    return isinstance(container, ast.Attribute) and _is_shared(ctx, container.value, effect.function)


def _is_shared(ctx: Context, node: ast.expr, function: Function, depth: int = 0) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    if depth > 5:
        return False
    if isinstance(node, ast.Call):
        name = dotted(node.func) or ""
        return name.endswith("Client") and bool(node.args) and _is_shared(ctx, node.args[0], function, depth + 1)
    if not isinstance(node, ast.Name):
        return False
    if ctx.model.target(node.id, function) is not None:
        return True
    binding = ctx.model.binding(node.id, function)
    if binding is None:
        return False
    if not ctx.model.is_local(node.id, function):
        return binding.kind == "variable" and binding.value == "call"
    if binding.kind == "parameter":
        return function.parent is None and _is_wide_fixture(ctx, node.id, function)
    values = _values(node.id, function)
    return len(values) == 1 and _is_shared(ctx, values[0], function, depth + 1)


def _values(name: str, function: Function) -> list[ast.expr]:
    return [
        assign.value
        for assign in function.bag.get(ast.Assign, ())
        if isinstance(assign, ast.Assign)
        for target in assign.targets
        if isinstance(target, ast.Name) and target.id == name
    ]


def _is_wide_fixture(ctx: Context, name: str, function: Function) -> bool:
    graph = ctx.graph
    if graph is None or function.in_unittest:
        return False
    fixture = graph.resolve(name, Site(ctx.path, function.chain, function.name))
    return fixture is not None and fixture.scope in {"class", "module", "package", "session"}


def patches_own_object(call: ast.Call, function: Function) -> bool:
    """Whether *call*, of a method such as ``monkeypatch.setattr``, changes something that the function has made itself."""
    if not call.args or not isinstance(call.func, ast.Attribute) or not call.func.attr.endswith(("attr", "item")):
        return False
    root = (dotted(call.args[0]) or "").partition(".")[0]
    binding = function.locals.get(root)
    return binding is not None and binding.kind in {"function", "variable"}
