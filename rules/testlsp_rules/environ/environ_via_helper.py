from __future__ import annotations

import ast
from functools import lru_cache

from testlsp.lint import Bad, Context, Good, Related, Rule, Severity, on_function
from testlsp.lint.context import unsafe
from testlsp.lint.signs import FOREIGN
from testlsp.semantic.cleanup import cleanup_name
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.environment import ANY, called_name, environment_changes
from testlsp.semantic.first_party import is_library
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.origins import imported_changes
from testlsp.text.patterns import pattern

from testlsp_rules.environ._leaks import leaks
from testlsp_rules.environ._monkeypatch_parameter import parameter_fixes
from testlsp_rules.environ._patch_dict import patch_dict_fixes

_SETS_UP = pattern(r"env|set_?up|config|prepare|settings|credentials|activate|enable")
"""Names of functions of other files that may change the environment; to ask about all would cost too much."""

Changes = dict[tuple[tuple[str, ...], str], frozenset[str]]


class EnvironViaHelper(Rule):
    """Calls a helper that changes the environment, in a test or fixture that does not restore it.

    The write stands elsewhere, but it leaks all the same: later tests of the
    process run with the variable. Hand `monkeypatch` to the helper and let it call
    `monkeypatch.setenv`, or make a fixture of it.

    Helpers of the same file are followed, two calls deep, and those in other modules of
    the tests whose names sound like set-up: `set_env`, `configure`.

    Fix safety: unsafe, because the helper and all known callers change, and files that
    were not read may call it, too. When that takes edits of several files, an editor
    offers it and `--fix` does not. With another `idiom` the helper stays as it is and
    `patch.dict` is put around the call, which undoes whatever else changes the
    environment in the test as well.
    """

    code = "TL111"
    words = ("environ", "putenv", "unsetenv", FOREIGN)
    since = "0.1"
    message = "This helper changes `os.environ`, and nothing restores it"
    severity = Severity.INFORMATION
    options = ("idiom", "target-version")
    source = "https://docs.pytest.org/en/stable/how-to/monkeypatch.html"
    examples = (
        Bad(
            """
            import os

            def set_env(name="ada"):
                os.environ["USER"] = name

            def test_login(client):
                "🙂"; set_env()
                     ^^^^^^^^^ `set_env` changes `os.environ["USER"]`, and nothing restores it
                assert client.login()
            """,
            fixed="""
            import os

            def set_env(monkeypatch, name="ada"):
                monkeypatch.setenv("USER", name)

            def test_login(client, monkeypatch):
                "🙂"; set_env(monkeypatch)
                assert client.login()
            """,
        ),
        Good(
            """
            def set_env(monkeypatch, name="ada"):
                monkeypatch.setenv("USER", name)

            def test_login(client, monkeypatch):
                set_env(monkeypatch)
                assert client.login()
            """
        ),
        Bad(
            """
            import os

            def set_env(name="ada"):
                os.environ["USER"] = name

            def test_login(client):
                "🙂"; set_env()
                     ^^^^^^^^^ `set_env` changes `os.environ["USER"]`, and nothing restores it
                assert client.login()
            """,
            fixed="""
            import os
            from unittest.mock import patch

            def set_env(name="ada"):
                os.environ["USER"] = name

            def test_login(client):
                with patch.dict("os.environ"):
                    "🙂"; set_env()
                    assert client.login()
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            import os

            def set_env(name="ada"):
                os.environ["USER"] = name

            def test_login(client):
                "🙂"; set_env()
                     ^^^^^^^^^ `set_env` changes `os.environ["USER"]`, and nothing restores it
                assert client.login()
            """,
            fixed="""
            import os

            def set_env(name="ada"):
                os.environ["USER"] = name

            def test_login(client, mocker):
                "🙂"; mocker.patch.dict("os.environ"); set_env()
                assert client.login()
            """,
            settings={"idiom": "mocker"},
            why="for suites that use pytest-mock",
        ),
        Bad(
            """
            import os
            import pytest

            class TestLogin:
                def configure(self, **values):
                    os.environ.update(values)
                    os.environ["USER"] = "ada"

                def prepare(self):
                    self.configure(TOKEN="abc")

                def test_login(self, client):
                    self.prepare()
                    ^^^^^^^^^^^^^^ `prepare` changes `os.environ`, and nothing restores it
                    self.prepare()
                    assert client.login()

            def make_client():
                os.environ.setdefault("USER", "ada")
                return Client()

            @pytest.fixture(scope="module")
            def client():
                return make_client()
                       ^^^^^^^^^^^^^ `make_client` changes `os.environ["USER"]`, and nothing restores it
            """,
            why="two calls deep; once for a helper and test; the value may be used",
        ),
        Good(
            """
            import os
            import unittest
            from contextlib import contextmanager
            from unittest.mock import patch

            def set_env():
                os.environ["USER"] = "ada"

            def unset_env():
                del os.environ["USER"]

            def careful():
                os.environ["USER"] = "ada"
                try:
                    return load()
                finally:
                    del os.environ["USER"]

            @contextmanager
            def env():
                os.environ["USER"] = "ada"
                yield
                del os.environ["USER"]

            def test_block(client):
                with env():
                    assert client.login()
                careful()
                assert client.login()

            def test_pair(client):
                set_env()
                assert client.login()
                unset_env()

            def test_finally(client):
                try:
                    set_env()
                    assert client.login()
                finally:
                    del os.environ["USER"]

            @patch.dict(os.environ)
            def test_patched(client):
                set_env()
                assert client.login()

            class LoginTest(unittest.TestCase):
                def setUp(self):
                    set_env()

                def tearDown(self):
                    unset_env()
            """,
            why="a context manager, a helper that restores, a second one that does, a patch, a tear-down",
        ),
        Good(
            """
            import os

            def set_env():
                os.environ["USER"] = "ada"

            def reset_env():
                os.environ.pop("USER", None)

            def run(env):
                env["USER"] = os.environ["HOME"]

            def test_login(client, monkeypatch):
                monkeypatch.setenv("USER", "bob")
                set_env()
                assert client.login()

            def test_afresh(client):
                reset_env()
                run({})
                assert client.login()

            def test_shadowed(client):
                set_env = client.set_env
                set_env()
                assert client.login()
            """,
            why="patched before; cleaned up; only read; another function of that name",
        ),
        Bad(
            """
            from tests.support import shop as kit
            from tests.support.environment import set_env as set_environment

            def test_login(client):
                kit.prepare()
                ^^^^^^^^^^^^^ `prepare` changes `os.environ`, and nothing restores it
                assert client.login()

            def test_name(client):
                "🙂"; set_environment("ada")
                     ^^^^^^^^^^^^^^^^^^^^^^ `set_environment` changes `os.environ["USER"]`, and nothing restores it
                assert client.login()
            """,
            files={
                "tests/support/__init__.py": "",
                "tests/support/environment.py": """
                import os

                def set_env(name):
                    os.environ["USER"] = name
                """,
                "tests/support/shop.py": """
                import os

                def prepare():
                    _prepare(URL="http://test")

                def _prepare(**values):
                    os.environ.update(values)
                """,
            },
            why="in another module, under another name, two calls deep",
        ),
        Bad(
            """
            import pytest
            from tests.support.environment import set_env

            @pytest.fixture
            def client():
                set_env("ada", "secret")
                ^^^^^^^^^^^^^^^^^^^^^^^^ `set_env` changes `os.environ["USER"]`, and nothing restores it
                return Client()
            """,
            alternatives={
                "Hand `monkeypatch` to `set_env`": """
                import pytest
                from tests.support.environment import set_env

                @pytest.fixture
                def client(monkeypatch):
                    set_env("ada", monkeypatch, "secret")
                    return Client()
                """,
            },
            files={
                "tests/support/environment.py": """
                import os

                def set_env(name, password=""):
                    os.environ["USER"] = name
                """,
            },
            why="the fix edits both files",
        ),
        Good(
            """
            from tests.support.environment import env, read_env, reset_env, set_env
            from tests.unknown import setup_env

            def test_login(client, monkeypatch):
                monkeypatch.setenv("USER", "bob")
                set_env("ada")
                assert client.login()

            def test_block(client):
                with env("ada"):
                    assert client.login(read_env())

            def test_pair(client):
                set_env("ada")
                assert client.login()
                reset_env()

            def test_restored(client):
                set_env("ada")
                client.login().restore()

            def test_unknown(client, set_env):
                setup_env()
                set_env("ada")
            """,
            files={
                "tests/support/environment.py": """
                import contextlib
                import os

                def set_env(name):
                    os.environ["USER"] = name

                def reset_env():
                    os.environ.pop("USER", None)

                def read_env():
                    return os.environ["USER"]

                @contextlib.contextmanager
                def env(name):
                    set_env(name)
                    yield
                    reset_env()
                """,
            },
            why="in another module: patched before, a context manager, put back by another helper, unknown, a fixture",
        ),
    )

    @on_function(FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.XUNIT)
    def check(self, ctx: Context, function: Function) -> None:
        """Report the first call of each helper whose change nothing undoes."""
        if function.fixture is not None and function.fixture.scope == "session":
            return
        changes: Changes = ctx.model.fact("environment changes", environment_changes)
        names = {name for _, name in changes}
        calls = [
            node
            for node in function.bag.get(ast.Call, ())
            if isinstance(node, ast.Call) and ((name := called_name(node)) in names or _sets_up(name))
        ]
        seen: set[str] = set()
        for index, call in enumerate(calls):
            name = called_name(call)
            if name in seen or cleanup_name(name):
                continue
            path, last, variables = _changed_by(ctx, call, changes)
            if not variables:
                continue
            seen.add(name)
            if any(_changed_by(ctx, other, changes)[2] for other in calls[index + 1 :] if called_name(other) != name):
                continue  # another helper may well change it back
            if path != ctx.path and _cleans_up(function, call):
                continue
            if all(leaks(ctx, effect, function.kind) for effect in _effects(ctx, call, variables)):
                what = f'os.environ["{next(iter(variables))}"]' if len(variables) == 1 and ANY not in variables else ""
                message = f"`{name}` changes `{what or 'os.environ'}`, and nothing restores it"
                fixes = parameter_fixes(ctx, function, path, last) if last else []
                if ctx.settings.idiom != "monkeypatch":
                    fixes = patch_dict_fixes(ctx, _effects(ctx, call, variables)[0], unsafe)
                ctx.report(call, message, related=(Related(path, "here", None, last or name),), fixes=fixes)


@lru_cache(maxsize=4096)
def _sets_up(name: str) -> bool:
    """Whether the name of a function sounds as if it prepared something; a suite calls the same few again and again."""
    return _SETS_UP.search(name) is not None


def _changed_by(ctx: Context, call: ast.Call, changes: Changes) -> tuple[str, str, frozenset[str]]:
    """Return the file and name of the helper that *call* calls, and the variables it changes; methods have no name."""
    helper = ctx.model.called(call, ctx.function)
    if helper is not None:
        variables = changes.get((helper.chain, helper.name), frozenset())
        return ctx.path, "" if helper.chain or helper.parent else helper.name, variables
    target = ctx.qualified_name(call.func)
    if target is None or "." not in target.lstrip(".") or is_library(target.partition(".")[0]) or ctx.graph is None:
        return "", "", frozenset()
    path, variables = imported_changes(ctx.graph.namespaces, ctx.path, target)
    return path, target.rpartition(".")[2] if isinstance(call.func, ast.Name) else "", variables


def _cleans_up(function: Function, call: ast.Call) -> bool:
    """Whether anything that is called after *call* has the name of a clean-up."""
    return any(
        isinstance(other, ast.Call) and cleanup_name(called_name(other)) and other.lineno >= call.lineno
        for scope in (function, *function.nested)
        for other in scope.bag.get(ast.Call, ())
    )


def _effects(ctx: Context, call: ast.Call, variables: frozenset[str]) -> list[Effect]:
    """Return what the helper does as effects of its caller."""
    parent = ctx.parent(call)
    whole = parent if isinstance(parent, ast.Expr) else None
    return [
        Effect(
            EffectKind.ENV_BULK if variable == ANY else EffectKind.ENV_SET,
            ctx.function,
            call,
            whole,
            "setitem",
            None,
            "os.environ",
            None if variable == ANY else ast.Constant(variable),
        )
        for variable in sorted(variables)
    ]
