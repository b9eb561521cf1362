from __future__ import annotations

from testlsp.lint import Bad, Context, Good, Rewrite, Rule, Severity, on_function
from testlsp.lint.context import unsafe
from testlsp.lint.integration import is_integration_test
from testlsp.rewrite import insert_before
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.hooks import loaded, marks_registered
from testlsp.semantic.marks import PLUGIN_MARKS
from testlsp.semantic.seams import markers
from testlsp.text import TextRange

from testlsp_rules.seams._services import LIBRARIES, service_used

_CONFTEST = """
def pytest_configure(config):
    config.addinivalue_line("markers", "integration: needs services")
"""


class UnmarkedIntegration(Rule):
    """Starts a container or connects to a database in a test that is not marked as an integration test.

    Where a project tells its integration tests by a mark, people leave them out with
    `-m "not integration"`, on a train or in a quick job; a test without the mark is
    run all the same and fails there. The rule speaks in projects that register one of
    `integration-markers`, of tests that bear no mark of their own. What clients of
    unknown fixtures connect to is not known to it.

    Fix safety: the mark changes which runs the test is part of.
    """

    code = "TL508"
    since = "0.1"
    message = "This test needs a service and is not marked as an integration test"
    words = LIBRARIES
    severity = Severity.INFORMATION
    options = ("integration-paths", "integration-markers")
    related = ("INF-002 (pytest-linter)",)
    source = "https://docs.pytest.org/en/stable/how-to/mark.html"
    examples = (
        Bad(
            """
            import pytest
            from testcontainers.redis import RedisContainer

            @pytest.mark.parametrize("key", ["😀"])
            def test_cache(key):
                ^^^^^^^^^^ This test uses `testcontainers.redis.RedisContainer` and is not marked `integration`
                with RedisContainer() as redis:
                    assert redis.get_client().get(key) is None
            """,
            fixed="""
            import pytest
            from testcontainers.redis import RedisContainer

            @pytest.mark.integration
            @pytest.mark.parametrize("key", ["😀"])
            def test_cache(key):
                with RedisContainer() as redis:
                    assert redis.get_client().get(key) is None
            """,
            files={"tests/conftest.py": _CONFTEST},
        ),
        Good(
            """
            import pytest
            from testcontainers.redis import RedisContainer

            @pytest.mark.integration
            def test_cache():
                with RedisContainer() as redis:
                    assert redis.get_client().get("key") is None
            """,
            files={"tests/conftest.py": _CONFTEST},
        ),
        Bad(
            """
            import psycopg
            from pytest import fixture

            @fixture
            def connection():
                return psycopg.connect("dbname=shop")

            @fixture
            def orders(connection):
                return connection.cursor()

            class TestOrders:
                def test_none(self, orders):
                    ^^^^^^^^^ This test uses `psycopg.connect` and is not marked `integration`
                    assert orders.fetchall() == []
            """,
            fixed="""
            import psycopg
            from pytest import fixture
            import pytest

            @fixture
            def connection():
                return psycopg.connect("dbname=shop")

            @fixture
            def orders(connection):
                return connection.cursor()

            class TestOrders:
                @pytest.mark.integration
                def test_none(self, orders):
                    assert orders.fetchall() == []
            """,
            files={"tests/conftest.py": _CONFTEST},
        ),
        Good(
            """
            import psycopg2
            import pytest
            from unittest.mock import patch
            from testcontainers.core import config

            @pytest.mark.slow
            def test_marked():
                assert psycopg2.connect("dbname=shop")

            @pytest.mark.skipif("not config.ready")
            def test_skipped():
                assert psycopg2.connect("dbname=shop")

            @patch("psycopg2.connect")
            def test_patched(connect):
                assert psycopg2.connect("dbname=shop") is connect.return_value

            def test_faked(monkeypatch):
                monkeypatch.setattr(psycopg2, "connect", lambda text: text)
                assert psycopg2.connect("dbname=shop") == "dbname=shop"

            def test_library():
                assert config.timeout() == 3
            """,
            files={"tests/conftest.py": _CONFTEST},
            why="marked for another reason, skipped, or not connected at all",
        ),
        Good(
            """
            import psycopg

            def test_orders():
                assert psycopg.connect("dbname=shop").execute("select 1")
            """,
            path="tests/integration/test_orders.py",
            files={"tests/conftest.py": _CONFTEST},
            why="the path says it",
        ),
        Good(
            """
            import psycopg

            def test_orders():
                assert psycopg.connect("dbname=shop").execute("select 1")
            """,
            why="nobody registers such a mark",
        ),
        Bad(
            """
            import psycopg

            def test_orders():
                ^^^^^^^^^^^ This test uses `psycopg.connect` and is not marked `e2e`
                assert psycopg.connect("dbname=shop").execute("select 1")
            """,
            fixed="""
            import psycopg
            import pytest

            @pytest.mark.e2e
            def test_orders():
                assert psycopg.connect("dbname=shop").execute("select 1")
            """,
            files={"tests/conftest.py": _CONFTEST.replace("integration", "e2e")},
            settings={"integration_markers": ["e2e"]},
            why="how the project marks its integration tests",
        ),
        Good(
            """
            import psycopg

            def test_orders():
                assert psycopg.connect("dbname=shop").execute("select 1")
            """,
            path="tests/e2e/test_orders.py",
            files={"tests/conftest.py": _CONFTEST},
            settings={"integration_paths": ["**/e2e/**"]},
            why="where the integration tests of the project lie",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report a test that connects itself or through fixtures of its file."""
        used = service_used(ctx, function)
        if used is None or function.node is None or is_integration_test(ctx, function):
            return
        if markers(function, ctx.model) - PLUGIN_MARKS - {"parametrize", "usefixtures", "filterwarnings"}:
            return
        if "patch" in function.statement.source(function.node) or any("mock" in name for name in function.params):
            return
        if function.class_info is not None and "patch" in ctx.statement.text:
            return
        mark = self._registered(ctx)
        if mark is None:
            return
        node = function.node
        start = ctx.statement.text.index(function.name, ctx.statement.range(node).start + len("def"))
        title = f"Mark it with `@pytest.mark.{mark}`"
        ctx.report(
            TextRange(start, start + len(function.name)),
            f"This test uses `{used}` and is not marked `{mark}`",
            fixes=[
                unsafe(
                    title,
                    lambda: Rewrite(insert_before(ctx.statement, node, f"@pytest.mark.{mark}"), ("import pytest",)),
                )
            ],
        )

    def _registered(self, ctx: Context) -> str | None:
        """Return the first of the marks of integration tests that the project registers."""
        known = set(ctx.settings.pytest.markers)
        if known.isdisjoint(ctx.settings.integration_markers):
            graph = ctx.graph
            known.update((marks_registered(loaded(graph, ctx.path)) or ()) if graph is not None else ())
        return next((mark for mark in ctx.settings.integration_markers if mark in known), None)
