from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Good, Rule, on_function
from testlsp.lint.context import manual, unsafe
from testlsp.lint.rule import RUN_BY_PYTEST
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.mocks import MOCK_ASSERTIONS

from testlsp_rules.assertions._mock_assertions import attribute_range, mock_words, run_assertion, use
from testlsp_rules.assertions._peers import silenced_elsewhere

_WITHOUT_ARGUMENTS = frozenset(
    "assert_called assert_called_once assert_not_called assert_awaited assert_awaited_once assert_not_awaited".split()
)


class MockAssertNotCalled(Rule):
    """Names an assertion of a mock without calling it, which checks nothing.

    `mock.assert_called_once` is a method; as a statement it does nothing, and
    after `assert` it is always true. The parentheses are missing.

    Fix safety: the assertion has never run, so the test may turn red when it
    does. Where the assertion compares arguments, which ones were meant is for
    a person to fill in.
    """

    code = "TL317"
    since = "0.1"
    words = ("assert_", "called", "has_calls", "awaited", "Mock", "mock", "patch")
    message = "This assertion never runs: it is not called"
    ruff = ("PGH005",)
    related = ("PGH005 (ruff)", "TL316")
    source = "https://docs.python.org/3/library/unittest.mock.html#unittest.mock.Mock.assert_called_once"
    examples = (
        Bad(
            """
            def test_sends_mail(mailer):
                order("🍎")
                mailer.send.assert_called_once  # one mail
                            ^^^^^^^^^^^^^^^^^^ This assertion never runs: `assert_called_once` is not called
            """,
            fixed="""
            def test_sends_mail(mailer):
                order("🍎")
                mailer.send.assert_called_once()  # one mail
            """,
        ),
        Good(
            """
            def test_sends_mail(mailer):
                order("🍎")
                mailer.send.assert_called_once()
            """
        ),
        Bad(
            """
            def test_sends_no_mail(mailer):
                cancel_order()
                assert mailer.send.assert_not_called
                                   ^^^^^^^^^^^^^^^^^ This assertion never runs: `assert_not_called` is not called
            """,
            fixed="""
            def test_sends_no_mail(mailer):
                cancel_order()
                mailer.send.assert_not_called()
            """,
            why="A method is always true.",
        ),
        Bad(
            """
            def test_sends_no_mail(mailer):
                cancel_order()
                assert mailer.send.assert_not_called, "a mail was sent"
                                   ^^^^^^^^^^^^^^^^^ This assertion never runs: `assert_not_called` is not called
            """,
            why="The call would leave no place for the message, so there is no fix.",
        ),
        Bad(
            """
            def test_sends_mail(mailer):
                order()
                mailer.send.assert_called_with
                            ^^^^^^^^^^^^^^^^^^ This assertion never runs: `assert_called_with` is not called
            """,
            fixed="""
            def test_sends_mail(mailer):
                order()
                mailer.send.assert_called_with()
            """,
            why="What it should have been called with has to be filled in.",
        ),
        Good(
            """
            import pytest

            def test_sends_mail(mailer, retry):
                retry(mailer.send.assert_called_once)
                check = mailer.send.assert_called_once
                check()
                with pytest.raises(AssertionError):
                    mailer.send.assert_not_called()
            """,
            why="A method that is handed on can be called elsewhere.",
        ),
        Good(
            """
            def test_sends_mail(mailer):
                mailer.send.assert_called_once  # noqa: PGH005
            """,
            why="Somebody has told another linter.",
        ),
    )

    @on_function(*RUN_BY_PYTEST, FunctionKind.HELPER)
    def check(self, ctx: Context, function: Function) -> None:
        """Look at the attributes of a function whose text speaks of mocks."""
        if mock_words(ctx):
            for node in function.bag.get(ast.Attribute, ()):
                assert isinstance(node, ast.Attribute)
                self.check_attribute(ctx, node)

    def check_attribute(self, ctx: Context, node: ast.Attribute) -> None:
        """Report a mock's assertion that is only named."""
        name = node.attr
        if not name.startswith("assert_") or name not in MOCK_ASSERTIONS:
            return
        found = use(ctx, node)
        if found is None or found[1] is not None:
            return
        around = found[0]
        if isinstance(around, ast.Expr) and ctx.settings.reported_by_ruff(ctx.path, *self.ruff):
            return
        if silenced_elsewhere(ctx, around, self.ruff):
            return
        message = f"This assertion never runs: `{name}` is not called"
        if isinstance(around, ast.Assert) and around.msg is not None:
            fixes = []
        elif name in _WITHOUT_ARGUMENTS:
            fixes = [unsafe("Make this assertion run", lambda: run_assertion(ctx, node, name), preferred=True)]
        else:
            fixes = [manual("Call this assertion", lambda: run_assertion(ctx, node, name))]
        ctx.report(attribute_range(ctx, node), message, fixes=fixes)
