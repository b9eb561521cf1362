from __future__ import annotations

import ast
import re
from typing import NamedTuple

from testlsp.lint import Bad, Context, Fix, Good, Rule, Severity, on
from testlsp.lint.context import unsafe
from testlsp.lint.diagnostic import Rewrite
from testlsp.rewrite import replace_statement, unwrap_block
from testlsp.semantic.functions import FunctionKind
from testlsp.semantic.names import dotted
from testlsp.semantic.raises import BROAD
from testlsp.text import TextRange

from testlsp_rules.assertions._claims import below
from testlsp_rules.assertions._peers import silenced_elsewhere

_CATCHES_ASSERTS = BROAD | {"builtins.AssertionError"}
_SPECIAL = re.compile(
    r"KeyboardInterrupt|SystemExit|Cancelled|Timeout|Exit$|Outcome|Failed|Skip|Empty$|Recursion|StopIteration|StopAsync",
    re.I,
)

_TOLERATES = re.compile(r"#.*\b(?:usually|may|might|already|sometimes|either|races?|quick\w*|ok|okay|fine)\b", re.I)
"""What comments say where both outcomes are right."""


class TryFail(Rule):
    """Builds with `try` what pytest has already: a failure for an exception, or for a missing one.

    An exception fails a test by itself, and shows where it came from; that one
    must be raised is what `pytest.raises` says. And where the assertion stands
    in the `except` alone, the test passes when nothing is raised at all.

    Fix safety: the message that was written for the failure goes, and so do
    comments in the handler.
    """

    code = "TL315"
    since = "0.1"
    message = "`pytest.raises` says this"
    ruff = ("PT017",)
    related = ("PT017 (ruff)", "S8714 (SonarPython)", "TL314")
    source = "https://docs.pytest.org/en/stable/how-to/assert.html#assertions-about-expected-exceptions"
    examples = (
        Bad(
            """
            import pytest

            def test_withdraw(account):
                try:
                ^^^ An exception fails the test by itself, and shows where it came from
                    account.withdraw(1)  # 🍎
                except ValueError as error:
                    pytest.fail(f"raised {error}")
                assert account.total == 3
            """,
            fixed="""
            import pytest

            def test_withdraw(account):
                account.withdraw(1)  # 🍎
                assert account.total == 3
            """,
        ),
        Good(
            """
            def test_withdraw(account):
                account.withdraw(1)  # 🍎
                assert account.total == 3
            """
        ),
        Bad(
            """
            import pytest

            def test_negative_amount(account):
                try:
                ^^^ `pytest.raises(ValueError)` says this
                    account.withdraw(-1)
                    assert False, "not raised"
                except ValueError:
                    pass
            """,
            fixed="""
            import pytest

            def test_negative_amount(account):
                with pytest.raises(ValueError):
                    account.withdraw(-1)
            """,
        ),
        Bad(
            """
            from unittest import TestCase

            class TestAccount(TestCase):
                def test_negative_amount(self):
                    try:
                    ^^^ `self.assertRaises(ValueError)` says this
                        self.account.withdraw(-1)
                    except ValueError:
                        pass
                    else:
                        self.fail("not raised")
            """,
            fixed="""
            from unittest import TestCase

            class TestAccount(TestCase):
                def test_negative_amount(self):
                    with self.assertRaises(ValueError):
                        self.account.withdraw(-1)
            """,
        ),
        Bad(
            """
            def test_negative_amount(account):
                try:
                ^^^ If nothing is raised, nothing is checked: `pytest.raises` asks for the exception
                    account.withdraw(-1)
                except ValueError as error:
                    assert "negative" in str(error)
            """
        ),
        Good(
            """
            import pytest

            def test_negative_amount(account):
                with pytest.raises(ValueError, match="negative"):
                    account.withdraw(-1)
            """
        ),
        Good(
            """
            def test_amounts(account, amounts):
                try:
                    total = account.withdraw(-1)
                except ValueError as error:
                    assert "negative" in str(error)
                else:
                    assert total == 3
                try:
                    left = account.left()
                except ValueError as error:
                    assert "negative" in str(error)
                    left = 0
                assert left == 0
                try:
                    paid = account.pay()
                except ValueError as error:
                    assert "negative" in str(error)
                    return
                assert paid
                try:
                    account.close()
                except ValueError as error:
                    # usually closed by now
                    assert "closed" in str(error)
                for amount in amounts:
                    try:
                        account.withdraw(amount)
                    except ValueError as error:
                        assert "negative" in str(error)
            """,
            why="Both ways are allowed and checked.",
        ),
        Good(
            """
            import asyncio
            import pytest

            async def test_stops(account, process):
                try:
                    await asyncio.wait_for(account.stop(), 3)
                except asyncio.TimeoutError:
                    pytest.fail("does not stop")
                try:
                    process.run()
                except SystemExit:
                    pytest.fail("exits")
                try:
                    process.check()
                except pytest.skip.Exception:
                    pytest.fail("skips")

            def test_events(account, expected):
                try:
                    for event in account.events():
                        assert event == next(expected)
                except StopIteration:
                    raise AssertionError("too many events")
            """,
            why="What pytest would show of these says less than the message.",
        ),
        Good(
            """
            def test_negative_amount(account):
                try:
                    account.withdraw(-1)
                    assert False
                except Exception:
                    pass
            """,
            why="The handler swallows the failure as well: a finding of `swallowed-exception`.",
        ),
        Good(
            """
            def test_negative_amount(account):
                try:
                    account.withdraw(-1)
                except ValueError as error:  # noqa: PT017
                    assert "negative" in str(error)
            """,
            why="Somebody has told another linter.",
        ),
    )

    @on(ast.Try, kinds=(FunctionKind.TEST,))
    def check(self, ctx: Context, node: ast.Try) -> None:
        """Report a ``try`` with one handler that does one of the three things."""
        if len(node.handlers) != 1 or node.finalbody or _is_repeated(ctx, node):
            return
        handler = node.handlers[0]
        caught = handler.type
        if caught is None or _SPECIAL.search(ctx.source_of(caught)) or silenced_elsewhere(ctx, caught, self.ruff):
            return
        start = ctx.statement.range(node).start
        where = TextRange(start, start + len("try"))
        if len(handler.body) == 1 and not node.orelse and _fails(ctx, handler.body[0]):
            message = "An exception fails the test by itself, and shows where it came from"
            fix = unsafe("Let the exception fail the test", lambda: unwrap_block(ctx.statement, node))
            fixes = [fix] if not _uses_fail(ctx, node.body) else ()
            ctx.report(where, message, fixes=fixes, severity=Severity.INFORMATION)
            return
        expected = _expected(ctx, node)
        if expected is not None:
            if not (expected.swallowed and _catches_asserts(ctx, caught)):
                ctx.report(where, f"`{expected.call}` says this", fixes=_raises(ctx, node, expected))
        elif self._only_asserts(ctx, node) and not ctx.settings.reported_by_ruff(ctx.path, *self.ruff):
            message = "If nothing is raised, nothing is checked: `pytest.raises` asks for the exception"
            ctx.report(where, message)

    def _only_asserts(self, ctx: Context, node: ast.Try) -> bool:
        """Whether the handler looks at the exception, and nothing of the test can tell that there was none."""
        handler = node.handlers[0]
        if node.orelse or handler.name is None or not all(isinstance(item, ast.Assert) for item in handler.body):
            return False
        if not any(isinstance(part, ast.Name) and part.id == handler.name for part in below(*handler.body)):
            return False
        if any(isinstance(part, ast.Assert | ast.Raise | ast.Return) for part in below(*node.body)):
            return False
        if _uses_fail(ctx, node.body) or len(node.body) > 1 or _TOLERATES.search(ctx.source_of(node)):
            return False
        bound = {part.id for part in below(*node.body) if isinstance(part, ast.Name) and _is_stored(part)}
        end = node.end_lineno or 0
        return not any(
            getattr(part, "id", "") in bound and getattr(part, "lineno", 0) > end
            for part in ctx.function.bag.get(ast.Name, ())
        )


class _Expected(NamedTuple):
    """How a ``try`` demands an exception: *body* is what should raise, *call* what says so instead.

    *swallowed* when the failure is inside the ``try`` and is an `AssertionError`.
    """

    body: list[ast.stmt]
    call: str
    swallowed: bool


def _expected(ctx: Context, node: ast.Try) -> _Expected | None:
    handler = node.handlers[0]
    caught = handler.type
    assert caught is not None
    own = "self.assertRaises" if ctx.function.in_unittest else "pytest.raises"
    call = f"{own}({ctx.source_of(caught)})"
    if len(handler.body) != 1 or not _is_nothing(handler.body[0]):
        return None
    if len(node.orelse) == 1 and _fails(ctx, node.orelse[0]):
        return _Expected(node.body, call, False)
    if not node.orelse and len(node.body) > 1 and _fails(ctx, node.body[-1]):
        return _Expected(node.body[:-1], call, not _fails_by_pytest(ctx, node.body[-1]))
    return None


def _is_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assert):
        return isinstance(node.test, ast.Constant) and bool(node.test.value)
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _fails(ctx: Context, node: ast.stmt) -> bool:
    """Whether *node* does nothing but fail the test."""
    if isinstance(node, ast.Assert):
        return isinstance(node.test, ast.Constant) and not node.test.value
    if isinstance(node, ast.Raise):
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return node.cause is None and ctx.qualified_name(raised) == "builtins.AssertionError"
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    return _fails_by_pytest(ctx, node) or dotted(node.value.func) == "self.fail"


def _fails_by_pytest(ctx: Context, node: ast.stmt) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and ctx.qualified_name(call.func) == "pytest.fail"


def _uses_fail(ctx: Context, body: list[ast.stmt]) -> bool:
    return any(isinstance(part, ast.stmt) and _fails(ctx, part) for part in below(*body))


def _catches_asserts(ctx: Context, caught: ast.expr) -> bool:
    types = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(ctx.qualified_name(item) in _CATCHES_ASSERTS for item in types)


def _is_stored(node: ast.Name) -> bool:
    return not isinstance(node.ctx, ast.Load)


def _is_repeated(ctx: Context, node: ast.stmt) -> bool:
    """Whether *node* is part of a loop, or of the handling of another exception."""
    return any(isinstance(item, ast.For | ast.AsyncFor | ast.While | ast.ExceptHandler) for item in ctx.ancestors(node))


def _raises(ctx: Context, node: ast.Try, expected: _Expected) -> list[Fix]:
    """Say it with ``raises``, where all that goes is what fails and what is caught."""
    lines = [ctx.source_of(item) for item in expected.body]
    if "#" in ctx.source_of(node) or any("\n" in line for line in lines):
        return []
    pytest_known = ctx.model.names.target("pytest") == "pytest"
    imports = () if expected.call.startswith("self.") or pytest_known else ("import pytest",)
    new = [f"with {expected.call}:", *(f"    {line}" for line in lines)]
    title = f"Expect it with `{expected.call.partition('(')[0]}`"
    return [unsafe(title, lambda: Rewrite(replace_statement(ctx.statement, node, new), imports))]
