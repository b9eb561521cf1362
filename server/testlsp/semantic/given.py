"""What a variable was given in its only assignment."""

from __future__ import annotations

import ast

from testlsp.semantic.functions import Function
from testlsp.semantic.model import SemanticModel

_MOST_NAMES = 3


def given_value(node: ast.expr | None, function: Function, model: SemanticModel) -> ast.expr | None:
    """Return what the name *node* was given, in *function* or else at the top of the module; anything else as it is.

    A name that stands for another name is followed. None where it is not assigned exactly once, or is a parameter.
    """
    for _ in range(_MOST_NAMES):
        if not isinstance(node, ast.Name):
            return node
        name = node.id
        if name in function.locals:
            if name in function.params:
                return None
            given = [
                each.value
                for each in function.bag.get(ast.Assign, ())
                if isinstance(each, ast.Assign)
                and any(isinstance(target, ast.Name) and target.id == name for target in each.targets)
            ]
            node = given[0] if len(given) == 1 else None
        else:
            constants: dict[str, ast.expr] = model.fact("assigned once", _assigned_once)
            node = constants.get(name)
    return node


def _assigned_once(model: SemanticModel) -> dict[str, ast.expr]:
    """Return what the variables of a module are given that are assigned once, at its top level."""
    found: dict[str, ast.expr] = {}
    for statement in model.shared:
        for node in statement.body:
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if len(model.names.bindings.get(name, ())) == 1:
                    found[name] = node.value
    return found
