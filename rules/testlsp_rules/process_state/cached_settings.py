from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rule, on_function
from testlsp.lint.context import unsafe
from testlsp.lint.patching import Form, form_for, with_parameter
from testlsp.rewrite import insert_before
from testlsp.semantic.caches import ANY
from testlsp.semantic.effects import EffectKind, effects_of
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.hooks import loaded
from testlsp.semantic.names import dotted
from testlsp.semantic.order import dominates
from testlsp.semantic.origins import remembered
from testlsp.semantic.patches import is_replaced
from testlsp.semantic.sites import Site


class CachedSettings(Rule):
    """Patches a variable that a cached function reads, and calls that function without emptying its cache.

    A function under `lru_cache` reads the environment once in a process. When
    another test has called it before, the patch has no effect; and what it reads
    here, every later test gets, although the variable itself was put back. Empty
    the cache before the call and again when the test has ended.

    Only functions are known that the test calls itself, and that read `os.environ` or
    `os.getenv` with a literal name or make settings of Pydantic, with the help of
    functions and classes of their own file at most.

    Fix safety: unsafe, because the test may fail once the patched value is really
    read, and objects made from the old settings stay as they are.
    """

    code = "TL209"
    words = ("setenv", "delenv", "environ")
    since = "0.1"
    message = "This function remembers what it read from the environment"
    related = ("pytest-antilru",)
    source = "https://docs.python.org/3/library/functools.html#functools.lru_cache"
    examples = (
        Bad(
            """
            from shop.config import debug

            def test_debug(monkeypatch):
                monkeypatch.setenv("DEBUG", "1")
                assert debug()
                       ^^^^^^^ `debug` remembers what it read before, and what it reads here: its cache is not emptied
            """,
            fixed="""
            from shop.config import debug

            def test_debug(monkeypatch, request):
                monkeypatch.setenv("DEBUG", "1")
                debug.cache_clear()
                request.addfinalizer(debug.cache_clear)
                assert debug()
            """,
            files={
                "shop/config.py": """
                import os
                from functools import lru_cache

                @lru_cache
                def debug():
                    return os.environ.get("DEBUG") == "1"
                """,
            },
        ),
        Good(
            """
            import pytest
            from shop.config import debug

            @pytest.fixture(autouse=True)
            def fresh_settings():
                debug.cache_clear()
                yield
                debug.cache_clear()

            def test_debug(monkeypatch):
                monkeypatch.setenv("DEBUG", "1")
                assert debug()
            """,
            files={
                "shop/config.py": """
                import os
                from functools import lru_cache

                @lru_cache
                def debug():
                    return os.environ.get("DEBUG") == "1"
                """,
            },
        ),
        Bad(
            """
            import os
            from unittest import mock
            from shop import config

            def test_before(monkeypatch, request):
                monkeypatch.delenv("DEBUG", raising=False)
                config.debug.cache_clear()
                "🙂"; value = config.debug()
                             ^^^^^^^^^^^^^^ `debug` remembers what it reads here for later tests: its cache is not emptied afterwards
                assert not value

            @mock.patch.dict(os.environ)
            def test_after(request):
                os.environ["DEBUG"] = "1"
                request.addfinalizer(config.debug.cache_clear)
                assert config.debug()
                       ^^^^^^^^^^^^^^ `debug` may return what it read before: its cache is not emptied first
            """,
            fixed="""
            import os
            from unittest import mock
            from shop import config

            def test_before(monkeypatch, request):
                monkeypatch.delenv("DEBUG", raising=False)
                config.debug.cache_clear()
                "🙂"; request.addfinalizer(config.debug.cache_clear); value = config.debug()
                assert not value

            @mock.patch.dict(os.environ)
            def test_after(request):
                os.environ["DEBUG"] = "1"
                request.addfinalizer(config.debug.cache_clear)
                config.debug.cache_clear()
                assert config.debug()
            """,
            files={
                "shop/config.py": """
                import functools, os

                @functools.cache
                def debug():
                    return os.environ["DEBUG"] == "1"
                """,
            },
        ),
        Bad(
            """
            from shop.config import get_settings

            def test_url(monkeypatch):
                monkeypatch.setenv("SHOP_URL", "http://test")
                assert get_settings().url == "http://test"
                       ^^^^^^^^^^^^^^ `get_settings` remembers what it read before, and what it reads here: its cache is not emptied
            """,
            fixed="""
            from shop.config import get_settings

            def test_url(monkeypatch, request):
                monkeypatch.setenv("SHOP_URL", "http://test")
                get_settings.cache_clear()
                request.addfinalizer(get_settings.cache_clear)
                assert get_settings().url == "http://test"
            """,
            files={
                "shop/config.py": """
                from functools import lru_cache
                from pydantic_settings import BaseSettings, SettingsConfigDict

                class Settings(BaseSettings):
                    model_config = SettingsConfigDict(env_prefix="SHOP_")
                    url: str

                @lru_cache
                def get_settings():
                    return Settings()
                """,
            },
            why="settings of Pydantic are read from the variables called like their fields",
        ),
        Good(
            """
            from shop.config import debug, fresh, mode, name

            def test_both(monkeypatch):
                monkeypatch.setenv("DEBUG", "1")
                debug.cache_clear()
                try:
                    assert debug()
                finally:
                    debug.cache_clear()

            def test_other_variable(monkeypatch):
                monkeypatch.setenv("OTHER", "1")
                assert debug()

            def test_not_cached(monkeypatch):
                monkeypatch.setenv("DEBUG", "1")
                assert fresh()

            def test_before_patch(monkeypatch):
                assert not debug()
                monkeypatch.setenv("DEBUG", "1")

            def test_by_fixture(monkeypatch, caches):
                monkeypatch.setenv("DEBUG", "1")
                assert debug()

            def test_unknown(monkeypatch, variable):
                monkeypatch.setenv(variable, "1")
                assert mode()
                monkeypatch.setenv("NAME", "1")
                assert name("x")
            """,
            files={
                "tests/conftest.py": """
                import pytest
                from shop import config

                @pytest.fixture
                def caches():
                    for cached in (config.debug, config.mode):
                        cached.cache_clear()
                    yield
                """,
                "shop/config.py": """
                import os
                from functools import lru_cache

                @lru_cache
                def debug():
                    return os.getenv("DEBUG") == "1"

                def fresh():
                    return os.getenv("DEBUG") == "1"

                @lru_cache
                def mode():
                    return os.getenv("MODE")

                @lru_cache
                def name(default):
                    return os.getenv("NAME", default)
                """,
            },
            why="emptied before and after; read by nobody; not cached; called before; emptied by a fixture; not known",
        ),
        Good(
            """
            from shop.config import debug

            def test_debug(monkeypatch):
                monkeypatch.setenv("DEBUG", "1")
                assert debug()
            """,
            files={
                "tests/conftest.py": """
                pytest_plugins = ["pytest_antilru"]
                """,
                "shop/config.py": """
                import os
                from functools import lru_cache

                @lru_cache
                def debug():
                    return os.getenv("DEBUG") == "1"
                """,
            },
            why="pytest-antilru empties all caches between the tests",
        ),
        Good(
            """
            from unittest.mock import patch

            import shop.config

            @patch("shop.config.debug", shop.config.debug.__wrapped__)
            def test_debug(monkeypatch):
                monkeypatch.setenv("DEBUG", "1")
                assert shop.config.debug()
            """,
            files={
                "shop/config.py": """
                import os
                from functools import lru_cache

                @lru_cache
                def debug():
                    return os.getenv("DEBUG") == "1"
                """,
            },
            why="something without a cache has been put in its place",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report the first call of each such function after the patch."""
        patches = _patches(ctx, function)
        if not patches:
            return
        seen: set[str] = set()
        for call in function.bag.get(ast.Call, ()):
            assert isinstance(call, ast.Call)
            name = dotted(call.func)
            if name is None or call.args or call.keywords or name in seen:
                continue
            target = ctx.model.qualified_name(call.func, function)
            if target is None or "." not in target.lstrip(".") or target.startswith(("builtins.", "os.")):
                continue
            variables = {variable for variable, node in patches if dominates(function, node, call)}
            if not variables or ctx.graph is None:
                continue
            if variables.isdisjoint(remembered(ctx.graph.namespaces, ctx.path, target)):
                continue
            if is_replaced(target, function, ctx.model):
                continue
            seen.add(name)
            self._judge(ctx, function, call, name)

    def _judge(self, ctx: Context, function: Function, call: ast.Call, name: str) -> None:
        last = name.rpartition(".")[2]
        before, after = _emptied(function, call, last)
        if (before and after) or _emptied_elsewhere(ctx, function, last):
            return
        if before:
            message = f"`{last}` remembers what it reads here for later tests: its cache is not emptied afterwards"
        elif after:
            message = f"`{last}` may return what it read before: its cache is not emptied first"
        else:
            message = f"`{last}` remembers what it read before, and what it reads here: its cache is not emptied"
        ctx.report(call, message, fixes=_fixes(ctx, function, call, name, before, after))


def _patches(ctx: Context, function: Function) -> list[tuple[str, ast.AST]]:
    """Return the variables that *function* itself sets or deletes, each with the node that does it."""
    found: list[tuple[str, ast.AST]] = []
    for call in function.bag.get(ast.Call, ()):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args:
            key = call.args[0]
            if call.func.attr in {"setenv", "delenv"} and isinstance(key, ast.Constant) and isinstance(key.value, str):
                found.append((key.value, call))
            elif call.func.attr == "dict" and len(call.args) > 1 and isinstance(call.args[1], ast.Dict):
                if ctx.qualified_name(key) == "os.environ" or getattr(key, "value", None) == "os.environ":
                    names = [item.value for item in call.args[1].keys if isinstance(item, ast.Constant)]
                    found += [(name, call) for name in names if isinstance(name, str)]
    for effect in effects_of(function, ctx.model):
        if effect.kind in {EffectKind.ENV_SET, EffectKind.ENV_DELETE} and effect.literal_key is not None:
            found.append((effect.literal_key, effect.node))
    return found


def _emptied(function: Function, call: ast.Call, last: str) -> tuple[bool, bool]:
    """Return whether the cache of *last* is emptied before *call*, and afterwards; by an unknown name counts as both."""
    before = after = False
    for scope in (function, *function.nested):
        for node in scope.bag.get(ast.Attribute, ()):
            if not isinstance(node, ast.Attribute) or node.attr not in {"cache_clear", "__wrapped__"}:
                continue
            name = (dotted(node.value) or "").rpartition(".")[2]
            if name != last or scope is not function or node.attr == "__wrapped__":
                return True, True
            called = (
                isinstance(scope.parents.get(node), ast.Call) and getattr(scope.parents[node], "func", None) is node
            )
            if called and (node.lineno, node.col_offset) < (call.lineno, call.col_offset):
                before = True
            else:
                after = True
    return before, after


def _emptied_elsewhere(ctx: Context, function: Function, last: str) -> bool:
    """Whether a fixture or hook may empty the cache, or a plugin empties all."""
    graph = ctx.graph
    if graph is None:
        return True
    closure = graph.closure(Site(ctx.path, function.chain, function.name))
    paths = {ctx.path, *graph.conftest_chain(ctx.path), *(fixture.path for fixture in closure.active)}
    emptied = {name for path in paths if path in graph.summaries for name in graph.summaries[path].emptied}
    if last in emptied or ANY in emptied or any("cache" in name for name in closure.unknown):
        return True
    plugins = loaded(graph, ctx.path)
    return any("antilru" in name for name in (*plugins.unread, *(plugin.path for plugin in plugins.plugins)))


def _fixes(ctx: Context, function: Function, call: ast.Call, name: str, before: bool, after: bool) -> list[Fix]:
    statement = next((node for node in ctx.ancestors(call) if isinstance(node, ast.stmt)), None)
    if not isinstance(statement, ast.Assert | ast.Assign | ast.Expr | ast.Return):
        return []
    if form_for(ctx, function, "request") is not Form.FIXTURE:
        return []
    lines = [] if before else [f"{name}.cache_clear()"]
    lines += [] if after else [f"request.addfinalizer({name}.cache_clear)"]
    return [
        unsafe(
            "Empty the cache",
            lambda: (
                with_parameter(ctx, insert_before(ctx.statement, statement, lines), "request", function)
                if not after
                else insert_before(ctx.statement, statement, lines)
            ),
        )
    ]
