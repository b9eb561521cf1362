from __future__ import annotations

from testlsp.lint import Applicability, Bad, Context, Fix, Good, Rule, on_effect
from testlsp.lint.context import safe, unsafe
from testlsp.lint.patching import Form
from testlsp.rewrite import CannotRewrite
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import FunctionKind
from testlsp.semantic.restoration import RestoredBy, restoration
from testlsp.semantic.save_restore import SaveRestore, save_restore

from testlsp_rules.environ._handmade import plan, rewritten
from testlsp_rules.environ._handmade_block import block

_BY_HAND = {RestoredBy.FINALLY, RestoredBy.TEARDOWN, RestoredBy.LATER}
_NAMES = {"monkeypatch": "monkeypatch", "mocker": "mocker.patch.dict", "patch.dict": "patch.dict"}
_UNPROTECTED = "`os.environ` is restored by hand, but not when the test fails before that"


class EnvironSaveRestore(Rule):
    """Saves, changes and restores environment variables by hand.

    Half a dozen lines do what one call of `monkeypatch.setenv` does, and there is
    much to get wrong: the variable that was absent before, the test that fails
    before it comes to the restoring part, the value that was there and that a mere
    `del` forgets.

    Fix safety: unsafe where the whole environment was restored, hence also what the
    code under test wrote; where a fixed value was put back instead of the one that
    was there; where a comment would go; where the saved value
    has another use; where something
    that is called after the restoring now runs while the variable is still
    changed, such as the rest of a `finally`; where a variable is deleted that may
    be absent; in methods of a `unittest.TestCase`; and where `with patch.dict` takes
    the place of `try`. With `monkeypatch` no fix is offered when the test looks at the
    environment after restoring it.
    """

    code = "TL106"
    since = "0.1"
    message = "`os.environ` is changed and restored by hand"
    options = ("idiom", "target-version")
    related = ("S8997 (SonarPython)",)
    source = "https://docs.pytest.org/en/stable/how-to/monkeypatch.html"
    examples = (
        Bad(
            """
            import os

            def test_login(client):
                old = os.environ.get("TOKEN")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                os.environ["TOKEN"] = "abc"
                try:
                    # with the token
                    assert client.login()
                finally:
                    if old is None:
                        del os.environ["TOKEN"]
                    else:
                        os.environ["TOKEN"] = old
            """,
            fixed="""
            import os

            def test_login(client, monkeypatch):
                monkeypatch.setenv("TOKEN", "abc")
                # with the token
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
            import os

            def test_login(client):
                old = os.environ.get("TOKEN")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                os.environ["TOKEN"] = "abc"
                try:
                    # with the token
                    assert client.login()
                finally:
                    if old is None:
                        del os.environ["TOKEN"]
                    else:
                        os.environ["TOKEN"] = old
            """,
            fixed="""
            import os
            from unittest.mock import patch

            def test_login(client):
                with patch.dict(os.environ, {"TOKEN": "abc"}):
                    # with the token
                    assert client.login()
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            import os

            def test_login(client):
                old = os.environ.get("TOKEN")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                os.environ["TOKEN"] = "abc"
                try:
                    # with the token
                    assert client.login()
                finally:
                    if old is None:
                        del os.environ["TOKEN"]
                    else:
                        os.environ["TOKEN"] = old
            """,
            fixed="""
            import os

            def test_login(client, mocker):
                mocker.patch.dict(os.environ, {"TOKEN": "abc"})
                # with the token
                assert client.login()
            """,
            settings={"idiom": "mocker"},
            why="for suites that use pytest-mock",
        ),
        Bad(
            """
            import os

            def test_login(client):
                "🙂"; os.environ["A"] = "1"
                     ^^^^^^^^^^^^^^^^^^^^^ `os.environ` is restored by hand, but not when the test fails before that
                result = client.login()
                # clean up
                # behind us
                del os.environ["A"]
                # what counts
                assert result == {"A": "1"}

            def test_logout(client):
                os.environ["A"] = "1"
                ^^^^^^^^^^^^^^^^^^^^^ `os.environ` is restored by hand, but not when the test fails before that
                assert client.logout()
                del os.environ["A"]
                assert not client.logout()
            """,
            fixed="""
            import os

            def test_login(client, monkeypatch):
                "🙂"; monkeypatch.setenv("A", "1")
                result = client.login()
                # what counts
                assert result == {"A": "1"}

            def test_logout(client, monkeypatch):
                monkeypatch.setenv("A", "1")
                assert client.logout()
                monkeypatch.delenv("A")
                assert not client.logout()
            """,
            why="a pair of setting and deleting; what runs after the deletion must not see the variable",
        ),
        Bad(
            """
            import os

            def test_login(client):
                saved = dict(os.environ)
                ^^^^^^^^^^^^^^^^^^^^^^^^
                try:
                    os.environ.update({
                        "A": "1",
                        "B": "2",
                    })
                    os.environ.pop("C", None)
                    assert client.login()
                finally:
                    os.environ.clear()
                    os.environ.update(saved)
            """,
            fixed="""
            import os

            def test_login(client, monkeypatch):
                monkeypatch.setenv("A", "1")
                monkeypatch.setenv("B", "2")
                monkeypatch.delenv("C", raising=False)
                assert client.login()
            """,
        ),
        Bad(
            """
            import os
            import pytest
            from app import settings

            @pytest.fixture
            def token():
                old = os.environ.pop("TOKEN", None)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                settings.cache_clear()
                try:
                    yield
                finally:
                    if old is not None:
                        os.environ["TOKEN"] = old
                    settings.cache_clear()
            """,
            fixed="""
            import os
            import pytest
            from app import settings

            @pytest.fixture
            def token(monkeypatch):
                monkeypatch.delenv("TOKEN", raising=False)
                settings.cache_clear()
                try:
                    yield
                finally:
                    settings.cache_clear()
            """,
            why="what else the `finally` does stays; it now runs before the variable is put back",
        ),
        Bad(
            """
            import os
            import pytest

            @pytest.fixture
            def stub():
                os.environ["STUB"] = "FALSE"
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                yield make()
                os.environ["STUB"] = "TRUE"

            def test_prefix(tool):
                os.environ["PREFIX"] = "OTHER"
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `os.environ` is restored by hand, but not when the test fails before that
                assert tool.run()
                os.environ["PREFIX"] = "MINE"

            def test_absent(tool):
                old = os.environ.get("KEY", "mine")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                try:
                    del os.environ["KEY"]
                except KeyError:
                    pass
                try:
                    assert tool.run()
                finally:
                    os.environ["KEY"] = old
            """,
            fixed="""
            import os
            import pytest

            @pytest.fixture
            def stub(monkeypatch):
                monkeypatch.setenv("STUB", "FALSE")
                yield make()

            def test_prefix(tool, monkeypatch):
                monkeypatch.setenv("PREFIX", "OTHER")
                assert tool.run()

            def test_absent(tool, monkeypatch):
                try:
                    monkeypatch.delenv("KEY")
                except KeyError:
                    pass
                assert tool.run()
            """,
            why="a value is assumed here that may never have been there",
        ),
        Bad(
            """
            import os
            import pytest

            @pytest.fixture
            def home(tmp_path):
                had = "HOME" in os.environ
                ^^^^^^^^^^^^^^^^^^^^^^^^^^
                old = os.environ["HOME"]
                os.environ["HOME"] = str(tmp_path)
                yield tmp_path
                if had:
                    os.environ["HOME"] = old
                else:
                    os.environ.pop("HOME", None)
            """,
            fixed="""
            import os
            import pytest

            @pytest.fixture
            def home(tmp_path, monkeypatch):
                monkeypatch.setenv("HOME", str(tmp_path))
                yield tmp_path
            """,
        ),
        Bad(
            """
            import os

            def test_path(tmp_path, tool):
                old = os.environ["PATH"]
                ^^^^^^^^^^^^^^^^^^^^^^^^ `os.environ` is restored by hand, but not when the test fails before that
                try:
                    os.environ["PATH"] = f"{tmp_path}:{old}"
                    assert tool.found()
                    os.environ["PATH"] = old
                finally:
                    tmp_path.rmdir()
            """,
            fixed="""
            import os

            def test_path(tmp_path, tool, monkeypatch):
                old = os.environ["PATH"]
                try:
                    monkeypatch.setenv("PATH", f"{tmp_path}:{old}")
                    assert tool.found()
                finally:
                    tmp_path.rmdir()
            """,
            why="the restoring part is not in the `finally`, and the old value has a use",
        ),
        Bad(
            """
            import os

            def test_restored(tool):
                old = os.environ["PATH"]
                ^^^^^^^^^^^^^^^^^^^^^^^^ `os.environ` is restored by hand, but not when the test fails before that
                os.environ["PATH"] = ""
                tool.run()
                os.environ["PATH"] = old
                assert os.environ["PATH"] == tool.path

            def test_handled(tool):
                os.environ["A"] = "1"
                ^^^^^^^^^^^^^^^^^^^^^
                try:
                    tool.run()
                except ValueError:
                    assert tool.failed
                finally:
                    del os.environ["A"]

            def test_entangled(tool):
                saved = {}
                os.environ["A"] = "1"
                ^^^^^^^^^^^^^^^^^^^^^
                try:
                    saved["A"] = os.environ.pop(tool.name)
                    tool.run()
                finally:
                    os.environ[tool.name] = saved["A"]
                    del os.environ["A"]
            """,
            why="the restored value is looked at; a `try` with other clauses stays; other changes are left to a person",
        ),
        Bad(
            """
            import os
            import unittest

            class ToolTest(unittest.TestCase):
                def test_run(self):
                    os.environ["A"] = "1"
                    ^^^^^^^^^^^^^^^^^^^^^
                    try:
                        self.assertTrue(run())
                    finally:
                        os.environ.pop("A")

                def test_path(self):
                    path = os.environ.pop("PATH", None)
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    try:
                        self.assertTrue(run())
                    finally:
                        if path is not None:
                            os.environ["PATH"] = path
            """,
            fixed="""
            import os
            import unittest
            from unittest.mock import patch

            class ToolTest(unittest.TestCase):
                def test_run(self):
                    self.enterContext(patch.dict(os.environ, {"A": "1"}))
                    self.assertTrue(run())

                def test_path(self):
                    self.enterContext(patch.dict(os.environ))
                    os.environ.pop("PATH", None)
                    self.assertTrue(run())
            """,
            settings={"target_version": "3.12"},
        ),
        Bad(
            """
            import os
            from hypothesis import given, strategies as st

            @given(st.text())
            def test_any(text):
                os.environ["A"] = text
                ^^^^^^^^^^^^^^^^^^^^^^
                try:
                    assert load() == text
                finally:
                    del os.environ["A"]
            """,
            why="under Hypothesis the fixture would undo the change after all examples only",
        ),
        Good(
            """
            import os
            import pytest
            from unittest.mock import patch

            @pytest.fixture(autouse=True)
            def clean_environment():
                saved = dict(os.environ)
                os.environ.pop("HTTP_PROXY", None)
                yield
                os.environ.clear()
                os.environ.update(saved)

            @pytest.fixture(scope="module")
            def server():
                old = os.environ.get("PORT", "")
                os.environ["PORT"] = "0"
                yield start()
                os.environ["PORT"] = old

            @patch.dict(os.environ)
            def test_toggled(tool):
                os.environ["A"] = "1"
                assert tool.run()
                del os.environ["A"]
                assert not tool.run()
            """,
            why="fixtures that also shield from what tests write, or that are too wide for `monkeypatch`; `patch.dict`",
        ),
        Good(
            """
            import os

            def test_two(tool):
                os.environ["A"] = "1"
                os.environ["B"] = "2"
                try:
                    assert tool.run()
                finally:
                    del os.environ["C"]

            def test_copy(tool):
                env = dict(os.environ)
                env["A"] = "1"
                assert tool.run(env)
            """,
            why="another variable is cleaned up: these leak, which is another rule's finding; a copy is no environment",
        ),
    )

    @on_effect(
        EffectKind.ENV_SET,
        EffectKind.ENV_DELETE,
        EffectKind.ENV_BULK,
        kinds=(FunctionKind.TEST, FunctionKind.FIXTURE),
    )
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report the idiom once, at its beginning."""
        function = effect.function
        idiom = save_restore(function, ctx.model)
        if idiom is None or idiom.changes[0].node is not effect.node:
            return
        if function.fixture is not None and (function.fixture.scope != "function" or idiom.snapshot):
            return  # what a wide fixture, or a fixture that shields tests from each other, needs is not shorter
        if all(_is_by_hand(ctx, change) for change in idiom.changes):
            message = None if idiom.protected else _UNPROTECTED
            ctx.report(idiom.first, message, fixes=self.fixes(ctx, idiom))

    def fixes(self, ctx: Context, idiom: SaveRestore) -> list[Fix]:
        """Return the fix that replaces all of it."""
        made = plan(ctx, idiom)
        if made is None:
            return self.blocks(ctx, idiom) if ctx.settings.idiom != "monkeypatch" else []
        grade = safe if made.grade is Applicability.SAFE else unsafe
        name = "patch.dict" if made.form is not Form.FIXTURE else _NAMES[ctx.settings.idiom]
        return [grade(f"Use `{name}` instead", lambda: rewritten(ctx, idiom, made))]

    def blocks(self, ctx: Context, idiom: SaveRestore) -> list[Fix]:
        """Return the fix that leaves a block where all of it ended, for idioms without a fixture or where there is none."""
        try:
            rewrite = block(ctx, idiom)
        except CannotRewrite:
            return []
        return [unsafe("Use `with patch.dict(...)` instead", lambda: rewrite)] if rewrite is not None else []


def _is_by_hand(ctx: Context, change: Effect) -> bool:
    """Whether nothing else puts back what was changed; fixtures are asked last."""
    restored = restoration(change, ctx.model)
    if restored is not None and restored.by in {RestoredBy.FINALLY, RestoredBy.TEARDOWN}:
        return True
    if restored is not None and restored.by not in _BY_HAND:
        return False
    restored = restoration(change, ctx.model, ctx.graph)
    return restored is None or restored.by in _BY_HAND
