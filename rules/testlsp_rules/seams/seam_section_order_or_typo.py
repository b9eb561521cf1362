from __future__ import annotations

from testlsp.lint import Bad, Context, Fix, Good, Rule, Severity, on_function
from testlsp.lint.context import safe
from testlsp.lint.integration import is_integration_test
from testlsp.lint.signs import INTEGRATION
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.text import Edit

from testlsp_rules.seams._orders import ORDER_IS_STORED
from testlsp_rules.seams._outline import Misspelt, disordered, mislevelled, misspelt_headings, reordering
from testlsp_rules.seams._sections import docstring_of


class SeamSectionOrderOrTypo(Rule):
    """Finds headings that are misspelt, out of order or on another level in an integration test's docstring.

    Who looks for the seam of a failing test looks at one place, and so does every tool
    that reads the sections; `Integraton Scope` is found by neither. A line counts as
    misspelt when it resembles a heading that is missing. A heading on another level
    than most others, with more or fewer `#` or set in, seems to be part of the
    section before it.
    """

    code = "TL503"
    words = (INTEGRATION,)
    since = "0.1"
    message = "This section is misspelt or misplaced"
    severity = Severity.INFORMATION
    options = ("integration-paths", "integration-markers", "headings")
    related = ("D405 (ruff)", "D420 (ruff)", "GL07 (numpydoc)")
    source = "https://docs.astral.sh/ruff/rules/incorrect-section-order/"
    examples = (
        Bad(
            '''
            def test_order_is_stored(client, repository):
                """An order placed over HTTP is in the database 😀.

                Integraton Scope:
                ^^^^^^^^^^^^^^^^ `Integraton Scope` should read `Integration Scope`
                    HTTP interface, OrderService, Repository

                Business Impact:
                ^^^^^^^^^^^^^^^ `Business Impact` should stand after `Seam Under Test`
                    Without it customers pay for orders that nobody packs.

                Seam Under Test:
                    POST /orders

                Test Strategy:
                    - Order two mugs over HTTP

                Success Criteria:
                    - response.status_code == 201
                """
                response = client.post("/orders", json={"mug": 2})
                assert response.status_code == 201
            ''',
            fixed=ORDER_IS_STORED,
            path="tests/integration/test_orders.py",
        ),
        Good(
            '''
            def test_order_is_stored(client, repository):
                """An order placed over HTTP is in the database.

                Integration Scope:
                    HTTP interface, OrderService, Repository

                Business Impact:
                    Without it customers pay for orders that nobody packs.

                Test Strategy:
                    - Order two mugs over HTTP

                Success Criteria:
                    - response.status_code == 201
                """
                assert client.post("/orders", json={"mug": 2}).status_code == 201
            ''',
            path="tests/integration/test_orders.py",
            why="what is missing is the business of `seam-section-missing`",
        ),
        Bad(
            """
            import pytest

            @pytest.mark.integration
            def test_missing_order(client):
                '''
                When: one is asked for
                ^^^^ `When` should stand after `Given`
                Given: no order
                And: a customer
                Then: 404'''
                assert client.get("/orders/0").status_code == 404
            """,
            fixed="""
            import pytest

            @pytest.mark.integration
            def test_missing_order(client):
                '''
                Given: no order
                And: a customer
                When: one is asked for
                Then: 404'''
                assert client.get("/orders/0").status_code == 404
            """,
        ),
        Bad(
            '''
            def test_order(client):
                """Test Strategy: order two mugs
                   ^^^^^^^^^^^^^ `Test Strategy` should stand after `Integration Scope`

                Integration Scope: HTTP interface
                Seam Under Test: POST /orders

                Some more about all of it.
                """
                assert client.post("/orders").status_code == 201

            def test_orders(client):
                """
                Seam Under Test: POST /orders
                ^^^^^^^^^^^^^^^ `Seam Under Test` should stand after `Integration Scope`

                Notes: it is slow
                See also:
                    RFC 9110
                Integration Scope: HTTP interface
                Test Strategy: order two mugs
                """
                assert client.post("/orders").status_code == 201
            ''',
            path="tests/integration/test_orders.py",
            why="nothing is moved where it is not sure what belongs to a section",
        ),
        Bad(
            '''
            def test_order(client):
                """An order arrives.

                ## Integration Scope
                HTTP interface

                # Seam Under Test
                  ^^^^^^^^^^^^^^^ `Seam Under Test` should stand on the level of the other sections
                POST /orders

                ## Test Strategy
                Order two mugs
                """
                assert client.post("/orders").status_code == 201

            def test_orders(client):
                """Orders arrive.

                Integration Scope:
                    HTTP interface

                    Seam Under Test:
                    ^^^^^^^^^^^^^^^ `Seam Under Test` should stand on the level of the other sections
                        POST /orders

                Test Strategy:
                    - Order two mugs
                """
                assert client.post("/orders").status_code == 201
            ''',
            fixed='''
            def test_order(client):
                """An order arrives.

                ## Integration Scope
                HTTP interface

                ## Seam Under Test
                POST /orders

                ## Test Strategy
                Order two mugs
                """
                assert client.post("/orders").status_code == 201

            def test_orders(client):
                """Orders arrive.

                Integration Scope:
                    HTTP interface

                Seam Under Test:
                    POST /orders

                Test Strategy:
                    - Order two mugs
                """
                assert client.post("/orders").status_code == 201
            ''',
            path="tests/integration/test_orders.py",
        ),
        Good(
            '''
            def test_order(client):
                """An order arrives.

                Integration Scope: HTTP interface
                Seam Under Test: POST /orders

                ## Test Strategy
                Order two mugs

                ### Success Criteria
                201
                """
                assert client.post("/orders").status_code == 201
            ''',
            path="tests/integration/test_orders.py",
            why="headings of several styles have no common level",
        ),
        Good(
            '''
            def test_missing_order(client):
                """
                When one is asked for, and
                given that there is no order, it is
                then said to be missing.
                """
                assert client.get("/orders/0").status_code == 404

            def test_two_orders(client):
                """
                Given: no order
                When: one is asked for
                Then: it is missing
                Given: an order
                When: it is asked for
                Then: it is there
                """
                assert client.get("/orders/0").status_code == 404

            def test_order(client):
                """
                Success Criterion of all orders: they arrive
                Success Story: it arrived
                """
                assert client.get("/orders/0").status_code == 404
            ''',
            path="tests/integration/test_orders.py",
            why="words that begin a line, two scenarios in a row, and other headings",
        ),
        Good(
            '''
            def test_order(client):
                """
                Sucess Criteria: 201
                Test Strategy: order two mugs
                Seam Under Test: POST /orders
                """
                assert client.post("/orders").status_code == 201
            ''',
            why="not an integration test",
        ),
        Bad(
            '''
            def test_order(client):
                """Test Strategy: order two mugs
                   ^^^^^^^^^^^^^ `Test Strategy` should stand after `Integration Scope`

                Integration Scope: HTTP interface
                Seam Under Test: POST /orders

                Some more about all of it.
                """
                assert client.post("/orders").status_code == 201

            def test_orders(client):
                """
                Seam Under Test: POST /orders
                ^^^^^^^^^^^^^^^ `Seam Under Test` should stand after `Integration Scope`

                Notes: it is slow
                See also:
                    RFC 9110
                Integration Scope: HTTP interface
                Test Strategy: order two mugs
                """
                assert client.post("/orders").status_code == 201
            ''',
            path="e2e/test_orders.py",
            settings={"integration_paths": ["e2e/**"]},
            why="where the integration tests of the project lie",
        ),
        Bad(
            """
            import pytest

            @pytest.mark.e2e
            def test_missing_order(client):
                '''
                When: one is asked for
                ^^^^ `When` should stand after `Given`
                Given: no order
                And: a customer
                Then: 404'''
                assert client.get("/orders/0").status_code == 404
            """,
            fixed="""
            import pytest

            @pytest.mark.e2e
            def test_missing_order(client):
                '''
                Given: no order
                And: a customer
                When: one is asked for
                Then: 404'''
                assert client.get("/orders/0").status_code == 404
            """,
            settings={"integration_markers": ["e2e"]},
            why="how the project marks its integration tests",
        ),
        Bad(
            '''
            def test_order_is_stored(client):
                """An order is stored.

                Risk:
                ^^^^ `Risk` should stand after `Owner`
                    None.

                Owner:
                    The shop team
                """
                assert client.post("/orders").status_code == 201
            ''',
            fixed='''
            def test_order_is_stored(client):
                """An order is stored.

                Owner:
                    The shop team

                Risk:
                    None.
                """
                assert client.post("/orders").status_code == 201
            ''',
            path="tests/integration/test_orders.py",
            settings={"headings": ["Owner", "Risk"]},
            why="the headings of the project",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report misspelt headings, and the first one that stands before one that should precede it."""
        docstring = docstring_of(function)
        if docstring is None or not is_integration_test(ctx, function):
            return
        for wrong in misspelt_headings(ctx, docstring):
            message = f"`{wrong.written}` should read `{wrong.heading}`"
            ctx.report(wrong.place, message, fixes=[_spelt(wrong)])
        for section, moving in mislevelled(ctx, docstring):
            message = f"`{section.heading}` should stand on the level of the other sections"
            ctx.report(section.place, message, fixes=[_levelled(moving)] if moving else [])
        order = disordered(ctx, docstring)
        if order is None:
            return
        found, wanted = order
        index = next(index for index in range(len(found)) if found[index] != wanted[index])
        edits = reordering(ctx, docstring, found, wanted)
        ctx.report(
            found[index].place,
            f"`{found[index].heading}` should stand after `{wanted[index].heading}`",
            fixes=[safe("Put the sections in order", lambda: edits)] if edits else [],
        )


def _levelled(moving: list[Edit]) -> Fix:
    return safe("Put it on the level of the others", lambda: moving)


def _spelt(wrong: Misspelt) -> Fix:
    return safe(f"Write `{wrong.heading}`", lambda: [Edit(wrong.place, wrong.heading)])
