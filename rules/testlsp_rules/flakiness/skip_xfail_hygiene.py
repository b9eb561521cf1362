from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rule, Severity, on, on_call
from testlsp.lint.context import unsafe
from testlsp.semantic.functions import FunctionKind
from testlsp.semantic.marks import Mark, mark_at
from testlsp.text import Edit

_MARKS = frozenset({"skip", "skipif", "xfail"})
_EVERYWHERE = tuple(FunctionKind)
_BY_CHANCE = ("flak", "sometimes", "intermittent", "random", "occasional", "race", "unreliable", "not always", "may ")


class SkipXfailHygiene(Rule):
    """Switches a test off without saying why, or so that nobody notices when it could be switched on again.

    A skip without a reason stays forever: the next reader cannot tell whether it
    still holds. An `xfail` that is not strict is green whether the test fails or
    passes, so it says nothing at all; `strict=True` makes a test that
    begins to pass fail, and `raises=` sees to it that the failure is the expected
    one. With `xfail_strict` in the configuration of pytest that is so everywhere. A
    failure that comes and goes cannot be strict: where the reason says so, nothing
    is reported.

    Fix safety: with `strict=True` the test fails where it passes today.
    """

    code = "TL608"
    since = "0.1"
    message = "Say why: add `reason=`"
    severity = Severity.INFORMATION
    related = ("S1607 (SonarPython)", "S9001 (SonarPython)")
    source = "https://docs.pytest.org/en/stable/how-to/skipping.html#strict-parameter"
    words = ("skip", "xfail")
    examples = (
        Bad(
            """
            import pytest

            @pytest.mark.xfail(reason="the server forgets the 🍪")
             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This is green whether the test fails or passes: add `strict=True` or `raises=`
            def test_login(client):
                assert client.login() == "ok"
            """,
            fixed="""
            import pytest

            @pytest.mark.xfail(reason="the server forgets the 🍪", strict=True)
            def test_login(client):
                assert client.login() == "ok"
            """,
        ),
        Good(
            """
            import sys
            import pytest

            @pytest.mark.xfail(reason="the server forgets the cookie", strict=True)
            def test_login(client):
                assert client.login() == "ok"

            @pytest.mark.xfail(sys.platform == "win32", reason="no sockets", raises=OSError)
            def test_socket(client):
                assert client.socket() == "ok"

            @pytest.mark.skip("there is no server yet")
            def test_logout(client):
                assert client.logout() == "bye"
            """
        ),
        Bad(
            """
            import pytest

            @pytest.mark.skip
             ^^^^^^^^^^^^^^^^
            def test_login(client):
                assert client.login() == "ok"

            class TestLogout:
                @pytest.mark.skip(reason="")
                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^
                def test_logout(self, client):
                    assert client.logout() == "bye"

                def test_again(self, client):
                    if not client.logout():
                        pytest.skip()
                        ^^^^^^^^^^^^^
                    assert client.logout() == "bye"
            """,
        ),
        Bad(
            """
            from pytest import mark

            @mark.xfail
             ^^^^^^^^^^ This is green whether the test fails or passes, and does not say why: add `reason=`, and `strict=True` or `raises=`
            def test_login(client):
                assert client.login() == "ok"
            """,
            fixed="""
            from pytest import mark

            @mark.xfail(strict=True)
            def test_login(client):
                assert client.login() == "ok"
            """,
        ),
        Bad(
            """
            import sys
            import pytest

            pytestmark = pytest.mark.skipif(sys.platform == "win32")
                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ pytest refuses a condition without `reason=`, unless it is text

            @pytest.mark.xfail("the server forgets the cookie")
             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ pytest takes this text for a condition: write `reason=`
            def test_login(client):
                assert client.login() == "ok"
            """,
            fixed="""
            import sys
            import pytest

            pytestmark = pytest.mark.skipif(sys.platform == "win32")

            @pytest.mark.xfail(reason="the server forgets the cookie", strict=True)
            def test_login(client):
                assert client.login() == "ok"
            """,
        ),
        Good(
            """
            import pytest

            @pytest.mark.xfail(reason="flaky on slow machines")
            def test_login(client):
                assert client.login() == "ok"

            @pytest.mark.xfail(reason="hangs", run=False)
            def test_logout(client):
                assert client.logout() == "bye"

            @pytest.mark.xfail("sys.platform == 'win32'", strict=True)
            @pytest.mark.xfail(raises=OSError)
            @pytest.mark.xfail(**OPTIONS)
            @pytest.mark.skipif("sys.platform == 'win32'")
            @pytest.mark.skipif(CONDITION)
            @pytest.mark.slow
            def test_again(client):
                assert client.logout() == "bye"
            """,
            why="It fails by chance, is never run, or is written elsewhere; a condition or an exception says why.",
        ),
        Good(
            """
            import pytest

            def test_login(client):
                pytest.skip("there is no server yet")
                pytest.skip(reason="there is no server yet")
                client.skip()
                mark = pytest.mark.xfail
                assert client.marks == [mark("a").mark, pytest.mark.skip]
                assert client.login() == "ok"
            """,
            why="The reason is there, it is not pytest that skips, or a mark is only looked at.",
        ),
    )

    @on(ast.Attribute, kinds=(FunctionKind.IMPORT_TIME,))
    def check_bare(self, ctx: Context, node: ast.Attribute) -> None:
        """Report `@pytest.mark.skip` and `@pytest.mark.xfail` without arguments."""
        if node.attr not in {"skip", "xfail"}:
            return
        mark = mark_at(node, ctx.model, ctx.function)
        parent = ctx.parent(node) if mark is not None else None
        if mark is not None and not (isinstance(parent, ast.Call) and parent.func is node):
            self._check(ctx, mark)

    @on_call(*_MARKS, kinds=_EVERYWHERE)
    def check_call(self, ctx: Context, node: ast.Call) -> None:
        """Report calls of these marks, and of `pytest.skip` and `pytest.xfail`, that leave something out."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in _MARKS:
            return
        mark = mark_at(node, ctx.model, ctx.function)
        if mark is not None:
            # Inside a function a mark is an object that the function does something with.
            if not mark.is_open and ctx.function.kind is FunctionKind.IMPORT_TIME:
                self._check(ctx, mark)
        elif not node.args and not node.keywords and ctx.qualified_name(node.func) in {"pytest.skip", "pytest.xfail"}:
            ctx.report(node)

    def _check(self, ctx: Context, mark: Mark) -> None:
        args = mark.call.args if mark.call else []
        reason = mark.option("reason")
        if mark.name == "skip":
            if _is_empty(reason or (args[0] if args else None)):
                ctx.report(mark.node)
        elif mark.name == "skipif":
            if reason is None and len(args) == 1 and _is_truth(args[0]):
                ctx.report(mark.node, "pytest refuses a condition without `reason=`, unless it is text")
        elif reason is None and len(args) == 1 and _is_prose(args[0]):
            message = "pytest takes this text for a condition: write `reason=`"
            ctx.report(mark.node, message, fixes=[_as_reason(ctx, args[0])])
        else:
            self._check_xfail(ctx, mark, reason)

    def _check_xfail(self, ctx: Context, mark: Mark, reason: ast.expr | None) -> None:
        loose = not ctx.settings.pytest.xfail_strict and not any(map(mark.option, ("strict", "raises", "run")))
        if loose and mark.call is not None:
            told = [keyword.value for keyword in mark.call.keywords]
            texts = [str(value.value).lower() for value in told if isinstance(value, ast.Constant)]
            loose = not any(word in text for word in _BY_CHANCE for text in texts)
        silent = _is_empty(reason) and mark.option("raises") is None and not (mark.call and mark.call.args)
        if loose:
            also = ", and does not say why: add `reason=`, and" if silent else ": add"
            message = f"This is green whether the test fails or passes{also} `strict=True` or `raises=`"
            ctx.report(mark.node, message, fixes=[_made_strict(ctx, mark)])
        elif silent:
            ctx.report(mark.node)


def _is_empty(reason: ast.expr | None) -> bool:
    return reason is None or (isinstance(reason, ast.Constant) and not str(reason.value or "").strip())


def _is_truth(node: ast.expr) -> bool:
    """Whether *node* is surely a truth value: pytest takes other things for the text of a condition."""
    if isinstance(node, ast.BoolOp):
        return all(map(_is_truth, node.values))
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not)
    return isinstance(node, ast.Compare) or (isinstance(node, ast.Constant) and isinstance(node.value, bool))


def _is_prose(node: ast.expr) -> bool:
    """Whether *node* is text that is no expression of Python."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return False
    try:
        ast.parse(node.value.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return True
    return False


def _made_strict(ctx: Context, mark: Mark) -> Fix:
    def build() -> list[Edit]:
        from testlsp.rewrite import add_argument, replace_expression

        if mark.call is None:
            return replace_expression(ctx.statement, mark.node, f"{ctx.source_of(mark.node)}(strict=True)")
        return add_argument(ctx.statement, mark.call, "strict=True")

    return unsafe("Add `strict=True`", build)


def _as_reason(ctx: Context, text: ast.expr) -> Fix:
    start = ctx.statement.range(text).start

    def build() -> list[Edit]:
        from testlsp.text import TextRange

        return [Edit(TextRange(start, start), "reason=")]

    return unsafe("Make it the reason", build, preferred=True)
