from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rule, on_function
from testlsp.lint.context import unsafe
from testlsp.rewrite import replace_expression
from testlsp.semantic.coroutines import makes_coroutine
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.text import Edit

from testlsp_rules.assertions._claims import WHERE_CLAIMS_ARE_MADE, Claim, claims_of

_ITERATORS = frozenset(
    "builtins.map builtins.filter builtins.zip builtins.enumerate builtins.reversed builtins.iter".split()
)

_COLLECTED = (FunctionKind.FIXTURE, FunctionKind.TEST)


class AssertGenerator(Rule):
    """Asserts a generator, a function or a coroutine instead of what it gives.

    Such an object is true whatever it would yield or return; nothing of it
    runs. What is missing is `all(...)`, the brackets of a call, or `await`.

    Fix safety: the check has never run, so the test may turn red when it does.
    """

    code = "TL307"
    since = "0.1"
    words = ("assert",)
    message = "This is always true: it is an object that has not run yet"
    related = ("TL305", "TL323")
    source = "https://docs.python.org/3/reference/expressions.html#generator-expressions"
    examples = (
        Bad(
            """
            def test_all_paid(orders):
                assert (order.paid for order in orders), "🍎"
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ A generator is always true, whatever it yields
            """,
            fixed="""
            def test_all_paid(orders):
                assert all(order.paid for order in orders), "🍎"
            """,
        ),
        Good(
            """
            def test_all_paid(orders):
                assert all(order.paid for order in orders), "🍎"
            """
        ),
        Bad(
            """
            from unittest import TestCase

            def is_open():
                return False

            class TestOrders(TestCase):
                def is_ready(self):
                    return False

                def test_paid(self):
                    self.assertTrue(order.paid for order in self.orders)
                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ A generator is always true, whatever it yields
                    self.assertTrue(is_open)
                                    ^^^^^^^ `is_open` is a function, hence always true: it is not called
                    assert self.is_ready
                           ^^^^^^^^^^^^^ `self.is_ready` is a function, hence always true: it is not called
            """,
            fixed="""
            from unittest import TestCase

            def is_open():
                return False

            class TestOrders(TestCase):
                def is_ready(self):
                    return False

                def test_paid(self):
                    self.assertTrue(all(order.paid for order in self.orders))
                    self.assertTrue(is_open())
                    assert self.is_ready()
            """,
        ),
        Bad(
            """
            async def fetch():
                return False

            def has(order):
                return False

            def test_orders(orders):
                assert lambda order: order.paid
                       ^^^^^^^^^^^^^^^^^^^^^^^^ A lambda is always true: it is not called
                assert filter(None, orders)
                       ^^^^^^^^^^^^^^^^^^^^ An iterator is always true, whatever it yields
                assert has
                       ^^^ `has` is a function, hence always true: it is not called
                assert fetch()
                       ^^^^^^^ A coroutine is always true: it is not awaited
            """,
            why="What it should be called with is not known.",
        ),
        Good(
            """
            import functools
            import pytest

            @functools.cached_property
            def version():
                return 3

            def has(order):
                return False

            def make():
                return 3

            class Page:
                def is_open(self):
                    return True

            def test_orders(orders, make, filter):
                assert version
                assert [order.paid for order in orders] == [True]
                assert make
                assert filter(None)
                assert orders.has
                has = orders.has()
                assert has
            """,
            why="Decorators, parameters and locals make something else of a name.",
        ),
    )

    @on_function(*WHERE_CLAIMS_ARE_MADE)
    def check(self, ctx: Context, function: Function) -> None:
        """Look at what is asserted as a whole."""
        for claim in claims_of(function):
            match claim.test:
                case ast.GeneratorExp():
                    message = "A generator is always true, whatever it yields"
                    ctx.report(claim.test, message, fixes=_all_of(ctx, claim))
                case ast.Lambda():
                    ctx.report(claim.test, "A lambda is always true: it is not called")
                case ast.Call():
                    self._check_call(ctx, claim.test)
                case ast.Name() | ast.Attribute():
                    self._check_name(ctx, claim.test)
                case _:
                    pass

    def _check_call(self, ctx: Context, call: ast.Call) -> None:
        if ctx.qualified_name(call.func) in _ITERATORS:
            ctx.report(call, "An iterator is always true, whatever it yields")
        elif not ctx.function.is_async and makes_coroutine(call, ctx.function, ctx.model):
            ctx.report(call, "A coroutine is always true: it is not awaited")

    def _check_name(self, ctx: Context, node: ast.Name | ast.Attribute) -> None:
        called = ctx.model.called(ast.Call(node, [], []), ctx.function)
        if called is None or called.node is None or called.node.decorator_list or called.kind in _COLLECTED:
            return
        if _is_rebound(ctx, node):
            return
        message = f"`{ctx.source_of(node)}` is a function, hence always true: it is not called"
        callable_here = not called.is_async and not _required(called, node)
        ctx.report(node, message, fixes=_called(ctx, node) if callable_here else ())


def _is_rebound(ctx: Context, node: ast.Name | ast.Attribute) -> bool:
    """Whether the name is bound to something else as well."""
    if isinstance(node, ast.Name):
        return not ctx.model.is_local(node.id, ctx.function) and len(ctx.model.names.bindings.get(node.id, ())) > 1
    return any(
        isinstance(other, ast.Attribute) and other.attr == node.attr and not isinstance(other.ctx, ast.Load)
        for function in ctx.model.functions_of(ctx.statement)
        for other in function.bag.get(ast.Attribute, ())
    )


def _required(called: Function, node: ast.expr) -> bool:
    """Whether *called* needs arguments."""
    assert called.node is not None
    arguments = called.node.args
    needed = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    needed -= isinstance(node, ast.Attribute)
    return needed > 0 or any(default is None for default in arguments.kw_defaults)


def _called(ctx: Context, node: ast.expr) -> list[Fix]:
    source = ctx.source_of(node)
    return [unsafe("Call it", lambda: replace_expression(ctx.statement, node, f"{source}()"), preferred=True)]


def _all_of(ctx: Context, claim: Claim) -> list[Fix]:
    source = ctx.source_of(claim.test)
    if not source.startswith("("):
        return []
    place = ctx.statement.range(claim.test)
    only = isinstance(claim.node, ast.Call) and ctx.statement.range(claim.node.func).end == place.start
    text = f"(all{source})" if only else f"all{source}"
    return [unsafe("Make this assertion run: assert all of it", lambda: [Edit(place, text)], preferred=True)]
