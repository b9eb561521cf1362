from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Good, Rewrite, Rule, on_function
from testlsp.lint.context import unsafe
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.graph import FixtureGraph, Site
from testlsp.semantic.hooks import loaded, unknown_plugins
from testlsp.semantic.marks import mark_names, own_decorators
from testlsp.text import Edit, TextRange

from testlsp_rules.flakiness._names import name_of

_RUNNERS = frozenset("asyncio anyio trio asyncio_cooperative gen_test tornado twisted curio sanic".split())
_LOOPS = frozenset("anyio_backend event_loop io_loop loop event_loop_policy".split())
"""Fixtures through which plugins, older ones included, know a coroutine as theirs."""

_TAKES_PART = frozenset(
    "pytest_collection_modifyitems pytest_itemcollected pytest_pycollect_makeitem pytest_pyfunc_call "
    "pytest_runtest_call pytest_runtest_protocol pytest_runtest_setup".split()
)
_RUNS = frozenset({"pytest_pyfunc_call", "pytest_pycollect_makeitem"})
_ASKED_FIRST = ("/pytest_asyncio/", "/anyio/", "/pytest_trio/")
"""Plugins that run only the coroutines that are marked for them, unless their settings say otherwise."""

_RUN_ALL = frozenset({"pytest_aiohttp", "pytest_tornasync"})
"""Plugins of which more is known, and that run coroutines without any mark."""


class AsyncNotRun(Rule):
    """Defines an async test that nobody awaits.

    pytest does not run coroutines. pytest-asyncio and anyio run those that bear
    their mark (or all of them with `asyncio_mode = "auto"`); without it pytest
    fails the test or, in older versions, skips it with a warning. A plain
    `unittest.TestCase` is worse: the coroutine is made, thrown away, and the test
    passes. The rule speaks when other tests of the file bear such a mark or
    pytest-asyncio is installed, and when no conftest or plugin may run the test
    in a way of its own.

    Fix safety: once the test runs, it may fail.
    """

    code = "TL605"
    since = "0.1"
    message = "Nothing awaits this test: it bears no mark of an async plugin, and `asyncio_mode` is not `auto`"
    source = "https://docs.pytest.org/en/stable/changelog.html#pytest-8-4-0-2025-06-02"
    words = ("async",)
    examples = (
        Bad(
            """
            import pytest

            @pytest.mark.asyncio
            async def test_login(client):
                assert await client.login() == "ok"

            async def test_logout(client):
                      ^^^^^^^^^^^
                assert await client.logout() == "bye 👋"
            """,
            fixed="""
            import pytest

            @pytest.mark.asyncio
            async def test_login(client):
                assert await client.login() == "ok"

            @pytest.mark.asyncio
            async def test_logout(client):
                assert await client.logout() == "bye 👋"
            """,
        ),
        Good(
            """
            import pytest

            pytestmark = pytest.mark.anyio

            async def test_login(client):
                assert await client.login() == "ok"

            class TestLogout:
                async def test_logout(self, client):
                    assert await client.logout() == "bye"
            """
        ),
        Bad(
            """
            from pytest import mark
            from unittest.mock import patch

            class TestLogin:
                @mark.anyio
                async def test_login(self, client):
                    assert await client.login() == "ok"

                @patch("app.log")
                @mark.parametrize("user", ["a", "b"])
                async def test_logout(self, log, user, client):
                          ^^^^^^^^^^^
                    assert await client.logout(user) == "bye"
            """,
            fixed="""
            from pytest import mark
            from unittest.mock import patch
            import pytest

            class TestLogin:
                @mark.anyio
                async def test_login(self, client):
                    assert await client.login() == "ok"

                @pytest.mark.anyio
                @patch("app.log")
                @mark.parametrize("user", ["a", "b"])
                async def test_logout(self, log, user, client):
                    assert await client.logout(user) == "bye"
            """,
            why="The mark is the one that the other tests of the file bear.",
        ),
        Bad(
            """
            import unittest

            class TestLogin(unittest.TestCase):
                async def test_login(self):
                          ^^^^^^^^^^ Nothing awaits this test: `unittest.TestCase` throws the coroutine away, and the test passes
                    self.assertEqual("ok", await login())
            """,
            fixed="""
            import unittest

            class TestLogin(unittest.IsolatedAsyncioTestCase):
                async def test_login(self):
                    self.assertEqual("ok", await login())
            """,
        ),
        Good(
            """
            import unittest
            from django.test import TestCase

            class TestLogin(TestCase):
                async def test_login(self):
                    self.assertEqual("ok", await login())

            class TestLogout(unittest.TestCase):
                @awaited
                async def test_logout(self):
                    self.assertEqual("bye", await logout())
            """,
            why="Django's test cases run coroutines, and so may a decorator.",
        ),
        Good(
            """
            async def test_login(client):
                assert await client.login() == "ok"
            """,
            why="Nothing says how the tests of this project are run.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.asyncio
            async def test_login(client):
                assert await client.login() == "ok"

            @run_in_loop
            async def test_logout(client):
                assert await client.logout() == "bye"

            class TestMore(Base):
                async def test_logout(self, client):
                    assert await client.logout() == "bye"
            """,
            why="An unknown decorator may run the test, and a base class may be marked.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.anyio
            async def test_login(client):
                assert await client.login() == "ok"

            async def test_logout(client):
                assert await client.logout() == "bye"
            """,
            files={
                "tests/conftest.py": """
                import pytest

                @pytest.fixture(autouse=True)
                def anyio_backend():
                    return "asyncio"
                """
            },
            why="anyio runs every coroutine that gets its fixture.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.asyncio
            async def test_login(client):
                assert await client.login() == "ok"

            async def test_logout(client):
                assert await client.logout() == "bye"
            """,
            files={
                "conftest.py": """
                import inspect
                import pytest

                def pytest_collection_modifyitems(items):
                    for item in items:
                        if inspect.iscoroutinefunction(item.function):
                            item.add_marker(pytest.mark.asyncio)
                """
            },
            why="A conftest may mark the tests, or run them itself.",
        ),
        Good(
            """
            import pytest

            pytest_plugins = ["aiohttp.pytest_plugin"]

            @pytest.mark.asyncio
            async def test_login(client):
                assert await client.login() == "ok"

            async def test_logout(client):
                assert await client.logout() == "bye"
            """,
            why="This plugin runs coroutines without a mark; of other unknown ones nobody knows.",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report a coroutine that no plugin, hook or base class is known to run."""
        if (
            not function.is_async
            or function.node is None
            or ctx.settings.pytest.asyncio_mode == "auto"
            or ctx.settings.pytest.async_auto
        ):
            return
        if function.in_unittest is not False:
            self._check_method(ctx, function)
            return
        graph = ctx.graph
        marks = mark_names(function, ctx.model, graph)
        if graph is None or marks is None or marks & _RUNNERS or not _LOOPS.isdisjoint(function.params):
            return
        mark = _missing_mark(graph, ctx.path)
        closure = graph.closure(Site(ctx.path, function.chain, function.name))
        if mark is None or closure.opaque or "anyio_backend" in closure.definitions:
            return
        ctx.report(
            name_of(ctx.statement, function.node),
            fixes=[unsafe(f"Mark it with `pytest.mark.{mark}`", lambda: _marked(ctx, function, mark), preferred=True)],
        )

    def _check_method(self, ctx: Context, function: Function) -> None:
        """Report a coroutine in a class that derives from `unittest.TestCase` itself."""
        info = function.class_info
        assert function.node is not None
        bases = info.node.bases if info else []
        if len(bases) != 1 or ctx.model.qualified_name(bases[0]) not in {"unittest.TestCase", "unittest.case.TestCase"}:
            return
        names = [ctx.model.qualified_name(getattr(item, "func", item)) or "" for item in own_decorators(function)]
        if not all(name.startswith(("unittest.mock.", "pytest.mark.", "unittest.skip")) for name in names):
            return
        message = "Nothing awaits this test: `unittest.TestCase` throws the coroutine away, and the test passes"
        fix = unsafe("Derive from `IsolatedAsyncioTestCase`", lambda: _isolated(ctx, bases[0]), preferred=True)
        ctx.report(name_of(ctx.statement, function.node), message, fixes=[fix])


def _missing_mark(graph: FixtureGraph, path: str) -> str | None:
    """Return the mark that a coroutine in *path* needs; None when something may run it without, or nothing is known."""
    known = loaded(graph, path)
    if any(not _TAKES_PART.isdisjoint(conftest.hooks) for conftest in known.conftests):
        return None
    for plugin in known.plugins:
        if not _RUNS.isdisjoint(plugin.hooks) and not any(part in plugin.path for part in _ASKED_FIRST):
            return None
    if unknown_plugins(known) or any(name.partition(".")[0] in _RUN_ALL for name in known.unread):
        return None
    summary = graph.summaries.get(path)
    if summary is not None and summary.runners:
        return summary.runners[0]
    return "asyncio" if any("/pytest_asyncio/" in plugin.path for plugin in known.plugins) else None


def _marked(ctx: Context, function: Function, mark: str) -> Rewrite:
    from testlsp.rewrite import indentation_of, newline_of

    node = function.node
    assert node is not None
    text = ctx.statement.text
    first = node.decorator_list[0] if node.decorator_list else None
    start = text.rindex("@", 0, ctx.statement.range(first).start) if first else ctx.statement.range(node).start
    decorator = f"@pytest.mark.{mark}{newline_of(text)}{indentation_of(ctx.statement, node)}"
    # One character is replaced, so that an import can be put before it at the top of a file.
    return Rewrite([Edit(TextRange(start, start + 1), decorator + text[start])], ("import pytest",))


def _isolated(ctx: Context, base: ast.expr) -> Rewrite:
    from testlsp.rewrite import replace_expression

    if isinstance(base, ast.Attribute):
        owner = ctx.source_of(base.value)
        return Rewrite(replace_expression(ctx.statement, base, f"{owner}.IsolatedAsyncioTestCase"))
    edits = replace_expression(ctx.statement, base, "IsolatedAsyncioTestCase")
    return Rewrite(edits, ("from unittest import IsolatedAsyncioTestCase",))
