from __future__ import annotations

from testlsp.lint import Bad, Context, Good, Rule, Severity, on_function
from testlsp.semantic.functions import Function

from testlsp_rules.assertions._status import WHERE_STATUSES_ARE_CHECKED, accepted_statuses, exact_fixes


class StatusAcceptsSuccessAndFailure(Rule):
    """Accepts a success and a failure of the same request.

    A test that is content with 200 and with 400 cannot tell whether the request
    worked: it stays green when the endpoint begins to refuse what it should
    take, or to take what it should refuse. Requests that race each other, and
    requests made up by Hypothesis, are left alone.

    Fix safety: which of the codes is right only a person can say, so each of
    them is a fix of its own and none is applied without being asked for.
    """

    code = "TL301"
    since = "0.1"
    words = ("status",)
    message = "This passes whether the request succeeds or fails"
    severity = Severity.ERROR
    options = ("allow-status-sets",)
    related = ("TL302",)
    source = "https://www.rfc-editor.org/rfc/rfc9110.html#name-status-codes"
    examples = (
        Bad(
            """
            def test_create_order(client):
                response = client.post("/orders", json={"sku": "🍎"})
                assert response.status_code in [200, 201, 422]
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This passes whether the request succeeds (200, 201) or fails (422)
            """,
            fixed="""
            def test_create_order(client):
                response = client.post("/orders", json={"sku": "🍎"})
                assert response.status_code == 200
            """,
            alternatives={
                "Expect exactly 201": """
                def test_create_order(client):
                    response = client.post("/orders", json={"sku": "🍎"})
                    assert response.status_code == 201
                """,
                "Expect exactly 422": """
                def test_create_order(client):
                    response = client.post("/orders", json={"sku": "🍎"})
                    assert response.status_code == 422
                """,
            },
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
            from fastapi import status

            async def test_create_order(client):
                response = await client.post("/orders")
                assert response.status_code == status.HTTP_201_CREATED or response.status_code == status.HTTP_409_CONFLICT, response.text
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This passes whether the request succeeds (201) or fails (409)
            """,
            fixed="""
            from fastapi import status

            async def test_create_order(client):
                response = await client.post("/orders")
                assert response.status_code == status.HTTP_201_CREATED, response.text
            """,
            why="A chain of comparisons says the same as a list.",
        ),
        Bad(
            """
            from http import HTTPStatus
            from unittest import TestCase

            class TestOrders(TestCase):
                def test_create_order(self):
                    response = self.client.post("/orders")
                    self.assertIn(response.status_code, {HTTPStatus.OK, HTTPStatus.NOT_FOUND.value})
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This passes whether the request succeeds (200) or fails (404)
            """,
            fixed="""
            from http import HTTPStatus
            from unittest import TestCase

            class TestOrders(TestCase):
                def test_create_order(self):
                    response = self.client.post("/orders")
                    self.assertEqual(response.status_code, HTTPStatus.OK)
            """,
        ),
        Bad(
            """
            def expect_answer(response, text):
                assert response.status in (200, 500) and text in response.body
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This passes whether the request succeeds (200) or fails (500)
            """,
            fixed="""
            def expect_answer(response, text):
                assert response.status == 200 and text in response.body
            """,
            why="Helpers assert, too.",
        ),
        Bad(
            """
            FINE = (200, 404)

            def test_order(client):
                assert client.get("/orders/1").status_code in FINE
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This passes whether the request succeeds (200) or fails (404)

            def test_orders(client):
                expected = {200, 201, 500}
                assert client.get("/orders").status_code in expected
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This passes whether the request succeeds (200, 201) or fails (500)
            """,
            fixed="""
            FINE = (200, 404)

            def test_order(client):
                assert client.get("/orders/1").status_code == 200

            def test_orders(client):
                expected = {200, 201, 500}
                assert client.get("/orders").status_code == 200
            """,
            why="A name does not make it better.",
        ),
        Good(
            """
            import pytest

            SUCCESS = (200, 204)

            @pytest.mark.parametrize("expected", [(200,), (404, 410)])
            def test_order(client, expected):
                assert client.get("/orders/1").status_code in expected
                assert client.delete("/orders/1").status_code in SUCCESS
            """,
            why="Several successes with a name are meant, and what a parameter holds depends on the case.",
        ),
        Good(
            """
            def test_cleans_up(client):
                response = client.delete("/orders/1")
                if response.status_code in (200, 404):
                    client.post("/orders")
                assert client.get("/orders").status_code == 200
            """,
            why="A condition asserts nothing.",
        ),
        Good(
            """
            def test_some_fail(client):
                found = [client.get(f"/{n}") for n in range(9)]
                known = [r for r in found if r.status_code in (200, 404)]
                assert len(known) == 9
            """,
            why="A filter asserts nothing, and neither does a counter.",
        ),
        Good(
            """
            def test_concurrent_orders(client, executor):
                for response in executor.map(client.post, ["/orders"] * 2):
                    assert response.status_code in (201, 409)
            """,
            why="One of two competing requests loses.",
        ),
        Good(
            """
            import asyncio

            async def test_last_item_is_sold_once(client):
                for response in await asyncio.gather(client.post("/buy"), client.post("/buy")):
                    assert response.status_code in (201, 409)
            """,
            why="One of two competing requests loses.",
        ),
        Good(
            """
            from hypothesis import given, strategies as st

            @given(st.text())
            def test_search(client, text):
                assert client.get("/search", params={"q": text}).status_code in (200, 422)
            """,
            why="Made-up input is sometimes refused.",
        ),
        Good(
            """
            def test_health(client):
                assert client.get("/health").status_code in (200, 503)
            """,
            settings={"allow_status_sets": [[200, 503]]},
            why="The project allows this set.",
        ),
        Good(
            """
            def sign_up(client):
                response = client.post("/users")
                assert response.status_code in (201, 409)
            """,
            why="A helper that prepares a test may find its work done already.",
        ),
        Good(
            """
            def test_matches(client, expected):
                assert client.get("/").status_code in (200, expected)
                assert client.level in (200, 400)
                assert client.get("/").status_code == 200 or client.offline
            """,
            why="Unknown values, and comparisons of something else, are no finding.",
        ),
    )

    @on_function(*WHERE_STATUSES_ARE_CHECKED)
    def check(self, ctx: Context, function: Function) -> None:
        """Report a set of codes that holds successes and failures."""
        for item in accepted_statuses(ctx):
            if item.mixed:
                numbers = sorted(item.numbers)
                good = ", ".join(str(number) for number in numbers if number < 400)
                bad = ", ".join(str(number) for number in numbers if number >= 400)
                message = f"This passes whether the request succeeds ({good}) or fails ({bad})"
                ctx.report(item.node, message, fixes=exact_fixes(ctx, item))
