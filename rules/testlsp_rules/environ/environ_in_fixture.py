from __future__ import annotations

from testlsp.lint import Bad, Context, Good, Rule, on_effect
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import FunctionKind

from testlsp_rules.environ._leaks import follows_a_call, leaks
from testlsp_rules.environ._writes import fixes_for


class EnvironInFixture(Rule):
    """Changes the environment in a fixture that does not restore it.

    The change outlives the test that asked for the fixture: every later test in
    the same process sees it, whether it asks for the fixture or not. A fixture can
    ask for `monkeypatch`, which undoes the change when the test ends.

    Fix safety: unsafe in functions that the fixture hands out, and where
    `monkeypatch` does not do exactly the same: loops, `setdefault`, `clear`, and
    deleting what code called before may have set.
    """

    code = "TL107"
    since = "0.1"
    message = "This fixture changes `os.environ` and never restores it"
    options = ("idiom",)
    source = "https://docs.pytest.org/en/stable/how-to/monkeypatch.html"
    examples = (
        Bad(
            """
            import os
            import pytest

            @pytest.fixture
            def settings(tmp_path):
                os.environ["HOME"] = str(tmp_path)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                return load()
            """,
            fixed="""
            import os
            import pytest

            @pytest.fixture
            def settings(tmp_path, monkeypatch):
                monkeypatch.setenv("HOME", str(tmp_path))
                return load()
            """,
        ),
        Good(
            """
            import pytest

            @pytest.fixture
            def settings(tmp_path, monkeypatch):
                monkeypatch.setenv("HOME", str(tmp_path))
                return load()
            """
        ),
        Bad(
            """
            import os
            import pytest

            @pytest.fixture
            def settings(tmp_path):
                os.environ["HOME"] = str(tmp_path)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                return load()
            """,
            fixed="""
            import os
            import pytest
            from unittest.mock import patch

            @pytest.fixture
            def settings(tmp_path):
                with patch.dict(os.environ, {"HOME": str(tmp_path)}):
                    yield load()
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            import os
            import pytest

            @pytest.fixture
            def settings(tmp_path):
                os.environ["HOME"] = str(tmp_path)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                return load()
            """,
            fixed="""
            import os
            import pytest

            @pytest.fixture
            def settings(tmp_path, mocker):
                mocker.patch.dict(os.environ, {"HOME": str(tmp_path)})
                return load()
            """,
            settings={"idiom": "mocker"},
            why="for suites that use pytest-mock",
        ),
        Bad(
            """
            import os
            import pytest

            class TestSettings:
                @pytest.fixture(autouse=True)
                async def settings(self, tmp_path: str):
                    "🙂"; os.environ.update(A="1")
                         ^^^^^^^^^^^^^^^^^^^^^^^^
                    os.environ.pop("B", None)
                    ^^^^^^^^^^^^^^^^^^^^^^^^^
                    yield await load()
            """,
            fixed="""
            import os
            import pytest

            class TestSettings:
                @pytest.fixture(autouse=True)
                async def settings(self, tmp_path: str, monkeypatch: pytest.MonkeyPatch):
                    "🙂"; monkeypatch.setenv("A", "1")
                    monkeypatch.delenv("B", raising=False)
                    yield await load()
            """,
            path="tests/conftest.py",
        ),
        Bad(
            """
            import os
            import pytest

            @pytest.fixture
            def set_token():
                def setter(value):
                    os.environ["TOKEN"] = value
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                return setter
            """,
            fixed="""
            import os
            import pytest

            @pytest.fixture
            def set_token(monkeypatch):
                def setter(value):
                    monkeypatch.setenv("TOKEN", value)
                return setter
            """,
            why="the function that the fixture hands out captures its `monkeypatch`",
        ),
        Good(
            """
            import os
            import pytest

            @pytest.fixture
            def restored():
                os.environ["A"] = "1"
                try:
                    yield
                finally:
                    reset_env()

            @pytest.fixture
            def registered(request):
                os.environ["B"] = "1"
                request.addfinalizer(lambda: os.environ.pop("B"))
                return load()

            @pytest.fixture
            def token_factory():
                names = []
                def setter(name):
                    names.append(name)
                    os.environ[name] = "abc"
                yield setter
                for name in names:
                    os.environ.pop(name)

            @pytest.fixture
            def settings(restored):
                return load()
            """,
            why="these clean up behind the `yield`, with a finalizer, or through a helper whose name says so",
        ),
        Good(
            """
            import os
            import pytest

            @pytest.fixture
            def settings():
                saved = os.environ.get("A")
                os.environ["A"] = "1"
                yield load()
                if saved is not None:
                    os.environ["A"] = saved
                else:
                    del os.environ["A"]

            @pytest.fixture(scope="session")
            def server():
                os.environ["PORT"] = "1"
                yield start()
            """,
            why="restoring by hand and wider fixtures have rules of their own",
        ),
        Bad(
            """
            import os
            import pytest

            @pytest.fixture
            def environment():
                def set_variable(name, value):
                    os.environ[name] = value
                    ^^^^^^^^^^^^^^^^^^^^^^^^

                def clean(name):
                    os.environ.pop(name, None)
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^

                return set_variable, clean
            """,
            fixed="""
            import os
            import pytest

            @pytest.fixture
            def environment(monkeypatch):
                def set_variable(name, value):
                    monkeypatch.setenv(name, value)

                def clean(name):
                    monkeypatch.delenv(name, raising=False)

                return set_variable, clean
            """,
            why="one function that it hands out sets, another cleans up, if the test calls it: both capture `monkeypatch`",
        ),
    )

    @on_effect(
        EffectKind.ENV_SET,
        EffectKind.ENV_DELETE,
        EffectKind.ENV_BULK,
        kinds=(FunctionKind.FIXTURE, FunctionKind.NESTED),
    )
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a change that nothing undoes."""
        fixture = effect.function.outermost.fixture
        if fixture is not None and fixture.scope == "function" and leaks(ctx, effect, FunctionKind.FIXTURE):
            certain = effect.kind is not EffectKind.ENV_DELETE or not follows_a_call(effect)
            ctx.report(effect.node, fixes=fixes_for(ctx, effect, certain=certain))
