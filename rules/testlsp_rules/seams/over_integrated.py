from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Good, Rule, Severity, on_function
from testlsp.lint.integration import is_integration_test
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.seams import markers, route_of
from testlsp.text import TextRange

_WHOLE_STORIES = frozenset("e2e end_to_end scenario workflow journey smoke".split())


class OverIntegrated(Rule):
    """Makes requests and asserts in turns, more than six times by default, in one integration test.

    Such a test goes through so many seams that its failure points at none, and what
    comes after the first failure is not looked at. Write a test for each step, or
    mark it as what it is: `e2e`, `scenario`, `workflow`, `journey`.

    It is off by default: how long a story may be is for a team to say.
    """

    code = "TL512"
    since = "0.1"
    message = "This integration test goes through too many steps"
    severity = Severity.INFORMATION
    default = False
    options = ("integration-paths", "integration-markers", "max-integration-steps")
    words = ("/",)
    source = 'Gerard Meszaros, *xUnit Test Patterns* (2007), "Eager Test", a cause of "Assertion Roulette".'
    examples = (
        Bad(
            """
            def test_orders(client):  # 😀
                ^^^^^^^^^^^ This integration test makes requests and asserts in 7 turns
                assert client.post("/orders").status_code == 200
                assert client.get("/orders/1").status_code == 200
                assert client.put("/orders/1").status_code == 200
                assert client.post("/payments").status_code == 200
                assert client.get("/payments/1").status_code == 200
                assert client.delete("/payments/1").status_code == 200
                assert client.delete("/orders/1").status_code == 200
            """,
            path="tests/integration/test_orders.py",
        ),
        Good(
            """
            def test_orders(client):
                assert client.post("/orders").status_code == 200
                assert client.get("/orders/1").status_code == 200
                assert client.put("/orders/1").status_code == 200
                assert client.post("/payments").status_code == 200
                assert client.get("/payments/1").status_code == 200
                assert client.delete("/payments/1").status_code == 200
            """,
            path="tests/integration/test_orders.py",
        ),
        Bad(
            """
            def test_orders(client):
                ^^^^^^^^^^^ This integration test makes requests and asserts in 2 turns
                assert client.post("/orders").status_code == 200
                assert client.get("/orders/1").status_code == 200
            """,
            path="tests/integration/test_orders.py",
            settings={"max-integration-steps": 1},
            why="how many steps are too many is a setting",
        ),
        Good(
            """
            import pytest

            @pytest.mark.integration
            @pytest.mark.workflow
            def test_orders(client):
                assert client.post("/orders").status_code == 200
                assert client.get("/orders/1").status_code == 200
                assert client.put("/orders/1").status_code == 200
                assert client.post("/payments").status_code == 200
                assert client.get("/payments/1").status_code == 200
                assert client.delete("/payments/1").status_code == 200
                assert client.delete("/orders/1").status_code == 200
            """,
            why="it is meant to tell a whole story",
        ),
        Good(
            """
            def test_orders(client):
                client.post("/orders")
                client.get("/orders/1")
                client.put("/orders/1")
                client.post("/payments")
                client.get("/payments/1")
                client.delete("/payments/1")
                client.delete("/orders/1")
                assert client.get("/orders").json() == []
                assert client.get("/orders").status_code == 200
            """,
            path="tests/integration/test_orders.py",
            why="many steps lead to one thing that is looked at",
        ),
        Good(
            """
            def test_orders(client):
                assert client.post("/orders").status_code == 200
                assert client.get("/orders/1").status_code == 200
                assert client.put("/orders/1").status_code == 200
                assert client.post("/payments").status_code == 200
                assert client.get("/payments/1").status_code == 200
                assert client.delete("/payments/1").status_code == 200
                assert client.delete("/orders/1").status_code == 200
            """,
            why="not an integration test",
        ),
        Bad(
            """
            def test_orders(client):  # 😀
                ^^^^^^^^^^^ This integration test makes requests and asserts in 7 turns
                assert client.post("/orders").status_code == 200
                assert client.get("/orders/1").status_code == 200
                assert client.put("/orders/1").status_code == 200
                assert client.post("/payments").status_code == 200
                assert client.get("/payments/1").status_code == 200
                assert client.delete("/payments/1").status_code == 200
                assert client.delete("/orders/1").status_code == 200
            """,
            path="e2e/test_orders.py",
            settings={"integration_paths": ["e2e/**"]},
            why="where the integration tests of the project lie",
        ),
        Bad(
            """
            import pytest

            @pytest.mark.live
            def test_orders(client):
                ^^^^^^^^^^^ This integration test makes requests and asserts in 2 turns
                assert client.post("/orders").status_code == 200
                assert client.get("/orders/1").status_code == 200
            """,
            settings={"integration_markers": ["live"], "max_integration_steps": 1},
            why="how the project marks its integration tests",
        ),
        Good(
            """
            import pytest

            @pytest.mark.integration
            @pytest.mark.e2e
            def test_orders(client):
                assert client.post("/orders").status_code == 200
                assert client.get("/orders/1").status_code == 200
                assert client.put("/orders/1").status_code == 200
                assert client.post("/payments").status_code == 200
                assert client.get("/payments/1").status_code == 200
                assert client.delete("/payments/1").status_code == 200
                assert client.delete("/orders/1").status_code == 200

            @pytest.mark.integration
            @pytest.mark.scenario
            def test_payments(client):
                assert client.post("/orders").status_code == 200
                assert client.get("/orders/1").status_code == 200
                assert client.put("/orders/1").status_code == 200
                assert client.post("/payments").status_code == 200
                assert client.get("/payments/1").status_code == 200
                assert client.delete("/payments/1").status_code == 200
                assert client.delete("/orders/1").status_code == 200
            """,
            why="end to end, and a scenario",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Count how often requests are followed by assertions."""
        most = ctx.settings.max_integration_steps
        if function.node is None or len(function.bag.get(ast.Call, ())) <= most:
            return
        turns = _turns(function)
        if turns <= most or not is_integration_test(ctx, function):
            return
        if not markers(function, ctx.model).isdisjoint(_WHOLE_STORIES):
            return
        start = ctx.statement.text.index(function.name, ctx.statement.range(function.node).start + len("def"))
        place = TextRange(start, start + len(function.name))
        ctx.report(place, f"This integration test makes requests and asserts in {turns} turns")


def _turns(function: Function) -> int:
    # A request stands before the assertion it is part of.
    acts = [
        (node.lineno, 0) for node in function.bag.get(ast.Call, ()) if isinstance(node, ast.Call) and route_of(node)
    ]
    asserts = [(node.lineno, 1) for node in function.bag.get(ast.Assert, ()) if isinstance(node, ast.Assert)]
    turns, acted = 0, False
    for _, is_assert in sorted(acts + asserts):
        if is_assert and acted:
            turns += 1
        acted = not is_assert
    return turns
