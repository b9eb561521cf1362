from __future__ import annotations

import ast
import re

from testlsp.lint import Bad, Context, Fix, Good, Rule, on_function
from testlsp.lint.context import unsafe
from testlsp.rewrite import insert_before
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.marks import is_property_based
from testlsp.semantic.names import dotted
from testlsp.text.patterns import pattern

from testlsp_rules.assertions._checks import can_fail
from testlsp_rules.assertions._claims import below
from testlsp_rules.assertions._responses import answers_with_json

_NEVER_EMPTY = pattern(
    r"(make|create|build|generate|new|setup|prepare|sample|random|range|get_all_subclasses|permutations|product|"
    r"combinations|signature|fields|members)",
    re.I,
)


class VacuousQuantifier(Rule):
    """Checks each element of a result that may be empty, so that nothing may be checked.

    `all(...)` of nothing is true, and the assertions in a loop over nothing
    never run: the test stays green when the code under test returns nothing
    any more. `assert orders` in front of it closes the gap. Only results of
    calls count that the test does not look at in any other way.

    Fix safety: the result may be empty on purpose, and some iterables (arrays,
    generators) do not say by being true or false whether they are.
    """

    code = "TL308"
    since = "0.1"
    words = ("assert",)
    message = "This holds for no elements at all, too"
    related = ("vacuous_loop (pytest-review)",)
    source = "https://docs.python.org/3/library/functions.html#all"
    examples = (
        Bad(
            """
            def test_all_paid(shop):
                orders = shop.orders("🍎")
                # all of them
                assert all(order.paid for order in orders)
                                                   ^^^^^^ This holds for an empty `orders`, too
            """,
            fixed="""
            def test_all_paid(shop):
                orders = shop.orders("🍎")
                # all of them
                assert orders
                assert all(order.paid for order in orders)
            """,
        ),
        Good(
            """
            def test_all_paid(shop):
                orders = shop.orders("🍎")
                assert orders
                assert all(order.paid for order in orders)
            """
        ),
        Bad(
            """
            async def test_all_paid(shop):
                orders = await shop.orders()
                for order in orders:
                             ^^^^^^ If `orders` is empty, nothing in this test is checked
                    assert order.paid
            """,
            fixed="""
            async def test_all_paid(shop):
                orders = await shop.orders()
                assert orders
                for order in orders:
                    assert order.paid
            """,
        ),
        Good(
            """
            def test_all_paid(shop, given):
                orders = shop.orders()
                assert len(orders) == 3
                assert all(order.paid for order in orders)
                for number in range(3):
                    assert shop.has(number)
                for order in given:
                    assert order.paid
                for order in [shop.order(1), shop.order(2)]:
                    assert order.paid
            """,
            why="How many there are is checked, or written in the test.",
        ),
        Good(
            """
            def test_first_paid(shop):
                orders = shop.orders()
                first = orders[0]
                assert all(order.paid for order in orders)

            def test_created(shop):
                orders = shop.create_orders(3)
                for order in orders:
                    assert order.paid

            def test_changes(shop):
                orders = shop.orders()
                orders.append(shop.order())
                for order in orders:
                    assert order.paid
            """,
            why="There is an element, or the test has made them.",
        ),
        Good(
            """
            def test_all_paid(shop):
                orders = shop.orders()
                for order in orders:
                    assert order.paid
                assert shop.total == 3
            """,
            why="Something else is checked, which may well depend on the orders.",
        ),
        Bad(
            """
            def test_prices(client):
                for price in client.get("/prices").json():
                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ If the answer is empty, nothing in this test is checked
                    assert price > 0

            def test_names(client):
                answer = client.get("/names")
                for name in answer.json():
                            ^^^^^^^^^^^^^ If the answer is empty, nothing in this test is checked
                    assert name.strip()
            """,
            why="an answer may well be an empty list; other calls are too often known never to be empty",
        ),
        Good(
            """
            from hypothesis import given
            from hypothesis.strategies import integers, lists

            def test_none_open(shop):
                orders = shop.orders()
                assert not any(order.open for order in orders)

            @given(lists(integers()))
            def test_open(totals):
                orders = opened(totals)
                for order in orders:
                    assert order.open
                assert all(order.total for order in orders)
            """,
            why="That there is none may be the point; and of many orders that Hypothesis makes up some are none.",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Look at ``assert all(...)`` and at loops."""
        if is_property_based(function, ctx.model):
            return  # of the many values that are tried, some are empty
        for node in function.bag.get(ast.Assert, ()):
            if not isinstance(node, ast.Assert) or not isinstance(node.test, ast.Call):
                continue
            iterated = _quantified(ctx, node.test)
            if iterated is not None and _is_direct(function, node) and _may_be_empty(ctx, iterated):
                message = f"This holds for an empty `{iterated.id}`, too"
                if not can_fail(ctx, node):
                    ctx.report(iterated, message, fixes=_demand(ctx, node, iterated))
        for loop in (*function.bag.get(ast.For, ()), *function.bag.get(ast.AsyncFor, ())):
            if not isinstance(loop, ast.For) or not _is_direct(function, loop):
                continue
            if not any(isinstance(part, ast.Assert) for part in below(*loop.body)) or loop.orelse:
                continue
            if isinstance(loop.iter, ast.Name) and _may_be_empty(ctx, loop.iter) and not can_fail(ctx, loop):
                message = f"If `{loop.iter.id}` is empty, nothing in this test is checked"
                ctx.report(loop.iter, message, fixes=_demand(ctx, loop, loop.iter))
            elif answers_with_json(ctx, loop.iter) and not can_fail(ctx, loop):
                ctx.report(loop.iter, "If the answer is empty, nothing in this test is checked")


def _quantified(ctx: Context, test: ast.expr) -> ast.Name | None:
    """Return the name over whose elements *test* says something with ``all``."""
    if not isinstance(test, ast.Call) or len(test.args) != 1 or ctx.qualified_name(test.func) != "builtins.all":
        return None
    made = test.args[0]
    if not isinstance(made, ast.GeneratorExp | ast.ListComp):
        return None
    iterated = made.generators[0].iter
    return iterated if isinstance(iterated, ast.Name) else None


def _is_direct(function: Function, node: ast.stmt) -> bool:
    assert function.node is not None
    return any(item is node for item in function.node.body)


def _may_be_empty(ctx: Context, name: ast.Name) -> bool:
    """Whether *name* is bound once, to the result of a call, and read nowhere else."""
    function = ctx.function
    if function.nested or name.id in function.params:
        return False
    uses = [node for node in function.bag.get(ast.Name, ()) if isinstance(node, ast.Name) and node.id == name.id]
    if len(uses) != 2:
        return False
    bound = next((node for node in uses if not isinstance(node.ctx, ast.Load)), None)
    parent = ctx.parent(bound) if bound is not None else None
    if not isinstance(parent, ast.Assign) or parent.targets != [bound] or not _is_direct(function, parent):
        return False
    value = parent.value.value if isinstance(parent.value, ast.Await) else parent.value
    if not isinstance(value, ast.Call):
        return False
    called = dotted(value.func) or (value.func.attr if isinstance(value.func, ast.Attribute) else "")
    meaning = ctx.qualified_name(value.func) or ""
    if not called or meaning.startswith("builtins.") or called.rpartition(".")[2][:1].isupper():
        return False
    if any(isinstance(part, ast.List | ast.Tuple | ast.Dict | ast.Set) for part in below(value)):
        return False
    return _NEVER_EMPTY.search(called.rpartition(".")[2]) is None


def _demand(ctx: Context, node: ast.stmt, name: ast.Name) -> list[Fix]:
    title = f"Assert that `{name.id}` is not empty"
    return [unsafe(title, lambda: insert_before(ctx.statement, node, f"assert {name.id}"))]
