from __future__ import annotations

import ast
from typing import NamedTuple

from testlsp.lint import Bad, Context, Fix, Good, Rule, Severity, on_function
from testlsp.lint.context import manual
from testlsp.rewrite import replace_expression
from testlsp.semantic.functions import Function, FunctionKind

from testlsp_rules.assertions._checks import can_fail, is_smoke_test
from testlsp_rules.assertions._claims import Claim, claims_of, mentions
from testlsp_rules.assertions._responses import is_response
from testlsp_rules.assertions._status import codes_vary, conjuncts, is_status, status_number

_SUCCESS = frozenset({"ok", "is_success"})


class StatusRange(Rule):
    """Accepts a whole range of HTTP status codes and checks nothing else.

    `status_code < 500` is content with a request that was refused, and `ok`
    with one that was accepted for later or answered by a redirect. Where the
    answer is looked at as well, the range does little harm and is left alone.

    Fix safety: which code is right only a person can say; the fix proposes the
    usual one and is not applied without being asked for.
    """

    code = "TL303"
    words = ("status", ".ok", "is_success")
    since = "0.1"
    message = "This accepts a range of status codes, and nothing else is checked"
    severity = Severity.INFORMATION
    related = ("TL301", "TL302")
    source = "https://www.rfc-editor.org/rfc/rfc9110.html#name-status-codes"
    examples = (
        Bad(
            """
            def test_create_order(client):
                response = client.post("/orders", json={"sku": "🍎"})
                assert response.status_code < 500
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^ This accepts every status below 500, and nothing else is checked
            """,
            fixed="""
            def test_create_order(client):
                response = client.post("/orders", json={"sku": "🍎"})
                assert response.status_code == 200
            """,
        ),
        Good(
            """
            def test_create_order(client):
                response = client.post("/orders", json={"sku": "🍎"})
                assert response.status_code == 201
            """
        ),
        Bad(
            """
            def test_orders(client):
                assert client.get("/orders").status_code in range(200, 500)
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This accepts every status from 200 to 499, and nothing else is checked

            def test_order(client):
                assert client.get("/orders/1").status_code // 100 in (2, 3)
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This accepts every status that begins with 2 or 3, and nothing else is checked
            """,
            fixed="""
            def test_orders(client):
                assert client.get("/orders").status_code == 200

            def test_order(client):
                assert client.get("/orders/1").status_code == 200
            """,
            why="Other ways to say the same.",
        ),
        Bad(
            """
            async def test_orders(client):
                response = await client.get("/orders")
                assert 200 <= response.status_code < 300, response.text
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This accepts every status from 200 to 299, and nothing else is checked

            def test_refused(client):
                assert client.get("/orders").status_code // 100 == 4
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This accepts every status from 400 to 499, and nothing else is checked

            def test_ok(client):
                response = client.get("/orders")
                assert response.ok
                       ^^^^^^^^^^^ This accepts every successful status, and nothing else is checked

            def test_works(client):
                response = client.get("/orders")
                assert response.status_code != 500
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^ This accepts every status but 500, and nothing else is checked
            """,
            fixed="""
            async def test_orders(client):
                response = await client.get("/orders")
                assert response.status_code == 200, response.text

            def test_refused(client):
                assert client.get("/orders").status_code == 400

            def test_ok(client):
                response = client.get("/orders")
                assert response.status_code == 200

            def test_works(client):
                response = client.get("/orders")
                assert response.status_code == 200
            """,
        ),
        Good(
            """
            def test_orders(client):
                response = client.get("/orders")
                assert response.ok
                assert response.json() == []

            def test_raises(client):
                response = client.get("/orders")
                response.raise_for_status()
                assert response.status_code < 300
            """,
            why="Something else is checked.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.smoke
            def test_up(client):
                assert client.get("/").status_code < 500

            def test_form(form, build):
                assert form.ok
                assert build().status > 3
            """,
            why="A smoke test, and things that are no responses.",
        ),
        Good(
            """
            def test_concurrent_orders(client):
                assert client.get("/orders").status_code < 500
            """,
            why="Requests that compete are answered differently.",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report the range when no other assertion is left."""
        if ast.Assert not in function.bag and function.in_unittest is False:
            return
        if not mentions(ctx, "status", ".ok", "is_success"):
            return
        claims = claims_of(function)
        if not claims or len(claims) > 3:
            return
        ranges = [_accepted(ctx, claim) for claim in claims]
        if None in ranges or is_smoke_test(ctx):
            return
        if codes_vary(ctx, claims[0].test) or can_fail(ctx, *(claim.node for claim in claims)):
            return
        for item in ranges:
            assert item is not None
            message = f"This accepts every {item.words}, and nothing else is checked"
            ctx.report(item.node, message, fixes=[_exactly(ctx, item)])


class _Range(NamedTuple):
    """A claim that a status is in a range: *subject* is the text of the status, *usual* the code to propose."""

    node: ast.expr
    subject: str
    words: str
    usual: int


def _accepted(ctx: Context, claim: Claim) -> _Range | None:
    parts = conjuncts(claim.test)
    return _range(ctx, claim.test) if len(parts) == 1 else None


def _range(ctx: Context, test: ast.expr) -> _Range | None:
    match test:
        case ast.Attribute(value=value, attr=attribute) if attribute in _SUCCESS and is_response(ctx, value):
            return _Range(test, f"{ctx.source_of(value)}.status_code", "successful status", 200)
        case ast.Compare(
            left=ast.BinOp(left=status, op=ast.FloorDiv(), right=ast.Constant(value=100)),
            ops=[ast.Eq()],
            comparators=[ast.Constant(value=int(digit))],
        ) if is_status(status):
            words = f"status from {digit * 100} to {digit * 100 + 99}"
            return _Range(test, ctx.source_of(status), words, digit * 100)
        case ast.Compare(
            left=ast.BinOp(left=status, op=ast.FloorDiv(), right=ast.Constant(value=100)),
            ops=[ast.In()],
            comparators=[ast.Tuple(elts=listed) | ast.List(elts=listed) | ast.Set(elts=listed)],
        ) if is_status(status):
            digits = [item.value for item in listed if isinstance(item, ast.Constant) and isinstance(item.value, int)]
            if len(digits) != len(listed) or not digits:
                return None
            words = f"status that begins with {' or '.join(map(str, digits))}"
            return _Range(test, ctx.source_of(status), words, digits[0] * 100)
        case ast.Compare(
            left=status,
            ops=[ast.In()],
            comparators=[ast.Call(func=ast.Name(id="range"), args=[low, high], keywords=[])],
        ) if is_status(status):
            first, last = status_number(ctx, low), status_number(ctx, high)
            if first is None or last is None:
                return None
            return _Range(test, ctx.source_of(status), f"status from {first} to {last - 1}", first)
        case ast.Compare(left=status, ops=[operator], comparators=[bound]) if is_status(status):
            number = status_number(ctx, bound)
            bounded = _bounded(operator, number) if number is not None else None
            return _Range(test, ctx.source_of(status), bounded, 200) if bounded is not None else None
        case ast.Compare(left=low, ops=[ast.LtE(), operator], comparators=[status, high]) if is_status(status):
            first, last = status_number(ctx, low), status_number(ctx, high)
            if first is None or last is None or not isinstance(operator, ast.Lt | ast.LtE):
                return None
            words = f"status from {first} to {last - isinstance(operator, ast.Lt)}"
            return _Range(test, ctx.source_of(status), words, first)
        case _:
            return None


def _bounded(operator: ast.cmpop, number: int) -> str | None:
    match operator:
        case ast.Lt():
            return f"status below {number}"
        case ast.LtE():
            return f"status up to {number}"
        case ast.GtE():
            return f"status from {number}"
        case ast.Gt():
            return f"status above {number}"
        case ast.NotEq():
            return f"status but {number}"
        case _:
            return None


def _exactly(ctx: Context, item: _Range) -> Fix:
    text = f"{item.subject} == {item.usual}"
    return manual(f"Expect exactly {item.usual}", lambda: replace_expression(ctx.statement, item.node, text))
