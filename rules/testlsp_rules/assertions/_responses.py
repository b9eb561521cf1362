"""Requests that a test sends, and the answers to them."""

from __future__ import annotations

import ast
import re

from testlsp.lint import Context
from testlsp.semantic.names import dotted

REQUESTS = frozenset("get post put patch delete head options request open simulate_get simulate_post".split())
"""The methods of HTTP clients that send a request."""


def sends_request(node: ast.expr) -> bool:
    """Whether *node* is a call, awaited or not, of a method that sends a request to a path or address."""
    call = node.value if isinstance(node, ast.Await) else node
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr not in REQUESTS:
        return False
    root = dotted(call.func.value) or ""
    return (
        bool(call.args or call.keywords)
        and re.search(r"client|session|http|api|app|requests|server", root, re.I) is not None
    )


def asks_for_a_path(call: ast.Call) -> bool:
    """Whether *call* sends a request to a path or address that is written out: it has an answer in any case."""
    first = call.args[0] if call.args else None
    text = first.values[0] if isinstance(first, ast.JoinedStr) and first.values else first
    written = text.value if isinstance(text, ast.Constant) else None
    return isinstance(written, str) and written.startswith(("/", "http")) and sends_request(call)


def is_response(ctx: Context, node: ast.expr) -> bool:
    """Whether *node* is the answer to a request that the current test sends."""
    if not isinstance(node, ast.Name):
        return sends_request(node)
    bound = [
        use
        for use in ctx.function.bag.get(ast.Name, ())
        if isinstance(use, ast.Name) and use.id == node.id and not isinstance(use.ctx, ast.Load)
    ]
    parents = [ctx.parent(use) for use in bound]
    return bool(parents) and all(isinstance(item, ast.Assign) and sends_request(item.value) for item in parents)


def answers_with_json(ctx: Context, node: ast.expr) -> bool:
    """Whether *node* is the ``json()`` of the answer to a request that the current test sends."""
    value = node.value if isinstance(node, ast.Await) else node
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and value.func.attr == "json"
        and is_response(ctx, value.func.value)
    )
