"""Which changes of the environment outlive a test, decided alike for all rules of the family."""

from __future__ import annotations

import ast

from testlsp.lint import Context
from testlsp.semantic.effects import Effect
from testlsp.semantic.functions import FunctionKind
from testlsp.semantic.order import is_last_act
from testlsp.semantic.restoration import restoration
from testlsp.semantic.save_restore import belongs_to_idiom


def leaks(ctx: Context, effect: Effect, outermost: FunctionKind) -> bool:
    """Whether *effect* happens in, or nested in, a function of the kind *outermost* and nothing undoes it."""
    outer = effect.function.outermost
    if outer.kind is not outermost or belongs_to_idiom(effect, ctx.model) or must_fail(ctx, effect):
        return False
    if restoration(effect, ctx.model) is not None:
        return False
    if outermost is FunctionKind.TEST and is_last_act(effect, ctx.model):
        return False  # it cleans up what the code under test wrote
    return restoration(effect, ctx.model, ctx.graph) is None


def must_fail(ctx: Context, effect: Effect) -> bool:
    """Whether the change is the last act under ``pytest.raises``: it is tested that it does not succeed."""
    node: ast.AST = effect.node
    for parent in ctx.ancestors(effect.node):
        if isinstance(parent, ast.With | ast.AsyncWith):
            for item in parent.items:
                called = item.context_expr.func if isinstance(item.context_expr, ast.Call) else None
                last = called.attr if isinstance(called, ast.Attribute) else ""
                if last.startswith("assertRaises") or ctx.qualified_name(called) == "pytest.raises":
                    return parent.body[-1] is node
        if isinstance(parent, ast.stmt):
            node = parent
    return False


def follows_a_call(effect: Effect) -> bool:
    """Whether something was called before, which may have written the variable that is deleted here."""
    first = effect.position
    for call in effect.function.bag.get(ast.Call, ()):
        assert isinstance(call, ast.Call)
        if (call.lineno, call.col_offset) < first and call is not effect.node:
            if not (isinstance(call.func, ast.Attribute) and call.func.attr in {"setenv", "delenv", "setattr", "get"}):
                return True
    return False
