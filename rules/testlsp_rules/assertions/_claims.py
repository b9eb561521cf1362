"""What the assertions of a function say is true."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from testlsp.lint import Context
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.names import dotted
from testlsp.syntax import children

WHERE_CLAIMS_ARE_MADE = (
    FunctionKind.TEST,
    FunctionKind.NESTED,
    FunctionKind.HELPER,
    FunctionKind.FIXTURE,
    FunctionKind.XUNIT,
)


class Claim(NamedTuple):
    """An assertion: *node* is the ``assert`` or the call of ``self.assertTrue``, *test* what it says is true."""

    node: ast.Assert | ast.Call
    test: ast.expr


def claims_of(function: Function) -> tuple[Claim, ...]:
    """Return what *function* asserts to be true, ``assert`` first; worked out once."""
    found: tuple[Claim, ...] | None = function.memo.get("claims")
    if found is None:
        claims = [Claim(node, node.test) for node in function.bag.get(ast.Assert, ()) if isinstance(node, ast.Assert)]
        claims += [Claim(call, call.args[0]) for call in unittest_checks(function) if _says_true(call)]
        found = function.memo["claims"] = tuple(claims)
    return found


def unittest_checks(function: Function) -> tuple[ast.Call, ...]:
    """Return the calls of ``self.assert...`` in *function*; none outside of classes."""
    if function.class_info is None or function.in_unittest is False:
        return ()
    found: tuple[ast.Call, ...] | None = function.memo.get("unittest checks")
    if found is None:
        found = function.memo["unittest checks"] = tuple(
            node
            for node in function.bag.get(ast.Call, ())
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr.startswith("assert")
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "self"
        )
    return found


def _says_true(call: ast.Call) -> bool:
    return getattr(call.func, "attr", "") == "assertTrue" and len(call.args) > 0


def mentions(ctx: Context, *words: str) -> bool:
    """Whether the text of the statement has one of *words*; asked once for all methods of a class."""
    memo = ctx.statement.memo
    if words not in memo:
        memo[words] = any(word in ctx.statement.text for word in words)
    found: bool = memo[words]
    return found


def is_name(node: ast.expr) -> bool:
    """Whether *node* is a dotted name, so that it means the same each time it is written."""
    return dotted(node) is not None


def same(first: ast.expr, second: ast.expr) -> bool:
    """Whether both are written alike."""
    return ast.dump(first) == ast.dump(second)


def below(*nodes: ast.AST) -> Iterator[ast.AST]:
    """Yield *nodes* and everything in them; for candidates only."""
    pending = list(nodes)
    while pending:
        node = pending.pop()
        yield node
        pending += children(node)


def reads(name: str, *nodes: ast.AST) -> bool:
    """Whether *name* is read somewhere in *nodes*."""
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load) for node in below(*nodes)
    )
