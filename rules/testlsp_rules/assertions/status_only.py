from __future__ import annotations

import ast
import re

from testlsp.lint import Bad, Context, Good, Rule, on_function
from testlsp.lint.integration import is_integration_test
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.text.patterns import pattern

from testlsp_rules.assertions._checks import can_fail
from testlsp_rules.assertions._claims import below, claims_of, unittest_checks
from testlsp_rules.assertions._responses import sends_request
from testlsp_rules.assertions._status import is_status, status_number

_TELLS_ALL = frozenset({204, 205, 301, 302, 303, 304, 307, 308, 401, 403, 404, 405, 429})
_HEALTH = pattern(r"health|ready|readiness|alive|live|ping|heartbeat|/status|auth|permission|forbidden|log_?in", re.I)


class StatusOnly(Rule):
    """Checks the status code of an answer in an integration test, and nothing else.

    That the answer is a 200 says that the parts did not fail; whether they
    worked together is in the body, in the database or in what was sent. An
    answer without a body, one that refuses, and health checks are left alone.

    Off by default: many suites have such tests on purpose, next to others.
    """

    code = "TL327"
    since = "0.1"
    message = "Nothing but the status is checked: neither the body nor what the request has changed"
    default = False
    options = ("integration-paths", "integration-markers")
    related = ("TL303", "TL310")
    source = "https://docs.pytest.org/en/stable/explanation/anatomy.html"
    examples = (
        Bad(
            """
            def test_create_order(client):
                response = client.post("/orders", json={"sku": "🍎"})
                assert response.status_code == 201
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            path="tests/integration/test_orders.py",
        ),
        Good(
            """
            def test_create_order(client):
                response = client.post("/orders", json={"sku": "🍎"})
                assert response.status_code == 201
                assert response.json()["sku"] == "🍎"
            """,
            path="tests/integration/test_orders.py",
        ),
        Bad(
            """
            import pytest
            from unittest import TestCase

            @pytest.mark.integration
            class TestOrders(TestCase):
                def test_create_order(self):
                    response = self.client.post("/orders")
                    self.assertEqual(response.status_code, 200)
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """
        ),
        Good(
            """
            def test_delete_order(client):
                assert client.delete("/orders/1").status_code == 204

            def test_needs_login(client):
                assert client.get("/orders").status_code == 401

            def test_health(client):
                assert client.get("/health").status_code == 200
            """,
            path="tests/integration/test_orders.py",
            why="There is no more to look at.",
        ),
        Good(
            """
            def test_create_order(client):
                response = client.post("/orders")
                assert response.status_code == 201
            """,
            why="No integration test.",
        ),
        Good(
            """
            def test_create_order(client, database):
                response = client.post("/orders")
                assert response.status_code == 201
                assert database.count() == 1

            def test_job(job):
                assert job.run().status == 200

            def test_works(client):
                assert client.post("/orders").status_code < 500
            """,
            path="tests/integration/test_orders.py",
            why="A side effect is checked, a job is no HTTP client, and a range is a finding of `status-range`.",
        ),
        Bad(
            """
            def test_create_order(client):
                response = client.post("/orders", json={"sku": "🍎"})
                assert response.status_code == 201
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            path="e2e/test_orders.py",
            settings={"integration_paths": ["e2e/**"]},
            why="where the integration tests of the project lie",
        ),
        Bad(
            """
            import pytest

            @pytest.mark.e2e
            def test_create_order(client):
                response = client.post("/orders", json={"sku": "🍎"})
                assert response.status_code == 201
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            settings={"integration_markers": ["e2e"]},
            why="how the project marks its integration tests",
        ),
        Good(
            """
            def test_unchanged(client):
                assert client.get("/orders").status_code == 304

            def test_not_allowed(client):
                assert client.delete("/orders/1").status_code == 403
            """,
            path="tests/integration/test_orders.py",
            why="An answer without a body, and a refusal.",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report the last status when there is nothing but statuses."""
        if "status" not in ctx.statement.text or not is_integration_test(ctx, function):
            return
        found: list[tuple[ast.expr, ast.expr]] = []
        for claim in claims_of(function):
            test = claim.test
            if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not is_status(test.left):
                return
            if not isinstance(test.ops[0], ast.Eq):
                return
            found.append((test, test.comparators[0]))
        for call in unittest_checks(function):
            if getattr(call.func, "attr", "") == "assertEqual" and len(call.args) >= 2 and is_status(call.args[0]):
                found.append((call, call.args[1]))
        if not found or any(status_number(ctx, code) in _TELLS_ALL for _, code in found):
            return
        if not any(sends_request(node) for node in function.bag.get(ast.Call, ()) if isinstance(node, ast.Call)):
            return
        texts = [function.name, *(_texts(function))]
        if any(_HEALTH.search(text) for text in texts):
            return
        if not can_fail(ctx, *(_statement_of(ctx, node) for node, _ in found)):
            ctx.report(found[-1][0])


def _texts(function: Function) -> list[str]:
    """Return the texts that requests are sent to."""
    return [
        part.value
        for call in function.bag.get(ast.Call, ())
        if isinstance(call, ast.Call) and sends_request(call)
        for part in below(*call.args[:2])
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]


def _statement_of(ctx: Context, node: ast.expr) -> ast.AST:
    return next((item for item in ctx.ancestors(node) if isinstance(item, ast.stmt)), node)
