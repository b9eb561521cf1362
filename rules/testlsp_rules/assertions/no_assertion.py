from __future__ import annotations

import ast
import re

from testlsp.lint import Bad, Context, Good, Rule, on_function
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.graph import Site
from testlsp.text import TextRange
from testlsp.text.patterns import pattern

from testlsp_rules.assertions._checks import can_fail, is_smoke_test, marks
from testlsp_rules.assertions._endings import is_nothing, last_act, unchecked

_BY_INTENT = pattern(
    r"rais|no_?error|without_?error|error_?free|crash|smoke|import|instantiat|construct|init|no_?exception|no_?fail|"
    r"(does|do|is|should)_?(not|nt)|doesnt|warn|accept|allow|compil|noop|no_op|nothing|benchmark|perf|dummy|valid|can_|"
    r"safe|hang|deadlock|leak|timeout|toleran|ignor|succe|pass|optional|fallback|malformed|bad_",
    re.I,
)
_SAYS_IT_WORKS = pattern(
    r"should (succeed|work|not|be)|n't|not (raise|fail|crash)|no (error|exception|warning)|without|crash|recursion|deadlock|hang|seg_?fault|"
    r"smoke|simply|just|regression|issue|bug|bpo|gh-?\d|\bworks?\b",
    re.I,
)
"""What comments and docstrings say where that nothing is raised is what is tested."""

_COMMENT = pattern("#.*")

_PLACEHOLDER = pattern(
    r"test_?(\d+|[a-z]|foo|bar|it|me|one|two|func|function|mark|pass|sample|hello\w*|example|empty|noop)?(_test)?", re.I
)
"""Names that say nothing: such tests are input for somebody's test runner."""

_HARMLESS_MARKS = pattern(
    r"pytest\.mark\.(?!skip|xfail|smoke|.*(image|snapshot|bench|regress|check|approv|golden|mpl|schema|todo))\w+"
    r"|(unittest\.)?(mock\.)?patch(\.object|\.dict|\.multiple)?|mock_\w+|override_settings|freeze_time"
)
_PLAIN_BASES = frozenset(
    "builtins.object unittest.TestCase unittest.IsolatedAsyncioTestCase django.test.TestCase django.test.SimpleTestCase "
    "django.test.TransactionTestCase".split()
)


class NoAssertion(Rule):
    """Has nothing that could fail when the code under test gives a wrong answer.

    A call without an assertion is often a test in its own right: it says that
    the call does not raise. So this rule only speaks where that cannot be what
    is meant: the test is empty, or it ends by computing something that it
    prints, compares or keeps in a name, and never checks, or with a request
    whose answer it throws away. Helpers are followed,
    in other files too; fixtures that check, snapshots, benchmarks, and tests
    whose name says that something does not fail, are left alone.
    """

    code = "TL310"
    since = "0.1"
    message = "Nothing in this test can fail"
    options = ("assertion-helpers", "assertion-fixtures", "smoke-markers")
    related = ("B018 (ruff)", "F841 (ruff)", "S2699 (SonarPython)")
    source = "https://github.com/pytest-dev/pytest/issues/2706"
    examples = (
        Bad(
            """
            def test_total(cart):
                cart.add("🍎", 3)
                total = cart.total()
                ^^^^^ `total` is never checked, and nothing else in this test can fail on a wrong answer
            """,
        ),
        Good(
            """
            def test_total(cart):
                cart.add("🍎", 3)
                total = cart.total()
                assert total == 3
            """
        ),
        Bad(
            """
            def test_total():
                ^^^^^^^^^^ This test is empty: it always passes
                \"\"\"The total counts each piece.\"\"\"
                pass
            """,
        ),
        Bad(
            """
            from app import Cart

            async def test_total():
                cart = Cart()
                print(await cart.total())
                ^^^^^^^^^^^^^^^^^^^^^^^^^ The result is only printed, and nothing in this test can fail on a wrong answer
            """,
        ),
        Bad(
            """
            def test_total(cart, caplog):
                with caplog.at_level(10):
                    total = cart.total()
                    ^^^^^ `total` is never checked, and nothing else in this test can fail on a wrong answer
                    print("total", total)
            """,
            why="Printing is no check.",
        ),
        Bad(
            """
            async def test_order(client):
                await client.post("/orders", json={"sku": "🍎"})
                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Nobody looks at the answer, and nothing else in this test can fail on a wrong answer
            """,
            why="An error is an answer, too.",
        ),
        Good(
            """
            def test_opens_twice(shop):
                shop.open()
                shop.open()
            """,
            why="That nothing is raised can be all that is meant.",
        ),
        Good(
            """
            def test_total_does_not_raise(cart):
                total = cart.total()
            """,
            why="The name says what is tested.",
        ),
        Good(
            """
            def test_total(cart):
                # an empty cart should work, too
                total = cart.total()

            def test_fallback():
                \"\"\"
                The fallback.

                It must not fail.
                \"\"\"
                parser = make_parser()
            """,
            why="So does a comment or the docstring.",
        ),
        Good(
            """
            def test_total():
                \"\"\"
                >>> Cart().total()
                0
                \"\"\"
            """,
            why="The docstring is the test.",
        ),
        Good(
            """
            from helpers import look_at

            def test_total(cart):
                look_at(cart)
                total = cart.total()
            """,
            files={
                "tests/helpers.py": "from inner import compare as look_at\n",
                "tests/inner.py": "def compare(cart):\n    assert cart.total() == 3\n",
            },
            why="A helper in another file asserts.",
        ),
        Good(
            """
            class TestCart:
                def outcome(self, cart):
                    return self.compared(cart)

                def compared(self, cart):
                    assert cart.total() == 3

                def test_total(self, cart):
                    total = self.outcome(cart)
            """,
            why="A method two calls away asserts.",
        ),
        Good(
            """
            def test_total(cart):
                total = cart.total()
            """,
            files={
                "tests/conftest.py": """
                import pytest

                @pytest.fixture
                def cart():
                    made = Cart()
                    yield made
                    assert made.counted
                """
            },
            why="The fixture asserts at its end.",
        ),
        Good(
            """
            def test_total(benchmark, cart):
                total = benchmark(cart.total)
            """,
            why="A benchmark measures.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.skip(reason="not written yet")
            def test_total():
                pass

            @pytest.mark.smoke
            def test_page(client):
                page = client.get("/")
            """,
            why="Skipped tests and smoke tests may have nothing to check.",
        ),
        Good(
            """
            def test_connects(database):
                pass
            """,
            why="Setting up the fixture is the test.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.usefixtures("database")
            def test_connects():
                pass

            class TestSchema:
                def setup_method(self):
                    create_schema()

                def test_can_be_created_again(self):
                    pass
            """,
            files={"tests/conftest.py": "import pytest\n\n@pytest.fixture\ndef database():\n    return connect()\n"},
            why="What runs before the test is what is tested.",
        ),
        Good(
            """
            def test_1():
                pass
            """,
            path="samples/test_one.py",
            why="A name that says nothing: input for a test runner's own tests.",
        ),
        Good(
            """
            from base import CartContract

            class TestBasket(CartContract):
                def test_total(self):
                    pass
            """,
            why="An inherited test is turned off.",
        ),
        Good(
            """
            from hypothesis import given, strategies as st

            @given(st.text())
            def test_parse(text):
                parsed = parse(text)
            """,
            why="That no input makes it raise is a property; other decorators can check, too.",
        ),
        Good(
            """
            def test_total(cart):
                _ = cart.total()

            def test_keeps_open(shop):
                held = shop.hold()
                shop.close_all()

            def test_passes_on(cart, look_at):
                total = cart.total()
                look_at(total)
            """,
            why="Thrown away on purpose; kept alive for what follows; handed on.",
        ),
        Good(
            """
            import unittest

            class TestCart(unittest.TestCase):
                def tearDown(self):
                    self.assertTrue(self.cart.counted)

                def test_total(self):
                    total = self.cart.total()
            """,
            why="What runs behind the test asserts.",
        ),
        Bad(
            """
            import unittest

            class TestCart(unittest.TestCase):
                def tearDown(self):
                    self.cart.close()

                def test_total(self):
                    total = self.cart.total()
                    ^^^^^ `total` is never checked, and nothing else in this test can fail on a wrong answer
            """,
            why="Clean-up checks nothing.",
        ),
        Good(
            """
            def test_total(cart, expectation):
                with expectation:
                    total = cart.total()
            """,
            why="The context is handed in and may be `pytest.raises(...)`.",
        ),
        Good(
            """
            def test_total(cart):
                total = cart.total()
                return total
            """,
            why="pytest itself complains about tests that return something.",
        ),
        Good(
            """
            from contextlib import nullcontext as does_not_raise

            def test_total(cart):
                with does_not_raise():
                    total = cart.total()
            """,
            why="That nothing is raised is said outright.",
        ),
        Good(
            """
            import numpy as np
            import pandas as pd
            import pytest

            def test_raises(cart):
                with pytest.raises(ValueError):
                    total = cart.total("-1")

            def test_warns(cart):
                with pytest.warns(UserWarning):
                    total = cart.total("1")

            def test_mock(cart, mailer):
                mailer.send.assert_not_called()
                total = cart.total()

            def test_arrays(cart):
                np.testing.assert_allclose(cart.prices(), [1.0, 2.0])
                total = cart.total()

            def test_frames(cart):
                pd.testing.assert_frame_equal(cart.frame(), cart.other())
                total = cart.total()
            """,
            why="`raises` and `warns` check, so do the assertions of mocks, of numpy and of pandas.",
        ),
        Good(
            """
            def test_page(client, snapshot):
                page = client.get("/")

            def test_request(client, httpx_mock):
                answer = client.fetch("/")
            """,
            why="Snapshots compare, and the fixture of pytest-httpx fails the test when an answer is not asked for.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.xfail(reason="not written yet")
            def test_total(cart):
                total = cart.total()

            def test_discount(cart):
                total = cart.total()
                pytest.skip("no discounts yet")
            """,
            why="An expected failure, and a test that skips itself.",
        ),
        Good(
            """
            from shop.testing import verify_total

            def test_total(cart):
                total = verify_total(cart)

            class TestCart:
                def test_discount(self, cart):
                    total = self._assert_discount(cart)
            """,
            why="Names of helpers that nobody can follow say that they check.",
        ),
        Good(
            """
            def test_html(client):
                "No infinite recursion occurs."
                client.get("/html")

            def test_order(client, mails):
                client.post("/orders")
                assert mails == ["Thank you"]

            def test_logs(client, caplog, cache):
                client.get(caplog)
                cache.get("/key")
            """,
            why="It says that it works at all, something else is checked, or it is no request.",
        ),
        Good(
            """
            from shop.testing import must_be

            def test_total(cart):
                total = must_be(cart, 3)
            """,
            settings={"assertion_helpers": ["must_*"]},
            why="The project says what its helpers are called.",
        ),
        Good(
            """
            import asyncio
            from app import Order

            def test_coroutine(shop):
                async def main():
                    assert await shop.total() == 3

                done = asyncio.run(main())

            def test_callback(bus):
                def listen(event):
                    assert event.name == "paid"

                bus.listen(listen)
                fired = bus.fire()

            def test_domain_method():
                order = Order()
                done = order.assert_complete()

            class TestCart:
                def test_add(self, cart):
                    cart.add("apple")
                    assert cart.items == ["apple"]

                def test_add_again(self, cart):
                    again = self.test_add(cart)
            """,
            why="Assertions may live in a nested coroutine, a callback, a method of the domain, another test.",
        ),
        Good(
            """
            import pytest
            from app import Cart, app

            @pytest.fixture
            def test_cart():
                cart = Cart()
                return cart

            def test_server(client):
                @app.get("/total")
                def test_view():
                    total = Cart().total()

                assert client.get("/total").ok

            @app.get("/test")
            def test_page():
                page = Cart().page()
            """,
            why="Fixtures and route handlers may be called `test_*`, too.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.sanity
            def test_total(cart):
                total = cart.total()
            """,
            settings={"smoke_markers": ["sanity"]},
            why="how the project marks tests that only see whether something runs",
        ),
        Good(
            """
            def test_total(cart, golden):
                total = cart.total()
            """,
            settings={"assertion_fixtures": ["golden"]},
            why="a fixture that compares by itself",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report an empty test, and one that ends with a result it does not check."""
        assert function.node is not None
        if ast.Assert in function.bag or ast.Raise in function.bag or not _stands_alone(ctx, function):
            return
        body = [node for node in function.node.body if not is_nothing(node)]
        source = ctx.source_of(function.node)
        if not body:
            if ">>>" not in source:
                self._check_empty(ctx, function)
            return
        if ast.Yield in function.bag or ast.Return in function.bag or _BY_INTENT.search(function.name):
            return
        prose = [ast.get_docstring(function.node, clean=False) or "", *_COMMENT.findall(source)]
        if any(_SAYS_IT_WORKS.search(text) for text in prose):
            return
        found = unchecked(ctx, last_act(ctx, body))
        if found is not None and not _is_marked(ctx) and not is_smoke_test(ctx) and not can_fail(ctx):
            ctx.report(*found)

    def _check_empty(self, ctx: Context, function: Function) -> None:
        assert function.node is not None
        requested = function.params[1 if function.class_info else 0 :]
        if requested or _PLACEHOLDER.fullmatch(function.name) or _is_set_up(ctx, function):
            return
        if _is_marked(ctx) or is_smoke_test(ctx):
            return
        start = ctx.statement.text.index(function.name, ctx.statement.range(function.node).start + len("def "))
        ctx.report(TextRange(start, start + len(function.name)), "This test is empty: it always passes")


def _is_set_up(ctx: Context, function: Function) -> bool:
    """Whether something runs before the test, which may be what is tested."""
    if function.class_info and any(
        other.kind in {FunctionKind.XUNIT, FunctionKind.FIXTURE} for other in ctx.model.functions_of(ctx.statement)
    ):
        return True
    graph = ctx.graph
    return graph is None or len(graph.closure(Site(ctx.path, function.chain, function.name))) > 0


def _is_marked(ctx: Context) -> bool:
    """Whether a decorator skips the test, or may check something itself."""
    return not all(_HARMLESS_MARKS.fullmatch(name) for name in marks(ctx))


def _stands_alone(ctx: Context, function: Function) -> bool:
    """Whether the test's class inherits from nothing that may check or replace something, and nobody inherits it."""
    info = function.class_info
    while info is not None:
        for base in info.node.bases:
            if ctx.model.qualified_name(base) not in _PLAIN_BASES:
                return False
        if any(info.name in binding.bases for binding in ctx.model.names.table.values()):
            return False
        info = info.parent
    return True
