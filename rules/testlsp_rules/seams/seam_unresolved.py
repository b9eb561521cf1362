from __future__ import annotations

import re

from testlsp.lint import Bad, Context, Good, Rule, Severity, on_function
from testlsp.lint.context import manual
from testlsp.lint.integration import is_integration_test
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.text import Edit, TextRange

from testlsp_rules.seams._reached import is_telling, meant_name, names_used, nearest, requested, same_route
from testlsp_rules.seams._sections import docstring_of, seam_section


class SeamUnresolved(Rule):
    """Finds a documented seam that the test does not go through: a misspelt name, or another route.

    A docstring is not run, so it stays when code is renamed; then it leads whoever
    reads it after a failure to the wrong place. What lies behind the first call cannot
    be seen in a test, so a name is reported only when it resembles one that the test
    uses, and a route only when the test makes requests and none of them is it.

    Fix safety: only for a person to apply. The docstring may be right, and the test
    wrong.
    """

    code = "TL505"
    since = "0.1"
    message = "The test does not go through this seam"
    severity = Severity.INFORMATION
    options = ("integration-paths", "integration-markers", "headings")
    words = ("eam", "oundar")
    source = "None outside: it follows from what the section is for, to say what the test runs."
    examples = (
        Bad(
            '''
            from shop.orders import OrderService

            def test_order_is_stored(client, repository):
                """An order placed over HTTP is in the database 😀.

                Seam Under Test:
                    POST /order -> OrderServise -> Repository
                    ^^^^^^^^^^^ The test never requests `POST /order`; did you mean `POST /orders`?
                                   ^^^^^^^^^^^^ There is no `OrderServise`; did you mean `OrderService`?
                """
                assert client.post("/orders", json={"mug": 2}).status_code == 201
                assert OrderService(repository).all() == ["mug"]
            ''',
            fixed='''
            from shop.orders import OrderService

            def test_order_is_stored(client, repository):
                """An order placed over HTTP is in the database 😀.

                Seam Under Test:
                    POST /orders -> OrderService -> Repository
                """
                assert client.post("/orders", json={"mug": 2}).status_code == 201
                assert OrderService(repository).all() == ["mug"]
            ''',
            path="tests/integration/test_orders.py",
        ),
        Good(
            '''
            def test_order_is_stored(client, repository, order):
                """An order placed over HTTP is in the database.

                Seam Under Test:
                    POST /orders/{order_id} -> OrderService -> Repository
                """
                assert client.post(f"/orders/{order.id}?notify=no", json={"mug": 2}).status_code == 201
            ''',
            path="tests/integration/test_orders.py",
            why="what is behind the route cannot be seen here",
        ),
        Bad(
            '''
            import pytest

            @pytest.mark.integration
            def test_order_is_shown(client):
                """
                Seam Under Test: `DELETE /orders/1`
                                  ^^^^^^^^^^^^^^^^ The test never requests `DELETE /orders/1`
                """
                assert client.get("/customers").status_code == 200
            ''',
        ),
        Good(
            '''
            from shop.orders import OrderService, UserRepository, sync_orders, HandlerV1

            def test_names(client):
                """
                Seam Under Test: OrderServices, the OrderRepository, async_orders, HandlerV2, orderservice
                """
                assert OrderService(UserRepository(), HandlerV1()).all() == sync_orders()

            def test_prefix(client):
                """
                Seam Under Test: GET /orders and then POST /api/v1/orders/7/items
                """
                assert client.get("orders").status_code == client.get("/orders/").status_code
                assert client.post("/orders/7/items").status_code == 201

            def test_other_ways(client, url, place):
                """
                Seam Under Test: POST /orders
                """
                assert client.get("/health").status_code == 200
                assert client.post(url).status_code == 201

            def test_helper(client):
                """
                Seam Under Test: POST /orders
                """
                assert client.get("/health").status_code == 200
                place_order(client)

            def place_order(client):
                assert client.post("/orders").status_code == 201

            def test_fixture(client, placed_order):
                """
                Seam Under Test: POST /orders
                """
                assert client.get("/health").status_code == 200

            def test_examples(client):
                """
                Seam Under Test: the routes of the shop (e.g. GET /)
                """
                assert client.get("/health").status_code == 200
            ''',
            path="tests/integration/test_orders.py",
            why="other names; the same route below a prefix; requests that are made elsewhere or to an unknown address",
        ),
        Good(
            '''
            from shop.orders import OrderService

            def test_order(client):
                """
                Seam Under Test: POST /order -> OrderServise
                """
                assert client.post("/orders").json() == OrderService().all()
            ''',
            why="not an integration test",
        ),
        Bad(
            '''
            from shop.orders import OrderService

            def test_order_is_stored(client, repository):
                """An order placed over HTTP is in the database 😀.

                Seam Under Test:
                    POST /order -> OrderServise -> Repository
                    ^^^^^^^^^^^ The test never requests `POST /order`; did you mean `POST /orders`?
                                   ^^^^^^^^^^^^ There is no `OrderServise`; did you mean `OrderService`?
                """
                assert client.post("/orders", json={"mug": 2}).status_code == 201
                assert OrderService(repository).all() == ["mug"]
            ''',
            fixed='''
            from shop.orders import OrderService

            def test_order_is_stored(client, repository):
                """An order placed over HTTP is in the database 😀.

                Seam Under Test:
                    POST /orders -> OrderService -> Repository
                """
                assert client.post("/orders", json={"mug": 2}).status_code == 201
                assert OrderService(repository).all() == ["mug"]
            ''',
            path="e2e/test_orders.py",
            settings={"integration_paths": ["e2e/**"]},
            why="where the integration tests of the project lie",
        ),
        Bad(
            '''
            import pytest

            @pytest.mark.e2e
            def test_order_is_shown(client):
                """
                Seam Under Test: `DELETE /orders/1`
                                  ^^^^^^^^^^^^^^^^ The test never requests `DELETE /orders/1`
                """
                assert client.get("/customers").status_code == 200
            ''',
            settings={"integration_markers": ["e2e"]},
            why="how the project marks its integration tests",
        ),
        Bad(
            '''
            def test_order_is_stored(client):
                """An order is stored.

                Boundary:
                    POST /order
                    ^^^^^^^^^^^ The test never requests `POST /order`; did you mean `POST /orders`?
                """
                assert client.post("/orders").status_code == 201
            ''',
            fixed='''
            def test_order_is_stored(client):
                """An order is stored.

                Boundary:
                    POST /orders
                """
                assert client.post("/orders").status_code == 201
            ''',
            path="tests/integration/test_orders.py",
            settings={"headings": ["Boundary"]},
            why="how the project heads the section that names the seam",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report names and routes of the section about the seam that the test knows by another name."""
        docstring = docstring_of(function)
        if docstring is None or not is_integration_test(ctx, function):
            return
        section = seam_section(ctx, docstring)
        if section is None:
            return
        text = "".join(section.body)
        start = ctx.statement.text.index(text, section.place.end)
        for match in re.finditer(r"\b(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (/[\w/{}.<>:-]+)", text):
            self._check_route(ctx, function, match, start)
        names = names_used(ctx, function)
        for match in re.finditer(r"(?<![\w/{])[A-Za-z]\w{7,}(?![\w}])", text):
            written = match[0]
            meant = meant_name(written, names) if is_telling(written) else None
            if meant is not None:
                place = TextRange(start + match.start(), start + match.end())
                _report(ctx, place, f"There is no `{written}`", meant)

    def _check_route(self, ctx: Context, function: Function, match: re.Match[str], start: int) -> None:
        verb, address = match[1], match[2].rstrip(".:")
        routes = requested(ctx, function)
        if routes is None or any(same_route(verb, address, route) for route in routes):
            return
        written = f"{verb} {address}"
        place = TextRange(start + match.start(), start + match.start() + len(written))
        _report(ctx, place, f"The test never requests `{written}`", nearest(written, routes, 0.85))


def _report(ctx: Context, place: TextRange, message: str, meant: str | None) -> None:
    if meant is None:
        ctx.report(place, message)
        return
    fix = manual(f"Write `{meant}`", lambda: [Edit(place, meant)])
    ctx.report(place, f"{message}; did you mean `{meant}`?", fixes=[fix])
