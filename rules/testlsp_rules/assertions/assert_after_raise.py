from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rule, on
from testlsp.lint.context import unsafe
from testlsp.lint.diagnostic import Tag
from testlsp.rewrite import dedent_out, replace_expression
from testlsp.semantic.functions import FunctionKind
from testlsp.semantic.names import dotted
from testlsp.semantic.raises import BROAD, RaisesBlock, raises_blocks
from testlsp.syntax import children
from testlsp.text import Edit

_HARMLESS_CALLS = frozenset({"builtins.len", "builtins.str", "builtins.repr", "builtins.isinstance", "builtins.type"})
_RECORDS = frozenset(
    "called call_count call_args call_args_list mock_calls method_calls await_count status_code".split()
)
_OF_THE_BOX = frozenset("value type tb typename traceback exconly errisinstance getrepr match group_contains".split())
_CATCHES_ASSERTS = BROAD | {"builtins.AssertionError"}
_OPERATORS = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)


class AssertAfterRaise(Rule):
    """Asserts inside a `pytest.raises` block, behind the call that raises.

    The block is left at the exception, so what stands behind the call never
    runs: the assertion holds whatever the code does. It belongs behind the
    block. An assertion that may itself be what raises is left alone.

    Fix safety: the assertion has never run, so the test may turn red when it
    does.
    """

    code = "TL313"
    since = "0.1"
    message = "This never runs: the block is left when the line above it raises"
    related = ("S5915 (SonarPython)", "PT012 (ruff)")
    source = "https://github.com/bokeh/bokeh/pull/15440"
    examples = (
        Bad(
            """
            import pytest

            def test_negative_amount(account):
                with pytest.raises(ValueError) as error:
                    account.withdraw(-1)
                    assert str(error.value) == "💸 negative"
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            import pytest

            def test_negative_amount(account):
                with pytest.raises(ValueError) as error:
                    account.withdraw(-1)
                assert str(error.value) == "💸 negative"
            """,
        ),
        Good(
            """
            import pytest

            def test_negative_amount(account):
                with pytest.raises(ValueError) as error:
                    account.withdraw(-1)
                assert str(error.value) == "💸 negative"
            """
        ),
        Bad(
            """
            import pytest

            async def test_negative_amount(account, audit):
                with pytest.raises(ValueError) as error:
                    amount = -1
                    await account.withdraw(amount)
                    # said in full
                    assert str(error) == "negative"
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    assert error.amount == -1
                    assert not audit
            """,
            fixed="""
            import pytest

            async def test_negative_amount(account, audit):
                with pytest.raises(ValueError) as error:
                    amount = -1
                    await account.withdraw(amount)
                # said in full
                assert str(error.value) == "negative"
                assert error.value.amount == -1
                assert not audit
            """,
            why="What `raises` gives is a box; text and attributes are those of the exception inside.",
        ),
        Bad(
            """
            import unittest

            class TestAccount(unittest.TestCase):
                def test_negative_amount(self):
                    with self.assertRaises(ValueError) as caught:
                        self.account.withdraw(-1)
                        self.assertIn("negative", str(caught))
                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            import unittest

            class TestAccount(unittest.TestCase):
                def test_negative_amount(self):
                    with self.assertRaises(ValueError) as caught:
                        self.account.withdraw(-1)
                    self.assertIn("negative", str(caught.exception))
            """,
        ),
        Bad(
            """
            import pytest
            from app import Refused

            def test_sends_nothing(account, send):
                with pytest.raises(Refused):
                    account.withdraw(-1)
                    send.assert_not_called()
                    ^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            import pytest
            from app import Refused

            def test_sends_nothing(account, send):
                with pytest.raises(Refused):
                    account.withdraw(-1)
                send.assert_not_called()
            """,
        ),
        Bad(
            """
            import pytest

            def test_negative_amount(account, lock):
                with pytest.raises(ValueError) as error:
                    with lock:
                        account.withdraw(-1)
                        assert "negative" in str(error.value)
                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            why="Where the assertion belongs, inside the lock or behind it, is for a person to say.",
        ),
        Bad(
            """
            import pytest

            def test_negative_amount(account):
                with pytest.raises(ValueError) as error:
                    account.withdraw(-1)
                    assert error.value.amount == -1
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    account.close()
            """,
            why="With more behind it than assertions, what to move is for a person to say.",
        ),
        Bad(
            """
            import pytest

            def test_negative_amount(account):
                with pytest.raises(ValueError):
                    rest = account.withdraw(-1)
                    assert rest == 3
                    ^^^^^^^^^^^^^^^^
            """,
            why="Behind the block there would be no `rest`, so what to do with it is for a person to say.",
        ),
        Good(
            """
            import pytest

            def test_compares(a, b):
                with pytest.raises(TypeError):
                    c = combine(a, b)
                    assert c < a
            """,
            why="The comparison may be what raises.",
        ),
        Good(
            """
            import pytest

            def test_detached(session):
                with pytest.raises(DetachedError):
                    user = session.load(1)
                    assert user.name == "Ann"
                with pytest.raises(DetachedError):
                    user = session.load(1)
                    assert user.fetch(3) == "Ann"
            """,
            why="The attribute, or the call, may be what raises.",
        ),
        Good(
            """
            import pytest

            def test_plain_asserts():
                with pytest.raises(AssertionError):
                    x = compute()
                    assert x == 3
                with pytest.raises(Exception, match="3"):
                    x = compute()
                    assert x == 3
            """,
            why="The assertion is what is expected to raise.",
        ),
        Good(
            """
            import pytest

            def test_unknown(kind):
                with pytest.raises(kind):
                    x = compute()
                    assert x == 3
            """,
            why="The expected exception may be an `AssertionError`.",
        ),
        Good(
            """
            import pytest

            def test_only_assert(x):
                y = 3
                with pytest.raises(ValueError):
                    z = y
                    assert x == z
            """,
            why="Nothing before the assertion can raise, so it is what does: arrays compare like this.",
        ),
        Good(
            """
            import pytest

            def test_checks_between(conn):
                with pytest.raises(TimeoutError):
                    sent = conn.send("x")
                    assert sent
                    conn.receive()
            """,
            why="The call behind the assertion may be what raises.",
        ),
    )

    @on(ast.With, ast.AsyncWith, kinds=(FunctionKind.TEST, FunctionKind.NESTED))
    def check(self, ctx: Context, node: ast.With | ast.AsyncWith) -> None:
        """Report the first assertion of a block that cannot be reached."""
        if len(node.body) < 2 and not isinstance(node.body[0], ast.With | ast.AsyncWith):
            return
        block = next((block for block in raises_blocks(ctx.function, ctx.model) if block.node is node), None)
        if block is None:
            return
        body = node.body
        while len(body) == 1 and isinstance(body[0], ast.With | ast.AsyncWith):
            body = body[0].body
        for position, statement in enumerate(body[1:], 1):
            rest = body[position:]
            if _is_dead(ctx, block, body[:position], rest):
                movable = body is node.body and all(_asserted(ctx, other) is not None for other in rest)
                movable = movable and not _needs(body[:position], rest)
                fixes = self.fixes(ctx, block, rest) if movable else ()
                ctx.report(statement, fixes=fixes, tags=[Tag.UNNECESSARY])
                return

    def fixes(self, ctx: Context, block: RaisesBlock, rest: list[ast.stmt]) -> list[Fix]:
        """Move the assertions behind the block."""

        def build() -> list[Edit]:
            edits = dedent_out(ctx.statement, block.node, rest[0])
            for box in _boxes(block, rest):
                attribute = "value" if block.expectation.of_pytest else "exception"
                edits += replace_expression(ctx.statement, box, f"{block.info}.{attribute}")
            return edits

        return [unsafe("Make this assertion run, behind the block", build)]


def _is_dead(ctx: Context, block: RaisesBlock, before: list[ast.stmt], rest: list[ast.stmt]) -> bool:
    """Whether *rest* begins with an assertion that is certainly not what raises, and something before it can raise."""
    claim = _asserted(ctx, rest[0])
    if claim is None or not any(_can_raise(statement) for statement in before):
        return False
    if any(_names(part, block.info) for part in claim):
        return True
    if any(_asserted(ctx, statement) is None for statement in rest):
        return False
    types = [ctx.qualified_name(item) for item in block.expectation.types]
    if not types or any(name is None or name in _CATCHES_ASSERTS for name in types):
        return False
    return all(_is_harmless(ctx, part) for part in claim)


def _asserted(ctx: Context, statement: ast.stmt) -> list[ast.expr] | None:
    """Return what *statement* looks at when it is an assertion, None when it is not."""
    if isinstance(statement, ast.Assert):
        return [statement.test]
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        call = statement.value
        if isinstance(call.func, ast.Attribute) and call.func.attr.startswith("assert"):
            owner = [] if isinstance(call.func.value, ast.Name) and call.func.value.id == "self" else [call.func.value]
            return [*owner, *call.args, *(keyword.value for keyword in call.keywords)]
    return None


def _can_raise(statement: ast.AST) -> bool:
    pending = [statement]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Call | ast.Await | ast.Raise | ast.Subscript | ast.Delete | ast.AugAssign):
            return True
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            pending += children(node)
    return False


def _names(node: ast.AST, name: str | None) -> bool:
    pending = [node] if name is not None else []
    while pending:
        current = pending.pop()
        if isinstance(current, ast.Name) and current.id == name:
            return True
        pending += children(current)
    return False


def _needs(before: list[ast.stmt], rest: list[ast.stmt]) -> bool:
    """Whether *rest* reads a name that *before* binds: where that raises, the name is never bound."""
    bound: set[str] = set()
    pending: list[ast.AST] = list(before)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        pending += children(node)
    return any(_names(statement, name) for name in bound for statement in rest)


def _is_harmless(ctx: Context, node: ast.expr) -> bool:
    """Whether evaluating *node* raises nothing that somebody would expect."""
    match node:
        case ast.Constant() | ast.Name():
            return True
        case ast.Attribute(value=ast.Name(id=root)):
            return root in {"self", "cls"} or node.attr in _RECORDS
        case ast.Attribute():
            return dotted(node) is not None and node.attr in _RECORDS
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _is_harmless(ctx, operand)
        case ast.BoolOp(values=values):
            return all(_is_harmless(ctx, value) for value in values)
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            return all(isinstance(op, _OPERATORS) for op in ops) and all(
                _is_harmless(ctx, part) for part in (left, *comparators)
            )
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return all(_is_harmless(ctx, part) for part in elements)
        case ast.Call(func=function, args=arguments, keywords=[]):
            return ctx.qualified_name(function) in _HARMLESS_CALLS and all(
                _is_harmless(ctx, item) for item in arguments
            )
        case _:
            return False


def _boxes(block: RaisesBlock, rest: list[ast.stmt]) -> list[ast.Name]:
    """Return the places where the text of the box is taken instead of that of the exception."""
    found: list[ast.Name] = []
    pending: list[ast.AST] = list(rest)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Call) and dotted(node.func) in {"str", "repr"} and len(node.args) == 1:
            argument = node.args[0]
            if isinstance(argument, ast.Name) and argument.id == block.info:
                found.append(argument)
                continue
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == block.info:
            if block.expectation.of_pytest and node.attr not in _OF_THE_BOX:
                found.append(node.value)
                continue
        pending += children(node)
    return found
