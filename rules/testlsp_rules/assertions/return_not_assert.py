from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rule, on
from testlsp.lint.context import unsafe
from testlsp.semantic.functions import FunctionKind
from testlsp.semantic.names import dotted
from testlsp.text import Edit, TextRange
from testlsp.text.patterns import pattern

from testlsp_rules.assertions._checks import marks

_QUESTIONS = frozenset("builtins.isinstance builtins.issubclass builtins.all builtins.any builtins.callable".split())
_HARMLESS_MARKS = pattern(
    r"pytest\.mark\.(?!.*(image|snapshot|regress|check|approv|golden|mpl))\w+|(unittest\.)?(mock\.)?patch(\.\w+)?|(\w+\.)?given"
)


class ReturnNotAssert(Rule):
    """Returns a comparison from a test, where nobody looks at it.

    pytest ignores what a test returns (and warns about it), so the test passes
    whether the comparison holds or not. `return` was meant to be `assert`.

    Fix safety: the comparison has never been checked, so the test may turn red
    when it is.
    """

    code = "TL322"
    since = "0.1"
    words = ("return",)
    message = "pytest ignores what a test returns: this is never checked"
    related = ("PTD403 (pytest-tidy)", "TL321")
    source = "https://docs.pytest.org/en/stable/how-to/assert.html#returning-non-none-value-in-test-functions"
    examples = (
        Bad(
            """
            def test_total(cart):
                cart.add("🍎")
                return cart.total() == 3  # three
                       ^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            def test_total(cart):
                cart.add("🍎")
                assert cart.total() == 3  # three
            """,
        ),
        Good(
            """
            def test_total(cart):
                cart.add("🍎")
                assert cart.total() == 3  # three
            """
        ),
        Bad(
            """
            import pytest

            class TestCart:
                @pytest.mark.slow
                def test_total(self, cart):
                    with cart.open() as opened:
                        if opened.total:
                            return (opened.total == 3 and
                                    ^^^^^^^^^^^^^^^^^^^^^
                                    opened.items)
                        else:
                            return not cart.items == []
                                   ^^^^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            import pytest

            class TestCart:
                @pytest.mark.slow
                def test_total(self, cart):
                    with cart.open() as opened:
                        if opened.total:
                            assert (opened.total == 3 and
                                    opened.items)
                        else:
                            assert not cart.items == []
            """,
            why="Nothing follows that the return would have skipped.",
        ),
        Bad(
            """
            def test_total(cart):
                if cart.empty:
                    return cart.total() == 0
                           ^^^^^^^^^^^^^^^^^
                assert cart.total() == 3
            """,
            why="Without the return, the test would go on: no fix.",
        ),
        Good(
            """
            def test_total(cart):
                def is_three(total):
                    return total == 3
                if cart.empty:
                    return
                assert is_three(cart.total())

            def total(cart):
                return cart.total == 3
            """,
            why="Functions that are no tests return what they like.",
        ),
        Good(
            """
            @check_figures_equal
            def test_plot(figure):
                return figure.axes == []

            def test_tree(tree):
                return tree.result()

            def test_steps(cart):
                yield cart
                return cart.total == 3
            """,
            why="A decorator may look at the result, and this is not known to be a comparison.",
        ),
    )

    @on(ast.Return, kinds=(FunctionKind.TEST,))
    def check(self, ctx: Context, node: ast.Return) -> None:
        """Report a test that returns the answer to a question."""
        value = node.value
        if value is None or ctx.function.is_generator or not _is_question(ctx, value):
            return
        if ctx.function.node is None or not all(_HARMLESS_MARKS.fullmatch(name) for name in marks(ctx)):
            return
        ctx.report(value, fixes=_asserted(ctx, node) if _is_last(ctx, node) else ())


def _is_question(ctx: Context, node: ast.expr) -> bool:
    match node:
        case ast.Compare():
            return True
        case ast.BoolOp(values=values):
            return any(_is_question(ctx, value) for value in values)
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Call(func=function):
            return ctx.qualified_name(function) in _QUESTIONS and dotted(function) is not None
        case _:
            return False


def _is_last(ctx: Context, node: ast.stmt) -> bool:
    """Whether nothing in the test would run after *node* if it did not return."""
    child: ast.AST = node
    for ancestor in ctx.ancestors(node):
        if isinstance(ancestor, ast.If):
            if child not in (ancestor.body[-1], *ancestor.orelse[-1:]):
                return False
        elif isinstance(ancestor, ast.With | ast.AsyncWith) or ancestor is ctx.function.node:
            body: list[ast.stmt] = getattr(ancestor, "body", [])
            if child is not body[-1]:
                return False
            if ancestor is ctx.function.node:
                return True
        else:
            return False
        child = ancestor
    return True


def _asserted(ctx: Context, node: ast.Return) -> list[Fix]:
    start = ctx.statement.range(node).start
    place = TextRange(start, start + len("return"))
    return [unsafe("Assert it", lambda: [Edit(place, "assert")], preferred=True)]
