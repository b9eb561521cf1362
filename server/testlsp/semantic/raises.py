"""The blocks and calls in a test that expect an exception: ``pytest.raises`` and the ``assertRaises`` of `unittest`.

What pytest accepts: https://docs.pytest.org/en/stable/reference/reference.html#pytest.raises
"""

from __future__ import annotations

import ast

from testlsp.semantic.functions import Function
from testlsp.semantic.model import SemanticModel
from testlsp.text.named import NamedTuple

_PYTEST = frozenset({"pytest.raises", "_pytest.raises.raises", "_pytest.python_api.raises"})
_MATCHES_ANYTHING = frozenset({"", ".*", ".", ".+"})

BROAD = frozenset({"builtins.Exception", "builtins.BaseException"})
"""The exceptions that nearly everything is."""


class Expectation(NamedTuple):
    """A call that expects an exception.

    *types* are the expected ones, a tuple taken apart (nothing when none is named). *narrowed* when a message or a
    check is asked for, too. *of_pytest* tells ``pytest.raises`` from ``self.assertRaises``.
    """

    call: ast.Call
    types: tuple[ast.expr, ...]
    narrowed: bool
    of_pytest: bool


class RaisesBlock(NamedTuple):
    """A ``with`` statement that expects an exception; *info* is the name that the exception is bound to, if any."""

    node: ast.With | ast.AsyncWith
    item: ast.withitem
    expectation: Expectation
    info: str | None


def expectation_of(call: ast.Call, function: Function, model: SemanticModel) -> Expectation | None:
    """Return what *call* expects, None when it is not one that expects an exception."""
    target = call.func
    name = target.attr if isinstance(target, ast.Attribute) else target.id if isinstance(target, ast.Name) else ""
    if name in {"assertRaises", "assertRaisesRegex"}:
        of_pytest = False
        if not isinstance(target, ast.Attribute) or not isinstance(target.value, ast.Name) or target.value.id != "self":
            return None
    elif model.qualified_name(target, function) in _PYTEST:
        of_pytest = True
    else:
        return None
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if None in keywords or any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    expected = call.args[0] if call.args else keywords.get("expected_exception") or keywords.get("exception")
    if isinstance(expected, ast.Tuple):
        types = tuple(expected.elts)
    else:
        types = (expected,) if expected is not None and not _is_none(expected) else ()
    match = keywords.get("match")
    matched = match is not None and not _matches_anything(match)
    narrowed = name == "assertRaisesRegex" or "check" in keywords or matched
    return Expectation(call, types, narrowed, of_pytest)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _matches_anything(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and (node.value is None or node.value in _MATCHES_ANYTHING)


def raises_blocks(function: Function, model: SemanticModel) -> tuple[RaisesBlock, ...]:
    """Return the ``with`` statements of *function* that expect an exception, in document order."""
    found: tuple[RaisesBlock, ...] | None = function.memo.get("raises")
    if found is None:
        blocks = []
        for node_type in (ast.With, ast.AsyncWith):
            for node in function.bag.get(node_type, ()):
                assert isinstance(node, ast.With | ast.AsyncWith)
                blocks += [block for item in node.items if (block := _block(node, item, function, model)) is not None]
        found = function.memo["raises"] = tuple(blocks)
    return found


def _block(
    node: ast.With | ast.AsyncWith, item: ast.withitem, function: Function, model: SemanticModel
) -> RaisesBlock | None:
    if not isinstance(item.context_expr, ast.Call):
        return None
    expectation = expectation_of(item.context_expr, function, model)
    if expectation is None:
        return None
    target = item.optional_vars
    return RaisesBlock(node, item, expectation, target.id if isinstance(target, ast.Name) else None)
