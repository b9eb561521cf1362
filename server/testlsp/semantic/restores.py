"""Which process state a fixture or tear-down hook changes, and which it puts back when it ends."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from testlsp.semantic.cleanup import (
    TELLING,
    behind_yield,
    cleanup_place,
    restores_as_context,
    speaks_of,
    telling_cleanup,
)
from testlsp.semantic.effects import NAMED, Effect, effects_of
from testlsp.semantic.functions import Function
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.patches import Patched, patched_by, patches_of


def changed_resources(function: Function, model: SemanticModel) -> frozenset[str]:
    """Return the resources that *function*, a fixture, changes itself, apart from clean-up."""
    return frozenset(
        effect.kind.resource
        for effect in effects_of(function, model)
        if cleanup_place(function, effect.node, model) is None
    )


def restored_resources(function: Function, model: SemanticModel) -> frozenset[str]:
    """Return the resources that *function*, a fixture or tear-down hook, puts back when it ends.

    For attributes the resource is ``attribute`` with the dotted name: ``attribute:app.state.user``; for one environment
    variable it is ``os.environ`` with the dump of the key in brackets.
    """
    kept: frozenset[str] | None = function.memo.get("restored")
    if kept is None:
        kept = function.memo["restored"] = frozenset(_restored(function, model))
    return kept


def _restored(function: Function, model: SemanticModel) -> Iterable[str]:
    for scope in (function, *function.nested):
        for effect in effects_of(scope, model):
            if cleanup_place(scope, effect.node, model) is not None:
                yield _resource_of(effect)
    for patched in patches_of(function, model):
        if not _is_header(patched.node, function):
            yield from _put_back_with(patched)
    for found in function.bag.get(ast.Yield, ()):
        current: ast.AST | None = found
        while current is not None:
            if isinstance(current, ast.With | ast.AsyncWith):
                for item in current.items:
                    yield from _restored_by_context(item.context_expr, function, model)
            current = function.parents.get(current)
    if _ends_with_code(function, model):
        for resource in TELLING:
            if speaks_of(function.name, resource) or telling_cleanup(function, resource, model):
                yield resource


def _resource_of(effect: Effect) -> str:
    resource = effect.kind.resource
    if resource == "os.environ" and effect.key is not None and isinstance(effect.key, ast.Constant):
        return f"{resource}[{effect.key_dump}]"
    return f"{resource}:{effect.target}" if resource == "attribute" or effect.kind in NAMED else resource


def _put_back_with(patched: Patched) -> Iterable[str]:
    if patched.key is None:
        yield patched.resource
    elif patched.resource == "os.environ":
        yield f"{patched.resource}[{patched.key}]"


def _restored_by_context(expression: ast.expr, function: Function, model: SemanticModel) -> Iterable[str]:
    if isinstance(expression, ast.Call):
        patched = patched_by(expression, function, model)
        if patched is not None:
            yield from _put_back_with(patched)
    for resource in TELLING:
        if restores_as_context(expression, resource, function, model):
            yield resource


def _is_header(node: ast.AST, function: Function) -> bool:
    """Whether *node* is the context expression of a ``with``, which restores for its body only."""
    return isinstance(function.parents.get(node), ast.withitem)


def _ends_with_code(function: Function, model: SemanticModel) -> bool:
    """Whether a fixture calls something behind its ``yield`` that cannot be looked into."""
    if function.node is None or ast.Yield not in function.bag:
        return False
    return any(
        isinstance(call, ast.Call)
        and behind_yield(function, call)
        and not (model.qualified_name(call.func, function) or "").startswith(("os.", "sys.", "builtins."))
        for call in function.bag.get(ast.Call, ())
    )
