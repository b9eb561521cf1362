from __future__ import annotations

from testlsp.lint import Bad, Context, Good, Rule, on_effect
from testlsp.lint.context import safe
from testlsp.lint.patching import Form, form_for, with_parameter
from testlsp.rewrite import replace_statement
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import FunctionKind
from testlsp.semantic.restoration import restoration
from testlsp.text import Edit


class EnvironAssignment(Rule):
    """Sets an environment variable in a test and never puts the old value back.

    Every later test in the same process sees the new value, so the result of a
    test depends on which tests ran before it. `monkeypatch.setenv` undoes the
    change when the test ends.
    """

    code = "TL101"
    since = "0.1"
    message = "`os.environ` is set here and never restored"
    related = ("S8997 (SonarPython)",)
    source = "https://docs.pytest.org/en/stable/how-to/monkeypatch.html"
    examples = (
        Bad(
            """
            import os

            def test_login(client):
                os.environ["TOKEN"] = "abc"  # for the client
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^ `os.environ` is set here and never restored
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
    )

    @on_effect(EffectKind.ENV_SET, kinds=(FunctionKind.TEST, FunctionKind.NESTED))
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a write that nothing undoes."""
        if effect.method != "setitem" or restoration(effect, ctx.model, ctx.graph) is not None:
            return
        fixes = [safe("Use `monkeypatch.setenv`", lambda: self.fix(ctx, effect))] if _fits(ctx, effect) else []
        ctx.report(effect.node, fixes=fixes)

    def fix(self, ctx: Context, effect: Effect) -> list[Edit]:
        """Set the variable through ``monkeypatch``."""
        assert effect.whole is not None and effect.key is not None and effect.value is not None
        call = f"monkeypatch.setenv({ctx.source_of(effect.key)}, {ctx.source_of(effect.value)})"
        return with_parameter(ctx, replace_statement(ctx.statement, effect.whole, call), function=effect.function)


def _fits(ctx: Context, effect: Effect) -> bool:
    return effect.whole is not None and form_for(ctx, effect.function) is Form.FIXTURE
