from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Good, Rule, on_call
from testlsp.semantic.bases import methods_named
from testlsp.semantic.cleanup import (
    CLEANUP_REGISTRARS,
    TEARDOWNS,
    cleanup_name,
    cleanup_place,
    only_resets,
    runs_elsewhere,
)
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.names import dotted
from testlsp.semantic.order import position

_RELOADS = frozenset({"importlib.reload", "imp.reload"})
_BLOCKS = (ast.With, ast.AsyncWith)


class Reload(Rule):
    """Reloads a module in a test and leaves it reloaded.

    `importlib.reload` runs the module again in the same namespace: its classes and
    constants are new objects from then on, while other modules and later tests
    keep the old ones, so that `isinstance` and `except` fail far away. And what was
    read from a patched environment stays in the module when the patch has ended.
    Run the import in a subprocess, or let a fixture reload the module once more
    when everything has been put back.
    """

    code = "TL210"
    since = "0.1"
    words = ("reload",)
    message = "The module stays reloaded after the test"
    source = "https://docs.python.org/3/library/importlib.html#importlib.reload"
    examples = (
        Bad(
            """
            import importlib
            from shop import settings

            def test_debug(monkeypatch):
                monkeypatch.setenv("DEBUG", "1")
                importlib.reload(settings)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^ `settings` stays reloaded after the test
                assert settings.DEBUG
            """
        ),
        Good(
            """
            import importlib
            import pytest
            from shop import settings

            @pytest.fixture
            def reloaded():
                with pytest.MonkeyPatch.context() as mp:
                    mp.setenv("DEBUG", "1")
                    yield importlib.reload(settings)
                importlib.reload(settings)

            def test_debug(reloaded):
                assert reloaded.DEBUG
            """
        ),
        Bad(
            """
            import pytest
            from importlib import reload
            from shop import settings

            @pytest.fixture
            def fresh():
                "🙂"; reload(settings)
                     ^^^^^^^^^^^^^^^^ `settings` stays reloaded after the test

            class TestSettings:
                def test_debug(self, monkeypatch):
                    assert reload(settings).DEBUG
                           ^^^^^^^^^^^^^^^^ `settings` stays reloaded after the test
                    assert reload(settings).DEBUG
            """,
            why="once for a module and test",
        ),
        Good(
            """
            import importlib
            import unittest
            import pytest
            from shop import routes, settings

            def test_finally(monkeypatch):
                try:
                    importlib.reload(settings)
                    assert settings.DEBUG
                finally:
                    importlib.reload(settings)

            def test_registered(request):
                request.addfinalizer(lambda: importlib.reload(settings))
                importlib.reload(settings)
                assert settings.DEBUG

            class SettingsTest(unittest.TestCase):
                def tearDown(self):
                    importlib.reload(settings)

                def test_debug(self):
                    importlib.reload(settings)
                    assert settings.DEBUG

            @pytest.fixture
            def reset():
                yield
                importlib.reload(routes)

            def test_routes(reset):
                importlib.reload(routes)
                assert routes.ALL
            """,
            why="reloaded once more in the end: by `finally`, a finalizer, a tear-down, a fixture",
        ),
        Good(
            """
            import importlib
            from shop import settings

            def test_in_the_end(monkeypatch):
                with monkeypatch.context() as patch:
                    patch.setenv("DEBUG", "1")
                    importlib.reload(settings)
                    assert settings.DEBUG
                importlib.reload(settings)

            def test_clean_beginning(monkeypatch):
                importlib.reload(settings)
                with monkeypatch.context() as patch:
                    patch.setenv("DEBUG", "1")
                    assert settings.debug()
                importlib.reload(settings)
            """,
            why="reloaded outside the block that patches",
        ),
        Good(
            """
            import importlib
            import pytest
            import shop.settings

            @pytest.fixture
            def reset_settings():
                importlib.reload(shop.settings)

            @pytest.fixture
            def methods():
                importlib.reload(shop.settings)
                before = shop.settings.METHODS
                yield
                shop.settings.METHODS = before

            def test_more_methods(methods, monkeypatch):
                monkeypatch.setenv("METHODS", "GET")
                importlib.reload(shop.settings)
                assert shop.settings.METHODS == ["GET"]
            """,
            why="brings back what every test is to begin with; what was read anew is put back by hand",
        ),
        Good(
            """
            import importlib
            import sys
            from shop.tools import reload

            def test_imported_anew(monkeypatch, tmp_path):
                module = importlib.import_module("plugin")
                assert importlib.reload(module).VALUE == 2

            def test_other(settings):
                reload(settings)
                importlib.reload(settings)
                assert settings.DEBUG
            """,
            why="a module that the test has loaded itself, or that a fixture gives; another function of that name",
        ),
    )

    @on_call("reload", kinds=(FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.NESTED))
    def check(self, ctx: Context, node: ast.Call) -> None:
        """Report the first reload of an imported module that nothing follows up."""
        function = ctx.function
        module = _reloaded(ctx, node, function)
        outer = function.outermost
        if module is None or outer.kind not in {FunctionKind.TEST, FunctionKind.FIXTURE} or runs_elsewhere(function):
            return
        if only_resets(outer):
            return
        others = [call for call in _calls(function) if _reloaded(ctx, call, function) == module]
        if others[0] is not node or cleanup_place(function, node, ctx.model) is not None:
            return
        if _is_left_behind(ctx, node, others) and not _is_followed_up(ctx, outer, module):
            ctx.report(node, f"`{module.rpartition('.')[2]}` stays reloaded after the test")


def _calls(function: Function) -> list[ast.Call]:
    return [call for call in function.bag.get(ast.Call, ()) if isinstance(call, ast.Call)]


def _reloaded(ctx: Context, call: ast.Call, function: Function) -> str | None:
    """Return the module that *call* reloads, when it is one that the file has imported."""
    func = call.func
    name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    if name != "reload" or len(call.args) != 1 or ctx.model.qualified_name(func, function) not in _RELOADS:
        return None
    return ctx.model.qualified_name(call.args[0], function)


def _is_left_behind(ctx: Context, node: ast.Call, others: list[ast.Call]) -> bool:
    """Whether no later reload stands behind the ``with`` blocks around this one, where what they patch is undone.

    One that stands in no block makes a clean beginning for those that follow it.
    """
    blocks: list[ast.AST] = [parent for parent in ctx.ancestors(node) if isinstance(parent, _BLOCKS)]
    if not blocks:
        bag = ctx.function.bag
        blocks = [block for kind in _BLOCKS for block in bag.get(kind, ()) if position(block) > position(node)]
    ends = [getattr(block, "end_lineno", 0) for block in blocks]
    return not ends or all(call.lineno <= min(ends) for call in others)


def _is_followed_up(ctx: Context, outer: Function, module: str) -> bool:
    """Whether clean-up code reloads the module, or the like: in the test, its tear-down hooks or a fixture of the file."""
    hooks = [*methods_named(TEARDOWNS, outer, ctx.model)]
    hooks += [hook for name in ("teardown_function", "teardown_module") if (hook := ctx.model.function_named(name))]
    fixtures = [other for other in ctx.model.functions if other.kind is FunctionKind.FIXTURE and other.is_generator]
    for scope in (outer, *outer.nested, *hooks, *fixtures):
        for call in _calls(scope):
            last = (dotted(call.func) or "").rpartition(".")[2]
            if last in CLEANUP_REGISTRARS and scope is outer:
                return True
            if last == "reload" or cleanup_name(last):
                if cleanup_place(scope, call, ctx.model) is not None:
                    return True
        for assign in scope.bag.get(ast.Assign, ()):
            target = assign.targets[0] if isinstance(assign, ast.Assign) else None
            if isinstance(target, ast.Attribute) and ctx.model.qualified_name(target.value, scope) == module:
                if cleanup_place(scope, assign, ctx.model) is not None:
                    return True
    return False
