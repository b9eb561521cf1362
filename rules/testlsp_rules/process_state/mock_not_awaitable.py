from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rewrite, Rule, on
from testlsp.lint.context import safe, unsafe
from testlsp.rewrite import insert_after, replace_expression
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.names import dotted

_MADE = {f"{module}.{name}": module for module in ("unittest.mock", "mock") for name in ("Mock", "MagicMock")}
_PLAIN = (ast.Constant, ast.List, ast.Dict, ast.Set, ast.Tuple, ast.JoinedStr)
"""Values that can never be awaited."""


class MockNotAwaitable(Rule):
    """Awaits the result of a `Mock` or `MagicMock`, which cannot be awaited.

    Calling a `MagicMock` gives another one, and `await` raises `TypeError: object
    MagicMock can't be used in 'await' expression`. What is awaited needs an
    `AsyncMock`.

    Fix safety: unsafe where the mock stands for a whole object and only one of its
    methods is awaited, because that method is then replaced by hand.
    """

    code = "TL220"
    since = "0.1"
    message = "The result of this mock is awaited, which a `MagicMock` does not allow"
    source = "https://docs.python.org/3/library/unittest.mock.html#unittest.mock.AsyncMock"
    examples = (
        Bad(
            """
            from unittest.mock import MagicMock

            async def test_fetch(client):
                client.fetch = MagicMock(return_value=["🐦"])
                assert await client.fetch("/birds") == ["🐦"]
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `client.fetch` is a `MagicMock`, whose result cannot be awaited
            """,
            fixed="""
            from unittest.mock import MagicMock
            from unittest.mock import AsyncMock

            async def test_fetch(client):
                client.fetch = AsyncMock(return_value=["🐦"])
                assert await client.fetch("/birds") == ["🐦"]
            """,
        ),
        Good(
            """
            from unittest.mock import AsyncMock

            async def test_fetch(client):
                client.fetch = AsyncMock(return_value=["a"])
                assert await client.fetch("/birds") == ["a"]
            """
        ),
        Bad(
            """
            from unittest import mock

            async def test_send():
                client = mock.Mock()

                async def send():
                    await client.send(1)
                    ^^^^^^^^^^^^^^^^^^^^ `client` is a `Mock`, whose result cannot be awaited

                await send()
                assert client.send.called
            """,
            fixed="""
            from unittest import mock

            async def test_send():
                client = mock.Mock()
                client.send = mock.AsyncMock()

                async def send():
                    await client.send(1)

                await send()
                assert client.send.called
            """,
        ),
        Good(
            """
            import asyncio
            from unittest.mock import MagicMock, patch

            async def test_results(service, future):
                first = MagicMock(return_value=future)
                second = MagicMock(side_effect=service.run)
                third = MagicMock(service)
                fourth = MagicMock(spec=service)
                fifth = MagicMock()
                fifth.get.return_value = future
                sixth = MagicMock()
                sixth.get = service.run
                seventh = MagicMock()
                seventh.configure_mock(get=service.run)
                await first()
                await second()
                await third.get()
                await fourth.get()
                await fifth.get()
                await sixth.get()
                await seventh.get()
                with patch("app.fetch") as fetch:
                    await fetch()
            """,
            why="results that may be awaited: a future, a coroutine, a mock of something asynchronous",
        ),
        Good(
            """
            import pytest
            from unittest.mock import MagicMock

            async def test_refused():
                client = MagicMock()
                with pytest.raises(TypeError):
                    await client.fetch()
                async with client.session() as session:
                    assert session
            """,
            why="it is the point of the test that this fails; a `MagicMock` can be entered",
        ),
        Good(
            """
            from unittest.mock import MagicMock

            async def test_replaced(make, service):
                client = MagicMock()
                client = make(client)
                await client.fetch()
                other = MagicMock()
                service.prepare(other)
                await other.fetch()
            """,
            why="bound anew, or handed to somebody who may change it",
        ),
    )

    @on(ast.Await, kinds=(FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.NESTED))
    def check(self, ctx: Context, node: ast.Await) -> None:
        """Report ``await mock(...)`` and ``await mock.method(...)`` where the mock is made in sight."""
        call = node.value
        name = dotted(call.func) if isinstance(call, ast.Call) else None
        if name is None or name.count(".") > 1:
            return
        scope = _scope_of(name, ctx.function)
        made = _maker(ctx, name, scope) if scope is not None else None
        if made is None or scope is None:
            return
        if any(isinstance(parent, ast.With | ast.AsyncWith | ast.Try) for parent in ctx.ancestors(node)):
            return
        target, assign, mock = made
        if mock.lineno > node.lineno and scope is ctx.function:
            return
        kind = (dotted(mock.func) or "").rpartition(".")[2]
        message = f"`{target}` is a `{kind}`, whose result cannot be awaited"
        ctx.report(node, message, fixes=_fixes(ctx, name, target, assign, mock))


def _scope_of(name: str, function: Function) -> Function | None:
    """Return the function around, or this one, that binds the root of *name*."""
    root = name.partition(".")[0]
    scope: Function | None = function
    while scope is not None:
        if root in scope.locals:
            return scope
        scope = scope.parent
    return None


def _maker(ctx: Context, name: str, scope: Function) -> tuple[str, ast.Assign, ast.Call] | None:
    """Return the name that is bound to a mock, where, and the call that makes it; None when anything is unclear."""
    found: list[tuple[str, ast.Assign, ast.Call]] = []
    root = name.partition(".")[0]
    for assign in scope.bag.get(ast.Assign, ()):
        assert isinstance(assign, ast.Assign)
        for target in assign.targets:
            bound = dotted(target)
            if bound is None or not (bound in {name, root} or bound.startswith(f"{name}.")):
                continue
            value = assign.value
            if bound.startswith(f"{name}."):
                if bound != f"{name}.return_value" or not isinstance(value, _PLAIN):
                    return None
                continue
            if len(assign.targets) > 1 or not isinstance(value, ast.Call):
                return None
            if ctx.model.qualified_name(value.func, scope) not in _MADE or not _is_bare(value):
                return None
            found.append((bound, assign, value))
    if not found or len({bound for bound, _, _ in found}) < len(found):
        return None
    best = max(found, key=lambda item: len(item[0]))
    rebound = sum(
        isinstance(each, ast.Name) and each.id == root and not isinstance(each.ctx, ast.Load)
        for each in scope.bag.get(ast.Name, ())
    )
    if rebound > sum(bound == root for bound, _, _ in found) or _is_handed_on(scope, root, name):
        return None
    return best


def _is_bare(call: ast.Call) -> bool:
    """Whether nothing makes the mock, or its result, like something else."""
    return not call.args and all(
        keyword.arg == "name" or (keyword.arg == "return_value" and isinstance(keyword.value, _PLAIN))
        for keyword in call.keywords
    )


def _is_handed_on(scope: Function, root: str, name: str) -> bool:
    """Whether somebody else may have changed the mock: it is an argument, or it is configured."""
    for node in scope.bag.get(ast.Name, ()):
        if not isinstance(node, ast.Name) or node.id != root or not isinstance(node.ctx, ast.Load):
            continue
        parent = scope.parents.get(node)
        if not isinstance(parent, ast.Attribute):
            plain = isinstance(parent, ast.Call) and parent.func is node
            if not plain and (name == root or not isinstance(parent, ast.Compare | ast.Assert)):
                return True
        elif parent.attr in {"configure_mock", "attach_mock", "side_effect", "__await__"}:
            return True
    return any(
        isinstance(node, ast.Attribute) and node.attr == "side_effect" and dotted(node.value) == name
        for node in scope.bag.get(ast.Attribute, ())
    )


def _fixes(ctx: Context, name: str, target: str, assign: ast.Assign, mock: ast.Call) -> list[Fix]:
    written = ctx.source_of(mock.func)
    head, dot, _ = written.rpartition(".")
    made = f"{head}{dot}AsyncMock"
    imports = (
        () if dot else (f"from {_MADE.get(ctx.qualified_name(mock.func) or '', 'unittest.mock')} import AsyncMock",)
    )
    if name == target:
        return [
            safe("Use `AsyncMock`", lambda: Rewrite(replace_expression(ctx.statement, mock.func, made), imports)),
        ]
    line = f"{name} = {made}()"
    title = f"Make `{name}` an `AsyncMock`"
    return [unsafe(title, lambda: Rewrite(insert_after(ctx.statement, assign, line), imports))]
