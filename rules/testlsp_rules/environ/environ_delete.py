from __future__ import annotations

from testlsp.lint import Bad, Context, Good, Rule, on_effect
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import FunctionKind

from testlsp_rules.environ._leaks import follows_a_call, leaks
from testlsp_rules.environ._writes import fixes_for, with_assignment


class EnvironDelete(Rule):
    """Deletes an environment variable in a test and never puts it back.

    Every later test in the same process runs without the variable, and so does
    whatever reads it afterwards. `monkeypatch.delenv` puts it back when the test
    ends; where the variable is absent, `raising=False` makes it do nothing.

    Fix safety: unsafe where the deleted value is used, where something was called
    before that may have set the variable (it would then be put back), in nested
    functions, in methods of a `unittest.TestCase`, and where a `with` block is
    needed for `monkeypatch`.
    """

    code = "TL102"
    since = "0.1"
    message = "A variable is deleted from `os.environ` here and never restored"
    options = ("idiom", "target-version")
    related = ("S8997 (SonarPython)", "os_environ_delete_in_test (clint of mlflow)")
    source = "https://docs.pytest.org/en/stable/how-to/monkeypatch.html"
    examples = (
        Bad(
            """
            import os

            def test_no_token(client):
                os.environ.pop("TOKEN", None)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                del os.environ["HOME"]
                ^^^^^^^^^^^^^^^^^^^^^^
                assert not client.login()
            """,
            fixed="""
            import os

            def test_no_token(client, monkeypatch):
                monkeypatch.delenv("TOKEN", raising=False)
                monkeypatch.delenv("HOME")
                assert not client.login()
            """,
        ),
        Good(
            """
            def test_no_token(client, monkeypatch):
                monkeypatch.delenv("TOKEN", raising=False)
                assert not client.login()
            """
        ),
        Bad(
            """
            import os

            def test_no_token(client):
                os.environ.pop("TOKEN", None)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                del os.environ["HOME"]
                ^^^^^^^^^^^^^^^^^^^^^^
                assert not client.login()
            """,
            fixed="""
            import os
            from unittest.mock import patch

            def test_no_token(client):
                with patch.dict(os.environ):
                    os.environ.pop("TOKEN", None)
                    del os.environ["HOME"]
                    assert not client.login()
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            import os

            def test_no_token(client):
                os.environ.pop("TOKEN", None)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                del os.environ["HOME"]
                ^^^^^^^^^^^^^^^^^^^^^^
                assert not client.login()
            """,
            fixed="""
            import os

            def test_no_token(client, mocker):
                mocker.patch.dict(os.environ)
                os.environ.pop("TOKEN", None)
                del os.environ["HOME"]
                assert not client.login()
            """,
            settings={"idiom": "mocker"},
            why="for suites that use pytest-mock",
        ),
        Bad(
            """
            import os

            def test_no_token(client):
                "🙂"; token = os.environ.pop("TOKEN")
                             ^^^^^^^^^^^^^^^^^^^^^^^
                home = os.environ.pop("HOME", "/")
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert not client.login(token, home)
            """,
            fixed="""
            import os

            def test_no_token(client, monkeypatch):
                "🙂"; token = os.environ["TOKEN"]; monkeypatch.delenv("TOKEN")
                home = os.environ.get("HOME", "/")
                monkeypatch.delenv("HOME", raising=False)
                assert not client.login(token, home)
            """,
            why="the value is still read",
        ),
        Bad(
            """
            import os

            def test_no_token(client):
                os.environ.popitem()
                ^^^^^^^^^^^^^^^^^^^^
                del os.environ["A"], os.environ["B"]
                    ^^^^^^^^^^^^^^^
                                     ^^^^^^^^^^^^^^^
                assert not client.login(os.environ.pop("C"))
                                        ^^^^^^^^^^^^^^^^^^^
            """,
            why="these have no counterpart",
        ),
        Bad(
            """
            import os
            import unittest

            class LoginTest(unittest.TestCase):
                def test_no_token(self):
                    os.environ.pop("TOKEN", None)
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    self.assertFalse(login())
            """,
            fixed="""
            import os
            import unittest
            from unittest.mock import patch

            class LoginTest(unittest.TestCase):
                def test_no_token(self):
                    self.enterContext(patch.dict(os.environ))
                    os.environ.pop("TOKEN", None)
                    self.assertFalse(login())
            """,
            settings={"target_version": "3.12"},
        ),
        Bad(
            """
            import os
            from hypothesis import given, strategies as st

            @given(st.text())
            async def test_any(name):
                del os.environ["NAME"]
                ^^^^^^^^^^^^^^^^^^^^^^
                assert await load(name)
            """,
            fixed="""
            import os
            from hypothesis import given, strategies as st
            import pytest

            @given(st.text())
            async def test_any(name):
                with pytest.MonkeyPatch.context() as mp:
                    mp.delenv("NAME")
                    assert await load(name)
            """,
        ),
        Good(
            """
            import os

            def test_exports(run):
                run("export")
                assert os.environ["EXPORTED"] == "1"
                del os.environ["EXPORTED"]

            def test_copy():
                env = dict(os.environ)
                env.pop("HOME")
                assert run(env)
            """,
            why="the last act of a test cleans up what the code under test set; a copy is no environment",
        ),
        Good(
            """
            import os

            def test_login(client):
                os.environ["TOKEN"] = "abc"
                try:
                    assert client.login()
                finally:
                    del os.environ["TOKEN"]
            """,
            why="part of restoring by hand, which `environ-save-restore` is about",
        ),
        Good(
            """
            def test_late_import(client):
                os.environ.pop("TOKEN", None)
                import os
                assert not client.login()
            """,
            why="the import makes `os` local to the whole function: this line raises UnboundLocalError",
        ),
        Bad(
            """
            import os
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                *,
                retries: int = 3,
            ) -> None:
                os.environ.pop("TOKEN", None)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(text, retries)

            def test_steps():
                def step():
                    os.environ.pop("TOKEN", None)
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                step()
                assert run()

            def test_named(make_monkeypatch):
                monkeypatch = make_monkeypatch()
                os.environ.pop("TOKEN", None)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(monkeypatch)
            """,
            fixed="""
            import os
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                monkeypatch,
                *,
                retries: int = 3,
            ) -> None:
                monkeypatch.delenv("TOKEN", raising=False)
                assert run(text, retries)

            def test_steps(monkeypatch):
                def step():
                    monkeypatch.delenv("TOKEN", raising=False)
                step()
                assert run()

            def test_named(make_monkeypatch):
                monkeypatch = make_monkeypatch()
                os.environ.pop("TOKEN", None)
                assert run(monkeypatch)
            """,
            why="each place gets the form that fits it, or no fix",
        ),
        Bad(
            """
            import os
            import pytest

            @pytest.mark.parametrize("name, monkeypatch", [("A", True), ("B", False)])
            def test_patched(name, monkeypatch):
                os.environ.pop(name, None)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(monkeypatch)
            """,
            why="a parameter of that name which is no fixture",
        ),
    )

    @on_effect(EffectKind.ENV_DELETE, kinds=(FunctionKind.TEST, FunctionKind.NESTED))
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a deletion that nothing undoes."""
        if leaks(ctx, effect, FunctionKind.TEST):
            ctx.report(effect.node, fixes=fixes_for(ctx, with_assignment(effect), certain=not follows_a_call(effect)))
