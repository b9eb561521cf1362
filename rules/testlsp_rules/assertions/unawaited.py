from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rule, on
from testlsp.lint.context import unsafe
from testlsp.rewrite import replace_expression
from testlsp.semantic.coroutines import makes_coroutine
from testlsp.semantic.functions import FunctionKind
from testlsp.semantic.names import dotted

_EXPECTS_THAT = ("warns", "deprecated_call", "catch_warnings")


class Unawaited(Rule):
    """Finds a coroutine in an async test that is never awaited.

    Calling an `async def` runs nothing of it. As a statement the call is lost,
    and in an assertion the coroutine is compared, or found to be true, instead
    of its result.

    Fix safety: the code has never run here, so the test may turn red when it
    does.
    """

    code = "TL323"
    since = "0.1"
    words = ("async",)
    message = "This is never awaited, so nothing of it runs"
    related = ("TL307", "TL605", "RUF006 (ruff)")
    source = "https://docs.python.org/3/library/asyncio-task.html#coroutines"
    examples = (
        Bad(
            """
            import asyncio

            async def pay(order):
                order.paid = True

            async def test_pay(order):
                pay(order)  # 🍎
                ^^^^^^^^^^ This is never awaited, so nothing of `pay` runs
                asyncio.sleep(0)
                ^^^^^^^^^^^^^^^^ This is never awaited, so nothing of `asyncio.sleep` runs
                assert order.paid
            """,
            fixed="""
            import asyncio

            async def pay(order):
                order.paid = True

            async def test_pay(order):
                await pay(order)  # 🍎
                await asyncio.sleep(0)
                assert order.paid
            """,
        ),
        Good(
            """
            async def pay(order):
                order.paid = True

            async def test_pay(order):
                await pay(order)
                assert order.paid
            """
        ),
        Bad(
            """
            class TestOrder:
                async def total(self, order):
                    return 3

                async def test_total(self, order):
                    assert self.total(order)
                           ^^^^^^^^^^^^^^^^^ This is never awaited, so nothing of `self.total` runs
                    assert self.total(order) == 3, "total"
                           ^^^^^^^^^^^^^^^^^ This is never awaited, so nothing of `self.total` runs
                    assert not self.total(order)
                               ^^^^^^^^^^^^^^^^^ This is never awaited, so nothing of `self.total` runs
            """,
            fixed="""
            class TestOrder:
                async def total(self, order):
                    return 3

                async def test_total(self, order):
                    assert await self.total(order)
                    assert await self.total(order) == 3, "total"
                    assert not await self.total(order)
            """,
        ),
        Good(
            """
            import asyncio
            import contextlib
            import pytest

            async def pay(order):
                order.paid = True

            @contextlib.asynccontextmanager
            async def opened(order):
                yield order

            async def pages(order):
                yield order

            async def test_pay(order):
                task = asyncio.create_task(pay(order))
                asyncio.gather(pay(order), pay(order))
                later = pay(order)
                await later
                opened(order)
                pages(order)
                order.pay()
                await task
            """,
            why="Tasks run by themselves, a name can be awaited later, and not every `async def` makes a coroutine.",
        ),
        Good(
            """
            import pytest

            async def pay(order):
                order.paid = True

            async def test_warns(order):
                with pytest.warns(RuntimeWarning):
                    pay(order)
                with pytest.raises(TypeError):
                    pay(order, 1)
            """,
            why="The warning, or the refusal of the arguments, is what is tested.",
        ),
        Good(
            """
            async def pay(order):
                order.paid = True

            async def test_pay(order, pay):
                pay(order)

            def test_later(order, loop):
                loop.run_until_complete(pay(order))
            """,
            why="A parameter of that name is something else.",
        ),
        Bad(
            """
            import pytest

            async def pay(order):
                raise ValueError(order)

            async def test_refuses(order):
                with pytest.raises(ValueError):
                    pay(order)
                    ^^^^^^^^^^ This is never awaited, so nothing of `pay` runs
            """,
            fixed="""
            import pytest

            async def pay(order):
                raise ValueError(order)

            async def test_refuses(order):
                with pytest.raises(ValueError):
                    await pay(order)
            """,
            why="Inside `raises` nothing runs either, so nothing is raised.",
        ),
    )

    @on(ast.Expr, ast.Assert, kinds=(FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.NESTED))
    def check(self, ctx: Context, node: ast.Expr | ast.Assert) -> None:
        """Report the coroutine that a statement throws away or asserts."""
        if not ctx.function.is_async:
            return
        for call in _looked_at(node):
            if not makes_coroutine(call, ctx.function, ctx.model) or _is_expected(ctx, node):
                continue
            name = dotted(call.func)
            message = f"This is never awaited, so nothing of `{name}` runs" if name else None
            ctx.report(call, message, fixes=[_awaited(ctx, call)])


def _looked_at(node: ast.Expr | ast.Assert) -> list[ast.Call]:
    """Return the calls whose result is thrown away or asserted."""
    if isinstance(node, ast.Expr):
        return [node.value] if isinstance(node.value, ast.Call) else []
    test = node.test
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test = test.operand
    parts = [test.left, *test.comparators] if isinstance(test, ast.Compare) else [test]
    return [part for part in parts if isinstance(part, ast.Call)]


def _is_expected(ctx: Context, node: ast.stmt) -> bool:
    """Whether a block around *node* expects a warning or an exception, so that calling may be all that is tested."""
    for ancestor in ctx.ancestors(node):
        if isinstance(ancestor, ast.With | ast.AsyncWith):
            for item in ancestor.items:
                call = item.context_expr
                name = dotted(call.func if isinstance(call, ast.Call) else call) or ""
                if name.endswith(_EXPECTS_THAT):
                    return True
                if (
                    isinstance(call, ast.Call)
                    and name.endswith("aises")
                    and any(ctx.qualified_name(argument) == "builtins.TypeError" for argument in call.args)
                ):
                    return True
    return False


def _awaited(ctx: Context, call: ast.Call) -> Fix:
    source = ctx.source_of(call)
    return unsafe("Await it", lambda: replace_expression(ctx.statement, call, f"await {source}"), preferred=True)
