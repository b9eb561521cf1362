from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rule, on_effect
from testlsp.lint.context import safe, unsafe
from testlsp.lint.patching import Form, form_for, with_parameter
from testlsp.rewrite import replace_statement
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import FunctionKind

from testlsp_rules.process_state._leaks import is_leak, put_back_at_once, put_back_later


class LoggingGlobal(Rule):
    """Changes a logger that everybody shares, or logging as a whole, and never changes it back for certain.

    `logging.getLogger` gives the same logger to all tests of the process. A level
    that stays hides or adds records in later tests, a handler that stays writes to
    what is closed by then, and after `logging.disable` later tests that look at
    their log see nothing. `caplog.set_level` sets the level back when the test ends.

    Fix safety: unsafe in a test that uses `caplog` already, because `set_level` also
    sets the level of what `caplog` records.
    """

    code = "TL213"
    since = "0.1"
    words = ("logging", "setLevel", "addHandler", "removeHandler", "disable", "propagate")
    message = "A logger that all tests share is changed here and never changed back"
    related = ("pytest-hygiene, when the tests run",)
    source = "https://docs.pytest.org/en/stable/how-to/logging.html#caplog-fixture"
    examples = (
        Bad(
            """
            import logging
            import shop

            def test_order(basket):
                logging.getLogger("shop").setLevel(logging.DEBUG)  # 🪵
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ The level of a logger that all tests share is set here and never set back
                assert shop.order(basket)
            """,
            fixed="""
            import logging
            import shop

            def test_order(basket, caplog):
                caplog.set_level(logging.DEBUG, logger="shop")  # 🪵
                assert shop.order(basket)
            """,
        ),
        Good(
            """
            import logging
            import shop

            def test_order(basket, caplog):
                caplog.set_level(logging.DEBUG, logger="shop")
                assert shop.order(basket)
            """
        ),
        Bad(
            """
            import logging
            from shop.orders import logger

            root = logging.getLogger()

            def test_order(caplog, order):
                root.setLevel(logging.DEBUG)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ The level of a logger that all tests share is set here and never set back
                logger.setLevel("INFO")
                ^^^^^^^^^^^^^^^^^^^^^^^ The level of a logger that all tests share is set back only if nothing fails before
                assert order()
                logger.setLevel(logging.NOTSET)
            """,
            fixed="""
            import logging
            from shop.orders import logger

            root = logging.getLogger()

            def test_order(caplog, order):
                caplog.set_level(logging.DEBUG)
                caplog.set_level("INFO", logger=logger.name)
                assert order()
                logger.setLevel(logging.NOTSET)
            """,
            why="unsafe here: what `caplog` records changes, too",
        ),
        Bad(
            """
            import logging
            import unittest

            class OrderTest(unittest.TestCase):
                def setUp(self):
                    logging.disable(logging.CRITICAL)
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Logging is switched off here for all tests and never on again
                    logging.getLogger().addHandler(Handler())
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ A handler is added here to a logger that all tests share and never removed

                def test_order(self):
                    self.assertTrue(order())
            """,
        ),
        Good(
            """
            import logging
            import pytest
            import unittest

            @pytest.fixture
            def handler():
                made = Handler()
                logging.getLogger().addHandler(made)
                yield made
                logging.getLogger().removeHandler(made)

            class OrderTest(unittest.TestCase):
                def setUp(self):
                    logging.disable(logging.CRITICAL)
                    root = logging.getLogger()
                    self.addCleanup(root.setLevel, root.level)
                    root.setLevel(logging.DEBUG)

                def tearDown(self):
                    logging.disable(logging.NOTSET)

                def test_order(self):
                    self.assertTrue(order())
            """,
            why="changed back in the tear-down",
        ),
        Good(
            """
            import logging

            own = logging.getLogger(__name__)

            def test_format(formatter, handler):
                logger = logging.getLogger("test_format")
                logger.setLevel(logging.DEBUG)
                other = logging.Logger("order")
                other.addHandler(handler)
                own.setLevel(logging.INFO)
                logging.getLogger("unique").setLevel(logging.INFO)
                handler.setLevel(logging.INFO)
                assert formatter(logger)
            """,
            why="loggers that the test makes for itself, or that may be its own",
        ),
        Good(
            """
            import logging

            def test_order(order):
                logging.disable(logging.NOTSET)
                logging.getLogger().setLevel(logging.DEBUG)
                assert order()
            """,
            files={
                "tests/conftest.py": """
                import logging
                import pytest

                @pytest.fixture(autouse=True)
                def keep_level():
                    before = logging.root.level
                    yield
                    logging.root.setLevel(before)
                """
            },
            why="a fixture sets it back; nothing is disabled",
        ),
    )

    @on_effect(EffectKind.LOGGING)
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a change that nothing takes back, or only a statement that may not be reached."""
        if effect.method == "removeHandler" or _is_default(effect):
            return
        if not is_leak(ctx, effect) or put_back_at_once(ctx, effect):
            return
        later = put_back_later(ctx, effect)
        what = (effect.target or "").partition(":")[0]
        ctx.report(effect.node, _MESSAGES[what][later], fixes=_fixes(ctx, effect) if what == "level" else ())


_MESSAGES = {
    "level": (
        "The level of a logger that all tests share is set here and never set back",
        "The level of a logger that all tests share is set back only if nothing fails before",
    ),
    "handlers": (
        "A handler is added here to a logger that all tests share and never removed",
        "The handler is removed from a logger that all tests share only if nothing fails before",
    ),
    "logging.disable": (
        "Logging is switched off here for all tests and never on again",
        "Logging is switched on again only if nothing fails before",
    ),
}


def _is_default(effect: Effect) -> bool:
    """Whether the level is the one that a logger has before anybody sets it."""
    value = effect.value
    return getattr(value, "attr", getattr(value, "id", "")) == "NOTSET" or (
        isinstance(value, ast.Constant) and value.value == 0
    )


def _fixes(ctx: Context, effect: Effect) -> list[Fix]:
    whole, value, logger = effect.whole, effect.value, effect.container
    function = effect.function
    if whole is None or value is None or logger is None or function.kind is FunctionKind.NESTED:
        return []
    if form_for(ctx, function, "caplog") is not Form.FIXTURE:
        return []
    used = "caplog" in function.outermost.params
    name = (effect.target or "").partition(":")[2]
    asked = isinstance(logger, ast.Call) and bool(logger.args)

    def line() -> str:
        of = f", logger={ctx.source_of(logger.args[0])}" if isinstance(logger, ast.Call) and asked else ""
        if not asked and name:
            of = f", logger={ctx.source_of(logger)}.name"
        return f"caplog.set_level({ctx.source_of(value)}{of})"

    grade = unsafe if used else safe
    return [
        grade(
            "Use `caplog.set_level`",
            lambda: with_parameter(ctx, replace_statement(ctx.statement, whole, line()), "caplog", function),
        )
    ]
