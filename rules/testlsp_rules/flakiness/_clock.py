"""Whether a test runs on the real clock."""

from __future__ import annotations

import ast

from testlsp.lint import Context
from testlsp.semantic.functions import Function
from testlsp.semantic.marks import own_decorators

_FREEZERS = ("freezegun.", "time_machine.", "pytest_freezer.", "clockwork.")
_PATCHES = ("unittest.mock.patch", "mock.patch")
_FIXTURES = frozenset("freezer frozen_time time_machine freeze_time frozen_clock fake_clock autojump_clock".split())
_CLOCK = ("time", "sleep", "datetime", "date", "now", "today", "clock", "uuid", "random", "utcnow", "timezone")


def is_simulated(ctx: Context, function: Function) -> bool:
    """Whether something in or around *function* replaces time, or what the test takes for chance.

    That is a decorator, a ``with`` block or a call of freezegun, time-machine, ``unittest.mock.patch`` or
    ``monkeypatch`` that names a clock, a fixture that is known for it, or a mark of time-machine or pytest-freezer.
    """
    outer = function.outermost
    if any(name in _FIXTURES or name.startswith(("freez", "frozen", "mock_")) for name in outer.params):
        return True
    if any(_simulates(ctx, node) for node in own_decorators(outer)):
        return True
    return any(_simulates(ctx, node) for node in function.bag.get(ast.Call, ()) if isinstance(node, ast.Call)) or any(
        _setup_simulates(ctx, other) for other in _around(ctx, outer)
    )


def _around(ctx: Context, outer: Function) -> list[Function]:
    """Return the hooks around the tests of the same class."""
    return [
        other
        for other in ctx.model.functions_of(outer.statement)
        if other.chain and other.chain == outer.chain[: len(other.chain)] and other.name.lower().startswith("setup")
    ]


def _setup_simulates(ctx: Context, function: Function) -> bool:
    return any(_simulates(ctx, node) for node in function.bag.get(ast.Call, ()) if isinstance(node, ast.Call))


def _simulates(ctx: Context, node: ast.expr) -> bool:
    call = node if isinstance(node, ast.Call) else None
    target = call.func if call else node
    name = ctx.model.qualified_name(target, ctx.function) or ""
    if name.startswith(_FREEZERS) or name in {"pytest.mark.time_machine", "pytest.mark.freeze_time"}:
        return True
    if call is None:
        return False
    attribute = target.attr if isinstance(target, ast.Attribute) else ""
    if not (name.startswith(_PATCHES) or attribute in {"setattr", "patch", "object", "spy"}):
        return attribute in {"freeze_time", "move_to", "travel"}
    return any(_speaks_of_time(argument) for argument in call.args[:2])


def _speaks_of_time(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    elif isinstance(node, ast.Attribute | ast.Name):
        text = node.attr if isinstance(node, ast.Attribute) else node.id
    else:
        return False
    last = text.rpartition(".")[2].lower()
    return any(word in last for word in _CLOCK)
