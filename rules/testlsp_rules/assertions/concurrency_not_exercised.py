from __future__ import annotations

import ast
import re

from testlsp.lint import Bad, Context, Good, Rule, Severity, on_function
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.text import TextRange
from testlsp.text.patterns import pattern

_CLAIMS = pattern(
    r"(?:^|_)(?:concurrent(?:ly)?|simultaneous(?:ly)?|race_condition|races?|in_parallel|"
    r"parallel_(?:requests?|calls?|writes?|reads?|updates?|access|orders?|execution|runs?|use))(?=_|$)"
)
_EXERCISES = pattern(
    r"gather|task|thread|process|executor|pool|submit|nursery|spawn|fork|start_soon|concurren|parallel|race|racing|"
    r"simultan|lock|barrier|semaphore|async_to_sync|eventlet|gevent|greenlet|worker|\bevent\b|\bwait|client_?[2b]\b|"
    r"deferred|second|other_|another|\bfirst|transaction|session_?2|connection|multi|asyncio|anyio|trio|subprocess|xdist|"
    r"select_for_update|\bnowait\b|side_effect",
    re.I,
)
_SUBJECT = pattern(
    r"(?:config|setting|option|default|limit|arg|param|flag|valid|parse|render|lexer|repr|name|max_|min_|number)", re.I
)


class ConcurrencyNotExercised(Rule):
    """Finds a test that is named after concurrency and does one thing after the other.

    Two calls in a row cannot get in each other's way. Such a test says that
    the code is safe where two requests meet, and has never let them meet:
    it needs tasks, threads, processes or a second connection.
    """

    code = "TL326"
    since = "0.1"
    words = ("oncurren", "arallel", "imultaneous", "race", "Race")
    message = "The name speaks of concurrency, but nothing here runs at the same time"
    severity = Severity.INFORMATION
    source = "https://docs.python.org/3/library/asyncio-task.html#running-tasks-concurrently"
    examples = (
        Bad(
            '''
            def test_concurrent_orders(shop):
                ^^^^^^^^^^^^^^^^^^^^^^
                """Buys the last 🍎 twice."""
                assert shop.buy("🍎") == "sold"
                assert shop.buy("🍎") == "sold out"
            '''
        ),
        Good(
            '''
            from concurrent.futures import ThreadPoolExecutor

            def test_concurrent_orders(shop):
                """Buys the last 🍎 twice."""
                with ThreadPoolExecutor(2) as executor:
                    assert sorted(executor.map(shop.buy, ["🍎", "🍎"])) == ["sold", "sold out"]
            '''
        ),
        Bad(
            """
            def buy(shop):
                return shop.buy("apple")

            class TestShop:
                async def test_buying_in_parallel(self, shop):
                          ^^^^^^^^^^^^^^^^^^^^^^^
                    assert buy(shop) == "sold"
                    assert await shop.left() == 0
            """
        ),
        Good(
            """
            import asyncio

            async def buy_twice(shop):
                return await asyncio.gather(shop.buy(), shop.buy())

            async def test_concurrent_orders(shop):
                assert await buy_twice(shop) == ["sold", "sold out"]

            async def test_orders_in_parallel(shop, two_buyers):
                assert await two_buyers() == ["sold", "sold out"]
            """,
            files={
                "tests/conftest.py": """
                import asyncio
                import pytest

                @pytest.fixture
                def two_buyers(shop):
                    return lambda: asyncio.gather(shop.buy(), shop.buy())
                """
            },
            why="A helper or a fixture does it.",
        ),
        Good(
            """
            from tests.buying import buy_twice

            def test_concurrent_orders(shop):
                assert buy_twice(shop) == ["sold", "sold out"]
            """,
            why="What an imported helper does is not known.",
        ),
        Good(
            """
            def test_load_parallel_extensions(shop):
                assert shop.load("parallel") == 1

            def test_concurrent_option(shop):
                assert shop.option("--jobs") == 3

            def test_max_concurrent(shop):
                assert shop.max_concurrent == len(shop.slots())

            def test_concurrent_orders(shop):
                async def buy():
                    return await shop.buy()
                assert shop.run_twice(buy) == ["sold", "sold out"]

            def test_concurrency(shop):
                assert shop.concurrency == 3

            def test_trace(shop):
                assert shop.trace() == []
            """,
            why="The word is the name of something, or another word; and what is handed on may run at any time.",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report a test whose text, helpers and fixtures know nothing of what its name says."""
        name = function.name
        if _CLAIMS.search(name) is None or _SUBJECT.search(name) or function.node is None:
            return
        if ast.Call not in function.bag or function.nested or _exercises(ctx, function) or _asks_others(ctx, function):
            return
        start = ctx.statement.text.index(name, ctx.statement.range(function.node).start)
        ctx.report(TextRange(start, start + len(name)))


def _exercises(ctx: Context, function: Function) -> bool:
    """Whether the text of *function*, its name and docstring aside, has anything to do with concurrency."""
    assert function.node is not None
    body = function.node.body[ast.get_docstring(function.node, clean=False) is not None :]
    if not body:
        return True
    lines = function.statement.source(function.node)
    text = lines.replace(function.name, "").replace(ast.get_docstring(function.node, clean=False) or "\0", "")
    return _EXERCISES.search(text) is not None


def _asks_others(ctx: Context, function: Function) -> bool:
    """Whether a helper or fixture may do it; those of other files are not known."""
    for call in function.bag.get(ast.Call, ()):
        assert isinstance(call, ast.Call)
        helper = ctx.model.called(call, function)
        if helper is not None and helper.node is not None and helper.kind is not FunctionKind.TEST:
            if _EXERCISES.search(helper.statement.source(helper.node)):
                return True
        elif isinstance(call.func, ast.Name):
            meaning = ctx.qualified_name(call.func) or "?"
            if not meaning.startswith("builtins.") and not call.func.id[:1].isupper():
                return True
        elif isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") in {"self", "cls"}:
            if not call.func.attr.startswith("assert"):
                return True
    return False
