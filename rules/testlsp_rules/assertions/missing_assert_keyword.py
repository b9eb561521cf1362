from __future__ import annotations

import ast
import re

from testlsp.lint import Bad, Context, Good, Rule, on
from testlsp.lint.context import unsafe
from testlsp.semantic.functions import FunctionKind
from testlsp.semantic.names import dotted
from testlsp.text import Edit, TextRange
from testlsp.text.patterns import pattern

from testlsp_rules.assertions._claims import below
from testlsp_rules.assertions._peers import silenced_elsewhere

_QUESTIONS = frozenset("builtins.isinstance builtins.issubclass builtins.all builtins.any builtins.callable".split())
_EXPECTS = pattern(r"should|expect|must|assert|that|verify|check|ensure|must_be|will", re.I)
_ABOUT_COMPARING = pattern(
    r"compar|equal|_eq(_|$)|_cmp|operator|_(lt|le|gt|ge|ne|in)(_|$)|contains|isinstance|subclass|crash|bench|perf|rich|lazy",
    re.I,
)


class MissingAssertKeyword(Rule):
    """Finds a comparison that stands alone, so that nobody looks at its result.

    `total == 3` as a statement is worked out and thrown away; the test passes
    either way. Nearly always an `assert` is missing in front of it.

    Fix safety: the comparison has never been checked, so the test may turn red
    when it is.
    """

    code = "TL321"
    since = "0.1"
    message = "Nobody looks at the result of this: an `assert` is missing"
    ruff = ("B015",)
    related = ("B015 (ruff)", "TL310")
    source = "https://docs.astral.sh/ruff/rules/useless-comparison/"
    examples = (
        Bad(
            """
            def test_total(cart):
                cart.add("🍎"); cart.total() == 3  # three
                               ^^^^^^^^^^^^^^^^^ This comparison has no effect: an `assert` is missing
                isinstance(cart.total(), int)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            def test_total(cart):
                cart.add("🍎"); assert cart.total() == 3  # three
                assert isinstance(cart.total(), int)
            """,
        ),
        Good(
            """
            def test_total(cart):
                cart.add("🍎"); assert cart.total() == 3  # three
                assert isinstance(cart.total(), int)
            """
        ),
        Bad(
            """
            async def test_total(cart):
                (await cart.total()) == 3 and "apple" in cart.items
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This comparison has no effect: an `assert` is missing
                (
                    "apple" not in cart.items
                    ^^^^^^^^^^^^^^^^^^^^^^^^^ This comparison has no effect: an `assert` is missing
                )
            """,
            fixed="""
            async def test_total(cart):
                assert (await cart.total()) == 3 and "apple" in cart.items
                assert (
                    "apple" not in cart.items
                )
            """,
        ),
        Good(
            """
            import pytest

            def test_mixed(cart):
                with pytest.raises(TypeError):
                    cart < 3
                try:
                    cart < 3
                except TypeError:
                    pass
            """,
            why="That comparing raises is what is tested.",
        ),
        Good(
            """
            def test_comparison(cart, calls):
                cart == 3
                assert calls == ["__eq__"]
            """,
            why="That comparing does something is what is tested.",
        ),
        Good(
            """
            from sure import expect

            def test_total(cart, query):
                cart.total.should == 3
                expect(cart.total()) == 3
                with query.where() as q:
                    q.total > 3
            """,
            why="Libraries make checks and conditions of comparisons.",
        ),
        Good(
            """
            def test_total(cart):
                cart.total == 3  # noqa: B015
            """,
            why="Somebody has told another linter.",
        ),
    )

    @on(ast.Expr, kinds=(FunctionKind.TEST,))
    def check(self, ctx: Context, node: ast.Expr) -> None:
        """Report a statement that is nothing but a question."""
        value = node.value
        if not isinstance(value, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Call):
            return
        compares = _compares(value)
        if not compares and not (isinstance(value, ast.Call) and ctx.qualified_name(value.func) in _QUESTIONS):
            return
        if _ABOUT_COMPARING.search(ctx.function.name) or _expects(value) or _is_looked_after(ctx, node):
            return
        if silenced_elsewhere(ctx, node, self.ruff):
            return
        if isinstance(value, ast.Compare) and ctx.settings.reported_by_ruff(ctx.path, *self.ruff):
            return
        message = "This comparison has no effect: an `assert` is missing" if compares else None
        start = ctx.statement.range(node).start
        fix = unsafe("Assert it", lambda: [Edit(TextRange(start, start), "assert ")], preferred=True)
        ctx.report(value, message, fixes=[fix])


def _compares(node: ast.expr) -> bool:
    if isinstance(node, ast.BoolOp):
        return all(_compares(value) for value in node.values)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not) and _compares(node.operand)
    return isinstance(node, ast.Compare)


def _expects(node: ast.expr) -> bool:
    """Whether a library may make a check of the comparison."""
    for part in below(node):
        name = part.attr if isinstance(part, ast.Attribute) else part.id if isinstance(part, ast.Name) else ""
        if name and _EXPECTS.fullmatch(name):
            return True
    return False


def _is_looked_after(ctx: Context, node: ast.Expr) -> bool:
    """Whether something around the statement sees what comparing does."""
    for ancestor in ctx.ancestors(node):
        if isinstance(ancestor, ast.Try) and ancestor.handlers:
            return True
        if isinstance(ancestor, ast.With | ast.AsyncWith):
            for item in ancestor.items:
                call = item.context_expr
                name = dotted(call.func if isinstance(call, ast.Call) else call) or "?"
                if item.optional_vars is not None or "patch" not in name:
                    return True
    return False
