"""Which fixtures do the same: a digest of what a function does, without positions, to be compared across files.

Two digests are equal when the code is the same line by line, comments and docstring aside, and the names that it takes
from its module are imported from the same places. A name that the module defines itself means something else in every
file, so its path is part of the digest then.
"""

from __future__ import annotations

import ast
from zlib import crc32

from testlsp.semantic.functions import Function
from testlsp.semantic.model import SemanticModel

LEAST_STATEMENTS = 2
"""Bodies of fewer statements are alike by chance."""


def body_digest(function: Function, model: SemanticModel) -> str:
    """Return a short text that is equal for functions that do the same; an empty one for a trivial body."""
    found: str | None = function.memo.get("digest")
    if found is None:
        found = function.memo["digest"] = _digest(function, model)
    return found


def _digest(function: Function, model: SemanticModel) -> str:
    node = function.node
    if node is None:
        return ""
    body = node.body
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        body = body[1:]
    if len(body) < LEAST_STATEMENTS:
        return ""
    start, end = function.statement.range(body[0]).start, function.statement.range(body[-1]).end
    lines = (line.strip() for line in function.statement.text[start:end].splitlines())
    parts = [line for line in lines if line and not line.startswith("#")]
    for name in sorted(_names_of_module(function, model)):
        parts.append(f"{name}={model.names.target(name) or model.source.path}")
    text = "\n".join(parts)
    return f"{crc32(text.encode('utf-8', 'surrogatepass')):08x}{len(text):x}"


def _names_of_module(function: Function, model: SemanticModel) -> set[str]:
    """Return the names that *function*, and functions inside it, take from the module."""
    found: set[str] = set()
    for current in function.within():
        for node in current.bag.get(ast.Name, ()):
            assert isinstance(node, ast.Name)
            if node.id in model.names.table and not model.is_local(node.id, current):
                found.add(node.id)
    return found
