from __future__ import annotations

import ast
import re

from testlsp.lint import Bad, Context, Good, Rule, on_function
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.mocks import MOCK_ASSERTIONS
from testlsp.text.patterns import pattern

from testlsp_rules.assertions._checks import can_fail
from testlsp_rules.assertions._claims import below

_RECORDS = frozenset(
    "called call_count call_args call_args_list mock_calls method_calls await_count await_args".split()
)
_ADAPTER = pattern(r"adapter|gateway|wrapper|proxy|facade|forward|delegat", re.I)
_OUTPUT = pattern(r"print|log|warn|write|stdout|stderr|emit|echo", re.I)


class MockOnly(Rule):
    """Checks which calls were made to mocks, and no outcome.

    Such a test repeats the code under test line by line: it breaks with every
    change of how the work is done, and stays green when the result is wrong.

    Off by default: for adapters, whose outcome is the call they make, it is the
    right kind of test, and which code is an adapter can only be told where the test
    calls it one.
    """

    code = "TL319"
    since = "0.1"
    message = "Only calls to mocks are checked, and no outcome"
    default = False
    related = ("TL318",)
    source = "https://martinfowler.com/articles/mocksArentStubs.html"
    examples = (
        Bad(
            """
            def test_checkout(mailer, shop):
                shop.checkout("🍎")
                mailer.send.assert_called_once_with("🍎")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert mailer.send.call_count == 1
            """
        ),
        Good(
            """
            def test_checkout(mailer, shop):
                order = shop.checkout("🍎")
                mailer.send.assert_called_once_with("🍎")
                assert order.paid
            """
        ),
        Good(
            """
            def test_checkout(shop):
                shop.checkout("apple")

            def test_calls(shop, mailer):
                order = shop.checkout("apple")
                mailer.send.assert_called_once()
                assert order.calls == 3

            def test_prints(shop, mock_print):
                shop.checkout("apple")
                mock_print.assert_called_once_with("paid")
            """,
            why="Nothing is asked of a mock, or something of another object, too; and what is printed is an outcome.",
        ),
        Good(
            """
            from app.mail import MailAdapter

            def test_mail_adapter(smtp):
                MailAdapter(smtp).send("ada")
                smtp.sendmail.assert_called_once_with("ada")

            def test_forwards(smtp):
                gateway = make_gateway(smtp)
                gateway.send("ada")
                smtp.sendmail.assert_called_once_with("ada")
            """,
            why="The call is what an adapter is for.",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report the first of several assertions that are all about calls."""
        text = ctx.statement.text
        if ".assert_" not in text or _ADAPTER.search(text):
            return
        asked: list[ast.Call] = []
        for node in function.bag.get(ast.Call, ()):
            assert isinstance(node, ast.Call)
            if isinstance(node.func, ast.Attribute) and node.func.attr in MOCK_ASSERTIONS:
                asked.append(node)
        if not asked or any(_OUTPUT.search(ctx.source_of(node.func)) for node in asked):
            return
        others = [node for node in function.bag.get(ast.Assert, ()) if isinstance(node, ast.Assert)]
        if not all(_is_record(node.test) for node in others):
            return
        if not can_fail(ctx, *asked, *others):
            ctx.report(asked[0])


def _is_record(test: ast.expr) -> bool:
    """Whether *test* asks a mock what it was called with."""
    return any(isinstance(part, ast.Attribute) and part.attr in _RECORDS for part in below(test))
