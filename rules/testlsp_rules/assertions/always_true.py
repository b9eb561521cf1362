from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rule, on_function
from testlsp.lint.context import unsafe
from testlsp.semantic.functions import Function
from testlsp.text import Edit
from testlsp.text.patterns import pattern

from testlsp_rules.assertions._claims import WHERE_CLAIMS_ARE_MADE, Claim, claims_of, is_name, same, unittest_checks
from testlsp_rules.assertions._peers import silenced_elsewhere

_PASSES = pattern(r"test_?(pass(es|ed|ing)?|success|ok)(_\d+)?")


class AlwaysTrue(Rule):
    """Asserts something that is true whatever the code does.

    A tuple that is not empty, a text, a length that is at least zero or an
    `or True`: the assertion looks like a check and cannot fail. Most often a
    bracket is in the wrong place, or the condition has not been thought out.

    Fix safety: what was meant to be checked has never been checked, so the
    test may turn red when it is.
    """

    code = "TL305"
    since = "0.1"
    words = ("assert",)
    message = "This is always true"
    ruff = ("F631", "PLW0129")
    related = ("F631 (ruff)", "PLW0129 (ruff)", "S5914 (SonarPython)", "TL306", "TL307")
    source = "https://docs.python.org/3/reference/simple_stmts.html#the-assert-statement"
    examples = (
        Bad(
            """
            def test_total(cart):
                assert (cart.total() == 3, "🍎 are three a pound")
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ A tuple is always true: the brackets make the message part of it
            """,
            fixed="""
            def test_total(cart):
                assert cart.total() == 3, "🍎 are three a pound"
            """,
        ),
        Good(
            """
            def test_total(cart):
                assert cart.total() == 3, "🍎 are three a pound"
            """
        ),
        Bad(
            """
            def test_total(cart):
                assert (cart.total() == 3, cart.open)
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ A tuple is always true
                assert len(cart.items) >= 0
                       ^^^^^^^^^^^^^^^^^^^^ A length is never negative
                assert 0 <= len(cart.items), "too few"
                       ^^^^^^^^^^^^^^^^^^^^ A length is never negative
                assert cart.open or True
                       ^^^^^^^^^^^^^^^^^ This is always true: `True` is one of the alternatives
                assert cart.open or not cart.open
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^ This is always true: one of the alternatives is the opposite of another
                assert "cart.open"
                       ^^^^^^^^^^^ A text is always true
                assert [cart.open]
                       ^^^^^^^^^^^ A list that is not empty is always true
                assert [cart.open] is not None
                       ^^^^^^^^^^^^^^^^^^^^^^^ A literal is never `None`
                assert True
                       ^^^^ `True` is always true: this checks nothing
            """,
            why="What should be true instead, only a person can say.",
        ),
        Bad(
            """
            from unittest import TestCase

            class TestCart(TestCase):
                def test_total(self):
                    self.assertTrue("total")
                                    ^^^^^^^ A text is always true
                    self.assertGreaterEqual(len(self.cart), 0)
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ A length is never negative
            """
        ),
        Good(
            """
            DEBUG = True

            def test_total(cart, expected):
                assert ()
                assert DEBUG
                assert expected or DEBUG
                assert len(cart.items) >= 1
                assert cart.pop() or not cart.pop()
                assert False, "never"
                assert cart.total is not None
            """,
            why="Names and calls can change, and the rest can fail.",
        ),
        Good(
            """
            def test_total(cart):
                try:
                    cart.total(-1)
                except ValueError:
                    assert True
            """,
            why="The whole `try` is a finding of `try-fail` where it is one.",
        ),
        Good(
            """
            def test_total(cart):
                assert "total"  # noqa: PLW0129
                assert True or explode  # noqa: SIM222
            """,
            why="Somebody has told another linter.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.parametrize("expected", [True, "yes"])
            def test_answer(cart, expected):
                assert expected
                assert cart.open or expected
            """,
            why="what a test is given by `parametrize` is not written in the assertion",
        ),
        Good(
            """
            def test_pass():
                assert True
            """,
            why="The name says that it passes: input for a test runner's own tests.",
        ),
    )

    @on_function(*WHERE_CLAIMS_ARE_MADE)
    def check(self, ctx: Context, function: Function) -> None:
        """Look at all that the function claims."""
        for claim in claims_of(function):
            test = claim.test
            if isinstance(test, _CANDIDATES) and not (
                isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq)
            ):
                self.check_claim(ctx, claim)
        for call in unittest_checks(function):
            if getattr(call.func, "attr", "") == "assertGreaterEqual" and len(call.args) >= 2:
                if _is_length(ctx, call.args[0]) and _is_number(call.args[1], 0):
                    ctx.report(call, "A length is never negative")

    def check_claim(self, ctx: Context, claim: Claim) -> None:
        """Report a claim that cannot be false."""
        test = claim.test
        complaint = _complaint(ctx, claim)
        if (
            complaint is None
            or (isinstance(test, ast.Constant) and (_stands_for_pass(ctx, claim) or _is_to_pass(ctx.function, test)))
            or silenced_elsewhere(ctx, claim.node, (*self.ruff, "SIM222"))
        ):
            return
        # ruff looks at `assert` statements only
        peer = "F631" if isinstance(test, ast.Tuple) else "PLW0129" if _is_text(test) else ""
        if isinstance(claim.node, ast.Assert) and peer and ctx.settings.reported_by_ruff(ctx.path, peer):
            return
        ctx.report(test, complaint, fixes=_without_brackets(ctx, claim))


_CANDIDATES = (
    ast.Tuple,
    ast.List,
    ast.Set,
    ast.Dict,
    ast.Constant,
    ast.JoinedStr,
    ast.Compare,
    ast.BoolOp,
)


def _complaint(ctx: Context, claim: Claim) -> str | None:
    match claim.test:
        case ast.Tuple(elts=[_, *_]):
            if _has_message(claim):
                return "A tuple is always true: the brackets make the message part of it"
            return "A tuple is always true"
        case ast.List(elts=[_, *_]) | ast.Set():
            return "A list that is not empty is always true"
        case ast.Dict(keys=[key, *_]) if key is not None:
            return "A dict that is not empty is always true"
        case ast.Constant(value=value) if value:
            if isinstance(value, str | bytes):
                return "A text is always true"
            return f"`{ctx.source_of(claim.test)}` is always true: this checks nothing"
        case ast.JoinedStr(values=parts) if any(isinstance(part, ast.Constant) for part in parts):
            return "A text is always true"
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _compared(ctx, left, operator, right)
        case ast.BoolOp(op=ast.Or(), values=values):
            return _alternatives(ctx, values)
        case _:
            return None


def _compared(ctx: Context, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> str | None:
    if isinstance(operator, ast.LtE | ast.Lt):
        left, right = right, left
        operator = ast.GtE() if isinstance(operator, ast.LtE) else ast.Gt()
    bound = 0 if isinstance(operator, ast.GtE) else -1 if isinstance(operator, ast.Gt) else None
    if bound is not None and _is_number(right, bound) and _is_length(ctx, left):
        return "A length is never negative"
    if isinstance(operator, ast.IsNot) and isinstance(right, ast.Constant) and right.value is None:
        displayed = isinstance(left, ast.List | ast.Tuple | ast.Dict | ast.Set | ast.JoinedStr)
        if displayed or (isinstance(left, ast.Constant) and left.value is not None):
            return "A literal is never `None`"
    return None


def _alternatives(ctx: Context, values: list[ast.expr]) -> str | None:
    for value in values:
        if isinstance(value, ast.Constant) and value.value:
            return f"This is always true: `{ctx.source_of(value)}` is one of the alternatives"
        if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not) and is_name(value.operand):
            if any(same(value.operand, other) for other in values):
                return "This is always true: one of the alternatives is the opposite of another"
    return None


def _stands_for_pass(ctx: Context, claim: Claim) -> bool:
    """Whether the claim is all that a handler does: the ``try`` as a whole is what there is to say something about."""
    handler = ctx.parent(claim.node)
    return isinstance(handler, ast.ExceptHandler) and len(handler.body) == 1


def _is_to_pass(function: Function, test: ast.Constant) -> bool:
    """Whether the test says in its name that it does nothing but pass: input for somebody's test runner."""
    return test.value is True and _PASSES.fullmatch(function.name) is not None


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def _is_length(ctx: Context, node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ctx.qualified_name(node.func) == "builtins.len"


def _is_number(node: ast.expr, number: int) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return isinstance(node.operand, ast.Constant) and node.operand.value == -number and number < 0
    return isinstance(node, ast.Constant) and type(node.value) is int and node.value == number


def _has_message(claim: Claim) -> bool:
    test = claim.test
    return isinstance(test, ast.Tuple) and len(test.elts) == 2 and _is_text(test.elts[1]) and not _is_text(test.elts[0])


def _without_brackets(ctx: Context, claim: Claim) -> list[Fix]:
    node, test = claim.node, claim.test
    if not isinstance(node, ast.Assert) or node.msg is not None or not _has_message(claim):
        return []
    assert isinstance(test, ast.Tuple)
    parts = [ctx.source_of(part) for part in test.elts]
    source = ctx.source_of(test)
    if not source.startswith("(") or "#" in source or any("\n" in part for part in parts):
        return []
    if isinstance(test.elts[0], ast.NamedExpr | ast.Yield | ast.Starred):
        return []
    return [
        unsafe("Make this assertion run", lambda: [Edit(ctx.statement.range(test), ", ".join(parts))], preferred=True)
    ]
