"""Whether something else in a test can fail it."""

from __future__ import annotations

import ast

from testlsp.config.globs import name_matcher
from testlsp.lint import Context
from testlsp.semantic.assertions import checks_in
from testlsp.semantic.graph import Closure, Site
from testlsp.semantic.names import dotted
from testlsp.semantic.summary import marks_assigned


def can_fail(ctx: Context, *but: ast.AST) -> bool:
    """Whether the current test checks anything, itself or through a helper or fixture, apart from what lies in *but*.

    What is not known counts as a check.
    """
    named = name_matcher(ctx.settings.assertion_helpers)
    graph = ctx.graph
    if graph is None or checks_in(ctx.function, ctx.model, graph, named, but):
        return True
    if _hooks_check(ctx):
        return True
    closure = graph.closure(Site(ctx.path, ctx.function.chain, ctx.function.name))
    return _fixtures_check(ctx, closure)


def _hooks_check(ctx: Context) -> bool:
    """Whether a hook of the class or module, such as ``tearDown``, checks something around each test."""
    graph = ctx.graph
    summary = graph.summaries.get(ctx.path) if graph is not None else None
    if summary is None:
        return True
    own = ".".join(ctx.function.chain)
    for name in summary.helpers:
        owner, _, last = name.rpartition(".")
        if owner in {own, ""} and _is_hook(last):
            return True
    return False


def _is_hook(name: str) -> bool:
    """Whether pytest or `unittest` calls a function of that *name* around tests."""
    return name.lower().replace("_", "").startswith(("setup", "teardown", "asyncsetup", "asyncteardown"))


def _fixtures_check(ctx: Context, closure: Closure) -> bool:
    graph = ctx.graph
    assert graph is not None
    named = name_matcher(ctx.settings.assertion_fixtures)
    if closure.opaque or any(named(name) for name in (*closure.definitions, *closure.extra)):
        return True
    for fixture in closure.active:
        summary = graph.summaries.get(fixture.path)
        if summary is not None and ".".join((*fixture.owner, fixture.function)) in summary.helpers:
            return True
    return False


def marks(ctx: Context) -> list[str]:
    """Return the dotted names of the decorators of the current test, of its classes, and of ``pytestmark``."""
    function = ctx.function
    found: list[ast.expr] = list(function.node.decorator_list) if function.node else []
    info = function.class_info
    while info is not None:
        found += [*info.node.decorator_list, *marks_assigned(info.node.body)]
        info = info.parent
    names = [dotted(item.func if isinstance(item, ast.Call) else item) or "?" for item in found]
    summary = ctx.graph.summaries.get(ctx.path) if ctx.graph is not None else None
    return names + list(summary.markers if summary is not None else ())


def is_smoke_test(ctx: Context) -> bool:
    """Whether a marker says that the test only wants to see something come up."""
    smoke = ctx.settings.smoke_markers
    return any(name.rpartition(".")[2] in smoke for name in marks(ctx))
