"""What tests set on the objects that they are handed, and which other tests of the module look at it.

Of an object that is no plain data nobody can say from outside whether an assignment is a change or its normal use. But
when one test sets ``settings.debug`` and another reads it without having done anything with ``settings`` before, the
second sees what the first left there, if both are handed the same object.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from testlsp.semantic.functions import FileRole, Function, FunctionKind
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.mutation import names_bound, root_name
from testlsp.text.named import NamedTuple


class StateUse(NamedTuple):
    """The test *name* in the classes *owner* uses *target*, ``settings.debug`` of its parameter ``settings``.

    *how* is "write", "read", or "change" for several writes, of which one may put back what was there.
    """

    target: str
    how: str
    owner: tuple[str, ...]
    name: str


def state_uses(model: SemanticModel) -> tuple[StateUse, ...]:
    """Return what the tests of a module set on their parameters, and which others read it, in document order."""
    if model.role is not FileRole.TEST_MODULE:
        return ()
    tests = [
        function
        for function in model.functions
        if function.kind is FunctionKind.TEST and len(function.params) > (function.class_info is not None)
    ]
    written = {id(test): list(_written(test)) for test in tests}
    targets = {target for found in written.values() for target in found}
    if not targets:
        return ()
    found = []
    for test in tests:
        own = written[id(test)]
        for target in sorted(targets):
            how = "change" if own.count(target) > 1 else "write" if target in own else None
            if how is None and _is_read_untouched(test, target):
                how = "read"
            if how is not None:
                found.append(StateUse(target, how, test.chain, test.name))
    return tuple(found)


def written_target(node: ast.stmt | ast.expr, function: Function) -> str | None:
    """Return what *node* assigns to, an attribute or item of what *function* was handed; None for anything else."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    if len(targets) != 1 or not isinstance(targets[0], ast.Attribute | ast.Subscript):
        return None
    return ast.unparse(targets[0]) if root_name(targets[0]) in _handed(function) else None


def _handed(function: Function) -> set[str]:
    """Return the parameters that hold what was handed in from the first line to the last, without ``self``."""
    params = function.params if function.class_info is None else function.params[1:]
    return set(params) - names_bound(function)


def _written(function: Function) -> Iterator[str]:
    for kind in (ast.Assign, ast.AugAssign):
        for node in function.bag.get(kind, ()):
            assert isinstance(node, ast.Assign | ast.AugAssign)
            target = written_target(node, function)
            if target is not None:
                yield target


def _is_read_untouched(function: Function, target: str) -> bool:
    """Whether *function* reads *target* before anything else can have had to do with the object."""
    name = target.partition(".")[0].partition("[")[0]
    if name not in _handed(function):
        return False
    reads = [
        node
        for kind in (ast.Attribute, ast.Subscript)
        for node in function.bag.get(kind, ())
        if isinstance(node, ast.Attribute | ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and root_name(node) == name
        and ast.unparse(node) == target
    ]
    first = min(((node.lineno, node.col_offset) for node in reads), default=None)
    return first is not None and not any(
        isinstance(inner, ast.Name) and inner.id == name
        for call in function.bag.get(ast.Call, ())
        if isinstance(call, ast.Call) and (call.end_lineno or 0, call.end_col_offset or 0) <= first
        for inner in ast.walk(call)
    )
