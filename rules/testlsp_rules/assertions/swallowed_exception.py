from __future__ import annotations

import ast
import re

from testlsp.lint import Bad, Context, Fix, Good, Rule, on
from testlsp.lint.context import unsafe
from testlsp.rewrite import unwrap_block
from testlsp.semantic.functions import FunctionKind
from testlsp.semantic.names import dotted
from testlsp.semantic.raises import BROAD
from testlsp.syntax import children
from testlsp.text import TextRange
from testlsp.text.patterns import pattern

from testlsp_rules.assertions._checks import can_fail

_CATCHES_ASSERTS = BROAD | {"builtins.AssertionError"}
_ONLY_TELLS = frozenset(
    "print pprint debug info warning warn error exception critical log print_exc print_exception".split()
)
_ABOUT_CRASHES = pattern(r"crash|seg_?fault|hang|dead_?lock|leak|core dump|infinite|recurs", re.I)
_DELIBERATE = frozenset({"fail", "skip", "xfail", "exit"})


class SwallowedException(Rule):
    """Catches every exception in a test and goes on as if nothing had happened.

    A failed `assert` is an `AssertionError`, which `except Exception` catches:
    assertions in such a block never fail the test. And where nothing is
    asserted outside the block, the test passes whatever the code under test
    does. Clean-up, polling loops, and tests that check afterwards what an
    expected failure left behind, are left alone.

    Fix safety: what was hidden comes to light, so the test may turn red.
    """

    code = "TL314"
    since = "0.1"
    message = "A failure in this block goes unnoticed: nothing else in the test can fail"
    related = ("S110 (ruff)", "BLE001 (ruff)", "SIM105 (ruff)", "S5779 (SonarPython)")
    source = "https://docs.python.org/3/library/exceptions.html#AssertionError"
    examples = (
        Bad(
            """
            def test_checkout(shop):
                try:
                    order = shop.checkout("🍎")
                    assert order.paid
                except Exception as error:
                ^^^^^^^^^^^^^^^^^^^^^^^^^ This hides a failed assertion in the block above
                    print(error)
            """,
            fixed="""
            def test_checkout(shop):
                order = shop.checkout("🍎")
                assert order.paid
            """,
        ),
        Good(
            """
            def test_checkout(shop):
                order = shop.checkout("🍎")
                assert order.paid
            """
        ),
        Bad(
            """
            import logging

            def test_checkout(shop):
                order = shop.draft()
                try:
                    shop.checkout(order)
                except:
                ^^^^^^ A failure in this block goes unnoticed: nothing else in the test can fail
                    logging.warning("no checkout")
                print(order)
            """,
            fixed="""
            import logging

            def test_checkout(shop):
                order = shop.draft()
                shop.checkout(order)
                print(order)
            """,
        ),
        Bad(
            """
            from contextlib import suppress

            def test_checkout(shop):
                with suppress(Exception):
                     ^^^^^^^^^^^^^^^^^^^ This hides a failed assertion in the block below
                    assert shop.checkout()
            """,
            fixed="""
            from contextlib import suppress

            def test_checkout(shop):
                assert shop.checkout()
            """,
        ),
        Bad(
            """
            from unittest import TestCase

            class TestShop(TestCase):
                def test_checkout(self):
                    try:
                        self.assertTrue(self.shop.checkout())
                    except (ValueError, AssertionError):
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This hides a failed assertion in the block above
                        pass
                    except KeyError:
                        pass
                    self.assertTrue(self.shop.open)
            """,
            why="With several handlers, what to keep is for a person to say.",
        ),
        Good(
            """
            def test_checkout(shop):
                try:
                    assert shop.checkout()
                except ValueError:
                    pass
            """,
            why="A narrow handler lets failed assertions through.",
        ),
        Good(
            """
            def test_checkout(shop):
                try:
                    assert shop.checkout()
                except AssertionError:
                    shop.dump()
                    raise
                except Exception:
                    pass
            """,
            why="Failed assertions are passed on.",
        ),
        Good(
            """
            import time

            def test_checkout(shop):
                shop.checkout()
                for _ in range(10):
                    try:
                        assert shop.order.paid
                        break
                    except AssertionError:
                        print("not yet")
            """,
            why="A loop that tries again.",
        ),
        Good(
            """
            def test_checkout(shop):
                try:
                    assert shop.checkout()
                finally:
                    try:
                        shop.close()
                        assert shop.closed
                    except Exception:
                        pass
            """,
            why="Clean-up.",
        ),
        Good(
            """
            def test_checkout(shop):
                assert shop.checkout()
                try:
                    shop.delete()
                except Exception:
                    pass
            """,
            why="Clean-up behind the assertions.",
        ),
        Good(
            """
            def test_rolls_back(shop):
                try:
                    shop.checkout("broken")
                except Exception:
                    pass
                assert shop.orders == []
            """,
            why="What the failure left behind is asserted.",
        ),
        Good(
            """
            import pytest

            def test_refuses(shop):
                try:
                    shop.checkout(-1)
                    pytest.fail("should refuse")
                except Exception:
                    pass
            """,
            why="`pytest.fail` is no `Exception`: this test can fail.",
        ),
        Good(
            """
            def test_refuses(shop):
                try:
                    shop.checkout(-1)
                except Exception:
                    pass
                else:
                    raise AssertionError("should refuse")
            """,
            why="The other branch fails the test.",
        ),
        Good(
            """
            def test_checkout(shop):
                # used to crash the interpreter
                try:
                    shop.checkout()
                except Exception:
                    pass
            """,
            why="The process would not survive the failure.",
        ),
        Good(
            """
            import os

            def test_checkout(shop):
                try:
                    assert shop.checkout()
                except BaseException as error:
                    os.write(1, str(error).encode())
            """,
            why="Whoever reads the other end may act on it.",
        ),
        Good(
            """
            def test_hook_runs(shop):
                try:
                    raise Exception("boom")
                except Exception:
                    pass
            """,
            why="The test raises the exception itself.",
        ),
        Good(
            """
            from helpers import look_at

            def test_checkout(shop):
                try:
                    shop.checkout()
                except Exception:
                    pass
                look_at(shop)
            """,
            files={"tests/helpers.py": "def look_at(shop):\n    assert shop.open\n"},
            why="A helper asserts.",
        ),
        Good(
            """
            from contextlib import suppress

            def test_checkout(shop):
                with suppress(), suppress(KeyError):
                    assert shop.checkout()
            """,
            why="Neither catches a failed assertion.",
        ),
        Good(
            """
            def test_checkout(shop):
                paid = False
                try:
                    paid = shop.checkout()
                except Exception:
                    paid = None
            """,
            why="The handler does something.",
        ),
    )

    @on(ast.Try, kinds=(FunctionKind.TEST,))
    def check_handler(self, ctx: Context, node: ast.Try) -> None:
        """Report the handler that catches failed assertions, if it only talks about them."""
        handler = next((item for item in node.handlers if _catches_asserts(ctx, _types(item.type))), None)
        if handler is None or node.orelse or not all(_only_tells(statement) for statement in handler.body):
            return
        message = self._complaint(ctx, node, node.body, "above")
        if message is not None:
            whole = len(node.handlers) == 1 and not node.finalbody
            start, end = ctx.statement.range(handler)
            if handler.type is not None:
                end = ctx.statement.range(handler.type).end
                if handler.name is not None:
                    end = ctx.statement.text.index(handler.name, end + len(" as ")) + len(handler.name)
            else:
                end = start + len("except")
            ctx.report(TextRange(start, end), message, fixes=_let_it_fail(ctx, node) if whole else ())

    @on(ast.With, kinds=(FunctionKind.TEST,))
    def check_suppress(self, ctx: Context, node: ast.With) -> None:
        """Report ``suppress(Exception)`` around what is tested."""
        for item in node.items:
            call = item.context_expr
            if not isinstance(call, ast.Call) or ctx.qualified_name(call.func) != "contextlib.suppress":
                continue
            if not call.args or not _catches_asserts(ctx, call.args):
                continue
            message = self._complaint(ctx, node, node.body, "below")
            if message is not None:
                ctx.report(call, message, fixes=_let_it_fail(ctx, node) if len(node.items) == 1 else ())

    def _complaint(self, ctx: Context, node: ast.stmt, body: list[ast.stmt], where: str) -> str | None:
        """Return what is wrong with swallowing what *body* raises, None when nothing is."""
        inside = _Inside(body)
        if inside.deliberate or not inside.acts or _is_apart(ctx, node):
            return None
        if inside.asserts:
            return f"This hides a failed assertion in the block {where}"
        assert ctx.function.node is not None
        if _ABOUT_CRASHES.search(ctx.source_of(ctx.function.node)):
            return None
        return None if can_fail(ctx, node) else self.message


class _Inside:
    """What a block does: assert, act, or fail by intent in a way that is not swallowed."""

    __slots__ = ("acts", "asserts", "deliberate")

    def __init__(self, body: list[ast.stmt]) -> None:
        self.acts = self.asserts = self.deliberate = False
        pending: list[ast.AST] = list(body)
        while pending:
            node = pending.pop()
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
                continue
            if isinstance(node, ast.Assert):
                self.acts = self.asserts = True
            elif isinstance(node, ast.Raise):
                self.deliberate = True
            elif isinstance(node, ast.Call):
                self.acts = True
                name = dotted(node.func) or ""
                last = name.rpartition(".")[2]
                if last.startswith("assert") or name == "self.fail":
                    self.asserts = True
                elif last in _DELIBERATE:
                    self.deliberate = True
            pending += children(node)


def _types(node: ast.expr | None) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node] if node is not None else []


def _catches_asserts(ctx: Context, types: list[ast.expr]) -> bool:
    """Whether one of *types* catches a failed assertion; a bare ``except`` has none."""
    return not types or any(ctx.qualified_name(item) in _CATCHES_ASSERTS for item in types)


def _only_tells(statement: ast.stmt) -> bool:
    """Whether *statement* does nothing, or only prints or logs."""
    if isinstance(statement, ast.Pass):
        return True
    if not isinstance(statement, ast.Expr):
        return False
    value = statement.value
    if isinstance(value, ast.Call):
        name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        return name in _ONLY_TELLS
    return isinstance(value, ast.Constant)


def _is_apart(ctx: Context, node: ast.stmt) -> bool:
    """Whether *node* is clean-up, or part of a loop that tries again."""
    child: ast.AST = node
    for ancestor in ctx.ancestors(node):
        if isinstance(ancestor, ast.For | ast.AsyncFor | ast.While | ast.ExceptHandler):
            return True
        if isinstance(ancestor, ast.Try) and child in ancestor.finalbody:
            return True
        child = ancestor
    return False


def _let_it_fail(ctx: Context, node: ast.stmt) -> list[Fix]:
    return [unsafe("Let the failure fail the test", lambda: unwrap_block(ctx.statement, node))]
