from __future__ import annotations

from testlsp.lint import Bad, Context, Good, Rule, on_effect
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import FunctionKind

from testlsp_rules.environ._leaks import leaks
from testlsp_rules.environ._writes import fixes_for


class EnvironBulk(Rule):
    """Changes several environment variables at once in a test and never puts them back.

    `update`, `|=`, `setdefault` and `clear` leave later tests in the same process
    with another environment. `monkeypatch` undoes each change when the test ends.

    Fix safety: unsafe unless a literal dictionary or keywords say which variables
    are set, because a loop over other values, `clear` and `setdefault` become code
    that does nearly the same; also in nested functions, in methods of a
    `unittest.TestCase`, and where a `with` block is needed for `monkeypatch`. With
    another `idiom` the statement stays as it is, and `patch.dict` puts back the whole
    environment, also what the code under test wrote.
    """

    code = "TL103"
    since = "0.1"
    message = "`os.environ` is changed here and never restored"
    options = ("idiom", "target-version")
    related = ("isolation checks (pytest-review)",)
    source = "https://docs.pytest.org/en/stable/how-to/monkeypatch.html"
    examples = (
        Bad(
            """
            import os

            def test_login(client):
                os.environ.update({"USER": "ada", "TOKEN": token()})
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert client.login()
            """,
            fixed="""
            import os

            def test_login(client, monkeypatch):
                monkeypatch.setenv("USER", "ada")
                monkeypatch.setenv("TOKEN", token())
                assert client.login()
            """,
        ),
        Good(
            """
            def test_login(client, monkeypatch):
                monkeypatch.setenv("USER", "ada")
                monkeypatch.setenv("TOKEN", token())
                assert client.login()
            """
        ),
        Bad(
            """
            import os

            def test_login(client):
                os.environ.update({"USER": "ada", "TOKEN": token()})
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert client.login()
            """,
            fixed="""
            import os
            from unittest.mock import patch

            def test_login(client):
                with patch.dict(os.environ, {"USER": "ada", "TOKEN": token()}):
                    assert client.login()
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            import os

            def test_login(client):
                os.environ.update({"USER": "ada", "TOKEN": token()})
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert client.login()
            """,
            fixed="""
            import os

            def test_login(client, mocker):
                mocker.patch.dict(os.environ, {"USER": "ada", "TOKEN": token()})
                assert client.login()
            """,
            settings={"idiom": "mocker"},
            why="for suites that use pytest-mock",
        ),
        Bad(
            """
            import os

            def test_login(client, values: dict):
                "🙂"; os.environ |= {"USER": "ada"}
                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                os.environ.update(values)
                ^^^^^^^^^^^^^^^^^^^^^^^^^
                os.environ.update(A="1")
                ^^^^^^^^^^^^^^^^^^^^^^^^
                os.environ.setdefault("B", "2")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert client.login()
            """,
            fixed="""
            import os

            def test_login(client, values: dict, monkeypatch):
                "🙂"; monkeypatch.setenv("USER", "ada")
                for name, value in values.items():
                    monkeypatch.setenv(name, value)
                monkeypatch.setenv("A", "1")
                monkeypatch.setenv("B", os.environ.get("B", "2"))
                assert client.login()
            """,
        ),
        Bad(
            """
            import os

            def test_empty(client):
                os.environ.clear()
                ^^^^^^^^^^^^^^^^^^
                assert client.login()
            """,
            fixed="""
            import os

            def test_empty(client, monkeypatch):
                for name in list(os.environ):
                    monkeypatch.delenv(name)
                assert client.login()
            """,
        ),
        Bad(
            """
            import os
            from hypothesis import given, strategies as st

            @given(st.text())
            def test_any(text):
                os.environ.update({
                ^^^^^^^^^^^^^^^^^^^
                    "A": "1",
                    "B": "2",
                })
                assert load(text)
            """,
            fixed="""
            import os
            from hypothesis import given, strategies as st
            import pytest

            @given(st.text())
            def test_any(text):
                with pytest.MonkeyPatch.context() as mp:
                    mp.setenv("A", "1")
                    mp.setenv("B", "2")
                    assert load(text)
            """,
        ),
        Bad(
            """
            import os

            def test_pairs(client):
                os.environ.update([("A", "1")])
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert client.login()
            """,
            why="pairs are left to the reader",
        ),
        Bad(
            """
            import os

            def test_names(client):
                for name, values in client.sets():
                    os.environ.update(values)
                    ^^^^^^^^^^^^^^^^^^^^^^^^^
                    assert client.login(name)
            """,
            why="`name` is taken, so the loop that the fix would write is not offered",
        ),
        Good(
            """
            import os
            import pytest

            @pytest.fixture(autouse=True)
            def environment():
                saved = os.environ.copy()
                yield
                os.environ.clear()
                os.environ.update(saved)

            def test_login(client):
                os.environ.update({"USER": "ada"})
                assert client.login()
            """,
            why="an autouse fixture restores the whole environment",
        ),
        Good(
            """
            import os

            def test_login(client):
                saved = dict(os.environ)
                os.environ.update({"USER": "ada"})
                assert client.login()
                os.environ.clear()
                os.environ.update(saved)
            """,
            why="part of restoring by hand, which `environ-save-restore` is about",
        ),
        Bad(
            """
            import os
            import unittest
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                *,
                retries: int = 3,
            ) -> None:
                os.environ.update(TOKEN="abc")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(text, retries)

            class RunTest(unittest.TestCase):
                def test_run(self):
                    os.environ.update(TOKEN="abc")
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    self.assertTrue(run())

            def test_steps():
                def step():
                    os.environ.update(TOKEN="abc")
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                step()
                assert run()

            def test_named(make_monkeypatch):
                monkeypatch = make_monkeypatch()
                os.environ.update(TOKEN="abc")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(monkeypatch)
            """,
            fixed="""
            import os
            import unittest
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                monkeypatch,
                *,
                retries: int = 3,
            ) -> None:
                monkeypatch.setenv("TOKEN", "abc")
                assert run(text, retries)

            class RunTest(unittest.TestCase):
                def test_run(self):
                    patcher = patch.dict(os.environ, TOKEN="abc")
                    patcher.start()
                    self.addCleanup(patcher.stop)
                    self.assertTrue(run())

            def test_steps(monkeypatch):
                def step():
                    monkeypatch.setenv("TOKEN", "abc")
                step()
                assert run()

            def test_named(make_monkeypatch):
                monkeypatch = make_monkeypatch()
                os.environ.update(TOKEN="abc")
                assert run(monkeypatch)
            """,
            why="each place gets the form that fits it, or no fix",
        ),
    )

    @on_effect(EffectKind.ENV_BULK, kinds=(FunctionKind.TEST, FunctionKind.NESTED))
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a change that nothing undoes."""
        if leaks(ctx, effect, FunctionKind.TEST):
            ctx.report(effect.node, fixes=fixes_for(ctx, effect))
