from __future__ import annotations

import ast
from collections.abc import Iterable

from testlsp.lint import Bad, Context, Good, Rule, Severity, on
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.marks import mark_at, own_decorators
from testlsp.semantic.names import dotted
from testlsp.text.patterns import pattern

from testlsp_rules.flakiness._names import name_of

_NUMBERED = pattern(r"test_?(?:step_?|part_?|phase_?)?(?P<number>\d{1,3})_")
_ORDERED = frozenset("order run dependency depends incremental first last".split())
_CHANGES = frozenset("append add update extend insert setdefault pop remove clear".split())


class TestOrderNumbered(Rule):
    """Numbers tests that hand state to each other, so that they only pass together and in that order.

    Such tests fail when one of them is run alone, in random order or in
    parallel, and one failure drags all later ones along. Make each of them set up
    what it needs, with a fixture, or make them one test. Numbers that belong to the
    subject (`test_404_page`), and suites that declare their order with a
    plugin's mark, are left alone.
    """

    __test__ = False

    code = "TL609"
    since = "0.1"
    message = "These numbered tests share state: none of them can run alone"
    severity = Severity.INFORMATION
    source = "https://docs.pytest.org/en/stable/explanation/flaky.html#system-state"
    words = ("test_0", "test_1", "test0", "test1", "step", "part", "phase")
    examples = (
        Bad(
            """
            class TestOrder:
                def test_1_create(self, shop):
                    ^^^^^^^^^^^^^ The numbered tests of `TestOrder` share `order_id`: none of them can run alone
                    TestOrder.order_id = shop.create("☕")
                    assert TestOrder.order_id > 0

                def test_2_approve(self, shop):
                    assert shop.approve(self.order_id) == "approved"
            """,
        ),
        Good(
            """
            import pytest

            class TestOrder:
                @pytest.fixture
                def order_id(self, shop):
                    return shop.create("coffee")

                def test_create(self, order_id):
                    assert order_id > 0

                def test_approve(self, shop, order_id):
                    assert shop.approve(order_id) == "approved"
            """
        ),
        Bad(
            """
            class TestBill:
                bills = []

                def test_01_create(self, shop):
                    ^^^^^^^^^^^^^^ The numbered tests of `TestBill` share `bills`: none of them can run alone
                    self.bills.append(shop.bill())
                    assert len(self.bills) == 1

                def test_02_send(self, shop):
                    assert shop.send(self.bills[0]) == "sent"
            """,
            why="A list of the class is the same for all its tests.",
        ),
        Good(
            """
            class TestPages:
                def test_404_page(self, client):
                    assert client.get("/none").status_code == 404

                def test_500_page(self, client):
                    assert client.get("/broken").status_code == 500

            class TestArray:
                def test_1_dimension(self, array):
                    self.size = array.size(1)
                    assert self.size == 1

                def test_2_dimensions(self, array):
                    self.size = array.size(2)
                    assert self.size == 2
            """,
            why="The numbers are the subject; every test has a `self` of its own.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.incremental
            class TestOrder:
                def test_1_create(self, shop):
                    TestOrder.order_id = shop.create("coffee")
                    assert TestOrder.order_id > 0

                def test_2_approve(self, shop):
                    assert shop.approve(self.order_id) == "approved"
            """,
            why="The order is declared.",
        ),
        Good(
            """
            class TestOrder:
                limit = 3

                def test_1_create(self, shop):
                    assert shop.create("coffee") < self.limit

                def test_2_approve(self, shop):
                    assert shop.approve(1) == self.limit
                    TestOrder.seen = True
                    assert TestOrder.seen
            """,
            why="Nothing is handed on.",
        ),
    )

    @on(ast.ClassDef, kinds=(FunctionKind.IMPORT_TIME,))
    def check(self, ctx: Context, node: ast.ClassDef) -> None:
        """Report a class whose numbered tests write and read the same attribute of the class."""
        tests = [
            function
            for function in ctx.model.functions_of(ctx.statement)
            if function.class_info is not None
            and function.class_info.node is node
            and function.kind is FunctionKind.TEST
            and _NUMBERED.match(function.name)
        ]
        if len(tests) < 2 or not _consecutive(tests) or _is_declared(ctx, tests):
            return
        shared = _shared(node, tests)
        if shared is not None and tests[0].node is not None:
            place = name_of(ctx.statement, tests[0].node)
            what = f"The numbered tests of `{node.name}` share `{shared}`"
            ctx.report(place, f"{what}: none of them can run alone")


def _number(name: str) -> int:
    found = _NUMBERED.match(name)
    return int(found["number"]) if found else -1


def _consecutive(tests: Iterable[Function]) -> bool:
    """Whether the numbers count something: each is one (or ten) more than the one before, from the beginning on."""
    numbers = sorted({_number(test.name) for test in tests})
    return len(numbers) > 1 and numbers[0] in {0, 1, 10} and numbers[1] - numbers[0] in {1, 10}


def _is_declared(ctx: Context, tests: Iterable[Function]) -> bool:
    return any(
        mark is not None and mark.name in _ORDERED
        for test in tests
        for decorator in own_decorators(test)
        for mark in [mark_at(decorator, ctx.model)]
    )


def _shared(node: ast.ClassDef, tests: list[Function]) -> str | None:
    """Return an attribute of the class that one of *tests* writes and a later one reads."""
    mutable = {
        target.id
        for child in node.body
        if isinstance(child, ast.Assign) and isinstance(child.value, ast.List | ast.Dict | ast.Set)
        for target in child.targets
        if isinstance(target, ast.Name)
    }
    written: set[str] = set()
    for test in tests:
        own = _written(node.name, test, mutable)
        for found in test.bag.get(ast.Attribute, ()):
            assert isinstance(found, ast.Attribute)
            if isinstance(found.ctx, ast.Load) and found.attr in written - own and _is_of_class(found, node.name):
                return found.attr
        written |= own
    return None


def _is_of_class(node: ast.Attribute, name: str) -> bool:
    return dotted(node.value) in {"self", "cls", name, "self.__class__"} or _is_type_of_self(node.value)


def _is_type_of_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "type"


def _written(name: str, test: Function, mutable: set[str]) -> set[str]:
    found: set[str] = set()
    for node in test.bag.get(ast.Attribute, ()):
        assert isinstance(node, ast.Attribute)
        if isinstance(node.ctx, ast.Store):
            if dotted(node.value) in {name, "cls", "self.__class__"} or _is_type_of_self(node.value):
                found.add(node.attr)
        elif node.attr in _CHANGES and isinstance(node.value, ast.Attribute) and node.value.attr in mutable:
            if _is_of_class(node.value, name):
                found.add(node.value.attr)
    return found
