from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rule, on_function
from testlsp.lint.context import unsafe
from testlsp.rewrite import insert_before, remove_statements
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.names import dotted
from testlsp.semantic.raises import BROAD, RaisesBlock, raises_blocks
from testlsp.text import Edit

from testlsp_rules.assertions._claims import below, reads
from testlsp_rules.assertions._peers import silenced_elsewhere

_SIMPLE = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign)


class RaisesMultiStatement(Rule):
    """Finds preparations inside a `pytest.raises` block, which may be what raises.

    The block is content with the exception from any of its lines. When the
    preparation begins to raise it, the test stays green, and the call that was
    to be tested no longer runs. Where the message is checked, or the exception
    looked at, the block is left alone.

    Fix safety: what moves out of the block is no longer expected to raise.
    Where it was the preparation that raised, the test turns red, and shows
    that the last call never ran.
    """

    code = "TL312"
    since = "0.1"
    words = ("raises", "assertRaises")
    message = "Any of the calls in this block may raise what is expected of the last one"
    ruff = ("PT012",)
    related = ("PT012 (ruff)", "S5778 (SonarJava)", "TL313")
    source = "https://docs.astral.sh/ruff/rules/pytest-raises-with-multiple-statements/"
    examples = (
        Bad(
            """
            import pytest

            def test_negative_amount(bank):
                with pytest.raises(ValueError):
                     ^^^^^^^^^^^^^^^^^^^^^^^^^
                    account = bank.open("🍎")
                    account.withdraw(-1)
            """,
            fixed="""
            import pytest

            def test_negative_amount(bank):
                account = bank.open("🍎")
                with pytest.raises(ValueError):
                    account.withdraw(-1)
            """,
        ),
        Good(
            """
            import pytest

            def test_negative_amount(bank):
                account = bank.open("🍎")
                with pytest.raises(ValueError):
                    account.withdraw(-1)
            """
        ),
        Bad(
            """
            from unittest import TestCase

            class TestAccount(TestCase):
                def test_negative_amount(self):
                    with self.assertRaises(ValueError):
                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                        account = self.bank.open()
                        amount = -1  # too little
                        account.withdraw(amount)
            """,
            why="No fix: the comment would be lost.",
        ),
        Good(
            """
            import pytest

            def test_negative_amount(bank):
                with pytest.raises(ValueError):
                    amount = -1
                    bank.withdraw(amount)
                with pytest.raises(ValueError, match="negative"):
                    account = bank.open()
                    account.withdraw(-1)
                with pytest.raises(ValueError) as error:
                    account = bank.open()
                    account.withdraw(-1)
                assert str(error.value) == "negative"
            """,
            why="Only one line can raise, or which one it was is checked.",
        ),
        Good(
            """
            import pytest

            async def test_pages(bank):
                with pytest.raises(StopAsyncIteration):
                    async for page in bank.pages():
                        page.read()
                with pytest.raises(ValueError):
                    with bank.open() as account:
                        account.withdraw(-1)
            """,
            why="One statement that holds others.",
        ),
        Good(
            """
            import pytest

            def test_negative_amount(account):
                with pytest.raises(ValueError):
                    account.withdraw(-1)
                    assert account.total == 3
                with pytest.raises(ValueError):
                    if account.open():
                        account.withdraw(-1)
                    account.close()
            """,
            why="The first is a finding of `assert-after-raise`, and of the second it is not known what should raise.",
        ),
        Good(
            """
            import pytest

            def test_limit(account):
                with pytest.raises(OverflowError):
                    _ = account.withdraw(1)
                    _ = account.withdraw(1)
                with pytest.raises(OverflowError):
                    loan = Loan(account)
                    loan.pay()
                with pytest.raises(OverflowError):
                    options = dict(limit=0)
                    account.open(options)
                with pytest.raises(TimeoutError):
                    chunk = bytearray(b"0000")
                    account.read(chunk)
                with pytest.raises(Exception):
                    loan = account.lend()
                    loan.pay()
            """,
            why="Any of several equal calls may be the last one allowed, making an object seldom raises, and `Exception` "
            "is a finding of `raises-broad`.",
        ),
        Good(
            """
            import pytest

            def test_negative_amount(bank):
                with pytest.raises(ValueError):  # noqa: PT012
                    account = bank.open()
                    account.withdraw(-1)
            """,
            why="Somebody has told another linter.",
        ),
        Good(
            """
            import pytest

            async def test_withdraw(bank):
                with pytest.raises(ValueError):
                    async with bank.open() as account:
                        await account.withdraw(-1)
            """,
            why="So is `async with`.",
        ),
    )

    @on_function(FunctionKind.TEST, FunctionKind.NESTED)
    def check(self, ctx: Context, function: Function) -> None:
        """Report the blocks in which something that can raise stands before the last call."""
        for block in raises_blocks(function, ctx.model):
            if len(block.node.body) < 2 or block.expectation.narrowed or not _prepares(block):
                continue
            if any(ctx.qualified_name(item) in BROAD for item in block.expectation.types):
                continue
            if block.info is not None and reads(block.info, *_behind(function, block)):
                continue
            call = block.expectation.call
            if ctx.settings.reported_by_ruff(ctx.path, *self.ruff) or silenced_elsewhere(ctx, call, self.ruff):
                continue
            ctx.report(call, fixes=_moved_out(ctx, block))


def _prepares(block: RaisesBlock) -> bool:
    """Whether the block binds the results of calls, and ends with the call that uses one of them."""
    *before, last = block.node.body
    if not isinstance(last, ast.Expr | ast.Assign) or not all(isinstance(item, _SIMPLE) for item in before):
        return False
    if not any(isinstance(node, ast.Call | ast.Await) for node in below(last)):
        return False
    if any(_asserts(item) for item in block.node.body):
        return False
    made = [item for item in before if isinstance(item, ast.Assign) and _calls(item.value)]
    return len(made) > 0 and any(
        isinstance(target, ast.Name) and reads(target.id, last) for item in made for target in item.targets
    )


_CONTAINERS = frozenset("dict list set tuple frozenset object bytes bytearray".split())


def _calls(node: ast.expr) -> bool:
    """Whether *node* calls something that is neither named like a class nor a container: to make one seldom raises."""
    call = node.value if isinstance(node, ast.Await) else node
    name = (dotted(call.func) or "").rpartition(".")[2] if isinstance(call, ast.Call) else "Unknown"
    return not name[:1].isupper() and name not in _CONTAINERS


def _asserts(node: ast.stmt) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and getattr(call.func, "attr", "").startswith("assert")


def _behind(function: Function, block: RaisesBlock) -> list[ast.AST]:
    """Return the names that are read behind the block."""
    end = block.node.end_lineno or 0
    return [node for node in function.bag.get(ast.Name, ()) if getattr(node, "lineno", 0) > end]


def _moved_out(ctx: Context, block: RaisesBlock) -> list[Fix]:
    node = block.node
    before = node.body[:-1]
    lines = [ctx.source_of(item) for item in before]
    inside = ctx.statement.text[ctx.statement.range(block.item.context_expr).end : ctx.statement.range(node).end]
    if len(node.items) > 1 or "#" in inside or any("\n" in line for line in lines):
        return []

    def build() -> list[Edit]:
        return [*insert_before(ctx.statement, node, lines), *remove_statements(ctx.statement, before)]

    return [unsafe("Move the preparation out of the block", build, preferred=True)]
