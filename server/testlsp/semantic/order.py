"""Which of two acts of a function comes first for certain, and which is the last one."""

from __future__ import annotations

import ast

from testlsp.semantic.effects import Effect, effects_of
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.model import SemanticModel

_BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")


def dominates(function: Function, first: ast.AST, later: ast.AST) -> bool:
    """Whether *first* has always run when *later* runs, and the blocks around *first* are still open then.

    Both are nodes of *function*. A ``with`` counts as a block: what ``with patch(...)`` does dominates its body only.
    """
    if position(first) >= position(later):
        return False
    around = dict(blocks_around(function, later))
    return all(field in {"", around.get(block)} and block in around for block, field in blocks_around(function, first))


def position(node: ast.AST) -> tuple[int, int]:
    """Return line and column of *node*, to compare with those of another one."""
    return (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))


def blocks_around(function: Function, node: ast.AST) -> list[tuple[ast.AST, str]]:
    """Return the compound statements around *node*, each with the block it is in ("" for the header)."""
    parents, found = function.parents, []
    child, parent = node, parents.get(node)
    while parent is not None and parent is not function.node:
        if hasattr(parent, "body"):
            field = next((name for name in _BLOCKS if _holds(getattr(parent, name, None), child)), "")
            found.append((parent, field))
        child, parent = parent, parents.get(parent)
    return found


def _holds(block: object, child: ast.AST) -> bool:
    return isinstance(block, list) and any(item is child for item in block)


def is_last_act(effect: Effect, model: SemanticModel) -> bool:
    """Whether nothing but clean-up follows *effect* in its test, so that the test cannot be what it is there for."""
    function = effect.function
    if function.kind is not FunctionKind.TEST or effect.whole is None or function.node is None:
        return False
    acts = {id(other.whole) for other in effects_of(function, model) if other.whole is not None}
    parents = function.parents
    node: ast.AST = effect.whole
    while node is not function.node:
        parent = parents.get(node)
        if parent is None or isinstance(parent, ast.For | ast.AsyncFor | ast.While):
            return False
        for name in _BLOCKS:
            block = getattr(parent, name, None)
            if not isinstance(block, list) or not _holds(block, node):
                continue
            place = next(index for index, item in enumerate(block) if item is node)
            if any(not _is_quiet(item, acts) for item in block[place + 1 :]):
                return False
        if isinstance(parent, ast.Try) and (parent.finalbody or parent.handlers) and _holds(parent.body, node):
            return False
        node = parent
    first = function.node.body[0]
    return any(id(item) not in acts for item in function.node.body if item is not first or not _is_docstring(first))


def _is_quiet(node: ast.AST, acts: set[int]) -> bool:
    if isinstance(node, ast.Return):
        return node.value is None or isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assert):
        return _is_plain(node.test)
    return id(node) in acts or isinstance(node, ast.Pass | ast.Delete) or _is_docstring(node)


def _is_plain(node: ast.expr) -> bool:
    """Whether *node* compares nothing but names and constants, so that no code under test runs."""
    if isinstance(node, ast.Compare):
        return all(isinstance(part, ast.Name | ast.Constant) for part in (node.left, *node.comparators))
    return isinstance(node, ast.Name | ast.Constant)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
