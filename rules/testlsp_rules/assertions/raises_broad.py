from __future__ import annotations

import ast
import re

from testlsp.lint import Bad, Context, Good, Rule, on_function
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.names import dotted
from testlsp.semantic.raises import BROAD, Expectation, expectation_of, raises_blocks
from testlsp.text.patterns import pattern

from testlsp_rules.assertions._peers import silenced_elsewhere

_NAMES = frozenset({"raises", "assertRaises"})
_SPEAKS_OF_ERRORS = pattern(r"rais|exception|error|fail|throw", re.I)
_SIGNALS = frozenset(
    {"KeyboardInterrupt", "SystemExit", "GeneratorExit", "CancelledError", "exit", "raise_signal", "kill"}
)


class RaisesBroad(Rule):
    """Expects any exception at all, so that a typo in the test satisfies it.

    `NameError`, `TypeError` for a wrong argument and a failed `assert` are all
    instances of `Exception`: the test stays green when the code under test is
    never reached. Name the exception that the code promises, or ask for its
    message with `match=`. A test that looks at the exception afterwards, or
    that raises `Exception` itself to see it pass through, is left alone.
    """

    code = "TL311"
    since = "0.1"
    words = ("raises", "assertRaises")
    message = "`Exception` also covers mistakes in the test itself; expect the specific exception, or add `match=`"
    ruff = ("B017", "PT011")
    related = ("B017 (ruff)", "PT011 (ruff)", "S5958 (SonarPython)")
    source = "https://docs.pytest.org/en/stable/how-to/assert.html#assertions-about-expected-exceptions"
    examples = (
        Bad(
            """
            import pytest

            def test_negative_amount(account):
                with pytest.raises(Exception):
                     ^^^^^^^^^^^^^^^^^^^^^^^^
                    account.withdraw(-1)
            """,
        ),
        Good(
            """
            import pytest

            def test_negative_amount(account):
                with pytest.raises(ValueError, match="negative"):
                    account.withdraw(-1)
            """
        ),
        Bad(
            """
            import pytest

            def test_negative_amount(account):
                with pytest.raises(expected_exception=(ValueError, BaseException), match=".*"):
                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `BaseException` also covers mistakes in the test itself; expect the specific exception, or add `match=`
                    account.withdraw(-1)
            """,
            why="One broad type in a tuple is enough, and a pattern that matches everything narrows nothing.",
        ),
        Bad(
            """
            import pytest

            def test_negative_amount(account):
                pytest.raises(Exception, account.withdraw, "💸")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            why="The form with a function.",
        ),
        Bad(
            """
            import pytest

            def test_negative_amount(account):
                with pytest.raises():
                     ^^^^^^^^^^^^^^^ `pytest.raises` needs the exception to expect, or `match=`
                    account.withdraw(-1)
            """,
        ),
        Bad(
            """
            import unittest

            class TestAccount(unittest.TestCase):
                def test_negative_amount(self):
                    with self.assertRaises(Exception):
                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                        Account().withdraw(-1)
            """,
        ),
        Good(
            """
            import pytest

            def test_negative_amount(account):
                with pytest.raises(Exception) as caught:
                    account.withdraw(-1)
                assert "negative" in str(caught.value)
            """,
            why="What is raised is looked at afterwards, which is as good as `match=`.",
        ),
        Good(
            """
            import pytest

            def test_any_error(account):
                caught = pytest.raises(Exception, account.withdraw, -1)
                assert caught.type is ValueError
            """,
            why="The result of the call is looked at.",
        ),
        Good(
            """
            import pytest

            def test_rolls_back(session):
                with pytest.raises(Exception):
                    with session.begin():
                        raise Exception("boom")
            """,
            why="The test raises exactly this exception itself.",
        ),
        Good(
            """
            import pytest

            def test_gives_up(client, mocker):
                mocker.patch("app.fetch", side_effect=Exception)
                with pytest.raises(Exception):
                    client.load()
            """,
            why="A stand-in raises exactly this exception.",
        ),
        Good(
            """
            import pytest, signal

            def test_interrupt(worker):
                with pytest.raises(BaseException):
                    signal.raise_signal(signal.SIGINT)
            """,
            why="Signals arrive as exceptions outside `Exception`.",
        ),
        Good(
            """
            import pytest
            from app.errors import Exception

            def test_negative_amount(account):
                with pytest.raises(Exception):
                    account.withdraw(-1)
            """,
            why="The name is not the builtin one.",
        ),
        Good(
            """
            import pytest

            def test_import_error(tmp_path):
                (tmp_path / "broken.py").write_text("raise Exception")
                with pytest.raises(Exception):
                    load(tmp_path / "broken.py")
            """,
            why="A file written by the test raises exactly this exception.",
        ),
        Good(
            """
            import pytest

            def test_negative_amount(account):
                with pytest.raises(Exception):  # noqa: B017 - the driver's own
                    account.withdraw(-1)
            """,
            why="Somebody has thought about it and told another linter.",
        ),
        Good(
            """
            import pytest

            def test_closed(driver):
                driver.close()
                # What is raised depends on the platform,
                # any of it will do.
                with pytest.raises(Exception):
                    driver.send("x")
            """,
            why="A comment says why any exception is good enough.",
        ),
        Good(
            """
            import pytest

            def test_negative_amount(account):
                with pytest.raises(Exception) as bucket["error"]:
                    account.withdraw(-1)
            """,
            why="Where the exception goes cannot be followed.",
        ),
        Good(
            """
            import pytest

            def test_negative_amount(account):
                with pytest.raises(Exception, check=lambda error: error.code == 7):
                    account.withdraw(-1)
            """,
            why="A check narrows it down.",
        ),
    )

    @on_function(FunctionKind.TEST, FunctionKind.NESTED)
    def check(self, ctx: Context, function: Function) -> None:
        """Look at the calls of a function whose text speaks of broad exceptions."""
        memo = ctx.statement.memo
        if "broad words" not in memo:
            text = ctx.statement.text
            memo["broad words"] = "aises" in text and ("Exception" in text or "raises()" in text)
        if memo["broad words"]:
            for node in function.bag.get(ast.Call, ()):
                assert isinstance(node, ast.Call)
                self.check_call(ctx, node)

    def check_call(self, ctx: Context, node: ast.Call) -> None:
        """Report an expectation that any exception meets."""
        target = node.func
        if (target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")) not in _NAMES:
            return
        found = expectation_of(node, ctx.function, ctx.model)
        if found is None or found.narrowed:
            return
        if not found.types:
            if found.of_pytest and not node.args and not node.keywords:
                ctx.report(node, "`pytest.raises` needs the exception to expect, or `match=`")
            return
        broad = next((item for item in found.types if ctx.qualified_name(item) in BROAD), None)
        if broad is None or _deferred(ctx, found) or silenced_elsewhere(ctx, node, self.ruff):
            return
        if not _explained(ctx, node) and not _deliberate(ctx, broad) and not _looked_at(ctx, found):
            ctx.report(node, self.message.replace("Exception", dotted(broad) or "Exception", 1))


def _deferred(ctx: Context, found: Expectation) -> bool:
    codes = ("B017", "PT011") if found.of_pytest else ("B017",)
    return ctx.settings.reported_by_ruff(ctx.path, *codes)


def _explained(ctx: Context, node: ast.Call) -> bool:
    """Whether the comment directly above speaks of what is raised."""
    text = ctx.statement.text
    line_start = text.rfind("\n", 0, ctx.statement.range(node).start)
    while line_start > 0:
        before = text.rfind("\n", 0, line_start)
        line = text[before + 1 : line_start].strip()
        if not line.startswith("#"):
            return False
        if _SPEAKS_OF_ERRORS.search(line):
            return True
        line_start = before
    return False


def _deliberate(ctx: Context, broad: ast.expr) -> bool:
    """Whether the test raises this very exception itself, or is about signals."""
    if f"raise {dotted(broad)}" in ctx.statement.text:
        return True
    for function in ctx.function.outermost.within():
        for node in function.bag.get(ast.Name, ()):
            assert isinstance(node, ast.Name)
            if node.id in _SIGNALS:
                return True
            if node is not broad and node.id == getattr(broad, "id", "") and not _only_named(function, node):
                return True
        for node in function.bag.get(ast.Attribute, ()):
            assert isinstance(node, ast.Attribute)
            if node.attr in _SIGNALS:
                return True
    return False


def _only_named(function: Function, node: ast.Name) -> bool:
    """Whether *node* is what another expectation or an ``except`` names, and not an exception that is raised."""
    parent = function.parents.get(node)
    if isinstance(parent, ast.Tuple | ast.keyword):
        parent = function.parents.get(parent)
    if isinstance(parent, ast.Call):
        name = (dotted(parent.func) or "").rpartition(".")[2]
        return name in {"raises", "assertRaises", "assertRaisesRegex", "suppress", "isinstance", "issubclass"} and (
            node is not parent.func
        )
    return isinstance(parent, ast.ExceptHandler | ast.arg)


def _looked_at(ctx: Context, found: Expectation) -> bool:
    """Whether something is done with the exception that was caught."""
    for block in raises_blocks(ctx.function, ctx.model):
        if block.item.context_expr is not found.call:
            continue
        if block.info is None:
            return block.item.optional_vars is not None
        return any(
            isinstance(node, ast.Name)
            and node.id == block.info
            and isinstance(node.ctx, ast.Load)
            and not _shown(ctx, node)
            for node in ctx.function.bag.get(ast.Name, ())
        )
    return not isinstance(ctx.parent(found.call), ast.Expr | ast.withitem)


def _shown(ctx: Context, node: ast.Name) -> bool:
    """Whether *node* is only printed."""
    for ancestor in ctx.ancestors(node):
        if isinstance(ancestor, ast.Call) and ctx.qualified_name(ancestor.func) == "builtins.print":
            return True
        if isinstance(ancestor, ast.stmt):
            return False
    return False
