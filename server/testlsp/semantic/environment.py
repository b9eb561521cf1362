"""Which helpers change the environment for good, and which functions keep what they read from it: callers must know."""

from __future__ import annotations

import ast

from testlsp.semantic.effects import EffectKind, effects_of
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.restoration import restoration

DEPTH = 2
"""How many calls deep helpers are followed."""

ANY = "*"
"""In the place of a variable's name: one or several that are not known."""

CHANGES = frozenset({EffectKind.ENV_SET, EffectKind.ENV_DELETE, EffectKind.ENV_BULK})
"""The changes of ``os.environ`` that helpers are judged by."""


def environment_changes(model: SemanticModel) -> dict[tuple[tuple[str, ...], str], frozenset[str]]:
    """Return the helpers of a file that change ``os.environ`` and leave it changed, with the variables (or `ANY`).

    Helpers are named by the chain of their classes and their name. Those that yield or put the variables back
    themselves are left out, as are fixtures, hooks and tests, of which callers need not know.
    """
    if "environ" not in model.source.text:
        return {}
    found: dict[tuple[tuple[str, ...], str], frozenset[str]] = {}
    helpers = [function for function in model.functions if _is_helper(function)]
    for function in helpers:
        if "environ" in function.statement.text:
            variables = _changed(function, model)
            if variables:
                found[function.chain, function.name] = variables
    for _ in range(DEPTH - 1 if found else 0):
        names = {name for _, name in found}
        for function in helpers:
            if (function.chain, function.name) not in found:
                through = _through_others(function, model, found, names)
                if through:
                    found[function.chain, function.name] = through
    return found


def _is_helper(function: Function) -> bool:
    return function.kind is FunctionKind.HELPER and function.node is not None and not function.node.decorator_list


def _changed(function: Function, model: SemanticModel) -> frozenset[str]:
    kept: frozenset[str] | None = function.memo.get("environment")
    if kept is None:
        kept = frozenset()
        if not function.is_generator:
            kept = frozenset(
                effect.literal_key or ANY
                for effect in effects_of(function, model)
                if effect.kind in CHANGES and restoration(effect, model) is None
            )
        function.memo["environment"] = kept
    return kept


def _through_others(
    function: Function,
    model: SemanticModel,
    found: dict[tuple[tuple[str, ...], str], frozenset[str]],
    names: set[str],
) -> frozenset[str]:
    """Return what the helpers change that *function* calls as plain statements, outside any block."""
    changed: frozenset[str] = frozenset()
    if function.is_generator or function.node is None:
        return changed
    for statement in function.node.body:
        call = statement.value if isinstance(statement, ast.Expr | ast.Assign | ast.Return) else None
        if not isinstance(call, ast.Call) or called_name(call) not in names:
            continue
        helper = model.called(call, function)
        if helper is not None:
            changed |= found.get((helper.chain, helper.name), frozenset())
    return changed


def called_name(call: ast.Call) -> str:
    """Return the last part of the name of what *call* calls, empty when it has none."""
    func = call.func
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
