"""Making a mock's assertion run, wherever it was written in vain."""

from __future__ import annotations

import ast

from testlsp.lint import Context
from testlsp.rewrite import replace_expression, replace_statement
from testlsp.text import Edit, TextRange
from testlsp.text.patterns import pattern

_WORDS = pattern(r"\.(?:a[a-z]{2,7}_\w*(?:cal|awa)|called_|awaited_|(?:has|any|not)_(?:call|await)|was_|has_been_)")


def mock_words(ctx: Context) -> bool:
    """Whether the statement's text has anything like an assertion of a mock; asked before the nodes are looked at."""
    memo = ctx.statement.memo
    if "mock words" not in memo:
        memo["mock words"] = _WORDS.search(ctx.statement.text) is not None
    found: bool = memo["mock words"]
    return found


def attribute_range(ctx: Context, node: ast.Attribute) -> TextRange:
    """Return where the name behind the dot stands."""
    end = ctx.statement.range(node).end
    return TextRange(end - len(node.attr), end)


def use(ctx: Context, node: ast.Attribute) -> tuple[ast.Expr | ast.Assert, ast.Call | None] | None:
    """Return the statement that is nothing but *node* or an ``assert`` of it, and the call of it, if it is called.

    None when *node* is part of something else. ``await`` in front of it counts as something else.
    """
    parent = ctx.parent(node)
    call = parent if isinstance(parent, ast.Call) and parent.func is node else None
    around = ctx.parent(call) if call is not None else parent
    if isinstance(around, ast.Expr) or (isinstance(around, ast.Assert) and around.test is (call or node)):
        return around, call
    return None


def run_assertion(ctx: Context, node: ast.Attribute, name: str) -> list[Edit]:
    """Rewrite the statement around *node* into a call of the assertion *name* on the same mock."""
    found = use(ctx, node)
    assert found is not None
    around, call = found
    arguments = ctx.statement.text[ctx.statement.range(node).end : ctx.statement.range(call).end] if call else "()"
    if isinstance(around, ast.Assert):
        return replace_statement(ctx.statement, around, f"{ctx.source_of(node.value)}.{name}{arguments}")
    if call is None:
        return replace_expression(ctx.statement, node, f"{ctx.source_of(node.value)}.{name}()")
    return [Edit(attribute_range(ctx, node), name)]
