from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rewrite, Rule, on_call
from testlsp.lint.context import unsafe
from testlsp.lint.patching import Form, form_for, with_parameter
from testlsp.rewrite import replace_statement
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import FunctionKind

from testlsp_rules.environ._leaks import leaks
from testlsp_rules.environ._patch_dict import patch_dict_fixes

_LOADS = frozenset({"dotenv.load_dotenv", "dotenv.main.load_dotenv"})
_KINDS = (FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.XUNIT, FunctionKind.NESTED)


class DotenvLoad(Rule):
    """Loads a `.env` file into the environment in a test or fixture, where it stays.

    `load_dotenv` writes every variable of the file into `os.environ` and undoes
    nothing: later tests of the process run with them, and with `override=False` a
    second file does not even replace them. `dotenv_values` reads the same file
    without changing anything, so that `monkeypatch` can set what is in it and
    undo it when the test ends. Loading it for the whole run, in a session fixture
    of a conftest or at its top, is no finding.

    Fix safety: unsafe, because later tests may have come to rely on the variables,
    and a line of the file with a name but no value gives `None`, which
    `monkeypatch.setenv` turns into text with a warning.
    """

    code = "TL114"
    since = "0.1"
    words = ("dotenv",)
    message = "`load_dotenv` fills `os.environ` for all later tests too"
    options = ("idiom", "target-version")
    source = "https://saurabh-kumar.com/python-dotenv/reference/#dotenv.load_dotenv"
    examples = (
        Bad(
            """
            from dotenv import load_dotenv

            def test_settings(tmp_path):
                load_dotenv(tmp_path / ".env", override=True)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert settings().debug
            """,
            fixed="""
            from dotenv import load_dotenv
            from dotenv import dotenv_values

            def test_settings(tmp_path, monkeypatch):
                for name, value in dotenv_values(tmp_path / ".env").items():
                    monkeypatch.setenv(name, value)
                assert settings().debug
            """,
        ),
        Good(
            """
            from dotenv import dotenv_values

            def test_settings(tmp_path, monkeypatch):
                for name, value in dotenv_values(tmp_path / ".env").items():
                    monkeypatch.setenv(name, value)
                assert settings().debug
            """
        ),
        Bad(
            """
            import dotenv
            import pytest

            @pytest.fixture
            def environment():
                "🙂"; dotenv.load_dotenv("a")
                     ^^^^^^^^^^^^^^^^^^^^^^^
                dotenv.load_dotenv(encoding="latin-1")  # 🙂
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            import dotenv
            import pytest
            import os

            @pytest.fixture
            def environment(monkeypatch):
                "🙂"; dotenv.load_dotenv("a")
                for name, value in dotenv.dotenv_values(encoding="latin-1").items():
                    monkeypatch.setenv(name, os.environ.get(name, value))  # 🙂
            """,
            why="without `override=True` what is there already wins",
        ),
        Bad(
            """
            import unittest
            from dotenv import load_dotenv

            class SettingsTest(unittest.TestCase):
                def setUp(self):
                    load_dotenv(".env.test")
                    ^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            import unittest
            from dotenv import load_dotenv
            from unittest.mock import patch

            class SettingsTest(unittest.TestCase):
                def setUp(self):
                    self.enterContext(patch.dict("os.environ"))
                    load_dotenv(".env.test")
            """,
            settings={"target_version": "3.11"},
        ),
        Bad(
            """
            import pytest
            from dotenv import load_dotenv

            @pytest.fixture(scope="module")
            def settings():
                load_dotenv(".env.test")
                ^^^^^^^^^^^^^^^^^^^^^^^^
                yield read()
            """,
            fixed="""
            import pytest
            from dotenv import load_dotenv
            from unittest.mock import patch

            @pytest.fixture(scope="module")
            def settings():
                with patch.dict("os.environ"):
                    load_dotenv(".env.test")
                    yield read()
            """,
        ),
        Bad(
            """
            from dotenv import load_dotenv

            def test_settings():
                load_dotenv(".env.test")
                ^^^^^^^^^^^^^^^^^^^^^^^^
                assert settings().debug
            """,
            fixed="""
            from dotenv import load_dotenv

            def test_settings(mocker):
                mocker.patch.dict("os.environ")
                load_dotenv(".env.test")
                assert settings().debug
            """,
            settings={"idiom": "mocker"},
        ),
        Bad(
            """
            from dotenv import load_dotenv

            def test_settings():
                load_dotenv(".env.test")
                ^^^^^^^^^^^^^^^^^^^^^^^^
                assert settings().debug
            """,
            fixed="""
            from dotenv import load_dotenv
            from unittest.mock import patch

            def test_settings():
                with patch.dict("os.environ"):
                    load_dotenv(".env.test")
                    assert settings().debug
            """,
            settings={"idiom": "patch.dict"},
        ),
        Good(
            """
            import os
            import pytest
            from dotenv import load_dotenv
            from unittest.mock import patch

            load_dotenv()

            @pytest.fixture(scope="session", autouse=True)
            def environment():
                load_dotenv(".env.test")
            """,
            path="tests/conftest.py",
            why="a conftest sets up the whole run",
        ),
        Good(
            """
            import os
            import pytest
            from dotenv import load_dotenv
            from unittest.mock import patch

            @pytest.fixture
            def saved():
                before = dict(os.environ)
                load_dotenv(".env.test")
                yield
                os.environ.clear()
                os.environ.update(before)

            def test_settings():
                with patch.dict(os.environ):
                    load_dotenv(".env.test")
                    assert settings().debug

            @patch.dict(os.environ)
            def test_decorated(tmp_path):
                load_dotenv(tmp_path / "a")
                assert settings().debug

            def test_nothing_to_load(saved):
                load_dotenv(".env.test")
                assert settings().debug
            """,
            why="the environment is restored",
        ),
        Good(
            """
            import dotenv
            from shop import load_dotenv

            def test_settings():
                load_dotenv()
                assert settings().debug

            def test_missing():
                assert not dotenv.load_dotenv(".missing")
            """,
            why="another function of that name; a test of `load_dotenv` itself, which looks at the result",
        ),
        Bad(
            """
            from dotenv import load_dotenv
            from hypothesis import given, strategies as st
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                *,
                retries: int = 3,
            ) -> None:
                load_dotenv(".env.test")
                ^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                load_dotenv(".env.test")
                ^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(text)

            def test_steps():
                def step():
                    load_dotenv(".env.test")
                    ^^^^^^^^^^^^^^^^^^^^^^^^
                step()
                assert run()

            def test_named(make_monkeypatch):
                monkeypatch = make_monkeypatch()
                load_dotenv(".env.test")
                ^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(monkeypatch)
            """,
            fixed="""
            from dotenv import load_dotenv
            from hypothesis import given, strategies as st
            from unittest.mock import patch
            import os
            from dotenv import dotenv_values

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                monkeypatch,
                *,
                retries: int = 3,
            ) -> None:
                for name, value in dotenv_values(".env.test").items():
                    monkeypatch.setenv(name, os.environ.get(name, value))
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                with patch.dict("os.environ"):
                    load_dotenv(".env.test")
                    assert run(text)

            def test_steps(monkeypatch):
                def step():
                    for name, value in dotenv_values(".env.test").items():
                        monkeypatch.setenv(name, os.environ.get(name, value))
                step()
                assert run()

            def test_named(make_monkeypatch):
                monkeypatch = make_monkeypatch()
                load_dotenv(".env.test")
                assert run(monkeypatch)
            """,
            why="each place gets the form that fits it, or no fix",
        ),
    )

    @on_call("load_dotenv", kinds=_KINDS)
    def check(self, ctx: Context, node: ast.Call) -> None:
        """Report a load that nothing undoes."""
        func = node.func
        name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
        if name != "load_dotenv" or ctx.qualified_name(func) not in _LOADS:
            return
        outer = ctx.function.outermost
        if outer.fixture is not None and outer.fixture.scope == "session" and ctx.path.endswith("conftest.py"):
            return
        whole = ctx.parent(node)
        if not isinstance(whole, ast.Expr):
            return
        effect = Effect(EffectKind.ENV_BULK, ctx.function, node, whole, "load_dotenv", None, "os.environ")
        if leaks(ctx, effect, outer.kind):
            ctx.report(node, fixes=_fixes(ctx, effect, node, whole))


def _fixes(ctx: Context, effect: Effect, call: ast.Call, whole: ast.stmt) -> list[Fix]:
    function = effect.function
    if ctx.settings.idiom != "monkeypatch" or form_for(ctx, function) is not Form.FIXTURE:
        return patch_dict_fixes(ctx, effect, unsafe)
    lines = _loop(ctx, call)
    if lines is None or {"name", "value"} & set(function.locals):
        return []
    imports: tuple[str, ...] = ("import os",) if "os." in lines[1] else ()
    if isinstance(call.func, ast.Name):
        imports += ("from dotenv import dotenv_values",)
    return [
        unsafe(
            "Use `monkeypatch.setenv`",
            lambda: Rewrite(
                with_parameter(ctx, replace_statement(ctx.statement, whole, lines), "monkeypatch", function),
                imports,
            ),
        )
    ]


def _loop(ctx: Context, call: ast.Call) -> list[str] | None:
    """Return the loop that sets what the file says, None when the arguments cannot be handed on."""
    arguments = [ctx.source_of(argument) for argument in call.args]
    override = False
    if len(arguments) > 1 or any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    for keyword in call.keywords:
        if keyword.arg == "override":
            if not isinstance(keyword.value, ast.Constant):
                return None
            override = bool(keyword.value.value)
        elif keyword.arg in {"dotenv_path", "stream", "verbose", "interpolate", "encoding"}:
            arguments.append(ctx.source_of(keyword))
        else:
            return None
    func = call.func
    reader = f"{ctx.source_of(func.value)}.dotenv_values" if isinstance(func, ast.Attribute) else "dotenv_values"
    value = "value" if override else "os.environ.get(name, value)"
    return [f"for name, value in {reader}({', '.join(arguments)}).items():", f"    monkeypatch.setenv(name, {value})"]
