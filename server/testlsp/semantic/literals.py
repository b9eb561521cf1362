"""What literals in marks and settings of a module say."""

from __future__ import annotations

import ast

from testlsp.semantic.fixtures import Marks


def parametrized(call: ast.Call) -> Marks:
    """Return which names a ``parametrize`` mark sets directly and which through fixtures."""
    options = {keyword.arg: keyword.value for keyword in call.keywords}
    names_node = call.args[0] if call.args else options.get("argnames")
    if names_node is None:
        return Marks(opaque=True)
    value = constant(names_node)
    if isinstance(value, str):
        names = tuple(part.strip() for part in value.split(",") if part.strip())
    elif isinstance(names_node, ast.List | ast.Tuple):
        names = texts(names_node)
        if len(names) != len(names_node.elts):
            return Marks(direct=names, opaque=True)
    else:
        return Marks(opaque=True)
    indirect = call.args[2] if len(call.args) > 2 else options.get("indirect")
    if indirect is None or constant(indirect) is False:
        return Marks(direct=names, opaque=None in options)
    if constant(indirect) is True:
        return Marks(indirect=names)
    if isinstance(indirect, ast.List | ast.Tuple):
        through = texts(indirect)
        return Marks(
            direct=tuple(name for name in names if name not in through),
            indirect=tuple(name for name in names if name in through),
            opaque=len(through) != len(indirect.elts),
        )
    return Marks(direct=names, opaque=True)


def texts(node: ast.expr) -> tuple[str, ...]:
    """Return the strings of a literal string (split at commas), list or tuple, or of a sum of those."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return texts(node.left) + texts(node.right)
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return tuple(value for item in node.elts if isinstance(value := constant(item), str))
    value = constant(node)
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else ()


def constant(node: ast.expr) -> object:
    """Return the value of a literal, None for anything else."""
    return node.value if isinstance(node, ast.Constant) else None


def is_none(node: ast.expr) -> bool:
    """Whether *node* is a literal ``None``."""
    return isinstance(node, ast.Constant) and node.value is None
