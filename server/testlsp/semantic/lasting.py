"""What a function leaves changed in the process, itself or through helpers of its file."""

from __future__ import annotations

import ast

from testlsp.semantic.effects import Effect, effects_of
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.restoration import restoration

DEPTH = 2
"""How many calls deep helpers are followed."""


def lasting_effects(helper: Function, model: SemanticModel, depth: int = DEPTH) -> list[Effect]:
    """Return the effects of calling *helper* that outlast the call, in document order; those of its helpers last.

    Only helpers at module or class level count, and only calls that are statements: a generator, a decorated function
    or a context manager may put back what it changes.
    """
    node = helper.node
    if helper.kind is not FunctionKind.HELPER or node is None or node.decorator_list or helper.is_generator:
        return []
    found = [effect for effect in effects_of(helper, model) if restoration(effect, model) is None]
    if depth > 1:
        for statement in node.body:
            call = statement.value if isinstance(statement, ast.Expr) else None
            inner = model.called(call, helper) if isinstance(call, ast.Call) else None
            if inner is not None and inner is not helper:
                found += lasting_effects(inner, model, depth - 1)
    return found
