from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rule, Severity, on_effect
from testlsp.lint.context import safe, unsafe
from testlsp.lint.patching import Form, form_for
from testlsp.lint.with_blocks import entered
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import FileRole, FunctionKind

from testlsp_rules.process_state._forms import monkeypatched
from testlsp_rules.process_state._leaks import SEEN, is_guarded, is_leak, put_back_later


class Chdir(Rule):
    """Changes the working directory in a test and does not go back for certain.

    Every later test in the same process runs in that directory, which may be a
    temporary one that is gone by then: relative paths fail far away from their
    cause. `monkeypatch.chdir` goes back when the test ends, whatever happens. Neither
    `unittest.mock` nor pytest-mock has anything of the kind: with `idiom = "patch.dict"`
    the fix is `with contextlib.chdir(...)`, which came with Python 3.11, and before that
    `monkeypatch`; with `idiom = "mocker"` it is `monkeypatch` wherever a fixture can be
    requested.

    Fix safety: unsafe in nested functions and where `pytest.MonkeyPatch.context()`
    is needed (wider fixtures, tests under `@given`), because the directory is then
    left at another moment than before.
    """

    code = "TL202"
    since = "0.1"
    message = "The working directory is changed here and stays changed after the test"
    related = ("S8997 (SonarPython)", "os_chdir_in_test (clint of mlflow)")
    options = ("idiom", "target-version")
    source = "https://docs.pytest.org/en/stable/reference/reference.html#pytest.MonkeyPatch.chdir"
    examples = (
        Bad(
            """
            import os

            def test_reads_settings(tmp_path):
                os.chdir(tmp_path)  # 📁 where the file is
                ^^^^^^^^^^^^^^^^^^
                assert load() == {}
            """,
            fixed="""
            import os

            def test_reads_settings(tmp_path, monkeypatch):
                monkeypatch.chdir(tmp_path)  # 📁 where the file is
                assert load() == {}
            """,
        ),
        Good(
            """
            def test_reads_settings(tmp_path, monkeypatch):
                monkeypatch.chdir(tmp_path)
                assert load() == {}
            """
        ),
        Bad(
            """
            import os

            def test_reads_settings(tmp_path):
                os.chdir(tmp_path)  # 📁 where the file is
                ^^^^^^^^^^^^^^^^^^
                assert load() == {}
            """,
            fixed="""
            import os
            import contextlib

            def test_reads_settings(tmp_path):
                with contextlib.chdir(tmp_path):
                    # 📁 where the file is
                    assert load() == {}
            """,
            settings={"idiom": "patch.dict", "target_version": "3.11"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            import os

            def test_reads_settings(tmp_path):
                os.chdir(tmp_path)  # 📁 where the file is
                ^^^^^^^^^^^^^^^^^^
                assert load() == {}
            """,
            fixed="""
            import os

            def test_reads_settings(tmp_path, monkeypatch):
                monkeypatch.chdir(tmp_path)  # 📁 where the file is
                assert load() == {}
            """,
            settings={"idiom": "mocker"},
            why="for suites that use pytest-mock",
        ),
        Bad(
            """
            from os import chdir, getcwd

            async def test_reads_settings(tmp_path):
                old = getcwd()
                chdir(tmp_path / "a")
                ^^^^^^^^^^^^^^^^^^^^^ The old working directory is left behind if the test fails before it goes back
                assert await load() == {}
                chdir(old)
            """,
            fixed="""
            from os import chdir, getcwd

            async def test_reads_settings(tmp_path, monkeypatch):
                old = getcwd()
                monkeypatch.chdir(tmp_path / "a")
                assert await load() == {}
                chdir(old)
            """,
            why="a failing assert skips the way back",
        ),
        Bad(
            """
            import os
            import pytest
            from hypothesis import given, strategies as st

            @pytest.fixture(scope="module")
            def project(tmp_path_factory):
                os.chdir(tmp_path_factory.mktemp(
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    "p",
                ))
                yield make()

            @given(st.text())
            def test_any_name(name):
                os.chdir("data")
                ^^^^^^^^^^^^^^^^
                assert load(name)
            """,
            fixed="""
            import os
            import pytest
            from hypothesis import given, strategies as st

            @pytest.fixture(scope="module")
            def project(tmp_path_factory):
                with pytest.MonkeyPatch.context() as monkeypatch:
                    monkeypatch.chdir(tmp_path_factory.mktemp(
                    "p",
                ))
                    yield make()

            @given(st.text())
            def test_any_name(name):
                with pytest.MonkeyPatch.context() as monkeypatch:
                    monkeypatch.chdir("data")
                    assert load(name)
            """,
            why="wider fixtures and property-based tests cannot use the `monkeypatch` fixture",
        ),
        Bad(
            """
            import os
            import unittest

            class LoadTest(unittest.TestCase):
                def setUp(self):
                    os.chdir("data")
                    ^^^^^^^^^^^^^^^^
            """,
            fixed="""
            import os
            import unittest

            class LoadTest(unittest.TestCase):
                def setUp(self):
                    self.addCleanup(os.chdir, os.getcwd())
                    os.chdir("data")
            """,
            why="methods of a `TestCase` take no fixtures",
        ),
        Bad(
            """
            import os
            from unittest.mock import patch

            @patch("app.load")
            def test_steps(load, tmp_path, request):
                def enter(name):
                    os.chdir(tmp_path / name)
                    ^^^^^^^^^^^^^^^^^^^^^^^^^
                enter("a")
                assert load.called
            """,
            fixed="""
            import os
            from unittest.mock import patch

            @patch("app.load")
            def test_steps(load, tmp_path, request, monkeypatch):
                def enter(name):
                    monkeypatch.chdir(tmp_path / name)
                enter("a")
                assert load.called
            """,
        ),
        Bad(
            """
            import os

            os.chdir("data")
            ^^^^^^^^^^^^^^^^ The working directory is changed when the file is imported, for all tests

            def test_it():
                assert run()
            """,
            why="at module level there is nothing that could go back",
        ),
        Bad(
            """
            import os

            def test_entered(fd):
                os.fchdir(fd)
                ^^^^^^^^^^^^^
                assert load() == {}
            """,
            why="`monkeypatch` has nothing for `fchdir`",
        ),
        Good(
            """
            import os

            if __name__ == "__main__":
                os.chdir("data")

            def test_it():
                assert run()
            """,
            why="run as a script only",
        ),
        Good(
            """
            import os

            def test_reads_settings(tmp_path):
                old = os.getcwd()
                os.chdir(tmp_path)
                try:
                    assert load() == {}
                finally:
                    os.chdir(old)
            """,
            why="goes back, whatever happens",
        ),
        Good(
            """
            import contextlib

            def test_reads_settings(tmp_path):
                with contextlib.chdir(tmp_path):
                    assert load() == {}
            """,
            why="the end of the block goes back",
        ),
        Good(
            """
            import os

            def test_two(tmp_path, monkeypatch):
                monkeypatch.chdir(tmp_path)
                os.chdir("sub")
                assert load() == {}
            """,
            why="`monkeypatch.chdir` remembers where it came from and goes back there",
        ),
        Good(
            """
            import os

            def test_sub(in_project):
                os.chdir("sub")
                assert load() == {}
            """,
            files={
                "tests/conftest.py": """
                import pytest

                @pytest.fixture
                def in_project(tmp_path, monkeypatch):
                    monkeypatch.chdir(tmp_path)
                """
            },
            why="the fixture goes back",
        ),
        Good(
            """
            import os

            def test_sub(pytester):
                os.chdir("sub")
                assert load() == {}
            """,
            why="so does pytester",
        ),
        Good(
            """
            import os
            import pytest

            @pytest.fixture(scope="session", autouse=True)
            def in_data():
                os.chdir("data")
            """,
            path="tests/conftest.py",
            why="meant for the whole run",
        ),
        Good(
            """
            import os
            from shared import ProjectTestCase

            class LoadTest(ProjectTestCase):
                def test_load(self):
                    os.chdir("data")
                    assert load() == {}
            """,
            why="the base class may well go back in its tearDown",
        ),
        Good(
            """
            import os
            import pytest

            def test_missing_directory():
                with pytest.raises(FileNotFoundError):
                    os.chdir("missing")
            """,
            why="it is the point of the test that this fails",
        ),
    )

    @on_effect(EffectKind.CWD, kinds=SEEN)
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a change that nothing undoes, or only a statement that may not be reached."""
        if effect.function.kind is FunctionKind.IMPORT_TIME:
            if not is_guarded(ctx, effect):
                mild = Severity.INFORMATION if ctx.model.role is FileRole.CONFTEST else None
                ctx.report(
                    effect.node,
                    "The working directory is changed when the file is imported, for all tests",
                    severity=mild,
                )
            return
        if not is_leak(ctx, effect):
            return
        later = put_back_later(ctx, effect)
        message = "The old working directory is left behind if the test fails before it goes back" if later else None
        ctx.report(effect.node, message, fixes=_fixes(ctx, effect))


def _fixes(ctx: Context, effect: Effect) -> list[Fix]:
    call = effect.node
    if effect.method != "chdir" or effect.value is None or not isinstance(call, ast.Call) or len(call.args) != 1:
        return []
    value = effect.value

    def cleanup() -> str | None:
        owner = ctx.source_of(call.func.value) if isinstance(call.func, ast.Attribute) else None
        return f"{owner}.chdir, {owner}.getcwd()" if owner else None

    idiom, whole, function = ctx.settings.idiom, effect.whole, effect.function
    if idiom != "monkeypatch" and whole is not None and ctx.settings.python_version >= (3, 11):
        form = form_for(ctx, function, None)
        # pytest-mock has nothing of the kind, so a function that can request ``monkeypatch`` does so.
        if form is not Form.NONE and not (idiom == "mocker" and form_for(ctx, function) is Form.FIXTURE):
            graded = unsafe if form is Form.CONTEXT else safe
            return entered(
                ctx,
                function,
                whole,
                "contextlib.chdir",
                lambda: f"contextlib.chdir({ctx.source_of(value)})",
                ("import contextlib",),
                graded,
            )
    return monkeypatched(
        ctx, effect, "Use `monkeypatch.chdir`", lambda: f"monkeypatch.chdir({ctx.source_of(value)})", cleanup=cleanup
    )
