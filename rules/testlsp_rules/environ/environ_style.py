from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rewrite, Rule, on
from testlsp.lint.context import unsafe
from testlsp.lint.patching import Form, form_for, patch_name, with_parameter
from testlsp.lint.with_blocks import entered
from testlsp.rewrite import (
    CannotRewrite,
    indentation_of,
    newline_of,
    replace_statement,
    unwrap_block,
)
from testlsp.semantic.effects import PATCHES
from testlsp.semantic.functions import FunctionKind
from testlsp.text import Edit


class EnvironStyle(Rule):
    """Patches the environment in another way than the one that the project has chosen with `idiom`.

    `monkeypatch.setenv`, `with patch.dict(os.environ, ...)` and
    `mocker.patch.dict(os.environ, ...)` all put the environment back. A suite is
    easier to read when it keeps to one of them. Calls of `patch.dict` with
    `clear=True` or without values are left alone: they do what `monkeypatch` does
    not do in one call. So are blocks in the middle of a test, and code where the chosen idiom does not work, such as
    `monkeypatch` in a method of a `unittest.TestCase`.

    Fix safety: unsafe, because `patch.dict` puts back the whole environment, also
    what the code under test wrote, and `monkeypatch` only what it has set itself.

    It is off unless it is selected, because it is a matter of taste.
    """

    code = "TL112"
    since = "0.1"
    message = "The environment is patched in another way than the rest of the suite does"
    default = False
    options = ("idiom",)
    related = ("MockPatchDictEnviron (clint of mlflow)", "flake8-pytest-style issue 252")
    source = "https://docs.pytest.org/en/stable/how-to/monkeypatch.html#monkeypatching-environment-variables"
    examples = (
        Bad(
            """
            import os
            from unittest.mock import patch

            def test_login(client):
                with patch.dict(os.environ, {"USER": "ada", "TOKEN": token()}):
                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Use `monkeypatch.setenv` as the rest of the suite does
                    assert client.login()  # 🙂
            """,
            fixed="""
            import os
            from unittest.mock import patch

            def test_login(client, monkeypatch):
                monkeypatch.setenv("USER", "ada")
                monkeypatch.setenv("TOKEN", token())
                assert client.login()  # 🙂
            """,
        ),
        Good(
            """
            def test_login(client, monkeypatch):
                monkeypatch.setenv("USER", "ada")
                assert client.login()
            """
        ),
        Bad(
            """
            import os

            def test_login(client, monkeypatch):
                monkeypatch.setenv("USER", "ada")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Use `patch.dict(os.environ, ...)` as the rest of the suite does
                assert client.login()
            """,
            fixed="""
            import os
            from unittest.mock import patch

            def test_login(client, monkeypatch):
                with patch.dict("os.environ", {"USER": "ada"}):
                    assert client.login()
            """,
            settings={"idiom": "patch.dict"},
        ),
        Bad(
            """
            import os
            from unittest import mock

            def test_login(client):
                with mock.patch.dict("os.environ", {"USER": "ada"}, TOKEN="abc"):
                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Use `mocker.patch.dict(os.environ, ...)` as the rest of the suite does
                    assert client.login()

            def test_name(client, monkeypatch):
                monkeypatch.setenv("USER", "ada")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Use `mocker.patch.dict(os.environ, ...)` as the rest of the suite does
                assert client.name() == "ada"
            """,
            fixed="""
            import os
            from unittest import mock

            def test_login(client, mocker):
                mocker.patch.dict("os.environ", {"USER": "ada"}, TOKEN="abc")
                assert client.login()

            def test_name(client, monkeypatch, mocker):
                mocker.patch.dict("os.environ", {"USER": "ada"})
                assert client.name() == "ada"
            """,
            settings={"idiom": "mocker"},
        ),
        Bad(
            """
            import os
            from unittest.mock import patch

            def test_values(client, values):
                with patch.dict(os.environ, values):
                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Use `monkeypatch.setenv` as the rest of the suite does
                    assert client.login()
            """,
            why="no fix where the variables are not literal",
        ),
        Good(
            """
            import os
            import unittest
            from unittest.mock import patch
            from hypothesis import given, strategies as st

            def test_empty(client):
                with patch.dict(os.environ, {"A": "1"}, clear=True):
                    assert client.login()
                with patch.dict(os.environ):
                    assert client.write()
                with patch.dict(os.environ, {}):
                    assert client.write()

            def test_switched(client):
                with patch.dict(os.environ, {"USER": "ada"}):
                    assert client.login()
                assert not client.login()

            class LoginTest(unittest.TestCase):
                def test_login(self):
                    with patch.dict(os.environ, {"A": "1"}):
                        self.assertTrue(login())

            @given(st.text())
            def test_any(text):
                with patch.dict(os.environ, {"A": text}):
                    assert login()

            def test_other(client, registry):
                with patch.dict(registry, {"A": 1}):
                    assert client.login()
            """,
            why="`monkeypatch` has nothing for these, would last too long, or does not work there; another dictionary",
        ),
    )

    @on(ast.Call, kinds=(FunctionKind.TEST, FunctionKind.FIXTURE))
    def check(self, ctx: Context, node: ast.Call) -> None:
        """Report a call of the other idiom where the chosen one would work."""
        func, idiom = node.func, ctx.settings.idiom
        if not isinstance(func, ast.Attribute) or func.attr not in {"dict", "setenv", "delenv"} or not node.args:
            return
        wanted = {"monkeypatch": "monkeypatch.setenv", "patch.dict": "patch.dict(os.environ, ...)"}.get(
            idiom, "mocker.patch.dict(os.environ, ...)"
        )
        if func.attr == "dict":
            found = idiom != "patch.dict" and self._is_block(ctx, node)
            fixes = _without_block(ctx, node) if found else []
        else:
            of_pytest = isinstance(func.value, ast.Name) and func.value.id == "monkeypatch"
            found = of_pytest and idiom != "monkeypatch" and func.attr == "setenv" and len(node.args) == 2
            fixes = _without_monkeypatch(ctx, node) if found else []
        if found and form_for(ctx, name="mocker" if idiom == "mocker" else "monkeypatch") is Form.FIXTURE:
            ctx.report(node, f"Use `{wanted}` as the rest of the suite does", fixes=fixes)

    def _is_block(self, ctx: Context, call: ast.Call) -> bool:
        """Whether *call* is ``patch.dict(os.environ, {...})`` behind ``with``, with values and without ``clear``."""
        target = call.args[0]
        item, node = ctx.parent(call), ctx.function.node
        if not isinstance(item, ast.withitem) or node is None or ctx.parent(item) is not node.body[-1]:
            return False  # a block in the middle switches the variable for a while
        if ctx.qualified_name(call.func) not in PATCHES:
            return False
        if isinstance(target, ast.Constant):
            named = target.value == "os.environ"
        else:
            named = ctx.qualified_name(target) == "os.environ"
        values = call.args[1] if len(call.args) > 1 else None
        empty = isinstance(values, ast.Dict) and not values.keys
        if any(keyword.arg in {"clear", "values", None} for keyword in call.keywords) or len(call.args) > 2:
            return False
        return named and not empty and (values is not None or bool(call.keywords))


def _without_block(ctx: Context, call: ast.Call) -> list[Fix]:
    """Return the fix that dissolves the ``with`` of *call* when it is the last statement."""
    item = ctx.parent(call)
    block = ctx.parent(item) if isinstance(item, ast.withitem) else None
    if not isinstance(block, ast.With) or len(block.items) > 1 or block.items[0].optional_vars is not None:
        return []
    if block.body[0].lineno <= (call.end_lineno or 0):
        return []
    lines = _lines(ctx, call)
    if not lines or ctx.function.kind is FunctionKind.FIXTURE:
        return []
    name = "mocker" if ctx.settings.idiom == "mocker" else "monkeypatch"
    function = ctx.function

    def build() -> Rewrite:
        [opening, *others] = unwrap_block(ctx.statement, block)
        start, end = indentation_of(ctx.statement, block), newline_of(ctx.statement.text)
        if opening.range.end - opening.range.start < len(start):
            raise CannotRewrite("the block shares its line")
        opening = Edit(opening.range, opening.text + "".join(f"{start}{line}{end}" for line in lines))
        return Rewrite(with_parameter(ctx, [opening, *others], name, function))

    return [unsafe(f"Use `{name}`", build)]


def _lines(ctx: Context, call: ast.Call) -> list[str]:
    """Return what sets the variables of ``patch.dict`` instead, nothing when they are not all literal."""
    if ctx.settings.idiom == "mocker":
        parts: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
        text = ", ".join(map(ctx.source_of, parts))
        return [f"mocker.patch.dict({text})"] if "\n" not in text else []
    lines = []
    values = call.args[1] if len(call.args) > 1 else ast.Dict([], [])
    if not isinstance(values, ast.Dict):
        return []
    for key, value in zip(values.keys, values.values, strict=True):
        if key is None:
            return []
        lines.append(f"monkeypatch.setenv({ctx.source_of(key)}, {ctx.source_of(value)})")
    lines += [f'monkeypatch.setenv("{keyword.arg}", {ctx.source_of(keyword.value)})' for keyword in call.keywords]
    return lines if not any("\n" in line for line in lines) else []


def _without_monkeypatch(ctx: Context, call: ast.Call) -> list[Fix]:
    """Return the fix that sets the variable of ``monkeypatch.setenv`` with ``patch.dict``."""
    whole, function = ctx.parent(call), ctx.function
    if not isinstance(whole, ast.Expr) or call.keywords or function.node is None:
        return []
    values = f"{{{ctx.source_of(call.args[0])}: {ctx.source_of(call.args[1])}}}"
    changed = f'dict("os.environ", {values})'
    if ctx.settings.idiom == "mocker":
        return [
            unsafe(
                "Use `mocker`",
                lambda: with_parameter(
                    ctx, replace_statement(ctx.statement, whole, f"mocker.patch.{changed}"), "mocker", function
                ),
            )
        ]
    known = patch_name(ctx, function)
    if known is None or function.kind is FunctionKind.FIXTURE:
        return []
    spelling, imports = known
    return entered(ctx, function, whole, f"{spelling}.dict", lambda: f"{spelling}.{changed}", imports, unsafe)
