from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rewrite, Rule, on_effect
from testlsp.lint.context import unsafe
from testlsp.lint.patching import Form, form_for, idiom_form, with_parameter
from testlsp.rewrite import replace_statement
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import FunctionKind
from testlsp.semantic.restoration import RestoredBy, restoration

from testlsp_rules.environ._leaks import must_fail
from testlsp_rules.environ._patch_dict import patched_with

_FOREIGN = ("ctypes", "cffi")


class EnvironPutenv(Rule):
    """Changes the environment with `os.putenv` or `os.unsetenv`, behind the back of `os.environ`.

    Python code that reads `os.environ` does not see the change, and neither
    `monkeypatch` nor `patch.dict` puts it back, because they save and restore
    `os.environ`. `monkeypatch.setenv` changes both and restores both.

    Fix safety: unsafe, because from then on Python code sees the variable as well.
    """

    code = "TL104"
    since = "0.1"
    message = "`os.environ` does not see this change, and nothing restores it"
    options = ("idiom", "target-version")
    source = "https://docs.python.org/3/library/os.html#os.putenv"
    examples = (
        Bad(
            """
            import os

            def test_child():
                os.putenv("COLOR", "never")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                "🙂"; os.unsetenv("PAGER")
                     ^^^^^^^^^^^^^^^^^^^^
                assert run_child() == "plain"
            """,
            fixed="""
            import os

            def test_child(monkeypatch):
                monkeypatch.setenv("COLOR", "never")
                "🙂"; monkeypatch.delenv("PAGER", raising=False)
                assert run_child() == "plain"
            """,
        ),
        Good(
            """
            def test_child(monkeypatch):
                monkeypatch.setenv("COLOR", "never")
                monkeypatch.delenv("PAGER", raising=False)
                assert run_child() == "plain"
            """
        ),
        Bad(
            """
            import os

            def test_child():
                os.putenv("COLOR", "never")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                "🙂"; os.unsetenv("PAGER")
                     ^^^^^^^^^^^^^^^^^^^^
                assert run_child() == "plain"
            """,
            fixed="""
            import os
            from unittest.mock import patch

            def test_child():
                with patch.dict(os.environ, {"COLOR": "never"}):
                    "🙂"; os.unsetenv("PAGER")
                    assert run_child() == "plain"
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            import os

            def test_child():
                os.putenv("COLOR", "never")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                "🙂"; os.unsetenv("PAGER")
                     ^^^^^^^^^^^^^^^^^^^^
                assert run_child() == "plain"
            """,
            fixed="""
            import os

            def test_child(mocker):
                mocker.patch.dict(os.environ, {"COLOR": "never"})
                "🙂"; mocker.patch.dict(os.environ); os.environ.pop("PAGER", None)
                assert run_child() == "plain"
            """,
            settings={"idiom": "mocker"},
            why="for suites that use pytest-mock",
        ),
        Bad(
            """
            import unittest
            from os import putenv

            class ChildTest(unittest.TestCase):
                def setUp(self):
                    putenv("COLOR", "never")
                    ^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            import unittest
            from os import putenv
            from unittest.mock import patch

            class ChildTest(unittest.TestCase):
                def setUp(self):
                    patcher = patch.dict("os.environ", {"COLOR": "never"})
                    patcher.start()
                    self.addCleanup(patcher.stop)
            """,
            why="a method of a `TestCase` takes no fixtures",
        ),
        Bad(
            """
            import os

            def test_child(values):
                os.putenv(*values)
                ^^^^^^^^^^^^^^^^^^
                assert run_child() == "plain"
            """,
            why="what is set cannot be told",
        ),
        Bad(
            """
            import os

            def test_child(monkeypatch):
                monkeypatch.setenv("OTHER", "1")
                os.environ["COLOR"] = "always"
                os.putenv("COLOR", "never")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run_child() == "plain"
            """,
            fixed="""
            import os

            def test_child(monkeypatch):
                monkeypatch.setenv("OTHER", "1")
                os.environ["COLOR"] = "always"
                monkeypatch.setenv("COLOR", "never")
                assert run_child() == "plain"
            """,
        ),
        Good(
            """
            import os
            import unittest

            def test_child():
                os.putenv("COLOR", "never")
                try:
                    assert run_child() == "plain"
                finally:
                    os.unsetenv("COLOR")

            class ChildTest(unittest.TestCase):
                def setUp(self):
                    os.putenv("COLOR", "never")
                    self.addCleanup(os.unsetenv, "COLOR")
            """,
            why="put back, whatever happens",
        ),
        Good(
            """
            import ctypes
            import os

            def test_getenv_of_c():
                os.putenv("COLOR", "never")
                assert ctypes.CDLL(None).getenv(b"COLOR")
            """,
            why="it is tested what C code sees",
        ),
        Good(
            """
            import os
            import pytest

            def test_wrong():
                with pytest.raises(ValueError):
                    os.putenv("A=B", "1")
            """,
            why="it is tested that this fails",
        ),
        Bad(
            """
            import os
            import pytest
            from hypothesis import given, strategies as st
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                *,
                retries: int = 3,
            ) -> None:
                os.putenv("COLOR", "never")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                os.putenv("COLOR", "never")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(text)

            @pytest.fixture(scope="module")
            def server():
                os.putenv("COLOR", "never")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                yield start()

            def test_steps():
                def step():
                    os.putenv("COLOR", "never")
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                step()
                assert run()

            def test_named(make_monkeypatch):
                monkeypatch = make_monkeypatch()
                os.putenv("COLOR", "never")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(monkeypatch)
            """,
            fixed="""
            import os
            import pytest
            from hypothesis import given, strategies as st
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                monkeypatch,
                *,
                retries: int = 3,
            ) -> None:
                monkeypatch.setenv("COLOR", "never")
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                os.putenv("COLOR", "never")
                assert run(text)

            @pytest.fixture(scope="module")
            def server():
                os.putenv("COLOR", "never")
                yield start()

            def test_steps(monkeypatch):
                def step():
                    monkeypatch.setenv("COLOR", "never")
                step()
                assert run()

            def test_named(make_monkeypatch):
                monkeypatch = make_monkeypatch()
                os.putenv("COLOR", "never")
                assert run(monkeypatch)
            """,
            why="each place gets the form that fits it, or no fix",
        ),
    )

    @on_effect(
        EffectKind.ENV_PUTENV,
        kinds=(FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.XUNIT, FunctionKind.NESTED),
    )
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a change that nothing undoes."""
        outer = effect.function.outermost
        if outer.kind not in {FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.XUNIT} or must_fail(ctx, effect):
            return
        if any(_is_foreign(target) for target in map(ctx.model.names.target, ctx.model.names.table)):
            return
        restored = restoration(effect, ctx.model)
        if restored is not None and restored.by is not RestoredBy.PATCH:
            return
        ctx.report(effect.node, fixes=_fixes(ctx, effect))


def _is_foreign(target: str | None) -> bool:
    return target is not None and target.partition(".")[0] in _FOREIGN


def _fixes(ctx: Context, effect: Effect) -> list[Fix]:
    whole, call = effect.whole, effect.node
    if whole is None or not isinstance(call, ast.Call) or call.keywords:
        return []
    if len(call.args) != (2 if effect.method == "putenv" else 1) or isinstance(call.args[0], ast.Starred):
        return []
    given = [ctx.source_of(argument) for argument in call.args]
    form = form_for(ctx, effect.function)
    if ctx.settings.idiom != "monkeypatch" or form is Form.ENTER_CONTEXT:
        return _patched(ctx, effect, call, whole, given)
    if form is not Form.FIXTURE:
        return []
    if effect.method == "putenv":
        line = f"monkeypatch.setenv({', '.join(given)})"
    else:
        line = f"monkeypatch.delenv({given[0]}, raising=False)"
    title = f"Use `{line.partition('(')[0]}`"
    return [
        unsafe(
            title, lambda: with_parameter(ctx, replace_statement(ctx.statement, whole, line), function=effect.function)
        )
    ]


def _patched(ctx: Context, effect: Effect, call: ast.Call, whole: ast.stmt, given: list[str]) -> list[Fix]:
    """Return the fix for other idioms, which leave it to `os.environ` to delete a variable."""
    func = call.func
    environ = f"{ctx.source_of(func.value)}.environ" if isinstance(func, ast.Attribute) else '"os.environ"'
    sets = effect.method == "putenv"
    if not sets and not isinstance(func, ast.Attribute):
        return []
    arguments = f"{environ}, {{{': '.join(given)}}}" if sets else environ
    delete = [] if sets else [f"{environ}.pop({given[0]}, None)"]
    form = idiom_form(ctx, effect.function)
    made = patched_with(ctx, whole, form, arguments, delete)
    block = form is not Form.FIXTURE or ctx.settings.idiom != "mocker"
    return [_with_deletion(ctx, fix, whole, delete) for fix in made] if delete and block else made


def _with_deletion(ctx: Context, fix: Fix, whole: ast.stmt, delete: list[str]) -> Fix:
    """Return *fix* with `unsetenv`, which it leaves, replaced by *delete*."""
    place = ctx.statement.range(whole)

    def build() -> Rewrite:
        made = fix.build()
        kept = [edit for edit in made.edits if not place.start < edit.range.start < place.end]
        return Rewrite([*kept, *replace_statement(ctx.statement, whole, delete)], made.imports)

    return unsafe(fix.title, build)
