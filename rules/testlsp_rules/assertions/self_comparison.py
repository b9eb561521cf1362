from __future__ import annotations

import ast
import re

from testlsp.lint import Bad, Context, Good, Rule, on_function
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.text.patterns import pattern

from testlsp_rules.assertions._claims import claims_of, unittest_checks
from testlsp_rules.assertions._peers import silenced_elsewhere

_ABOUT_EQUALITY = pattern(
    r"eq(?!uest|uip)|hash|nan|compar|_cmp|order|identi|reflex|sort|_(lt|le|gt|ge|ne|is)(_|$)|operator|same|singleton|"
    r"rich|dunder|contain|in_|subset|issub|less|greater",
    re.I,
)
_OPERATORS = (ast.Eq, ast.Is, ast.LtE, ast.GtE)
_CALLS = frozenset("assertEqual assertIs assertListEqual assertDictEqual assertTupleEqual assertSetEqual".split())


class SelfComparison(Rule):
    """Compares something with itself.

    `assert total == total` holds for nearly every object. One of the two was
    meant to be something else: the expected value. Tests about equality,
    hashes and the like are left alone.
    """

    code = "TL306"
    since = "0.1"
    words = ("assert",)
    message = "This is compared with itself"
    ruff = ("PLR0124",)
    related = ("PLR0124 (ruff)", "S5863 (SonarJS)", "TL305")
    source = "https://docs.astral.sh/ruff/rules/comparison-with-itself/"
    examples = (
        Bad(
            """
            def test_total(cart, expected):
                total = cart.total("🍎")
                assert total == total
                       ^^^^^^^^^^^^^^ `total` is compared with itself
                assert expected is expected, "total"
                       ^^^^^^^^^^^^^^^^^^^^ `expected` is compared with itself
            """
        ),
        Good(
            """
            def test_total(cart, expected):
                total = cart.total("🍎")
                assert total == expected
            """
        ),
        Bad(
            """
            from unittest import TestCase

            class TestCart(TestCase):
                def test_total(self):
                    total = self.cart.total()
                    self.assertEqual(total, total)
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `total` is compared with itself
            """
        ),
        Good(
            """
            def test_equality(cart):
                assert cart == cart

            class TestNan:
                def test_value(self, value):
                    assert value == value
            """,
            why="That is what is tested.",
        ),
        Good(
            """
            def test_subtests(self):
                for i in range(2):
                    with self.subTest(i=i):
                        assert i == i
            """,
            why="A check that passes on purpose.",
        ),
        Good(
            """
            def test_version(first, second):
                assert first == first
                assert first < second
                assert not first == second
            """,
            why="Comparing is what is tested: the same thing is compared with others, too.",
        ),
        Good(
            """
            def test_total(cart):
                assert cart.total() == cart.total()
                assert cart.selector is cart.selector
                assert cart == cart  # noqa: PLR0124
            """,
            why="Calls and properties may answer differently, and one knows what it does.",
        ),
        Good(
            """
            def test_same_hash(cart):
                assert hash(cart) == hash(cart)

            def test_nan(number):
                assert number != number
            """,
            why="A hash must stay the same, and NaN is not equal to itself.",
        ),
    )

    @on_function(FunctionKind.TEST, FunctionKind.NESTED)
    def check(self, ctx: Context, function: Function) -> None:
        """Report the assertions with the same name on both sides."""
        found: list[tuple[ast.expr, ast.Name]] = []
        for claim in claims_of(function):
            test = claim.test
            if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], _OPERATORS):
                if isinstance(test.left, ast.Name) and _is_again(test.left, test.comparators[0]):
                    found.append((test, test.left))
        for call in unittest_checks(function):
            if getattr(call.func, "attr", "") in _CALLS and len(call.args) >= 2:
                if isinstance(call.args[0], ast.Name) and _is_again(call.args[0], call.args[1]):
                    found.append((call, call.args[0]))
        if not found or _is_about_equality(function) or ctx.settings.reported_by_ruff(ctx.path, *self.ruff):
            return
        for node, name in found:
            if not _is_compared_otherwise(function, name) and not silenced_elsewhere(ctx, node, self.ruff):
                ctx.report(node, f"`{ctx.source_of(name)}` is compared with itself")


def _is_about_equality(function: Function) -> bool:
    outer = function.outermost
    docstring = ast.get_docstring(outer.node, clean=False) if outer.node else ""
    return any(_ABOUT_EQUALITY.search(text) for text in (outer.name, *outer.chain, docstring or ""))


def _is_again(name: ast.Name, node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == name.id


def _is_compared_otherwise(function: Function, name: ast.Name) -> bool:
    """Whether *name* counts something, or is compared with other things as well."""
    for loop in function.bag.get(ast.For, ()):
        if isinstance(loop, ast.For) and isinstance(loop.target, ast.Name) and loop.target.id == name.id:
            return True
    for node in function.bag.get(ast.Compare, ()):
        assert isinstance(node, ast.Compare)
        sides = [node.left, *node.comparators]
        matching = [side for side in sides if _is_again(name, side)]
        if matching and len(matching) < len(sides):
            return True
        if matching and not isinstance(node.ops[0], _OPERATORS):
            return True
    return False
