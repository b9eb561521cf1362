"""With what a test ends: a result that it shows, keeps or throws away."""

from __future__ import annotations

import ast

from testlsp.lint import Context
from testlsp.semantic.functions import Function
from testlsp.semantic.names import dotted
from testlsp.syntax import children

from testlsp_rules.assertions._responses import asks_for_a_path

_SHOWS = frozenset("print pprint info debug warning log echo write close".split())


def is_nothing(node: ast.stmt) -> bool:
    """Whether *node* is ``pass``, a docstring or an ellipsis."""
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def last_act(ctx: Context, body: list[ast.stmt]) -> ast.stmt:
    """Return the statement with which the test ends, prints of what is there already and clean-up aside."""
    for node in reversed(body):
        if is_nothing(node) or isinstance(node, ast.Delete):
            continue
        if isinstance(node, ast.With | ast.AsyncWith) and not any(
            isinstance(item.context_expr, ast.Name) or "not_raise" in ctx.source_of(item.context_expr)
            for item in node.items
        ):
            return last_act(ctx, node.body)
        if isinstance(node, ast.Expr) and _shows(node.value) and not _computes(node.value):
            continue
        return node
    return body[-1]


def _shows(node: ast.expr) -> bool:
    """Whether *node* only prints or closes something."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in _SHOWS


def _computes(node: ast.expr) -> bool:
    """Whether an argument of the call *node* is a result that is nowhere else."""
    return isinstance(node, ast.Call) and any(_has_call(argument) for argument in node.args)


def _has_call(node: ast.AST) -> bool:
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, ast.Call | ast.Await):
            return dotted(getattr(current, "func", None)) not in {"len", "str", "repr", "type", "vars", "dir"}
        pending += children(current)
    return False


def unchecked(ctx: Context, node: ast.stmt) -> tuple[ast.expr, str] | None:
    """Return the result that *node* computes for nothing and what to say about it, None when there is none."""
    last = "nothing else in this test can fail on a wrong answer"
    if isinstance(node, ast.Expr):
        if _shows(node.value) and dotted(getattr(node.value, "func", None)) in {"print", "pprint"}:
            return node.value, f"The result is only printed, and {last.replace(' else', '')}"
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(call, ast.Call) and asks_for_a_path(call):
            return call, f"Nobody looks at the answer, and {last}"
        return None
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None or not _has_call(node.value):
        return None
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = targets[0].elts if len(targets) == 1 and isinstance(targets[0], ast.Tuple) else targets
    if not all(isinstance(name, ast.Name) and not _is_looked_at(ctx, name.id) for name in names):
        return None
    telling = [name for name in names if isinstance(name, ast.Name) and not name.id.startswith("_")]
    return (telling[0], f"`{telling[0].id}` is never checked, and {last}") if telling else None


def _is_looked_at(ctx: Context, name: str) -> bool:
    """Whether *name* is used for anything but being printed."""
    for function in ctx.function.within():
        for node in function.bag.get(ast.Name, ()):
            assert isinstance(node, ast.Name)
            if node.id == name and isinstance(node.ctx, ast.Load) and not _is_shown(function, node):
                return True
    return False


def _is_shown(function: Function, node: ast.AST) -> bool:
    parent = function.parents.get(node)
    while parent is not None and not isinstance(parent, ast.stmt):
        if isinstance(parent, ast.Call) and dotted(parent.func) in {"print", "pprint"}:
            return True
        parent = function.parents.get(parent)
    return False
