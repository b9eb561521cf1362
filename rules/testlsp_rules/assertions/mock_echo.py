from __future__ import annotations

import ast
import re

from testlsp.lint import Bad, Context, Good, Rule, on_function
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.mocks import mock_behind
from testlsp.semantic.names import dotted
from testlsp.text.patterns import pattern

from testlsp_rules.assertions._claims import mentions, same, unittest_checks

_ABOUT_MOCKS = pattern(r"mock|patch|stub|spy|fake|double", re.I)


class MockEcho(Rule):
    """Asserts that a mock returns what the test has told it to return.

    Such an assertion tests `unittest.mock`: no code of the project runs between
    what is set and what is compared. The call should go to the code under test,
    which uses the mock.
    """

    code = "TL318"
    since = "0.1"
    words = ("Mock", "mock", "patch")
    message = "This tests the mock: it returns what the test has told it to return"
    related = ("mock_tautology (pytest-review)", "TL319")
    source = "https://docs.python.org/3/library/unittest.mock.html#unittest.mock.Mock.return_value"
    examples = (
        Bad(
            """
            from unittest.mock import Mock

            def test_total():
                cart = Mock()
                cart.total.return_value = 3
                assert cart.total("🍎") == 3
                       ^^^^^^^^^^^^^^^^^^^^ This tests the mock: `cart.total` returns what the test has told it to return
            """
        ),
        Good(
            """
            from unittest.mock import Mock
            from shop import checkout

            def test_total():
                cart = Mock()
                cart.total.return_value = 3
                assert checkout(cart) == 3
            """,
            why="The code under test uses the mock.",
        ),
        Bad(
            """
            from unittest import TestCase
            from unittest.mock import AsyncMock, patch

            class TestTotal(TestCase):
                @patch("shop.total", return_value=3)
                def test_total(self, total):
                    result = total("apple")
                    self.assertEqual(result, 3)
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^ This tests the mock: `total` returns what the test has told it to return

            async def test_fetch():
                fetch = AsyncMock(return_value={"sku": "apple"})
                answer = await fetch()
                assert {"sku": "apple"} == answer
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^ This tests the mock: `fetch` returns what the test has told it to return
            """
        ),
        Good(
            """
            from unittest.mock import Mock
            from shop import Cart

            def test_total():
                cart = Cart(Mock())
                cart.prices = Mock(return_value=3)
                other = Mock()
                other.total.return_value = 3
                assert cart.total() == 3
                assert cart.prices.total() == 4
                assert other.total() == 4
                total = other.total()
                total = cart.pay(total)
                assert total == 3
            """,
            why="A real object with a mock in it, another value, or a name with another meaning.",
        ),
        Good(
            """
            from unittest.mock import Mock
            from shop import cached

            def test_cached():
                load = Mock(return_value=3)
                load = cached(load)
                assert load() == 3

            def test_wrapped():
                load = Mock(return_value=3)
                load.side_effect = cached
                assert load() == 3

            def test_plain_variable():
                return_value = cached(3)
                assert load() == return_value == 3

            def test_mock_of_ours():
                load = Mock(return_value=3)
                assert load() == 3
            """,
            why="It is no longer the mock alone, or mocks are what is tested.",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Compare what is asserted with what mocks were told to return."""
        if not mentions(ctx, "return_value") or not mentions(ctx, "==", "assertEqual"):
            return
        if _ABOUT_MOCKS.search(function.name) or _ABOUT_MOCKS.search(".".join(function.chain)):
            return
        told = _told(ctx)
        for node, sides in _compared(function) if told else ():
            for result, expected in (sides, sides[::-1]):
                name = _called(ctx, result)
                value = told.get(name or "")
                if value is not None and same(value, expected):
                    ctx.report(node, f"This tests the mock: `{name}` returns what the test has told it to return")
                    break


def _compared(function: Function) -> list[tuple[ast.expr, tuple[ast.expr, ast.expr]]]:
    """Return what is asserted to be equal, each with both sides."""
    found: list[tuple[ast.expr, tuple[ast.expr, ast.expr]]] = []
    for node in function.bag.get(ast.Assert, ()):
        test = getattr(node, "test", None)
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
            found.append((test, (test.left, test.comparators[0])))
    for call in unittest_checks(function):
        if getattr(call.func, "attr", "") == "assertEqual" and len(call.args) >= 2:
            found.append((call, (call.args[0], call.args[1])))
    return found


def _told(ctx: Context) -> dict[str, ast.expr]:
    """Return what mocks were told to return, by their dotted names; those told twice, or in other ways too, are out."""
    function = ctx.function
    found: dict[str, list[ast.expr | None]] = {}
    for node in function.bag.get(ast.Assign, ()):
        assert isinstance(node, ast.Assign)
        for target in node.targets:
            name = dotted(target) or ""
            owner, _, last = name.rpartition(".")
            if owner and last == "return_value":
                found.setdefault(owner, []).append(node.value)
            elif owner and last == "side_effect":
                found.setdefault(owner, []).append(None)
            elif name and isinstance(node.value, ast.Call):
                _configured(found, name, node.value)
    for node in function.bag.get(ast.withitem, ()):
        name = dotted(getattr(node, "optional_vars", None)) or ""
        made = getattr(node, "context_expr", None)
        if name and isinstance(made, ast.Call):
            _configured(found, name, made)
    _injected(ctx, found)
    return {
        name: values[0]
        for name, values in found.items()
        if len(values) == 1 and values[0] is not None and _is_mock(ctx, name)
    }


def _configured(found: dict[str, list[ast.expr | None]], name: str, call: ast.Call) -> None:
    for keyword in call.keywords:
        if keyword.arg == "return_value":
            found.setdefault(name, []).append(keyword.value)
        elif keyword.arg in {"side_effect", "wraps", None}:
            found.setdefault(name, []).append(None)


def _injected(ctx: Context, found: dict[str, list[ast.expr | None]]) -> None:
    """Add the only mock that a decorator passes; with more of them, which is which is not worked out here."""
    function = ctx.function
    assert function.node is not None
    calls = [item for item in function.node.decorator_list if isinstance(item, ast.Call)]
    patches = [item for item in calls if "patch" in (dotted(item.func) or "")]
    params = function.params[1 if function.class_info else 0 :]
    if len(patches) == 1 and params:
        _configured(found, params[0], patches[0])


def _is_mock(ctx: Context, name: str) -> bool:
    return mock_behind(ast.parse(name, mode="eval").body, ctx.function, ctx.model) is not None


def _called(ctx: Context, node: ast.expr) -> str | None:
    """Return the dotted name of what made *node*: a call, or a name bound once to one."""
    if isinstance(node, ast.Name):
        name = node.id
        bound = [
            use
            for use in ctx.function.bag.get(ast.Name, ())
            if isinstance(use, ast.Name) and use.id == name and not isinstance(use.ctx, ast.Load)
        ]
        parent = ctx.parent(bound[0]) if len(bound) == 1 else None
        if not isinstance(parent, ast.Assign) or parent.targets != bound:
            return None
        node = parent.value
    if isinstance(node, ast.Await):
        node = node.value
    return dotted(node.func) if isinstance(node, ast.Call) else None
