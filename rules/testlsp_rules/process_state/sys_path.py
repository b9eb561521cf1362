from __future__ import annotations

import ast

from testlsp.lint import Applicability, Bad, Context, Fix, Good, Rule, Severity, on_effect
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import FileRole, FunctionKind

from testlsp_rules.process_state._forms import Patch, monkeypatched
from testlsp_rules.process_state._leaks import SEEN, is_leak, put_back_later


class SysPath(Rule):
    """Changes `sys.path` and does not restore it for certain.

    Every later import in the same process searches the changed path, so a test can
    pass because another one ran before it, or import a module of the same name from
    the wrong folder. `monkeypatch.syspath_prepend` undoes the change when the test
    ends; with another `idiom`, `patch.object` gives `sys.path` a list of its own for
    that long. For the whole suite, pytest's `pythonpath` setting says the same in one
    place, before anything is imported.

    Fix safety: unsafe for `append` and `extend`, because `syspath_prepend` lets the
    folder come first; and in nested functions and wider fixtures, where the path is
    restored at another moment.
    """

    code = "TL201"
    since = "0.1"
    message = "`sys.path` is changed here and never restored"
    related = ("S8997 (SonarPython)",)
    options = ("idiom", "target-version")
    source = "https://docs.pytest.org/en/stable/reference/reference.html#pytest.MonkeyPatch.syspath_prepend"
    examples = (
        Bad(
            """
            import sys

            def test_plugin(tmp_path):
                sys.path.insert(0, str(tmp_path))  # 🔌
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert load("plugin")
            """,
            fixed="""
            import sys

            def test_plugin(tmp_path, monkeypatch):
                monkeypatch.syspath_prepend(str(tmp_path))  # 🔌
                assert load("plugin")
            """,
        ),
        Good(
            """
            def test_plugin(tmp_path, monkeypatch):
                monkeypatch.syspath_prepend(tmp_path)
                assert load("plugin")
            """
        ),
        Bad(
            """
            import sys

            def test_plugin(tmp_path):
                sys.path.insert(0, str(tmp_path))  # 🔌
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert load("plugin")
            """,
            fixed="""
            import sys
            from unittest.mock import patch

            def test_plugin(tmp_path):
                with patch.object(sys, "path", [str(tmp_path), *sys.path]):
                    # 🔌
                    assert load("plugin")
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            import sys

            def test_plugin(tmp_path):
                sys.path.insert(0, str(tmp_path))  # 🔌
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert load("plugin")
            """,
            fixed="""
            import sys

            def test_plugin(tmp_path, mocker):
                mocker.patch.object(sys, "path", [str(tmp_path), *sys.path])  # 🔌
                assert load("plugin")
            """,
            settings={"idiom": "mocker"},
            why="for suites that use pytest-mock",
        ),
        Bad(
            """
            import sys

            def test_plugin(tmp_path):
                sys.path.append(str(tmp_path))
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert load("plugin")

            def test_plugins(first, second):
                sys.path[:0] = [first, second]
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert load("plugin")

            def test_more_plugins(first, second):
                sys.path += [first, second]
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert load("plugin")
            """,
            fixed="""
            import sys

            def test_plugin(tmp_path, monkeypatch):
                monkeypatch.syspath_prepend(str(tmp_path))
                assert load("plugin")

            def test_plugins(first, second):
                sys.path[:0] = [first, second]
                assert load("plugin")

            def test_more_plugins(first, second):
                sys.path += [first, second]
                assert load("plugin")
            """,
            why="the folder now comes first instead of last; what adds several has no fix",
        ),
        Bad(
            """
            import sys

            def test_plugin(tmp_path):
                sys.path.insert(0, str(tmp_path))
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `sys.path` is restored only if nothing fails before
                assert load("plugin")
                sys.path.pop(0)
            """,
            fixed="""
            import sys

            def test_plugin(tmp_path, monkeypatch):
                monkeypatch.syspath_prepend(str(tmp_path))
                assert load("plugin")
                sys.path.pop(0)
            """,
            why="a failing assert skips the last line",
        ),
        Bad(
            """
            import sys
            import pytest

            @pytest.fixture(scope="class")
            def plugins():
                sys.path.insert(0, "plugins")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                yield
            """,
            fixed="""
            import sys
            import pytest

            @pytest.fixture(scope="class")
            def plugins():
                with pytest.MonkeyPatch.context() as monkeypatch:
                    monkeypatch.syspath_prepend("plugins")
                    yield
            """,
        ),
        Bad(
            """
            import sys
            import unittest

            class PluginTest(unittest.TestCase):
                def setUp(self):
                    sys.path.insert(0, "plugins")
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            import sys
            import unittest
            from unittest.mock import patch

            class PluginTest(unittest.TestCase):
                def setUp(self):
                    patcher = patch.object(sys, "path", ["plugins", *sys.path])
                    patcher.start()
                    self.addCleanup(patcher.stop)
            """,
            why="a `TestCase` takes no fixtures",
        ),
        Bad(
            """
            import os, sys

            sys.path.insert(0, os.path.dirname(__file__))
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `sys.path` is changed for all tests when this file is imported; pytest's `pythonpath` setting does it in one place
            """,
            path="tests/conftest.py",
            why="only information in a conftest; the setting has to be written by a person",
        ),
        Good(
            """
            import sys

            def test_plugin(tmp_path):
                sys.path.insert(0, str(tmp_path))
                try:
                    assert load("plugin")
                finally:
                    sys.path.remove(str(tmp_path))
            """
        ),
        Good(
            """
            import sys

            def test_plugin(tmp_path, monkeypatch):
                monkeypatch.setattr(sys, "path", [*sys.path])
                sys.path.append(str(tmp_path))
                assert load("plugin")

            def test_plugins(tmp_path, monkeypatch):
                monkeypatch.syspath_prepend(tmp_path / "a")
                sys.path.append(str(tmp_path / "b"))
                assert load("plugin")
            """,
            why="`monkeypatch` restores the whole path",
        ),
        Good(
            """
            import sys

            def test_copy():
                path = sys.path.copy()
                path.append("x")
                assert search(path)
            """,
            why="a copy",
        ),
        Good(
            """
            import sys

            def test_cleaned():
                assert load("plugin")
                sys.path.remove("plugins")

            def test_cleaned_in_each_round(folder):
                for name in ("a", "b"):
                    assert folder not in sys.path
                    assert load(name)
                    sys.path.remove(folder)
            """,
            why="clean-up of what the code under test has added",
        ),
        Good(
            """
            import sys

            if __name__ == "__main__":
                sys.path.insert(0, ".")
            """,
            why="run as a script only",
        ),
        Bad(
            """
            import sys
            from hypothesis import given, strategies as st
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                *,
                retries: int = 3,
            ) -> None:
                sys.path.insert(0, "plugins")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                sys.path.insert(0, "plugins")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(text)

            def test_named(make_monkeypatch):
                monkeypatch = make_monkeypatch()
                sys.path.insert(0, "plugins")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(monkeypatch)
            """,
            fixed="""
            import sys
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
                monkeypatch.syspath_prepend("plugins")
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                with pytest.MonkeyPatch.context() as monkeypatch:
                    monkeypatch.syspath_prepend("plugins")
                    assert run(text)

            def test_named(make_monkeypatch):
                monkeypatch = make_monkeypatch()
                sys.path.insert(0, "plugins")
                assert run(monkeypatch)
            """,
            why="each place gets the form that fits it, or no fix",
        ),
    )

    @on_effect(EffectKind.SYS_PATH, kinds=SEEN)
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a change that nothing undoes, or only a statement that may not be reached."""
        if effect.function.kind is FunctionKind.IMPORT_TIME:
            if effect.method in {"insert", "append", "extend", "augment"} and not _in_script(ctx, effect):
                mild = Severity.INFORMATION if ctx.model.role is FileRole.CONFTEST else None
                ctx.report(
                    effect.node,
                    "`sys.path` is changed for all tests when this file is imported; pytest's `pythonpath` setting does "
                    "it in one place",
                    severity=mild,
                )
            return
        if not is_leak(ctx, effect) or _was_absent(ctx, effect):
            return
        later = put_back_later(ctx, effect)
        message = "`sys.path` is restored only if nothing fails before" if later else None
        ctx.report(effect.node, message, fixes=_fixes(ctx, effect))


def _was_absent(ctx: Context, effect: Effect) -> bool:
    """Whether a folder is removed that, as the test asserts, was not there before."""
    call = effect.node
    if effect.method != "remove" or not isinstance(call, ast.Call) or not call.args:
        return False
    folder = ctx.source_of(call.args[0])
    return any(
        isinstance(node, ast.Assert)
        and isinstance(node.test, ast.Compare)
        and isinstance(node.test.ops[0], ast.NotIn)
        and ctx.source_of(node.test.left) == folder
        for node in effect.function.bag.get(ast.Assert, ())
    )


def _in_script(ctx: Context, effect: Effect) -> bool:
    """Whether the code runs only under ``if __name__ == "__main__"``."""
    return any(
        isinstance(parent, ast.If) and isinstance(parent.test, ast.Compare) and "__name__" in ctx.source_of(parent.test)
        for parent in ctx.ancestors(effect.node)
    )


def _fixes(ctx: Context, effect: Effect) -> list[Fix]:
    call = effect.node
    patch = _patch(ctx, effect)
    if ctx.settings.idiom != "monkeypatch":
        return monkeypatched(ctx, effect, "", list, patch=patch) if patch is not None else []
    if not isinstance(call, ast.Call) or call.keywords or any(isinstance(item, ast.Starred) for item in call.args):
        return []
    if effect.method == "insert" and len(call.args) == 2:
        index, folder = call.args
        first = isinstance(index, ast.Constant) and index.value == 0
        if not first and not (isinstance(index, ast.Constant) and index.value == 1):
            return []
    elif effect.method == "append" and len(call.args) == 1:
        first, folder = False, call.args[0]
    else:
        return []
    grade = Applicability.SAFE if first else Applicability.UNSAFE
    return monkeypatched(
        ctx,
        effect,
        "Use `monkeypatch.syspath_prepend`",
        lambda: f"monkeypatch.syspath_prepend({ctx.source_of(folder)})",
        grade,
        patch=patch,
    )


def _patch(ctx: Context, effect: Effect) -> Patch | None:
    """Return how ``patch.object`` does it: with a list of its own, which is as long as the change needs it."""
    path, call = effect.container, effect.node
    if not isinstance(path, ast.Attribute):
        return None  # ``from sys import path``: the list itself is changed, whatever ``sys.path`` is by then
    owner, old = ctx.source_of(path.value), ctx.source_of(path)
    given = call.args if isinstance(call, ast.Call) and not call.keywords else []
    first = given[0] if given else None
    if effect.method == "insert" and len(given) == 2 and isinstance(first, ast.Constant) and first.value == 0:
        return Patch("object", lambda: f'{owner}, "path", [{ctx.source_of(given[1])}, *{old}]')
    if effect.method == "append" and len(given) == 1:
        return Patch("object", lambda: f'{owner}, "path", [*{old}, {ctx.source_of(given[0])}]')
    value = effect.value
    if effect.method == "assign" and value is not None:
        return Patch("object", lambda: f'{owner}, "path", {ctx.source_of(value)}')
    return Patch("object", lambda: f'{owner}, "path", [*{old}]', stays=True)
