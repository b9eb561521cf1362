from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from testlsp.lint import Bad, Context, Good, Rule, Severity, on_function
from testlsp.lint.integration import is_integration_path, is_integration_test
from testlsp.semantic.collection import XUNIT_NAMES
from testlsp.semantic.first_party import is_first_party
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.marks import PLUGIN_MARKS, PYTEST_MARKS
from testlsp.semantic.names import dotted
from testlsp.semantic.seams import markers, route_of, seam_facts
from testlsp.semantic.sites import Site
from testlsp.text import TextRange
from testlsp.text.patterns import pattern

from testlsp_rules.seams._services import service_used

if TYPE_CHECKING:
    from testlsp.semantic.graph import FixtureGraph

_CLIENT = pattern(r"(^|_)(client|http|api)(_|$)")
_DATABASE = pattern(r"(^|_)(db|database|session|engine|connection|conn|repository|repo)(_|$)")
_ACTS = pattern(
    r"open|read|write|load|save|store|send|fetch|request|connect|query|execute|publish|upload|download|run|start|main|app|"
    r"client|session|engine|server|process|thread|sync|async|migrate|commit|mail|file|path|settings|config|get$|post$|put$"
)
_PURE = frozenset(
    "builtins pytest math decimal fractions datetime re json enum collections itertools functools uuid string typing "
    "dataclasses statistics operator textwrap".split()
)


class IntegrationMisplaced(Rule):
    """Finds integration tests outside the folder of integration tests, and unit tests inside it.

    Who runs the quick tests leaves the folder out, and who deploys runs all of it. A
    test that sends requests and looks into the database, but lies among the unit
    tests, makes these slow and lets them fail where no database is. A test of one
    function that lies among the integration tests is run too seldom.

    The rule speaks only where a folder of `integration-paths` has tests, of tests
    without marks of their own, and leaves to `unmarked-integration` what starts or
    connects to services itself. It is off by default: what a team keeps where is
    its own decision. No fix is offered: a test cannot move without its fixtures.
    """

    code = "TL511"
    since = "0.1"
    message = "This test belongs elsewhere"
    severity = Severity.INFORMATION
    default = False
    options = ("integration-paths", "integration-markers")
    source = "https://docs.pytest.org/en/stable/explanation/goodpractices.html#choosing-a-test-layout-import-rules"
    examples = (
        Bad(
            """
            def test_order_is_stored(client, db_session):  # 😀
                ^^^^^^^^^^^^^^^^^^^^ This test drives `client` and `db_session` together, but lies outside the integration tests
                response = client.post("/orders", json={"mug": 2})
                assert response.status_code == 201
                assert db_session.query("orders").count() == 1
            """,
            path="tests/unit/test_orders.py",
            files={"tests/integration/test_pay.py": "def test_pay(client):\n    assert client.post('/pay')\n"},
        ),
        Good(
            """
            def test_order_is_stored(client, db_session):
                response = client.post("/orders", json={"mug": 2})
                assert response.status_code == 201
                assert db_session.query("orders").count() == 1
            """,
            path="tests/integration/test_orders.py",
        ),
        Bad(
            """
            import pytest
            from decimal import Decimal
            from shop.prices import rounded

            @pytest.mark.parametrize("price", [Decimal("9.90")])
            def test_rounded(price):
                ^^^^^^^^^^^^ This test needs `shop.prices` alone, but lies among the integration tests
                assert rounded(price) == Decimal("9.9")
                with pytest.raises(ValueError):
                    rounded("x")
            """,
            path="shop/tests/integration/test_prices.py",
        ),
        Good(
            """
            from shop.prices import rounded

            def test_rounded():
                assert rounded("9.90") == "9.9"
            """,
            path="shop/tests/unit/test_prices.py",
        ),
        Good(
            """
            def test_order_is_stored(client, db_session):
                assert client.post("/orders").status_code == 201
                assert db_session.query("orders").count() == 1
            """,
            files={"tests/test_pay.py": "def test_pay(client):\n    assert client.post('/pay')\n"},
            why="the project has no folder of integration tests",
        ),
        Good(
            """
            import psycopg
            import pytest

            @pytest.fixture
            def connection():
                return psycopg.connect("dbname=shop")

            @pytest.fixture
            def fake_db():
                return {}

            @pytest.mark.integration
            def test_marked(client, db):
                assert client.get("/orders").json() == db.orders()

            @pytest.mark.e2e
            def test_marked_otherwise(client, db):
                assert client.get("/orders").json() == db.orders()

            def test_connects(client, connection):
                assert client.get("/orders").json() == connection.execute("")

            def test_faked(client, fake_db):
                assert client.get("/orders").json() == fake_db.get("orders")

            def test_only_given(client, db):
                assert client.get("/orders").status_code == 200

            def test_only_database(client, db):
                db.add(1)
                assert db.query(1)
            """,
            path="tests/unit/test_orders.py",
            files={"tests/integration/test_pay.py": "def test_pay(client):\n    assert client.post('/pay')\n"},
            why="marked; `unmarked-integration`; a fake; a client or a database that is not used",
        ),
        Good(
            """
            import shop
            from shop.orders import Order, load_order, total
            from shop.prices import rounded

            class TestOrders:
                def setup_method(self):
                    self.order = Order()

                def test_set_up(self):
                    assert total(self.order) == 0

            def test_two_parts():
                assert rounded(total(Order())) == 0

            def test_acts():
                assert load_order(1) == Order()

            def test_fixture(orders):
                assert total(orders) == 0

            async def test_loop():
                assert await total() == 0

            def test_block():
                with Order() as order:
                    assert total(order) == 0

            def test_text():
                assert total("/srv/orders") == 0

            def test_nothing():
                total(Order())

            def test_unknown():
                assert shop.total(unknown) == 0
            """,
            path="shop/tests/integration/test_orders.py",
            why="it may need more than one part, or more than the text says",
        ),
        Good(
            """
            from shop.prices import rounded

            def test_rounded():
                assert rounded("9.90") == "9.9"
            """,
            path="shop/tests/integration/test_prices.py",
            files={
                "shop/tests/integration/conftest.py": """
                import pytest

                @pytest.fixture(autouse=True)
                def database():
                    yield start()
                """
            },
            why="an autouse fixture",
        ),
        Good(
            """
            def test_order_is_stored(client, db_session):  # 😀
                response = client.post("/orders", json={"mug": 2})
                assert response.status_code == 201
                assert db_session.query("orders").count() == 1
            """,
            path="e2e/test_orders.py",
            files={"tests/integration/test_pay.py": "def test_pay(client):\n    assert client.post('/pay')\n"},
            settings={"integration_paths": ["e2e/**"]},
            why="where the integration tests of the project lie",
        ),
        Good(
            """
            import pytest

            @pytest.mark.django_db
            def test_order_is_stored(client, db_session):
                response = client.post("/orders", json={"mug": 2})
                assert response.status_code == 201
                assert db_session.query("orders").count() == 1
            """,
            path="tests/unit/test_orders.py",
            files={"tests/integration/test_pay.py": "def test_pay(client):\n    assert client.post('/pay')\n"},
            settings={"integration_markers": ["django_db"]},
            why="how the project marks its integration tests",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report a test on the wrong side."""
        if function.node is None or function.in_unittest is not False:
            return
        if is_integration_path(ctx, ctx.path):
            part = _only_part(ctx, function)
            message = f"This test needs `{part}` alone, but lies among the integration tests" if part else ""
        else:
            pair = _driven_together(ctx, function)
            message = "This test drives {} and {} together, but lies outside the integration tests".format(
                *pair or ".."
            )
            message = message if pair else ""
        if not message or markers(function, ctx.model) - PLUGIN_MARKS - PYTEST_MARKS:
            return
        start = ctx.statement.text.index(function.name, ctx.statement.range(function.node).start + len("def"))
        ctx.report(TextRange(start, start + len(function.name)), message)


def _driven_together(ctx: Context, function: Function) -> tuple[str, str] | None:
    """Return the client and the database of which a test makes use, and which are no stand-ins."""
    clients = [name for name in function.params if _CLIENT.search(name)]
    databases = [name for name in function.params if _DATABASE.search(name) and name not in clients]
    if not clients or not databases:
        return None
    calls = [call for call in function.bag.get(ast.Call, ()) if isinstance(call, ast.Call)]
    roots = {(dotted(call.func) or "").partition(".")[0] for call in calls if isinstance(call.func, ast.Attribute)}
    asked = {(dotted(call.func) or "").partition(".")[0] for call in calls if route_of(call) is not None}
    client = next((name for name in clients if name in asked), None)
    database = next((name for name in databases if name in roots), None)
    if client is None or database is None or is_integration_test(ctx, function) or service_used(ctx, function):
        return None
    graph = ctx.graph
    if graph is None or not _has_layout(ctx, graph):
        return None
    real = seam_facts(function, ctx.model, graph).real
    return (f"`{client}`", f"`{database}`") if client in real and database in real else None


def _has_layout(ctx: Context, graph: FixtureGraph) -> bool:
    """Whether the project keeps tests where integration tests belong."""
    return any(summary.tests and is_integration_path(ctx, path) for path, summary in graph.summaries.items())


def _only_part(ctx: Context, function: Function) -> str | None:
    """Return the one module of the project that a test needs; None when it may need anything else."""
    bag, node = function.bag, function.node
    if function.is_async or node is None or function.nested or not bag.get(ast.Assert):
        return None
    if any(not _is_raising(ctx, block) for block in bag.get(ast.With, ())):
        return None
    if any(ctx.model.function_named(hook, chain) for hook in XUNIT_NAMES for chain in {(), function.chain}):
        return None
    if function.class_info is not None and function.class_info.node.bases:
        return None
    for text in bag.get(ast.Constant, ()):
        if isinstance(text, ast.Constant) and isinstance(text.value, str) and "/" in text.value:
            return None
    found: set[str] = set()
    for each in bag.get(ast.Name, ()):
        assert isinstance(each, ast.Name)
        if each.id in function.locals:
            continue
        target = ctx.model.target(each.id, function)
        if target is None:
            return None
        if target.partition(".")[0] not in _PURE:
            found.add(target)
    modules = {target.rpartition(".")[0] for target in found}
    calls = [call.func for call in bag.get(ast.Call, ()) if isinstance(call, ast.Call)]
    names = [call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "open") for call in calls]
    if len(modules) != 1 or any(_ACTS.search(name.lower()) for name in names):
        return None
    [module] = modules
    return module if module and _is_alone(ctx, function, module) else None


def _is_raising(ctx: Context, block: ast.AST) -> bool:
    return isinstance(block, ast.With) and all(
        isinstance(item.context_expr, ast.Call) and ctx.qualified_name(item.context_expr.func) == "pytest.raises"
        for item in block.items
    )


def _is_alone(ctx: Context, function: Function, module: str) -> bool:
    """Whether *module* is of the project and no fixture runs for the test; asked last, because other files say so."""
    if not is_first_party(module, function, ctx.model, ctx.settings.root):
        return False
    graph = ctx.graph
    site = Site(ctx.path, function.chain, function.name)
    closure = graph.closure(site) if graph is not None else None
    if graph is None or closure is None or closure.opaque or closure.active:
        return False
    return set(closure.unknown) <= set(graph.marks(site).direct)
