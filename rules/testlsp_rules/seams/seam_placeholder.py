from __future__ import annotations

from testlsp.config.settings import HEADINGS
from testlsp.lint import Bad, Context, Good, Rule, Severity, on_function
from testlsp.lint.integration import is_integration_test
from testlsp.lint.signs import INTEGRATION
from testlsp.semantic.functions import Function, FunctionKind

from testlsp_rules.seams._sections import docstring_of, sections_of


class SeamPlaceholder(Rule):
    """Finds a section of an integration test's docstring that is still to be written.

    A heading with nothing under it, a `TODO` or the text of a template says less than
    no heading: it looks as if somebody had thought about it. What `testlsp` itself
    writes is reported as well, where only a person knows what belongs there.
    """

    code = "TL504"
    words = (INTEGRATION,)
    since = "0.1"
    message = "This section is still to be written"
    severity = Severity.INFORMATION
    options = ("integration-paths", "integration-markers", "headings")
    related = ("D414 (ruff)",)
    source = "https://docs.astral.sh/ruff/rules/empty-docstring-section/"
    examples = (
        Bad(
            '''
            def test_order_is_stored(client, repository):
                """An order placed over HTTP is in the database 😀.

                Integration Scope:
                    HTTP interface, OrderService, Repository

                Seam Under Test:
                ^^^^^^^^^^^^^^^ `Seam Under Test` is still to be written

                Business Impact:
                ^^^^^^^^^^^^^^^ `Business Impact` is still to be written
                    TODO: say what goes wrong, and for whom, when this breaks

                Test Strategy:
                ^^^^^^^^^^^^^ `Test Strategy` is still to be written
                    - ...

                Success Criteria:
                ^^^^^^^^^^^^^^^^ `Success Criteria` is still to be written
                    - The answer is 201
                    - <what is in the database>
                """
                assert client.post("/orders", json={"mug": 2}).status_code == 201
            ''',
            path="tests/integration/test_orders.py",
        ),
        Good(
            '''
            def test_order_is_stored(client, repository):
                """An order placed over HTTP is in the database.

                Integration Scope:
                    HTTP interface, OrderService, Repository

                Seam Under Test: POST /orders -> Repository.add_order[Order]

                Business Impact:

                    Without it customers pay for orders that nobody packs.

                Test Strategy
                -------------
                - Order two mugs over HTTP, then ...

                Success Criteria:
                    - The answer is 201; todos of the user are empty
                """
                assert client.post("/orders", json={"mug": 2}).status_code == 201
            ''',
            path="tests/integration/test_orders.py",
        ),
        Bad(
            '''
            import pytest

            class TestOrders:
                pytestmark = pytest.mark.integration

                def test_missing_order(self, client):
                    """
                    Given: TBD
                    ^^^^^ `Given` is still to be written
                    When:
                    ^^^^ `When` is still to be written
                    Then: the answer is 404
                    """
                    assert client.get("/orders/0").status_code == 404
            ''',
        ),
        Good(
            '''
            def test_missing_order(client):
                """Unknown orders are not found.

                Business Impact:
                    TODO
                """
                assert client.get("/orders/0").status_code == 404
            ''',
            why="not an integration test",
        ),
        Bad(
            '''
            def test_order_is_stored(client, repository):
                """An order placed over HTTP is in the database 😀.

                Integration Scope:
                    HTTP interface, OrderService, Repository

                Seam Under Test:
                ^^^^^^^^^^^^^^^ `Seam Under Test` is still to be written

                Business Impact:
                ^^^^^^^^^^^^^^^ `Business Impact` is still to be written
                    TODO: say what goes wrong, and for whom, when this breaks

                Test Strategy:
                ^^^^^^^^^^^^^ `Test Strategy` is still to be written
                    - ...

                Success Criteria:
                ^^^^^^^^^^^^^^^^ `Success Criteria` is still to be written
                    - The answer is 201
                    - <what is in the database>
                """
                assert client.post("/orders", json={"mug": 2}).status_code == 201
            ''',
            path="e2e/test_orders.py",
            settings={"integration_paths": ["e2e/**"]},
            why="where the integration tests of the project lie",
        ),
        Bad(
            '''
            import pytest

            @pytest.mark.e2e
            def test_order_is_stored(client, repository):
                """An order placed over HTTP is in the database 😀.

                Integration Scope:
                    HTTP interface, OrderService, Repository

                Seam Under Test:
                ^^^^^^^^^^^^^^^ `Seam Under Test` is still to be written

                Business Impact:
                ^^^^^^^^^^^^^^^ `Business Impact` is still to be written
                    TODO: say what goes wrong, and for whom, when this breaks

                Test Strategy:
                ^^^^^^^^^^^^^ `Test Strategy` is still to be written
                    - ...

                Success Criteria:
                ^^^^^^^^^^^^^^^^ `Success Criteria` is still to be written
                    - The answer is 201
                    - <what is in the database>
                """
                assert client.post("/orders", json={"mug": 2}).status_code == 201
            ''',
            settings={"integration_markers": ["e2e"]},
            why="how the project marks its integration tests",
        ),
        Bad(
            '''
            def test_order_is_stored(client):
                """An order is stored.

                Owner:
                    The shop team

                Risk:
                ^^^^ `Risk` is still to be written
                    TODO
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
        """Report each heading without a text of its own."""
        docstring = docstring_of(function)
        if docstring is None or not is_integration_test(ctx, function):
            return
        headings = dict.fromkeys((*ctx.settings.headings, *(name for names in HEADINGS.values() for name in names)))
        for found in sections_of(ctx, docstring, tuple(headings)):
            if found.is_placeholder:
                ctx.report(found.place, f"`{found.heading}` is still to be written")
