from __future__ import annotations

from testlsp.lint import Bad, Context, Good, Rule, Severity, on_function
from testlsp.lint.context import manual
from testlsp.lint.integration import is_integration_test
from testlsp.lint.signs import INTEGRATION
from testlsp.rewrite import insert_docstring
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.seams import seam_facts
from testlsp.text import Edit, TextRange

from testlsp_rules.seams._sections import described_by_class, docstring_of
from testlsp_rules.seams._skeleton import skeleton


class SeamDocstringMissing(Rule):
    """Finds an integration test that does not say which parts it brings together.

    A unit test is explained by the function it calls. An integration test crosses a
    seam, and when it fails somebody has to know which one, why it matters and what
    was to be seen. Tests below an integration path or with an integration mark need
    a docstring; one of the class around them counts when it has all sections.

    Fix safety: only for a person to apply. The skeleton is filled with what the test
    shows: its fixtures, the routes and callables it reaches, its assertions. What
    nobody can read there stays a `TODO`, which `seam-placeholder` reports until
    somebody has written it.
    """

    code = "TL501"
    words = (INTEGRATION,)
    since = "0.1"
    message = "This integration test does not say which seam it tests"
    severity = Severity.INFORMATION
    options = ("integration-paths", "integration-markers", "sections", "headings")
    related = ("D103 (ruff)", "no-docstring-in-tests (mlflow), which asks for the opposite")
    source = "https://www.informit.com/articles/article.aspx?p=759702"
    examples = (
        Bad(
            """
            import pytest
            from shop.orders import OrderService

            @pytest.mark.integration
            def test_order_is_stored(client, repository, mock_mailer):
                ^^^^^^^^^^^^^^^^^^^^
                response = client.post("/orders", json={"mug": 2})
                assert response.status_code == 201
                assert repository.order(response.json()["id"]).total == OrderService.total("2 mugs 😀")
                mock_mailer.confirm.assert_called_once()
            """,
            fixed='''
            import pytest
            from shop.orders import OrderService

            @pytest.mark.integration
            def test_order_is_stored(client, repository, mock_mailer):
                """Order is stored.

                Integration Scope:
                    client, repository; mock_mailer (mocked)

                Seam Under Test:
                    POST /orders -> repository.order -> OrderService.total

                Business Impact:
                    TODO: say what goes wrong, and for whom, when this breaks

                Test Strategy:
                    - POST /orders
                    - Call repository.order
                    - Call OrderService.total

                Success Criteria:
                    - response.status_code == 201
                    - repository.order(response.json()['id']).total == OrderService.total('2 mugs 😀')
                    - mock_mailer.confirm.assert_called_once()
                """
                response = client.post("/orders", json={"mug": 2})
                assert response.status_code == 201
                assert repository.order(response.json()["id"]).total == OrderService.total("2 mugs 😀")
                mock_mailer.confirm.assert_called_once()
            ''',
        ),
        Good(
            '''
            import pytest

            @pytest.mark.integration
            def test_order_is_stored(client, repository):
                """An order placed over HTTP is in the database.

                Integration Scope:
                    HTTP interface, OrderService, Repository

                Seam Under Test:
                    POST /orders -> OrderService.place -> Repository.add_order

                Business Impact:
                    Without it customers pay for orders that nobody packs.

                Test Strategy:
                    - Order two mugs over HTTP

                Success Criteria:
                    - The order is in the database
                """
                assert client.post("/orders", json={"mug": 2}).status_code == 201
            '''
        ),
        Bad(
            """
            class TestOrders:
                async def test_missing_order(self, client, order_id):
                          ^^^^^^^^^^^^^^^^^^
                    # nothing is stored
                    response = await client.get(f"/orders/{order_id}?full=1")
                    assert response.status_code == 404
                    assert response.json() == {}
            """,
            fixed='''
            class TestOrders:
                async def test_missing_order(self, client, order_id):
                    """Missing order.

                    Given: client, order_id
                    When: GET /orders/{order_id}
                    Then: response.status_code == 404
                    And: response.json() == {}
                    """
                    # nothing is stored
                    response = await client.get(f"/orders/{order_id}?full=1")
                    assert response.status_code == 404
                    assert response.json() == {}
            ''',
            path="tests/integration/test_orders.py",
            settings={"sections": "given-when-then"},
            why="the folder says that it is an integration test, the settings which sections it needs",
        ),
        Bad(
            """
            import pytest

            pytestmark = [pytest.mark.slow, pytest.mark.contract]

            def test_ping():
                ^^^^^^^^^
                ping()
            """,
            fixed='''
            import pytest

            pytestmark = [pytest.mark.slow, pytest.mark.contract]

            def test_ping():
                """Ping.

                Scope:
                    TODO: name the parts that work together

                Owner:
                    TODO: write down the owner
                """
                ping()
            ''',
            settings={"headings": ["Scope", "Owner"], "integration_markers": ["contract"]},
            why="what the text does not show is left open, not made up",
        ),
        Good(
            """
            def test_order_is_stored(client):
                assert client.post("/orders").status_code == 201
            """,
            files={
                "tests/conftest.py": """
                import pytest

                pytestmark = pytest.mark.integration
                """
            },
            why="a unit test; pytest ignores `pytestmark` in a conftest",
        ),
        Good(
            '''
            class TestOrders:
                """Orders over HTTP.

                Given: a client of the shop
                When: orders are placed
                Then: they are in the database
                """

                def test_order_is_stored(self, client):
                    assert client.post("/orders").status_code == 201
            ''',
            path="tests/integration/test_orders.py",
            why="the docstring of the class speaks for its tests",
        ),
        Good(
            """
            def test_order_is_stored(client, repository):
                response = client.post("/orders", json={"mug": 2})
                assert repository.order(response.json()["id"])
            """,
            path="tests/integration/test_orders.py",
            settings={"integration_paths": ["e2e/**"]},
            why="the integration tests of the project lie elsewhere",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report an integration test without a docstring."""
        if function.node is None or docstring_of(function) is not None or not is_integration_test(ctx, function):
            return
        if described_by_class(ctx, function):
            return
        start = ctx.statement.text.index(function.name, ctx.statement.range(function.node).start + len("def"))
        place = TextRange(start, start + len(function.name))
        ctx.report(place, fixes=[manual("Write a docstring from what the test does", lambda: self.fix(ctx, function))])

    def fix(self, ctx: Context, function: Function) -> list[Edit]:
        """Write down what the test shows."""
        assert function.node is not None
        facts = seam_facts(function, ctx.model, ctx.graph)
        return insert_docstring(ctx.statement, function.node, skeleton(facts, ctx.settings.section_headings))
