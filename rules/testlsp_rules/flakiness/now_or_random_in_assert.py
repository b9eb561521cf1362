from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rewrite, Rule, Severity, on_call
from testlsp.lint.context import unsafe
from testlsp.semantic.functions import Function
from testlsp.semantic.graph import Site
from testlsp.semantic.hooks import loaded
from testlsp.text import Edit, TextRange

from testlsp_rules.flakiness._clock import is_simulated

_NOW = frozenset(
    "datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today time.time "
    "time.time_ns time.localtime time.gmtime time.strftime time.ctime django.utils.timezone.now "
    "django.utils.timezone.localdate django.utils.timezone.localtime arrow.now arrow.utcnow pendulum.now".split()
)
_CHANCE = frozenset(
    "random.random random.randint random.randrange random.choice random.choices random.sample random.uniform "
    "random.gauss random.shuffle random.getrandbits numpy.random.rand numpy.random.randn numpy.random.randint "
    "numpy.random.random numpy.random.choice numpy.random.normal numpy.random.uniform".split()
)
_METHODS = frozenset(name.rpartition(".")[2] for name in _NOW | _CHANCE)
_EQUALITIES = frozenset({"assertEqual", "assertEquals", "assertDictEqual", "assertListEqual", "assertIs"})
_TIMELESS = frozenset({"tzinfo", "tz", "utcoffset", "tzname", "dst", "__class__"})
_WITH_RANDOMLY = "pytest_randomly"


class NowOrRandomInAssert(Rule):
    """Compares a result with the time of day, or with chance, at the moment of the assertion.

    `x.date == date.today()` fails at midnight, `x.year == now().year` once a
    year, and what was true at the call need not be true one line later. A
    result that hangs on an unseeded random number cannot be seen again. Freeze the
    time, take the time once and hand it in, allow a difference, or give the random
    numbers a seed. Comparisons with `<` and `>` and seeded numbers are left alone.

    Fix safety: the whole test then runs on a clock that stands still; code that
    waits for time to pass waits forever.
    """

    code = "TL603"
    words = ("time", "date", "arrow", "pendulum", "random")
    since = "0.1"
    message = "This asks the clock again, which may have moved on; freeze the time, or ask once"
    severity = Severity.INFORMATION
    related = ("FLK-008 (pytest-linter)", "PTD302 (pytest-tidy)", "PTD303 (pytest-tidy)")
    source = "https://docs.python.org/3/library/datetime.html#datetime.datetime.now"
    examples = (
        Bad(
            """
            from datetime import date
            from freezegun import freeze_time

            def test_created(shop):
                order = shop.create("☕")
                assert order.created == date.today()
                                        ^^^^^^^^^^^^
            """,
            fixed="""
            from datetime import date
            from freezegun import freeze_time

            @freeze_time("2024-01-01 12:00:00")
            def test_created(shop):
                order = shop.create("☕")
                assert order.created == date.today()
            """,
        ),
        Good(
            """
            from datetime import date
            from freezegun import freeze_time

            @freeze_time("2024-01-01")
            def test_created(shop):
                order = shop.create("coffee")
                assert order.created == date.today()
            """
        ),
        Bad(
            """
            import datetime as dt
            import random
            import unittest

            class TestShop(unittest.TestCase):
                def test_created(self):
                    self.assertEqual(create().year, dt.datetime.now().year)
                                                    ^^^^^^^^^^^^^^^^^
                    assert price(random.randint(1, 9)) == 3
                                 ^^^^^^^^^^^^^^^^^^^^ This result depends on an unseeded random number; seed it, or write the number
            """,
            why="Neither freezegun nor time-machine is known to be there, so there is no fix.",
        ),
        Good(
            """
            from datetime import datetime, timedelta, timezone

            def test_created(shop):
                before = datetime.now()
                order = shop.create("coffee", at=before)
                assert order.created == before
                assert order.sent <= datetime.now()
                assert abs(datetime.now() - order.created) < timedelta(seconds=3)
                assert order.zone == datetime.now().tzinfo
                assert order.year == datetime.now(timezone.utc).year or shop.is_closed
            """,
            why="Asked once, or with room for a difference; time zones stand still, and `or` leaves another way out.",
        ),
        Good(
            """
            import random
            import time

            def test_dice(dice):
                random.seed(3)
                assert dice.throw(random.randint(1, 6)) == 4

            def test_clock(monkeypatch, clock):
                monkeypatch.setattr(time, "time", lambda: 3)
                assert clock.now() == time.time()

            def test_frozen(freezer, clock):
                assert clock.now() == time.time()
            """,
            why="Seeded or frozen.",
        ),
        Good(
            """
            import time
            from shop import create

            def test_order():
                assert create(time.time()) == "created"
                assert create() != time.time()
                found = create() == time.time()
                print(found)
            """,
            why="The time is only handed in, or nothing is asserted to be equal.",
        ),
    )

    @on_call(*_METHODS)
    def check(self, ctx: Context, node: ast.Call) -> None:
        """Report a clock or a random number that is asked in an assertion of equality."""
        if isinstance(node.func, ast.Attribute) and node.func.attr not in _METHODS:
            return
        name = ctx.qualified_name(node.func)
        if name is None or (name not in _NOW and name not in _CHANCE):
            return
        if name in _NOW:
            if _is_compared(ctx, node) and not _is_frozen(ctx):
                ctx.report(node, fixes=_frozen(ctx))
        elif _is_asserted(ctx, node) and not _is_seeded(ctx) and not _is_frozen(ctx):
            ctx.report(node, "This result depends on an unseeded random number; seed it, or write the number")


def _is_compared(ctx: Context, node: ast.Call) -> bool:
    """Whether *node*, or a part or form of it, is one side of an equality that is asserted."""
    child: ast.AST = node
    for ancestor in ctx.ancestors(node):
        if isinstance(ancestor, ast.Attribute):
            if ancestor.attr in _TIMELESS:
                return False
        elif isinstance(ancestor, ast.Compare):
            return len(ancestor.ops) == 1 and isinstance(ancestor.ops[0], ast.Eq) and _asserts(ctx, ancestor)
        elif isinstance(ancestor, ast.Call):
            method = ancestor.func.attr if isinstance(ancestor.func, ast.Attribute) else ""
            if method in _EQUALITIES and child in ancestor.args[:2]:
                return True
            if child is not ancestor.func:
                return False
        else:
            return False
        child = ancestor
    return False


def _asserts(ctx: Context, node: ast.expr) -> bool:
    """Whether the truth of *node* is asserted: alone, or as one of several things that must be true."""
    for ancestor in ctx.ancestors(node):
        if isinstance(ancestor, ast.Assert):
            return True
        if not (isinstance(ancestor, ast.BoolOp) and isinstance(ancestor.op, ast.And)):
            return False
    return False


def _is_asserted(ctx: Context, node: ast.Call) -> bool:
    for ancestor in ctx.ancestors(node):
        if isinstance(ancestor, ast.Compare):
            return isinstance(ancestor.ops[0], ast.Eq) and _asserts(ctx, ancestor)
        if isinstance(ancestor, ast.Call) and isinstance(ancestor.func, ast.Attribute):
            if ancestor.func.attr in _EQUALITIES:
                return True
        if isinstance(ancestor, ast.stmt):
            return False
    return False


def _is_frozen(ctx: Context) -> bool:
    if is_simulated(ctx, ctx.function):
        return True
    graph = ctx.graph
    if graph is None:
        return True
    function: Function = ctx.function
    closure = graph.closure(Site(ctx.path, function.chain, function.name))
    words = ("freez", "frozen", "clock", "time", "now", "seed")
    return closure.opaque or any(word in name for name in closure.definitions for word in words)


def _is_seeded(ctx: Context) -> bool:
    """Whether the test seeds, or pytest-randomly does so before each test."""
    if any(isinstance(node, ast.Attribute) and node.attr == "seed" for node in ctx.function.bag.get(ast.Attribute, ())):
        return True
    graph = ctx.graph
    return graph is None or any(_WITH_RANDOMLY in plugin.path for plugin in loaded(graph, ctx.path).plugins)


def _frozen(ctx: Context) -> list[Fix]:
    """Return the fix, where the file knows a library that stops the clock."""
    node = ctx.function.node
    names = ctx.model.names
    if names.target("freeze_time") == "freezegun.freeze_time":
        decorator = 'freeze_time("2024-01-01 12:00:00")'
    elif names.target("freezegun") == "freezegun":
        decorator = 'freezegun.freeze_time("2024-01-01 12:00:00")'
    elif names.target("time_machine") == "time_machine":
        decorator = 'time_machine.travel("2024-01-01 12:00:00", tick=False)'
    else:
        return []
    if node is None:
        return []

    def build() -> Rewrite:
        from testlsp.rewrite import indentation_of, newline_of

        text = ctx.statement.text
        first = node.decorator_list[0] if node.decorator_list else None
        start = text.rindex("@", 0, ctx.statement.range(first).start) if first else ctx.statement.range(node).start
        line = f"@{decorator}{newline_of(text)}{indentation_of(ctx.statement, node)}"
        return Rewrite([Edit(TextRange(start, start), line)])

    return [unsafe("Freeze the time", build)]
