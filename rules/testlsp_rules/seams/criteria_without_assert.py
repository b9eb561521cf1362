from __future__ import annotations

import ast
import re

from testlsp.config.settings import HEADINGS
from testlsp.lint import Bad, Context, Good, Rule, Severity, on_function
from testlsp.lint.integration import is_integration_test
from testlsp.semantic.assertions import is_named_like_a_check
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.mocks import MOCK_ASSERTIONS

from testlsp_rules.seams._sections import Section, docstring_of, sections_of


class CriteriaWithoutAssert(Rule):
    """Finds more success criteria in a docstring than the test has assertions.

    What is promised and not asserted is not tested, though everybody who reads the
    docstring believes it. Assertions are counted generously: each part of an `and`
    counts, and nothing is said where one of them may cover several criteria, as a
    comparison with a whole answer does, or where a helper may assert.
    """

    code = "TL506"
    since = "0.1"
    message = "Not every success criterion is asserted"
    severity = Severity.INFORMATION
    options = ("integration-paths", "integration-markers", "headings")
    words = ("riteri", "utcome", "xpect")
    source = "None outside: it follows from what the section is for, to say what the test checks."
    examples = (
        Bad(
            '''
            def test_order_is_stored(client, repository):
                """An order placed over HTTP is in the database 😀.

                Success Criteria:
                ^^^^^^^^^^^^^^^^ 3 criteria, but 1 assertion
                    - The answer is 201
                    - The order is stored, with its
                      customer
                    - The customer gets a mail
                """
                assert client.post("/orders", json={"mug": 2}).status_code == 201
            ''',
            path="tests/integration/test_orders.py",
        ),
        Good(
            '''
            def test_order_is_stored(client, repository, mailer):
                """An order placed over HTTP is in the database.

                Success Criteria:
                    - The answer is 201
                    - The order is stored
                    - The customer gets a mail
                """
                response = client.post("/orders", json={"mug": 2})
                assert response.status_code == 201 and repository.count() == 1
                mailer.send.assert_called_once()
            ''',
            path="tests/integration/test_orders.py",
        ),
        Bad(
            '''
            import pytest

            @pytest.mark.integration
            def test_no_order(client):
                """
                Expected:
                ^^^^^^^^ 4 criteria, but 3 assertions
                1. it is refused
                2. for lack of mugs
                3) nothing is stored
                * nobody is told
                """
                with pytest.raises(ValueError, match="mug"):
                    client.order("mug")
                assert client.count() == 0
            ''',
            settings={"headings": ["Expected"]},
        ),
        Good(
            '''
            from tests import helpers
            from tests.orders import check_order

            def test_whole(client):
                """
                Success Criteria:
                    - The answer is 201
                    - The order is stored
                """
                assert client.post("/orders").json() == {"mug": 2, "status": 201}

            def test_objects(client, order):
                """
                Success Criteria:
                    - The answer is 201
                    - The order is stored
                """
                assert client.order() == order

            def test_loop(client):
                """
                Success Criteria:
                    - The answer is 201
                    - The order is stored
                """
                for name in ("mug", "cup"):
                    assert client.post(name).status_code == 201

            def test_helper(client):
                """
                Success Criteria:
                    - The answer is 201
                    - The order is stored
                """
                assert client.post("/orders").status_code == 201
                check_order(client)

            def test_unknown_helper(client, inspect):
                """
                Success Criteria:
                    - The answer is 201
                    - The order is stored
                """
                assert client.post("/orders").status_code == 201
                inspect(client)

            def test_other_helper(client):
                """
                Success Criteria:
                    - The answer is 201
                    - The order is stored
                """
                assert client.post("/orders").status_code == 201
                helpers.look_at(client)

            def test_quantifier(client):
                """
                Success Criteria:
                    - The answer is 201
                    - The order is stored
                """
                assert all(found == 201 for found in client.statuses())

            def test_one(client):
                """
                Success Criteria: the answer is 201
                    which is all - nearly.
                """
                assert client.post("/orders").status_code == 201

            def test_none(client):
                """
                Success Criteria:
                    - The answer is 201
                    - The order is stored
                """
                client.post("/orders").raise_for_status()
            ''',
            path="tests/integration/test_orders.py",
            why="an assertion may cover several criteria, and so may a helper",
        ),
        Good(
            '''
            def test_order_is_stored(client, repository):
                """An order placed over HTTP is in the database.

                Success Criteria:
                    - The answer is 201
                    - The order is stored
                """
                assert client.post("/orders", json={"mug": 2}).status_code == 201
            ''',
            why="not an integration test",
        ),
        Bad(
            '''
            def test_order_is_stored(client, repository):
                """An order placed over HTTP is in the database 😀.

                Success Criteria:
                ^^^^^^^^^^^^^^^^ 3 criteria, but 1 assertion
                    - The answer is 201
                    - The order is stored, with its
                      customer
                    - The customer gets a mail
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

                Success Criteria:
                ^^^^^^^^^^^^^^^^ 3 criteria, but 1 assertion
                    - The answer is 201
                    - The order is stored, with its
                      customer
                    - The customer gets a mail
                """
                assert client.post("/orders", json={"mug": 2}).status_code == 201
            ''',
            settings={"integration_markers": ["e2e"]},
            why="how the project marks its integration tests",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Compare what is promised with what is asserted."""
        docstring = docstring_of(function)
        if docstring is None or not is_integration_test(ctx, function):
            return
        section = self._criteria(ctx, docstring)
        bullets = sum(1 for line in section.body if _bullet().match(line)) if section is not None else 0
        if section is None or bullets < 2 or section.is_placeholder:
            return
        count = _assertions(ctx, function)
        if count is not None and 0 < count < bullets:
            ctx.report(section.place, f"{bullets} criteria, but {count} assertion{'s' if count > 1 else ''}")

    def _criteria(self, ctx: Context, docstring: ast.Expr) -> Section | None:
        headings = dict.fromkeys((*HEADINGS["seam"], *ctx.settings.headings))
        words = {"criteria", "expected", "expectations", "outcome", "outcomes"}
        for found in sections_of(ctx, docstring, tuple(headings)):
            if not words.isdisjoint(found.heading.lower().split()):
                return found
        return None


def _bullet() -> re.Pattern[str]:
    return re.compile(r"[ \t]*(?:[-*•]|\d+[.)])[ \t]+\S")


def _assertions(ctx: Context, function: Function) -> int | None:
    """Return how many things *function* asserts; None when one assertion may say several, or others may assert."""
    bag = function.bag
    if function.nested or any(kind in bag for kind in (ast.For, ast.AsyncFor, ast.While, ast.Raise)):
        return None
    count = 0
    for node in bag.get(ast.Assert, ()):
        assert isinstance(node, ast.Assert)
        parts = _parts(node.test)
        if parts is None:
            return None
        count += parts
    for call in bag.get(ast.Call, ()):
        assert isinstance(call, ast.Call)
        asserted = _asserted_by(ctx, call)
        if asserted is None:
            return None
        count += asserted
    return count


def _parts(test: ast.expr) -> int | None:
    """Return how many simple claims *test* makes, None when one may be about a whole."""
    if isinstance(test, ast.BoolOp):
        parts = [_parts(value) for value in test.values]
        return None if None in parts else sum(part or 0 for part in parts)
    if isinstance(test, ast.UnaryOp):
        return _parts(test.operand)
    if isinstance(test, ast.Compare):
        simple = all(
            isinstance(side, ast.Constant) or isinstance(operator, ast.In | ast.NotIn | ast.Is | ast.IsNot)
            for operator, side in zip(test.ops, test.comparators, strict=True)
        )
        return len(test.ops) if simple and not _is_long(test) else None
    if isinstance(test, ast.Call):
        return 1 if isinstance(test.func, ast.Name) and test.func.id in {"isinstance", "hasattr", "callable"} else None
    return 1 if isinstance(test, ast.Attribute | ast.Name) else None


def _is_long(test: ast.Compare) -> bool:
    """Whether a text is compared that may hold several things."""
    sides = (test.left, *test.comparators)
    return any(
        isinstance(side, ast.Constant) and isinstance(side.value, str) and len(side.value) > 40 for side in sides
    )


def _asserted_by(ctx: Context, call: ast.Call) -> int | None:
    """Return how many things *call* asserts, None when that is not known."""
    func = call.func
    name = ctx.qualified_name(func) or ""
    if name in {"pytest.raises", "pytest.warns"}:
        return 1 + any(keyword.arg == "match" for keyword in call.keywords)
    if isinstance(func, ast.Attribute):
        if func.attr in MOCK_ASSERTIONS:
            return 1 + bool(call.args or call.keywords)
        if isinstance(func.value, ast.Name) and func.value.id in {"self", "cls"}:
            return None
        if name.startswith((".", "tests.", "test.", "conftest.")):
            return None
        return None if is_named_like_a_check(func.attr) else 0
    if name.startswith("builtins."):
        return 0
    # A class is called to make an object; what any other function does is not known.
    return 0 if isinstance(func, ast.Name) and func.id[:1].isupper() else None
