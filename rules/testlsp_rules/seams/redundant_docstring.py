from __future__ import annotations

import ast
import re

from testlsp.lint import Bad, Context, Good, Rule, Severity, on_function
from testlsp.lint.context import unsafe
from testlsp.lint.integration import is_integration_test
from testlsp.rewrite import remove_statement
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.seams import sentence

from testlsp_rules.seams._sections import docstring_of

_EMPTY = frozenset(
    "a an the this that these it its is are be was were test tests testing tested check checks checking "
    "verify verifies verifying ensure ensures ensuring make makes sure should must will can does do of for to in on "
    "at by with when if and or from as".split()
)


class RedundantDocstring(Rule):
    """Finds a docstring that says nothing but the words of the test's name.

    It is read twice and kept up to date twice, and it stands where a reader looks for
    the reason of the test. Integration tests, whose docstrings have sections to say,
    are left out, and so are projects whose ruff asks for docstrings.

    Fix safety: the docstring is deleted. Test runners that show docstrings instead of
    names show something else then.

    It is off by default: some teams want a docstring wherever there can be one.
    """

    code = "TL509"
    since = "0.1"
    message = "This docstring only repeats the name of the test"
    severity = Severity.INFORMATION
    default = False
    related = ("redundant-test-docstring (mlflow)",)
    source = "https://github.com/mlflow/mlflow/blob/master/dev/clint/src/clint/rules/redundant_test_docstring.py"
    examples = (
        Bad(
            '''
            def test_order_is_stored(client):
                """Test that the orders are stored."""
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert client.post("/orders 😀").status_code == 201
            ''',
            fixed="""
            def test_order_is_stored(client):
                assert client.post("/orders 😀").status_code == 201
            """,
        ),
        Good(
            """
            def test_order_is_stored(client):
                assert client.post("/orders").status_code == 201
            """,
        ),
        Bad(
            """
            class TestOrders:
            \tasync def testMissingOrder(self, client):
            \t\t'''
            \t\t^^^
            \t\tVerify missing order
            \t\t'''
            \t\tassert (await client.get("/orders/0")).status_code == 404
            """,
            fixed="""
            class TestOrders:
            \tasync def testMissingOrder(self, client):
            \t\tassert (await client.get("/orders/0")).status_code == 404
            """,
        ),
        Good(
            '''
            def test_order_is_stored(client):
                """The order is stored, with its customer."""
                assert client.post("/orders").status_code == 201

            def test_order_not_stored(client):
                """The order is stored?"""
                assert client.post("/orders").status_code == 201

            def test_invalid_access(client):
                """Access in invalid units."""
                assert client.get("/orders/feet").status_code == 404

            def test_store_order(client):
                """Store order (#12)."""
                assert client.post("/orders").status_code == 201

            def test_order(client):
                """Order.

                Order.
                """
                assert client.post("/orders").status_code == 201

            def test_nothing(client):
                """Test nothing."""

            def test_no_order(client):
                """Test order."""
                assert client.get("/orders").json() == []
            ''',
            why="it says something else, however little; or there is nothing besides it",
        ),
        Good(
            '''
            def test_order_is_stored(client):
                """Order is stored."""
                assert client.post("/orders").status_code == 201
            ''',
            path="tests/integration/test_orders.py",
            why="an integration test, which lacks sections and not fewer words",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Compare the words."""
        docstring = docstring_of(function)
        if docstring is None or function.node is None or len(function.node.body) < 2:
            return
        assert isinstance(docstring.value, ast.Constant)
        text = str(docstring.value.value).strip()
        if "\n" in text or len(text) > 100 or re.fullmatch(r"[A-Za-z_'` -]*[.!]?", text) is None:
            return
        said, named = _words(text), _words(sentence(function.name))
        # What the name says besides must be nothing either: "no" and "not" would be lost.
        if said - _EMPTY != named - _EMPTY or is_integration_test(ctx, function):
            return
        if ctx.settings.reported_by_ruff(ctx.path, "D102", "D103"):
            return
        start, end = ctx.statement.range(docstring)
        place = ctx.statement.range(docstring)
        first = ctx.statement.text[start:end].partition("\n")[0].rstrip()
        ctx.report(
            place._replace(end=start + len(first)),
            fixes=[unsafe("Delete the docstring", lambda: remove_statement(ctx.statement, docstring))],
        )


def _words(text: str) -> set[str]:
    words = re.findall(r"[a-z]+", text.lower().replace("_", " "))
    return {word.rstrip("s") if len(word) > 3 and word not in _EMPTY else word for word in words}
