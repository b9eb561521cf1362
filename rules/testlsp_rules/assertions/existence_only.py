from __future__ import annotations

import ast
import re

from testlsp.lint import Bad, Context, Good, Rule, on_function
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.names import dotted
from testlsp.syntax import children
from testlsp.text.patterns import pattern

from testlsp_rules.assertions._checks import can_fail, is_smoke_test
from testlsp_rules.assertions._responses import answers_with_json, asks_for_a_path

_BY_INTENT = pattern(
    r"smoke|exist|present|is_?set|not_?none|non_?null|none|empty|import|instantiat|construct|init|default|type|available|"
    r"is_?a_|instance|attr|has_|found|find|lookup|match|discover|register|return_?value|optional|truthy|alive|ident|"
    r"support|allow|accept|rais|error|crash",
    re.I,
)
_MAY_BE_NONE = pattern(
    r"^_?(get|find|fetch|lookup|look_up|search|match|fullmatch|resolve|first|one|pop|peek|next|which|load|read|query|"
    r"select|detect|try|maybe|select_one|scalar|poll|receive|current|getattr|check|is|has|can|find_spec|fetchone|"
    r"group|ref|weakref|authenticate|login|validate|verify|parse|try_|dispatch|cast|extract|guess)(_|$|[A-Z])"
)
_SAYS_A_TYPE = pattern(r"\b(types?|strings?|str|lists?|dict\w*|tuples?|sets?|bytes|ints?|floats?|bool\w*)\b", re.I)
_PLAIN_TYPES = frozenset("dict list str int float bool tuple set bytes object frozenset bytearray complex".split())


class ExistenceOnly(Rule):
    """Asserts that there is a result, and nothing about it.

    `is not None`, `isinstance(result, dict)` and `len(result) > 0` hold for
    nearly every wrong answer. The test passes through the code but would not
    notice if it computed something else: assert a value, or the field that
    matters. Tests with any stronger check, tests whose name says that existence
    is what they are about, and look-ups, which answer with `None` when they
    find nothing, are left alone.
    """

    code = "TL304"
    since = "0.1"
    words = ("assert",)
    message = "Nothing is asserted about the result but that it exists"
    options = ("smoke-markers", "assertion-helpers", "assertion-fixtures")
    related = ("jest/no-unnecessary-assertion",)
    source = "https://docs.pytest.org/en/stable/how-to/assert.html"
    examples = (
        Bad(
            """
            def test_checkout(shop):
                order = shop.checkout("🍎")
                assert order is not None
                       ^^^^^^^^^^^^^^^^^ Nothing is asserted about `order` but that it exists
            """,
        ),
        Good(
            """
            def test_checkout(shop):
                order = shop.checkout("🍎")
                assert order.total == 3
            """
        ),
        Bad(
            """
            async def test_report(shop):
                report = await shop.make_report()
                assert report is not None
                       ^^^^^^^^^^^^^^^^^^ Nothing is asserted about `report` but that it exists
                assert isinstance(report, dict) and len(report) > 0
            """,
            why="Three weak claims do not make a strong one; one finding stands for all.",
        ),
        Bad(
            """
            def test_orders(client):
                response = client.get("/orders")
                assert response is not None
                       ^^^^^^^^^^^^^^^^^^^^ Nothing is asserted about `response` but that it exists

            def test_articles(client):
                articles = client.get("/articles").json()
                assert articles
                       ^^^^^^^^ Nothing is asserted about `articles` but that it exists
            """,
            why="a request has an answer in any case, and a page of errors is JSON, too",
        ),
        Bad(
            """
            import unittest

            class TestShop(unittest.TestCase):
                def test_checkout(self):
                    order = self.shop.checkout("apple")
                    self.assertIsNotNone(order)
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^ Nothing is asserted about `order` but that it exists
                    self.assertIsInstance(order, dict)
            """,
        ),
        Good(
            """
            def test_checkout(shop):
                order = shop.checkout("apple")
                assert order is not None
                assert order.total == 3
            """,
            why="The first assertion only tells the type checker that there is an order.",
        ),
        Good(
            """
            def test_checkout(shop):
                order = shop.checkout("apple")
                assert order is not None
                order.send()
            """,
            why="The result is needed for what follows, which may fail.",
        ),
        Good(
            """
            def test_some_customer(shop):
                customer = shop.find_customer("Ann")
                assert customer is not None
            """,
            why="A look-up answers with `None` when it finds nothing.",
        ),
        Good(
            """
            def test_checkout_exists(shop):
                order = shop.checkout("apple")
                assert order is not None
            """,
            why="The name says that existence is what is tested.",
        ),
        Good(
            """
            def test_query_encoding(cursor):
                query = cursor.run("ä")
                assert isinstance(query, str)
            """,
            why="Where nothing but a type is asserted, the type may be what is tested.",
        ),
        Good(
            """
            def test_query_encoding(cursor):
                \"\"\"The query that was run is given as a string.\"\"\"
                query = cursor.run("ä")
                assert query is not None
                assert isinstance(query, str)
            """,
            why="The docstring says that the type is what is tested.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.smoke
            def test_checkout(shop):
                order = shop.checkout("apple")
                assert order is not None
            """,
            why="A smoke test.",
        ),
        Good(
            """
            from app import Order, make

            def test_kinds():
                order = make("order")
                assert isinstance(order, Order)
            """,
            why="Which class is made is an answer of its own.",
        ),
        Good(
            """
            import pytest

            def test_checkout(shop):
                order = shop.checkout("apple")
                assert order is not None
                with pytest.raises(KeyError):
                    shop.checkout("pear")
            """,
            why="Something stronger is checked.",
        ),
        Good(
            """
            def test_checkout(shop, check_mail):
                order = shop.checkout("apple")
                assert order is not None
                check_mail()
            """,
            why="A helper may check more.",
        ),
        Good(
            """
            def test_checkout(shop):
                order = shop.checkout("apple")
                assert order
                assert order.paid is not None
            """,
            why="Whether something is true can be an answer, and so can a field.",
        ),
        Good(
            """
            def test_checkout(shop, order):
                assert order is not None
                assert shop is not None
            """,
            why="Not a result of this test.",
        ),
        Good(
            """
            def test_checkout(shop):
                orders = [shop.checkout("apple"), None]
                for order in orders:
                    assert order is not None
            """,
            why="A part of something else is an answer.",
        ),
        Good(
            """
            def test_checkout(shop):
                order = shop.checkout("apple")
                if shop.open:
                    assert order is not None
            """,
            why="Under a condition the claim is about the condition, too.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.sanity
            def test_checkout(shop):
                order = shop.checkout("🍎")
                assert order is not None
            """,
            settings={"smoke_markers": ["sanity"]},
            why="how the project marks tests that only see whether something runs",
        ),
        Good(
            """
            def test_checkout(shop, golden):
                order = shop.checkout("🍎")
                assert order is not None
            """,
            settings={"assertion_fixtures": ["golden"]},
            why="a fixture that compares by itself",
        ),
        Good(
            """
            from tools import must_be_paid

            def test_checkout(shop):
                order = shop.checkout("🍎")
                assert order is not None
                must_be_paid()
            """,
            settings={"assertion_helpers": ["must_*"]},
            why="a helper that fails by itself",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report the first assertion of a test that only has such ones."""
        assert function.node is not None
        claims = _claims(function)
        if not claims or _BY_INTENT.search(function.name):
            return
        text = ast.get_docstring(function.node, clean=False) or ""
        if text and (_BY_INTENT.search(text) or _SAYS_A_TYPE.search(text)):
            return
        subjects = [subject for claim in claims if (subject := _subject(claim)) is not None]
        if not all(_is_result(function, subject) for subject in subjects):
            return
        if any(isinstance(claim, ast.Name) and not _is_json(ctx, function, claim) for claim in claims):
            return  # the result may be a truth value
        names = {subject.id for subject in subjects}
        if _is_used_otherwise(function, names, claims) or is_smoke_test(ctx):
            return
        if all(_is_about_type(claim) for claim in claims):
            return
        if not can_fail(ctx, *_statements(function)):
            ctx.report(claims[0], f"Nothing is asserted about `{subjects[0].id}` but that it exists")


def _statements(function: Function) -> list[ast.stmt]:
    """Return the assertions directly in the body of the test."""
    assert function.node is not None
    return [node for node in function.node.body if _asserted(node) is not None]


def _asserted(node: ast.stmt) -> list[ast.expr] | None:
    """Return the claims that *node* makes, None when it is no assertion."""
    if isinstance(node, ast.Assert):
        test = node.test
        return list(test.values) if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        target = node.value.func
        if isinstance(target, ast.Attribute) and dotted(target.value) == "self" and target.attr.startswith("assert"):
            return [node.value]
    return None


def _claims(function: Function) -> list[ast.expr]:
    """Return all claims of the test in order, nothing when one says more, or is not directly in its body."""
    assert function.node is not None
    asserts = function.bag.get(ast.Assert, ())
    if asserts and not _may_be_weak(asserts[0]):
        return []
    found: list[ast.expr] = []
    direct = 0
    for node in function.node.body:
        claims = _asserted(node)
        if claims is None:
            continue
        if any(_subject(claim) is None for claim in claims):
            return []
        found += claims
        direct += isinstance(node, ast.Assert)
    return found if direct == len(asserts) else []


def _may_be_weak(node: ast.AST) -> bool:
    """Whether the first assertion has the shape of a weak one: nearly all have not."""
    test = getattr(node, "test", None)
    if isinstance(test, ast.Compare):
        return test.ops[0].__class__ is ast.IsNot or isinstance(test.left, ast.Call)
    return isinstance(test, ast.Call | ast.BoolOp | ast.Name)


def _subject(claim: ast.expr) -> ast.Name | None:
    """Return the name that *claim* says exists, None when it says something else."""
    found: ast.expr | None = None
    match claim:
        case ast.Compare(left=left, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            found = left
        case ast.Compare(left=ast.Call(func=ast.Name(id="len"), args=[inner]), ops=[operator], comparators=[bound]):
            if _only_not_empty(operator, bound):
                found = inner
        case ast.Call(func=ast.Name(id="isinstance"), args=[inner, ast.Name(id=kind)]) if kind in _PLAIN_TYPES:
            found = inner
        case ast.Name():
            found = claim
        case ast.Call(func=ast.Attribute(attr="assertIsNotNone"), args=[inner, *_]):
            found = inner
        case ast.Call(func=ast.Attribute(attr="assertIsInstance"), args=[inner, ast.Name(id=kind)]):
            found = inner if kind in _PLAIN_TYPES else None
        case _:
            pass
    return found if isinstance(found, ast.Name) else None


def _is_about_type(claim: ast.expr) -> bool:
    """Whether *claim* is about a type: where that is all, it may well be what is tested."""
    return isinstance(claim, ast.Call) and (dotted(claim.func) or "").rpartition(".")[2] != "assertIsNotNone"


def _only_not_empty(operator: ast.cmpop, bound: ast.expr) -> bool:
    if not isinstance(bound, ast.Constant):
        return False
    return (isinstance(operator, ast.Gt | ast.NotEq) and bound.value == 0) or (
        isinstance(operator, ast.GtE) and bound.value == 1
    )


def _is_result(function: Function, subject: ast.Name) -> bool:
    """Whether *subject* is bound once, to the result of a call that has no reason to answer with nothing."""
    value = _given(function, subject)
    call = value.value if isinstance(value, ast.Await) else value
    if not isinstance(call, ast.Call):
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return bool(name) and (_MAY_BE_NONE.match(name) is None or asks_for_a_path(call))


def _is_json(ctx: Context, function: Function, subject: ast.Name) -> bool:
    """Whether *subject* is what the answer to a request says in JSON."""
    value = _given(function, subject)
    return value is not None and answers_with_json(ctx, value)


def _given(function: Function, subject: ast.Name) -> ast.expr | None:
    """Return what is assigned to *subject*, if that is done once and to nothing else."""
    bound = [
        node
        for node in function.bag.get(ast.Name, ())
        if getattr(node, "id", "") == subject.id and not isinstance(getattr(node, "ctx", None), ast.Load)
    ]
    if len(bound) != 1 or subject.id in function.params:
        return None
    parent = function.parents.get(bound[0])
    if not isinstance(parent, ast.Assign) or len(parent.targets) != 1 or parent.targets[0] is not bound[0]:
        return None
    return parent.value


def _is_used_otherwise(function: Function, names: set[str], claims: list[ast.expr]) -> bool:
    """Whether one of *names* is read outside *claims* and prints."""
    inside: set[int] = set()
    pending: list[ast.AST] = list(claims)
    for node in function.bag.get(ast.Call, ()):
        if isinstance(node, ast.Call) and dotted(node.func) in {"print", "pprint"}:
            pending.append(node)
    while pending:
        current = pending.pop()
        inside.add(id(current))
        pending += children(current)
    for scope in function.within():
        for node in scope.bag.get(ast.Name, ()):
            if getattr(node, "id", "") in names and isinstance(getattr(node, "ctx", None), ast.Load):
                if id(node) not in inside:
                    return True
    return False
