from __future__ import annotations

import ast

from testlsp.lint import Applicability, Bad, Context, Fix, Good, Rule, on_effect
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import FileRole, FunctionKind
from testlsp.semantic.names import dotted

from testlsp_rules.process_state._forms import monkeypatched
from testlsp_rules.process_state._leaks import SEEN, is_guarded, is_leak, put_back_later
from testlsp_rules.process_state._mapping import patch_dict, set_items


class SysModules(Rule):
    """Puts a module into `sys.modules`, or takes one out, and does not undo it for certain.

    Every later import in the same process gets the fake, or a second copy of a
    module whose functions and classes other tests have already imported: their
    patches and `isinstance` checks then concern the wrong copy.

    Fix safety: unsafe when a module inside a package is taken out, because the
    parent package keeps it as an attribute and `from package import module` still
    gives the new one; in nested functions and wider fixtures, where the module is
    put back at another moment; and with `patch.dict`, which drops what the test imports.
    """

    code = "TL205"
    since = "0.1"
    message = "`sys.modules` is changed here and never restored"
    options = ("idiom", "target-version")
    related = ("isolation checks (pytest-review)",)
    source = "https://docs.pytest.org/en/stable/reference/reference.html#pytest.MonkeyPatch.setitem"
    examples = (
        Bad(
            """
            import sys

            def test_without_redis(client):
                sys.modules["redis"] = None  # 🚫 not installed
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert client.cache is None
            """,
            fixed="""
            import sys

            def test_without_redis(client, monkeypatch):
                monkeypatch.setitem(sys.modules, "redis", None)  # 🚫 not installed
                assert client.cache is None
            """,
        ),
        Good(
            """
            import sys

            def test_without_redis(client, monkeypatch):
                monkeypatch.setitem(sys.modules, "redis", None)
                assert client.cache is None
            """
        ),
        Bad(
            """
            import sys

            def test_without_redis(client):
                sys.modules["redis"] = None  # 🚫 not installed
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert client.cache is None
            """,
            fixed="""
            import sys
            from unittest.mock import patch

            def test_without_redis(client):
                with patch.dict(sys.modules, {"redis": None}):
                    # 🚫 not installed
                    assert client.cache is None
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            import sys
            from importlib import import_module

            def test_fresh_import():
                sys.modules.pop("app", None)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                del sys.modules["app.main"]
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert import_module("app").ready
            """,
            fixed="""
            import sys
            from importlib import import_module

            def test_fresh_import(monkeypatch):
                monkeypatch.delitem(sys.modules, "app", raising=False)
                monkeypatch.delitem(sys.modules, "app.main")
                assert import_module("app").ready
            """,
            why="modules imported anew are not the ones that other tests hold",
        ),
        Bad(
            """
            import sys

            def test_without_redis(client):
                sys.modules["redis"] = None
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert client.cache is None
            """,
            fixed="""
            import sys

            def test_without_redis(client, mocker):
                mocker.patch.dict(sys.modules, {"redis": None})
                assert client.cache is None
            """,
            settings={"idiom": "mocker"},
            why="for projects that use pytest-mock",
        ),
        Bad(
            """
            import sys

            def test_all_fresh():
                for name in list(sys.modules):
                    if name.startswith("app."):
                        del sys.modules[name]
                        ^^^^^^^^^^^^^^^^^^^^^
                import app.main
                assert app.main.ready
            """,
            fixed="""
            import sys

            def test_all_fresh(monkeypatch):
                for name in list(sys.modules):
                    if name.startswith("app."):
                        monkeypatch.delitem(sys.modules, name)
                import app.main
                assert app.main.ready
            """,
        ),
        Bad(
            """
            import sys

            def test_plugin(plugin):
                sys.modules["plugin"] = plugin
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `sys.modules` is restored only if nothing fails before
                assert load("plugin")
                del sys.modules["plugin"]
            """,
            fixed="""
            import sys

            def test_plugin(plugin, monkeypatch):
                monkeypatch.setitem(sys.modules, "plugin", plugin)
                assert load("plugin")
                del sys.modules["plugin"]
            """,
        ),
        Bad(
            """
            import sys
            import pytest

            @pytest.fixture(scope="module")
            def no_redis():
                sys.modules.update({"redis": None, "rq": None})
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                yield
            """,
            fixed="""
            import sys
            import pytest

            @pytest.fixture(scope="module")
            def no_redis():
                with pytest.MonkeyPatch.context() as monkeypatch:
                    monkeypatch.setitem(sys.modules, "redis", None)
                    monkeypatch.setitem(sys.modules, "rq", None)
                    yield
            """,
        ),
        Bad(
            """
            import sys

            sys.modules["gpio"] = object()
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `sys.modules` is changed when the file is imported, for all tests

            def test_it():
                assert run()
            """,
            why="at module level there is nothing that could restore it",
        ),
        Bad(
            """
            import sys
            import unittest

            class CacheTest(unittest.TestCase):
                def test_old(self):
                    old = sys.modules.pop("redis")
                          ^^^^^^^^^^^^^^^^^^^^^^^^
                    import redis
                    self.assertIsNot(old, redis)
            """,
            why="the value is used, and a `TestCase` takes no fixtures",
        ),
        Good(
            """
            import sys

            sys.modules["gpio"] = object()
            """,
            path="tests/conftest.py",
            why="a conftest may replace for all tests what cannot be imported here",
        ),
        Good(
            """
            import sys

            try:
                import gpio
            except ImportError:
                sys.modules["gpio"] = object()

            def test_it():
                assert run()
            """,
            why="a stand-in for what is not installed",
        ),
        Good(
            """
            import sys

            def test_plugin(tmp_path, monkeypatch):
                monkeypatch.syspath_prepend(tmp_path)
                sys.modules.pop("plugin", None)
                import plugin
                assert plugin.ready
            """,
            why="the module is the test's own",
        ),
        Good(
            """
            import sys

            def test_plugin():
                assert load("plugin")
                sys.modules.pop("plugin")
            """,
            why="clean-up of what the test has loaded",
        ),
        Good(
            """
            import sys

            def test_snapshot():
                snapshot = take_snapshot()
                sys.modules["x"] = None
                snapshot.restore()
                assert "x" not in sys.modules
            """,
            why="what is restored there is not known",
        ),
        Good(
            """
            import sys
            from importlib import import_module

            def test_settings(module_name):
                if module_name in sys.modules:
                    del sys.modules[module_name]
                assert import_module(module_name).ready
            """,
            why="which module it is, and whose, is not known",
        ),
        Good(
            """
            import sys

            def test_unknown():
                sys.modules.pop("app", None)
                assert not is_loaded("app")
            """,
            why="nothing is imported anew",
        ),
        Good(
            """
            import sys
            from unittest.mock import patch

            @patch.dict("sys.modules")
            def test_fresh_import():
                del sys.modules["app"]
                import app
                assert app.ready

            def test_fake():
                with patch.dict(sys.modules):
                    sys.modules["app"] = None
                    assert load("app") is None
            """,
            why="`patch.dict` restores all of it",
        ),
        Good(
            """
            import sys

            def test_fake():
                sys.modules["app"] = None
                try:
                    assert load("app") is None
                finally:
                    del sys.modules["app"]

            def test_snapshot():
                before = sys.modules.copy()
                try:
                    sys.modules["app"] = None
                    assert load("app") is None
                finally:
                    sys.modules = before
            """
        ),
        Bad(
            """
            import sys

            def test_fresh_import():
                del sys.modules["app.main"]
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                from app import main
                assert main.ready
            """,
            fixed="""
            import sys

            def test_fresh_import(monkeypatch):
                monkeypatch.delitem(sys.modules, "app.main")
                from app import main
                assert main.ready
            """,
            why="this gets the old module, which is still an attribute of `app`; whoever imports `app.main` next gets a second one",
        ),
        Bad(
            """
            import sys
            import unittest
            from hypothesis import given, strategies as st
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                *,
                retries: int = 3,
            ) -> None:
                sys.modules["redis"] = None
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                sys.modules["redis"] = None
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(text)

            class RunTest(unittest.TestCase):
                def test_run(self):
                    sys.modules["redis"] = None
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    self.assertTrue(run())

            class TestHook:
                def setup_method(self):
                    sys.modules["redis"] = None
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    self.client = start()

            def test_steps():
                def step():
                    sys.modules["redis"] = None
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                step()
                assert run()

            def test_named(make_monkeypatch):
                monkeypatch = make_monkeypatch()
                sys.modules["redis"] = None
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(monkeypatch)
            """,
            fixed="""
            import sys
            import unittest
            from hypothesis import given, strategies as st
            from unittest.mock import patch
            import pytest

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                monkeypatch,
                *,
                retries: int = 3,
            ) -> None:
                monkeypatch.setitem(sys.modules, "redis", None)
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                with pytest.MonkeyPatch.context() as monkeypatch:
                    monkeypatch.setitem(sys.modules, "redis", None)
                    assert run(text)

            class RunTest(unittest.TestCase):
                def test_run(self):
                    patcher = patch.dict(sys.modules, {"redis": None})
                    patcher.start()
                    self.addCleanup(patcher.stop)
                    self.assertTrue(run())

            class TestHook:
                def setup_method(self):
                    sys.modules["redis"] = None
                    self.client = start()

            def test_steps(monkeypatch):
                def step():
                    monkeypatch.setitem(sys.modules, "redis", None)
                step()
                assert run()

            def test_named(make_monkeypatch):
                monkeypatch = make_monkeypatch()
                sys.modules["redis"] = None
                assert run(monkeypatch)
            """,
            why="each place gets the form that fits it, or no fix",
        ),
    )

    @on_effect(EffectKind.SYS_MODULES, kinds=SEEN)
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a change that nothing undoes, or only a statement that may not be reached."""
        deletes = effect.method in {"pop", "delitem", "popitem", "clear"}
        if effect.function.kind is FunctionKind.IMPORT_TIME:
            if not deletes and ctx.model.role is not FileRole.CONFTEST and not is_guarded(ctx, effect):
                ctx.report(effect.node, "`sys.modules` is changed when the file is imported, for all tests")
            return
        if deletes and (not _is_known(effect) or not _imports_afterwards(effect) or _makes_modules(effect)):
            return
        if not is_leak(ctx, effect):
            return
        later = put_back_later(ctx, effect)
        message = "`sys.modules` is restored only if nothing fails before" if later else None
        ctx.report(effect.node, message, fixes=_fixes(ctx, effect))


def _is_known(effect: Effect) -> bool:
    """Whether a module with a name is taken out, or every one that a loop over ``sys.modules`` chooses."""
    if effect.literal_key is not None:
        return True
    loops = [loop for loop in effect.function.bag.get(ast.For, ()) if isinstance(loop, ast.For)]
    return isinstance(effect.key, ast.Name) and any(
        isinstance(loop.target, ast.Name)
        and loop.target.id == effect.key.id
        and any(isinstance(node, ast.Attribute) and node.attr == "modules" for node in ast.walk(loop.iter))
        for loop in loops
    )


_IMPORTERS = frozenset({"import_module", "__import__", "reload", "run_module", "find_spec"})
_OWN_FILES = frozenset({"tmp_path", "tmpdir", "tmp_path_factory", "pytester", "testdir", "syspath_prepend"})


def _imports_afterwards(effect: Effect) -> bool:
    bag = effect.function.bag
    imports = [*bag.get(ast.Import, ()), *bag.get(ast.ImportFrom, ())]
    for call in bag.get(ast.Call, ()):
        assert isinstance(call, ast.Call)
        if (dotted(call.func) or "").rpartition(".")[2] in _IMPORTERS:
            imports.append(call)
    return any((getattr(node, "lineno", 0), 0) >= effect.position for node in imports)


def _makes_modules(effect: Effect) -> bool:
    """Whether the function writes files or paths of its own: then what it deletes is likely its own as well."""
    outer = effect.function.outermost
    if not _OWN_FILES.isdisjoint(outer.params):
        return True
    return any(getattr(node, "attr", "") in _OWN_FILES for node in effect.function.bag.get(ast.Attribute, ()))


def _fixes(ctx: Context, effect: Effect) -> list[Fix]:
    # ``patch.dict`` also drops what the test imports.
    grade = Applicability.SAFE if ctx.settings.idiom == "monkeypatch" else Applicability.UNSAFE
    if effect.method in {"setitem", "update"}:
        items = set_items(ctx, effect)
        if items is None:
            return []
        return monkeypatched(ctx, effect, "Use `monkeypatch.setitem`", items, grade, patch=patch_dict(ctx, effect))
    container, key = effect.container, effect.key
    if effect.method not in {"pop", "delitem"} or container is None or key is None:
        return []
    raising = ", raising=False" if isinstance(effect.node, ast.Call) and len(effect.node.args) > 1 else ""

    def line() -> str:
        return f"monkeypatch.delitem({ctx.source_of(container)}, {ctx.source_of(key)}{raising})"

    if "." in (effect.literal_key or "."):
        grade = Applicability.UNSAFE
    return monkeypatched(ctx, effect, "Use `monkeypatch.delitem`", line, grade, patch=patch_dict(ctx, effect))
