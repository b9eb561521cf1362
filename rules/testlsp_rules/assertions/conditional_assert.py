from __future__ import annotations

import ast
import re

from testlsp.lint import Bad, Context, Good, Rule, on_function
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.text.patterns import pattern

from testlsp_rules.assertions._checks import can_fail
from testlsp_rules.assertions._claims import below

_ABOUT_CHOICE = pattern(r"if_|optional|maybe|crash|flaky|smoke|no_error|does_?nt?_", re.I)


class ConditionalAssert(Rule):
    """Asserts only if the code under test has answered in a certain way.

    When every assertion stands under an `if` on the result, the test passes
    when the result is the other one: it checks nothing as soon as the code
    fails. The condition is what should be asserted, or the test is to be split
    in two.
    """

    code = "TL309"
    since = "0.1"
    words = ("assert",)
    message = "If this does not hold, nothing in this test is checked"
    related = ("no-conditional-expect (eslint-plugin-jest)", "no-conditionals-in-tests (Sourcery)", "TL315")
    source = "https://docs.sourcery.ai/References/Sourcery-Rules/Default-Rules/no-conditionals-in-tests/"
    examples = (
        Bad(
            """
            def test_order(client):
                response = client.post("/orders", json={"sku": "🍎"})
                if response.status_code == 201:
                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    assert response.json()["sku"] == "🍎"
            """
        ),
        Good(
            """
            def test_order(client):
                response = client.post("/orders", json={"sku": "🍎"})
                assert response.status_code == 201
                assert response.json()["sku"] == "🍎"
            """
        ),
        Bad(
            """
            async def test_orders(shop):
                orders = await shop.orders()
                if orders:
                   ^^^^^^
                    for order in orders:
                        assert order.paid
                else:
                    print("no orders")
            """
        ),
        Good(
            """
            import pytest

            def test_order(client):
                response = client.get("/orders")
                if response.status_code == 201:
                    assert response.json()
                else:
                    pytest.fail("not created")

            def test_skips(client):
                response = client.get("/orders")
                if response.status_code == 404:
                    pytest.skip("no orders here")
                if response.ok:
                    assert response.json()

            def test_both(client):
                response = client.get("/orders")
                if response.ok:
                    assert response.json()
                else:
                    assert response.text
            """,
            why="Both answers are looked at.",
        ),
        Good(
            """
            import sys

            def test_order(client, expected):
                response = client.get("/orders")
                if sys.platform == "linux":
                    assert response.json()
                if expected is not None:
                    assert response.json() == expected
                if client.version > 3:
                    assert response.text
            """,
            why="The condition is about where the test runs, or what it was given.",
        ),
        Good(
            """
            def test_order(client):
                response = client.get("/orders")
                assert response.status_code == 200
                if response.text:
                    assert response.json()
            """,
            why="Something is checked in any case.",
        ),
        Good(
            """
            from hypothesis import given, strategies as st

            @given(st.text())
            def test_order(client, text):
                response = client.get(text)
                if response.ok:
                    assert response.json()
            """,
            why="Guards are normal where the input is made up.",
        ),
        Good(
            """
            def test_orders(shop):
                version = shop.version()
                if version > 3:
                    assert shop.orders() == []
            """,
            why="What is asserted is not what is asked.",
        ),
        Good(
            """
            def test_order(client):
                order = client.get_order(1)
                if isinstance(order, PaidOrder):
                    assert order.paid_at > order.made_at
            """,
            why="A type guard: without it, a type checker would not know the attribute.",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report the only ``if`` of a test when all assertions stand under it."""
        branches = function.bag.get(ast.If)
        if branches is None or len(branches) != 1 or ast.Assert not in function.bag:
            return
        branch = branches[0]
        assert isinstance(branch, ast.If)
        assert function.node is not None
        if not any(item is branch for item in function.node.body) or _ABOUT_CHOICE.search(function.name):
            return
        if _is_made_up(function) or _is_type_guard(branch.test) or not _is_about_result(ctx, branch):
            return
        if not any(isinstance(part, ast.Assert) for part in below(*branch.body)) or _does_more(branch.orelse):
            return
        if not can_fail(ctx, *branch.body):
            ctx.report(branch.test)


def _is_made_up(function: Function) -> bool:
    assert function.node is not None
    return any("given" in ast.dump(decorator) for decorator in function.node.decorator_list)


def _is_type_guard(test: ast.expr) -> bool:
    """Whether *test* may be there for a type checker."""
    return (
        isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id in {"isinstance", "issubclass"}
    )


def _does_more(body: list[ast.stmt]) -> bool:
    """Whether the other branch may check or end something."""
    for part in below(*body):
        if isinstance(part, ast.Return | ast.Raise | ast.Assert):
            return True
        if isinstance(part, ast.Call) and getattr(part.func, "id", "") != "print":
            return True
    return False


def _is_about_result(ctx: Context, branch: ast.If) -> bool:
    """Whether the condition asks about something that the test got from a call, and so do the assertions."""
    results = set()
    for node in ctx.function.bag.get(ast.Assign, ()):
        assert isinstance(node, ast.Assign)
        value = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(value, ast.Call) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            results.add(node.targets[0].id)
    asked = {part.id for part in below(branch.test) if isinstance(part, ast.Name)} & results
    if not asked:
        return False
    claimed = {part.id for part in below(*branch.body) if isinstance(part, ast.Name)}
    return not asked.isdisjoint(claimed)
