from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rule, Severity, on_function
from testlsp.lint.context import safe, unsafe
from testlsp.lint.rule import RUN_BY_PYTEST
from testlsp.rewrite import remove_statement
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.names import dotted
from testlsp.text import Edit

from testlsp_rules.assertions._claims import mentions
from testlsp_rules.assertions._mock_assertions import attribute_range

_MERGED = {
    "assert_called_once": ("assert_called_with", "assert_called_once_with"),
    "assert_awaited_once": ("assert_awaited_with", "assert_awaited_once_with"),
}


class MergeCalledOnce(Rule):
    """Asks a mock in two assertions what `assert_called_once_with` asks in one.

    `assert_called_once()` next to `assert_called_with(...)` says the same as
    `assert_called_once_with(...)`, which shows the calls there were when it
    fails.

    Fix safety: a comment behind the assertion that goes is lost; where there
    is one, the fix counts as unsafe.
    """

    code = "TL320"
    since = "0.1"
    words = ("assert_called", "assert_awaited")
    message = "These two assertions are one"
    severity = Severity.INFORMATION
    related = ("prefer-called-exactly-once-with (eslint-plugin-vitest)",)
    source = "https://docs.python.org/3/library/unittest.mock.html#unittest.mock.Mock.assert_called_once_with"
    examples = (
        Bad(
            """
            def test_sends_mail(mailer):
                order("🍎")
                mailer.send.assert_called_once()
                mailer.send.assert_called_with("🍎", copy=True)
                            ^^^^^^^^^^^^^^^^^^ With the assertion above, this is `assert_called_once_with`
            """,
            fixed="""
            def test_sends_mail(mailer):
                order("🍎")
                mailer.send.assert_called_once_with("🍎", copy=True)
            """,
        ),
        Good(
            """
            def test_sends_mail(mailer):
                order("🍎")
                mailer.send.assert_called_once_with("🍎", copy=True)
            """
        ),
        Bad(
            """
            async def test_sends_mail(mailer):
                if await order():
                    mailer.send.assert_awaited_with(
                                ^^^^^^^^^^^^^^^^^^^ With the assertion below, this is `assert_awaited_once_with`
                        "apple",
                    )
                    mailer.send.assert_awaited_once()
            """,
            fixed="""
            async def test_sends_mail(mailer):
                if await order():
                    mailer.send.assert_awaited_once_with(
                        "apple",
                    )
            """,
        ),
        Bad(
            """
            def test_sends_mail(mailer):
                order("apple")
                mailer.send.assert_called_once()  # not twice
                mailer.send.assert_called_with("apple")
                            ^^^^^^^^^^^^^^^^^^ With the assertion above, this is `assert_called_once_with`
            """,
            fixed="""
            def test_sends_mail(mailer):
                order("apple")
                mailer.send.assert_called_once_with("apple")
            """,
            why="The comment goes, so this fix is not a safe one.",
        ),
        Good(
            """
            def test_sends_mail(mailer):
                order("apple")
                mailer.send.assert_called_once()
                order("pear")
                mailer.send.assert_called_with("pear")
            """,
            why="A call between them may be what the second one is about.",
        ),
        Good(
            """
            def test_sends_mail(mailer, make):
                mailer.send.assert_called_once()
                mailer.queue.assert_called_with("apple")
                make().assert_called_once()
                make().assert_called_with("apple")
                mailer.send.assert_called_once()
                mailer.send.assert_any_call("apple")
            """,
            why="Two mocks, or two questions.",
        ),
    )

    @on_function(*RUN_BY_PYTEST, FunctionKind.HELPER)
    def check(self, ctx: Context, function: Function) -> None:
        """Look for both assertions next to each other."""
        if not mentions(ctx, "ed_once()") or not mentions(ctx, "ed_with("):
            return
        for node in function.bag.get(ast.Expr, ()):
            assert isinstance(node, ast.Expr)
            once = _assertion(node)
            if once is None or once.attr not in _MERGED:
                continue
            assert isinstance(node.value, ast.Call)
            if node.value.args or node.value.keywords:
                continue
            for neighbour, where in _neighbours(ctx, node):
                other = _assertion(neighbour)
                name, merged = _MERGED[once.attr]
                if other is None or other.attr != name or dotted(other.value) != dotted(once.value):
                    continue
                message = f"With the assertion {where}, this is `{merged}`"
                ctx.report(attribute_range(ctx, other), message, fixes=[_merge(ctx, node, other, merged)])
                break


def _assertion(node: ast.stmt) -> ast.Attribute | None:
    """Return the method that *node* calls on something with a dotted name, if it is nothing but that."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        target = node.value.func
        if isinstance(target, ast.Attribute) and dotted(target.value) is not None:
            return target
    return None


def _neighbours(ctx: Context, node: ast.stmt) -> list[tuple[ast.stmt, str]]:
    """Return the statements next to *node*, each with where the once-assertion is as seen from it."""
    parent = ctx.parent(node)
    for field in ("body", "orelse", "finalbody"):
        block = getattr(parent, field, None)
        if isinstance(block, list) and node in block:
            place = block.index(node)
            after = [(item, "above") for item in block[place + 1 : place + 2]]
            return [*after, *((item, "below") for item in block[max(place - 1, 0) : place])]
    return []


def _merge(ctx: Context, once: ast.Expr, other: ast.Attribute, name: str) -> Fix:
    def build() -> list[Edit]:
        return [*remove_statement(ctx.statement, once), Edit(attribute_range(ctx, other), name)]

    text, (start, end) = ctx.statement.text, ctx.statement.range(once)
    rest = text[end:].split("\n", 1)[0]
    title = f"Merge both into `{name}`"
    if "#" in rest or "#" in text[start:end]:
        return unsafe(title, build)
    return safe(title, build)
