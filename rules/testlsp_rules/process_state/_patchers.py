"""Whether a patch that was started is stopped, and by what."""

from __future__ import annotations

import ast
import enum

from testlsp.lint import Context
from testlsp.semantic.cleanup import cleanup_place
from testlsp.semantic.effects import Effect
from testlsp.semantic.functions import Function
from testlsp.semantic.graph import Site


class Stop(enum.Enum):
    """How sure it is that a patch ends."""

    SURELY = "whatever happens, or by somebody who cannot be followed"
    LATER = "by a later statement, unless the test fails before"
    NEVER = "not at all"


def how_stopped(ctx: Context, effect: Effect) -> Stop:
    """Return what becomes of the patcher that *effect* starts."""
    if "stopall" in ctx.source.text:
        return Stop.SURELY
    found = Stop.NEVER
    if isinstance(effect.container, ast.Name | ast.Attribute):
        found = _uses(ctx, effect, effect.container)
    if found is not Stop.SURELY and _fixture_stops(ctx, effect.function):
        return Stop.SURELY
    return found


def _uses(ctx: Context, effect: Effect, patcher: ast.Name | ast.Attribute) -> Stop:
    """Look at every other mention of the patcher: a ``stop``, or anything that hands it on."""
    function = effect.function
    wanted = ast.dump(patcher)
    found = Stop.NEVER
    if isinstance(patcher, ast.Attribute) and function.class_info is not None and _class_stops(ctx, function, patcher):
        return Stop.SURELY
    for scope in (function, *function.nested):
        for node in scope.bag.get(type(patcher), ()):
            if node is patcher or getattr(node, "ctx", None).__class__ is not ast.Load or ast.dump(node) != wanted:
                continue
            parent = scope.parents.get(node)
            if not isinstance(parent, ast.Attribute):
                return Stop.SURELY  # handed on: to a list, a callback, an exit stack
            if parent.attr in {"stop", "__exit__"}:
                call = scope.parents.get(parent)
                plain = isinstance(call, ast.Call) and call.func is parent and scope is function
                if not plain or cleanup_place(scope, node, ctx.model) is not None:
                    return Stop.SURELY
                found = Stop.LATER
    return found


def _class_stops(ctx: Context, function: Function, patcher: ast.Attribute) -> bool:
    """Whether another method of the class mentions ``self.patcher`` at all, or the class hands it on."""
    assert function.class_info is not None
    for other in ctx.model.functions_of(ctx.statement):
        if other is function or other.class_info is not function.class_info:
            continue
        for scope in (other, *other.nested):
            if any(getattr(node, "attr", "") == patcher.attr for node in scope.bag.get(ast.Attribute, ())):
                return True
    return False


def _fixture_stops(ctx: Context, function: Function) -> bool:
    graph = ctx.graph
    if graph is None:
        return False
    closure = graph.closure(Site(ctx.path, function.chain, function.name))
    own = (ctx.path, function.chain, function.name)
    return any("patch" in fixture.restores and fixture.identity != own for fixture in closure.active)
