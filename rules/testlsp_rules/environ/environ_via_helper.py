from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Good, Related, Rule, Severity, on_function
from testlsp.semantic.cleanup import cleanup_name
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.environment import ANY, called_name, environment_changes
from testlsp.semantic.functions import Function, FunctionKind

from testlsp_rules.environ._leaks import leaks

Changes = dict[tuple[tuple[str, ...], str], frozenset[str]]


class EnvironViaHelper(Rule):
    """Calls a helper that changes the environment, in a test or fixture that does not restore it.

    The write stands elsewhere, but it leaks all the same: later tests of the
    process run with the variable. Hand `monkeypatch` to the helper and let it call
    `monkeypatch.setenv`, or make a fixture of it.

    Helpers of the same file are followed, two calls deep.
    """

    code = "TL111"
    since = "0.1"
    message = "This helper changes `os.environ`, and nothing restores it"
    severity = Severity.INFORMATION
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
            """
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
    )

    @on_function(FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.XUNIT)
    def check(self, ctx: Context, function: Function) -> None:
        """Report the first call of each helper whose change nothing undoes."""
        changes: Changes = ctx.model.fact("environment changes", environment_changes)
        if not changes or (function.fixture is not None and function.fixture.scope == "session"):
            return
        names = {name for _, name in changes}
        calls = [
            node for node in function.bag.get(ast.Call, ()) if isinstance(node, ast.Call) and called_name(node) in names
        ]
        seen: set[str] = set()
        for index, call in enumerate(calls):
            helper = ctx.model.called(call, function)
            variables = changes.get((helper.chain, helper.name)) if helper is not None else None
            if helper is None or not variables or helper.name in seen or cleanup_name(helper.name):
                continue
            seen.add(helper.name)
            if any(called_name(other) != helper.name for other in calls[index + 1 :]):
                continue  # another helper may well change it back
            if all(leaks(ctx, effect, function.kind) for effect in _effects(ctx, call, variables)):
                what = f'os.environ["{next(iter(variables))}"]' if len(variables) == 1 and ANY not in variables else ""
                message = f"`{helper.name}` changes `{what or 'os.environ'}`, and nothing restores it"
                where = Related(ctx.path, "here", None, helper.name)
                ctx.report(call, message, related=(where,))


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
