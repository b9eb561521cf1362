"""Which calls make a coroutine, which does nothing until it is awaited."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from testlsp.semantic.functions import Function, FunctionKind

if TYPE_CHECKING:
    from testlsp.semantic.model import SemanticModel

_KNOWN = frozenset(
    "asyncio.sleep asyncio.wait_for asyncio.wait asyncio.to_thread asyncio.open_connection asyncio.start_server "
    "asyncio.create_subprocess_exec asyncio.create_subprocess_shell anyio.sleep anyio.to_thread.run_sync "
    "anyio.wait_all_tasks_blocked trio.sleep trio.to_thread.run_sync trio.testing.wait_all_tasks_blocked".split()
)


def makes_coroutine(call: ast.Call, function: Function, model: SemanticModel) -> bool:
    """Whether *call* in *function* certainly makes a coroutine and does not run it.

    That is so for the ``async def`` of this file that are not decorated and do not yield, and for some functions of
    asyncio, anyio and trio. ``asyncio.gather`` and ``create_task`` start what they are given.
    """
    target = call.func
    if model.qualified_name(target, function) in _KNOWN:
        return True
    called = model.called(call, function)
    if called is None or called.node is None or not called.is_async or called.is_generator:
        return False
    if called.node.decorator_list or called.kind in {FunctionKind.FIXTURE, FunctionKind.TEST}:
        return False
    if isinstance(target, ast.Name) and not model.is_local(target.id, function):
        return len(model.names.bindings.get(target.id, ())) == 1
    return True
