from __future__ import annotations

from testlsp.lint import Bad, Context, Good, Rule, on_effect
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import FunctionKind

from testlsp_rules.environ._leaks import leaks
from testlsp_rules.environ._writes import fixes_for


class EnvironSetitem(Rule):
    """Sets an environment variable in a test and never puts the old value back.

    Every later test in the same process sees the new value, so the result of a
    test depends on which tests ran before it. `monkeypatch.setenv` undoes the
    change when the test ends.

    Fix safety: unsafe in nested functions, which may run at another time, under
    `@given`, where a `with` block ends before the test does, and in methods of a
    `unittest.TestCase`, where `patch.dict` puts back the whole environment.
    """

    code = "TL101"
    since = "0.1"
    message = "`os.environ` is set here and never restored"
    options = ("idiom", "target-version")
    related = ("S8997 (SonarPython)", "os_environ_set_in_test (clint of mlflow)")
    source = "https://docs.pytest.org/en/stable/how-to/monkeypatch.html"
    examples = (
        Bad(
            """
            import os

            def test_login(client):
                os.environ["TOKEN"] = "abc"  # for the client
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert client.login()
            """,
            fixed="""
            import os

            def test_login(client, monkeypatch):
                monkeypatch.setenv("TOKEN", "abc")  # for the client
                assert client.login()
            """,
        ),
        Good(
            """
            def test_login(client, monkeypatch):
                monkeypatch.setenv("TOKEN", "abc")
                assert client.login()
            """
        ),
        Bad(
            """
            from os import environ as env
            from unittest.mock import patch
            import pytest

            class TestLogin:
                @patch("app.send")
                async def test_all(self, send, *, user: str = "🙂"):
                    environ = env
                    environ["A"] = (
                    ^^^^^^^^^^^^^^^^
                        "a"  # first
                        "b"
                    )
                    "🙂"; env["PATH"] += ":/opt" if user else ""
                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    assert await send()
            """,
            fixed="""
            from os import environ as env
            from unittest.mock import patch
            import pytest

            class TestLogin:
                @patch("app.send")
                async def test_all(self, send, monkeypatch, *, user: str = "🙂"):
                    environ = env
                    monkeypatch.setenv("A", (
                        "a"  # first
                        "b"
                    ))
                    "🙂"; monkeypatch.setenv("PATH", env["PATH"] + (":/opt" if user else ""))
                    assert await send()
            """,
            why="aliases are followed, and the parameter comes behind the mocks that `@patch` passes",
        ),
        Bad(
            """
            import os

            def test_login(client):
                def fake_load():
                    os.environ["TOKEN"] = "abc"
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                client.load = fake_load
                assert client.login()
            """,
            fixed="""
            import os

            def test_login(client, monkeypatch):
                def fake_load():
                    monkeypatch.setenv("TOKEN", "abc")
                client.load = fake_load
                assert client.login()
            """,
            why="a nested function uses the fixture of the test around it",
        ),
        Bad(
            """
            import os
            import tempfile
            from shop.testing import temporary_file

            def test_home():
                with tempfile.TemporaryDirectory() as home:
                    os.environ["HOME"] = home
                    ^^^^^^^^^^^^^^^^^^^^^^^^^
                    assert load()

            def test_file():
                with temporary_file() as file:
                    os.environ["SHOP"] = file
                    ^^^^^^^^^^^^^^^^^^^^^^^^^
                    assert load()
            """,
            fixed="""
            import os
            import tempfile
            from shop.testing import temporary_file

            def test_home(monkeypatch):
                with tempfile.TemporaryDirectory() as home:
                    monkeypatch.setenv("HOME", home)
                    assert load()

            def test_file(monkeypatch):
                with temporary_file() as file:
                    monkeypatch.setenv("SHOP", file)
                    assert load()
            """,
            why="only the folder is temporary, or the file",
        ),
        Bad(
            """
            import os
            from hypothesis import given, strategies as st

            @given(st.text())
            def test_any(name):
                os.environ["NAME"] = "x"
                ^^^^^^^^^^^^^^^^^^^^^^^^
                os.environ["OTHER"] = "y"
                ^^^^^^^^^^^^^^^^^^^^^^^^^
                assert load(name)
            """,
            fixed="""
            import os
            from hypothesis import given, strategies as st
            import pytest

            @given(st.text())
            def test_any(name):
                with pytest.MonkeyPatch.context() as mp:
                    mp.setenv("NAME", "x")
                    mp.setenv("OTHER", "y")
                    assert load(name)
            """,
            why="under Hypothesis the fixture would undo the change after all examples, not after each",
        ),
        Bad(
            """
            import os
            import unittest

            class LoginTest(unittest.TestCase):
                def test_login(self):
                    os.environ["TOKEN"] = "abc"
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    self.assertTrue(login())
            """,
            fixed="""
            import os
            import unittest
            from unittest.mock import patch

            class LoginTest(unittest.TestCase):
                def test_login(self):
                    self.enterContext(patch.dict(os.environ, {"TOKEN": "abc"}))
                    self.assertTrue(login())
            """,
            settings={"target_version": "3.11"},
            why="methods of a `TestCase` take no fixtures",
        ),
        Bad(
            """
            import os
            import unittest

            class LoginTest(unittest.TestCase):
                def test_login(self):
                    os.environ["TOKEN"] = "abc"
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    self.assertTrue(login())
            """,
            fixed="""
            import os
            import unittest
            from unittest.mock import patch

            class LoginTest(unittest.TestCase):
                def test_login(self):
                    patcher = patch.dict(os.environ, {"TOKEN": "abc"})
                    patcher.start()
                    self.addCleanup(patcher.stop)
                    self.assertTrue(login())
            """,
            settings={"target_version": "3.10"},
            why="before Python 3.11 a `TestCase` has no `enterContext`",
        ),
        Bad(
            """
            import os

            def test_login(client):
                os.environ["TOKEN"] = "abc"
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert client.login()
            """,
            fixed="""
            import os
            from unittest.mock import patch

            def test_login(client):
                with patch.dict(os.environ, {"TOKEN": "abc"}):
                    assert client.login()
            """,
            settings={"idiom": "patch.dict"},
            why="the settings say how the suite does it",
        ),
        Bad(
            """
            import os

            def test_login(client):
                os.environ["TOKEN"] = "abc"
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert client.login()
            """,
            fixed="""
            import os

            def test_login(client, mocker):
                mocker.patch.dict(os.environ, {"TOKEN": "abc"})
                assert client.login()
            """,
            settings={"idiom": "mocker"},
        ),
        Bad(
            """
            import os
            from tools import retried

            @retried
            def test_login(client):
                os.environ["A"], other = "a", "b"
                ^^^^^^^^^^^^^^^
                os.environ["TOKEN"] = "abc"
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert client.login(other)
            """,
            why="a decorator of unknown making may hide new parameters from pytest",
        ),
        Good(
            """
            import os
            from unittest.mock import patch

            @patch.dict("os.environ")
            def test_decorated():
                os.environ["A"] = "1"
                assert load()

            def test_context(mocker):
                with patch.dict(os.environ, clear=True):
                    os.environ["A"] = "1"
                    assert load()

            def test_mocker(mocker):
                mocker.patch.dict(os.environ)
                os.environ["A"] = "1"
                assert load()

            def test_earlier(monkeypatch):
                monkeypatch.delenv("A", raising=False)
                os.environ["A"] = "1"
                assert load()

            def test_stand_in(monkeypatch):
                monkeypatch.setattr(os, "environ", {})
                os.environ["A"] = "1"
                assert load()
            """,
            why="`patch.dict` and an earlier patch of the same variable put it back",
        ),
        Good(
            """
            import os

            def test_copy(environ):
                env = os.environ.copy()
                env["A"] = "1"
                environ["A"] = "1"
                assert run(env)
            """,
            why="a copy, and a parameter that happens to be called `environ`",
        ),
        Good(
            """
            import os

            def test_set(shop):
                os.environ["CURRENCY"] = "EUR"
                assert shop.currency() == "EUR"
            """,
            path="tests/unit/test_example.py",
            files={
                "tests/conftest.py": """
                import os
                import pytest

                @pytest.fixture
                def clean_state():
                    saved = dict(os.environ)
                    yield
                    os.environ.clear()
                    os.environ.update(saved)
                """,
                "tests/unit/conftest.py": """
                import pytest

                @pytest.fixture
                def shop(clean_state):
                    return make()
                """,
            },
            why="a fixture that the test requests through two conftests restores the environment",
        ),
        Bad(
            """
            import os

            def test_set(clean_currency):
                os.environ["CURRENCY"] = "EUR"
                os.environ["COUNTRY"] = "DE"
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert currency() == "EUR"
            """,
            fixed="""
            import os

            def test_set(clean_currency, monkeypatch):
                os.environ["CURRENCY"] = "EUR"
                monkeypatch.setenv("COUNTRY", "DE")
                assert currency() == "EUR"
            """,
            files={
                "tests/conftest.py": """
                import os
                import pytest

                @pytest.fixture
                def clean_currency():
                    yield
                    os.environ.pop("CURRENCY", None)
                """
            },
            why="the fixture cleans up one of the variables",
        ),
        Good(
            """
            import os
            import unittest
            from shop.testing import ShopCase

            class Base(unittest.TestCase):
                def tearDown(self):
                    os.environ.pop("A", None)

            class LoginTest(Base):
                def test_login(self):
                    os.environ["A"] = "1"
                    self.addCleanup(os.environ.pop, "B")
                    os.environ["B"] = "1"
                    self.assertTrue(login())

            class OtherTest(ShopCase):
                def test_login(self):
                    os.environ["A"] = "1"
                    self.assertTrue(login())
            """,
            why="clean-up may stand in a hook, be registered, or come from a base class that is not known",
        ),
        Good(
            """
            import os
            import pytest
            from multiprocessing import Process
            from tools import run_in_subprocess

            def test_child():
                def child():
                    os.environ["A"] = "1"
                    run()
                process = Process(target=child)
                process.start()
                assert process.join() is None

            def test_refused():
                with pytest.raises(TypeError):
                    os.environ["A"] = 1

            @run_in_subprocess
            def test_isolated():
                os.environ["A"] = "1"
                assert load()

            def helper():
                def inner():
                    os.environ["A"] = "1"
                return inner
            """,
            why="another process, a write that must fail, and what is no part of a test",
        ),
        Good(
            """
            def test_plugin(pytester):
                pytester.makepyfile("import os\\n\\ndef test_it():\\n    os.environ['A'] = '1'\\n")
                assert pytester.runpytest().ret == 0
            """,
            why="code in a string runs elsewhere",
        ),
        Good(
            """
            import os

            def test_late_import(client):
                os.environ["TOKEN"] = "abc"
                import os
                assert client.login()
            """,
            why="the import makes `os` local to the whole function: this line raises UnboundLocalError, and a fix would hide it",
        ),
        Bad(
            """
            import os

            def test_set(shop):
                os.environ["CURRENCY"] = "EUR"
                assert shop.currency() == "EUR"

            def test_set_again(other_shop):
                os.environ["CURRENCY"] = "EUR"
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert other_shop.currency() == "EUR"
            """,
            fixed="""
            import os

            def test_set(shop):
                os.environ["CURRENCY"] = "EUR"
                assert shop.currency() == "EUR"

            def test_set_again(other_shop, monkeypatch):
                monkeypatch.setenv("CURRENCY", "EUR")
                assert other_shop.currency() == "EUR"
            """,
            files={
                "tests/conftest.py": """
                import os
                import pytest

                @pytest.fixture
                def clean_state():
                    saved = dict(os.environ)
                    yield
                    os.environ.clear()
                    os.environ.update(saved)
                """,
                "tests/unit/conftest.py": """
                import pytest

                @pytest.fixture
                def shop(clean_state):
                    return make()

                @pytest.fixture
                def other_shop():
                    return make()
                """,
            },
            path="tests/unit/test_example.py",
            why="the neighbour of a test that restores the environment, through two conftests, does not",
        ),
        Good(
            """
            import os

            def test_set(clean_environment):
                os.environ["TOKEN"] = "abc"
                assert load()

            def test_set_by_itself(clean_environment):
                clean_environment.setenv("USER", "ada")
                os.environ["USER"] = "bob"
                assert load()
            """,
            files={
                "tests/conftest.py": """
                import pytest

                @pytest.fixture
                def clean_environment(monkeypatch):
                    monkeypatch.delenv("TOKEN", raising=False)
                    yield monkeypatch
                """,
            },
            why="`monkeypatch` under another name: a fixture hands it on, and it remembers what was there before",
        ),
        Bad(
            """
            import os
            from unittest.mock import patch

            @patch("app.send")
            @patch.dict("app.registry", {})
            @patch("app.LIMIT", 3)
            @patch("app.load")
            def test_all(load, send):
                os.environ["A"] = "1"
                ^^^^^^^^^^^^^^^^^^^^^
                assert send()
            """,
            fixed="""
            import os
            from unittest.mock import patch

            @patch("app.send")
            @patch.dict("app.registry", {})
            @patch("app.LIMIT", 3)
            @patch("app.load")
            def test_all(load, send, monkeypatch):
                monkeypatch.setenv("A", "1")
                assert send()
            """,
            why="`@patch.dict` and `@patch` with a new value pass no argument, the others do, from the bottom up",
        ),
    )

    @on_effect(EffectKind.ENV_SET, kinds=(FunctionKind.TEST, FunctionKind.NESTED))
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a write that nothing undoes."""
        if leaks(ctx, effect, FunctionKind.TEST):
            ctx.report(effect.node, fixes=fixes_for(ctx, effect))
